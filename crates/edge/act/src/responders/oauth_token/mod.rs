//! Revokes one OAuth token at its authorisation server (RFC 7009) and asks whether it is still active (RFC 7662).
//!
//! It cannot end a token that resource servers accept by its signature alone before that token expires, and it cannot
//! be taken back: the client gets a new token instead.

use crate::aws::encoded;
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use base64::Engine;
use firebreak_model::{Action, Reversibility};
use firebreak_world::{Request, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.oauth_token]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By issuer host, as the inventory names it.
    pub issuers: BTreeMap<String, Issuer>,
}

/// `[responder.oauth_token.issuers.<host>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Address of the revocation endpoint.
    pub revocation_endpoint: String,
    /// Address of the introspection endpoint. Without it nothing shows whether a revocation took effect.
    #[serde(default)]
    pub introspection_endpoint: Option<String>,
    /// Our client at this server: one that may revoke and introspect the tokens in question.
    pub client_id: String,
    /// A reference to that client's secret.
    pub client_secret: String,
    /// By the token's public id, as the inventory names it: a reference to the token, which the server wants to see.
    #[serde(default)]
    pub tokens: BTreeMap<String, String>,
    /// Address at a resource server that answers who presents the token and 401 to others, to try it.
    #[serde(default)]
    pub probe_url: Option<String>,
}

const REVOKE: &str = "POST {revocation_endpoint}";
const INTROSPECT: &str = "POST {introspection_endpoint}";
const PROBE: &str = "GET {probe_url}";

static SPEC: ActionSpec = ActionSpec {
    name: "oauth_token",
    verb: "revoke",
    targets: &["credential:oauth/"],
    title: "Revoke an OAuth token",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(60),
    calls: &[Call::changes(REVOKE), Call::reads(INTROSPECT), Call::reads(PROBE)],
    permissions: &[
        Permission {
            action: "token revocation (RFC 7009)",
            resource: "tokens issued to the client in question",
            purpose: "revoke the token",
        },
        Permission {
            action: "token introspection (RFC 7662)",
            resource: "tokens issued to the client in question",
            purpose: "read back whether it is active",
        },
    ],
    rate_class: RateClass::AuthorizationServer,
    blast_radius: "who holds the token must ask for a new one; a refresh token takes its access tokens with it on most \
                   servers",
};

/// Revokes tokens.
#[derive(Debug)]
pub struct OauthToken;

/// The responder.
pub static RESPONDER: OauthToken = OauthToken;

fn issuer<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Issuer, ActError> {
    let host = parameter(action, "issuer")?;
    context.config.oauth_token.issuers.get(host).ok_or_else(|| {
        ActError::unusable(
            format!("no client at the issuer `{host}`"),
            format!("add `[responder.oauth_token.issuers.\"{host}\"]` with its endpoints and our client"),
        )
    })
}

/// The public id: `credential:oauth/<issuer host>/<id>`.
fn public_id(action: &Action) -> &str {
    action.target.name().split_once('/').map_or("", |(_, id)| id)
}

impl OauthToken {
    fn token(context: &Context<'_>, action: &Action) -> Result<secrecy::SecretString, ActError> {
        let id = public_id(action);
        let reference = issuer(context, action)?.tokens.get(id).ok_or_else(|| {
            ActError::unusable(
                format!("the token `{id}` itself is not at hand, and the server revokes only what it is shown"),
                "put the token into a file and name it under `tokens` of its issuer",
            )
        })?;
        context.secret(reference)
    }

    /// Presents the token at one of the issuer's endpoints, as our client.
    async fn present(context: &Context<'_>, action: &Action, shape: &str, url: &str) -> Result<Response, ActError> {
        let issuer = issuer(context, action)?;
        let token = Self::token(context, action)?;
        let secret = context.secret(&issuer.client_secret)?;
        let build = || {
            // RFC 6749 2.3.1: both parts are form-encoded before they become a Basic header.
            let pair = format!("{}:{}", encoded(&issuer.client_id), encoded(secret.expose_secret()));
            let basic = base64::engine::general_purpose::STANDARD.encode(pair);
            Ok(Request {
                method: "POST".to_owned(),
                url: url.to_owned(),
                headers: vec![
                    ("authorization".to_owned(), format!("Basic {basic}")),
                    ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                    ("accept".to_owned(), "application/json".to_owned()),
                ],
                body: format!("token={}", encoded(token.expose_secret())).into_bytes(),
            })
        };
        let response = context.http(shape, build).await?;
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        let told: Option<Value> = serde_json::from_slice(&response.body).ok();
        let word = |field: &str| told.as_ref()?.get(field)?.as_str().map(str::to_owned);
        let reason =
            word("error_description").or_else(|| word("error")).unwrap_or_else(|| "no reason given".to_owned());
        Err(ActError::Refused { call: shape.to_owned(), code: response.status.to_string(), reason })
    }

    /// What introspection says; `None` where nobody configured it.
    async fn active(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let Some(url) = &issuer(context, action)?.introspection_endpoint else { return Ok(None) };
        let response = Self::present(context, action, INTROSPECT, url).await?;
        let unreadable = |reason: &str| ActError::Unreadable { call: INTROSPECT.to_owned(), reason: reason.to_owned() };
        let answer: Value = serde_json::from_slice(&response.body).map_err(|_| unreadable("it is not JSON"))?;
        answer.get("active").and_then(Value::as_bool).map(Some).ok_or_else(|| unreadable("it lacks `active`"))
    }

    /// Tries the token at a resource server. `None` where nobody configured one.
    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let Some(url) = &issuer(context, action)?.probe_url else { return Ok(None) };
        let token = Self::token(context, action)?;
        let build = || {
            let bearer = format!("Bearer {}", token.expose_secret());
            let headers = vec![("authorization".to_owned(), bearer)];
            Ok(Request { method: "GET".to_owned(), url: url.clone(), headers, body: Vec::new() })
        };
        let response = context.http(PROBE, build).await?;
        match response.status {
            200..300 => Ok(Some(true)),
            401 => Ok(Some(false)),
            _ => Ok(None),
        }
    }
}

#[async_trait]
impl Responder for OauthToken {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        Self::token(context, action)?;
        let active = Self::active(context, action).await?;
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        // An inactive token is never taken for a revoked one: what we hold may simply not be the token in question.
        Ok(StateBefore { state: json!({"active": active}), denied_already: false, admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let url = &issuer(context, action)?.revocation_endpoint;
        Self::present(context, action, REVOKE, url).await.map(|_| ())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let was_active = before.state["active"] == Value::Bool(true);
        let declared = match Self::active(context, action).await {
            Ok(Some(true)) => Evidence::declared(false, now, "introspection says that the token is active"),
            Ok(Some(false)) if was_active => {
                Evidence::declared(true, now, "introspection says that the token is not active any more")
            }
            Ok(Some(false)) => Evidence::blind(
                now,
                "the server knew no such active token before the step either: revoked, expired, or not this token",
            ),
            Ok(None) => {
                Evidence::blind(now, "the server has no introspection, and a revocation answers 200 to anything")
            }
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let effective = match (Self::admitted(context, action).await, before.admitted) {
            (Ok(Some(true)), _) => Evidence::effective(false, now, "the resource server still accepts the token"),
            (Ok(Some(false)), Some(true)) => Evidence::effective(true, now, "the resource server refuses the token"),
            (Ok(Some(false)), _) => Evidence::blind(now, "the resource server refused the token before the step too"),
            (Ok(None), _) => Evidence::blind(now, "nobody configured a resource server to try the token at"),
            (Err(error), _) => Evidence::unobservable(now, error.to_string()),
        };
        vec![declared, effective]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, _before: &StateBefore) -> Result<(), ActError> {
        Err(ActError::Irreversible {
            action: action.name.to_string(),
            hint: "let the client ask for a new token".to_owned(),
        })
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // Firebreak authenticates as a client with a secret and holds no token of its own at any issuer.
        Ok(false)
    }
}
