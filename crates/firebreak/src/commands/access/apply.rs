//! `firebreak access apply`: asks the running process to put a proposal in place.

use super::proposals;
use crate::cli::AccessApplyArgs;
use crate::commands::{End, wish};
use crate::config::Config;
use crate::live::person;
use crate::output::Output;
use crate::wishes::narrow;
use anyhow::{Result, bail};
use firebreak_world::World;

/// Runs the command.
pub(super) fn run(args: &AccessApplyArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let proposals = proposals::read(&world, &args.proposals)?;
    let arn = args.identity.strip_prefix("identity:aws/").unwrap_or(&args.identity);
    let Some(proposed) = proposals.identities.iter().find(|one| &*one.arn == arn) else {
        bail!("nothing is proposed for `{arn}` there\nhint: `proposals.json` names for whom something is");
    };
    wish::leave(&narrow::wish(proposed, person(&args.by), world.clock.now())?, config, output)
}
