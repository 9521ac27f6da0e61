//! Who called, in which session, and from which machine.

use super::arn;
use crate::{json, names};
use firebreak_model::{Json, NodeKey, NodeKind, Text};
use sonic_rs::JsonContainerTrait;

/// `userIdentity`, its fields found in one walk.
#[derive(Default)]
pub(super) struct Identity<'e> {
    kind: &'e str,
    arn: Option<&'e str>,
    principal: Option<&'e str>,
    pub(super) account: Option<&'e str>,
    pub(super) access_key: Option<&'e str>,
    user_name: Option<&'e str>,
    invoked_by: Option<&'e str>,
    provider: Option<&'e str>,
    context: Option<&'e Json>,
    on_behalf_of: Option<&'e Json>,
}

impl<'e> Identity<'e> {
    pub(super) fn of(identity: Option<&'e Json>) -> Identity<'e> {
        let mut found = Identity::default();
        let Some(object) = identity.and_then(|identity| identity.as_object()) else { return found };
        for (name, value) in object.iter() {
            let text = json::as_text(Some(value));
            match name {
                "type" => found.kind = text.unwrap_or_default(),
                "arn" => found.arn = text,
                "principalId" => found.principal = text,
                "accountId" => found.account = text,
                "accessKeyId" => found.access_key = text,
                "userName" => found.user_name = text,
                "invokedBy" => found.invoked_by = text,
                "identityProvider" => found.provider = text,
                "sessionContext" => found.context = Some(value),
                "onBehalfOf" => found.on_behalf_of = Some(value),
                _ => {}
            }
        }
        found
    }

    /// Who called. A role session is its role, as `sessionIssuer` names it, path and all, where it does.
    pub(super) fn actor(&self) -> Option<NodeKey> {
        let own = || self.arn.and_then(arn::key);
        match self.kind {
            "AssumedRole" | "FederatedUser" => {
                let issuer = self.context.and_then(|context| json::text(context, &["sessionIssuer", "arn"]));
                issuer.and_then(arn::key).or_else(own)
            }
            "AWSService" => self.service(),
            "AWSAccount" => own().or_else(|| self.other_account()),
            "WebIdentityUser" | "SAMLUser" => self.vouched_for(),
            "IdentityCenterUser" => {
                let person = self.on_behalf_of.and_then(|person| json::text(person, &["userId"]));
                person.map(|id| names::identity("aws", id))
            }
            _ => own().or_else(|| self.service()).or_else(|| self.other_account()),
        }
    }

    fn service(&self) -> Option<NodeKey> {
        self.invoked_by.map(|name| names::identity("aws", name))
    }

    /// Another account, or anyone at all where the request was not signed.
    fn other_account(&self) -> Option<NodeKey> {
        let account = self.account?;
        let anyone = account.eq_ignore_ascii_case("anonymous_principal") || account == "ANONYMOUS";
        Some(names::identity("aws", if anyone { "*" } else { account }))
    }

    /// Someone whom an identity provider vouches for: a workflow run by OIDC, a person by SAML.
    fn vouched_for(&self) -> Option<NodeKey> {
        let name = self.user_name.or(self.principal)?;
        match self.provider {
            Some(provider) => Some(names::key(NodeKind::Identity, "aws", &[provider, "/", name])),
            None => Some(names::identity("aws", name)),
        }
    }

    /// The session of a role: its id and the name that whoever assumed it gave it.
    pub(super) fn session(&self) -> Option<Text> {
        let principal = self.principal.filter(|principal| principal.contains(':'))?;
        (self.kind == "AssumedRole").then(|| names::text(&[principal]))
    }

    /// The instance whose profile the session belongs to: EC2 names such sessions after the instance.
    pub(super) fn environment(&self) -> Option<NodeKey> {
        let (_, name) = self.principal?.split_once(':')?;
        let digits = name.strip_prefix("i-")?;
        let instance = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        instance.then(|| names::key(NodeKind::Environment, "host", &[name]))
    }
}
