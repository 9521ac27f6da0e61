//! The correlations of one shard at work: a state for each rule and key of its own, fed with moments in order of time.

mod fired;
mod states;

use super::moment::{Hit, Moment};
use super::settings::Counters;
use super::snapshot::Blob;
use crate::rules::{Correlation, Rules};
use firebreak_model::Text;
pub(super) use fired::Candidate;
use states::States;
use std::collections::BTreeMap;

/// The states of all correlations, for the keys of one shard. They share one bound of bytes: where it is passed, the
/// correlation that takes the most gives way, so that a flood of keys of one rule does not touch the others.
#[derive(Debug)]
pub(super) struct Correlations {
    states: Vec<States>,
    bytes: usize,
    bytes_max: usize,
    /// When the first of the whole spans ends.
    next_end: i64,
}

impl Correlations {
    /// Nothing seen yet, and so many bytes at most.
    pub(super) fn new(rules: &Rules, bytes_max: usize) -> Correlations {
        let states = rules.correlations().iter().map(States::new).collect();
        Correlations { states, bytes: 0, bytes_max, next_end: i64::MAX }
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

    /// Feeds one moment to the correlations that it counts for, as far as its hits are `own`.
    pub(super) fn take(
        &mut self,
        moment: &Moment,
        rules: &Rules,
        own: impl Fn(&Hit) -> bool,
        counters: &mut Counters,
        mut raise: impl FnMut(Candidate),
    ) {
        let mut fired_here: Vec<usize> = Vec::new();
        let mut hits = moment.hits.as_slice();
        // Hits of one correlation stand together, and after those of the correlations that it refers to.
        while let Some(first) = hits.first() {
            let same = |hit: &&Hit| hit.correlation == first.correlation && hit.key == first.key;
            let (together, rest) = hits.split_at(hits.iter().take_while(same).count());
            hits = rest;
            if !own(first) {
                continue;
            }
            let counts = |hit: &&Hit| hit.if_fires.is_none_or(|lower| fired_here.contains(&lower));
            let (alone, several);
            let counted: &[&Hit] = if together.len() == 1 {
                alone = [first];
                if counts(&first) { &alone } else { &[] }
            } else {
                several = together.iter().filter(counts).collect::<Vec<&Hit>>();
                &several
            };
            let place = first.correlation;
            let Some(rule) = rules.correlations().get(place).filter(|_| !counted.is_empty()) else { continue };
            if let Some(candidate) = self.feed(place, rule, moment, counted, counters) {
                fired_here.push(place);
                if rule.emits {
                    raise(candidate);
                }
            }
        }
    }

    fn feed(
        &mut self,
        place: usize,
        rule: &Correlation,
        moment: &Moment,
        counted: &[&Hit],
        counters: &mut Counters,
    ) -> Option<Candidate> {
        let states = self.states.get_mut(place)?;
        let before = states.bytes();
        let fired = states.take(rule, moment, counted, counters);
        self.bytes = (self.bytes + states.bytes()).saturating_sub(before);
        self.next_end = self.next_end.min(states.next_end());
        if self.bytes > self.bytes_max {
            self.shrink(moment.at);
        }
        Some(Candidate::new(&rule.attributes, &moment.parties, moment.at, &fired?))
    }

    /// Judges the spans that are over by `now`.
    pub(super) fn judge(&mut self, now: i64, rules: &Rules, raise: impl FnMut(Candidate)) {
        if now < self.next_end {
            return;
        }
        let states = self.states.iter_mut().zip(rules.correlations());
        states.flat_map(|(states, rule)| states.judge(now, rule)).for_each(raise);
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
        rules.correlations().iter().zip(&self.states).map(|(rule, states)| (name(rule), states.to_bytes())).collect()
    }

    /// Puts back what a snapshot kept of the rules that are still the same, where `own` says yes to the rule's place and
    /// the key.
    pub(super) fn restore(
        &mut self,
        rules: &Rules,
        kept: &BTreeMap<String, Blob>,
        own: impl Fn(usize, &Text) -> bool,
    ) -> Result<(), postcard::Error> {
        for (place, (rule, states)) in rules.correlations().iter().zip(&mut self.states).enumerate() {
            if let Some(Blob(bytes)) = kept.get(&name(rule)) {
                states.restore(bytes, |key| own(place, key))?;
            }
        }
        self.count_up();
        Ok(())
    }
}

fn name(rule: &Correlation) -> String {
    format!("{}#{:016x}", rule.attributes.key, rule.digest)
}
