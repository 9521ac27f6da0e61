//! The long-lived process: batches in, one transaction each, effects after it. Safe to kill at any moment.
//!
//! What a batch changes is written and synced as files first (lake, quarantine), then named in one SQLite transaction with
//! the cursors, the findings, the respond stage's memory and the effects still to be done. Killed before it, the batch is
//! read again and orphan files are removed; killed after it, open effects are done at the next start. Plans are carried out
//! beside the writer ([`hands`]), after the commit that decided them; what becomes of them is committed as it comes.

pub mod changing;
mod committing;
pub mod drift;
pub mod effects;
pub mod hands;
pub mod intake;
pub mod recover;
pub mod writing;

use crate::chronicle::Chronicle;
use crate::config::{Config, Mode};
use crate::estate::Estate;
use crate::ledgering::Book;
use crate::pipeline::{Correlated, RespondStage, Responded};
use crate::store::{CANCEL, Commit, DRILL, PAUSE, RESUME, Store, StoredRequest};
use anyhow::{Context, Result};
use changing::Changing;
use committing::{Decided, Sent};
use effects::sort;
use firebreak_act::{ExecutionReport, Journal, StepReport, StepState, UndoGate};
use firebreak_assure::review::Answer;
use firebreak_contain::Plan;
use firebreak_contain::change::{self, Wish};
use firebreak_contain::gate::{Approval, Pause};
use firebreak_contain::incident::{Effect, Message, StepOutcome};
use firebreak_contain::plan::{PlanId, StepKey};
use firebreak_contain::{Mute, MuteId};
use firebreak_graph::Logged;
use firebreak_lake::Lake;
use firebreak_model::{NodeKey, Time};
use firebreak_world::World;
use hands::{Hands, News, Order, Origin};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use tokio::task::JoinError;
use writing::{Filed, Files};

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
    /// `firebreak mute`.
    Mute(Mute),
    /// `firebreak unmute`.
    Unmute {
        /// Which mute.
        mute: MuteId,
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
    /// `firebreak access apply` and others that change something on a quiet day.
    Change(Box<Wish>),
    /// `firebreak access answer`.
    Answer(Answer),
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

/// Incidents that are decided about before what was decided is committed: few enough that the first calls go out at once, and
/// enough to share a sync.
const PORTION: usize = 256;

/// The state under which budgets stand that are nearly spent.
pub const NEARLY_SPENT: &str = "nearly_spent";

/// The single writer.
pub struct Live<'a> {
    world: &'a World,
    config: &'a Config,
    data: PathBuf,
    store: Store,
    book: &'a Book,
    lake: Lake,
    stage: RespondStage,
    changing: Changing,
    chronicle: Chronicle,
    next_effect: u64,
    hands: Hands,
    /// Plans that are carried out right now.
    under_way: BTreeSet<String>,
    /// Requests and effects that are ordered and not done.
    ordered: BTreeSet<Origin>,
    /// What is on its way into the ledger, by bundle.
    sent: VecDeque<Sent>,
    /// Events so far that came too late to be put in order, and how many people were told of.
    late: (u64, u64),
    /// What is new on the data map.
    drift: drift::Drift,
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
    /// What people asked to have changed.
    pub changing: Changing,
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
        let Parts { world, config, store, book, lake, stage, changing, chronicle, hands, notify } = parts;
        let next_effect = store.last_effect().await? + 1;
        let data = config.data_directory();
        let (under_way, ordered, sent) = (BTreeSet::new(), BTreeSet::new(), VecDeque::new());
        Ok(Live {
            world,
            config,
            data,
            store,
            book,
            lake,
            stage,
            changing,
            chronicle,
            next_effect,
            hands,
            under_way,
            ordered,
            sent,
            late: (0, 0),
            drift: drift::Drift::default(),
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
        let mut sorted = sort(self.stage.resume());
        sorted.change(self.resume_changes());
        self.settle_sorted(Commit::default(), sorted).await?;
        self.wait_for_the_ledger().await?;
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
        let now = self.world.clock.now();
        self.drift.look(&estate, now);
        let effects = self.stage.estate(estate.facts, &estate.evidence, now);
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

    /// Takes one batch: responds, writes, commits, and does what follows. Its files are written meanwhile. Where it holds more
    /// findings than are decided about at once, the most urgent are decided about, committed and acted upon first; the cursors
    /// are committed with the last, so that a batch that was cut short is read again, and what is known of it stands.
    ///
    /// # Errors
    /// As [`Live::resume`].
    pub async fn batch(&mut self, mut batch: Correlated) -> Result<()> {
        self.say_what_is_late(batch.late);
        let files = self.file(Filed::of(&mut batch));
        let mut responded = self.stage.begin(batch);
        let mut ahead = None;
        if responded.batch.findings.len() > PORTION {
            self.stage.gather(&mut responded);
            while self.stage.waiting() > PORTION {
                self.stage.decide_next(PORTION, &mut responded);
                let portion = self.portion(&mut responded, Vec::new(), Commit::default())?;
                // While one portion is written the next is decided about.
                if let Some(before) = ahead.take() {
                    self.conclude(before).await?;
                }
                ahead = Some(self.begin_commit(portion).await?);
            }
            self.stage.decide_next(PORTION, &mut responded);
        } else {
            self.stage.decide(&mut responded);
        }
        self.stage.finish(&mut responded);
        let whole = self.whole(&mut responded.batch)?;
        // With the cursors: a batch that is read again is looked through again.
        let hurt = self.look_for_hurt(responded.batch.events.iter().map(AsRef::as_ref));
        let mut last = self.portion(&mut responded, hurt, whole)?;
        if let Some(before) = ahead {
            self.conclude(before).await?;
        }
        files.await??.name(&mut last.commit);
        self.carry_through(last).await
    }

    /// Tells people of events that came too late: of the first, and then whenever there are twice as many.
    fn say_what_is_late(&mut self, late: u64) {
        let (known, told) = &mut self.late;
        *known = late;
        if late > 0 && late >= told.saturating_mul(2) {
            *told = late;
            (self.notify)(&format!(
                "{late} events so far came too late to be put in order: rules matched them, counts and habits know nothing of them\n\
                 hint: if a source delivers that late, raise `detect.lateness_seconds`"
            ));
        }
    }

    /// Events so far that came too late to be put in order.
    pub fn late(&self) -> u64 {
        self.late.0
    }

    /// Has files written, beside whatever else is done.
    fn file(&self, filed: Filed) -> impl Future<Output = Result<Result<Files>, JoinError>> + use<> {
        let (world, data, lake) = (self.world.clone(), self.data.clone(), self.lake.clone());
        let begun = (!filed.is_empty()).then(|| tokio::task::spawn_blocking(move || filed.write(&world, &data, &lake)));
        async move {
            match begun {
                Some(begun) => begun.await,
                None => Ok(Ok(Files::default())),
            }
        }
    }

    /// What was decided of a batch since this was asked last and of `changes`, on top of `commit`.
    fn portion(
        &mut self,
        responded: &mut Responded,
        changes: Vec<change::Effect>,
        mut commit: Commit,
    ) -> Result<Decided> {
        let learnt = std::mem::take(&mut responded.learnt);
        commit.learnt.extend(self.chronicle.saw(&learnt, responded.batch.luggage.at));
        writing::findings(&mut responded.batch, &mut commit)?;
        let mut sorted = sort(std::mem::take(&mut responded.effects));
        sorted.change(changes);
        self.decided(commit, sorted)
    }

    /// What the whole of a batch changes beside what is decided of it.
    fn whole(&mut self, batch: &mut Correlated) -> Result<Commit> {
        let mut commit = Commit::default();
        writing::rows(batch, &mut commit)?;
        let derived = self.stage.derived();
        if !batch.events.is_empty() {
            commit.states.push(("verdicts".to_owned(), serde_json::to_vec(&derived.verdicts)?));
        }
        if let Some(nearly_spent) = batch.nearly_spent.take() {
            commit.states.push((NEARLY_SPENT.to_owned(), serde_json::to_vec(&nearly_spent)?));
        }
        if let Some(memory) = batch.memory.take() {
            commit.states.push(("correlator".to_owned(), memory));
            commit.states.push(("habits".to_owned(), serde_json::to_vec(&derived.habits)?));
            commit.states.push(("remembered".to_owned(), serde_json::to_vec(&batch.luggage.number)?));
        }
        Ok(commit)
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
        self.let_time_pass().await
    }

    async fn take_up(&mut self, stored: StoredRequest) -> Result<()> {
        let request = serde_json::from_str(&stored.body).context("a request in the state is damaged")?;
        let origin = Origin::Request(stored.number);
        let commit = Commit { requests_done: vec![stored.number], ..Commit::default() };
        let effects = match request {
            Request::Change(wish) => return self.wished(*wish, commit).await,
            Request::Answer(answer) => return self.answered(answer, commit).await,
            Request::Approve(approval) => {
                if let Some(effects) = self.approved_change(&approval) {
                    return self.settle_change(commit, effects).await;
                }
                self.said_now(Message::Approval(approval))
            }
            Request::Decline { plan, by, at } => self.declined(&plan, &by, at).await?,
            Request::Pause(pause) => self.stage.message(Message::Paused(pause)),
            Request::Resume { by } => self.stage.message(Message::Resumed { by }),
            Request::Mute(mute) => self.said_now(Message::Muted(mute)),
            Request::Unmute { mute, by } => self.said_now(Message::Unmuted { mute, by }),
            Request::Cancel { plan, step, by, because } => {
                let only = step.map(|step| vec![step]);
                if self.cancel((plan, only), &by, because, origin).await? {
                    return Ok(());
                }
                Vec::new()
            }
            Request::Undo { plan, step, by, rotated, because } => {
                let gate = UndoGate { rotated, override_reason: because };
                let only = step.map(|step| vec![step]);
                if self.was_rehearsed(&plan).await? {
                    self.asked_back(&plan, only.as_deref(), &by, &gate).await?;
                    return self.take_rehearsal_back(&plan, only.as_deref(), origin).await;
                }
                return self.take_back(plan, only, &by, gate, origin).await;
            }
        };
        self.settle(commit, effects).await
    }

    /// A person's word, taken up at the present moment: batches that wait to be worked through carry the time of their reading, and
    /// against that it would have been said in the future.
    fn said_now(&mut self, word: Message) -> Vec<Effect> {
        let mut effects = self.stage.message(Message::Tick { now: self.world.clock.now() });
        effects.extend(self.stage.message(word));
        effects
    }

    /// A word against a plan is put on record. It changes nothing: others may still approve.
    async fn declined(&self, plan: &str, by: &NodeKey, at: Time) -> Result<Vec<Effect>> {
        let said = serde_json::json!({"plan": plan, "by": by, "at": at});
        self.book.add(&format!("decline/{plan}/{by}"), "plan_declined", &said).await?;
        (self.notify)(&format!("plan {plan:.12} was declined by {}; it still waits", by.name()));
        Ok(Vec::new())
    }

    /// Takes what came of orders, all in one commit.
    ///
    /// # Errors
    /// As [`Live::resume`], and where those who act had to stop.
    pub async fn news(&mut self, news: impl IntoIterator<Item = News>) -> Result<()> {
        let (mut commit, mut effects, mut late) = (Commit::default(), Vec::new(), Vec::new());
        let mut changes = Vec::new();
        for one in news {
            changes.extend(self.heard_of_change(&one));
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
        sorted.change(changes);
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
        self.asked_back(&plan, only.as_deref(), by, &gate).await?;
        self.ordered.insert(origin);
        self.hands.order(Order::TakeBack { plan, only, gate, origin });
        Ok(())
    }

    /// Puts on record who wants a plan taken back.
    async fn asked_back(&self, plan: &str, only: Option<&[u32]>, by: &NodeKey, gate: &UndoGate) -> Result<()> {
        let asked = serde_json::json!({
            "plan": plan, "steps": only, "by": by, "rotated": gate.rotated, "because": gate.override_reason,
        });
        self.book.add(&format!("undo/{plan}"), "undo_requested", &asked).await?;
        Ok(())
    }

    /// Whether all that ever happened of the plan was a rehearsal: that leaves no step behind.
    async fn was_rehearsed(&self, plan: &str) -> Result<bool> {
        // A change on a quiet day has a way of its own.
        let of_incident = self.stage.respond().plan(&PlanId::from_text(plan)).is_some();
        if self.config.act.mode != Mode::DryRun || !of_incident {
            return Ok(false);
        }
        let executed = self.store.plan(plan).await?.is_some_and(|stored| stored.status == "executed");
        Ok(executed && self.store.list(plan).await?.is_empty())
    }

    /// Takes a plan back that was rehearsed: there is nothing to call, and what counted as done counts no longer.
    async fn take_rehearsal_back(&mut self, plan: &str, only: Option<&[u32]>, origin: Origin) -> Result<()> {
        let (id, at) = (PlanId::from_text(plan), self.world.clock.now());
        let rehearsed = self.stage.respond().plan(&id).map(Plan::steps).unwrap_or_default();
        let named = rehearsed.iter().filter(|step| only.is_none_or(|only| only.contains(&step.number)));
        let outcome = StepOutcome::Undone;
        let messages: Vec<Message> =
            named.map(|step| Message::StepReported { plan: id.clone(), step: step.key.clone(), outcome, at }).collect();
        let effects = messages.into_iter().flat_map(|message| self.stage.message(message)).collect();
        (self.notify)(&format!("plan {plan:.12} taken back; it was rehearsed, and nothing was called"));
        let mut commit = Commit::default();
        if only.is_none() {
            commit.plan_statuses.push((plan.to_owned(), "undone"));
        }
        self.done(origin, &mut commit);
        self.settle(commit, effects).await
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

    /// The state.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ends in good order.
    pub async fn close(mut self) {
        // What cannot be noted now is open in the state, and is done again at the next start.
        let _ = self.wait_for_the_ledger().await;
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
