//! `firebreak apps quarantine` and `release`: an app is taken out of use, and let in again.

use crate::cli::{AppsQuarantineArgs, AppsReleaseArgs, EstateArgs};
use crate::commands::access::changes;
use crate::commands::approve::open;
use crate::commands::{End, remembered, wish};
use crate::config::Config;
use crate::estate::Packages;
use crate::live::{Request, person};
use crate::output::{Output, counted};
use anyhow::{Result, bail};
use firebreak_assure::apps::{App, apps, quarantine as way_out_of_use};
use firebreak_contain::change::{Asked, Change, Purpose, Wish};
use firebreak_model::{CutOption, Fact, NodeKey, Time};
use firebreak_world::World;

/// Runs `firebreak apps quarantine`.
pub(super) fn quarantine(args: &AppsQuarantineArgs, config: &Config, output: Output) -> Result<End> {
    let at = World::offline().clock.now();
    let (app, facts) = known(&args.app, &args.estate, config, at)?;
    let app = &app;
    let found = way_out_of_use(&facts, app, at);
    if found.cuts.is_empty() {
        bail!(
            "nothing that is known and allowed cuts `{}`\nhint: its inventory names no way; take it out of use on its platform",
            app.key
        );
    }
    let mut gaps: Vec<String> =
        found.open.iter().map(|key| format!("nothing known cuts `{key}`, which stays")).collect();
    if app.credentials.is_empty() && app.consented.is_empty() {
        gaps.push("no inventory names a credential or a consent of it".to_owned());
    }
    let actions = found.cuts.into_iter().map(|cut| asked(cut, app));
    let wish = Wish {
        title: format!("take {} out of use", app.key),
        purpose: Purpose::Quarantine,
        subject: app.key.clone(),
        by: person(&args.by),
        at,
        actions: actions.collect::<Result<_>>()?,
        gaps,
        watch: None,
    };
    output.text(format!("{}; {}", counted(wish.actions.len() as u64, "step"), app.risk));
    wish::leave(&wish, config, output)
}

fn asked(cut: CutOption, app: &App) -> Result<Asked> {
    let CutOption { action, delay_seconds, reversibility, .. } = cut;
    let used = (app.events > 0).then_some((app.events, app.with.len() as u64, app.last));
    let known = wish::asked(action, used)?;
    Ok(Asked { reversibility: reversibility.max(known.reversibility), delay_seconds, ..known })
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
    let held = |change: &&Change| {
        let purpose = matches!(change.wish.purpose, Purpose::Quarantine | Purpose::Leash);
        purpose && change.wish.subject == subject && change.stage.stands()
    };
    let plans: Vec<String> = changes.all().filter(held).map(|change| change.plan.id().to_string()).collect();
    if plans.is_empty() {
        bail!(
            "nothing that was done to `{subject}` stands\nhint: `firebreak access changes` lists what was done to what"
        );
    }
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
