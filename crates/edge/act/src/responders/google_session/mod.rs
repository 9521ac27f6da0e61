//! Signs a Google Workspace user out of all sessions on the web and on devices.
//!
//! Applications to which the user gave tokens keep them: delete those with `google_token`. Google does not tell which
//! sessions there are.

use crate::context::Context;
use crate::error::ActError;
use crate::google::{self, Api};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const READ: &str = "GET {google}/admin/directory/v1/users/{userKey}?fields";
const SIGN_OUT: &str = "POST {google}/admin/directory/v1/users/{userKey}/signOut";

static SPEC: ActionSpec = ActionSpec {
    name: "google_session",
    verb: "sign_out",
    targets: &["identity:person/"],
    title: "Sign a Google user out everywhere",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[google::TOKEN, Call::reads(READ), Call::changes(SIGN_OUT)],
    permissions: &[
        Permission {
            action: "https://www.googleapis.com/auth/admin.directory.user.security",
            resource: "the Workspace",
            purpose: "sign users out",
        },
        Permission {
            action: "https://www.googleapis.com/auth/admin.directory.user",
            resource: "the Workspace",
            purpose: "see that the user is there",
        },
    ],
    rate_class: RateClass::Google,
    blast_radius: "the person must sign in again on every device",
};

/// Signs users out.
#[derive(Debug)]
pub struct GoogleSession;

/// The responder.
pub static RESPONDER: GoogleSession = GoogleSession;

#[async_trait]
impl Setting for GoogleSession {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let google = google::open(context, Api::Users).await?;
        google.call(READ, &[parameter(action, "user")?, "primaryEmail,suspended"], Body::None).await?;
        Ok(Reading::none("Google does not tell which sessions a user has"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let google = google::open(context, Api::Security).await?;
        google.call(SIGN_OUT, &[parameter(action, "user")?], Body::None).await.map(|_| ())
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the person signs in again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(google::is_subject(context, parameter(action, "user")?))
    }

    fn unseen(&self) -> &'static str {
        "tokens that the user gave to applications live on; nobody tries the old sessions"
    }
}
