//! Findings of rules that need one event: suppression by subject, and tripwires that count only near a novelty.
//!
//! Time is cut into windows of a rule's `suppress_seconds`, the same for everyone, and a subject gives one finding in each.
//! The finding's id comes from rule, subject and window, so that it is the same whichever of the hits comes first, and
//! whether it is raised on arrival or in its turn.

mod unarmed;

use super::correlations::Candidate;
use super::keyed::{AsSlots, Footprint, Keyed, Slots};
use super::moment::{Moment, Parties};
use super::settings::{Counters, Settings, micros};
use crate::rules::{Detection, RuleIndex, Rules};
use firebreak_model::{EventUid, Finding, FindingId, NodeKey, Signal, Text, Time};
use serde::{Deserialize, Serialize};
use unarmed::{Unarmed, Waiting};

/// One finding's place: rule, subject, window and signal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Place {
    rule: Text,
    subject: Option<NodeKey>,
    window: i64,
    tripwire: bool,
}

impl Footprint for Place {
    fn heap_bytes(&self) -> usize {
        self.rule.heap_bytes() + self.subject.as_ref().map_or(0, Footprint::heap_bytes)
    }
}

/// What rules that need one event remember.
#[derive(Debug)]
pub(super) struct Hits {
    raised: Keyed<Place, ()>,
    /// When a credential or actor last did something novel.
    novel: Keyed<NodeKey, i64>,
    unarmed: Waiting,
}

impl Footprint for i64 {
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// How long it is remembered what was raised and what was novel: the longest time that a rule may ask for.
const MEMORY_SECONDS: i64 = crate::rules::attributes::SECONDS_MAX;

/// What a snapshot keeps.
#[derive(Deserialize)]
pub(super) struct Kept {
    raised: Slots<Place, ()>,
    novel: Slots<NodeKey, i64>,
    unarmed: Waiting,
}

impl Serialize for Hits {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut kept = serializer.serialize_struct("Hits", 3)?;
        kept.serialize_field("raised", &AsSlots(&self.raised))?;
        kept.serialize_field("novel", &AsSlots(&self.novel))?;
        kept.serialize_field("unarmed", &self.unarmed)?;
        kept.end()
    }
}

impl Hits {
    pub(super) fn new(settings: &Settings) -> Hits {
        Hits {
            raised: Keyed::new(settings.map_bytes_max, micros(MEMORY_SECONDS)),
            novel: Keyed::new(settings.map_bytes_max, micros(MEMORY_SECONDS)),
            unarmed: Waiting::default(),
        }
    }

    pub(super) fn restore(&mut self, kept: Kept) {
        self.raised.restore(kept.raised);
        self.novel.restore(kept.novel);
        self.unarmed = kept.unarmed;
    }

    pub(super) fn evicted(&self) -> u64 {
        self.raised.evicted() + self.novel.evicted()
    }

    /// Raises the rules of `moment` for which `chosen` holds.
    pub(super) fn take(
        &mut self,
        moment: &Moment,
        rules: &Rules,
        settings: &Settings,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
        chosen: impl Fn(&Detection) -> bool,
    ) {
        for index in &moment.rules {
            let Some(rule) = rules.detection(*index).filter(|rule| chosen(rule)) else { continue };
            let hit = Hit { rule, uid: moment.uid, at: moment.at, parties: &moment.parties };
            match rule.attributes.armed_seconds {
                None => self.raise(&hit, rule.attributes.signal, None, counters, out),
                Some(seconds) => self.take_armed(&hit, seconds, settings, counters, out),
            }
        }
    }

    /// Raises the rules of a moment that came too late for its turn; nothing can arm a tripwire any more.
    pub(super) fn take_late(
        &mut self,
        moment: &Moment,
        rules: &Rules,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) {
        for rule in moment.rules.iter().filter_map(|index: &RuleIndex| rules.detection(*index)) {
            let hit = Hit { rule, uid: moment.uid, at: moment.at, parties: &moment.parties };
            let signal = if rule.attributes.armed_seconds.is_some() { Signal::Watch } else { rule.attributes.signal };
            self.raise(&hit, signal, None, counters, out);
        }
    }

    /// When the credential or the actor last did something novel, if not longer ago than `seconds`.
    fn novel_since(&self, parties: &Parties, at: i64, seconds: i64) -> Option<i64> {
        let since = at.saturating_sub(micros(seconds));
        let parties = [&parties.credential, &parties.actor];
        parties
            .into_iter()
            .flatten()
            .filter_map(|party| self.novel.get(party))
            .copied()
            .max()
            .filter(|novel| *novel >= since)
    }

    /// The finding of a correlation. A tripwire that wants arming counts only after a novelty; it does not wait for one.
    pub(super) fn settled(&self, candidate: Candidate) -> Finding {
        let Candidate { mut finding, armed_by } = candidate;
        let armed = |(seconds, parties): &(i64, Parties)| self.novel_since(parties, finding.at.0, *seconds).is_some();
        if !armed_by.as_ref().is_none_or(armed) {
            finding.signal = Signal::Watch;
        }
        finding
    }

    fn take_armed(
        &mut self,
        hit: &Hit<'_>,
        seconds: i64,
        settings: &Settings,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) {
        if let Some(novel) = self.novel_since(hit.parties, hit.at, seconds) {
            self.raise(hit, Signal::Tripwire, Some(novel), counters, out);
            return;
        }
        let waits = self.unarmed.add(Unarmed {
            rule: hit.rule.attributes.key.clone(),
            uid: hit.uid,
            at: hit.at,
            until: hit.at.saturating_add(micros(seconds.min(settings.lateness_seconds))),
            parties: hit.parties.clone(),
        });
        if !waits {
            self.raise(hit, Signal::Watch, None, counters, out);
        }
    }

    /// A credential or actor did something novel: tripwires that waited for it count.
    pub(super) fn arm(&mut self, moment: &Moment, rules: &Rules, counters: &mut Counters, out: &mut Vec<Finding>) {
        let Parties { credential, actor, .. } = &moment.parties;
        for party in [credential, actor].into_iter().flatten() {
            self.novel.update(party, moment.at, || moment.at, |at| *at = moment.at.max(*at));
        }
        for waiting in self.unarmed.of(&moment.parties, moment.at) {
            self.raise_waiting(&waiting, Signal::Tripwire, Some(moment.at), rules, counters, out);
        }
    }

    /// Tripwires that waited in vain only watch.
    pub(super) fn expire(&mut self, now: i64, rules: &Rules, counters: &mut Counters, out: &mut Vec<Finding>) {
        while let Some(waiting) = self.unarmed.over(now) {
            self.raise_waiting(&waiting, Signal::Watch, None, rules, counters, out);
        }
    }

    fn raise_waiting(
        &mut self,
        waiting: &Unarmed,
        signal: Signal,
        armed_at: Option<i64>,
        rules: &Rules,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) {
        let Some(rule) = rules.detections().iter().find(|rule| rule.attributes.key == waiting.rule) else { return };
        let hit = Hit { rule, uid: waiting.uid, at: waiting.at, parties: &waiting.parties };
        self.raise(&hit, signal, armed_at, counters, out);
    }

    fn raise(
        &mut self,
        hit: &Hit<'_>,
        signal: Signal,
        armed_at: Option<i64>,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) {
        let attributes = &hit.rule.attributes;
        let subject = hit.parties.subject(attributes.subject);
        let window = hit.at.div_euclid(micros(attributes.suppress_seconds).max(1));
        let tripwire = signal == Signal::Tripwire;
        let place = Place { rule: attributes.key.clone(), subject, window, tripwire };
        let mut new = false;
        self.raised.update(&place, hit.at, || new = true, |()| ());
        if !new {
            counters.suppressed += 1;
            return;
        }
        counters.findings += 1;
        out.push(hit.finding(place, signal, armed_at));
    }
}

/// An event meets a rule.
struct Hit<'a> {
    rule: &'a Detection,
    uid: EventUid,
    at: i64,
    parties: &'a Parties,
}

impl Hit<'_> {
    fn finding(&self, place: Place, signal: Signal, armed_at: Option<i64>) -> Finding {
        let attributes = &self.rule.attributes;
        let anchor = EventUid::of(if place.tripwire { "tripwire" } else { "hit" }, &place.window.to_be_bytes());
        let about = place.subject.as_ref().map(|subject| format!(" by `{subject}`")).unwrap_or_default();
        let armed = match (armed_at, attributes.armed_seconds) {
            (Some(novel), _) => format!("; it counts, because its subject did something novel at {}", Time(novel)),
            (None, Some(_)) => "; it only watches, because nothing about its subject was novel".to_owned(),
            (None, None) => String::new(),
        };
        Finding {
            id: FindingId::of(&attributes.key, place.subject.as_ref(), anchor),
            detector: attributes.detector.clone(),
            title: attributes.title.clone(),
            severity: attributes.severity,
            signal,
            subject: place.subject,
            actor: self.parties.actor.clone(),
            class: None,
            first: Time(self.at),
            at: Time(self.at.max(armed_at.unwrap_or(self.at))),
            events: vec![self.uid],
            event_count: 1,
            explanation: format!("{}{about}{armed}", attributes.title),
            techniques: attributes.techniques.clone(),
        }
    }
}
