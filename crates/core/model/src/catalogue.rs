//! The catalogue: which data classes lie in which resource, and which tools an agent was given, as detection needs it on the
//! hot path.

use crate::{EdgeKind, Fact, Holding, NodeKey, Text};
use std::collections::HashMap;

/// Resources and what they hold. Built from facts; a resource that no fact names holds nothing that we know of.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    holdings: HashMap<NodeKey, Vec<Holding>>,
    tools: HashMap<NodeKey, Vec<Text>>,
}

/// Systems whose identities are agents: what they may do are tools, called by name.
const AGENTS: [&str; 4] = ["mcp", "agent", "app", "litellm"];

impl Catalogue {
    /// The catalogue of all `holds` edges among `facts`, and of what agents may do.
    pub fn of(facts: &[Fact]) -> Catalogue {
        let mut holdings: HashMap<NodeKey, Vec<Holding>> = HashMap::new();
        let mut tools: HashMap<NodeKey, Vec<Text>> = HashMap::new();
        for fact in facts {
            let Fact::Edge(edge) = fact else { continue };
            if let (EdgeKind::Holds, Some(holding)) = (edge.kind, &edge.holding) {
                holdings.entry(edge.from.clone()).or_default().push(holding.clone());
            }
            if edge.kind == EdgeKind::MayAct && !edge.actions.is_empty() && AGENTS.contains(&edge.from.system()) {
                tools.entry(edge.from.clone()).or_default().extend(edge.actions.iter().cloned());
            }
        }
        Catalogue { holdings, tools }
    }

    /// What `resource` holds.
    pub fn holdings(&self, resource: &NodeKey) -> &[Holding] {
        self.holdings.get(resource).map_or(&[], Vec::as_slice)
    }

    /// The tools that `agent` was given; `None` where nobody has said.
    pub fn tools(&self, agent: &NodeKey) -> Option<&[Text]> {
        self.tools.get(agent).map(Vec::as_slice)
    }
}
