//! One event through a plan: the walk over its record, then the conditions of the candidates.

use super::Scratch;
use super::index::Marks;
use super::plan::{Expression, Plan, SameAs};
use super::table::Buffers;
use crate::field::{DEPTH_MAX, Found};
use crate::text::{Scalar, fold};
use firebreak_model::{Event, Json};
use sonic_rs::ValueRef;

impl Plan {
    /// Puts the rules that `event` meets into `scratch.matches`, in order.
    pub(super) fn run(&self, event: &Event, scratch: &mut Scratch) {
        if self.rules.is_empty() {
            return;
        }
        let Scratch { marks, folded, number, matches } = scratch;
        marks.begin(self.predicates, self.rules.len());
        let mut walk = Walk { plan: self, marks, folded, number };
        match event.body.as_ref() {
            ValueRef::Object(_) | ValueRef::Array(_) => walk.below(Some(0), &event.body, 0),
            _ => walk.keyword(&event.body),
        }
        for (key, table) in &self.keys {
            key.value(event, |scalar| walk.look_up(*table, scalar));
        }
        let Scratch { marks, .. } = scratch;
        for place in self.index.always.iter().chain(&marks.candidates) {
            let expression = self.expressions.get(*place as usize);
            if expression.is_some_and(|expression| holds(expression, marks, event)) {
                matches.extend(self.rules.get(*place as usize));
            }
        }
        matches.sort_unstable();
    }
}

struct Walk<'a> {
    plan: &'a Plan,
    marks: &'a mut Marks,
    folded: &'a mut String,
    number: &'a mut String,
}

impl Walk<'_> {
    /// `value` stands at this place of the trie; `None` is off the trie, where only keywords are sought.
    fn below(&mut self, place: Option<u32>, value: &Json, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match value.as_ref() {
            ValueRef::Array(elements) => {
                for element in elements.iter() {
                    self.below(place, element, depth + 1);
                }
            }
            ValueRef::Object(members) => {
                let plan = self.plan;
                let node = place.and_then(|place| plan.trie.node(place));
                if let Some(table) = node.and_then(|node| node.table).and_then(|table| plan.tables.get(table as usize))
                {
                    table.present(self.marks, &plan.index);
                }
                if let (Some(node), None) = (node, plan.anywhere) {
                    for (key, member) in members.iter() {
                        if let Some(child) = node.child(key) {
                            self.below(Some(child), member, depth + 1);
                        }
                    }
                    return;
                }
                for (key, member) in members.iter() {
                    let child = node.and_then(|node| node.child(key));
                    self.below(child, member, depth + 1);
                }
            }
            other => {
                let Some(scalar) = Scalar::from_ref(other) else { return };
                if let Some(table) = place.and_then(|place| self.plan.trie.node(place)).and_then(|node| node.table) {
                    self.look_up(table, scalar);
                }
                if let Some(table) = self.plan.anywhere {
                    self.look_up(table, scalar);
                }
            }
        }
    }

    /// A record that is a single scalar.
    fn keyword(&mut self, value: &Json) {
        if let (Some(scalar), Some(table)) = (Scalar::of(value), self.plan.anywhere) {
            self.look_up(table, scalar);
        }
    }

    #[inline]
    fn look_up(&mut self, table: u32, scalar: Scalar<'_>) {
        if let Some(table) = self.plan.tables.get(table as usize) {
            let buffers = Buffers { folded: self.folded, number: self.number };
            table.look_up(scalar, buffers, self.marks, &self.plan.index);
        }
    }
}

/// Whether `expression` holds where these predicates do.
fn holds(expression: &Expression, marks: &Marks, event: &Event) -> bool {
    match expression {
        Expression::Holds(predicate) => marks.holds(*predicate),
        Expression::SameAs(same) => marks.holds(same.present) && same.holds(event),
        Expression::All(parts) => parts.iter().all(|part| holds(part, marks, event)),
        Expression::AtLeast(least, parts) => {
            parts.iter().filter(|part| holds(part, marks, event)).take(*least).count() >= *least
        }
        Expression::Not(part) => !holds(part, marks, event),
    }
}

/// At most so many values of each field are compared with each other.
const VALUES_MAX: usize = 64;

impl SameAs {
    fn holds(&self, event: &Event) -> bool {
        let values = |field: &crate::field::Field| {
            let (mut texts, mut number, mut lower) = (Vec::new(), String::new(), String::new());
            field.values(event, &mut |found| {
                if let (Found::Scalar(scalar), true) = (found, texts.len() < VALUES_MAX) {
                    let text = scalar.text(&mut number);
                    texts.push(if self.cased { text.to_owned() } else { fold(text, &mut lower).to_owned() });
                }
            });
            texts
        };
        let others = values(&self.other);
        values(&self.field).iter().any(|value| others.iter().any(|other| self.relation.holds(value, other)))
    }
}
