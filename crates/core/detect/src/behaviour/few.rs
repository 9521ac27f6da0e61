//! A short list that takes no more room than its items: most lists of a profile are tiny, and there are very many. It
//! grows by one, which is dear; what it holds changes seldom.

use crate::correlator::keyed::Footprint;
use serde::{Deserialize, Serialize};
use std::ops::{Deref, DerefMut};

/// The list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Few<T>(Box<[T]>);

impl<T> Default for Few<T> {
    fn default() -> Few<T> {
        Few(Box::default())
    }
}

impl<T> Few<T> {
    /// Puts `item` at `place`, or behind all others where there is no such place.
    pub(crate) fn insert(&mut self, place: usize, item: T) {
        let mut items = std::mem::take(&mut self.0).into_vec();
        items.reserve_exact(1);
        items.insert(place.min(items.len()), item);
        self.0 = items.into_boxed_slice();
    }

    /// Puts `item` behind all others.
    pub(crate) fn push(&mut self, item: T) {
        self.insert(usize::MAX, item);
    }

    /// Drops those for which `keep` does not hold.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        let mut items = std::mem::take(&mut self.0).into_vec();
        items.retain(keep);
        self.0 = items.into_boxed_slice();
    }

    /// Bytes of the list itself, with what an allocation costs.
    pub(crate) fn list_bytes(&self) -> usize {
        if self.is_empty() { 0 } else { self.len() * size_of::<T>() + 16 }
    }
}

impl<T: Footprint> Footprint for Few<T> {
    fn heap_bytes(&self) -> usize {
        self.list_bytes() + self.iter().map(Footprint::heap_bytes).sum::<usize>()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Few<T> {
        Few(items.into_iter().collect())
    }
}

impl<T: Footprint> Footprint for Box<T> {
    fn heap_bytes(&self) -> usize {
        size_of::<T>() + 16 + T::heap_bytes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_put_in_where_it_was_put() {
        let mut few: Few<u32> = [1, 3].into_iter().collect();
        few.insert(1, 2);
        few.push(4);
        assert_eq!((&*few, few.list_bytes()), (&[1, 2, 3, 4][..], 32));
        few.retain(|item| item % 2 == 0);
        assert_eq!((&*few, few.list_bytes()), (&[2, 4][..], 24));
        few.retain(|_| false);
        assert_eq!(few.list_bytes(), 0);
    }
}
