//! How pages are packed: Snappy and LZ4 as blocks. Both copy from what they have already unpacked.

use super::thrift::Thrift;
use crate::bytes::stretch;

/// A block of Snappy, no longer than `most`; nothing where it is none.
pub(super) fn snappy(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut head = Thrift::new(packed);
    let length = usize::try_from(head.varint()?).ok().filter(|length| *length <= most)?;
    let mut input = head.rest();
    let mut out = Vec::new();
    while let Some((tag, rest)) = input.split_first() {
        let bits = usize::from(*tag >> 2);
        // A literal, whose length may follow; or a copy with its distance in one, two or four bytes.
        let (width, count) = match (tag & 3, bits) {
            (0, 60..) => (bits - 59, None),
            (0, _) => (0, None),
            (1, _) => (1, Some((bits & 7) + 4)),
            (2, _) => (2, Some(bits + 1)),
            _ => (4, Some(bits + 1)),
        };
        let (number, rest) = rest.split_at_checked(width)?;
        let number = number.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        match count {
            None => {
                let length = if width == 0 { bits } else { number }.checked_add(1)?;
                let (literal, rest) = rest.split_at_checked(length)?;
                out.extend_from_slice(literal);
                input = rest;
            }
            Some(count) => {
                let distance = if tag & 3 == 1 { (bits >> 3) << 8 | number } else { number };
                again(&mut out, distance, count)?;
                input = rest;
            }
        }
        if out.len() > length {
            return None;
        }
    }
    (out.len() == length).then_some(out)
}

/// A block of LZ4, no longer than `most`.
pub(super) fn lz4(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let (mut input, mut out) = (packed, Vec::new());
    while let Some((token, rest)) = input.split_first() {
        input = rest;
        let literal = lengthened(usize::from(token >> 4), &mut input)?;
        let (bytes, rest) = input.split_at_checked(literal)?;
        out.extend_from_slice(bytes);
        input = rest;
        if out.len() > most {
            return None;
        }
        // The last sequence is a literal alone.
        let Some(([low, high], rest)) = input.split_first_chunk::<2>().map(|(head, rest)| (*head, rest)) else {
            break;
        };
        input = rest;
        let count = lengthened(usize::from(token & 15), &mut input)?.checked_add(4)?;
        if count > most {
            return None;
        }
        again(&mut out, usize::from(u16::from_le_bytes([low, high])), count)?;
    }
    (out.len() <= most).then_some(out)
}

/// A length of LZ4: four bits, and bytes of 255 for as long as it goes on.
fn lengthened(start: usize, input: &mut &[u8]) -> Option<usize> {
    let mut length = start;
    let mut more = start == 15;
    while more {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        length = length.checked_add(usize::from(*byte))?;
        more = *byte == 255;
    }
    Some(length)
}

/// Writes `count` bytes again that stand `distance` back: those that it writes count too.
fn again(out: &mut Vec<u8>, distance: usize, count: usize) -> Option<()> {
    let start = out.len().checked_sub(distance).filter(|_| distance > 0)?;
    let mut left = count;
    while left > 0 {
        let piece = stretch(out, start, left.min(out.len() - start)).to_vec();
        out.extend_from_slice(&piece);
        left -= piece.len();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_unpack_and_wrong_ones_do_not() {
        // "abcd", then ten bytes from four back.
        let block = [14, 0b1100, b'a', b'b', b'c', b'd', 0b10_0110, 4, 0];
        assert_eq!(snappy(&block, 100).as_deref(), Some(&b"abcdabcdabcdab"[..]));
        assert_eq!(snappy(&block, 13), None, "longer than may be");
        assert_eq!(snappy(&[14, 0b10_0110, 4, 0], 100), None, "nothing stands so far back");
        assert_eq!(
            lz4(&[0x46, b'a', b'b', b'c', b'd', 4, 0, 0x10, b'!'], 100).as_deref(),
            Some(&b"abcdabcdabcdab!"[..])
        );
        assert_eq!(lz4(&[0x0f, 1, 0, 255], 100), None);
    }
}
