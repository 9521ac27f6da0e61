//! Which versions an advisory's events speak of, as OSV's text evaluates them: `introduced`, `fixed`, `last_affected`, `limit`.
//!
//! It is not an advisory: joins, aliases and withdrawals are `firebreak-advisory`'s. A version that cannot be ordered is
//! undecided, and never unaffected.

use crate::Ecosystem;
use crate::version::{Order, Version};
use std::cmp::Ordering;

/// One event of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// The first bad version; `0` is before all.
    Introduced(&'a str),
    /// The first good version after it.
    Fixed(&'a str),
    /// The last bad version.
    LastAffected(&'a str),
    /// The range says nothing of this version and later ones; `*` is no limit.
    Limit(&'a str),
}

/// Whether a version is bad.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Affected {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It, or an event, is not a version of the ecosystem.
    Undecided,
}

/// Whether `version` of `ecosystem` is in the range that `events` describe, in whatever order they are given.
pub fn affected(ecosystem: &Ecosystem, events: &[Event<'_>], version: &str) -> Affected {
    affected_in(ecosystem.order(), events, version)
}

/// The same under an order: a range of type `SEMVER` is one of [`Order::Semver`] in any ecosystem.
pub fn affected_in(order: Order, events: &[Event<'_>], version: &str) -> Affected {
    match Version::parse(order, version) {
        Some(version) => affected_by(order, events.iter().copied(), &version),
        None => Affected::Undecided,
    }
}

/// The same of a version that was read before, for whoever asks of many ranges.
pub fn affected_by<'a>(order: Order, events: impl Iterator<Item = Event<'a>>, version: &Version<'_>) -> Affected {
    // The last mark that the version has reached decides: no list is made, and none is sorted.
    let mut last: Option<Mark<'a>> = None;
    let (mut limited, mut before) = (false, false);
    for event in events {
        let (kind, text) = match event {
            Event::Fixed(text) => (Kind::Fixed, text),
            Event::Introduced(text) => (Kind::Introduced, text),
            Event::LastAffected(text) => (Kind::LastAffected, text),
            Event::Limit(text) => (Kind::Limit, text),
        };
        let at = match (kind, text) {
            // Before all, and after all.
            (Kind::Introduced, "0") | (Kind::Limit, "*") => None,
            (_, text) => match Version::parse(order, text) {
                Some(at) => Some(at),
                None => return Affected::Undecided,
            },
        };
        let reached = at.as_ref().map_or(Some(Ordering::Greater), |at| version.partial_cmp(at));
        let applies = match kind {
            Kind::Limit => {
                limited = true;
                before |= at.is_none() || reached == Some(Ordering::Less);
                false
            }
            Kind::Introduced | Kind::Fixed => reached.is_some_and(Ordering::is_ge),
            Kind::LastAffected => reached.is_some_and(Ordering::is_gt),
        };
        let mark = Mark { at, kind };
        if applies && last.as_ref().is_none_or(|last| mark.order(last).is_ge()) {
            last = Some(mark);
        }
    }
    match last {
        Some(Mark { kind: Kind::Introduced, .. }) if !limited || before => Affected::Yes,
        _ => Affected::No,
    }
}

/// Kinds in the order in which they are applied at one version: what is introduced where it was fixed is bad again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Fixed,
    Introduced,
    LastAffected,
    Limit,
}

struct Mark<'a> {
    /// `None` is before all versions.
    at: Option<Version<'a>>,
    kind: Kind,
}

impl Mark<'_> {
    fn order(&self, other: &Mark<'_>) -> Ordering {
        let versions = match (&self.at, &other.at) {
            (Some(a), Some(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        versions.then_with(|| self.kind.cmp(&other.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Affected::{No, Undecided, Yes};
    use Event::{Fixed, Introduced, LastAffected, Limit};

    #[track_caller]
    fn expect(events: &[Event<'_>], versions: &[(&str, Affected)]) {
        for (version, wanted) in versions {
            assert_eq!(affected(&Ecosystem::PyPI, events, version), *wanted, "{version} of {events:?}");
        }
    }

    #[test]
    fn events_open_and_close_in_the_order_of_versions() {
        let twice = [Fixed("2.0.1"), Introduced("2.0"), Introduced("0"), Fixed("1.2")];
        expect(&twice, &[("0.1.dev0", Yes), ("1.1", Yes), ("1.2", No), ("2.0rc1", No), ("2.0", Yes), ("2.0.1", No)]);
        expect(&[Introduced("1.82.7"), LastAffected("1.82.8")], &[("1.82.7", Yes), ("1.82.8", Yes), ("1.82.9", No)]);
        // From zero with no end: every version in history.
        expect(&[Introduced("0")], &[("0.0.1", Yes), ("99", Yes)]);
        expect(&[], &[("1", No)]);
    }

    #[test]
    fn a_limit_ends_what_is_said() {
        let limited = [Introduced("1"), Limit("2")];
        expect(&limited, &[("1.5", Yes), ("2", No), ("0.9", No)]);
        expect(&[Introduced("1"), Limit("*")], &[("9", Yes)]);
        expect(&[Introduced("1"), Limit("2"), Limit("3")], &[("2.5", Yes), ("3", No)]);
    }

    #[test]
    fn what_cannot_be_ordered_is_undecided() {
        expect(&[Introduced("0"), Fixed("2.0")], &[("main", Undecided), ("", Undecided)]);
        expect(&[Introduced("0"), Fixed("soon")], &[("1.0", Undecided)]);
    }

    #[test]
    fn what_is_introduced_where_it_was_fixed_is_bad() {
        expect(&[Introduced("0"), Fixed("1"), Introduced("1"), Fixed("2")], &[("1", Yes), ("2", No)]);
        expect(&[Introduced("1"), LastAffected("1")], &[("0.9", No), ("1", Yes), ("1.0.1", No)]);
    }

    #[test]
    fn distributions_order_by_their_own_rule() {
        let debian = |version| affected(&Ecosystem::Debian, &[Introduced("0"), Fixed("1:9.2p1-2+deb12u3")], version);
        assert_eq!((debian("1:9.2p1-2+deb12u2"), debian("1:9.2p1-2+deb12u3")), (Yes, No));
        let go = |version| affected(&Ecosystem::Go, &[Introduced("1.21.0-0"), Fixed("1.21.8")], version);
        assert_eq!((go("v1.21.0"), go("go1.21.8"), go("1.20.14")), (Yes, No, No));
    }
}
