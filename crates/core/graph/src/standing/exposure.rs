//! How exposed each crown jewel is, and how many of the credentials that lead to one an automated step could revoke.

use super::Standing;
use crate::graph::NodeId;
use firebreak_model::{CutPolicy, NodeKey, NodeKind, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Kinds of nodes whose compromise is where an incident begins.
pub(super) const ENTRIES: [NodeKind; 4] =
    [NodeKind::Package, NodeKind::Environment, NodeKind::Credential, NodeKind::Identity];

/// How many nodes of one kind reach a crown jewel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exposed {
    /// Of which kind.
    pub kind: NodeKind,
    /// By steps that need nothing else.
    pub alone: u64,
    /// If whatever else a step needs is there: at least `alone`.
    pub helped: u64,
    /// How many nodes of the kind exist.
    pub all: u64,
}

impl Exposed {
    /// `helped` as a share of all; 0 where there are none.
    pub fn share(&self) -> f64 {
        if self.all == 0 { 0.0 } else { self.helped as f64 / self.all as f64 }
    }
}

/// Who reaches one crown jewel. The jewel itself is not counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Exposure {
    /// Which.
    pub jewel: NodeKey,
    /// Packages, environments, credentials, identities.
    pub exposed: Vec<Exposed>,
}

/// What could be done to the live credentials that reach a crown jewel. Each is counted in one of `automatic`, `person`
/// and `none`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// How many live credentials reach a crown jewel (helped).
    pub reaching: u64,
    /// How many of them an action revokes for which the owner asks no person.
    pub automatic: u64,
    /// How many of the automatic ones by an action that was drilled.
    pub drilled: u64,
    /// How many only with a person's approval.
    pub person: u64,
    /// How many no permitted action revokes.
    pub none: u64,
    /// The first of those that no automated step revokes, in the order of keys.
    pub uncovered: Vec<NodeKey>,
}

/// So many uncovered credentials are named.
const NAMED_MAX: usize = 100;

impl Coverage {
    /// The share of reaching credentials that an automated step could revoke; 1 where none reaches.
    pub fn share(&self) -> f64 {
        if self.reaching == 0 { 1.0 } else { self.automatic as f64 / self.reaching as f64 }
    }

    /// The share that a drilled automated step could revoke; 1 where none reaches.
    pub fn drilled_share(&self) -> f64 {
        if self.reaching == 0 { 1.0 } else { self.drilled as f64 / self.reaching as f64 }
    }
}

impl Standing<'_> {
    /// Who reaches each crown jewel that exists, in the order of keys.
    pub fn exposures(&self) -> Vec<Exposure> {
        let all = |kind: NodeKind| self.live.nodes().filter(|node| self.live.kind(*node) == Some(kind)).count() as u64;
        let all = ENTRIES.map(all);
        let mut exposures = Vec::new();
        for jewels in self.jewels.chunks(64) {
            let (alone, helped) = (self.counts(jewels, false), self.counts(jewels, true));
            for ((jewel, alone), helped) in jewels.iter().zip(alone).zip(helped) {
                let Some(key) = self.graph.key(NodeId(*jewel)) else { continue };
                let counts = ENTRIES.into_iter().zip(alone).zip(helped).zip(all);
                let exposed = counts.map(|(((kind, alone), helped), all)| Exposed { kind, alone, helped, all });
                exposures.push(Exposure { jewel: key, exposed: exposed.collect() });
            }
        }
        exposures.sort_by(|a, b| a.jewel.cmp(&b.jewel));
        exposures
    }

    /// How many nodes of each kind of entry reach each of at most 64 jewels.
    fn counts(&self, jewels: &[u32], helped: bool) -> Vec<[u64; 4]> {
        let reached = self.jewels_reached(jewels, helped);
        let mut counts = vec![[0u64; 4]; jewels.len()];
        for node in self.live.nodes() {
            let Some(kind) = self.live.kind(node).and_then(|kind| ENTRIES.iter().position(|entry| *entry == kind))
            else {
                continue;
            };
            let mask = reached.of(node);
            for ((bit, count), jewel) in (0..64).zip(&mut counts).zip(jewels) {
                let counts = mask >> bit & 1 == 1 && *jewel != node;
                if let Some(count) = count.get_mut(kind).filter(|_| counts) {
                    *count += 1;
                }
            }
        }
        counts
    }

    /// For each node the set of those of `jewels` (at most 64) that it reaches.
    pub(super) fn jewels_reached(&self, jewels: &[u32], helped: bool) -> super::parts::Gathered<'_, u64> {
        let mut own = vec![0u64; self.live.node_count()];
        for (bit, jewel) in jewels.iter().take(64).enumerate() {
            crate::flat::put(&mut own, *jewel as usize, 1u64 << bit);
        }
        let parts = if helped { &self.helped } else { &self.alone };
        parts.gather(&self.live, |node| crate::flat::item(&own, node as usize), |a, b| a | b)
    }

    /// What could be done to the live credentials that reach a crown jewel. `drilled` are the names of actions that were
    /// rehearsed, for instance `aws_access_key/deactivate`.
    pub fn coverage(&self, drilled: &BTreeSet<Text>) -> Coverage {
        let mut reaches = vec![false; self.live.node_count()];
        for jewels in self.jewels.chunks(64) {
            let reached = self.jewels_reached(jewels, true);
            self.live
                .nodes()
                .filter(|node| reached.of(*node) != 0)
                .for_each(|node| crate::flat::put(&mut reaches, node as usize, true));
        }
        let mut coverage = Coverage::default();
        let is_wanted = |node: &u32| {
            self.live.kind(*node) == Some(NodeKind::Credential) && crate::flat::item(&reaches, *node as usize)
        };
        for node in self.live.nodes().filter(is_wanted) {
            let options = self.graph.node_cuts(NodeId(node));
            let automatic = || options.iter().filter(|option| option.policy == CutPolicy::Allowed);
            coverage.reaching += 1;
            if automatic().next().is_some() {
                coverage.automatic += 1;
                coverage.drilled += u64::from(automatic().any(|option| drilled.contains(&option.action.name)));
                continue;
            }
            let by_person = options.iter().any(|option| option.policy == CutPolicy::NeedsPerson);
            *(if by_person { &mut coverage.person } else { &mut coverage.none }) += 1;
            coverage.uncovered.extend(self.graph.key(NodeId(node)));
        }
        coverage.uncovered.sort();
        coverage.uncovered.truncate(NAMED_MAX);
        coverage
    }
}
