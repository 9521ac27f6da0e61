//! Changes on a quiet day, led to the writer: people's wishes, what became of steps, and refusals in the stream of events that a change
//! may have caused.

use super::Live;
use super::effects::{self, Outgoing, sort};
use super::hands::{News, Origin};
use crate::access::cloudtrail;
use crate::config::Config;
use crate::content;
use crate::store::{Commit, Store};
use anyhow::{Context, Result, anyhow};
use firebreak_act::{ExecutionReport, Mode, StepReport, StepState, UndoGate};
use firebreak_assure::review::{Answer, Answers};
use firebreak_contain::change::{Changes, Effect, Refusal, Watch, Wish};
use firebreak_contain::gate::{Approval, Gate};
use firebreak_contain::lint::MAX_AGE_SECONDS;
use firebreak_contain::plan::{PlanId, StepKey};
use firebreak_model::{Event, NodeKey};
use firebreak_permission::aws::least::{Call, Loss};
use firebreak_world::World;

/// The names of what is remembered.
const MEMORY: &str = "changes";
const REVIEWS: &str = "reviews";

/// What people asked to have changed, and the gate that decides over it.
#[derive(Debug)]
pub struct Changing {
    state: Changes,
    /// What people answered in reviews.
    answers: Answers,
    gate: Gate,
    watch_seconds: i64,
}

/// What was asked to be changed, as it was written last.
///
/// # Errors
/// If the state cannot be read.
async fn remembered(store: &Store) -> Result<Changes> {
    let memory = store.state(MEMORY).await?;
    memory.map_or(Ok(Changes::default()), |bytes| {
        serde_json::from_slice(&bytes).context("the memory of changes is damaged")
    })
}

/// What people answered in reviews, as it was written last.
///
/// # Errors
/// If the state cannot be read.
async fn answers(store: &Store) -> Result<Answers> {
    let memory = store.state(REVIEWS).await?;
    memory.map_or(Ok(Answers::default()), |bytes| {
        serde_json::from_slice(&bytes).context("the memory of reviews is damaged")
    })
}

/// What an installation remembers of changes, and of what people answered.
#[derive(Debug, Default)]
pub struct Kept {
    /// The changes.
    pub changes: Changes,
    /// The answers.
    pub answers: Answers,
}

impl Kept {
    /// What `store` remembers.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub async fn of(store: &Store) -> Result<Kept> {
        Ok(Kept { changes: remembered(store).await?, answers: answers(store).await? })
    }
}

impl Changing {
    /// Goes on from what `store` remembers, with the gate that the configuration wants.
    ///
    /// # Errors
    /// If the state cannot be read, or a policy does not fit.
    pub async fn open(world: &World, config: &Config, store: &Store) -> Result<Changing> {
        let gate = content::change_gate(world.disk.as_ref(), config).map_err(|problems| anyhow!("{}", problems[0]))?;
        let watch_seconds = i64::from(config.change.watch_hours) * 3_600;
        Ok(Changing { state: remembered(store).await?, answers: answers(store).await?, gate, watch_seconds })
    }

    /// What is not written down yet, under its name.
    pub(super) fn written(&mut self) -> Result<Option<(String, Vec<u8>)>> {
        if !self.state.take_dirty() {
            return Ok(None);
        }
        Ok(Some((MEMORY.to_owned(), serde_json::to_vec(&self.state)?)))
    }
}

impl Live<'_> {
    fn situation(&self) -> firebreak_contain::change::Situation {
        self.stage.respond().situation(self.world.clock.now())
    }

    /// What was under way at the last stop goes on.
    pub(super) fn resume_changes(&mut self) -> Vec<Effect> {
        let now = self.situation();
        self.changing.state.resume(&self.changing.gate, &now)
    }

    /// A person wants something changed. For how long it is watched is the configuration's to say.
    pub(super) async fn wished(&mut self, mut wish: Wish, commit: Commit) -> Result<()> {
        if let Some(watch) = &mut wish.watch {
            watch.seconds = self.changing.watch_seconds;
        }
        let now = self.situation();
        match self.changing.state.wish(wish, &self.changing.gate, &now) {
            Ok(effects) => self.settle_change(commit, effects).await,
            Err(why) => {
                (self.notify)(&why);
                self.settle_change(commit, Vec::new()).await
            }
        }
    }

    /// A person answered in a review: kept, and in the ledger.
    pub(super) async fn answered(&mut self, answer: Answer, mut commit: Commit) -> Result<()> {
        let id = format!("review/{}/{}/{}", answer.item, answer.by, answer.at);
        let record = Outgoing::Record { id, kind: "review_answered".to_owned(), body: serde_json::to_value(&answer)? };
        self.changing.answers.take(answer);
        commit.states.push((REVIEWS.to_owned(), serde_json::to_vec(&self.changing.answers)?));
        let mut sorted = sort(Vec::new());
        sorted.outgoing.push(record);
        self.settle_sorted(commit, sorted).await
    }

    /// An approval of a change; `None` where the plan is of an incident.
    pub(super) fn approved_change(&mut self, approval: &Approval) -> Option<Vec<Effect>> {
        let now = self.situation();
        self.changing.state.approve(approval, &self.changing.gate, &now)
    }

    pub(super) async fn settle_change(&mut self, commit: Commit, effects: Vec<Effect>) -> Result<()> {
        let mut sorted = sort(Vec::new());
        sorted.change(effects);
        self.settle_sorted(commit, sorted).await
    }

    /// What the passing of time means for changes.
    pub(super) async fn let_time_pass(&mut self) -> Result<()> {
        let (now, paused) = (self.world.clock.now(), self.stage.respond().paused().is_some());
        if !self.changing.state.is_due(now, paused, MAX_AGE_SECONDS) {
            return Ok(());
        }
        let effects = self.changing.state.tick(&self.situation());
        self.settle_change(Commit::default(), effects).await
    }

    /// What became of orders, where they were of a change.
    pub(super) fn heard_of_change(&mut self, news: &News) -> Vec<Effect> {
        match news {
            News::Step { plan, report } => self.change_moved(plan, std::slice::from_ref(report)),
            News::Executed(report) if report.mode == Mode::DryRun => {
                self.changing.state.rehearsed(&PlanId::from_text(&report.plan))
            }
            News::Executed(report) => self.change_moved(&report.plan, &report.steps),
            News::Cancelled { plan, steps, .. } => self.change_moved(plan, steps),
            News::TakenBack(report, _) => self.change_taken_back(report),
            News::Late { .. } | News::Stopped(_) => Vec::new(),
        }
    }

    fn change_moved(&mut self, plan: &str, steps: &[StepReport]) -> Vec<Effect> {
        let (plan, at) = (PlanId::from_text(plan), self.world.clock.now());
        let moved = steps.iter().filter_map(|step| Some((StepKey::of(&step.action), effects::outcome(step.state)?)));
        let moved: Vec<_> = moved.collect();
        moved.into_iter().flat_map(|(step, outcome)| self.changing.state.reported(&plan, &step, outcome, at)).collect()
    }

    fn change_taken_back(&mut self, report: &ExecutionReport) -> Vec<Effect> {
        let mut effects = self.change_moved(&report.plan, &report.steps);
        let stuck = report.steps.iter().find(|step| !matches!(step.state, StepState::Undone | StepState::Cancelled));
        if let Some(step) = stuck {
            effects.extend(self.changing.state.not_undone(&PlanId::from_text(&report.plan), &step.detail));
        }
        effects
    }

    /// Refusals that a change caused. The events are those of one batch, so that what follows is committed with it.
    pub(super) fn look_for_hurt<'e>(&mut self, events: impl Iterator<Item = &'e Event>) -> Vec<Effect> {
        if !self.changing.state.watches() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for event in events {
            for (plan, refusal) in self.caused(event) {
                let now = self.situation();
                effects.extend(self.changing.state.refused(&plan, refusal, &now));
            }
        }
        effects
    }

    /// The changes that took away what `event` shows refused.
    fn caused(&self, event: &Event) -> Vec<(PlanId, Refusal)> {
        let Some(recorded) = cloudtrail::read(event).filter(|recorded| recorded.refused) else { return Vec::new() };
        let Some(identity) = recorded.caller.map(|arn| NodeKey::identity("aws", arn)) else { return Vec::new() };
        let mut caused = Vec::new();
        for (plan, watch) in self.changing.state.watching(&identity) {
            for call in recorded.calls.iter().filter(|call| took(watch, call)) {
                caused.push((
                    plan.clone(),
                    Refusal {
                        identity: identity.clone(),
                        action: call.action.clone(),
                        resource: call.resource.clone(),
                        at: event.time,
                        event: event.uid,
                    },
                ));
            }
        }
        caused
    }

    /// Has a change that hurt taken back.
    pub(super) async fn restore(&mut self, plan: String, origin: Origin) -> Result<()> {
        let hurt = self.changing.state.get(&PlanId::from_text(&plan)).and_then(|change| change.hurt.as_ref());
        let why = hurt.map(|hurt| format!("`{}` was refused `{}` at {}", hurt.identity.name(), hurt.action, hurt.at));
        // Nobody was shut out for being an intruder: there is no credential that must be rotated first.
        let gate = UndoGate { rotated: true, override_reason: why };
        self.take_back(plan, None, &NodeKey::identity("service", "firebreak"), gate, origin).await
    }
}

/// Whether a change took away what a call asked for.
fn took(watch: &Watch, call: &Call) -> bool {
    serde_json::from_value::<Loss>(watch.loss.clone()).is_ok_and(|loss| loss.took(call))
}
