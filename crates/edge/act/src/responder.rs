//! What every responder is: one action on one platform, done, checked and taken back in the same way everywhere.
//!
//! A responder keeps no state and decides nothing: what it needs is in the action and the configuration, what it must
//! restore is in the state before.

use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::spec::{ActionSpec, Terms};
use async_trait::async_trait;
use firebreak_model::Action;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was there before a step: all that its undo may use.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StateBefore {
    /// The setting that undo restores, in the responder's own form. Never a secret.
    pub state: Value,
    /// Whether it denied already.
    pub denied_already: bool,
    /// Whether the old authority was admitted where it is used, where that could be tried. A door that was shut before
    /// proves nothing by being shut afterwards.
    #[serde(default)]
    pub admitted: Option<bool>,
}

/// One action.
#[async_trait]
pub trait Responder: Send + Sync {
    /// What it says of itself.
    fn spec(&self) -> &'static ActionSpec;

    /// On which terms its rights are to be given.
    fn terms(&self) -> Terms {
        Terms::PLAIN
    }

    /// Reads the state before, changing nothing. An error means that the step cannot be done as things are.
    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError>;

    /// What somebody else changed since `before` was read, where the step would write over it: then it is not done. The
    /// default is for settings in which a step writes over nothing.
    async fn drift(
        &self,
        _context: &Context<'_>,
        _action: &Action,
        _before: &StateBefore,
    ) -> Result<Option<String>, ActError> {
        Ok(None)
    }

    /// What the step reads and writes back, so that no other step may come in between: steps on one object are done one
    /// after the other, whatever plan they are of. The default is the target; a responder whose document is shared by
    /// several targets names the document.
    fn object(&self, action: &Action) -> String {
        action.target.to_string()
    }

    /// Does it. Success means that the platform took the request, not that it denies.
    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError>;

    /// Looks once whether it denies. What cannot be read is [`Evidence::unobservable`], never an error.
    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence>;

    /// Restores the state before. Doing it twice, or without the step having been done, is harmless.
    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError>;

    /// What undo leaves as the step made it, and what a person can do about it; nothing where undo brings all of it back.
    fn left_as_it_is(&self, _action: &Action, _before: &StateBefore) -> Option<String> {
        None
    }

    /// Whether the step would take away what we act with.
    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError>;

    /// Whether the state before is back, or `None` where nobody can see it. Those that can read their setting compare it.
    async fn is_undone(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<bool>, ActError> {
        Ok(Some(self.preflight(context, action).await?.state == before.state))
    }
}

/// The responder that does `action`, or `None` where there is none of that name and verb.
pub fn responder_for(responders: &[&'static dyn Responder], action: &Action) -> Option<&'static dyn Responder> {
    let named = responders.iter().find(|responder| responder.spec().name == action.responder())?;
    (named.spec().verb == action.verb()).then_some(*named)
}

/// A parameter of the action, or what to do about its absence.
pub(crate) fn parameter<'a>(action: &'a Action, name: &str) -> Result<&'a str, ActError> {
    match action.parameters.get(name) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(ActError::unusable(
            format!("`{}` on `{}` lacks the parameter `{name}`", action.name, action.target),
            "take a new inventory: the scanner that reports the target writes it",
        )),
    }
}
