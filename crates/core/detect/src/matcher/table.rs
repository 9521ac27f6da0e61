//! The tables of one field: given a value, which predicates hold.

use super::exact::Exact;
use super::index::{Index, Marks};
use super::parts::Parts;
use crate::rules::{Comparison, EXPRESSION_BYTES_MAX, Piece, Relation, Test, expression};
use crate::text::{self, Scalar};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// A predicate's number in its plan.
type Id = u32;

/// Fewer regular expressions than this are asked one by one.
const SET_MIN: usize = 6;

/// All that rules ask of one field.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Holds where there is any value.
    present: Option<Id>,
    /// Texts without regard to case: what nearly all rules ask, and all that they ask of most fields.
    exact: Exact,
    more: Option<Box<More>>,
}

/// What rules ask beyond presence and equality.
#[derive(Debug, Default)]
struct More {
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
    /// Adds a test; `SameAs` is not looked up and not added.
    pub(super) fn add(&mut self, test: &Test, id: Id) {
        let exact = match test {
            Test::Present => return self.present = Some(id),
            Test::Text { relation: Relation::Equals, text, cased: false } => return self.exact.add(text, id),
            Test::SameAs { .. } => return,
            other => other,
        };
        self.more.get_or_insert_default().add(exact, id);
    }

    /// Builds the automata once every test is added.
    pub(super) fn finish(&mut self) {
        if let Some(more) = &mut self.more {
            for texts in [&mut more.folded, &mut more.cased] {
                texts.parts.finish();
                texts.expressions.finish();
            }
        }
    }

    /// Texts of which every value that passes any test has one inside, in lower case. `None` where there is no such list.
    pub(super) fn necessary(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let more = self.more.as_ref().filter(|_| self.present.is_none() && self.exact.is_empty())?;
        let others = more.cased_exact.is_empty()
            && more.cased.is_empty()
            && more.folded.expressions.texts.is_empty()
            && more.numbers.is_empty()
            && more.networks.is_empty()
            && more.dates.is_empty();
        more.folded.parts.all_inside().filter(|_| others)
    }

    /// There is a value, but one without text.
    #[inline]
    pub(super) fn present(&self, marks: &mut Marks, index: &Index) {
        if let Some(id) = self.present {
            marks.set(id, index);
        }
    }

    /// There is this value.
    #[inline]
    pub(super) fn look_up(&self, value: Scalar<'_>, buffers: &mut Buffers, marks: &mut Marks, index: &Index) {
        self.present(marks, index);
        let text = value.text(&mut buffers.number);
        // Lower case has as many bytes as upper where both are ASCII; elsewhere it may not.
        let ascii = text.is_ascii();
        let found = match ascii {
            true => self.exact.find_lower(text.as_bytes()),
            false if self.exact.is_empty() => None,
            false => self.exact.find(text::fold(text, &mut buffers.folded).as_bytes()),
        };
        if let Some(id) = found {
            marks.set(id, index);
        }
        if let Some(more) = &self.more {
            more.look_up(text, &mut buffers.folded, marks, index);
        }
    }
}

impl More {
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
    folded: String,
    /// For the text of a number.
    number: String,
    /// For all values of a record in lower case, where keywords are sought.
    pub(super) all: String,
}

impl Buffers {
    /// Adds a value to [`Buffers::all`].
    pub(super) fn gather(&mut self, value: Scalar<'_>) {
        let text = value.text(&mut self.number);
        self.all.push_str(text::fold(text, &mut self.folded));
        self.all.push('\n');
    }
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
