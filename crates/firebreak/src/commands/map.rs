//! `firebreak map`: questions to the map that no compromise is needed for. One module a question.

mod changes;
mod export;
mod joins;
mod questions;

use super::{End, remembered};
use crate::cli::{MapArgs, MapCommand};
use crate::config::Config;
use crate::output::Output;
use anyhow::Result;

/// Runs the command.
pub(super) fn run(args: &MapArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        MapCommand::Joins(args) => joins::run(args, config, output),
        MapCommand::Changes(args) => changes::run(args, config, output),
        MapCommand::Questions(args) => questions::run(args, config, output),
        MapCommand::Export(args) => export::run(args, config, output),
    }
}
