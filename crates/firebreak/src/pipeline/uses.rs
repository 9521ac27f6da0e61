//! How credentials and identities were used in the last 30 days: what a cut would break.

use firebreak_contain::cost::{Use, Uses};
use firebreak_model::{Event, NodeKey, Outcome, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const DAY_SECONDS: i64 = 86_400;
const DAYS: i64 = 30;

/// Beyond so many users of one thing it does not matter how many.
const USERS_MAX: usize = 64;

/// Uses by key and day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UseCounter {
    since: Option<Time>,
    by_key: BTreeMap<NodeKey, Used>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Used {
    by_day: BTreeMap<i64, u64>,
    users: BTreeSet<NodeKey>,
    last: Option<Time>,
}

impl UseCounter {
    /// Counts one event for its credential and its actor. What was refused is no use.
    pub fn add(&mut self, event: &Event) {
        self.since = Some(self.since.map_or(event.time, |since| since.min(event.time)));
        if matches!(event.keys.outcome, Outcome::Denied) {
            return;
        }
        let keys = [&event.keys.credential, &event.keys.actor];
        for key in keys.into_iter().flatten() {
            if !self.by_key.contains_key(key) {
                self.by_key.insert(key.clone(), Used::default());
            }
            if let Some(used) = self.by_key.get_mut(key) {
                used.add(event);
            }
        }
    }

    /// The uses of the 30 days before `now`.
    pub fn uses(&mut self, now: Time) -> Uses {
        let first = now.seconds().div_euclid(DAY_SECONDS) - DAYS;
        self.by_key.retain(|_, used| {
            used.by_day = used.by_day.split_off(&first);
            !used.by_day.is_empty()
        });
        let used = |used: &Used| Use {
            count: used.by_day.values().sum(),
            identities: used.users.len() as u64,
            last: used.last,
        };
        let by_key = self.by_key.iter().map(|(key, counted)| (key.clone(), used(counted))).collect();
        Uses { watched_since: self.since, by_key }
    }
}

impl Used {
    fn add(&mut self, event: &Event) {
        *self.by_day.entry(event.time.seconds().div_euclid(DAY_SECONDS)).or_default() += 1;
        self.last = self.last.max(Some(event.time));
        if let Some(actor) = &event.keys.actor
            && self.users.len() < USERS_MAX
            && !self.users.contains(actor)
        {
            self.users.insert(actor.clone());
        }
    }
}
