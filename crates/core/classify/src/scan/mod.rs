//! The scanner: bytes in, findings out, in one pass, with the same result however the bytes are cut.

mod assigned;
mod columns;
mod context;
mod cue;
mod document;
mod engine;
mod filter;
mod finding;
mod plausible;
mod settle;
mod token;

pub(crate) use context::{Around, Context, Support};
pub(crate) use cue::{Cue, CueSet};
pub(crate) use finding::Raw;
pub use finding::{Confidence, Document, Finding, Why};
pub(crate) use plausible::is_random;
pub use settle::is_secret;

use crate::custom::CustomClass;
use columns::Table;
use context::Own;
use document::Marks;
use engine::{ENGINE, Window};
use firebreak_model::{DataClass, Fingerprinter};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes that are looked at together. Findings depend on this grid and not on how the caller cuts the bytes.
const BLOCK: usize = 128 << 10;
/// How far before a block its readers may look.
const BACK: usize = 4 << 10;
/// How far after it.
const AHEAD: usize = 16 << 10;

/// What is looked for, and from which confidence on it is told.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    wanted: Option<BTreeSet<String>>,
    least: Option<Confidence>,
    custom: Vec<Arc<CustomClass>>,
}

impl Classes {
    /// Every class that the project knows, from medium confidence on.
    pub fn all() -> Classes {
        Classes::default()
    }

    /// These classes and no others.
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Classes {
        Classes { wanted: Some(names.into_iter().map(str::to_owned).collect()), ..Classes::default() }
    }

    /// The same, and findings of at least this confidence.
    pub fn at_least(self, least: Confidence) -> Classes {
        Classes { least: Some(least), ..self }
    }

    /// The same, and a customer's classes.
    pub fn with(mut self, custom: Vec<CustomClass>) -> Classes {
        self.custom.extend(custom.into_iter().map(Arc::new));
        self
    }

    fn wants(&self, class: &str, confidence: Confidence) -> bool {
        confidence >= self.least.unwrap_or(Confidence::Medium)
            && self.wanted.as_ref().is_none_or(|wanted| wanted.contains(class))
    }
}

/// What the caller knows of the bytes and they do not say themselves.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Hint<'a> {
    /// The header of the column from which they are.
    pub column: Option<&'a str>,
    /// The key whose value they are.
    pub key: Option<&'a str>,
    /// The name of their file.
    pub file: Option<&'a str>,
}

/// Reads bytes and tells what secrets and personal data they hold. Never panics, and takes time in proportion to the bytes.
pub struct Scanner<'a> {
    classes: &'a Classes,
    fingerprinter: &'a Fingerprinter,
    hint: Own,
    file: Option<String>,
    buffer: Vec<u8>,
    /// Where the buffer begins in the stream, and where the next block does.
    base: u64,
    next: u64,
    head: Vec<u8>,
    table: Option<Table>,
    marks: Marks,
    settled: u64,
}

/// What is left to say when all bytes were read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Finished {
    /// The last findings.
    pub findings: Vec<Finding>,
    /// What the whole is.
    pub documents: Vec<Document>,
    /// How many bytes were read.
    pub bytes: u64,
}

impl<'a> Scanner<'a> {
    /// A scanner for `classes`; values are named by fingerprints of `fingerprinter`.
    pub fn new(classes: &'a Classes, fingerprinter: &'a Fingerprinter) -> Scanner<'a> {
        Scanner {
            classes,
            fingerprinter,
            hint: Own::default(),
            file: None,
            buffer: Vec::new(),
            base: 0,
            next: 0,
            head: Vec::new(),
            table: None,
            marks: Marks::default(),
            settled: 0,
        }
    }

    /// The same, with what the caller knows. Give it before the first bytes.
    #[must_use]
    pub fn with_hint(mut self, hint: Hint<'_>) -> Scanner<'a> {
        let names = hint.column.or(hint.key);
        self.hint = names.map_or(Own::default(), |name| ENGINE.own(name.as_bytes()));
        self.file = hint.file.map(str::to_owned);
        self
    }

    /// Reads more bytes and gives the findings that are settled by now, in order. `range` counts from the first byte ever fed.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Vec<Finding> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let held = (self.next - self.base) as usize;
            let room = (held + BLOCK + AHEAD).saturating_sub(self.buffer.len()).max(1);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            let missing = document::HEAD.saturating_sub(self.head.len());
            self.head.extend_from_slice(now.get(..missing.min(now.len())).unwrap_or_default());
            bytes = later;
            if self.buffer.len() >= held + BLOCK + AHEAD {
                self.block(BLOCK, &mut found);
            }
        }
        found
    }

    /// What is left, and what the whole is.
    pub fn finish(mut self) -> Finished {
        let mut findings = Vec::new();
        loop {
            let left = self.buffer.len() - (self.next - self.base) as usize;
            if left == 0 {
                break;
            }
            self.block(left.min(BLOCK), &mut findings);
        }
        let documents = document::judge(&self.head, self.file.as_deref(), &self.marks);
        let documents =
            documents.into_iter().filter(|one| self.classes.wants(one.class.word(), one.confidence)).collect();
        Finished { findings, documents, bytes: self.next }
    }

    /// Reads one block of `length` bytes, with what stands beside it, and lets go of what no later block will look at.
    fn block(&mut self, length: usize, found: &mut Vec<Finding>) {
        let start = (self.next - self.base) as usize;
        let end = (start + length + AHEAD).min(self.buffer.len());
        if self.next == 0 {
            self.table = engine::table(self.buffer.get(..end).unwrap_or_default());
        }
        let window = Window {
            text: self.buffer.get(..end).unwrap_or_default(),
            block: start..start + length,
            base: self.base,
            hint: self.hint,
        };
        let raw = ENGINE.read(&window, &mut self.table, &mut self.marks);
        let first = found.len();
        for one in settle::distinct(raw) {
            let range = one.range.start as u64 + self.base..one.range.end as u64 + self.base;
            if range.start < self.settled {
                continue;
            }
            self.settled = range.end;
            if self.classes.wants(one.class, one.confidence) {
                let value = window.text.get(one.range).unwrap_or_default();
                found.push(Finding {
                    class: DataClass::new(one.class),
                    provider: one.provider,
                    range,
                    confidence: one.confidence,
                    why: one.why,
                    fingerprint: self.fingerprinter.fingerprint(&settle::plain(one.class, value)),
                });
            }
        }
        for class in self.classes.custom.iter().filter(|class| self.classes.wants(&class.name, class.confidence)) {
            found.extend(class.find(window.text, &window.block).into_iter().map(|range| Finding {
                class: DataClass::new(&class.name),
                provider: None,
                confidence: class.confidence,
                why: Why::form("a class of the customer"),
                fingerprint: self.fingerprinter.fingerprint(window.text.get(range.clone()).unwrap_or_default()),
                range: range.start as u64 + self.base..range.end as u64 + self.base,
            }));
        }
        if let Some(later) = found.get_mut(first..) {
            later.sort_by_key(|finding| (finding.range.start, finding.range.end));
        }
        self.next += length as u64;
        let keep = self.next.saturating_sub(BACK as u64).max(self.base);
        self.buffer.drain(..(keep - self.base) as usize);
        self.base = keep;
    }
}

/// Everything in `bytes` at once.
pub fn scan(bytes: &[u8], classes: &Classes, fingerprinter: &Fingerprinter, hint: Hint<'_>) -> Finished {
    let mut scanner = Scanner::new(classes, fingerprinter).with_hint(hint);
    let mut findings = scanner.feed(bytes);
    let mut finished = scanner.finish();
    findings.append(&mut finished.findings);
    Finished { findings, ..finished }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::WORK;

    /// One text that says the same over and over, in one line without an end.
    fn work_for(piece: &str, bytes: usize) -> (usize, usize) {
        let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
        let text = piece.repeat(bytes / piece.len());
        WORK.with(|work| work.set(0));
        let mut scanner = Scanner::new(&classes, &key);
        let mut largest = 0;
        for part in text.as_bytes().chunks(100_000) {
            scanner.feed(part);
            largest = largest.max(scanner.buffer.capacity());
        }
        scanner.finish();
        (WORK.with(std::cell::Cell::get), largest)
    }

    #[test]
    fn work_grows_with_the_bytes_and_memory_does_not() {
        for piece in [
            "AKIA",
            "eyJ.",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA",
            "://a:",
            "password=",
            "password=\"",
            "1 ",
            "123 45 ",
            "ssn ",
            "datadog key ",
            "1 A ",
            "A+/",
            "a@",
            "Bearer ",
            "sk-",
            "T3BlbkFJ",
            "P<A",
            " AKIAABCDEFGHIJKLMNOP",
            " glpat-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            " sntrys_eyJ_",
            " IQoJb3JpZ2lu",
            "\\",
            "face embedding ",
            "born 3 March ",
            "<password>",
            " eyJhbGciOiJIUzI1NiJ9.eyJ.",
            "id,ssn\n",
        ] {
            let (once, held) = work_for(piece, 300_000);
            let (twice, more) = work_for(piece, 600_000);
            assert!(twice <= once * 5 / 2 + 10_000, "{piece}: {once} bytes of work, then {twice}");
            assert!(twice <= 600_000 * 100, "{piece}: {twice} bytes of work");
            assert!(held <= 2 * (BACK + BLOCK + AHEAD) && more == held, "{piece}: {held}, then {more} bytes held");
        }
    }
}
