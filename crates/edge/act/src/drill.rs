//! Drills: a responder's real steps on an identity of the owner's own that exists to be cut, timed and taken back.
//!
//! A drill goes the way of every plan: through the gate, intent before call, verified, undone. It passes only where the
//! platform was seen to deny and the identity is as it was.

use crate::evidence::EvidenceKind;
use crate::executor::{Executor, StopError};
use crate::journal::StepState;
use crate::report::{ExecutionReport, Mode, StepReport};
use crate::responder::responder_for;
use crate::undo_gate::UndoGate;
use firebreak_contain::lint::MAX_AGE_SECONDS;
use firebreak_contain::plan::drill;
use firebreak_contain::{Approved, LintContext, Plan};
use firebreak_model::{Action, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// `[[drill.canary]]`: an identity that exists to be cut, and how.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// `postgres_role/disable`.
    pub action: Text,
    /// Whom or what it hits.
    pub target: NodeKey,
    /// What the action needs beside it: the responder's page lists the names.
    #[serde(default)]
    pub parameters: BTreeMap<Text, Text>,
}

impl Canary {
    fn action(&self) -> Action {
        Action { name: self.action.clone(), target: self.target.clone(), parameters: self.parameters.clone() }
    }
}

/// What one drill came to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Drill {
    /// What was drilled.
    pub action: Text,
    /// On what.
    pub target: NodeKey,
    /// When it began.
    pub at: Time,
    /// The plan's id; none where it did not pass the gate.
    pub plan: Option<String>,
    /// Whether the platform was seen to deny and the identity is as it was.
    pub passed: bool,
    /// Why not, or how far denial was seen, in words.
    pub detail: String,
    /// Seconds from the call until the platform said of itself that it denies.
    pub seconds_to_declared: Option<f64>,
    /// Seconds from the call until the old authority was seen refused; none where nobody could look.
    pub seconds_to_effective: Option<f64>,
    /// Whether the identity is as it was.
    pub undone: bool,
}

impl Drill {
    /// One that never began.
    fn refused(canary: &Canary, at: Time, why: String) -> Drill {
        Drill {
            action: canary.action.clone(),
            target: canary.target.clone(),
            at,
            plan: None,
            passed: false,
            detail: why,
            seconds_to_declared: None,
            seconds_to_effective: None,
            undone: true,
        }
    }

    /// What the reports of the step and of its undo say.
    fn of(canary: &Canary, at: Time, plan: &str, cut: &StepReport, back: &StepReport) -> Drill {
        let declared = cut.evidence.iter().find(|one| one.kind == EvidenceKind::Declared && one.denied);
        let declared = cut.begun.zip(declared).map(|(begun, seen)| seen.at.seconds_since(begun).max(0.0));
        let effective = cut.seconds_to_effective_denial;
        let undone = back.state == StepState::Undone || cut.begun.is_none();
        let seen =
            cut.begun.is_some() && (declared.is_some() || effective.is_some()) && cut.state != StepState::NotContained;
        let detail = match (seen, undone) {
            (_, false) => format!("it is not taken back: {}", back.detail),
            (true, true) => cut.detail.clone(),
            (false, true) if cut.begun.is_none() && cut.state.lets_others_follow() => {
                "it was cut before the drill, which shows nothing".to_owned()
            }
            (false, true) => format!("{}: {}", cut.state.word(), cut.detail),
        };
        Drill {
            plan: Some(plan.to_owned()),
            passed: seen && undone,
            detail,
            seconds_to_declared: declared,
            seconds_to_effective: effective,
            undone,
            ..Drill::refused(canary, at, String::new())
        }
    }
}

/// A drill that passed the gate and has not begun.
#[derive(Debug)]
pub struct Rehearsal<'c> {
    canary: &'c Canary,
    approved: Approved<Plan>,
    at: Time,
}

impl Rehearsal<'_> {
    /// What is to be remembered before it begins: killed in between, its plan is to be taken back.
    pub fn under_way(&self) -> Drill {
        let plan = Some(self.approved.plan().id().to_string());
        let refused = Drill::refused(self.canary, self.at, "it was interrupted".to_owned());
        Drill { plan, undone: false, ..refused }
    }
}

impl Executor<'_> {
    /// Puts a drill of `canary` to the gate.
    ///
    /// # Errors
    /// A drill that says why there is none.
    pub fn rehearse_on<'c>(&self, canary: &'c Canary) -> Result<Rehearsal<'c>, Box<Drill>> {
        let (action, at) = (canary.action(), self.now());
        let Some(responder) = responder_for(self.responders, &action) else {
            return Err(Box::new(Drill::refused(canary, at, format!("no responder does `{}`", action.name))));
        };
        let context = LintContext {
            our_own: self.config.own.iter().cloned().collect(),
            actions: BTreeSet::from([action.name.clone()]),
            never_cut: BTreeSet::new(),
            now: at,
            max_age_seconds: MAX_AGE_SECONDS,
            severs_now: Some(true),
        };
        let plan = drill::plan(&action, responder.spec().reversibility, at);
        let passed = plan.map_err(|why| vec![why]).and_then(|plan| drill::approve(plan, &context));
        let approved = passed.map_err(|reasons| Box::new(Drill::refused(canary, at, reasons.join("; "))))?;
        Ok(Rehearsal { canary, approved, at })
    }

    /// Cuts the identity and gives it back. Whatever goes wrong is in the drill.
    ///
    /// # Errors
    /// Where journal or ledger fail.
    pub async fn drill(&self, rehearsal: &Rehearsal<'_>) -> Result<Drill, StopError> {
        let Rehearsal { canary, approved, at } = rehearsal;
        let id = approved.plan().id().to_string();
        let cut = self.execute(approved, Mode::Live).await?;
        let back = self.give_back(&id).await?;
        let drill = match cut.steps.first() {
            Some(cut) => Drill::of(canary, *at, &id, cut, back.steps.first().unwrap_or(cut)),
            None => Drill::refused(canary, *at, "the plan has no step".to_owned()),
        };
        self.write(&id, 1, "drill", json!({"drill": &drill})).await?;
        Ok(drill)
    }

    /// Takes back what the drill of this plan did, and what an interrupted one may have done.
    ///
    /// # Errors
    /// Where journal or ledger fail.
    pub async fn give_back(&self, plan: &str) -> Result<ExecutionReport, StopError> {
        let why = "a drill on an identity that exists for it".to_owned();
        self.undo(plan, None, &UndoGate { rotated: false, override_reason: Some(why) }).await
    }
}
