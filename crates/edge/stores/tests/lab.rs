//! Stores on real servers. `FIREBREAK_LAB` names the directory that `lab/prepare` filled; without it these tests say that they
//! were skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test")]

#[path = "../../act/tests/lab/aws.rs"]
mod aws;
#[path = "lab/letters.rs"]
mod letters;
#[path = "lab/objects.rs"]
mod objects;
#[path = "../../act/tests/lab/postgres.rs"]
mod postgres;
#[path = "../../act/tests/lab/server.rs"]
mod server;
#[path = "lab/tables.rs"]
mod tables;

use server::{Server, free_port};
