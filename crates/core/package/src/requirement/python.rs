//! Python's two range languages: version specifiers (PEP 440, in a dependency of PEP 508 or alone) and Poetry's.
//!
//! Environment markers are not judged: a dependency that may not apply counts as one that does.

use super::comparator::{Comparator, Op, Set, Shape, bounds, checked, operator, plain};
use super::semver::{Partial, bumped, caret_place};
use crate::version::Order;
use crate::version::pep440::Pep440;

/// Reads `[name[extras]] specifiers [; marker]`.
pub(super) fn specifiers(text: &str) -> Result<Shape, String> {
    let text = text.split([';', '#']).next().unwrap_or(text);
    let text = text.split(" --").next().unwrap_or(text).trim_end_matches('\\').trim();
    let text = without_name(text);
    if text.starts_with('@') {
        return Ok(Shape::Undecided("it comes from an address and not from the registry"));
    }
    let text = text.trim_start_matches('(').trim_end_matches(')').trim();
    if text == "*" {
        return Ok(Shape::of(Vec::new()));
    }
    let mut comparators = Vec::new();
    for bound in text.split(',').map(str::trim).filter(|bound| !bound.is_empty()) {
        specifier(bound, &mut comparators)?;
    }
    Ok(Shape::of(comparators))
}

/// Without the name and extras that a dependency begins with.
fn without_name(text: &str) -> &str {
    if !text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') {
        return text;
    }
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let end = text.bytes().position(|byte| !name(byte)).unwrap_or(text.len());
    let rest = text.get(end..).unwrap_or_default().trim_start();
    match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest).trim_start(),
        None => rest,
    }
}

fn specifier(bound: &str, comparators: &mut Vec<Comparator>) -> Result<(), String> {
    let (sign, version) = operator(bound);
    let sign = sign.ok_or_else(|| format!("`{bound}` has no operator"))?;
    if sign == "===" {
        comparators.push(Comparator::new(Op::Identical, version));
        return Ok(());
    }
    if sign == "~=" {
        return compatible(version, comparators);
    }
    let op = plain(sign).filter(|_| sign != "=" && sign != "<>").ok_or_else(|| format!("`{sign}` is no operator"))?;
    comparators.push(bounded(op, version)?);
    Ok(())
}

/// One bound, which may end in `.*` where it says the same or not the same.
fn bounded(op: Op, version: &str) -> Result<Comparator, String> {
    let (version, op) = match (version.strip_suffix(".*"), op) {
        (Some(prefix), Op::Equal) => (prefix, Op::Prefix),
        (Some(prefix), Op::NotEqual) => (prefix, Op::NotPrefix),
        (Some(_), _) => return Err(format!("`{version}` may only be equal or not")),
        (None, op) => (version, op),
    };
    Ok(Comparator::new(op, checked(Order::Pep440, version)?))
}

/// `~=1.4.5`: at least that, and the same but for the last number.
fn compatible(version: &str, comparators: &mut Vec<Comparator>) -> Result<(), String> {
    let read = Pep440::parse(version).ok_or_else(|| format!("`{version}` is not a version"))?;
    if read.written() < 2 || read.is_local() {
        return Err(format!("`~={version}` needs two numbers and no local label"));
    }
    comparators.push(Comparator::new(Op::AtLeast, version));
    let start = version.trim_start_matches(['v', 'V']);
    let (epoch, numbers) = start.split_once('!').map_or(("", start), |(epoch, rest)| (epoch, rest));
    let kept: Vec<&str> = numbers.split('.').take(read.written() - 1).collect();
    let mark = if epoch.is_empty() { "" } else { "!" };
    comparators.push(Comparator::new(Op::Prefix, checked(Order::Pep440, &format!("{epoch}{mark}{}", kept.join(".")))?));
    Ok(())
}

/// Reads Poetry's ranges: `^`, `~`, `*`, bounds, and `||` between sets.
pub(super) fn poetry(text: &str) -> Result<Shape, String> {
    let mut sets = Vec::new();
    for alternative in text.split('|').map(str::trim).filter(|alternative| !alternative.is_empty()) {
        let mut comparators = Vec::new();
        for bound in bounds(alternative) {
            poetry_bound(&bound, &mut comparators)?;
        }
        sets.push(Set(comparators));
    }
    if sets.is_empty() {
        sets.push(Set(Vec::new()));
    }
    Ok(Shape::Sets(sets))
}

fn poetry_bound(bound: &str, comparators: &mut Vec<Comparator>) -> Result<(), String> {
    let (sign, version) = operator(bound);
    match sign {
        None if version == "*" => {}
        None => comparators.push(bounded(Op::Equal, version)?),
        Some(sign @ ("^" | "~")) => {
            checked(Order::Pep440, version)?;
            let release: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let partial = Partial::read(release.trim_end_matches('.'))?;
            let place = if sign == "^" { caret_place(&partial.numbers) } else { partial.numbers.len().min(2) - 1 };
            comparators.push(Comparator::new(Op::AtLeast, version));
            comparators.push(Comparator::new(Op::Less, bumped(&partial.numbers, place)?));
        }
        Some("=") => comparators.push(bounded(Op::Equal, version)?),
        Some(_) => specifier(bound, comparators)?,
    }
    Ok(())
}

/// Whether a bound takes `version`, by PEP 440's rules about local labels, pre- and post-releases.
pub(super) fn holds(op: Op, version: &Pep440<'_>, bound: &Pep440<'_>) -> bool {
    let equal = || if bound.is_local() { version == bound } else { version.public() == *bound };
    let same_base = || version.base() == bound.base();
    match op {
        Op::Equal | Op::Identical => equal(),
        Op::NotEqual => !equal(),
        Op::Prefix => version.starts_as(bound, bound.written()),
        Op::NotPrefix => !version.starts_as(bound, bound.written()),
        Op::AtMost => version.public() <= *bound,
        Op::AtLeast => version.public() >= *bound,
        // `<2` does not take 2's own pre-releases.
        Op::Less => version < bound && !(version.is_pre_release() && !bound.is_pre_release() && same_base()),
        // `>2` takes neither 2's post-releases nor its local builds.
        Op::More => {
            let own = (version.is_post_release() && !bound.is_post_release()) || version.is_local();
            version > bound && !(own && same_base())
        }
    }
}
