//! The closure that the check draws its conclusions from: what is held, from when to when, piece by piece.
//!
//! It applies the rules of [`mod@crate::reach`] until nothing changes, first to what begins first and, of what begins at one
//! time, to what lasts longest: little of what it finds is outdone later. It knows nothing of searches or cuts.

use crate::graph::{EdgeId, Graph, NodeId};
use crate::net::NONE;
use crate::reach::{Hop, hop_over};
use firebreak_model::{Interval, Persistence, Time};
use rustc_hash::FxHashSet;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// See `reach`: the next session minted at one instant is renewable.
const MINTED_AT_ONCE_MAX: u32 = 64;

/// A node is held for one stretch of time.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    node: NodeId,
    pub(super) during: Interval,
    minted_at_once: u32,
    /// The edge, and the piece of its origin; `None` to begin with.
    by: Option<(EdgeId, u32)>,
    /// Another piece of the same node; `NONE` for the last.
    next: u32,
    /// Whether another piece contains it.
    outdone: bool,
}

impl Piece {
    /// A node that is held to begin with.
    pub(super) fn given(node: NodeId, during: Interval) -> Piece {
        Piece { node, during, minted_at_once: 0, by: None, next: NONE, outdone: false }
    }
}

/// A stretch of time in which a step is possible.
#[derive(Clone, Copy)]
pub(super) struct Chance {
    window: Interval,
    /// The piece of the origin.
    origin: u32,
    minted_at_once: u32,
    /// How long what it needs can be had: where that counts as renewable, as long as its node exists.
    until: Time,
}

impl Chance {
    /// What of it lies before `now`, for one who was not in a hurry; `None` where it begins later.
    pub(super) fn by(self, now: Time) -> Option<Chance> {
        let window = Interval::new(self.window.from, self.window.to.min(now));
        (window.from <= now).then_some(Chance { window, minted_at_once: 0, ..self })
    }

    /// What a step over `edge` gives.
    pub(super) fn outcome(&self, graph: &Graph, edge: u32) -> Piece {
        let (span, node) = (graph.net.span(edge), graph.net.to(edge));
        let Chance { window, minted_at_once, until, .. } = *self;
        let (to, minted_at_once) = match span.persistence {
            Persistence::While => (window.to, minted_at_once),
            Persistence::Take => (graph.net.life(node).to, minted_at_once),
            Persistence::Mint { ttl_seconds } => {
                let renewable = minted_at_once >= MINTED_AT_ONCE_MAX;
                let last = if renewable { until.min(span.valid.to) } else { window.to };
                let next = if renewable { minted_at_once } else { minted_at_once + 1 };
                (last.plus_seconds(i64::from(ttl_seconds)), next)
            }
        };
        let by = Some((EdgeId(edge), self.origin));
        Piece { minted_at_once, by, ..Piece::given(NodeId(node), Interval::new(window.from, to)) }
    }
}

/// What is held, and how it came to be.
pub(super) struct Closure<'g> {
    graph: &'g Graph,
    pieces: Vec<Piece>,
    /// Node -> the first of its pieces that no other contains.
    first: Vec<u32>,
    held: Vec<NodeId>,
}

impl<'g> Closure<'g> {
    /// Nothing is held.
    pub(super) fn new(graph: &'g Graph) -> Closure<'g> {
        Closure { graph, pieces: Vec::new(), first: vec![NONE; graph.net.node_count()], held: Vec::new() }
    }

    /// Applies the rules until nothing changes, without what the options `done` sever. What begins after `horizon` is
    /// left out.
    pub(super) fn of(
        graph: &'g Graph,
        starts: &[(NodeId, Interval)],
        done: &FxHashSet<u32>,
        horizon: Time,
    ) -> Closure<'g> {
        let stands = |options: &[u32]| done.is_empty() || !options.iter().any(|option| done.contains(option));
        let mut closure = Closure::new(graph);
        let mut open = BinaryHeap::new();
        let turn = |number: u32, during: Interval| (Reverse(during.from), during.to, number);
        for (node, during) in starts.iter().filter(|(node, _)| stands(graph.node_option_ids(node.0))) {
            open.extend(closure.add(Piece::given(*node, *during)).map(|number| turn(number, *during)));
        }
        let mut chances = Vec::new();
        while let Some((.., number)) = open.pop() {
            let Some(piece) = closure.piece(number).filter(|piece| !piece.outdone) else { continue };
            for edge in graph.net.out(piece.node.0).chain(graph.net.uses(piece.node.0)) {
                closure.chances_with(edge, number, &mut chances);
                for chance in chances.drain(..).filter(|chance| chance.window.from <= horizon) {
                    let given = chance.outcome(graph, edge);
                    let may = || stands(graph.edge_option_ids(edge)) && stands(graph.node_option_ids(given.node.0));
                    if closure.is_new(&given) && may() {
                        open.extend(closure.add(given).map(|number| turn(number, given.during)));
                    }
                }
            }
        }
        closure
    }

    /// Forgets all that is held.
    pub(super) fn clear(&mut self) {
        self.held.drain(..).for_each(|node| crate::flat::put(&mut self.first, node.0 as usize, NONE));
        self.pieces.clear();
    }

    /// The nodes that are held at some time.
    pub(super) fn held(&self) -> &[NodeId] {
        &self.held
    }

    /// The pieces of a node that no other contains.
    pub(super) fn pieces_of(&self, node: NodeId) -> impl Iterator<Item = u32> {
        let there = |number: &u32| *number != NONE;
        let first = self.first.get(node.0 as usize).copied().filter(there);
        std::iter::successors(first, move |number| self.piece(*number).map(|piece| piece.next).filter(there))
    }

    fn piece(&self, number: u32) -> Option<Piece> {
        self.pieces.get(number as usize).copied()
    }

    /// Whether it adds something to what is held.
    fn is_new(&self, piece: &Piece) -> bool {
        let Some(during) = piece.during.intersection(&self.graph.net.life(piece.node.0)) else { return false };
        let mut known = self.pieces_of(piece.node).filter_map(|number| self.piece(number));
        !known.any(|known| is_inside(&during, &known.during))
    }

    /// Adds a piece unless one that is there contains it; gives its number if it was added.
    pub(super) fn add(&mut self, piece: Piece) -> Option<u32> {
        let during = piece.during.intersection(&self.graph.net.life(piece.node.0))?;
        if !self.is_new(&piece) {
            return None;
        }
        let number = self.pieces.len() as u32;
        let first = self.first.get_mut(piece.node.0 as usize)?;
        let mut old = std::mem::replace(first, number);
        if old == NONE {
            self.held.push(piece.node);
        }
        let mut next = NONE;
        while let Some(known) = self.pieces.get_mut(old as usize) {
            let after = known.next;
            known.outdone = is_inside(&known.during, &during);
            if !known.outdone {
                known.next = std::mem::replace(&mut next, old);
            }
            old = after;
        }
        self.pieces.push(Piece { during, next, ..piece });
        Some(number)
    }

    /// When the step over `edge` is possible.
    pub(super) fn chances(&self, edge: u32) -> Vec<Chance> {
        let mut chances = Vec::new();
        let from = NodeId(self.graph.net.from(edge));
        self.pieces_of(from).for_each(|piece| self.chances_with(edge, piece, &mut chances));
        chances
    }

    /// When the step over `edge` is possible by the piece `number`, which is of one of the nodes that it needs.
    pub(super) fn chances_with(&self, edge: u32, number: u32, chances: &mut Vec<Chance>) {
        let net = &self.graph.net;
        let Some(piece) = self.piece(number) else { return };
        let window = net.span(edge).valid.intersection(&piece.during);
        let Some(window) = window.and_then(|window| window.intersection(&net.life(net.to(edge)))) else { return };
        if net.premises(edge).is_empty() {
            return chances.extend(self.chance(window, &[number]));
        }
        let mut windows: Vec<(Interval, Vec<u32>)> = vec![(window, Vec::new())];
        for need in net.needs(edge).map(NodeId) {
            let mut narrower = Vec::new();
            for (window, chosen) in &windows {
                let one = (need == piece.node).then_some(number);
                let others = one.is_none().then(|| self.pieces_of(need)).into_iter().flatten();
                for index in one.into_iter().chain(others) {
                    let common = self.piece(index).and_then(|piece| window.intersection(&piece.during));
                    narrower.extend(common.map(|common| (common, chosen.iter().copied().chain([index]).collect())));
                }
            }
            windows = narrower;
        }
        chances.extend(windows.into_iter().filter_map(|(window, chosen)| self.chance(window, &chosen)));
    }

    /// The step in `window`, by pieces of all that it needs, that of its origin first.
    fn chance(&self, window: Interval, chosen: &[u32]) -> Option<Chance> {
        let pieces = || chosen.iter().filter_map(|number| self.piece(*number));
        let at_once = |piece: &Piece| if piece.during.from == window.from { piece.minted_at_once } else { 0 };
        let lasts = |piece: Piece| {
            let is_renewable = at_once(&piece) >= MINTED_AT_ONCE_MAX;
            if is_renewable { self.graph.net.life(piece.node.0).to } else { piece.during.to }
        };
        let minted_at_once = pieces().map(|piece| at_once(&piece)).max().unwrap_or(0);
        Some(Chance { window, origin: *chosen.first()?, minted_at_once, until: pieces().map(lasts).min()? })
    }

    /// The steps that led to a piece.
    pub(super) fn way_to(&self, number: u32) -> Vec<Hop> {
        let mut hops = Vec::new();
        let mut next = self.piece(number);
        while let Some((piece, (edge, origin))) = next.and_then(|piece| Some((piece, piece.by?))) {
            hops.extend(self.graph.edge(edge).map(|edge| hop_over(self.graph, &edge, piece.during.from)));
            next = self.piece(origin);
        }
        hops.reverse();
        hops
    }
}

fn is_inside(a: &Interval, b: &Interval) -> bool {
    b.from <= a.from && a.to <= b.to
}
