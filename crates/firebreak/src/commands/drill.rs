//! `firebreak drill`: cuts each canary, times it, and gives it back. Where a process runs, that one does it.

use super::End;
use super::run::lock;
use crate::cli::DrillArgs;
use crate::config::{Config, Mode};
use crate::content;
use crate::drilling::{Yard, told};
use crate::ledgering::Book;
use crate::live::recover;
use crate::output::{Output, counted};
use crate::store::{DRILL, Store};
use anyhow::{Result, anyhow, bail};
use firebreak_act::{Canary, NoBrake};
use firebreak_contain::incident::Settings;
use firebreak_world::World;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Summary {
    drills: usize,
    passed: usize,
}

/// Runs the command.
pub(super) fn run(args: &DrillArgs, config: &Config, output: Output) -> Result<End> {
    let canaries = wanted(args, config)?;
    if config.act.mode != Mode::Live {
        bail!(
            "`act.mode` is `dry_run`, so nothing may be called\nhint: a drill makes real calls; set `act.mode = \"live\"`"
        );
    }
    let (world, data) = (World::online()?, config.data_directory());
    world.disk.make_directory(&data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&data).await?;
        let Ok(_lock) = lock(&data) else {
            store.ask(DRILL, args.action.as_deref().unwrap_or_default()).await?;
            output.text("asked for; the running process drills and says what came of it");
            return Ok(End::Done);
        };
        refuse_if_paused(&world, config, &store).await?;
        let book = Book::open(&world, &data)?;
        let yard = Yard { world: &world, config, store: &store, book: &book, brake: &NoBrake, pacer: Arc::default() };
        let mut passed = 0;
        for canary in &canaries {
            let drill = yard.drill(canary).await?;
            passed += usize::from(drill.passed);
            output.object("drill", &drill);
            output.paragraph(0, &told(&drill));
        }
        output.object("drills", &Summary { drills: canaries.len(), passed });
        output.text(format!("{}, {passed} passed", counted(canaries.len() as u64, "drill")));
        Ok(if passed == canaries.len() { End::Done } else { End::NeedsPerson })
    })
}

fn wanted<'c>(args: &DrillArgs, config: &'c Config) -> Result<Vec<&'c Canary>> {
    let named = |canary: &&Canary| args.action.as_ref().is_none_or(|action| canary.action == *action);
    let canaries: Vec<&Canary> = config.drill.canary.iter().filter(named).collect();
    if canaries.is_empty() {
        let which = args.action.as_ref().map_or(String::new(), |action| format!(" for `{action}`"));
        bail!(
            "no canary is configured{which}\nhint: write `[[drill.canary]]` with `action`, `target` and `parameters`"
        );
    }
    Ok(canaries)
}

/// A pause holds drills too.
async fn refuse_if_paused(world: &World, config: &Config, store: &Store) -> Result<()> {
    use firebreak_act::Brake;
    let gate = content::gate(world.disk.as_ref(), &config.contain).map_err(|problems| anyhow!("{}", problems[0]))?;
    let respond = recover::respond(store, gate, Settings::default()).await?;
    if respond.paused().is_some() || store.is_on().await {
        bail!("automatic actions are paused\nhint: `firebreak resume` lets them go on");
    }
    Ok(())
}
