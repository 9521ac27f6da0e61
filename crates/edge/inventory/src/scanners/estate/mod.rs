//! The owner's own statement (`firebreak.estate/1`): data stores with counts, credentials, grants and cut policies that
//! no other scanner reads. It is taken at its word.

use crate::json::{check_keys, flag, has_format, list, node, nodes, parse, text, time};
use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner};
use firebreak_model::{
    Action, CutOption, CutPolicy, DataClass, EdgeFact, EdgeKind, Fact, Holding, Interval, NodeFact, NodeKey,
    Reversibility, Text, Time,
};
use serde_json::Value;
use std::path::Path;

/// The format's name.
const FORMAT: &str = "firebreak.estate/1";

/// Reads the owner's statement.
pub struct Estate;

/// The scanner.
pub static SCANNER: Estate = Estate;

impl Scanner for Estate {
    fn name(&self) -> &'static str {
        "estate"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        path.file_name().is_some_and(|name| name == "estate.json")
            || String::from_utf8_lossy(head).contains("\"firebreak.estate/")
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: format!("estate/{}", input.path.display()), ..Found::default() };
        if let Some(document) = parse(input.bytes, &mut report)
            && has_format(&document, FORMAT, &mut report)
        {
            let known = time(&document, "taken", &mut report).unwrap_or(input.known);
            let mut statement = Statement { found: &mut found, report: &mut report, known };
            statement.read(&document);
            found.complete = flag(&document, "complete");
        }
        found.problems = report.finish();
        found
    }
}

struct Statement<'a> {
    found: &'a mut Found,
    report: &'a mut Report,
    known: Time,
}

impl Statement<'_> {
    fn read(&mut self, document: &Value) {
        const KEYS: &[&str] = &[
            "format",
            "taken",
            "complete",
            "stores",
            "credentials",
            "grants",
            "identities",
            "never_cut",
            "needs_person",
            "joins",
            // Who answers for environments: read where answers name owners.
            "owners",
        ];
        check_keys(document, "the statement", KEYS, self.report);
        list(document, "stores").iter().enumerate().for_each(|(at, store)| self.store(at, store));
        list(document, "credentials").iter().enumerate().for_each(|(at, item)| self.credential(at, item));
        list(document, "grants").iter().enumerate().for_each(|(at, grant)| self.grant(at, grant));
        list(document, "identities").iter().enumerate().for_each(|(at, item)| self.identity(at, item));
        for (key, policy) in [("never_cut", CutPolicy::Never), ("needs_person", CutPolicy::NeedsPerson)] {
            let named = nodes(document, key, self.report);
            self.found.policies.extend(named.into_iter().map(|key| (key, policy)));
        }
        if let Some(joins) = document.get("joins").filter(|joins| !joins.is_null()) {
            check_keys(joins, "joins", &["refuse", "confirm"], self.report);
            self.found.joins.refuse = self.pairs(joins, "refuse");
            self.found.joins.confirm = self.pairs(joins, "confirm");
        }
    }

    /// The pairs of keys in the list at `key`.
    fn pairs(&mut self, joins: &Value, key: &str) -> Vec<(NodeKey, NodeKey)> {
        let mut pairs = Vec::new();
        for (at, pair) in list(joins, key).iter().enumerate() {
            let texts = crate::json::texts(Some(pair));
            let keys: Vec<NodeKey> = texts.iter().filter_map(|text| NodeKey::parse(text)).collect();
            match <[NodeKey; 2]>::try_from(keys) {
                Ok([a, b]) if texts.len() == 2 && a != b => pairs.push((a, b)),
                _ => self.report.add(
                    format!("joins.{key}[{at}] is not a pair of keys"),
                    "write two different keys: [\"identity:okta/00u1\", \"identity:github/ada\"]",
                ),
            }
        }
        pairs
    }

    fn evidence(&self, list: &str, at: usize) -> String {
        format!("{} {list}[{at}]", self.report.input())
    }

    fn missing(&mut self, place: &str, key: &str) {
        self.report.add(format!("{place} has no `{key}`"), format!("add `{key}`"));
    }

    fn interval(&mut self, value: &Value) -> Interval {
        let from = time(value, "from", self.report).unwrap_or(Time::MIN);
        Interval::new(from, time(value, "to", self.report).unwrap_or(Time::MAX))
    }

    fn edge(&mut self, kind: EdgeKind, from: &NodeKey, to: &NodeKey, valid: Interval, evidence: &str) -> EdgeFact {
        EdgeFact::new(kind, from.clone(), to.clone(), valid, self.known, evidence)
    }

    fn store(&mut self, at: usize, store: &Value) {
        let place = format!("stores[{at}]");
        const KEYS: &[&str] = &["resource", "label", "account", "crown_jewel", "holdings", "stores_credentials"];
        check_keys(store, &place, KEYS, self.report);
        let Some(resource) = node(store, "resource", self.report) else { return self.missing(&place, "resource") };
        let evidence = self.evidence("stores", at);
        let mut fact = NodeFact::new(resource.clone(), Interval::ALWAYS, self.known, &evidence);
        fact.crown_jewel = flag(store, "crown_jewel");
        fact.label = text(store, "label").map_or(fact.label, Text::new);
        self.found.facts.push(Fact::Node(fact));
        let account = text(store, "account").map(Text::new);
        self.found.owners.extend(account.map(|account| (resource.clone(), account)));
        for (index, holding) in list(store, "holdings").iter().enumerate() {
            self.holding(&resource, holding, &format!("{place}.holdings[{index}]"), &evidence);
        }
        for credential in nodes(store, "stores_credentials", self.report) {
            let edge = self.edge(EdgeKind::Stores, &resource, &credential, Interval::ALWAYS, &evidence);
            self.found.facts.push(Fact::Edge(edge));
        }
    }

    fn holding(&mut self, resource: &NodeKey, holding: &Value, place: &str, evidence: &str) {
        // `between` says how sure a scan is; the map goes by `records`.
        check_keys(holding, place, &["class", "residency", "records", "between", "bytes"], self.report);
        let Some(word) = text(holding, "class") else { return self.missing(place, "class") };
        let Some(records) = holding.get("records").and_then(Value::as_u64) else {
            self.report.add(format!("{place} has no whole number in `records`"), "count them, or give an upper bound");
            return;
        };
        let class = DataClass::new(word);
        let residency = Text::new(text(holding, "residency").unwrap_or("unknown"));
        let bytes = holding.get("bytes").and_then(Value::as_u64);
        let mut edge = self.edge(EdgeKind::Holds, resource, &NodeKey::data_class(&class), Interval::ALWAYS, evidence);
        edge.holding = Some(Holding { class, residency, records, bytes });
        self.found.facts.push(Fact::Edge(edge));
    }

    fn credential(&mut self, at: usize, item: &Value) {
        let place = format!("credentials[{at}]");
        check_keys(item, &place, &["credential", "label", "authenticates", "from", "to", "cut"], self.report);
        let Some(key) = node(item, "credential", self.report) else { return self.missing(&place, "credential") };
        let valid = self.interval(item);
        let evidence = self.evidence("credentials", at);
        self.node(&key, item, valid, &evidence, &place);
        match node(item, "authenticates", self.report) {
            Some(identity) => {
                let edge = self.edge(EdgeKind::Authenticates, &key, &identity, valid, &evidence);
                self.found.facts.push(Fact::Edge(edge));
            }
            None => self.missing(&place, "authenticates"),
        }
    }

    fn identity(&mut self, at: usize, item: &Value) {
        let place = format!("identities[{at}]");
        check_keys(item, &place, &["identity", "label", "cut"], self.report);
        let Some(key) = node(item, "identity", self.report) else { return self.missing(&place, "identity") };
        let evidence = self.evidence("identities", at);
        self.node(&key, item, Interval::ALWAYS, &evidence, &place);
    }

    fn node(&mut self, key: &NodeKey, item: &Value, valid: Interval, evidence: &str, place: &str) {
        let mut fact = NodeFact::new(key.clone(), valid, self.known, evidence);
        fact.label = text(item, "label").map_or(fact.label, Text::new);
        if let Some(cut) = item.get("cut").filter(|cut| !cut.is_null()) {
            fact.cuts.extend(self.cut(key, cut, &format!("{place}.cut")));
        }
        self.found.facts.push(Fact::Node(fact));
    }

    fn cut(&mut self, node_key: &NodeKey, cut: &Value, place: &str) -> Option<CutOption> {
        const KEYS: &[&str] = &["action", "target", "parameters", "cost", "delay_seconds", "reversibility", "policy"];
        check_keys(cut, place, KEYS, self.report);
        let Some(name) =
            text(cut, "action").filter(|name| name.split('/').filter(|part| !part.is_empty()).count() == 2)
        else {
            self.report.add(format!("{place} has no `action` of a responder"), "write `aws_access_key/deactivate`");
            return None;
        };
        let number = |key: &str| cut.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
        let parameters = cut.get("parameters").and_then(Value::as_object).into_iter().flatten();
        let parameters = parameters.filter_map(|(key, value)| Some((Text::new(key), Text::new(value.as_str()?))));
        let action = Action {
            name: Text::new(name),
            target: node(cut, "target", self.report).unwrap_or_else(|| node_key.clone()),
            parameters: parameters.collect(),
        };
        Some(CutOption {
            action,
            // What the owner does not price costs as much as an ordinary key, and the least revocable is assumed.
            cost: number("cost").unwrap_or(20).clamp(1, 1_000_000),
            delay_seconds: number("delay_seconds").unwrap_or(300),
            reversibility: self.word(cut, "reversibility", place).unwrap_or(Reversibility::Irreversible),
            policy: self.word(cut, "policy", place).unwrap_or(CutPolicy::Allowed),
        })
    }

    /// One of the words of an enumeration.
    fn word<T: serde::de::DeserializeOwned>(&mut self, value: &Value, key: &str, place: &str) -> Option<T> {
        let word = value.get(key).filter(|word| !word.is_null())?;
        match serde_json::from_value(word.clone()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.report.add(format!("`{key}` in {place}: {}", shown(&error.to_string())), "see the scanner's page");
                None
            }
        }
    }

    fn grant(&mut self, at: usize, grant: &Value) {
        let place = format!("grants[{at}]");
        check_keys(grant, &place, &["from", "to", "kind", "actions", "last_used"], self.report);
        let (from, to) = (node(grant, "from", self.report), node(grant, "to", self.report));
        let (Some(from), Some(to)) = (from, to) else { return self.missing(&place, "from` and `to") };
        let kind = grant.get("kind").and_then(|kind| serde_json::from_value::<EdgeKind>(kind.clone()).ok());
        let Some(kind) = kind.filter(|kind| {
            use EdgeKind::{Consents, MayAct, MayAssume, MemberOf, RunsAs};
            matches!(kind, MayAct | MayAssume | MemberOf | Consents | RunsAs)
        }) else {
            let hint = "use may_act, may_assume, member_of, consents or runs_as";
            return self.report.add(format!("{place} has no `kind` of a grant"), hint);
        };
        let evidence = self.evidence("grants", at);
        let mut edge = self.edge(kind, &from, &to, Interval::ALWAYS, &evidence);
        edge.actions = crate::json::texts(grant.get("actions")).into_iter().map(Text::new).collect();
        edge.last_used = time(grant, "last_used", self.report);
        self.found.facts.push(Fact::Edge(edge));
    }
}
