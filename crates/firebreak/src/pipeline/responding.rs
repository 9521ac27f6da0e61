//! The third stage: the single writer. It feeds the respond stage of `contain` with findings, verdicts, sessions and the
//! passing of time, and hands on what is to be done. It does none of it.

use super::Correlated;
use super::sessions::Sessions;
use super::uses::UseCounter;
use super::verdicts::Verdicts;
use firebreak_contain::Uses;
use firebreak_contain::derived::Derivation;
use firebreak_contain::incident::{Effect, Entry, Estate, Message, Respond, Status};
use firebreak_exposure::Profile;
use firebreak_graph::{difference, streams};
use firebreak_model::{EnvironmentEvidence, Fact, Finding, Time};
use serde::{Deserialize, Serialize};

/// How often the respond stage is told how things are used, in seconds.
const USES_TOLD_SECONDS: i64 = 6 * 3_600;

/// How things are used and which sessions there are: what follows from the events alone, so that it can be made again
/// from the lake.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Habits {
    uses: UseCounter,
    sessions: Sessions,
}

impl Habits {
    /// Takes what a batch says.
    pub fn absorb(&mut self, batch: &Correlated) {
        batch.events.iter().for_each(|event| self.uses.add(event));
        batch.derived.iter().for_each(|derivation| self.sessions.add(derivation));
    }

    /// How things were used in the 30 days before `now`.
    pub fn uses(&mut self, now: Time) -> Uses {
        self.uses.uses(now)
    }

    /// When anything was used last.
    pub fn last_used(&self) -> Option<Time> {
        self.uses.last()
    }
}

/// What the third stage remembers beside incidents and plans.
#[derive(Debug, Default)]
pub struct Derived {
    /// Of use and sessions.
    pub habits: Habits,
    /// Of environments, and what was told of them.
    pub verdicts: Verdicts,
}

/// A batch after the third stage.
#[derive(Debug, Default)]
pub struct Responded {
    /// The batch as it came, without what was used up.
    pub batch: Correlated,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// Credentials that were seen to be made with others and that matter from now on.
    pub learnt: Vec<Derivation>,
}

/// The third stage.
pub struct RespondStage {
    respond: Respond,
    profiles: Vec<Profile>,
    facts: Vec<Fact>,
    derived: Derived,
    told: Option<Time>,
}

impl RespondStage {
    /// A stage that goes on from what `respond` and `derived` remember.
    pub fn new(respond: Respond, profiles: Vec<Profile>, derived: Derived) -> RespondStage {
        RespondStage { respond, profiles, facts: Vec::new(), derived, told: None }
    }

    /// The respond stage's own memory.
    pub fn respond(&self) -> &Respond {
        &self.respond
    }

    /// What has changed of that memory since this was asked last.
    ///
    /// # Errors
    /// None in practice: everything is plain data.
    pub fn changes(&mut self) -> serde_json::Result<Vec<Entry>> {
        self.respond.changes()
    }

    /// What the stage remembers beside that.
    pub fn derived(&self) -> &Derived {
        &self.derived
    }

    /// Plans under way, after a restart.
    pub fn resume(&mut self) -> Vec<Effect> {
        self.respond.resume()
    }

    /// Takes the estate in place of the one known before. The running map takes the changes in, where that comes to the same;
    /// else it is told anew.
    pub fn estate(&mut self, facts: Vec<Fact>, evidence: &[EnvironmentEvidence], now: Time) -> Vec<Effect> {
        let changes = difference(&self.facts, &facts, now);
        self.facts = facts;
        self.derived.verdicts.add_inventory(evidence);
        if self.told.is_none() || !streams(&changes) {
            return self.tell(now);
        }
        self.respond.step(Message::Changes(changes))
    }

    /// Takes one message of a person or of `act`.
    pub fn message(&mut self, message: Message) -> Vec<Effect> {
        self.respond.step(message)
    }

    /// Takes one batch.
    pub fn step(&mut self, batch: Correlated) -> Responded {
        let mut responded = self.begin(batch);
        self.decide(&mut responded);
        self.finish(&mut responded);
        responded
    }

    /// Begins a batch: what its events say is taken in, and time passes. Its findings are still to be looked at, by
    /// [`RespondStage::decide`] or by [`RespondStage::gather`], and it is ended by [`RespondStage::finish`].
    pub fn begin(&mut self, batch: Correlated) -> Responded {
        let now = batch.luggage.at;
        let Derived { habits, verdicts } = &mut self.derived;
        habits.absorb(&batch);
        batch.seen.iter().for_each(|seen| verdicts.add(seen, now));
        let mut responded = Responded { batch, ..Responded::default() };
        if self.told.is_none_or(|told| told.plus_seconds(USES_TOLD_SECONDS) <= now) {
            responded.effects.extend(self.tell(now));
        }
        responded.effects.extend(self.respond.step(Message::Tick { now }));
        let prepared = std::mem::take(&mut responded.batch.prepared);
        if !prepared.is_empty() {
            responded.effects.extend(self.respond.step(Message::Prepared(prepared)));
        }
        responded
    }

    /// Decides about the findings one after the other.
    pub fn decide(&mut self, responded: &mut Responded) {
        for at in 0..responded.batch.findings.len() {
            let Some(finding) = responded.batch.findings.get(at).cloned() else { continue };
            self.trace(&finding, responded);
            responded.effects.extend(self.respond.step(Message::Finding(finding)));
        }
    }

    /// Puts all findings where they belong. What follows is decided by [`RespondStage::decide_next`].
    pub fn gather(&mut self, responded: &mut Responded) {
        let findings = responded.batch.findings.clone();
        findings.iter().for_each(|finding| self.trace(finding, responded));
        responded.effects.extend(self.respond.step(Message::Storm(findings)));
    }

    /// How many incidents wait for a decision since their findings were gathered.
    pub fn waiting(&self) -> usize {
        self.respond.waiting()
    }

    /// Decides about the most urgent of those, at most so many.
    pub fn decide_next(&mut self, at_most: usize, responded: &mut Responded) {
        responded.effects.extend(self.respond.step(Message::Next { at_most }));
    }

    /// Ends a batch: verdicts that are due, and sessions that matter.
    pub fn finish(&mut self, responded: &mut Responded) {
        let now = responded.batch.luggage.at;
        for judgement in self.derived.verdicts.due(&self.profiles, now, responded.batch.luggage.last) {
            responded.effects.extend(self.respond.step(Message::Judgement(judgement)));
        }
        if self.is_serious() {
            let fresh = self.derived.habits.sessions.fresh(now);
            responded.learnt.extend(fresh.iter().cloned());
            responded.effects.extend(self.respond.step(Message::Derived(fresh)));
        }
        responded.batch.seen.clear();
        responded.batch.derived.clear();
    }

    /// Makes known how what a finding is about came to be.
    fn trace(&mut self, finding: &Finding, responded: &mut Responded) {
        let subject = finding.subject.iter();
        let ancestors: Vec<Derivation> =
            subject.flat_map(|subject| self.derived.habits.sessions.ancestors(subject)).collect();
        responded.learnt.extend(ancestors.iter().cloned());
        responded.effects.extend(self.respond.step(Message::Derived(ancestors)));
    }

    /// Whether sessions matter: an incident has grounds, so that what was made with a compromised key must be known.
    fn is_serious(&self) -> bool {
        self.respond.incidents().any(|incident| incident.status != Status::Watching)
    }

    fn tell(&mut self, now: Time) -> Vec<Effect> {
        self.told = Some(now);
        let estate = Estate { facts: self.facts.clone(), uses: self.derived.habits.uses.uses(now) };
        self.respond.step(Message::Facts(estate))
    }

    /// The environments whose verdicts are known, with the verdicts.
    pub fn judgements(&self) -> Vec<firebreak_model::Judgement> {
        self.derived.verdicts.all(&self.profiles)
    }
}
