//! The correlator: keyed state over events in order of time. It raises every finding.
//!
//! [`Correlator::observe`] takes events as they arrive, in any order within the allowed lateness. They wait until nothing
//! earlier can come, so that what is found is a function of the set of events and not of their order. In its turn an
//! event goes through the built-in behaviours, the rules that need one event, and the correlations. An event that comes
//! too late is still matched by the rules that need one event, and counted.
//!
//! Keyed state is in shards: the keys of correlations in [`Settings::shards`] of them by a hash of rule and key,
//! behaviours in one of their own, each with one writer. What shards find is settled in order of time by one writer, who
//! also holds what single rules raised and what was novel: see `shards` and `front`. [`Correlator::take_all`] is for
//! those who have threads.
//!
//! State is bounded. The correlations of a shard share its part of `map_bytes_max`, and where that is passed the one that
//! takes the most gives way; behaviours have bounds of their own. Of one map what is stale goes first, then what has the
//! least evidence, of that the oldest; a key that has fired goes last. Whatever was not stale is counted as evicted. So a
//! flood of new keys drops its own keys, and none of another shard: to drop one that stands for ten events it needs eleven
//! for each of its own.
//!
//! Time is data. In a replay only the records move it. A live program calls [`Correlator::advance`] with its clock now and
//! then, so that a quiet hour does not hold back what waits, and a wild stamp does not run ahead.

mod correlations;
mod count;
mod front;
mod hits;
pub(crate) mod keyed;
pub(crate) mod metric;
pub(crate) mod moment;
mod order;
mod routes;
pub(crate) mod settings;
mod shards;
mod snapshot;
mod temporal;

use crate::behaviour::deed::Lexicon;
use crate::behaviour::{Behaviours, Spending};
use crate::rules::{RuleIndex, Rules};
use correlations::Correlations;
use firebreak_model::{Catalogue, Event, Finding, Time};
use front::Front;
use hits::Hits;
use moment::{Feeds, Moment, in_order};
pub use order::Arrival;
use order::Order;
use routes::Routes;
pub use settings::{Counters, Settings};
use shards::{Back, Found};
pub use shards::{InTurn, Shard, Turns, Workers};
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
    /// By shard.
    correlations: Vec<Correlations>,
    routes: Routes,
    lexicon: Lexicon,
    behaviours: Behaviours,
    /// Room for what is found in one turn.
    found: Found,
}

/// Events whose turn has come that are handed to the shards at once, at least.
const TURNS: usize = 256;

impl Correlator {
    /// A correlator that has seen nothing.
    pub fn new(rules: Arc<Rules>, catalogue: Arc<Catalogue>, settings: Settings) -> Correlator {
        let shards = settings.shards.max(1);
        Correlator {
            feeds: Feeds::new(&rules),
            order: Order::new(),
            counters: Counters::default(),
            hits: Hits::new(&settings),
            correlations: (0..shards).map(|_| Correlations::new(&rules, settings.map_bytes_max / shards)).collect(),
            routes: Routes::new(&rules, shards),
            lexicon: Lexicon::default(),
            behaviours: Behaviours::new(&settings),
            found: Found::default(),
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
        let arrival = self.parts().0.take(event, matches, out);
        self.take_turns(out);
        if let Some(new) = out.get_mut(before..) {
            in_order(new);
        }
        arrival
    }

    /// Takes many events as [`Correlator::take`] takes one, with each shard run by `workers` while others arrive. Puts
    /// what is found behind what is in `out`, and says of each event whether it is new.
    pub fn take_all<'e>(
        &mut self,
        events: impl IntoIterator<Item = (&'e Event, &'e [RuleIndex])>,
        workers: &impl Workers,
        out: &mut Vec<Finding>,
    ) -> Vec<Arrival> {
        let before = out.len();
        let (mut front, back, _) = self.parts();
        let (mut events, mut arrivals) = (events.into_iter(), Vec::new());
        let (mut all, mut first) = (Vec::new(), 0);
        let shards = workers.work(back.shards(), &mut || {
            let mut moments = Vec::with_capacity(TURNS);
            while moments.len() < TURNS {
                let Some((event, matches)) = events.next() else { break };
                arrivals.push(front.take(event, matches, out));
                moments.extend(std::iter::from_fn(|| front.release()));
            }
            if moments.is_empty() {
                return None;
            }
            let count = moments.len();
            let turns = Turns::new(first, moments);
            first += count;
            all.push(turns.clone());
            Some(turns)
        });
        let counted = shards.iter().fold(Counters::default(), |sum, shard| sum.and(shard.counters));
        let mut found = Found::together(shards.into_iter().map(|shard| shard.found));
        *front.counters = front.counters.and(counted);
        for (turn, moment) in all.iter().flat_map(Turns::each) {
            front.settle(turn, moment, &mut found, out);
        }
        self.pass_time(self.order.watermark(), out);
        if let Some(new) = out.get_mut(before..) {
            in_order(new);
        }
        arrivals
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

    /// Holds time back until these sources, and no others, have caught up with what lay in their inputs: for a start, where
    /// they may lie days apart. Each ends with [`Correlator::caught_up`].
    pub fn expect_only(&mut self, sources: &[&str]) {
        self.order.expect_only(sources);
    }

    /// `source` has caught up and goes on: it is waited for no longer than any other.
    pub fn caught_up(&mut self, source: &str) -> Vec<Finding> {
        let mut out = Vec::new();
        self.order.caught_up(source, &self.settings);
        self.take_turns(&mut out);
        in_order(&mut out);
        out
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
        self.pass_time(i64::MAX, &mut out);
        in_order(&mut out);
        out
    }

    /// Budgets of which at least `share` (1 is all) was spent in the last hour, those that are spent furthest first; and up to when
    /// that hour goes: to the last event that had its turn, or to where the clock moved time on since.
    pub fn spendings(&self, share: f64) -> (Time, Vec<Spending>) {
        let at = self.order.watermark().max(0);
        (Time(at), self.behaviours.spendings(at, share, &self.settings))
    }

    /// Another catalogue, from the next event on.
    pub fn set_catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.catalogue = catalogue;
    }

    /// How many shards the keys of correlations are in.
    pub fn shards(&self) -> usize {
        self.correlations.len()
    }

    /// What happened beside findings.
    pub fn counters(&self) -> Counters {
        let correlations: u64 = self.correlations.iter().map(Correlations::evicted).sum();
        let evicted = self.hits.evicted() + correlations + self.behaviours.evicted();
        Counters { evicted: self.counters.evicted + evicted, ..self.counters }
    }

    /// The single writer's part, that of the shards, and room for what is found in one turn.
    fn parts(&mut self) -> (Front<'_>, Back<'_>, &mut Found) {
        let Correlator { rules, catalogue, settings, feeds, order, counters, hits, correlations, .. } = self;
        let (lexicon, behaviours, routes) = (&mut self.lexicon, &mut self.behaviours, &self.routes);
        (
            Front { rules, settings, feeds, order, counters, hits, lexicon },
            Back { rules, catalogue, settings, behaviours, correlations, routes },
            &mut self.found,
        )
    }

    fn take_turns(&mut self, out: &mut Vec<Finding>) {
        while let Some(moment) = self.parts().0.release() {
            self.take_turn(&moment, out);
        }
        self.pass_time(self.order.watermark(), out);
    }

    fn take_turn(&mut self, moment: &Moment, out: &mut Vec<Finding>) {
        let (mut front, back, found) = self.parts();
        back.take(0, moment, found, front.counters);
        front.settle(0, moment, found, out);
    }

    /// Whatever is over by `now` is over.
    fn pass_time(&mut self, now: i64, out: &mut Vec<Finding>) {
        let (mut front, back, found) = self.parts();
        back.judge(0, now, found);
        front.pass(0, now, found, out);
    }
}

#[cfg(test)]
mod measured_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sharded_tests;
#[cfg(test)]
mod tests;
