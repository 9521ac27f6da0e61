//! Labels: what lies ahead of every node, worked out once for a graph, and looked up from then on.
//!
//! Both kinds take every step that was ever true, at any time, and one of its needs as enough: they may say "leads there" of
//! a node from which a search in time finds no way, and never the reverse. [`Graph::revision`] tells whether they are
//! still of the graph as it is; a change since may have opened a way.

use crate::bits::Bits;
use crate::flat::{item, put};
use crate::graph::{Graph, NodeId, is_empty};
use crate::net::{NONE, Net};

/// How far every node is from a set of targets.
#[derive(Clone, Debug)]
pub struct Distances {
    /// Node -> steps and one, 0 where no way leads to a target.
    steps: Vec<u8>,
    revision: u64,
}

impl Distances {
    /// Distances to `targets`, by one sweep backwards from them.
    pub fn to(graph: &Graph, targets: &[NodeId]) -> Distances {
        Distances::over(graph, targets, |_| true)
    }

    /// The same over ways through nodes that count.
    pub(crate) fn over(graph: &Graph, targets: &[NodeId], counts: impl Fn(u32) -> bool) -> Distances {
        let nodes = graph.net.node_count();
        let (steps, reached) = (vec![0; nodes], Bits::below(nodes));
        let mut sweep = Backwards { net: &graph.net, counts, steps, reached, left: None };
        let mut ring = Vec::new();
        targets.iter().for_each(|target| sweep.reach(target.0, 1, &mut ring));
        let mut steps = 1u8;
        while !ring.is_empty() {
            steps = steps.saturating_add(1);
            ring = sweep.ring(ring, steps);
        }
        Distances { steps: sweep.steps, revision: graph.revision }
    }

    /// Whether any way leads from `node` to a target.
    pub fn leads(&self, node: NodeId) -> bool {
        self.steps_from(node).is_some()
    }

    /// The fewest steps from `node` to a target, at most 254 (more count as that); `None` where no way leads there.
    pub fn steps_from(&self, node: NodeId) -> Option<u8> {
        item(&self.steps, node.0 as usize).checked_sub(1)
    }

    /// Whether nothing changed since.
    pub fn is_of(&self, graph: &Graph) -> bool {
        self.revision == graph.revision
    }
}

/// An edge into a node costs so many times what an edge out of one does: the origin of an edge is looked for.
const LOOK_FOR_ORIGIN: usize = 4;

/// Rings of nodes around the targets, one after the other. The next ring is found from the last one along the edges into
/// it, or from all nodes that are not reached along the edges out of these, up to the first that leads there:
/// whichever looks at less. The rings are the same.
struct Backwards<'n, C> {
    net: &'n Net,
    counts: C,
    steps: Vec<u8>,
    /// All rings but the one that is being made.
    reached: Bits,
    /// How many edges follow from nodes that are not reached, once that was asked.
    left: Option<usize>,
}

impl<C: Fn(u32) -> bool> Backwards<'_, C> {
    /// The ring around `ring`, of nodes with so many steps and one.
    fn ring(&mut self, ring: Vec<u32>, steps: u8) -> Vec<u32> {
        ring.iter().for_each(|node| _ = self.reached.add(*node));
        let into: usize = ring.iter().map(|node| self.net.incoming(*node).size_hint().0).sum();
        // A small ring is not worth the question how much is left.
        let wide = into * LOOK_FOR_ORIGIN > self.net.node_count();
        if wide && self.left.is_none() {
            let all = 0..self.steps.len() as u32;
            self.left =
                Some(all.filter(|node| item(&self.steps, *node as usize) == 0).map(|node| self.after(node)).sum());
        }
        let mut next = Vec::new();
        if wide && self.left.is_some_and(|left| into.saturating_mul(LOOK_FOR_ORIGIN) > left) {
            self.look_forward(steps, &mut next);
        } else {
            ring.into_iter().for_each(|node| self.look_back(node, steps, &mut next));
        }
        if let Some(left) = self.left {
            self.left = Some(left.saturating_sub(next.iter().map(|node| self.after(*node)).sum()));
        }
        next
    }

    /// How many edges follow from a node.
    fn after(&self, node: u32) -> usize {
        self.net.laid_out(node).len() + self.net.beyond(node).size_hint().0
    }

    fn reach(&mut self, node: u32, steps: u8, ring: &mut Vec<u32>) {
        if let Some(known) = self.steps.get_mut(node as usize)
            && *known == 0
            && (self.counts)(node)
        {
            *known = steps;
            ring.push(node);
        }
    }

    fn look_back(&mut self, node: u32, steps: u8, ring: &mut Vec<u32>) {
        let net = self.net;
        for edge in net.incoming(node) {
            for need in net.needs(edge) {
                if item(&self.steps, need as usize) == 0 && !is_empty(net.span(edge).valid) {
                    self.reach(need, steps, ring);
                }
            }
        }
    }

    fn look_forward(&mut self, steps: u8, ring: &mut Vec<u32>) {
        for node in 0..self.steps.len() as u32 {
            if item(&self.steps, node as usize) == 0 && (self.counts)(node) && self.leads_on(node) {
                self.reach(node, steps, ring);
            }
        }
    }

    /// Whether a step from `node` leads to what is reached.
    fn leads_on(&self, node: u32) -> bool {
        let net = self.net;
        let run = net.laid_out(node);
        let was_true = |edge: u32| !is_empty(net.span(edge).valid);
        let mut laid = run.clone().zip(net.targets(run));
        laid.any(|(edge, to)| self.reached.contains(*to) && was_true(edge))
            || net.beyond(node).any(|edge| self.reached.contains(net.to(edge)) && was_true(edge))
    }
}

/// How many classes have a bit of their own.
const OWN: usize = 63;

/// Which classes of data every node leads to.
#[derive(Clone, Debug)]
pub struct Classes {
    classes: Vec<NodeId>,
    labels: Vec<u64>,
    revision: u64,
}

impl Classes {
    /// Works out the classes for every node: those in a circle of steps share theirs.
    pub fn of(graph: &Graph) -> Classes {
        let net = &graph.net;
        let classes: Vec<NodeId> = graph.class_ids().collect();
        let mut own = vec![0u64; net.node_count()];
        for (number, class) in classes.iter().enumerate() {
            put(&mut own, class.0 as usize, 1 << number.min(OWN));
        }
        Classes { classes, labels: Circles::labels(net, own), revision: graph.revision }
    }

    /// The classes that `node` leads to; the second is true if it leads to others too, which have no number of their own
    /// because there are more than 63 classes.
    pub fn classes(&self, node: NodeId) -> (Vec<NodeId>, bool) {
        let label = self.label(node);
        let named = self.classes.iter().take(OWN).enumerate().filter(|(number, _)| label >> number & 1 != 0);
        (named.map(|(_, class)| *class).collect(), label >> OWN != 0)
    }

    /// The classes as bits, in the order of their keys; the highest is for all beyond 63.
    pub fn label(&self, node: NodeId) -> u64 {
        item(&self.labels, node.0 as usize)
    }

    /// Whether nothing changed since.
    pub fn is_of(&self, graph: &Graph) -> bool {
        self.revision == graph.revision
    }
}

/// Tarjan's algorithm with a stack of its own: circles of steps are finished after all that they lead to, so that a label
/// is complete when its circle is.
struct Circles<'n> {
    net: &'n Net,
    labels: Vec<u64>,
    /// Node -> when it was met, and the earliest that it leads back to; 0 before that, `NONE` once its circle is done.
    low: Vec<u32>,
    open: Vec<u32>,
    met: u32,
}

/// A node whose steps are being taken.
struct Visit<'n> {
    node: u32,
    met: u32,
    edges: std::iter::Chain<crate::net::Edges<'n>, crate::net::Edges<'n>>,
}

impl<'n> Circles<'n> {
    fn labels(net: &'n Net, own: Vec<u64>) -> Vec<u64> {
        let low = vec![0; own.len()];
        let mut circles = Circles { net, labels: own, low, open: Vec::new(), met: 0 };
        for node in 0..net.node_count() as u32 {
            if item(&circles.low, node as usize) == 0 {
                circles.explore(node);
            }
        }
        circles.labels
    }

    fn visit(&mut self, node: u32) -> Visit<'n> {
        self.met += 1;
        put(&mut self.low, node as usize, self.met);
        self.open.push(node);
        Visit { node, met: self.met, edges: self.net.out(node).chain(self.net.uses(node)) }
    }

    fn explore(&mut self, first: u32) {
        let mut path = vec![self.visit(first)];
        while let Some(visit) = path.last_mut() {
            let node = visit.node;
            let Some(edge) = visit.edges.next() else {
                let met = visit.met;
                path.pop();
                self.close(node, met);
                if let Some(parent) = path.last() {
                    self.learn(parent.node, node);
                }
                continue;
            };
            if is_empty(self.net.span(edge).valid) {
                continue;
            }
            let to = self.net.to(edge);
            if item(&self.low, to as usize) == 0 {
                let visit = self.visit(to);
                path.push(visit);
            } else {
                self.learn(node, to);
            }
        }
    }

    /// Takes over what `to` leads to, and how far back while its circle is open.
    fn learn(&mut self, node: u32, to: u32) {
        let label = item(&self.labels, node as usize) | item(&self.labels, to as usize);
        put(&mut self.labels, node as usize, label);
        let low = item(&self.low, node as usize).min(item(&self.low, to as usize));
        put(&mut self.low, node as usize, low);
    }

    /// If the circle of `node` begins there, all of it is known now.
    fn close(&mut self, node: u32, met: u32) {
        if item(&self.low, node as usize) != met {
            return;
        }
        let label = item(&self.labels, node as usize);
        while let Some(member) = self.open.pop() {
            put(&mut self.labels, member as usize, label);
            put(&mut self.low, member as usize, NONE);
            if member == node {
                break;
            }
        }
    }
}
