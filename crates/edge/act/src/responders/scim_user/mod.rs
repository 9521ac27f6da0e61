//! Sets a user of a SCIM 2.0 service inactive (RFC 7644), and active again.
//!
//! What `active` means is for the service to say: most refuse sign-in, many leave sessions and tokens that are there.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Body, Rest};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.scim_user]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By name, as the action's `service` gives it.
    pub services: BTreeMap<String, Service>,
}

/// `[responder.scim_user.services.<name>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The service's address, with its path (`/scim/v2`).
    pub url: String,
    /// A reference to the token that it gave us.
    pub token: String,
    /// Ids of the users that Firebreak itself acts as there: the protocol cannot tell us.
    #[serde(default)]
    pub own_users: Vec<String>,
}

const READ: &str = "GET {service}/Users/{user}";
const WRITE: &str = "PATCH {service}/Users/{user}";

static SPEC: ActionSpec = ActionSpec {
    name: "scim_user",
    verb: "deactivate",
    targets: &["identity:"],
    title: "Deactivate a user by SCIM",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(READ), Call::changes(WRITE)],
    permissions: &[Permission {
        action: "SCIM: read and modify users",
        resource: "the service; few of them can narrow a token to one attribute",
        purpose: "read whether the user is active, set it inactive and active",
    }],
    rate_class: RateClass::Scim,
    blast_radius: "the user cannot sign in to the service; some services take licences or content from inactive users",
};

/// Deactivates users.
#[derive(Debug)]
pub struct ScimUser;

/// The responder.
pub static RESPONDER: ScimUser = ScimUser;

fn service<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Service, ActError> {
    let name = parameter(action, "service")?;
    context.config.scim_user.services.get(name).ok_or_else(|| {
        ActError::unusable(
            format!("no token for the SCIM service `{name}`"),
            format!("add `[responder.scim_user.services.\"{name}\"]` with `url` and `token`"),
        )
    })
}

fn open<'a>(context: &'a Context<'a>, action: &Action) -> Result<Rest<'a>, ActError> {
    let service = service(context, action)?;
    let api = Rest::at(context, &service.url)?.header("accept", "application/scim+json");
    Ok(api.bearer(context.secret(&service.token)?))
}

async fn set(context: &Context<'_>, action: &Action, active: bool) -> Result<(), ActError> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": active}],
    });
    open(context, action)?.call(WRITE, &[parameter(action, "user")?], Body::Json(&body)).await.map(|_| ())
}

#[async_trait]
impl Setting for ScimUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = open(context, action)?.call(READ, &[parameter(action, "user")?], Body::None).await?;
        // The attribute is optional; services that leave it out mean an active user.
        let active = answer.body.get("active").and_then(Value::as_bool).unwrap_or(true);
        let words = if active { "the user is active" } else { "the user is inactive" };
        Ok(Reading::new(json!({"active": active}), !active, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        set(context, action, false).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        match before["active"] {
            Value::Bool(active) => set(context, action, active).await,
            _ => Err(ActError::unusable("the state before lacks `active`", "set the user by hand")),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let user = parameter(action, "user")?;
        Ok(service(context, action)?.own_users.iter().any(|own| own == user))
    }

    fn unseen(&self) -> &'static str {
        "the service says that the user is inactive; whether it refuses sign-in and ends sessions is for the service to say"
    }
}
