//! What must hold before a step is taken back: the door to the old credential stays shut until that credential is gone.
//!
//! It does not know when a containment ends: that is [`firebreak_contain::Lease`].

use firebreak_model::Reversibility;
use serde::{Deserialize, Serialize};

/// What must hold before an undo that readmits the old credential.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct UndoGate {
    /// Whether the old credential was rotated or has expired.
    pub rotated: bool,
    /// Why it is undone all the same, in the words of whoever answers for it.
    pub override_reason: Option<String>,
}

impl UndoGate {
    /// Why a step of this kind may not be undone now, or `None` where it may.
    pub fn forbids(&self, reversibility: Reversibility) -> Option<&'static str> {
        let overridden = self.override_reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        match reversibility {
            Reversibility::ReversibleReissuesAccess if !self.rotated && !overridden => {
                Some("undo would let in whoever still holds the old credential: rotate it first, or give a reason")
            }
            Reversibility::Irreversible => Some("it cannot be taken back"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_to_the_old_credential_opens_only_after_rotation_or_with_a_reason() {
        let risky = Reversibility::ReversibleReissuesAccess;
        let gate = |rotated, reason: Option<&str>| UndoGate { rotated, override_reason: reason.map(str::to_owned) };
        assert!(gate(false, None).forbids(risky).is_some());
        assert!(gate(false, Some("  ")).forbids(risky).is_some());
        assert!(gate(true, None).forbids(risky).is_none());
        assert!(gate(false, Some("false alarm, confirmed by its owner")).forbids(risky).is_none());
        assert!(gate(false, None).forbids(Reversibility::Reversible).is_none());
        assert!(gate(true, Some("x")).forbids(Reversibility::Irreversible).is_some());
    }
}
