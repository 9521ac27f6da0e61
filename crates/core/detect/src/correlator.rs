//! The correlator: keyed state over events in order of time. It raises every finding.
//!
//! [`Correlator::observe`] takes events as they arrive, in any order within the allowed lateness. They wait until nothing
//! earlier can come, so that what is found is a function of the set of events and not of their order. In its turn an
//! event goes through the built-in behaviours, the rules that need one event, and the correlations. An event that comes
//! too late is still matched by the rules that need one event, and counted.
//!
//! State is bounded. All correlations share `map_bytes_max`, and where that is passed the one that takes the most gives
//! way; behaviours have bounds of their own. Of one map what is stale goes first, then what has the least evidence, of
//! that the oldest; a key that has fired goes last. Whatever was not stale is counted as evicted. So a flood of new keys
//! drops its own keys: to drop one that stands for ten events it needs eleven for each of its own.
//!
//! Time is data. In a replay only the records move it. A live program calls [`Correlator::advance`] with its clock now and
//! then, so that a quiet hour does not hold back what waits, and a wild stamp does not run ahead.

mod correlations;
mod count;
mod hits;
pub(crate) mod keyed;
pub(crate) mod metric;
pub(crate) mod moment;
mod order;
pub(crate) mod settings;
mod snapshot;
mod temporal;

use crate::behaviour::Behaviours;
use crate::behaviour::deed::Lexicon;
use crate::rules::{Detection, RuleIndex, Rules};
use correlations::Correlations;
use firebreak_model::{Catalogue, Event, Finding, Signal, Time};
use hits::Hits;
use moment::{Feeds, Moment, in_order};
pub use order::Arrival;
use order::Order;
pub use settings::{Counters, Settings};
use std::sync::Arc;

/// An event and the rules that it meets.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The event.
    pub event: Arc<Event>,
    /// What [`crate::Matcher::matches`] gave for it.
    pub matches: Vec<RuleIndex>,
}

/// Keyed state over events in order of time.
#[derive(Debug)]
pub struct Correlator {
    rules: Arc<Rules>,
    catalogue: Arc<Catalogue>,
    settings: Settings,
    feeds: Feeds,
    order: Order<Moment>,
    counters: Counters,
    hits: Hits,
    correlations: Correlations,
    lexicon: Lexicon,
    behaviours: Behaviours,
}

impl Correlator {
    /// A correlator that has seen nothing.
    pub fn new(rules: Arc<Rules>, catalogue: Arc<Catalogue>, settings: Settings) -> Correlator {
        Correlator {
            feeds: Feeds::new(&rules),
            order: Order::new(),
            counters: Counters::default(),
            hits: Hits::new(&settings),
            correlations: Correlations::new(&rules, &settings),
            lexicon: Lexicon::default(),
            behaviours: Behaviours::new(&settings),
            rules,
            catalogue,
            settings,
        }
    }

    /// Takes an event. Gives the findings that are due now, about this event or earlier ones.
    pub fn observe(&mut self, observed: Observed) -> Vec<Finding> {
        let mut out = Vec::new();
        self.take(&observed.event, &observed.matches, &mut out);
        out
    }

    /// Takes an event that meets the rules `matches`, and puts the findings that are due now behind what is in `out`. Says
    /// whether it is new.
    pub fn take(&mut self, event: &Event, matches: &[RuleIndex], out: &mut Vec<Finding>) -> Arrival {
        let before = out.len();
        self.counters.observed += 1;
        let (at, uid) = (event.time.0, event.uid.0);
        let arrival = self.order.arrive(event.source, at, uid, &self.settings, &mut self.counters);
        if arrival != Arrival::Duplicate {
            let missing = &mut self.counters.missing_keys;
            let mut moment = Moment::of(event, matches, &self.feeds, &self.rules, &mut self.lexicon, missing);
            if arrival == Arrival::Late {
                self.hits.take_late(&moment, &self.rules, &mut self.counters, out);
            } else {
                if self.settings.eager {
                    self.raise_eagerly(&mut moment, out);
                }
                self.order.wait(at, uid, moment.bytes_held(), moment);
            }
        }
        self.take_turns(out);
        if let Some(new) = out.get_mut(before..) {
            in_order(new);
        }
        arrival
    }

    /// The clock says `now`. Only for live use: call it every second or so. It lets waiting events take their turn where
    /// no record moves time, and bounds how far ahead a record may claim to be.
    pub fn advance(&mut self, now: Time) -> Vec<Finding> {
        let mut out = Vec::new();
        self.order.tell(now.0, &self.settings);
        self.take_turns(&mut out);
        in_order(&mut out);
        out
    }

    /// Holds time back until `source` has been read: for replays that read one source after another. Ends with
    /// [`Correlator::finish`].
    pub fn expect(&mut self, source: &str) {
        self.order.expect(source);
    }

    /// Nothing more comes from `source`: it holds nobody back.
    pub fn finish(&mut self, source: &str) -> Vec<Finding> {
        let mut out = Vec::new();
        self.order.finish(source, &self.settings);
        self.take_turns(&mut out);
        in_order(&mut out);
        out
    }

    /// The input has ended: everything that waits takes its turn, and every time span is over. Not for a live program
    /// that stops to start again: that takes a [`Correlator::snapshot`].
    pub fn close(&mut self) -> Vec<Finding> {
        let mut out = Vec::new();
        while let Some(moment) = self.order.flush() {
            self.take_turn(&moment, &mut out);
        }
        self.hits.expire(i64::MAX, &self.rules, &mut self.counters, &mut out);
        self.correlations.judge(i64::MAX, &self.rules, &self.hits, &mut self.counters, &mut out);
        in_order(&mut out);
        out
    }

    /// Another catalogue, from the next event on.
    pub fn set_catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.catalogue = catalogue;
    }

    /// What happened beside findings.
    pub fn counters(&self) -> Counters {
        let evicted = self.hits.evicted() + self.correlations.evicted() + self.behaviours.evicted();
        Counters { evicted: self.counters.evicted + evicted, ..self.counters }
    }

    fn take_turns(&mut self, out: &mut Vec<Finding>) {
        while let Some(moment) = self.order.release(&self.settings, &mut self.counters) {
            self.take_turn(&moment, out);
        }
        let now = self.order.watermark();
        self.hits.expire(now, &self.rules, &mut self.counters, out);
        self.correlations.judge(now, &self.rules, &self.hits, &mut self.counters, out);
    }

    fn take_turn(&mut self, moment: &Moment, out: &mut Vec<Finding>) {
        let (rules, settings, counters) = (&self.rules, &self.settings, &mut self.counters);
        self.hits.expire(moment.at, rules, counters, out);
        self.correlations.judge(moment.at, rules, &self.hits, counters, out);
        if self.behaviours.take(moment, &self.catalogue, settings, counters, out) {
            self.hits.arm(moment, rules, counters, out);
        }
        self.hits.take(moment, rules, settings, counters, out, |_| true);
        self.correlations.take(moment, rules, &self.hits, counters, out);
    }

    /// Raises tripwires that wait for nothing, and forgets them: they need no turn.
    fn raise_eagerly(&mut self, moment: &mut Moment, out: &mut Vec<Finding>) {
        let immediate =
            |rule: &Detection| rule.attributes.signal == Signal::Tripwire && rule.attributes.armed_seconds.is_none();
        self.hits.take(moment, &self.rules, &self.settings, &mut self.counters, out, immediate);
        moment.rules.retain(|index| !self.rules.detection(*index).is_some_and(immediate));
    }
}

#[cfg(test)]
mod measured_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
