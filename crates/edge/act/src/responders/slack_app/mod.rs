//! Restricts a Slack app in a workspace or in the whole organisation: nobody can use or install it. Its undo approves it again
//! or takes the decision back, as it was.
//!
//! Slack ends the tokens of an app only when it is uninstalled, which cannot be taken back: what a restricted app's token
//! still does is for Slack to say.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::setting::{Reading, Setting};
use crate::slack;
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const RESTRICTED: &str = "POST {api}/admin.apps.restricted.list";
const APPROVED: &str = "POST {api}/admin.apps.approved.list";
const RESTRICT: &str = "POST {api}/admin.apps.restrict";
const APPROVE: &str = "POST {api}/admin.apps.approve";
const CLEAR: &str = "POST {api}/admin.apps.clearResolution";
/// More than ten thousand decisions are not read.
const PAGES_MAX: u32 = 10;

static SPEC: ActionSpec = ActionSpec {
    name: "slack_app",
    verb: "restrict",
    targets: &["identity:app/slack/"],
    title: "Restrict a Slack app",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[
        Call::reads(RESTRICTED),
        Call::reads(APPROVED),
        Call::changes(RESTRICT),
        Call::changes(APPROVE),
        Call::changes(CLEAR),
    ],
    permissions: &[
        Permission {
            action: "admin.apps:read",
            resource: "the workspace or organisation",
            purpose: "read which apps are restricted and approved",
        },
        Permission {
            action: "admin.apps:write",
            resource: "the workspace or organisation",
            purpose: "restrict apps, and take that back",
        },
    ],
    rate_class: RateClass::Slack,
    blast_radius: "everyone who uses the app in the workspace or organisation",
};

/// Restricts apps.
#[derive(Debug)]
pub struct SlackApp;

/// The responder.
pub static RESPONDER: SlackApp = SlackApp;

async fn decide(context: &Context<'_>, action: &Action, shape: &str) -> Result<(), ActError> {
    let fields = [("app_id", parameter(action, "app")?), slack::place(context)?];
    slack::call(context, shape, &fields).await.map(|_| ())
}

/// Whether the app is in a list of decisions.
async fn listed(context: &Context<'_>, action: &Action, shape: &str, name: &str) -> Result<bool, ActError> {
    let app = parameter(action, "app")?;
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        let mut fields = vec![slack::place(context)?, ("limit", "1000")];
        if !cursor.is_empty() {
            fields.push(("cursor", &cursor));
        }
        let answer = slack::call(context, shape, &fields).await?;
        if answer.list(name)?.iter().any(|one| one["app"]["id"] == app) {
            return Ok(true);
        }
        cursor = answer.text("/response_metadata/next_cursor").unwrap_or_default().to_owned();
        if cursor.is_empty() {
            return Ok(false);
        }
    }
    Err(ActError::unusable(
        format!("there are more decisions on apps than we read, and `{app}` is not among the first"),
        "restrict the app by hand",
    ))
}

#[async_trait]
impl Setting for SlackApp {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (restricted, approved) = (listed(context, action, RESTRICTED, "/restricted_apps").await?, async || {
            listed(context, action, APPROVED, "/approved_apps").await
        });
        let word = match restricted {
            true => "restricted",
            false if approved().await? => "approved",
            false => "undecided",
        };
        Ok(Reading::new(json!(word), restricted, format!("the app is {word}")))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        decide(context, action, RESTRICT).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        match before.as_str() {
            Some("approved") => decide(context, action, APPROVE).await,
            Some("undecided") => decide(context, action, CLEAR).await,
            _ => Ok(()),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(context.config.slack.own_app.as_deref() == Some(parameter(action, "app")?))
    }

    fn unseen(&self) -> &'static str {
        "Slack does not say what the tokens of a restricted app still open; uninstall it to end them"
    }
}
