//! Laying the graph flat: nodes in the order of keys, edges in the order of what they say, changes taken in.
//!
//! What was laid before stays in order, so that only what was added since is sorted, and then merged. Columns are
//! replaced one by one: at no time do two whole graphs exist.

use crate::build::Statement;
use crate::graph::{Ended, Graph, LIST, Saying};
use crate::net::{NONE, Span, kept};
use crate::options::by_rank;
use crate::runs::Runs;
use firebreak_model::Persistence;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// Which node was which.
struct Nodes {
    /// New number -> old number.
    old: Vec<u32>,
    /// Old number -> new number.
    new: Vec<u32>,
}

impl Graph {
    /// Takes changes into the flat form. Afterwards the graph is the same, number by number, as if it had been built from
    /// all facts and changes at once. Numbers of nodes and edges from before no longer count.
    pub fn compact(&mut self) {
        let grown = self.node_count() > self.laid_nodes as usize || self.edge_count() > self.net.laid() as usize;
        if grown || self.options.has_grown() {
            self.lay();
        }
        self.changed = 0;
        self.revision += 1;
    }

    pub(crate) fn lay(&mut self) {
        let nodes = self.renumbered();
        if let Some(nodes) = &nodes {
            self.lay_nodes(nodes);
        }
        let new = nodes.as_ref().map(|nodes| nodes.new.as_slice());
        if let Some(options) = self.options.lay(new, &self.keys) {
            self.renumber_options(&options);
        }
        let order = self.edge_order(nodes.as_ref());
        self.saying = self.saying.kept(&order);
        self.occasion = self.occasion.kept(&order);
        self.occasions.settle();
        self.edge_cuts = std::mem::take(&mut self.edge_cuts).kept(&order, |cuts| cuts);
        self.last_used = std::mem::take(&mut self.last_used).kept(&order, |used| used);
        self.ended_edges = renamed(std::mem::take(&mut self.ended_edges), &order);
        self.added = FxHashMap::default();
        self.net.lay(order, nodes.as_ref().map(|nodes| (nodes.old.as_slice(), nodes.new.as_slice())));
        self.changed = 0;
    }

    /// The nodes in the order of keys, where they are not.
    fn renumbered(&self) -> Option<Nodes> {
        let (laid, all) = (self.laid_nodes, self.keys.len() as u32);
        if laid == all {
            return None;
        }
        let mut fresh: Vec<u32> = (laid..all).collect();
        fresh.sort_unstable_by(|a, b| self.keys.get(*a).cmp(self.keys.get(*b)));
        let mut old = Vec::with_capacity(all as usize);
        let mut next = 0;
        for node in fresh {
            let place = self.keys.place_of(self.keys.get(node));
            old.extend(next..place);
            old.push(node);
            next = place;
        }
        old.extend(next..laid);
        let new = by_rank(&old);
        Some(Nodes { old, new })
    }

    fn lay_nodes(&mut self, nodes: &Nodes) {
        self.keys = self.keys.sorted(&nodes.old);
        self.laid_nodes = nodes.old.len() as u32;
        self.about = self.about.kept(&nodes.old);
        self.label = kept(&self.label, &nodes.old);
        self.node_cuts = kept(&self.node_cuts, &nodes.old);
        self.abouts.settle();
        let ended = std::mem::take(&mut self.ended_nodes);
        let new = |node: u32| nodes.new.get(node as usize).copied().unwrap_or(NONE);
        self.ended_nodes = ended.into_iter().map(|(node, ended)| (new(node), ended)).collect();
    }

    /// Gives every mention of an option its new number.
    fn renumber_options(&mut self, new: &[u32]) {
        let now = |option: u32| new.get(option as usize).copied().unwrap_or(NONE);
        let old = std::mem::take(&mut self.cut_lists);
        let mut lists: Runs<u32> = Runs::default();
        let mut renamed = |cuts: u32| match cuts {
            NONE => NONE,
            list if list & LIST != 0 => {
                let mut options: Vec<u32> = old.get(list & !LIST).iter().map(|option| now(*option)).collect();
                options.sort_unstable();
                LIST | lists.number(&options)
            }
            option => now(option),
        };
        self.edge_cuts.for_each_mut(|cuts| *cuts = renamed(*cuts));
        self.node_cuts.iter_mut().for_each(|cuts| *cuts = renamed(*cuts));
        self.cut_lists = lists;
    }

    /// The old numbers of all edges in their new order; the same statement once.
    fn edge_order(&mut self, nodes: Option<&Nodes>) -> Vec<u32> {
        let new = |node: u32| nodes.map_or(node, |nodes| nodes.new.get(node as usize).copied().unwrap_or(NONE));
        let count = self.net.node_count();
        let (fresh, first) = self.fresh_by_origin(count, new);
        let mut order = Vec::with_capacity(self.edge_count());
        let mut mine: Vec<u32> = Vec::new();
        for node in 0..count as u32 {
            let old = nodes.map_or(node, |nodes| crate::flat::item(&nodes.old, node as usize));
            let run = self.net.laid_out(old);
            let (begin, end) = (crate::flat::item(&first, node as usize), crate::flat::item(&first, node as usize + 1));
            if begin == end {
                order.extend(run);
                continue;
            }
            mine.clear();
            mine.extend(crate::flat::run(&fresh, begin, end));
            mine.sort_by(|a, b| self.order_of(*a, *b, &new));
            self.merge(run, &mine, &new, &mut order);
        }
        order
    }

    /// The edges that were added, grouped by the new number of their origin, and where each group begins.
    fn fresh_by_origin(&self, nodes: usize, new: impl Fn(u32) -> u32) -> (Vec<u32>, Vec<u32>) {
        let added = self.net.laid()..self.edge_count() as u32;
        let mut counts = vec![0u32; nodes];
        for edge in added.clone() {
            if let Some(count) = counts.get_mut(new(self.net.from(edge)) as usize) {
                *count += 1;
            }
        }
        let first = crate::flat::starts(counts.into_iter());
        let pairs = added.map(|edge| (new(self.net.from(edge)), edge));
        (crate::net::index(&first, pairs), first)
    }

    /// Appends a run of laid edges and added ones of the same origin, both in order, to `order`.
    fn merge(&mut self, run: std::ops::Range<u32>, added: &[u32], new: &impl Fn(u32) -> u32, order: &mut Vec<u32>) {
        let first = order.len();
        let mut laid = run.peekable();
        let mut added = added.iter().copied().peekable();
        while let Some(edge) = match (laid.peek(), added.peek()) {
            (Some(a), Some(b)) if self.order_of(*b, *a, new) == Ordering::Less => added.next(),
            (Some(_), _) => laid.next(),
            (None, _) => added.next(),
        } {
            match order.get(first..).and_then(|mine| mine.last()).copied() {
                Some(before) if self.says_the_same(before, edge) => self.absorb(before, edge),
                _ => order.push(edge),
            }
        }
    }

    fn says_the_same(&self, a: u32, b: u32) -> bool {
        self.net.to(a) == self.net.to(b) && self.statement_of(a) == self.statement_of(b)
    }

    /// Takes into `edge` what is known of `other`, which says the same.
    fn absorb(&mut self, edge: u32, other: u32) {
        if let Some((a, b)) = self.occasion(edge).copied().zip(self.occasion(other).copied()) {
            let merged = self.merged(a, b);
            if merged != a {
                self.set_occasion(edge, merged);
            }
        }
        if let Some(used) = self.last_used.get(other).max(self.last_used.get(edge)) {
            self.last_used.set(edge, used);
        }
        // The other was stated later: its is the last word.
        match self.ended_edges.remove(&other) {
            Some(ended) => _ = self.ended_edges.insert(edge, ended),
            None => _ = self.ended_edges.remove(&edge),
        }
        self.net.set_span(edge, self.net.span(other));
    }

    /// The order of what edges of one origin say, without when it was learnt and what says so.
    fn order_of(&self, a: u32, b: u32, new: &impl Fn(u32) -> u32) -> Ordering {
        let by_target = new(self.net.to(a)).cmp(&new(self.net.to(b)));
        by_target.then_with(|| match self.statement_of(a).zip(self.statement_of(b)) {
            Some((a, b)) => self.order_of_statements(&a, &b, new),
            None => Ordering::Equal,
        })
    }

    fn order_of_statements(&self, a: &Statement, b: &Statement, new: &impl Fn(u32) -> u32) -> Ordering {
        let saying = |number: u32| self.sayings.get(number);
        let kind = |number: u32| saying(number).map(|saying| saying.kind);
        let premises = |number: u32| {
            let mut nodes: Vec<u32> = self.net.gate(number).iter().map(|node| new(*node)).collect();
            nodes.sort_unstable();
            nodes
        };
        let cuts = |number: &u32| self.option_list(number).to_vec();
        let unequal = |a: u32, b: u32, order: &dyn Fn() -> Ordering| if a == b { Ordering::Equal } else { order() };
        unequal(a.saying, b.saying, &|| kind(a.saying).cmp(&kind(b.saying)))
            .then_with(|| moment(a.span).cmp(&moment(b.span)))
            .then_with(|| unequal(a.gate, b.gate, &|| premises(a.gate).cmp(&premises(b.gate))))
            .then_with(|| unequal(a.cuts, b.cuts, &|| cuts(&a.cuts).cmp(&cuts(&b.cuts))))
            .then_with(|| {
                unequal(a.saying, b.saying, &|| saying(a.saying).map(words).cmp(&saying(b.saying).map(words)))
            })
    }
}

fn words(saying: &Saying) -> impl Ord {
    (&saying.may, &saying.actions, &saying.holding)
}

fn moment(span: Span) -> impl Ord {
    let persistence = match span.persistence {
        Persistence::While => (0, 0),
        Persistence::Take => (1, 0),
        Persistence::Mint { ttl_seconds } => (2, ttl_seconds),
    };
    (span.valid.from, span.valid.to, persistence)
}

/// What ended, under the new numbers of edges.
fn renamed(ended: FxHashMap<u32, Ended<Span>>, order: &[u32]) -> FxHashMap<u32, Ended<Span>> {
    if ended.is_empty() {
        return ended;
    }
    (0u32..).zip(order).filter_map(|(edge, old)| Some((edge, *ended.get(old)?))).collect()
}
