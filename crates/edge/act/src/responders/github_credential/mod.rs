//! Revokes a GitHub token whose plaintext is at hand, wherever it is valid: what leaked is reported to GitHub, which
//! destroys it.
//!
//! GitHub takes the report without a login, queues it and answers 202 to anything: what counts is that the token is
//! refused afterwards, and that is tried with the token itself.

use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::github::{api, default_api};
use crate::responder::{Responder, StateBefore};
use crate::rest::Body;
use crate::setting::irreversible;
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

const REVOKE: &str = "POST {api}/credentials/revoke";
const PROBE: &str = "GET {api}/rate_limit";

static SPEC: ActionSpec = ActionSpec {
    name: "github_credential",
    verb: "revoke",
    targets: &["credential:github/"],
    title: "Report a leaked GitHub token, which destroys it",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(300),
    calls: &[Call::changes(REVOKE), Call::reads(PROBE)],
    permissions: &[Permission {
        action: "none",
        resource: "GitHub takes no login here",
        purpose: "whoever has a token may report it",
    }],
    rate_class: RateClass::GithubAnonymous,
    blast_radius: "everything that uses the token, in every organisation; its owner is told by e-mail",
};

/// What GitHub destroys on a report; an App's own short-lived tokens (`ghs_`) are not among it.
const KINDS: [&str; 5] = ["ghp_", "github_pat_", "gho_", "ghu_", "ghr_"];

/// Reports tokens.
#[derive(Debug)]
pub struct GithubCredential;

/// The responder.
pub static RESPONDER: GithubCredential = GithubCredential;

fn base(context: &Context<'_>) -> String {
    context.config.github.api.clone().unwrap_or_else(default_api)
}

fn token(context: &Context<'_>, action: &Action) -> Result<SecretString, ActError> {
    let hash = action.target.name();
    let reference = context.config.github.credentials.get(hash).ok_or_else(|| {
        ActError::unusable(
            format!("the token `{hash}` itself is not at hand, and GitHub destroys only what it is shown"),
            "put the token into a file and name it under `[responder.github.credentials]`",
        )
    })?;
    let token = context.secret(reference)?;
    match KINDS.iter().any(|kind| token.expose_secret().starts_with(kind)) {
        true => Ok(token),
        false => Err(ActError::unusable(
            format!("what stands for `{hash}` is no token that GitHub destroys on a report"),
            "it must begin with `ghp_`, `github_pat_`, `gho_`, `ghu_` or `ghr_`",
        )),
    }
}

/// Whether GitHub lets the token in. Asking for the rate limit costs nothing and needs no right.
async fn admitted(context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
    let rest = api(context, &base(context))?.bearer(token(context, action)?);
    match rest.ask(PROBE, &[], Body::None).await? {
        answer if (200..300).contains(&answer.status) => Ok(true),
        answer if answer.status == 401 => Ok(false),
        answer => Err(answer.refusal()),
    }
}

#[async_trait]
impl Responder for GithubCredential {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        token(context, action)?;
        // A token that is refused already may be another one than we think: it is reported all the same.
        let admitted = admitted(context, action).await.ok();
        Ok(StateBefore { state: json!({"admitted": admitted}), denied_already: false, admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let token = token(context, action)?;
        // No login: with one GitHub answers 403.
        let rest = api(context, &base(context))?.hushing(token.clone());
        let body = json!({"credentials": [token.expose_secret()]});
        rest.call(REVOKE, &[], Body::Json(&body)).await.map(|_| ())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        vec![match (admitted(context, action).await, before.admitted) {
            (Ok(true), _) => Evidence::effective(false, now, "GitHub still accepts the token"),
            (Ok(false), Some(true)) => Evidence::effective(true, now, "GitHub refuses the token"),
            (Ok(false), _) => Evidence::blind(now, "GitHub was not seen to accept the token before the step"),
            (Err(error), _) => Evidence::unobservable(now, error.to_string()),
        }]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, _before: &StateBefore) -> Result<(), ActError> {
        Err(irreversible(action, "let its owner make a new token"))
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let token = token(context, action)?;
        let references = context.config.github.orgs.values().filter_map(|org| org.token.as_deref());
        for reference in references {
            if context.secret(reference)?.expose_secret() == token.expose_secret() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
