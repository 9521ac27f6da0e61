//! The plan for one product and service: the rules' conditions over interned predicates, the tables that decide those, and
//! the index.

use super::choice;
use super::index::Index;
use super::keywords::Keywords;
use super::program::Program;
use super::table::{Kind, Table};
use crate::field::{Field, Found};
use crate::rules::{Condition, Predicate, Relation, RuleIndex, Rules, Test};
use crate::text::fold;
use firebreak_model::Event;
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
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Which rule each expression is.
    pub(super) rules: Vec<RuleIndex>,
    pub(super) expressions: Vec<Expression>,
    /// The same, as they are evaluated.
    pub(super) program: Program,
    /// The table that decides each predicate.
    pub(super) table_of: Vec<u32>,
    pub(super) tables: Vec<Table>,
    /// A search for the keywords of one of the tables, where there can be one.
    pub(super) keywords: Option<Keywords>,
    /// What to ask of every record while nothing was learnt.
    pub(super) index: Index,
}

/// How often predicates were seen to hold.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// In so many events.
    pub(super) events: u32,
    /// The events in which each held.
    pub(super) counts: Vec<u32>,
}

impl Seen {
    /// The events in which the predicate held.
    pub(super) fn times(&self, predicate: u32) -> u64 {
        self.counts.get(predicate as usize).copied().unwrap_or(0).into()
    }
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
        let mut plan = Plan { rules: indices, expressions, ..Plan::default() };
        plan.fill(&interning.order);
        plan.program = Program::new(&plan.expressions, &|predicate| plan.effort(predicate));
        plan.index = Index::unlearnt(&plan);
        plan
    }

    /// Puts each predicate into the table of its field and kind.
    fn fill(&mut self, predicates: &[Predicate]) {
        let mut places: FxHashMap<(&Field, Kind), u32> = FxHashMap::default();
        for (id, Predicate { field, test }) in (0_u32..).zip(predicates) {
            let (kind, next) = (Kind::of(test), self.tables.len() as u32);
            let place = *places.entry((field, kind)).or_insert(next);
            if place == next {
                self.tables.push(Table::new(field.clone(), kind));
            }
            if let Some(table) = self.tables.get_mut(place as usize) {
                table.add(test, id);
            }
            self.table_of.push(place);
        }
        self.tables.iter_mut().for_each(Table::finish);
        let anywhere = (0_u32..).zip(&self.tables).filter(|(_, table)| table.field == Field::Anywhere);
        self.keywords = anywhere.into_iter().find_map(|(place, table)| Keywords::new(place, &table.necessary()?));
    }

    /// About how many nanoseconds it takes to look up the table that decides the predicate.
    fn effort(&self, predicate: u32) -> u64 {
        self.table_of.get(predicate as usize).map_or(0, |table| self.table_effort(*table))
    }

    /// About how many nanoseconds it takes to look up the table in the walk over one record.
    pub(super) fn table_effort(&self, table: u32) -> u64 {
        self.tables.get(table as usize).map_or(0, |table| table.effort().into())
    }

    /// The tables that decide these predicates, each once.
    pub(super) fn tables_with(&self, predicates: &[u32]) -> Vec<u32> {
        let mut tables: Vec<u32> =
            predicates.iter().filter_map(|predicate| self.table_of.get(*predicate as usize).copied()).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    /// The tables that a condition may ask, each once.
    pub(super) fn tables_of(&self, expression: &Expression) -> Vec<u32> {
        let mut used = Vec::new();
        choice::predicates(expression, &mut |predicate| used.push(predicate));
        self.tables_with(&used)
    }
}

/// At most so many values of each field are compared with each other.
const VALUES_MAX: usize = 64;

impl SameAs {
    /// Whether any value of the one field relates to any of the other.
    pub(super) fn holds(&self, event: &Event) -> bool {
        let values = |field: &Field| {
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
