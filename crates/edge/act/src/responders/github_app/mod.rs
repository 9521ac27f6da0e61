//! Narrows what a GitHub App that others wrote can reach in an organisation to one empty repository, without removing it.
//!
//! Only an App that is installed in the enterprise may do that. Tokens that the App got before may keep their repositories
//! until they end, at most an hour.

use crate::context::Context;
use crate::error::ActError;
use crate::github::{Github, TOKEN};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const INSTALLATIONS: &str = "GET {api}/enterprises/{enterprise}/apps/organizations/{org}/installations?per_page&page";
const REPOSITORIES: &str = "GET {api}/enterprises/{enterprise}/apps/organizations/{org}/installations/{installation_id}/repositories?per_page&page";
const SET: &str =
    "PATCH {api}/enterprises/{enterprise}/apps/organizations/{org}/installations/{installation_id}/repositories";
const PAGES_MAX: u32 = 10;
/// The most that one request may name, by the description; an undo is one request.
const NAMED_MAX: usize = 50;

static SPEC: ActionSpec = ActionSpec {
    name: "github_app",
    verb: "narrow",
    targets: &["identity:github/"],
    title: "Narrow a GitHub App to an empty repository",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[TOKEN, Call::reads(INSTALLATIONS), Call::reads(REPOSITORIES), Call::changes(SET)],
    permissions: &[Permission {
        action: "enterprise_organization_installation_repositories: write",
        resource: "the enterprise, as a GitHub App that is installed there",
        purpose: "read and set which repositories an App reaches",
    }],
    rate_class: RateClass::Github,
    blast_radius: "whoever relies on the App on any repository of the organisation",
};

/// Narrows Apps.
#[derive(Debug)]
pub struct GithubApp;

/// The responder.
pub static RESPONDER: GithubApp = GithubApp;

/// Where the list of an answer is: bare, or under a name.
fn listed<'b>(body: &'b Value, name: &str) -> &'b [Value] {
    body.as_array().or_else(|| body[name].as_array()).map_or(&[], Vec::as_slice)
}

/// `all` or `selected`, and the names of the selected.
async fn selection(github: &Github<'_>, action: &Action) -> Result<(String, Vec<String>), ActError> {
    let (enterprise, id) = (github.enterprise()?, parameter(action, "installation_id")?);
    let mut selection = None;
    for page in 1..=PAGES_MAX {
        let answer =
            github.rest.call(INSTALLATIONS, &[enterprise, github.org, "100", &page.to_string()], Body::None).await?;
        let list = listed(&answer.body, "installations");
        let is_it = |one: &&Value| one["id"].as_u64().is_some_and(|one| one.to_string() == id);
        if let Some(found) = list.iter().find(is_it) {
            selection = found["repository_selection"].as_str().map(str::to_owned);
            break;
        }
        if list.len() < 100 {
            break;
        }
    }
    let missing = || ActError::NotFound { target: id.to_owned(), reason: "no such installation".to_owned() };
    let selection = selection.ok_or_else(missing)?;
    if selection != "selected" {
        return Ok((selection, Vec::new()));
    }
    let fill = [enterprise, github.org, id, "100", "1"];
    let answer = github.rest.call(REPOSITORIES, &fill, Body::None).await?;
    let name = |one: &Value| one["name"].as_str().map(str::to_owned);
    let mut names: Vec<_> = listed(&answer.body, "repositories").iter().filter_map(name).collect();
    names.sort();
    Ok((selection, names))
}

fn decoy<'a>(github: &Github<'a>) -> Result<&'a str, ActError> {
    github.settings.decoy.as_deref().ok_or_else(|| {
        ActError::unusable(
            "nobody named an empty repository to narrow Apps to",
            format!("make one and name it as `decoy` in `[responder.github.orgs.{}]`", github.org),
        )
    })
}

async fn set(github: &Github<'_>, action: &Action, body: &Value) -> Result<(), ActError> {
    let fill = [github.enterprise()?, github.org, parameter(action, "installation_id")?];
    github.rest.call(SET, &fill, Body::Json(body)).await.map(|_| ())
}

#[async_trait]
impl Setting for GithubApp {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let github = Github::of(context, action).await?;
        let decoy = decoy(&github)?;
        let (selection, names) = selection(&github, action).await?;
        if names.len() > NAMED_MAX {
            return Err(ActError::unusable(
                format!("the App has {} repositories, and an undo can name {NAMED_MAX}", names.len()),
                "remove the App, or narrow it by hand",
            ));
        }
        let narrow = selection == "selected" && names == [decoy];
        let words = match narrow {
            true => "the App reaches the empty repository alone".to_owned(),
            false => {
                format!("the App reaches {}", if selection == "all" { "all repositories" } else { "its repositories" })
            }
        };
        Ok(Reading::new(json!({"selection": selection, "repositories": names}), narrow, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let github = Github::of(context, action).await?;
        let body = json!({"repository_selection": "selected", "repositories": [decoy(&github)?]});
        set(&github, action, &body).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let github = Github::of(context, action).await?;
        let mut body = json!({"repository_selection": before["selection"]});
        if before["selection"] == "selected" {
            body["repositories"] = before["repositories"].clone();
        }
        set(&github, action, &body).await
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let id = parameter(action, "installation_id")?;
        let apps = context.config.github.orgs.values().filter_map(|org| org.app.as_ref());
        Ok(apps.into_iter().any(|app| app.installation == id))
    }

    fn unseen(&self) -> &'static str {
        "tokens that the App holds may keep their repositories for up to an hour, and nobody but the App can try them"
    }
}
