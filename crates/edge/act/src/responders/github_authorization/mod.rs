//! Takes away the authorisation of a member's credential (token, SSH key) for an organisation behind single sign-on.
//!
//! The credential lives on elsewhere, and its owner can authorise it again after a new sign-on: suspend the owner too.

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

const LIST: &str = "GET {api}/orgs/{org}/credential-authorizations?per_page&page&login";
const REMOVE: &str = "DELETE {api}/orgs/{org}/credential-authorizations/{credential_id}";
/// One person with more than a thousand authorised credentials is not a person.
const PAGES_MAX: u32 = 10;

static SPEC: ActionSpec = ActionSpec {
    name: "github_authorization",
    verb: "revoke",
    targets: &["credential:github/"],
    title: "Take away a credential's single sign-on authorisation",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[TOKEN, Call::reads(LIST), Call::changes(REMOVE)],
    permissions: &[Permission {
        action: "organization_administration: write",
        resource: "the organisation",
        purpose: "list and remove the authorisations of members' credentials",
    }],
    rate_class: RateClass::Github,
    blast_radius: "whoever uses the credential on the organisation; its owner must sign on and authorise it again",
};

/// Takes authorisations away.
#[derive(Debug)]
pub struct GithubAuthorization;

/// The responder.
pub static RESPONDER: GithubAuthorization = GithubAuthorization;

async fn find(github: &Github<'_>, action: &Action) -> Result<Option<Value>, ActError> {
    let (id, login) = (parameter(action, "credential_id")?, parameter(action, "login")?);
    for page in 1..=PAGES_MAX {
        let answer = github.rest.call(LIST, &[github.org, "100", &page.to_string(), login], Body::None).await?;
        let list = answer.list("")?;
        let is_it = |one: &&Value| one["credential_id"].as_u64().is_some_and(|one| one.to_string() == id);
        if let Some(found) = list.iter().find(is_it) {
            return Ok(Some(found.clone()));
        }
        if list.len() < 100 {
            break;
        }
    }
    Ok(None)
}

#[async_trait]
impl Setting for GithubAuthorization {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let github = Github::of(context, action).await?;
        Ok(match find(&github, action).await? {
            Some(one) => {
                let state = json!({"login": one["login"], "type": one["credential_type"], "scopes": one["scopes"]});
                Reading::new(state, false, "the credential is authorised")
            }
            None => Reading::new(Value::Null, true, "the organisation lists no such authorisation"),
        })
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let github = Github::of(context, action).await?;
        let fill = [github.org, parameter(action, "credential_id")?];
        gone_is_done(github.rest.call(REMOVE, &fill, Body::None).await)
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "only its owner can authorise it again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let github = Github::of(context, action).await?;
        let found = find(&github, action).await?;
        Ok(found.is_some_and(|one| github.token_ends_with(one["token_last_eight"].as_str().unwrap_or_default())))
    }

    fn unseen(&self) -> &'static str {
        "the credential is not at hand to try it; its owner can authorise it again"
    }
}
