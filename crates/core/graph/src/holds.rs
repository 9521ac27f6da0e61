//! Holds: which node is held from when to when, and what gave that. What a sweep through time leaves behind; `arrive` makes it.

use crate::net::NONE;
use crate::paged::PagedColumn;
use firebreak_model::{Interval, Time};

/// A node that is held to begin with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Start {
    pub(crate) node: u32,
    pub(crate) from: Time,
    pub(crate) to: Time,
}

/// A node is held for some time, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hold {
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) node: u32,
    /// The edge that gave it, or `NONE` for a start.
    pub(crate) via: u32,
    /// The hold of the edge's origin, or `NONE` for a start.
    pub(crate) parent: u32,
    /// The hold of the same node before this one, or `NONE`.
    pub(crate) earlier: u32,
    /// Where in `Arrivals::gate_holds` the holds of the edge's premises begin.
    pub(crate) premises: u32,
    pub(crate) made: Made,
}

/// In how many steps, and in how many sessions minted one from another at one instant, a hold was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Made(u32);

impl Made {
    /// Steps beyond this many are not told apart.
    pub(crate) const HOPS_MAX: u32 = (1 << 24) - 1;

    pub(crate) fn new(hops: u32, renewals: u8) -> Made {
        Made(hops.min(Made::HOPS_MAX) << 8 | u32::from(renewals))
    }

    pub(crate) fn hops(self) -> u32 {
        self.0 >> 8
    }

    pub(crate) fn renewals(self) -> u8 {
        self.0 as u8
    }
}

/// All holds, by beginning.
#[derive(Clone, Debug)]
pub(crate) struct Arrivals {
    holds: Vec<Hold>,
    /// Node -> its last hold, or `NONE`. Since holds come by beginning and each adds something, it is the longest.
    last: PagedColumn<u32>,
    gate_holds: Vec<u32>,
    /// Edges looked at: the work that was done.
    pub(crate) work: u64,
}

impl Arrivals {
    /// Nothing is held, of so many nodes.
    pub(crate) fn below(nodes: usize) -> Arrivals {
        let last = PagedColumn::below(nodes, NONE);
        Arrivals { holds: Vec::new(), last, gate_holds: Vec::new(), work: 0 }
    }

    /// Adds a hold that begins no earlier than those before it, and says its number; `None` if it adds no instant.
    #[inline]
    pub(crate) fn add(&mut self, hold: Hold) -> Option<u32> {
        let earlier = self.last.get(hold.node);
        if self.hold(earlier).is_some_and(|known| hold.to <= known.to) {
            return None;
        }
        let index = self.holds.len() as u32;
        self.last.set(hold.node, index);
        self.holds.push(Hold { earlier, ..hold });
        Some(index)
    }

    /// The number of the last hold of `node`, or `NONE`.
    #[inline]
    pub(crate) fn last(&self, node: u32) -> u32 {
        self.last.get(node)
    }

    /// Whether a hold of `node` up to `to` is inside one that is there.
    #[inline]
    pub(crate) fn adds_nothing(&self, node: u32, to: Time) -> bool {
        self.hold(self.last.get(node)).is_some_and(|known| to <= known.to)
    }

    /// Where the holds of the premises of the next hold will begin.
    pub(crate) fn next_premises(&self) -> u32 {
        self.gate_holds.len() as u32
    }

    /// Notes holds of premises.
    pub(crate) fn add_premises(&mut self, holds: impl Iterator<Item = u32>) {
        self.gate_holds.extend(holds);
    }

    /// The holds of `node`, latest first.
    pub(crate) fn holds(&self, node: u32) -> impl Iterator<Item = (u32, &Hold)> {
        let mut next = self.last.get(node);
        std::iter::from_fn(move || {
            let hold = self.holds.get(next as usize)?;
            let index = std::mem::replace(&mut next, hold.earlier);
            Some((index, hold))
        })
    }

    /// The first hold of `node`.
    pub(crate) fn first(&self, node: u32) -> Option<(u32, &Hold)> {
        self.holds(node).last()
    }

    pub(crate) fn hold(&self, index: u32) -> Option<&Hold> {
        self.holds.get(index as usize)
    }

    pub(crate) fn is_reached(&self, node: u32) -> bool {
        self.last.get(node) != NONE
    }

    /// The holds of the premises through which `hold` came, in the order of the edge's premises.
    pub(crate) fn premise_holds(&self, hold: &Hold, count: usize) -> &[u32] {
        let first = hold.premises as usize;
        self.gate_holds.get(first..first + count).unwrap_or(&[])
    }

    /// Every hold in the order of beginnings.
    pub(crate) fn all(&self) -> &[Hold] {
        &self.holds
    }

    /// When `node` is held: disjoint intervals in order.
    pub(crate) fn periods(&self, node: u32) -> Vec<Interval> {
        let mut holds: Vec<(Time, Time)> = self.holds(node).map(|(_, hold)| (hold.from, hold.to)).collect();
        holds.sort_unstable();
        let mut periods: Vec<Interval> = Vec::new();
        for (from, to) in holds {
            match periods.last_mut() {
                Some(period) if from <= period.to => period.to = period.to.max(to),
                _ => periods.push(Interval::new(from, to)),
            }
        }
        periods
    }
}
