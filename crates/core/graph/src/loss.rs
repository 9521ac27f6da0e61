//! Losses: how many records of which class a reach leads to, each resource counted once.
//!
//! What is held counts when the `holds` statement and the hold of its resource share an instant. Several statements about
//! one class and residency in one resource are counts of the same records at different times or by different
//! inventories: the largest counts. It is not a judgement of duties or of what was really taken.

use crate::graph::{EdgeId, Graph, NodeId};
use crate::reach::{Hop, Reach, hop_over};
use firebreak_model::{DataClass, EdgeKind, Holding, NodeKey, Residency, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So much of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Amount {
    /// In how many resources.
    pub resources: u64,
    /// How many records.
    pub records: u64,
    /// How many bytes, of the holdings that state it.
    pub bytes: u64,
}

impl Amount {
    fn add(&mut self, holding: &Holding) {
        self.resources += 1;
        self.records = self.records.saturating_add(holding.records);
        self.bytes = self.bytes.saturating_add(holding.bytes.unwrap_or_default());
    }
}

/// What is within reach of one class about residents of one place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClassLoss {
    /// What kind of data.
    pub class: DataClass,
    /// Whose residence.
    pub residency: Residency,
    /// Reached by certain steps alone.
    pub certain: Amount,
    /// Reached only if an undecided condition is met; not counted in `certain`.
    pub possible: Amount,
}

/// One crown jewel within reach.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Loss {
    /// Which: a resource or a data class.
    pub resource: NodeKey,
    /// What a person calls it.
    pub label: Text,
    /// The earliest time at which it is reached.
    pub arrival: Time,
    /// Whether certain steps alone reach it (perhaps later than `arrival`).
    pub certain: bool,
    /// The steps to `arrival`.
    pub path: Vec<Hop>,
    /// What it holds within reach; for a data class, what reached resources hold of it.
    pub holdings: Vec<Holding>,
}

/// Everything within reach that is data.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Losses {
    /// By class and then residency.
    pub by_class: Vec<ClassLoss>,
    /// By arrival and then key.
    pub crown_jewels: Vec<Loss>,
}

impl Reach {
    /// What this reach leads to. `graph` must be the graph that was searched.
    pub fn losses(&self, graph: &Graph) -> Losses {
        let mut by_class: BTreeMap<(DataClass, Residency), ClassLoss> = BTreeMap::new();
        let mut of_class: BTreeMap<NodeId, Vec<Holding>> = BTreeMap::new();
        let mut of_resource: BTreeMap<NodeId, Vec<Holding>> = BTreeMap::new();
        let reached = self.nodes();
        for (resource, _) in &reached {
            let possible = self.held_statements(graph, *resource, false);
            let certain = largest(self.held_statements(graph, *resource, true).into_iter().map(|(_, holding)| holding));
            for class_node in possible.iter().map(|(class_node, _)| *class_node).collect::<BTreeSet<NodeId>>() {
                let here = possible.iter().filter(|(node, _)| *node == class_node).map(|(_, holding)| holding.clone());
                sum(of_class.entry(class_node).or_default(), largest(here));
            }
            let possible = largest(possible.into_iter().map(|(_, holding)| holding));
            for holding in &possible {
                tally(&mut by_class, holding, &certain);
            }
            if !possible.is_empty() {
                of_resource.insert(*resource, possible);
            }
        }
        let mut crown_jewels = Vec::new();
        for (node, arrival) in reached {
            let Some(facts) = graph.node(node).filter(|facts| facts.crown_jewel) else { continue };
            crown_jewels.push(Loss {
                resource: facts.key.clone(),
                label: facts.label.clone(),
                arrival,
                certain: self.certain_arrival(node).is_some(),
                path: self.witness(graph, node),
                holdings: of_resource.get(&node).or_else(|| of_class.get(&node)).cloned().unwrap_or_default(),
            });
        }
        Losses { by_class: by_class.into_values().collect(), crown_jewels }
    }

    /// The `holds` statements of `resource` that share an instant with its hold.
    fn held_statements(&self, graph: &Graph, resource: NodeId, certain: bool) -> Vec<(NodeId, Holding)> {
        let arrivals = if certain { self.sure() } else { &self.possible };
        let shares = |edge: u32| {
            let valid = graph.net.span(edge).valid;
            arrivals.holds(resource.0).any(|(_, hold)| hold.from < valid.to && valid.from < hold.to)
        };
        let sure = |edge: u32| !certain || graph.is_certain(edge);
        let statements = graph.net.out(resource.0).filter(|edge| graph.kind(*edge) == Some(EdgeKind::Holds));
        let held = statements.filter(|edge| sure(*edge) && shares(*edge));
        held.filter_map(|edge| Some((NodeId(graph.net.to(edge)), graph.holding(edge)?))).collect()
    }
}

/// One count of one resource: what is certain of it, and what beyond that is possible.
fn tally(by_class: &mut BTreeMap<(DataClass, Residency), ClassLoss>, holding: &Holding, certain: &[Holding]) {
    let loss = by_class.entry((holding.class.clone(), holding.residency.clone())).or_insert_with(|| ClassLoss {
        class: holding.class.clone(),
        residency: holding.residency.clone(),
        certain: Amount::default(),
        possible: Amount::default(),
    });
    let same = |sure: &&Holding| sure.class == holding.class && sure.residency == holding.residency;
    let Some(sure) = certain.iter().find(same) else { return loss.possible.add(holding) };
    loss.certain.add(sure);
    loss.possible.records = loss.possible.records.saturating_add(holding.records.saturating_sub(sure.records));
    let more = holding.bytes.unwrap_or_default().saturating_sub(sure.bytes.unwrap_or_default());
    loss.possible.bytes = loss.possible.bytes.saturating_add(more);
}

/// Adds what one more resource holds.
fn sum(total: &mut Vec<Holding>, more: Vec<Holding>) {
    for holding in more {
        match total.iter_mut().find(|known| known.class == holding.class && known.residency == holding.residency) {
            Some(known) => {
                known.records = known.records.saturating_add(holding.records);
                known.bytes = known
                    .bytes
                    .or(holding.bytes.map(|_| 0))
                    .map(|bytes| bytes.saturating_add(holding.bytes.unwrap_or_default()));
            }
            None => total.push(holding),
        }
    }
}

/// The largest count stated for each class and residency, by class.
pub(crate) fn largest(holdings: impl Iterator<Item = Holding>) -> Vec<Holding> {
    let mut most: BTreeMap<(DataClass, Residency), Holding> = BTreeMap::new();
    for holding in holdings {
        let key = (holding.class.clone(), holding.residency.clone());
        let known = most.entry(key).or_insert_with(|| holding.clone());
        known.records = known.records.max(holding.records);
        known.bytes = known.bytes.max(holding.bytes);
    }
    most.into_values().collect()
}

/// The hops over `edges`, each at the time given with it.
pub(crate) fn hops_over(graph: &Graph, edges: &[(u32, Time)]) -> Vec<Hop> {
    edges.iter().filter_map(|(edge, at)| Some(hop_over(graph, &graph.edge(EdgeId(*edge))?, *at))).collect()
}
