//! The tables of one field: given a value, which predicates hold.

use super::index::{Index, Marks};
use crate::rules::{Comparison, EXPRESSION_BYTES_MAX, Piece, Relation, Test, expression};
use crate::text::{self, Scalar};
use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use rustc_hash::FxHashMap;

/// A predicate's number in its plan.
type Id = u32;

/// Fewer parts than this are compared one by one: an automaton costs more than it saves.
const AUTOMATON_PARTS_MIN: usize = 6;

/// Fewer regular expressions than this are asked one by one.
const SET_MIN: usize = 6;

/// All that rules ask of one field.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Holds where there is any value.
    present: Option<Id>,
    /// Comparisons without regard to case.
    folded: Texts,
    /// Comparisons with regard to case.
    cased: Texts,
    numbers: Vec<(Comparison, f64, Id)>,
    networks: Vec<(IpNet, Id)>,
    dates: Vec<(Test, Id)>,
}

/// Comparisons of text.
#[derive(Debug, Default)]
struct Texts {
    exact: FxHashMap<Box<str>, Id>,
    /// A bit for each length, up to 63, that a text in `exact` has; the last bit for all beyond.
    lengths: u64,
    parts: Parts,
    expressions: Expressions,
    used: bool,
}

/// Parts of text: contains, starts, ends.
#[derive(Debug, Default)]
struct Parts {
    list: Vec<(Relation, Box<str>, Id)>,
    /// A search for each part, where there are few.
    finders: Vec<Finder<'static>>,
    automaton: Option<AhoCorasick>,
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
        match test {
            Test::Present => self.present = Some(id),
            Test::Text { relation, text, cased } => {
                let texts = if *cased { &mut self.cased } else { &mut self.folded };
                texts.used = true;
                match relation {
                    Relation::Equals => {
                        texts.lengths |= length_bit(text);
                        texts.exact.insert(text.as_str().into(), id);
                    }
                    other => texts.parts.list.push((*other, text.as_str().into(), id)),
                }
            }
            Test::Shape { pieces, cased } => self.add_shape(pieces, *cased, id),
            Test::Expression(text) => {
                self.cased.used = true;
                self.cased.expressions.texts.push((text.clone(), id));
            }
            Test::Number(comparison, bound) => self.numbers.push((*comparison, bound.get(), id)),
            Test::Network(network) => self.networks.push((*network, id)),
            Test::Date { .. } => self.dates.push((test.clone(), id)),
            Test::SameAs { .. } => {}
        }
    }

    fn add_shape(&mut self, pieces: &[Piece], cased: bool, id: Id) {
        let texts = if cased { &mut self.cased } else { &mut self.folded };
        texts.used = true;
        texts.expressions.texts.push((expression(pieces), id));
    }

    /// Builds the automata once every test is added.
    pub(super) fn finish(&mut self) {
        for texts in [&mut self.folded, &mut self.cased] {
            texts.parts.finish();
            texts.expressions.finish();
        }
    }

    /// There is a value, but one without text.
    pub(super) fn present(&self, marks: &mut Marks, index: &Index) {
        if let Some(id) = self.present {
            marks.set(id, index);
        }
    }

    /// There is this value.
    pub(super) fn look_up(&self, value: Scalar<'_>, buffers: Buffers<'_>, marks: &mut Marks, index: &Index) {
        self.present(marks, index);
        let text = value.text(buffers.number);
        // Lower case has as many bytes as upper where both are ASCII; elsewhere it may not.
        if self.folded.used && (self.folded.may_hold(text) || !text.is_ascii()) {
            self.folded.look_up(text::fold(text, buffers.folded), marks, index);
        }
        if self.cased.used {
            self.cased.look_up(text, marks, index);
        }
        if !self.numbers.is_empty()
            && let Some(number) = text::number(text)
        {
            for (comparison, bound, id) in &self.numbers {
                if comparison.holds(number, *bound) {
                    marks.set(*id, index);
                }
            }
        }
        for (test, id) in &self.dates {
            if test.holds_of_date(text) {
                marks.set(*id, index);
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
    }
}

/// Room for text that is made while a value is looked up.
pub(super) struct Buffers<'b> {
    /// For the value in lower case.
    pub(super) folded: &'b mut String,
    /// For the text of a number.
    pub(super) number: &'b mut String,
}

#[inline]
fn length_bit(text: &str) -> u64 {
    1 << text.len().min(63)
}

impl Texts {
    /// Whether a text of this length, known not to change with its case, may hold anything.
    #[inline]
    fn may_hold(&self, text: &str) -> bool {
        let exact = self.lengths & length_bit(text) != 0;
        exact || !self.parts.list.is_empty() || !self.expressions.texts.is_empty()
    }

    fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        if self.lengths & length_bit(text) != 0
            && let Some(id) = self.exact.get(text)
        {
            marks.set(*id, index);
        }
        self.parts.look_up(text, marks, index);
        self.expressions.look_up(text, marks, index);
    }
}

impl Parts {
    fn finish(&mut self) {
        if self.list.len() >= AUTOMATON_PARTS_MIN {
            // Where no automaton can be built the parts are sought one by one instead: slower, never wrong.
            self.automaton = AhoCorasick::new(self.list.iter().map(|(_, text, _)| text.as_bytes())).ok();
        }
        if self.automaton.is_none() {
            self.finders = self.list.iter().map(|(_, text, _)| Finder::new(text.as_bytes()).into_owned()).collect();
        }
    }

    fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        let Some(automaton) = &self.automaton else {
            for ((relation, part, id), finder) in self.list.iter().zip(&self.finders) {
                let holds = match relation {
                    Relation::Contains => finder.find(text.as_bytes()).is_some(),
                    other => other.holds(text, part),
                };
                if holds {
                    marks.set(*id, index);
                }
            }
            return;
        };
        for found in automaton.find_overlapping_iter(text) {
            let Some((relation, _, id)) = self.list.get(found.pattern().as_usize()) else { continue };
            let holds = match relation {
                Relation::Contains => true,
                Relation::StartsWith => found.start() == 0,
                Relation::EndsWith => found.end() == text.len(),
                Relation::Equals => found.start() == 0 && found.end() == text.len(),
            };
            if holds {
                marks.set(*id, index);
            }
        }
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
