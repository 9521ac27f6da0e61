//! Hits of tripwires that wait for a novelty of their subject: in order of when their wait is over, and by party.

use super::super::moment::Parties;
use firebreak_model::{EventUid, NodeKey, Text};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Hits that may wait at one time, and of one party: a flood of one party's hits must not keep others from waiting.
const HITS_MAX: usize = 100_000;
const HITS_OF_PARTY_MAX: usize = 1_000;

/// A hit of a tripwire that waits for a novelty.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Unarmed {
    pub(super) rule: Text,
    pub(super) uid: EventUid,
    pub(super) at: i64,
    pub(super) until: i64,
    pub(super) parties: Parties,
}

impl Unarmed {
    fn place(&self) -> Place {
        (self.until, self.uid, self.rule.clone())
    }

    fn parties(&self) -> impl Iterator<Item = &NodeKey> {
        [&self.parties.credential, &self.parties.actor].into_iter().flatten()
    }
}

/// When the wait is over, which event, which rule.
type Place = (i64, EventUid, Text);

/// Those that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    hits: BTreeMap<Place, Unarmed>,
    by_party: FxHashMap<NodeKey, BTreeSet<Place>>,
}

impl Waiting {
    /// Takes one; whether there is room.
    pub(super) fn add(&mut self, hit: Unarmed) -> bool {
        let full = |party: &NodeKey| self.by_party.get(party).is_some_and(|hits| hits.len() >= HITS_OF_PARTY_MAX);
        if self.hits.len() >= HITS_MAX || hit.parties().any(full) {
            return false;
        }
        for party in hit.parties() {
            self.by_party.entry(party.clone()).or_default().insert(hit.place());
        }
        self.hits.insert(hit.place(), hit);
        true
    }

    /// Takes out those of the same credential or actor that still wait then, in order.
    pub(super) fn of(&mut self, parties: &Parties, at: i64) -> Vec<Unarmed> {
        if self.hits.is_empty() {
            return Vec::new();
        }
        let places: BTreeSet<Place> = [&parties.credential, &parties.actor]
            .into_iter()
            .flatten()
            .filter_map(|party| self.by_party.get(party))
            .flatten()
            .filter(|(until, ..)| *until >= at)
            .cloned()
            .collect();
        places.iter().filter_map(|place| self.remove(place)).collect()
    }

    /// Takes out the first whose wait was over before `now`.
    pub(super) fn over(&mut self, now: i64) -> Option<Unarmed> {
        let place = self.hits.first_key_value().map(|(place, _)| place).filter(|(until, ..)| *until < now)?.clone();
        self.remove(&place)
    }

    fn remove(&mut self, place: &Place) -> Option<Unarmed> {
        let hit = self.hits.remove(place)?;
        for party in hit.parties() {
            if let Some(places) = self.by_party.get_mut(party) {
                places.remove(place);
                if places.is_empty() {
                    self.by_party.remove(party);
                }
            }
        }
        Some(hit)
    }
}

impl Serialize for Waiting {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.hits.values())
    }
}

impl<'de> Deserialize<'de> for Waiting {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Waiting, D::Error> {
        let mut waiting = Waiting::default();
        for hit in Vec::<Unarmed>::deserialize(deserializer)? {
            waiting.add(hit);
        }
        Ok(waiting)
    }
}
