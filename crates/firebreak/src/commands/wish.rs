//! Wishes for changes on a quiet day: left for the running process, which makes plans of them.

use super::End;
use super::approve::open;
use crate::config::Config;
use crate::live::Request;
use crate::output::Output;
use crate::store::CHANGE;
use anyhow::Result;
use firebreak_contain::change::Wish;

/// Leaves `wish` for the running process.
pub(super) fn leave(wish: &Wish, config: &Config, output: Output) -> Result<End> {
    let request = serde_json::to_string(&Request::Change(Box::new(wish.clone())))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { open(config).await?.ask(CHANGE, &request).await })?;
    output.paragraph(0, &format!("asked to {}; the running process makes a plan of it", wish.title));
    wish.gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
    output.text("next: firebreak approve");
    output.object("change_asked", wish);
    Ok(End::Done)
}
