//! Cuts a stream of bytes into records without holding more than one record, and without trusting a byte of it. It
//! finds where records begin and end; whether a record is well formed is the parser's matter.

mod guess;
mod scan;

pub(crate) use scan::is_deeper;

use crate::cursor::{Place, Within};
use crate::options::Limits;
use crate::source::{Framing, LINE_START_BYTES};
use crate::stream::{Ending, Stream};
use guess::Guess;
use scan::{Scan, Step};
use sha2::{Digest, Sha256};

/// One record, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The bytes `[start, start + length)` of [`Framer::bytes`].
    Record {
        /// How many bytes.
        length: usize,
        /// Whether it nests deeper than the limit.
        too_deep: bool,
    },
    /// Perhaps a record: if these bytes are one whole JSON object. If not, [`Framer::was_wrong`] must be told before
    /// the next frame is asked for.
    Guess {
        /// How many bytes.
        length: usize,
    },
    /// A record longer than the limit: its length and SHA-256.
    TooLong {
        /// Where it began.
        began: Place,
        /// How many bytes.
        length: u64,
        /// SHA-256 of all of them.
        sha256: Vec<u8>,
    },
    /// No whole record is left, and `pending` bytes of one.
    End {
        /// How many bytes.
        pending: usize,
    },
}

/// Cuts one stream into records.
pub(crate) struct Framer {
    stream: Stream,
    framing: Framing,
    limits: Limits,
    buffer: Vec<u8>,
    /// Where the next record begins in the buffer.
    start: usize,
    place: Place,
    /// Whether what is left at the end of the stream is all there is.
    closed: bool,
    guess: Guess,
}

/// A frame that was found: how many bytes the record has and how many to consume with it.
struct Found {
    length: usize,
    consumed: usize,
    too_deep: bool,
    /// Whether this is where the record ends for sure.
    certain: bool,
}

impl Framer {
    /// Goes on at `place`. The stream stands at the beginning of the input, or at the place where it is plain.
    pub(crate) fn new(stream: Stream, framing: Framing, limits: Limits, place: Place, closed: bool) -> Framer {
        Framer { stream, framing, limits, buffer: Vec::new(), start: 0, place, closed, guess: Guess::default() }
    }

    /// Skips the bytes before the place, where the stream stands at the beginning. `false` where there are fewer.
    pub(crate) fn skip_to_place(&mut self) -> bool {
        let mut left = self.place.offset;
        while left > 0 {
            self.buffer.clear();
            if !self.stream.fill(&mut self.buffer) {
                return false;
            }
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            self.start = taken;
            left -= taken as u64;
        }
        true
    }

    /// Where the next record begins.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// How the stream ended, where it has.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.stream.ending.as_ref()
    }

    /// Whether an array of records has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.place.within, Within::Array | Within::Envelope)
    }

    /// The first `length` bytes that are not consumed.
    pub(crate) fn bytes(&self, length: usize) -> &[u8] {
        self.rest().get(..length).unwrap_or_default()
    }

    /// The next record. It is not consumed: [`Framer::consume`] does that, so that a place never stands inside one.
    pub(crate) fn next(&mut self) -> (Frame, Consume) {
        self.skip_mark();
        let found = match self.framing {
            Framing::Json { envelopes } => self.next_json(envelopes),
            Framing::Lines { starts } => self.next_lines(starts),
        };
        match found {
            Ok(Some(Found { length, consumed, certain: false, .. })) => (Frame::Guess { length }, Consume(consumed)),
            Ok(Some(found)) => {
                (Frame::Record { length: found.length, too_deep: found.too_deep }, Consume(found.consumed))
            }
            Ok(None) => {
                let pending = self.rest().len();
                (Frame::End { pending }, Consume(pending))
            }
            Err(frame) => (frame, Consume(0)),
        }
    }

    /// The guess that [`Framer::next`] gave was wrong: next time it finds out.
    pub(crate) fn was_wrong(&mut self) {
        self.guess.was_wrong();
    }

    /// Moves the place past a frame.
    pub(crate) fn consume(&mut self, Consume(count): Consume) {
        self.advance(count);
        self.place.record += 1;
    }

    /// Whether the bytes at the end of the stream are all that will come. Not so where the stream was damaged: what is
    /// left is then part of the damage.
    fn is_all(&self) -> bool {
        self.closed && self.stream.ending == Some(Ending::Whole)
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Moves the place past `count` bytes that are in the buffer.
    fn advance(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let breaks = memchr::memchr_iter(b'\n', self.bytes(count)).count();
        self.place.line += breaks as u64;
        self.place.offset += count as u64;
        self.start += count;
    }

    /// Reads more. Drops what is consumed first, so that the buffer holds one record and a chunk at most.
    fn fill(&mut self) -> bool {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.stream.fill(&mut self.buffer)
    }

    /// A byte order mark at the very beginning is no part of any record.
    fn skip_mark(&mut self) {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if self.place.offset > 0 {
            return;
        }
        while self.rest().len() < MARK.len() && self.fill() {}
        if self.rest().starts_with(MARK) {
            self.advance(MARK.len());
        }
    }

    fn next_json(&mut self, envelopes: &[&str]) -> Result<Option<Found>, Frame> {
        loop {
            let Some(byte) = self.skip_separators() else { return Ok(None) };
            match (self.place.within, byte) {
                (Within::Top, b'[') => {
                    self.advance(1);
                    self.place.within = Within::Array;
                }
                (Within::Array, b']') => {
                    self.advance(1);
                    self.place.within = Within::Top;
                }
                (Within::Envelope, b']') => {
                    self.advance(1);
                    self.place.within = Within::AfterEnvelope;
                }
                (Within::AfterEnvelope, _) => {
                    if !self.leave_envelope(envelopes)? {
                        return Ok(None);
                    }
                }
                (Within::Top, b'{') if self.place.one_a_line && !self.opens_envelope(envelopes) => {
                    return self.whole_line();
                }
                (_, b'{') | (Within::Array | Within::Envelope, b'[') => match self.whole_value(envelopes)? {
                    Value::Record(found) => return Ok(Some(found)),
                    Value::Envelope => {}
                    Value::Pending => return Ok(None),
                },
                (Within::Top, _) => return self.whole_line(),
                (_, _) => return self.whole_scalar(),
            }
        }
    }

    /// Skips white space, and commas inside an array. The first byte after them.
    fn skip_separators(&mut self) -> Option<u8> {
        loop {
            let commas = self.place.within != Within::Top;
            let separator = |byte: &u8| byte.is_ascii_whitespace() || (commas && *byte == b',');
            let count = self.rest().iter().take_while(|byte| separator(byte)).count();
            self.advance(count);
            match self.rest().first().copied() {
                Some(byte) => return Some(byte),
                None if self.fill() => {}
                None => return None,
            }
        }
    }

    /// Whether an object begins with a key that holds records.
    fn opens_envelope(&mut self, envelopes: &[&str]) -> bool {
        const KEY_BYTES: usize = 64;
        while self.rest().len() < KEY_BYTES && self.fill() {}
        let head = self.rest().get(1..).unwrap_or_default().trim_ascii_start();
        let key = head.strip_prefix(b"\"").unwrap_or_default();
        envelopes.iter().any(|envelope| {
            key.strip_prefix(envelope.as_bytes()).is_some_and(|rest| {
                let value = rest.strip_prefix(b"\"").unwrap_or_default().trim_ascii_start();
                value.strip_prefix(b":").unwrap_or_default().trim_ascii_start().starts_with(b"[")
            })
        })
    }

    /// Scans one object or array to its end.
    fn whole_value(&mut self, envelopes: &[&str]) -> Result<Value, Frame> {
        let top = self.place.within == Within::Top;
        if let Some(found) = self.guessed(top) {
            return Ok(Value::Record(found));
        }
        let mut scan = Scan::new(top, 0);
        let mut at = 0;
        loop {
            match scan.run(self.buffer.get(self.start..).unwrap_or_default(), &mut at, envelopes) {
                Step::End => {
                    let too_deep = scan.deepest > self.limits.depth_max;
                    let found = Found { length: at, consumed: at, too_deep, certain: true };
                    if top {
                        self.notice_lines(at);
                    } else {
                        self.guess.learn(self.buffer.get(self.start..).unwrap_or_default(), at);
                    }
                    return Ok(Value::Record(found));
                }
                Step::Broken => {
                    return Ok(Value::Record(Found { length: at, consumed: at, too_deep: false, certain: true }));
                }
                Step::Envelope => {
                    self.advance(at);
                    self.place.within = Within::Envelope;
                    return Ok(Value::Envelope);
                }
                Step::More if self.rest().len() > self.limits.record_bytes_max => {
                    return Err(self.too_long_value(scan, at));
                }
                Step::More if self.fill() => {}
                Step::More => return Ok(Value::Pending),
            }
        }
    }

    /// What may be the next record of an array.
    fn guessed(&mut self, top: bool) -> Option<Found> {
        let rest = self.buffer.get(self.start..).filter(|rest| !top && rest.starts_with(b"{"))?;
        let length = self.guess.length(rest).filter(|length| *length <= self.limits.record_bytes_max)?;
        Some(Found { length, consumed: length, too_deep: false, certain: false })
    }

    /// One record alone on its line says that the input holds one record a line.
    fn notice_lines(&mut self, length: usize) {
        if memchr::memchr(b'\n', self.bytes(length)).is_some() {
            return;
        }
        while self.rest().len() < length + 2 && self.fill() {}
        let after = self.rest().get(length..).unwrap_or_default();
        if after.starts_with(b"\n") || after.starts_with(b"\r\n") {
            self.place.one_a_line = true;
        }
    }

    /// Passes what follows the array of an envelope. `false` where it has not ended yet.
    fn leave_envelope(&mut self, envelopes: &[&str]) -> Result<bool, Frame> {
        let mut scan = Scan::new(true, 1);
        let mut at = 0;
        loop {
            match scan.run(self.buffer.get(self.start..).unwrap_or_default(), &mut at, envelopes) {
                Step::End | Step::Broken => {
                    self.advance(at);
                    self.place.within = Within::Top;
                    return Ok(true);
                }
                Step::Envelope => {
                    self.advance(at);
                    self.place.within = Within::Envelope;
                    return Ok(true);
                }
                Step::More if self.rest().len() > self.limits.record_bytes_max => {
                    let frame = self.too_long_value(scan, at);
                    self.place.within = Within::Top;
                    return Err(frame);
                }
                Step::More if self.fill() => {}
                Step::More => return Ok(false),
            }
        }
    }

    /// Passes a value that is longer than the limit without keeping it.
    fn too_long_value(&mut self, mut scan: Scan, scanned: usize) -> Frame {
        let mut skipped = Skipped::at(self.place);
        let mut at = scanned;
        loop {
            let step = scan.run(self.buffer.get(self.start..).unwrap_or_default(), &mut at, &[]);
            skipped.take(self.bytes(at));
            self.advance(at);
            at = 0;
            scan.forget();
            match step {
                Step::More if self.fill() => {}
                _ => return skipped.frame(),
            }
        }
    }

    /// One line, and whatever it holds.
    fn whole_line(&mut self) -> Result<Option<Found>, Frame> {
        match self.line_end(0) {
            Line::Ends(length) => Ok(Some(self.found_line(length))),
            Line::TooLong => Err(self.too_long_line()),
            Line::Pending => {
                // An object that is not whole may go on; anything else is as whole as it will be.
                let rest = self.rest();
                let whole = if rest.starts_with(b"{") { scan::is_balanced(rest) } else { self.is_all() };
                let length = rest.len();
                Ok((whole && length > 0).then(|| self.found_line(length)))
            }
        }
    }

    fn found_line(&self, length: usize) -> Found {
        let line = self.bytes(length);
        let record = line.trim_ascii_end();
        let too_deep = scan::is_deeper(record, self.limits.depth_max);
        Found { length: record.len(), consumed: length, too_deep, certain: true }
    }

    /// Where the line that begins `from` bytes after the place ends, its line break included.
    fn line_end(&mut self, from: usize) -> Line {
        let mut searched = from;
        loop {
            let rest = self.rest().get(searched..).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', rest) {
                return Line::Ends(searched + found + 1);
            }
            searched = self.rest().len();
            if searched > from.saturating_add(self.limits.record_bytes_max) {
                return Line::TooLong;
            }
            if !self.fill() {
                return Line::Pending;
            }
        }
    }

    /// Passes a line that is longer than the limit without keeping it.
    fn too_long_line(&mut self) -> Frame {
        let mut skipped = Skipped::at(self.place);
        loop {
            let end = memchr::memchr(b'\n', self.rest());
            let count = end.map_or(self.rest().len(), |at| at + 1);
            skipped.take(self.bytes(count));
            self.advance(count);
            if end.is_some() || !self.fill() {
                return skipped.frame();
            }
        }
    }

    /// Something in an array that is neither object nor array.
    fn whole_scalar(&mut self) -> Result<Option<Found>, Frame> {
        let mut searched = 0;
        loop {
            let rest = self.rest().get(searched..).unwrap_or_default();
            if let Some(found) = rest.iter().position(|byte| matches!(byte, b',' | b']' | b'\n' | b'{')) {
                // A stray byte that ends a scalar at once would be found again for ever.
                let length = (searched + found).max(1);
                return Ok(Some(Found { length, consumed: length, too_deep: false, certain: true }));
            }
            searched = self.rest().len();
            if searched > self.limits.record_bytes_max {
                return Err(self.too_long_line());
            }
            if !self.fill() {
                let found = Found { length: searched, consumed: searched, too_deep: false, certain: true };
                return Ok((self.is_all() && searched > 0).then_some(found));
            }
        }
    }

    fn next_lines(&mut self, starts: fn(&[u8]) -> bool) -> Result<Option<Found>, Frame> {
        self.skip_line_breaks();
        let mut end = match self.line_end(0) {
            Line::Ends(end) => end,
            Line::TooLong => return Err(self.too_long_line()),
            Line::Pending => {
                let length = self.rest().len();
                return Ok((self.is_all() && length > 0).then(|| self.found_line(length)));
            }
        };
        if !starts(self.bytes(end.min(LINE_START_BYTES))) {
            return Ok(Some(self.found_line(end)));
        }
        while end <= self.limits.record_bytes_max {
            // The next line may be cut off inside what would show that it starts a record.
            while self.rest().len() < end + LINE_START_BYTES && self.fill() {}
            let next = self.rest().get(end..).unwrap_or_default();
            let line = memchr::memchr(b'\n', next).and_then(|at| next.get(..=at)).unwrap_or(next);
            let head = line.get(..LINE_START_BYTES).unwrap_or(line);
            let undecided = head.len() < LINE_START_BYTES && !head.ends_with(b"\n");
            if starts(head) || (self.is_all() && head.is_empty()) {
                break;
            }
            if undecided && !self.is_all() {
                return Ok(None);
            }
            match self.line_end(end) {
                Line::Ends(longer) => end = longer,
                Line::TooLong => break,
                Line::Pending if self.is_all() => end = self.rest().len(),
                Line::Pending => return Ok(None),
            }
        }
        Ok(Some(self.found_line(end)))
    }

    fn skip_line_breaks(&mut self) {
        loop {
            let count = self.rest().iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            self.advance(count);
            if !self.rest().is_empty() || !self.fill() {
                return;
            }
        }
    }
}

/// Where a line ends.
enum Line {
    Ends(usize),
    TooLong,
    Pending,
}

/// How many bytes a frame takes from the stream.
#[derive(Debug)]
pub(crate) struct Consume(usize);

enum Value {
    Record(Found),
    Envelope,
    Pending,
}

/// The beginning, digest and length of what is passed over.
struct Skipped {
    began: Place,
    digest: Sha256,
    length: u64,
}

impl Skipped {
    fn at(began: Place) -> Skipped {
        Skipped { began, digest: Sha256::new(), length: 0 }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
    }

    fn frame(self) -> Frame {
        Frame::TooLong { began: self.began, length: self.length, sha256: self.digest.finalize().to_vec() }
    }
}
