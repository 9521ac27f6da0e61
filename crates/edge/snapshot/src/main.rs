//! `firebreak-snapshot`: the small program for CI jobs, hosts and images.

use clap::Parser;
use firebreak_snapshot::SnapshotArgs;
use std::process::ExitCode;

/// Says what is installed here, what runs by itself and which credentials can be read, never their values. Starts nothing.
#[derive(Debug, Parser)]
#[command(
    name = "firebreak-snapshot",
    version,
    after_help = "Example: firebreak-snapshot --output snapshot.json\n         firebreak-snapshot --image image.tar\n         \
        firebreak-snapshot -- pip install -U crewai",
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    args: SnapshotArgs,
}

fn main() -> ExitCode {
    ExitCode::from(firebreak_snapshot::run(Cli::parse().args, std::env::vars_os()))
}
