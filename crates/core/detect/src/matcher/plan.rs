//! The plan for one product and service: the rules' conditions over interned predicates, the trie and tables that decide
//! those, and the index.

use super::index::Index;
use super::parts::searcher;
use super::program::Program;
use super::table::Table;
use super::trie::Trie;
use crate::field::{Field, KeyField};
use crate::rules::{Condition, Predicate, Relation, RuleIndex, Rules, Test};
use aho_corasick::packed::Searcher;
use rustc_hash::FxHashMap;

/// A condition over predicates' numbers.
#[derive(Debug)]
pub(super) enum Expression {
    Holds(u32),
    SameAs(Box<SameAs>),
    All(Vec<Expression>),
    AtLeast(usize, Vec<Expression>),
    Not(Box<Expression>),
}

/// A comparison of two fields: rare, so it is decided on the record itself.
#[derive(Clone, Debug)]
pub(super) struct SameAs {
    /// The predicate that the first field is present: necessary.
    pub(super) present: u32,
    pub(super) field: Field,
    pub(super) other: Field,
    pub(super) relation: Relation,
    pub(super) cased: bool,
}

/// Everything that is asked of the records of one product and service.
#[derive(Debug)]
pub(super) struct Plan {
    /// Which rule each expression is.
    pub(super) rules: Vec<RuleIndex>,
    pub(super) expressions: Vec<Expression>,
    /// The same, as they are evaluated.
    pub(super) program: Program,
    pub(super) predicates: usize,
    pub(super) index: Index,
    pub(super) trie: Trie,
    pub(super) tables: Vec<Table>,
    /// The tables of the normalised keys.
    pub(super) keys: Vec<(KeyField, u32)>,
    /// Keywords: where there are any, every value is looked at.
    pub(super) anywhere: Option<Anywhere>,
}

/// What is sought in every value.
#[derive(Debug)]
pub(super) struct Anywhere {
    pub(super) table: u32,
    /// A search for any keyword in all values at once, where one of a list of texts must be there.
    pub(super) any: Option<Searcher>,
}

/// Gives each distinct predicate one number.
#[derive(Default)]
struct Interning {
    numbers: FxHashMap<Predicate, u32>,
    order: Vec<Predicate>,
}

impl Interning {
    fn number(&mut self, predicate: &Predicate) -> u32 {
        if let Some(number) = self.numbers.get(predicate) {
            return *number;
        }
        let number = self.order.len() as u32;
        self.numbers.insert(predicate.clone(), number);
        self.order.push(predicate.clone());
        number
    }

    fn expression(&mut self, condition: &Condition) -> Expression {
        match condition {
            Condition::Holds(Predicate { field, test: Test::SameAs { relation, other, cased } }) => {
                let present = self.number(&Predicate { field: field.clone(), test: Test::Present });
                let (relation, cased) = (*relation, *cased);
                Expression::SameAs(Box::new(SameAs {
                    present,
                    field: field.clone(),
                    other: other.clone(),
                    relation,
                    cased,
                }))
            }
            Condition::Holds(predicate) => Expression::Holds(self.number(predicate)),
            Condition::All(parts) => Expression::All(parts.iter().map(|part| self.expression(part)).collect()),
            Condition::AtLeast(least, parts) => {
                Expression::AtLeast(*least, parts.iter().map(|part| self.expression(part)).collect())
            }
            Condition::Not(part) => Expression::Not(Box::new(self.expression(part))),
        }
    }
}

impl Plan {
    /// The plan for the rules at `chosen`.
    pub(super) fn new(rules: &Rules, chosen: &[u32]) -> Plan {
        let mut interning = Interning::default();
        let mut expressions = Vec::with_capacity(chosen.len());
        let mut indices = Vec::with_capacity(chosen.len());
        for index in chosen {
            if let Some(rule) = rules.detection(RuleIndex(*index)) {
                expressions.push(interning.expression(&rule.condition));
                indices.push(RuleIndex(*index));
            }
        }
        let predicates = interning.order.len();
        let mut plan = Plan {
            rules: indices,
            index: Index::new(&expressions, &vec![0; predicates]),
            program: Program::new(&expressions),
            expressions,
            predicates,
            trie: Trie::new(),
            tables: Vec::new(),
            keys: Vec::new(),
            anywhere: None,
        };
        plan.fill(&interning.order);
        plan
    }

    /// Puts each predicate into the table of its field.
    fn fill(&mut self, predicates: &[Predicate]) {
        let mut places: FxHashMap<&Field, u32> = FxHashMap::default();
        for (id, predicate) in (0_u32..).zip(predicates) {
            let next = self.tables.len() as u32;
            let place = *places.entry(&predicate.field).or_insert(next);
            if place == next {
                self.tables.push(Table::default());
                match &predicate.field {
                    Field::Body(name) => self.trie.insert(name, place),
                    Field::Key(key) => self.keys.push((*key, place)),
                    Field::Anywhere => self.anywhere = Some(Anywhere { table: place, any: None }),
                }
            }
            if let Some(table) = self.tables.get_mut(place as usize) {
                table.add(&predicate.test, id);
            }
        }
        self.tables.iter_mut().for_each(Table::finish);
        if let Some(anywhere) = &mut self.anywhere {
            let table = self.tables.get(anywhere.table as usize);
            anywhere.any = table.and_then(Table::necessary).and_then(searcher);
        }
    }
}
