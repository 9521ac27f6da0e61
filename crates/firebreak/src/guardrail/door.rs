//! What gateways ask over HTTP, and what they are told. Whatever goes wrong is an answer that a gateway takes as a refusal.

use super::{Book, Pinboard};
use firebreak_guardrail::protocols::{ext_authz, litellm};
use firebreak_guardrail::{Exchange, Guardrail, Judgement, Outcome, Record};
use firebreak_serve::Token;
use firebreak_serve::axum::body::{Body, Bytes, to_bytes};
use firebreak_serve::axum::extract::{Request, State};
use firebreak_serve::axum::http::{HeaderMap, StatusCode};
use firebreak_serve::axum::response::{IntoResponse, Response};
use firebreak_serve::axum::routing::{any, post};
use firebreak_serve::axum::{Json, Router};
use firebreak_world::World;
use serde_json::json;
use std::sync::Arc;

/// Bytes of one call that are read. What is larger is refused: a part of it would be judged for the whole.
const BYTES: usize = 8 << 20;
/// From so many bytes on a call is judged beside the others, so that none waits for it.
const LARGE: usize = 64 << 10;

/// All that answers need.
#[derive(Clone)]
pub struct Door {
    /// What judges.
    pub guardrail: Arc<Guardrail>,
    /// What a gateway shows.
    pub token: Token,
    /// Where records are kept.
    pub book: Book,
    /// The clock.
    pub world: World,
    /// Which definitions of tools were seen first.
    pub pinboard: Arc<Pinboard>,
    /// Whether the gateway puts masked texts into answers that stream.
    pub masks_answers: bool,
}

/// The paths.
pub fn router(door: Door) -> Router {
    let asked_about =
        [ext_authz::PREFIX.to_owned(), format!("{}/", ext_authz::PREFIX), format!("{}/{{*path}}", ext_authz::PREFIX)];
    let router = Router::new().route(litellm::PATH, post(litellm_asks));
    asked_about.iter().fold(router, |router, path| router.route(path, any(proxy_asks))).with_state(door)
}

/// LiteLLM's generic guardrail API.
async fn litellm_asks(State(door): State<Door>, headers: HeaderMap, body: Body) -> Response {
    if !shows(&headers, "x-api-key", &door.token) {
        return problem(
            StatusCode::UNAUTHORIZED,
            "the guardrail's token is needed in `x-api-key`: set `api_key` of the guardrail in the gateway",
        );
    }
    let Ok(body) = to_bytes(body, BYTES).await else { return too_large() };
    let masks = door.masks_answers;
    match door.judged(litellm::NAME, body, move |body| litellm::exchange(body, masks)).await {
        Ok(judgement) => Json(litellm::answer(&judgement)).into_response(),
        Err(refusal) => refusal,
    }
}

/// Envoy's external authoriser.
async fn proxy_asks(State(door): State<Door>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if !shows(&head.headers, "x-firebreak-token", &door.token) {
        return problem(
            StatusCode::UNAUTHORIZED,
            "the guardrail's token is needed in `x-firebreak-token`: let the proxy add it",
        );
    }
    let Ok(body) = to_bytes(body, BYTES).await else { return too_large() };
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let path = path.strip_prefix(ext_authz::PREFIX).unwrap_or(path).to_owned();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers: Vec<_> =
        head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
    let read = move |body: &[u8]| Ok(ext_authz::exchange(&ext_authz::Asked { path: &path, headers: &headers, body }));
    match door.judged(ext_authz::NAME, body, read).await {
        Ok(judgement) if judgement.outcome == Outcome::Refused => {
            problem(StatusCode::FORBIDDEN, &format!("refused by policy: {}", judgement.reasons.join("; ")))
        }
        Ok(_) => StatusCode::OK.into_response(),
        Err(refusal) => refusal,
    }
}

impl Door {
    /// Reads, judges and records; the error is the answer to give.
    async fn judged(
        &self,
        protocol: &'static str,
        body: Bytes,
        read: impl FnOnce(&[u8]) -> Result<Exchange, String> + Send + 'static,
    ) -> Result<Judgement, Response> {
        let (guardrail, world) = (Arc::clone(&self.guardrail), self.world.clone());
        let pinboard = Arc::clone(&self.pinboard);
        let large = body.len() >= LARGE;
        let judge = move || {
            let begun = world.clock.now();
            let mut exchange = read(&body)?;
            exchange.changed = pinboard.changed(&exchange);
            let judgement = guardrail.judge(&exchange);
            if judgement.outcome != Outcome::Refused {
                pinboard.pin(&world, &exchange);
            }
            let micros = (world.clock.now().seconds_since(begun).max(0.0) * 1e6) as u64;
            let record = Record::of((begun, micros), protocol, &exchange, &judgement);
            let line = serde_json::to_string(&record).map_err(|error| error.to_string())?;
            Ok((begun, line, judgement))
        };
        let judged = match large {
            true => {
                tokio::task::spawn_blocking(judge).await.unwrap_or_else(|_| Err("it could not be judged".to_owned()))
            }
            false => judge(),
        };
        let (at, line, judgement) = judged.map_err(|reason: String| problem(StatusCode::BAD_REQUEST, &reason))?;
        match self.book.keep(at, line).await {
            true => Ok(judgement),
            false => Err(problem(StatusCode::INTERNAL_SERVER_ERROR, "the guardrail cannot keep its records")),
        }
    }
}

fn shows(headers: &HeaderMap, name: &str, token: &Token) -> bool {
    let mut shown = headers.get_all(name).iter();
    let value = shown.next().and_then(|value| value.to_str().ok());
    shown.next().is_none() && value.is_some_and(|value| token.is(value))
}

fn too_large() -> Response {
    problem(StatusCode::PAYLOAD_TOO_LARGE, &format!("more than {BYTES} bytes cannot be judged"))
}

/// A refusal in the form of RFC 9457.
fn problem(status: StatusCode, detail: &str) -> Response {
    let body =
        json!({"type": "about:blank", "status": status.as_u16(), "title": status.canonical_reason(), "detail": detail});
    (status, [("content-type", "application/problem+json")], body.to_string()).into_response()
}
