//! Why a notice was not taken, and whether it is worth trying again.

use firebreak_world::SecretsError;
use std::time::Duration;
use thiserror::Error;

/// What went wrong. Never holds a secret.
#[derive(Debug, Error)]
pub enum NotifyError {
    /// Not now: it is tried again. It may have arrived all the same.
    #[error("{reason}")]
    Later {
        /// Why.
        reason: String,
        /// How long the receiver asks us to wait.
        wait: Option<Duration>,
    },
    /// It was understood and would be refused again.
    #[error("refused with {code}: {reason}")]
    Refused {
        /// Status or code.
        code: String,
        /// The receiver's words.
        reason: String,
    },
    /// The configuration lacks something: it is tried again, for someone may mend it.
    #[error("{reason}\nhint: {hint}")]
    Unusable {
        /// What is missing or wrong.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// One of our own credentials cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretsError),
}

impl NotifyError {
    /// Not now.
    pub fn later(reason: impl Into<String>) -> NotifyError {
        NotifyError::Later { reason: reason.into(), wait: None }
    }

    /// Would be refused again.
    pub fn refused(code: impl Into<String>, reason: impl Into<String>) -> NotifyError {
        NotifyError::Refused { code: code.into(), reason: reason.into() }
    }

    /// What is missing or wrong, and what to do.
    pub fn unusable(reason: impl Into<String>, hint: impl Into<String>) -> NotifyError {
        NotifyError::Unusable { reason: reason.into(), hint: hint.into() }
    }
}
