//! A document that is asked for range by range, as far as it is read.

use crate::calls::Refusal;
use crate::counts::Known;
use crate::store::Reader;
use crate::tally::classified;
use std::io::{self, Read};
use std::ops::Range;

/// Bytes of one answer.
pub(crate) const RANGE: u64 = 4 << 20;
/// Bytes of one document that are read.
const DOCUMENT_BYTES: u64 = 256 << 20;

/// What the document `name` of `size` bytes holds. It begins with `first`; `ask` gives the rest.
pub(crate) fn classified_in_ranges(
    (name, size): (&str, u64),
    first: Vec<u8>,
    ask: impl FnMut(Range<u64>) -> Result<Vec<u8>, Refusal>,
    reader: &Reader<'_>,
) -> Result<Known, Refusal> {
    let mut ranges =
        Ranges { ask, most: size.min(DOCUMENT_BYTES), asked: first.len() as u64, here: first, at: 0, failed: None };
    let tallied = classified(name, &mut ranges, reader);
    if let Some(refusal) = ranges.failed {
        return Err(refusal);
    }
    let mut known = Known::document(tallied, ranges.asked);
    if size > DOCUMENT_BYTES {
        known.problem("bound");
    }
    Ok(known)
}

struct Ranges<F> {
    ask: F,
    most: u64,
    asked: u64,
    here: Vec<u8>,
    at: usize,
    failed: Option<Refusal>,
}

impl<F: FnMut(Range<u64>) -> Result<Vec<u8>, Refusal>> Read for Ranges<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.here.len() {
            if self.asked >= self.most || self.failed.is_some() {
                return Ok(0);
            }
            let end = (self.asked + RANGE).min(self.most);
            match (self.ask)(self.asked..end) {
                Ok(bytes) if bytes.is_empty() => return Ok(0),
                Ok(bytes) => (self.here, self.at) = (bytes, 0),
                Err(refusal) => {
                    let error = io::Error::other(refusal.reason.clone());
                    self.failed = Some(refusal);
                    return Err(error);
                }
            }
            self.asked += self.here.len() as u64;
        }
        let here = self.here.get(self.at..).unwrap_or_default();
        let read = here.len().min(buffer.len());
        buffer.iter_mut().zip(here).for_each(|(slot, byte)| *slot = *byte);
        self.at += read;
        Ok(read)
    }
}
