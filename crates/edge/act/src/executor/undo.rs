//! Taking steps back: from the row alone, in reverse order, as often as it takes.
//!
//! It never uses what a step's call returned, so it works the same after a crash, a lost answer or a failure halfway.

use super::{Executor, StopError, object};
use crate::journal::{StepRow, StepState};
use crate::lanes::Purpose;
use crate::report::{ExecutionReport, Mode, StepReport};
use crate::responder::{Responder, responder_for};
use crate::undo_gate::UndoGate;
use serde_json::json;

impl Executor<'_> {
    /// Takes back the steps of `plan`, or only those numbered in `only`, last one first. Steps that the gate does not
    /// let go keep standing, and the report says why. Harmless to repeat.
    ///
    /// # Errors
    /// Where journal or ledger fail: then nothing more is called. Run it again.
    pub async fn undo(&self, plan: &str, only: Option<&[u32]>, gate: &UndoGate) -> Result<ExecutionReport, StopError> {
        let began = self.now();
        let mut steps = Vec::new();
        for row in self.journal.list(plan).await?.into_iter().rev() {
            if only.is_none_or(|only| only.contains(&row.number)) {
                steps.push(self.take_back(row, gate).await?);
            }
        }
        steps.reverse();
        Ok(ExecutionReport { plan: plan.to_owned(), mode: Mode::Live, began, ended: self.now(), steps })
    }

    async fn take_back(&self, row: StepRow, gate: &UndoGate) -> Result<StepReport, StopError> {
        // Whoever carries it out right now comes to rest first, and moves the row meanwhile.
        let _own = self.own(&row.plan, &row.key).await;
        let mut row = self.journal.load(&row.plan, &row.key).await?.unwrap_or(row);
        let held = |row: &StepRow, why: String| {
            let report = StepReport { detail: format!("not undone: {why}"), ..StepReport::of(row) };
            Ok(report)
        };
        if !row.state.may_have_acted() || (row.state == StepState::Failed && row.begun.is_none()) {
            return Ok(StepReport::of(&row));
        }
        if row.state == StepState::Applying && row.life == self.journal.life() {
            return held(&row, "it is being carried out right now".to_owned());
        }
        // What changed nothing has nothing to take back, whoever else relies on it.
        if row.begun.is_none() && row.before.denied_already {
            return self.leave_as_it_was(row).await;
        }
        if let Some(why) = gate.forbids(row.reversibility) {
            return held(&row, why.to_owned());
        }
        if let Some(other) = self.still_relied_on(&row).await? {
            return held(&row, format!("plan `{other}` holds the same step"));
        }
        let Some(responder) = responder_for(self.responders, &row.action) else {
            return held(&row, format!("no responder does `{}`", row.action.name));
        };
        if row.state != StepState::UndoPlanned {
            // What was seen of the cut says nothing about what is there from now on; the ledger keeps it.
            row.evidence.clear();
            self.advance(&mut row, StepState::UndoPlanned, "to be undone".to_owned()).await?;
        }
        let _object = self.pacer.alone(&object(responder, &row.action)).await;
        let body = json!({"action": &row.action, "restores": &row.before.state, "gate": gate});
        self.write(&row.plan, row.number, "undo_intent", body).await?;
        let (state, detail) = self.restore(responder, &row).await;
        self.write(&row.plan, row.number, "undo_outcome", json!({"at": self.now(), "state": state, "detail": &detail}))
            .await?;
        self.advance(&mut row, state, detail).await?;
        Ok(StepReport::of(&row))
    }

    async fn restore(&self, responder: &'static dyn Responder, row: &StepRow) -> (StepState, String) {
        let context = self.context_of((responder.spec(), Purpose::Undo), row);
        let tried = responder.undo(&context, &row.action, &row.before).await;
        // Whatever the call said: what counts is what is there now.
        let back = match &tried {
            Err(error) if !error.may_have_acted() => return (StepState::UndoFailed, error.to_string()),
            _ => responder.is_undone(&context, &row.action, &row.before).await,
        };
        match (back, tried) {
            (Ok(Some(true)), _) => {
                let left = responder.left_as_it_is(&row.action, &row.before);
                (StepState::Undone, left.unwrap_or_else(|| "the state before is back".to_owned()))
            }
            (Ok(None), Ok(())) => {
                (StepState::Undone, "the platform took it; nobody can see the state before".to_owned())
            }
            (Ok(Some(false)), Ok(())) => {
                (StepState::UndoFailed, "the platform took it, but the state before is not back".into())
            }
            (Ok(_), Err(error)) => (StepState::UndoFailed, error.to_string()),
            (Err(error), _) => (StepState::UndoFailed, format!("whether it is undone cannot be read: {error}")),
        }
    }

    /// Nothing was changed, so nothing is changed back: someone else may have moved it since.
    async fn leave_as_it_was(&self, mut row: StepRow) -> Result<StepReport, StopError> {
        let detail = "it was so before the step, which changed nothing".to_owned();
        if row.state != StepState::UndoPlanned {
            self.advance(&mut row, StepState::UndoPlanned, detail.clone()).await?;
        }
        self.write(&row.plan, row.number, "undo_outcome", json!({"state": StepState::Undone, "detail": &detail}))
            .await?;
        self.advance(&mut row, StepState::Undone, detail).await?;
        Ok(StepReport::of(&row))
    }

    /// Another plan with the same step that was carried out and not undone.
    async fn still_relied_on(&self, row: &StepRow) -> Result<Option<String>, StopError> {
        let twins = self.journal.twins(&row.key).await?;
        let holds = |twin: &&StepRow| twin.plan != row.plan && twin.state.lets_others_follow();
        Ok(twins.iter().find(holds).map(|twin| twin.plan.clone()))
    }
}
