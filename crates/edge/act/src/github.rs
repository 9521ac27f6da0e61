//! GitHub as its responders need it: which organisation, as which App or with which token, and who we are there.
//!
//! It is no client: every call is named by a responder.

use crate::context::Context;
use crate::error::ActError;
use crate::jwt;
use crate::responder::parameter;
use crate::rest::{Body, Rest};
use crate::spec::Call;
use firebreak_model::Action;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// `[responder.github]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By the organisation's name.
    pub orgs: BTreeMap<String, Organization>,
    /// Address for calls without a token.
    pub api: Option<String>,
    /// By `hashed_token`, as audit logs and inventories name a token: a reference to the token itself, which
    /// `github_credential/revoke` must show.
    pub credentials: BTreeMap<String, String>,
}

/// `[responder.github.orgs.<name>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Address of the API; GitHub's own by default.
    #[serde(default = "default_api")]
    pub api: String,
    /// A reference to a token. An App is better: some calls take nothing else, and a token is a person's.
    #[serde(default)]
    pub token: Option<String>,
    /// The App that we act as.
    #[serde(default)]
    pub app: Option<App>,
    /// The enterprise that owns the organisation, for calls on others' Apps.
    #[serde(default)]
    pub enterprise: Option<String>,
    /// An empty repository, to which `github_app/narrow` narrows an App.
    #[serde(default)]
    pub decoy: Option<String>,
}

/// `[responder.github.orgs.<name>.app]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The App's id or client id.
    pub id: String,
    /// A reference to the App's private key, PEM.
    pub key: String,
    /// Its installation in this organisation (or, for calls on others' Apps, in the enterprise).
    pub installation: String,
}

pub(crate) fn default_api() -> String {
    "https://api.github.com".to_owned()
}

const TOKEN_SHAPE: &str = "POST {api}/app/installations/{installation_id}/access_tokens";
/// How an App gets the token that it calls with.
pub(crate) const TOKEN: Call = Call::reads(TOKEN_SHAPE);
/// Whose token it is.
pub(crate) const USER: &str = "GET {api}/user";

/// An organisation and the API with our token.
pub(crate) struct Github<'a> {
    pub(crate) rest: Rest<'a>,
    pub(crate) org: &'a str,
    pub(crate) settings: &'a Organization,
    token: SecretString,
}

impl<'a> Github<'a> {
    /// The organisation in the action's parameter `org`.
    pub(crate) async fn of(context: &'a Context<'a>, action: &'a Action) -> Result<Github<'a>, ActError> {
        let org = parameter(action, "org")?;
        let settings = context.config.github.orgs.get(org).ok_or_else(|| {
            ActError::unusable(
                format!("no credentials for the GitHub organisation `{org}`"),
                format!("add `[responder.github.orgs.{org}]` with `app` or `token`"),
            )
        })?;
        let token = match (&settings.app, &settings.token) {
            (Some(app), _) => installation_token(context, settings, app).await?,
            (None, Some(token)) => context.secret(token)?,
            (None, None) => {
                return Err(ActError::unusable(
                    format!("`[responder.github.orgs.{org}]` has neither `app` nor `token`"),
                    "register a GitHub App with the rights of the responder's manifest and configure it as `app`",
                ));
            }
        };
        let rest = api(context, &settings.api)?.bearer(token.clone());
        Ok(Github { rest, org, settings, token })
    }

    /// The same, where GitHub lets nobody but Apps do it.
    pub(crate) async fn as_app(context: &'a Context<'a>, action: &'a Action) -> Result<Github<'a>, ActError> {
        let org = parameter(action, "org")?;
        if context.config.github.orgs.get(org).is_some_and(|settings| settings.app.is_none()) {
            return Err(ActError::unusable(
                format!("GitHub lets only Apps do `{}`", action.name),
                format!("configure `[responder.github.orgs.{org}.app]`"),
            ));
        }
        Github::of(context, action).await
    }

    /// The enterprise, for calls on others' Apps.
    pub(crate) fn enterprise(&self) -> Result<&'a str, ActError> {
        self.settings.enterprise.as_deref().ok_or_else(|| {
            ActError::unusable(
                format!("nobody said which enterprise `{}` belongs to", self.org),
                format!("add `enterprise` to `[responder.github.orgs.{}]`", self.org),
            )
        })
    }

    /// Whether `login` is the account whose token we call with. An App is no account.
    pub(crate) async fn is_me(&self, login: &str) -> Result<bool, ActError> {
        if self.settings.app.is_some() {
            return Ok(false);
        }
        let user = self.rest.call(USER, &[], Body::None).await?;
        Ok(user.text("/login")?.eq_ignore_ascii_case(login))
    }

    /// Whether the token that we call with ends in `last_eight`.
    pub(crate) fn token_ends_with(&self, last_eight: &str) -> bool {
        !last_eight.is_empty() && self.token.expose_secret().ends_with(last_eight)
    }
}

/// The API without a token.
pub(crate) fn api<'a>(context: &'a Context<'a>, base: &str) -> Result<Rest<'a>, ActError> {
    let rest = Rest::at(context, base)?;
    Ok(rest.header("accept", "application/vnd.github+json").header("x-github-api-version", "2022-11-28"))
}

async fn installation_token(
    context: &Context<'_>,
    settings: &Organization,
    app: &App,
) -> Result<SecretString, ActError> {
    let now = context.now().seconds();
    // GitHub takes statements of at most ten minutes, and clocks differ.
    let claims = json!({"iat": now - 60, "exp": now + 540, "iss": app.id});
    let statement = jwt::signed(&claims, &context.secret(&app.key)?)?;
    let rest = api(context, &settings.api)?.bearer(statement);
    let answer = rest.call(TOKEN_SHAPE, &[&app.installation], Body::None).await?;
    Ok(answer.text("/token")?.into())
}

/// Owner and name of the repository in the parameter `repository`, `owner/name`.
pub(crate) fn repository(action: &Action) -> Result<(&str, &str), ActError> {
    let whole = parameter(action, "repository")?;
    whole.split_once('/').filter(|(owner, name)| !owner.is_empty() && !name.is_empty()).ok_or_else(|| {
        ActError::unusable(
            format!("`{whole}` is no repository"),
            "take a new inventory: repositories are written `owner/name`",
        )
    })
}
