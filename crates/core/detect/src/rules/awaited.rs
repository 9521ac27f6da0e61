//! What a temporal correlation awaits where it has a condition: `login and not mfa`, `2 of recon_*`, `gte: 2`.
//!
//! The condition is over the names listed under `rules`. It is spelled out as alternatives, each with the rules that must
//! come and those that must not, so that the state need not know about formulas.

use super::condition::{self, Formula, Refusal};
use super::measure::Bounds;
use std::collections::BTreeSet;

/// What is awaited: any of the alternatives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Awaited {
    /// Whether the rules of an alternative must come in the order of the list.
    pub ordered: bool,
    /// The alternatives.
    pub alternatives: Vec<Alternative>,
}

/// One way to fulfil a condition; rules by their position in the list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Alternative {
    /// These come, in the order of the list.
    pub present: Vec<usize>,
    /// None of these comes.
    pub absent: Vec<usize>,
}

impl Awaited {
    /// Whether something must not come, so that a span can only be judged when it is over.
    pub fn needs_absence(&self) -> bool {
        self.alternatives.iter().any(|alternative| !alternative.absent.is_empty())
    }
}

/// Conditions that spell out to more alternatives than this are refused.
const ALTERNATIVES_MAX: usize = 256;

/// Rules that come and rules that do not, as bits.
type Bits = (u64, u64);

fn refusal(reason: impl Into<String>, hint: &str) -> Refusal {
    Refusal { reason: reason.into(), hint: hint.to_owned() }
}

/// Reads a condition such as `a and not b` over the rules called `names`.
pub(super) fn read(text: &str, names: &[String], ordered: bool) -> Result<Awaited, Refusal> {
    let formula = condition::parse(text, names)?;
    let mut used = BTreeSet::new();
    condition::names_in(&formula, &mut used);
    if let Some(unused) = names.iter().find(|name| !used.contains(*name)) {
        let reason = format!("the condition never uses the rule `{unused}`");
        return Err(refusal(reason, "name it in `condition`, or remove it from `rules`"));
    }
    let spelled = spell(&formula, names, true).ok_or_else(|| {
        refusal("the condition has too many alternatives", "split it into correlations that refer to each other")
    })?;
    finish(spelled, ordered)
}

/// So many of the rules, where the condition is on their number.
pub(super) fn number_of_rules(bounds: Bounds, rules: usize, ordered: bool) -> Result<Awaited, Refusal> {
    let each: Vec<Formula> = (0..rules).map(|position| Formula::Name(position.to_string())).collect();
    let names: Vec<String> = (0..rules).map(|position| position.to_string()).collect();
    let least = usize::try_from(bounds.least).unwrap_or(usize::MAX).max(1);
    if least > rules {
        let reason = format!("the condition asks for {least} rules of {rules}");
        return Err(refusal(reason, "list more under `rules`, or ask for fewer"));
    }
    let mut formula = Formula::AtLeast(least, each.clone());
    if let Some(most) = bounds.most.and_then(|most| usize::try_from(most).ok()).filter(|most| *most < rules) {
        let more = Formula::AtLeast(most + 1, each);
        formula = Formula::All(vec![formula, Formula::Not(Box::new(more))]);
    }
    let spelled = spell(&formula, &names, true).ok_or_else(|| {
        refusal(
            "so many of so many rules have too many alternatives",
            "name them in a condition such as `a and (b or c)`",
        )
    })?;
    finish(spelled, ordered)
}

fn finish(spelled: Vec<Bits>, ordered: bool) -> Result<Awaited, Refusal> {
    if spelled.is_empty() {
        return Err(refusal("the condition can never hold", "it asks for a rule and its absence: remove one of them"));
    }
    if spelled.iter().any(|(present, _)| *present == 0) {
        let reason = "the condition may hold where nothing comes, and then there is no event to begin a span";
        return Err(refusal(reason, "join the absence with `and` to a rule that must come"));
    }
    let positions = |bits: u64| (0..64).filter(|position| bits >> position & 1 == 1).collect();
    let alternatives = spelled
        .into_iter()
        .map(|(present, absent)| Alternative { present: positions(present), absent: positions(absent) });
    Ok(Awaited { ordered, alternatives: alternatives.collect() })
}

/// The alternatives of `formula`, or of its negation where `holds` is false; `None` where there are too many.
fn spell(formula: &Formula, names: &[String], holds: bool) -> Option<Vec<Bits>> {
    match formula {
        Formula::Name(name) => {
            let bit = 1_u64 << names.iter().position(|own| own == name)?;
            Some(vec![if holds { (bit, 0) } else { (0, bit) }])
        }
        Formula::Not(part) => spell(part, names, !holds),
        Formula::All(parts) if holds => every(parts, names, holds),
        Formula::All(parts) => any(parts, names, holds),
        Formula::AtLeast(1, parts) if holds => any(parts, names, holds),
        Formula::AtLeast(1, parts) => every(parts, names, holds),
        // Not at least k of n: at least n - k + 1 do not hold.
        Formula::AtLeast(least, parts) => {
            let least = if holds { *least } else { (parts.len() + 1).checked_sub(*least)? };
            some(least, parts, names, holds)
        }
    }
}

fn any(parts: &[Formula], names: &[String], holds: bool) -> Option<Vec<Bits>> {
    let mut all = Vec::new();
    for part in parts {
        all.extend(spell(part, names, holds)?);
    }
    fewest(all)
}

fn every(parts: &[Formula], names: &[String], holds: bool) -> Option<Vec<Bits>> {
    let mut all = vec![(0, 0)];
    for part in parts {
        let own = spell(part, names, holds)?;
        let joined = all.iter().flat_map(|left| own.iter().map(move |right| (left.0 | right.0, left.1 | right.1)));
        all = fewest(joined.filter(|(present, absent)| present & absent == 0).collect())?;
    }
    Some(all)
}

/// At least so many of `parts`: by number of parts fulfilled so far.
fn some(least: usize, parts: &[Formula], names: &[String], holds: bool) -> Option<Vec<Bits>> {
    let mut by_number: Vec<Vec<Bits>> = vec![Vec::new(); least + 1];
    by_number.first_mut()?.push((0, 0));
    for part in parts {
        let own = spell(part, names, holds)?;
        for number in (0..least).rev() {
            let before = by_number.get(number)?.clone();
            let joined =
                before.iter().flat_map(|left| own.iter().map(move |right| (left.0 | right.0, left.1 | right.1)));
            let mut with: Vec<Bits> = joined.filter(|(present, absent)| present & absent == 0).collect();
            let place = by_number.get_mut(number + 1)?;
            with.append(place);
            *place = fewest(with)?;
        }
    }
    by_number.pop()
}

/// Without those that another makes needless, in order.
fn fewest(mut all: Vec<Bits>) -> Option<Vec<Bits>> {
    all.sort_unstable();
    all.dedup();
    // Compared pair by pair: more than this is not worth it.
    if all.len() > ALTERNATIVES_MAX * 16 {
        return None;
    }
    let weaker = |one: &Bits, other: &Bits| one != other && one.0 & other.0 == one.0 && one.1 & other.1 == one.1;
    let kept: Vec<Bits> = all.iter().filter(|bits| !all.iter().any(|other| weaker(other, bits))).copied().collect();
    (kept.len() <= ALTERNATIVES_MAX).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a", "b", "recon_1", "recon_2"].map(str::to_owned).to_vec()
    }

    fn alternatives(text: &str) -> Vec<(Vec<usize>, Vec<usize>)> {
        let awaited = read(text, &names(), false).unwrap_or_else(|refused| panic!("{text}: {}", refused.reason));
        awaited.alternatives.into_iter().map(|alternative| (alternative.present, alternative.absent)).collect()
    }

    #[test]
    fn conditions_are_spelled_out() {
        assert_eq!(alternatives("all of them"), [(vec![0, 1, 2, 3], vec![])]);
        assert_eq!(alternatives("a AND NOT (b or 1 of recon_*)"), [(vec![0], vec![1, 2, 3])]);
        assert_eq!(alternatives("a and (b or all of recon_*)"), [(vec![0, 1], vec![]), (vec![0, 2, 3], vec![])]);
        assert_eq!(alternatives("2 of them").len(), 6);
        assert_eq!(alternatives("b and a and not all of recon_*").len(), 2);
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (text, says) in [
            ("a and b", "never uses the rule `recon_1`"),
            ("not 1 of them", "nothing comes"),
            ("all of them and not a", "never hold"),
            ("a and c", "`c`"),
        ] {
            let refused = read(text, &names(), true).expect_err(text);
            assert!(refused.reason.contains(says), "{text}: {}", refused.reason);
        }
        assert!(number_of_rules(Bounds { least: 5, most: None }, 4, false).is_err());
        assert!(number_of_rules(Bounds { least: 32, most: None }, 64, false).is_err(), "too many");
    }

    #[test]
    fn a_number_of_rules_is_a_condition() {
        let two = number_of_rules(Bounds { least: 2, most: None }, 3, true).expect("a condition");
        assert!(two.ordered && two.alternatives.len() == 3 && !two.needs_absence());
        let exactly = number_of_rules(Bounds { least: 1, most: Some(1) }, 3, false).expect("a condition");
        assert_eq!(exactly.alternatives.len(), 3);
        assert!(exactly.needs_absence());
    }
}
