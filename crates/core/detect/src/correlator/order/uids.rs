//! Which events were seen before: two generations of uids, of which the older is dropped when the newer is full.
//!
//! A uid is kept whole. A shorter fingerprint would save half of the memory and now and then drop a record that is new.

use firebreak_model::EventUid;
use hashbrown::HashSet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::{BuildHasherDefault, Hasher};

/// Uids in a generation: at least so many are remembered, and at most twice as many. A table that is filled to seven
/// eighths holds as many; one more would double it.
const GENERATION: usize = (1 << 19) / 8 * 7;

/// A uid is a digest already: its low half is as good a hash as any.
#[derive(Default)]
struct Digested(u64);

impl Hasher for Digested {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, uid: u128) {
        self.0 = uid as u64;
    }
}

type Generation = HashSet<u128, BuildHasherDefault<Digested>>;

/// The uids that came last.
#[derive(Default)]
pub(crate) struct Uids {
    newer: Generation,
    older: Generation,
}

impl Uids {
    /// Remembers `uid`; whether it is new.
    pub(crate) fn add(&mut self, uid: u128) -> bool {
        if self.older.contains(&uid) || !self.newer.insert(uid) {
            return false;
        }
        if self.newer.len() >= GENERATION {
            // The memory of the older generation serves again.
            std::mem::swap(&mut self.newer, &mut self.older);
            self.newer.clear();
        }
        true
    }
}

impl std::fmt::Debug for Uids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Uids {{ {} and {} }}", self.newer.len(), self.older.len())
    }
}

fn ordered(generation: &Generation) -> Vec<EventUid> {
    let mut uids: Vec<EventUid> = generation.iter().copied().map(EventUid).collect();
    uids.sort_unstable();
    uids
}

impl Serialize for Uids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (ordered(&self.newer), ordered(&self.older)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Uids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Uids, D::Error> {
        let (newer, older) = <(Vec<EventUid>, Vec<EventUid>)>::deserialize(deserializer)?;
        let generation = |uids: Vec<EventUid>| uids.into_iter().map(|uid| uid.0).collect();
        Ok(Uids { newer: generation(newer), older: generation(older) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(number: u64) -> u128 {
        EventUid::of("s", &number.to_be_bytes()).0
    }

    #[test]
    fn a_generation_and_no_less_is_remembered_within_a_bound() {
        let mut uids = Uids::default();
        let count = 3 * GENERATION as u64;
        for number in 0..count {
            assert!(uids.add(uid(number)));
        }
        assert!(uids.newer.len() + uids.older.len() <= 2 * GENERATION);
        for number in count - GENERATION as u64..count {
            assert!(!uids.add(uid(number)), "{number}");
        }
        assert!(uids.add(uid(0)), "the first is long forgotten");
    }
}
