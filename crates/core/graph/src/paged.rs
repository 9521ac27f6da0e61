//! Columns over all nodes that cost nothing where nothing is: pages are made when first written.
//!
//! A query that reaches a handful of a million nodes makes a handful of pages; one that reaches all of them pays one
//! more look-up for each.

use crate::net::NONE;

/// Entries of a page.
const ENTRIES: usize = 512;

/// A column below a bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct PagedColumn<T> {
    page: Vec<u32>,
    entries: Vec<T>,
    empty: T,
}

impl<T: Copy> PagedColumn<T> {
    /// A column that holds `empty` everywhere.
    pub(crate) fn below(bound: usize, empty: T) -> PagedColumn<T> {
        PagedColumn { page: vec![NONE; bound / ENTRIES + 1], entries: Vec::new(), empty }
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> T {
        let place = self
            .page
            .get(number as usize / ENTRIES)
            .map_or(usize::MAX, |page| (*page as usize).wrapping_mul(ENTRIES).wrapping_add(number as usize % ENTRIES));
        self.entries.get(place).copied().unwrap_or(self.empty)
    }

    #[inline]
    pub(crate) fn set(&mut self, number: u32, value: T) {
        let Some(page) = self.page.get_mut(number as usize / ENTRIES) else { return };
        if *page == NONE {
            *page = (self.entries.len() / ENTRIES) as u32;
            self.entries.resize(self.entries.len() + ENTRIES, self.empty);
        }
        let place = *page as usize * ENTRIES + number as usize % ENTRIES;
        if let Some(entry) = self.entries.get_mut(place) {
            *entry = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_the_rest_is_empty() {
        let mut column = PagedColumn::below(100_000, 7u32);
        let members: Vec<u32> = (0..100_000).filter(|n| n % 977 == 3 || *n == 99_999).collect();
        members.iter().for_each(|n| column.set(*n, n + 1));
        assert!((0..100_000).all(|n| column.get(n) == if members.contains(&n) { n + 1 } else { 7 }));
        column.set(200_000, 1);
        assert_eq!(column.get(200_000), 7);
    }
}
