//! Columns of small numbers, packed in as many bits as the largest of a block needs.

/// How many rows a block has at most.
pub(crate) const ROWS: usize = 128;
/// Bytes of a column of a full block at 32 bits, and what reading eight bytes at once may touch behind it.
const COLUMN_BYTES: usize = ROWS * 4 + 8;

/// A column of a block.
pub(crate) type Column = [u32; ROWS];

/// How many bits the largest of `values` needs.
pub(crate) fn width(values: &[u32]) -> u8 {
    (32 - values.iter().fold(0, |all, value| all | value).leading_zeros()) as u8
}

/// How many bytes `count` values of `width` bits take.
pub(crate) fn packed_bytes(count: usize, width: u8) -> usize {
    (count * usize::from(width)).div_ceil(8)
}

/// Adds `values` to `out`, `width` bits each.
pub(crate) fn pack(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let (mut held, mut bits) = (0u64, 0u32);
    for value in values {
        held |= u64::from(*value) << bits;
        bits += u32::from(width);
        while bits >= 8 {
            out.push(held as u8);
            held >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        out.push(held as u8);
    }
}

/// Reads `count` values of `width` bits from the start of `bytes` and moves `bytes` behind them. `None` where they are not
/// all there.
pub(crate) fn unpack(bytes: &mut &[u8], count: usize, width: u8, column: &mut Column) -> Option<()> {
    if width > 32 || count > ROWS {
        return None;
    }
    let (packed, rest) = bytes.split_at_checked(packed_bytes(count, width))?;
    *bytes = rest;
    if width == 0 {
        column.fill(0);
        return Some(());
    }
    // A copy with room behind it, so that each value is one read of eight bytes.
    let mut buffer = [0u8; COLUMN_BYTES];
    buffer.get_mut(..packed.len())?.copy_from_slice(packed);
    let mask = (1u64 << width) - 1;
    for (at, value) in column.iter_mut().take(count).enumerate() {
        let bit = at * usize::from(width);
        let word = u64::from_le_bytes(*buffer.get(bit / 8..)?.first_chunk()?);
        *value = ((word >> (bit % 8)) & mask) as u32;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_at_every_width() {
        for bits in 0..=32u32 {
            let most = ((1u64 << bits) - 1) as u32;
            for count in [0, 1, 7, 127, 128] {
                let values: Vec<u32> = (0..count as u32).map(|at| most.wrapping_sub(at * 3) & most).collect();
                let (width, mut packed) = (width(&values), Vec::new());
                pack(&values, width, &mut packed);
                packed.extend([0xff; 3]);
                let (mut bytes, mut column) = (packed.as_slice(), [0; ROWS]);
                unpack(&mut bytes, count, width, &mut column).expect("whole");
                assert_eq!((&column[..count], bytes), (values.as_slice(), [0xff; 3].as_slice()), "{bits} {count}");
            }
        }
        assert!(unpack(&mut [1u8].as_slice(), 128, 8, &mut [0; ROWS]).is_none(), "too short");
        assert!(unpack(&mut [0u8; 4096].as_slice(), 200, 8, &mut [0; ROWS]).is_none(), "too many");
        assert!(unpack(&mut [0u8; 4096].as_slice(), 2, 33, &mut [0; ROWS]).is_none(), "too wide");
    }
}
