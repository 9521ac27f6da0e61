//! Leases: a containment stands for a time; then somebody confirms it or what can be lifted safely is lifted.
//!
//! It decides; it lifts nothing. Whoever lifts asks the gate of undo as well.

use crate::plan::{Plan, PlanId, StepKey};
use firebreak_model::{Reversibility, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long a containment stands where the owner says nothing, in seconds: three days, so that no weekend ends one.
pub const TERM_SECONDS: i64 = 72 * 3_600;

/// The longest that one confirmation keeps a containment, in seconds: 30 days.
pub const MAX_TERM_SECONDS: i64 = 30 * 86_400;

/// One plan's containment and how long it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// Which plan's.
    pub plan: PlanId,
    /// Until when it stands.
    pub until: Time,
    /// How often it was renewed.
    pub renewals: u32,
}

impl Lease {
    /// A lease of `seconds` from `from`.
    pub fn new(plan: PlanId, from: Time, seconds: i64) -> Lease {
        Lease { plan, until: from.plus_seconds(seconds.max(0)), renewals: 0 }
    }

    /// Whether somebody must confirm it now.
    pub fn due(&self, now: Time) -> bool {
        self.until <= now
    }

    /// The lease renewed until `until`; never shortened by a renewal that arrives late.
    pub fn renewed(self, until: Time) -> Lease {
        Lease { until: self.until.max(until), renewals: self.renewals.saturating_add(1), ..self }
    }
}

/// What is known when a lease runs out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Circumstances {
    /// Steps that were carried out and not undone.
    pub standing: BTreeSet<StepKey>,
    /// Steps whose old credential is gone: rotated or expired, so that undo lets nobody in.
    pub rotated: BTreeSet<StepKey>,
    /// Whether the intruder would reach a target again if everything that may be lifted were lifted; `None` where
    /// nobody has looked, which counts as yes.
    pub reopens: Option<bool>,
}

/// What becomes of the steps of a lease that ran out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Expiry {
    /// To be lifted: nobody confirmed them, and lifting lets nobody in.
    pub lift: Vec<StepKey>,
    /// To be kept all the same, and why: ask again.
    pub keep: Vec<(StepKey, String)>,
}

/// What to do with a lease of `plan` that ran out unconfirmed. Doubt keeps a cut in place: an interrupted worker can
/// ask for an end, an intruder let back in cannot be asked to leave.
pub fn expiry(plan: &Plan, circumstances: &Circumstances) -> Expiry {
    let mut expiry = Expiry::default();
    for step in plan.steps().iter().filter(|step| circumstances.standing.contains(&step.key)) {
        let objection = match step.reversibility {
            Reversibility::Irreversible => Some("it cannot be taken back"),
            Reversibility::RecreateOnly => Some("it can only be made anew, by its owner"),
            Reversibility::ReversibleReissuesAccess if !circumstances.rotated.contains(&step.key) => {
                Some("undo would let in whoever holds the old credential: rotate it first")
            }
            _ => match circumstances.reopens {
                Some(false) => None,
                Some(true) => Some("lifting it would open a path to what matters"),
                None => Some("nobody has looked whether lifting it would open a path"),
            },
        };
        match objection {
            None => expiry.lift.push(step.key.clone()),
            Some(why) => expiry.keep.push((step.key.clone(), why.to_string())),
        }
    }
    // What came last goes first: the sweep before the deny that it repeats.
    expiry.lift.reverse();
    expiry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Step, example};

    fn plan(reversibility: Reversibility) -> Plan {
        let mut body = example::body();
        body.steps = body.steps.into_iter().map(|step| Step { reversibility, ..step }).collect();
        Plan::new(body).expect("plain data")
    }

    fn lifted(reversibility: Reversibility, rotated: bool, reopens: Option<bool>) -> usize {
        let plan = plan(reversibility);
        let all: BTreeSet<StepKey> = plan.steps().iter().map(|step| step.key.clone()).collect();
        let rotated = if rotated { all.clone() } else { BTreeSet::new() };
        let expiry = expiry(&plan, &Circumstances { standing: all.clone(), rotated, reopens });
        assert_eq!(expiry.lift.len() + expiry.keep.len(), all.len(), "every step is decided");
        expiry.lift.len()
    }

    #[test]
    fn a_lease_falls_due_and_can_be_renewed() {
        let lease = Lease::new(example::plan().id().clone(), Time::from_seconds(0), 60);
        assert!(!lease.due(Time::from_seconds(59)) && lease.due(Time::from_seconds(60)));
        let renewed = lease.renewed(Time::from_seconds(600));
        assert!(!renewed.due(Time::from_seconds(60)) && renewed.renewals == 1);
        assert_eq!(
            renewed.clone().renewed(Time::from_seconds(5)).until,
            renewed.until,
            "a late renewal shortens nothing"
        );
    }

    #[test]
    fn only_what_lets_nobody_in_is_lifted() {
        use Reversibility::{Irreversible, RecreateOnly, Reversible, ReversibleReissuesAccess};
        assert_eq!(lifted(Reversible, false, Some(false)), 2);
        assert_eq!(lifted(Reversible, false, Some(true)), 0);
        assert_eq!(lifted(Reversible, false, None), 0, "not knowing keeps the cut");
        assert_eq!(lifted(ReversibleReissuesAccess, false, Some(false)), 0);
        assert_eq!(lifted(ReversibleReissuesAccess, true, Some(false)), 2);
        assert_eq!(lifted(RecreateOnly, true, Some(false)), 0);
        assert_eq!(lifted(Irreversible, true, Some(false)), 0);
    }

    #[test]
    fn what_does_not_stand_is_left_alone() {
        let plan = plan(Reversibility::Reversible);
        let none = Circumstances { reopens: Some(false), ..Circumstances::default() };
        assert_eq!(expiry(&plan, &none), Expiry::default());
    }
}
