//! What is remembered of changes. The state is data: written down and read back it goes on as if nothing had happened.

use super::Wish;
use crate::gate::{Approval, GateRequest};
use crate::incident::StepOutcome;
use crate::plan::{Plan, PlanId, StepKey};
use firebreak_model::{EventUid, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whose refusals show that a change hurts, and what is needed to judge them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Watch {
    /// Those whose rights change.
    pub identities: BTreeSet<NodeKey>,
    /// For how long after the change, in seconds.
    pub seconds: i64,
    /// What was refused to them before already ([`Watch::name`]): something else refuses that.
    #[serde(default)]
    pub refused_before: BTreeSet<String>,
    /// What they could before and what they can after, as whoever judges refusals reads it.
    pub loss: serde_json::Value,
}

impl Watch {
    /// The name of what was refused.
    pub fn name(action: &str, resource: Option<&str>) -> String {
        let action = action.to_ascii_lowercase();
        resource.map_or_else(|| action.clone(), |resource| format!("{action} {resource}"))
    }
}

/// How far a change has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It waits for people.
    Waiting,
    /// The policy denies it.
    Denied,
    /// Nobody approved it in time.
    Expired,
    /// It is being carried out.
    UnderWay,
    /// It is done, and refusals that it causes take it back.
    Watched,
    /// It is done and stays.
    Stands,
    /// It was rehearsed, and nothing was called.
    Rehearsed,
    /// It could not be done.
    Failed,
    /// It hurt: it is being taken back, or waits for a pause to end.
    Hurt,
    /// It hurt and was taken back by itself.
    Restored,
    /// It hurt and could not be taken back by itself.
    Unrestored,
    /// A person had it taken back or cancelled.
    TakenBack,
}

impl Stage {
    /// It in words.
    pub const fn word(self) -> &'static str {
        match self {
            Stage::Waiting => "waiting",
            Stage::Denied => "denied",
            Stage::Expired => "expired",
            Stage::UnderWay => "under_way",
            Stage::Watched => "watched",
            Stage::Stands => "stands",
            Stage::Rehearsed => "rehearsed",
            Stage::Failed => "failed",
            Stage::Hurt => "hurt",
            Stage::Restored => "restored",
            Stage::Unrestored => "unrestored",
            Stage::TakenBack => "taken_back",
        }
    }

    /// Whether it is done or on its way.
    pub const fn stands(self) -> bool {
        matches!(self, Stage::UnderWay | Stage::Watched | Stage::Stands | Stage::Hurt | Stage::Unrestored)
    }

    /// Whether it waits, is done or is on its way.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Stage::Waiting | Stage::UnderWay | Stage::Watched | Stage::Stands | Stage::Hurt | Stage::Unrestored
        )
    }
}

/// How a change hurt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hurt {
    /// Who was refused.
    pub identity: NodeKey,
    /// Which action.
    pub action: Text,
    /// When.
    pub at: Time,
    /// The event that shows it.
    pub event: EventUid,
    /// Whether they were compromised or within reach of an intruder by then: it may have been the intruder who was refused.
    #[serde(default)]
    pub compromised: bool,
}

/// One change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// What was asked for, by whom.
    pub wish: Wish,
    /// Its plan.
    pub plan: Plan,
    /// How far it has come.
    pub stage: Stage,
    /// Who approved it.
    pub approvals: Vec<Approval>,
    /// When it was handed to those who act.
    pub sent: Option<Time>,
    /// Until when refusals take it back.
    pub watched_until: Option<Time>,
    /// How it hurt, where it did.
    pub hurt: Option<Hurt>,
    /// The request that let it pass: asked again, the gate gives the same answer.
    pub(super) passed: Option<GateRequest>,
    pub(super) outcomes: BTreeMap<StepKey, StepOutcome>,
    /// What was seen refused between the wish and the change.
    pub(super) refused_before: BTreeSet<String>,
    pub(super) restoring: bool,
}

impl Change {
    pub(super) fn new(wish: Wish, plan: Plan) -> Change {
        Change {
            wish,
            plan,
            stage: Stage::Waiting,
            approvals: Vec::new(),
            sent: None,
            watched_until: None,
            hurt: None,
            passed: None,
            outcomes: BTreeMap::new(),
            refused_before: BTreeSet::new(),
            restoring: false,
        }
    }

    /// Whose refusals matter.
    pub fn watch(&self) -> Option<&Watch> {
        self.wish.watch.as_ref()
    }

    /// Whether refusals are looked at: from the wish on, so that those of before are known.
    pub(super) fn is_watched(&self) -> bool {
        self.watch().is_some() && matches!(self.stage, Stage::Waiting | Stage::UnderWay | Stage::Watched)
    }

    /// The stage that follows once every step has come to rest; `None` where nothing changes.
    pub(super) fn settled(&self) -> Option<Stage> {
        let of = |step: &crate::plan::Step| self.outcomes.get(&step.key).copied();
        let all: Option<Vec<StepOutcome>> = self.plan.steps().iter().map(of).collect();
        let all = all?;
        let stands = |one: &StepOutcome| {
            matches!(one, StepOutcome::Applied | StepOutcome::Contained | StepOutcome::NotContained)
        };
        let gone = all.iter().any(|one| matches!(one, StepOutcome::Undone | StepOutcome::Cancelled));
        let next = match self.stage {
            Stage::Hurt if self.restoring && !all.iter().any(stands) => Stage::Restored,
            Stage::UnderWay if all.iter().any(stands) && self.watch().is_some() => Stage::Watched,
            Stage::UnderWay if all.iter().any(stands) => Stage::Stands,
            Stage::UnderWay | Stage::Watched | Stage::Stands | Stage::Hurt | Stage::Unrestored
                if gone && !all.iter().any(stands) =>
            {
                Stage::TakenBack
            }
            Stage::UnderWay => Stage::Failed,
            _ => return None,
        };
        (next != self.stage).then_some(next)
    }
}

/// All changes, by their plans.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Changes {
    changes: BTreeMap<PlanId, Change>,
    /// How many were ever asked for.
    asked: u64,
    /// Whether anything is not written down yet.
    #[serde(skip)]
    dirty: bool,
}

impl Changes {
    /// All of them, in the order of their plans' names.
    pub fn all(&self) -> impl Iterator<Item = &Change> {
        self.changes.values()
    }

    /// The change with this plan.
    pub fn get(&self, plan: &PlanId) -> Option<&Change> {
        self.changes.get(plan)
    }

    /// What was taken away from `identity` and missed by who was no intruder: it is not proposed again without it.
    pub fn missed(&self, identity: &NodeKey) -> BTreeSet<Text> {
        let hurts = self.all().filter(|change| change.wish.subject == *identity).filter_map(|one| one.hurt.as_ref());
        // What an intruder missed nobody needs.
        hurts.filter(|hurt| !hurt.compromised).map(|hurt| hurt.action.clone()).collect()
    }

    /// Whether it has changed since this was asked last.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    pub(super) fn ids(&self) -> Vec<PlanId> {
        self.changes.keys().cloned().collect()
    }

    pub(super) fn get_mut(&mut self, plan: &PlanId) -> Option<&mut Change> {
        let change = self.changes.get_mut(plan)?;
        self.dirty = true;
        Some(change)
    }

    pub(super) fn put(&mut self, change: Change) {
        self.dirty = true;
        self.changes.insert(change.plan.id().clone(), change);
    }

    pub(super) fn count(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// A change that is open and does one of the same things.
    pub(super) fn same(&self, plan: &Plan) -> Option<&Change> {
        let open = self.all().filter(|change| change.stage.is_open());
        let shares = |change: &&Change| plan.steps().iter().any(|step| change.plan.step(&step.key).is_some());
        open.into_iter().find(shares)
    }
}
