//! Sets of versions as our own files write them: one exact version, or bounds that all hold.
//!
//! It is not any tool's range language; those are [`crate::requirement`]'s.

use super::{Order, compare, same};
use crate::Ecosystem;
use firebreak_model::Text;

/// A set of versions: one exact version (`1.82.8`) or bounds that all hold (`>=0.69.4, <0.70`).
///
/// A bound means as much as it says: where a distribution's bound has no epoch or no revision, any fits (`0.69.4` is
/// also the package `0.69.4-1`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Range {
    bounds: Vec<(Bound, Text)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bound {
    Equal,
    Not,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Range {
    /// Reads a range. `None` where it is empty, or a bound is not a version of `ecosystem`. A text that has no order
    /// there (a branch name) is taken as an exact match.
    pub fn parse(ecosystem: &Ecosystem, text: &str) -> Option<Range> {
        let mut bounds = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (bound, version) = [
                (">=", Bound::AtLeast),
                ("<=", Bound::AtMost),
                ("!=", Bound::Not),
                ("==", Bound::Equal),
                (">", Bound::More),
                ("<", Bound::Less),
                ("=", Bound::Equal),
            ]
            .into_iter()
            .find_map(|(sign, bound)| part.strip_prefix(sign).map(|rest| (bound, rest.trim())))
            .unwrap_or((Bound::Equal, part));
            let ordered = compare(ecosystem, version, version).is_some();
            if version.is_empty() || (!ordered && bound != Bound::Equal) {
                return None;
            }
            bounds.push((bound, Text::new(version)));
        }
        Some(Range { bounds })
    }

    /// Whether `version` is in the set. A text that has no order in the ecosystem is only ever equal to itself.
    pub fn contains(&self, ecosystem: &Ecosystem, version: &str) -> bool {
        self.bounds.iter().all(|(bound, limit)| {
            let version = as_told(ecosystem, version, limit);
            if *bound == Bound::Equal {
                return same(ecosystem, version, limit);
            }
            let Some(order) = compare(ecosystem, version, limit) else { return false };
            match bound {
                Bound::Equal => order.is_eq(),
                Bound::Not => order.is_ne(),
                Bound::Less => order.is_lt(),
                Bound::AtMost => order.is_le(),
                Bound::More => order.is_gt(),
                Bound::AtLeast => order.is_ge(),
            }
        })
    }

    /// The one version that it is, where it is one.
    pub fn exact(&self) -> Option<&str> {
        match self.bounds.as_slice() {
            [(Bound::Equal, version)] => Some(version),
            _ => None,
        }
    }
}

/// `version` without the epoch and revision that `limit` does not speak of.
fn as_told<'a>(ecosystem: &Ecosystem, version: &'a str, limit: &str) -> &'a str {
    let order = ecosystem.order();
    let mut told = version;
    if matches!(order, Order::Debian | Order::Rpm) {
        if !limit.contains(':') {
            told = told.split_once(':').map_or(told, |(_, rest)| rest);
        }
        if !limit.contains('-') {
            told = told.rsplit_once('-').map_or(told, |(rest, _)| rest);
        }
    }
    if order == Order::Apk && !limit.contains("-r") {
        told = told.rsplit_once("-r").map_or(told, |(rest, _)| rest);
    }
    told
}
