//! What one writer does: before the shards, it lets each new event in and puts events in order of time; after them, it
//! settles what they found, turn by turn.
//!
//! Novelties arm tripwires of any rule, and hits are suppressed across all keys of a subject. So hits of single rules, and
//! whether a finding of a correlation is armed, are settled here, from what the shards say of each turn.

use super::hits::Hits;
use super::moment::{Feeds, Moment};
use super::order::{Arrival, Order};
use super::settings::{Counters, Settings};
use super::shards::Found;
use crate::behaviour::deed::Lexicon;
use crate::rules::{Detection, RuleIndex, Rules};
use firebreak_model::{Event, Finding, Signal};

/// The single writer's part of a correlator.
pub(super) struct Front<'a> {
    pub(super) rules: &'a Rules,
    pub(super) settings: &'a Settings,
    pub(super) feeds: &'a Feeds,
    pub(super) order: &'a mut Order<Moment>,
    pub(super) counters: &'a mut Counters,
    pub(super) hits: &'a mut Hits,
    pub(super) lexicon: &'a mut Lexicon,
}

impl Front<'_> {
    /// Lets an event in that meets the rules `matches`. What need not wait for its turn is raised.
    pub(super) fn take(&mut self, event: &Event, matches: &[RuleIndex], out: &mut Vec<Finding>) -> Arrival {
        self.counters.observed += 1;
        let (at, uid) = (event.time.0, event.uid.0);
        let arrival = self.order.arrive(event.source, at, uid, self.settings, self.counters);
        if arrival == Arrival::Duplicate {
            return arrival;
        }
        let missing = &mut self.counters.missing_keys;
        let mut moment = Moment::of(event, matches, self.feeds, self.rules, self.lexicon, missing);
        if arrival == Arrival::Late {
            self.hits.take_late(&moment, self.rules, self.counters, out);
        } else {
            if self.settings.eager {
                self.raise_eagerly(&mut moment, out);
            }
            self.order.wait(at, uid, moment.bytes_held(), moment);
        }
        arrival
    }

    /// Raises tripwires that wait for nothing, and forgets them: they need no turn.
    fn raise_eagerly(&mut self, moment: &mut Moment, out: &mut Vec<Finding>) {
        let immediate =
            |rule: &Detection| rule.attributes.signal == Signal::Tripwire && rule.attributes.armed_seconds.is_none();
        self.hits.take(moment, self.rules, self.settings, self.counters, out, immediate);
        moment.rules.retain(|index| !self.rules.detection(*index).is_some_and(immediate));
    }

    /// The next event whose turn has come.
    pub(super) fn release(&mut self) -> Option<Moment> {
        self.order.release(self.settings, self.counters)
    }

    /// Settles a turn with what the shards found in it.
    pub(super) fn settle(&mut self, turn: usize, moment: &Moment, found: &mut Found, out: &mut Vec<Finding>) {
        self.pass(turn, moment.at, found, out);
        if found.next_behaved(turn, out) {
            self.hits.arm(moment, self.rules, self.counters, out);
        }
        self.hits.take(moment, self.rules, self.settings, self.counters, out, |_| true);
        while let Some(candidate) = found.next_fired(turn) {
            self.counters.findings += 1;
            out.push(self.hits.settled(candidate));
        }
    }

    /// Time has come to `now`: waits are over, and so are spans, which the shards judged.
    pub(super) fn pass(&mut self, turn: usize, now: i64, found: &mut Found, out: &mut Vec<Finding>) {
        self.hits.expire(now, self.rules, self.counters, out);
        while let Some(candidate) = found.next_judged(turn) {
            self.counters.findings += 1;
            out.push(self.hits.settled(candidate));
        }
    }
}
