//! `firebreak apps leash`: an app does less from now on, where its platform has a call for that.

use super::held;
use crate::cli::AppsLeashArgs;
use crate::commands::{End, wish};
use crate::config::Config;
use crate::live::person;
use crate::output::Output;
use anyhow::{Result, bail};
use firebreak_assure::apps::{App, quarantine};
use firebreak_contain::change::{Purpose, Wish};
use firebreak_model::{Action, CutOption, Fact, Text, Time};
use firebreak_world::World;
use serde_json::{Map, Value, json};

/// Runs the command.
pub(super) fn run(args: &AppsLeashArgs, config: &Config, output: Output) -> Result<End> {
    let at = World::offline().clock.now();
    let (app, facts) = held::known(&args.app, &args.estate, config, at)?;
    let actions = leashes(args, &app, &facts, at)?;
    let wish = Wish {
        title: format!("let {} do less", app.key),
        purpose: Purpose::Leash,
        subject: app.key.clone(),
        by: person(&args.by),
        at,
        actions: actions.into_iter().map(|action| wish::asked(action, None)).collect::<Result<_>>()?,
        gaps: Vec::new(),
        watch: None,
    };
    wish::leave(&wish, config, output)
}

/// What lets it do less: calls of its platform that narrow, never those that cut it off.
fn leashes(args: &AppsLeashArgs, app: &App, facts: &[Fact], at: Time) -> Result<Vec<Action>> {
    let ways = quarantine(facts, app, at).cuts;
    let narrowing = ways.iter().filter(|cut| cut.action.verb() == "narrow").map(|cut| cut.action.clone());
    let narrowing: Vec<Action> = narrowing.collect();
    if !narrowing.is_empty() {
        return Ok(narrowing);
    }
    let keys: Vec<&CutOption> = ways.iter().filter(|cut| cut.action.name.as_str() == "litellm_key/block").collect();
    if keys.is_empty() {
        bail!(
            "`{}` is on {}, of which no call is known that lets it do less\nhint: narrow it on its platform, or take it out of use with `firebreak apps quarantine`",
            app.key,
            app.key.system()
        );
    }
    let limits = limits(args);
    if limits.is_empty() {
        bail!("to what?\nhint: say --models, --mcp-servers or --max-budget");
    }
    let limits = Text::new(Value::Object(limits).to_string());
    Ok(keys.into_iter().map(|cut| narrowed(cut, &limits)).collect())
}

fn limits(args: &AppsLeashArgs) -> Map<String, Value> {
    let mut limits = Map::new();
    for (name, values) in [("models", &args.models), ("mcp_servers", &args.mcp_servers)] {
        if !values.is_empty() {
            limits.insert(name.to_owned(), json!(values));
        }
    }
    limits.extend(args.max_budget.map(|budget| ("max_budget".to_owned(), json!(budget))));
    limits
}

/// The key that an inventory knows how to block, narrowed in place of that.
fn narrowed(cut: &CutOption, limits: &Text) -> Action {
    let mut parameters = cut.action.parameters.clone();
    parameters.insert(Text::new_static("limits"), limits.clone());
    Action { name: Text::new_static("litellm_key_limits/narrow"), target: cut.action.target.clone(), parameters }
}
