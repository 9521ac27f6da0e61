//! Snapshots of trees and images that the tests make, of hostile ones, and of this machine.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod hostile;
mod images;
mod machine;
mod secrets;
mod support;
mod trees;
