//! Narrows what a LiteLLM key may use: models, MCP servers, and how much it may spend. It never widens.
//!
//! A replica that did not take the call goes on by what it remembers of the key until that is a minute old.

use crate::context::Context;
use crate::error::ActError;
use crate::litellm;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const READ: &str = "GET {gateway}/key/info?key";
const UPDATE: &str = "POST {gateway}/key/update";

static SPEC: ActionSpec = ActionSpec {
    name: "litellm_key_limits",
    verb: "narrow",
    targets: &["credential:litellm/"],
    title: "Narrow the models, MCP servers and budget of a LiteLLM key",
    level: Level::ContractTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(70),
    calls: &[Call::reads(READ), Call::changes(UPDATE)],
    permissions: &[Permission {
        action: "allowed_routes: /key/info, /key/update",
        resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
        purpose: "read what the key may use, and set it",
    }],
    rate_class: RateClass::Litellm,
    blast_radius: "whatever calls other models or servers with this key, or spends more, is refused",
};

/// Narrows keys.
#[derive(Debug)]
pub struct LitellmKeyLimits;

/// The responder.
pub static RESPONDER: LitellmKeyLimits = LitellmKeyLimits;

/// What an action wants; what it does not say stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    /// These models alone; at least one, since LiteLLM takes none for all.
    models: Option<BTreeSet<String>>,
    /// These MCP servers alone.
    mcp_servers: Option<BTreeSet<String>>,
    /// So much and no more, in the currency of the gateway.
    max_budget: Option<f64>,
}

impl Limits {
    fn of(action: &Action) -> Result<Limits, ActError> {
        let wrong = |why: String| {
            ActError::unusable(
                format!("the limits of `{}` cannot be used: {why}", action.target),
                "name `models`, `mcp_servers` or `max_budget` as JSON in the parameter `limits`",
            )
        };
        let limits: Limits =
            serde_json::from_str(parameter(action, "limits")?).map_err(|error| wrong(error.to_string()))?;
        match &limits {
            Limits { models: None, mcp_servers: None, max_budget: None } => Err(wrong("they limit nothing".to_owned())),
            Limits { models: Some(models), .. } if models.is_empty() => {
                Err(wrong("LiteLLM takes no model for all models; block the key instead".to_owned()))
            }
            Limits { max_budget: Some(budget), .. } if !budget.is_finite() || *budget < 0.0 => {
                Err(wrong("a budget is not negative".to_owned()))
            }
            _ => Ok(limits),
        }
    }

    /// Why it would widen what `now` says.
    fn widens(&self, now: &Held) -> Option<String> {
        // No model stands for all of them.
        let models = self.models.as_ref().filter(|_| !now.models.is_empty());
        let model = models.and_then(|models| models.difference(&now.models).next());
        let servers = self.mcp_servers.as_ref();
        let server = servers.and_then(|servers| servers.difference(&now.mcp_servers).next());
        let budget = self.max_budget.zip(now.max_budget).filter(|(wanted, now)| wanted > now);
        model
            .map(|model| format!("the key may not use the model `{model}` now"))
            .or_else(|| server.map(|server| format!("the key may not use the MCP server `{server}` now")))
            .or_else(|| budget.map(|(_, now)| format!("the key's budget is {now} now")))
    }

    fn hold(&self, now: &Held) -> bool {
        self.models.as_ref().is_none_or(|models| *models == now.models)
            && self.mcp_servers.as_ref().is_none_or(|servers| *servers == now.mcp_servers)
            && self.max_budget.is_none_or(|budget| now.max_budget == Some(budget))
    }

    /// The body that sets `to` for what is limited here, and nothing else.
    fn body(&self, key: &str, to: &Held) -> Value {
        let mut body = json!({"key": key});
        if self.models.is_some() {
            body["models"] = json!(to.models);
        }
        if self.mcp_servers.is_some() {
            body["object_permission"] = json!({"mcp_servers": to.mcp_servers});
        }
        if self.max_budget.is_some() {
            body["max_budget"] = json!(to.max_budget);
        }
        body
    }
}

/// What a key may use.
struct Held {
    models: BTreeSet<String>,
    mcp_servers: BTreeSet<String>,
    max_budget: Option<f64>,
}

impl Held {
    async fn read(context: &Context<'_>, action: &Action) -> Result<Held, ActError> {
        let answer = litellm::open(context, action)?.call(READ, &[parameter(action, "key")?], Body::None).await?;
        let info = answer.body.get("info").ok_or_else(|| answer.lacks("/info"))?;
        let texts = |value: &Value| -> BTreeSet<String> {
            value.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        };
        Ok(Held {
            models: texts(&info["models"]),
            // Null until somebody grants one.
            mcp_servers: texts(&info["object_permission"]["mcp_servers"]),
            max_budget: info["max_budget"].as_f64(),
        })
    }

    /// As it is written down: the budget as text, since the ledger's numbers are whole.
    fn json(&self) -> Value {
        let budget = self.max_budget.map(|budget| budget.to_string());
        json!({"models": self.models, "mcp_servers": self.mcp_servers, "max_budget": budget})
    }

    fn of(state: &Value) -> Result<Held, ActError> {
        let read = || {
            let budget: Option<String> = serde_json::from_value(state["max_budget"].clone()).ok()?;
            Some(Held {
                models: serde_json::from_value(state["models"].clone()).ok()?,
                mcp_servers: serde_json::from_value(state["mcp_servers"].clone()).ok()?,
                max_budget: budget.map(|budget| budget.parse()).transpose().ok()?,
            })
        };
        read().ok_or_else(|| ActError::unusable("the state before lacks the key's limits", "set them by hand"))
    }
}

#[async_trait]
impl Setting for LitellmKeyLimits {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (limits, held) = (Limits::of(action)?, Held::read(context, action).await?);
        let holds = limits.hold(&held);
        // Once it is done the state before is what counts, not what is there now.
        if let Some(why) = limits.widens(&held).filter(|_| context.before.is_none()) {
            return Err(ActError::unusable(
                format!("the limits would widen `{}`: {why}", action.target),
                "name what it may use now, or less",
            ));
        }
        let words = if holds { "the key is limited to what was wanted" } else { "the key may use more" };
        Ok(Reading::new(held.json(), holds, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let limits = Limits::of(action)?;
        let to = Held {
            models: limits.models.clone().unwrap_or_default(),
            mcp_servers: limits.mcp_servers.clone().unwrap_or_default(),
            max_budget: limits.max_budget,
        };
        let body = limits.body(parameter(action, "key")?, &to);
        litellm::open(context, action)?.call(UPDATE, &[], Body::Json(&body)).await.map(|_| ())
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let body = Limits::of(action)?.body(parameter(action, "key")?, &Held::of(before)?);
        litellm::open(context, action)?.call(UPDATE, &[], Body::Json(&body)).await.map(|_| ())
    }

    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        Ok(Held::read(context, action).await?.json() == *before)
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(litellm::own_hash(context, action)? == parameter(action, "key")?)
    }

    fn unseen(&self) -> &'static str {
        "nobody tries what the key may no longer use; a replica that did not take the call goes on for about a minute"
    }
}
