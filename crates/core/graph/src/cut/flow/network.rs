//! The reduced graph as a flow network that is laid out as far as a search comes.
//!
//! A node is a vertex with two halves, to enter and to leave; between the two it has room for what disabling it costs. Its
//! arcs are listed when its second half is first left, in the order of the distance from which they lead on, and each is
//! looked at when flow could first go there. What is never entered costs nothing, and of a large group only what leads on
//! shortest is looked at.

use super::Selection;
use crate::cut::paged::Paged;
use crate::cut::scene::{INFINITE, Scene};
use crate::cut::walk;
use crate::net::NONE;

/// An edge of the graph in the network, from the second half of one vertex to the first half of another.
#[derive(Clone, Copy)]
pub(super) struct Arc {
    pub(super) tail: u32,
    /// `NONE` before it was looked at, and if it leads nowhere.
    pub(super) head: u32,
    pub(super) edge: u32,
    /// Steps of its head by the standing label, and one.
    pub(super) steps: u8,
    is_new: bool,
    /// The arc into the same head that was laid before, or `NONE`.
    pub(super) before: u32,
    /// How much more it takes; what is without limit stays [`INFINITE`].
    pub(super) left: u64,
    pub(super) flow: u64,
}

impl Arc {
    /// Whether nothing but its distance is known of it.
    #[inline]
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }
}

const NOWHERE: Arc =
    Arc { tail: NONE, head: NONE, edge: NONE, steps: 0, is_new: false, before: NONE, left: 0, flow: 0 };

/// A node that the search came across.
#[derive(Clone, Default)]
pub(super) struct Vertex {
    pub(super) node: u32,
    /// How many steps it is from a target by the standing label, and one.
    pub(super) steps: u8,
    pub(super) is_goal: bool,
    /// Where its arcs begin; `NONE` while they were not looked up.
    first: u32,
    end: u32,
    /// The last arc into it, or `NONE`.
    pub(super) into: u32,
    /// How much more goes through; [`INFINITE`] stays.
    pub(super) left: u64,
    pub(super) through: u64,
    /// What it gave to the sink.
    pub(super) ended: u64,
    /// Arcs that have carried flow into it.
    pub(super) inflow: Vec<u32>,
}

/// A way into the network: the number in the ground's border, and what it was given.
#[derive(Clone, Copy)]
pub(super) struct Supply {
    pub(super) vertex: u32,
    /// What the edge takes.
    pub(super) room: u64,
    /// What came in here.
    pub(super) given: u64,
}

/// The network so far.
pub(super) struct Network<'n> {
    pub(super) scene: &'n Scene<'n>,
    selection: &'n Selection<'n>,
    numbers: Paged<u32>,
    pub(super) vertices: Vec<Vertex>,
    pub(super) arcs: Vec<Arc>,
    /// One for each entry of the ground's border.
    pub(super) supplies: Vec<Supply>,
    listing: Vec<(u8, u32)>,
    /// Edges looked at.
    pub(super) work: u64,
}

impl<'n> Network<'n> {
    pub(super) fn new(scene: &'n Scene<'n>, selection: &'n Selection<'n>) -> Network<'n> {
        let (vertices, arcs, supplies, listing) = Default::default();
        let mut network =
            Network { scene, selection, numbers: Paged::new(), vertices, arcs, supplies, listing, work: 0 };
        for entry in &scene.ground.border {
            let vertex = network.vertex(entry.node);
            let room = if entry.edge == NONE { INFINITE } else { scene.capacity(scene.on_edge(entry.edge)) };
            network.supplies.push(Supply { vertex, room, given: 0 });
        }
        network
    }

    /// The number of a node's vertex, which is made where there is none.
    pub(super) fn vertex(&mut self, node: u32) -> u32 {
        let known = self.numbers.get(node);
        if known > 0 {
            return known - 1;
        }
        let number = self.vertices.len() as u32;
        self.vertices.push(Vertex {
            node,
            steps: self.scene.approach.steps(node),
            is_goal: self.scene.is_target(node),
            first: NONE,
            into: NONE,
            left: self.scene.capacity(self.scene.on_node(node)),
            ..Vertex::default()
        });
        self.numbers.set(node, number + 1);
        number
    }

    /// The arcs out of a vertex, listed if they were not yet.
    #[inline]
    pub(super) fn out(&mut self, vertex: u32) -> std::ops::Range<u32> {
        match self.known_out(vertex) {
            Some(arcs) => arcs,
            None => self.list(vertex),
        }
    }

    /// The arcs out of a vertex, if they were listed.
    #[inline]
    pub(super) fn known_out(&self, vertex: u32) -> Option<std::ops::Range<u32>> {
        let vertex = self.vertices.get(vertex as usize).filter(|vertex| vertex.first != NONE)?;
        Some(vertex.first..vertex.end)
    }

    fn list(&mut self, vertex: u32) -> std::ops::Range<u32> {
        let (scene, first) = (self.scene, self.arcs.len() as u32);
        let node = self.vertices.get(vertex as usize).map_or(NONE, |vertex| vertex.node);
        let mut listing = std::mem::take(&mut self.listing);
        listing.clear();
        for edge in walk::onward(scene.net, node) {
            let steps = scene.approach.steps(scene.net.to(edge));
            if steps > 0 {
                listing.push((steps, edge));
            }
        }
        listing.sort_unstable();
        self.work += listing.len() as u64;
        let arc = |(steps, edge): &(u8, u32)| Arc { tail: vertex, edge: *edge, steps: *steps, is_new: true, ..NOWHERE };
        self.arcs.extend(listing.iter().map(arc));
        self.listing = listing;
        let end = self.arcs.len() as u32;
        if let Some(vertex) = self.vertices.get_mut(vertex as usize) {
            (vertex.first, vertex.end) = (first, end);
        }
        first..end
    }

    /// The arc, looked at if it was not yet.
    #[inline]
    pub(super) fn look(&mut self, arc: u32) -> Arc {
        let known = self.arc(arc);
        if known.is_new { self.look_at(arc, known) } else { known }
    }

    fn look_at(&mut self, number: u32, mut arc: Arc) -> Arc {
        let scene = self.scene;
        self.work += 1;
        arc.is_new = false;
        let tail = self.at(arc.tail).map_or(NONE, |vertex| vertex.node);
        if scene.leads_on(arc.edge) && self.selection.leaves(arc.edge, tail) {
            arc.left = scene.capacity(scene.on_edge(arc.edge));
            arc.head = self.vertex(scene.net.to(arc.edge));
            if let Some(entered) = self.vertices.get_mut(arc.head as usize) {
                arc.before = std::mem::replace(&mut entered.into, number);
            }
        }
        if let Some(place) = self.arcs.get_mut(number as usize) {
            *place = arc;
        }
        arc
    }

    /// Moves `amount` over an arc.
    #[inline]
    pub(super) fn push(&mut self, arc: u32, amount: u64) {
        let Some(moved) = self.arcs.get_mut(arc as usize) else { return };
        if moved.flow == 0
            && let Some(head) = self.vertices.get_mut(moved.head as usize)
        {
            head.inflow.push(arc);
        }
        moved.flow = moved.flow.saturating_add(amount);
        if moved.left < INFINITE {
            moved.left = moved.left.saturating_sub(amount);
        }
    }

    /// Takes `amount` back from an arc.
    #[inline]
    pub(super) fn pull(&mut self, arc: u32, amount: u64) {
        let Some(moved) = self.arcs.get_mut(arc as usize) else { return };
        moved.flow = moved.flow.saturating_sub(amount);
        if moved.left < INFINITE {
            moved.left = moved.left.saturating_add(amount);
        }
    }

    /// Moves `amount` through a vertex.
    #[inline]
    pub(super) fn enter(&mut self, vertex: u32, amount: u64) {
        let Some(vertex) = self.vertices.get_mut(vertex as usize) else { return };
        vertex.through = vertex.through.saturating_add(amount);
        if vertex.left < INFINITE {
            vertex.left = vertex.left.saturating_sub(amount);
        }
    }

    /// Takes `amount` back through a vertex.
    #[inline]
    pub(super) fn leave(&mut self, vertex: u32, amount: u64) {
        let Some(vertex) = self.vertices.get_mut(vertex as usize) else { return };
        vertex.through = vertex.through.saturating_sub(amount);
        if vertex.left < INFINITE {
            vertex.left = vertex.left.saturating_add(amount);
        }
    }

    #[inline]
    pub(super) fn at(&self, vertex: u32) -> Option<&Vertex> {
        self.vertices.get(vertex as usize)
    }

    #[inline]
    pub(super) fn arc(&self, arc: u32) -> Arc {
        self.arcs.get(arc as usize).copied().unwrap_or(NOWHERE)
    }
}
