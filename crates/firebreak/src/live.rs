//! The long-lived process: batches in, one transaction each, effects after it. Safe to kill at any moment.
//!
//! What a batch changes is written and synced as files first (lake, quarantine), then named in one SQLite transaction with
//! the cursors, the findings, the respond stage's memory and the effects still to be done. Killed before it, the batch is
//! read again and orphan files are removed; killed after it, open effects are done at the next start. Plans are carried out
//! beside the writer ([`hands`]), after the commit that decided them; what becomes of them is committed as it comes.

pub mod effects;
pub mod hands;
pub mod recover;
pub mod writing;

use crate::chronicle::Chronicle;
use crate::config::{Config, Mode};
use crate::estate::Estate;
use crate::ledgering::{Book, Refused};
use crate::pipeline::{Correlated, RespondStage, Responded};
use crate::store::{CANCEL, Commit, DRILL, PAUSE, RESUME, Store, StoredRequest};
use anyhow::{Context, Result};
use effects::{Outgoing, Sorted, sort};
use firebreak_act::{ExecutionReport, Journal, StepReport, StepState, UndoGate};
use firebreak_contain::Plan;
use firebreak_contain::gate::{Approval, Pause};
use firebreak_contain::incident::{Effect, Message, StepOutcome};
use firebreak_contain::plan::{PlanId, StepKey};
use firebreak_graph::Logged;
use firebreak_lake::Lake;
use firebreak_ledger::Draft;
use firebreak_model::{NodeKey, Time};
use firebreak_world::World;
use hands::{Hands, News, Order, Origin};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What a person asks for on another command line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub enum Request {
    /// `firebreak approve`.
    Approve(Approval),
    /// A person says by a link or a button that a plan should not be carried out.
    Decline {
        /// The plan's id.
        plan: String,
        /// Who.
        by: NodeKey,
        /// When.
        at: Time,
    },
    /// `firebreak pause`.
    Pause(Pause),
    /// `firebreak resume`.
    Resume {
        /// Who asks.
        by: NodeKey,
    },
    /// `firebreak cancel`.
    Cancel {
        /// The plan's id.
        plan: String,
        /// Only this step.
        step: Option<u32>,
        /// Who asks.
        by: NodeKey,
        /// Why.
        because: String,
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
    hands: Hands,
    /// Plans that are carried out right now.
    under_way: BTreeSet<String>,
    /// Requests and effects that are ordered and not done.
    ordered: BTreeSet<Origin>,
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
    /// Those who act.
    pub hands: Hands,
    /// Called with each notice for people.
    pub notify: &'a dyn Fn(&str),
}

impl<'a> Live<'a> {
    /// Goes on where the last commit stopped.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub async fn new(parts: Parts<'a>) -> Result<Live<'a>> {
        let Parts { world, config, store, book, lake, stage, chronicle, hands, notify } = parts;
        let next_effect = store.last_effect().await? + 1;
        let data = config.data_directory();
        let (under_way, ordered) = (BTreeSet::new(), BTreeSet::new());
        Ok(Live {
            world,
            config,
            data,
            store,
            book,
            lake,
            stage,
            chronicle,
            next_effect,
            hands,
            under_way,
            ordered,
            notify,
        })
    }

    /// Does what was decided before the last stop and not done.
    ///
    /// # Errors
    /// If journal, ledger or state cannot be written.
    pub async fn resume(&mut self) -> Result<()> {
        // What was asked for while nothing ran and holds something back counts before anything else is done.
        for stored in self.store.open_requests().await? {
            if [PAUSE, RESUME, CANCEL].contains(&stored.kind.as_str()) {
                self.take_up(stored).await?;
            }
        }
        let effects = self.stage.resume();
        self.settle(Commit::default(), effects).await?;
        let open = self.store.open_effects().await?;
        let read = |(number, body): &(u64, String)| Ok((*number, serde_json::from_str(body)?));
        let open = open.iter().map(read).collect::<serde_json::Result<Vec<_>>>();
        let (sent, recorded) = self.send(open.context("an effect in the state is damaged")?).await?;
        recorded.await?;
        self.store.effects_done(&sent).await
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
            if stored.kind != DRILL && !self.ordered.contains(&Origin::Request(stored.number)) {
                self.take_up(stored).await?;
            }
        }
        Ok(())
    }

    async fn take_up(&mut self, stored: StoredRequest) -> Result<()> {
        let request = serde_json::from_str(&stored.body).context("a request in the state is damaged")?;
        let origin = Origin::Request(stored.number);
        let effects = match request {
            Request::Approve(approval) => self.approved(approval),
            Request::Decline { plan, by, at } => self.declined(&plan, &by, at).await?,
            Request::Pause(pause) => self.stage.message(Message::Paused(pause)),
            Request::Resume { by } => self.stage.message(Message::Resumed { by }),
            Request::Cancel { plan, step, by, because } => {
                let only = step.map(|step| vec![step]);
                if self.cancel((plan, only), &by, because, origin).await? {
                    return Ok(());
                }
                Vec::new()
            }
            Request::Undo { plan, step, by, rotated, because } => {
                let gate = UndoGate { rotated, override_reason: because };
                return self.take_back(plan, step.map(|step| vec![step]), &by, gate, origin).await;
            }
        };
        let commit = Commit { requests_done: vec![stored.number], ..Commit::default() };
        self.settle(commit, effects).await
    }

    /// An approval, taken up at the present moment: batches that wait to be worked through carry the time of their reading, and against
    /// that it would have been given in the future.
    fn approved(&mut self, approval: Approval) -> Vec<Effect> {
        let mut effects = self.stage.message(Message::Tick { now: self.world.clock.now() });
        effects.extend(self.stage.message(Message::Approval(approval)));
        effects
    }

    /// A word against a plan is put on record. It changes nothing: others may still approve.
    async fn declined(&self, plan: &str, by: &NodeKey, at: Time) -> Result<Vec<Effect>> {
        let said = serde_json::json!({"plan": plan, "by": by, "at": at});
        self.book.add(&format!("decline/{plan}/{by}"), "plan_declined", &said).await?;
        (self.notify)(&format!("plan {plan:.12} was declined by {}; it still waits", by.name()));
        Ok(Vec::new())
    }

    /// Commits, then has done what follows.
    async fn settle(&mut self, commit: Commit, effects: Vec<Effect>) -> Result<()> {
        self.settle_sorted(commit, sort(effects)).await
    }

    async fn settle_sorted(&mut self, mut commit: Commit, sorted: Sorted) -> Result<()> {
        commit.incidents.extend(sorted.incidents);
        commit.joined.extend(sorted.joined);
        commit.pending.extend(sorted.pending);
        commit.plans.extend(sorted.plans);
        let outgoing: Vec<(u64, Outgoing)> = (self.next_effect..).zip(sorted.outgoing).collect();
        self.next_effect += outgoing.len() as u64;
        for (number, outgoing) in &outgoing {
            commit.effects.push((*number, serde_json::to_string(outgoing)?));
        }
        self.hands.pause(self.stage.respond().paused().is_some());
        if !commit.is_empty() {
            commit.remembered = self.stage.changes()?;
            self.store.commit(&commit).await?;
        }
        // What was decided is on its way into the ledger before any step of it is.
        let (sent, recorded) = self.send(outgoing).await?;
        for approved in sorted.approved {
            if self.under_way.insert(approved.plan().id().to_string()) {
                self.hands.order(Order::Execute(approved));
            }
        }
        recorded.await?;
        // Those who act have begun: nobody waits for this. Killed before it, what was done is done again, which is harmless.
        self.store.effects_done(&sent).await
    }

    /// Takes what came of orders, all in one commit.
    ///
    /// # Errors
    /// As [`Live::resume`], and where those who act had to stop.
    pub async fn news(&mut self, news: impl IntoIterator<Item = News>) -> Result<()> {
        let (mut commit, mut effects, mut late) = (Commit::default(), Vec::new(), Vec::new());
        for one in news {
            match one {
                News::Step { plan, report } => effects.extend(self.reported(&plan, &report)),
                News::Executed(report) => effects.extend(self.executed(&report, &mut commit)),
                News::TakenBack(report, origin) => {
                    effects.extend(report.steps.iter().flat_map(|step| self.reported(&report.plan, step)));
                    (self.notify)(&effects::undone(&report));
                    self.done(origin, &mut commit);
                }
                News::Cancelled { plan, steps, origin } => {
                    effects.extend(steps.iter().flat_map(|step| self.reported(&plan, step)));
                    (self.notify)(&effects::cancelled(&plan, &steps));
                    self.done(origin, &mut commit);
                }
                News::Late { plan, steps } => {
                    (self.notify)(&effects::late(&plan, &steps));
                    late.push(effects::lateness(&plan, &steps, self.world.clock.now()));
                }
                News::Stopped(error) => return Err(error.into()),
            }
        }
        let mut sorted = sort(effects);
        sorted.outgoing.extend(late);
        self.settle_sorted(commit, sorted).await
    }

    /// Whether anything that was ordered is not done yet.
    pub fn is_busy(&self) -> bool {
        !self.under_way.is_empty() || !self.ordered.is_empty()
    }

    /// Waits for nothing any longer that may take for ever: a plan that a pause holds, say.
    pub fn end(&self) {
        self.hands.end();
    }

    /// Orders nothing more: what is under way ends, and the rest is taken up at the next start.
    pub fn dismiss(&mut self) {
        self.hands.dismiss();
    }

    fn done(&mut self, origin: Origin, commit: &mut Commit) {
        self.ordered.remove(&origin);
        match origin {
            Origin::Request(number) => commit.requests_done.push(number),
            Origin::Effect(number) => commit.effects_done.push(number),
        }
    }

    /// Tells the stage what became of a step.
    fn reported(&mut self, plan: &str, step: &StepReport) -> Vec<Effect> {
        let Some(outcome) = effects::outcome(step.state) else { return Vec::new() };
        let at = self.world.clock.now();
        let plan = PlanId::from_text(plan);
        self.stage.message(Message::StepReported { plan, step: StepKey::of(&step.action), outcome, at })
    }

    fn executed(&mut self, report: &ExecutionReport, commit: &mut Commit) -> Vec<Effect> {
        self.under_way.remove(&report.plan);
        let waits = |step: &StepReport| step.state == StepState::Planned;
        if report.mode == Mode::DryRun || !report.steps.iter().any(waits) {
            commit.plan_statuses.push((report.plan.clone(), "executed"));
        }
        (self.notify)(&effects::executed(report));
        if report.mode == Mode::Live {
            // Each step was told when it came to rest.
            return Vec::new();
        }
        let at = self.world.clock.now();
        // A rehearsal counts as done, or the next review would rehearse it again.
        let outcome = StepOutcome::Applied;
        let message = |step: &StepReport| {
            let (plan, step) = (PlanId::from_text(&report.plan), StepKey::of(&step.action));
            Message::StepReported { plan, step, outcome, at }
        };
        let messages: Vec<Message> = report.steps.iter().map(message).collect();
        messages.into_iter().flat_map(|message| self.stage.message(message)).collect()
    }

    /// Has steps of a plan taken back.
    async fn take_back(
        &mut self,
        plan: String,
        only: Option<Vec<u32>>,
        by: &NodeKey,
        gate: UndoGate,
        origin: Origin,
    ) -> Result<()> {
        let asked = serde_json::json!({
            "plan": plan, "steps": only, "by": by, "rotated": gate.rotated, "because": gate.override_reason,
        });
        self.book.add(&format!("undo/{plan}"), "undo_requested", &asked).await?;
        self.ordered.insert(origin);
        self.hands.order(Order::TakeBack { plan, only, gate, origin });
        Ok(())
    }

    /// Has steps of a plan cancelled that have not begun. False where there is no such plan or it was never approved.
    async fn cancel(
        &mut self,
        (plan, only): (String, Option<Vec<u32>>),
        by: &NodeKey,
        because: String,
        origin: Origin,
    ) -> Result<bool> {
        let asked = serde_json::json!({"plan": plan, "steps": only, "by": by, "because": because});
        self.book.add(&format!("cancel/{plan}"), "cancel_requested", &asked).await?;
        let stored = self.store.plans().await?.into_iter().find(|one| one.id == plan);
        let Some(stored) = stored.filter(|one| one.status == "approved" || one.status == "executed") else {
            (self.notify)(&format!("plan {plan:.12} was not approved: there is nothing to cancel"));
            return Ok(false);
        };
        let plan: Plan = serde_json::from_str(&stored.body).context("a plan in the state is damaged")?;
        let why = format!("{because} ({by})");
        self.ordered.insert(origin);
        self.hands.order(Order::Cancel { plan: Box::new(plan), only, why, origin });
        Ok(true)
    }

    /// Does what was committed. Gives the numbers of what is done once the ledger has it, and that to wait for. Twice is
    /// harmless: ledger entries are kept once by name, and a step that was lifted is not lifted again.
    async fn send(
        &mut self,
        effects: Vec<(u64, Outgoing)>,
    ) -> Result<(Vec<u64>, impl Future<Output = Result<Vec<u64>, Refused>> + use<>)> {
        let (mut sent, mut drafts) = (Vec::new(), Vec::new());
        for (number, outgoing) in effects {
            if self.ordered.contains(&Origin::Effect(number)) {
                continue;
            }
            match outgoing {
                Outgoing::Record { id, kind, body } => drafts.push(Draft { id, kind, body }),
                Outgoing::Notify { text, .. } => (self.notify)(&text),
                Outgoing::Lift { plan, steps } => {
                    self.lift(plan, &steps, Origin::Effect(number)).await?;
                    continue;
                }
            }
            sent.push(number);
        }
        Ok((sent, self.book.add_all(drafts)))
    }

    /// Lifts steps of a containment that has run out: those, and no others, of which the lease says that lifting them lets
    /// nobody in.
    async fn lift(&mut self, plan: String, steps: &[StepKey], origin: Origin) -> Result<()> {
        let rows = self.store.list(&plan).await?;
        let named = rows.iter().filter(|row| steps.iter().any(|key| key.as_str() == row.key));
        let only: Vec<u32> = named.map(|row| row.number).collect();
        let gate = UndoGate { rotated: true, override_reason: None };
        self.take_back(plan, Some(only), &NodeKey::identity("service", "firebreak"), gate, origin).await
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
