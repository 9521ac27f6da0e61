//! What was committed becomes letters, and letters are handed in.

use super::{LOOK_EVERY, Shared};
use crate::live::effects::Outgoing;
use anyhow::Result;
use firebreak_contain::Plan;
use firebreak_model::Severity;
use firebreak_notify::{Channel, Courier, Notice};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Makes letters of what was committed, until `stop`.
pub(super) async fn feed(shared: Arc<Shared>, stop: Arc<AtomicBool>) {
    let mut failing = false;
    while !stop.load(Ordering::SeqCst) {
        let fed = once(&shared).await;
        if let (Err(error), false) = (&fed, failing) {
            shared.say(format!("people cannot be told: {error:#}"));
        }
        failing = fed.is_err();
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn once(shared: &Shared) -> Result<()> {
    loop {
        let since = shared.store.told_up_to().await?;
        let effects = shared.store.effects_after(since).await?;
        let Some((last, _)) = effects.last() else { return Ok(()) };
        let mut notices = Vec::new();
        for (number, body) in &effects {
            if let Ok(Outgoing::Notify { text, incident, severity, ask }) = serde_json::from_str(body) {
                let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
                let (title, mut text) = (title.to_owned(), rest.to_owned());
                if let Some(ask) = &ask {
                    text = described(shared, &ask.plan).await.unwrap_or(text);
                }
                let severity = severity.unwrap_or(Severity::High);
                let (id, at) = (format!("notice-{number}"), shared.world.clock.now());
                notices.push(Notice { id, incident, severity, title, text, at, ask });
            }
        }
        let channels = &shared.config.notify;
        let wanted = notices.iter().flat_map(|notice| {
            channels.iter().filter(|channel| channel.wants(notice)).map(move |channel| (channel.name.as_str(), notice))
        });
        shared.store.put_letters(*last, &wanted.collect::<Vec<_>>()).await?;
    }
}

/// What the plan would do, in lines. `None` where there is no such plan.
pub(super) async fn described(shared: &Shared, id: &str) -> Option<String> {
    let stored = shared.store.plans().await.ok()?.into_iter().find(|plan| plan.id == id)?;
    let plan: Plan = serde_json::from_str(&stored.body).ok()?;
    let body = plan.body();
    let steps = body.steps.iter().map(|step| {
        let cost = step.cost;
        format!("{}  {}  {}\n   cost {cost}; {}\n", step.number, step.action.name, step.action.target, step.undo_note)
    });
    let severs = if body.severs { "Every path that can be cut is cut." } else { "Paths stay open." };
    let (id, cost) = (plan.id(), body.cost);
    let mut text = format!("Plan {id} for {}, cost {cost}. {severs}\n{}", body.incident, steps.collect::<String>());
    for gap in &body.gaps {
        text.push_str(&format!("not known: {gap}\n"));
    }
    Some(text)
}

/// Hands in what `channel` is to be told, until `stop`.
pub(super) async fn hand_in(shared: Arc<Shared>, channel: Channel, stop: Arc<AtomicBool>) {
    let mut last = String::new();
    while !stop.load(Ordering::SeqCst) {
        let links = shared.front.links.as_ref();
        let courier = Courier { world: &shared.world, outbox: &shared.store, links };
        match courier.round(&channel).await {
            Ok(round) => {
                round.dead.iter().for_each(|why| shared.say(why.clone()));
                // The same trouble again is no news.
                if let Some(why) = round.later.first().filter(|why| **why != last) {
                    shared.say(format!("{why}; it is tried again"));
                    last.clone_from(why);
                }
                if round.sent > 0 {
                    last.clear();
                }
            }
            Err(error) => shared.say(error.to_string()),
        }
        tokio::time::sleep(2 * LOOK_EVERY).await;
    }
}
