//! The benchmark of the map: memory, changes, reach, arrival and cuts on a layered power-law estate, beside other programs in
//! the same run. Its last line is one JSON object. `docs/graph-benchmarks.md` says what each figure means.
//!
//! Arguments: `--quick` for a tenth of the size, `--no-peers`, `--only` with `memory`, `seg`, `tight` or `peers`. Every cut is checked, and a run fails if a cut does not hold or
//! an exact solver finds another price.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod against;
mod changes;
mod clock;
mod cuts;
mod estate;
mod handout;
mod peers;
mod questions;
mod random;
mod report;
mod shape;
mod standing;
mod subject;

use anyhow::Result;
use report::Report;
use std::process::ExitCode;

/// As the product allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// Nodes and edges.
    pub(crate) size: (u32, u32),
    /// For programs that would take minutes.
    pub(crate) small: (u32, u32),
    /// For integer programs.
    pub(crate) tiny: (u32, u32),
    pub(crate) blasts: usize,
    pub(crate) arrivals: usize,
    /// How many cuts of 1, 50, 500 and 5,000 environments.
    pub(crate) cuts: [usize; 4],
    pub(crate) changes: u32,
    pub(crate) with_peers: bool,
}

impl Scale {
    fn of(arguments: &[String]) -> Scale {
        let given = |name: &str| arguments.iter().any(|argument| argument == name);
        let full = Scale {
            size: shape::FULL,
            small: (50_000, 500_000),
            tiny: (2_000, 20_000),
            blasts: 1_000,
            arrivals: 100,
            cuts: [200, 40, 3, 1],
            changes: 100_000,
            with_peers: !given("--no-peers"),
        };
        if !given("--quick") {
            return full;
        }
        let (size, small) = ((100_000, 1_000_000), (20_000, 200_000));
        Scale { size, small, changes: 10_000, blasts: 200, arrivals: 20, cuts: [40, 10, 1, 1], ..full }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let scale = Scale::of(arguments);
    if arguments.iter().any(|argument| argument == "--memory") {
        return questions::memory_alone(scale);
    }
    let mut report = Report::default();
    let (nodes, edges) = scale.size;
    println!("{nodes} nodes, {edges} edges. Milliseconds; wall time below 10, processor time of one thread above.");
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1);
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    if wanted("memory") {
        questions::memory(&mut report, scale, arguments)?;
    }
    if wanted("seg") {
        questions::worst_case(&mut report, scale)?;
    }
    if wanted("tight") {
        questions::segmented(&mut report, scale)?;
    }
    if wanted("peers") {
        against::everything(&mut report, scale)?;
    }
    report.finish();
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
