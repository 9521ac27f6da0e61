//! From facts and changes to the graph: what several facts about one thing come to.
//!
//! - **Nodes.** A node that only edges mention exists always. Several facts about one node: it exists from the earliest
//!   start to the end that the fact learnt last states (an interval that is all of time states nothing, where
//!   another fact states something); the label learnt last counts; it is a crown jewel if any fact says so.
//! - **Edges.** The same relation with another interval, persistence, premise, condition or way to cut it is a parallel
//!   edge: cutting one of two grants leaves the other. The same statement learnt again is one edge: first learnt, last used.
//! - **Cuts.** Once offered, an action stays known; see `options` for facts that differ about it.
//! - **Ends.** Changes count in the order in which they come. [`Change::End`] states its fact and says when that ended, or that
//!   it was never so. A statement that is made again after that stands again as it is stated. Facts that differ only
//!   in what is merged here (evidence, when learnt, last use, cost) make one statement: its last end or statement counts.

use crate::graph::{About, Ended, Graph, NodeId, Occasion, Saying, is_empty, until};
use crate::net::{NONE, Span};
use firebreak_model::{Change, CutOption, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Position, Problem};
use firebreak_model::{Text, Time};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Beyond so many nodes or edges numbers run out; what comes then is left out, with a problem.
const COUNT_MAX: usize = 1 << 31;

/// Above this share of added and changed edges [`Graph::compact`] is worth its time: searches are by then slower by
/// about as much again.
pub const COMPACT_ABOVE: f64 = 0.01;

/// Makes a graph from facts that come one by one, so that they never all exist at once.
#[derive(Debug, Default)]
pub struct GraphBuilder {
    graph: Graph,
    found: Found,
}

impl GraphBuilder {
    /// Without any fact yet.
    pub fn new() -> GraphBuilder {
        GraphBuilder::default()
    }

    /// Without any fact yet, and with room for so many nodes and edges: what is expected need not be moved as it grows.
    pub fn with_room(nodes: usize, edges: usize) -> GraphBuilder {
        let mut builder = GraphBuilder::new();
        builder.graph.saying.reserve(edges);
        builder.graph.occasion.reserve(edges);
        builder.graph.net.reserve(nodes, edges);
        builder
    }

    /// States a fact. The order of facts does not matter.
    pub fn state(&mut self, fact: &Fact) {
        self.take(fact, None);
    }

    /// Takes a change.
    pub fn change(&mut self, change: &Change) {
        match change {
            Change::State { fact } => self.take(fact, None),
            Change::End { fact, at, .. } => self.take(fact, Some(*at)),
        }
    }

    fn take(&mut self, fact: &Fact, end: Option<Time>) {
        match fact {
            Fact::Node(fact) => self.graph.state_node(fact, end, &mut self.found),
            Fact::Edge(fact) => {
                // What is said again is found when all edges lie in order.
                let Some(statement) = self.graph.statement(fact, &mut self.found) else { return };
                let edge = self.graph.push(&statement, fact);
                self.graph.end_edge(edge, end);
            }
        }
    }

    /// The graph of everything that was stated, and what in it is not as it should be.
    pub fn finish(self) -> (Graph, Vec<Problem>) {
        let GraphBuilder { mut graph, found } = self;
        let problems = found.problems(&graph);
        graph.problems = problems.clone();
        graph.lay();
        (graph, problems)
    }
}

impl Graph {
    /// The graph of `facts`, and what in them is not as it should be. The order of facts does not matter.
    pub fn build(facts: &[Fact]) -> (Graph, Vec<Problem>) {
        let mut builder = GraphBuilder::new();
        facts.iter().for_each(|fact| builder.state(fact));
        builder.finish()
    }

    /// Takes changes in, so that every query sees them, and gives what in them is not as it should be. Nodes and edges
    /// keep their numbers; once the graph is compact again, it is the graph of all facts and changes so far.
    pub fn apply(&mut self, changes: &[Change]) -> Vec<Problem> {
        let mut found = Found::default();
        for change in changes {
            match change {
                Change::State { fact } => self.take(fact, None, &mut found),
                Change::End { fact, at, .. } => self.take(fact, Some(*at), &mut found),
            }
        }
        self.noted(found)
    }

    /// States further facts: [`Graph::apply`] for facts alone.
    pub fn state(&mut self, facts: &[Fact]) -> Vec<Problem> {
        let mut found = Found::default();
        facts.iter().for_each(|fact| self.take(fact, None, &mut found));
        self.noted(found)
    }

    fn noted(&mut self, found: Found) -> Vec<Problem> {
        let problems = found.problems(self);
        self.problems.extend(problems.iter().cloned());
        self.revision += 1;
        problems
    }

    /// Which share of the edges was added or changed since the graph was compact. Above [`COMPACT_ABOVE`] it should be made
    /// compact again.
    pub fn overlay_share(&self) -> f64 {
        let added = self.edge_count().saturating_sub(self.net.laid() as usize);
        let nodes = self.node_count().saturating_sub(self.laid_nodes as usize);
        (added + nodes + self.changed) as f64 / (self.net.laid() as usize).max(1) as f64
    }

    /// Everything that was not as it should be in the facts so far.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn take(&mut self, fact: &Fact, end: Option<Time>, found: &mut Found) {
        match fact {
            Fact::Node(fact) => self.state_node(fact, end, found),
            Fact::Edge(fact) => {
                let Some(statement) = self.statement(fact, found) else { return };
                let edge = match self.same(&statement) {
                    Some(edge) => {
                        self.state_again(edge, fact);
                        edge
                    }
                    None => {
                        let edge = self.push(&statement, fact);
                        self.net.show(edge);
                        self.added.entry((statement.from, statement.to)).or_default().push(edge);
                        edge
                    }
                };
                self.end_edge(edge, end);
            }
        }
    }

    /// The number of a node, which is made where there is none. `None` where numbers have run out.
    fn meet(&mut self, key: &NodeKey) -> Option<u32> {
        let bytes = key.as_str().as_bytes();
        if let Some(node) = self.keys.find(bytes) {
            return Some(node);
        }
        if self.keys.len() >= COUNT_MAX {
            return None;
        }
        let nothing = About {
            evidence: self.texts.number(Text::default()),
            evidence_known: Time::MAX,
            label_known: Time::MIN,
            valid_known: Time::MIN,
            crown_jewel: false,
            stated: false,
        };
        self.about.push(self.abouts.number(nothing));
        self.label.push(NONE);
        self.node_cuts.push(NONE);
        self.net.add_node(Interval::ALWAYS);
        Some(self.keys.number(bytes))
    }

    fn state_node(&mut self, fact: &NodeFact, end: Option<Time>, found: &mut Found) {
        let Some(node) = self.meet(&fact.key) else { return found.too_many(&fact.evidence) };
        let Some(mut about) = self.about(node).copied() else { return };
        let stated = self.ended_nodes.get(&node).map_or_else(|| self.net.life(node), |ended| ended.stated);
        let valid = self.life_with(stated, &mut about, fact, found);
        self.aliases.state(fact);
        about.stated = true;
        about.crown_jewel |= fact.crown_jewel;
        let named = fact.label.as_str() != fact.key.name() && !fact.label.is_empty();
        let known = fact.known.max(Time(i64::MIN + 1));
        if named && (known, fact.label.as_str()) > (about.label_known, self.label(NodeId(node))) {
            let label = self.labels.number(fact.label.as_bytes());
            crate::flat::put(&mut self.label, node as usize, label);
            about.label_known = known;
        }
        let evidence = self.texts.get(about.evidence).map_or("", Text::as_str);
        if (fact.known, fact.evidence.as_str()) < (about.evidence_known, evidence) || evidence.is_empty() {
            about.evidence = self.texts.number(fact.evidence.clone());
            about.evidence_known = fact.known;
        }
        if !fact.cuts.is_empty() {
            let mut all = self.offer(&fact.cuts, found);
            all.extend(self.node_option_ids(node));
            all.sort_unstable();
            all.dedup();
            let cuts = self.list_number(&all);
            crate::flat::put(&mut self.node_cuts, node as usize, cuts);
        }
        let number = self.abouts.number(about);
        self.about.set(node, number);
        self.end_node(node, valid, end);
    }

    /// The life of a node with what one more fact says of it.
    fn life_with(&self, stated: Interval, about: &mut About, fact: &NodeFact, found: &mut Found) -> Interval {
        if is_empty(fact.valid) {
            found.add(
                &fact.evidence,
                format!("`{}` ends at {} before it begins at {}", fact.key, fact.valid.to, fact.valid.from),
                "the interval is ignored; correct it in the inventory",
            );
            return stated;
        }
        if fact.valid == Interval::ALWAYS {
            return stated;
        }
        let first = stated == Interval::ALWAYS && about.valid_known == Time::MIN;
        let from = if first { fact.valid.from } else { stated.from.min(fact.valid.from) };
        let to = match fact.known.cmp(&about.valid_known) {
            _ if first => fact.valid.to,
            Ordering::Greater => fact.valid.to,
            Ordering::Equal => stated.to.max(fact.valid.to),
            Ordering::Less => stated.to,
        };
        about.valid_known = about.valid_known.max(fact.known).max(Time(i64::MIN + 1));
        Interval::new(from, to)
    }

    /// Sets what is left of a node's life.
    fn end_node(&mut self, node: u32, stated: Interval, end: Option<Time>) {
        match end {
            Some(at) => _ = self.ended_nodes.insert(node, Ended { at, stated }),
            None => _ = self.ended_nodes.remove(&node),
        }
        let life = end.map_or(stated, |at| until(stated, at));
        if life != self.net.life(node) {
            self.net.set_life(node, life);
        }
    }

    /// What an edge fact says, in numbers; `None` for what is left out.
    fn statement(&mut self, fact: &EdgeFact, found: &mut Found) -> Option<Statement> {
        if !found.is_sound(fact) {
            return None;
        }
        let ends = self.meet(&fact.from).zip(self.meet(&fact.to)).filter(|_| self.edge_count() < COUNT_MAX);
        let Some((from, to)) = ends else {
            found.too_many(&fact.evidence);
            return None;
        };
        let mut premises = Vec::new();
        for key in &fact.premises {
            let Some(premise) = self.meet(key) else {
                found.too_many(&fact.evidence);
                return None;
            };
            if premise != from {
                premises.push(premise);
            }
        }
        premises.sort_unstable();
        premises.dedup();
        let cuts = if fact.cuts.is_empty() { Vec::new() } else { self.offer(&fact.cuts, found) };
        let holding = fact.holding.as_ref().map(|holding| {
            (Text::new(holding.class.word()), holding.residency.clone(), holding.records, holding.bytes)
        });
        let saying = Saying { kind: fact.kind, actions: fact.actions.clone(), may: fact.may.clone(), holding };
        Some(Statement {
            from,
            to,
            span: Span { valid: fact.valid, persistence: fact.persistence },
            gate: self.net.gate_number(&premises),
            saying: self.sayings.number(saying),
            cuts: self.list_number(&cuts),
        })
    }

    /// The numbers of the options, sorted, each once.
    fn offer(&mut self, cuts: &[CutOption], found: &mut Found) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(cuts.len());
        for option in cuts {
            let (number, differs) = self.options.offer(option, &self.keys);
            if differs {
                found.differing.insert(number);
            }
            numbers.push(number);
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Adds an edge with the next number, which no search sees yet.
    fn push(&mut self, statement: &Statement, fact: &EdgeFact) -> u32 {
        let edge = self.net.push(statement.from, statement.to, statement.span, statement.gate);
        let evidence = self.texts.number(fact.evidence.clone());
        self.saying.push(statement.saying);
        self.occasion.push(self.occasions.number(Occasion { evidence, known: fact.known }));
        if statement.cuts != NONE {
            self.edge_cuts.set(edge, statement.cuts);
        }
        if let Some(used) = fact.last_used {
            self.last_used.set(edge, used);
        }
        edge
    }

    /// The edge that says this already.
    fn same(&self, statement: &Statement) -> Option<u32> {
        let run = self.net.laid_out(statement.from);
        let (mut low, mut high) = (run.start, run.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.net.to(middle) < statement.to { low = middle + 1 } else { high = middle }
        }
        let laid = (low..run.end).take_while(|edge| self.net.to(*edge) == statement.to);
        let added = self.added.get(&(statement.from, statement.to)).into_iter().flatten().copied();
        laid.chain(added).find(|edge| self.statement_of(*edge) == Some(*statement))
    }

    /// What an edge says, in numbers.
    pub(crate) fn statement_of(&self, edge: u32) -> Option<Statement> {
        Some(Statement {
            from: self.net.from(edge),
            to: self.net.to(edge),
            span: self.stated_span(edge),
            gate: self.net.gate_of(edge),
            saying: self.saying.get(edge)?,
            cuts: self.edge_cuts.get(edge).unwrap_or(NONE),
        })
    }

    fn state_again(&mut self, edge: u32, fact: &EdgeFact) {
        let Some(before) = self.occasion(edge).copied() else { return };
        let evidence = self.texts.number(fact.evidence.clone());
        let again = Occasion { evidence, known: fact.known };
        self.set_occasion(edge, self.merged(before, again));
        if let Some(used) = fact.last_used.max(self.last_used.get(edge)) {
            self.last_used.set(edge, used);
        }
    }

    pub(crate) fn set_occasion(&mut self, edge: u32, occasion: Occasion) {
        let number = self.occasions.number(occasion);
        self.occasion.set(edge, number);
    }

    /// The first of two occasions of one statement.
    pub(crate) fn merged(&self, a: Occasion, b: Occasion) -> Occasion {
        let order = |occasion: &Occasion| (occasion.known, self.texts.get(occasion.evidence).cloned());
        if order(&b) < order(&a) { b } else { a }
    }

    fn end_edge(&mut self, edge: u32, end: Option<Time>) {
        let stated = self.stated_span(edge);
        let span = match end {
            Some(at) => {
                self.ended_edges.insert(edge, Ended { at, stated });
                Span { valid: until(stated.valid, at), ..stated }
            }
            None => {
                self.ended_edges.remove(&edge);
                stated
            }
        };
        if span != self.net.span(edge) {
            self.net.set_span(edge, span);
            self.changed += 1;
        }
    }
}

/// What an edge says, in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Statement {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) span: Span,
    pub(crate) gate: u32,
    pub(crate) saying: u32,
    pub(crate) cuts: u32,
}

/// What is not as it should be.
#[derive(Debug, Default)]
struct Found {
    problems: Vec<Problem>,
    /// Options that facts offer at different costs.
    differing: BTreeSet<u32>,
}

impl Found {
    fn add(&mut self, evidence: &Text, reason: String, hint: &str) {
        let position = Position { input: evidence.to_string(), ..Position::default() };
        self.problems.push(Problem { source: Text::new("graph"), position, reason, hint: hint.to_owned() });
    }

    fn too_many(&mut self, evidence: &Text) {
        let reason = format!("there are more than {COUNT_MAX} nodes or edges");
        self.add(evidence, reason, "what comes beyond is left out; split the estate");
    }

    fn is_sound(&mut self, fact: &EdgeFact) -> bool {
        if is_empty(fact.valid) {
            let reason = format!(
                "the step from `{}` to `{}` ends at {} before it begins at {}",
                fact.from, fact.to, fact.valid.to, fact.valid.from
            );
            self.add(&fact.evidence, reason, "the step is left out; correct its interval in the inventory");
            return false;
        }
        if fact.kind == EdgeKind::Holds && fact.holding.is_none() {
            let reason = format!("`{}` holds `{}`, but not how much", fact.from, fact.to);
            self.add(&fact.evidence, reason, "its records are not counted; state them in the inventory");
        }
        true
    }

    fn problems(mut self, graph: &Graph) -> Vec<Problem> {
        for option in std::mem::take(&mut self.differing) {
            let Some(CutOption { action, cost, .. }) = graph.option_at(option) else { continue };
            let reason =
                format!("`{}` on `{}` is offered at different costs; {cost} is used", action.name, action.target);
            self.add(&Text::new(action.target.as_str()), reason, "state one cost for one action");
        }
        self.problems.sort_by(|a, b| (&a.position.input, &a.reason).cmp(&(&b.position.input, &b.reason)));
        self.problems
    }
}
