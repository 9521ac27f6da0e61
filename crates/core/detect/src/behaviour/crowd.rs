//! What others do: for each thing that identities are seen with, how many different ones use it in peace.

use super::digest;
use super::distinct::Distinct;
use crate::correlator::keyed::{AsSlots, Keyed, Slots};
use firebreak_model::NodeKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Kinds of identities that are counted: systems times a few words.
const KINDS_MAX: usize = 1_024;

/// Who uses what.
#[derive(Debug)]
pub(crate) struct Crowd {
    users: Keyed<u64, Distinct>,
    /// How many identities of each kind there are.
    kinds: BTreeMap<u64, u64>,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
pub(crate) struct Kept {
    users: Slots<u64, Distinct>,
    kinds: BTreeMap<u64, u64>,
}

impl Serialize for Crowd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut kept = serializer.serialize_struct("Crowd", 2)?;
        kept.serialize_field("users", &AsSlots(&self.users))?;
        kept.serialize_field("kinds", &self.kinds)?;
        kept.end()
    }
}

impl Crowd {
    pub(crate) fn new(bytes_max: usize, stale_micros: i64) -> Crowd {
        Crowd { users: Keyed::new(bytes_max, stale_micros), kinds: BTreeMap::new() }
    }

    pub(crate) fn restore(&mut self, kept: Kept) {
        self.users.restore(kept.users);
        self.kinds = kept.kinds;
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.users.evicted()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.users.bytes()
    }

    /// There is one more identity of `kind`.
    pub(crate) fn joins(&mut self, kind: u64) {
        if self.kinds.len() < KINDS_MAX || self.kinds.contains_key(&kind) {
            *self.kinds.entry(kind).or_default() += 1;
        }
    }

    /// How many identities of `kind` there are.
    pub(crate) fn size(&self, kind: u64) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or_default()
    }

    /// `actor` uses `thing` in peace.
    pub(crate) fn note(&mut self, thing: u64, actor: &NodeKey, at: i64) {
        let actor = digest(&[actor.as_str().as_bytes()]);
        self.users.update(&thing, at, Distinct::default, |users| users.add(actor));
    }

    /// How many different ones use `thing` in peace.
    pub(crate) fn users(&self, thing: u64) -> u64 {
        self.users.get(&thing).map_or(0, Distinct::count)
    }
}

/// What sort of identity this is: its system and the platform's own word for the sort.
pub(crate) fn kind(identity: &NodeKey) -> u64 {
    let name = identity.name();
    let sort = match identity.system() {
        // arn:aws:iam::<account>:role/<name>; services are `ec2.amazonaws.com`.
        "aws" => name.rsplit_once(":").map_or("service", |(_, last)| last.split('/').next().unwrap_or_default()),
        "k8s" if name.contains("/user/") => "user",
        "k8s" => "service account",
        _ if name.ends_with("[bot]") || name.contains("gserviceaccount.com") => "bot",
        _ => "",
    };
    digest(&[identity.system().as_bytes(), sort.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_the_platforms_words() {
        let aws = |name: &str| kind(&NodeKey::identity("aws", name));
        assert_eq!(aws("arn:aws:iam::1:role/a"), aws("arn:aws:iam::1:role/b"));
        assert_ne!(aws("arn:aws:iam::1:role/a"), aws("arn:aws:iam::1:user/a"));
        assert_ne!(aws("ec2.amazonaws.com"), aws("arn:aws:iam::1:user/a"));
        let github = |name: &str| kind(&NodeKey::identity("github", name));
        assert_ne!(github("ada"), github("renovate[bot]"));
        assert_eq!(github("ada"), github("bob"));
    }

    #[test]
    fn users_are_counted_once() {
        let mut crowd = Crowd::new(1 << 20, i64::MAX);
        let (ada, bob) = (NodeKey::identity("github", "ada"), NodeKey::identity("github", "bob"));
        for actor in [&ada, &bob, &ada] {
            crowd.note(7, actor, 0);
        }
        assert_eq!((crowd.users(7), crowd.users(8)), (2, 0));
    }
}
