//! Disables one key of a Google Cloud service account, so that it signs for no new tokens; its undo enables it.
//!
//! Tokens that were made with it live on: disable the account to end those too.

use crate::context::Context;
use crate::error::ActError;
use crate::google::{self, Api};
use crate::responder::parameter;
use crate::rest::{Answer, Body};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {google}/v1/projects/-/serviceAccounts/{account}/keys/{key}?fields";
const DISABLE: &str = "POST {google}/v1/projects/-/serviceAccounts/{account}/keys/{key}:disable";
const ENABLE: &str = "POST {google}/v1/projects/-/serviceAccounts/{account}/keys/{key}:enable";

static SPEC: ActionSpec = ActionSpec {
    name: "gcp_service_account_key",
    verb: "disable",
    targets: &["credential:gcp/"],
    title: "Disable a key of a Google Cloud service account",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[google::TOKEN, Call::reads(READ), Call::changes(DISABLE), Call::changes(ENABLE)],
    permissions: &[
        Permission {
            action: "iam.serviceAccountKeys.get",
            resource: "the project",
            purpose: "read whether the key is disabled",
        },
        Permission { action: "iam.serviceAccountKeys.disable", resource: "the project", purpose: "disable the key" },
        Permission {
            action: "iam.serviceAccountKeys.enable",
            resource: "the project",
            purpose: "enable the key again",
        },
    ],
    rate_class: RateClass::Google,
    blast_radius: "whatever signs with the key",
};

/// Enabling serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["iam.serviceAccountKeys.enable"] };

/// Disables keys.
#[derive(Debug)]
pub struct GcpServiceAccountKey;

/// The responder.
pub static RESPONDER: GcpServiceAccountKey = GcpServiceAccountKey;

async fn call(
    context: &Context<'_>,
    action: &Action,
    shape: &str,
    more: &[&str],
    body: Body<'_>,
) -> Result<Answer, ActError> {
    let google = google::open(context, Api::Iam).await?;
    let mut fill = vec![parameter(action, "email")?, parameter(action, "key")?];
    fill.extend_from_slice(more);
    google.call(shape, &fill, body).await
}

#[async_trait]
impl Setting for GcpServiceAccountKey {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = call(context, action, READ, &["name,disabled"], Body::None).await?;
        // Google leaves out what is false.
        let disabled = answer.body["disabled"].as_bool().unwrap_or(false);
        let words = if disabled { "the key is disabled" } else { "the key is enabled" };
        Ok(Reading::new(json!(disabled), disabled, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        call(context, action, DISABLE, &[], Body::Json(&json!({}))).await.map(|_| ())
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        match before.as_bool() {
            Some(false) => call(context, action, ENABLE, &[], Body::Json(&json!({}))).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        match &context.config.google.service_account {
            Some(account) => Ok(account.key_id == parameter(action, "key")?),
            None => Ok(false),
        }
    }

    fn unseen(&self) -> &'static str {
        "access tokens that were made with the key live on for up to an hour"
    }
}
