//! An app does less from now on, where its platform has a call for that.

use super::{Refused, asked};
use firebreak_assure::apps::{App, quarantine};
use firebreak_contain::change::{Purpose, Wish};
use firebreak_model::{Action, CutOption, Fact, NodeKey, Text, Time};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// To what a key of an AI gateway is held; what is not said stays.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// These models alone; none said is no limit.
    pub models: Vec<String>,
    /// These tool servers alone; none said is no limit.
    pub mcp_servers: Vec<String>,
    /// So much and no more, in the gateway's currency.
    pub max_budget: Option<f64>,
}

/// What is asked for.
///
/// # Errors
/// Where no call of its platform is known that narrows it, or nothing is said to what.
pub fn wish(app: &App, facts: &[Fact], limits: &Limits, by: NodeKey, at: Time) -> Result<Wish, Refused> {
    let actions = leashes(app, facts, limits, at)?.into_iter().map(|action| asked(action, None));
    Ok(Wish {
        title: format!("let {} do less", app.key),
        purpose: Purpose::Leash,
        subject: app.key.clone(),
        by,
        at,
        actions: actions.collect::<Result<_, _>>()?,
        gaps: Vec::new(),
        watch: None,
    })
}

/// How an app can be let do less.
#[derive(Clone, PartialEq, Debug)]
pub enum Ways {
    /// By calls that its inventory names, as they are.
    Named(Vec<Action>),
    /// By limits of these keys of a gateway, which can be blocked too.
    Keys(Vec<CutOption>),
}

/// How `app` can be let do less at `at`.
///
/// # Errors
/// Where no call of its platform is known that narrows it.
pub fn ways(app: &App, facts: &[Fact], at: Time) -> Result<Ways, Refused> {
    let ways = quarantine(facts, app, at).cuts;
    let narrowing = ways.iter().filter(|cut| cut.action.verb() == "narrow").map(|cut| cut.action.clone());
    let narrowing: Vec<Action> = narrowing.collect();
    if !narrowing.is_empty() {
        return Ok(Ways::Named(narrowing));
    }
    let is_key = |cut: &CutOption| cut.action.name.as_str() == "litellm_key/block";
    let keys: Vec<CutOption> = ways.into_iter().filter(is_key).collect();
    if keys.is_empty() {
        let system = app.key.system();
        let reason = format!("`{}` is on {system}, of which no call is known that lets it do less", app.key);
        let hint = "narrow it on its platform, or take it out of use with `firebreak apps quarantine`";
        return Err(Refused::new(reason, hint));
    }
    Ok(Ways::Keys(keys))
}

/// Calls of its platform that narrow, never those that cut it off.
fn leashes(app: &App, facts: &[Fact], limits: &Limits, at: Time) -> Result<Vec<Action>, Refused> {
    let keys = match ways(app, facts, at)? {
        Ways::Named(actions) => return Ok(actions),
        Ways::Keys(keys) => keys,
    };
    let limits = limits.named();
    if limits.is_empty() {
        return Err(Refused::new("nothing is said to what it is held", "say --models, --mcp-servers or --max-budget"));
    }
    let limits = Text::new(Value::Object(limits).to_string());
    Ok(keys.iter().map(|cut| narrowed(cut, &limits)).collect())
}

impl Limits {
    fn named(&self) -> Map<String, Value> {
        let mut limits = Map::new();
        for (name, values) in [("models", &self.models), ("mcp_servers", &self.mcp_servers)] {
            if !values.is_empty() {
                limits.insert(name.to_owned(), json!(values));
            }
        }
        limits.extend(self.max_budget.map(|budget| ("max_budget".to_owned(), json!(budget))));
        limits
    }
}

/// The key that an inventory knows how to block, narrowed in place of that.
fn narrowed(cut: &CutOption, limits: &Text) -> Action {
    let mut parameters = cut.action.parameters.clone();
    parameters.insert(Text::new_static("limits"), limits.clone());
    Action { name: Text::new_static("litellm_key_limits/narrow"), target: cut.action.target.clone(), parameters }
}
