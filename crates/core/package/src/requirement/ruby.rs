//! RubyGems' requirements, in a Gemfile, a gemspec or a lock: bounds with commas between them, and `~>`.
//!
//! Sources and platforms are no part of a requirement.

use super::comparator::{Comparator, Op, Shape, checked, operator, plain};
use crate::version::Order;

/// Reads `~> 1.2, >= 1.2.3`. A bare version is that version.
pub(super) fn gem(text: &str) -> Result<Shape, String> {
    let text = text.trim_start_matches('(').trim_end_matches([')', '!']);
    let mut comparators = Vec::new();
    for bound in text.split(',').map(|bound| bound.trim().trim_matches(['"', '\''])).filter(|bound| !bound.is_empty()) {
        let (sign, version) = operator(bound);
        let version = checked(Order::RubyGems, version)?;
        match sign {
            Some("~>") => {
                comparators.push(Comparator::new(Op::AtLeast, version));
                comparators.push(Comparator::new(Op::Less, pessimistic(version)?));
            }
            sign => {
                let op = plain(sign.unwrap_or("=")).ok_or_else(|| format!("`{bound}` has no known operator"))?;
                comparators.push(Comparator::new(op, version));
            }
        }
    }
    Ok(Shape::of(comparators))
}

/// The version below which `~>` stays: without the last number, and the one before it grown. Its pre-releases are above.
fn pessimistic(version: &str) -> Result<String, String> {
    let release = version.split(|letter: char| letter.is_ascii_alphabetic() || letter == '-').next().unwrap_or(version);
    let mut numbers: Vec<u64> = Vec::new();
    for part in release.trim_end_matches('.').split('.') {
        numbers.push(part.parse().map_err(|_| format!("`{version}` is not a version"))?);
    }
    if numbers.len() > 1 {
        numbers.pop();
    }
    let last = numbers.last_mut().ok_or("a version has no number")?;
    *last = last.checked_add(1).ok_or("a number of a version is too large")?;
    let shown: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Ok(format!("{}.A", shown.join(".")))
}
