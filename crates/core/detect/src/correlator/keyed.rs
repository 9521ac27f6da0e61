//! State by key within a bound of bytes: what has the least evidence goes first, of that the oldest, and is counted.

use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hash};

/// How much memory a value takes, about. Must be cheap: it is asked after every change.
pub(crate) trait Footprint {
    /// Bytes on the heap. The same for the same content, however it came about: a restored state must be dropped when
    /// the one that it was written from would be.
    fn heap_bytes(&self) -> usize;

    /// How much speaks for keeping it where something must go, for instance how many events it stands for.
    fn evidence(&self) -> u64 {
        0
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Slot<V> {
    value: V,
    touched: i64,
    bytes: usize,
}

/// A bounded map. `touched` is event time in microseconds.
#[derive(Debug)]
pub(crate) struct Keyed<K, V> {
    slots: FxHashMap<K, Slot<V>>,
    bytes: usize,
    bytes_max: usize,
    /// A value untouched for so long means nothing any more.
    stale_micros: i64,
    evicted: u64,
}

impl<K: Eq + Hash + Clone + Footprint, V: Footprint> Keyed<K, V> {
    pub(crate) fn new(bytes_max: usize, stale_micros: i64) -> Keyed<K, V> {
        Keyed { slots: FxHashMap::default(), bytes: 0, bytes_max, stale_micros, evicted: 0 }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.slots.get(key).map(|slot| &slot.value)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Changes the value of `key`, made by `new` where there is none. `at` is the time of the event that touches it.
    pub(crate) fn update<R>(
        &mut self,
        key: &K,
        at: i64,
        new: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        let overhead = size_of::<K>() + size_of::<Slot<V>>() + 8;
        let slot = match self.slots.get_mut(key) {
            Some(slot) => slot,
            None => self.slots.entry(key.clone()).or_insert_with(|| Slot { value: new(), touched: at, bytes: 0 }),
        };
        let result = change(&mut slot.value);
        let bytes = overhead + key.heap_bytes() + slot.value.heap_bytes();
        self.bytes = (self.bytes + bytes).saturating_sub(slot.bytes);
        slot.bytes = bytes;
        slot.touched = slot.touched.max(at);
        if self.bytes > self.bytes_max {
            self.shrink(at, self.bytes_max);
        }
        result
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let slot = self.slots.remove(key)?;
        self.bytes = self.bytes.saturating_sub(slot.bytes);
        Some(slot.value)
    }

    /// Keys dropped although they still meant something.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops what is stale; where that is not enough, what has the least evidence, of that what was touched longest ago,
    /// until an eighth is free. So whoever makes many keys drops their own: to drop a key with evidence they need more
    /// of it for each of theirs.
    pub(crate) fn shrink(&mut self, now: i64, bytes_max: usize) {
        let stale_before = now.saturating_sub(self.stale_micros);
        self.slots.retain(|_, slot| slot.touched >= stale_before);
        self.bytes = self.slots.values().map(|slot| slot.bytes).sum();
        let target = bytes_max - bytes_max / 8;
        if self.bytes <= target {
            return;
        }
        // The hash breaks ties: which key goes is the same in every run.
        let rank = |key: &K, slot: &Slot<V>| (slot.value.evidence(), slot.touched, FxBuildHasher.hash_one(key));
        let mut ranks: Vec<_> = self.slots.iter().map(|(key, slot)| (rank(key, slot), slot.bytes)).collect();
        ranks.sort_unstable();
        let (mut left, mut first_kept) = (self.bytes, 0);
        for (_, bytes) in &ranks {
            if left <= target {
                break;
            }
            left -= bytes;
            first_kept += 1;
        }
        let Some((limit, _)) = ranks.get(first_kept).copied() else {
            self.evicted += ranks.len() as u64;
            self.slots.clear();
            self.bytes = 0;
            return;
        };
        let before = self.slots.len();
        self.slots.retain(|key, slot| rank(key, slot) >= limit);
        self.evicted += (before - self.slots.len()) as u64;
        self.bytes = self.slots.values().map(|slot| slot.bytes).sum();
    }
}

impl<K: Eq + Hash + Clone + Ord + Serialize, V: Serialize> Keyed<K, V> {
    /// What a snapshot keeps, in an order that does not depend on the map's.
    pub(crate) fn serialize_slots<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut slots: Vec<(&K, &Slot<V>)> = self.slots.iter().collect();
        slots.sort_by_key(|(key, _)| *key);
        slots.serialize(serializer)
    }
}

/// The slots of a [`Keyed`], as a snapshot holds them.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Slots<K, V>(Vec<(K, Slot<V>)>);

impl<K: Eq + Hash, V> Keyed<K, V> {
    /// Puts back what a snapshot kept.
    pub(crate) fn restore(&mut self, slots: Slots<K, V>) {
        self.restore_some(slots, |_| true);
    }

    /// Puts back what a snapshot kept of the keys that `own` says yes to, beside what is there.
    pub(crate) fn restore_some(&mut self, slots: Slots<K, V>, own: impl Fn(&K) -> bool) {
        self.slots.extend(slots.0.into_iter().filter(|(key, _)| own(key)));
        self.bytes = self.slots.values().map(|slot| slot.bytes).sum();
    }

    /// Every key and its value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.slots.iter().map(|(key, slot)| (key, &slot.value))
    }
}

/// Serialises like the slots of a map.
pub(crate) struct AsSlots<'a, K, V>(pub(crate) &'a Keyed<K, V>);

impl<K: Eq + Hash + Clone + Ord + Serialize, V: Serialize> Serialize for AsSlots<'_, K, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_slots(serializer)
    }
}

/// Heap bytes of a short text: none up to 23 bytes.
pub(crate) fn text_bytes(text: &str) -> usize {
    if text.len() > 23 { text.len() + 16 } else { 0 }
}

impl Footprint for firebreak_model::NodeKey {
    fn heap_bytes(&self) -> usize {
        text_bytes(self.as_str())
    }
}

impl Footprint for firebreak_model::Text {
    fn heap_bytes(&self) -> usize {
        text_bytes(self)
    }
}

impl Footprint for () {
    fn heap_bytes(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::Text;

    fn key(number: i64) -> Text {
        Text::new(format!("key {number}"))
    }

    #[test]
    fn the_bound_holds_and_the_oldest_go_first() {
        let mut map: Keyed<Text, ()> = Keyed::new(10_000, i64::MAX);
        for at in 0..10_000 {
            map.update(&key(at), at, || (), |()| ());
            assert!(map.bytes <= 10_000);
        }
        assert!(map.get(&key(9_999)).is_some() && map.get(&key(0)).is_none());
        assert_eq!(map.evicted() + map.len() as u64, 10_000);
    }

    #[test]
    fn what_is_stale_is_not_counted_as_evicted() {
        let mut map: Keyed<Text, ()> = Keyed::new(10_000, 50);
        for at in 0..10_000 {
            map.update(&key(at), at, || (), |()| ());
        }
        assert_eq!(map.evicted(), 0);
    }
}
