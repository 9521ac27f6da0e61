//! Intervals in brackets, as Maven and NuGet write them, and what a bare version means to each.
//!
//! Properties (`${revision}`) and Gradle's rich versions are not resolved: they are undecided.

use super::comparator::{Comparator, Op, Set, Shape, checked};
use super::semver::{Partial, bumped};
use crate::version::Order;

/// Reads a version of Maven: intervals, or a wish (`1.0`) that what stands nearer to the root outweighs.
pub(super) fn maven(text: &str) -> Result<Shape, String> {
    let moving = matches!(text, "" | "LATEST" | "RELEASE") || text.starts_with("latest.") || text.ends_with('+');
    if moving || text.contains("${") || text.starts_with(']') || text.ends_with('[') {
        return Ok(Shape::Undecided("what it names is told elsewhere"));
    }
    if !text.starts_with(['[', '(']) {
        return Ok(Shape::Floor(checked(Order::Maven, text)?.to_owned()));
    }
    intervals(text, Order::Maven)
}

/// Reads a version of NuGet: an interval, a floating version, or the least that is asked for.
pub(super) fn nuget(text: &str) -> Result<Shape, String> {
    if text.starts_with(['[', '(']) && !text.contains('*') {
        return intervals(text, Order::NuGet);
    }
    let Some((fixed, floating)) = text.split_once('*') else {
        return match text {
            "" => Ok(Shape::of(Vec::new())),
            _ if text.contains("$(") => Ok(Shape::Undecided("what it names is told elsewhere")),
            _ => Ok(Shape::Floor(checked(Order::NuGet, text)?.to_owned())),
        };
    };
    if text.starts_with(['[', '(']) {
        return Ok(Shape::Undecided("a floating bound is not read"));
    }
    let (numbers, pre) = fixed.split_once('-').map_or((fixed, None), |(numbers, pre)| (numbers, Some(pre)));
    let numbers = numbers.trim_end_matches(['.', '-']);
    let mut comparators = Vec::new();
    // `1.0.0-*` and `*-*` take pre-releases, `1.*` none.
    let any = pre.is_some() || floating.starts_with('-');
    if any {
        let from = if numbers.is_empty() { "0.0.0" } else { numbers };
        let filled = Partial::read(from)?.numbers;
        let at = |place: usize| filled.get(place).copied().unwrap_or_default();
        comparators.push(Comparator::new(Op::AtLeast, format!("{}.{}.{}-0", at(0), at(1), at(2))));
    } else if !numbers.is_empty() {
        comparators.push(Comparator::new(Op::AtLeast, checked(Order::NuGet, numbers)?));
    }
    if !numbers.is_empty() {
        let read = Partial::read(numbers)?.numbers;
        let place = if pre.is_some() { read.len() } else { read.len().saturating_sub(1) };
        comparators.push(Comparator::new(Op::Less, format!("{}-0", bumped(&read, place)?)));
    }
    Ok(Shape::of(comparators))
}

/// `[1,2)`, `(,1]`, `[1]`, and several with commas between them.
fn intervals(text: &str, order: Order) -> Result<Shape, String> {
    let mut sets = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let bad = || format!("`{text}` is not an interval");
        let end = rest.find([']', ')']).ok_or_else(bad)?;
        let (one, after) = rest.split_at_checked(end + 1).ok_or_else(bad)?;
        sets.push(Set(interval(one, order)?));
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    Ok(Shape::Sets(sets))
}

fn interval(text: &str, order: Order) -> Result<Vec<Comparator>, String> {
    let inside = text.strip_prefix(['[', '(']).and_then(|text| text.strip_suffix([']', ')']));
    let inside = inside.ok_or_else(|| format!("`{text}` is not an interval"))?;
    let Some((from, to)) = inside.split_once(',') else {
        return Ok(vec![Comparator::new(Op::Equal, checked(order, inside.trim())?)]);
    };
    let mut comparators = Vec::new();
    if !from.trim().is_empty() {
        let op = if text.starts_with('[') { Op::AtLeast } else { Op::More };
        comparators.push(Comparator::new(op, checked(order, from.trim())?));
    }
    if !to.trim().is_empty() {
        let op = if text.ends_with(']') { Op::AtMost } else { Op::Less };
        comparators.push(Comparator::new(op, checked(order, to.trim())?));
    }
    Ok(comparators)
}
