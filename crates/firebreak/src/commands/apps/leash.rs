//! `firebreak apps leash`: an app does less from now on, where its platform has a call for that.

use super::held;
use crate::cli::AppsLeashArgs;
use crate::commands::{End, wish};
use crate::config::Config;
use crate::live::person;
use crate::output::Output;
use crate::wishes::leash::{self, Limits};
use anyhow::Result;
use firebreak_world::World;

/// Runs the command.
pub(super) fn run(args: &AppsLeashArgs, config: &Config, output: Output) -> Result<End> {
    let at = World::offline().clock.now();
    let (app, facts) = held::known(&args.app, &args.estate, config, at)?;
    let (models, mcp_servers) = (args.models.clone(), args.mcp_servers.clone());
    let limits = Limits { models, mcp_servers, max_budget: args.max_budget };
    wish::leave(&leash::wish(&app, &facts, &limits, person(&args.by), at)?, config, output)
}
