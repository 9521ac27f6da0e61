//! The facts of one document while they are being stated, and what every document of a platform has in common: lists
//! under known keys, items with ids, gaps that the collector told of.
//!
//! It knows no platform and decides nothing about completeness beyond this: a document that lacks a list, tells of gaps
//! or could not be read in some place is not everything.

use crate::cut::of_removal;
use crate::json::parse;
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Setting};
use firebreak_model::{
    CutOption, EdgeFact, EdgeKind, Fact, Identifier, IdentifierScheme, Interval, NodeFact, NodeKey, Text, Time,
};
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;

/// The keys of a document.
pub(crate) struct Form {
    /// The scanner's name.
    pub(crate) scanner: &'static str,
    /// The lists without which it is not everything.
    pub(crate) needed: &'static [&'static str],
    /// Further lists.
    pub(crate) lists: &'static [&'static str],
    /// Objects and plain values.
    pub(crate) others: &'static [&'static str],
}

/// What the collector and the exporter may add to any document.
const COMMON: [&str; 2] = ["incomplete", "taken"];

/// The name of the tenant that a file speaks of: the file's own, without its ending.
pub(crate) fn tenant<'a>(input: &ScanInput<'a>) -> &'a str {
    input.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("unnamed")
}

/// Whether the file is a JSON document in a folder of this name.
pub(crate) fn in_folder(path: &Path, folder: &str) -> bool {
    let parent = path.parent().and_then(Path::file_name);
    path.extension().is_some_and(|extension| extension == "json") && parent.is_some_and(|parent| parent == folder)
}

/// Reads a document of the form and lets `state` state its facts.
pub(crate) fn read_document(
    input: &ScanInput<'_>,
    form: &Form,
    scope: String,
    state: impl FnOnce(&Value, &mut Statements<'_>),
) -> Found {
    let mut report = Report::new(form.scanner, input.path);
    let mut found = Found { scope, ..Found::default() };
    if let Some(document) = parse(input.bytes, &mut report) {
        form.check(&document, &mut report);
        let mut statements = Statements::new(input.known, &mut report);
        // Of a document of another form not even its tenant is stated.
        if form.needed.iter().any(|key| document.get(key).is_some()) {
            state(&document, &mut statements);
        }
        (found.facts, found.settings) = statements.finish();
        found.complete = report.is_empty();
    }
    found.problems = report.finish();
    found
}

impl Form {
    fn check(&self, document: &Value, report: &mut Report) {
        let all = || self.needed.iter().chain(self.lists).chain(self.others).chain(&COMMON).copied();
        crate::json::check_keys(document, "the inventory", &all().collect::<Vec<_>>(), report);
        for key in self.needed.iter().filter(|key| document.get(**key).is_none()) {
            report
                .add(format!("it holds no `{key}`"), "without it nothing that is gone can be told from what is unread");
        }
        for key in self.needed.iter().chain(self.lists) {
            if document.get(*key).is_some_and(|value| !value.is_array()) {
                report.add(format!("`{key}` is not a list"), "see the scanner's page for the form");
            }
        }
        // What is missing is told; that the report is not empty says the rest.
        crate::collect::is_whole(document, report);
    }
}

/// Facts, as they are stated.
pub(crate) struct Statements<'a> {
    /// What could not be read.
    pub(crate) report: &'a mut Report,
    /// When we learnt all this.
    pub(crate) known: Time,
    nodes: Vec<NodeFact>,
    edges: Vec<EdgeFact>,
    settings: Vec<Setting>,
    seen: HashSet<NodeKey>,
}

impl<'a> Statements<'a> {
    /// Nothing stated yet.
    pub(crate) fn new(known: Time, report: &'a mut Report) -> Statements<'a> {
        let (nodes, edges, settings) = (Vec::new(), Vec::new(), Vec::new());
        Statements { report, known, nodes, edges, settings, seen: HashSet::new() }
    }

    /// All that was stated.
    pub(crate) fn finish(self) -> (Vec<Fact>, Vec<Setting>) {
        let facts = self.nodes.into_iter().map(Fact::Node).chain(self.edges.into_iter().map(Fact::Edge));
        (facts.collect(), self.settings)
    }

    fn evidence(&self, place: &str) -> String {
        format!("{} {place}", self.report.input())
    }

    /// A thing exists; `place` is where the document says so.
    pub(crate) fn node(&mut self, key: &NodeKey, place: &str) -> Node<'_> {
        self.nodes.push(NodeFact::new(key.clone(), Interval::ALWAYS, self.known, &self.evidence(place)));
        let last = self.nodes.len() - 1;
        Node(&mut self.nodes[last])
    }

    /// Two things are related.
    pub(crate) fn edge(&mut self, kind: EdgeKind, from: &NodeKey, to: &NodeKey, place: &str) -> Edge<'_> {
        let evidence = self.evidence(place);
        self.edges.push(EdgeFact::new(kind, from.clone(), to.clone(), Interval::ALWAYS, self.known, &evidence));
        let last = self.edges.len() - 1;
        Edge(&mut self.edges[last])
    }

    /// A thing is set up so; `place` is where the document says it.
    pub(crate) fn setting(&mut self, node: &NodeKey, name: &str, value: &str, place: &str) {
        let evidence = Text::new(self.evidence(place));
        self.settings.push(Setting { node: node.clone(), name: Text::new(name), value: Text::new(value), evidence });
    }

    /// Whether `key` is met for the first time. A list that names one thing twice was read while it changed, and may
    /// lack another.
    pub(crate) fn first(&mut self, key: &NodeKey, place: &str) -> bool {
        let first = self.seen.insert(key.clone());
        if !first {
            self.report.add(format!("{place} repeats `{key}`"), "export the list again");
        }
        first
    }

    /// Whether `key` has been met, without telling of it.
    pub(crate) fn is_new(&mut self, key: &NodeKey) -> bool {
        self.seen.insert(key.clone())
    }

    /// Another name under which `key` is written down elsewhere, by records or by a platform that signs its users on: whoever
    /// is met under that name is this one.
    pub(crate) fn also_named(&mut self, other: &NodeKey, key: &NodeKey, place: &str) {
        if other != key {
            self.edge(EdgeKind::MayAssume, other, key, place);
        }
    }

    /// The objects of the list at `key`, each with its place. Whatever is no object is a problem.
    pub(crate) fn items<'v>(&mut self, value: &'v Value, key: &str, place: &str) -> Vec<(String, &'v Value)> {
        let dot = if place.is_empty() { "" } else { "." };
        let mut items = Vec::new();
        // Of the document's own lists this is told already.
        let other = value.get(key).is_some_and(|value| !value.is_array() && !value.is_null());
        if other && !place.is_empty() {
            self.report.add(format!("`{place}.{key}` is not a list"), "see the scanner's page for the form");
        }
        for (at, item) in crate::json::list(value, key).iter().enumerate() {
            let place = format!("{place}{dot}{key}[{at}]");
            if item.is_object() {
                items.push((place, item));
            } else {
                self.report.add(format!("{place} is not an object"), "export the list again");
            }
        }
        items
    }

    /// The text or number at `key`; its absence is a problem.
    pub(crate) fn id(&mut self, item: &Value, key: &str, place: &str) -> Option<String> {
        let id = crate::json::id(item, key);
        if id.is_none() {
            self.report.add(format!("{place} has no `{key}`"), "export it again");
        }
        id
    }

    /// The time at `key`, if it is one.
    pub(crate) fn time(&mut self, item: &Value, key: &str) -> Option<Time> {
        crate::json::time(item, key, self.report)
    }

    /// From the time at `from` on, until the time at `to`, where they are given.
    pub(crate) fn life(&mut self, item: &Value, from: &str, to: &str) -> Interval {
        let from = self.time(item, from).unwrap_or(Time::MIN);
        Interval::new(from, self.time(item, to).unwrap_or(Time::MAX))
    }
}

/// A node that was just stated, for what else is known of it.
pub(crate) struct Node<'s>(&'s mut NodeFact);

impl Node<'_> {
    /// What a person calls it.
    pub(crate) fn label(self, label: &str) -> Self {
        if !label.is_empty() {
            self.0.label = Text::new(label);
        }
        self
    }

    /// When it exists.
    pub(crate) fn valid(self, valid: Interval) -> Self {
        self.0.valid = valid;
        self
    }

    /// How it can be cut.
    pub(crate) fn cut(self, cut: CutOption) -> Self {
        self.0.cuts.push(cut);
        self
    }

    /// What else it is known by.
    pub(crate) fn known_as(self, identifier: Identifier) -> Self {
        if !identifier.value.is_empty() && !self.0.identifiers.contains(&identifier) {
            self.0.identifiers.push(identifier);
        }
        self
    }

    /// Its e-mail address, and whether the platform has verified it.
    pub(crate) fn email(self, address: &str, verified: bool) -> Self {
        let value = Text::new(address.trim().to_lowercase());
        if !value.contains('@') || self.0.identifiers.iter().any(|known| known.value == value && known.verified) {
            return self;
        }
        self.known_as(Identifier { scheme: IdentifierScheme::Email, value, verified })
    }

    /// The key under which another system writes down the same thing.
    pub(crate) fn also(self, key: &NodeKey) -> Self {
        self.known_as(Identifier::verified(IdentifierScheme::Key, key.as_str()))
    }
}

/// An edge that was just stated, for what else is known of it.
pub(crate) struct Edge<'s>(&'s mut EdgeFact);

impl Edge<'_> {
    /// A condition that is not decided; an empty one is none.
    pub(crate) fn may(self, condition: &str) -> Self {
        let condition = Text::new(condition);
        if !condition.is_empty() && !self.0.may.contains(&condition) {
            self.0.may.push(condition);
        }
        self
    }

    /// Conditions that are not decided.
    pub(crate) fn mays<T: AsRef<str>>(self, conditions: &[T]) -> Self {
        conditions.iter().fold(self, |edge, condition| edge.may(condition.as_ref()))
    }

    /// What must be reached too before the step is possible.
    pub(crate) fn needs(self, premise: &NodeKey) -> Self {
        self.0.premises.push(premise.clone());
        self
    }

    /// What may be done.
    pub(crate) fn acts<T: AsRef<str>>(self, actions: &[T]) -> Self {
        self.0.actions = actions.iter().map(|action| Text::new(action.as_ref())).collect();
        self
    }

    /// When it was last used.
    pub(crate) fn used(self, at: Option<Time>) -> Self {
        self.0.last_used = at;
        self
    }

    /// When it holds.
    pub(crate) fn valid(self, valid: Interval) -> Self {
        self.0.valid = valid;
        self
    }

    /// How it can be cut.
    pub(crate) fn cut(self, cut: CutOption) -> Self {
        self.0.cuts.push(cut);
        self
    }

    /// It can be cut by a request to take from the one what it has of the other: a membership, a role, an assignment.
    pub(crate) fn removable(self, word: &'static str) -> Self {
        let cut = of_removal(&self.0.from, &self.0.to, word);
        self.0.cuts.push(cut);
        self
    }
}
