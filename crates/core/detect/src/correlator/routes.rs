//! Which shard has a key: a hash of rule and key says it, the same in every run.
//!
//! Correlations that refer to one another ask each other about the same event, so they are one family, whose state of a
//! key lies in one shard: where all of them group by the same fields, each key of the family where its hash says; where
//! they do not, the whole family in one shard.

use super::moment::Hit;
use crate::rules::{Reference, Rules};
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

/// The ways to so many shards.
#[derive(Debug)]
pub(super) struct Routes {
    shards: u64,
    /// By correlation.
    families: Vec<Family>,
}

#[derive(Clone, Copy, Debug)]
struct Family {
    /// The first of its correlations.
    root: usize,
    /// Whether a key alone decides, and not the family.
    by_key: bool,
}

impl Routes {
    pub(super) fn new(rules: &Rules, shards: usize) -> Routes {
        let correlations = rules.correlations();
        let mut roots: Vec<usize> = (0..correlations.len()).collect();
        for (place, correlation) in correlations.iter().enumerate() {
            for reference in &correlation.references {
                if let Reference::Correlation(lower) = reference {
                    join(&mut roots, place, *lower);
                }
            }
        }
        let alike = |root: usize| {
            let group_by = correlations.get(root).map(|first| &first.group_by);
            let mut members = correlations.iter().zip(&roots).filter(|(_, own)| **own == root);
            let alone = roots.iter().filter(|own| **own == root).count() == 1;
            alone
                || members.all(|(member, _)| {
                    let plain = member.group_by.iter().all(|group| group.aliases.is_empty());
                    plain && group_by == Some(&member.group_by)
                })
        };
        let families = roots.iter().map(|root| Family { root: *root, by_key: alike(*root) }).collect();
        Routes { shards: shards.max(1) as u64, families }
    }

    /// Whether `hit` belongs to this shard.
    pub(super) fn lead(&self, hit: &Hit, shard: usize) -> bool {
        self.shards == 1 || self.shard(hit.correlation, &hit.key) == shard
    }

    /// The shard of one correlation's key.
    pub(super) fn shard(&self, correlation: usize, key: &str) -> usize {
        let Some(family) = self.families.get(correlation) else { return 0 };
        let key = if family.by_key { key } else { "" };
        // Other bits than those that a map of one shard goes by.
        let hash = FxBuildHasher.hash_one((family.root, key)).rotate_left(32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(hash) * u128::from(self.shards)) >> 64) as usize
    }
}

/// Makes two families one.
fn join(roots: &mut [usize], one: usize, other: usize) {
    let of = |place: usize| roots.get(place).copied();
    let (Some(one), Some(other)) = (of(one), of(other)) else { return };
    let (kept, gone) = (one.min(other), one.max(other));
    roots.iter_mut().filter(|root| **root == gone).for_each(|root| *root = kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleFile;

    const RULES: &str = "
title: Read
name: read
logsource: {product: aws}
detection: {s: {firebreak.operation: read}, condition: s}
---
title: Alone
correlation: {type: event_count, rules: [read], group-by: [firebreak.actor], timespan: 1m, condition: {gte: 2}}
---
title: Lower
name: lower
correlation: {type: event_count, rules: [read], group-by: [firebreak.actor], timespan: 2m, condition: {gte: 2}}
---
title: Upper
correlation: {type: temporal, rules: [lower, read], group-by: [firebreak.actor], timespan: 3m}
---
title: Narrow
name: narrow
correlation: {type: event_count, rules: [read], group-by: [firebreak.actor, firebreak.target], timespan: 4m, condition: {gte: 2}}
---
title: Wide
correlation: {type: temporal, rules: [narrow, read], group-by: [firebreak.actor], timespan: 5m}
";

    fn routes(shards: usize) -> (Routes, impl Fn(&str) -> usize) {
        let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: RULES.to_owned() }]);
        assert_eq!(problems, []);
        let titles: Vec<_> = rules.correlations().iter().map(|rule| rule.attributes.title.clone()).collect();
        let place = move |title: &str| titles.iter().position(|own| own == title).expect("one of them");
        (Routes::new(&rules, shards), place)
    }

    fn shards_of(routes: &Routes, place: usize) -> Vec<usize> {
        (0..4_000).map(|number| routes.shard(place, &format!("6:user{number};"))).collect()
    }

    #[test]
    fn keys_are_spread_evenly() {
        let (routes, place) = routes(4);
        let shards = shards_of(&routes, place("Alone"));
        for shard in 0..4 {
            let keys = shards.iter().filter(|own| **own == shard).count();
            assert!((850..1_150).contains(&keys), "shard {shard} has {keys} of 4,000");
        }
        assert_ne!(shards, shards_of(&routes, place("Lower")), "a rule's keys go their own ways");
    }

    #[test]
    fn what_asks_of_one_event_stays_together() {
        let (routes, place) = routes(4);
        let lower = shards_of(&routes, place("Lower"));
        assert_eq!(lower, shards_of(&routes, place("Upper")), "key by key");
        assert!(lower.iter().any(|shard| *shard != lower[0]));
        let narrow = shards_of(&routes, place("Narrow"));
        assert_eq!(narrow, shards_of(&routes, place("Wide")));
        assert!(narrow.iter().all(|shard| *shard == narrow[0]), "they group differently: one shard has them all");
    }
}
