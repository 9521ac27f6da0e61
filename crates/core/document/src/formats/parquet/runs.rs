//! Whole numbers as pages write them: runs and packed bits (levels, places in a dictionary), and differences.

use super::thrift::Thrift;
use crate::bytes::stretch;

/// The `width` bits (64 at most) that begin at `bit`.
fn bits(bytes: &[u8], bit: usize, width: u32) -> Option<u64> {
    let (first, shift) = (bit / 8, (bit % 8) as u32);
    let last = (bit + width as usize).div_ceil(8);
    let part = bytes.get(first..last)?;
    let number = part.iter().rev().fold(0_u128, |number, byte| number << 8 | u128::from(*byte)) >> shift;
    Some((number & ((1_u128 << width) - 1)) as u64)
}

/// Numbers in runs of the same and in packed bits.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    at: usize,
    end: usize,
    width: u32,
    left: u64,
    /// The number of a run; nothing where bits follow.
    same: Option<u32>,
    bit: usize,
}

impl Runs {
    /// Numbers of `width` bits in `at..end` of a page.
    pub(super) fn new(at: usize, end: usize, width: u32) -> Option<Runs> {
        (width <= 32).then_some(Runs { at, end, width, left: 0, same: None, bit: 0 })
    }

    pub(super) fn next(&mut self, page: &[u8]) -> Option<u32> {
        let page = page.get(..self.end.min(page.len()))?;
        while self.left == 0 {
            let mut head = Thrift::new(page.get(self.at..)?);
            let number = head.varint()?;
            self.at = page.len() - head.rest().len();
            let bytes = self.width.div_ceil(8) as usize;
            if number & 1 == 0 {
                let same = stretch(page, self.at, bytes);
                self.left = number >> 1;
                self.same = Some(same.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)));
                self.at = self.at.checked_add(bytes)?;
            } else {
                self.left = (number >> 1).checked_mul(8)?;
                (self.same, self.bit) = (None, self.at.checked_mul(8)?);
                self.at = self.at.checked_add(usize::try_from(number >> 1).ok()?.checked_mul(self.width as usize)?)?;
            }
        }
        self.left -= 1;
        if let Some(same) = self.same {
            return Some(same);
        }
        let number = bits(page, self.bit, self.width)?;
        self.bit += self.width as usize;
        Some(number as u32)
    }
}

/// Numbers as differences, in blocks of smaller ones.
#[derive(Clone, Debug)]
pub(super) struct Deltas {
    at: usize,
    /// Numbers of a smaller block, and smaller blocks of a block.
    values: u64,
    minis: usize,
    left: u64,
    last: i64,
    first: bool,
    least: i64,
    /// Where the widths of the next smaller blocks stand, and how many are left.
    widths: usize,
    minis_left: usize,
    width: u32,
    in_mini: u64,
    bit: usize,
}

impl Deltas {
    pub(super) fn new(page: &[u8], at: usize) -> Option<Deltas> {
        let mut head = Thrift::new(page.get(at..)?);
        let (block, minis, left) = (head.varint()?, head.varint()?, head.varint()?);
        let last = head.int()?;
        let values = block.checked_div(minis).filter(|values| *values > 0 && values % 8 == 0)?;
        let minis = usize::try_from(minis).ok()?;
        let at = page.len() - head.rest().len();
        let first = true;
        Some(Deltas {
            at,
            values,
            minis,
            left,
            last,
            first,
            least: 0,
            widths: 0,
            minis_left: 0,
            width: 0,
            in_mini: 0,
            bit: 0,
        })
    }

    pub(super) fn next(&mut self, page: &[u8]) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        if std::mem::take(&mut self.first) {
            return Some(self.last);
        }
        if self.in_mini == 0 {
            self.mini(page)?;
        }
        self.in_mini -= 1;
        let delta = if self.width == 0 { 0 } else { bits(page, self.bit, self.width)? };
        self.bit = self.bit.checked_add(self.width as usize)?;
        self.last = self.last.wrapping_add(self.least).wrapping_add(delta.cast_signed());
        Some(self.last)
    }

    /// Begins the next smaller block.
    fn mini(&mut self, page: &[u8]) -> Option<()> {
        if self.minis_left == 0 {
            let mut head = Thrift::new(page.get(self.at..)?);
            self.least = head.int()?;
            self.widths = page.len() - head.rest().len();
            self.minis_left = self.minis;
            self.at = self.widths.checked_add(self.minis)?;
        }
        self.width = u32::from(*page.get(self.widths)?);
        self.widths += 1;
        self.minis_left -= 1;
        if self.width > 64 {
            return None;
        }
        (self.in_mini, self.bit) = (self.values, self.at.checked_mul(8)?);
        let bytes = self.values.checked_mul(u64::from(self.width))? / 8;
        self.at = self.at.checked_add(usize::try_from(bytes).ok()?)?;
        Some(())
    }

    /// Where what follows all of them begins. Takes work in proportion to the blocks, not to the numbers.
    pub(super) fn end(&self, page: &[u8]) -> Option<usize> {
        let mut ahead = self.clone();
        let mut left = ahead.left.saturating_sub(1);
        while left > 0 {
            ahead.mini(page)?;
            left = left.saturating_sub(ahead.values);
        }
        // Blocks that are not needed have a width and no content.
        Some(ahead.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_bits_are_read_in_turn() {
        // Three times 5, then eight numbers of three bits: 0 to 7.
        let page = [6, 5, 3, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        let mut runs = Runs::new(0, page.len(), 3).unwrap();
        let read: Vec<u32> = std::iter::from_fn(|| runs.next(&page)).collect();
        assert_eq!(read, [5, 5, 5, 0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(Runs::new(0, 4, 33).is_none());
    }

    #[test]
    fn differences_add_up() {
        // 128 a block in four; five numbers from 7 on: +1, +2, +3, +4 with the least 1 and two bits each.
        let mut page = vec![128, 1, 4, 5, 14, 2, 2, 0, 0, 0, 0b1110_0100];
        page.extend([0; 7]);
        page.push(b'x');
        let mut deltas = Deltas::new(&page, 0).unwrap();
        assert_eq!(deltas.end(&page), Some(page.len() - 1));
        let read: Vec<i64> = std::iter::from_fn(|| deltas.next(&page)).collect();
        assert_eq!(read, [7, 8, 10, 13, 17]);
    }
}
