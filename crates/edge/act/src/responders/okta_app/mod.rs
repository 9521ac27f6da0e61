//! Deactivates an application in Okta, so that nobody signs in to it and it gets no tokens; its undo activates it.

use crate::context::Context;
use crate::error::ActError;
use crate::okta;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {okta}/api/v1/apps/{appId}";
const DEACTIVATE: &str = "POST {okta}/api/v1/apps/{appId}/lifecycle/deactivate";
const ACTIVATE: &str = "POST {okta}/api/v1/apps/{appId}/lifecycle/activate";

static SPEC: ActionSpec = ActionSpec {
    name: "okta_app",
    verb: "deactivate",
    targets: &["identity:okta/"],
    title: "Deactivate an Okta application",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(READ), Call::changes(DEACTIVATE), Call::changes(ACTIVATE)],
    permissions: &[Permission {
        action: "okta.apps.manage",
        resource: "the applications in question",
        purpose: "read, deactivate and activate them",
    }],
    rate_class: RateClass::Okta,
    blast_radius: "everyone who signs in to the application, and what it does by itself",
};

/// Deactivates applications.
#[derive(Debug)]
pub struct OktaApp;

/// The responder.
pub static RESPONDER: OktaApp = OktaApp;

#[async_trait]
impl Setting for OktaApp {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = okta::call(context, action, READ, &["app"], &[]).await?;
        let status = answer.text("/status")?;
        Ok(Reading::new(json!(status), status != "ACTIVE", format!("the application is `{status}`")))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        okta::call(context, action, DEACTIVATE, &["app"], &[]).await.map(|_| ())
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        match before.as_str() {
            Some("ACTIVE") => okta::call(context, action, ACTIVATE, &["app"], &[]).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        okta::is_ours(context, action, "app")
    }

    fn unseen(&self) -> &'static str {
        "access tokens that the application got live on until they expire"
    }
}
