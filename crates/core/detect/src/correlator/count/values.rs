//! The latest distinct values of one key, in the order in which they were seen last.
//!
//! A table leads from a value to its entry, and the entries are linked in order, so that a value that is seen again moves
//! to the end and the oldest leaves the front, each in constant time however many there are.

use super::{Seen, evidence_of};
use crate::correlator::keyed::text_bytes;
use firebreak_model::{EventUid, Text};
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::Hasher;

/// No entry.
const NONE: u32 = u32::MAX;

/// A value, the event that showed it last, and its neighbours. The uid is in halves: a whole one would be aligned and cost
/// eight bytes more.
#[derive(Debug)]
struct Entry {
    value: Text,
    at: i64,
    uid: [u64; 2],
    before: u32,
    after: u32,
}

impl Entry {
    fn seen(&self) -> Seen {
        Seen { at: self.at, uid: EventUid(u128::from(self.uid[0]) << 64 | u128::from(self.uid[1])) }
    }
}

/// Distinct values, the one seen longest ago first.
#[derive(Debug)]
pub(crate) struct Values {
    table: HashTable<u32>,
    entries: Vec<Entry>,
    first: u32,
    last: u32,
    /// Entries that hold nothing, the first of a chain of `after`.
    free: u32,
    text_bytes: usize,
}

impl Default for Values {
    fn default() -> Values {
        Values { table: HashTable::new(), entries: Vec::new(), first: NONE, last: NONE, free: NONE, text_bytes: 0 }
    }
}

fn hash(value: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(value.as_bytes());
    hasher.finish()
}

impl Values {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes on the heap, about: the same for the same values, however they came.
    pub(super) fn heap_bytes(&self) -> usize {
        let places = self.len().next_power_of_two().max(4);
        places * size_of::<Entry>() + places * 5 + self.text_bytes
    }

    /// The value was seen: it is the latest now.
    pub(super) fn see(&mut self, seen: Seen, value: &Text) {
        let hash = hash(value);
        let place = match self.find(hash, value) {
            Some(place) => {
                self.unlink(place);
                place
            }
            None => self.insert(hash, value),
        };
        self.link_last(place, seen);
    }

    /// Forgets the value seen longest ago where `unwanted` says so of when that was.
    pub(super) fn drop_first(&mut self, unwanted: impl FnOnce(i64) -> bool) -> bool {
        let first = self.first;
        let Some(entry) = self.entries.get(first as usize).filter(|entry| unwanted(entry.at)) else { return false };
        let hash = hash(&entry.value);
        if let Ok(found) = self.table.find_entry(hash, |place| *place == first) {
            found.remove();
        }
        self.unlink(first);
        if let Some(entry) = self.entries.get_mut(first as usize) {
            self.text_bytes = self.text_bytes.saturating_sub(text_bytes(&entry.value));
            entry.value = Text::default();
            entry.after = self.free;
            self.free = first;
        }
        true
    }

    /// Values with the event that showed each last, the one seen longest ago first.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (&Text, Seen)> {
        let mut next = self.first;
        std::iter::from_fn(move || {
            let entry = self.entries.get(next as usize)?;
            next = entry.after;
            Some((&entry.value, entry.seen()))
        })
    }

    /// The events that showed them, oldest first, as many as a finding names.
    pub(super) fn evidence(&self) -> Vec<Seen> {
        evidence_of(self.in_order().map(|(_, seen)| seen))
    }

    fn find(&self, hash: u64, value: &Text) -> Option<u32> {
        let same = |place: &u32| self.entries.get(*place as usize).is_some_and(|entry| entry.value == *value);
        self.table.find(hash, same).copied()
    }

    fn insert(&mut self, hash: u64, value: &Text) -> u32 {
        self.text_bytes += text_bytes(value);
        let new = Entry { value: value.clone(), at: 0, uid: [0; 2], before: NONE, after: NONE };
        let place = match self.entries.get_mut(self.free as usize) {
            Some(entry) => {
                let place = std::mem::replace(&mut self.free, entry.after);
                *entry = new;
                place
            }
            None => {
                self.entries.push(new);
                (self.entries.len() - 1) as u32
            }
        };
        let entries = &self.entries;
        let rehash = |place: &u32| entries.get(*place as usize).map_or(0, |entry| self::hash(&entry.value));
        self.table.insert_unique(hash, place, rehash);
        place
    }

    fn unlink(&mut self, place: u32) {
        let Some((before, after)) = self.entries.get(place as usize).map(|entry| (entry.before, entry.after)) else {
            return;
        };
        match self.entries.get_mut(before as usize) {
            Some(entry) => entry.after = after,
            None => self.first = after,
        }
        match self.entries.get_mut(after as usize) {
            Some(entry) => entry.before = before,
            None => self.last = before,
        }
    }

    fn link_last(&mut self, place: u32, seen: Seen) {
        let last = std::mem::replace(&mut self.last, place);
        match self.entries.get_mut(last as usize) {
            Some(entry) => entry.after = place,
            None => self.first = place,
        }
        if let Some(entry) = self.entries.get_mut(place as usize) {
            entry.at = seen.at;
            entry.uid = [(seen.uid.0 >> 64) as u64, seen.uid.0 as u64];
            (entry.before, entry.after) = (last, NONE);
        }
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.in_order().collect::<Vec<_>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Values, D::Error> {
        let mut values = Values::default();
        for (value, seen) in Vec::<(Text, Seen)>::deserialize(deserializer)? {
            values.see(seen, &value);
        }
        Ok(values)
    }
}
