//! What facts say of the names of things: per key its identifiers, per identifier the keys that carry it.

use firebreak_model::{Fact, Identifier, IdentifierScheme, NodeKey, NodeKind, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// An identifier without who says so.
pub(super) type Name = (IdentifierScheme, Text);

/// Somebody says that a thing has a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Claim {
    /// Whether the system that says so has verified it.
    pub(super) verified: bool,
    /// When we learnt it; the earliest of the best.
    pub(super) known: Time,
    /// What says so.
    pub(super) evidence: Text,
}

/// All names of all things.
#[derive(Default)]
pub(super) struct Claims {
    /// Every key that facts speak of, with its names.
    pub(super) names: BTreeMap<NodeKey, BTreeMap<Name, Claim>>,
    /// Every name, with the keys that carry it.
    pub(super) carriers: BTreeMap<Name, BTreeSet<NodeKey>>,
}

impl Claims {
    pub(super) fn of(facts: &[Fact]) -> Claims {
        let mut claims = Claims::default();
        for fact in facts {
            match fact {
                Fact::Node(node) => {
                    claims.mention(&node.key, node.known, &node.evidence);
                    for identifier in &node.identifiers {
                        claims.add(&node.key, identifier, node.known, &node.evidence);
                    }
                }
                Fact::Edge(edge) => [&edge.from, &edge.to]
                    .into_iter()
                    .chain(&edge.premises)
                    .for_each(|key| claims.mention(key, edge.known, &edge.evidence)),
            }
        }
        claims
    }

    /// A key is itself a name: some systems' keys are key ids, hashes or fingerprints by the rules of key naming.
    fn mention(&mut self, key: &NodeKey, known: Time, evidence: &Text) {
        if !self.names.contains_key(key) {
            self.names.insert(key.clone(), BTreeMap::new());
        }
        if let Some(identifier) = own_name(key) {
            self.add(key, &identifier, known, evidence);
        }
    }

    fn add(&mut self, key: &NodeKey, identifier: &Identifier, known: Time, evidence: &Text) {
        let Some(value) = normal(identifier) else { return };
        let name = (identifier.scheme, value);
        let claim = Claim { verified: identifier.verified, known, evidence: evidence.clone() };
        let better = |new: &Claim, old: &Claim| {
            (!new.verified, new.known, &new.evidence) < (!old.verified, old.known, &old.evidence)
        };
        let of_key = self.names.entry(key.clone()).or_default();
        if of_key.get(&name).is_none_or(|old| better(&claim, old)) {
            of_key.insert(name.clone(), claim);
        }
        self.carriers.entry(name).or_default().insert(key.clone());
    }

    pub(super) fn claim(&self, key: &NodeKey, name: &Name) -> Option<&Claim> {
        self.names.get(key)?.get(name)
    }

    /// The names of `key` in one scheme.
    pub(super) fn names_of(&self, key: &NodeKey, scheme: IdentifierScheme) -> impl Iterator<Item = (&Text, &Claim)> {
        let names = self.names.get(key).into_iter().flatten();
        names.filter(move |((of, _), _)| *of == scheme).map(|((_, value), claim)| (value, claim))
    }
}

/// The name that a key is by itself, under the rules of key naming.
pub(super) fn own_name(key: &NodeKey) -> Option<Identifier> {
    if key.kind() != NodeKind::Credential {
        return None;
    }
    let scheme = match key.system() {
        "aws" => IdentifierScheme::KeyId,
        "fingerprint" => IdentifierScheme::Fingerprint,
        "github" | "litellm" => IdentifierScheme::TokenHash,
        _ => return None,
    };
    Some(Identifier::verified(scheme, key.name()))
}

/// A value as it is compared. `None` for one that says nothing.
fn normal(identifier: &Identifier) -> Option<Text> {
    let value = identifier.value.trim();
    let value = match identifier.scheme {
        IdentifierScheme::Email => Text::new(value.to_lowercase()),
        IdentifierScheme::Fingerprint => Text::new(value.to_ascii_lowercase()),
        _ => Text::new(value),
    };
    (!value.is_empty()).then_some(value)
}
