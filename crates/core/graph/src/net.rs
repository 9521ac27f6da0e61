//! The bare topology: who leads where and when, as flat arrays of `u32`. No keys, labels, evidence or costs.
//!
//! Edges that were laid are numbered in the order of their origin, so the edges out of a node are one run of numbers, and
//! the origin of an edge is found by counting marks. The edges into a node, and the edges that need a node as a further
//! premise, are runs in two index arrays. Edges that changes added since have the numbers beyond, and lists of their own
//! at the nodes that they touch. Interval and persistence of an edge are one code, see `spans`.

use crate::flat::{item, put, run, starts};
use crate::pool::{Marks, PACKED_END, Packed, Pool, Sparse, packed, slack, unpacked};
use crate::runs::Runs;
pub(crate) use crate::spans::Span;
use crate::spans::Spans;
use firebreak_model::{Interval, Persistence, Time};
use rustc_hash::FxHashMap;

/// No node, no edge, no hold.
pub(crate) const NONE: u32 = u32::MAX;

/// No instant.
pub(crate) const NEVER: Interval = Interval::new(Time::MIN, Time::MIN);

/// Numbers of edges: those that were laid, then those that changes added.
#[derive(Clone, Debug)]
pub(crate) struct Edges<'n> {
    run: std::ops::Range<u32>,
    list: std::slice::Iter<'n, u32>,
    packed: std::slice::Iter<'n, Packed>,
    more: std::slice::Iter<'n, u32>,
}

impl Iterator for Edges<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let laid = self.run.next().or_else(|| self.packed.next().copied().map(unpacked));
        laid.or_else(|| self.list.next().copied()).or_else(|| self.more.next().copied())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.run.len() + self.list.len() + self.packed.len() + self.more.len();
        (left, Some(left))
    }

    fn fold<B, F: FnMut(B, u32) -> B>(self, first: B, mut f: F) -> B {
        let folded = self.run.fold(first, &mut f);
        let folded = self.list.copied().fold(folded, &mut f);
        let folded = self.packed.copied().map(unpacked).fold(folded, &mut f);
        self.more.copied().fold(folded, f)
    }
}

/// The laid edges by target: in three bytes each where their numbers fit, otherwise in four.
#[derive(Clone, Debug, Default)]
struct Into {
    packed: Vec<Packed>,
    wide: Vec<u32>,
}

impl Into {
    /// Groups the edges by target; `first` says where each group begins.
    fn lay(&mut self, first: &[u32], to: &[u32]) {
        let pairs = || (0u32..).zip(to).map(|(edge, to)| (*to, edge));
        *self = Into::default();
        if to.len() < PACKED_END as usize {
            self.packed = index(first, pairs().map(|(to, edge)| (to, packed(edge))));
        } else {
            self.wide = index(first, pairs());
        }
    }

    #[inline]
    fn run(&self, first: u32, end: u32) -> (&[u32], &[Packed]) {
        (run(&self.wide, first, end), run(&self.packed, first, end))
    }
}

/// Lists of edges at the few nodes that changes touched.
#[derive(Clone, Debug, Default)]
struct Added {
    touched: Marks,
    at: FxHashMap<u32, Vec<u32>>,
}

impl Added {
    fn add(&mut self, node: u32, edge: u32) {
        self.touched.add(node);
        self.at.entry(node).or_default().push(edge);
    }

    #[inline]
    fn of(&self, node: u32) -> std::slice::Iter<'_, u32> {
        if !self.touched.contains(node) {
            return [].iter();
        }
        self.at.get(&node).map_or([].iter(), |edges| edges.iter())
    }
}

/// The topology.
#[derive(Clone, Debug, Default)]
pub(crate) struct Net {
    /// Node -> its life in `lives`.
    life: Vec<u32>,
    lives: Pool<Interval>,
    /// How many edges were laid; those beyond were added since.
    laid: u32,
    first_out: Vec<u32>,
    /// Marks the first laid edge of each node that has any, and which nodes these are.
    begins: Marks,
    beginners: Vec<u32>,
    /// Edge -> its origin, for those beyond `laid`.
    added_from: Vec<u32>,
    to: Vec<u32>,
    span: Vec<u32>,
    spans: Spans,
    first_in: Vec<u32>,
    into: Into,
    /// Edge -> its premises, for the few that have any.
    gates: Sparse<u32>,
    premises: Runs<u32>,
    /// The nodes that are further premises; for each, by rank, where its edges begin in `uses`.
    used: Marks,
    first_use: Vec<u32>,
    uses: Vec<u32>,
    added_out: Added,
    added_in: Added,
    added_uses: Added,
}

impl Net {
    pub(crate) fn node_count(&self) -> usize {
        self.life.len()
    }

    pub(crate) fn edge_count(&self) -> usize {
        self.to.len()
    }

    /// How many edges were laid; the numbers beyond are of edges that changes added.
    pub(crate) fn laid(&self) -> u32 {
        self.laid
    }

    /// When the node exists. A node that is not there never exists.
    #[inline]
    pub(crate) fn life(&self, node: u32) -> Interval {
        self.life.get(node as usize).and_then(|life| self.lives.get(*life)).copied().unwrap_or(NEVER)
    }

    /// The edges that follow from `node` and are not among [`Net::laid_out`].
    #[inline]
    pub(crate) fn beyond(&self, node: u32) -> impl Iterator<Item = u32> {
        self.uses(node).chain(self.added_out.of(node).copied())
    }

    /// The targets of a run of edges.
    #[inline]
    pub(crate) fn targets(&self, edges: std::ops::Range<u32>) -> &[u32] {
        run(&self.to, edges.start, edges.end)
    }

    /// The edges out of `node`, in no order that means anything.
    #[inline]
    pub(crate) fn out(&self, node: u32) -> Edges<'_> {
        Edges { run: self.laid_out(node), list: [].iter(), packed: [].iter(), more: self.added_out.of(node) }
    }

    /// The laid edges out of `node`, in the order of their targets.
    #[inline]
    pub(crate) fn laid_out(&self, node: u32) -> std::ops::Range<u32> {
        match (self.first_out.get(node as usize), self.first_out.get(node as usize + 1)) {
            (Some(first), Some(end)) => *first..*end,
            _ => 0..0,
        }
    }

    /// The edges into `node`.
    #[inline]
    pub(crate) fn incoming(&self, node: u32) -> Edges<'_> {
        let (list, packed) = match (self.first_in.get(node as usize), self.first_in.get(node as usize + 1)) {
            (Some(first), Some(end)) => self.into.run(*first, *end),
            _ => (&[][..], &[][..]),
        };
        Edges { run: 0..0, list: list.iter(), packed: packed.iter(), more: self.added_in.of(node) }
    }

    /// The edges that need `node` beside their origin.
    #[inline]
    pub(crate) fn uses(&self, node: u32) -> Edges<'_> {
        let mut list: &[u32] = &[];
        if self.used.contains(node) {
            let rank = self.used.rank(node) as usize;
            list = run(&self.uses, item(&self.first_use, rank), item(&self.first_use, rank + 1));
        }
        Edges { run: 0..0, list: list.iter(), packed: [].iter(), more: self.added_uses.of(node) }
    }

    #[inline]
    pub(crate) fn from(&self, edge: u32) -> u32 {
        if edge < self.laid {
            // Marks up to and with this edge: it belongs to the last node that began.
            let begun = self.begins.rank(edge) + u32::from(self.begins.contains(edge));
            return self.beginners.get((begun as usize).wrapping_sub(1)).copied().unwrap_or(NONE);
        }
        self.added_from.get((edge - self.laid) as usize).copied().unwrap_or(NONE)
    }

    #[inline]
    pub(crate) fn to(&self, edge: u32) -> u32 {
        self.to.get(edge as usize).copied().unwrap_or(NONE)
    }

    /// Interval and persistence. An edge that is not there never holds.
    #[inline]
    pub(crate) fn span(&self, edge: u32) -> Span {
        let nothing = Span { valid: NEVER, persistence: Persistence::While };
        self.span.get(edge as usize).and_then(|code| self.spans.get(*code)).unwrap_or(nothing)
    }

    /// The code of interval and persistence, for [`Net::spans`].
    #[inline]
    pub(crate) fn span_code(&self, edge: u32) -> u32 {
        self.span.get(edge as usize).copied().unwrap_or(NONE)
    }

    /// What the codes of [`Net::span_code`] mean.
    #[inline]
    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// What the edge needs beside its origin; empty for nearly all.
    #[inline]
    pub(crate) fn premises(&self, edge: u32) -> &[u32] {
        if self.gates.is_empty() {
            return &[];
        }
        self.gates.get(edge).map_or(&[], |premises| self.premises.get(premises))
    }

    /// Origin and premises.
    pub(crate) fn needs(&self, edge: u32) -> impl Iterator<Item = u32> {
        std::iter::once(self.from(edge)).chain(self.premises(edge).iter().copied())
    }

    /// The number of the edge's set of premises; `NONE` where it has none.
    pub(crate) fn gate_of(&self, edge: u32) -> u32 {
        self.gates.get(edge).unwrap_or(NONE)
    }

    /// The set of premises with this number.
    pub(crate) fn gate(&self, number: u32) -> &[u32] {
        self.premises.get(number)
    }

    /// The number of a set of premises, which must be sorted; `NONE` for the empty one.
    pub(crate) fn gate_number(&mut self, premises: &[u32]) -> u32 {
        if premises.is_empty() { NONE } else { self.premises.number(premises) }
    }

    /// Makes room for so many nodes and edges.
    pub(crate) fn reserve(&mut self, nodes: usize, edges: usize) {
        self.life.reserve_exact(nodes);
        self.added_from.reserve_exact(edges);
        self.to.reserve_exact(edges);
        self.span.reserve_exact(edges);
    }

    /// Adds a node, with the next number.
    pub(crate) fn add_node(&mut self, life: Interval) {
        let life = self.lives.number(life);
        self.life.push(life);
    }

    pub(crate) fn set_life(&mut self, node: u32, life: Interval) {
        let life = self.lives.number(life);
        put(&mut self.life, node as usize, life);
    }

    pub(crate) fn set_span(&mut self, edge: u32, span: Span) {
        let code = self.spans.code(span);
        put(&mut self.span, edge as usize, code);
    }

    /// Adds an edge with the next number, which no search sees before [`Net::lay`] or [`Net::show`]. `gate` is the number
    /// of its set of premises.
    pub(crate) fn push(&mut self, from: u32, to: u32, span: Span, gate: u32) -> u32 {
        let edge = self.to.len() as u32;
        self.added_from.push(from);
        self.to.push(to);
        self.span.push(self.spans.code(span));
        if gate != NONE {
            self.gates.set(edge, gate);
        }
        edge
    }

    /// Makes the edge visible to searches.
    pub(crate) fn show(&mut self, edge: u32) {
        let (from, to) = (self.from(edge), self.to(edge));
        self.added_out.add(from, edge);
        self.added_in.add(to, edge);
        let premises: Vec<u32> = self.premises(edge).to_vec();
        for premise in premises {
            self.added_uses.add(premise, edge);
        }
    }

    /// Lays all edges flat, in `order` (old numbers by new ones, sorted by origin; edges not in it are dropped).
    /// `renumbered` says which node was which (old numbers by new ones) and what each is now.
    pub(crate) fn lay(&mut self, order: Vec<u32>, renumbered: Option<(&[u32], &[u32])>) {
        let now = |node: u32| renumbered.map_or(node, |(_, new)| new.get(node as usize).copied().unwrap_or(NONE));
        if let Some((old, _)) = renumbered {
            self.life = kept(&self.life, old);
        }
        self.life.shrink_to_fit();
        self.life.reserve(slack(self.life.len()));
        let nodes = self.life.len();
        let mut begins = Marks::with_room(order.len());
        let mut beginners = Vec::new();
        let mut degrees = vec![0u32; nodes];
        for (edge, old) in (0u32..).zip(&order) {
            let from = now(self.from(*old));
            if beginners.last() != Some(&from) {
                beginners.push(from);
                begins.add(edge);
            }
            bump(&mut degrees, from);
        }
        begins.count_up();
        beginners.shrink_to_fit();
        self.first_out = starts(degrees.iter().copied());
        (self.begins, self.beginners, self.added_from) = (begins, beginners, Vec::new());
        self.laid = order.len() as u32;
        self.to = with_slack(order.iter().map(|old| now(item(&self.to, *old as usize))), order.len());
        self.span = self.spans.lay(&self.span, &order);
        self.lives.settle();
        self.lay_gates(&order, now);
        drop(order);
        (self.added_out, self.added_in, self.added_uses) = (Added::default(), Added::default(), Added::default());
        degrees.fill(0);
        self.to.iter().for_each(|to| bump(&mut degrees, *to));
        self.first_in = starts(degrees.into_iter());
        self.into.lay(&self.first_in, &self.to);
    }

    fn lay_gates(&mut self, order: &[u32], now: impl Fn(u32) -> u32) {
        if self.gates.is_empty() {
            return;
        }
        let old = std::mem::take(&mut self.premises);
        let mut premises: Runs<u32> = Runs::default();
        self.gates = std::mem::take(&mut self.gates).kept(order, |gate| {
            let mut nodes: Vec<u32> = old.get(gate).iter().map(|node| now(*node)).collect();
            nodes.sort_unstable();
            premises.number(&nodes)
        });
        self.premises = premises;
        let needed = |edge: u32| self.gates.get(edge).map_or(&[][..], |gate| self.premises.get(gate));
        let pairs = || (0..order.len() as u32).flat_map(|edge| needed(edge).iter().map(move |node| (*node, edge)));
        let mut used = Marks::with_room(self.life.len());
        pairs().for_each(|(node, _)| _ = used.add(node));
        used.count_up();
        let mut counts = vec![0u32; used.count()];
        pairs().for_each(|(node, _)| bump(&mut counts, used.rank(node)));
        let first = starts(counts.into_iter());
        let uses = index(&first, pairs().map(|(node, edge)| (used.rank(node), edge)));
        (self.used, self.first_use, self.uses) = (used, first, uses);
    }
}

/// The items at `order`, with room for changes.
pub(crate) fn kept<T: Copy + Default>(items: &[T], order: &[u32]) -> Vec<T> {
    with_slack(order.iter().map(|old| item(items, *old as usize)), order.len())
}

fn with_slack<T>(items: impl Iterator<Item = T>, length: usize) -> Vec<T> {
    let mut all = Vec::with_capacity(length + slack(length));
    all.extend(items);
    all
}

pub(crate) fn bump(counts: &mut [u32], slot: u32) {
    if let Some(count) = counts.get_mut(slot as usize) {
        *count += 1;
    }
}

/// Groups the second of each pair by the first.
pub(crate) fn index<T: Copy + Default>(first: &[u32], pairs: impl Iterator<Item = (u32, T)>) -> Vec<T> {
    let mut next = first.to_vec();
    let mut items = vec![T::default(); first.last().copied().unwrap_or_default() as usize];
    for (slot, value) in pairs {
        if let Some(place) = next.get_mut(slot as usize) {
            put(&mut items, *place as usize, value);
            *place += 1;
        }
    }
    items
}
