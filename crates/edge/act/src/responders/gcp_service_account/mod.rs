//! Disables a Google Cloud service account: its tokens are refused and it gets no new ones. Its undo enables it, and Google
//! then accepts its old tokens again.

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

const READ: &str = "GET {google}/v1/projects/-/serviceAccounts/{account}?fields";
const DISABLE: &str = "POST {google}/v1/projects/-/serviceAccounts/{account}:disable";
const ENABLE: &str = "POST {google}/v1/projects/-/serviceAccounts/{account}:enable";

static SPEC: ActionSpec = ActionSpec {
    name: "gcp_service_account",
    verb: "disable",
    targets: &["identity:gcp/"],
    title: "Disable a Google Cloud service account",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(420),
    calls: &[google::TOKEN, Call::reads(READ), Call::changes(DISABLE), Call::changes(ENABLE)],
    permissions: &[
        Permission {
            action: "iam.serviceAccounts.get",
            resource: "the project",
            purpose: "read whether the service account is disabled",
        },
        Permission {
            action: "iam.serviceAccounts.disable",
            resource: "the project",
            purpose: "disable the service account",
        },
        Permission {
            action: "iam.serviceAccounts.enable",
            resource: "the project",
            purpose: "enable the service account again",
        },
    ],
    rate_class: RateClass::Google,
    blast_radius: "everything that runs as the service account",
};

/// Enabling serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["iam.serviceAccounts.enable"] };

/// Disables service accounts.
#[derive(Debug)]
pub struct GcpServiceAccount;

/// The responder.
pub static RESPONDER: GcpServiceAccount = GcpServiceAccount;

async fn call(
    context: &Context<'_>,
    action: &Action,
    shape: &str,
    more: &[&str],
    body: Body<'_>,
) -> Result<Answer, ActError> {
    let google = google::open(context, Api::Iam).await?;
    let mut fill = vec![parameter(action, "email")?];
    fill.extend_from_slice(more);
    google.call(shape, &fill, body).await
}

#[async_trait]
impl Setting for GcpServiceAccount {
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
        let words = if disabled { "the service account is disabled" } else { "the service account is enabled" };
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
            Some(account) => Ok(account.email == parameter(action, "email")?),
            None => Ok(false),
        }
    }

    fn unseen(&self) -> &'static str {
        "nobody holds one of the account's tokens to try it; Google may take minutes"
    }
}
