//! The program: configuration, pipeline, state and command line over the crates that do the work.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program prints")]

pub mod access;
pub mod account;
pub mod api;
pub mod authoring;
pub mod chronicle;
pub mod cli;
pub mod collecting;
pub mod commands;
pub mod config;
pub mod content;
pub mod demo;
pub mod drilling;
pub mod embedded;
pub mod estate;
pub mod feed;
pub mod fleeting;
pub mod guardrail;
pub mod hunting;
pub mod ledgering;
pub mod live;
pub mod lookback;
pub mod metrics;
pub mod muting;
pub mod output;
pub mod outward;
pub mod pipeline;
pub mod prepared;
mod progress;
pub mod redaction;
pub mod scanning;
pub mod standing;
pub mod stolen;
pub mod store;
pub mod wishes;

/// A batch of events is some ten thousand pieces of memory that are taken and given back at once: this allocator is
/// measurably faster at it than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
