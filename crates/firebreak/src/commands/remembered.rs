//! The estate that a command speaks of: inventory files, or what an installation remembers; and how it was used.

use super::show_problems;
use crate::chronicle::Chronicle;
use crate::cli::EstateArgs;
use crate::config::Config;
use crate::estate::{Estate, Packages};
use crate::fleeting;
use crate::live::recover;
use crate::store::Store;
use anyhow::{Result, bail};
use firebreak_contain::Uses;
use firebreak_graph::Graph;
use firebreak_model::Time;
use firebreak_world::World;
use std::path::{Path, PathBuf};

/// The estate that `args` name, read at `now`, with those packages on the map that `packages` wants.
pub(super) fn estate(
    world: &World,
    args: &EstateArgs,
    config: &Config,
    packages: &Packages,
    now: Time,
) -> Result<Estate> {
    if args.inventory.is_empty() {
        let at = args.as_known_at.unwrap_or(Time::MAX);
        let chronicle = chronicle(args.data.as_deref(), config, at.min(now))?;
        let data = args.data.clone().unwrap_or_else(|| config.data_directory());
        let (installed, problems) = fleeting::installed(world, &data, packages, at)?;
        let mut estate = chronicle.everything_with(at, installed);
        estate.problems.extend(problems);
        return Ok(estate);
    }
    Ok(Estate::read(world, &args.inventory, now, packages))
}

/// The same with its map; what is wrong with either is shown.
pub(super) fn mapped(
    world: &World,
    args: &EstateArgs,
    config: &Config,
    packages: &Packages,
    now: Time,
) -> Result<(Estate, Graph)> {
    let estate = estate(world, args, config, packages, now)?;
    let (graph, problems) = estate.graph();
    show_problems(&estate.problems);
    show_problems(&problems);
    Ok((estate, graph))
}

/// How things were used in the 30 days before `now`, as far as the installation that `args` name has seen it; nothing is
/// known of it where inventory files are named instead.
pub(super) fn uses(args: &EstateArgs, config: &Config, now: Time) -> Result<Uses> {
    if !args.inventory.is_empty() {
        return Ok(Uses::default());
    }
    let data = args.data.clone().unwrap_or_else(|| config.data_directory());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&data).await?;
        let uses = recover::uses(&store, now).await;
        store.close().await;
        uses
    })
}

/// What the installation in `data`, or the configured one, remembers of the estate, for questions of `asked` and later.
pub(super) fn chronicle(data: Option<&Path>, config: &Config, asked: Time) -> Result<Chronicle> {
    let data: PathBuf = data.map_or_else(|| config.data_directory(), Path::to_owned);
    if !data.join("state.sqlite").is_file() {
        bail!(
            "nothing is remembered in `{}`\nhint: name inventory files with --inventory, or with --data or --config an \
             installation that `firebreak run` keeps",
            data.display()
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&data).await?;
        let kept_since = store.kept_since().await?;
        if asked < kept_since {
            bail!(
                "what was so at {asked} is forgotten: it is remembered since {kept_since}\nhint: `inventory.keep_days` \
                 of the configuration says for how long"
            );
        }
        let chronicle = recover::chronicle(&store).await;
        store.close().await;
        chronicle
    })
}
