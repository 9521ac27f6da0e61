//! Choke points: places that many ways to crown jewels have in common.

use super::Standing;
use super::dominators::dominators;
use super::exposure::ENTRIES;
use crate::cut::Place;
use crate::flat::{item, put};
use crate::graph::{EdgeId, NodeId};
use crate::net::NONE;
use firebreak_model::{Action, CutOption, CutPolicy};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// One place, and what its loss would take from an intruder.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChokePoint {
    /// A node, or a relation that can be cut by itself.
    pub place: Place,
    /// So many pairs of a source and a crown jewel come apart without it. The source itself and the jewel itself are no
    /// choke points of their pair.
    pub pairs: u64,
    /// The actions, not forbidden by policy, that disable it.
    pub actions: Vec<Action>,
}

/// Choke points, most pairs first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChokePoints {
    /// The places.
    pub points: Vec<ChokePoint>,
    /// How many pairs of a looked-at source and a crown jewel there are in which the source, alone, reaches the jewel.
    pub pairs: u64,
    /// How many sources there are.
    pub sources: u64,
    /// How many of them were looked at, evenly spread.
    pub looked_at: u64,
    /// Whether every count is exact: all sources were looked at, and no step that needs several things was on a way. Counts
    /// with such steps are counts from below.
    pub exact: bool,
}

/// Steps that may be gone over for one answer; after that, further sources are left out.
const WORK_MAX: u64 = 60_000_000;

impl Standing<'_> {
    /// The places that take most crown jewels out of reach, at most `most`: over `sources`, or over every package,
    /// environment, credential and identity if none is given. Each source is compromised alone, and what it
    /// reaches follows the steps that it can really take, premises included.
    pub fn choke_points(&self, sources: &[NodeId], most: usize) -> ChokePoints {
        let mut all: Vec<u32> =
            sources.iter().map(|NodeId(node)| *node).filter(|node| self.live.exists(*node)).collect();
        if sources.is_empty() {
            all = self
                .live
                .nodes()
                .filter(|node| self.live.kind(*node).is_some_and(|kind| ENTRIES.contains(&kind)))
                .collect();
        }
        let mut search = Search::new(self);
        let mut looked_at = 0;
        for number in spread(all.len()) {
            let Some(source) = all.get(number).filter(|_| search.work < WORK_MAX) else { break };
            search.look(*source);
            looked_at += 1;
        }
        let complete = looked_at == all.len();
        let mut points: Vec<(u64, u32)> = search.pairs_of.iter().map(|(place, pairs)| (*pairs, *place)).collect();
        points.sort_unstable_by_key(|(pairs, place)| (std::cmp::Reverse(*pairs), *place));
        points.truncate(most);
        ChokePoints {
            points: points.into_iter().filter_map(|(pairs, place)| self.point(place, pairs)).collect(),
            pairs: search.pairs,
            sources: all.len() as u64,
            looked_at: looked_at as u64,
            exact: complete && !search.gated,
        }
    }

    /// A place by number: nodes first, then edges.
    fn point(&self, place: u32, pairs: u64) -> Option<ChokePoint> {
        let nodes = self.live.node_count() as u32;
        let permitted = |cuts: Vec<CutOption>| -> Vec<Action> {
            let permitted = cuts.into_iter().filter(|option| option.policy != CutPolicy::Never);
            permitted.map(|option| option.action).collect()
        };
        if place < nodes {
            let key = self.graph.key(NodeId(place))?;
            return Some(ChokePoint {
                place: Place::Node(key),
                pairs,
                actions: permitted(self.graph.node_cuts(NodeId(place))),
            });
        }
        let edge = self.graph.edge(EdgeId(place - nodes))?;
        let (from, to) = (self.graph.key(edge.from)?, self.graph.key(edge.to)?);
        let place = Place::Edge { edge: edge.id, from, to, evidence: edge.evidence.clone() };
        Some(ChokePoint { place, pairs, actions: permitted(edge.cuts) })
    }
}

/// The numbers below `count`, each once, so that any first part of them is spread over all: by a step near the golden
/// section that shares no divisor with `count`.
fn spread(count: usize) -> impl Iterator<Item = usize> {
    let shares_none = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a == 1
    };
    let step = ((count as f64 * 0.618) as usize..).find(|step| shares_none(*step, count.max(1))).unwrap_or(1);
    (0..count).map(move |number| ((number as u128 * step as u128) % count as u128) as usize)
}

struct Search<'s> {
    standing: &'s Standing<'s>,
    is_jewel: Vec<bool>,
    /// Node -> its number in the search under way, `NONE` outside one.
    local: Vec<u32>,
    /// Nodes and edges with how many pairs end with them.
    pairs_of: FxHashMap<u32, u64>,
    pairs: u64,
    gated: bool,
    work: u64,
}

impl<'s> Search<'s> {
    fn new(standing: &'s Standing<'s>) -> Search<'s> {
        let nodes = standing.live.node_count();
        let mut is_jewel = vec![false; nodes];
        standing.jewels.iter().for_each(|jewel| put(&mut is_jewel, *jewel as usize, true));
        let (local, pairs_of) = (vec![NONE; nodes], FxHashMap::default());
        Search { standing, is_jewel, local, pairs_of, pairs: 0, gated: false, work: 0 }
    }

    /// Counts the pairs of one source.
    fn look(&mut self, source: u32) {
        let gates = self.open_gates(source);
        let walk = self.walk(source, &gates);
        self.work += walk.arcs.len() as u64 + walk.places.len() as u64;
        let above = dominators(&walk.parent, &walk.arcs);
        let nodes = self.standing.live.node_count() as u32;
        let jewel = |place: u32| place < nodes && item(&self.is_jewel, place as usize);
        let mut below: Vec<u64> = walk.places.iter().map(|place| u64::from(jewel(*place))).collect();
        for vertex in (1..below.len()).rev() {
            let up = item(&above, vertex) as usize;
            let sum = item(&below, up) + item(&below, vertex);
            put(&mut below, up, sum);
        }
        self.pairs += item(&below, 0) - u64::from(jewel(source));
        for (place, below) in walk.places.iter().zip(below).skip(1) {
            let without_itself = below - u64::from(jewel(*place));
            if without_itself > 0 {
                *self.pairs_of.entry(*place).or_default() += without_itself;
            }
        }
        walk.places.iter().filter(|place| **place < nodes).for_each(|node| put(&mut self.local, *node as usize, NONE));
    }

    /// Of the steps that need several things and that the source can take: the need that comes last. Only by way of that
    /// one the step is followed, so that nothing is cut off that would not be.
    fn open_gates(&mut self, source: u32) -> FxHashMap<u32, u32> {
        let standing = self.standing;
        let live = &standing.live;
        let mut waiting: FxHashMap<u32, u32> = FxHashMap::default();
        let mut open: FxHashMap<u32, u32> = FxHashMap::default();
        let mut queue = vec![source];
        put(&mut self.local, source as usize, 0);
        let mut next = 0;
        while let Some(node) = queue.get(next).copied() {
            next += 1;
            for arc in live.arcs(node) {
                if arc.gated {
                    let needs = standing.graph.net.needs(arc.edge).count() as u32;
                    let left = waiting.entry(arc.edge).or_insert(needs);
                    *left = left.saturating_sub(1);
                    if *left > 0 {
                        continue;
                    }
                    open.insert(arc.edge, node);
                }
                if item(&self.local, arc.to as usize) == NONE {
                    put(&mut self.local, arc.to as usize, 0);
                    queue.push(arc.to);
                }
            }
        }
        self.work += queue.len() as u64;
        queue.iter().for_each(|node| put(&mut self.local, *node as usize, NONE));
        self.gated |= !open.is_empty();
        open
    }

    /// Numbers everything within reach of the source, depth first; relations that can be cut by themselves are places of
    /// their own between their ends.
    fn walk(&mut self, source: u32, gates: &FxHashMap<u32, u32>) -> Walk {
        let standing = self.standing;
        let (live, graph) = (&standing.live, standing.graph);
        let nodes = live.node_count() as u32;
        let mut walk = Walk { places: vec![source], parent: vec![0], arcs: Vec::new() };
        put(&mut self.local, source as usize, 0);
        let mut path = vec![(source, 0u32, 0usize)];
        while let Some((node, vertex, step)) = path.pop() {
            let Some(arc) = live.arcs(node).get(step).copied() else { continue };
            path.push((node, vertex, step + 1));
            if arc.gated && gates.get(&arc.edge) != Some(&node) {
                continue;
            }
            let mut from = vertex;
            if !graph.edge_option_ids(arc.edge).is_empty() {
                from = walk.place(nodes + arc.edge, vertex);
                walk.arcs.push((vertex, from));
            }
            let known = item(&self.local, arc.to as usize);
            if known != NONE {
                walk.arcs.push((from, known));
                continue;
            }
            let to = walk.place(arc.to, from);
            put(&mut self.local, arc.to as usize, to);
            walk.arcs.push((from, to));
            path.push((arc.to, to, 0));
        }
        walk
    }
}

/// What is within reach of one source, numbered depth first.
struct Walk {
    /// Vertex -> node, or the number of nodes and the edge.
    places: Vec<u32>,
    parent: Vec<u32>,
    arcs: Vec<(u32, u32)>,
}

impl Walk {
    fn place(&mut self, place: u32, parent: u32) -> u32 {
        self.places.push(place);
        self.parent.push(parent);
        self.places.len() as u32 - 1
    }
}
