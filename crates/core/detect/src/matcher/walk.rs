//! One event through a plan: the walk over its record, then the conditions of the candidates.

use super::Scratch;
use super::index::{Index, Marks};
use super::plan::{Plan, SameAs};
use super::table::Buffers;
use super::trie::Node;
use crate::field::{DEPTH_MAX, Found};
use crate::text::{Scalar, fold};
use firebreak_model::{Event, Json};
use sonic_rs::ValueRef;

impl Plan {
    /// Puts the rules that `event` meets into `scratch.matches`, in order. `place` is the plan's own.
    pub(super) fn run(&self, place: usize, event: &Event, scratch: &mut Scratch) {
        if self.rules.is_empty() {
            return;
        }
        let Scratch { marks, buffers, matches, learnt, .. } = scratch;
        if learnt.len() <= place {
            learnt.resize_with(place + 1, Default::default);
        }
        let Some(learning) = learnt.get_mut(place) else { return };
        let index = learning.index(self);
        marks.begin(self.predicates, self.rules.len());
        buffers.all.clear();
        let mut walk = Walk { plan: self, index, marks, buffers };
        walk.below(self.trie.node(0), &event.body, 0);
        walk.keywords(&event.body);
        for (key, table) in &self.keys {
            key.value(event, |scalar| walk.look_up(*table, scalar));
        }
        for place in index.always.iter().chain(&marks.candidates) {
            if self.program.holds(*place, marks, event) {
                matches.extend(self.rules.get(*place as usize));
            }
        }
        matches.sort_unstable();
        learning.learn(self, marks);
    }
}

struct Walk<'a> {
    plan: &'a Plan,
    index: &'a Index,
    marks: &'a mut Marks,
    buffers: &'a mut Buffers,
}

impl<'a> Walk<'a> {
    /// `value` stands at this node of the trie; `None` is off the trie, where only keywords are sought.
    fn below(&mut self, node: Option<&'a Node>, value: &Json, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match value.as_ref() {
            ValueRef::Array(elements) => {
                for element in elements.iter() {
                    self.below(node, element, depth + 1);
                }
            }
            ValueRef::Object(members) => {
                let plan = self.plan;
                if let Some(table) = node.and_then(|node| node.table).and_then(|table| plan.tables.get(table as usize))
                {
                    table.present(self.marks, self.index);
                }
                if let (Some(node), None) = (node, &plan.anywhere) {
                    for (key, member) in members.iter() {
                        if let Some(child) = node.child(key) {
                            self.below(plan.trie.node(child), member, depth + 1);
                        }
                    }
                    return;
                }
                for (key, member) in members.iter() {
                    let child = node.and_then(|node| node.child(key)).and_then(|child| plan.trie.node(child));
                    self.below(child, member, depth + 1);
                }
            }
            other => {
                let Some(scalar) = Scalar::from_ref(other) else { return };
                if let Some(table) = node.and_then(|node| node.table) {
                    self.look_up(table, scalar);
                }
                match &self.plan.anywhere {
                    None => {}
                    Some(anywhere) if anywhere.any.is_some() => self.buffers.gather(scalar),
                    Some(anywhere) => self.look_up(anywhere.table, scalar),
                }
            }
        }
    }

    /// Looks for keywords in every value, where a search through all values at once says that there may be one.
    fn keywords(&mut self, body: &Json) {
        let Some(anywhere) = &self.plan.anywhere else { return };
        let Some(any) = &anywhere.any else { return };
        if any.find(self.buffers.all.as_bytes()).is_some() {
            self.every(anywhere.table, body, 0);
        }
    }

    fn every(&mut self, table: u32, value: &Json, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match value.as_ref() {
            ValueRef::Array(elements) => elements.iter().for_each(|element| self.every(table, element, depth + 1)),
            ValueRef::Object(members) => members.iter().for_each(|(_, member)| self.every(table, member, depth + 1)),
            other => {
                if let Some(scalar) = Scalar::from_ref(other) {
                    self.look_up(table, scalar);
                }
            }
        }
    }

    #[inline]
    fn look_up(&mut self, table: u32, scalar: Scalar<'_>) {
        if let Some(table) = self.plan.tables.get(table as usize) {
            table.look_up(scalar, self.buffers, self.marks, self.index);
        }
    }
}

/// At most so many values of each field are compared with each other.
const VALUES_MAX: usize = 64;

impl SameAs {
    /// Whether any value of the one field relates to any of the other.
    pub(super) fn holds(&self, event: &Event) -> bool {
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
