//! Derived credentials as they were seen to be made: a session from a key, a key from a session, a token from a token, a
//! login by whoever has another.
//!
//! Inventories do not list sessions, nor what was made since they were taken, so the graph learns of them here. This is
//! observation turned into facts, not inference: what may be minted but was not seen stays an edge of the inventory's. Only
//! what a newcomer may do is assumed ([`newcomer`]).

mod cuts;
pub mod newcomer;

use cuts::Cuts;
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Persistence, Time};
use serde::{Deserialize, Serialize};

/// One credential was seen to be made with another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Derivation {
    /// The credential that was used; the identity where the log names no credential.
    pub parent: NodeKey,
    /// The credential that was handed out; the login itself where the log knows logins alone.
    pub child: NodeKey,
    /// When.
    pub at: Time,
    /// When the child ends by itself, where known.
    pub until: Option<Time>,
    /// Whom the child acts as, where known: the role of a session, the user of a key.
    pub actor: Option<NodeKey>,
}

/// What `derivation` says about the estate: the child, how it was made, whom it acts as, and how it can be cut.
pub fn facts(derivation: &Derivation) -> Vec<Fact> {
    const EVIDENCE: &str = "seen when it was made";
    let Derivation { parent, child, at, until, actor } = derivation;
    let life = Interval::new(*at, until.unwrap_or(Time::MAX));
    let Cuts { of_child, of_actor } = cuts::of(derivation);
    let stated = |key: &NodeKey, cuts| NodeFact { cuts, ..NodeFact::new(key.clone(), life, *at, EVIDENCE) };
    let node = stated(child, of_child);
    let whom = actor.as_ref().filter(|_| !of_actor.is_empty());
    // It was made at that moment. Whoever had the parent then has the child for as long as the child lives, whatever
    // becomes of the parent.
    let moment = Interval::new(*at, at.plus_seconds(1));
    let made = EdgeFact {
        persistence: Persistence::Take,
        ..EdgeFact::new(EdgeKind::Derives, parent.clone(), child.clone(), moment, *at, EVIDENCE)
    };
    let mut facts = vec![Fact::Node(node), Fact::Edge(made)];
    // Whom it acts as does not end with it.
    let lasting = |whom| NodeFact { valid: Interval::since(*at), ..stated(whom, of_actor) };
    facts.extend(whom.map(lasting).map(Fact::Node));
    facts.extend(actor.iter().map(|actor| {
        Fact::Edge(EdgeFact::new(EdgeKind::Authenticates, child.clone(), actor.clone(), life, *at, EVIDENCE))
    }));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derivation(child: &str, actor: &str) -> Derivation {
        Derivation {
            parent: NodeKey::credential("aws", "AKIA1"),
            child: NodeKey::credential("aws", child),
            at: Time::from_seconds(100),
            // A key lasts.
            until: child.starts_with("ASIA").then_some(Time::from_seconds(4_000)),
            actor: Some(NodeKey::identity("aws", actor)),
        }
    }

    /// The only cut that is offered: its action, its target, its parameters.
    fn cut_of(derivation: &Derivation) -> Option<(String, String, String)> {
        let nodes = facts(derivation).into_iter().filter_map(|fact| match fact {
            Fact::Node(node) => Some(node),
            Fact::Edge(_) => None,
        });
        let cuts: Vec<_> = nodes.flat_map(|node| node.cuts).collect();
        assert!(cuts.len() <= 1, "{cuts:?}");
        let action = &cuts.first()?.action;
        let parameters = action.parameters.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
        Some((action.name.to_string(), action.target.to_string(), parameters))
    }

    #[test]
    fn a_role_session_is_cut_at_the_role_and_a_new_key_at_itself() {
        let role = "arn:aws:iam::123456789012:role/path/eval";
        assert_eq!(
            cut_of(&derivation("ASIA1", role)),
            Some((
                "aws_role_sessions/deny".into(),
                format!("identity:aws/{role}"),
                "account=123456789012 role=eval".into()
            ))
        );
        assert_eq!(
            cut_of(&derivation("AKIA2", "arn:aws:iam::123456789012:user/ci")),
            Some((
                "aws_access_key/deactivate".into(),
                "credential:aws/AKIA2".into(),
                "account=123456789012 user=ci".into()
            ))
        );
    }

    #[test]
    fn a_session_of_a_user_is_cut_at_the_user() {
        let user = "arn:aws:iam::123456789012:user/path/ci";
        let cut = ("aws_user/deny".into(), format!("identity:aws/{user}"), "account=123456789012 user=ci".into());
        assert_eq!(cut_of(&derivation("ASIA1", user)), Some(cut));
        let facts = facts(&derivation("ASIA1", user));
        let user = NodeKey::identity("aws", user);
        let node = facts.iter().find_map(|fact| match fact {
            Fact::Node(node) if node.key == user => Some(node),
            _ => None,
        });
        assert_eq!(node.expect("the user is stated").valid.to, Time::MAX, "the user outlives the session");
    }

    #[test]
    fn a_login_is_cut_at_the_login_and_a_client_by_its_own_id() {
        let made = |child: NodeKey, actor: NodeKey| Derivation {
            parent: NodeKey::identity("postgres", "db/warehouse"),
            child,
            actor: Some(actor),
            until: None,
            ..derivation("", "")
        };
        let login = Derivation {
            actor: None,
            ..made(NodeKey::identity("postgres", "db/svc_1"), NodeKey::identity("postgres", ""))
        };
        assert_eq!(
            cut_of(&login),
            Some(("postgres_role/disable".into(), "identity:postgres/db/svc_1".into(), "host=db role=svc_1".into()))
        );
        let client =
            made(NodeKey::credential("keycloak", "staff/client/c1"), NodeKey::identity("keycloak", "staff/c1"));
        assert_eq!(
            cut_of(&client),
            Some(("keycloak_client/disable".into(), "identity:keycloak/staff/c1".into(), "id=c1 realm=staff".into()))
        );
        let person = made(NodeKey::credential("keycloak", "staff/user/u1"), NodeKey::identity("keycloak", "staff/u1"));
        assert_eq!(
            cut_of(&person),
            Some(("keycloak_user/disable".into(), "identity:keycloak/staff/u1".into(), "realm=staff user=u1".into()))
        );
    }

    #[test]
    fn nothing_is_offered_that_would_not_cut() {
        let offline = derivation("ASIA1", "arn:aws:iam::1:root");
        assert_eq!(cut_of(&offline), None, "no policy binds the root of an account");
        let token = Derivation { child: NodeKey::credential("github", "h"), ..derivation("ASIA1", "x") };
        assert_eq!(cut_of(&token), None);
    }
}
