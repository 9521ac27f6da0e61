//! The state of one correlation, by key, and what a moment does to it.

use super::super::count::{LatestEvents, LatestValues, Seen, WholeSpan};
use super::super::keyed::{AsSlots, Footprint, Keyed};
use super::super::metric::{SlidingValues, WholeValues};
use super::super::moment::{Hit, Moment};
use super::super::settings::{Counters, micros};
use super::super::snapshot::Blob;
use super::super::temporal::{AnyAlternative, AnyOrder, InOrder, WholeAwaited};
use super::fired::{Candidate, Fired, Whole};
use crate::rules::{Bounds, Correlation, Kind};
use firebreak_model::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A state, and until when its key raises nothing more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Track<S> {
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
pub(super) enum States {
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

/// Takes the spans out of `keys` that are over by `now`.
fn over<S: Whole>(keys: &mut Keyed<Text, S>, ends: &mut Ends, now: i64) -> Vec<S> {
    let mut spans = Vec::new();
    while ends.first().is_some_and(|(end, _)| *end <= now) {
        let Some((_, key)) = ends.pop_first() else { break };
        spans.extend(keys.remove(&key));
    }
    spans
}

/// The findings of those that are over.
fn judged<S: Whole>(spans: &[S], rule: &Correlation) -> Vec<Candidate> {
    let fired = |span: &S| Some(Candidate::new(&rule.attributes, span.parties(), span.ends(), &span.judged(rule)?));
    spans.iter().filter(|_| rule.emits).filter_map(fired).collect()
}

impl States {
    pub(super) fn new(rule: &Correlation) -> States {
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

    pub(super) fn evicted(&self) -> u64 {
        of_each!(self, keys => keys.evicted())
    }

    pub(super) fn bytes(&self) -> usize {
        of_each!(self, keys => keys.bytes())
    }

    pub(super) fn shrink(&mut self, now: i64, bytes_max: usize) {
        of_each!(self, keys => keys.shrink(now, bytes_max));
        match self {
            States::Whole(keys, ends) => ends.retain(|(_, key)| keys.get(key).is_some()),
            States::WholeNumbers(keys, ends) => ends.retain(|(_, key)| keys.get(key).is_some()),
            States::WholeAlternatives(keys, ends) => ends.retain(|(_, key)| keys.get(key).is_some()),
            _ => {}
        }
    }

    /// When the first of the spans ends that are judged when they are over.
    pub(super) fn next_end(&self) -> i64 {
        match self {
            States::Whole(_, ends) | States::WholeNumbers(_, ends) | States::WholeAlternatives(_, ends) => {
                ends.first().map_or(i64::MAX, |(end, _)| *end)
            }
            _ => i64::MAX,
        }
    }

    /// The findings of the spans that are over by `now`.
    pub(super) fn judge(&mut self, now: i64, rule: &Correlation) -> Vec<Candidate> {
        match self {
            States::Whole(keys, ends) => judged(&over(keys, ends, now), rule),
            States::WholeNumbers(keys, ends) => judged(&over(keys, ends, now), rule),
            States::WholeAlternatives(keys, ends) => judged(&over(keys, ends, now), rule),
            _ => Vec::new(),
        }
    }

    /// Takes a moment; what fired, unless the key was silent.
    pub(super) fn take(
        &mut self,
        rule: &Correlation,
        moment: &Moment,
        hits: &[&Hit],
        counters: &mut Counters,
    ) -> Option<Fired> {
        let turn = Turn::of(rule, moment, hits.first()?);
        let Turn { seen, span, end, until, hit } = turn;
        let (at, key) = (seen.at, &hit.key);
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
            (states, _) => states.take_measured(rule, moment, hits, turn, counters),
        }
    }

    /// [`States::take`] for numbers and for conditions over rules.
    fn take_measured(
        &mut self,
        rule: &Correlation,
        moment: &Moment,
        hits: &[&Hit],
        turn: Turn<'_>,
        counters: &mut Counters,
    ) -> Option<Fired> {
        let Turn { seen, span, end, until, hit } = turn;
        let (at, key) = (seen.at, &hit.key);
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

    pub(super) fn to_bytes(&self) -> Blob {
        // Plain data: there is nothing in it that cannot be written.
        Blob(of_each!(self, keys => postcard::to_allocvec(&AsSlots(keys))).unwrap_or_default())
    }

    /// Puts back the keys that `own` says yes to.
    pub(super) fn restore(&mut self, bytes: &[u8], own: impl Fn(&Text) -> bool) -> Result<(), postcard::Error> {
        of_each!(self, keys => keys.restore_some(postcard::from_bytes(bytes)?, own));
        match self {
            States::Whole(keys, ends) => *ends = ends_of(keys),
            States::WholeNumbers(keys, ends) => *ends = ends_of(keys),
            States::WholeAlternatives(keys, ends) => *ends = ends_of(keys),
            _ => {}
        }
        Ok(())
    }
}

/// What every kind of state asks of a moment.
#[derive(Clone, Copy)]
struct Turn<'h> {
    seen: Seen,
    /// How long the time span is, in microseconds.
    span: i64,
    /// When a span ends that begins now.
    end: i64,
    /// Until when the key is silent if it fires now.
    until: i64,
    /// The first of the hits: all have its key.
    hit: &'h Hit,
}

impl<'h> Turn<'h> {
    fn of(rule: &Correlation, moment: &Moment, hit: &'h Hit) -> Turn<'h> {
        let (at, span) = (moment.at, rule.timespan_micros);
        Turn {
            seen: Seen { at, uid: moment.uid },
            span,
            end: at.saturating_add(span),
            until: at.saturating_add(micros(rule.attributes.suppress_seconds)),
            hit,
        }
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

fn ends_of<S: Whole>(keys: &Keyed<Text, S>) -> Ends {
    keys.iter().map(|(key, span)| (span.ends(), key.clone())).collect()
}
