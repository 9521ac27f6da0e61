//! Sets `accountEnabled` of an Entra service principal to false; its undo sets it as it was.
//!
//! Access tokens live on until they expire, 60 to 90 minutes.

use crate::context::Context;
use crate::entra::{self, tenant};
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {graph}/v1.0/servicePrincipals/{servicePrincipal-id}?$select";
const SET: &str = "PATCH {graph}/v1.0/servicePrincipals/{servicePrincipal-id}";
const SELECTED: &str = "accountEnabled,appId";

static SPEC: ActionSpec = ActionSpec {
    name: "entra_service_principal",
    verb: "disable",
    targets: &["identity:entra/"],
    title: "Disable an Entra service principal",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[entra::TOKEN, Call::reads(READ), Call::changes(SET)],
    permissions: &[Permission {
        action: "Application.ReadWrite.All",
        resource: "the tenant",
        purpose: "read and set whether a service principal is enabled",
    }],
    rate_class: RateClass::Graph,
    blast_radius: "the application and everyone who signs in to it in this tenant",
};

/// Disables service principals.
#[derive(Debug)]
pub struct EntraServicePrincipal;

/// The responder.
pub static RESPONDER: EntraServicePrincipal = EntraServicePrincipal;

async fn set(context: &Context<'_>, action: &Action, enabled: bool) -> Result<(), ActError> {
    let body = json!({"accountEnabled": enabled});
    entra::call(context, action, SET, &[parameter(action, "service_principal")?], Body::Json(&body)).await.map(|_| ())
}

#[async_trait]
impl Setting for EntraServicePrincipal {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let fill = [parameter(action, "service_principal")?, SELECTED];
        let answer = entra::call(context, action, READ, &fill, Body::None).await?;
        let enabled = answer.body["accountEnabled"].as_bool().ok_or_else(|| answer.lacks("/accountEnabled"))?;
        let words = if enabled { "the service principal is enabled" } else { "the service principal is disabled" };
        Ok(Reading::new(json!(enabled), !enabled, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        set(context, action, false).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        set(context, action, *before == true).await
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let fill = [parameter(action, "service_principal")?, SELECTED];
        let answer = entra::call(context, action, READ, &fill, Body::None).await?;
        Ok(answer.text("/appId")? == tenant(context, action)?.1.client_id)
    }

    fn unseen(&self) -> &'static str {
        "access tokens live on until they expire, and nobody tries one"
    }
}
