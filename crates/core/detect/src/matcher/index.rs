//! The candidate index: for each rule a set of predicates of which one must hold if the rule does, and the tables that
//! decide those. Only these tables are looked up in every record; the others wait until the condition of a candidate asks.
//! Which predicates and tables are taken decides how fast rules are matched, never which.

use super::choice::Choice;
use super::plan::{Plan, Seen};
use super::table::Table;
use super::trie::Trie;
use crate::field::{Field, KeyField, whole};

/// For each predicate the rules to evaluate once it holds, and what is looked up in every record to learn that.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Where the rules of each predicate begin in `witnessed`, and at last where all end.
    begins: Vec<u32>,
    /// Rules by predicate.
    witnessed: Vec<u32>,
    /// Rules that may hold where no witness does.
    pub(super) always: Vec<u32>,
    /// Whether each table is looked up in every record.
    standing: Vec<bool>,
    /// The standing tables of the record's fields.
    pub(super) trie: Trie,
    /// The standing tables of the normalised keys.
    pub(super) keys: Vec<(KeyField, u32)>,
    /// The standing tables that look at every value in a field.
    pub(super) inside: Vec<u32>,
    /// The standing tables that look at every value.
    pub(super) anywhere: Vec<u32>,
}

impl Index {
    /// The index of `plan` while nothing is known of the records: every table stands.
    pub(super) fn unlearnt(plan: &Plan) -> Index {
        Index::new(plan, Choice::unlearnt(plan))
    }

    /// The index of `plan` for records like those that were seen.
    pub(super) fn learnt(plan: &Plan, seen: &Seen) -> Index {
        Index::new(plan, Choice::learnt(plan, seen))
    }

    fn new(plan: &Plan, choice: Choice) -> Index {
        let mut by_predicate = vec![Vec::new(); plan.table_of.len()];
        let mut index = Index { standing: choice.standing, ..Index::default() };
        for (place, witness) in (0_u32..).zip(choice.witnesses) {
            let Some(mut witness) = witness else {
                index.always.push(place);
                continue;
            };
            witness.predicates.sort_unstable();
            witness.predicates.dedup();
            for predicate in witness.predicates {
                if let Some(rules) = by_predicate.get_mut(predicate as usize) {
                    rules.push(place);
                }
            }
        }
        for rules in by_predicate {
            index.begins.push(index.witnessed.len() as u32);
            index.witnessed.extend(rules);
        }
        index.begins.push(index.witnessed.len() as u32);
        for (place, table) in (0_u32..).zip(&plan.tables) {
            if index.stands(place) {
                index.stand(place, table);
            }
        }
        index
    }

    fn stand(&mut self, place: u32, table: &Table) {
        match &table.field {
            Field::Body(name) if whole(name).is_some() => self.inside.push(place),
            Field::Body(name) => self.trie.insert(name, place, table.kind()),
            Field::Key(key) => self.keys.push((*key, place)),
            Field::Anywhere => self.anywhere.push(place),
        }
    }

    /// Whether the table is looked up in every record.
    #[inline]
    pub(super) fn stands(&self, table: u32) -> bool {
        self.standing.get(table as usize).copied().unwrap_or(false)
    }

    /// The rules to evaluate once the predicate holds.
    #[inline]
    pub(super) fn witnessed_by(&self, predicate: u32) -> &[u32] {
        let at = predicate as usize;
        let (Some(from), Some(to)) = (self.begins.get(at), self.begins.get(at + 1)) else { return &[] };
        self.witnessed.get(*from as usize..*to as usize).unwrap_or_default()
    }
}
