//! Wishes for changes on a quiet day: left for the running process, which makes plans of them.

use super::End;
use super::approve::open;
use crate::config::Config;
use crate::live::Request;
use crate::output::Output;
use crate::store::CHANGE;
use anyhow::{Result, bail};
use firebreak_act::RESPONDERS;
use firebreak_act::responder::responder_for;
use firebreak_contain::change::{Asked, Wish};
use firebreak_model::{Action, Time};

/// Leaves `wish` for the running process.
pub(super) fn leave(wish: &Wish, config: &Config, output: Output) -> Result<End> {
    let request = serde_json::to_string(&Request::Change(Box::new(wish.clone())))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { open(config).await?.ask(CHANGE, &request).await })?;
    output.text(format!("asked to {}; the running process makes a plan of it", wish.title));
    wish.gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
    output.text("next: firebreak approve");
    output.object("change_asked", wish);
    Ok(End::Done)
}

/// An action with what its responder says of it, and how its target was used: how often, by how many, when last.
pub(super) fn asked(action: Action, used: Option<(u64, u64, Option<Time>)>) -> Result<Asked> {
    let Some(responder) = responder_for(RESPONDERS, &action) else { bail!("no responder does `{}`", action.name) };
    let spec = responder.spec();
    let delay_seconds = u32::try_from(spec.convergence.window().as_secs()).unwrap_or(u32::MAX);
    Ok(Asked { action, reversibility: spec.reversibility, delay_seconds, used })
}
