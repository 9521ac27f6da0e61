//! The strongly connected parts of the map, in an order in which what a part leads to comes first. What follows from a
//! node is then one sweep: everything in a part reaches the same.

use super::live::Live;
use crate::flat::{item, put, run, starts};
use crate::net::NONE;

/// Nodes by part; part 0 leads to no other.
pub(super) struct Parts {
    helped: bool,
    /// Node -> part, `NONE` for a node that does not exist.
    of: Vec<u32>,
    first: Vec<u32>,
    members: Vec<u32>,
}

/// Tarjan's algorithm without recursion.
struct Search<'l> {
    live: &'l Live,
    helped: bool,
    /// Node -> when it was met and one, 0 before.
    met: Vec<u32>,
    /// Node -> the earliest node still open that it leads back to.
    low: Vec<u32>,
    part: Vec<u32>,
    open: Vec<u32>,
    /// Nodes under way, each with the number of its next step.
    path: Vec<(u32, u32)>,
    clock: u32,
    parts: u32,
}

impl Search<'_> {
    fn enter(&mut self, node: u32) {
        self.clock += 1;
        put(&mut self.met, node as usize, self.clock);
        put(&mut self.low, node as usize, self.clock);
        self.open.push(node);
        self.path.push((node, 0));
    }

    fn from(&mut self, root: u32) {
        if item(&self.met, root as usize) != 0 {
            return;
        }
        self.enter(root);
        while let Some((node, step)) = self.path.pop() {
            let Some(arc) = self.live.arcs(node).get(step as usize).copied() else {
                self.leave(node);
                continue;
            };
            self.path.push((node, step + 1));
            if arc.gated && !self.helped {
                continue;
            }
            let met = item(&self.met, arc.to as usize);
            if met == 0 {
                self.enter(arc.to);
            } else if item(&self.part, arc.to as usize) == NONE {
                self.lower(node, met);
            }
        }
    }

    fn lower(&mut self, node: u32, to: u32) {
        let low = item(&self.low, node as usize).min(to);
        put(&mut self.low, node as usize, low);
    }

    fn leave(&mut self, node: u32) {
        let low = item(&self.low, node as usize);
        if low == item(&self.met, node as usize) {
            while let Some(member) = self.open.pop() {
                put(&mut self.part, member as usize, self.parts);
                if member == node {
                    break;
                }
            }
            self.parts += 1;
        }
        if let Some((parent, _)) = self.path.last().copied() {
            self.lower(parent, low);
        }
    }
}

impl Parts {
    pub(super) fn of(live: &Live, helped: bool) -> Parts {
        let nodes = live.node_count();
        let (met, low, part) = (vec![0; nodes], vec![0; nodes], vec![NONE; nodes]);
        let (open, path) = (Vec::new(), Vec::new());
        let mut search = Search { live, helped, met, low, part, open, path, clock: 0, parts: 0 };
        live.nodes().for_each(|node| search.from(node));
        let (of, parts) = (search.part, search.parts as usize);
        let mut counts = vec![0u32; parts];
        for part in of.iter().filter(|part| **part != NONE) {
            crate::net::bump(&mut counts, *part);
        }
        let first = starts(counts.into_iter());
        let members = crate::net::index(&first, of.iter().copied().zip(0u32..).filter(|(part, _)| *part != NONE));
        Parts { helped, of, first, members }
    }

    fn count(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    fn members(&self, part: usize) -> &[u32] {
        run(&self.members, item(&self.first, part), item(&self.first, part + 1))
    }

    /// For each node what all nodes that it reaches (itself included) come to: `own` of each, joined in any order and
    /// any number of times.
    pub(super) fn gather<T: Copy + Default>(
        &self,
        live: &Live,
        own: impl Fn(u32) -> T,
        join: impl Fn(T, T) -> T,
    ) -> Gathered<'_, T> {
        let mut sums: Vec<T> = Vec::with_capacity(self.count());
        for part in 0..self.count() {
            let mut sum: Option<T> = None;
            for node in self.members(part) {
                sum = Some(sum.map_or_else(|| own(*node), |sum| join(sum, own(*node))));
                for to in live.next(*node, self.helped) {
                    let next = item(&self.of, to as usize) as usize;
                    if let (Some(known), Some(more)) = (sum, sums.get(next)) {
                        sum = Some(join(known, *more));
                    }
                }
            }
            sums.push(sum.unwrap_or_default());
        }
        Gathered { parts: self, sums }
    }
}

/// What follows from each node.
pub(super) struct Gathered<'p, T> {
    parts: &'p Parts,
    sums: Vec<T>,
}

impl<T: Copy + Default> Gathered<'_, T> {
    /// What follows from `node`; the default for a node that does not exist.
    pub(super) fn of(&self, node: u32) -> T {
        item(&self.sums, item(&self.parts.of, node as usize) as usize)
    }
}
