//! From facts to the graph: what several facts about one thing come to, and numbers that do not depend on their order.
//!
//! - **Nodes.** A node that only edges mention exists always. Several facts about one node: it exists from the earliest
//!   start to the end that the fact learnt last states (an interval that is all of time states nothing, where
//!   another fact states something); the label learnt last counts; it is a crown jewel if any fact says so.
//! - **Edges.** The same relation with another interval, persistence, premise, condition or way to cut it is a parallel
//!   edge: cutting one of two grants leaves the other. The same statement learnt again is one edge: first learnt, last used.
//! - **Cuts.** One action (name, target, parameters) is one action wherever it is attached. Where facts differ about it,
//!   the higher cost, the longer delay, the worse reversibility and the stricter policy count.

use crate::graph::{Detail, Graph, Node};
use crate::net::{Net, Span, Step};
use firebreak_model::{
    Action, CutOption, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Persistence, Position, Problem, Text,
    Time,
};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// An edge between numbered nodes, not yet merged with those that say the same.
struct Row<'f> {
    from: u32,
    to: u32,
    premises: Vec<u32>,
    cuts: Vec<u32>,
    fact: &'f EdgeFact,
}

impl Graph {
    /// The graph of `facts`, and what in them is not as it should be. The order of facts does not matter.
    pub fn build(facts: &[Fact]) -> (Graph, Vec<Problem>) {
        let mut graph = assemble(FxHashMap::default(), Vec::new(), facts);
        graph.aliases.state(facts);
        let problems = graph.problems.clone();
        (graph, problems)
    }

    /// Adds facts, as if the graph had been built from all of them at once, and gives the problems of the new ones.
    /// Nodes and edges are numbered anew.
    pub fn extend(&mut self, facts: &[Fact]) -> Vec<Problem> {
        let edges: Vec<EdgeFact> =
            self.edge_ids().filter_map(|id| self.edge(id)).filter_map(|edge| self.edge_fact(&edge)).collect();
        let old = std::mem::take(self);
        let mut nodes: FxHashMap<NodeKey, (Node, Vec<CutOption>)> = FxHashMap::default();
        for node in &old.nodes {
            let cuts = node.cuts.iter().filter_map(|id| old.options.get(*id as usize).cloned()).collect();
            nodes.insert(node.key.clone(), (node.clone(), cuts));
        }
        *self = assemble(nodes, edges, facts);
        self.aliases = old.aliases;
        self.aliases.state(facts);
        let new = self.problems.clone();
        self.problems = old.problems.into_iter().chain(new.iter().cloned()).collect();
        new
    }

    /// Everything that was not as it should be in the facts so far.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn edge_fact(&self, edge: &crate::Edge<'_>) -> Option<EdgeFact> {
        Some(EdgeFact {
            kind: edge.kind,
            from: self.key(edge.from)?,
            to: self.key(edge.to)?,
            premises: edge.premises.iter().filter_map(|id| self.key(*id)).collect(),
            valid: edge.valid,
            known: edge.known,
            persistence: edge.persistence,
            evidence: edge.evidence.clone(),
            actions: edge.actions.to_vec(),
            may: edge.may.to_vec(),
            last_used: edge.last_used,
            holding: edge.holding.clone(),
            cuts: edge.cuts.clone(),
        })
    }
}

fn assemble(mut nodes: FxHashMap<NodeKey, (Node, Vec<CutOption>)>, before: Vec<EdgeFact>, facts: &[Fact]) -> Graph {
    let mut problems = Vec::new();
    let mut edges: Vec<&EdgeFact> = before.iter().collect();
    for fact in facts {
        match fact {
            Fact::Node(fact) => state_node(&mut nodes, fact, &mut problems),
            Fact::Edge(fact) => {
                if edge_is_sound(fact, &mut problems) {
                    edges.push(fact);
                }
            }
        }
    }
    for edge in &edges {
        for key in [&edge.from, &edge.to].into_iter().chain(&edge.premises) {
            if !nodes.contains_key(key) {
                nodes.insert(key.clone(), (implicit(key), Vec::new()));
            }
        }
    }
    let node_cuts = nodes.values().flat_map(|(_, cuts)| cuts);
    let options = merge_options(node_cuts.chain(edges.iter().flat_map(|edge| &edge.cuts)), &mut problems);
    let mut sorted: Vec<Node> = nodes
        .into_values()
        .map(|(mut node, cuts)| {
            node.cuts = option_ids(&options, &cuts);
            node
        })
        .collect();
    sorted.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    problems.sort_by(|a, b| (&a.position.input, &a.reason).cmp(&(&b.position.input, &b.reason)));
    let mut graph = Graph { nodes: sorted, options, problems, ..Graph::default() };
    graph.lay(&edges);
    graph
}

impl Graph {
    /// Numbers the edges and fills the flat arrays.
    fn lay(&mut self, edges: &[&EdgeFact]) {
        let numbers: FxHashMap<&NodeKey, u32> = self.nodes.iter().map(|node| &node.key).zip(0u32..).collect();
        let number = |key: &NodeKey| numbers.get(key).copied().unwrap_or_default();
        let mut rows: Vec<Row<'_>> = edges
            .iter()
            .map(|fact| {
                let from = number(&fact.from);
                let mut premises: Vec<u32> = fact.premises.iter().map(number).filter(|node| *node != from).collect();
                premises.sort_unstable();
                premises.dedup();
                Row { from, to: number(&fact.to), premises, cuts: option_ids(&self.options, &fact.cuts), fact }
            })
            .collect();
        rows.sort_by(|a, b| statement(a, b).then_with(|| occasion(a).cmp(&occasion(b))));
        let mut steps = Vec::with_capacity(rows.len());
        let (mut kinds, mut evidence, mut detail) = (Vec::new(), Vec::new(), Vec::new());
        let mut texts: Interner<Text> = Interner::default();
        let mut details: Interner<Detail> = Interner::default();
        for same in rows.chunk_by(|a, b| statement(a, b) == Ordering::Equal) {
            let Some(first) = same.first() else { continue };
            let span = Span { valid: first.fact.valid, persistence: first.fact.persistence };
            steps.push(Step { from: first.from, to: first.to, span, premises: first.premises.clone() });
            kinds.push(first.fact.kind);
            evidence.push(texts.number(first.fact.evidence.clone()));
            detail.push(details.number(merge_details(first, same)));
        }
        self.net = Net::new(self.nodes.iter().map(|node| node.valid).collect(), &steps);
        (self.kinds, self.evidence, self.detail) = (kinds, evidence, detail);
        (self.texts, self.details) = (texts.items, details.items);
    }
}

/// Gives equal things one number, in the order of first sight.
struct Interner<T> {
    numbers: FxHashMap<T, u32>,
    items: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner { numbers: FxHashMap::default(), items: Vec::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interner<T> {
    fn number(&mut self, thing: T) -> u32 {
        if let Some(number) = self.numbers.get(&thing) {
            return *number;
        }
        let number = self.items.len() as u32;
        self.items.push(thing.clone());
        self.numbers.insert(thing, number);
        number
    }
}

/// The order of what edges say, without when it was learnt and what says so.
fn statement(a: &Row<'_>, b: &Row<'_>) -> Ordering {
    (a.from, a.to, a.fact.kind)
        .cmp(&(b.from, b.to, b.fact.kind))
        .then_with(|| (a.fact.valid.from, a.fact.valid.to).cmp(&(b.fact.valid.from, b.fact.valid.to)))
        .then_with(|| persistence_order(a.fact.persistence).cmp(&persistence_order(b.fact.persistence)))
        .then_with(|| (&a.premises, &a.cuts).cmp(&(&b.premises, &b.cuts)))
        .then_with(|| (&a.fact.may, &a.fact.actions).cmp(&(&b.fact.may, &b.fact.actions)))
        .then_with(|| holding(a.fact).cmp(&holding(b.fact)))
}

fn occasion<'f>(row: &Row<'f>) -> (Time, &'f Text) {
    (row.fact.known, &row.fact.evidence)
}

fn persistence_order(persistence: Persistence) -> (u8, u32) {
    match persistence {
        Persistence::While => (0, 0),
        Persistence::Take => (1, 0),
        Persistence::Mint { ttl_seconds } => (2, ttl_seconds),
    }
}

fn holding(fact: &EdgeFact) -> Option<(Text, Text, u64, Option<u64>)> {
    let holding = fact.holding.as_ref()?;
    Some((Text::new(holding.class.word()), holding.residency.clone(), holding.records, holding.bytes))
}

/// `first` is the first of `same`, which all say the same.
fn merge_details(first: &Row<'_>, same: &[Row<'_>]) -> Detail {
    Detail {
        known: first.fact.known,
        actions: first.fact.actions.clone(),
        may: first.fact.may.clone(),
        last_used: same.iter().filter_map(|row| row.fact.last_used).max(),
        holding: holding(first.fact),
        cuts: first.cuts.clone(),
    }
}

fn implicit(key: &NodeKey) -> Node {
    Node {
        key: key.clone(),
        label: Text::new(key.name()),
        valid: Interval::ALWAYS,
        evidence: Text::default(),
        crown_jewel: false,
        stated: false,
        cuts: Vec::new(),
        valid_known: Time::MIN,
        label_known: Time::MIN,
        evidence_known: Time::MAX,
    }
}

fn state_node(nodes: &mut FxHashMap<NodeKey, (Node, Vec<CutOption>)>, fact: &NodeFact, problems: &mut Vec<Problem>) {
    let (node, cuts) = nodes.entry(fact.key.clone()).or_insert_with(|| (implicit(&fact.key), Vec::new()));
    node.stated = true;
    node.crown_jewel |= fact.crown_jewel;
    cuts.extend(fact.cuts.iter().cloned());
    if fact.valid.from >= fact.valid.to {
        problems.push(problem(
            &fact.evidence,
            format!("`{}` ends at {} before it begins at {}", fact.key, fact.valid.to, fact.valid.from),
            "the interval is ignored; correct it in the inventory",
        ));
    } else if fact.valid != Interval::ALWAYS {
        let first = node.valid == Interval::ALWAYS && node.valid_known == Time::MIN;
        let from = if first { fact.valid.from } else { node.valid.from.min(fact.valid.from) };
        let to = match fact.known.cmp(&node.valid_known) {
            _ if first => fact.valid.to,
            Ordering::Greater => fact.valid.to,
            Ordering::Equal => node.valid.to.max(fact.valid.to),
            Ordering::Less => node.valid.to,
        };
        node.valid = Interval::new(from, to);
        node.valid_known = node.valid_known.max(fact.known).max(Time(i64::MIN + 1));
    }
    let named = fact.label.as_str() != fact.key.name() && !fact.label.is_empty();
    let (label, known) = (&fact.label, fact.known.max(Time(i64::MIN + 1)));
    if named && (known, label) > (node.label_known, &node.label) {
        (node.label, node.label_known) = (label.clone(), known);
    }
    if (fact.known, &fact.evidence) < (node.evidence_known, &node.evidence) || node.evidence.is_empty() {
        (node.evidence, node.evidence_known) = (fact.evidence.clone(), fact.known);
    }
}

fn edge_is_sound(fact: &EdgeFact, problems: &mut Vec<Problem>) -> bool {
    if fact.valid.from >= fact.valid.to {
        let reason = format!(
            "the step from `{}` to `{}` ends at {} before it begins at {}",
            fact.from, fact.to, fact.valid.to, fact.valid.from
        );
        problems.push(problem(&fact.evidence, reason, "the step is left out; correct its interval in the inventory"));
        return false;
    }
    if fact.kind == EdgeKind::Holds && fact.holding.is_none() {
        let reason = format!("`{}` holds `{}`, but not how much", fact.from, fact.to);
        problems.push(problem(&fact.evidence, reason, "its records are not counted; state them in the inventory"));
    }
    true
}

fn problem(evidence: &Text, reason: String, hint: &str) -> Problem {
    let position = Position { input: evidence.to_string(), ..Position::default() };
    Problem { source: Text::new("graph"), position, reason, hint: hint.to_owned() }
}

fn merge_options<'f>(offered: impl Iterator<Item = &'f CutOption>, problems: &mut Vec<Problem>) -> Vec<CutOption> {
    let mut merged: FxHashMap<&Action, (CutOption, bool)> = FxHashMap::default();
    for option in offered {
        let (known, differs) = merged.entry(&option.action).or_insert_with(|| (option.clone(), false));
        *differs |= known.cost != option.cost;
        known.cost = known.cost.max(option.cost);
        known.delay_seconds = known.delay_seconds.max(option.delay_seconds);
        known.reversibility = known.reversibility.max(option.reversibility);
        known.policy = known.policy.max(option.policy);
    }
    let mut options = Vec::with_capacity(merged.len());
    for (option, differs) in merged.into_values() {
        if differs {
            let reason = format!(
                "`{}` on `{}` is offered at different costs; {} is used",
                option.action.name, option.action.target, option.cost
            );
            let hint = "state one cost for one action";
            problems.push(problem(&Text::new(option.action.target.as_str()), reason, hint));
        }
        options.push(option);
    }
    options.sort_by(|a, b| a.action.cmp(&b.action));
    options
}

fn option_ids(options: &[CutOption], cuts: &[CutOption]) -> Vec<u32> {
    let find = |cut: &CutOption| options.binary_search_by(|option| option.action.cmp(&cut.action)).ok();
    let mut ids: Vec<u32> = cuts.iter().filter_map(find).map(|index| index as u32).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
