//! The estate that a command speaks of: inventory files, or what an installation remembers.

use crate::chronicle::Chronicle;
use crate::cli::EstateArgs;
use crate::config::Config;
use crate::estate::Estate;
use crate::live::recover;
use crate::store::Store;
use anyhow::{Result, bail};
use firebreak_model::Time;
use firebreak_world::World;
use std::path::{Path, PathBuf};

/// The estate that `args` name, read at `now`.
pub(super) fn estate(world: &World, args: &EstateArgs, config: &Config, now: Time) -> Result<Estate> {
    if args.inventory.is_empty() {
        let at = args.as_known_at.unwrap_or(Time::MAX);
        return Ok(chronicle(args.data.as_deref(), config)?.everything(at));
    }
    Ok(Estate::read(world, &args.inventory, now))
}

/// What the installation in `data`, or the configured one, remembers of the estate.
pub(super) fn chronicle(data: Option<&Path>, config: &Config) -> Result<Chronicle> {
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
        let chronicle = recover::chronicle(&store).await;
        store.close().await;
        chronicle
    })
}
