//! The tables of a field: given a value, which predicates hold. What nearly all rules ask is quickly answered and in a table
//! of its own, so that it can be looked up in every record without the rest.

use super::exact::Exact;
use super::index::Index;
use super::marks::Marks;
use super::parts::Parts;
use crate::field::{Field, KeyField};
use crate::rules::{Comparison, EXPRESSION_BYTES_MAX, Piece, Relation, Test, expression};
use crate::text::{self, Scalar};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// A predicate's number in its plan.
type Id = u32;

/// Fewer regular expressions than this are asked one by one.
const SET_MIN: usize = 6;

/// What a table is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    /// Presence, and equality without regard to case.
    Plain,
    /// Every other test.
    Other,
}

impl Kind {
    /// The kind of table that decides `test`.
    pub(super) fn of(test: &Test) -> Kind {
        match test {
            Test::Present | Test::Text { relation: Relation::Equals, cased: false, .. } => Kind::Plain,
            _ => Kind::Other,
        }
    }
}

/// Tests of one kind on one field.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) field: Field,
    tests: Tests,
}

#[derive(Debug)]
enum Tests {
    Plain(Plain),
    Other(Box<Other>),
}

/// Presence and equality: what nearly all rules ask, and all that they ask of most fields.
#[derive(Debug, Default)]
struct Plain {
    /// Holds where there is any value.
    present: Option<Id>,
    /// Texts without regard to case.
    exact: Exact,
}

/// What rules ask beyond presence and equality.
#[derive(Debug, Default)]
struct Other {
    /// Without regard to case.
    folded: Texts,
    /// With regard to case.
    cased_exact: Exact,
    cased: Texts,
    numbers: Vec<(Comparison, f64, Id)>,
    networks: Vec<(IpNet, Id)>,
    dates: Vec<(Test, Id)>,
}

/// Comparisons of text but for equality.
#[derive(Debug, Default)]
struct Texts {
    parts: Parts,
    expressions: Expressions,
}

/// Regular expressions.
#[derive(Debug, Default)]
struct Expressions {
    texts: Vec<(String, Id)>,
    /// One for each text, where there are few: alone each can look for its literals first.
    single: Vec<(Regex, Id)>,
    set: Option<RegexSet>,
}

impl Table {
    /// A table of this kind, empty.
    pub(super) fn new(field: Field, kind: Kind) -> Table {
        let tests = match kind {
            Kind::Plain => Tests::Plain(Plain::default()),
            Kind::Other => Tests::Other(Box::default()),
        };
        Table { field, tests }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.tests {
            Tests::Plain(_) => Kind::Plain,
            Tests::Other(_) => Kind::Other,
        }
    }

    /// Adds a test of the table's kind; `SameAs` is not looked up and not added.
    pub(super) fn add(&mut self, test: &Test, id: Id) {
        match (&mut self.tests, test) {
            (Tests::Plain(plain), Test::Present) => plain.present = Some(id),
            (Tests::Plain(plain), Test::Text { text, .. }) => plain.exact.add(text, id),
            (Tests::Plain(_), _) => {}
            (Tests::Other(other), test) => other.add(test, id),
        }
    }

    /// Builds the automata once every test is added.
    pub(super) fn finish(&mut self) {
        if let Tests::Other(other) = &mut self.tests {
            for texts in [&mut other.folded, &mut other.cased] {
                texts.parts.finish();
                texts.expressions.finish();
            }
        }
    }

    /// About how many nanoseconds it takes to look up the table in one record.
    pub(super) fn effort(&self) -> u32 {
        let value = match &self.tests {
            Tests::Plain(_) => 5,
            Tests::Other(other) => 20 + other.effort(),
        };
        match &self.field {
            Field::Body(name) => value + 5 * (1 + name.matches('.').count() as u32),
            Field::Key(KeyField::Address) => value + 60,
            Field::Key(_) => value,
            Field::Anywhere => value * VALUES,
        }
    }

    /// Texts of which every value that passes any test has one inside, in lower case. `None` where there is no such list.
    pub(super) fn necessary(&self) -> Option<Vec<&[u8]>> {
        let Tests::Other(other) = &self.tests else { return None };
        let others = other.cased_exact.is_empty()
            && other.cased.is_empty()
            && other.folded.expressions.texts.is_empty()
            && other.numbers.is_empty()
            && other.networks.is_empty()
            && other.dates.is_empty();
        other.folded.parts.all_inside().filter(|_| others)
    }

    /// There is a value, but one without text.
    #[inline]
    pub(super) fn present(&self, marks: &mut Marks, index: &Index) {
        if let Tests::Plain(Plain { present: Some(id), .. }) = &self.tests {
            marks.set(*id, index);
        }
    }

    /// There is this value.
    #[inline]
    pub(super) fn look_up(&self, value: Scalar<'_>, buffers: &mut Buffers, marks: &mut Marks, index: &Index) {
        let text = value.text(&mut buffers.number);
        match &self.tests {
            Tests::Plain(plain) => plain.look_up(text, &mut buffers.folded, marks, index),
            Tests::Other(other) => other.look_up(text, &mut buffers.folded, marks, index),
        }
    }
}

/// About how many values a record has.
const VALUES: u32 = 50;

impl Plain {
    #[inline]
    fn look_up(&self, text: &str, folded: &mut String, marks: &mut Marks, index: &Index) {
        if let Some(id) = self.present {
            marks.set(id, index);
        }
        // Lower case has as many bytes as upper where both are ASCII; elsewhere it may not.
        let found = match text.is_ascii() {
            true => self.exact.find_lower(text.as_bytes()),
            false if self.exact.is_empty() => None,
            false => self.exact.find(text::fold(text, folded).as_bytes()),
        };
        if let Some(id) = found {
            marks.set(id, index);
        }
    }
}

impl Other {
    fn add(&mut self, test: &Test, id: Id) {
        match test {
            Test::Text { relation: Relation::Equals, text, .. } => self.cased_exact.add(text, id),
            Test::Text { relation, text, cased } => self.texts(*cased).parts.add(*relation, text, id),
            Test::Shape { pieces, cased } => self.add_shape(pieces, *cased, id),
            Test::Expression(text) => self.cased.expressions.texts.push((text.clone(), id)),
            Test::Number(comparison, bound) => self.numbers.push((*comparison, bound.get(), id)),
            Test::Network(network) => self.networks.push((*network, id)),
            Test::Date { .. } => self.dates.push((test.clone(), id)),
            Test::Present | Test::SameAs { .. } => {}
        }
    }

    fn texts(&mut self, cased: bool) -> &mut Texts {
        if cased { &mut self.cased } else { &mut self.folded }
    }

    fn add_shape(&mut self, pieces: &[Piece], cased: bool, id: Id) {
        self.texts(cased).expressions.texts.push((expression(pieces), id));
    }

    /// About how many nanoseconds a value takes.
    fn effort(&self) -> u32 {
        let expressions = self.folded.expressions.texts.len() + self.cased.expressions.texts.len();
        40 * u32::try_from(expressions).unwrap_or(u32::MAX / 40).min(SET_MIN as u32)
    }

    fn look_up(&self, text: &str, folded: &mut String, marks: &mut Marks, index: &Index) {
        if !self.folded.is_empty() {
            self.folded.look_up(text::fold(text, folded), marks, index);
        }
        if let Some(id) = self.cased_exact.find(text.as_bytes()) {
            marks.set(id, index);
        }
        self.cased.look_up(text, marks, index);
        if !self.numbers.is_empty()
            && let Some(number) = text::number(text)
        {
            for (comparison, bound, id) in &self.numbers {
                if comparison.holds(number, *bound) {
                    marks.set(*id, index);
                }
            }
        }
        if !self.networks.is_empty()
            && let Some(address) = text::address(text)
        {
            for (network, id) in &self.networks {
                if network.contains(&address) {
                    marks.set(*id, index);
                }
            }
        }
        for (test, id) in &self.dates {
            if test.holds_of_date(text) {
                marks.set(*id, index);
            }
        }
    }
}

/// Room for text that is made while values are looked up.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// For the value in lower case.
    pub(super) folded: String,
    /// For the text of a number.
    pub(super) number: String,
    /// For all values of a record, where keywords are sought.
    pub(super) all: String,
}

impl Texts {
    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.expressions.texts.is_empty()
    }

    fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        if !self.parts.is_empty() {
            self.parts.look_up(text, marks, index);
        }
        self.expressions.look_up(text, marks, index);
    }
}

impl Expressions {
    fn finish(&mut self) {
        // Each was compiled alone at load; together they may still grow too large, and are then asked one by one.
        let limit = EXPRESSION_BYTES_MAX * self.texts.len().max(1);
        if self.texts.len() >= SET_MIN {
            let texts = self.texts.iter().map(|(text, _)| text);
            self.set = RegexSetBuilder::new(texts).size_limit(limit).build().ok();
        }
        if self.set.is_none() {
            let compiled = |text: &String| RegexBuilder::new(text).size_limit(limit).build().ok();
            self.single = self.texts.iter().filter_map(|(text, id)| Some((compiled(text)?, *id))).collect();
        }
    }

    fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        for (expression, id) in &self.single {
            if expression.is_match(text) {
                marks.set(*id, index);
            }
        }
        let Some(set) = self.set.as_ref().filter(|set| set.is_match(text)) else { return };
        for found in &set.matches(text) {
            if let Some((_, id)) = self.texts.get(found) {
                marks.set(*id, index);
            }
        }
    }
}
