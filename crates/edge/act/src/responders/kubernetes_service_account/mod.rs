//! Deletes a service account of a Kubernetes cluster and makes it again under the same name: every token of the old one dies.
//!
//! Its rights stay, since bindings name it; nothing brings the tokens back.

use crate::context::Context;
use crate::error::ActError;
use crate::kubernetes;
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {api}/api/v1/namespaces/{namespace}/serviceaccounts/{name}";
const DELETE: &str = "DELETE {api}/api/v1/namespaces/{namespace}/serviceaccounts/{name}";
const CREATE: &str = "POST {api}/api/v1/namespaces/{namespace}/serviceaccounts";

static SPEC: ActionSpec = ActionSpec {
    name: "kubernetes_service_account",
    verb: "recreate",
    targets: &["identity:k8s/"],
    title: "Recreate a Kubernetes service account",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(60),
    calls: &[
        Call::reads(kubernetes::WHO),
        Call::reads(READ),
        Call::changes(DELETE),
        Call::changes(CREATE),
        Call::reads(kubernetes::MAY),
    ],
    permissions: &[Permission {
        action: "get, delete, create",
        resource: "serviceaccounts",
        purpose: "read, delete and make again",
    }],
    rate_class: RateClass::Kubernetes,
    blast_radius: "running pods of the account are refused until their token is renewed or they are restarted",
};

/// Recreates service accounts.
#[derive(Debug)]
pub struct KubernetesServiceAccount;

/// The responder.
pub static RESPONDER: KubernetesServiceAccount = KubernetesServiceAccount;

#[async_trait]
impl Setting for KubernetesServiceAccount {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let fill = [parameter(action, "namespace")?, parameter(action, "name")?];
        let answer = match kubernetes::open(context, action)?.call(READ, &fill, Body::None).await {
            // Deleted and not made again: the tokens are dead, and the account is missing.
            Err(ActError::NotFound { .. }) if context.before.is_some() => {
                return Ok(Reading::new(Value::Null, false, "the account is deleted and not made again yet"));
            }
            answer => answer?,
        };
        let uid = kubernetes::uid(&answer)?;
        let old = context.before.and_then(|before| before.get("uid")?.as_str());
        let renewed = old.is_some_and(|old| old != uid);
        let words = if renewed { "the account is another one of the same name" } else { "the account is the old one" };
        Ok(Reading::new(json!({"uid": uid, "object": kubernetes::remade(&answer.body)}), renewed, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let fill = [parameter(action, "namespace")?, parameter(action, "name")?];
        let api = kubernetes::open(context, action)?;
        let lacks = || ActError::unusable("the state before lacks the account", "look at the account by hand");
        let before = context.before.ok_or_else(lacks)?;
        let (old, object) = (before["uid"].as_str().ok_or_else(lacks)?, &before["object"]);
        match api.call(READ, &fill, Body::None).await {
            Err(ActError::NotFound { .. }) => {}
            // A call of ours made it already, or somebody else did.
            Ok(found) if kubernetes::uid(&found)? != old => return Ok(()),
            found => {
                let options = kubernetes::exactly(&found?)?;
                gone_is_done(api.call(DELETE, &fill, Body::Json(&options)).await)?;
            }
        }
        match api.call(CREATE, &fill[..1], Body::Json(object)).await {
            Err(ActError::Drift { .. }) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "pods take new tokens by themselves; whoever kept a token elsewhere makes a new one"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let own = kubernetes::own_account(context, action).await?;
        Ok(own.is_some_and(|(space, name)| {
            Some(space.as_str()) == action.parameters.get("namespace").map(|one| one.as_str())
                && Some(name.as_str()) == action.parameters.get("name").map(|one| one.as_str())
        }))
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        kubernetes::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the API server", "the old token")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token of the old account to try; who checks tokens by their signature accepts them until they expire"
    }
}
