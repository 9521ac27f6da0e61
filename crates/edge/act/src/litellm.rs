//! What the responders on a LiteLLM gateway share: its address, our own key, and an old key tried at every replica, since
//! each keeps what it knows of keys for a minute.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Body, Rest};
use firebreak_model::Action;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// `[responder.litellm]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By name, as the inventory gives it.
    pub gateways: BTreeMap<String, Gateway>,
}

/// `[responder.litellm.gateways.<name>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Where its administration is asked.
    pub url: String,
    /// A reference to our own key.
    pub key: String,
    /// Addresses of its replicas, each of which is tried; `url` alone where there are none.
    #[serde(default)]
    pub replicas: Vec<String>,
    /// By target, as plans name it: a reference to an old key, to try whether it is refused.
    #[serde(default)]
    pub probes: BTreeMap<String, String>,
}

/// What a key may use: the cheapest call that every key may make.
pub(crate) const MODELS: &str = "GET {replica}/v1/models";

fn gateway<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Gateway, ActError> {
    let name = parameter(action, "gateway")?;
    context.config.litellm.gateways.get(name).ok_or_else(|| {
        ActError::unusable(
            format!("no key for the gateway `{name}`"),
            format!("add `[responder.litellm.gateways.\"{name}\"]` with `url` and `key`"),
        )
    })
}

/// The gateway, as ourselves.
pub(crate) fn open<'a>(context: &'a Context<'a>, action: &Action) -> Result<Rest<'a>, ActError> {
    let gateway = gateway(context, action)?;
    Ok(Rest::at(context, &gateway.url)?.bearer(context.secret(&gateway.key)?))
}

/// The hash by which the gateway knows our own key.
pub(crate) fn own_hash(context: &Context<'_>, action: &Action) -> Result<String, ActError> {
    let key = context.secret(&gateway(context, action)?.key)?;
    let hash = Sha256::digest(key.expose_secret().as_bytes());
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Tries the old key of the target at every replica: one that admits it is enough. `None` where nobody configured one.
pub(crate) async fn tried(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
    let gateway = gateway(context, action)?;
    let Some(old) = gateway.probes.get(action.target.as_str()) else { return Ok(None) };
    let only = [gateway.url.clone()];
    let replicas = if gateway.replicas.is_empty() { &only[..] } else { &gateway.replicas[..] };
    for replica in replicas {
        let answer = Rest::at(context, replica)?.bearer(context.secret(old)?).ask(MODELS, &[], Body::None).await?;
        match answer.status {
            200..300 => return Ok(Some(true)),
            401 | 403 => {}
            _ => return Err(answer.refusal()),
        }
    }
    Ok(Some(false))
}
