//! How credentials and identities were used in the last 30 days: what a cut would break.
//!
//! Every event counts here, so that one costs a look-up and an addition for each of its two keys. What is kept is bounded;
//! where keys had to be forgotten, use counts as watched only since then, so that silence is not taken for no use.

use firebreak_contain::cost::{Use, Uses};
use firebreak_model::{Event, NodeKey, Outcome, Time};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

const DAY_SECONDS: i64 = 86_400;
const DAYS: i64 = 30;

/// Beyond so many users of one thing it does not matter how many.
const USERS_MAX: usize = 64;

/// Keys that are counted at one time.
const KEYS_MAX: usize = 500_000;

/// Uses by key and day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UseCounter {
    since: Option<Time>,
    by_key: FxHashMap<NodeKey, Used>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Used {
    /// Days with uses, in the order in which they were seen first.
    by_day: Vec<(i64, u64)>,
    users: Vec<NodeKey>,
    last: Option<Time>,
}

impl UseCounter {
    /// Counts one event for its credential and its actor. What was refused is no use.
    pub fn add(&mut self, event: &Event) {
        self.since = Some(self.since.map_or(event.time, |since| since.min(event.time)));
        if matches!(event.keys.outcome, Outcome::Denied) {
            return;
        }
        for key in [&event.keys.credential, &event.keys.actor].into_iter().flatten() {
            match self.by_key.get_mut(key) {
                Some(used) => used.add(event),
                None => self.first(key, event),
            }
        }
    }

    fn first(&mut self, key: &NodeKey, event: &Event) {
        if self.by_key.len() >= KEYS_MAX {
            self.forget();
        }
        self.by_key.entry(key.clone()).or_default().add(event);
    }

    /// Forgets the eighth of the keys that was used longest ago.
    fn forget(&mut self) {
        let mut last: Vec<Option<Time>> = self.by_key.values().map(|used| used.last).collect();
        let eighth = last.len() / 8;
        let (_, limit, _) = last.select_nth_unstable(eighth);
        let limit = *limit;
        self.by_key.retain(|_, used| used.last > limit);
        self.since = self.since.max(limit);
    }

    /// When anything was used last.
    pub fn last(&self) -> Option<Time> {
        self.by_key.values().filter_map(|used| used.last).max()
    }

    /// The uses of the 30 days before `now`.
    pub fn uses(&mut self, now: Time) -> Uses {
        let first = now.seconds().div_euclid(DAY_SECONDS) - DAYS;
        self.by_key.retain(|_, used| {
            used.by_day.retain(|(day, _)| *day >= first);
            !used.by_day.is_empty()
        });
        let used = |used: &Used| Use {
            count: used.by_day.iter().map(|(_, count)| count).sum(),
            identities: used.users.len() as u64,
            last: used.last,
        };
        let by_key = self.by_key.iter().map(|(key, counted)| (key.clone(), used(counted))).collect();
        Uses { watched_since: self.since, by_key }
    }
}

impl Used {
    fn add(&mut self, event: &Event) {
        let today = event.time.seconds().div_euclid(DAY_SECONDS);
        // Days come in order, or nearly so.
        match self.by_day.iter_mut().rev().find(|(day, _)| *day == today) {
            Some((_, count)) => *count += 1,
            None => self.by_day.push((today, 1)),
        }
        self.last = self.last.max(Some(event.time));
        let Some(actor) = &event.keys.actor else { return };
        match self.users.iter().position(|user| user == actor) {
            // Who used it last uses it next.
            Some(place) => self.users.swap(0, place),
            None if self.users.len() < USERS_MAX => self.users.push(actor.clone()),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{EventUid, Json, Keys, LogSource, Text};
    use std::sync::Arc;

    fn event(day: i64, actor: &str, outcome: Outcome) -> Event {
        let keys = Keys {
            actor: Some(NodeKey::identity("aws", actor)),
            credential: Some(NodeKey::credential("aws", "AKIA1")),
            outcome,
            ..Keys::default()
        };
        Event {
            uid: EventUid(0),
            source: "aws_cloudtrail",
            native_id: Text::default(),
            time: Time::from_seconds(day * DAY_SECONDS),
            log_source: LogSource { product: "aws", service: "cloudtrail" },
            keys,
            body: Json::default(),
            raw: Arc::from(&b"{}"[..]),
        }
    }

    #[test]
    fn thirty_days_of_what_was_not_refused_count() {
        let mut counter = UseCounter::default();
        for (day, actor, outcome) in [
            (0, "a", Outcome::Success),
            (40, "b", Outcome::Unknown),
            (41, "b", Outcome::Success),
            (40, "c", Outcome::Success),
            (41, "d", Outcome::Denied),
        ] {
            counter.add(&event(day, actor, outcome));
        }
        let uses = counter.uses(Time::from_seconds(42 * DAY_SECONDS));
        let of = |key: &NodeKey| uses.by_key.get(key).map(|used| (used.count, used.identities));
        assert_eq!(of(&NodeKey::credential("aws", "AKIA1")), Some((3, 3)));
        assert_eq!(of(&NodeKey::identity("aws", "b")), Some((2, 1)));
        assert_eq!(of(&NodeKey::identity("aws", "a")), None, "too long ago");
        assert_eq!(of(&NodeKey::identity("aws", "d")), None, "refused");
    }

    #[test]
    fn where_keys_are_forgotten_silence_means_nothing_before() {
        let mut counter = UseCounter::default();
        for number in 0..16 {
            counter.add(&event(number, &format!("actor {number}"), Outcome::Success));
        }
        counter.forget();
        assert!(!counter.by_key.contains_key(&NodeKey::identity("aws", "actor 0")));
        assert!(counter.by_key.contains_key(&NodeKey::identity("aws", "actor 15")));
        assert!(counter.since > Some(Time::from_seconds(0)));
    }
}
