//! The program's entrance: reads the command line, runs the command, turns what happened into an exit code.

use clap::Parser;
use firebreak::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("FIREBREAK_LOG"))
        .with_writer(std::io::stderr)
        .init();
    firebreak::commands::run(Cli::parse())
}
