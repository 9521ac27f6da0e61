//! A batch as files (written and synced before the commit) and as rows of the commit.

use crate::pipeline::Correlated;
use crate::store::Commit;
use anyhow::{Context, Result};
use firebreak_intake::ocsf_record;
use firebreak_lake::{Lake, Row};
use firebreak_model::Event;
use firebreak_world::World;
use std::path::Path;

/// Where quarantined records of batch `number` go, below the data directory.
pub fn quarantine_name(number: u64) -> String {
    format!("quarantine/{number:010}.ndjson")
}

/// Writes the lake and quarantine files of `batch` and names them in `commit`.
///
/// # Errors
/// If the disk refuses.
pub fn files(world: &World, data: &Path, lake: &Lake, batch: &Correlated, commit: &mut Commit) -> Result<()> {
    let number = batch.luggage.number;
    if !batch.events.is_empty() {
        let rows: Vec<Row> = batch.events.iter().map(|event| row(event)).collect();
        for file in lake.write(&rows).context("writing the lake")? {
            commit.lake_files.push((file.name.clone(), serde_json::to_string(&file)?));
        }
    }
    let quarantined = &batch.luggage.quarantined;
    if !quarantined.is_empty() {
        let mut text = String::new();
        for record in quarantined {
            text.push_str(&serde_json::to_string(record)?);
            text.push('\n');
        }
        let name = quarantine_name(number);
        world.disk.make_directory(&data.join("quarantine"))?;
        world.disk.write(&data.join(&name), text.as_bytes()).with_context(|| format!("writing `{name}`"))?;
        commit.quarantine_files.push((name, quarantined.len() as u64));
    }
    Ok(())
}

/// Puts counts, cursors and findings of `batch` into `commit`.
///
/// # Errors
/// None in practice: everything is plain data.
pub fn rows(batch: &Correlated, commit: &mut Commit) -> Result<()> {
    let luggage = &batch.luggage;
    commit.batch = (luggage.number > 0).then_some(luggage.number);
    commit.events = batch.events.len() as u64;
    commit.quarantined = luggage.quarantined.len() as u64;
    commit.duplicates = batch.duplicates;
    for (source, cursor) in &luggage.cursors {
        commit.cursors.push(((*source).to_owned(), cursor.path.clone(), serde_json::to_string(cursor)?));
    }
    commit.moved.extend(luggage.moved.iter().map(|(source, path)| ((*source).to_owned(), path.clone())));
    for finding in &batch.findings {
        commit.findings.push((finding.id.to_string(), finding.at.0, serde_json::to_string(finding)?));
    }
    Ok(())
}

fn row(event: &Event) -> Row {
    let ocsf = ocsf_record(event).unwrap_or_default();
    let class = ocsf.get("class_uid").and_then(serde_json::Value::as_u64).and_then(|uid| u32::try_from(uid).ok());
    Row::of(event, class.unwrap_or_default(), ocsf.to_string())
}
