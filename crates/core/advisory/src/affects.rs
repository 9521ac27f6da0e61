//! Whether a version is one of those that a record names.
//!
//! It decides nothing where it cannot: a version without an order, or a commit whose history is not at hand, is in doubt.

use crate::record::{Affected, Bound, Event, RangeKind};
use firebreak_package::version::{Order, Version};
use firebreak_package::{Ecosystem, affected};
use std::cell::OnceCell;
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

/// A version that is asked for, read once for all that it is compared with.
pub(crate) struct Asked<'q> {
    text: &'q str,
    order: Order,
    own: Option<Version<'q>>,
    semver: OnceCell<Option<Version<'q>>>,
}

impl<'q> Asked<'q> {
    pub(crate) fn new(family: &Ecosystem, text: &'q str) -> Asked<'q> {
        let order = family.order();
        Asked { text, order, own: Version::parse(order, text), semver: OnceCell::new() }
    }

    /// Whether `listed` is the same version: by the ecosystem's order, or letter by letter where it has none for them.
    pub(crate) fn is(&self, listed: &str) -> bool {
        let own = || self.own.as_ref()?.partial_cmp(&Version::parse(self.order, listed)?);
        listed == self.text || own() == Some(Ordering::Equal)
    }

    /// Whether it lies in one range. What cannot be ordered is undecided.
    pub(crate) fn in_range<'a>(&self, kind: RangeKind, events: impl Iterator<Item = (Bound, &'a str)>) -> Answer {
        let (order, version) = match kind {
            RangeKind::Git => return at_commit(events, self.text),
            RangeKind::Ecosystem => (self.order, &self.own),
            RangeKind::Semver => (Order::Semver, self.semver.get_or_init(|| Version::parse(Order::Semver, self.text))),
        };
        let Some(version) = version else { return Answer::Undecided };
        let events = events.map(|(bound, at)| match bound {
            Bound::Introduced => affected::Event::Introduced(at),
            Bound::Fixed => affected::Event::Fixed(at),
            Bound::LastAffected => affected::Event::LastAffected(at),
            Bound::Limit => affected::Event::Limit(at),
        });
        match affected::affected_by(order, events, version) {
            affected::Affected::Yes => Answer::Affected,
            affected::Affected::No => Answer::Unaffected,
            affected::Affected::Undecided => Answer::Undecided,
        }
    }
}

/// Whether `version` is one of those that `affected` names.
pub fn affects(affected: &Affected, version: &str) -> Answer {
    let asked = Asked::new(&affected.family(), version);
    if affected.versions.iter().any(|listed| asked.is(listed)) {
        return Answer::Affected;
    }
    if affected.ranges.is_empty() {
        return if affected.versions.is_empty() { Answer::Undecided } else { Answer::Unaffected };
    }
    let answers = affected.ranges.iter().map(|range| {
        asked.in_range(range.kind, range.events.iter().map(|Event { bound, version }| (*bound, version.as_str())))
    });
    answers.max().unwrap_or(Answer::Undecided)
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
