//! Keywords: a search through all values of a record at once, which says whether a look at each of them is worth while.

use super::table::Buffers;
use crate::field::DEPTH_MAX;
use crate::text::{self, Scalar};
use aho_corasick::packed::Searcher;
use firebreak_model::Json;
use sonic_rs::ValueRef;

/// A search for texts of which every value that passes any test of a table has one inside.
#[derive(Debug)]
pub(super) struct Keywords {
    /// The table.
    pub(super) table: u32,
    any: Searcher,
    /// Bytes of the shortest text.
    shortest: usize,
    /// Whether a number or a truth value can have a text inside.
    in_numbers: bool,
}

impl Keywords {
    /// The search for `texts`, in lower case, where the machine and the texts allow one.
    pub(super) fn new(table: u32, texts: &[&[u8]]) -> Option<Keywords> {
        Some(Keywords {
            table,
            any: super::parts::searcher(texts.iter().copied())?,
            shortest: texts.iter().map(|text| text.len()).min().unwrap_or(0),
            in_numbers: texts.iter().any(|text| may_be_in_number(text)),
        })
    }

    /// Whether a value of the record may have one of the texts inside.
    pub(super) fn may_be_in(&self, body: &Json, buffers: &mut Buffers) -> bool {
        let Buffers { all, folded, number } = buffers;
        all.clear();
        self.gather(body, 0, all, number);
        if all.is_ascii() {
            all.make_ascii_lowercase();
            return self.any.find(all.as_bytes()).is_some();
        }
        self.any.find(text::fold(all, folded).as_bytes()).is_some()
    }

    /// Adds every value that can have a text inside to `all`.
    fn gather(&self, value: &Json, depth: usize, all: &mut String, number: &mut String) {
        if depth > DEPTH_MAX {
            return;
        }
        match value.as_ref() {
            ValueRef::String(text) => self.add(text, all),
            ValueRef::Object(members) => {
                members.iter().for_each(|(_, member)| self.gather(member, depth + 1, all, number));
            }
            ValueRef::Array(elements) => {
                elements.iter().for_each(|element| self.gather(element, depth + 1, all, number));
            }
            other if self.in_numbers => {
                if let Some(scalar) = Scalar::from_ref(other) {
                    self.add(scalar.text(number), all);
                }
            }
            _ => {}
        }
    }

    #[inline]
    fn add(&self, text: &str, all: &mut String) {
        // In lower case a text beyond ASCII may be longer.
        if text.len() >= self.shortest || !text.is_ascii() {
            all.push_str(text);
            all.push('\n');
        }
    }
}

/// Whether the text of a number or a truth value may have `text` inside.
fn may_be_in_number(text: &[u8]) -> bool {
    let inside = |word: &str| word.as_bytes().windows(text.len().max(1)).any(|part| part == text);
    text.iter().all(|byte| byte.is_ascii_digit() || b"+-.e".contains(byte)) || inside("true") || inside("false")
}
