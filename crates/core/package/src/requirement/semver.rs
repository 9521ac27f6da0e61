//! Range languages over Semantic Versioning: npm's, Cargo's, Composer's, Hex's and pub's. Each becomes bounds.
//!
//! It does not look at a registry: a word that may be a tag there is undecided.

use super::comparator::{Comparator, Op, Set, Shape, bounds, checked, operator, plain};
use crate::version::Order;

/// A version of which numbers may be missing (`1.2`) or open (`1.x`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Partial {
    /// The numbers that are fixed.
    pub(super) numbers: Vec<u64>,
    /// What follows a hyphen; without it.
    pub(super) pre: String,
}

impl Partial {
    pub(super) fn read(text: &str) -> Result<Partial, String> {
        let bad = || format!("`{text}` is not a version");
        let bare = text.trim().trim_start_matches(['v', 'V', '=']).trim();
        let bare = bare.split('+').next().unwrap_or(bare);
        let numbers_end = bare.find(|c: char| !(c.is_ascii_digit() || ".xX*".contains(c))).unwrap_or(bare.len());
        let (release, pre) = bare.split_at_checked(numbers_end).ok_or_else(bad)?;
        let mut numbers = Vec::new();
        let mut open = false;
        for part in release.split('.') {
            match part {
                "x" | "X" | "*" => open = true,
                part if open && !part.is_empty() => {}
                part => numbers.push(part.parse().map_err(|_| bad())?),
            }
        }
        let pre = pre.strip_prefix('-').unwrap_or(pre);
        Ok(Partial { numbers, pre: if open { String::new() } else { pre.to_owned() } })
    }

    /// With zeros for what is missing.
    fn filled(&self) -> String {
        let at = |place: usize| self.numbers.get(place).copied().unwrap_or_default();
        let mut text = format!("{}.{}.{}", at(0), at(1), at(2));
        for more in self.numbers.iter().skip(3) {
            text.push_str(&format!(".{more}"));
        }
        if !self.pre.is_empty() {
            text.push('-');
            text.push_str(&self.pre);
        }
        text
    }

    fn is_whole(&self) -> bool {
        self.numbers.len() >= 3
    }

    fn last(&self) -> usize {
        self.numbers.len().saturating_sub(1)
    }
}

/// The number that a caret lets grow no further: the first that is not zero, or else the last that is written.
pub(super) fn caret_place(numbers: &[u64]) -> usize {
    numbers.iter().position(|number| *number != 0).unwrap_or(numbers.len().saturating_sub(1))
}

/// The first version whose number at `place` is one more, with three numbers at least.
pub(super) fn bumped(numbers: &[u64], place: usize) -> Result<String, String> {
    let mut grown: Vec<u64> = numbers.iter().take(place + 1).copied().collect();
    grown.resize(place + 1, 0);
    let last = grown.last_mut().ok_or("a version has no number")?;
    *last = last.checked_add(1).ok_or("a number of a version is too large")?;
    grown.resize(grown.len().max(3), 0);
    Ok(grown.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

fn at_least(partial: &Partial) -> Comparator {
    Comparator::new(Op::AtLeast, partial.filled())
}

/// Below the version that `place` bumped makes, its pre-releases included.
fn below(partial: &Partial, place: usize, least: &str) -> Result<Comparator, String> {
    Ok(Comparator::new(Op::Less, format!("{}{least}", bumped(&partial.numbers, place)?)))
}

/// All versions that begin with what is written.
fn within(partial: &Partial, least: &str) -> Result<Vec<Comparator>, String> {
    if partial.numbers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![at_least(partial), below(partial, partial.last(), least)?])
}

/// A sign before a version that may be partial, as npm and Cargo read it.
fn signed(sign: &str, partial: &Partial, least: &str) -> Result<Vec<Comparator>, String> {
    let op = plain(sign).ok_or_else(|| format!("`{sign}` is no operator"))?;
    if partial.numbers.is_empty() {
        // `>*` admits nothing, `>=*` all.
        let nothing = matches!(op, Op::Less | Op::More);
        return Ok(if nothing { vec![Comparator::new(Op::Less, format!("0.0.0{least}"))] } else { Vec::new() });
    }
    if partial.is_whole() {
        return Ok(vec![Comparator::new(op, partial.filled())]);
    }
    Ok(match op {
        Op::More => vec![Comparator::new(Op::AtLeast, bumped(&partial.numbers, partial.last())?)],
        Op::AtMost => vec![below(partial, partial.last(), least)?],
        Op::Less => vec![Comparator::new(Op::Less, format!("{}{least}", partial.filled()))],
        Op::AtLeast => vec![at_least(partial)],
        Op::NotEqual => return Err(format!("`{sign}` needs a whole version")),
        _ => within(partial, least)?,
    })
}

/// One bound of npm or Cargo. `bare` is what a version without a sign means.
fn bound(text: &str, bare: &str) -> Result<Vec<Comparator>, String> {
    let (sign, version) = operator(text);
    let partial = Partial::read(version)?;
    match sign.unwrap_or(bare) {
        _ if partial.numbers.is_empty() && !matches!(sign, Some("<" | ">")) => Ok(Vec::new()),
        "^" => Ok(vec![at_least(&partial), below(&partial, caret_place(&partial.numbers), "-0")?]),
        "~" | "~>" => Ok(vec![at_least(&partial), below(&partial, partial.last().min(1), "-0")?]),
        sign => signed(sign, &partial, "-0"),
    }
}

/// `name` of `npm:name@range`, and the range.
pub(super) fn without_alias(text: &str) -> (&str, Option<String>) {
    let Some(target) = text.strip_prefix("npm:") else { return (text, None) };
    // A scope begins with the sign that a range follows.
    match target.rsplit_once('@').filter(|(name, _)| !name.is_empty()) {
        Some((name, range)) => (range, Some(name.to_owned())),
        None if target.starts_with(|c: char| c.is_ascii_digit() || "^~<>=*".contains(c)) => (target, None),
        None => ("", Some(target.to_owned())),
    }
}

/// Reads a range of npm, yarn, pnpm or bun.
pub(super) fn npm(text: &str) -> Result<Shape, String> {
    if text.starts_with("workspace:") || text.starts_with("link:") || text.starts_with("portal:") {
        return Ok(Shape::Nothing);
    }
    if text.contains([':', '/']) {
        return Ok(Shape::Undecided("it comes from an address, a file or a catalogue"));
    }
    let mut sets = Vec::new();
    for alternative in text.split("||").map(str::trim) {
        let mut comparators = Vec::new();
        if let Some((from, to)) = alternative.split_once(" - ") {
            comparators.extend(signed(">=", &Partial::read(from)?, "-0")?);
            comparators.extend(signed("<=", &Partial::read(to)?, "-0")?);
        } else {
            for word in bounds(alternative) {
                // A word that is no version is a tag, which the registry may point anywhere.
                let (sign, version) = operator(&word);
                let tag = version.starts_with(|c: char| c.is_ascii_alphabetic() && !"vVxX".contains(c))
                    || (sign.is_none() && Partial::read(version).is_err());
                if tag {
                    return Ok(Shape::Undecided("a tag of the registry points to whatever its owner says"));
                }
                comparators.extend(bound(&word, "=")?);
            }
        }
        sets.push(Set(comparators));
    }
    Ok(Shape::Sets(sets))
}

/// Reads a requirement of Cargo: a bare version is one with a caret.
pub(super) fn cargo(text: &str) -> Result<Shape, String> {
    let mut comparators = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        // `1.*` is itself; `1` is `^1`.
        let bare = if part.contains('*') { "=" } else { "^" };
        comparators.extend(bound(&part.replace(' ', ""), bare)?);
    }
    Ok(Shape::of(comparators))
}

/// Reads a constraint of Composer.
pub(super) fn composer(text: &str) -> Result<Shape, String> {
    let mut sets = Vec::new();
    for alternative in text.split('|').map(str::trim).filter(|alternative| !alternative.is_empty()) {
        let mut comparators = Vec::new();
        if let Some((from, to)) = alternative.split_once(" - ") {
            comparators.extend(composer_bound(&format!(">={from}"))?);
            let upper = Partial::read(to)?;
            let sign = if upper.is_whole() || !upper.pre.is_empty() { "<=" } else { "" };
            let upper_bound = if sign.is_empty() {
                vec![below(&upper, upper.last(), "-dev")?]
            } else {
                signed(sign, &upper, "-dev")?
            };
            comparators.extend(upper_bound);
        } else {
            for word in bounds(alternative) {
                if word.starts_with("dev-") || word.ends_with("-dev") || word == "as" {
                    return Ok(Shape::Undecided("a branch gives whatever it holds that day"));
                }
                if let Some((_, flag)) = word.split_once('@').filter(|(_, flag)| *flag != "stable") {
                    let _ = flag;
                    return composer_flagged(text);
                }
                comparators.extend(composer_bound(word.split('@').next().unwrap_or(&word))?);
            }
        }
        sets.push(Set(comparators));
    }
    if sets.is_empty() {
        return Err("a constraint is empty".to_owned());
    }
    Ok(Shape::Sets(sets))
}

/// A constraint with a stability of its own takes pre-releases: `>=1.0@beta`.
fn composer_flagged(text: &str) -> Result<Shape, String> {
    let mut plain = String::with_capacity(text.len());
    let mut skip = false;
    for letter in text.chars() {
        skip = letter == '@' || (skip && letter.is_ascii_alphabetic());
        if !skip {
            plain.push(letter);
        }
    }
    let plain = if plain.trim().is_empty() { "*" } else { plain.trim() };
    match composer(plain)? {
        Shape::Sets(mut sets) => {
            // A bound that all versions pass, and that is a pre-release.
            sets.iter_mut().for_each(|set| set.0.push(Comparator::new(Op::AtLeast, "0.0.0-alpha")));
            Ok(Shape::Sets(sets))
        }
        other => Ok(other),
    }
}

fn composer_bound(text: &str) -> Result<Vec<Comparator>, String> {
    let (sign, version) = operator(text);
    let partial = Partial::read(version)?;
    let open = version.contains(['*', 'x', 'X']);
    match sign {
        _ if partial.numbers.is_empty() => Ok(Vec::new()),
        Some("^") => Ok(vec![at_least(&partial), below(&partial, caret_place(&partial.numbers), "-dev")?]),
        Some("~") => Ok(vec![at_least(&partial), below(&partial, partial.last().saturating_sub(1), "-dev")?]),
        None if open => within(&partial, "-dev"),
        sign => {
            let op = plain(sign.unwrap_or("=")).ok_or_else(|| format!("`{text}` has no known operator"))?;
            let least = if op == Op::Less && partial.pre.is_empty() { "-dev" } else { "" };
            Ok(vec![Comparator::new(op, checked(Order::Packagist, &format!("{}{least}", partial.filled()))?)])
        }
    }
}

/// Reads a requirement of Hex: `and`, `or`, `~>` and bounds.
pub(super) fn hex(text: &str) -> Result<Shape, String> {
    let mut sets = Vec::new();
    for alternative in text.split(" or ") {
        let mut comparators = Vec::new();
        for part in alternative.split(" and ").flat_map(bounds) {
            let (sign, version) = operator(&part);
            let partial = Partial::read(version)?;
            match sign {
                Some("~>") => {
                    comparators.push(at_least(&partial));
                    comparators.push(below(&partial, partial.last().saturating_sub(1), "-0")?);
                }
                sign => comparators.extend(signed(sign.unwrap_or("=="), &partial, "-0")?),
            }
        }
        sets.push(Set(comparators));
    }
    Ok(Shape::Sets(sets))
}

/// Reads a constraint of pub: a caret stops before the next breaking release, which below 1.0 is the next minor one.
pub(super) fn dart(text: &str) -> Result<Shape, String> {
    let mut comparators = Vec::new();
    for part in bounds(text).iter().filter(|part| part.as_str() != "any") {
        let (sign, version) = operator(part);
        let partial = Partial::read(version)?;
        match sign {
            Some("^") => {
                let place = usize::from(partial.numbers.first() == Some(&0));
                comparators.push(at_least(&partial));
                comparators.push(below(&partial, place, "-0")?);
            }
            // A version with a build is that build and no other.
            None | Some("=") => comparators.push(Comparator::new(Op::Equal, checked(Order::Pub, version)?)),
            Some(sign) => comparators.extend(signed(sign, &partial, "")?),
        }
    }
    Ok(Shape::of(comparators))
}
