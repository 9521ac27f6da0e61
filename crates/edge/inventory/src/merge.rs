//! Merging what many files say into one map: one fact a node, one fact an edge, every node named, usual cuts added,
//! and the owner's policies over all.

use crate::cut;
use crate::scanner::Found;
use firebreak_model::{
    CutOption, CutPolicy, EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Interval, NodeFact, NodeKey, NodeKind,
    Position, Problem, Text, Time,
};
use std::collections::BTreeMap;

/// What identifies an edge: two facts with the same identity are the same statement.
type EdgeIdentity = (EdgeKind, NodeKey, NodeKey, (Time, Time), Vec<NodeKey>, Vec<Text>);

/// All of `found` as one. Complete only if every part is.
pub(crate) fn merge(found: Vec<Found>, scope: String, aws_accounts: &[Text]) -> Found {
    let mut whole = Found { complete: !found.is_empty(), scope, ..Found::default() };
    let mut merged = Merged::default();
    let mut evidence: BTreeMap<NodeKey, EnvironmentEvidence> = BTreeMap::new();
    for part in found {
        whole.complete &= part.complete;
        part.evidence.into_iter().for_each(|item| add_evidence(&mut evidence, item));
        whole.policies.extend(part.policies);
        whole.owners.extend(part.owners);
        whole.joins.extend(part.joins);
        whole.settings.extend(part.settings);
        whole.problems.extend(part.problems);
        merged.add(part.facts);
    }
    whole.settings.sort();
    whole.settings.dedup();
    whole.evidence = evidence.into_values().collect();
    whole.facts = merged.settled(&whole.policies, &whole.owners, aws_accounts, &mut whole.problems);
    whole
}

/// Facts with one for each node and one for each edge.
#[derive(Default)]
pub(crate) struct Merged {
    nodes: BTreeMap<NodeKey, NodeFact>,
    edges: BTreeMap<EdgeIdentity, EdgeFact>,
    problems: Vec<Problem>,
}

impl Merged {
    /// Adds what one more file or scope says.
    pub(crate) fn add(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            match fact {
                Fact::Node(node) => add_node(&mut self.nodes, node, &mut self.problems),
                Fact::Edge(edge) => add_edge(&mut self.edges, edge),
            }
        }
    }

    /// The facts as they were said.
    pub(crate) fn facts(self, problems: &mut Vec<Problem>) -> Vec<Fact> {
        problems.extend(self.problems);
        self.nodes.into_values().map(Fact::Node).chain(self.edges.into_values().map(Fact::Edge)).collect()
    }

    /// The facts of one map: every node named, usual cuts added, the owner's policies over all.
    pub(crate) fn settled(
        self,
        policies: &[(NodeKey, CutPolicy)],
        owners: &[(NodeKey, Text)],
        aws_accounts: &[Text],
        problems: &mut Vec<Problem>,
    ) -> Vec<Fact> {
        let Merged { mut nodes, edges, problems: met } = self;
        problems.extend(met);
        let mut edges: Vec<EdgeFact> = edges.into_values().collect();
        name_every_node(&mut nodes, &edges);
        usual_node_cuts(&mut nodes, &edges);
        usual_edge_cuts(&mut edges, owners, aws_accounts, problems);
        apply_policies(&mut nodes, &mut edges, policies);
        nodes.into_values().map(Fact::Node).chain(edges.into_iter().map(Fact::Edge)).collect()
    }
}

/// Several files may speak of one environment: its runs, its lock, its snapshot.
pub(crate) fn add_evidence(all: &mut BTreeMap<NodeKey, EnvironmentEvidence>, item: EnvironmentEvidence) {
    let Some(have) = all.get_mut(&item.environment) else {
        all.insert(item.environment.clone(), item);
        return;
    };
    have.runs.extend(item.runs);
    have.runs.sort_by_key(|run| (run.from, run.to));
    have.runs.dedup();
    have.observations.extend(item.observations);
    for gap in item.gaps {
        if !have.gaps.contains(&gap) {
            have.gaps.push(gap);
        }
    }
}

fn add_node(nodes: &mut BTreeMap<NodeKey, NodeFact>, node: NodeFact, problems: &mut Vec<Problem>) {
    let Some(have) = nodes.get_mut(&node.key) else {
        nodes.insert(node.key.clone(), node);
        return;
    };
    let bound = |a: Time, b: Time, open: Time| if a == open { Some(b) } else { (b == open || a == b).then_some(a) };
    let from = bound(have.valid.from, node.valid.from, Time::MIN);
    let to = bound(have.valid.to, node.valid.to, Time::MAX);
    // Files that tell of different runs of an environment do not disagree.
    let disputed = (from.is_none() || to.is_none()) && node.key.kind() != NodeKind::Environment;
    if disputed {
        let position = Position { input: node.evidence.to_string(), ..Position::default() };
        let reason =
            format!("`{}` exists from {} to {} here, elsewhere otherwise", node.key, node.valid.from, node.valid.to);
        let hint = "the longer time is used; correct the file that is wrong".to_owned();
        problems.push(Problem { source: Text::new("inventory"), position, reason, hint });
    }
    // Where two files disagree the longer life is the safe one: a dead key called alive costs a step, the other way
    // round costs the data.
    have.valid = Interval::new(
        from.unwrap_or(have.valid.from.min(node.valid.from)),
        to.unwrap_or(have.valid.to.max(node.valid.to)),
    );
    have.crown_jewel |= node.crown_jewel;
    if have.label == node.key.name() {
        have.label = node.label;
    }
    for cut in node.cuts {
        let same = |other: &CutOption| other.action.name == cut.action.name && other.action.target == cut.action.target;
        if !have.cuts.iter().any(same) {
            have.cuts.push(cut);
        }
    }
    for identifier in node.identifiers {
        if !have.identifiers.contains(&identifier) {
            have.identifiers.push(identifier);
        }
    }
}

fn add_edge(edges: &mut BTreeMap<EdgeIdentity, EdgeFact>, edge: EdgeFact) {
    let valid = (edge.valid.from, edge.valid.to);
    let identity = (edge.kind, edge.from.clone(), edge.to.clone(), valid, edge.premises.clone(), edge.may.clone());
    match edges.get_mut(&identity) {
        // Two statements of what is held are two holdings of different residency, not one.
        Some(have) if edge.kind == EdgeKind::Holds && have.holding != edge.holding => {
            let mut identity = identity;
            identity.5.push(edge.holding.as_ref().map_or_else(Text::default, |holding| holding.residency.clone()));
            edges.insert(identity, edge);
        }
        Some(have) => {
            let fresh: Vec<_> = edge.actions.into_iter().filter(|action| !have.actions.contains(action)).collect();
            have.actions.extend(fresh);
            have.last_used = have.last_used.max(edge.last_used);
            if have.cuts.is_empty() {
                have.cuts = edge.cuts;
            }
        }
        None => {
            edges.insert(identity, edge);
        }
    }
}

/// A node fact for each node that only edges name.
fn name_every_node(nodes: &mut BTreeMap<NodeKey, NodeFact>, edges: &[EdgeFact]) {
    for edge in edges {
        for key in [&edge.from, &edge.to].into_iter().chain(&edge.premises) {
            if !nodes.contains_key(key) {
                nodes.insert(key.clone(), NodeFact::new(key.clone(), Interval::ALWAYS, edge.known, &edge.evidence));
            }
        }
    }
}

fn usual_node_cuts(nodes: &mut BTreeMap<NodeKey, NodeFact>, edges: &[EdgeFact]) {
    let authenticated: BTreeMap<&NodeKey, &NodeKey> =
        edges.iter().filter(|edge| edge.kind == EdgeKind::Authenticates).map(|edge| (&edge.from, &edge.to)).collect();
    for node in nodes.values_mut().filter(|node| node.cuts.is_empty()) {
        node.cuts.extend(cut::of_node(&node.key, authenticated.get(&node.key).copied()));
    }
}

fn usual_edge_cuts(
    edges: &mut [EdgeFact],
    owners: &[(NodeKey, Text)],
    aws_accounts: &[Text],
    problems: &mut Vec<Problem>,
) {
    let anyone = NodeKey::identity("aws", "*");
    let public = |edge: &EdgeFact| edge.from == anyone && edge.to.name().contains(":s3:::") && edge.cuts.is_empty();
    for edge in edges.iter_mut().filter(|edge| public(edge)) {
        let stated = owners.iter().find(|(key, _)| *key == edge.to).map(|(_, account)| account);
        let only = if let [only] = aws_accounts { Some(only) } else { None };
        match stated.or(only) {
            Some(account) => edge.cuts.push(cut::of_public_bucket(&edge.to, account)),
            None => problems.push(Problem {
                source: Text::new("inventory"),
                position: Position { input: edge.evidence.to_string(), ..Position::default() },
                reason: format!("anyone may reach `{}` and its account is not known", edge.to),
                hint: "add \"account\" to the store in the estate statement".to_owned(),
            }),
        }
    }
}

fn apply_policies(nodes: &mut BTreeMap<NodeKey, NodeFact>, edges: &mut [EdgeFact], policies: &[(NodeKey, CutPolicy)]) {
    let mut strictest: BTreeMap<&NodeKey, CutPolicy> = BTreeMap::new();
    for (key, policy) in policies {
        let have = strictest.entry(key).or_insert(*policy);
        *have = (*have).max(*policy);
    }
    let apply = |cut: &mut CutOption, node: Option<&NodeKey>| {
        for key in [Some(&cut.action.target), node].into_iter().flatten() {
            if let Some(policy) = strictest.get(key) {
                cut.policy = cut.policy.max(*policy);
            }
        }
    };
    for node in nodes.values_mut() {
        let key = node.key.clone();
        node.cuts.iter_mut().for_each(|cut| apply(cut, Some(&key)));
    }
    for edge in edges {
        edge.cuts.iter_mut().for_each(|cut| apply(cut, None));
    }
}

/// What a scan says of its resources to those that run after it.
pub(crate) fn resources(found: &[Found]) -> Vec<NodeKey> {
    let keys = found.iter().flat_map(|part| &part.facts).flat_map(|fact| match fact {
        Fact::Node(node) => vec![&node.key],
        Fact::Edge(edge) => vec![&edge.from, &edge.to],
    });
    let mut keys: Vec<NodeKey> = keys.filter(|key| key.kind() == NodeKind::Resource).cloned().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(key: &str, valid: Interval) -> Found {
        let key = NodeKey::parse(key).unwrap();
        let facts = vec![Fact::Node(NodeFact::new(key, valid, Time(0), "test"))];
        Found { facts, complete: true, ..Found::default() }
    }

    #[test]
    fn a_known_end_replaces_an_unknown_one_and_a_dispute_is_told() {
        let (a, b) = (Time::from_seconds(1), Time::from_seconds(2));
        let key = "credential:aws/AKIAIOSFODNN7EXAMPLE";
        let open = node(key, Interval::ALWAYS);
        let merged = merge(vec![open.clone(), node(key, Interval::new(a, b))], String::new(), &[]);
        let Fact::Node(fact) = &merged.facts[0] else { panic!("a node") };
        assert_eq!((fact.valid, merged.problems.len()), (Interval::new(a, b), 0));
        let disputed = merge(
            vec![node(key, Interval::new(a, b)), node(key, Interval::new(a, Time(9_000_000)))],
            String::new(),
            &[],
        );
        let Fact::Node(fact) = &disputed.facts[0] else { panic!("a node") };
        assert_eq!((fact.valid.to, disputed.problems.len()), (Time(9_000_000), 1));
    }

    #[test]
    fn owners_have_the_last_word_on_cuts() {
        let key = NodeKey::parse("identity:postgres/db.example/app").unwrap();
        let mut part = node(key.as_str(), Interval::ALWAYS);
        part.policies = vec![(key.clone(), CutPolicy::Never), (key, CutPolicy::NeedsPerson)];
        let merged = merge(vec![part], String::new(), &[]);
        let Fact::Node(fact) = &merged.facts[0] else { panic!("a node") };
        assert_eq!(fact.cuts[0].policy, CutPolicy::Never);
        assert_eq!(fact.cuts[0].action.name, "postgres_role/disable");
    }
}
