//! Who called, in which session, and from which machine.

use super::arn;
use crate::json;
use firebreak_model::{Json, NodeKey, Text};

/// Who called. A role session is its role, as `sessionIssuer` names it, path and all, where it does.
pub(super) fn actor(event: &Json) -> Option<NodeKey> {
    let identity = json::at(event, &["userIdentity"])?;
    let issuer = json::text(identity, &["sessionContext", "sessionIssuer", "arn"]);
    let own = json::text(identity, &["arn"]);
    let kind = json::text(identity, &["type"]).unwrap_or_default();
    match kind {
        "AssumedRole" | "FederatedUser" => issuer.or(own).and_then(arn::key),
        "AWSService" => service(identity),
        "AWSAccount" => own.and_then(arn::key).or_else(|| account(identity)),
        "WebIdentityUser" | "SAMLUser" => federated(identity),
        "IdentityCenterUser" => json::text(identity, &["onBehalfOf", "userId"]).map(|id| NodeKey::identity("aws", id)),
        _ => own.and_then(arn::key).or_else(|| service(identity)).or_else(|| account(identity)),
    }
}

fn service(identity: &Json) -> Option<NodeKey> {
    json::text(identity, &["invokedBy"]).map(|name| NodeKey::identity("aws", name))
}

/// Another account, or anyone at all where the request was not signed.
fn account(identity: &Json) -> Option<NodeKey> {
    let account = json::text(identity, &["accountId"])?;
    let anyone = account.eq_ignore_ascii_case("anonymous_principal") || account == "ANONYMOUS";
    Some(NodeKey::identity("aws", if anyone { "*" } else { account }))
}

/// Someone whom an identity provider vouches for: a workflow run by OIDC, a person by SAML.
fn federated(identity: &Json) -> Option<NodeKey> {
    let name = json::text(identity, &["userName"]).or_else(|| json::text(identity, &["principalId"]))?;
    match json::text(identity, &["identityProvider"]) {
        Some(provider) => Some(NodeKey::identity("aws", &format!("{provider}/{name}"))),
        None => Some(NodeKey::identity("aws", name)),
    }
}

/// The session of a role: its id and the name that whoever assumed it gave it.
pub(super) fn session(event: &Json) -> Option<Text> {
    let principal = json::text(event, &["userIdentity", "principalId"])?;
    let assumed = json::text(event, &["userIdentity", "type"]) == Some("AssumedRole");
    (assumed && principal.contains(':')).then(|| Text::new(principal))
}

/// The instance whose profile the session belongs to: EC2 names such sessions after the instance.
pub(super) fn environment(event: &Json) -> Option<NodeKey> {
    let principal = json::text(event, &["userIdentity", "principalId"])?;
    let (_, name) = principal.split_once(':')?;
    let digits = name.strip_prefix("i-")?;
    let instance = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    instance.then(|| NodeKey::environment("host", name))
}
