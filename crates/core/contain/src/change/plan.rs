//! What a person asks for, and its plan: steps in their order, with what is known of whom they hit.

use crate::plan::order::{order, phase, undo_note};
use crate::plan::{Break, IncidentId, Plan, PlanBody, Step, StepKey};
use firebreak_model::{Action, NodeKey, Reversibility, Time};
use serde::{Deserialize, Serialize};

use super::Watch;

/// What a change is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Grants that are not used go.
    Narrow,
    /// An app is taken out of use.
    Quarantine,
    /// An app may do less.
    Leash,
    /// A share ends.
    Unshare,
}

/// One action that is asked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// What to do.
    pub action: Action,
    /// Whether it can be taken back, as its responder says.
    pub reversibility: Reversibility,
    /// Seconds until it holds everywhere.
    #[serde(default)]
    pub delay_seconds: u32,
    /// How often the target was used in the last 30 days, by how many, and when last: whom it hits.
    #[serde(default)]
    pub used: Option<(u64, u64, Option<Time>)>,
}

/// A change that somebody wants.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Wish {
    /// What it is, in words: `narrow the policies of arn:…`.
    pub title: String,
    /// What for.
    pub purpose: Purpose,
    /// What it is about.
    pub subject: NodeKey,
    /// Who asks, as `identity:person/<e-mail>`.
    pub by: NodeKey,
    /// When.
    pub at: Time,
    /// What is to be done.
    pub actions: Vec<Asked>,
    /// What is not known.
    #[serde(default)]
    pub gaps: Vec<String>,
    /// Whose refusals take it back; none where no log shows any.
    #[serde(default)]
    pub watch: Option<Watch>,
}

impl Wish {
    /// The plan at `now`.
    ///
    /// # Errors
    /// In words, where it does nothing.
    pub(super) fn plan(&self, now: Time) -> Result<Plan, String> {
        if self.actions.is_empty() {
            return Err(format!("{}: there is nothing to do", self.title));
        }
        let steps = order(self.actions.iter().map(Asked::step).collect());
        let irreversible = crate::plan::make::permanent(&steps);
        let breaks = steps.iter().filter_map(|step| {
            let asked = self.actions.iter().find(|asked| asked.action == step.action)?;
            let (count, identities, last) = asked.used?;
            Some(Break { step: step.number, key: step.action.target.clone(), count, identities, last })
        });
        let breaks = breaks.collect();
        Plan::new(PlanBody {
            incident: IncidentId::of(&format!("change of {}: {}", self.subject, self.title)),
            made_at: now,
            sources: Vec::new(),
            targets: Vec::new(),
            cost: 0,
            steps,
            relies_on: Vec::new(),
            lower_bound: 0,
            severs: true,
            certified: false,
            part_of: None,
            standing_policy: None,
            prepared: Vec::new(),
            irreversible,
            residual: Vec::new(),
            breaks,
            uncuttable: Vec::new(),
            gaps: self.gaps.clone(),
        })
    }
}

impl Asked {
    fn step(&self) -> Step {
        Step {
            number: 0,
            key: StepKey::of(&self.action),
            cost: 0,
            delay_seconds: self.delay_seconds,
            reversibility: self.reversibility,
            phase: phase(&self.action),
            after: Vec::new(),
            undo_note: undo_note(&self.action, self.reversibility),
            needs_person: false,
            action: self.action.clone(),
        }
    }
}
