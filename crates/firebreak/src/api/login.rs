//! Sessions of the console: opened with the code of a login link, which is used up by it.

use super::Api;
use super::access::{self, COOKIE, Caller, SESSION_SECONDS, Via, digest, fresh, policy::Deed};
use super::call::{Answer, Call, Reply, tagged};
use super::endpoints::ENDPOINTS;
use super::guard::record;
use super::problem::Problem;
use crate::store::access::StoredSession;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

#[derive(Serialize)]
struct Session<'a> {
    name: &'a str,
    role: &'a str,
    via: &'a str,
    csrf: Option<&'a str>,
    expires: firebreak_model::Time,
    actions: Vec<&'a str>,
    scopes: &'a [String],
    acting: bool,
}

/// `POST /session`. The cookie is fresh whatever the browser held before, so that nobody can have fixed it.
pub(crate) async fn open(api: &Api, call: &Call) -> Answer {
    let Code { code } = call.wanted()?;
    let (secret, until) = (fresh(&api.world), call.now.plus_seconds(SESSION_SECONDS));
    let opened = api.store.log_in(&digest(&code), &digest(&secret), until, call.now).await?;
    if opened.is_none() {
        return Err(Problem { hint: LINK.to_owned(), ..Problem::no_session() });
    }
    let (caller, cookie) = entered(api, call, &secret).await?;
    Ok(Reply::Headed(201, shown(api, &caller), vec![("set-cookie", cookie)]))
}

/// Opens a session for whoever the identity provider has named: who they are, and the cookie. It is fresh, as that of a link.
///
/// # Errors
/// If the disk refuses.
pub(super) async fn opened(api: &Api, call: &Call, person: &str, role: &str) -> Result<(Caller, String), Problem> {
    let (secret, expires) = (fresh(&api.world), call.now.plus_seconds(SESSION_SECONDS));
    let session = StoredSession { person: person.to_owned(), role: role.to_owned(), expires };
    api.store.keep_session(&digest(&secret), &session, call.now).await?;
    entered(api, call, &secret).await
}

/// Whoever has come in stands in the ledger.
async fn entered(api: &Api, call: &Call, secret: &str) -> Result<(Caller, String), Problem> {
    let caller = access::by_session(&api.store, secret, call.now).await?;
    if let Some(endpoint) = ENDPOINTS.iter().find(|one| one.path == "/session" && one.deed.is_none()) {
        record(api, endpoint, call, &caller).await?;
    }
    let secure = if api.names.is_private() { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION_SECONDS}{secure}");
    Ok((caller, cookie))
}

const LINK: &str = "each link holds once and for 15 minutes: `firebreak api login` prints a fresh one";

/// `GET /session`.
pub(crate) async fn who(api: &Api, call: &Call) -> Answer {
    Ok(Reply::Object(200, shown(api, &call.caller)))
}

/// `DELETE /session`.
pub(crate) async fn close(api: &Api, call: &Call) -> Answer {
    if call.caller.via == Via::Token {
        let hint = "revoke it with `firebreak api token revoke`";
        return Err(Problem::conflict("a token is no session".to_owned(), hint));
    }
    api.store.log_out(call.caller.id.trim_start_matches("session-")).await?;
    let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(Reply::Headed(204, serde_json::Value::Null, vec![("set-cookie", gone)]))
}

fn shown(api: &Api, caller: &Caller) -> serde_json::Value {
    let permitted = Deed::ALL.into_iter().filter(|deed| {
        // A limited token may do it where it may do anything.
        let areas = super::endpoints::AREAS;
        areas.iter().any(|area| api.roles.permit(caller, *deed, area))
    });
    let (via, csrf) = match &caller.via {
        Via::Token => ("token", None),
        Via::Session { csrf } => ("session", Some(csrf.as_str())),
    };
    let session = Session {
        name: &caller.person,
        role: &caller.role,
        via,
        csrf,
        expires: caller.expires,
        actions: permitted.map(Deed::word).collect(),
        scopes: &caller.scopes,
        acting: api.acting,
    };
    tagged("session", &session)
}
