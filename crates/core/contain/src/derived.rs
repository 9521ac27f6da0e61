//! Derived credentials as they were seen to be made: a session from a key, a key from a session, a token from a token.
//!
//! Inventories do not list sessions, so the graph learns of them here. This is observation turned into facts, not
//! inference: what may be minted but was not seen stays an edge of the inventory's.

use firebreak_model::{
    Action, CutOption, CutPolicy, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Persistence, Reversibility,
    Text, Time,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One credential was seen to be made with another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Derivation {
    /// The credential that was used.
    pub parent: NodeKey,
    /// The credential that was handed out.
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
    let node = NodeFact { cuts: cuts(child, actor.as_ref()), ..NodeFact::new(child.clone(), life, *at, EVIDENCE) };
    // It was made at that moment. Whoever had the parent then has the child for as long as the child lives, whatever
    // becomes of the parent.
    let moment = Interval::new(*at, at.plus_seconds(1));
    let made = EdgeFact {
        persistence: Persistence::Take,
        ..EdgeFact::new(EdgeKind::Derives, parent.clone(), child.clone(), moment, *at, EVIDENCE)
    };
    let mut facts = vec![Fact::Node(node), Fact::Edge(made)];
    facts.extend(actor.iter().map(|actor| {
        Fact::Edge(EdgeFact::new(EdgeKind::Authenticates, child.clone(), actor.clone(), life, *at, EVIDENCE))
    }));
    facts
}

/// A role's session is cut by denying the role's sessions issued before now, a new access key by deactivating it. Other
/// kinds of tokens have the cuts that their inventory gives, or none.
fn cuts(child: &NodeKey, actor: Option<&NodeKey>) -> Vec<CutOption> {
    let Some(actor) = actor.filter(|actor| child.system() == "aws" && actor.system() == "aws") else {
        return Vec::new();
    };
    let mut arn = actor.name().split(':').skip(4);
    let (account, entity) = (arn.next().unwrap_or_default(), arn.next().unwrap_or_default());
    let option = |name, target: &NodeKey, parameters: [(&'static str, &str); 2], cost, delay_seconds| CutOption {
        action: Action {
            name: Text::new_static(name),
            target: target.clone(),
            parameters: parameters
                .map(|(key, value)| (Text::new_static(key), Text::new(value)))
                .into_iter()
                .collect::<BTreeMap<Text, Text>>(),
        },
        cost,
        delay_seconds,
        reversibility: Reversibility::ReversibleReissuesAccess,
        policy: CutPolicy::Allowed,
    };
    // The responders take a role or user by its last name, without its path.
    let last = |path: &'static str| entity.strip_prefix(path).map(|name| name.rsplit('/').next().unwrap_or(name));
    match (child.name().get(..4), last("role/"), last("user/")) {
        (Some("ASIA"), Some(role), _) => {
            vec![option("aws_role_sessions/deny", actor, [("account", account), ("role", role)], 40, 120)]
        }
        (Some("AKIA"), _, Some(user)) => {
            vec![option("aws_access_key/deactivate", child, [("account", account), ("user", user)], 20, 60)]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derivation(child: &str, actor: &str) -> Derivation {
        Derivation {
            parent: NodeKey::credential("aws", "AKIA1"),
            child: NodeKey::credential("aws", child),
            at: Time::from_seconds(100),
            until: Some(Time::from_seconds(4_000)),
            actor: Some(NodeKey::identity("aws", actor)),
        }
    }

    fn cut_of(derivation: &Derivation) -> Option<(String, String, String)> {
        let facts = facts(derivation);
        let Some(Fact::Node(node)) = facts.first() else { panic!("the child comes first") };
        let action = &node.cuts.first()?.action;
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
    fn nothing_is_offered_that_would_not_cut() {
        assert_eq!(cut_of(&derivation("ASIA1", "arn:aws:iam::1:user/ci")), None, "a role deny leaves a user's session");
        let token = Derivation { child: NodeKey::credential("github", "h"), ..derivation("ASIA1", "x") };
        assert_eq!(cut_of(&token), None);
    }
}
