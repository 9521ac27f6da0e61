//! What shows that a step denies: what the platform says of itself, what its door does, and what cannot be seen.
//!
//! It is never a bare yes: a success status is not containment, and a state that reads as blocked may still admit.

use crate::error::ActError;
use firebreak_model::{EventUid, NodeKey, Time};
use serde::{Deserialize, Serialize};

/// How something is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// The control plane reads back what we set.
    Declared,
    /// The old authority was tried where it is used, or an audit record shows that it was refused.
    Effective,
    /// It cannot be seen; the detail says why.
    Unobservable,
}

/// One piece of evidence about one step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// How it is known.
    pub kind: EvidenceKind,
    /// Whether the old authority is denied, by this evidence. Always false where nothing can be seen.
    pub denied: bool,
    /// When it was seen.
    pub at: Time,
    /// What was seen, for a person. Never a secret.
    pub detail: String,
    /// Whether looking again can show nothing else: nobody configured a way to look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lasting: bool,
}

impl Evidence {
    /// The control plane says so.
    pub fn declared(denied: bool, at: Time, detail: impl Into<String>) -> Evidence {
        Evidence { kind: EvidenceKind::Declared, denied, at, detail: detail.into(), lasting: false }
    }

    /// The door was seen to open or not.
    pub fn effective(denied: bool, at: Time, detail: impl Into<String>) -> Evidence {
        Evidence { kind: EvidenceKind::Effective, denied, at, detail: detail.into(), lasting: false }
    }

    /// What trying `old`, an authority from before, at `door` showed: `tried` says whether it was admitted now, and
    /// `before` whether it was before the step. Nothing was tried where nobody configured it.
    pub fn tried(
        at: Time,
        door: &str,
        old: &str,
        tried: Result<Option<bool>, ActError>,
        before: Option<bool>,
    ) -> Evidence {
        match (tried, before) {
            (Ok(Some(true)), _) => Evidence::effective(false, at, format!("{door} still admits {old}")),
            (Ok(Some(false)), Some(true)) => Evidence::effective(true, at, format!("{door} refuses {old}")),
            (Ok(Some(false)), Some(false)) => Evidence::blind(at, format!("{door} refused {old} before the step too")),
            (Ok(Some(false)), None) => {
                Evidence::blind(at, format!("{door} refuses {old}, which could not be tried before the step"))
            }
            (Ok(None), _) => Evidence::blind(at, format!("nobody configured {old} to try")),
            (Err(error), _) => Evidence::unobservable(at, error.to_string()),
        }
    }

    /// Nothing can be seen, and looking again will not help.
    pub fn blind(at: Time, detail: impl Into<String>) -> Evidence {
        Evidence { lasting: true, ..Evidence::unobservable(at, detail) }
    }

    /// Nothing can be seen this time.
    pub fn unobservable(at: Time, detail: impl Into<String>) -> Evidence {
        Evidence { kind: EvidenceKind::Unobservable, denied: false, at, detail: detail.into(), lasting: false }
    }
}

/// What the evidence of one look adds up to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// The old authority was refused where it is used.
    Denies,
    /// It is still admitted, or the platform says that nothing is in force.
    Admits,
    /// The platform says that it denies; nobody saw it refuse.
    OnlyDeclared,
    /// Nothing is known.
    Nothing,
}

/// Adds up the evidence of one look. What was seen at the door outweighs what the control plane says, and one open door
/// outweighs every closed one.
pub fn weigh(evidence: &[Evidence]) -> Finding {
    let any = |kind, denied| evidence.iter().any(|item| item.kind == kind && item.denied == denied);
    match () {
        () if any(EvidenceKind::Effective, false) || any(EvidenceKind::Declared, false) => Finding::Admits,
        () if any(EvidenceKind::Effective, true) => Finding::Denies,
        () if any(EvidenceKind::Declared, true) => Finding::OnlyDeclared,
        () => Finding::Nothing,
    }
}

/// A denied event: an audit record in which the old authority was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeniedEvent {
    /// The record.
    pub uid: EventUid,
    /// When it was refused, by the platform's clock.
    pub at: Time,
}

/// Who sees the event stream while a plan runs.
pub trait Witness: Send + Sync {
    /// The first event after `after` in which `target`, as credential or as actor, was refused for want of authority.
    fn denied_after(&self, target: &NodeKey, after: Time) -> Option<DeniedEvent>;

    /// Whether anything may still be seen: waiting for a witness who does not watch is waiting for nothing.
    fn watches(&self) -> bool {
        true
    }
}

/// Nobody watches.
#[derive(Debug)]
pub struct NoWitness;

impl Witness for NoWitness {
    fn denied_after(&self, _target: &NodeKey, _after: Time) -> Option<DeniedEvent> {
        None
    }

    fn watches(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_door_outweighs_what_the_control_plane_says() {
        let at = Time(0);
        let declared = |denied| Evidence::declared(denied, at, "");
        let effective = |denied| Evidence::effective(denied, at, "");
        assert_eq!(weigh(&[declared(true), effective(true)]), Finding::Denies);
        assert_eq!(weigh(&[declared(true), effective(false)]), Finding::Admits);
        assert_eq!(weigh(&[declared(false), effective(true)]), Finding::Admits);
        assert_eq!(weigh(&[effective(true), effective(false)]), Finding::Admits);
        assert_eq!(weigh(&[declared(true), Evidence::unobservable(at, "")]), Finding::OnlyDeclared);
        assert_eq!(weigh(&[Evidence::unobservable(at, "")]), Finding::Nothing);
        assert_eq!(weigh(&[]), Finding::Nothing);
    }
}
