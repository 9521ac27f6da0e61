//! Asks another system to do it: a signed request with an idempotency key, and its status where the receiver tells it.
//!
//! It knows nothing of what the receiver does. An answer of 200 or 202 means that the request was taken, nothing more.

use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use firebreak_world::Request;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;

/// `[responder.webhook]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By the name of the request, as plans write it: `revoke_github_token`.
    pub requests: BTreeMap<String, Endpoint>,
}

/// `[responder.webhook.requests.<name>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Where the request is posted.
    pub url: String,
    /// A reference to the key of the signature, which the receiver has too.
    pub secret: String,
    /// Where the receiver tells what became of a request; asked with `?request=<idempotency key>`. Without it nothing
    /// shows whether the request took effect.
    #[serde(default)]
    pub status_url: Option<String>,
}

const POST: &str = "POST {url}";
const STATUS: &str = "GET {status_url}";

static SPEC: ActionSpec = ActionSpec {
    name: "webhook",
    verb: "request",
    targets: &[],
    title: "Ask another system to cut it",
    level: Level::ContractTested,
    reversibility: Reversibility::RecreateOnly,
    idempotency: Idempotency::NativeToken,
    convergence: Convergence::Bounded(300),
    calls: &[Call::changes(POST), Call::reads(STATUS)],
    permissions: &[Permission {
        action: "the key of the signature",
        resource: "one for each request",
        purpose: "the receiver knows who asks, and holds the rights for what it does",
    }],
    rate_class: RateClass::Webhook,
    blast_radius: "what the receiver does with the request: its owner says so",
};

/// Posts requests.
#[derive(Debug)]
pub struct Webhook;

/// The responder.
pub static RESPONDER: Webhook = Webhook;

/// What a signature is for, so that one of a status question cannot serve as one of a request.
enum Direction {
    Do,
    Undo,
}

fn endpoint<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Endpoint, ActError> {
    let name = parameter(action, "request")?;
    context.config.webhook.requests.get(name).ok_or_else(|| {
        ActError::unusable(
            format!("nobody takes the request `{name}`"),
            format!("add `[responder.webhook.requests.{name}]` with `url` and `secret`"),
        )
    })
}

/// The same for every try of one step of one plan, another one for its undo and for the same step of another plan.
fn idempotency_key(context: &Context<'_>, direction: &Direction) -> String {
    let plan = context.plan.get(..16).unwrap_or(context.plan);
    let suffix = if matches!(direction, Direction::Undo) { "-undo" } else { "" };
    format!("{plan}-{}{suffix}", context.step_key)
}

/// `t=<seconds>,v1=<hex>`: HMAC-SHA-256 over the time, a dot and the text.
fn signature(secret: &SecretString, seconds: i64, text: &[u8]) -> Result<String, ActError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| ActError::unusable("the key of the signature cannot be used", "use a key of 32 random bytes"))?;
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(text);
    let hex: String = hex::encode(mac.finalize().into_bytes());
    Ok(format!("t={seconds},v1={hex}"))
}

/// What the receiver says of a request.
enum Status {
    Done(String),
    Open(String),
    Failed(String),
    Unheard,
}

impl Webhook {
    async fn post(
        context: &Context<'_>,
        action: &Action,
        direction: Direction,
        before: Option<&StateBefore>,
    ) -> Result<(), ActError> {
        let endpoint = endpoint(context, action)?;
        let secret = context.secret(&endpoint.secret)?;
        let key = idempotency_key(context, &direction);
        // No time and no number of tries in here: the same key must always carry the same body.
        let body = json!({
            "format": "firebreak.request/1",
            "request": parameter(action, "request")?,
            "undo": matches!(direction, Direction::Undo),
            "target": action.target,
            "parameters": action.parameters,
            "plan": context.plan,
            "step": context.step_key,
            "state_before": before.map(|before| &before.state),
        })
        .to_string();
        let build = || {
            let signature = signature(&secret, context.now().seconds(), body.as_bytes())?;
            Ok(Request {
                method: "POST".to_owned(),
                url: endpoint.url.clone(),
                headers: vec![
                    ("content-type".to_owned(), "application/json".to_owned()),
                    ("idempotency-key".to_owned(), key.clone()),
                    ("firebreak-signature".to_owned(), signature),
                ],
                body: body.clone().into_bytes(),
            })
        };
        let response = context.http(POST, build).await?;
        if (200..300).contains(&response.status) {
            return Ok(());
        }
        let reason = "the receiver does not take it".to_owned();
        Err(ActError::Refused { call: POST.to_owned(), code: response.status.to_string(), reason })
    }

    /// What became of the request; `None` where the receiver does not tell.
    async fn status(context: &Context<'_>, action: &Action, direction: Direction) -> Result<Option<Status>, ActError> {
        let endpoint = endpoint(context, action)?;
        let Some(url) = &endpoint.status_url else { return Ok(None) };
        let secret = context.secret(&endpoint.secret)?;
        let key = idempotency_key(context, &direction);
        let joint = if url.contains('?') { '&' } else { '?' };
        let build = || {
            let asked = format!("status:{key}");
            let signature = signature(&secret, context.now().seconds(), asked.as_bytes())?;
            Ok(Request {
                method: "GET".to_owned(),
                url: format!("{url}{joint}request={key}"),
                headers: vec![("firebreak-signature".to_owned(), signature)],
                body: Vec::new(),
            })
        };
        let response = context.http(STATUS, build).await?;
        if response.status == 404 {
            return Ok(Some(Status::Unheard));
        }
        let answer: Option<Value> = serde_json::from_slice(&response.body).ok();
        let word = |field: &str| answer.as_ref()?.get(field)?.as_str().map(str::to_owned);
        let detail = word("detail").unwrap_or_else(|| "no detail".to_owned());
        match (response.status, word("state").as_deref()) {
            (200, Some("done")) => Ok(Some(Status::Done(detail))),
            (200, Some("pending")) => Ok(Some(Status::Open(detail))),
            (200, Some("failed")) => Ok(Some(Status::Failed(detail))),
            (status, _) => Err(ActError::Unreadable {
                call: STATUS.to_owned(),
                reason: format!("status {status} without `state` being `done`, `pending` or `failed`"),
            }),
        }
    }
}

#[async_trait]
impl Responder for Webhook {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let endpoint = endpoint(context, action)?;
        // Read now, so that a missing key is found before anything is on record as begun.
        context.secret(&endpoint.secret)?;
        Ok(StateBefore { state: Value::Null, denied_already: false, admitted: None })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::post(context, action, Direction::Do, None).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        vec![match Self::status(context, action, Direction::Do).await {
            Ok(Some(Status::Done(detail))) => {
                Evidence::declared(true, now, format!("the receiver has done it: {detail}"))
            }
            Ok(Some(Status::Open(detail))) => {
                Evidence::declared(false, now, format!("the receiver is at it: {detail}"))
            }
            Ok(Some(Status::Failed(detail))) => {
                Evidence::declared(false, now, format!("the receiver failed: {detail}"))
            }
            Ok(Some(Status::Unheard)) => Evidence::declared(false, now, "the receiver knows no such request"),
            Ok(None) => Evidence::blind(now, "the receiver does not tell what becomes of requests"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        }]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        Self::post(context, action, Direction::Undo, Some(before)).await
    }

    async fn is_undone(
        &self,
        context: &Context<'_>,
        action: &Action,
        _before: &StateBefore,
    ) -> Result<Option<bool>, ActError> {
        let status = Self::status(context, action, Direction::Undo).await?;
        Ok(status.map(|status| matches!(status, Status::Done(_))))
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // What the receiver cuts is known by the target's key alone, which the executor holds against `own`.
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_time_and_text() {
        let key = SecretString::from("key");
        let sign = |seconds, text: &[u8]| signature(&key, seconds, text).unwrap();
        // Computed with another implementation: HMAC-SHA-256("key", "1.abc").
        assert_eq!(sign(1, b"abc"), "t=1,v1=90ebc65a2174297bcabd31e7cdb290734ffd97b67d17c09a380b0d4828d3d90c");
        assert_ne!(sign(1, b"abc"), sign(2, b"abc"));
        assert_ne!(sign(1, b"abc"), sign(1, b"abd"));
        assert_ne!(sign(1, b"1.abc"), sign(11, b".abc"));
    }
}
