//! `firebreak access changes`: what was asked to be changed, and how far each change has come.

use crate::commands::End;
use crate::config::Config;
use crate::live::changing;
use crate::output::{Output, counted};
use crate::store::Store;
use anyhow::Result;
use firebreak_assure::review::Answers;
use firebreak_contain::change::{Change, Changes, Stage};
use serde_json::{Value, json};
use std::path::Path;

/// Runs the command.
pub(super) fn run(config: &Config, output: Output) -> Result<End> {
    let changes = kept(&config.data_directory())?.changes;
    let mut all: Vec<&Change> = changes.all().collect();
    all.sort_by_key(|change| (change.wish.at, change.plan.id().clone()));
    for change in &all {
        let by = change.wish.by.name();
        output.text(format!(
            "{}  {:<10} {} (asked by {by})",
            change.plan.id().short(),
            words(change.stage),
            change.wish.title
        ));
        if let Some(hurt) = &change.hurt {
            output.paragraph(2, &format!("`{}` was refused `{}` at {}", hurt.identity.name(), hurt.action, hurt.at));
        }
        output.object("change_made", &shown(change));
    }
    let waiting = all.iter().filter(|change| change.stage == Stage::Waiting).count();
    output.text(format!("{}, {waiting} waiting", counted(all.len() as u64, "change")));
    output.object("access_changes", &json!({"changes": all.len(), "waiting": waiting}));
    Ok(if waiting > 0 { End::NeedsPerson } else { End::Done })
}

fn words(stage: Stage) -> String {
    stage.word().replace('_', " ")
}

/// A change without what only those who act and judge need.
pub(crate) fn shown(change: &Change) -> Value {
    let wish = &change.wish;
    let approved: Vec<_> = change.approvals.iter().map(|approval| &approval.by).collect();
    json!({
        "plan": change.plan.id(), "title": wish.title, "purpose": wish.purpose, "subject": wish.subject, "by": wish.by,
        "at": wish.at, "stage": change.stage, "approved_by": approved, "sent": change.sent,
        "watched_until": change.watched_until, "hurt": change.hurt,
    })
}

/// What an installation remembers of changes, and of what people answered.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) changes: Changes,
    pub(crate) answers: Answers,
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
        let kept = Kept { changes: changing::remembered(&store).await?, answers: changing::answers(&store).await? };
        store.close().await;
        Ok(kept)
    })
}
