//! The one door: knows a document by its beginning, gives it to its reader and keeps the bounds.

use crate::formats::{self, Head};
use crate::reading::{Fault, Limits, Problem, Reading};
use crate::sink::{Sign, Sink, Text};
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// How much of the beginning tells the format, in bytes.
const HEAD: usize = 16 << 10;
/// Problems that are kept.
const MAX_PROBLEMS: usize = 1_000;
/// Bytes that are read at once.
pub(crate) const CHUNK: usize = 64 << 10;

/// Reads the document `name` to its end or to a bound, and gives what it says to `sink`. Never panics.
pub fn read(name: &str, input: &mut dyn Read, limits: &Limits, sink: &mut dyn Sink) -> Reading {
    let unpacked = Rc::new(Cell::new(limits.unpacked));
    let mut door = Door {
        sink,
        limits: *limits,
        reading: Reading::default(),
        unpacked,
        held: 0,
        documents: 0,
        pictures: 0,
        open: false,
    };
    door.document(&At { place: String::new(), name: name.to_owned(), depth: 0 }, input);
    door.reading.unpacked = limits.unpacked - door.unpacked.get();
    door.reading
}

/// Where a reader is.
#[derive(Clone, Debug)]
pub(crate) struct At {
    /// The path inside of the whole.
    pub(crate) place: String,
    /// The name of the innermost file.
    pub(crate) name: String,
    depth: usize,
}

impl At {
    /// The document `name` inside of this one.
    pub(crate) fn inner(&self, name: &str) -> At {
        // Names come from documents: no longer than a path, and no line of a report may break in them.
        let name: String = name.chars().take(1_024).map(|char| if char.is_control() { '?' } else { char }).collect();
        let place = if self.place.is_empty() { name.clone() } else { format!("{}/{name}", self.place) };
        At { place, name, depth: self.depth + 1 }
    }

    /// The same document under another name.
    pub(crate) fn renamed(&self, name: &str) -> At {
        At { place: self.place.clone(), name: name.to_owned(), depth: self.depth + 1 }
    }
}

/// What a reader may do.
pub(crate) struct Door<'s> {
    sink: &'s mut dyn Sink,
    limits: Limits,
    reading: Reading,
    unpacked: Rc<Cell<u64>>,
    held: usize,
    documents: u64,
    pictures: u64,
    open: bool,
}

impl Door<'_> {
    /// Reads one document, whatever it is.
    pub(crate) fn document(&mut self, at: &At, input: &mut dyn Read) {
        if at.depth > self.limits.depth {
            return self.problem(at, Fault::Bound, format!("it lies more than {} documents deep", self.limits.depth));
        }
        self.documents += 1;
        if self.documents > self.limits.documents {
            if self.documents == self.limits.documents + 1 {
                self.problem(at, Fault::Bound, format!("there are more than {} documents", self.limits.documents));
            }
            return;
        }
        // What comes from outside is as long as it is; what comes out of it is counted.
        let budget = if at.depth == 0 { None } else { Some(Rc::clone(&self.unpacked)) };
        self.metered(at, budget, input, |door, input| door.known(at, input));
    }

    /// Gives `input` to `reader` within the bounds of what may be unpacked.
    pub(crate) fn within(&mut self, at: &At, input: &mut dyn Read, reader: impl FnOnce(&mut Self, &mut dyn Read)) {
        self.metered(at, Some(Rc::clone(&self.unpacked)), input, reader);
    }

    fn metered(
        &mut self,
        at: &At,
        budget: Option<Rc<Cell<u64>>>,
        input: &mut dyn Read,
        reader: impl FnOnce(&mut Self, &mut dyn Read),
    ) {
        let mut metered = Metered { inner: input, budget, hit: false, failed: None, read: 0 };
        reader(self, &mut metered);
        if metered.hit {
            self.problem(at, Fault::Bound, format!("it unpacks to more than {} bytes in all", self.limits.unpacked));
        }
        if let Some(error) = metered.failed {
            self.problem(at, Fault::Broken, format!("it breaks off after {} bytes: {error}", metered.read));
        }
    }

    /// Knows the format by the first bytes and reads on from the beginning.
    fn known(&mut self, at: &At, mut input: &mut dyn Read) {
        let mut head = Vec::with_capacity(HEAD);
        // An error is kept by the meter.
        let _ = (&mut input).take(HEAD as u64).read_to_end(&mut head);
        let format = formats::of(&Head { bytes: &head, name: &at.name });
        *self.reading.formats.entry(format.name).or_default() += 1;
        (format.read)(self, at, &mut io::Cursor::new(head).chain(input));
    }

    /// Notes what was not read.
    pub(crate) fn problem(&mut self, at: &At, fault: Fault, what: impl Into<String>) {
        match self.reading.problems.len() < MAX_PROBLEMS {
            true => self.reading.problems.push(Problem { place: at.place.clone(), fault, what: what.into() }),
            false => self.reading.more_problems += 1,
        }
    }

    /// A text begins. One that was left open ends.
    pub(crate) fn begin(&mut self, at: &At, format: &'static str, rows: bool) {
        self.end();
        self.open = true;
        self.sink.begin(&Text { place: &at.place, file: &at.name, format, rows });
    }

    /// More of the text; false when no more is wanted.
    pub(crate) fn feed(&mut self, at: &At, bytes: &[u8]) -> bool {
        let left = self.limits.text - self.reading.text;
        let wanted = bytes.get(..usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len())).unwrap_or_default();
        self.sink.feed(wanted);
        self.reading.text += wanted.len() as u64;
        let all = wanted.len() == bytes.len();
        if !all && (left > 0 || !self.reading.problems.iter().any(|problem| problem.place == at.place)) {
            self.problem(at, Fault::Bound, format!("there are more than {} bytes of text", self.limits.text));
        }
        all
    }

    /// The text ends.
    pub(crate) fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            self.sink.end();
        }
    }

    /// A whole text; nothing where it is blank.
    pub(crate) fn text(&mut self, at: &At, format: &'static str, bytes: &[u8]) {
        if !bytes.trim_ascii().is_empty() {
            self.begin(at, format, false);
            self.feed(at, bytes);
            self.end();
        }
    }

    /// What is written in a picture, where whoever takes the texts reads letters.
    pub(crate) fn letters(&mut self, at: &At, picture: &[u8]) {
        if !self.sink.reads_letters() {
            return;
        }
        self.pictures += 1;
        if self.pictures > self.limits.pictures {
            if self.pictures == self.limits.pictures + 1 {
                self.problem(
                    at,
                    Fault::Bound,
                    format!("it has more than {} pictures with letters", self.limits.pictures),
                );
            }
            return;
        }
        match self.sink.letters(picture) {
            Ok(text) => self.text(at, "letters", &text),
            Err(why) => self.problem(at, Fault::Letters, why),
        }
    }

    /// Pictures of which nothing can be given to whoever reads letters.
    pub(crate) fn lost_letters(&mut self, at: &At, pictures: u64) {
        if pictures > 0 && self.sink.reads_letters() {
            let what =
                format!("{pictures} pictures are packed in a way that is not read: nor is what is written in them");
            self.problem(at, Fault::Letters, what);
        }
    }

    /// A sign of what the document is.
    pub(crate) fn sign(&mut self, at: &At, class: &'static str, kind: &'static str, sure: bool, why: String) {
        self.sink.sign(&Sign { place: &at.place, class, kind, sure, why });
    }

    /// The document as a whole, as far as it may be held, given to `reader`.
    pub(crate) fn hold(&mut self, at: &At, input: &mut dyn Read, reader: impl FnOnce(&mut Self, &[u8])) {
        let room = self.room();
        let mut whole = Vec::new();
        // An error is kept by the meter of the document.
        let _ = input.take(room as u64).read_to_end(&mut whole);
        let mut more = [0];
        if whole.len() == room && matches!(input.read(&mut more), Ok(1)) {
            let what = format!("it is larger than the {room} bytes that may be held: only its beginning was read");
            self.problem(at, Fault::Bound, what);
        }
        self.holding(whole.len(), |door| reader(door, &whole));
    }

    /// What `reader` does while `bytes` more are held for it.
    pub(crate) fn holding(&mut self, bytes: usize, reader: impl FnOnce(&mut Self)) {
        self.held += bytes;
        reader(self);
        self.held -= bytes;
    }

    /// How many more bytes may be held.
    pub(crate) fn room(&self) -> usize {
        self.limits.held.saturating_sub(self.held)
    }

    /// Counts a document of a format that another one is made of.
    pub(crate) fn count(&mut self, format: &'static str) {
        *self.reading.formats.entry(format).or_default() += 1;
    }

    /// Whether a bound was reached that ends all reading.
    pub(crate) fn spent(&self) -> bool {
        self.unpacked.get() == 0 || self.reading.text >= self.limits.text || self.documents > self.limits.documents
    }
}

/// Counts what comes out of a packed document, ends it at the bound, and keeps the error at which it broke off.
struct Metered<'r> {
    inner: &'r mut dyn Read,
    budget: Option<Rc<Cell<u64>>>,
    hit: bool,
    failed: Option<io::Error>,
    read: u64,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed.is_some() || buffer.is_empty() {
            return Ok(0);
        }
        let left = self.budget.as_ref().map_or(u64::MAX, |budget| budget.get());
        let room = usize::try_from(left).unwrap_or(usize::MAX).clamp(1, buffer.len());
        let read = match self.inner.read(buffer.get_mut(..room).unwrap_or_default()) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                self.failed = Some(error);
                0
            }
        };
        if left == 0 {
            self.hit |= read > 0;
            return Ok(0);
        }
        if let Some(budget) = &self.budget {
            budget.set(left - read as u64);
        }
        self.read += read as u64;
        Ok(read)
    }
}
