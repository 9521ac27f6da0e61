//! What a correlation has to say when its condition is met: in words, and as a finding.

use super::super::count::{EVENTS_EXACT, LatestEvents, LatestValues, Seen, WholeSpan};
use super::super::keyed::Footprint;
use super::super::metric::{SlidingValues, WholeValues};
use super::super::moment::{EVENTS_MAX, Parties};
use super::super::temporal::WholeAwaited;
use crate::rules::{Attributes, Correlation, Kind};
use firebreak_model::{EventUid, Finding, FindingId, Time};

/// A key met its correlation's condition.
pub(super) struct Fired {
    evidence: Vec<Seen>,
    count: u64,
    what: String,
}

/// A span that is judged when it is over.
pub(super) trait Whole: Footprint {
    /// When it ends, in microseconds.
    fn ends(&self) -> i64;
    /// Whom its latest event is about.
    fn parties(&self) -> &Parties;
    /// What it amounts to.
    fn judged(&self, rule: &Correlation) -> Option<Fired>;
}

impl Whole for WholeSpan {
    fn ends(&self) -> i64 {
        self.ends
    }

    fn parties(&self) -> &Parties {
        &self.parties
    }

    fn judged(&self, rule: &Correlation) -> Option<Fired> {
        let (count, bounds, noun) = match &rule.kind {
            Kind::EventCount(bounds) => (self.events, bounds, "events"),
            Kind::ValueCount(bounds, _) => (self.distinct(), bounds, "distinct values"),
            _ => return None,
        };
        let what = format!("{count} {noun} in a whole time span");
        bounds.contain(count).then(|| Fired { evidence: self.evidence(), count: self.events, what })
    }
}

impl Whole for WholeValues {
    fn ends(&self) -> i64 {
        self.ends
    }

    fn parties(&self) -> &Parties {
        &self.parties
    }

    fn judged(&self, rule: &Correlation) -> Option<Fired> {
        let (what, count, evidence) = WholeValues::judged(self, &rule.kind)?;
        Some(Fired { what: format!("{what} in a whole time span"), count, evidence })
    }
}

impl Whole for WholeAwaited {
    fn ends(&self) -> i64 {
        self.ends
    }

    fn parties(&self) -> &Parties {
        &self.parties
    }

    fn judged(&self, rule: &Correlation) -> Option<Fired> {
        let Kind::TemporalWhere(awaited) = &rule.kind else { return None };
        WholeAwaited::judged(self, awaited).map(|events| Fired::condition(events, rule.timespan_micros))
    }
}

impl Fired {
    pub(super) fn events(state: &LatestEvents, least: u64, span: i64) -> Fired {
        let (count, about) = (state.count(), if least > EVENTS_EXACT { "about " } else { "" });
        Fired { what: format!("{about}{count} events within {}", spelled(span)), count, evidence: state.evidence() }
    }

    pub(super) fn values(state: &LatestValues, least: u64, span: i64) -> Fired {
        let about = if state.is_estimate() { "about " } else { "" };
        let what = format!("{about}{least} distinct values within {}", spelled(span));
        Fired { what, count: state.count(), evidence: state.evidence() }
    }

    pub(super) fn numbers(state: &SlidingValues, kind: &Kind, span: i64) -> Fired {
        let what = format!("{} within {}", state.spelled(kind), spelled(span));
        Fired { what, count: state.values(), evidence: state.evidence() }
    }

    pub(super) fn condition(evidence: Vec<Seen>, span: i64) -> Fired {
        let count = evidence.len() as u64;
        Fired { what: format!("what the condition awaits, within {}", spelled(span)), count, evidence }
    }

    pub(super) fn all(evidence: Vec<Seen>, span: i64) -> Fired {
        let count = evidence.len() as u64;
        Fired { what: format!("every step within {}", spelled(span)), count, evidence }
    }
}

/// A time span in words.
fn spelled(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    match seconds {
        seconds if seconds >= 86_400 && seconds % 86_400 == 0 => format!("{} d", seconds / 86_400),
        seconds if seconds >= 3_600 && seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// A finding of a correlation. What was novel is known to another writer, so whether it is armed is settled after.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) finding: Finding,
    /// Where it counts only near a novelty: within so many seconds before, of one of these.
    pub(crate) armed_by: Option<(i64, Parties)>,
}

impl Candidate {
    pub(super) fn new(attributes: &Attributes, parties: &Parties, at: i64, fired: &Fired) -> Candidate {
        let subject = parties.subject(attributes.subject);
        let first = fired.evidence.first().copied().unwrap_or(Seen { at, uid: EventUid(0) });
        let about = subject.as_ref().map(|subject| format!(" by `{subject}`")).unwrap_or_default();
        let finding = Finding {
            id: FindingId::of(&attributes.key, subject.as_ref(), first.uid),
            detector: attributes.detector.clone(),
            title: attributes.title.clone(),
            severity: attributes.severity,
            signal: attributes.signal,
            actor: parties.actor.clone(),
            class: None,
            first: Time(first.at),
            at: Time(at),
            events: fired.evidence.iter().take(EVENTS_MAX).map(|seen| seen.uid).collect(),
            event_count: fired.count,
            explanation: format!("{}{about}", fired.what),
            techniques: attributes.techniques.clone(),
            subject,
        };
        Candidate { finding, armed_by: attributes.armed_seconds.map(|seconds| (seconds, parties.clone())) }
    }
}
