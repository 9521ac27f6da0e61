//! Bounds and sets of bounds: what every range language comes down to.
//!
//! It knows no language: how `^`, `~` and the rest become bounds is written where the language is.

use super::python;
use crate::version::{Order, Version};

/// What a range is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Any of these sets.
    Sets(Vec<Set>),
    /// The text does not fix what it gives, for this reason.
    Undecided(&'static str),
    /// No version of the registry's.
    Nothing,
    /// This version, unless something else asks for another.
    Floor(String),
    /// A tag or branch by name.
    Pointed(String),
}

impl Shape {
    /// One set.
    pub(super) fn of(comparators: Vec<Comparator>) -> Shape {
        Shape::Sets(vec![Set(comparators)])
    }

    /// Whether each bound is a version: one that is not would admit nothing.
    pub(super) fn check(&self, order: Order) -> Result<(), String> {
        let Shape::Sets(sets) = self else { return Ok(()) };
        for comparator in sets.iter().flat_map(|set| &set.0).filter(|comparator| comparator.op != Op::Identical) {
            checked(order, &comparator.version)?;
        }
        Ok(())
    }
}

/// Bounds that all hold. None at all admits everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Set(pub(super) Vec<Comparator>);

/// One bound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Comparator {
    pub(super) op: Op,
    pub(super) version: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
    /// `==1.2.*`
    Prefix,
    /// `!=1.2.*`
    NotPrefix,
    /// `===`: the text itself.
    Identical,
}

impl Comparator {
    pub(super) fn new(op: Op, version: impl Into<String>) -> Comparator {
        Comparator { op, version: version.into() }
    }

    fn holds(&self, order: Order, read: &Version<'_>, text: &str) -> bool {
        if self.op == Op::Identical {
            return self.version.eq_ignore_ascii_case(text.trim());
        }
        let Some(bound) = Version::parse(order, &self.version) else { return false };
        if let (Version::Pep440(version), Version::Pep440(bound)) = (read, &bound) {
            return python::holds(self.op, version, bound);
        }
        let Some(order) = read.partial_cmp(&bound) else { return false };
        match self.op {
            Op::Equal | Op::Identical => order.is_eq(),
            Op::NotEqual => order.is_ne(),
            Op::Less => order.is_lt(),
            Op::AtMost => order.is_le(),
            Op::More => order.is_gt(),
            Op::AtLeast => order.is_ge(),
            // Written as bounds outside Python.
            Op::Prefix | Op::NotPrefix => false,
        }
    }
}

impl Set {
    /// Whether the version lies within all bounds.
    pub(super) fn holds(&self, order: Order, read: &Version<'_>, text: &str) -> bool {
        self.0.iter().all(|comparator| comparator.holds(order, read, text))
    }

    /// Whether it admits one version and no other.
    pub(super) fn pins(&self) -> bool {
        self.0.iter().any(|comparator| matches!(comparator.op, Op::Equal | Op::Identical))
    }

    /// The one version that it admits, where it is so written.
    pub(super) fn pinned(&self) -> Option<&str> {
        let equal = |comparator: &&Comparator| matches!(comparator.op, Op::Equal | Op::Identical);
        self.0.iter().find(equal).map(|comparator| comparator.version.as_str())
    }

    /// Whether the text of `version` stands in it.
    pub(super) fn names(&self, version: &str) -> bool {
        let same = |comparator: &Comparator| comparator.version.eq_ignore_ascii_case(version.trim());
        self.0.iter().any(|comparator| matches!(comparator.op, Op::Equal | Op::Identical) && same(comparator))
    }

    /// Whether a bound is a pre-release.
    pub(super) fn names_pre_release(&self, order: Order) -> bool {
        let names = |comparator: &Comparator| {
            let written = !matches!(comparator.op, Op::NotEqual | Op::Prefix | Op::NotPrefix) && !comparator.is_made();
            written && Version::parse(order, &comparator.version).is_some_and(|version| version.is_pre_release())
        };
        self.0.iter().any(names)
    }

    /// Whether a bound is a pre-release with the numbers of `read`.
    pub(super) fn names_pre_release_of(&self, order: Order, read: &Version<'_>) -> bool {
        self.0.iter().any(|comparator| match (Version::parse(order, &comparator.version), read) {
            (Some(Version::Semver(bound)), Version::Semver(read)) => bound.is_pre_release() && bound.same_release(read),
            _ => false,
        })
    }
}

/// How the least pre-release of a version ends, in each order: an upper bound with it keeps all of them out.
pub(super) const LEAST: [&str; 3] = ["-0", "-dev", ".A"];

impl Comparator {
    /// Whether the bound was made here, to keep pre-releases of an upper bound out.
    fn is_made(&self) -> bool {
        self.op == Op::Less && LEAST.iter().any(|end| self.version.ends_with(end))
    }
}

/// Cuts a text of bounds at commas and white space; an operator keeps the version that follows it.
pub(super) fn bounds(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for word in text.split(|letter: char| letter == ',' || letter.is_whitespace()).filter(|word| !word.is_empty()) {
        match found.last_mut().filter(|_| open) {
            Some(last) => last.push_str(word),
            None => found.push(word.to_owned()),
        }
        open = word.bytes().all(|byte| b"<>=!~^".contains(&byte));
    }
    found
}

/// The operator at the start of a bound and the rest; `None` for a bare version.
pub(super) fn operator(bound: &str) -> (Option<&str>, &str) {
    let end = bound.bytes().position(|byte| !b"<>=!~^".contains(&byte)).unwrap_or(bound.len());
    let (sign, rest) = bound.split_at_checked(end).unwrap_or((bound, ""));
    ((!sign.is_empty()).then_some(sign), rest.trim())
}

/// The bound that a plain sign means.
pub(super) fn plain(sign: &str) -> Option<Op> {
    Some(match sign {
        "=" | "==" => Op::Equal,
        "!=" | "<>" => Op::NotEqual,
        "<" => Op::Less,
        "<=" => Op::AtMost,
        ">" => Op::More,
        ">=" => Op::AtLeast,
        _ => return None,
    })
}

/// Whether `order` can read `version`; the error says what it is not.
pub(super) fn checked(order: Order, version: &str) -> Result<&str, String> {
    match Version::parse(order, version) {
        Some(_) => Ok(version),
        None => Err(format!("`{version}` is not a version")),
    }
}
