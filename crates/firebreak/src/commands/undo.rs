//! `firebreak undo`: asks the running process to take back what a plan did.

use super::End;
use super::approve::{one_plan, open};
use crate::cli::UndoArgs;
use crate::config::Config;
use crate::live::{Request, person};
use crate::output::Output;
use anyhow::Result;

/// Runs the command.
pub(super) fn run(args: &UndoArgs, config: &Config, output: Output) -> Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open(config).await?;
        let plans = store.plans().await?;
        let plan = one_plan(&plans, &args.plan)?;
        let request = Request::Undo {
            plan: plan.id.clone(),
            step: args.step,
            by: person(&args.by),
            rotated: args.rotated,
            because: args.because.clone(),
        };
        store.ask("undo", &serde_json::to_string(&request)?).await?;
        output.text(format!("asked to take back plan {:.12}; the running process takes it up", plan.id));
        if !args.rotated && args.because.is_none() {
            output.text("note: steps that would let the old credential work again stay; say --rotated or --because");
        }
        output.object("undo", &request);
        Ok(End::Done)
    })
}
