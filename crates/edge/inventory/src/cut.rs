//! The usual ways to cut: what each responder can do to which node, what that costs, and how long it takes.

use crate::key::{account_of, iam_name};
use firebreak_model::{Action, CutOption, CutPolicy, NodeKey, NodeKind, Reversibility, Text};
use std::collections::BTreeMap;

/// The usual cut of the node `key`. `identity` is whom it authenticates, where it is a credential and that is known.
pub(crate) fn of_node(key: &NodeKey, identity: Option<&NodeKey>) -> Option<CutOption> {
    let arn = identity.map(NodeKey::name).filter(|name| name.starts_with("arn:")).unwrap_or_default();
    match (key.kind(), key.system()) {
        (NodeKind::Credential, "aws") if key.name().starts_with("ASIA") => {
            // AWS lets nobody change a role that it made for one of its services, or for its sign-in.
            let ours = arn.contains(":role/") && !is_protected(arn);
            let role = identity.filter(|_| ours)?;
            let parameters = [("account", account_of(arn)?), ("role", iam_name(arn))];
            Some(cut("aws_role_sessions/deny", role, &parameters, (40, 120), Reversibility::ReversibleReissuesAccess))
        }
        (NodeKind::Credential, "aws") => {
            let user = Some(arn).filter(|arn| arn.contains(":user/"));
            let named = |arn| [("account", account_of(arn).unwrap_or_default()), ("user", iam_name(arn))];
            let parameters = user.map(named).into_iter().flatten().collect::<Vec<_>>();
            Some(cut("aws_access_key/deactivate", key, &parameters, (20, 60), Reversibility::ReversibleReissuesAccess))
        }
        (NodeKind::Identity, "postgres") => {
            let (host, role) = key.name().split_once('/')?;
            Some(of_postgres_role(key, host, role))
        }
        (NodeKind::Credential, "oauth") => {
            let parameters = [("issuer", key.name().split('/').next().unwrap_or_default())];
            Some(cut("oauth_token/revoke", key, &parameters, (10, 5), Reversibility::Irreversible))
        }
        (kind, system) => {
            // Anyone, and accounts that are known by an address alone, are not ours to suspend.
            let foreign = matches!(system, "google" | "slack") && (key.name() == "*" || key.name().contains('@'));
            let parameters = [("request", request(kind, system).filter(|_| !foreign)?)];
            Some(cut("webhook/request", key, &parameters, (25, 300), Reversibility::RecreateOnly))
        }
    }
}

/// Whether nobody in the account can change the role with this ARN.
fn is_protected(arn: &str) -> bool {
    arn.contains(":role/aws-service-role/") || arn.contains(":role/aws-reserved/")
}

/// What a person is asked to do where no responder of ours can.
fn request(kind: NodeKind, system: &str) -> Option<&'static str> {
    match (kind, system) {
        (NodeKind::Credential, "github") => Some("revoke_github_token"),
        (NodeKind::Credential | NodeKind::Identity, "slack") => Some("revoke_slack_token"),
        (NodeKind::Credential | NodeKind::Identity, "google") | (NodeKind::Identity, "person") => {
            Some("suspend_google_user")
        }
        (NodeKind::Credential, "k8s") => Some("delete_k8s_service_account_tokens"),
        (NodeKind::Credential, "litellm") => Some("block_litellm_key"),
        (NodeKind::Credential, "pypi" | "npm" | "registry" | "docker") => Some("revoke_registry_token"),
        _ => None,
    }
}

/// The usual cut of an identity of the cluster: only service accounts have tokens to delete.
pub(crate) fn of_service_account(key: &NodeKey) -> CutOption {
    let parameters = [("request", "delete_k8s_service_account_tokens")];
    cut("webhook/request", key, &parameters, (25, 300), Reversibility::RecreateOnly)
}

/// A cut that another system is asked to make: `word` is the request, with its cost, the seconds that it takes, and
/// whether it can be taken back.
pub(crate) fn of_request(
    target: &NodeKey,
    word: &'static str,
    cost: (u32, u32),
    reversibility: Reversibility,
) -> CutOption {
    cut("webhook/request", target, &[("request", word)], cost, reversibility)
}

/// A cut that a responder makes by the platform's own interface; `parameters` say which thing it is there.
pub(crate) fn of_responder(
    name: &'static str,
    target: &NodeKey,
    parameters: &[(&str, &str)],
    cost: (u32, u32),
    reversibility: Reversibility,
) -> CutOption {
    cut(name, target, parameters, cost, reversibility)
}

/// A request to take from `target` what it has of `from`; both are named, so that whoever takes the request can do it.
pub(crate) fn of_removal(target: &NodeKey, from: &NodeKey, word: &'static str) -> CutOption {
    let parameters = [("request", word), ("from", from.as_str())];
    cut("webhook/request", target, &parameters, (20, 60), Reversibility::Reversible)
}

/// How whoever logs in as `role` is stopped.
pub(crate) fn of_postgres_role(key: &NodeKey, host: &str, role: &str) -> CutOption {
    let parameters = [("host", host), ("role", role)];
    cut("postgres_role/disable", key, &parameters, (30, 1), Reversibility::ReversibleReissuesAccess)
}

/// How anyone's access to `bucket` is cut.
pub(crate) fn of_public_bucket(bucket: &NodeKey, account: &str) -> CutOption {
    let name = bucket.name().rsplit(":::").next().unwrap_or_default();
    let parameters = [("account", account), ("bucket", name)];
    cut("aws_public_access/block", bucket, &parameters, (30, 60), Reversibility::Reversible)
}

/// A cut that a responder of ours makes: its action on `target`, with its parameters, cost, the seconds that it takes, and
/// whether it can be taken back.
pub(crate) fn cut(
    name: &str,
    target: &NodeKey,
    parameters: &[(&str, &str)],
    (cost, delay_seconds): (u32, u32),
    reversibility: Reversibility,
) -> CutOption {
    let parameters: BTreeMap<_, _> = parameters.iter().map(|(key, value)| (Text::new(key), Text::new(value))).collect();
    let action = Action { name: Text::new(name), target: target.clone(), parameters };
    CutOption { action, cost, delay_seconds, reversibility, policy: CutPolicy::Allowed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_roles_that_nobody_can_change_have_no_cut() {
        let session = NodeKey::credential("aws", "ASIA0123456789ABCDEF");
        let cut = |role: &str| {
            let role = NodeKey::identity("aws", &format!("arn:aws:iam::111122223333:role/{role}"));
            of_node(&session, Some(&role)).map(|cut| cut.action.name)
        };
        assert_eq!(cut("deploy").as_deref(), Some("aws_role_sessions/deny"));
        for protected in ["aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport", "aws-reserved/sso/x"] {
            assert_eq!(cut(protected), None, "{protected}");
        }
    }
}
