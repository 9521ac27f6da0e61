//! The catalogue: which data classes lie in which resource, as detection needs it on the hot path.

use crate::{EdgeKind, Fact, Holding, NodeKey};
use std::collections::HashMap;

/// Resources and what they hold. Built from facts; a resource that no fact names holds nothing that we know of.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    holdings: HashMap<NodeKey, Vec<Holding>>,
}

impl Catalogue {
    /// The catalogue of all `holds` edges among `facts`.
    pub fn of(facts: &[Fact]) -> Catalogue {
        let mut holdings: HashMap<NodeKey, Vec<Holding>> = HashMap::new();
        for fact in facts {
            let Fact::Edge(edge) = fact else { continue };
            if let (EdgeKind::Holds, Some(holding)) = (edge.kind, &edge.holding) {
                holdings.entry(edge.from.clone()).or_default().push(holding.clone());
            }
        }
        Catalogue { holdings }
    }

    /// What `resource` holds.
    pub fn holdings(&self, resource: &NodeKey) -> &[Holding] {
        self.holdings.get(resource).map_or(&[], Vec::as_slice)
    }
}
