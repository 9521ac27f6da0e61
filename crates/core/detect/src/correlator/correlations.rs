//! The correlations at work: one state for each rule and key, fed with moments in order of time.

use super::count::{EVENTS_EXACT, LatestEvents, LatestValues, Seen, WholeSpan};
use super::hits::Hits;
use super::keyed::{AsSlots, Footprint, Keyed, Slots};
use super::metric::{SlidingValues, WholeValues};
use super::moment::{EVENTS_MAX, Hit, Moment, Parties};
use super::settings::{Counters, Settings, micros};
use super::snapshot::Blob;
use super::temporal::{AnyAlternative, AnyOrder, InOrder, WholeAwaited};
use crate::rules::{Attributes, Bounds, Correlation, Kind, Rules};
use firebreak_model::{EventUid, Finding, FindingId, Signal, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A state, and until when its key raises nothing more.
#[derive(Debug, Serialize, Deserialize)]
struct Track<S> {
    state: S,
    silent_until: i64,
}

impl<S> Track<S> {
    fn new(state: S) -> Track<S> {
        Track { state, silent_until: i64::MIN }
    }
}

impl<S: Footprint> Footprint for Track<S> {
    fn heap_bytes(&self) -> usize {
        self.state.heap_bytes()
    }

    /// A key that has fired is kept before all others: without it the same finding would be raised again.
    fn evidence(&self) -> u64 {
        if self.silent_until == i64::MIN { self.state.evidence() } else { u64::MAX }
    }
}

/// The state of one correlation, by key.
#[derive(Debug)]
enum States {
    Events(Keyed<Text, Track<LatestEvents>>),
    Values(Keyed<Text, Track<LatestValues>>),
    AnyOrder(Keyed<Text, Track<AnyOrder>>),
    InOrder(Keyed<Text, Track<InOrder>>),
    Whole(Keyed<Text, WholeSpan>, Ends),
    Numbers(Keyed<Text, Track<SlidingValues>>),
    WholeNumbers(Keyed<Text, WholeValues>, Ends),
    Alternatives(Keyed<Text, Track<AnyAlternative>>),
    WholeAlternatives(Keyed<Text, WholeAwaited>, Ends),
}

/// Something about the keys of any state.
macro_rules! of_each {
    ($states:expr, $keys:ident => $what:expr) => {
        match $states {
            States::Events($keys) => $what,
            States::Values($keys) => $what,
            States::AnyOrder($keys) => $what,
            States::InOrder($keys) => $what,
            States::Whole($keys, _) => $what,
            States::Numbers($keys) => $what,
            States::WholeNumbers($keys, _) => $what,
            States::Alternatives($keys) => $what,
            States::WholeAlternatives($keys, _) => $what,
        }
    };
}

/// When the spans that are judged at their end do end, by time.
type Ends = BTreeSet<(i64, Text)>;

/// A span that is judged when it is over.
trait Whole: Footprint {
    /// When it ends, in microseconds.
    fn ends(&self) -> i64;
    /// Whom its latest event is about.
    fn parties(&self) -> &Parties;
    /// What it amounts to.
    fn judged(&self, rule: &Correlation) -> Option<Fired>;
}

/// Takes the spans out of `keys` that are over by `now`.
fn over<S: Whole>(keys: &mut Keyed<Text, S>, ends: &mut Ends, now: i64) -> Vec<S> {
    let mut spans = Vec::new();
    while ends.first().is_some_and(|(end, _)| *end <= now) {
        let Some((_, key)) = ends.pop_first() else { break };
        spans.extend(keys.remove(&key));
    }
    spans
}

/// The findings of spans that are over.
fn judged<S: Whole>(spans: &[S], rule: &Correlation, before: &Hits, counters: &mut Counters, out: &mut Vec<Finding>) {
    for span in spans {
        if let Some(fired) = span.judged(rule).filter(|_| rule.emits) {
            counters.findings += 1;
            out.push(finding(&rule.attributes, span.parties(), span.ends(), &fired, before));
        }
    }
}

/// All correlations. They share one bound of bytes: where it is passed, the correlation that takes the most gives way, so
/// that a flood of keys of one rule does not touch the others.
#[derive(Debug)]
pub(super) struct Correlations {
    states: Vec<States>,
    bytes: usize,
    bytes_max: usize,
    /// When the first of the whole spans ends.
    next_end: i64,
}

/// A key met its correlation's condition.
struct Fired {
    evidence: Vec<Seen>,
    count: u64,
    what: String,
}

impl Correlations {
    pub(super) fn new(rules: &Rules, settings: &Settings) -> Correlations {
        let states = rules.correlations().iter().map(States::new).collect();
        Correlations { states, bytes: 0, bytes_max: settings.map_bytes_max, next_end: i64::MAX }
    }

    /// Bytes that the state takes, about.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keys whose state was dropped to stay within bounds.
    pub(super) fn evicted(&self) -> u64 {
        self.states.iter().map(States::evicted).sum()
    }

    /// Feeds one moment to the correlations that it counts for.
    pub(super) fn take(
        &mut self,
        moment: &Moment,
        rules: &Rules,
        hits_before: &Hits,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) {
        let mut fired_here: Vec<usize> = Vec::new();
        let mut hits = moment.hits.as_slice();
        // Hits of one correlation stand together, and after those of the correlations that it refers to.
        while let Some(first) = hits.first() {
            let together = hits.iter().take_while(|hit| hit.correlation == first.correlation).count();
            let (own, rest) = hits.split_at(together);
            hits = rest;
            let counted: Vec<&Hit> =
                own.iter().filter(|hit| hit.if_fires.is_none_or(|lower| fired_here.contains(&lower))).collect();
            let place = first.correlation;
            let (Some(rule), Some(states)) = (rules.correlations().get(place), self.states.get_mut(place)) else {
                continue;
            };
            if counted.is_empty() {
                continue;
            }
            let before = states.bytes();
            let fired = states.take(rule, moment, &counted, counters);
            self.bytes = (self.bytes + states.bytes()).saturating_sub(before);
            self.next_end = self.next_end.min(states.next_end());
            if self.bytes > self.bytes_max {
                self.shrink(moment.at);
            }
            let Some(fired) = fired else { continue };
            fired_here.push(place);
            if rule.emits {
                counters.findings += 1;
                out.push(finding(&rule.attributes, &moment.parties, moment.at, &fired, hits_before));
            }
        }
    }

    /// Judges the spans that are over by `now`.
    pub(super) fn judge(
        &mut self,
        now: i64,
        rules: &Rules,
        hits_before: &Hits,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) {
        if now < self.next_end {
            return;
        }
        for (states, rule) in self.states.iter_mut().zip(rules.correlations()) {
            match states {
                States::Whole(keys, ends) => judged(&over(keys, ends, now), rule, hits_before, counters, out),
                States::WholeNumbers(keys, ends) => judged(&over(keys, ends, now), rule, hits_before, counters, out),
                States::WholeAlternatives(keys, ends) => {
                    judged(&over(keys, ends, now), rule, hits_before, counters, out);
                }
                _ => {}
            }
        }
        self.count_up();
    }

    /// The correlation that takes the most gives way.
    fn shrink(&mut self, now: i64) {
        if let Some(largest) = self.states.iter_mut().max_by_key(|states| states.bytes()) {
            let others = self.bytes.saturating_sub(largest.bytes());
            largest.shrink(now, self.bytes_max.saturating_sub(others));
        }
        self.count_up();
    }

    fn count_up(&mut self) {
        self.bytes = self.states.iter().map(States::bytes).sum();
        self.next_end = self.states.iter().map(States::next_end).min().unwrap_or(i64::MAX);
    }

    /// What a snapshot keeps: states by the rule's key and digest, so that a changed rule starts anew.
    pub(super) fn snapshot(&self, rules: &Rules) -> BTreeMap<String, Blob> {
        let name = |rule: &Correlation| format!("{}#{:016x}", rule.attributes.key, rule.digest);
        rules.correlations().iter().zip(&self.states).map(|(rule, states)| (name(rule), states.to_bytes())).collect()
    }

    /// Puts back what a snapshot kept of the rules that are still the same.
    pub(super) fn restore(&mut self, rules: &Rules, kept: &BTreeMap<String, Blob>) -> Result<(), postcard::Error> {
        for (rule, states) in rules.correlations().iter().zip(&mut self.states) {
            if let Some(Blob(bytes)) = kept.get(&format!("{}#{:016x}", rule.attributes.key, rule.digest)) {
                states.restore(bytes)?;
            }
        }
        self.count_up();
        Ok(())
    }
}

impl States {
    fn new(rule: &Correlation) -> States {
        // The bound is that of all correlations together.
        let bytes_max = usize::MAX;
        let stale = rule.timespan_micros.max(micros(rule.attributes.suppress_seconds));
        match &rule.kind {
            Kind::EventCount(Bounds { most: None, .. }) => States::Events(Keyed::new(bytes_max, stale)),
            Kind::ValueCount(Bounds { most: None, .. }, _) => States::Values(Keyed::new(bytes_max, stale)),
            Kind::EventCount(_) | Kind::ValueCount(..) => {
                States::Whole(Keyed::new(bytes_max, i64::MAX), BTreeSet::new())
            }
            Kind::Temporal => States::AnyOrder(Keyed::new(bytes_max, stale)),
            Kind::TemporalOrdered => States::InOrder(Keyed::new(bytes_max, stale)),
            Kind::TemporalWhere(awaited) if awaited.needs_absence() => {
                States::WholeAlternatives(Keyed::new(bytes_max, i64::MAX), BTreeSet::new())
            }
            Kind::TemporalWhere(_) => States::Alternatives(Keyed::new(bytes_max, stale)),
            Kind::ValueSum(range, _) | Kind::ValueAverage(range, _) | Kind::ValuePercentile(range, ..) => {
                if range.most.is_none() {
                    States::Numbers(Keyed::new(bytes_max, stale))
                } else {
                    States::WholeNumbers(Keyed::new(bytes_max, i64::MAX), BTreeSet::new())
                }
            }
        }
    }

    fn evicted(&self) -> u64 {
        of_each!(self, keys => keys.evicted())
    }

    fn bytes(&self) -> usize {
        of_each!(self, keys => keys.bytes())
    }

    fn shrink(&mut self, now: i64, bytes_max: usize) {
        of_each!(self, keys => keys.shrink(now, bytes_max));
        match self {
            States::Whole(keys, ends) => ends.retain(|(_, key)| keys.get(key).is_some()),
            States::WholeNumbers(keys, ends) => ends.retain(|(_, key)| keys.get(key).is_some()),
            States::WholeAlternatives(keys, ends) => ends.retain(|(_, key)| keys.get(key).is_some()),
            _ => {}
        }
    }

    /// When the first of the spans ends that are judged when they are over.
    fn next_end(&self) -> i64 {
        match self {
            States::Whole(_, ends) | States::WholeNumbers(_, ends) | States::WholeAlternatives(_, ends) => {
                ends.first().map_or(i64::MAX, |(end, _)| *end)
            }
            _ => i64::MAX,
        }
    }

    /// Takes a moment; what fired, unless the key was silent.
    fn take(&mut self, rule: &Correlation, moment: &Moment, hits: &[&Hit], counters: &mut Counters) -> Option<Fired> {
        let hit = hits.first()?;
        let (span, at) = (rule.timespan_micros, moment.at);
        let seen = Seen { at, uid: moment.uid };
        let until = at.saturating_add(micros(rule.attributes.suppress_seconds));
        let key = &hit.key;
        match (self, &rule.kind) {
            (States::Events(keys), Kind::EventCount(bounds)) => keys.update(
                key,
                at,
                || Track::new(LatestEvents::new(bounds.least)),
                |track| {
                    let fires = track.state.take(seen, bounds.least, span);
                    track.speak(fires, at, until, counters, |state| Fired::events(state, bounds.least, span))
                },
            ),
            (States::Values(keys), Kind::ValueCount(bounds, _)) => keys.update(
                key,
                at,
                || Track::new(LatestValues::default()),
                |track| {
                    let take = |value| track.state.take(seen, value, bounds.least, span);
                    let fires = hit.values.iter().map(take).fold(false, |any, fires| any | fires);
                    track.speak(fires, at, until, counters, |state| Fired::values(state, bounds.least, span))
                },
            ),
            (States::AnyOrder(keys), Kind::Temporal) => {
                let new = || Track::new(AnyOrder::new(rule.references.len()));
                keys.update(key, at, new, |track| {
                    let events = hits.iter().filter_map(|hit| track.state.take(seen, hit.position, span)).last();
                    let fires = events.is_some();
                    track.speak(fires, at, until, counters, |_| Fired::all(events.unwrap_or_default(), span))
                })
            }
            (States::InOrder(keys), Kind::TemporalOrdered) => {
                let new = || Track::new(InOrder::new(rule.references.len()));
                let positions: Vec<usize> = hits.iter().map(|hit| hit.position).collect();
                keys.update(key, at, new, |track| {
                    let events = track.state.take(seen, &positions, span);
                    let fires = events.is_some();
                    track.speak(fires, at, until, counters, |_| Fired::all(events.unwrap_or_default(), span))
                })
            }
            (States::Whole(keys, ends), _) => {
                let end = at.saturating_add(span);
                let ends_now = keys.update(
                    key,
                    at,
                    || WholeSpan::new(end),
                    |whole| {
                        whole.take(seen, &moment.parties, &hit.values, rule.kind.most());
                        whole.ends
                    },
                );
                // Only a span's first event sets its end.
                if ends_now == end {
                    ends.insert((end, key.clone()));
                }
                None
            }
            (states, _) => states.take_measured(rule, moment, hits, counters),
        }
    }

    /// [`States::take`] for numbers and for conditions over rules.
    fn take_measured(
        &mut self,
        rule: &Correlation,
        moment: &Moment,
        hits: &[&Hit],
        counters: &mut Counters,
    ) -> Option<Fired> {
        let hit = hits.first()?;
        let (span, at, key) = (rule.timespan_micros, moment.at, &hit.key);
        let (end, seen) = (at.saturating_add(span), Seen { at, uid: moment.uid });
        let until = at.saturating_add(micros(rule.attributes.suppress_seconds));
        let positions = || hits.iter().map(|hit| hit.position).collect::<Vec<usize>>();
        match (self, &rule.kind) {
            (States::Numbers(keys), kind) => {
                let new = || Track::new(SlidingValues::default());
                keys.update(key, at, new, |track| {
                    let fires = track.state.take(seen, &hit.values, kind, span);
                    track.speak(fires, at, until, counters, |state| Fired::numbers(state, kind, span))
                })
            }
            (States::WholeNumbers(keys, ends), kind) => {
                let new = || WholeValues::new(end);
                let end = keys.update(key, at, new, |whole| {
                    whole.take(seen, &moment.parties, &hit.values, kind);
                    whole.ends
                });
                ends.insert((end, key.clone()));
                None
            }
            (States::Alternatives(keys), Kind::TemporalWhere(awaited)) => {
                let new = || Track::new(AnyAlternative::new(awaited, rule.references.len()));
                keys.update(key, at, new, |track| {
                    let events = track.state.take(seen, &positions(), awaited, span);
                    let fires = events.is_some();
                    track.speak(fires, at, until, counters, |_| Fired::condition(events.unwrap_or_default(), span))
                })
            }
            (States::WholeAlternatives(keys, ends), Kind::TemporalWhere(awaited)) => {
                let new = || WholeAwaited::new(end, awaited, rule.references.len());
                let end = keys.update(key, at, new, |whole| {
                    whole.take(seen, &moment.parties, &positions(), awaited);
                    whole.ends
                });
                ends.insert((end, key.clone()));
                None
            }
            _ => None,
        }
    }

    fn to_bytes(&self) -> Blob {
        let bytes = match self {
            States::Events(keys) => postcard::to_allocvec(&AsSlots(keys)),
            States::Values(keys) => postcard::to_allocvec(&AsSlots(keys)),
            States::AnyOrder(keys) => postcard::to_allocvec(&AsSlots(keys)),
            States::InOrder(keys) => postcard::to_allocvec(&AsSlots(keys)),
            States::Whole(keys, ends) => postcard::to_allocvec(&(AsSlots(keys), ends)),
            States::Numbers(keys) => postcard::to_allocvec(&AsSlots(keys)),
            States::WholeNumbers(keys, ends) => postcard::to_allocvec(&(AsSlots(keys), ends)),
            States::Alternatives(keys) => postcard::to_allocvec(&AsSlots(keys)),
            States::WholeAlternatives(keys, ends) => postcard::to_allocvec(&(AsSlots(keys), ends)),
        };
        // Plain data: there is nothing in it that cannot be written.
        Blob(bytes.unwrap_or_default())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), postcard::Error> {
        match self {
            States::Events(keys) => keys.restore(postcard::from_bytes(bytes)?),
            States::Values(keys) => keys.restore(postcard::from_bytes(bytes)?),
            States::AnyOrder(keys) => keys.restore(postcard::from_bytes(bytes)?),
            States::InOrder(keys) => keys.restore(postcard::from_bytes(bytes)?),
            States::Whole(keys, ends) => restore_whole(keys, ends, bytes)?,
            States::Numbers(keys) => keys.restore(postcard::from_bytes(bytes)?),
            States::WholeNumbers(keys, ends) => restore_whole(keys, ends, bytes)?,
            States::Alternatives(keys) => keys.restore(postcard::from_bytes(bytes)?),
            States::WholeAlternatives(keys, ends) => restore_whole(keys, ends, bytes)?,
        }
        Ok(())
    }
}

impl<S> Track<S> {
    /// What fired, unless this key is silent.
    fn speak(
        &mut self,
        fires: bool,
        at: i64,
        until: i64,
        counters: &mut Counters,
        fired: impl FnOnce(&S) -> Fired,
    ) -> Option<Fired> {
        if !fires {
            return None;
        }
        if at < self.silent_until {
            counters.suppressed += 1;
            return None;
        }
        self.silent_until = until;
        Some(fired(&self.state))
    }
}

fn restore_whole<S: for<'de> Deserialize<'de>>(
    keys: &mut Keyed<Text, S>,
    ends: &mut Ends,
    bytes: &[u8],
) -> Result<(), postcard::Error> {
    let (slots, kept): (Slots<Text, S>, Ends) = postcard::from_bytes(bytes)?;
    keys.restore(slots);
    *ends = kept;
    Ok(())
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
    fn events(state: &LatestEvents, least: u64, span: i64) -> Fired {
        let (count, about) = (state.count(), if least > EVENTS_EXACT { "about " } else { "" });
        Fired { what: format!("{about}{count} events within {}", spelled(span)), count, evidence: state.evidence() }
    }

    fn values(state: &LatestValues, least: u64, span: i64) -> Fired {
        let about = if state.is_estimate() { "about " } else { "" };
        let what = format!("{about}{least} distinct values within {}", spelled(span));
        Fired { what, count: state.count(), evidence: state.evidence() }
    }

    fn numbers(state: &SlidingValues, kind: &Kind, span: i64) -> Fired {
        let what = format!("{} within {}", state.spelled(kind), spelled(span));
        Fired { what, count: state.values(), evidence: state.evidence() }
    }

    fn condition(evidence: Vec<Seen>, span: i64) -> Fired {
        let count = evidence.len() as u64;
        Fired { what: format!("what the condition awaits, within {}", spelled(span)), count, evidence }
    }

    fn all(evidence: Vec<Seen>, span: i64) -> Fired {
        let count = evidence.len() as u64;
        Fired { what: format!("every step within {}", spelled(span)), count, evidence }
    }
}

/// A time span in words.
pub(crate) fn spelled(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    match seconds {
        seconds if seconds >= 86_400 && seconds % 86_400 == 0 => format!("{} d", seconds / 86_400),
        seconds if seconds >= 3_600 && seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

/// The finding of a correlation. A tripwire that wants arming counts only after a novelty; it does not wait for one.
fn finding(attributes: &Attributes, parties: &Parties, at: i64, fired: &Fired, hits_before: &Hits) -> Finding {
    let armed = attributes.armed_seconds.is_none_or(|seconds| hits_before.novel_since(parties, at, seconds).is_some());
    let subject = parties.subject(attributes.subject);
    let first = fired.evidence.first().copied().unwrap_or(Seen { at, uid: EventUid(0) });
    let about = subject.as_ref().map(|subject| format!(" by `{subject}`")).unwrap_or_default();
    Finding {
        id: FindingId::of(&attributes.key, subject.as_ref(), first.uid),
        detector: attributes.detector.clone(),
        title: attributes.title.clone(),
        severity: attributes.severity,
        signal: if armed { attributes.signal } else { Signal::Watch },
        actor: parties.actor.clone(),
        class: None,
        first: Time(first.at),
        at: Time(at),
        events: fired.evidence.iter().take(EVENTS_MAX).map(|seen| seen.uid).collect(),
        event_count: fired.count,
        explanation: format!("{}{about}", fired.what),
        techniques: attributes.techniques.clone(),
        subject,
    }
}
