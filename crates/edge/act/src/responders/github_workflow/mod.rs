//! Disables a workflow of GitHub Actions, so that neither a push nor a schedule starts it; its undo enables it.
//!
//! Runs that have begun go on: cancel them by hand.

use crate::context::Context;
use crate::error::ActError;
use crate::github::{Github, TOKEN, repository};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {api}/repos/{owner}/{repo}/actions/workflows/{workflow_id}";
const DISABLE: &str = "PUT {api}/repos/{owner}/{repo}/actions/workflows/{workflow_id}/disable";
const ENABLE: &str = "PUT {api}/repos/{owner}/{repo}/actions/workflows/{workflow_id}/enable";

static SPEC: ActionSpec = ActionSpec {
    name: "github_workflow",
    verb: "disable",
    targets: &["resource:github/"],
    title: "Disable a GitHub Actions workflow",
    level: Level::ContractTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[TOKEN, Call::reads(READ), Call::changes(DISABLE), Call::changes(ENABLE)],
    permissions: &[Permission {
        action: "actions: write",
        resource: "the repository",
        purpose: "read, disable and enable workflows",
    }],
    rate_class: RateClass::Github,
    blast_radius: "what the workflow builds or deploys stands still",
};

/// Disables workflows.
#[derive(Debug)]
pub struct GithubWorkflow;

/// The responder.
pub static RESPONDER: GithubWorkflow = GithubWorkflow;

async fn call(context: &Context<'_>, action: &Action, shape: &str) -> Result<crate::rest::Answer, ActError> {
    let github = Github::of(context, action).await?;
    let (owner, repo) = repository(action)?;
    github.rest.call(shape, &[owner, repo, parameter(action, "workflow_id")?], Body::None).await
}

#[async_trait]
impl Setting for GithubWorkflow {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = call(context, action, READ).await?;
        let state = answer.text("/state")?;
        // Whoever disabled it: by hand, for inactivity, in a fork, or by deleting the file.
        let disabled = state != "active";
        Ok(Reading::new(json!(state), disabled, format!("the workflow is `{state}`")))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        call(context, action, DISABLE).await.map(|_| ())
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        match before.as_str() {
            Some("active") => call(context, action, ENABLE).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // Firebreak does not run in a workflow; where it does, its repository belongs into `responder.own`.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "runs that have begun go on, and nobody starts one to see it refused"
    }
}
