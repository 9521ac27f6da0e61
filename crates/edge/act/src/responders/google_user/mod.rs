//! Suspends a Google Workspace user; its undo ends the suspension. Nothing of theirs is deleted.

use crate::context::Context;
use crate::error::ActError;
use crate::google::{self, Api};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {google}/admin/directory/v1/users/{userKey}?fields";
const SET: &str = "PUT {google}/admin/directory/v1/users/{userKey}";

static SPEC: ActionSpec = ActionSpec {
    name: "google_user",
    verb: "suspend",
    targets: &["identity:google/", "identity:person/"],
    title: "Suspend a Google user",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[google::TOKEN, Call::reads(READ), Call::changes(SET)],
    permissions: &[Permission {
        action: "https://www.googleapis.com/auth/admin.directory.user",
        resource: "the Workspace",
        purpose: "read users and suspend them",
    }],
    rate_class: RateClass::Google,
    blast_radius: "the person: mail, Drive and every application behind their Google account",
};

/// Suspends users.
#[derive(Debug)]
pub struct GoogleUser;

/// The responder.
pub static RESPONDER: GoogleUser = GoogleUser;

async fn set(context: &Context<'_>, action: &Action, suspended: bool) -> Result<(), ActError> {
    let google = google::open(context, Api::Users).await?;
    let body = json!({"suspended": suspended});
    google.call(SET, &[parameter(action, "user")?], Body::Json(&body)).await.map(|_| ())
}

#[async_trait]
impl Setting for GoogleUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let google = google::open(context, Api::Users).await?;
        let answer = google.call(READ, &[parameter(action, "user")?, "primaryEmail,suspended"], Body::None).await?;
        let suspended = answer.body["suspended"].as_bool().ok_or_else(|| answer.lacks("/suspended"))?;
        let words = if suspended { "the user is suspended" } else { "the user is not suspended" };
        Ok(Reading::new(json!(suspended), suspended, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        set(context, action, true).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        set(context, action, *before == true).await
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(google::is_subject(context, parameter(action, "user")?))
    }

    fn unseen(&self) -> &'static str {
        "nobody signs in as the user to try it; old access tokens may live on for up to an hour"
    }
}
