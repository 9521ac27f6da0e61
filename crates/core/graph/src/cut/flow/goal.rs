//! Maximum flow by goal-directed augmentation: from one start after the other towards the targets, over edges that come
//! nearer to a target first.
//!
//! Each start is searched in passes. A pass goes depth first, augments whenever it comes to a target, goes on from
//! where that left no room, and never tries a place twice that led nowhere. A pass without an augmentation has seen all that
//! still has room, so what it saw is **dead** for good: nothing dead leads to a target with room, hence no later flow enters it.
//! When all starts are dead, the edges from the dead side to the other are a minimum cut. What is never seen costs nothing.

use super::{FlowCut, Selection, nearest};
use crate::cut::paged::Paged;
use crate::cut::scene::{INFINITE, Scene};
use crate::net::NONE;
use rustc_hash::FxHashMap;

/// A node that the search came across. It can be entered (`INTO`) and left (`OUT`); between the two it has room for what
/// disabling it costs.
struct Vertex {
    node: u32,
    room: u64,
    /// The flow through it.
    through: u64,
    /// Edges that have carried flow into it.
    inflow: Vec<u32>,
    /// For both halves, the pass that saw it last.
    seen: [u32; 2],
}

const INTO: usize = 0;
const OUT: usize = 1;
/// In `Vertex::seen`: nothing leads on from here for good.
const DEAD: u32 = u32::MAX;

/// A half of a vertex.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    vertex: u32,
    half: usize,
}

/// A move of flow.
#[derive(Clone, Copy)]
enum Move {
    /// Out of a start.
    Begin,
    /// Through a vertex.
    Through,
    /// Back through it.
    Unthrough,
    /// Over an edge.
    Over(u32),
    /// Back over it.
    Unover(u32),
}

/// A place on the way, how it was come by, and what is still to be tried from it.
struct Frame {
    place: Place,
    by: Move,
    room: u64,
    /// Edges on the way here.
    length: u32,
    /// Where its moves begin in `Flow::moves`; they are tried from the last.
    first: usize,
    next: usize,
}

/// The flow so far.
pub(crate) struct Flow<'f> {
    pub(crate) scene: &'f Scene<'f>,
    pub(crate) selection: &'f Selection<'f>,
    /// Node -> number of its vertex and one.
    numbers: Paged<u32>,
    vertices: Vec<Vertex>,
    carried: FxHashMap<u32, u64>,
    begun: Vec<(u32, u64)>,
    ended: FxHashMap<u32, u64>,
    /// Targets towards which there is no limit.
    open: Vec<u32>,
    pass: u32,
    /// How many edges a way may have in this pass, and whether that kept the search from anything.
    longest: u32,
    is_pruned: bool,
    moves: Vec<Move>,
    sorting: Vec<(u8, u32)>,
    frames: Vec<Frame>,
    visited: Vec<Place>,
    work: u64,
}

impl<'f> Flow<'f> {
    pub(crate) fn new(scene: &'f Scene<'f>, selection: &'f Selection<'f>) -> Flow<'f> {
        Flow {
            scene,
            selection,
            numbers: Paged::new(),
            vertices: Vec::new(),
            carried: FxHashMap::default(),
            begun: Vec::new(),
            ended: FxHashMap::default(),
            open: Vec::new(),
            pass: 0,
            longest: 0,
            is_pruned: false,
            moves: Vec::new(),
            sorting: Vec::new(),
            frames: Vec::new(),
            visited: Vec::new(),
            work: 0,
        }
    }

    /// The maximum flow and the minimum cut; or, once `effort` is spent, the cut of the starts so far with the nearest one of
    /// each that is left. Whether it is the whole.
    pub(crate) fn run(mut self, effort: u64) -> (FlowCut, bool) {
        let (mut last, mut left) = (NONE, Vec::new());
        for start in self.scene.starts {
            if start.node == last || self.scene.approach.is_blind(start.node) {
                continue;
            }
            if !left.is_empty() {
                left.push(start.node);
                continue;
            }
            last = start.node;
            let vertex = self.vertex(start.node);
            if !self.drain(vertex, effort) {
                left.push(start.node);
                continue;
            }
            for place in std::mem::take(&mut self.visited) {
                self.see(place, DEAD);
            }
        }
        let mut options = self.cut();
        options.extend(nearest::border(self.scene, self.selection, &left));
        options.sort_unstable();
        options.dedup();
        let (paths, direct) = self.paths();
        (FlowCut { options, paths, direct, open: self.open, work: self.work }, left.is_empty())
    }

    /// Sends all that the start can send, over short ways first; false if the effort was spent before that was clear.
    fn drain(&mut self, start: u32, effort: u64) -> bool {
        let nearest = u32::from(self.scene.approach.steps(self.node(start)));
        let mut detour = 1;
        loop {
            self.longest = nearest.saturating_add(detour);
            self.is_pruned = false;
            if !self.pass(start, effort) {
                if !self.is_pruned {
                    return true;
                }
                detour = detour.saturating_mul(3);
            }
            if self.work > effort {
                return false;
            }
        }
    }

    /// The number of a node's vertex, which is made where there is none.
    fn vertex(&mut self, node: u32) -> u32 {
        let known = self.numbers.get(node);
        if known > 0 {
            return known - 1;
        }
        let number = self.vertices.len() as u32;
        let room = self.scene.capacity(self.scene.on_node(node));
        self.vertices.push(Vertex { node, room, through: 0, inflow: Vec::new(), seen: [0, 0] });
        self.numbers.set(node, number + 1);
        number
    }

    fn at(&self, vertex: u32) -> Option<&Vertex> {
        self.vertices.get(vertex as usize)
    }

    fn node(&self, vertex: u32) -> u32 {
        self.at(vertex).map_or(NONE, |vertex| vertex.node)
    }

    fn seen(&self, place: Place) -> u32 {
        self.at(place.vertex).map_or(DEAD, |vertex| if place.half == INTO { vertex.seen[0] } else { vertex.seen[1] })
    }

    fn see(&mut self, place: Place, pass: u32) {
        if let Some(vertex) = self.vertices.get_mut(place.vertex as usize) {
            let [into, out] = &mut vertex.seen;
            *(if place.half == INTO { into } else { out }) = pass;
        }
    }

    fn carried(&self, edge: u32) -> u64 {
        self.carried.get(&edge).copied().unwrap_or_default()
    }

    /// One pass from a start; whether it augmented.
    fn pass(&mut self, start: u32, effort: u64) -> bool {
        self.pass += 1;
        self.visited.clear();
        self.moves.clear();
        self.frames.clear();
        let mut augmented = false;
        let begin = Place { vertex: start, half: INTO };
        if self.seen(begin) == DEAD {
            return false;
        }
        self.enter(begin, Move::Begin, INFINITE, 0);
        while let Some(frame) = self.frames.last_mut() {
            if self.work > effort {
                self.is_pruned = true;
                break;
            }
            if frame.next == frame.first {
                let first = frame.first;
                self.moves.truncate(first);
                self.frames.pop();
                continue;
            }
            frame.next -= 1;
            let (place, next, length) = (frame.place, frame.next, frame.length);
            let Some(by) = self.moves.get(next).copied() else { continue };
            let Some((to, room)) = self.follow(place, by) else { continue };
            let length = if matches!(by, Move::Over(_) | Move::Unover(_)) { length + 1 } else { length };
            self.enter(to, by, room, length);
            if to.half == OUT && self.is_goal(to.vertex) {
                augmented |= self.augment(to.vertex);
            }
        }
        augmented
    }

    fn is_goal(&self, vertex: u32) -> bool {
        let node = self.node(vertex);
        self.scene.is_target(node) && !self.open.contains(&node)
    }

    /// Where a move leads and with how much room, if it leads to where this pass has not been.
    fn follow(&mut self, place: Place, by: Move) -> Option<(Place, u64)> {
        let here = self.at(place.vertex)?;
        let (to, room) = match by {
            Move::Begin => return None,
            Move::Through => (Place { half: OUT, ..place }, left(here.room, here.through)),
            Move::Unthrough => (Place { half: INTO, ..place }, here.through),
            Move::Over(edge) => {
                let known = self.numbers.get(self.scene.net.to(edge));
                if known > 0 && self.is_done_with(Place { vertex: known - 1, half: INTO }) {
                    return None;
                }
                let room = left(self.scene.capacity(self.scene.on_edge(edge)), self.carried(edge));
                if room == 0 {
                    return None;
                }
                let vertex = self.vertex(self.scene.net.to(edge));
                (Place { vertex, half: INTO }, room)
            }
            Move::Unover(edge) => {
                let vertex = self.vertex(self.selection.tail(edge));
                (Place { vertex, half: OUT }, self.carried(edge))
            }
        };
        (room > 0 && !self.is_done_with(to)).then_some((to, room))
    }

    fn is_done_with(&self, place: Place) -> bool {
        let seen = self.seen(place);
        seen == self.pass || seen == DEAD
    }

    /// Comes to a place and collects what can be tried from there, the best last.
    fn enter(&mut self, place: Place, by: Move, room: u64, length: u32) {
        self.see(place, self.pass);
        self.visited.push(place);
        let first = self.moves.len();
        if place.half == INTO {
            let inflow = self.vertices.get(place.vertex as usize).map_or(&[][..], |vertex| &vertex.inflow);
            if length < self.longest {
                self.moves.extend(inflow.iter().map(|edge| Move::Unover(*edge)));
            } else if !inflow.is_empty() {
                self.is_pruned = true;
            }
            self.moves.push(Move::Through);
        } else {
            if self.at(place.vertex).is_some_and(|vertex| vertex.through > 0) {
                self.moves.push(Move::Unthrough);
            }
            self.collect(self.node(place.vertex), length);
        }
        self.frames.push(Frame { place, by, room, length, first, next: self.moves.len() });
    }

    /// The edges out of a node in the reduced graph by which a target can still be reached, the nearest last.
    fn collect(&mut self, node: u32, length: u32) {
        let scene = self.scene;
        let mut sorting = std::mem::take(&mut self.sorting);
        sorting.clear();
        for edge in super::super::walk::onward(scene.net, node) {
            self.work += 1;
            let to = scene.net.to(edge);
            let steps = scene.approach.steps(to);
            if steps == 0 || self.selection.tail(edge) != node {
                continue;
            }
            let known = self.numbers.get(to);
            if known > 0 && self.is_done_with(Place { vertex: known - 1, half: INTO }) {
                continue;
            }
            if scene.leads_on(edge) {
                if length + u32::from(steps) > self.longest {
                    self.is_pruned = true;
                } else {
                    sorting.push((steps, edge));
                }
            }
        }
        sorting.sort_unstable_by(|a, b| b.cmp(a));
        self.moves.extend(sorting.iter().map(|(_, edge)| Move::Over(*edge)));
        self.sorting = sorting;
    }

    /// Sends what the way has room for to the target at its end, and goes back to where that leaves none.
    fn augment(&mut self, target: u32) -> bool {
        let amount = self.frames.iter().map(|frame| frame.room).min().unwrap_or_default();
        if amount >= INFINITE {
            // Nothing permitted is on this way: in the reduced graph the target stays open.
            self.open.push(self.node(target));
            return false;
        }
        self.work += self.frames.len() as u64;
        let mut keep = self.frames.len();
        for index in (0..self.frames.len()).rev() {
            let Some(frame) = self.frames.get_mut(index) else { break };
            if frame.room < INFINITE {
                frame.room -= amount;
                if frame.room == 0 {
                    keep = index;
                }
            }
            let (place, by) = (frame.place, frame.by);
            self.shift(place, by, amount);
        }
        *self.ended.entry(target).or_default() += amount;
        while self.frames.len() > keep {
            if let Some(frame) = self.frames.pop() {
                self.moves.truncate(frame.first);
                self.see(frame.place, self.pass - 1);
            }
        }
        true
    }

    /// Moves `amount` by one move, which led to `place`.
    fn shift(&mut self, place: Place, by: Move, amount: u64) {
        let vertex = self.vertices.get_mut(place.vertex as usize);
        match by {
            Move::Begin => self.begun.push((place.vertex, amount)),
            Move::Through => vertex.into_iter().for_each(|vertex| vertex.through += amount),
            Move::Unthrough => vertex.into_iter().for_each(|vertex| vertex.through -= amount),
            Move::Over(edge) => {
                let carried = self.carried.entry(edge).or_default();
                if *carried == 0 {
                    vertex.into_iter().for_each(|vertex| vertex.inflow.push(edge));
                }
                *carried += amount;
            }
            Move::Unover(edge) => {
                let carried = self.carried.entry(edge).or_default();
                *carried -= amount;
                if *carried == 0 {
                    let into = self.numbers.get(self.scene.net.to(edge)).wrapping_sub(1);
                    let into = self.vertices.get_mut(into as usize);
                    into.into_iter().for_each(|vertex| vertex.inflow.retain(|other| *other != edge));
                }
            }
        }
    }

    /// The options on the border of what is dead: the cheapest of each place there.
    fn cut(&mut self) -> Vec<u32> {
        let (scene, mut options) = (self.scene, Vec::new());
        let dead = |vertex: u32, half: usize| self.seen(Place { vertex, half }) == DEAD;
        let mut work = 0;
        for (number, vertex) in (0u32..).zip(&self.vertices) {
            if dead(number, INTO) && !dead(number, OUT) {
                options.extend(scene.cheapest_of(scene.on_node(vertex.node)).map(|(_, option)| option));
            }
            if !dead(number, OUT) {
                continue;
            }
            for edge in super::super::walk::onward(scene.net, vertex.node) {
                work += 1;
                let to = self.numbers.get(scene.net.to(edge));
                let inside = to > 0 && dead(to - 1, INTO);
                let leads = !scene.approach.is_blind(scene.net.to(edge));
                if !inside && leads && self.selection.tail(edge) == vertex.node && scene.leads_on(edge) {
                    options.extend(scene.cheapest_of(scene.on_edge(edge)).map(|(_, option)| option));
                }
            }
        }
        options.sort_unstable();
        options.dedup();
        self.work += work;
        options
    }

    /// The flow as simple paths of edges from starts to targets; circles of flow are dropped. And what goes straight into
    /// targets that are starts.
    #[expect(clippy::type_complexity, reason = "two lists with their amounts")]
    fn paths(&mut self) -> (Vec<(Vec<u32>, u64)>, Vec<(u32, u64)>) {
        let mut out: Vec<(u32, u32, u64)> = Vec::with_capacity(self.carried.len());
        for (edge, amount) in self.carried.iter().filter(|(_, amount)| **amount > 0) {
            out.push((self.numbers.get(self.selection.tail(*edge)).wrapping_sub(1), *edge, *amount));
        }
        out.sort_unstable();
        let mut first: Vec<u32> = crate::flat::starts((0..self.vertices.len() as u32).scan(0usize, |at, vertex| {
            let from = *at;
            while out.get(*at).is_some_and(|(tail, _, _)| *tail == vertex) {
                *at += 1;
            }
            Some((*at - from) as u32)
        }));
        let mut tracing = Tracing { flow: self, out, place: FxHashMap::default() };
        let (mut paths, mut direct) = (Vec::new(), Vec::new());
        for (start, amount) in std::mem::take(&mut tracing.flow.begun) {
            let mut left = amount;
            while left > 0 {
                let Some((path, amount)) = tracing.trace(&mut first, start, left) else { break };
                left -= amount;
                if path.is_empty() {
                    direct.push((tracing.flow.node(start), amount));
                } else {
                    paths.push((path, amount));
                }
            }
        }
        (paths, direct)
    }
}

/// What of `room` is left by `flow`; what is without limit stays so.
fn left(room: u64, flow: u64) -> u64 {
    if room >= INFINITE { INFINITE } else { room.saturating_sub(flow) }
}

/// Taking a flow apart into paths.
struct Tracing<'t, 'f> {
    flow: &'t mut Flow<'f>,
    /// Tail, edge, what is left of its flow; by tail.
    out: Vec<(u32, u32, u64)>,
    /// Vertex on the path -> how many edges lead to it.
    place: FxHashMap<u32, usize>,
}

impl Tracing<'_, '_> {
    /// One path from `start`, with at most `most` of flow.
    fn trace(&mut self, first: &mut [u32], start: u32, most: u64) -> Option<(Vec<u32>, u64)> {
        let mut path: Vec<usize> = Vec::new();
        self.place.clear();
        let mut vertex = start;
        loop {
            if let Some(ended) = self.flow.ended.get_mut(&vertex).filter(|ended| **ended > 0) {
                let left = path.iter().filter_map(|at| self.out.get(*at)).map(|(_, _, left)| *left);
                let amount = left.min().unwrap_or(u64::MAX).min(most).min(*ended);
                *ended -= amount;
                self.take(&path, amount);
                let edges = path.iter().filter_map(|at| self.out.get(*at)).map(|(_, edge, _)| *edge);
                return Some((edges.collect(), amount));
            }
            self.place.insert(vertex, path.len());
            let at = self.flowing(first, vertex)?;
            path.push(at);
            let (_, edge, _) = self.out.get(at)?;
            vertex = self.flow.numbers.get(self.flow.scene.net.to(*edge)).wrapping_sub(1);
            if let Some(known) = self.place.get(&vertex).copied() {
                let circle = path.split_off(known);
                let left = circle.iter().filter_map(|at| self.out.get(*at)).map(|(_, _, left)| *left);
                let amount = left.min().unwrap_or_default();
                self.take(&circle, amount);
                self.place.retain(|_, place| *place <= known);
            }
        }
    }

    /// The next edge out of `vertex` that has flow left.
    fn flowing(&self, first: &mut [u32], vertex: u32) -> Option<usize> {
        let next = first.get_mut(vertex as usize)?;
        while self.out.get(*next as usize).is_some_and(|(tail, _, left)| *tail == vertex && *left == 0) {
            *next += 1;
        }
        self.out.get(*next as usize).filter(|(tail, _, _)| *tail == vertex).map(|_| *next as usize)
    }

    fn take(&mut self, path: &[usize], amount: u64) {
        for at in path {
            if let Some((_, _, left)) = self.out.get_mut(*at) {
                *left = left.saturating_sub(amount);
            }
        }
    }
}
