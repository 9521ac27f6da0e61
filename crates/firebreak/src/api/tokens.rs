//! Tokens of the API. A call can make none that approves or administers: those are made on the machine itself, so that no
//! session can invent a second approver.

use super::Api;
use super::access::{Wanted, check_token, make_token};
use super::call::{Answer, Call, Reply, tagged};
use super::page::page;
use super::problem::Problem;
use serde::Deserialize;

/// Roles that a call can give.
const GIVEN: [&str; 3] = ["viewer", "responder", "auditor"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    person: String,
    role: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default = "days")]
    days: u32,
}

const fn days() -> u32 {
    30
}

/// `GET /tokens`.
pub(crate) async fn list(api: &Api, call: &Call) -> Answer {
    let tokens = api.store.tokens().await?;
    page("tokens", tokens.iter().map(|token| (token.id.clone(), tagged("token", token))).collect(), call)
}

/// `POST /tokens`.
pub(crate) async fn make(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let Asked { person, role, scopes, days } = call.wanted()?;
    if !GIVEN.contains(&role.as_str()) && super::access::policy::ROLES.contains(&role.as_str()) {
        let detail = format!("no call can make a token of the role `{role}`");
        let hint = "make it on the machine itself with `firebreak api token new`";
        return Err(Problem { hint: hint.to_owned(), ..Problem::forbidden(detail) });
    }
    check_token(&person, &role, &scopes, days).map_err(|reason| {
        let (detail, hint) = reason.split_once("\nhint: ").unwrap_or((&reason, "see docs/api.md"));
        Problem::bad(detail, hint)
    })?;
    let (token, secret) = make_token(&api.store, &api.world, Wanted { person, role, scopes, days }).await?;
    let mut shown = tagged("token", &token);
    if let Some(object) = shown.as_object_mut() {
        object.insert("token".to_owned(), secret.into());
    }
    Ok(Reply::Object(201, shown))
}

/// `DELETE /tokens/{id}`.
pub(crate) async fn revoke(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    match api.store.revoke_token(call.at("id"), call.now).await? {
        true => Ok(Reply::Nothing),
        false => Err(Problem::not_found("token of this id that holds")),
    }
}
