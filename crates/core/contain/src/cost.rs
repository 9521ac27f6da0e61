//! What a cut costs the business: the price that the inventory names, corrected by who really used the thing.
//!
//! The formula, for a base price `b` and, in the last 30 days, `n` uses by `i` identities:
//!
//! ```text
//! cost = 1                                       if nobody used it, and we would have seen it
//! cost = b                                       if we would not have seen it
//! cost = b * (1 + floor(log2(1 + n)) / 4) * i    otherwise, i at least 1
//! ```
//!
//! bounded to 1..=1,000,000. The logarithm keeps a busy key (10,000 uses: 4.25 times the base) comparable with an idle
//! one; identities count in full, since each is somebody who stops working. Uses by the intruder count as uses: who
//! made them is not known when plans are made.

use firebreak_model::{NodeKey, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The highest cost of one action.
pub const MOST: u32 = 1_000_000;

/// How far back use counts, in seconds: 30 days.
pub const USE_SECONDS: i64 = 30 * 86_400;

/// How a thing was used in the last 30 days.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Use {
    /// How often.
    pub count: u64,
    /// By how many identities.
    pub identities: u64,
    /// When last, where known.
    pub last: Option<Time>,
}

/// What we know of use.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Uses {
    /// Since when use is watched without a gap; `None` where it is not. Only 30 whole days of silence mean unused.
    pub watched_since: Option<Time>,
    /// Use by key.
    pub by_key: BTreeMap<NodeKey, Use>,
}

impl Uses {
    /// How `key` was used in the 30 days before `now`; all zero where nothing was seen.
    pub fn of(&self, key: &NodeKey, now: Time) -> Use {
        let recent = |used: &&Use| used.count > 0 && used.last.is_none_or(|last| last.plus_seconds(USE_SECONDS) > now);
        self.by_key.get(key).filter(recent).copied().unwrap_or_default()
    }

    /// Whether silence means unused: use has been watched for all of the 30 days before `now`.
    pub fn whole(&self, now: Time) -> bool {
        self.watched_since.is_some_and(|since| since.plus_seconds(USE_SECONDS) <= now)
    }

    /// The cost of an action on `target` whose inventory price is `base`, at `now`.
    pub fn cost(&self, target: &NodeKey, base: u32, now: Time) -> u32 {
        cost(base, self.of(target, now), self.whole(now))
    }
}

/// The formula of this module; `watched` says whether silence means unused.
pub fn cost(base: u32, used: Use, watched: bool) -> u32 {
    let base = u64::from(base.clamp(1, MOST));
    let cost = match used.count {
        0 if watched => 1,
        0 => base,
        count => {
            let quarters = 4 + u64::from(count.saturating_add(1).ilog2());
            base.saturating_mul(quarters).saturating_mul(used.identities.max(1)) / 4
        }
    };
    u32::try_from(cost.clamp(1, u64::from(MOST))).unwrap_or(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn used(count: u64, identities: u64) -> Use {
        Use { count, identities, last: None }
    }

    #[test]
    fn unused_is_cheap_only_where_use_would_have_been_seen() {
        let now = Time::from_seconds(100 * 86_400);
        let key = NodeKey::credential("aws", "AKIA1");
        let watched = |days: i64| Uses { watched_since: Some(now.plus_seconds(-days * 86_400)), ..Uses::default() };
        assert_eq!(watched(30).cost(&key, 20, now), 1);
        assert_eq!(watched(14).cost(&key, 20, now), 20, "14 days of silence prove nothing about 30");
        assert_eq!(Uses::default().cost(&key, 20, now), 20);
    }

    #[test]
    fn what_was_used_long_ago_is_unused() {
        let now = Time::from_seconds(100 * 86_400);
        let key = NodeKey::credential("aws", "AKIA1");
        let last_used = |days: i64| {
            let last = Some(now.plus_seconds(-days * 86_400));
            let by_key = BTreeMap::from([(key.clone(), Use { count: 9, identities: 1, last })]);
            Uses { watched_since: Some(Time::MIN), by_key }.cost(&key, 20, now)
        };
        assert_eq!(last_used(31), 1);
        assert!(last_used(29) > 20);
    }

    #[test]
    fn the_documented_example_holds() {
        assert_eq!(cost(20, used(10_000, 1), true), 85);
        assert_eq!(cost(20, used(1, 1), true), 25);
        assert_eq!(cost(20, used(1, 40), true), 1_000);
    }

    proptest! {
        #[test]
        fn the_cost_is_bounded_and_grows_with_use(base: u32, n: u64, more: u64, i: u64, watched: bool) {
            let (less, most) = (cost(base, used(n.min(more), i), watched), cost(base, used(n.max(more), i), watched));
            prop_assert!((1..=MOST).contains(&less) && (1..=MOST).contains(&most));
            prop_assert!(less <= most);
        }
    }
}
