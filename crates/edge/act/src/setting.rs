//! The most common kind of responder: a setting that the control plane keeps and tells. Its cut is declared by reading the
//! setting back; whether it denies in fact is seen elsewhere, if at all.
//!
//! What implements [`Setting`] is a [`Responder`].

use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Terms};
use async_trait::async_trait;
use firebreak_model::Action;
use serde_json::Value;

/// What the control plane says of a target.
#[derive(Debug)]
pub struct Reading {
    /// What an undo restores. Never a secret.
    pub state: Value,
    /// Whether it denies; none where the control plane does not tell.
    pub denies: Option<bool>,
    /// What was read, for a person: `the user is suspended`.
    pub words: String,
}

impl Reading {
    /// A reading.
    pub fn new(state: Value, denies: bool, words: impl Into<String>) -> Reading {
        Reading { state, denies: Some(denies), words: words.into() }
    }

    /// That nothing can be read, and why.
    pub fn none(words: impl Into<String>) -> Reading {
        Reading { state: Value::Null, denies: None, words: words.into() }
    }
}

/// A setting of a control plane.
#[async_trait]
pub trait Setting: Send + Sync {
    /// What it says of itself.
    fn spec(&self) -> &'static ActionSpec;

    /// On which terms its rights are to be given.
    fn terms(&self) -> Terms {
        Terms::PLAIN
    }

    /// Reads the setting. [`ActError::NotFound`] where the target is not there: that fails a step which was not begun, since
    /// platforms say the same of what we may not see, and counts as denied once we had seen the target.
    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError>;

    /// Cuts.
    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError>;

    /// Restores what was read before the cut. Doing it twice is harmless.
    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError>;

    /// Whether the cut is made even where nothing is left to cut: somebody may be on the way to it.
    fn is_made_anyway(&self, _action: &Action) -> bool {
        false
    }

    /// Whether what was read before the cut is back.
    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        Ok(self.read(context, action).await?.state == *before)
    }

    /// Whether it is what we act with.
    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError>;

    /// Tries an old authority where it is used: whether it is admitted. `None` where nobody configured one.
    async fn tried(&self, _context: &Context<'_>, _action: &Action) -> Result<Option<bool>, ActError> {
        Ok(None)
    }

    /// Where an old authority is tried, and what it is: `("Keycloak", "the old token")`.
    fn door(&self) -> (&'static str, &'static str) {
        ("the platform", "the old authority")
    }

    /// Why nobody sees the old authority refused, and what may live on.
    fn unseen(&self) -> &'static str;
}

#[async_trait]
impl<T: Setting> Responder for T {
    fn spec(&self) -> &'static ActionSpec {
        Setting::spec(self)
    }

    fn terms(&self) -> Terms {
        Setting::terms(self)
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let reading = self.read(context, action).await?;
        let admitted = self.tried(context, action).await.unwrap_or(None);
        let denied_already = reading.denies == Some(true) && !self.is_made_anyway(action);
        Ok(StateBefore { state: reading.state, denied_already, admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        self.cut(context, action).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match self.read(context, action).await {
            Ok(Reading { denies: Some(denies), words, .. }) => Evidence::declared(denies, now, words),
            Ok(Reading { denies: None, words, .. }) => Evidence::blind(now, words),
            Err(ActError::NotFound { .. }) => Evidence::declared(true, now, "it is not there any more"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let (door, old) = self.door();
        let effective = match self.tried(context, action).await {
            Ok(None) => Evidence::blind(now, self.unseen()),
            tried => Evidence::tried(now, door, old, tried, before.admitted),
        };
        vec![declared, effective]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        self.restore(context, action, &before.state).await
    }

    async fn is_undone(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<bool>, ActError> {
        self.is_back(context, action, &before.state).await.map(Some)
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        self.is_ours(context, action).await
    }
}

/// The answer to an undo of what has none.
pub fn irreversible(action: &Action, hint: &str) -> ActError {
    ActError::Irreversible { action: action.name.to_string(), hint: hint.to_owned() }
}
