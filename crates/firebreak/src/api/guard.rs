//! What every call goes through before it is answered: host, who, how often, whether permitted, whether from our own page,
//! how large, whether it came before; and for what changes anything, the ledger first.

use super::Api;
use super::access::policy::Deed;
use super::access::{COOKIE, Caller, Via, by_session, by_token, digest, fresh};
use super::call::{Call, Reply};
use super::endpoints::{Endpoint, Method};
use super::field;
use super::problem::Problem;
use crate::store::access::Answered;
use firebreak_model::Time;
use firebreak_serve::axum::body::{Body, to_bytes};
use firebreak_serve::axum::extract::Request;
use firebreak_serve::axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use firebreak_serve::axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

/// No body that we take is larger.
pub(crate) const BODY_BYTES_MAX: usize = 64 << 10;
/// The characters of a key.
const KEY_CHARACTERS: std::ops::RangeInclusive<usize> = 8..=128;

/// Answers a call of `endpoint`, whatever it is.
pub(crate) async fn answer(api: &Api, endpoint: &'static Endpoint, request: Request) -> Response {
    let instance = request.uri().path().to_owned();
    match admitted(api, endpoint, request).await {
        Ok(response) => response,
        Err(problem) => refused(&problem, &instance),
    }
}

/// A problem as a response.
pub(crate) fn refused(problem: &Problem, instance: &str) -> Response {
    let mut response = Response::new(Body::from(problem.document(instance)));
    *response.status_mut() = problem.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if problem.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = problem.retry_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn admitted(api: &Api, endpoint: &'static Endpoint, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let now = api.world.clock.now();
    let caller = match endpoint.deed {
        Some(_) => known(api, &head.headers, now).await?,
        None => stranger(now),
    };
    let pace = if endpoint.deed.is_some() { &api.paces.known } else { &api.paces.strangers };
    pace.take(&caller.id, Instant::now()).map_err(Problem::too_many)?;
    if let Some(deed) = endpoint.deed
        && !(endpoint.area == "session" || api.roles.permit(&caller, deed, endpoint.area))
    {
        let limited = if caller.scopes.is_empty() { "" } else { " with a token that is limited to some areas" };
        let detail = format!("the role `{}`{limited} may not {} in `{}`", caller.role, deed.word(), endpoint.area);
        return Err(Problem::forbidden(detail));
    }
    if endpoint.changes() {
        from_our_page(api, endpoint, &caller, &head.headers)?;
    }
    let path = places(endpoint.path, head.uri.path());
    let query = asked(endpoint, head.uri.query().unwrap_or_default())?;
    field::check_query(endpoint, &query)?;
    let mut body = if endpoint.changes() { body_of(&head.headers, body).await? } else { Value::Null };
    field::whole_numbers(&mut body);
    field::check_body(endpoint, &body)?;
    let body = said(endpoint, body);
    // A question is asked anew each time: its answer is kept nowhere, and each asking is an entry of its own.
    let asks = endpoint.deed == Some(Deed::Hunt);
    let body = recordable(api, body)?;
    let key = key_of(endpoint, &head.headers)?.filter(|_| !asks);
    let named = key.clone().unwrap_or_else(|| fresh(&api.world));
    let name = format!("api/{}/{named}", caller.id);
    let login = cookie_of(&head.headers, super::oidc::COOKIE).map(str::to_owned).filter(|_| endpoint.deed.is_none());
    let call = Call { endpoint, caller, path, query, body, name, now, login };
    match endpoint.method {
        Method::Get => Ok(shown(endpoint, (endpoint.run)(api, &call).await?, &head.headers)),
        _ => done_once(api, endpoint, &call, key.is_some()).await,
    }
}

/// Whoever calls without being known.
fn stranger(now: Time) -> Caller {
    let (id, role) = ("anyone".to_owned(), String::new());
    Caller { id, person: String::new(), role, scopes: Vec::new(), via: Via::Token, expires: now }
}

/// Who calls: by the token where one is shown, by the session otherwise.
async fn known(api: &Api, headers: &HeaderMap, now: Time) -> Result<Caller, Problem> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let found = match (shown.next(), shown.next()) {
        (None, _) => match cookie(headers) {
            Some(secret) => by_session(&api.store, secret, now).await,
            None => return Err(Problem::no_session()),
        },
        (Some(value), None) => match value.to_str().ok().and_then(|value| value.split_once(' ')) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                by_token(&api.store, token.trim(), now).await
            }
            _ => return Err(Problem::no_session()),
        },
        _ => return Err(Problem::no_session()),
    };
    if matches!(&found, Err(problem) if problem.status == StatusCode::UNAUTHORIZED) {
        // Whoever guesses is slowed down, and those who are known are not.
        api.paces.strangers.take("guesses", Instant::now()).map_err(Problem::too_many)?;
    }
    found
}

/// The secret in our cookie.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_of(headers, COOKIE)
}

/// What stands in the cookie of this name; nothing where it is there twice, since then someone else has set one.
fn cookie_of<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = all
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(name, value)| (name == wanted).then_some(value));
    ours.next().filter(|_| ours.next().is_none())
}

/// A browser sends the cookie whoever asked for the call: only our own page can show the session's proof, from our origin.
fn from_our_page(api: &Api, endpoint: &Endpoint, caller: &Caller, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text("origin");
    if origin.is_some_and(|origin| !api.names.is_origin(origin)) {
        return Err(Problem::foreign_origin());
    }
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Problem::foreign_origin());
    }
    let Via::Session { csrf } = &caller.via else { return Ok(()) };
    if endpoint.deed.is_none() {
        return Ok(());
    }
    if origin.is_none() && text("sec-fetch-site") != Some("same-origin") {
        return Err(Problem::foreign_origin());
    }
    match text("x-csrf-token") {
        Some(shown) if digest(shown) == digest(csrf) => Ok(()),
        _ => Err(Problem::no_csrf()),
    }
}

/// What stands in `path` at the places of the template, percent-decoded once.
fn places(template: &str, path: &str) -> BTreeMap<String, String> {
    let path = path.strip_prefix(super::BASE).unwrap_or(path);
    let names = template.split('/').zip(path.split('/'));
    let named = names.filter_map(|(name, value)| Some((name.strip_prefix('{')?.strip_suffix('}')?, value)));
    named.map(|(name, value)| (name.to_owned(), decoded(value, false))).collect()
}

/// The filters of a call. One that the endpoint does not know is an error: ignored, it would answer more than was asked.
fn asked(endpoint: &Endpoint, query: &str) -> Result<BTreeMap<String, String>, Problem> {
    let (mut asked, fields) = (BTreeMap::<String, String>::new(), field::fields_of(endpoint));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name, true);
        let Some((_, kind)) = fields.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            return Err(Problem::bad(
                "a filter of the address is unknown",
                &format!("there are: {}", names.join(", ")),
            ));
        };
        let value = decoded(value, true);
        match asked.get_mut(&name) {
            None => _ = asked.insert(name, value),
            Some(before) if field::is_several(kind) => *before = format!("{before}{}{value}", field::SEVERAL),
            Some(_) => return Err(Problem::bad("a filter is there twice", "say each once")),
        }
    }
    Ok(asked)
}

/// Percent-decoded; bytes that are no text are replaced, so that they match nothing.
pub(super) fn decoded(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) if plus => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

async fn body_of(headers: &HeaderMap, body: Body) -> Result<Value, Problem> {
    let bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Problem::too_large(BODY_BYTES_MAX))?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Problem::not_json());
    }
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Problem::bad(format!("the body is not JSON: {error}"), "send a JSON object"))?;
    if value.is_object() { Ok(value) } else { Err(Problem::bad("the body is no object", "send a JSON object")) }
}

/// The body without what it leaves open: null says as little as nothing.
fn said(endpoint: &Endpoint, mut body: Value) -> Value {
    if let Value::Object(fields) = &mut body {
        let open = |name: &str| endpoint.body.iter().any(|(known, kind)| *known == name && kind.ends_with('?'));
        fields.retain(|name, value| !(value.is_null() && open(name)));
    }
    body
}

fn key_of(endpoint: &Endpoint, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key").filter(|_| endpoint.changes()) else { return Ok(None) };
    let fits = |key: &&str| {
        KEY_CHARACTERS.contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let key = value.to_str().ok().filter(fits);
    let hint = "8 to 128 letters, digits, `-` and `_`";
    key.map(|key| Some(key.to_owned())).ok_or_else(|| Problem::bad("`Idempotency-Key` is none", hint))
}

/// An answer to a look: with a tag, and without its body for whoever has it already.
fn shown(endpoint: &Endpoint, reply: Reply, headers: &HeaderMap) -> Response {
    let Reply::Object(_, value) = &reply else { return sent(reply, endpoint.status) };
    // The moment of the answer is no change of what it tells.
    let tag = match value.as_object().filter(|_| endpoint.path == "/now") {
        Some(object) => {
            let told: Vec<_> = object.iter().filter(|(name, _)| *name != "at").collect();
            digest(&serde_json::to_string(&told).unwrap_or_default())
        }
        None => digest(&value.to_string()),
    };
    let tag = format!("W/\"{}\"", &tag[..24]);
    let has = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if has.split(',').any(|one| one.trim() == tag) {
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        sent(reply, endpoint.status)
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    // Kept by the browser alone, and asked for anew each time.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Does what was asked once for each key, with a record of who asked before anything follows from it.
async fn done_once(api: &Api, endpoint: &Endpoint, call: &Call, keyed: bool) -> Result<Response, Problem> {
    let (said, key) = (call_digest(endpoint, call), format!("{}#answer", call.name));
    if keyed && let Some(before) = api.store.answered(&key).await? {
        if before.digest != said {
            return Err(Problem::key_reused());
        }
        let value = serde_json::from_str(&before.body).unwrap_or(Value::Null);
        let reply = if value.is_null() { Reply::Nothing } else { Reply::Object(before.status, value) };
        return Ok(sent(reply, before.status));
    }
    // A login is recorded once somebody is known by it: a stranger's guesses must not make the ledger grow.
    if endpoint.deed.is_some() {
        record(api, endpoint, call, &call.caller).await?;
    }
    let reply = (endpoint.run)(api, call).await?;
    if keyed && endpoint.area != "session" {
        let (status, body) = match &reply {
            Reply::Object(status, value) => (*status, without_secret(value).to_string()),
            _ => (endpoint.status, "null".to_owned()),
        };
        api.store.keep_answer(&key, &Answered { digest: said, status, body }, call.now).await?;
    }
    Ok(sent(reply, endpoint.status))
}

/// A token is shown once and kept nowhere.
fn without_secret(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.remove("token");
    }
    value
}

fn call_digest(endpoint: &Endpoint, call: &Call) -> String {
    digest(&json!([endpoint.method.word(), endpoint.path, call.path, call.body]).to_string())
}

/// What people write may hold a secret by mistake: what is recorded and kept has its fingerprint instead.
fn recordable(api: &Api, mut body: Value) -> Result<Value, Problem> {
    for name in ["sql", "text", "because"] {
        if let Some(Value::String(text)) = body.get_mut(name) {
            let key = api.config.fingerprint_key.as_deref();
            *text = crate::hunting::without_secrets(&api.world, key, &api.data, text)?;
        }
    }
    Ok(body)
}

/// Who asked for what, in the ledger. A login's code is a secret and stays out.
pub(super) async fn record(api: &Api, endpoint: &Endpoint, call: &Call, caller: &Caller) -> Result<(), Problem> {
    let Some(book) = &api.book.writing else { return Ok(()) };
    let body = if endpoint.area == "session" { Value::Null } else { call.body.clone() };
    let via = if caller.via == Via::Token { "token" } else { "session" };
    let said = json!({
        "by": caller.person, "role": caller.role, "via": via, "caller": caller.id, "at": call.now,
        "method": endpoint.method.word(), "endpoint": endpoint.path, "path": call.path, "body": body,
    });
    book.add(&call.name, "api_call", &said).await.map_err(anyhow::Error::from)?;
    Ok(())
}

fn sent(reply: Reply, usual: u16) -> Response {
    let mut response = match reply {
        Reply::Object(status, value) => json_response(status, &value),
        Reply::Headed(status, value, headers) => {
            let mut response = json_response(status, &value);
            for (name, value) in headers {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    response.headers_mut().append(name, value);
                }
            }
            response
        }
        Reply::Elsewhere(address, cookies) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::SEE_OTHER;
            let headers = response.headers_mut();
            headers.extend(HeaderValue::from_str(&address).ok().map(|address| (header::LOCATION, address)));
            for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
                headers.append(header::SET_COOKIE, cookie);
            }
            response
        }
        Reply::Nothing => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::from_u16(usual).unwrap_or(StatusCode::NO_CONTENT);
            response
        }
        Reply::Document(kind, name, bytes) => {
            let mut response = Response::new(Body::from(bytes));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Reply::Stream(body) => {
            let mut response = Response::new(body);
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            response
        }
    };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn json_response(status: u16, value: &Value) -> Response {
    let body = if value.is_null() { Body::empty() } else { Body::from(value.to_string()) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
