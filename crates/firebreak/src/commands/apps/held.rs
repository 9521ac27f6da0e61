//! `firebreak apps quarantine` and `release`: an app is taken out of use, and let in again.

use crate::cli::{AppsQuarantineArgs, AppsReleaseArgs, EstateArgs};
use crate::commands::access::changes;
use crate::commands::approve::open;
use crate::commands::{End, remembered, wish};
use crate::config::Config;
use crate::estate::Packages;
use crate::live::{Request, person};
use crate::output::{Output, counted};
use crate::wishes;
use anyhow::{Result, bail};
use firebreak_assure::apps::{App, apps};
use firebreak_model::{Fact, NodeKey, Time};
use firebreak_world::World;

/// Runs `firebreak apps quarantine`.
pub(super) fn quarantine(args: &AppsQuarantineArgs, config: &Config, output: Output) -> Result<End> {
    let at = World::offline().clock.now();
    let (app, facts) = known(&args.app, &args.estate, config, at)?;
    let wish = wishes::quarantine::wish(&app, &facts, person(&args.by), at)?;
    output.text(format!("{}; {}", counted(wish.actions.len() as u64, "step"), app.risk));
    wish::leave(&wish, config, output)
}

/// The app with this key as the map has it at `at`, and what the map was made of.
pub(super) fn known(text: &str, estate: &EstateArgs, config: &Config, at: Time) -> Result<(App, Vec<Fact>)> {
    let (estate, graph) = remembered::mapped(&World::offline(), estate, config, &Packages::default(), at)?;
    let app = apps(&graph, &estate.facts, at, None).into_iter().find(|app| app.key.as_str() == text);
    let Some(app) = app else {
        bail!("no app, agent, server, model or key `{text}` is known\nhint: `firebreak apps` lists them by their keys");
    };
    Ok((app, estate.facts))
}

/// Runs `firebreak apps release`.
pub(super) fn release(args: &AppsReleaseArgs, config: &Config, output: Output) -> Result<End> {
    let changes = changes::kept(&config.data_directory())?.changes;
    let Some(subject) = NodeKey::parse(&args.app) else {
        bail!("`{}` is not a key\nhint: write kind:system/name, as `firebreak apps` lists it", args.app);
    };
    let plans: Vec<String> = wishes::held(&changes, &subject)?.iter().map(ToString::to_string).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open(config).await?;
        for plan in &plans {
            let because = Some(args.because.clone());
            let request =
                Request::Undo { plan: plan.clone(), step: None, by: person(&args.by), rotated: false, because };
            store.ask("undo", &serde_json::to_string(&request)?).await?;
        }
        anyhow::Ok(())
    })?;
    output
        .text(format!("asked to take back {}; the running process takes it up", counted(plans.len() as u64, "change")));
    output.object(
        "release",
        &serde_json::json!({"app": subject, "plans": plans, "by": person(&args.by), "because": args.because}),
    );
    Ok(End::Done)
}
