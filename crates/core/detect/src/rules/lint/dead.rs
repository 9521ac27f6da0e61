//! Rules that can never be met.
//!
//! What a rule needs in any case is taken to hold; if the rest is then false, no record meets the rule. Beside that, a field
//! that must have two values at once needs a list.

use super::Lints;
use crate::field::Field;
use crate::rules::{Condition, Detection, Predicate, Relation, Test};
use crate::text::folded;

pub(super) fn lint(rule: &Detection, lints: &mut Lints) {
    let mut needed = Needed::default();
    needed.take(&rule.condition, true);
    let line = rule.written.section.line;
    if needed.judge(&rule.condition) == Some(false) {
        let what = "no record can meet the condition: what one part asks for another part excludes".to_owned();
        lints.push(
            "cannot_fire",
            &rule.attributes,
            line,
            what,
            "compare the searches that `not` excludes with the others",
        );
        return;
    }
    for (field, one, other) in needed.two_values() {
        let what = format!("`{field}` must be `{one}` and `{other}` at once, which only a list can");
        lints.push("two_values", &rule.attributes, line, what, "join the two with `or`, or compare different fields");
    }
}

/// Predicates that hold, and that do not, whenever the rule is met.
#[derive(Default)]
struct Needed<'a> {
    hold: Vec<&'a Predicate>,
    fail: Vec<&'a Predicate>,
}

impl<'a> Needed<'a> {
    fn take(&mut self, condition: &'a Condition, holds: bool) {
        match (condition, holds) {
            (Condition::Holds(predicate), true) => self.hold.push(predicate),
            (Condition::Holds(predicate), false) => self.fail.push(predicate),
            (Condition::Not(part), _) => self.take(part, !holds),
            (Condition::All(parts), true) => parts.iter().for_each(|part| self.take(part, true)),
            (Condition::AtLeast(least, parts), true) if *least == parts.len() => {
                parts.iter().for_each(|part| self.take(part, true));
            }
            (Condition::AtLeast(1, parts), false) => parts.iter().for_each(|part| self.take(part, false)),
            _ => {}
        }
    }

    /// Whether the condition holds under what is needed; `None` where that depends.
    fn judge(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Holds(predicate) => self.known(predicate),
            Condition::Not(part) => self.judge(part).map(|holds| !holds),
            Condition::All(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.judge(part)).collect();
                if parts.contains(&Some(false)) {
                    return Some(false);
                }
                parts.iter().all(|part| *part == Some(true)).then_some(true)
            }
            Condition::AtLeast(least, parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.judge(part)).collect();
                let sure = parts.iter().filter(|part| **part == Some(true)).count();
                let open = parts.iter().filter(|part| part.is_none()).count();
                if sure >= *least { Some(true) } else { (sure + open < *least).then_some(false) }
            }
        }
    }

    fn known(&self, predicate: &Predicate) -> Option<bool> {
        let holds = self.hold.iter().any(|own| implies(own, predicate));
        // What would make something hold that fails cannot hold itself.
        let fails = self.fail.iter().any(|own| implies(predicate, own));
        match (holds, fails) {
            (_, true) => Some(false),
            (true, false) => Some(true),
            (false, false) => None,
        }
    }

    /// Fields that must equal two values.
    fn two_values(&self) -> Vec<(String, String, String)> {
        let equal = |predicate: &&'a Predicate| match (&predicate.field, &predicate.test) {
            (Field::Anywhere, _) => None,
            (field, Test::Text { relation: Relation::Equals, text, .. }) => Some((field.clone(), text.clone())),
            _ => None,
        };
        let mut values: Vec<(Field, String)> = self.hold.iter().filter_map(equal).collect();
        values.sort();
        values.dedup_by(|a, b| a.0 == b.0 && folded(&a.1) == folded(&b.1));
        let pairs = values.iter().zip(values.iter().skip(1)).filter(|(one, other)| one.0 == other.0);
        pairs.map(|(one, other)| (one.0.spelled(), one.1.clone(), other.1.clone())).collect()
    }
}

/// Whether `other` holds wherever `one` does.
fn implies(one: &Predicate, other: &Predicate) -> bool {
    if one.field != other.field {
        return false;
    }
    if one.test == other.test {
        return true;
    }
    match (&one.test, &other.test) {
        (_, Test::Present) => one.field != Field::Anywhere,
        (Test::Text { relation, text, cased }, Test::Text { relation: wider, text: part, cased: strict }) => {
            // What holds with regard to case holds without, not the other way round.
            let text = match (cased, strict) {
                (true, false) => folded(text),
                (false, true) => return false,
                _ => text.clone(),
            };
            match (relation, wider) {
                (Relation::Equals, wider) => wider.holds(&text, part),
                (_, Relation::Contains) => text.contains(part.as_str()),
                (Relation::StartsWith, Relation::StartsWith) => text.starts_with(part.as_str()),
                (Relation::EndsWith, Relation::EndsWith) => text.ends_with(part.as_str()),
                _ => false,
            }
        }
        _ => false,
    }
}
