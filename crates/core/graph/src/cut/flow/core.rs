//! The core of a cut: all that lies between starts and targets in the reduced graph, as a flow network in flat arrays.
//!
//! It is laid out when goal-directed search meets too much. Arc `a` and its reverse `a ^ 1` lie side by side; each
//! node is two vertices with an arc between them.

use super::Selection;
use crate::cut::paged::Paged;
use crate::cut::scene::{INFINITE, Scene};
use crate::cut::walk;
use crate::flat::{item, put, run, starts};
use crate::net::NONE;

/// A flow network and what its arcs stand for.
pub(super) struct Core {
    /// Number -> node; its vertices are twice the number, to enter, and one more, to leave.
    pub(super) nodes: Vec<u32>,
    /// The edges of the graph; their arcs come after those of nodes, in this order.
    pub(super) edges: Vec<u32>,
    /// Numbers of starts, each once.
    pub(super) starts: Vec<u32>,
    /// Arc -> where it leads.
    head: Vec<u32>,
    /// Arc -> how much more it takes.
    left: Vec<u64>,
    first: Vec<u32>,
    arcs: Vec<u32>,
    /// Edges looked at.
    pub(super) work: u64,
}

impl Core {
    /// The core under `selection`; targets in `open` are none.
    pub(super) fn new(scene: &Scene<'_>, selection: &Selection<'_>, open: &[u32]) -> Core {
        let mut core = Core {
            nodes: Vec::new(),
            edges: Vec::new(),
            starts: Vec::new(),
            head: Vec::new(),
            left: Vec::new(),
            first: Vec::new(),
            arcs: Vec::new(),
            work: 0,
        };
        let pairs = core.find(scene, selection);
        core.lay(scene, &pairs, open);
        core
    }

    /// Finds nodes and edges, and gives the ends of the edges.
    fn find(&mut self, scene: &Scene<'_>, selection: &Selection<'_>) -> Vec<(u32, u32)> {
        let mut numbers: Paged<u32> = Paged::new();
        let mut number = |nodes: &mut Vec<u32>, node: u32| {
            let known = numbers.get(node);
            if known > 0 {
                return known - 1;
            }
            nodes.push(node);
            numbers.set(node, nodes.len() as u32);
            nodes.len() as u32 - 1
        };
        for start in scene.starts.iter().filter(|start| !scene.approach.is_blind(start.node)) {
            let start = number(&mut self.nodes, start.node);
            self.starts.push(start);
        }
        self.starts.dedup();
        let mut pairs = Vec::new();
        let mut next = 0;
        while let Some(node) = self.nodes.get(next).copied() {
            for edge in walk::onward(scene.net, node) {
                self.work += 1;
                if selection.tail(edge) == node && scene.leads_on(edge) {
                    let to = number(&mut self.nodes, scene.net.to(edge));
                    self.edges.push(edge);
                    pairs.push((next as u32, to));
                }
            }
            next += 1;
        }
        pairs
    }

    fn lay(&mut self, scene: &Scene<'_>, pairs: &[(u32, u32)], open: &[u32]) {
        let sink = self.sink();
        let count = 2 * (self.nodes.len() + pairs.len() + scene.targets.len());
        (self.head, self.left) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut arcs = Vec::new();
        for (number, node) in (0u32..).zip(&self.nodes) {
            arcs.push((2 * number, 2 * number + 1, scene.capacity(scene.on_node(*node))));
        }
        for ((from, to), edge) in pairs.iter().zip(&self.edges) {
            arcs.push((2 * from + 1, 2 * to, scene.capacity(scene.on_edge(*edge))));
        }
        for (number, node) in (0u32..).zip(&self.nodes) {
            if scene.is_target(*node) && !open.contains(node) {
                arcs.push((2 * number + 1, sink, INFINITE));
            }
        }
        let mut degree = vec![0u32; sink as usize + 1];
        for (tail, head, room) in &arcs {
            self.head.extend([*head, *tail]);
            self.left.extend([*room, 0]);
            for vertex in [tail, head] {
                if let Some(degree) = degree.get_mut(*vertex as usize) {
                    *degree += 1;
                }
            }
        }
        self.first = starts(degree.into_iter());
        let mut next = self.first.clone();
        self.arcs = vec![NONE; self.head.len()];
        for (arc, tail) in (0u32..).zip(arcs.iter().flat_map(|(tail, head, _)| [*tail, *head])) {
            if let Some(place) = next.get_mut(tail as usize) {
                put(&mut self.arcs, *place as usize, arc);
                *place += 1;
            }
        }
    }

    /// The vertex at which all flow ends; it comes last.
    pub(super) fn sink(&self) -> u32 {
        2 * self.nodes.len() as u32
    }

    pub(super) fn vertices(&self) -> usize {
        self.sink() as usize + 1
    }

    /// The arcs at a vertex, reverse ones too.
    #[inline]
    pub(super) fn at(&self, vertex: u32) -> &[u32] {
        run(&self.arcs, item(&self.first, vertex as usize), item(&self.first, vertex as usize + 1))
    }

    /// The arc at a place in the list of all vertices' arcs.
    #[inline]
    pub(super) fn arc(&self, place: u32) -> u32 {
        item(&self.arcs, place as usize)
    }

    /// Where the arcs of a vertex begin in that list.
    #[inline]
    pub(super) fn first(&self, vertex: u32) -> u32 {
        item(&self.first, vertex as usize)
    }

    #[inline]
    pub(super) fn head(&self, arc: u32) -> u32 {
        item(&self.head, arc as usize)
    }

    #[inline]
    pub(super) fn left(&self, arc: u32) -> u64 {
        item(&self.left, arc as usize)
    }

    /// Moves `amount` over an arc. What is without limit stays so.
    #[inline]
    pub(super) fn push(&mut self, arc: u32, amount: u64) {
        let there = self.left(arc);
        if !arc.is_multiple_of(2) || there < INFINITE {
            put(&mut self.left, arc as usize, there.saturating_sub(amount));
        }
        let back = self.left(arc ^ 1);
        if arc.is_multiple_of(2) || back < INFINITE {
            put(&mut self.left, (arc ^ 1) as usize, back.saturating_add(amount));
        }
    }

    /// The edge for which a forward arc stands, if it stands for one.
    pub(super) fn edge(&self, arc: u32) -> Option<u32> {
        let index = (arc as usize / 2).checked_sub(self.nodes.len())?;
        self.edges.get(index).copied()
    }
}
