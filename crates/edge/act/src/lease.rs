//! Leases: how long a containment stands before someone confirms it or it is safely lifted.
//!
//! A lease is data. Lifting is [`crate::Executor::undo`] with a gate that knows of no rotation, which leaves shut every
//! door through which the intruder could come back.

use firebreak_model::{Reversibility, Time};
use serde::{Deserialize, Serialize};

/// How long one plan's containment stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// The plan's id.
    pub plan: String,
    /// Until when.
    pub until: Time,
    /// Who confirmed it for good, if anyone did: then it never falls due.
    #[serde(default)]
    pub confirmed_by: Option<String>,
}

impl Lease {
    /// A lease of `hours` from `from`.
    pub fn of(plan: &str, from: Time, hours: u32) -> Lease {
        Lease { plan: plan.to_owned(), until: from.plus_seconds(i64::from(hours) * 3600), confirmed_by: None }
    }

    /// Whether someone must decide, or it is to be lifted, now.
    pub fn due(&self, now: Time) -> bool {
        self.confirmed_by.is_none() && self.until <= now
    }
}

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
    fn a_lease_falls_due_unless_confirmed() {
        let mut lease = Lease::of("p", Time::from_seconds(0), 1);
        assert!(!lease.due(Time::from_seconds(3599)) && lease.due(Time::from_seconds(3600)));
        lease.confirmed_by = Some("ana@example.com".to_owned());
        assert!(!lease.due(Time::MAX));
    }

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
