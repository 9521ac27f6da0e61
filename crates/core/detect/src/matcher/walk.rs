//! One event through a plan: the walk over its record, then the conditions of the candidates, which ask for what the walk
//! left out.

use super::Scratch;
use super::index::Index;
use super::marks::Marks;
use super::plan::Plan;
use super::table::{Buffers, Table};
use super::trie::Node;
use crate::field::{DEPTH_MAX, Field, Found};
use crate::text::Scalar;
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
        marks.begin(self.table_of.len(), self.tables.len(), self.rules.len());
        let mut inquiry = Inquiry { plan: self, index, event, marks, buffers };
        inquiry.walk();
        let mut next = 0;
        while let Some(place) = inquiry.marks.candidates.get(next).copied() {
            next += 1;
            if self.program.holds(place, &mut inquiry) {
                matches.extend(self.rules.get(place as usize));
            }
        }
        for place in &index.always {
            if self.program.holds(*place, &mut inquiry) {
                matches.extend(self.rules.get(*place as usize));
            }
        }
        matches.sort_unstable();
        learning.learn(self, marks);
    }
}

/// An event of which is asked which predicates hold. Each table is looked up once at most.
pub(super) struct Inquiry<'a> {
    plan: &'a Plan,
    index: &'a Index,
    pub(super) event: &'a Event,
    marks: &'a mut Marks,
    buffers: &'a mut Buffers,
}

impl<'a> Inquiry<'a> {
    /// Whether the predicate holds.
    #[inline]
    pub(super) fn holds(&mut self, predicate: u32) -> bool {
        self.marks.holds(predicate) || (self.ask(predicate) && self.marks.holds(predicate))
    }

    /// Looks up the table of `predicate`, unless that was done; whether it is done now.
    fn ask(&mut self, predicate: u32) -> bool {
        let Some(place) = self.plan.table_of.get(predicate as usize).copied() else { return false };
        if self.index.stands(place) || !self.marks.open(place) {
            return false;
        }
        let Some(table) = self.plan.tables.get(place as usize) else { return false };
        match &table.field {
            Field::Anywhere => self.anywhere(place),
            _ => self.look_in_field(table),
        }
        true
    }

    /// Looks up a table in the values of its field.
    fn look_in_field(&mut self, table: &Table) {
        table.field.values(self.event, &mut |found| match found {
            Found::Scalar(scalar) => table.look_up(scalar, self.buffers, self.marks, self.index),
            Found::Object => table.present(self.marks, self.index),
        });
    }

    /// Looks up every standing table.
    fn walk(&mut self) {
        let Inquiry { plan, index, event, .. } = *self;
        if let Some(root) = index.trie.root() {
            self.below(root, &event.body, 0);
        }
        let inside = index.inside.iter().filter_map(|table| plan.tables.get(*table as usize));
        inside.for_each(|table| self.look_in_field(table));
        index.anywhere.iter().for_each(|table| self.anywhere(*table));
        for (key, table) in &index.keys {
            key.value(event, |scalar| self.look_up(*table, scalar));
        }
    }

    /// `value` stands at this node of the trie.
    fn below(&mut self, node: &'a Node, value: &Json, depth: usize) {
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
                for table in node.tables() {
                    self.present(table);
                }
                if node.is_leaf() {
                    return;
                }
                let trie = &self.index.trie;
                for (key, member) in members.iter() {
                    if let Some(child) = node.child(key).and_then(|child| trie.node(child)) {
                        self.below(child, member, depth + 1);
                    }
                }
            }
            other => {
                let Some(scalar) = Scalar::from_ref(other) else { return };
                for table in node.tables() {
                    self.look_up(table, scalar);
                }
            }
        }
    }

    /// Looks up a table in every value, where there may be something.
    fn anywhere(&mut self, table: u32) {
        let body = &self.event.body;
        if let Some(keywords) = self.plan.keywords.as_ref().filter(|keywords| keywords.table == table)
            && !keywords.may_be_in(body, self.buffers)
        {
            return;
        }
        Field::Anywhere.values(self.event, &mut |found| {
            if let Found::Scalar(scalar) = found {
                self.look_up(table, scalar);
            }
        });
    }

    #[inline]
    fn look_up(&mut self, table: u32, scalar: Scalar<'_>) {
        if let Some(table) = self.plan.tables.get(table as usize) {
            table.look_up(scalar, self.buffers, self.marks, self.index);
        }
    }

    fn present(&mut self, table: u32) {
        if let Some(table) = self.plan.tables.get(table as usize) {
            table.present(self.marks, self.index);
        }
    }
}
