//! `firebreak mute` and `firebreak unmute`: what a detector finds needs nobody for a while.

use super::End;
use super::approve::open;
use crate::cli::{MuteArgs, UnmuteArgs};
use crate::config::Config;
use crate::live::{Request, person};
use crate::muting::{Detectors, Muted, lasting};
use crate::output::{Output, counted};
use crate::store::{MUTE, Store, UNMUTE};
use anyhow::{Context, Result, anyhow, bail};
use firebreak_contain::Mute;
use firebreak_contain::mute::DAYS_MAX;
use firebreak_model::{NodeKey, Text, Time};
use firebreak_world::World;

/// Runs `firebreak mute`.
pub(super) fn mute(args: &MuteArgs, config: &Config, output: Output) -> Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (store, world) = (open(config).await?, World::offline());
        let now = world.clock.now();
        let Some(detector) = &args.detector else { return list(&lasting(&store, now).await?, output) };
        let mute = asked(args, detector, now)?;
        let known = Detectors::configured(world.disk.as_ref(), &config.detect);
        known.allow(&mute, now).map_err(|(why, hint)| anyhow!("{why}\nhint: {hint}"))?;
        store.ask(MUTE, &serde_json::to_string(&Request::Mute(mute.clone()))?).await?;
        output.text(format!("asked to mute {}", what(&mute)));
        output.text("the running process takes it up");
        output.text("findings are kept and marked; what an incident reaches counts all the same");
        output.text(format!("next: firebreak unmute {} --by {}", mute.id().as_str(), mute.by.name()));
        output.object("mute", &Muted { id: mute.id().as_str().to_owned(), mute, held_back: 0 });
        Ok(End::Done)
    })
}

/// Runs `firebreak unmute`.
pub(super) fn unmute(args: &UnmuteArgs, config: &Config, output: Output) -> Result<End> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open(config).await?;
        let mute = one(&store, &args.mute).await?;
        let request = Request::Unmute { mute: mute.mute.id(), by: person(&args.by) };
        store.ask(UNMUTE, &serde_json::to_string(&request)?).await?;
        output.text(format!("asked to end the mute of {}", what(&mute.mute)));
        output.text("the running process takes it up");
        let held = counted(mute.held_back, "finding");
        output.text(format!("{held} that it held back will be looked at as if they came now"));
        output.object("unmute", &request);
        Ok(End::Done)
    })
}

fn asked(args: &MuteArgs, detector: &str, now: Time) -> Result<Mute> {
    let about = args.about.as_deref().map(|key| {
        NodeKey::parse(key)
            .with_context(|| format!("`{key}` is no key\nhint: write it as findings do: credential:aws/AKIA..."))
    });
    let by = args.by.as_deref().context("who mutes it?\nhint: say it with --by <e-mail>")?;
    let until = args.until.unwrap_or_else(|| now.plus_seconds(args.days.unwrap_or(DAYS_MAX) * 86_400));
    let because = args.because.as_deref().unwrap_or_default().trim().to_owned();
    Ok(Mute { detector: Text::new(detector), about: about.transpose()?, until, by: person(by), at: now, because })
}

/// The one mute whose id begins so.
async fn one(store: &Store, prefix: &str) -> Result<Muted> {
    let all = lasting(store, World::offline().clock.now()).await?;
    let mut found = all.into_iter().filter(|one| one.id.starts_with(prefix));
    match (found.next(), found.next()) {
        (Some(mute), None) => Ok(mute),
        (None, _) => bail!("no mute `{prefix}` lasts\nhint: `firebreak mute` lists them"),
        (Some(_), Some(_)) => bail!("`{prefix}` begins several mutes\nhint: write more of the id"),
    }
}

fn what(mute: &Mute) -> String {
    let Mute { detector, about, until, .. } = mute;
    about
        .as_ref()
        .map_or_else(|| format!("{detector} until {until}"), |about| format!("{detector} about {about} until {until}"))
}

fn list(mutes: &[Muted], output: Output) -> Result<End> {
    for muted in mutes {
        let Muted { id, mute, held_back } = muted;
        output.text(format!("{id}  {}", what(mute)));
        output.text(format!("    {} held back", counted(*held_back, "finding")));
        output.text(format!("    {}: {}", mute.by.name(), mute.because));
        output.object("muted", muted);
    }
    output.text(format!("muted: {}", mutes.len()));
    output.object("mutes", &serde_json::json!({"mutes": mutes.len()}));
    Ok(End::Done)
}
