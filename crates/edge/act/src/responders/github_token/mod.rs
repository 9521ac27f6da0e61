//! Revokes a fine-grained personal access token's access to an organisation, which only a GitHub App may do.
//!
//! The token itself lives on for its owner's own account and for other organisations.

use crate::context::Context;
use crate::error::ActError;
use crate::github::{Github, TOKEN};
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const LIST: &str = "GET {api}/orgs/{org}/personal-access-tokens?token_id";
const REVOKE: &str = "POST {api}/orgs/{org}/personal-access-tokens/{pat_id}";

static SPEC: ActionSpec = ActionSpec {
    name: "github_token",
    verb: "revoke",
    targets: &["credential:github/"],
    title: "Revoke a fine-grained GitHub token in an organisation",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[TOKEN, Call::reads(LIST), Call::changes(REVOKE)],
    permissions: &[Permission {
        action: "organization_personal_access_tokens: write",
        resource: "the organisation, as a GitHub App",
        purpose: "read and revoke members' tokens there",
    }],
    rate_class: RateClass::Github,
    blast_radius: "everything that uses the token on the organisation's repositories; its owner is told by e-mail",
};

/// Revokes tokens.
#[derive(Debug)]
pub struct GithubToken;

/// The responder.
pub static RESPONDER: GithubToken = GithubToken;

#[async_trait]
impl Setting for GithubToken {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let github = Github::as_app(context, action).await?;
        let id = parameter(action, "token_id")?;
        let answer = github.rest.call(LIST, &[github.org, id], Body::None).await?;
        // Whatever the server makes of the filter, only this token counts.
        let found = answer.list("")?.iter().find(|one| one["id"].as_u64().is_some_and(|one| one.to_string() == id));
        Ok(match found {
            Some(token) => {
                let state = json!({
                    "owner": token["owner"]["login"], "name": token["token_name"], "permissions": token["permissions"],
                });
                Reading::new(state, false, "the token has access to the organisation")
            }
            None => Reading::new(Value::Null, true, "the organisation's list has no such token"),
        })
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let github = Github::as_app(context, action).await?;
        let fill = [github.org, parameter(action, "token_id")?];
        gone_is_done(github.rest.call(REVOKE, &fill, Body::Json(&json!({"action": "revoke"}))).await)
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "let its owner make a new token and ask for access again"))
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // Only an App may do this, and an App's tokens are not in this list.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "the token is not at hand to try it; it lives on outside the organisation"
    }
}
