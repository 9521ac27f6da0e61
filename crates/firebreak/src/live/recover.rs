//! Starting where the last commit stopped: memory read back, files that no commit names removed.

use crate::pipeline::CorrelateStage;
use crate::pipeline::responding::Derived;
use crate::store::Store;
use anyhow::{Context, Result};
use firebreak_contain::gate::Gate;
use firebreak_contain::incident::{Respond, Settings, State};
use firebreak_detect::{Correlator, Rules};
use firebreak_intake::Cursor;
use firebreak_lake::{DataFile, Lake};
use firebreak_model::{Catalogue, Problem};
use firebreak_world::World;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Uids that are read back from the lake to recognise what arrives again.
const UIDS_READ: usize = 200_000;

/// The second stage as it was after the last commit. A memory that this version cannot read is a problem, not a stop:
/// habits are then learnt again.
///
/// # Errors
/// If state or lake cannot be read.
pub async fn correlating(
    store: &Store,
    lake: &Lake,
    rules: &Arc<Rules>,
    catalogue: Catalogue,
    settings: firebreak_detect::Settings,
) -> Result<(CorrelateStage, Vec<Problem>)> {
    let (catalogue, mut problems) = (Arc::new(catalogue), Vec::new());
    let fresh = || Correlator::new(Arc::clone(rules), Arc::clone(&catalogue), settings.clone());
    let correlator = match store.state("correlator").await? {
        None => fresh(),
        Some(bytes) => {
            let restored = Correlator::restore(&bytes, Arc::clone(rules), Arc::clone(&catalogue), settings.clone());
            restored.unwrap_or_else(|problem| {
                problems.push(problem);
                fresh()
            })
        }
    };
    let mut stage = CorrelateStage::live(correlator);
    let mut uids = Vec::new();
    for body in store.lake_files().await? {
        let file: DataFile = serde_json::from_str(&body)?;
        uids.extend(lake.read(&file)?.iter().map(|row| row.uid));
        if uids.len() >= UIDS_READ {
            break;
        }
    }
    // The newest file was read first, and what is remembered first is forgotten first.
    uids.into_iter().rev().for_each(|uid| stage.remember(uid));
    Ok((stage, problems))
}

/// The respond stage's own memory as it was after the last commit.
///
/// # Errors
/// If it cannot be read: incidents, plans and steps must not be forgotten.
pub async fn respond(store: &Store, gate: Gate, settings: Settings) -> Result<Respond> {
    let state: State = match store.state("respond").await? {
        Some(bytes) => serde_json::from_slice(&bytes).context("the memory of incidents and plans is damaged")?,
        None => State::default(),
    };
    Ok(Respond::restore(state, gate, settings))
}

/// What follows from the events alone.
///
/// # Errors
/// If it cannot be read.
pub async fn derived(store: &Store) -> Result<Derived> {
    match store.state("derived").await? {
        Some(bytes) => serde_json::from_slice(&bytes).context("the memory of uses and evidence is damaged"),
        None => Ok(Derived::default()),
    }
}

/// Cursors of `source`.
///
/// # Errors
/// If they cannot be read.
pub async fn cursors(store: &Store, source: &str) -> Result<Vec<Cursor>> {
    let bodies = store.cursors(source).await?;
    bodies.iter().map(|body| serde_json::from_str(body).context("a cursor in the state is damaged")).collect()
}

/// Removes files that a kill left behind before they were committed.
///
/// # Errors
/// If the disk refuses.
pub async fn discard_orphans(world: &World, data: &Path, store: &Store, lake: &Lake) -> Result<()> {
    let mut known = BTreeSet::new();
    for body in store.lake_files().await? {
        known.insert(serde_json::from_str::<DataFile>(&body)?.name);
    }
    lake.discard_orphans(&known)?;
    let named = store.quarantine_files().await?.into_iter().map(|name| data.join(name));
    let named: BTreeSet<PathBuf> = named.collect();
    let quarantine = data.join("quarantine");
    if world.disk.is_directory(&quarantine) {
        for file in world.disk.list(&quarantine)?.into_iter().filter(|file| !named.contains(&file.path)) {
            // Somebody else's file in there is left alone.
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".ndjson") || name.ends_with(".ndjson.part") {
                world.disk.remove(&file.path)?;
            }
        }
    }
    Ok(())
}
