//! Whether a version is one of those that a record names.
//!
//! It decides nothing where it cannot: a version without an order, or a commit whose history is not at hand, is in doubt.

use crate::record::{Affected, Bound, Event, RangeKind};
use firebreak_package::{Ecosystem, version};
use std::cmp::Ordering;

/// The answer for one version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// Not one of them.
    Unaffected,
    /// It cannot be told. Not a no.
    Undecided,
    /// One of them.
    Affected,
}

/// Whether `version` is one of those that `affected` names.
pub fn affects(affected: &Affected, version: &str) -> Answer {
    let family = affected.family();
    if affected.versions.iter().any(|listed| version::same(&family, listed, version)) {
        return Answer::Affected;
    }
    if affected.ranges.is_empty() {
        return if affected.versions.is_empty() { Answer::Undecided } else { Answer::Unaffected };
    }
    let answers = affected.ranges.iter().map(|range| {
        let events = range.events.iter().map(|Event { bound, version }| (*bound, version.as_str()));
        in_range(&family, range.kind, events, version)
    });
    answers.max().unwrap_or(Answer::Undecided)
}

/// Whether `version` lies in one range. The events are taken as a set: the one that is nearest below the version decides.
pub(crate) fn in_range<'a>(
    family: &Ecosystem,
    kind: RangeKind,
    events: impl Iterator<Item = (Bound, &'a str)>,
    version: &str,
) -> Answer {
    if kind == RangeKind::Git {
        return at_commit(events, version);
    }
    let semver = Ecosystem::Npm;
    let order = if kind == RangeKind::Semver { &semver } else { family };
    let mut nearest: Option<(&str, bool)> = None;
    let (mut limited, mut below_limit) = (false, false);
    for (bound, at) in events {
        let Some(placed) = compare(order, at, version) else { return Answer::Undecided };
        match bound {
            Bound::Limit => {
                limited = true;
                below_limit |= at == "*" || placed == Ordering::Greater;
                continue;
            }
            Bound::LastAffected if placed == Ordering::Less => {}
            Bound::Introduced | Bound::Fixed if placed != Ordering::Greater => {}
            _ => continue,
        }
        let affected = bound == Bound::Introduced;
        let closer = match nearest {
            None => true,
            Some((other, was)) => match compare(order, at, other) {
                None => return Answer::Undecided,
                Some(Ordering::Greater) => true,
                // At one and the same version the end wins over the beginning only where nothing is between them.
                Some(Ordering::Equal) => was && !affected,
                Some(Ordering::Less) => false,
            },
        };
        if closer {
            nearest = Some((at, affected));
        }
    }
    match nearest {
        Some((_, true)) if !limited || below_limit => Answer::Affected,
        _ => Answer::Unaffected,
    }
}

/// `0` is before every version, `*` after every one.
fn compare(order: &Ecosystem, at: &str, version: &str) -> Option<Ordering> {
    match (at, version) {
        (a, b) if a == b => Some(Ordering::Equal),
        // What has no order is not below or above anything, and that includes the beginning.
        ("0", other) => version::compare(order, other, other).map(|_| match version::compare(order, at, other) {
            Some(Ordering::Equal) => Ordering::Equal,
            _ => Ordering::Less,
        }),
        (other, "0") => version::compare(order, other, other).map(|_| match version::compare(order, other, "0") {
            Some(Ordering::Equal) => Ordering::Equal,
            _ => Ordering::Greater,
        }),
        ("*", _) => Some(Ordering::Greater),
        _ => version::compare(order, at, version),
    }
}

/// A commit is known to be in or out only where the range names it.
fn at_commit<'a>(events: impl Iterator<Item = (Bound, &'a str)>, commit: &str) -> Answer {
    for (bound, at) in events {
        if at.eq_ignore_ascii_case(commit) {
            return match bound {
                Bound::Introduced | Bound::LastAffected => Answer::Affected,
                Bound::Fixed | Bound::Limit => Answer::Unaffected,
            };
        }
    }
    Answer::Undecided
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Range;
    use firebreak_model::Text;

    fn range(ecosystem: &str, events: &[(Bound, &str)]) -> Affected {
        let events = events.iter().map(|(bound, version)| Event { bound: *bound, version: Text::new(version) });
        Affected {
            ecosystem: Text::new(ecosystem),
            name: Text::new("x"),
            ranges: vec![Range { kind: RangeKind::Ecosystem, events: events.collect() }],
            ..Affected::default()
        }
    }

    #[test]
    fn a_range_holds_what_its_events_say_in_any_order() {
        let mut affected = range(
            "PyPI",
            &[(Bound::Fixed, "2.1"), (Bound::Introduced, "2.0"), (Bound::Introduced, "0"), (Bound::Fixed, "1.4")],
        );
        for _ in 0..2 {
            for (version, answer) in [
                ("0.0.0.dev1", Answer::Affected),
                ("1.3", Answer::Affected),
                ("1.4", Answer::Unaffected),
                ("1.9", Answer::Unaffected),
                ("2.0", Answer::Affected),
                ("2.1", Answer::Unaffected),
                ("main", Answer::Undecided),
            ] {
                assert_eq!(affects(&affected, version), answer, "{version}");
            }
            affected.ranges[0].events.reverse();
        }
    }

    #[test]
    fn last_affected_is_inside_and_a_limit_is_not() {
        let affected = range("PyPI", &[(Bound::Introduced, "1.82.7"), (Bound::LastAffected, "1.82.8")]);
        let answers =
            ["1.82.6", "1.82.7", "1.82.8", "1.82.8.post1", "1.82.9"].map(|version| affects(&affected, version));
        use Answer::{Affected as Yes, Unaffected as No};
        assert_eq!(answers, [No, Yes, Yes, No, No]);
        let affected = range("npm", &[(Bound::Introduced, "0"), (Bound::Limit, "2.0.0")]);
        assert_eq!(["1.9.9", "2.0.0"].map(|version| affects(&affected, version)), [Yes, No]);
    }

    #[test]
    fn fixed_before_everything_affects_nothing() {
        let affected = range("Debian:12", &[(Bound::Introduced, "0"), (Bound::Fixed, "0")]);
        assert_eq!(affects(&affected, "1.0-1"), Answer::Unaffected);
    }

    #[test]
    fn a_commit_that_is_not_named_is_in_doubt() {
        let mut affected = range("GIT", &[(Bound::Introduced, "aa11"), (Bound::Fixed, "bb22")]);
        affected.ranges[0].kind = RangeKind::Git;
        let answers = ["AA11", "bb22", "cc33"].map(|commit| affects(&affected, commit));
        assert_eq!(answers, [Answer::Affected, Answer::Unaffected, Answer::Undecided]);
    }

    #[test]
    fn a_package_without_versions_is_in_doubt() {
        assert_eq!(affects(&Affected::default(), "1.0"), Answer::Undecided);
    }
}
