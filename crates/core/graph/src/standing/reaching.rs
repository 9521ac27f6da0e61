//! Which identities reach each of some nodes.

use super::Standing;
use crate::graph::NodeId;
use firebreak_model::NodeKind;

/// An identity that reaches a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reaching {
    /// Which of the nodes that were asked for.
    pub target: usize,
    /// The identity.
    pub identity: NodeId,
    /// Whether by steps that need nothing else. Otherwise only if whatever else they need is there.
    pub alone: bool,
}

impl Standing<'_> {
    /// Tells `each` of every identity that reaches one of `targets`, itself left out. Takes one sweep of the map for 64 targets.
    pub fn reaching(&self, targets: &[NodeId], mut each: impl FnMut(Reaching)) {
        let numbers: Vec<u32> = targets.iter().map(|NodeId(node)| *node).collect();
        for (chunk, targets) in numbers.chunks(64).enumerate() {
            let (alone, helped) = (self.jewels_reached(targets, false), self.jewels_reached(targets, true));
            for node in self.live.nodes().filter(|node| self.live.kind(*node) == Some(NodeKind::Identity)) {
                let (sure, may) = (alone.of(node), helped.of(node));
                for (bit, target) in targets.iter().enumerate().filter(|(bit, _)| may >> bit & 1 == 1) {
                    if *target != node {
                        let alone = sure >> bit & 1 == 1;
                        each(Reaching { target: chunk * 64 + bit, identity: NodeId(node), alone });
                    }
                }
            }
        }
    }
}
