//! Removes a person from an organisation; its undo invites them again, with the role and the teams that they had.
//!
//! Their forks of private repositories go with them, and an invitation waits until they accept it.

use crate::context::Context;
use crate::error::ActError;
use crate::github::{Github, TOKEN, USER};
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Map, Value, json};

const READ: &str = "GET {api}/orgs/{org}/memberships/{username}";
const REMOVE: &str = "DELETE {api}/orgs/{org}/memberships/{username}";
const INVITE: &str = "PUT {api}/orgs/{org}/memberships/{username}";
const TEAM: &str = "GET {api}/orgs/{org}/teams/{team_slug}/memberships/{username}";
const JOIN: &str = "PUT {api}/orgs/{org}/teams/{team_slug}/memberships/{username}";

static SPEC: ActionSpec = ActionSpec {
    name: "github_member",
    verb: "remove",
    targets: &["identity:github/"],
    title: "Remove a person from a GitHub organisation",
    level: Level::ContractTested,
    reversibility: Reversibility::RecreateOnly,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[
        TOKEN,
        Call::reads(USER),
        Call::reads(READ),
        Call::reads(TEAM),
        Call::changes(REMOVE),
        Call::changes(INVITE),
        Call::changes(JOIN),
    ],
    permissions: &[Permission {
        action: "members: write",
        resource: "the organisation",
        purpose: "read, remove and invite members, and read and set their teams",
    }],
    rate_class: RateClass::Github,
    blast_radius: "the person: all their tokens and keys lose the organisation, and their forks of private repositories are \
                   deleted",
};

/// Removes members.
#[derive(Debug)]
pub struct GithubMember;

/// The responder.
pub static RESPONDER: GithubMember = GithubMember;

/// The teams that the inventory knows, by slug.
fn teams(action: &Action) -> impl Iterator<Item = &str> {
    action.parameters.get("teams").map_or("", |teams| teams.as_str()).split(',').filter(|slug| !slug.is_empty())
}

#[async_trait]
impl Setting for GithubMember {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let github = Github::of(context, action).await?;
        let user = parameter(action, "user")?;
        let member = github.rest.call(READ, &[github.org, user], Body::None).await?;
        let role = member.text("/role")?.to_owned();
        let mut roles = Map::new();
        for team in teams(action) {
            match github.rest.call(TEAM, &[github.org, team, user], Body::None).await {
                Ok(answer) => drop(roles.insert(team.to_owned(), json!(answer.text("/role")?))),
                Err(ActError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Reading::new(json!({"role": role, "teams": roles}), false, "the person is a member, or invited"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let github = Github::of(context, action).await?;
        gone_is_done(github.rest.call(REMOVE, &[github.org, parameter(action, "user")?], Body::None).await)
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let github = Github::of(context, action).await?;
        let user = parameter(action, "user")?;
        github.rest.call(INVITE, &[github.org, user], Body::Json(&json!({"role": before["role"]}))).await?;
        for (team, role) in before["teams"].as_object().into_iter().flatten() {
            github.rest.call(JOIN, &[github.org, team, user], Body::Json(&json!({"role": role}))).await?;
        }
        Ok(())
    }

    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        match self.read(context, action).await {
            Ok(reading) => Ok(reading.state == *before),
            Err(ActError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Github::of(context, action).await?.is_me(parameter(action, "user")?).await
    }

    fn unseen(&self) -> &'static str {
        "none of the person's credentials is at hand to try it; clones and forks outside the organisation stay theirs"
    }
}
