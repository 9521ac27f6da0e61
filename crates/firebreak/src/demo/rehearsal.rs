//! The run itself: effects taken up in the order of the scenario's time, every decision noted with its moment.

use super::APPROVAL_SECONDS;
use super::refusal::Refusals;
use crate::ledgering::Book;
use crate::live::effects::{Outgoing, sort};
use crate::pipeline::{Correlated, RespondStage};
use anyhow::Result;
use firebreak_act::{Config, Executor, MemoryJournal, Mode};
use firebreak_contain::gate::Approval;
use firebreak_contain::incident::{Effect, Message, StepOutcome};
use firebreak_contain::plan::PlanId;
use firebreak_contain::{Derivation, Plan};
use firebreak_ledger::Draft;
use firebreak_model::{Event, Fact, Finding, NodeKey, Time};
use firebreak_world::World;
use std::sync::Arc;

/// One plan and when it passed the gate.
#[derive(Debug)]
pub struct Decided {
    /// When, in the scenario's time.
    pub at: Time,
    /// The plan.
    pub plan: Plan,
    /// Whether (simulated) people had to approve.
    pub approved_by_people: bool,
}

/// The run.
pub struct Rehearsal<'a> {
    stage: RespondStage,
    world: &'a World,
    config: Config,
    journal: MemoryJournal,
    book: &'a Book,
    runtime: tokio::runtime::Runtime,
    /// Plans that people were asked for: when, which and how many.
    asked: Vec<(Time, PlanId, u32)>,
    refusals: Refusals,
    /// Whole plans as they were made, before the gate.
    pub made: Vec<Plan>,
    /// Plans that passed the gate.
    pub decided: Vec<Decided>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Sessions that were made.
    pub derived: Vec<Derivation>,
    /// Events that belong to the attack.
    pub attack: Vec<Arc<Event>>,
    /// Events read.
    pub events: u64,
    /// Records put aside.
    pub quarantined: u64,
}

impl<'a> Rehearsal<'a> {
    /// A run over this stage, in the estate of these facts.
    ///
    /// # Errors
    /// If the machine gives no runtime.
    pub fn new(stage: RespondStage, world: &'a World, book: &'a Book, facts: &[Fact]) -> Result<Rehearsal<'a>> {
        Ok(Rehearsal {
            stage,
            world,
            config: Config::default(),
            journal: MemoryJournal::default(),
            book,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            asked: Vec::new(),
            refusals: Refusals::over(facts),
            made: Vec::new(),
            decided: Vec::new(),
            findings: Vec::new(),
            derived: Vec::new(),
            attack: Vec::new(),
            events: 0,
            quarantined: 0,
        })
    }

    /// The third stage.
    pub fn stage(&mut self) -> &mut RespondStage {
        &mut self.stage
    }

    /// Takes effects that did not come with a batch.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn take(&mut self, effects: Vec<Effect>, now: Time) -> Result<()> {
        self.settle(effects, now)
    }

    /// Takes one batch. `is_attack` tells which events are to be kept for the score.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub fn batch(&mut self, mut batch: Correlated, is_attack: &dyn Fn(&Event) -> bool) -> Result<()> {
        let now = batch.luggage.at;
        self.approvals(now)?;
        batch.derived.retain(|derivation| self.refusals.is_made(derivation));
        batch.findings.retain(|finding| self.refusals.is_real(finding));
        self.derived.extend(batch.derived.iter().cloned());
        let responded = self.stage.step(batch);
        self.events += responded.batch.events.len() as u64;
        self.quarantined += responded.batch.luggage.quarantined.len() as u64;
        self.attack.extend(responded.batch.events.into_iter().filter(|event| is_attack(event)));
        self.findings.extend(responded.batch.findings);
        self.settle(responded.effects, now)
    }

    /// The simulated people approve what they were asked long enough ago.
    fn approvals(&mut self, now: Time) -> Result<()> {
        let due = |(at, ..): &(Time, PlanId, u32)| at.plus_seconds(APPROVAL_SECONDS) <= now;
        let ready: Vec<(Time, PlanId, u32)> = self.asked.iter().filter(|asked| due(asked)).cloned().collect();
        self.asked.retain(|asked| !due(asked));
        for (at, plan_id, needed) in ready {
            for person in 1..=needed {
                let by = NodeKey::identity("person", &format!("on-call-{person}@meridian.example"));
                let at = at.plus_seconds(APPROVAL_SECONDS);
                let approval = Approval { by, plan_id: plan_id.clone(), at, expires: at.plus_seconds(3_600) };
                let effects = self.stage.message(Message::Approval(approval));
                self.settle(effects, at)?;
            }
        }
        Ok(())
    }

    fn settle(&mut self, mut effects: Vec<Effect>, now: Time) -> Result<()> {
        while !effects.is_empty() {
            for effect in &effects {
                match effect {
                    Effect::AskApproval { plan, needed, have: 0, .. } => {
                        self.asked.push((now, plan.clone(), *needed));
                    }
                    Effect::PlanMade(plan) => self.made.push((**plan).clone()),
                    _ => {}
                }
            }
            let sorted = sort(std::mem::take(&mut effects));
            self.record(sorted.outgoing)?;
            for approved in sorted.approved {
                let executor = Executor::new(self.world, &self.config, &self.journal, self.book);
                self.runtime.block_on(executor.execute(&approved, Mode::DryRun))?;
                let plan = approved.plan().clone();
                for step in plan.steps() {
                    let (plan, step) = (plan.id().clone(), step.key.clone());
                    let report = Message::StepReported { plan, step, outcome: StepOutcome::Applied, at: now };
                    effects.extend(self.stage.message(report));
                }
                self.refusals.decided(&plan, now);
                let approved_by_people = !approved.approvals().is_empty();
                self.decided.push(Decided { at: now, plan, approved_by_people });
            }
        }
        Ok(())
    }

    fn record(&self, outgoing: Vec<Outgoing>) -> Result<()> {
        let drafts: Vec<Draft> = outgoing
            .into_iter()
            .filter_map(|one| match one {
                Outgoing::Record { id, kind, body } => Some(Draft { id, kind, body }),
                Outgoing::Notify { .. } | Outgoing::Lift { .. } | Outgoing::Restore { .. } => None,
            })
            .collect();
        if !drafts.is_empty() {
            self.book.with(|ledger| ledger.append_batch(&drafts))?;
        }
        Ok(())
    }
}
