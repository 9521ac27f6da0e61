//! Lean containers: each different thing once, and columns in which few places hold anything. Runs of small things are in `runs`.
//!
//! Numbers are `u32`. Nothing here knows what it stores.

use crate::flat::{item, put};
use crate::net::NONE;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// Positions by hash: open addressing, at most three quarters full. Equality is the owner's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    places: Vec<u32>,
    used: usize,
}

impl Slots {
    /// The number for which `is` holds among those with this hash.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let mask = self.places.len() - 1;
        let mut at = spread(hash) & mask;
        loop {
            let number = self.places.get(at).copied().unwrap_or(NONE);
            if number == NONE {
                return None;
            }
            if is(number) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a number that is not there. `hash_of` gives the hash of those that are.
    pub(crate) fn add(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.used + 1) * 4 > self.places.len() * 3 {
            self.grow((self.used + 1) * 2, hash_of);
        }
        self.place(hash, number);
        self.used += 1;
    }

    fn grow(&mut self, items: usize, hash_of: impl Fn(u32) -> u64) {
        let size = (items * 4 / 3 + 1).next_power_of_two().max(8);
        if size <= self.places.len() {
            return;
        }
        let old = std::mem::replace(&mut self.places, vec![NONE; size]);
        for number in old.into_iter().filter(|number| *number != NONE) {
            self.place(hash_of(number), number);
        }
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.places.len() - 1;
        let mut at = spread(hash) & mask;
        while item(&self.places, at) != NONE {
            at = (at + 1) & mask;
        }
        put(&mut self.places, at, number);
    }
}

/// The low bits of the hash are its weakest.
fn spread(hash: u64) -> usize {
    (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26) as usize
}

pub(crate) fn hash_of<T: Hash + ?Sized>(thing: &T) -> u64 {
    let mut hasher = FxHasher::default();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// Room for changes beside `items` things, so that a change does not have to move them all.
pub(crate) fn slack(items: usize) -> usize {
    items / 32 + 1024
}

/// Different things, numbered in the order of first sight.
#[derive(Clone, Debug)]
pub(crate) struct Pool<T> {
    items: Vec<T>,
    slots: Slots,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { items: Vec::new(), slots: Slots::default() }
    }
}

impl<T: Eq + Hash> Pool<T> {
    pub(crate) fn number(&mut self, thing: T) -> u32 {
        let hash = hash_of(&thing);
        if let Some(number) = self.slots.find(hash, |number| self.items.get(number as usize) == Some(&thing)) {
            return number;
        }
        let number = self.items.len() as u32;
        self.items.push(thing);
        self.slots.add(hash, number, |number| self.items.get(number as usize).map_or(0, hash_of));
        number
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(number as usize)
    }

    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// Gives back what is not needed, but for some room.
    pub(crate) fn settle(&mut self) {
        self.items.shrink_to_fit();
        self.items.reserve(slack(self.items.len()));
        let items = &self.items;
        self.slots.grow(items.len() + slack(items.len()), |number| items.get(number as usize).map_or(0, hash_of));
    }
}

/// A set of small numbers that can tell how many of its members are below one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    words: Vec<u64>,
    /// Word -> how many members are in the words before it.
    before: Vec<u32>,
}

impl Marks {
    pub(crate) fn with_room(items: usize) -> Marks {
        Marks { words: vec![0; items.div_ceil(64)], before: Vec::new() }
    }

    #[inline]
    pub(crate) fn contains(&self, number: u32) -> bool {
        item(&self.words, number as usize / 64) >> (number % 64) & 1 != 0
    }

    /// Adds a number; true if it was not there.
    #[inline]
    pub(crate) fn add(&mut self, number: u32) -> bool {
        let word = number as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let Some(word) = self.words.get_mut(word) else { return false };
        let new = *word >> (number % 64) & 1 == 0;
        *word |= 1 << (number % 64);
        new
    }

    /// To be called after the last `add` and before the first `rank`.
    pub(crate) fn count_up(&mut self) {
        let mut total = 0;
        self.before = Vec::with_capacity(self.words.len());
        for word in &self.words {
            self.before.push(total);
            total += word.count_ones();
        }
    }

    /// How many members are smaller.
    #[inline]
    pub(crate) fn rank(&self, number: u32) -> u32 {
        let word = number as usize / 64;
        let below = item(&self.words, word) & ((1u64 << (number % 64)) - 1);
        item(&self.before, word) + below.count_ones()
    }

    /// How many members there are, after `count_up`.
    pub(crate) fn count(&self) -> usize {
        let last = self.words.last().map_or(0, |word| word.count_ones());
        (self.before.last().copied().unwrap_or_default() + last) as usize
    }
}

/// A column in which few places hold anything.
#[derive(Clone, Debug)]
pub(crate) struct Sparse<T> {
    marks: Marks,
    values: Vec<T>,
    /// What was added beyond the last place that held anything then, in order.
    tail: Vec<(u32, T)>,
    /// What was set later anywhere else.
    later: FxHashMap<u32, T>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Sparse { marks: Marks::default(), values: Vec::new(), tail: Vec::new(), later: FxHashMap::default() }
    }
}

impl<T: Copy> Sparse<T> {
    /// A column of `length` places from those that hold something, in order.
    pub(crate) fn laid(length: usize, held: impl Iterator<Item = (u32, T)>) -> Sparse<T> {
        let mut marks = Marks::with_room(length);
        let mut values = Vec::new();
        for (place, value) in held {
            marks.add(place);
            values.push(value);
        }
        if values.is_empty() {
            return Sparse::default();
        }
        marks.count_up();
        values.shrink_to_fit();
        Sparse { marks, values, ..Sparse::default() }
    }

    /// The values of this column at `order`, as a column of its own, each changed by `change`.
    pub(crate) fn kept(mut self, order: &[u32], mut change: impl FnMut(T) -> T) -> Sparse<T> {
        if self.is_empty() {
            return self;
        }
        if self.values.is_empty() && self.later.is_empty() {
            // Freshly built: every value would be searched for in the tail.
            let tail = std::mem::take(&mut self.tail);
            let length = tail.last().map_or(0, |(place, _)| *place as usize + 1);
            self = Sparse::laid(length, tail.into_iter());
        }
        let held = (0u32..).zip(order).filter_map(|(place, old)| Some((place, change(self.get(*old)?))));
        Sparse::laid(order.len(), held)
    }

    #[inline]
    pub(crate) fn get(&self, place: u32) -> Option<T> {
        self.get_ref(place).copied()
    }

    #[inline]
    pub(crate) fn get_ref(&self, place: u32) -> Option<&T> {
        if self.marks.contains(place) {
            return self.values.get(self.marks.rank(place) as usize);
        }
        if self.tail.is_empty() && self.later.is_empty() {
            return None;
        }
        let in_tail = self.tail.binary_search_by_key(&place, |(place, _)| *place).ok();
        in_tail.and_then(|at| self.tail.get(at)).map(|(_, value)| value).or_else(|| self.later.get(&place))
    }

    pub(crate) fn set(&mut self, place: u32, value: T) {
        if self.marks.contains(place) {
            let rank = self.marks.rank(place) as usize;
            return put(&mut self.values, rank, value);
        }
        if self.tail.last().is_none_or(|(last, _)| *last < place) && !self.later.contains_key(&place) {
            return self.tail.push((place, value));
        }
        match self.tail.binary_search_by_key(&place, |(place, _)| *place) {
            Ok(at) => put(&mut self.tail, at, (place, value)),
            Err(_) => {
                self.later.insert(place, value);
            }
        }
    }

    /// Applies `change` to every value.
    pub(crate) fn for_each_mut(&mut self, change: impl FnMut(&mut T)) {
        let tail = self.tail.iter_mut().map(|(_, value)| value);
        self.values.iter_mut().chain(tail).chain(self.later.values_mut()).for_each(change);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.tail.is_empty() && self.later.is_empty()
    }
}

/// A number below 2^24.
pub(crate) type Packed = [u8; 3];

#[inline]
pub(crate) fn unpacked([a, b, c]: Packed) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

/// The number in three bytes; what does not fit loses its highest byte.
pub(crate) fn packed(number: u32) -> Packed {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

/// The first number that does not fit in three bytes.
pub(crate) const PACKED_END: u32 = 1 << 24;

/// A column of small numbers: two or three bytes each, until one is too large for that.
#[derive(Clone, Debug)]
pub(crate) enum Narrow {
    Two(Vec<u16>),
    Three(Vec<Packed>),
    Four(Vec<u32>),
}

impl Default for Narrow {
    fn default() -> Self {
        Narrow::Two(Vec::new())
    }
}

impl Narrow {
    #[inline]
    pub(crate) fn get(&self, place: u32) -> Option<u32> {
        match self {
            Narrow::Two(numbers) => numbers.get(place as usize).copied().map(u32::from),
            Narrow::Three(numbers) => numbers.get(place as usize).copied().map(unpacked),
            Narrow::Four(numbers) => numbers.get(place as usize).copied(),
        }
    }

    pub(crate) fn push(&mut self, number: u32) {
        self.widen(number);
        match self {
            Narrow::Two(numbers) => numbers.push(number as u16),
            Narrow::Three(numbers) => numbers.push(packed(number)),
            Narrow::Four(numbers) => numbers.push(number),
        }
    }

    pub(crate) fn set(&mut self, place: u32, number: u32) {
        self.widen(number);
        match self {
            Narrow::Two(numbers) => put(numbers, place as usize, number as u16),
            Narrow::Three(numbers) => put(numbers, place as usize, packed(number)),
            Narrow::Four(numbers) => put(numbers, place as usize, number),
        }
    }

    /// Makes room for a number of this size.
    fn widen(&mut self, number: u32) {
        match self {
            Narrow::Two(numbers) if number > u32::from(u16::MAX) => {
                let room = numbers.capacity();
                let mut wide = Vec::with_capacity(room);
                wide.extend(numbers.iter().map(|number| packed(u32::from(*number))));
                *self = Narrow::Three(wide);
                self.widen(number);
            }
            Narrow::Three(numbers) if number >= PACKED_END => {
                *self = Narrow::Four(numbers.iter().copied().map(unpacked).collect());
            }
            _ => {}
        }
    }

    /// The numbers at `order`, with room for changes.
    pub(crate) fn kept(&self, order: &[u32]) -> Narrow {
        match self {
            Narrow::Two(numbers) => Narrow::Two(crate::net::kept(numbers, order)),
            Narrow::Three(numbers) => Narrow::Three(crate::net::kept(numbers, order)),
            Narrow::Four(numbers) => Narrow::Four(crate::net::kept(numbers, order)),
        }
    }

    /// Makes room for so many.
    pub(crate) fn reserve(&mut self, more: usize) {
        match self {
            Narrow::Two(numbers) => numbers.reserve_exact(more),
            Narrow::Three(numbers) => numbers.reserve_exact(more),
            Narrow::Four(numbers) => numbers.reserve_exact(more),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_seen_again_keeps_its_number() {
        let mut pool: Pool<u64> = Pool::default();
        for _ in 0..3 {
            assert!((0..1000u64).all(|n| pool.number(n * n) == n as u32));
            pool.settle();
        }
        assert_eq!(pool.items().len(), 1000);
    }

    #[test]
    fn a_narrow_column_widens_for_what_is_large() {
        let mut column = Narrow::default();
        let numbers = [0, 1, 65_535, 7, 65_536, PACKED_END - 1, 3, PACKED_END, u32::MAX, 5];
        for (count, number) in numbers.iter().enumerate() {
            column.push(*number);
            assert!((0..=count).all(|place| column.get(place as u32) == Some(numbers[place])));
        }
        column.set(1, u32::MAX - 1);
        let back = column.kept(&[9, 1, 2]);
        assert_eq!(
            (back.get(0), back.get(1), back.get(2), back.get(3)),
            (Some(5), Some(u32::MAX - 1), Some(65_535), None)
        );
    }

    #[test]
    fn a_sparse_column_holds_what_was_put_there_and_nothing_else() {
        let mut column = Sparse::laid(1000, (0..1000).filter(|n| n % 37 == 5).map(|n| (n, n * 2)));
        column.set(4000, 3);
        column.set(6, 2);
        column.set(5, 1);
        let expected = |n: u32| match n {
            5 => Some(1),
            6 => Some(2),
            4000 => Some(3),
            n => (n < 1000 && n % 37 == 5).then_some(n * 2),
        };
        assert!((0..5000).all(|n| column.get(n) == expected(n)));
        let order: Vec<u32> = (0..5000).rev().collect();
        let back = column.kept(&order, |value| value + 1);
        assert!((0..5000).all(|n| back.get(4999 - n) == expected(n).map(|value| value + 1)));
    }
}
