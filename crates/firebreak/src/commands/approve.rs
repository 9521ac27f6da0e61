//! `firebreak approve`: approves a plan that waits, or lists those that do.

use super::End;
use crate::cli::ApproveArgs;
use crate::config::Config;
use crate::live::{Request, approval};
use crate::output::{Output, counted};
use crate::store::{Store, StoredPlan};
use anyhow::{Context, Result, bail};
use firebreak_contain::Plan;
use firebreak_world::World;

/// The one plan whose id begins with `prefix`.
pub(super) fn one_plan<'p>(plans: &'p [StoredPlan], prefix: &str) -> Result<&'p StoredPlan> {
    let mut found = plans.iter().filter(|plan| plan.id.starts_with(prefix));
    match (found.next(), found.next()) {
        (Some(plan), None) => Ok(plan),
        (None, _) => bail!("no plan `{prefix}`\nhint: `firebreak approve` lists those that wait"),
        (Some(_), Some(_)) => bail!("`{prefix}` begins several plans\nhint: write more of the id"),
    }
}

/// The state of the configured installation.
pub(super) async fn open(config: &Config) -> Result<Store> {
    let data = config.data_directory();
    if !data.join("state.sqlite").is_file() {
        bail!("no state in `{}`\nhint: `firebreak run` makes it; --config names where", data.display());
    }
    Store::open(&data).await
}

/// Runs the command.
pub(super) fn run(args: &ApproveArgs, config: &Config, output: Output) -> Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open(config).await?;
        let plans = store.plans().await?;
        let Some(prefix) = &args.plan else { return list(&plans, output) };
        let plan = one_plan(&plans, prefix)?;
        if plan.status != "waiting" {
            bail!("plan {:.12} is {} and waits for nobody", plan.id, plan.status);
        }
        let by = args.by.as_deref().context("who approves?\nhint: say it with --by <e-mail>")?;
        let given = approval(&plan.id, by, World::offline().clock.now());
        store.ask("approve", &serde_json::to_string(&Request::Approve(given.clone()))?).await?;
        output.text(format!("approved plan {:.12} as {by}; the running process takes it up", plan.id));
        output.object("approve", &given);
        Ok(End::Done)
    })
}

fn list(plans: &[StoredPlan], output: Output) -> Result<End> {
    let waiting: Vec<&StoredPlan> = plans.iter().filter(|plan| plan.status == "waiting").collect();
    for stored in &waiting {
        let plan: Plan = serde_json::from_str(&stored.body).context("a plan in the state is damaged")?;
        super::plan::show(&plan, output);
        let none: [&str; 0] = [];
        output.object("plan", &serde_json::json!({"plan": plan, "decision": "needs_approval", "reasons": none}));
    }
    output.text(format!("waiting: {}", counted(waiting.len() as u64, "plan")));
    output.object("approve", &serde_json::json!({"waiting": waiting.len()}));
    Ok(if waiting.is_empty() { End::Done } else { End::NeedsPerson })
}
