//! Which credentials were made with which, for as long as they can still be used.

use firebreak_contain::derived::Derivation;
use firebreak_model::{NodeKey, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Beyond so many, the oldest are forgotten.
const KEPT_MAX: usize = 200_000;

/// Derivations by child.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Derivation>", into = "Vec<Derivation>")]
pub struct Sessions {
    by_child: BTreeMap<NodeKey, Derivation>,
    /// Children that were handed on already; after a restart they are handed on again, which is harmless.
    handed_on: BTreeSet<NodeKey>,
}

impl From<Vec<Derivation>> for Sessions {
    fn from(list: Vec<Derivation>) -> Sessions {
        Sessions {
            by_child: list.into_iter().map(|one| (one.child.clone(), one)).collect(),
            handed_on: BTreeSet::new(),
        }
    }
}

impl From<Sessions> for Vec<Derivation> {
    fn from(sessions: Sessions) -> Vec<Derivation> {
        sessions.by_child.into_values().collect()
    }
}

impl Clone for Sessions {
    fn clone(&self) -> Sessions {
        Sessions { by_child: self.by_child.clone(), handed_on: BTreeSet::new() }
    }
}

impl Sessions {
    /// Remembers one.
    pub fn add(&mut self, derivation: &Derivation) {
        if self.by_child.len() >= KEPT_MAX {
            let newest = derivation.at;
            self.by_child.retain(|_, kept| kept.until.is_none_or(|until| until > newest));
            self.handed_on.retain(|child| self.by_child.contains_key(child));
        }
        self.by_child.insert(derivation.child.clone(), derivation.clone());
    }

    /// How `key` came to be: the derivation that made it, the one that made its parent, and so on.
    pub fn ancestors(&self, key: &NodeKey) -> impl Iterator<Item = Derivation> + use<> {
        const GENERATIONS_MAX: usize = 16;
        let (mut found, mut child) = (Vec::new(), key);
        while let Some(derivation) = self.by_child.get(child).filter(|_| found.len() < GENERATIONS_MAX) {
            found.push(derivation.clone());
            child = &derivation.parent;
        }
        found.into_iter()
    }

    /// Those that can still be used at `now` and were not handed on before.
    pub fn fresh(&mut self, now: Time) -> Vec<Derivation> {
        if self.handed_on.len() == self.by_child.len() {
            return Vec::new();
        }
        let alive = |derivation: &&Derivation| derivation.until.is_none_or(|until| until > now);
        let new = self.by_child.values().filter(|one| !self.handed_on.contains(&one.child));
        let fresh: Vec<Derivation> = new.clone().filter(alive).cloned().collect();
        let new: Vec<NodeKey> = new.map(|one| one.child.clone()).collect();
        self.handed_on.extend(new);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(parent: &str, child: &str, hours: i64) -> Derivation {
        let key = |name: &str| NodeKey::credential("aws", name);
        let at = Time::from_seconds(0);
        Derivation {
            parent: key(parent),
            child: key(child),
            at,
            until: Some(at.plus_seconds(hours * 3_600)),
            actor: None,
        }
    }

    #[test]
    fn a_session_is_traced_to_its_key_and_forgotten_when_it_has_ended() {
        let mut sessions = Sessions::default();
        sessions.add(&made("AKIA1", "ASIA1", 1));
        sessions.add(&made("ASIA1", "ASIA2", 12));
        let parents: Vec<String> =
            sessions.ancestors(&NodeKey::credential("aws", "ASIA2")).map(|one| one.parent.name().to_owned()).collect();
        assert_eq!(parents, ["ASIA1", "AKIA1"]);
        assert_eq!(sessions.fresh(Time::from_seconds(2 * 3_600)).len(), 1);
        assert_eq!(sessions.fresh(Time::from_seconds(2 * 3_600)).len(), 0, "each is handed on once");
    }

    #[test]
    fn a_circle_ends() {
        let mut sessions = Sessions::default();
        sessions.add(&made("A", "B", 1));
        sessions.add(&made("B", "A", 1));
        assert!(sessions.ancestors(&NodeKey::credential("aws", "A")).count() <= 16);
    }
}
