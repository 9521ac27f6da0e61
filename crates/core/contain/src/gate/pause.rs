//! Break-glass: from one word of a person on, nothing happens that no person approved, until a person lets it go on.

use firebreak_model::{NodeKey, Time};
use serde::{Deserialize, Serialize};

/// Automatic actions are paused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// Who wants it, as `identity:person/<e-mail>`.
    pub by: NodeKey,
    /// Since when.
    pub at: Time,
    /// Why.
    pub because: String,
}

impl Pause {
    /// Why a plan that the policy lets pass waits for a person all the same.
    pub(crate) fn reason(&self) -> String {
        let Pause { by, at, because } = self;
        format!("automatic actions are paused since {at} by `{}` ({because}): a person must approve", by.name())
    }
}
