//! Parts of text that rules seek in one field: contains, begins, ends.

use super::exact::Exact;
use super::index::Index;
use super::marks::Marks;
use crate::rules::Relation;
use aho_corasick::AhoCorasick;
use aho_corasick::packed::{Config, MatchKind, Searcher};
use memchr::memmem::Finder;

/// Fewer parts than this are sought one by one: an automaton costs more than it saves.
const AUTOMATON_PARTS_MIN: usize = 6;

/// Comparisons with parts of a text.
#[derive(Debug, Default)]
pub(super) struct Parts {
    inside: Vec<(Box<str>, u32)>,
    /// A search for each part inside, where there are few.
    finders: Vec<Finder<'static>>,
    /// Whether there is any of them at all, where there are many.
    any: Option<Searcher>,
    /// All of them at once, where there are many.
    automaton: Option<AhoCorasick>,
    /// Beginnings and ends, by their lengths in bytes.
    starts: Vec<(usize, Exact)>,
    ends: Vec<(usize, Exact)>,
}

impl Parts {
    /// Adds a part; `Equals` is none.
    pub(super) fn add(&mut self, relation: Relation, text: &str, id: u32) {
        let by_length = match relation {
            Relation::StartsWith => &mut self.starts,
            Relation::EndsWith => &mut self.ends,
            Relation::Contains | Relation::Equals => return self.inside.push((text.into(), id)),
        };
        let at = by_length.iter().position(|(length, _)| *length == text.len()).unwrap_or_else(|| {
            by_length.push((text.len(), Exact::default()));
            by_length.len() - 1
        });
        if let Some((_, exact)) = by_length.get_mut(at) {
            exact.add(text, id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inside.is_empty() && self.starts.is_empty() && self.ends.is_empty()
    }

    /// Builds the automata once every part is added.
    pub(super) fn finish(&mut self) {
        let texts = || self.inside.iter().map(|(text, _)| text.as_bytes());
        if self.inside.len() >= AUTOMATON_PARTS_MIN {
            self.any = searcher(texts());
            // Where no automaton can be built the parts are sought one by one instead: slower, never wrong.
            self.automaton = AhoCorasick::new(texts()).ok();
        }
        if self.automaton.is_none() {
            self.finders = texts().map(|text| Finder::new(text).into_owned()).collect();
        }
    }

    /// The predicates that hold of `text`.
    pub(super) fn look_up(&self, text: &str, marks: &mut Marks, index: &Index) {
        let bytes = text.as_bytes();
        for (length, exact) in &self.starts {
            if let Some(id) = bytes.get(..*length).and_then(|start| exact.find(start)) {
                marks.set(id, index);
            }
        }
        for (length, exact) in &self.ends {
            let end = bytes.len().checked_sub(*length).and_then(|from| bytes.get(from..));
            if let Some(id) = end.and_then(|end| exact.find(end)) {
                marks.set(id, index);
            }
        }
        for ((_, id), finder) in self.inside.iter().zip(&self.finders) {
            if finder.find(bytes).is_some() {
                marks.set(*id, index);
            }
        }
        let Some(automaton) = &self.automaton else { return };
        if self.any.as_ref().is_some_and(|any| any.find(bytes).is_none()) {
            return;
        }
        for found in automaton.find_overlapping_iter(bytes) {
            if let Some((_, id)) = self.inside.get(found.pattern().as_usize()) {
                marks.set(*id, index);
            }
        }
    }

    /// The parts, if all are sought anywhere inside and none is empty.
    pub(super) fn all_inside(&self) -> Option<Vec<&[u8]>> {
        let all =
            self.starts.is_empty() && self.ends.is_empty() && self.inside.iter().all(|(text, _)| !text.is_empty());
        all.then(|| self.inside.iter().map(|(text, _)| text.as_bytes()).collect())
    }
}

/// A fast search for any of `texts`, where the machine and the texts allow one.
pub(super) fn searcher<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Option<Searcher> {
    Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(texts).build()
}
