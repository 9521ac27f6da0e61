//! `firebreak cancel`: asks the running process not to begin what a plan has not begun.

use super::End;
use super::approve::{one_plan, open};
use crate::cli::CancelArgs;
use crate::config::Config;
use crate::live::{Request, person};
use crate::output::Output;
use crate::store::CANCEL;
use anyhow::{Result, bail};

/// Runs the command.
pub(super) fn run(args: &CancelArgs, config: &Config, output: Output) -> Result<End> {
    let because = args.because.trim().to_owned();
    if because.is_empty() {
        bail!("a cancellation needs a reason\nhint: say it with --because <reason>; the ledger keeps it");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open(config).await?;
        let plans = store.plans().await?;
        let plan = one_plan(&plans, &args.plan)?;
        if plan.status != "approved" && plan.status != "executed" {
            bail!("plan {:.12} is {}: nothing of it is to be done", plan.id, plan.status);
        }
        let request = Request::Cancel { plan: plan.id.clone(), step: args.step, by: person(&args.by), because };
        store.ask(CANCEL, &serde_json::to_string(&request)?).await?;
        output.text(format!("asked to cancel plan {:.12}; the running process takes it up", plan.id));
        output.text("what has begun goes on until it is known whether it denies; firebreak undo takes it back");
        output.object("cancel", &request);
        Ok(End::Done)
    })
}
