//! What the responders on OpenBao and HashiCorp Vault share: the server's address, our own token, and an old token tried.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Body, Rest};
use firebreak_model::Action;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// `[responder.vault]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By name, as the inventory gives it.
    pub servers: BTreeMap<String, Server>,
}

/// `[responder.vault.servers.<name>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The server's address, without `/v1`.
    pub url: String,
    /// A reference to our own token.
    pub token: String,
    /// The namespace, where the server has them.
    #[serde(default)]
    pub namespace: Option<String>,
    /// By target, as plans name it: a reference to an old token, to try whether it is refused.
    #[serde(default)]
    pub probes: BTreeMap<String, String>,
}

/// Whom a token stands for. Every token may ask it of itself.
pub(crate) const SELF: &str = "GET {server}/v1/auth/token/lookup-self";

fn server<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Server, ActError> {
    let name = parameter(action, "server")?;
    context.config.vault.servers.get(name).ok_or_else(|| {
        ActError::unusable(
            format!("no token for the server `{name}`"),
            format!("add `[responder.vault.servers.\"{name}\"]` with `url` and `token`"),
        )
    })
}

fn with<'a>(context: &'a Context<'a>, server: &Server, token: &str) -> Result<Rest<'a>, ActError> {
    let api = Rest::at(context, &server.url)?.secret("x-vault-token", "", context.secret(token)?);
    Ok(match &server.namespace {
        Some(namespace) => api.header("x-vault-namespace", namespace),
        None => api,
    })
}

/// The server, as ourselves.
pub(crate) fn open<'a>(context: &'a Context<'a>, action: &Action) -> Result<Rest<'a>, ActError> {
    let server = server(context, action)?;
    with(context, server, &server.token)
}

/// A field of our own token: `accessor`, `entity_id`.
pub(crate) async fn own(context: &Context<'_>, action: &Action, field: &str) -> Result<String, ActError> {
    let answer = open(context, action)?.call(SELF, &[], Body::None).await?;
    Ok(answer.body.pointer(&format!("/data/{field}")).and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// Tries the old token of the target by asking it about itself. `None` where nobody configured one.
pub(crate) async fn tried(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
    let server = server(context, action)?;
    let Some(old) = server.probes.get(action.target.as_str()) else { return Ok(None) };
    let answer = with(context, server, old)?.ask(SELF, &[], Body::None).await?;
    match answer.status {
        200..300 => Ok(Some(true)),
        403 => Ok(Some(false)),
        _ => Err(answer.refusal()),
    }
}
