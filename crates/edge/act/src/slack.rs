//! Slack as its responders need it: the Web API with an administrator's token, where 200 says nothing and `ok` says all.

use crate::context::Context;
use crate::error::ActError;
use crate::rest::{Answer, Body, Rest};
use serde::Deserialize;
use serde_json::Value;

/// `[responder.slack]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A reference to a token with the scopes of the responders' manifests, of an organisation's owner or administrator.
    pub token: Option<String>,
    /// The workspace (`T…`) in which Apps are restricted.
    pub team: Option<String>,
    /// The organisation (`E…`): instead of `team`, for all its workspaces.
    pub enterprise: Option<String>,
    /// The App that our token is of, which is never restricted.
    pub own_app: Option<String>,
    /// Another address than Slack's own.
    pub api: Option<String>,
}

/// Who our token is.
pub(crate) const WHO: &str = "POST {api}/auth.test";

/// One call. What Slack calls an error is one, whatever the status.
pub(crate) async fn call(context: &Context<'_>, shape: &str, fields: &[(&str, &str)]) -> Result<Answer, ActError> {
    let config = &context.config.slack;
    let token = config.token.as_ref().ok_or_else(|| {
        ActError::unusable("no token for Slack", "add `[responder.slack]` with `token`, a reference to it")
    })?;
    let base = config.api.as_deref().unwrap_or("https://slack.com/api");
    let rest = Rest::at(context, base)?.bearer(context.secret(token)?);
    let answer = rest.call(shape, &[], Body::Form(fields)).await?;
    match answer.body["ok"].as_bool() {
        Some(true) => Ok(answer),
        Some(false) => Err(refusal(shape, &answer.body)),
        None => Err(answer.lacks("/ok")),
    }
}

fn refusal(shape: &str, body: &Value) -> ActError {
    let word = body["error"].as_str().unwrap_or("no reason given").to_owned();
    let call = shape.to_owned();
    match word.as_str() {
        "app_not_found" | "user_not_found" | "channel_not_found" => ActError::NotFound { target: call, reason: word },
        // Slack says of these that they may have happened in part.
        "fatal_error" | "internal_error" | "service_unavailable" | "request_timeout" => {
            ActError::Ambiguous { call, reason: word }
        }
        _ => ActError::Refused { call, code: "200".to_owned(), reason: word },
    }
}

/// Where Apps are restricted: the workspace or the whole organisation.
pub(crate) fn place<'a>(context: &Context<'a>) -> Result<(&'static str, &'a str), ActError> {
    let config = &context.config.slack;
    match (&config.team, &config.enterprise) {
        (Some(team), None) => Ok(("team_id", team)),
        (None, Some(enterprise)) => Ok(("enterprise_id", enterprise)),
        _ => Err(ActError::unusable(
            "`[responder.slack]` does not say where Apps are restricted",
            "name either `team` or `enterprise`",
        )),
    }
}
