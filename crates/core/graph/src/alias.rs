//! Other keys of things: after joining, a node fact carries them as identifiers of the scheme `alias`.
//!
//! It decides nothing: what is one thing was decided in `join`.

use firebreak_model::{IdentifierScheme, NodeFact, NodeKey};
use rustc_hash::FxHashMap;

/// Alias to key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aliases(FxHashMap<NodeKey, NodeKey>);

impl Aliases {
    /// Takes what a fact says.
    pub(crate) fn state(&mut self, fact: &NodeFact) {
        self.0.extend(aliases(fact).map(|alias| (alias, fact.key.clone())));
    }

    /// The key of the node that `key` names too.
    pub(crate) fn of(&self, key: &NodeKey) -> Option<&NodeKey> {
        self.0.get(key)
    }
}

/// The keys that `node` says it has too.
fn aliases(node: &NodeFact) -> impl Iterator<Item = NodeKey> {
    let named = node.identifiers.iter().filter(|one| one.scheme == IdentifierScheme::Alias);
    named.filter_map(|one| NodeKey::parse(&one.value)).filter(|key| *key != node.key)
}
