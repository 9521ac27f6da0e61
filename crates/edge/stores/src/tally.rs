//! One document as numbers: how many records of which class it holds.

use firebreak_classify::{Classes, Hint, Scanner};
use firebreak_document::{Limits, Reading, Sign, Sink, Text, read};
use firebreak_model::Fingerprinter;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::Read;

/// Different values of one class that are told apart in one document; further ones count each.
const MAX_DISTINCT: usize = 1_000_000;

/// What one document holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tallied {
    /// Records by class: rows of tables that hold it, different values elsewhere, or the document itself.
    pub records: BTreeMap<String, u64>,
    /// What was read and what was not.
    pub reading: Reading,
}

/// Reads the document `name` and counts what it holds.
pub fn classified(
    name: &str,
    input: &mut dyn Read,
    limits: &Limits,
    classes: &Classes,
    fingerprinter: &Fingerprinter,
) -> Tallied {
    let mut tally = Tally { classes, fingerprinter, text: None, distinct: BTreeMap::new(), records: BTreeMap::new() };
    let reading = read(name, input, limits, &mut tally);
    let mut records = tally.records;
    for (class, values) in tally.distinct {
        *records.entry(class).or_default() += values.len() as u64;
    }
    Tallied { records, reading }
}

struct Tally<'a> {
    classes: &'a Classes,
    fingerprinter: &'a Fingerprinter,
    text: Option<Current<'a>>,
    distinct: BTreeMap<String, HashSet<String>>,
    records: BTreeMap<String, u64>,
}

/// The text that is being read.
struct Current<'a> {
    scanner: Scanner<'a>,
    rows: bool,
    /// Ends of lines that no finding has passed yet, and how many were passed.
    ends: VecDeque<u64>,
    row: u64,
    read: u64,
    /// The last row that was counted, by class.
    counted: BTreeMap<String, u64>,
}

impl Tally<'_> {
    fn found(&mut self, current: &mut Current<'_>, findings: Vec<firebreak_classify::Finding>) {
        for finding in findings {
            while current.ends.front().is_some_and(|end| *end < finding.range.start) {
                current.ends.pop_front();
                current.row += 1;
            }
            let class = finding.class.word().to_owned();
            if current.rows {
                let new = current.counted.insert(class.clone(), current.row).is_none_or(|row| row < current.row);
                *self.records.entry(class).or_default() += u64::from(new);
                continue;
            }
            let values = self.distinct.entry(class.clone()).or_default();
            match values.len() < MAX_DISTINCT {
                true => drop(values.insert(finding.fingerprint)),
                false => *self.records.entry(class).or_default() += 1,
            }
        }
    }
}

impl Sink for Tally<'_> {
    fn begin(&mut self, text: &Text<'_>) {
        let hint = Hint { file: Some(text.file), ..Hint::default() };
        let scanner = Scanner::new(self.classes, self.fingerprinter).with_hint(hint);
        self.text = Some(Current {
            scanner,
            rows: text.rows,
            ends: VecDeque::new(),
            row: 0,
            read: 0,
            counted: BTreeMap::new(),
        });
    }

    fn feed(&mut self, bytes: &[u8]) {
        let Some(mut current) = self.text.take() else { return };
        if current.rows {
            let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            current.ends.extend(ends.map(|(at, _)| current.read + at as u64));
        }
        current.read += bytes.len() as u64;
        let findings = current.scanner.feed(bytes);
        self.found(&mut current, findings);
        self.text = Some(current);
    }

    fn end(&mut self) {
        let Some(mut current) = self.text.take() else { return };
        let idle = Scanner::new(self.classes, self.fingerprinter);
        let finished = std::mem::replace(&mut current.scanner, idle).finish();
        self.found(&mut current, finished.findings);
        for document in finished.documents {
            *self.records.entry(document.class.word().to_owned()).or_default() += 1;
        }
    }

    fn sign(&mut self, sign: &Sign<'_>) {
        *self.records.entry(sign.class.to_owned()).or_default() += 1;
    }
}
