//! A set of nodes as bits: a bit for each of a million nodes is less than what any search touches.

use crate::flat::item;

/// A set of numbers below a bound.
#[derive(Clone, Debug)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn below(bound: usize) -> Bits {
        Bits(vec![0; bound.div_ceil(64)])
    }

    #[inline]
    pub(crate) fn contains(&self, number: u32) -> bool {
        item(&self.0, number as usize / 64) >> (number % 64) & 1 != 0
    }

    /// Adds a number; true if it was not there.
    #[inline]
    pub(crate) fn add(&mut self, number: u32) -> bool {
        let Some(word) = self.0.get_mut(number as usize / 64) else { return false };
        let new = *word >> (number % 64) & 1 == 0;
        *word |= 1 << (number % 64);
        new
    }

    #[inline]
    pub(crate) fn remove(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(number as usize / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    /// What is here and not in `other`, which has the same bound.
    pub(crate) fn without(&self, other: &Bits) -> Bits {
        Bits(self.0.iter().zip(&other.0).map(|(mine, theirs)| mine & !theirs).collect())
    }

    /// The members in order.
    pub(crate) fn members(&self) -> impl Iterator<Item = u32> {
        (0u32..).zip(&self.0).flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(word * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_what_was_added_and_not_removed() {
        let (mut some, mut others) = (Bits::below(1_000), Bits::below(1_000));
        let added: Vec<u32> = (0..1_000).filter(|n| n % 63 == 0 || n % 64 == 63).collect();
        assert!(added.iter().all(|n| some.add(*n)) && !some.add(63) && !some.add(5_000));
        added.iter().filter(|n| *n % 2 == 0).for_each(|n| _ = others.add(*n));
        assert_eq!(some.members().collect::<Vec<u32>>(), added);
        let odd: Vec<u32> = added.iter().copied().filter(|n| n % 2 == 1).collect();
        assert_eq!(some.without(&others).members().collect::<Vec<u32>>(), odd);
        some.remove(63);
        assert!(!some.contains(63) && !some.contains(5_000) && some.contains(126));
    }
}
