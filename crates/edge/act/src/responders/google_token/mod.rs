//! Deletes all tokens that a Google Workspace user gave to one application.
//!
//! The user may consent again: block the application in the admin console, for which Google has no API.

use crate::context::Context;
use crate::error::ActError;
use crate::google::{self, Api};
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {google}/admin/directory/v1/users/{userKey}/tokens/{clientId}";
const DELETE: &str = "DELETE {google}/admin/directory/v1/users/{userKey}/tokens/{clientId}";

static SPEC: ActionSpec = ActionSpec {
    name: "google_token",
    verb: "delete",
    targets: &["identity:app/google/"],
    title: "Delete a Google user's grant to an application",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[google::TOKEN, Call::reads(READ), Call::changes(DELETE)],
    permissions: &[Permission {
        action: "https://www.googleapis.com/auth/admin.directory.user.security",
        resource: "the Workspace",
        purpose: "read and delete the tokens that users gave to applications",
    }],
    rate_class: RateClass::Google,
    blast_radius: "the application loses what the user let it do",
};

/// Deletes grants.
#[derive(Debug)]
pub struct GoogleToken;

/// The responder.
pub static RESPONDER: GoogleToken = GoogleToken;

#[async_trait]
impl Setting for GoogleToken {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let google = google::open(context, Api::Security).await?;
        let fill = [parameter(action, "user")?, parameter(action, "client")?];
        let answer = google.call(READ, &fill, Body::None).await?;
        let state = json!({"application": answer.body["displayText"], "scopes": answer.body["scopes"]});
        Ok(Reading::new(state, false, "the application holds a token of the user"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let google = google::open(context, Api::Security).await?;
        let fill = [parameter(action, "user")?, parameter(action, "client")?];
        gone_is_done(google.call(DELETE, &fill, Body::None).await)
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the user consents again"))
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // We act by a service account's own statement, not by a user's consent.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "the application alone could try its token; the user may consent again"
    }
}
