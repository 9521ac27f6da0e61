//! How far each source has come, and from that the watermark: nothing earlier than it is waited for any more.
//!
//! Each source has a frontier, the newest stamp of it that is believed. The watermark is the frontier of the slowest
//! source less the allowed lateness, in whole seconds.
//!
//! A stamp that jumps ahead of its source by more than `future_seconds` moves the frontier only once three records have
//! done so with none between that continues from where the source was: one wild clock cannot make honest records late.
//! A source that falls behind the fastest by more than `idle_seconds` is not waited for, so that its silence does not
//! blind the rest; a source declared with `expect` is waited for until it has caught up or is finished.

use super::super::settings::{Counters, Settings, micros};
use super::second_of;
use firebreak_model::Text;
use serde::{Deserialize, Serialize};

/// A jump ahead is believed once so many stamps make it.
const JUMP_STAMPS: usize = 3;

/// How far one source has come.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Source {
    name: Text,
    frontier: Option<i64>,
    /// Stamps beyond a jump, not believed yet, in order.
    ahead: Vec<i64>,
    /// Waited for until finished.
    expected: bool,
}

/// All sources and the clock.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Few: a list is searched faster than a map.
    sources: Vec<Source>,
    now: Option<i64>,
    /// In seconds. What is earlier has had its turn.
    watermark: i64,
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress { sources: Vec::new(), now: None, watermark: i64::MIN }
    }

    /// The second before which everything has had its turn.
    pub(super) fn watermark(&self) -> i64 {
        self.watermark
    }

    /// Time moves on to this second, whoever may still be behind.
    pub(super) fn skip_to(&mut self, second: i64) {
        self.watermark = self.watermark.max(second);
    }

    /// The clock says `now`.
    pub(super) fn tell(&mut self, now: i64, settings: &Settings) {
        self.now = Some(self.now.map_or(now, |known| known.max(now)));
        self.raise_watermark(settings);
    }

    /// Waits for this source until it is finished.
    pub(super) fn expect(&mut self, name: &str) {
        let place = self.place(name);
        if let Some(source) = self.sources.get_mut(place) {
            source.expected = true;
        }
    }

    /// Waits for these sources, and for no others as that, until they have caught up or are finished.
    pub(super) fn expect_only(&mut self, names: &[&str]) {
        self.sources.iter_mut().for_each(|source| source.expected = false);
        names.iter().for_each(|name| self.expect(name));
    }

    /// This source has caught up with its input: it is waited for no longer than any other.
    pub(super) fn caught_up(&mut self, name: &str, settings: &Settings) {
        let known = self.sources.iter_mut().filter(|source| source.name == name);
        known.for_each(|source| source.expected = false);
        self.raise_watermark(settings);
    }

    /// Nothing more comes from this source.
    pub(super) fn finish(&mut self, name: &str, settings: &Settings) {
        self.sources.retain(|source| source.name != name);
        self.raise_watermark(settings);
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.sources.iter().position(|source| source.name == name) {
            return place;
        }
        self.sources.push(Source { name: Text::new(name), ..Source::default() });
        self.sources.len() - 1
    }

    /// A record of the source `name` is stamped `at`.
    pub(super) fn stamp(&mut self, name: &str, at: i64, settings: &Settings, counters: &mut Counters) {
        let future = micros(settings.future_seconds);
        if self.now.is_some_and(|now| at > now.saturating_add(future)) {
            counters.future += 1;
            return;
        }
        let place = self.place(name);
        let Some(source) = self.sources.get_mut(place) else { return };
        match source.frontier {
            Some(frontier) if at <= frontier => return,
            Some(frontier) if at <= frontier.saturating_add(future) => {
                source.frontier = Some(at);
                source.ahead.clear();
                if second_of(at) == second_of(frontier) {
                    return;
                }
            }
            known => {
                if known.is_some() {
                    counters.future += 1;
                }
                let place = source.ahead.partition_point(|other| *other <= at);
                source.ahead.insert(place, at);
                if source.ahead.len() < JUMP_STAMPS {
                    return;
                }
                source.believe(future);
            }
        }
        self.raise_watermark(settings);
    }

    fn raise_watermark(&mut self, settings: &Settings) {
        let frontiers = self.sources.iter().filter_map(|source| source.frontier);
        let Some(lead) = frontiers.chain(self.now).max().map(second_of) else { return };
        let patience = lead.saturating_sub(settings.idle_seconds);
        let slowest =
            self.sources.iter().filter_map(|source| match (source.expected, source.frontier.map(second_of)) {
                (true, frontier) => Some(frontier.unwrap_or(i64::MIN)),
                (false, Some(frontier)) => Some(frontier.max(patience)),
                // A source with a stamp or two has no frontier yet; it holds nobody up.
                (false, None) => None,
            });
        let reached = slowest.min().unwrap_or(patience);
        self.watermark = self.watermark.max(reached.saturating_sub(settings.lateness_seconds));
    }
}

impl Source {
    /// Enough stamps have jumped: the earliest of them is where the source is now, and what follows from it.
    fn believe(&mut self, future: i64) {
        let mut taken = 0;
        for at in &self.ahead {
            match self.frontier {
                Some(frontier) if taken > 0 && *at > frontier.saturating_add(future) => break,
                _ => self.frontier = Some(*at),
            }
            taken += 1;
        }
        self.ahead.drain(..taken);
    }
}
