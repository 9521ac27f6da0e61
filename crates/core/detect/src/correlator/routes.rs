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
