//! What goes into the respond stage and what comes out of it. Both sets are closed: nothing else happens.

use crate::cost::Uses;
use crate::derived::Derivation;
use crate::gate::{Approval, Approved, Pause};
use crate::lease::Expiry;
use crate::mute::{Mute, MuteId};
use crate::plan::{Compromised, IncidentId, Plan, PlanId, StepKey};
use crate::standing_policy::Prepared;
use firebreak_model::{Change, Fact, Finding, Holding, Judgement, NodeKey, Severity, Text, Time};
use serde::{Deserialize, Serialize};

/// What the respond stage is told.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "message")]
pub enum Message {
    /// Detection found something. The same id again replaces what was known of it.
    Finding(Finding),
    /// Detection found many things at once. All are put where they belong; what follows from them is planned by [`Message::Next`],
    /// so that what is most urgent comes first.
    Storm(Vec<Finding>),
    /// Of the incidents that wait for a plan since a [`Message::Storm`], the most urgent have their turn.
    Next {
        /// At most so many.
        at_most: usize,
    },
    /// Exposure judged an environment. A later revision replaces an earlier one.
    Judgement(Judgement),
    /// A credential was seen to be made with another.
    Derived(Vec<Derivation>),
    /// Events filled in what standing policies ask for, should a finding come of them.
    Prepared(Vec<Prepared>),
    /// A person approved a plan.
    Approval(Approval),
    /// A person confirmed that a plan's containment stands until then.
    Confirmed {
        /// Which plan's.
        plan: PlanId,
        /// Who, as `identity:person/<e-mail>`.
        by: NodeKey,
        /// Until when.
        until: Time,
    },
    /// A person pauses every automatic action.
    Paused(Pause),
    /// A person lets automatic actions go on.
    Resumed {
        /// Who, as `identity:person/<e-mail>`.
        by: NodeKey,
    },
    /// A person says that what a detector finds needs nobody for a while.
    Muted(Mute),
    /// A person ends a mute.
    Unmuted {
        /// Which.
        mute: MuteId,
        /// Who, as `identity:person/<e-mail>`.
        by: NodeKey,
    },
    /// `act` says what became of a step.
    StepReported {
        /// Of which plan.
        plan: PlanId,
        /// Which step.
        step: StepKey,
        /// What became of it.
        outcome: StepOutcome,
        /// When.
        at: Time,
    },
    /// The estate as it is known now, in place of what was known before.
    Facts(Estate),
    /// What became known of the estate since it was told: only what is new, and what ended.
    Changes(Vec<Change>),
    /// The clock. Nothing else moves time on.
    Tick {
        /// The present moment.
        now: Time,
    },
}

/// What is known of the estate.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Estate {
    /// From all inventories.
    pub facts: Vec<Fact>,
    /// How things were used in the last 30 days.
    pub uses: Uses,
}

/// What became of a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// The platform took it, or it was so before; whether it denies is not seen yet or cannot be seen.
    Applied,
    /// The old authority was seen to be refused.
    Contained,
    /// The old authority is still admitted.
    NotContained,
    /// It was refused or never got there.
    Failed,
    /// A person had it taken back.
    Undone,
    /// A person cancelled it before it began.
    Cancelled,
}

/// What the respond stage wants done.
#[derive(PartialEq, Debug)]
pub enum Effect {
    /// A new incident.
    OpenIncident(IncidentView),
    /// An incident has changed.
    UpdateIncident(IncidentView),
    /// A plan was made: to be shown and kept. It is not permission.
    PlanMade(Box<Plan>),
    /// People are to be asked.
    AskApproval {
        /// For which incident.
        incident: IncidentId,
        /// Which plan.
        plan: PlanId,
        /// How many must approve.
        needed: u32,
        /// How many have.
        have: u32,
        /// Why that many.
        reasons: Vec<String>,
    },
    /// To be carried out.
    Execute(Box<Approved<Plan>>),
    /// For the ledger. The id is the same when the same messages are given again, so that a record is kept once.
    Record {
        /// Its name.
        id: String,
        /// What kind of record.
        kind: &'static str,
        /// What it says.
        body: serde_json::Value,
    },
    /// Somebody should know.
    Notify {
        /// About which incident.
        incident: IncidentId,
        /// How bad.
        severity: Severity,
        /// In words; never holds a secret.
        text: String,
    },
    /// A containment has run out unconfirmed.
    LeaseDue {
        /// Of which incident.
        incident: IncidentId,
        /// Which plan's.
        plan: PlanId,
        /// What to lift and what to keep.
        expiry: Expiry,
    },
}

/// How far an incident has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not sure enough to act.
    #[default]
    Watching,
    /// Sure enough, and nothing that matters is in reach.
    Harmless,
    /// Sure enough, and no permitted action helps.
    Helpless,
    /// The policy denies the plan.
    Denied,
    /// A plan waits for people.
    AwaitingApproval,
    /// A plan is under way.
    Containing,
    /// Every step of every plan was taken.
    Contained,
}

/// An incident, as it is shown and kept.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IncidentView {
    /// Its name.
    pub id: IncidentId,
    /// When it was opened.
    pub opened: Time,
    /// When it last changed.
    pub updated: Time,
    /// How bad.
    pub severity: Severity,
    /// How far it has come.
    pub status: Status,
    /// Why containment is justified; empty while it is not.
    pub grounds: Vec<String>,
    /// How many findings belong to it.
    pub findings: u64,
    /// How many judgements belong to it.
    pub judgements: u64,
    /// What is compromised.
    pub sources: Vec<Compromised>,
    /// What is in reach, per class and residency.
    pub reachable: Vec<Holding>,
    /// Crown jewels in reach.
    pub crown_jewels: Vec<NodeKey>,
    /// The plan that waits or was carried out last.
    pub plan: Option<PlanId>,
    /// What is not known.
    pub gaps: Vec<String>,
    /// Incidents that turned out to be part of this one.
    pub joined: Vec<IncidentId>,
    /// The standing policy that made it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing_policy: Option<Text>,
}
