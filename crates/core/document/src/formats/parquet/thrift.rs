//! Thrift's compact protocol, as far as the headers of Parquet use it. Everything that is passed over takes at least one byte, so
//! that no length that a file claims is work of its own.

use crate::bytes::Bytes;

/// How deep structures lie in structures.
const MAX_DEPTH: u32 = 24;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// A place in a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thrift<'a> {
    bytes: Bytes<'a>,
}

/// What a structure does with one of its fields: its number and its type. It must read what the field holds.
type Each<'e, 'a> = &'e mut dyn FnMut(&mut Thrift<'a>, i16, u8) -> Option<()>;

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Thrift<'a> {
        Thrift { bytes: Bytes::new(bytes) }
    }

    /// What follows.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.rest()
    }

    /// A number of seven bits a byte.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes.u8()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number with a sign.
    pub(super) fn int(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// A number that counts or is a place.
    pub(super) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.int()?).ok()
    }

    pub(super) fn binary(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        self.bytes.take(length)
    }

    /// The fields of a structure, one by one.
    pub(super) fn fields(&mut self, each: Each<'_, 'a>) -> Option<()> {
        let mut last = 0_i16;
        loop {
            let head = self.bytes.u8()?;
            if head == 0 {
                return Some(());
            }
            last = match head >> 4 {
                0 => i16::try_from(self.int()?).ok()?,
                step => last.checked_add(i16::from(step))?,
            };
            each(self, last, head & 15)?;
        }
    }

    /// How many elements a list has, and of which type.
    pub(super) fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.bytes.u8()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Some((count, head & 15))
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, kind: u8) -> Option<()> {
        self.skip_at(kind, false, 0)
    }

    fn skip_at(&mut self, kind: u8, element: bool, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            // A truth is part of its field's head, and a byte in a list.
            1 | 2 if !element => {}
            1..=3 => {
                self.bytes.u8()?;
            }
            4..=6 => {
                self.varint()?;
            }
            7 => {
                self.bytes.take(8)?;
            }
            BINARY => {
                self.binary()?;
            }
            LIST | SET => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip_at(kind, true, depth + 1))?;
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.bytes.u8()? } else { 0 };
                for _ in 0..count {
                    self.skip_at(kinds >> 4, true, depth + 1)?;
                    self.skip_at(kinds & 15, true, depth + 1)?;
                }
            }
            STRUCT => self.fields(&mut |inner, _, kind| inner.skip_at(kind, false, depth + 1))?,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_passed_over() {
        // 1: i32 = -3; 2: list of two bytes strings; 5: a structure with a truth; 6: binary.
        let bytes = [0x15, 0x05, 0x19, 0x28, 1, b'a', 1, b'b', 0x3c, 0x11, 0, 0x18, 2, b'o', b'k', 0];
        let mut seen = Vec::new();
        let done = Thrift::new(&bytes).fields(&mut |inner, number, kind| {
            seen.push(number);
            match number {
                1 => assert_eq!(inner.int()?, -3),
                6 => assert_eq!(inner.binary()?, b"ok"),
                _ => inner.skip(kind)?,
            }
            Some(())
        });
        assert_eq!((done, seen), (Some(()), vec![1, 2, 5, 6]));
        let endless = [0x1c; 64];
        assert_eq!(Thrift::new(&endless).skip(STRUCT), None);
    }
}
