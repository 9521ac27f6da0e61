//! One document as numbers: how many records of which class it holds.

use crate::counts::{Counts, NOWHERE};
use crate::lines::Lines;
use crate::store::Reader;
use firebreak_classify::{Hint, Scanner};
use firebreak_document::{Reading, Sign, Sink, Text, read};
use std::collections::{BTreeMap, HashSet};
use std::io::Read;

/// Different values of one class that are told apart in one document; further ones count each.
const MAX_DISTINCT: usize = 1_000_000;

/// So much of a text tells its columns, in bytes.
const HEAD: usize = 16 << 10;

/// What one document holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tallied {
    /// Records by class: rows of tables that hold it, different values elsewhere, or the document itself.
    pub(crate) records: Counts,
    /// What was read and what was not.
    pub(crate) reading: Reading,
}

/// Reads the document `name` and counts what it holds.
pub(crate) fn classified(name: &str, input: &mut dyn Read, reader: &Reader<'_>) -> Tallied {
    let mut tally = Tally { reader: *reader, text: None, distinct: BTreeMap::new(), records: Counts::default() };
    let reading = read(name, input, reader.limits, &mut tally);
    let mut records = tally.records;
    for ((class, home), values) in tally.distinct {
        records.add(&class, &home, values.len() as u64);
    }
    Tallied { records, reading }
}

struct Tally<'a> {
    reader: Reader<'a>,
    text: Option<Current<'a>>,
    /// Different values by class and by where their people live.
    distinct: BTreeMap<(String, String), HashSet<String>>,
    records: Counts,
}

/// The text that is being read.
struct Current<'a> {
    scanner: Scanner<'a>,
    rows: bool,
    /// Its beginning, until there is enough of it to know its columns.
    head: Option<Vec<u8>>,
    lines: Option<Lines>,
    /// The last row that was counted, by class.
    counted: BTreeMap<String, u64>,
}

impl Current<'_> {
    /// Follows the lines. Findings come later than the head is read: the scanner looks further ahead.
    fn follow(&mut self, bytes: &[u8]) {
        match &mut self.head {
            Some(head) => {
                head.extend_from_slice(bytes);
                if head.len() >= HEAD {
                    self.know_columns();
                }
            }
            None => self.lines.iter_mut().for_each(|lines| lines.feed(bytes)),
        }
    }

    fn know_columns(&mut self) {
        if let Some(head) = self.head.take() {
            self.lines = Lines::of(&head, self.rows);
            self.lines.iter_mut().for_each(|lines| lines.feed(&head));
        }
    }
}

impl Tally<'_> {
    fn found(&mut self, current: &mut Current<'_>, findings: Vec<firebreak_classify::Finding>) {
        for finding in findings {
            let (row, home) = current.lines.as_mut().map_or((0, None), |lines| lines.row(finding.range.start));
            let (class, home) = (finding.class.word().to_owned(), home.unwrap_or(NOWHERE).to_owned());
            if current.rows {
                let new = current.counted.insert(class.clone(), row).is_none_or(|before| before < row);
                self.records.add(&class, &home, u64::from(new));
                continue;
            }
            let values = self.distinct.entry((class.clone(), home.clone())).or_default();
            match values.len() < MAX_DISTINCT {
                true => drop(values.insert(finding.fingerprint)),
                false => self.records.add(&class, &home, 1),
            }
        }
    }
}

impl Sink for Tally<'_> {
    fn begin(&mut self, text: &Text<'_>) {
        let hint = Hint { file: Some(text.file), ..Hint::default() };
        let scanner = Scanner::new(self.reader.classes, self.reader.fingerprinter).with_hint(hint);
        let counted = BTreeMap::new();
        self.text = Some(Current { scanner, rows: text.rows, head: Some(Vec::new()), lines: None, counted });
    }

    fn feed(&mut self, bytes: &[u8]) {
        let Some(mut current) = self.text.take() else { return };
        current.follow(bytes);
        let findings = current.scanner.feed(bytes);
        self.found(&mut current, findings);
        self.text = Some(current);
    }

    fn end(&mut self) {
        let Some(mut current) = self.text.take() else { return };
        current.know_columns();
        current.lines.iter_mut().for_each(Lines::end);
        let idle = Scanner::new(self.reader.classes, self.reader.fingerprinter);
        let finished = std::mem::replace(&mut current.scanner, idle).finish();
        self.found(&mut current, finished.findings);
        for document in finished.documents {
            self.records.add(document.class.word(), NOWHERE, 1);
        }
    }

    fn sign(&mut self, sign: &Sign<'_>) {
        self.records.add(sign.class, NOWHERE, 1);
    }

    fn reads_letters(&self) -> bool {
        self.reader.letters.is_some()
    }

    fn letters(&mut self, picture: &[u8]) -> Result<Vec<u8>, String> {
        self.reader.letters.map_or(Ok(Vec::new()), |letters| letters.of(picture))
    }
}
