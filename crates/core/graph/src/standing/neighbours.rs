//! The identities that are one step from a crown jewel.

use super::Standing;
use crate::flat::{item, put};
use crate::graph::NodeId;
use firebreak_model::{NodeKey, NodeKind};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

/// An identity with one step to a crown jewel: its own, or one of a group that it belongs to, however deep.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Neighbour {
    /// Who.
    pub identity: NodeKey,
    /// What is one step away.
    pub jewel: NodeKey,
    /// The group whose step it is, on a way with the fewest memberships; `None` for a step of its own.
    pub group: Option<NodeKey>,
    /// Whether there is such a way without undecided conditions and without steps that need more.
    pub certain: bool,
}

/// Node -> who leads there in one step, and by which edge.
type Back = FxHashMap<u32, Vec<(u32, u32)>>;

impl Standing<'_> {
    /// Every identity one step from a crown jewel, by identity and jewel.
    pub fn neighbours(&self) -> Vec<Neighbour> {
        let back = self.steps_back();
        let key = |node: u32| self.graph.key(NodeId(node));
        let mut neighbours = Vec::new();
        for jewel in &self.jewels {
            let certain = self.one_step_from(*jewel, &back, true);
            let known: FxHashSet<u32> = certain.iter().map(|(identity, _)| *identity).collect();
            let mut any = self.one_step_from(*jewel, &back, false);
            any.retain(|(identity, _)| !known.contains(identity));
            let found =
                certain.into_iter().map(|found| (found, true)).chain(any.into_iter().map(|found| (found, false)));
            neighbours.extend(found.filter_map(|((identity, group), certain)| {
                Some(Neighbour { identity: key(identity)?, jewel: key(*jewel)?, group: group.and_then(key), certain })
            }));
        }
        neighbours.sort();
        neighbours
    }

    /// Identities with the group whose step it is.
    fn one_step_from(&self, jewel: u32, back: &Back, only_certain: bool) -> Vec<(u32, Option<u32>)> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::from_iter([jewel]);
        let mut queue = std::collections::VecDeque::from([(jewel, None)]);
        while let Some((node, group)) = queue.pop_front() {
            for (from, edge) in back.get(&node).into_iter().flatten() {
                let is_certain = self.graph.is_certain(*edge) && self.graph.net.premises(*edge).is_empty();
                let kind = self.live.kind(*from);
                if only_certain && !is_certain || !matches!(kind, Some(NodeKind::Group | NodeKind::Identity)) {
                    continue;
                }
                if !seen.insert(*from) {
                    continue;
                }
                if kind == Some(NodeKind::Group) {
                    queue.push_back((*from, group.or(Some(*from))));
                } else {
                    found.push((*from, group));
                }
            }
        }
        found
    }

    /// The steps into jewels and groups.
    fn steps_back(&self) -> Back {
        let mut is_jewel = vec![false; self.live.node_count()];
        self.jewels.iter().for_each(|jewel| put(&mut is_jewel, *jewel as usize, true));
        let mut back = Back::default();
        for node in self.live.nodes() {
            for arc in self.live.arcs(node) {
                if item(&is_jewel, arc.to as usize) || self.live.kind(arc.to) == Some(NodeKind::Group) {
                    back.entry(arc.to).or_default().push((node, arc.edge));
                }
            }
        }
        back
    }
}
