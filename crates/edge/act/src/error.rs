//! Why a call or a step did not succeed, and whether it may have had its effect all the same.

use firebreak_world::SecretsError;
use thiserror::Error;

/// What went wrong on the way to a platform. Never holds a secret.
#[derive(Debug, Error)]
pub enum ActError {
    /// The platform does not know the target.
    #[error("`{target}` is not there: {reason}")]
    NotFound {
        /// What was looked for.
        target: String,
        /// What the platform answered.
        reason: String,
    },
    /// The platform said no. Nothing was changed.
    #[error("{call} was refused with {code}: {reason}")]
    Refused {
        /// Which call.
        call: String,
        /// Status or code.
        code: String,
        /// The platform's words.
        reason: String,
    },
    /// It never got there, however often we tried. Nothing was changed.
    #[error("{call} did not get through: {reason}\nhint: run the plan again; nothing was changed by this step")]
    NotSent {
        /// Which call.
        call: String,
        /// Why.
        reason: String,
    },
    /// It may have had its effect: only reading the state back can tell.
    #[error("{call} has no certain outcome: {reason}")]
    Ambiguous {
        /// Which call.
        call: String,
        /// Why.
        reason: String,
    },
    /// What is there is not what the step was made for. Nothing was changed.
    #[error("{call} found that things changed since the plan was made: {reason}\nhint: make a new plan")]
    Drift {
        /// Which call.
        call: String,
        /// The platform's words.
        reason: String,
    },
    /// The answer cannot be read.
    #[error("{call} gave an answer that cannot be read: {reason}")]
    Unreadable {
        /// Which call.
        call: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The action or the configuration lacks what is needed.
    #[error("{reason}\nhint: {hint}")]
    Unusable {
        /// What is missing or wrong.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// The action has no undo.
    #[error("`{action}` cannot be taken back\nhint: {hint}")]
    Irreversible {
        /// Which action.
        action: String,
        /// What to do instead.
        hint: String,
    },
    /// A responder tried a call that its specification does not list. This is a defect of the responder.
    #[error("{call} is not among the calls that the responder declares")]
    OutsideSpec {
        /// Which call.
        call: String,
    },
    /// One of our own credentials cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretsError),
}

impl ActError {
    /// What is missing or wrong, and what to do.
    pub fn unusable(reason: impl Into<String>, hint: impl Into<String>) -> ActError {
        ActError::Unusable { reason: reason.into(), hint: hint.into() }
    }

    /// Whether the call may have had its effect.
    pub fn may_have_acted(&self) -> bool {
        matches!(self, ActError::Ambiguous { .. } | ActError::Unreadable { .. })
    }
}
