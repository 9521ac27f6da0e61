//! Suspends an Okta user, which only an active one can be; its undo makes them active again.
//!
//! Sessions at applications behind Okta live on unless those applications end them: end Okta's own with `okta_sessions`.

use crate::context::Context;
use crate::error::ActError;
use crate::okta;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {okta}/api/v1/users/{userId}";
const SUSPEND: &str = "POST {okta}/api/v1/users/{userId}/lifecycle/suspend";
const UNSUSPEND: &str = "POST {okta}/api/v1/users/{userId}/lifecycle/unsuspend";

static SPEC: ActionSpec = ActionSpec {
    name: "okta_user",
    verb: "suspend",
    targets: &["identity:okta/", "identity:person/"],
    title: "Suspend an Okta user",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::ReadBackGuard,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(READ), Call::changes(SUSPEND), Call::changes(UNSUSPEND)],
    permissions: &[Permission {
        action: "okta.users.manage",
        resource: "the users whom an administrator role limited to suspension covers",
        purpose: "read, suspend and unsuspend users",
    }],
    rate_class: RateClass::Okta,
    blast_radius: "the person cannot sign in anywhere behind Okta",
};

/// Suspends users.
#[derive(Debug)]
pub struct OktaUser;

/// The responder.
pub static RESPONDER: OktaUser = OktaUser;

#[async_trait]
impl Setting for OktaUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = okta::call(context, action, READ, &["user"], &[]).await?;
        let status = answer.text("/status")?;
        let denies = matches!(status, "SUSPENDED" | "DEPROVISIONED");
        if !denies && status != "ACTIVE" {
            return Err(ActError::unusable(
                format!("the user is `{status}`, and Okta suspends only who is `ACTIVE`"),
                "deactivate the user by hand, or wait until Okta has finished what it does to them",
            ));
        }
        Ok(Reading::new(json!(status), denies, format!("the user is `{status}`")))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        okta::call(context, action, SUSPEND, &["user"], &[]).await.map(|_| ())
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        // Okta refuses to unsuspend who is not suspended.
        if *before != "ACTIVE" || self.is_back(context, action, before).await? {
            return Ok(());
        }
        okta::call(context, action, UNSUSPEND, &["user"], &[]).await.map(|_| ())
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        okta::is_ours(context, action, "user")
    }

    fn unseen(&self) -> &'static str {
        "sessions at applications behind Okta may live on, and nobody signs in as the user to try it"
    }
}
