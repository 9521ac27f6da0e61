//! One cut to be made: the outlook, the targets that can be severed, and what each action costs.
//!
//! Nothing is copied out of the graph. The searches ask for what they come across, so that a cut near the sources costs
//! what is near the sources, however large the estate is.

use super::ground::{Entry, Ground};
use super::outlook::{Approach, Outlook, is_possible};
use super::paged::Paged;
use super::request::{CutRequest, price};
use crate::arrive::{Arrivals, Blocked, Start, arrive};
use crate::graph::Graph;
use crate::net::{NONE, Net};
use firebreak_model::{CutPolicy, Time};
use rustc_hash::FxHashSet;
use std::cell::RefCell;

/// More than any sum of costs: what no permitted action disables.
pub(crate) const INFINITE: u64 = u64::MAX / 4;

/// What options cost in a request, each asked for once.
pub(crate) struct Prices<'r> {
    graph: &'r Graph,
    request: &'r CutRequest<'r>,
    /// Options that are refused, or disable what must never be cut.
    barred: FxHashSet<u32>,
    /// Option -> its price, 0 if not asked for yet.
    known: RefCell<Paged<u64>>,
}

impl<'r> Prices<'r> {
    pub(crate) fn new(graph: &'r Graph, request: &'r CutRequest<'r>) -> Prices<'r> {
        let mut barred: FxHashSet<u32> =
            request.refused.iter().filter_map(|action| graph.option_index(action)).collect();
        for node in request.never.iter().filter_map(|key| graph.id(key)) {
            barred.extend(graph.node_option_ids(node.0));
        }
        Prices { graph, request, barred, known: RefCell::new(Paged::new()) }
    }

    /// What the option costs, or [`INFINITE`] if it is not permitted.
    #[inline]
    pub(crate) fn of(&self, option: u32) -> u64 {
        let known = self.known.borrow().get(option);
        if known > 0 {
            return known;
        }
        let price = self.ask(option);
        self.known.borrow_mut().set(option, price);
        price
    }

    /// What the cheapest of `options` costs, or [`INFINITE`] if none is permitted.
    #[inline]
    pub(crate) fn least(&self, options: &[u32]) -> u64 {
        options.iter().map(|option| self.of(*option)).min().unwrap_or(INFINITE)
    }

    fn ask(&self, option: u32) -> u64 {
        let Some(stated) = self.graph.option_at(option) else { return INFINITE };
        let barred = self.barred.contains(&option)
            || stated.policy == CutPolicy::Never
            || self.request.never.contains(&stated.action.target);
        if barred { INFINITE } else { price(self.request, &stated) }
    }
}

/// A cut to be made.
pub(crate) struct Scene<'s> {
    pub(crate) graph: &'s Graph,
    pub(crate) net: &'s Net,
    pub(crate) starts: &'s [Start],
    pub(crate) all: &'s Arrivals,
    pub(crate) approach: &'s Approach,
    pub(crate) prices: &'s Prices<'s>,
    pub(crate) ground: Ground,
    /// Sorted; each can be severed.
    pub(crate) targets: Vec<u32>,
}

impl<'s> Scene<'s> {
    pub(crate) fn new(graph: &'s Graph, outlook: &'s Outlook, prices: &'s Prices<'s>, targets: Vec<u32>) -> Scene<'s> {
        let Outlook { starts, all, approach } = outlook;
        let ground = Ground::new(graph, starts, prices, approach);
        Scene { graph, net: &graph.net, starts, all, approach, prices, ground, targets }
    }

    /// Whether the step is one of the ground: nothing permitted stops it, and all that it needs is there.
    pub(crate) fn is_on_ground(&self, entry: &Entry) -> bool {
        let stands = |options: &[u32]| self.prices.least(options) == INFINITE;
        let over = entry.edge == NONE
            || stands(self.on_edge(entry.edge)) && self.net.needs(entry.edge).all(|need| self.ground.holds(need));
        over && stands(self.on_node(entry.node))
    }

    pub(crate) fn is_target(&self, node: u32) -> bool {
        self.targets.binary_search(&node).is_ok()
    }

    pub(crate) fn on_node(&self, node: u32) -> &'s [u32] {
        self.graph.node_option_ids(node)
    }

    pub(crate) fn on_edge(&self, edge: u32) -> &'s [u32] {
        self.graph.edge_option_ids(edge)
    }

    /// The permitted ones of `options`.
    pub(crate) fn permitted(&self, options: &'s [u32]) -> impl Iterator<Item = u32> {
        options.iter().copied().filter(|option| self.prices.of(*option) < INFINITE)
    }

    /// The cheapest of `options` and what it costs, if any is permitted.
    pub(crate) fn cheapest_of(&self, options: &[u32]) -> Option<(u64, u32)> {
        let priced = options.iter().map(|option| (self.prices.of(*option), *option));
        priced.filter(|(price, _)| *price < INFINITE).min()
    }

    /// What it costs to disable something with these options.
    #[inline]
    pub(crate) fn capacity(&self, options: &[u32]) -> u64 {
        self.prices.least(options)
    }

    /// Whether the edge leads towards a target at an instant from now on. Asked of edges whose needs are within reach.
    #[inline]
    pub(crate) fn leads_on(&self, edge: u32) -> bool {
        !self.approach.is_blind(self.net.to(edge)) && is_possible(self.net, self.all, edge)
    }

    /// Everything held from now on if `chosen` options are done.
    pub(crate) fn arrive(&self, chosen: &FxHashSet<u32>) -> Arrivals {
        arrive(self.net, self.starts, Time::MAX, &Without { graph: self.graph, chosen })
    }

    /// The sum of the costs of `options`.
    pub(crate) fn cost<'o>(&self, options: impl IntoIterator<Item = &'o u32>) -> u64 {
        options.into_iter().map(|option| self.prices.of(*option)).fold(0, u64::saturating_add)
    }
}

/// Some options are done.
pub(crate) struct Without<'w> {
    pub(crate) graph: &'w Graph,
    pub(crate) chosen: &'w FxHashSet<u32>,
}

impl Blocked for Without<'_> {
    fn node(&self, node: u32) -> bool {
        self.graph.node_option_ids(node).iter().any(|option| self.chosen.contains(option))
    }
    fn edge(&self, edge: u32) -> bool {
        self.graph.edge_option_ids(edge).iter().any(|option| self.chosen.contains(option))
    }
}

/// Every permitted option is done.
pub(crate) struct Spent<'w> {
    pub(crate) graph: &'w Graph,
    pub(crate) prices: &'w Prices<'w>,
}

impl Blocked for Spent<'_> {
    fn node(&self, node: u32) -> bool {
        self.prices.least(self.graph.node_option_ids(node)) < INFINITE
    }
    fn edge(&self, edge: u32) -> bool {
        self.prices.least(self.graph.edge_option_ids(edge)) < INFINITE
    }
}
