//! Break-glass: automatic actions stop at one word of a person and go on at another.
//!
//! What was begun is seen through by `act`; what was decided and not begun waits.

use super::Respond;
use crate::gate::{Approved, Pause};
use crate::plan::{IncidentId, Plan};
use firebreak_model::{NodeKey, NodeKind};

impl Respond {
    /// Whether automatic actions are paused, and by whom.
    pub fn paused(&self) -> Option<&Pause> {
        self.state.paused.as_ref()
    }

    /// Whether a plan may go on as things are.
    pub(super) fn may_go_on(&self) -> impl Fn(&Approved<Plan>) -> bool + use<> {
        let paused = self.state.paused.is_some();
        move |approved| !paused || !approved.approvals().is_empty()
    }

    /// From now on nothing happens that no person approved. Who was first stays named.
    pub(super) fn pause(&mut self, pause: Pause) {
        if self.state.paused.is_none() {
            self.record("paused", serde_json::json!({"pause": pause}));
            self.state.paused = Some(pause);
        }
    }

    /// Automatic actions go on, and with them what waited for no other reason. Whoever is in the intruder's reach cannot say
    /// so.
    pub(super) fn go_on(&mut self, by: &NodeKey) {
        let is_person = by.kind() == NodeKind::Identity && by.system() == "person";
        let reached = self.known.held.values().any(|held| held.contains(by));
        let Some(pause) = self.state.paused.take_if(|_| is_person && !reached) else {
            return self.record("not_resumed", serde_json::json!({"by": by}));
        };
        self.record("resumed", serde_json::json!({"by": by, "pause": pause}));
        self.resend(|approved| approved.approvals().is_empty());
        let waiting = self.state.incidents.values().filter(|incident| incident.pending.is_some());
        for id in waiting.map(|incident| incident.id.clone()).collect::<Vec<IncidentId>>() {
            self.touched.insert(id.clone());
            self.decide_pending(&id);
        }
    }
}
