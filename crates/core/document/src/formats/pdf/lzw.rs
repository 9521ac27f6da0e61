//! LZW as PDF has it: codes of 9 to 12 bits, the highest bit first, in a table that begins anew where a code says so.

/// Clears the table, and ends the text.
const CLEAR: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;
const CODES: usize = 4_096;

/// What `packed` holds, at most `most` bytes of it; as far as it goes where it is broken. `early` says that codes become wider one code
/// before they have to, as nearly every file has it.
pub(super) fn unpacked(packed: &[u8], early: bool, most: usize) -> Vec<u8> {
    // Each text of the table stands in what was written: where it begins, and how long it is.
    let mut table: Vec<(usize, usize)> = Vec::with_capacity(CODES);
    let mut out = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut last: Option<(usize, usize)> = None;
    for byte in packed {
        (bits, held) = ((bits << 8 | u32::from(*byte)) & 0x00ff_ffff, held + 8);
        let width = match FIRST + table.len() + usize::from(early) {
            ..=511 => 9,
            512..=1_023 => 10,
            1_024..=2_047 => 11,
            _ => 12,
        };
        if held < width {
            continue;
        }
        held -= width;
        let code = (bits >> held & ((1 << width) - 1)) as usize;
        if code == END {
            break;
        }
        if code == CLEAR {
            table.clear();
            last = None;
            continue;
        }
        let start = out.len();
        // The text before and the first byte of this one are what the table learns, which this code may already name.
        let learned = last.map(|(from, length)| (from, length + 1));
        if let Some(learned) = learned.filter(|_| FIRST + table.len() < CODES) {
            table.push(learned);
        }
        let (from, length) = match code.checked_sub(FIRST) {
            None => {
                out.push(code as u8);
                last = Some((start, 1));
                continue;
            }
            Some(place) => match table.get(place) {
                Some(text) => *text,
                None => break,
            },
        };
        // It may go on into what it writes itself.
        for place in from..from + length {
            let byte = out.get(place).copied().unwrap_or_default();
            out.push(byte);
        }
        last = Some((start, length));
        if out.len() >= most {
            break;
        }
    }
    out.truncate(most);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_of_the_standard_unpacks() {
        let packed = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        assert_eq!(unpacked(&packed, true, 100), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
        assert_eq!(unpacked(&packed, true, 3), [45, 45, 45]);
        assert_eq!(unpacked(&[0xff; 40], true, 100), b"");
    }
}
