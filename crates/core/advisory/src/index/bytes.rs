//! Reading numbers and texts from bytes that may lie, and writing them.

use super::IndexError;

/// A place in bytes. Every read is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    pub(super) fn at(bytes: &'b [u8], at: usize) -> Cursor<'b> {
        Cursor { bytes, at }
    }

    pub(super) fn place(&self) -> usize {
        self.at
    }

    fn broken(&self, what: &'static str) -> IndexError {
        IndexError::Broken(what, self.at)
    }

    pub(super) fn take(&mut self, count: usize, what: &'static str) -> Result<&'b [u8], IndexError> {
        let end = self.at.checked_add(count).ok_or_else(|| self.broken(what))?;
        let found = self.bytes.get(self.at..end).ok_or_else(|| self.broken(what))?;
        self.at = end;
        Ok(found)
    }

    pub(super) fn byte(&mut self, what: &'static str) -> Result<u8, IndexError> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.broken(what))?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, IndexError> {
        let bytes = self.take(4, what)?.try_into().map_err(|_| self.broken(what))?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, IndexError> {
        let bytes = self.take(8, what)?.try_into().map_err(|_| self.broken(what))?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn number(&mut self, what: &'static str) -> Result<u64, IndexError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(what)?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(self.broken(what));
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.broken(what))
    }

    pub(super) fn size(&mut self, what: &'static str) -> Result<usize, IndexError> {
        let number = self.number(what)?;
        usize::try_from(number).map_err(|_| self.broken(what))
    }

    /// How many things follow. Each takes a byte or more, so that a lie costs no more than the file is long.
    pub(super) fn count(&mut self, what: &'static str) -> Result<usize, IndexError> {
        let count = self.size(what)?;
        let left = self.bytes.len().saturating_sub(self.at);
        if count > left { Err(self.broken(what)) } else { Ok(count) }
    }

    pub(super) fn text(&mut self, what: &'static str) -> Result<&'b str, IndexError> {
        let length = self.size(what)?;
        let bytes = self.take(length, what)?;
        std::str::from_utf8(bytes).map_err(|_| self.broken(what))
    }

    pub(super) fn part(&mut self, what: &'static str) -> Result<Cursor<'b>, IndexError> {
        let length = self.size(what)?;
        self.take(length, what).map(|bytes| Cursor { bytes, at: 0 })
    }
}

/// Bytes that grow.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(super) fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.size(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn part(&mut self, part: &Writer) {
        self.size(part.bytes.len());
        self.bytes.extend_from_slice(&part.bytes);
    }
}
