//! Plans: the immutable, ordered whole of what is to be cut, named by the digest of its content.
//!
//! A plan is not permission. It becomes `Approved<Plan>` in the gate or not at all.

mod asked;
pub(crate) mod by_policy;
pub mod drill;
#[cfg(test)]
pub(crate) mod example;
pub(crate) mod make;
mod newcomers;
pub mod order;
mod part;

use crate::canonical::{canonical, digest, digest_of_parts};
use firebreak_model::{Action, Holding, NodeKey, Reversibility, Text, Time};
use serde::{Deserialize, Serialize};

pub use asked::others;
pub use make::{NoPlan, PlanRequest, own_way, plan, reachable, severs, sources_of};
pub use newcomers::{KNOWN_PARAMETER, MADE_SINCE_PARAMETER};
pub use order::{Phase, SESSIONS_SINCE_PARAMETER, SWEEP_PARAMETER};

/// The name of an incident: `inc-` and 16 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(Text);

impl IncidentId {
    /// The incident that `first` opened: the id of its first finding, or the environment and profile of its first
    /// judgement.
    pub fn of(first: &str) -> IncidentId {
        IncidentId(Text::new(format!("inc-{:.16}", digest(first.as_bytes()))))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The digest of a plan's content: 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanId(Text);

impl PlanId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that someone wrote, to compare with a plan's own.
    pub fn from_text(text: &str) -> PlanId {
        PlanId(Text::new(text))
    }

    /// The first 12 digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// The name of a step: the same action on the same target with the same parameters has the same key in every plan, so
/// that it is never done twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepKey(Text);

impl StepKey {
    /// The key of `action`: SHA-256 over its name, the kind and key of its target, and its parameters, each with its
    /// length before it.
    pub fn of(action: &Action) -> StepKey {
        let kind = action.target.kind();
        let head = [action.name.as_str(), kind.word(), action.target.as_str()];
        let parameters = action.parameters.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        StepKey(Text::new(digest_of_parts(head.into_iter().chain(parameters))))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! shown_as_text {
    ($($name:ty),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
shown_as_text!(IncidentId, PlanId, StepKey);

/// One action on one target, and where it stands in the plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Its place in the order, from 1.
    pub number: u32,
    /// Its name in every plan.
    pub key: StepKey,
    /// What to do.
    pub action: Action,
    /// What it costs the business, from 1 to 1,000,000; 0 for a step that repeats what an earlier one has paid for.
    pub cost: u32,
    /// Seconds until it denies everywhere, as documented or measured.
    pub delay_seconds: u32,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// Why it stands where it stands.
    pub phase: Phase,
    /// Numbers of the steps that must have been applied before this one. Nothing else waits for anything: a step that
    /// fails does not hold up the rest.
    pub after: Vec<u32>,
    /// How it is undone, or that it cannot be.
    pub undo_note: String,
    /// Whether the owner wants a person to approve it, whatever else the gate says.
    pub needs_person: bool,
}

/// A thing that is in the intruder's hands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Compromised {
    /// Which.
    pub key: NodeKey,
    /// Since when, at the earliest that is plausible; written as null where no beginning is known.
    #[serde(with = "beginning")]
    pub since: Time,
    /// Until when it was, not included, where it was cleaned; written as null where it was not.
    #[serde(with = "end")]
    pub until: Time,
    /// Why we say so, in words.
    pub reason: String,
}

macro_rules! open_time {
    ($name:ident, $open:expr, $doc:literal) => {
        #[doc = $doc]
        mod $name {
            use super::Time;
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
                (*time != $open).then_some(time).serialize(serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
                Ok(Option::<Time>::deserialize(deserializer)?.unwrap_or($open))
            }
        }
    };
}
open_time!(beginning, Time::MIN, "A beginning that may be unknown: `Time::MIN` is null.");
open_time!(end, Time::MAX, "An end that may not have come: `Time::MAX` is null.");

/// What stays reachable if one step fails and all others hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Residual {
    /// The step that fails.
    pub step: u32,
    /// The targets that are reached then.
    pub targets: Vec<NodeKey>,
    /// The records behind them, per class and residency.
    pub reachable: Vec<Holding>,
}

/// Why a step is done beside the cut.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PreparedBy {
    /// The step.
    pub step: u32,
    /// The profile that prepares it.
    pub profile: Text,
    /// Why, in the profile's words.
    pub because: String,
}

/// Whom a step hits: how a target was used in the last 30 days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Break {
    /// The step.
    pub step: u32,
    /// What was used.
    pub key: NodeKey,
    /// How often.
    pub count: u64,
    /// By how many identities.
    pub identities: u64,
    /// When last, where known.
    pub last: Option<Time>,
}

/// A path that no permitted action breaks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UncuttablePath {
    /// From a compromised thing to a target.
    pub path: Vec<NodeKey>,
    /// Which permitted action is missing, in words.
    pub missing: String,
}

/// The content of a plan. Its digest is the plan's name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlanBody {
    /// For which incident.
    pub incident: IncidentId,
    /// When it was made.
    pub made_at: Time,
    /// What is compromised.
    pub sources: Vec<Compromised>,
    /// What must not be reached: what was asked for, else what must not be lost and is within reach.
    pub targets: Vec<NodeKey>,
    /// What to do, in this order.
    pub steps: Vec<Step>,
    /// Steps of earlier plans that this one builds on: done or under way, not repeated here.
    pub relies_on: Vec<StepKey>,
    /// What the steps cost together.
    pub cost: u64,
    /// What any plan with the same targets costs at least, with what it relies on at its first price.
    pub lower_bound: u64,
    /// Whether a second, independent search finds every target out of reach once all steps hold, except along the
    /// paths in `uncuttable`.
    pub severs: bool,
    /// Whether it severs, every path is cut, and no cheaper plan exists.
    pub certified: bool,
    /// Where this plan is the part of a larger one that may go ahead at once: the larger one's id.
    pub part_of: Option<PlanId>,
    /// Where a standing policy of the owner asks for this plan: the policy's name. Such a plan does what the policy says and
    /// nothing else: it has no sources and severs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing_policy: Option<Text>,
    /// Steps that are here because a profile prepares them: they are done beside the cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepared: Vec<PreparedBy>,
    /// The steps that cannot be taken back: said here, so that nobody approves one unawares.
    pub irreversible: Vec<u32>,
    /// What stays reachable if a step fails.
    pub residual: Vec<Residual>,
    /// Who used in the last 30 days what the steps cut.
    pub breaks: Vec<Break>,
    /// Paths that stay open because nothing permitted cuts them.
    pub uncuttable: Vec<UncuttablePath>,
    /// What we do not know behind all this.
    pub gaps: Vec<String>,
}

/// A plan: its content cannot be changed, and its id is the SHA-256 of the canonical JSON of that content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "PlanRecord")]
pub struct Plan {
    id: PlanId,
    #[serde(flatten)]
    body: PlanBody,
}

#[derive(Deserialize)]
struct PlanRecord {
    id: PlanId,
    #[serde(flatten)]
    body: PlanBody,
}

impl TryFrom<PlanRecord> for Plan {
    type Error = String;

    fn try_from(record: PlanRecord) -> Result<Plan, String> {
        let plan = Plan { id: record.id, body: record.body };
        if plan.is_whole() {
            return Ok(plan);
        }
        let hint = "hint: use the plan as Firebreak wrote it, or have a new one made";
        Err(format!("the plan's content does not match its id `{}`\n{hint}", plan.id))
    }
}

impl Plan {
    /// The plan with this content.
    ///
    /// # Errors
    /// In words, where the content has no canonical form. No content that this crate makes is like that.
    pub fn new(body: PlanBody) -> Result<Plan, String> {
        Ok(Plan { id: PlanId(Text::new(digest(canonical(&body)?.as_bytes()))), body })
    }

    /// Its name.
    pub fn id(&self) -> &PlanId {
        &self.id
    }

    /// Its content.
    pub fn body(&self) -> &PlanBody {
        &self.body
    }

    /// Its steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.body.steps
    }

    /// The step with this key.
    pub fn step(&self, key: &StepKey) -> Option<&Step> {
        self.body.steps.iter().find(|step| step.key == *key)
    }

    /// The canonical JSON over which the id was made.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn canonical(&self) -> Result<String, String> {
        canonical(&self.body)
    }

    /// Whether the id is that of the content.
    pub fn is_whole(&self) -> bool {
        self.canonical().is_ok_and(|text| digest(text.as_bytes()) == self.id.as_str())
    }

    /// The same plan with other content under the old name: what an intruder in our store would do.
    #[cfg(test)]
    pub(crate) fn tampered(mut self, change: impl FnOnce(&mut PlanBody)) -> Plan {
        change(&mut self.body);
        self
    }
}
