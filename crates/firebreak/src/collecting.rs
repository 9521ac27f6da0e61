//! Asking platforms for their inventories: once for `firebreak collect`, and again and again beside `run`.
//!
//! What they answer becomes files in the first inventory directory, which are read like any other.

use crate::config::{CollectConfig, Config};
use anyhow::{Context, Result, anyhow};
use firebreak_inventory::collect::{Collected, Patience, keep};
use firebreak_inventory::scanners::SCANNERS;
use firebreak_world::World;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Asks one platform and keeps what it answers below `directory`.
///
/// # Errors
/// If nothing was answered at all, or the disk refuses. What only part of the platform answered is no error: the file says
/// what is missing.
pub async fn collect(world: &World, config: &CollectConfig, directory: &Path) -> Result<(PathBuf, Collected)> {
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == config.scanner);
    let collector = scanner
        .and_then(|scanner| scanner.collector())
        .ok_or_else(|| anyhow!("nothing collects for `{}`", config.scanner))?;
    let collected = collector.collect(world, &Patience, &config.settings()).await;
    let collected = collected.with_context(|| format!("collecting for `{}`", config.scanner))?;
    let path = keep(world, directory, &collected).with_context(|| format!("keeping `{}`", collected.file))?;
    Ok((path, collected))
}

/// Asks every configured platform when it is due, until `stop`. `tell` hears what went wrong.
pub fn keep_collecting(
    world: &World,
    runtime: &tokio::runtime::Runtime,
    config: &Config,
    stop: &AtomicBool,
    tell: &dyn Fn(&str),
) {
    const LOOK_EVERY: Duration = Duration::from_millis(200);
    let Some(directory) = config.inventory.paths.first().filter(|_| !config.collect.is_empty()) else { return };
    let mut due: Vec<(Instant, &CollectConfig)> = config.collect.iter().map(|each| (Instant::now(), each)).collect();
    while !stop.load(Ordering::SeqCst) {
        for (at, each) in due.iter_mut().filter(|(at, _)| *at <= Instant::now()) {
            match runtime.block_on(collect(world, each, directory)) {
                Ok((_, collected)) if collected.incomplete.is_empty() => {}
                Ok((path, collected)) => {
                    tell(&format!("`{}` lacks {} answers", path.display(), collected.incomplete.len()));
                }
                Err(error) => tell(&format!("{error:#}")),
            }
            *at = Instant::now() + Duration::from_secs(u64::from(each.every_minutes) * 60);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
