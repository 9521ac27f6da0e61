//! Deletes a deploy key of a repository; its undo adds the same public key again, under a new id.

use crate::context::Context;
use crate::error::ActError;
use crate::github::{Github, TOKEN, repository};
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const LIST: &str = "GET {api}/repos/{owner}/{repo}/keys?per_page&page";
const DELETE: &str = "DELETE {api}/repos/{owner}/{repo}/keys/{key_id}";
const ADD: &str = "POST {api}/repos/{owner}/{repo}/keys";
const PAGES_MAX: u32 = 10;

static SPEC: ActionSpec = ActionSpec {
    name: "github_deploy_key",
    verb: "delete",
    targets: &["credential:github/"],
    title: "Delete a GitHub deploy key",
    level: Level::ContractTested,
    reversibility: Reversibility::RecreateOnly,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[TOKEN, Call::reads(LIST), Call::changes(DELETE), Call::changes(ADD)],
    permissions: &[Permission {
        action: "administration: write",
        resource: "the repository",
        purpose: "list, delete and add deploy keys",
    }],
    rate_class: RateClass::Github,
    blast_radius: "whatever pulls or pushes with the key",
};

/// Deletes deploy keys.
#[derive(Debug)]
pub struct GithubDeployKey;

/// The responder.
pub static RESPONDER: GithubDeployKey = GithubDeployKey;

async fn keys(github: &Github<'_>, action: &Action) -> Result<Vec<Value>, ActError> {
    let (owner, repo) = repository(action)?;
    let mut keys = Vec::new();
    for page in 1..=PAGES_MAX {
        let answer = github.rest.call(LIST, &[owner, repo, "100", &page.to_string()], Body::None).await?;
        let list = answer.list("")?;
        keys.extend_from_slice(list);
        if list.len() < 100 {
            break;
        }
    }
    Ok(keys)
}

#[async_trait]
impl Setting for GithubDeployKey {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let github = Github::of(context, action).await?;
        let id = parameter(action, "key_id")?;
        let keys = keys(&github, action).await?;
        let found = keys.iter().find(|key| key["id"].as_u64().is_some_and(|one| one.to_string() == id));
        Ok(match found {
            Some(key) => {
                let state = json!({"title": key["title"], "key": key["key"], "read_only": key["read_only"]});
                Reading::new(state, false, "the repository accepts the key")
            }
            None => Reading::new(Value::Null, true, "the repository lists no such key"),
        })
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let github = Github::of(context, action).await?;
        let (owner, repo) = repository(action)?;
        gone_is_done(github.rest.call(DELETE, &[owner, repo, parameter(action, "key_id")?], Body::None).await)
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        if self.is_back(context, action, before).await? {
            return Ok(());
        }
        let github = Github::of(context, action).await?;
        let (owner, repo) = repository(action)?;
        github.rest.call(ADD, &[owner, repo], Body::Json(before)).await.map(|_| ())
    }

    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        let github = Github::of(context, action).await?;
        let same = |key: &Value| key["key"] == before["key"] && key["read_only"] == before["read_only"];
        Ok(keys(&github, action).await?.iter().any(same))
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // Firebreak calls the API and holds no SSH key.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "the private key is not at hand to try it"
    }
}
