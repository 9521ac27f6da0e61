//! Deletes what was consented to for an application in Entra (`oauth2PermissionGrant`); its undo makes the same grant again, under
//! a new id.
//!
//! Users who may consent can consent again: disable the service principal too.

use crate::context::Context;
use crate::entra;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {graph}/v1.0/oauth2PermissionGrants/{oAuth2PermissionGrant-id}";
const DELETE: &str = "DELETE {graph}/v1.0/oauth2PermissionGrants/{oAuth2PermissionGrant-id}";
const LIST: &str = "GET {graph}/v1.0/oauth2PermissionGrants?$filter";
const CREATE: &str = "POST {graph}/v1.0/oauth2PermissionGrants";

static SPEC: ActionSpec = ActionSpec {
    name: "entra_grant",
    verb: "delete",
    targets: &["identity:app/entra/"],
    title: "Delete a delegated permission grant in Entra",
    level: Level::ContractTested,
    reversibility: Reversibility::RecreateOnly,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[entra::TOKEN, Call::reads(READ), Call::reads(LIST), Call::changes(DELETE), Call::changes(CREATE)],
    permissions: &[Permission {
        action: "DelegatedPermissionGrant.ReadWrite.All",
        resource: "the tenant",
        purpose: "read, delete and make grants: it can also grant, so guard it",
    }],
    rate_class: RateClass::Graph,
    blast_radius: "the application loses what it may do for the user, or for all users",
};

/// Deletes grants.
#[derive(Debug)]
pub struct EntraGrant;

/// The responder.
pub static RESPONDER: EntraGrant = EntraGrant;

/// What makes the same grant again.
fn grant(body: &Value) -> Value {
    let mut grant = json!({});
    for field in ["clientId", "consentType", "principalId", "resourceId", "scope"] {
        if !body[field].is_null() {
            grant[field] = body[field].clone();
        }
    }
    grant
}

#[async_trait]
impl Setting for EntraGrant {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = entra::call(context, action, READ, &[parameter(action, "grant")?], Body::None).await?;
        Ok(Reading::new(grant(&answer.body), false, "the grant is there"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let fill = [parameter(action, "grant")?];
        gone_is_done(entra::call(context, action, DELETE, &fill, Body::None).await)
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        if self.is_back(context, action, before).await? {
            return Ok(());
        }
        entra::call(context, action, CREATE, &[], Body::Json(before)).await.map(|_| ())
    }

    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        let client = before["clientId"].as_str().unwrap_or_default().replace('\'', "''");
        let filter = format!("clientId eq '{client}'");
        let answer = entra::call(context, action, LIST, &[&filter], Body::None).await?;
        Ok(answer.list("/value")?.iter().any(|one| grant(one) == *before))
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // We act with application roles, which are no delegated grants.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "access tokens live on until they expire, and nobody tries one"
    }
}
