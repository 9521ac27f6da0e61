//! Semantic Versioning 2.0, read with more patience than its grammar has, and the orders that are it with one more rule:
//! npm's loose forms, Go's prefixes, pub's builds, NuGet's fourth number and caseless labels.
//!
//! It is not a check of well-formed versions: any count of numbers is read where the dialect has no limit.

use super::number::{Number, caseless, cut, dotted, without_zeros};
use std::cmp::Ordering;

/// What a dialect of Semantic Versioning adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// Any count of numbers, an optional `v`; `~` opens a pre-release too.
    Plain,
    /// At most three numbers; `=` and `v` before them, and a pre-release that no hyphen opens (`1.2.3beta`).
    Npm,
    /// `v` or `go` before them, `rc` and `beta` without a hyphen as the toolchain has it; `+incompatible` says nothing.
    Go,
    /// Builds (`+1`) order too, after the version without one.
    Pub,
    /// Up to four numbers, labels without regard to case.
    NuGet,
}

/// A version as Semantic Versioning orders it.
#[derive(Clone, Debug)]
pub struct Semver<'a> {
    release: Vec<Number<'a>>,
    /// How many numbers are written.
    written: usize,
    pre: Vec<Part<'a>>,
    build: Vec<Part<'a>>,
    caseless: bool,
}

/// An identifier: numbers come before words.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Number(Number<'a>),
    Word(&'a str),
}

impl<'a> Semver<'a> {
    /// Reads a version of `dialect`.
    pub fn parse(text: &'a str, dialect: Dialect) -> Option<Semver<'a>> {
        let text = text.trim();
        let text = match dialect {
            Dialect::Npm => text.trim_start_matches(['=', 'v', 'V', ' ']),
            Dialect::Go => text.strip_prefix("go").or_else(|| text.strip_prefix('v')).unwrap_or(text),
            Dialect::Plain | Dialect::Pub | Dialect::NuGet => text.strip_prefix(['v', 'V']).unwrap_or(text),
        };
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (mut release, rest) = dotted(text)?;
        let written = release.len();
        let most = match dialect {
            Dialect::Npm | Dialect::Go | Dialect::Pub => 3,
            Dialect::NuGet => 4,
            Dialect::Plain => usize::MAX,
        };
        if written > most {
            return None;
        }
        without_zeros(&mut release);
        let pre = pre_release(rest, dialect)?;
        let build = match build {
            Some(build) if dialect == Dialect::Pub => parts(build)?,
            _ => Vec::new(),
        };
        Some(Semver { release, written, pre, build, caseless: dialect == Dialect::NuGet })
    }

    /// Whether it is a pre-release.
    pub fn is_pre_release(&self) -> bool {
        !self.pre.is_empty()
    }

    /// How many numbers are written: 2 of `1.0`.
    pub fn written(&self) -> usize {
        self.written
    }

    /// Whether both have the same numbers.
    pub fn same_release(&self, other: &Semver<'_>) -> bool {
        self.release == other.release
    }
}

fn pre_release(rest: &str, dialect: Dialect) -> Option<Vec<Part<'_>>> {
    if rest.is_empty() {
        return Some(Vec::new());
    }
    if let Some(pre) = rest.strip_prefix('-') {
        return parts(pre);
    }
    match dialect {
        Dialect::Plain => rest.strip_prefix('~').and_then(parts),
        Dialect::Npm if rest.starts_with(|letter: char| letter.is_ascii_alphabetic()) => parts(rest),
        // The toolchain's own form: `1.21rc2`.
        Dialect::Go => {
            let (word, number) = cut(rest, |byte| byte.is_ascii_alphabetic());
            let known = matches!(word, "rc" | "beta");
            known.then(|| Number::parse(number).map(|number| vec![Part::Word(word), Part::Number(number)])).flatten()
        }
        _ => None,
    }
}

/// Dotted identifiers, none of them empty.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let fits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let part = |text| fits(text).then(|| Number::parse(text).map_or(Part::Word(text), Part::Number));
    text.split('.').map(part).collect()
}

fn compare_parts(a: &[Part<'_>], b: &[Part<'_>], without_case: bool) -> Ordering {
    let one = |a: &Part<'_>, b: &Part<'_>| match (a, b) {
        (Part::Number(a), Part::Number(b)) => a.cmp(b),
        (Part::Number(_), Part::Word(_)) => Ordering::Less,
        (Part::Word(_), Part::Number(_)) => Ordering::Greater,
        (Part::Word(a), Part::Word(b)) if without_case => caseless(a, b),
        (Part::Word(a), Part::Word(b)) => a.cmp(b),
    };
    let differs = a.iter().zip(b).map(|(a, b)| one(a, b)).find(|order| order.is_ne());
    differs.unwrap_or_else(|| a.len().cmp(&b.len()))
}

impl Ord for Semver<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let pre = || match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_parts(&self.pre, &other.pre, self.caseless),
        };
        (self.release.cmp(&other.release))
            .then_with(pre)
            .then_with(|| compare_parts(&self.build, &other.build, self.caseless))
    }
}

impl PartialOrd for Semver<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Semver<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Semver<'_> {}
