//! Joining: which keys name one thing, and which accounts are one person's, decided from what facts say and explained.
//!
//! A wrong join is worse than none. Only what systems have verified joins by itself; what is doubtful is listed as a
//! proposal and changes nothing until the owner confirms it; what the owner refuses is never joined, by no other way
//! round either. The answer depends on the set of facts alone: evidence that goes takes its join with it.
//!
//! - **One credential** under several keys (a key id, a token's hash, the keyed fingerprint of a secret that was found)
//!   becomes one node. The other keys are aliases: a node fact carries them as identifiers of the scheme `alias`.
//! - **One thing** that a system knows by another system's key as well becomes one node in the same way.
//! - **One person**'s accounts stay nodes of their own, with their own rights: `identity:person/<e-mail>` may become each.
//! - **A workload** may become what trusts the subject of its token, and an **environment** in which a secret was found
//!   makes it readable.
//!
//! It reads no file and asks nobody: identifiers come from scanners, the ruling from the owner's statement.

mod claims;
mod credentials;
mod people;
mod rewrite;
#[cfg(test)]
mod tests;
mod things;
mod workloads;

use claims::Claims;
use firebreak_model::{Fact, NodeKey};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A name that more things than this carry tells nothing of any of them.
pub const CARRIERS_MAX: usize = 8;

/// What kind of thing the keys of a join have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinKind {
    /// All keys name one credential.
    SameCredential,
    /// All keys name one other thing: an account, a group, a resource.
    SameThing,
    /// The first key is a person, the second an account of theirs.
    SamePerson,
    /// The first key is a workload, the second what trusts its token.
    TrustedWorkload,
    /// The first key is an environment, the second a credential that was found there.
    FoundIn,
}

/// One join: made, proposed or refused, with everything that speaks for it and against it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Join {
    /// What the keys have in common.
    pub kind: JoinKind,
    /// The keys; of one thing first the one that its node has.
    pub keys: Vec<NodeKey>,
    /// What speaks for it, a sentence each.
    pub reasons: Vec<String>,
    /// Whether systems have verified it, or only the owner says so.
    pub verified: bool,
    /// What speaks against it, a sentence each. Where anything does it is a proposal: nothing was joined.
    pub doubts: Vec<String>,
    /// Who refuses it, where somebody does: nothing was joined.
    pub refused_by: Option<String>,
}

impl Join {
    /// Whether it was made.
    pub fn is_made(&self) -> bool {
        self.doubts.is_empty() && self.refused_by.is_none()
    }
}

/// What the owner says of joins. A pair has no order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ruling {
    /// Keys that are not one thing, nor one person's. This is final.
    #[serde(default)]
    pub refuse: BTreeSet<(NodeKey, NodeKey)>,
    /// Keys that are, whatever is doubtful about them. Two keys with different key ids are not, even so.
    #[serde(default)]
    pub confirm: BTreeSet<(NodeKey, NodeKey)>,
}

impl Ruling {
    /// Adds everything that `other` says.
    pub fn extend(&mut self, other: Ruling) {
        self.refuse.extend(other.refuse);
        self.confirm.extend(other.confirm);
    }

    /// The same of the keys that things have after joining.
    fn under(&self, aliases: &BTreeMap<NodeKey, NodeKey>) -> Ruling {
        let name = |key: &NodeKey| aliases.get(key).unwrap_or(key).clone();
        let pairs = |pairs: &BTreeSet<(NodeKey, NodeKey)>| pairs.iter().map(|(a, b)| (name(a), name(b))).collect();
        Ruling { refuse: pairs(&self.refuse), confirm: pairs(&self.confirm) }
    }

    fn refuses(&self, a: &NodeKey, b: &NodeKey) -> bool {
        has(&self.refuse, a, b)
    }

    fn confirms(&self, a: &NodeKey, b: &NodeKey) -> bool {
        has(&self.confirm, a, b)
    }
}

fn has(pairs: &BTreeSet<(NodeKey, NodeKey)>, a: &NodeKey, b: &NodeKey) -> bool {
    // Pairs are few and this is asked of candidates only.
    pairs.contains(&(a.clone(), b.clone())) || pairs.contains(&(b.clone(), a.clone()))
}

const OWNER: &str = "the owner's statement";

/// Facts after joining, and why they are as they are.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Joined {
    /// The facts, with one key for each thing, and what the joins add.
    pub facts: Vec<Fact>,
    /// Every other key of a thing, with the key that its node has.
    pub aliases: BTreeMap<NodeKey, NodeKey>,
    /// Joins, proposals and refusals, by kind and key.
    pub joins: Vec<Join>,
}

/// Joins what `facts` say of one thing under several keys, as far as `ruling` lets it.
pub fn join(facts: &[Fact], ruling: &Ruling) -> Joined {
    let claims = Claims::of(facts);
    let credentials::Credentials { mut aliases, mut joins } = credentials::find(&claims, ruling);
    let (others, more) = things::find(&claims, ruling);
    aliases.extend(others);
    joins.extend(more);
    let mut facts = rewrite::renamed(facts, &claims, &aliases, &joins);
    // From here on everything has one key.
    let claims = if aliases.is_empty() { claims } else { Claims::of(&facts) };
    let ruling = ruling.under(&aliases);
    let people = people::find(&claims, &ruling);
    let workloads = workloads::find(&claims, &ruling);
    rewrite::add(&mut facts, people.added.into_iter().chain(workloads.added).collect());
    joins.extend(people.joins);
    joins.extend(workloads.joins);
    joins.sort();
    Joined { facts, aliases, joins }
}

/// Joins of one kind, and the edges that they add.
#[derive(Default)]
struct Links {
    joins: Vec<Join>,
    added: Vec<firebreak_model::EdgeFact>,
}

/// Sorts sentences, each once.
fn sentences(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list.dedup();
    list
}
