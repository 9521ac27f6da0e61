//! The bare topology: who leads where and when, as flat arrays of `u32`. No keys, labels, evidence or costs.
//!
//! Edges are numbered in the order of their origin, so the edges out of a node are one run of numbers; the edges into a
//! node, and the edges that need a node as a further premise, are runs in two index arrays. Interval and persistence
//! are interned: an inventory states few different ones.

use crate::flat::{item, put, run, starts};
use firebreak_model::{Interval, Persistence, Time};
use rustc_hash::FxHashMap;

/// No node, no edge, no hold.
pub(crate) const NONE: u32 = u32::MAX;

/// When an edge holds, and for how long what it gives stays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Span {
    /// When the step is possible.
    pub(crate) valid: Interval,
    /// How long its result stays.
    pub(crate) persistence: Persistence,
}

/// One edge as it is handed to [`Net::new`].
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) span: Span,
    /// Sorted, without `from`, each once.
    pub(crate) premises: Vec<u32>,
}

/// Numbers of edges: those of the flat arrays, then those that changes added.
#[derive(Clone, Debug)]
pub(crate) struct Edges<'n> {
    run: std::ops::Range<u32>,
    list: std::slice::Iter<'n, u32>,
    more: std::slice::Iter<'n, u32>,
}

impl Iterator for Edges<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        self.run.next().or_else(|| self.list.next().copied()).or_else(|| self.more.next().copied())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.run.len() + self.list.len() + self.more.len();
        (left, Some(left))
    }
}

/// The topology.
#[derive(Clone, Debug, Default)]
pub(crate) struct Net {
    life: Vec<Interval>,
    first_out: Vec<u32>,
    from: Vec<u32>,
    to: Vec<u32>,
    span: Vec<u32>,
    spans: Vec<Span>,
    first_in: Vec<u32>,
    into: Vec<u32>,
    /// Edge -> first and end of its premises, for the few edges that have any.
    gates: FxHashMap<u32, (u32, u32)>,
    premises: Vec<u32>,
    first_use: Vec<u32>,
    uses: Vec<u32>,
}

impl Net {
    /// The topology of `steps`, which must be sorted by origin, over nodes that exist during `life`.
    pub(crate) fn new(life: Vec<Interval>, steps: &[Step]) -> Net {
        let nodes = life.len();
        let mut net = Net { life, ..Net::default() };
        let (mut out, mut into, mut uses) = (vec![0u32; nodes], vec![0u32; nodes], vec![0u32; nodes]);
        let mut interned: FxHashMap<Span, u32> = FxHashMap::default();
        for (edge, step) in (0u32..).zip(steps) {
            let next = net.spans.len() as u32;
            let span = *interned.entry(step.span).or_insert(next);
            if span == next {
                net.spans.push(step.span);
            }
            net.from.push(step.from);
            net.to.push(step.to);
            net.span.push(span);
            bump(&mut out, step.from);
            bump(&mut into, step.to);
            if !step.premises.is_empty() {
                let first = net.premises.len() as u32;
                net.premises.extend(&step.premises);
                net.gates.insert(edge, (first, net.premises.len() as u32));
                step.premises.iter().for_each(|premise| bump(&mut uses, *premise));
            }
        }
        net.first_out = starts(out.into_iter());
        net.first_in = starts(into.into_iter());
        net.first_use = starts(uses.into_iter());
        net.into = index(&net.first_in, (0u32..).zip(steps).map(|(edge, step)| (step.to, edge)));
        let pairs = (0u32..).zip(steps).flat_map(|(edge, step)| step.premises.iter().map(move |node| (*node, edge)));
        net.uses = index(&net.first_use, pairs);
        net
    }

    pub(crate) fn node_count(&self) -> usize {
        self.life.len()
    }

    pub(crate) fn edge_count(&self) -> usize {
        self.to.len()
    }

    /// When the node exists. A node that is not there never exists.
    #[inline]
    pub(crate) fn life(&self, node: u32) -> Interval {
        self.life.get(node as usize).copied().unwrap_or(Interval::new(Time::MIN, Time::MIN))
    }

    /// The edges out of `node`, in no order that means anything.
    #[inline]
    pub(crate) fn out(&self, node: u32) -> Edges<'_> {
        let node = node as usize;
        Edges { run: item(&self.first_out, node)..item(&self.first_out, node + 1), list: [].iter(), more: [].iter() }
    }

    /// The edges into `node`.
    #[inline]
    pub(crate) fn incoming(&self, node: u32) -> Edges<'_> {
        let node = node as usize;
        let list = run(&self.into, item(&self.first_in, node), item(&self.first_in, node + 1)).iter();
        Edges { run: 0..0, list, more: [].iter() }
    }

    /// The edges that need `node` beside their origin.
    #[inline]
    pub(crate) fn uses(&self, node: u32) -> Edges<'_> {
        let node = node as usize;
        let list = run(&self.uses, item(&self.first_use, node), item(&self.first_use, node + 1)).iter();
        Edges { run: 0..0, list, more: [].iter() }
    }

    #[inline]
    pub(crate) fn from(&self, edge: u32) -> u32 {
        self.from.get(edge as usize).copied().unwrap_or(NONE)
    }

    #[inline]
    pub(crate) fn to(&self, edge: u32) -> u32 {
        self.to.get(edge as usize).copied().unwrap_or(NONE)
    }

    /// Interval and persistence. An edge that is not there never holds.
    #[inline]
    pub(crate) fn span(&self, edge: u32) -> Span {
        let nothing = Span { valid: Interval::new(Time::MIN, Time::MIN), persistence: Persistence::While };
        let span = self.span.get(edge as usize).copied().unwrap_or(NONE);
        self.spans.get(span as usize).copied().unwrap_or(nothing)
    }

    /// What the edge needs beside its origin; empty for nearly all.
    #[inline]
    pub(crate) fn premises(&self, edge: u32) -> &[u32] {
        if self.gates.is_empty() {
            return &[];
        }
        self.gates.get(&edge).map_or(&[], |(first, end)| run(&self.premises, *first, *end))
    }

    /// Origin and premises.
    pub(crate) fn needs(&self, edge: u32) -> impl Iterator<Item = u32> {
        std::iter::once(self.from(edge)).chain(self.premises(edge).iter().copied())
    }
}

pub(crate) fn bump(counts: &mut [u32], slot: u32) {
    if let Some(count) = counts.get_mut(slot as usize) {
        *count += 1;
    }
}

/// Groups the second of each pair by the first.
pub(crate) fn index(first: &[u32], pairs: impl Iterator<Item = (u32, u32)>) -> Vec<u32> {
    let mut next = first.to_vec();
    let mut items = vec![NONE; first.last().copied().unwrap_or_default() as usize];
    for (slot, value) in pairs {
        if let Some(place) = next.get_mut(slot as usize) {
            put(&mut items, *place as usize, value);
            *place += 1;
        }
    }
    items
}
