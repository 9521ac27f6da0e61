//! One step, from nothing to held: preflight, intent, apply, verify.
//!
//! It does not take anything back: that is [`super::undo`].

use super::{Board, Executor, StopError, object, unbegun};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::{Evidence, EvidenceKind, Finding, weigh};
use crate::journal::{StepRow, StepState};
use crate::lanes::Purpose;
use crate::pace::after;
use crate::report::StepReport;
use crate::responder::{Responder, StateBefore, responder_for};
use crate::spec::Idempotency;
use firebreak_contain::plan::order::SWEEP_PARAMETER;
use firebreak_contain::{Plan, Step};
use firebreak_model::NodeKey;
use serde_json::{Value, json};
use std::time::Duration;

impl Executor<'_> {
    /// Brings one step as far as it goes and says how far that is. Others that wait for it are told in any case.
    pub(super) async fn carry_out(&self, plan: &Plan, step: &Step, board: &Board<'_>) -> Result<StepReport, StopError> {
        let done = self.drive(plan, step, board).await;
        board.control.no_longer_due(step.number);
        board.post(step.number, None);
        if let Ok(report) = &done {
            self.observer.at_rest(plan, report);
        }
        done
    }

    async fn drive(&self, plan: &Plan, step: &Step, board: &Board<'_>) -> Result<StepReport, StopError> {
        let Some(responder) = responder_for(self.responders, &step.action) else {
            return self.refuse_unknown(plan, step).await;
        };
        let _own = self.own(plan.id().as_str(), step.key.as_str()).await;
        let mut tried_now = 0;
        let mut row = match self.begin(responder, plan, step, (board, &mut tried_now)).await? {
            Ok(row) => row,
            Err(report) => return Ok(*report),
        };
        loop {
            if row.state.lets_others_follow() {
                board.post(row.number, Some(row.begun.unwrap_or(row.planned)));
            }
            if !matches!(row.state, StepState::Applied | StepState::AlreadyInState | StepState::Converging) {
                break;
            }
            if self.converge(responder, &mut row, board).await? {
                break;
            }
            let _object = self.pacer.alone(&object(responder, &row.action)).await;
            self.get_through(responder, &mut row, &mut tried_now, board).await?;
        }
        Ok(StepReport::of(&row))
    }

    /// Waits for the step's turn and makes its call, or goes on where an earlier run stopped. Until the call is begun a
    /// person may cancel it, and while they pause it waits; what was read of the platform before is then read again.
    async fn begin(
        &self,
        responder: &'static dyn Responder,
        plan: &Plan,
        step: &Step,
        (board, tried_now): (&Board<'_>, &mut u32),
    ) -> Result<Result<StepRow, Box<StepReport>>, StopError> {
        loop {
            let known = self.journal.load(plan.id().as_str(), step.key.as_str()).await?;
            if let Some(row) = known.as_ref().filter(|row| row.state == StepState::Cancelled) {
                return Ok(Err(Box::new(StepReport::of(row))));
            }
            let has_row = known.as_ref().is_some_and(|row| row.begun.is_some() || row.state != StepState::Failed);
            let may_not_begin = match known.as_ref().is_some_and(|row| row.begun.is_some()) {
                true => None,
                false => tokio::select! {
                    biased;
                    why = board.control.until_cancelled(step.number) => {
                        return self.write_off(responder, plan, step, (known, why)).await.map(Err);
                    }
                    waited = self.wait_to_begin(step, board, has_row) => waited,
                },
            };
            if let Some(report) = may_not_begin {
                return Ok(Err(report));
            }
            let _object = self.pacer.alone(&object(responder, &step.action)).await;
            let mut row = match known {
                Some(row) if has_row => row,
                known => match self.prepare(responder, plan, step, (known, board)).await? {
                    Ok(row) => row,
                    Err(report) => return Ok(Err(report)),
                },
            };
            if matches!(row.state, StepState::NotContained | StepState::Unobservable) {
                self.advance(&mut row, StepState::Converging, "looking again".to_owned()).await?;
            }
            if self.get_through(responder, &mut row, tried_now, board).await? {
                board.control.no_longer_due(step.number);
                return Ok(Ok(row));
            }
        }
    }

    /// Cancels the steps of `plan`, or only those numbered in `only`, that have not begun: they are never called. What was
    /// begun goes on to a known state, and the report says so. Steps that are under way are to be told by their
    /// [`Control`](super::Control) first.
    ///
    /// # Errors
    /// Where journal or ledger fail.
    pub async fn cancel(&self, plan: &Plan, only: Option<&[u32]>, why: &str) -> Result<Vec<StepReport>, StopError> {
        let mut reports = Vec::new();
        for step in plan.steps().iter().filter(|step| only.is_none_or(|only| only.contains(&step.number))) {
            reports.push(self.cancel_one(plan, step, why).await?);
        }
        Ok(reports)
    }

    async fn cancel_one(&self, plan: &Plan, step: &Step, why: &str) -> Result<StepReport, StopError> {
        const LOOK_AGAIN: Duration = Duration::from_millis(100);
        let (id, key) = (plan.id().as_str(), step.key.as_str());
        let Some(responder) = responder_for(self.responders, &step.action) else {
            return self.refuse_unknown(plan, step).await;
        };
        loop {
            // Whoever carries it out may hold it for long: until it denies, say. Then it has begun.
            let own = tokio::select! {
                biased;
                own = self.own(id, key) => Some(own),
                () = self.sleep.sleep(LOOK_AGAIN) => None,
            };
            let known = self.journal.load(id, key).await?;
            match &known {
                Some(row) if row.state == StepState::Cancelled => return Ok(StepReport::of(row)),
                Some(row) if row.begun.is_some() || !matches!(row.state, StepState::Planned | StepState::Failed) => {
                    let detail = format!("not cancelled: it has begun; {}", row.detail);
                    return Ok(StepReport { detail, ..StepReport::of(row) });
                }
                _ if own.is_none() => {}
                _ => return self.write_off(responder, plan, step, (known, why.to_owned())).await.map(|report| *report),
            }
        }
    }

    /// Writes down that a step is not done, for good.
    async fn write_off(
        &self,
        responder: &'static dyn Responder,
        plan: &Plan,
        step: &Step,
        (known, why): (Option<StepRow>, String),
    ) -> Result<Box<StepReport>, StopError> {
        let nothing = StateBefore { state: Value::Null, denied_already: false, admitted: None };
        let fresh = self.new_row(plan, step, responder, nothing);
        let mut row = known.clone().unwrap_or(fresh);
        (row.state, row.detail, row.settled) = (StepState::Cancelled, format!("cancelled: {why}"), self.now());
        self.write(plan.id().as_str(), row.number, "cancelled", json!({"action": &row.action, "reason": &why})).await?;
        let written = match known {
            Some(old) => self.journal.set_state(old.state, &row).await?,
            None => self.journal.insert_intent(&row).await?,
        };
        if written { Ok(Box::new(StepReport::of(&row))) } else { Err(StopError::Twin(row.number)) }
    }

    /// Waits until the step may begin. Where it may not, says why.
    async fn wait_to_begin(&self, step: &Step, board: &Board<'_>, has_row: bool) -> Option<Box<StepReport>> {
        if !has_row && let Err(report) = self.wait_for_turn(step, board).await {
            return Some(report);
        }
        board.control.turn_came(step.number, after(self.now(), self.patience.begin_within));
        while board.automatic && self.brake.is_on().await {
            if !self.brake.released().await {
                return Some(Box::new(unbegun(step, "not begun: automatic actions are paused".to_owned())));
            }
        }
        None
    }

    /// Whether somebody wants the step not to begin now.
    async fn is_held_back(&self, number: u32, board: &Board<'_>) -> bool {
        board.control.cancelled(number).is_some() || board.automatic && self.brake.is_on().await
    }

    async fn refuse_unknown(&self, plan: &Plan, step: &Step) -> Result<StepReport, StopError> {
        let detail = format!("no responder does `{}`", step.action.name);
        let report = StepReport { state: StepState::Failed, ..unbegun(step, detail) };
        self.write(plan.id().as_str(), step.number, "refusal", json!({"report": &report})).await?;
        Ok(report)
    }

    /// Waits until the steps that must come first are through, and, for a sweep, until what they set has spread.
    async fn wait_for_turn(&self, step: &Step, board: &Board<'_>) -> Result<(), Box<StepReport>> {
        let last = board.wait_for(&step.after).await.map_err(|missing| {
            let detail = format!("not begun: it must come after step {missing}, which did not get through");
            Box::new(unbegun(step, detail))
        })?;
        let delay = step.action.parameters.get(SWEEP_PARAMETER).and_then(|seconds| seconds.parse().ok());
        if let (Some(last), Some(seconds)) = (last, delay) {
            let due = after(last, Duration::from_secs(seconds));
            let now = self.now();
            if due > now {
                self.sleep.sleep(Duration::from_micros(due.0.abs_diff(now.0))).await;
            }
        }
        Ok(())
    }

    /// Reads the state before. The row is written with the step's first move, once its intent is on record: nothing is known of
    /// a step before that which could not be read again. One that cannot be done as things are is written down as failed.
    async fn prepare(
        &self,
        responder: &'static dyn Responder,
        plan: &Plan,
        step: &Step,
        (old, board): (Option<StepRow>, &Board<'_>),
    ) -> Result<Result<StepRow, Box<StepReport>>, StopError> {
        let id = plan.id().as_str();
        let name = (step.key.as_str(), &step.action);
        let context = self.context((responder.spec(), Purpose::Preflight), id, name, self.now());
        let looked = match self.is_ours(responder, &context, step).await {
            Ok(false) => responder.preflight(&context, &step.action).await,
            Ok(true) => Err(ActError::unusable(
                format!("`{}` is what Firebreak itself acts with", step.action.target),
                "give Firebreak another credential before you cut this one",
            )),
            Err(error) => Err(error),
        };
        let (before, failure) = match looked {
            Ok(before) => (before, None),
            Err(error) => (StateBefore { state: Value::Null, denied_already: false, admitted: None }, Some(error)),
        };
        let mut row = self.new_row(plan, step, responder, before);
        row.due = Some(board.control.turn_came(step.number, after(self.now(), self.patience.begin_within)));
        if let Some(error) = failure {
            row.state = StepState::Failed;
            row.detail = error.to_string();
            self.write(id, row.number, "refusal", json!({"action": &row.action, "reason": &row.detail})).await?;
        }
        let written = match old {
            Some(old) => self.journal.set_state(old.state, &row).await?,
            None if row.state == StepState::Failed => self.journal.insert_intent(&row).await?,
            None => {
                row.fresh = true;
                true
            }
        };
        match (written, row.state) {
            (false, _) => Err(StopError::Twin(row.number)),
            (true, StepState::Failed) => Ok(Err(Box::new(StepReport::of(&row)))),
            (true, _) => Ok(Ok(row)),
        }
    }

    async fn is_ours(
        &self,
        responder: &'static dyn Responder,
        context: &Context<'_>,
        step: &Step,
    ) -> Result<bool, ActError> {
        // A parameter may name what is hit beside the target: the role behind a session.
        let hit = |key: &NodeKey| {
            step.action.target == *key || step.action.parameters.values().any(|value| value == key.as_str())
        };
        let named = self.config.own.iter().any(hit);
        Ok(named || responder.would_cut_ourselves(context, &step.action).await?)
    }

    /// Calls the platform until it took the step, refused it for certain, or nothing more may be tried. False where the
    /// step is held back before its first call.
    async fn get_through(
        &self,
        responder: &'static dyn Responder,
        row: &mut StepRow,
        tried_now: &mut u32,
        board: &Board<'_>,
    ) -> Result<bool, StopError> {
        loop {
            if row.begun.is_none()
                && matches!(row.state, StepState::Planned | StepState::Failed)
                && !(row.state == StepState::Failed && *tried_now > 0)
                && self.is_held_back(row.number, board).await
            {
                return Ok(false);
            }
            match row.state {
                StepState::Planned if row.before.denied_already => {
                    self.intend(row).await?;
                    self.advance(row, StepState::AlreadyInState, "it was so before; nothing was called".to_owned())
                        .await?;
                }
                StepState::Planned => self.apply(responder, row, tried_now).await?,
                // A step that failed in an earlier run is tried again in this one: recovery goes forward.
                StepState::Failed if *tried_now == 0 => self.apply(responder, row, tried_now).await?,
                StepState::Applying if row.life == self.journal.life() => return Err(StopError::Twin(row.number)),
                StepState::Applying => {
                    self.advance(row, StepState::Ambiguous, "interrupted during the call".to_owned()).await?;
                }
                StepState::Ambiguous => {
                    if self.resolve(responder, row).await? {
                        self.apply(responder, row, tried_now).await?;
                    }
                }
                _ => return Ok(true),
            }
        }
    }

    async fn intend(&self, row: &StepRow) -> Result<(), StopError> {
        let body = json!({
            "key": &row.key,
            "action": &row.action,
            "reversibility": row.reversibility,
            "state_before": &row.before,
            "undo": {"action": &row.action, "restores": &row.before.state},
        });
        self.write(&row.plan, row.number, "intent", body).await?;
        Ok(())
    }

    async fn apply(
        &self,
        responder: &'static dyn Responder,
        row: &mut StepRow,
        tried_now: &mut u32,
    ) -> Result<(), StopError> {
        *tried_now += 1;
        if let Some(why) = self.drifted(responder, row).await {
            self.write(&row.plan, row.number, "refusal", json!({"action": &row.action, "reason": &why})).await?;
            return self.advance(row, StepState::Failed, why).await;
        }
        self.intend(row).await?;
        row.attempts += 1;
        row.begun = row.begun.or(Some(self.now()));
        self.advance(row, StepState::Applying, "calling the platform".to_owned()).await?;
        let context = self.context_of((responder.spec(), Purpose::Apply), row);
        let context = Context { before: Some(&row.before.state), ..context };
        let (state, detail) = match responder.apply(&context, &row.action).await {
            Ok(()) => (StepState::Applied, "the platform took it".to_owned()),
            Err(error) if error.may_have_acted() => (StepState::Ambiguous, error.to_string()),
            Err(error) => (StepState::Failed, error.to_string()),
        };
        self.write(
            &row.plan,
            row.number,
            "outcome",
            json!({"attempt": row.attempts, "state": state, "detail": &detail}),
        )
        .await?;
        self.advance(row, state, detail).await
    }

    /// Why the step must not be made over what is there now.
    async fn drifted(&self, responder: &'static dyn Responder, row: &StepRow) -> Option<String> {
        let context = self.context_of((responder.spec(), Purpose::Apply), row);
        match responder.drift(&context, &row.action, &row.before).await {
            Ok(None) => None,
            Ok(Some(changed)) => Some(format!("{changed}\nhint: make a new plan, which starts from what is there now")),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Reads back what became of an uncertain call. True where it may be made again; otherwise the row was moved on.
    async fn resolve(&self, responder: &'static dyn Responder, row: &mut StepRow) -> Result<bool, StopError> {
        // What is still on its way gets time to arrive before we look.
        self.sleep.sleep(self.patience.wait(row.attempts, self.world.random.as_ref())).await;
        let evidence = self.look((responder, Purpose::Apply), row).await;
        let seen = |denied| evidence.iter().any(|one| one.kind != EvidenceKind::Unobservable && one.denied == denied);
        let (in_force, not_in_force) = (seen(true), seen(false));
        let again = row.attempts < self.patience.attempts_max;
        row.evidence = evidence;
        if in_force && !not_in_force {
            self.advance(row, StepState::Applied, "the call had no certain outcome; reading back shows it".to_owned())
                .await?;
            return Ok(false);
        }
        if not_in_force && again {
            return Ok(true);
        }
        if not_in_force {
            let detail = format!("reading back shows that it did not take effect, after {} attempts", row.attempts);
            self.advance(row, StepState::Failed, detail).await?;
            return Ok(false);
        }
        if responder.spec().idempotency != Idempotency::ReadBackGuard && again {
            return Ok(true);
        }
        let detail = "the call has no certain outcome and the state cannot be read back: a person must look".to_owned();
        self.write(&row.plan, row.number, "held", json!({"state": StepState::Unobservable, "detail": &detail})).await?;
        self.advance(row, StepState::Unobservable, detail).await?;
        Ok(false)
    }

    async fn look(&self, (responder, why): (&'static dyn Responder, Purpose), row: &StepRow) -> Vec<Evidence> {
        let context = self.context_of((responder.spec(), why), row);
        let context = Context { before: Some(&row.before.state), ..context };
        let mut evidence = responder.verify(&context, &row.action, &row.before).await;
        evidence.extend(context.seen_denied(&row.action.target));
        evidence
    }

    /// Looks until the step denies or the platform has had its time. True once the row has come to rest, false where
    /// the platform says that nothing is in force and the step is made again. A step that is let go stays as it is.
    async fn converge(
        &self,
        responder: &'static dyn Responder,
        row: &mut StepRow,
        board: &Board<'_>,
    ) -> Result<bool, StopError> {
        if row.state != StepState::Converging {
            self.advance(row, StepState::Converging, "looking whether it denies".to_owned()).await?;
        }
        let deadline = after(self.now(), responder.spec().convergence.window());
        let mut looks = 0;
        let finding = loop {
            looks += 1;
            row.evidence = self.look((responder, Purpose::Look), row).await;
            if board.control.is_let_go(row.number) {
                return Ok(true);
            }
            let finding = weigh(&row.evidence);
            let left = deadline.0.saturating_sub(self.now().0);
            if finding == Finding::Denies || left <= 0 || self.is_final(finding, &row.evidence) {
                break finding;
            }
            let wait = self.patience.wait(looks, self.world.random.as_ref());
            let wait = wait.min(Duration::from_micros(left.unsigned_abs()));
            tokio::select! {
                biased;
                () = board.control.until_let_go(row.number) => return Ok(true),
                () = self.sleep.sleep(wait) => {}
            }
        };
        let not_in_force = row.evidence.iter().any(|one| one.kind == EvidenceKind::Declared && !one.denied);
        let repeatable = responder.spec().idempotency != Idempotency::ReadBackGuard;
        if not_in_force && repeatable && row.attempts > 0 && row.attempts < self.patience.attempts_max {
            let _object = self.pacer.alone(&object(responder, &row.action)).await;
            let mut tried = 0;
            self.apply(responder, row, &mut tried).await?;
            return Ok(false);
        }
        self.settle(row, finding).await?;
        Ok(true)
    }

    /// Whether looking again can show nothing else.
    fn is_final(&self, finding: Finding, evidence: &[Evidence]) -> bool {
        let blind = evidence.iter().all(|one| one.kind != EvidenceKind::Unobservable || one.lasting);
        match finding {
            Finding::OnlyDeclared | Finding::Nothing => blind && !evidence.is_empty() && !self.witness.watches(),
            Finding::Denies | Finding::Admits => false,
        }
    }

    async fn settle(&self, row: &mut StepRow, finding: Finding) -> Result<(), StopError> {
        let (state, detail) = match finding {
            Finding::Denies => (StepState::Contained, "the old authority was seen to be refused"),
            Finding::Admits => (StepState::NotContained, "the old authority is still admitted"),
            Finding::OnlyDeclared => {
                (StepState::Unobservable, "the platform says that it denies; nobody saw it refuse")
            }
            Finding::Nothing => (StepState::Unobservable, "nobody can see whether it denies"),
        };
        if state == StepState::Contained {
            let effective = |one: &&Evidence| one.kind == EvidenceKind::Effective && one.denied;
            row.denied = row.denied.or(row.evidence.iter().filter(effective).map(|one| one.at).min());
        }
        let seconds = row.begun.zip(row.denied).map(|(begun, denied)| denied.seconds_since(begun).max(0.0));
        // The ledger's numbers are whole: milliseconds, not fractions of seconds.
        let millis = seconds.map(|seconds| (seconds * 1000.0).round() as u64);
        let body = json!({
            "state": state, "detail": detail, "evidence": &row.evidence, "milliseconds_to_effective_denial": millis,
        });
        self.write(&row.plan, row.number, "held", body).await?;
        self.advance(row, state, detail.to_owned()).await
    }

    fn new_row(&self, plan: &Plan, step: &Step, responder: &dyn Responder, before: StateBefore) -> StepRow {
        let now = self.now();
        StepRow {
            plan: plan.id().to_string(),
            key: step.key.to_string(),
            number: step.number,
            action: step.action.clone(),
            // Whoever is more careful is right: the plan's author or the responder.
            reversibility: step.reversibility.max(responder.spec().reversibility),
            before,
            state: StepState::Planned,
            attempts: 0,
            life: self.journal.life().to_owned(),
            planned: now,
            due: None,
            begun: None,
            denied: None,
            settled: now,
            evidence: Vec::new(),
            detail: "the state before is known".to_owned(),
            fresh: false,
        }
    }
}
