//! Carries out what came through the gate, and takes it back: durable, one state machine a step, no choices of its own.
//!
//! The order of writing is the point: state before and intent are on disk and in the ledger before the first call, the
//! outcome after it. What a crash leaves in between is found by reading the platform back, never by sending again
//! blindly. A step that fails is reported and the others go on: nothing is unwound by itself.

mod control;
mod step;
mod undo;

pub use control::Control;

use crate::brake::{Brake, NoBrake};
use crate::config::Config;
use crate::context::Context;
use crate::evidence::{NoWitness, Witness};
use crate::journal::{Journal, JournalError, StepRow, StepState};
use crate::lanes::{Purpose, Rank};
use crate::pace::{Patience, RealSleep, Sleep};
use crate::pacer::Pacer;
use crate::record::{Record, RecordError};
use crate::report::{ExecutionReport, Mode, StepReport};
use crate::responder::{Responder, responder_for};
use crate::responders::RESPONDERS;
use crate::spec::ActionSpec;
use firebreak_contain::plan::order::phase;
use firebreak_contain::{Approved, Plan, Step};
use firebreak_model::{Action, Time};
use firebreak_world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::watch;

/// Why execution stopped altogether. Platforms that refuse do not stop it: they are in the report.
#[derive(Debug, Error)]
pub enum StopError {
    /// The journal cannot be trusted.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The ledger cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The plan is not what was approved.
    #[error("plan `{0}` is not the one that was approved\nhint: make a new plan and have it approved")]
    Drift(String),
    /// Someone else moves the same step right now.
    #[error("step {0} is being carried out already\nhint: wait for it; only one process may carry out plans")]
    Twin(u32),
}

/// Who wants to know of each step as soon as it comes to rest, before the others of its plan do.
pub trait Observer: Send + Sync {
    /// `step` of `plan` came to rest, or will not begin.
    fn at_rest(&self, plan: &Plan, step: &StepReport);
}

/// Nobody asks.
#[derive(Debug)]
pub struct NobodyAsks;

impl Observer for NobodyAsks {
    fn at_rest(&self, _plan: &Plan, _step: &StepReport) {}
}

/// Carries out plans. Borrowed parts belong to the program.
pub struct Executor<'a> {
    world: &'a World,
    pub(crate) config: &'a Config,
    journal: &'a dyn Journal,
    record: &'a dyn Record,
    witness: &'a dyn Witness,
    brake: &'a dyn Brake,
    observer: &'a dyn Observer,
    sleep: &'a dyn Sleep,
    pub(crate) responders: &'a [&'static dyn Responder],
    patience: Patience,
    pacer: Arc<Pacer>,
}

impl<'a> Executor<'a> {
    /// An executor with all responders, the machine's clock for waiting, and no witness of the event stream.
    pub fn new(world: &'a World, config: &'a Config, journal: &'a dyn Journal, record: &'a dyn Record) -> Executor<'a> {
        Executor {
            world,
            config,
            journal,
            record,
            witness: &NoWitness,
            brake: &NoBrake,
            observer: &NobodyAsks,
            sleep: &RealSleep,
            responders: RESPONDERS,
            patience: Patience::default(),
            pacer: Arc::default(),
        }
    }

    /// With somebody who sees the event stream, so that denied events count as evidence.
    pub fn with_witness(mut self, witness: &'a dyn Witness) -> Executor<'a> {
        self.witness = witness;
        self
    }

    /// With somebody who may pause what no person approved.
    pub fn with_brake(mut self, brake: &'a dyn Brake) -> Executor<'a> {
        self.brake = brake;
        self
    }

    /// With somebody who is told of each step.
    pub fn with_observer(mut self, observer: &'a dyn Observer) -> Executor<'a> {
        self.observer = observer;
        self
    }

    /// With the pacer of the process: all that carry out plans side by side share one.
    pub fn with_pacer(mut self, pacer: Arc<Pacer>) -> Executor<'a> {
        self.pacer = pacer;
        self
    }

    /// With another way to wait.
    pub fn with_sleep(mut self, sleep: &'a dyn Sleep) -> Executor<'a> {
        self.sleep = sleep;
        self
    }

    /// With other limits.
    pub fn with_patience(mut self, patience: Patience) -> Executor<'a> {
        self.patience = patience;
        self
    }

    /// With other responders than those of this crate.
    pub fn with_responders(mut self, responders: &'a [&'static dyn Responder]) -> Executor<'a> {
        self.responders = responders;
        self
    }

    /// Carries out an approved plan, or goes on where an earlier run of it stopped. Steps start in their order and run
    /// side by side; a step waits only for those that the plan says it must come after.
    ///
    /// # Errors
    /// Where journal or ledger fail or the plan is not whole: then nothing more is called. Run it again, with the journal
    /// opened anew. The same goes for a future that was dropped before it ended.
    pub async fn execute(&self, approved: &Approved<Plan>, mode: Mode) -> Result<ExecutionReport, StopError> {
        self.execute_under(&Control::default(), approved, mode).await
    }

    /// The same, with a handle on what is under way.
    ///
    /// # Errors
    /// As there.
    pub async fn execute_under(
        &self,
        control: &Control,
        approved: &Approved<Plan>,
        mode: Mode,
    ) -> Result<ExecutionReport, StopError> {
        let plan = approved.plan();
        if !plan.is_whole() {
            return Err(StopError::Drift(plan.id().to_string()));
        }
        let began = self.now();
        let steps = match mode {
            Mode::DryRun => self.rehearse(plan).await?,
            Mode::Live => {
                let board = Board::of(approved, control);
                let all = plan.steps().iter().map(|step| self.carry_out(plan, step, &board));
                // To the end even if one must stop: a call that is dropped halfway is one more uncertain call.
                futures_util::future::join_all(all).await.into_iter().collect::<Result<_, _>>()?
            }
        };
        Ok(ExecutionReport { plan: plan.id().to_string(), mode, began, ended: self.now(), steps })
    }

    /// What each step would call. Nothing is called and no row is written; the ledger says that it was a rehearsal.
    async fn rehearse(&self, plan: &Plan) -> Result<Vec<StepReport>, StopError> {
        let mut reports = Vec::new();
        for step in plan.steps() {
            let detail = match responder_for(self.responders, &step.action) {
                Some(responder) => {
                    let calls: Vec<String> = responder.spec().calls.iter().map(|call| brief(call.shape)).collect();
                    format!("dry run: nothing was called; live it would call {}", calls.join(", "))
                }
                None => format!("dry run: nothing was called; no responder does `{}`", step.action.name),
            };
            let report = unbegun(step, detail);
            self.write(plan.id().as_str(), step.number, "rehearsal", json!({"report": &report})).await?;
            reports.push(report);
        }
        Ok(reports)
    }

    pub(crate) fn now(&self) -> Time {
        self.world.clock.now()
    }

    fn context<'c>(
        &'c self,
        (spec, purpose): (&'static ActionSpec, Purpose),
        plan: &'c str,
        (key, action): (&'c str, &Action),
        since: Time,
    ) -> Context<'c> {
        Context {
            rank: Rank::of(phase(action), purpose),
            world: self.world,
            config: self.config,
            plan,
            step_key: key,
            since,
            before: None,
            spec,
            witness: self.witness,
            sleep: self.sleep,
            pacer: &self.pacer,
            patience: self.patience,
        }
    }

    /// The context for a step that has a row.
    fn context_of<'c>(&'c self, (spec, purpose): (&'static ActionSpec, Purpose), row: &'c StepRow) -> Context<'c> {
        let since = row.begun.unwrap_or(row.planned);
        self.context((spec, purpose), &row.plan, (&row.key, &row.action), since)
    }

    /// Waits until nobody else in this process moves step `key` of `plan`, and keeps others away.
    async fn own(&self, plan: &str, key: &str) -> impl Drop + use<> {
        self.pacer.alone(&format!("step {plan} {key}")).await
    }

    pub(crate) async fn write(&self, plan: &str, number: u32, what: &str, mut body: Value) -> Result<u64, StopError> {
        body["plan"] = json!(plan);
        body["step"] = json!(number);
        // The same content has the same id, so that a resumed run does not say it twice; another content has another.
        let digest = firebreak_contain::canonical::digest(firebreak_ledger::canonical::text(&body).as_bytes());
        let id = format!("{plan}/{number}/{what}/{}", digest.get(..16).unwrap_or(&digest));
        Ok(self.record.record(&id, &format!("act.{what}"), &body).await?)
    }

    /// Moves `row` to `state`, durably.
    async fn advance(&self, row: &mut StepRow, state: StepState, detail: String) -> Result<(), StopError> {
        let expected = row.state;
        row.state = state;
        row.detail = detail;
        row.settled = self.now();
        row.life = self.journal.life().to_owned();
        let written = match std::mem::take(&mut row.fresh) {
            true => self.journal.insert_intent(row).await?,
            false => self.journal.set_state(expected, row).await?,
        };
        match written {
            true => Ok(()),
            false => Err(StopError::Twin(row.number)),
        }
    }
}

/// The name under which steps on one object are kept apart.
fn object(responder: &dyn Responder, action: &Action) -> String {
    format!("object {}", responder.object(action))
}

/// A call as a person reads it: statements of a database may go over many lines.
fn brief(call: &str) -> String {
    const SHOWN: usize = 80;
    let words: Vec<&str> = call.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// The report of a step that was not begun.
fn unbegun(step: &Step, detail: String) -> StepReport {
    StepReport {
        number: step.number,
        key: step.key.to_string(),
        action: step.action.clone(),
        reversibility: step.reversibility,
        state: StepState::Planned,
        detail,
        evidence: Vec::new(),
        attempts: 0,
        begun: None,
        late: false,
        seconds_to_effective_denial: None,
    }
}

/// Which steps of a running plan are through, so that others may start: by number, with the time of the call, or none
/// where the step did not get through.
struct Board<'a> {
    through: watch::Sender<BTreeMap<u32, Option<Time>>>,
    /// Whether no person approved the plan.
    automatic: bool,
    control: &'a Control,
}

impl<'a> Board<'a> {
    fn of(approved: &Approved<Plan>, control: &'a Control) -> Board<'a> {
        Board { through: watch::Sender::new(BTreeMap::new()), automatic: approved.approvals().is_empty(), control }
    }

    /// Says that a step is through, or never will be. The first word counts.
    fn post(&self, number: u32, through: Option<Time>) {
        self.through.send_modify(|board| {
            board.entry(number).or_insert(through);
        });
    }

    /// Waits for all of `steps`; gives the time of the last one's call, or the first that did not get through.
    async fn wait_for(&self, steps: &[u32]) -> Result<Option<Time>, u32> {
        let mut board = self.through.subscribe();
        let all = |board: &BTreeMap<u32, Option<Time>>| steps.iter().all(|step| board.contains_key(step));
        // The sender lives as long as we do, so waiting cannot fail.
        let _ = board.wait_for(all).await;
        let board = self.through.borrow();
        match steps.iter().find(|step| !matches!(board.get(step), Some(Some(_)))) {
            Some(step) => Err(*step),
            None => Ok(steps.iter().filter_map(|step| board.get(step).copied().flatten()).max()),
        }
    }
}
