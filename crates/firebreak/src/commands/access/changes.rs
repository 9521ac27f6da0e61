//! `firebreak access changes`: what was asked to be changed, and how far each change has come.

use crate::commands::End;
use crate::config::Config;
use crate::live::changing::Kept;
use crate::output::{Output, counted};
use crate::store::Store;
use crate::wishes;
use anyhow::Result;
use firebreak_contain::change::{Change, Stage};
use serde_json::json;
use std::path::Path;

/// Runs the command.
pub(super) fn run(config: &Config, output: Output) -> Result<End> {
    let changes = kept(&config.data_directory())?.changes;
    let mut all: Vec<&Change> = changes.all().collect();
    all.sort_by_key(|change| (change.wish.at, change.plan.id().clone()));
    for change in &all {
        let by = change.wish.by.name();
        let (plan, stage) = (change.plan.id().short(), words(change.stage));
        output.paragraph(0, &format!("{plan} {stage}: {} (asked by {by})", change.wish.title));
        if let Some(hurt) = &change.hurt {
            output.paragraph(2, &format!("`{}` was refused `{}` at {}", hurt.identity.name(), hurt.action, hurt.at));
        }
        output.object("change_made", &wishes::shown(change));
    }
    let waiting = all.iter().filter(|change| change.stage == Stage::Waiting).count();
    output.text(format!("{}, {waiting} waiting", counted(all.len() as u64, "change")));
    output.object("access_changes", &json!({"changes": all.len(), "waiting": waiting}));
    Ok(if waiting > 0 { End::NeedsPerson } else { End::Done })
}

fn words(stage: Stage) -> String {
    stage.word().replace('_', " ")
}

/// What the installation in `data` remembers; nothing where there is none.
///
/// # Errors
/// If the state cannot be read.
pub(crate) fn kept(data: &Path) -> Result<Kept> {
    if !data.join("state.sqlite").is_file() {
        return Ok(Kept::default());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(data).await?;
        let kept = Kept::of(&store).await?;
        store.close().await;
        Ok(kept)
    })
}
