//! The long-lived process: batches in, one transaction each, effects after it. Safe to kill at any moment.
//!
//! What a batch changes is written and synced as files first (lake, quarantine), then named in one SQLite transaction with
//! the cursors, the findings, the respond stage's memory and the effects still to be done. Killed before it, the batch is
//! read again and orphan files are removed; killed after it, open effects are done at the next start.

pub mod effects;
pub mod recover;
pub mod writing;

use crate::chronicle::Chronicle;
use crate::config::{Config, Mode};
use crate::estate::Estate;
use crate::ledgering::Book;
use crate::pipeline::{Correlated, RespondStage, Responded};
use crate::store::{Commit, PAUSE, RESUME, Store, StoredRequest};
use anyhow::{Context, Result};
use effects::{Outgoing, sort};
use firebreak_act::{Executor, Journal, StepReport, StepState, UndoGate};
use firebreak_contain::gate::{Approval, Pause};
use firebreak_contain::incident::{Effect, Message, StepOutcome};
use firebreak_contain::plan::{PlanId, StepKey};
use firebreak_graph::Logged;
use firebreak_lake::Lake;
use firebreak_ledger::Draft;
use firebreak_model::{NodeKey, Time};
use firebreak_world::World;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a person asks for on another command line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub enum Request {
    /// `firebreak approve`.
    Approve(Approval),
    /// `firebreak pause`.
    Pause(Pause),
    /// `firebreak resume`.
    Resume {
        /// Who asks.
        by: NodeKey,
    },
    /// `firebreak undo`.
    Undo {
        /// The plan's id.
        plan: String,
        /// Only this step.
        step: Option<u32>,
        /// Who asks.
        by: NodeKey,
        /// Whether the old credentials were rotated.
        rotated: bool,
        /// Why it is undone although they were not.
        because: Option<String>,
    },
}

/// The single writer.
pub struct Live<'a> {
    world: &'a World,
    config: &'a Config,
    data: PathBuf,
    store: Store,
    book: &'a Book,
    lake: Lake,
    stage: RespondStage,
    chronicle: Chronicle,
    next_effect: u64,
    /// Called with each notice for people.
    notify: &'a dyn Fn(&str),
}

/// What the parts of a live process are.
pub struct Parts<'a> {
    /// The doors.
    pub world: &'a World,
    /// What the operator configured.
    pub config: &'a Config,
    /// The state.
    pub store: Store,
    /// The ledger.
    pub book: &'a Book,
    /// The lake.
    pub lake: Lake,
    /// The third stage, as it was after the last commit.
    pub stage: RespondStage,
    /// What is remembered of the estate.
    pub chronicle: Chronicle,
    /// Called with each notice for people.
    pub notify: &'a dyn Fn(&str),
}

impl<'a> Live<'a> {
    /// Goes on where the last commit stopped.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub async fn new(parts: Parts<'a>) -> Result<Live<'a>> {
        let Parts { world, config, store, book, lake, stage, chronicle, notify } = parts;
        let next_effect = store.last_effect().await? + 1;
        let data = config.data_directory();
        Ok(Live { world, config, data, store, book, lake, stage, chronicle, next_effect, notify })
    }

    /// Does what was decided before the last stop and not done.
    ///
    /// # Errors
    /// If journal, ledger or state cannot be written.
    pub async fn resume(&mut self) -> Result<()> {
        // A pause that was asked for while nothing ran holds before anything else is done.
        for stored in
            self.store.open_requests().await?.into_iter().filter(|one| one.kind == PAUSE || one.kind == RESUME)
        {
            self.take_up(stored).await?;
        }
        let (mut effects, effects_done) = self.send_open_effects().await?;
        effects.extend(self.stage.resume());
        self.settle(Commit { effects_done, ..Commit::default() }, effects).await
    }

    /// What is remembered of the estate.
    pub fn chronicle(&mut self) -> &mut Chronicle {
        &mut self.chronicle
    }

    /// Takes the estate in place of the one known before, and commits what was learnt with what follows from it.
    ///
    /// # Errors
    /// As [`Live::resume`].
    pub async fn estate(&mut self, estate: Estate, learnt: Vec<Logged>) -> Result<()> {
        let effects = self.stage.estate(estate.facts, &estate.evidence, self.world.clock.now());
        self.settle(Commit { learnt, ..Commit::default() }, effects).await
    }

    /// Forgets what is older than the configuration wants it kept, as of `now`.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub async fn forget(&mut self, now: Time) -> Result<()> {
        let days = i64::from(self.config.inventory.keep_days);
        let kept_since = now.plus_seconds(-days * 86_400);
        let log = if days == 0 { None } else { self.chronicle.forget(kept_since) };
        let Some(log) = log else { return Ok(()) };
        self.store.commit(&Commit { forgotten: Some((kept_since, log)), ..Commit::default() }).await
    }

    /// Takes one batch: responds, writes, commits, and does what follows.
    ///
    /// # Errors
    /// As [`Live::resume`].
    pub async fn batch(&mut self, batch: Correlated) -> Result<()> {
        let Responded { mut batch, effects, learnt } = self.stage.step(batch);
        let mut commit = Commit::default();
        commit.learnt.extend(self.chronicle.saw(&learnt, batch.luggage.at));
        writing::files(self.world, &self.data, &self.lake, &batch, &mut commit)?;
        writing::rows(&batch, &mut commit)?;
        let derived = self.stage.derived();
        if !batch.events.is_empty() {
            commit.states.push(("verdicts".to_owned(), serde_json::to_vec(&derived.verdicts)?));
        }
        if let Some(memory) = batch.memory.take() {
            commit.states.push(("correlator".to_owned(), memory));
            commit.states.push(("habits".to_owned(), serde_json::to_vec(&derived.habits)?));
            commit.states.push(("remembered".to_owned(), serde_json::to_vec(&batch.luggage.number)?));
        }
        self.settle(commit, effects).await
    }

    /// Takes up what people asked for.
    ///
    /// # Errors
    /// As [`Live::resume`].
    pub async fn requests(&mut self) -> Result<()> {
        for stored in self.store.open_requests().await? {
            self.take_up(stored).await?;
        }
        Ok(())
    }

    async fn take_up(&mut self, stored: StoredRequest) -> Result<()> {
        let commit = Commit { requests_done: vec![stored.number], ..Commit::default() };
        let request = serde_json::from_str(&stored.body).context("a request in the state is damaged")?;
        let effects = match request {
            Request::Approve(approval) => self.stage.message(Message::Approval(approval)),
            Request::Pause(pause) => self.stage.message(Message::Paused(pause)),
            Request::Resume { by } => self.stage.message(Message::Resumed { by }),
            Request::Undo { plan, step, by, rotated, because } => {
                let gate = UndoGate { rotated, override_reason: because };
                let only = step.map(|step| vec![step]);
                self.undo(&plan, only.as_deref(), &by, &gate).await?
            }
        };
        self.settle(commit, effects).await
    }

    /// Commits, then does what follows, until nothing more does.
    async fn settle(&mut self, mut commit: Commit, mut effects: Vec<Effect>) -> Result<()> {
        loop {
            let sorted = sort(effects);
            commit.incidents.extend(sorted.incidents);
            commit.joined.extend(sorted.joined);
            commit.pending.extend(sorted.pending);
            commit.plans.extend(sorted.plans);
            for outgoing in &sorted.outgoing {
                commit.effects.push((self.next_effect, serde_json::to_string(outgoing)?));
                self.next_effect += 1;
            }
            if commit.is_empty() {
                return Ok(());
            }
            commit.states.push(("respond".to_owned(), serde_json::to_vec(self.stage.respond().snapshot())?));
            self.store.commit(&commit).await?;
            let (lifted, effects_done) = self.send_open_effects().await?;
            let mut messages = Vec::new();
            for approved in sorted.approved {
                messages.extend(self.execute(&approved).await?);
            }
            effects = messages.into_iter().flat_map(|message| self.stage.message(message)).collect();
            effects.extend(lifted);
            commit = Commit { effects_done, ..Commit::default() };
        }
    }

    async fn execute(&self, approved: &firebreak_contain::Approved<firebreak_contain::Plan>) -> Result<Vec<Message>> {
        let executor =
            Executor::new(self.world, &self.config.responder, &self.store, self.book).with_brake(&self.store);
        let report = executor.execute(approved, self.config.act.mode).await?;
        let plan = approved.plan().id();
        let waits = |step: &StepReport| step.state == StepState::Planned;
        if self.config.act.mode == Mode::DryRun || !report.steps.iter().any(waits) {
            self.store.set_plan_status(plan.as_str(), "executed").await?;
        }
        let steps = report.steps.iter().zip(approved.plan().steps());
        let messages = steps.filter_map(|(step, planned)| {
            let outcome = match self.config.act.mode {
                // A rehearsal counts as done, or the next review would rehearse it again.
                Mode::DryRun => StepOutcome::Applied,
                Mode::Live => effects::outcome(step.state)?,
            };
            let at = self.world.clock.now();
            Some(Message::StepReported { plan: plan.clone(), step: planned.key.clone(), outcome, at })
        });
        let messages: Vec<Message> = messages.collect();
        (self.notify)(&effects::executed(&report));
        Ok(messages)
    }

    async fn undo(&mut self, plan: &str, only: Option<&[u32]>, by: &NodeKey, gate: &UndoGate) -> Result<Vec<Effect>> {
        let executor = Executor::new(self.world, &self.config.responder, &self.store, self.book);
        let asked = serde_json::json!({
            "plan": plan, "steps": only, "by": by, "rotated": gate.rotated, "because": gate.override_reason,
        });
        self.book.add(&format!("undo/{plan}"), "undo_requested", &asked)?;
        let report = executor.undo(plan, only, gate).await?;
        (self.notify)(&effects::undone(&report));
        let at = self.world.clock.now();
        let undone = report.steps.iter().filter(|step| step.state == StepState::Undone);
        let keys: Vec<StepKey> = undone.map(|step| StepKey::of(&step.action)).collect();
        let id = PlanId::from_text(plan);
        let message = |step| Message::StepReported { plan: id.clone(), step, outcome: StepOutcome::Undone, at };
        Ok(keys.into_iter().map(message).flat_map(|message| self.stage.message(message)).collect())
    }

    /// Does what was committed and not yet done. Twice is harmless: ledger entries are kept once by name, and a step that
    /// was lifted is not lifted again. Gives what follows from lifting, and the numbers to mark as done with that.
    async fn send_open_effects(&mut self) -> Result<(Vec<Effect>, Vec<u64>)> {
        let (mut follows, mut lifted, mut sent, mut drafts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, body) in self.store.open_effects().await? {
            match serde_json::from_str(&body).context("an effect in the state is damaged")? {
                Outgoing::Record { id, kind, body } => drafts.push(Draft { id, kind, body }),
                Outgoing::Notify { text } => (self.notify)(&text),
                Outgoing::Lift { plan, steps } => {
                    follows.extend(self.lift(&plan, &steps).await?);
                    lifted.push(number);
                    continue;
                }
            }
            sent.push(number);
        }
        self.book.add_all(&drafts)?;
        self.store.effects_done(&sent).await?;
        Ok((follows, lifted))
    }

    /// Lifts steps of a containment that has run out: those, and no others, of which the lease says that lifting them lets
    /// nobody in.
    async fn lift(&mut self, plan: &str, steps: &[StepKey]) -> Result<Vec<Effect>> {
        let rows = self.store.list(plan).await?;
        let named = rows.iter().filter(|row| steps.iter().any(|key| key.as_str() == row.key));
        let only: Vec<u32> = named.map(|row| row.number).collect();
        let gate = UndoGate { rotated: true, override_reason: None };
        self.undo(plan, Some(&only), &NodeKey::identity("service", "firebreak"), &gate).await
    }

    /// The state.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ends in good order.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// A person as an approver, from the e-mail address that they give.
pub fn person(email: &str) -> NodeKey {
    NodeKey::identity("person", &email.to_lowercase())
}

/// How long an approval stands.
pub fn approval(plan: &str, by: &str, now: Time) -> Approval {
    Approval { by: person(by), plan_id: PlanId::from_text(plan), at: now, expires: now.plus_seconds(86_400) }
}
