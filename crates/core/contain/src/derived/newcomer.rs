//! Newcomers: logins and clients that were made after the inventory was taken. Nobody has said yet what they may do, so they
//! are taken for able to do what their maker may, until an inventory says otherwise.

use super::Derivation;
use firebreak_graph::Graph;
use firebreak_model::{EdgeFact, EdgeKind, Interval, NodeKey, NodeKind, Text};
use std::collections::BTreeSet;

const EVIDENCE: &str = "what made it may do this, and no inventory says what it may do itself";

/// The login, client or user that `derivation` puts into its maker's hands; none where it is a credential of somebody who acts
/// for themselves.
fn somebody(derivation: &Derivation) -> Option<&NodeKey> {
    let whom = derivation.actor.as_ref().unwrap_or(&derivation.child);
    let known_by_log = whom.kind() == NodeKind::Identity && matches!(whom.system(), "postgres" | "keycloak");
    (known_by_log && *whom != derivation.parent).then_some(whom)
}

/// Whether `derivation` can be what the log makes it look like. A statement is logged before the server decides on it: one
/// about somebody who was there before hands out a login only where its maker may become that role.
pub fn is_believable(graph: &Graph, derivation: &Derivation) -> bool {
    match somebody(derivation).filter(|actor| actor.system() == "postgres" && has_rights(graph, actor)) {
        Some(actor) => leads_to(graph, &derivation.parent, actor),
        None => true,
    }
}

/// The rights of a newcomer; none for one of whom `graph` knows any.
pub fn inherit(graph: &Graph, derivation: &Derivation) -> Vec<EdgeFact> {
    let Some(actor) = somebody(derivation).filter(|actor| !has_rights(graph, actor)) else { return Vec::new() };
    let own = |right: EdgeFact| EdgeFact {
        from: actor.clone(),
        valid: Interval::since(derivation.at),
        known: derivation.at,
        evidence: Text::new_static(EVIDENCE),
        may: vec![Text::new_static("it was given what its maker has")],
        ..right
    };
    rights(graph, &derivation.parent).into_iter().map(own).collect()
}

/// Whether anything says already what `key` may do.
fn has_rights(graph: &Graph, key: &NodeKey) -> bool {
    graph.id(key).is_some_and(|id| graph.edges_from(id).any(|edge| edge.kind != EdgeKind::Derives))
}

/// What `maker` may do by itself, as edges from it.
fn rights(graph: &Graph, maker: &NodeKey) -> Vec<EdgeFact> {
    let Some(id) = graph.id(maker) else { return Vec::new() };
    let carries = [EdgeKind::MemberOf, EdgeKind::MayAct];
    let edges = graph.edges_from(id).filter(|edge| carries.contains(&edge.kind));
    let right = |edge: firebreak_graph::Edge<'_>| {
        let to = graph.key(edge.to)?;
        let fact = EdgeFact::new(edge.kind, maker.clone(), to, edge.valid, edge.known, "");
        Some(EdgeFact {
            premises: edge.premises.iter().filter_map(|premise| graph.key(*premise)).collect(),
            actions: edge.actions.to_vec(),
            ..fact
        })
    };
    edges.filter_map(right).collect()
}

/// Whether whoever is `from` may become what `login` becomes: by the memberships of both.
fn leads_to(graph: &Graph, from: &NodeKey, login: &NodeKey) -> bool {
    let becomes = |id| {
        let steps = [EdgeKind::MemberOf, EdgeKind::MayAssume];
        graph.edges_from(id).filter(move |edge| steps.contains(&edge.kind)).map(|edge| edge.to)
    };
    let Some(login) = graph.id(login) else { return false };
    let wanted: Vec<_> = becomes(login).collect();
    let mut open: Vec<_> = graph.id(from).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(becomes(next));
        }
    }
    wanted.iter().any(|role| seen.contains(role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{Fact, Time};

    fn login(role: &str) -> NodeKey {
        NodeKey::identity("postgres", &format!("db/{role}"))
    }

    fn role(role: &str) -> NodeKey {
        NodeKey::group("postgres", &format!("db/role/{role}"))
    }

    fn edge(kind: EdgeKind, from: NodeKey, to: NodeKey) -> Fact {
        Fact::Edge(EdgeFact::new(kind, from, to, Interval::ALWAYS, Time(0), "test"))
    }

    fn made(parent: &str, child: &str) -> Derivation {
        let (parent, child, at) = (login(parent), login(child), Time::from_seconds(100));
        Derivation { parent, child, at, until: None, actor: None }
    }

    /// `warehouse` may become every role; `analytics` only itself.
    fn server() -> Graph {
        let everybody = NodeKey::group("postgres", "db/role-administrators");
        let mut facts = vec![edge(EdgeKind::MemberOf, role("warehouse"), everybody.clone())];
        for name in ["warehouse", "analytics", "payroll"] {
            facts.push(edge(EdgeKind::MemberOf, login(name), role(name)));
            facts.push(edge(EdgeKind::MayAssume, everybody.clone(), role(name)));
        }
        Graph::build(&facts).0
    }

    #[test]
    fn a_newcomer_may_do_what_its_maker_may_and_so_may_what_it_makes() {
        let mut graph = server();
        let first = inherit(&graph, &made("warehouse", "svc_1"));
        let [right] = first.as_slice() else { panic!("{first:?}") };
        assert_eq!(
            (&right.from, &right.to, right.valid.from),
            (&login("svc_1"), &role("warehouse"), Time::from_seconds(100))
        );
        assert!(!right.may.is_empty(), "it is assumed and not known");
        graph.state(&[Fact::Edge(right.clone())]);
        let second = inherit(&graph, &made("svc_1", "svc_2"));
        assert_eq!(second.iter().map(|right| &right.to).collect::<Vec<_>>(), [&role("warehouse")]);
    }

    #[test]
    fn whoever_is_on_the_map_has_the_rights_that_the_map_says() {
        assert_eq!(inherit(&server(), &made("warehouse", "analytics")), []);
        let session = Derivation {
            parent: NodeKey::credential("aws", "AKIA1"),
            child: NodeKey::credential("aws", "ASIA1"),
            actor: Some(NodeKey::identity("aws", "arn:aws:iam::1:user/ci")),
            ..made("warehouse", "svc_1")
        };
        assert_eq!(inherit(&server(), &session), [], "a session is nobody of its own");
    }

    #[test]
    fn a_statement_about_a_role_that_its_author_cannot_become_hands_out_nothing() {
        let graph = server();
        assert!(is_believable(&graph, &made("warehouse", "payroll")));
        assert!(!is_believable(&graph, &made("analytics", "payroll")), "the server refuses it");
        assert!(!is_believable(&graph, &made("stranger", "payroll")));
        assert!(is_believable(&graph, &made("analytics", "svc_1")), "if it was refused there is nothing to cut");
    }
}
