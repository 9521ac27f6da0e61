//! Deletes an API key of an OpenAI project, which cannot be taken back: OpenAI has no way to disable one.
//!
//! Keys of people who left are hidden unless asked for, so they are asked for.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Body, Rest, gone_is_done};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Value, json};

/// `[responder.openai_key]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A reference to an admin key of the organisation.
    pub admin_key: Option<String>,
    /// Another address than OpenAI's own.
    pub api: Option<String>,
}

const FIRST: &str = "GET {api}/v1/organization/projects/{project_id}/api_keys?limit&owner_project_access";
const NEXT: &str = "GET {api}/v1/organization/projects/{project_id}/api_keys?limit&after&owner_project_access";
const DELETE: &str = "DELETE {api}/v1/organization/projects/{project_id}/api_keys/{api_key_id}";
const PAGES_MAX: u32 = 20;

static SPEC: ActionSpec = ActionSpec {
    name: "openai_key",
    verb: "delete",
    targets: &["credential:openai/"],
    title: "Delete an OpenAI API key",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(FIRST), Call::reads(NEXT), Call::changes(DELETE)],
    permissions: &[Permission {
        action: "api.management (an admin key)",
        resource: "the organisation: OpenAI gives it to owners alone, and it can do all that they can",
        purpose: "list and delete projects' keys",
    }],
    rate_class: RateClass::Openai,
    blast_radius: "whatever calls OpenAI with the key",
};

/// Deletes keys.
#[derive(Debug)]
pub struct OpenaiKey;

/// The responder.
pub static RESPONDER: OpenaiKey = OpenaiKey;

fn open<'a>(context: &'a Context<'a>) -> Result<Rest<'a>, ActError> {
    let config = &context.config.openai_key;
    let key = config.admin_key.as_ref().ok_or_else(|| {
        ActError::unusable(
            "no admin key for OpenAI",
            "add `[responder.openai_key]` with `admin_key`, a reference to it",
        )
    })?;
    let base = config.api.as_deref().unwrap_or("https://api.openai.com");
    Ok(Rest::at(context, base)?.bearer(context.secret(key)?))
}

#[async_trait]
impl Setting for OpenaiKey {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (openai, project) = (open(context)?, parameter(action, "project")?);
        let id = parameter(action, "key")?;
        let mut after = String::new();
        for _ in 0..PAGES_MAX {
            let answer = match after.as_str() {
                "" => openai.call(FIRST, &[project, "100", "any"], Body::None).await?,
                after => openai.call(NEXT, &[project, "100", after, "any"], Body::None).await?,
            };
            if let Some(key) = answer.list("/data")?.iter().find(|key| key["id"] == id) {
                let state = json!({"name": key["name"], "owner": key["owner"]["type"]});
                return Ok(Reading::new(state, false, "the project has the key"));
            }
            if answer.body["has_more"] != true {
                return Ok(Reading::new(Value::Null, true, "the project has no such key"));
            }
            after = answer.text("/last_id")?.to_owned();
        }
        Err(ActError::unusable(
            format!("the project has more keys than we read, and `{id}` is not among the first"),
            "delete the key by hand",
        ))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let fill = [parameter(action, "project")?, parameter(action, "key")?];
        gone_is_done(open(context)?.call(DELETE, &fill, Body::None).await)
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "make a new key"))
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // We act with an admin key, and those are in a list of their own.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "the key is not at hand to try it"
    }
}
