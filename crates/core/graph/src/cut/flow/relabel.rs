//! Maximum flow by push-relabel: highest label first, labels made exact again from time to time, and a gap in the labels
//! taken as proof that nothing above it leads to a target.
//!
//! It stops when no excess can reach a target any more. That is a preflow: it has the minimum cut in it, and the flow that
//! did arrive is traced back to the starts.

use super::core::Core;
use super::{FlowCut, Selection, nearest};
use crate::cut::scene::{INFINITE, Scene};
use crate::flat::{item, put};
use crate::net::NONE;
use rustc_hash::{FxHashMap, FxHashSet};

/// What a start without limit sends at most: more than any honest cut costs.
const FLOOD: u64 = 1 << 44;

/// Labels are made exact so often at most. Between two times, as much is done as making them exact costs.
const EXACT_MAX: u32 = 60;

/// The maximum flow and the minimum cut of the reduced graph; or, if that takes too long, the work that it took.
pub(super) fn run(scene: &Scene<'_>, selection: &Selection<'_>) -> Result<FlowCut, u64> {
    let unlimited = nearest::inside(scene, selection, scene.starts.iter().map(|start| start.node));
    let open: Vec<u32> = scene.targets.iter().copied().filter(|target| unlimited.contains(target)).collect();
    let mut flow = Preflow::new(Core::new(scene, selection, &open));
    flow.begin();
    flow.relabel_all();
    if !flow.discharge_all() {
        return Err(flow.work + flow.core.work);
    }
    flow.relabel_all();
    let options = flow.cut(scene);
    let (paths, direct) = flow.paths();
    Ok(FlowCut { options, paths, direct, open, work: flow.work + flow.core.work })
}

struct Preflow {
    core: Core,
    /// Vertex -> steps to the sink over arcs with room, or more vertices than there are.
    height: Vec<u32>,
    excess: Vec<u64>,
    /// Vertex -> where to go on among its arcs.
    current: Vec<u32>,
    /// Height -> vertices with excess.
    active: Vec<Vec<u32>>,
    /// Height -> how many vertices have it.
    count: Vec<u32>,
    highest: usize,
    /// What each start was given.
    supply: FxHashMap<u32, u64>,
    work: u64,
    since: u64,
}

impl Preflow {
    fn new(core: Core) -> Preflow {
        let vertices = core.vertices();
        let current = (0..vertices as u32).map(|vertex| core.first(vertex)).collect();
        Preflow {
            height: vec![0; vertices],
            excess: vec![0; vertices],
            current,
            active: Vec::new(),
            count: Vec::new(),
            highest: 0,
            supply: FxHashMap::default(),
            work: 0,
            since: 0,
            core,
        }
    }

    fn far(&self) -> u32 {
        self.core.vertices() as u32
    }

    /// Gives each start what it can send at most.
    fn begin(&mut self) {
        for start in self.core.starts.clone() {
            let through = self.core.left(2 * start);
            let out = self.core.at(2 * start + 1).iter().filter(|arc| arc.is_multiple_of(2));
            let out = out.map(|arc| self.core.left(*arc)).fold(0, u64::saturating_add);
            let amount = through.min(out).min(FLOOD);
            put(&mut self.excess, 2 * start as usize, amount);
            self.supply.insert(2 * start, amount);
        }
    }

    /// Makes every height exact, by breadth-first search back from the sink.
    fn relabel_all(&mut self) {
        let far = self.far();
        self.height.fill(far);
        self.active.iter_mut().for_each(Vec::clear);
        self.count.clear();
        let sink = self.core.sink();
        put(&mut self.height, sink as usize, 0);
        let mut ring = vec![sink];
        let mut height = 0;
        while !ring.is_empty() {
            self.count.push(ring.len() as u32);
            height += 1;
            let mut next = Vec::new();
            for vertex in &ring {
                for arc in self.core.at(*vertex) {
                    self.work += 1;
                    let from = self.core.head(*arc);
                    if self.core.left(arc ^ 1) > 0 && item(&self.height, from as usize) == far {
                        put(&mut self.height, from as usize, height);
                        next.push(from);
                    }
                }
            }
            ring = next;
        }
        self.highest = 0;
        for vertex in 0..sink {
            put(&mut self.current, vertex as usize, self.core.first(vertex));
            if item(&self.excess, vertex as usize) > 0 {
                self.activate(vertex);
            }
        }
        self.since = 0;
    }

    fn activate(&mut self, vertex: u32) {
        let height = item(&self.height, vertex as usize) as usize;
        if height >= self.far() as usize {
            return;
        }
        if self.active.len() <= height {
            self.active.resize_with(height + 1, Vec::new);
        }
        if let Some(active) = self.active.get_mut(height) {
            active.push(vertex);
        }
        self.highest = self.highest.max(height);
    }

    /// Moves all excess on until none leads to the sink; false if it takes too long.
    fn discharge_all(&mut self) -> bool {
        let mut exact = 0;
        let patience = (self.core.vertices() + self.core.edges.len() / 2) as u64;
        loop {
            let Some(active) = self.active.get_mut(self.highest) else { return true };
            match active.pop() {
                Some(vertex) if item(&self.height, vertex as usize) as usize == self.highest => self.discharge(vertex),
                Some(_) => {}
                None if self.highest == 0 => return true,
                None => self.highest -= 1,
            }
            if self.since > patience {
                exact += 1;
                if exact > EXACT_MAX {
                    return false;
                }
                self.relabel_all();
            }
        }
    }

    /// Pushes the excess of a vertex on, raising it as far as that needs.
    fn discharge(&mut self, vertex: u32) {
        let end = self.core.first(vertex + 1);
        let mut excess = item(&self.excess, vertex as usize);
        while excess > 0 {
            let height = item(&self.height, vertex as usize);
            let place = item(&self.current, vertex as usize);
            if place >= end {
                if !self.raise(vertex, height) {
                    break;
                }
                continue;
            }
            self.work += 1;
            self.since += 1;
            let arc = self.core.arc(place);
            let (left, to) = (self.core.left(arc), self.core.head(arc));
            if left > 0 && item(&self.height, to as usize) + 1 == height {
                let amount = left.min(excess);
                self.core.push(arc, amount);
                excess -= amount;
                let before = item(&self.excess, to as usize);
                put(&mut self.excess, to as usize, before + amount);
                if before == 0 && to != self.core.sink() {
                    self.activate(to);
                }
                if excess == 0 {
                    break;
                }
            }
            put(&mut self.current, vertex as usize, place + 1);
        }
        put(&mut self.excess, vertex as usize, excess);
    }

    /// Raises a vertex above its lowest neighbour with room; false if nothing leads to the sink from it any more.
    fn raise(&mut self, vertex: u32, height: u32) -> bool {
        let mut lowest = self.far();
        for arc in self.core.at(vertex) {
            self.work += 1;
            if self.core.left(*arc) > 0 {
                lowest = lowest.min(item(&self.height, self.core.head(*arc) as usize));
            }
        }
        self.since += 4 + self.core.at(vertex).len() as u64;
        let remaining = item(&self.count, height as usize).saturating_sub(1);
        put(&mut self.count, height as usize, remaining);
        // Where no vertex has its old height, nothing above leads down any more.
        let next = if remaining == 0 { self.far() } else { (lowest + 1).min(self.far()) };
        put(&mut self.height, vertex as usize, next);
        put(&mut self.current, vertex as usize, self.core.first(vertex));
        if next < self.far() {
            if self.count.len() <= next as usize {
                self.count.resize(next as usize + 1, 0);
            }
            if let Some(count) = self.count.get_mut(next as usize) {
                *count += 1;
            }
            self.highest = self.highest.max(next as usize);
            if self.active.len() <= next as usize {
                self.active.resize_with(next as usize + 1, Vec::new);
            }
        }
        next < self.far()
    }

    /// The options on the border between what leads to the sink and what does not.
    fn cut(&self, scene: &Scene<'_>) -> Vec<u32> {
        let far = self.far();
        let is_cut =
            |tail: u32, head: u32| item(&self.height, tail as usize) == far && item(&self.height, head as usize) != far;
        let mut options = Vec::new();
        for (number, node) in (0u32..).zip(&self.core.nodes) {
            if is_cut(2 * number, 2 * number + 1) {
                options.extend(scene.cheapest_of(scene.on_node(*node)).map(|(_, option)| option));
            }
        }
        for (index, edge) in (self.core.nodes.len() as u32..).zip(&self.core.edges) {
            if is_cut(self.core.head(2 * index + 1), self.core.head(2 * index)) {
                options.extend(scene.cheapest_of(scene.on_edge(*edge)).map(|(_, option)| option));
            }
        }
        options.sort_unstable();
        options.dedup();
        options
    }

    /// What arrived, traced back from the sink: paths of edges, and targets that are starts themselves.
    #[expect(clippy::type_complexity, reason = "two lists with their amounts")]
    fn paths(&mut self) -> (Vec<(Vec<u32>, u64)>, Vec<(u32, u64)>) {
        let (mut paths, mut direct) = (Vec::new(), Vec::new());
        let vertices = self.core.vertices() as u32;
        self.current = (0..vertices).map(|vertex| self.core.first(vertex)).collect();
        while let Some((arcs, amount)) = self.trace() {
            let path: Vec<u32> = arcs.iter().rev().filter_map(|arc| self.core.edge(*arc)).collect();
            if path.is_empty() {
                let node = arcs.last().map_or(NONE, |arc| item(&self.core.nodes, *arc as usize / 2));
                direct.push((node, amount));
            } else {
                paths.push((path, amount));
            }
        }
        (paths, direct)
    }

    /// One path of arcs with flow, from the sink back to a start that supplied it.
    fn trace(&mut self) -> Option<(Vec<u32>, u64)> {
        let mut path: Vec<u32> = Vec::new();
        let mut on_path: FxHashSet<u32> = FxHashSet::default();
        let mut vertex = self.core.sink();
        loop {
            if let Some(supplied) = self.supply.get(&vertex).copied().filter(|supplied| *supplied > 0) {
                let carried = path.iter().map(|arc| self.core.left(arc ^ 1)).min().unwrap_or_default();
                let amount = carried.min(supplied);
                path.iter().for_each(|arc| self.core.push(arc ^ 1, amount));
                self.supply.insert(vertex, supplied - amount);
                return (amount > 0).then_some((path, amount));
            }
            on_path.insert(vertex);
            let arc = self.flowing_into(vertex)?;
            path.push(arc);
            vertex = self.core.head(arc ^ 1);
            if on_path.contains(&vertex) {
                vertex = self.drop_circle(&mut path, &mut on_path, vertex);
            }
        }
    }

    /// Takes back the circle of flow at the end of `path`, which came to `vertex` again.
    fn drop_circle(&mut self, path: &mut Vec<u32>, on_path: &mut FxHashSet<u32>, vertex: u32) -> u32 {
        let begins = path.iter().position(|arc| self.core.head(*arc) == vertex).unwrap_or_default();
        let circle = path.split_off(begins);
        let amount = circle.iter().map(|arc| self.core.left(arc ^ 1)).min().unwrap_or_default();
        for arc in circle {
            self.core.push(arc ^ 1, amount);
            on_path.remove(&self.core.head(arc));
        }
        vertex
    }

    /// A forward arc into `vertex` that carries flow.
    fn flowing_into(&mut self, vertex: u32) -> Option<u32> {
        let end = self.core.first(vertex + 1);
        let mut place = item(&self.current, vertex as usize);
        while place < end {
            let arc = self.core.arc(place);
            if !arc.is_multiple_of(2) && self.core.left(arc) > 0 {
                put(&mut self.current, vertex as usize, place);
                return Some(arc ^ 1);
            }
            place += 1;
        }
        put(&mut self.current, vertex as usize, place);
        None
    }
}

const _: () = assert!(FLOOD < INFINITE);
