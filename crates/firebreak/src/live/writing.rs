//! A batch as files (written and synced before the commit) and as rows of the commit.

use crate::pipeline::Correlated;
use crate::store::Commit;
use anyhow::{Context, Result};
use firebreak_intake::{Quarantined, ocsf_record};
use firebreak_lake::{Lake, Row};
use firebreak_model::Event;
use firebreak_world::World;
use std::path::Path;
use std::sync::Arc;

/// Where quarantined records of batch `number` go, below the data directory.
pub fn quarantine_name(number: u64) -> String {
    format!("quarantine/{number:010}.ndjson")
}

/// What of a batch goes into files.
pub struct Filed {
    number: u64,
    events: Vec<Arc<Event>>,
    quarantined: Vec<Quarantined>,
}

/// The files that were written, as rows of a commit.
#[derive(Default)]
pub struct Files {
    /// (name, description as JSON).
    lake: Vec<(String, String)>,
    /// (name, records).
    quarantine: Vec<(String, u64)>,
}

impl Filed {
    /// Takes it out of `batch`, so that it can be written while the batch is decided about.
    pub fn of(batch: &mut Correlated) -> Filed {
        let quarantined = std::mem::take(&mut batch.luggage.quarantined);
        Filed { number: batch.luggage.number, events: batch.events.clone(), quarantined }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.quarantined.is_empty()
    }

    /// Writes the lake and quarantine files.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write(&self, world: &World, data: &Path, lake: &Lake) -> Result<Files> {
        let mut files = Files::default();
        if !self.events.is_empty() {
            let rows: Vec<Row> = self.events.iter().map(|event| row(event)).collect();
            for file in lake.write(&rows).context("writing the lake")? {
                files.lake.push((file.name.clone(), serde_json::to_string(&file)?));
            }
        }
        if !self.quarantined.is_empty() {
            let mut text = String::new();
            for record in &self.quarantined {
                text.push_str(&serde_json::to_string(record)?);
                text.push('\n');
            }
            let name = quarantine_name(self.number);
            world.disk.make_directory(&data.join("quarantine"))?;
            world.disk.write(&data.join(&name), text.as_bytes()).with_context(|| format!("writing `{name}`"))?;
            files.quarantine.push((name, self.quarantined.len() as u64));
        }
        Ok(files)
    }
}

impl Files {
    /// Names the files in `commit`.
    pub fn name(self, commit: &mut Commit) {
        commit.quarantined = self.quarantine.iter().map(|(_, records)| records).sum();
        commit.lake_files.extend(self.lake);
        commit.quarantine_files.extend(self.quarantine);
    }
}

/// Puts counts and cursors of `batch` into `commit`.
///
/// # Errors
/// None in practice: everything is plain data.
pub fn rows(batch: &Correlated, commit: &mut Commit) -> Result<()> {
    let luggage = &batch.luggage;
    commit.batch = (luggage.number > 0).then_some(luggage.number);
    commit.events = batch.events.len() as u64;
    commit.duplicates = batch.duplicates;
    for (source, cursor) in &luggage.cursors {
        commit.cursors.push(((*source).to_owned(), cursor.path.clone(), serde_json::to_string(cursor)?));
    }
    commit.moved.extend(luggage.moved.iter().map(|(source, path)| ((*source).to_owned(), path.clone())));
    Ok(())
}

/// Moves the findings of `batch` into `commit`.
///
/// # Errors
/// None in practice: everything is plain data.
pub fn findings(batch: &mut Correlated, commit: &mut Commit) -> Result<()> {
    let number = batch.luggage.number;
    for finding in batch.findings.drain(..) {
        commit.findings.push((finding.id.to_string(), number, finding.at.0, serde_json::to_string(&finding)?));
    }
    Ok(())
}

fn row(event: &Event) -> Row {
    let ocsf = ocsf_record(event).unwrap_or_default();
    let class = ocsf.get("class_uid").and_then(serde_json::Value::as_u64).and_then(|uid| u32::try_from(uid).ok());
    Row::of(event, class.unwrap_or_default(), ocsf.to_string())
}
