//! Maximum flow by push-relabel, from the border of the ground, over no more of the graph than the flow enters.
//!
//! Labels begin as the standing distances to the targets, which are never too large in the reduced graph, so nothing has to
//! be searched before the first push. The highest label goes first. Labels are made exact for what was entered from time to
//! time, by a search back from the sink and from what was not entered; and where no vertex has some label any more, nothing
//! above it leads to a target. It ends when no excess can reach a target.

use super::network::Network;
use crate::flat::{item, put};
use crate::net::NONE;

/// No target can be reached from here any more.
const DEAD: u32 = u32::MAX;

/// A preflow. The halves of vertex `v` are `2 * v`, to enter, and `2 * v + 1`, to leave.
pub(super) struct Preflow<'n> {
    pub(super) network: Network<'n>,
    /// Half -> steps to the sink, never too many, or [`DEAD`].
    height: Vec<u32>,
    excess: Vec<u64>,
    /// Half -> where to go on among its arcs.
    current: Vec<u32>,
    /// Height -> halves with excess. Entries whose height changed are passed over.
    active: Vec<Vec<u32>>,
    /// Height -> halves that had it, to be passed over likewise.
    level: Vec<Vec<u32>>,
    /// Height -> how many halves have it, entered or not.
    count: Vec<u32>,
    /// Height -> how many of these are of nodes that have no vertex yet.
    unseen: Vec<u32>,
    highest: usize,
    since: u64,
}

impl<'n> Preflow<'n> {
    /// No flow yet.
    pub(super) fn new(network: Network<'n>) -> Preflow<'n> {
        let mut unseen = Vec::new();
        for (steps, nodes) in network.scene.approach.rings().iter().enumerate() {
            // A node with so many steps has its halves at twice that, and one less.
            unseen.resize(2 * steps + 1, 0);
            put(&mut unseen, 2 * steps, *nodes);
            put(&mut unseen, (2 * steps).saturating_sub(1), *nodes);
        }
        let (height, excess, current, active, level) = Default::default();
        let mut flow = Preflow {
            network,
            height,
            excess,
            current,
            active,
            level,
            count: unseen.clone(),
            unseen,
            highest: 0,
            since: 0,
        };
        flow.cover();
        flow.begin();
        flow
    }

    /// Edges and arcs looked at.
    pub(super) fn work(&self) -> u64 {
        self.network.work
    }

    /// Sends what can be sent; false if it took more than `effort`.
    pub(super) fn run(&mut self, effort: u64) -> bool {
        while let Some(half) = self.next() {
            if self.work() > effort {
                return false;
            }
            if half.is_multiple_of(2) {
                self.discharge_into(half)
            } else {
                self.discharge_out(half)
            }
            if self.since > 1_000 + 4 * (self.network.arcs.len() + self.height.len()) as u64 {
                self.make_exact();
            }
        }
        true
    }

    /// Gives the network what it can take at its entries.
    fn begin(&mut self) {
        for entry in 0..self.network.supplies.len() {
            let Some(supply) = self.network.supplies.get_mut(entry) else { continue };
            let half = 2 * supply.vertex;
            let through = self.network.vertices.get(supply.vertex as usize).map_or(0, |vertex| vertex.left);
            let given = supply.room.min(through.saturating_sub(item(&self.excess, half as usize)));
            supply.given = given;
            self.add(half, given);
        }
    }

    /// Makes places for vertices that were made meanwhile.
    fn cover(&mut self) {
        for vertex in self.height.len() / 2..self.network.vertices.len() {
            let steps = self.network.vertices.get(vertex).map_or(0, |vertex| u32::from(vertex.steps));
            for (half, height) in [(2 * vertex, 2 * steps), (2 * vertex + 1, (2 * steps).saturating_sub(1))] {
                self.height.push(height);
                lower(&mut self.unseen, height);
                list(&mut self.level, height, half as u32);
            }
        }
        self.excess.resize(self.height.len(), 0);
        self.current.resize(self.height.len(), 0);
    }

    #[inline]
    fn height(&self, half: u32) -> u32 {
        item(&self.height, half as usize)
    }

    /// Gives `amount` to a half.
    #[inline]
    fn add(&mut self, half: u32, amount: u64) {
        let before = item(&self.excess, half as usize);
        put(&mut self.excess, half as usize, before.saturating_add(amount));
        if before == 0 && amount > 0 {
            self.activate(half);
        }
    }

    fn activate(&mut self, half: u32) {
        let height = self.height(half);
        if height != DEAD {
            list(&mut self.active, height, half);
            self.highest = self.highest.max(height as usize);
        }
    }

    /// The half with excess that is highest.
    fn next(&mut self) -> Option<u32> {
        loop {
            match self.active.get_mut(self.highest)?.pop() {
                Some(half) if self.height(half) as usize == self.highest && item(&self.excess, half as usize) > 0 => {
                    return Some(half);
                }
                Some(_) => {}
                None if self.highest == 0 => return None,
                None => self.highest -= 1,
            }
        }
    }

    /// Moves the excess of a first half on: through the vertex, or back over the arcs by which it came.
    fn discharge_into(&mut self, half: u32) {
        let vertex = half / 2;
        loop {
            let (height, excess) = (self.height(half), item(&self.excess, half as usize));
            if excess == 0 || height == DEAD {
                return;
            }
            let place = item(&self.current, half as usize);
            self.network.work += 1;
            self.since += 1;
            let Some(here) = self.network.at(vertex) else { return };
            if place == 0 {
                let amount = here.left.min(excess);
                if amount > 0 && self.height(half + 1).saturating_add(1) == height {
                    self.network.enter(vertex, amount);
                    self.shift(half, half + 1, amount);
                    continue;
                }
            } else if let Some(arc) = here.inflow.get(place as usize - 1).copied() {
                let back = self.network.arc(arc);
                if back.flow > 0 && self.height(2 * back.tail + 1).saturating_add(1) == height {
                    let amount = back.flow.min(excess);
                    self.network.pull(arc, amount);
                    self.shift(half, 2 * back.tail + 1, amount);
                    continue;
                }
            } else {
                self.raise(half);
                continue;
            }
            put(&mut self.current, half as usize, place + 1);
        }
    }

    /// Moves the excess of a second half on: to the sink, over its arcs, or back through the vertex.
    fn discharge_out(&mut self, half: u32) {
        let vertex = half / 2;
        if let Some(goal) = self.network.vertices.get_mut(vertex as usize).filter(|vertex| vertex.is_goal) {
            goal.ended = goal.ended.saturating_add(item(&self.excess, half as usize));
            put(&mut self.excess, half as usize, 0);
            return;
        }
        let arcs = self.network.out(vertex);
        self.cover();
        loop {
            let (height, excess) = (self.height(half), item(&self.excess, half as usize));
            if excess == 0 || height == DEAD {
                return;
            }
            let place = item(&self.current, half as usize);
            self.network.work += 1;
            self.since += 1;
            let arc = arcs.start + place;
            // What comes after an arc to a head that is too high leads still higher.
            if arc < arcs.end && 2 * u32::from(self.network.arc(arc).steps) < height {
                let over = self.look(arc);
                if over.left > 0 && self.height(2 * over.head).saturating_add(1) == height {
                    let amount = over.left.min(excess);
                    self.network.push(arc, amount);
                    self.shift(half, 2 * over.head, amount);
                } else {
                    put(&mut self.current, half as usize, place + 1);
                }
                continue;
            }
            let amount = self.network.at(vertex).map_or(0, |vertex| vertex.through.min(excess));
            if amount > 0 && self.height(half - 1).saturating_add(1) == height {
                self.network.leave(vertex, amount);
                self.shift(half, half - 1, amount);
            } else {
                self.raise(half);
            }
        }
    }

    #[inline]
    fn look(&mut self, arc: u32) -> super::network::Arc {
        let known = self.network.look(arc);
        if self.height.len() < 2 * self.network.vertices.len() {
            self.cover();
        }
        known
    }

    #[inline]
    fn shift(&mut self, from: u32, to: u32, amount: u64) {
        let left = item(&self.excess, from as usize).saturating_sub(amount);
        put(&mut self.excess, from as usize, left);
        self.add(to, amount);
    }

    /// Raises a half above its lowest neighbour with room.
    fn raise(&mut self, half: u32) {
        let lowest = if half.is_multiple_of(2) { self.lowest_into(half) } else { self.lowest_out(half) };
        let before = self.height(half);
        debug_assert!(lowest.saturating_add(1) > before, "labels are never too large, and never fall");
        put(&mut self.current, half as usize, 0);
        self.set_height(half, lowest.saturating_add(1));
        if item(&self.count, before as usize) == 0 {
            self.bury(before);
        }
    }

    /// The lowest height to which a first half can send.
    fn lowest_into(&mut self, half: u32) -> u32 {
        let Some(here) = self.network.at(half / 2) else { return DEAD };
        self.since += here.inflow.len() as u64;
        let through = if here.left > 0 { self.height(half + 1) } else { DEAD };
        let back = here.inflow.iter().map(|arc| self.network.arc(*arc)).filter(|arc| arc.flow > 0);
        back.map(|arc| self.height(2 * arc.tail + 1)).fold(through, u32::min)
    }

    /// The lowest height to which a second half can send.
    fn lowest_out(&mut self, half: u32) -> u32 {
        let vertex = half / 2;
        let is_filled = self.network.at(vertex).is_some_and(|vertex| vertex.through > 0);
        let mut lowest = if is_filled { self.height(half - 1) } else { DEAD };
        for arc in self.network.known_out(vertex).unwrap_or_default() {
            self.since += 1;
            if 2 * u32::from(self.network.arc(arc).steps) >= lowest {
                break;
            }
            let arc = self.look(arc);
            if arc.left > 0 {
                lowest = lowest.min(self.height(2 * arc.head));
            }
        }
        lowest
    }

    fn set_height(&mut self, half: u32, height: u32) {
        let before = self.height(half);
        lower(&mut self.count, before);
        put(&mut self.height, half as usize, height);
        if height != DEAD {
            raise_count(&mut self.count, height);
            list(&mut self.level, height, half);
            self.highest = self.highest.max(height as usize);
            if self.active.len() <= height as usize {
                self.active.resize_with(height as usize + 1, Vec::new);
            }
        }
    }

    /// No half has this height: what is above it leads to no target.
    fn bury(&mut self, gap: u32) {
        for height in gap + 1..self.level.len() as u32 {
            for half in self.level.get_mut(height as usize).map(std::mem::take).unwrap_or_default() {
                if self.height(half) == height {
                    lower(&mut self.count, height);
                    put(&mut self.height, half as usize, DEAD);
                }
            }
        }
    }

    /// Makes the height of everything that was entered exact, as far as what was not entered allows.
    pub(super) fn make_exact(&mut self) {
        let mut rings: Vec<Vec<u32>> = Vec::new();
        let unknown = vec![DEAD; self.height.len()];
        let before = std::mem::replace(&mut self.height, unknown);
        for (vertex, found) in (0u32..).zip(&self.network.vertices) {
            // What was not looked at is taken to lead on by the standing label.
            let height = match self.network.known_out(vertex) {
                _ if found.is_goal => 1,
                None => 2 * u32::from(found.steps) - 1,
                Some(mut arcs) => {
                    let new = arcs.find(|arc| self.network.arc(*arc).is_new());
                    new.map_or(DEAD, |arc| 2 * u32::from(self.network.arc(arc).steps) + 1)
                }
            };
            if height != DEAD {
                put(&mut self.height, 2 * vertex as usize + 1, height);
                list(&mut rings, height, 2 * vertex + 1);
            }
        }
        let mut height = 0;
        while let Some(ring) = rings.get_mut(height).map(std::mem::take) {
            for half in ring {
                if self.height(half) as usize == height {
                    self.spread(half, height as u32 + 1, &mut rings);
                }
            }
            height += 1;
        }
        // Both are never too large, so the larger of the two is not either.
        self.height.iter_mut().zip(before).for_each(|(height, before)| *height = before.max(*height));
        self.network.work += (self.height.len() + self.network.arcs.len()) as u64 / 4;
        self.index();
        self.since = 0;
    }

    /// Lowers what leads to `half` in one step to `height`.
    fn spread(&mut self, half: u32, height: u32, rings: &mut Vec<Vec<u32>>) {
        let vertex = half / 2;
        let Some(here) = self.network.at(vertex) else { return };
        let heights = &mut self.height;
        let mut reach = |from: u32| {
            if item(heights, from as usize) > height {
                put(heights, from as usize, height);
                list(rings, height, from);
            }
        };
        if half.is_multiple_of(2) {
            if here.through > 0 {
                reach(half + 1);
            }
            let mut next = here.into;
            while next != NONE {
                let arc = self.network.arc(next);
                if arc.left > 0 {
                    reach(2 * arc.tail + 1);
                }
                next = arc.before;
            }
        } else {
            if here.left > 0 {
                reach(half - 1);
            }
            let arcs = self.network.known_out(vertex).unwrap_or_default();
            let arcs = self.network.arcs.get(arcs.start as usize..arcs.end as usize).unwrap_or(&[]);
            arcs.iter().filter(|arc| arc.flow > 0).for_each(|arc| reach(2 * arc.head));
        }
    }

    /// Counts and lists everything by height anew.
    fn index(&mut self) {
        self.count.clone_from(&self.unseen);
        self.level.iter_mut().for_each(Vec::clear);
        self.active.iter_mut().for_each(Vec::clear);
        self.highest = 0;
        self.current.fill(0);
        for half in 0..self.height.len() as u32 {
            let height = self.height(half);
            if height != DEAD {
                raise_count(&mut self.count, height);
                list(&mut self.level, height, half);
            }
            if item(&self.excess, half as usize) > 0 {
                self.activate(half);
            }
        }
    }
}

fn lower(counts: &mut [u32], height: u32) {
    if let Some(count) = counts.get_mut(height as usize) {
        *count = count.saturating_sub(1);
    }
}

fn raise_count(counts: &mut Vec<u32>, height: u32) {
    if counts.len() <= height as usize {
        counts.resize(height as usize + 1, 0);
    }
    if let Some(count) = counts.get_mut(height as usize) {
        *count += 1;
    }
}

/// Adds `half` to the list of a height.
fn list(lists: &mut Vec<Vec<u32>>, height: u32, half: u32) {
    if lists.len() <= height as usize {
        lists.resize_with(height as usize + 1, Vec::new);
    }
    if let Some(list) = lists.get_mut(height as usize) {
        list.push(half);
    }
}
