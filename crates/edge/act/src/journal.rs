//! The durable memory of execution: one row for each step of each plan, written before anything is called and moved on
//! by compare-and-set, so that a crash at any point is found again and a late twin of this process does nothing.
//!
//! It is the machine's own memory. What outsiders can check is in the ledger ([`crate::record`]).

use crate::evidence::Evidence;
use crate::responder::StateBefore;
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// The state before is known; nothing was called.
    Planned,
    /// The intent is in the ledger; the call may have been made.
    Applying,
    /// The platform took it.
    Applied,
    /// It was so before; nothing was called.
    AlreadyInState,
    /// A person cancelled it before its call was begun; nothing is called.
    Cancelled,
    /// The call has no certain outcome.
    Ambiguous,
    /// It was refused or never got there.
    Failed,
    /// Looking whether it denies.
    Converging,
    /// The old authority was seen to be refused.
    Contained,
    /// The old authority is still admitted.
    NotContained,
    /// It was done as far as the platform says; nobody saw it refuse.
    Unobservable,
    /// The undo is decided and may have been called.
    UndoPlanned,
    /// The state before is back.
    Undone,
    /// The undo did not bring the state before back.
    UndoFailed,
}

impl StepState {
    /// Every state.
    pub const ALL: [StepState; 14] = [
        StepState::Planned,
        StepState::Applying,
        StepState::Applied,
        StepState::AlreadyInState,
        StepState::Cancelled,
        StepState::Ambiguous,
        StepState::Failed,
        StepState::Converging,
        StepState::Contained,
        StepState::NotContained,
        StepState::Unobservable,
        StepState::UndoPlanned,
        StepState::Undone,
        StepState::UndoFailed,
    ];

    /// Whether a step that stands here may come to stand at `next`.
    pub fn may_become(self, next: StepState) -> bool {
        use StepState::*;
        match self {
            Planned => matches!(next, Applying | AlreadyInState | Failed | Cancelled),
            Applying => matches!(next, Applied | Ambiguous | Failed | UndoPlanned),
            Ambiguous => matches!(next, Applying | Applied | Failed | Unobservable | UndoPlanned),
            Applied | AlreadyInState => matches!(next, Converging | UndoPlanned),
            Converging => matches!(next, Applying | Contained | NotContained | Unobservable | UndoPlanned),
            NotContained | Unobservable => matches!(next, Converging | UndoPlanned),
            Failed => matches!(next, Planned | Applying | UndoPlanned | Cancelled),
            Contained => matches!(next, UndoPlanned),
            UndoPlanned => matches!(next, Undone | UndoFailed),
            UndoFailed => matches!(next, UndoPlanned),
            Undone | Cancelled => false,
        }
    }

    /// Whether the step's call was made or may have been, so that there may be something to undo.
    pub fn may_have_acted(self) -> bool {
        !matches!(self, StepState::Planned | StepState::Undone | StepState::Cancelled)
    }

    /// Whether steps that must come after this one may start.
    pub fn lets_others_follow(self) -> bool {
        use StepState::*;
        matches!(self, Applied | AlreadyInState | Converging | Contained | NotContained | Unobservable)
    }

    /// The word in journals and reports.
    pub const fn word(self) -> &'static str {
        match self {
            StepState::Planned => "planned",
            StepState::Applying => "applying",
            StepState::Applied => "applied",
            StepState::AlreadyInState => "already_in_state",
            StepState::Cancelled => "cancelled",
            StepState::Ambiguous => "ambiguous",
            StepState::Failed => "failed",
            StepState::Converging => "converging",
            StepState::Contained => "contained",
            StepState::NotContained => "not_contained",
            StepState::Unobservable => "unobservable",
            StepState::UndoPlanned => "undo_planned",
            StepState::Undone => "undone",
            StepState::UndoFailed => "undo_failed",
        }
    }
}

/// All that is remembered of one step of one plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StepRow {
    /// The plan's id. With `key`, the row's name.
    pub plan: String,
    /// The step's key.
    pub key: String,
    /// Its place in the plan.
    pub number: u32,
    /// What it does.
    pub action: Action,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// What was there before: all that the undo may use.
    pub before: StateBefore,
    /// Where it stands.
    pub state: StepState,
    /// How often its call was begun.
    pub attempts: u32,
    /// Under which life of the journal it was last moved.
    #[serde(default)]
    pub life: String,
    /// When the row was made.
    pub planned: Time,
    /// When its call was to be begun at the latest.
    #[serde(default)]
    pub due: Option<Time>,
    /// When its call was first begun.
    pub begun: Option<Time>,
    /// When the old authority was first seen refused.
    pub denied: Option<Time>,
    /// When it last came to stand where it stands.
    pub settled: Time,
    /// What the last look showed.
    pub evidence: Vec<Evidence>,
    /// Why it stands where it stands, for a person. Never a secret.
    pub detail: String,
    /// Whether no journal has it yet: it is added with its first move.
    #[serde(skip)]
    pub fresh: bool,
}

/// The journal cannot be read or written. Execution stops: going on without memory would be acting twice.
#[derive(Debug, Error)]
#[error("the journal of steps failed: {0}\nhint: nothing more is done until the state on disk can be written")]
pub struct JournalError(pub String);

/// A durable map of rows by (plan, step key).
#[async_trait]
pub trait Journal: Send + Sync {
    /// Names this opening of the journal. A journal admits one opener at a time and has a new life each time it is
    /// opened, so a call that is under way under another life was cut off by a crash, and one under this life is being
    /// made right now.
    fn life(&self) -> &str;
    /// The row of step `key` of `plan`.
    async fn load(&self, plan: &str, key: &str) -> Result<Option<StepRow>, JournalError>;
    /// Adds a row, durably. False where there is one of this plan and key already, which is then left as it is.
    async fn insert_intent(&self, row: &StepRow) -> Result<bool, JournalError>;
    /// Replaces the row of this plan and key, durably, if it stands at `expected`. False where it does not.
    async fn set_state(&self, expected: StepState, row: &StepRow) -> Result<bool, JournalError>;
    /// All rows of `plan`, by number.
    async fn list(&self, plan: &str) -> Result<Vec<StepRow>, JournalError>;
    /// All rows of step `key`, of whatever plan.
    async fn twins(&self, key: &str) -> Result<Vec<StepRow>, JournalError>;
}

/// A journal in memory, for simulation and tests. It refuses transitions that the state machine does not have.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    rows: Mutex<BTreeMap<(String, String), StepRow>>,
    life: String,
}

impl MemoryJournal {
    /// The same journal, opened again after a crash as its life `life`.
    pub fn reopened(self, life: &str) -> MemoryJournal {
        MemoryJournal { life: life.to_owned(), ..self }
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<(String, String), StepRow>) -> T) -> T {
        act(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    fn life(&self) -> &str {
        &self.life
    }

    async fn load(&self, plan: &str, key: &str) -> Result<Option<StepRow>, JournalError> {
        Ok(self.with(|rows| rows.get(&(plan.to_owned(), key.to_owned())).cloned()))
    }

    async fn insert_intent(&self, row: &StepRow) -> Result<bool, JournalError> {
        let name = (row.plan.clone(), row.key.clone());
        Ok(self.with(|rows| match rows.contains_key(&name) {
            true => false,
            false => rows.insert(name, row.clone()).is_none(),
        }))
    }

    async fn set_state(&self, expected: StepState, row: &StepRow) -> Result<bool, JournalError> {
        if expected != row.state && !expected.may_become(row.state) {
            let (from, to) = (expected.word(), row.state.word());
            return Err(JournalError(format!("step {} cannot go from `{from}` to `{to}`", row.number)));
        }
        self.with(|rows| match rows.get_mut(&(row.plan.clone(), row.key.clone())) {
            Some(old) if old.state == expected => {
                *old = row.clone();
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(JournalError(format!("step {} has no row", row.number))),
        })
    }

    async fn list(&self, plan: &str) -> Result<Vec<StepRow>, JournalError> {
        let mut rows: Vec<_> = self.with(|rows| rows.values().filter(|row| row.plan == plan).cloned().collect());
        rows.sort_by_key(|row| row.number);
        Ok(rows)
    }

    async fn twins(&self, key: &str) -> Result<Vec<StepRow>, JournalError> {
        Ok(self.with(|rows| rows.values().filter(|row| row.key == key).cloned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undo_is_open_from_every_state_after_applying_and_from_nowhere_else() {
        for state in StepState::ALL {
            let open = state.may_become(StepState::UndoPlanned);
            let before_or_after =
                matches!(state, StepState::Planned | StepState::UndoPlanned | StepState::Undone | StepState::Cancelled);
            assert_eq!(open, !before_or_after, "{state:?}");
        }
    }

    #[test]
    fn nothing_follows_an_undo_but_another_try_of_it_and_nothing_a_cancellation() {
        for next in StepState::ALL {
            assert!(!StepState::Cancelled.may_become(next));
            assert!(!StepState::Undone.may_become(next));
            assert!(!StepState::UndoFailed.may_become(next) || next == StepState::UndoPlanned);
        }
        assert!(!StepState::Contained.may_become(StepState::Applying), "what holds is not done again");
    }

    #[test]
    fn words_are_those_of_the_serialised_form() {
        for state in StepState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
    }
}
