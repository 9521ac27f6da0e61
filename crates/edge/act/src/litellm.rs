//! What the responders on a LiteLLM gateway share: its address, our own key, and an old key tried at every replica, since
//! each keeps what it knows of keys for a minute.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Body, Rest};
use crate::setting::Reading;
use firebreak_model::Action;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
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

/// What the gateway blocks and unblocks alike: a key, a team, a model.
pub(crate) struct Switch {
    /// The parameter of an action that names one, and what it is called for people.
    pub(crate) thing: &'static str,
    /// The field that names it in a call.
    pub(crate) field: &'static str,
    /// Where an answer describes it.
    pub(crate) found: &'static str,
    /// The call that tells.
    pub(crate) read: &'static str,
    /// The call that blocks.
    pub(crate) block: &'static str,
    /// The call that unblocks.
    pub(crate) unblock: &'static str,
}

impl Switch {
    /// Whether the target is blocked.
    pub(crate) async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let id = parameter(action, self.thing)?;
        let answer = open(context, action)?.call(self.read, &[id], Body::None).await?;
        let found = answer.body.pointer(self.found).ok_or_else(|| answer.lacks(self.found))?;
        // LiteLLM leaves it null until somebody sets it.
        let blocked = found.get("blocked").and_then(Value::as_bool).unwrap_or(false);
        let words = if blocked { "is blocked" } else { "is not blocked" };
        Ok(Reading::new(json!({"blocked": blocked}), blocked, format!("the {} {words}", self.thing)))
    }

    /// Blocks the target.
    pub(crate) async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        self.set(context, action, self.block).await
    }

    /// Blocks or unblocks the target, as it was before.
    pub(crate) async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let shape = match before["blocked"] {
            Value::Bool(true) => self.block,
            Value::Bool(false) => self.unblock,
            _ => return Err(ActError::unusable("the state before lacks `blocked`", "unblock it by hand")),
        };
        self.set(context, action, shape).await
    }

    async fn set(&self, context: &Context<'_>, action: &Action, shape: &'static str) -> Result<(), ActError> {
        let body = json!({self.field: parameter(action, self.thing)?});
        open(context, action)?.call(shape, &[], Body::Json(&body)).await.map(|_| ())
    }
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
    Ok(hex::encode(hash))
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
