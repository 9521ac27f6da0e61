//! Writing facts and settings, with the place in the file that says so.

use crate::report::Report;
use crate::scanner::Setting;
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Text, Time};

/// What is said so far of one file.
pub(crate) struct Facts<'a> {
    /// When we learnt it.
    pub(crate) known: Time,
    /// Nodes and edges.
    pub(crate) facts: Vec<Fact>,
    /// Settings.
    pub(crate) settings: Vec<Setting>,
    /// What could not be read.
    pub(crate) report: &'a mut Report,
}

impl<'a> Facts<'a> {
    /// Nothing said yet.
    pub(crate) fn new(known: Time, report: &'a mut Report) -> Facts<'a> {
        Facts { known, facts: Vec::new(), settings: Vec::new(), report }
    }

    fn evidence(&self, place: &str) -> String {
        format!("{} {place}", self.report.input())
    }

    /// A thing exists always, as far as the file says.
    pub(crate) fn node(&mut self, key: NodeKey, label: &str, place: &str) {
        self.node_with(key, label, place, |_| {});
    }

    /// A thing exists; `change` says what else is known of it.
    pub(crate) fn node_with(&mut self, key: NodeKey, label: &str, place: &str, change: impl FnOnce(&mut NodeFact)) {
        let mut node = NodeFact::new(key, Interval::ALWAYS, self.known, &self.evidence(place));
        node.label = Text::new(label);
        change(&mut node);
        self.facts.push(Fact::Node(node));
    }

    /// An edge that holds always and without a condition.
    pub(crate) fn edge(&mut self, kind: EdgeKind, from: &NodeKey, to: &NodeKey, place: &str) {
        self.edge_with(kind, from, to, place, |_| {});
    }

    /// An edge with undecided conditions; none make it certain.
    pub(crate) fn edge_may(&mut self, kind: EdgeKind, from: &NodeKey, to: &NodeKey, place: &str, may: &[String]) {
        self.edge_with(kind, from, to, place, |edge| edge.may = may.iter().map(Text::new).collect());
    }

    /// An edge; `change` says what else is known of it.
    pub(crate) fn edge_with(
        &mut self,
        kind: EdgeKind,
        from: &NodeKey,
        to: &NodeKey,
        place: &str,
        change: impl FnOnce(&mut EdgeFact),
    ) {
        let evidence = self.evidence(place);
        let mut edge = EdgeFact::new(kind, from.clone(), to.clone(), Interval::ALWAYS, self.known, &evidence);
        change(&mut edge);
        self.facts.push(Fact::Edge(edge));
    }

    /// A setting of a thing.
    pub(crate) fn setting(&mut self, node: &NodeKey, name: &str, value: &str, place: &str) {
        let evidence = Text::new(self.evidence(place));
        self.settings.push(Setting { node: node.clone(), name: Text::new(name), value: Text::new(value), evidence });
    }

    /// Something is wrong in the file.
    pub(crate) fn problem(&mut self, reason: impl Into<String>, hint: &str) {
        self.report.add(reason, hint);
    }
}
