//! Version orders: PEP 440 for Python, Semantic Versioning (leniently) for the rest, and ranges over both.
//!
//! It is not a resolver: nothing here chooses a version.

use crate::Ecosystem;
use firebreak_model::Text;
use std::cmp::Ordering;

/// Orders two versions as `ecosystem` does. `None` where one of them is not a version there.
pub fn compare(ecosystem: &Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    match ecosystem {
        Ecosystem::PyPI => Some(Pep440::parse(a)?.cmp(&Pep440::parse(b)?)),
        Ecosystem::Debian | Ecosystem::Rpm => Some(Semver::parse(upstream(a))?.cmp(&Semver::parse(upstream(b))?)),
        _ => Some(Semver::parse(a)?.cmp(&Semver::parse(b)?)),
    }
}

/// Whether both texts mean one version: by the ecosystem's order, or letter by letter where it has none for them.
pub fn same(ecosystem: &Ecosystem, a: &str, b: &str) -> bool {
    a == b || compare(ecosystem, a, b) == Some(Ordering::Equal)
}

/// Whether `text` is one exact version, and not a range, a branch or a moving tag such as `latest`.
pub fn is_exact(ecosystem: &Ecosystem, text: &str) -> bool {
    compare(ecosystem, text, text).is_some() && text.contains('.')
}

/// A package's own version: without the distribution's epoch (`1:`) and revision (`-2ubuntu1`).
fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    version.rsplit_once('-').map_or(version, |(rest, _)| rest)
}

/// A version as PEP 440 orders it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pep440 {
    epoch: u64,
    release: Vec<u64>,
    /// (0, _) dev without more, (1, n) alpha, (2, n) beta, (3, n) candidate, (4, 0) final.
    pre: (u8, u64),
    post: Option<u64>,
    /// `u64::MAX` where it is not a development release, which orders after each one that is.
    dev: u64,
    local: Vec<LocalPart>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum LocalPart {
    Word(String),
    Number(u64),
}

impl Pep440 {
    fn parse(text: &str) -> Option<Pep440> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (public, local) = text.split_once('+').map_or((text, ""), |(public, local)| (public, local));
        let (epoch, rest) = match public.split_once('!') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, public),
        };
        let (mut release, mut rest) = numbers(rest)?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        let mut pre = None;
        let (mut post, mut dev) = (None, None);
        while !rest.is_empty() {
            let (word, number, after) = segment(rest)?;
            match word {
                "a" | "alpha" => pre = Some((1, number.unwrap_or(0))),
                "b" | "beta" => pre = Some((2, number.unwrap_or(0))),
                "rc" | "c" | "pre" | "preview" => pre = Some((3, number.unwrap_or(0))),
                "post" | "rev" | "r" | "" => post = Some(number.unwrap_or(0)),
                "dev" => dev = Some(number.unwrap_or(0)),
                _ => return None,
            }
            rest = after;
        }
        // A development release of a final version comes before that version's first alpha.
        let pre = pre.unwrap_or(if dev.is_some() && post.is_none() { (0, 0) } else { (4, 0) });
        let part = |part: &str| part.parse().map_or_else(|_| LocalPart::Word(part.to_owned()), LocalPart::Number);
        let local = local.split(['.', '-', '_']).filter(|text| !text.is_empty()).map(part).collect();
        Some(Pep440 { epoch, release, pre, post, dev: dev.unwrap_or(u64::MAX), local })
    }
}

impl Ord for Pep440 {
    fn cmp(&self, other: &Pep440) -> Ordering {
        let key = |version: &Pep440| (version.pre, version.post.map_or(0, |post| post.saturating_add(1)), version.dev);
        (self.epoch.cmp(&other.epoch))
            .then_with(|| self.release.cmp(&other.release))
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| self.local.cmp(&other.local))
    }
}

impl PartialOrd for Pep440 {
    fn partial_cmp(&self, other: &Pep440) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The dotted numbers at the start, and what follows them. `None` where there is none, or one is out of range.
fn numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at_checked(end)?;
        found.push(digits.parse().ok()?);
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|letter: char| letter.is_ascii_digit()) => rest = next,
            _ => return Some((found, after)),
        }
    }
}

/// One of PEP 440's words with its number: `.post1`, `rc2`, `-1`.
fn segment(text: &str) -> Option<(&str, Option<u64>, &str)> {
    // A number without a word is a post release, and only after a hyphen.
    let bare = text.starts_with('-');
    let text = text.strip_prefix(['.', '-', '_']).unwrap_or(text);
    let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let digits = rest.strip_prefix(['.', '-', '_']).unwrap_or(rest);
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    let (number, after) = digits.split_at_checked(end)?;
    match (word.is_empty(), number.is_empty()) {
        (true, true) => None,
        (true, false) if !bare => None,
        (false, true) => Some((word, None, rest)),
        (_, false) => Some((word, Some(number.parse().ok()?), after)),
    }
}

/// A version as Semantic Versioning orders it, with any count of numbers and an optional `v`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Semver {
    release: Vec<u64>,
    pre: Vec<PrePart>,
}

/// Numbers come before words, as the specification says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum PrePart {
    Number(u64),
    Word(String),
}

impl Semver {
    fn parse(text: &str) -> Option<Semver> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split('+').next().unwrap_or(text);
        let (mut release, rest) = numbers(text)?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        let pre = match rest.strip_prefix(['-', '~']) {
            Some(pre) => {
                pre.split('.').map(|part| part.parse().map_or_else(|_| PrePart::Word(part.to_owned()), PrePart::Number))
            }
            None if rest.is_empty() => return Some(Semver { release, pre: Vec::new() }),
            None => return None,
        };
        Some(Semver { release, pre: pre.collect() })
    }
}

impl Ord for Semver {
    fn cmp(&self, other: &Semver) -> Ordering {
        self.release.cmp(&other.release).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.pre.cmp(&other.pre),
        })
    }
}

impl PartialOrd for Semver {
    fn partial_cmp(&self, other: &Semver) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A set of versions: one exact version (`1.82.8`) or bounds that all hold (`>=0.69.4, <0.70`).
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pep_440_orders_as_its_text_says() {
        let ascending = [
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.1.dev1",
            "1!0.1",
        ];
        for (at, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(compare(&Ecosystem::PyPI, a, b), Some(at.cmp(&other)), "{a} and {b}");
            }
        }
        for (a, b) in [("1.82.8", "v1.82.8"), ("1.82", "1.82.0"), ("1.0-1", "1.0.post1"), ("1.0RC1", "1.0-rc.1")] {
            assert!(same(&Ecosystem::PyPI, a, b), "{a} and {b}");
        }
        for text in ["", "latest", "1.0.x", "1.0-foo2", "1..0", "99999999999999999999999"] {
            assert_eq!(compare(&Ecosystem::PyPI, text, text), None, "{text}");
        }
    }

    #[test]
    fn semver_orders_as_its_text_says() {
        let ascending = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(&Ecosystem::Npm, pair[0], pair[1]), Some(Ordering::Less), "{pair:?}");
        }
        assert!(same(&Ecosystem::GitHubActions, "v0.2.6", "0.2.6"));
        assert!(!same(&Ecosystem::Debian, "0.6.94", "0.69.4"));
        assert!(same(&Ecosystem::Debian, "1:0.69.4-1ubuntu2", "0.69.4"));
        assert!(!is_exact(&Ecosystem::Docker, "latest") && is_exact(&Ecosystem::Docker, "0.69.4"));
    }

    #[test]
    fn ranges_hold_what_they_say() {
        let range = Range::parse(&Ecosystem::PyPI, ">=1.82.7, <1.82.9").expect("a range");
        for (version, inside) in [("1.82.6", false), ("1.82.7", true), ("1.82.8", true), ("1.82.9", false)] {
            assert_eq!(range.contains(&Ecosystem::PyPI, version), inside, "{version}");
        }
        assert!(!range.contains(&Ecosystem::PyPI, "main"));
        assert_eq!(Range::parse(&Ecosystem::PyPI, ">=main"), None);
        assert_eq!(Range::parse(&Ecosystem::PyPI, ""), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(a in "\\PC{0,24}", b in "[0-9a-z.+!_-]{0,16}") {
            for ecosystem in [Ecosystem::PyPI, Ecosystem::Npm, Ecosystem::Debian] {
                let forward = compare(&ecosystem, &a, &b);
                prop_assert_eq!(forward.map(Ordering::reverse), compare(&ecosystem, &b, &a));
                let _ = Range::parse(&ecosystem, &a);
            }
        }
    }
}
