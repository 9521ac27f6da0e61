//! The tables of one field: given a value, which predicates hold.

use super::index::{Index, Marks};
use crate::rules::{Comparison, Piece, Relation, Test, expression, modifier::EXPRESSION_BYTES_MAX};
use crate::text::{self, Scalar};
use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use regex::{RegexSet, RegexSetBuilder};
use rustc_hash::FxHashMap;

/// A predicate's number in its plan.
type Id = u32;

/// Fewer parts than this are compared one by one: an automaton costs more than it saves.
const AUTOMATON_PARTS_MIN: usize = 6;

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
}

/// Comparisons of text.
#[derive(Debug, Default)]
struct Texts {
    exact: FxHashMap<Box<str>, Id>,
    parts: Parts,
    expressions: Expressions,
    used: bool,
}

/// Parts of text: contains, starts, ends.
#[derive(Debug, Default)]
struct Parts {
    list: Vec<(Relation, Box<str>, Id)>,
    automaton: Option<AhoCorasick>,
}

/// Regular expressions.
#[derive(Debug, Default)]
struct Expressions {
    texts: Vec<(String, Id)>,
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
        if self.folded.used {
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

impl Texts {
    fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        if let Some(id) = self.exact.get(text) {
            marks.set(*id, index);
        }
        self.parts.look_up(text, marks, index);
        self.expressions.look_up(text, marks, index);
    }
}

impl Parts {
    fn finish(&mut self) {
        if self.list.len() >= AUTOMATON_PARTS_MIN {
            // Where no automaton can be built the list is compared instead: slower, never wrong.
            self.automaton = AhoCorasick::new(self.list.iter().map(|(_, text, _)| text.as_bytes())).ok();
        }
    }

    fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        let Some(automaton) = &self.automaton else {
            for (relation, part, id) in &self.list {
                if relation.holds(text, part) {
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
        if self.texts.is_empty() {
            return;
        }
        // Each was compiled alone at load. Together they may grow too large; then they are asked one by one.
        let limit = EXPRESSION_BYTES_MAX * self.texts.len();
        self.set = RegexSetBuilder::new(self.texts.iter().map(|(text, _)| text)).size_limit(limit).build().ok();
    }

    fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        let Some(set) = self.set.as_ref().filter(|set| set.is_match(text)) else { return };
        for found in &set.matches(text) {
            if let Some((_, id)) = self.texts.get(found) {
                marks.set(*id, index);
            }
        }
    }
}
