//! What comes in: people's approvals and other systems' signals. Each protocol answers by itself; this carries.

use super::{Shared, telling};
use crate::live::{Request as Wish, approval, person};
use anyhow::Result;
use firebreak_notify::approval::{Decided, Decision, Reply, front, page};
use firebreak_serve::axum::Router;
use firebreak_serve::axum::body::{Body, to_bytes};
use firebreak_serve::axum::extract::{Request as Asked, State};
use firebreak_serve::axum::response::Response as Carried;
use firebreak_world::{Request, Response};
use std::sync::Arc;

/// No request that we take is larger.
const BODY_BYTES_MAX: usize = 1 << 20;

/// All paths.
pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new().fallback(carry).with_state(Arc::clone(shared))
}

async fn carry(State(shared): State<Arc<Shared>>, asked: Asked) -> Carried {
    let (head, body) = asked.into_parts();
    let answer = match to_bytes(body, BODY_BYTES_MAX).await {
        Err(_) => Response { status: 413, ..Response::default() },
        Ok(body) => {
            let text = |value: &firebreak_serve::axum::http::HeaderValue| {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
            let (method, url) = (head.method.to_string(), head.uri.to_string());
            answer(&shared, &Request { method, url, headers, body: body.to_vec() }).await
        }
    };
    let mut carried = Carried::builder().status(answer.status);
    for (name, value) in answer.headers {
        carried = carried.header(name, value);
    }
    carried.body(Body::from(answer.body)).unwrap_or_default()
}

async fn answer(shared: &Shared, request: &Request) -> Response {
    let now = shared.world.clock.now();
    if let Some(answer) = shared.signals.answer(&shared.world, request, now) {
        return answer;
    }
    match shared.front.reply(request, now) {
        None => Response { status: 404, ..Response::default() },
        Some(Reply::Answer(answer)) => answer,
        Some(Reply::Show { plan, approver }) => match telling::described(shared, &plan).await {
            Some(lines) => front::html(200, page::question(&plan, &approver, &lines)),
            None => front::html(404, page::sentence("No such plan", "it may have been replaced by a newer one")),
        },
        Some(Reply::Decide(decided)) => match decide(shared, &decided).await {
            Ok(Some(taken)) => front::answered(&decided, taken),
            Ok(None) => front::html(409, page::sentence("Nothing waits", "this plan waits for nobody any more")),
            Err(error) => {
                shared.say(format!("an approval could not be kept: {error:#}"));
                Response { status: 503, ..Response::default() }
            }
        },
    }
}

/// Leaves the word for the single writer, and says whether it was new; nothing where the plan does not wait.
async fn decide(shared: &Shared, decided: &Decided) -> Result<Option<bool>> {
    let plans = shared.store.plans().await?;
    if !plans.iter().any(|plan| plan.id == decided.plan && plan.status == "waiting") {
        return Ok(None);
    }
    let (kind, wish) = match decided.decision {
        Decision::Approve => ("approve", Wish::Approve(approval(&decided.plan, &decided.approver, decided.at))),
        Decision::Decline => {
            let (plan, by, at) = (decided.plan.clone(), person(&decided.approver), decided.at);
            ("decline", Wish::Decline { plan, by, at })
        }
    };
    let taken = shared.store.ask_once(&decided.name, decided.at, kind, &serde_json::to_string(&wish)?).await?;
    Ok(Some(taken))
}
