//! `firebreak fleet`: who had a thing and when, and the signed report of one incident over all environments.

pub(crate) mod owners;
mod report;
mod who;

pub(super) use report::note_of;

use super::End;
use super::exposed::gather::{Wanted, gather};
use crate::cli::{FleetArgs, FleetCommand, FleetFromArgs};
use crate::config::Config;
use crate::live::recover;
use crate::output::Output;
use crate::store::Store;
use anyhow::{Result, bail};
use firebreak_model::EnvironmentEvidence;
use firebreak_world::World;
use std::path::PathBuf;

/// Runs the command.
pub(super) fn run(args: &FleetArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        FleetCommand::Who(args) => who::run(args, config, output),
        FleetCommand::Report(args) => report::run(args, config, output),
    }
}

/// What is known of what ran where, and where that comes from.
pub(super) struct Known {
    pub(super) evidence: Vec<EnvironmentEvidence>,
    /// The installation whose fleet holds more.
    pub(super) data: Option<PathBuf>,
    /// Where owners are stated.
    directories: Vec<PathBuf>,
}

/// The evidence that `args` name: files, or what an installation keeps.
pub(super) fn known(world: &World, args: &FleetFromArgs, config: &Config, output: Output) -> Result<Known> {
    if args.inventory.is_empty() && args.logs.is_none() {
        let data = args.data.clone().unwrap_or_else(|| config.data_directory());
        if !data.join("state.sqlite").is_file() {
            bail!(
                "nothing is kept in `{}`\nhint: name --inventory, --logs or both, or with --data or --config an \
                 installation that `firebreak run` keeps",
                data.display()
            );
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let verdicts = runtime.block_on(async {
            let store = Store::open(&data).await?;
            let verdicts = recover::verdicts(&store).await;
            store.close().await;
            verdicts
        })?;
        return Ok(Known {
            evidence: verdicts.evidence(),
            data: Some(data),
            directories: config.inventory.paths.clone(),
        });
    }
    let wanted = Wanted { paths: &[], logs: args.logs.as_deref(), inventory: &args.inventory };
    let gathered = gather(world, wanted, output)?;
    super::show_problems(&gathered.problems);
    let evidence = gathered.environments();
    Ok(Known { evidence, data: None, directories: args.inventory.clone() })
}
