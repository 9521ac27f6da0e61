//! `firebreak policy`: what a policy lets happen, said before it does: over cases, and over what was decided before.

mod past;
mod simulate;
mod standing;
mod test;

use super::End;
use crate::cli::{PolicyArgs, PolicyCommand};
use crate::config::Config;
use crate::output::Output;
use anyhow::{Result, anyhow};
use firebreak_contain::gate::Gate;
use firebreak_model::Problem;

/// Runs the command.
pub(super) fn run(args: &PolicyArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        PolicyCommand::Test(args) => test::run(args, config, output),
        PolicyCommand::Simulate(args) => simulate::run(args, config, output),
    }
}

/// The gate, or all that is wrong with its policies.
fn opened(gate: Result<Gate, Vec<Problem>>) -> Result<Gate> {
    gate.map_err(|problems| {
        let all: Vec<String> = problems.iter().map(Problem::to_string).collect();
        anyhow!("{}", all.join("\n"))
    })
}
