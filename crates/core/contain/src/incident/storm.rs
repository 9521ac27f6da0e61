//! Many findings at once: all of them are put where they belong before anything is planned. Then the incidents have their turn
//! by urgency, a few at a time, so that the first cuts of a storm are those behind which most could be lost.

use super::Respond;
use super::state::Incident;
use crate::plan::IncidentId;
use firebreak_model::{Finding, Severity};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How much is at stake; the greatest goes first. The fields are in the order of their weight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Urgency {
    /// Whether something is within reach that must not be lost.
    jewels: bool,
    /// Records within reach.
    records: u64,
    severity: Severity,
}

impl Urgency {
    fn of(incident: &Incident) -> Urgency {
        Urgency {
            jewels: !incident.crown_jewels.is_empty(),
            records: incident.reachable.iter().map(|holding| holding.records).fold(0, u64::saturating_add),
            severity: incident.severity,
        }
    }
}

/// The incidents that wait for a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    order: BTreeSet<(Reverse<Urgency>, IncidentId)>,
    known: BTreeMap<IncidentId, Urgency>,
}

impl Due {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn remove(&mut self, id: &IncidentId) {
        if let Some(urgency) = self.known.remove(id) {
            self.order.remove(&(Reverse(urgency), id.clone()));
        }
    }

    fn insert(&mut self, id: &IncidentId, urgency: Urgency) {
        self.remove(id);
        self.known.insert(id.clone(), urgency);
        self.order.insert((Reverse(urgency), id.clone()));
    }

    fn take_first(&mut self) -> Option<IncidentId> {
        let (_, id) = self.order.pop_first()?;
        self.known.remove(&id);
        Some(id)
    }
}

impl Respond {
    /// Puts all findings where they belong, and notes which incidents are to be planned for.
    pub(super) fn storm(&mut self, findings: Vec<Finding>) {
        let concerned: BTreeSet<IncidentId> = findings.into_iter().filter_map(|finding| self.place(finding)).collect();
        // One that has become part of another meanwhile is no more, and the other is concerned as well.
        for id in concerned {
            match self.look(&id) {
                Some(true) => {
                    let urgency = self.state.incidents.get(&id).map(Urgency::of);
                    urgency.into_iter().for_each(|urgency| self.known.due.insert(&id, urgency));
                }
                Some(false) => self.withdraw(&id),
                None => {}
            }
        }
    }

    /// Plans for the most urgent of those that wait.
    pub(super) fn next(&mut self, at_most: usize) {
        for _ in 0..at_most {
            let Some(id) = self.known.due.take_first() else { return };
            // What others did since the scope was drawn is built on.
            let standing = self.known.standing_digest;
            self.known.basis.get_mut(&id).into_iter().for_each(|basis| basis.standing = standing);
            self.plan_anew(&id);
        }
    }
}
