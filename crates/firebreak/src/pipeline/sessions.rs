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
    by_child: BTreeMap<NodeKey, BTreeSet<Derivation>>,
    /// Those that were not handed on yet; after a restart all are handed on again, which is harmless.
    fresh: Vec<Derivation>,
}

impl From<Vec<Derivation>> for Sessions {
    fn from(list: Vec<Derivation>) -> Sessions {
        let mut sessions = Sessions::default();
        list.iter().for_each(|one| sessions.add(one));
        sessions
    }
}

impl From<Sessions> for Vec<Derivation> {
    fn from(sessions: Sessions) -> Vec<Derivation> {
        sessions.by_child.into_values().flatten().collect()
    }
}

impl Clone for Sessions {
    fn clone(&self) -> Sessions {
        Sessions::from(self.by_child.values().flatten().cloned().collect::<Vec<_>>())
    }
}

impl Sessions {
    /// Remembers one.
    pub fn add(&mut self, derivation: &Derivation) {
        if self.by_child.len() >= KEPT_MAX {
            let newest = derivation.at;
            let alive = |one: &Derivation| one.until.is_none_or(|until| until > newest);
            self.by_child.retain(|_, made| made.iter().any(alive));
            self.fresh.retain(alive);
        }
        if self.by_child.entry(derivation.child.clone()).or_default().insert(derivation.clone()) {
            self.fresh.push(derivation.clone());
        }
    }

    /// How `key` came to be: the derivations that made it, those that made its parents, and so on.
    pub fn ancestors(&self, key: &NodeKey) -> impl Iterator<Item = Derivation> + use<> {
        const ANCESTORS_MAX: usize = 64;
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut open = vec![key];
        while let Some(child) = open.pop().filter(|_| found.len() < ANCESTORS_MAX) {
            if seen.insert(child) {
                let made = self.by_child.get(child).into_iter().flatten();
                open.extend(made.clone().map(|one| &one.parent));
                found.extend(made.cloned());
            }
        }
        found.into_iter()
    }

    /// Those that can still be used at `now` and were not handed on before, in the order in which they came.
    pub fn fresh(&mut self, now: Time) -> Vec<Derivation> {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.retain(|one| one.until.is_none_or(|until| until > now));
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
        assert_eq!(sessions.ancestors(&NodeKey::credential("aws", "A")).count(), 2);
    }
}
