//! What the respond stage remembers. The state is data: written down and read back it goes on as if nothing had happened.
//! What follows from it and the estate (graph, index, reach) is derived anew and is not in here.

use super::group::Item;
use super::message::{IncidentView, Status, StepOutcome};
use super::muted::HeldBack;
use super::standing_policy::Firing;
use super::tracked::{Entry, Grown, Tracked};
use crate::derived::Derivation;
use crate::gate::{Approval, GateRequest, Pause};
use crate::lease::Lease;
use crate::mute::{Mute, MuteId};
use crate::plan::{IncidentId, Plan, PlanId, StepKey};
use crate::scope::Scope;
use crate::standing_policy::Prepared;
use firebreak_model::{Action, EventUid, Finding, FindingId, Holding, Judgement, NodeKey, Severity, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the respond stage remembers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The last tick, or before the first one the latest finding.
    pub(super) clock: Option<Time>,
    pub(super) ticked: bool,
    /// How many records were written.
    pub(super) records: u64,
    pub(super) findings: Tracked<FindingId, Finding>,
    /// By environment, then profile.
    pub(super) judgements: Tracked<NodeKey, BTreeMap<Text, Judgement>>,
    /// By child.
    pub(super) derived: Tracked<NodeKey, BTreeSet<Derivation>>,
    /// What events have filled in for standing policies, by event.
    #[serde(default)]
    pub(super) prepared: Tracked<EventUid, Vec<Prepared>>,
    pub(super) incidents: Tracked<IncidentId, Incident>,
    pub(super) steps: Tracked<StepKey, Taken>,
    /// Plans that passed the gate, with the request that let them: asked again, the gate gives the same answer.
    pub(super) approved: Tracked<PlanId, Passed>,
    pub(super) approvals: Grown<Approval>,
    pub(super) leases: Tracked<PlanId, Lease>,
    /// Whether automatic actions are paused.
    #[serde(default)]
    pub(super) paused: Option<Pause>,
    /// The mutes that last.
    #[serde(default)]
    pub(super) mutes: Tracked<MuteId, Mute>,
    /// Findings that are held back by a mute, or were until it ran out.
    #[serde(default)]
    pub(super) held_back: Tracked<FindingId, HeldBack>,
}

/// What the state remembers beside its entries.
#[derive(Serialize, Deserialize)]
struct Head {
    clock: Option<Time>,
    ticked: bool,
    records: u64,
    paused: Option<Pause>,
}

const HEAD: &str = "head";
const FINDING: &str = "finding";
const JUDGEMENT: &str = "judgement";
const DERIVED: &str = "derived";
const PREPARED: &str = "prepared";
const INCIDENT: &str = "incident";
const STEP: &str = "step";
const APPROVED: &str = "approved";
const APPROVAL: &str = "approval";
const LEASE: &str = "lease";
/// The kind of the entries that are mutes ([`Mute`]), by name.
pub const MUTE: &str = "mute";
/// The kind of the entries that are findings held back, by the finding's id.
pub const HELD_BACK: &str = "held_back";

impl State {
    /// What has changed since this was asked last, entry by entry: written down over what was written before, it is all
    /// that [`State::of`] needs. A state that was read as a whole has changed altogether.
    ///
    /// # Errors
    /// None in practice: everything is plain data.
    pub(super) fn changes(&mut self) -> serde_json::Result<Vec<Entry>> {
        let State { clock, ticked, records, ref paused, .. } = *self;
        let head = serde_json::to_string(&Head { clock, ticked, records, paused: paused.clone() })?;
        let mut entries = vec![Entry { kind: HEAD, key: String::new(), body: Some(head) }];
        self.findings.write(FINDING, &mut entries)?;
        self.judgements.write(JUDGEMENT, &mut entries)?;
        self.derived.write(DERIVED, &mut entries)?;
        self.prepared.write(PREPARED, &mut entries)?;
        self.incidents.write(INCIDENT, &mut entries)?;
        self.steps.write(STEP, &mut entries)?;
        self.approved.write(APPROVED, &mut entries)?;
        self.approvals.write(APPROVAL, &mut entries)?;
        self.leases.write(LEASE, &mut entries)?;
        self.mutes.write(MUTE, &mut entries)?;
        self.held_back.write(HELD_BACK, &mut entries)?;
        Ok(entries)
    }

    /// The state whose entries (kind, key, body) these are, in the order of their keys.
    ///
    /// # Errors
    /// In words, where an entry cannot be read: incidents, plans and steps must not be forgotten.
    pub fn of<'e>(entries: impl IntoIterator<Item = (&'e str, &'e str, &'e str)>) -> Result<State, String> {
        let mut state = State::default();
        for (kind, key, body) in entries {
            let read = match kind {
                HEAD => serde_json::from_str(body).map(|head| state.begin(head)),
                FINDING => state.findings.read(key, body),
                JUDGEMENT => state.judgements.read(key, body),
                DERIVED => state.derived.read(key, body),
                PREPARED => state.prepared.read(key, body),
                INCIDENT => state.incidents.read(key, body),
                STEP => state.steps.read(key, body),
                APPROVED => state.approved.read(key, body),
                APPROVAL => state.approvals.read(body),
                LEASE => state.leases.read(key, body),
                MUTE => state.mutes.read(key, body),
                HELD_BACK => state.held_back.read(key, body),
                _ => {
                    return Err(format!(
                        "this version does not know what `{kind}` is\nhint: use the newer version that wrote it"
                    ));
                }
            };
            read.map_err(|error| {
                format!("the {kind} `{key}` cannot be read: {error}\nhint: restore the data directory from a backup")
            })?;
        }
        Ok(state)
    }

    fn begin(&mut self, head: Head) {
        (self.clock, self.ticked, self.records, self.paused) = (head.clock, head.ticked, head.records, head.paused);
    }
}

/// A step that was handed to `act`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) incident: IncidentId,
    pub(super) plan: PlanId,
    pub(super) action: Action,
    pub(super) sent: Time,
    /// `None` while it is under way.
    pub(super) outcome: Option<StepOutcome>,
}

impl Taken {
    /// Whether the step stands or is on its way, so that it must not be taken again.
    pub(super) fn stands(&self) -> bool {
        matches!(self.outcome, None | Some(StepOutcome::Applied | StepOutcome::Contained))
    }
}

/// A plan that passed the gate.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Passed {
    pub(super) plan: Plan,
    pub(super) request: GateRequest,
}

/// One incident.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Incident {
    pub(super) id: IncidentId,
    pub(super) opened: Time,
    pub(super) updated: Time,
    pub(super) severity: Severity,
    pub(super) status: Status,
    pub(super) items: BTreeSet<Item>,
    pub(super) grounds: Vec<String>,
    pub(super) scope: Scope,
    pub(super) reachable: Vec<Holding>,
    pub(super) crown_jewels: Vec<NodeKey>,
    /// The plan that waits for people.
    pub(super) pending: Option<Plan>,
    /// The plan that was denied last and why, or why there was none: said once, not again with every look.
    pub(super) denied: Option<(Plan, Vec<String>)>,
    pub(super) no_plan: Option<String>,
    /// The plans that passed, in order.
    pub(super) plans: Vec<PlanId>,
    pub(super) joined: Vec<IncidentId>,
    /// Where a standing policy made it: what that is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) firing: Option<Firing>,
}

impl Incident {
    pub(super) fn new(id: IncidentId, now: Time) -> Incident {
        Incident {
            id,
            opened: now,
            updated: now,
            severity: Severity::Informational,
            status: Status::Watching,
            items: BTreeSet::new(),
            grounds: Vec::new(),
            scope: Scope::default(),
            reachable: Vec::new(),
            crown_jewels: Vec::new(),
            pending: None,
            denied: None,
            no_plan: None,
            plans: Vec::new(),
            joined: Vec::new(),
            firing: None,
        }
    }

    /// Whether `id` is this incident or has become part of it.
    pub(super) fn is(&self, id: &IncidentId) -> bool {
        self.id == *id || self.joined.contains(id)
    }

    pub(super) fn view(&self) -> IncidentView {
        let (mut findings, mut judgements) = (0, 0);
        for item in &self.items {
            match item {
                Item::Finding(_) => findings += 1,
                Item::Judgement(..) => judgements += 1,
            }
        }
        if let Some(firing) = &self.firing {
            findings += firing.findings.len() as u64;
            judgements += firing.profiles.len() as u64;
        }
        IncidentView {
            id: self.id.clone(),
            opened: self.opened,
            updated: self.updated,
            severity: self.severity,
            status: self.status,
            grounds: self.grounds.clone(),
            findings,
            judgements,
            sources: self.scope.sources.clone(),
            reachable: self.reachable.clone(),
            crown_jewels: self.crown_jewels.clone(),
            plan: self.pending.as_ref().map(Plan::id).or(self.plans.last()).cloned(),
            gaps: self.scope.gaps.clone(),
            joined: self.joined.clone(),
            standing_policy: self.firing.as_ref().map(|firing| firing.policy.clone()),
        }
    }
}
