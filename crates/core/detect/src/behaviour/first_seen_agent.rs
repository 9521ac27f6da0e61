//! First-seen agent: a credential is used by a kind of client that never used it.
//!
//! A product on an operating system that is new to the credential and to its actor is a novelty. Another major version of a
//! known product is only for the record: everybody updates. Quiet are clients that enough others of the same kind of
//! identity use in peace, and identities that meet new clients all the time.

use super::crowd::Crowd;
use super::profile::{Pair, Settled};
use super::seen::Set;
use super::{Behaviour, Novelty, Say, Scene, days, digest};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    crowd: &mut Crowd,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) -> Novelty {
    let Some(agent) = &scene.moment.deed.agent else { return Novelty::None };
    let product = one(pair, agent.product, scene, crowd, counters);
    let (why, signal, severity) = match product {
        Found::Raise(why) => {
            // The version is as new as the product: that is one novelty.
            let asked = pair.ask(Set::Agents, agent.family, scene.now, scene.settings);
            pair.learn(Set::Agents, agent.family, scene.now, true, asked);
            (why, Signal::Novelty, Severity::Low)
        }
        Found::Probation => return Novelty::Continues,
        Found::Quiet if agent.family == agent.product => return Novelty::None,
        Found::Quiet => match one(pair, agent.family, scene, crowd, counters) {
            Found::Raise(why) => (why, Signal::Watch, Severity::Informational),
            Found::Quiet | Found::Probation => return Novelty::None,
        },
    };
    let novelty = if signal == Signal::Novelty { Novelty::Raised } else { Novelty::None };
    let Some(subject) = scene.moment.parties.holder().cloned() else { return Novelty::None };
    if !pair.may_tell(Behaviour::FirstSeenAgent, scene.now, scene.settings) {
        counters.suppressed += 1;
        return if novelty == Novelty::Raised { Novelty::Continues } else { novelty };
    }
    let explanation = format!("`{subject}` was used by `{}` for the first time: {why}", agent.name);
    scene.raise(
        Say { behaviour: Behaviour::FirstSeenAgent, signal, severity, subject, class: None, explanation },
        counters,
        out,
    );
    novelty
}

enum Found {
    Quiet,
    Probation,
    Raise(String),
}

fn one(pair: &mut Pair<'_>, what: u64, scene: &Scene<'_>, crowd: &mut Crowd, counters: &mut Counters) -> Found {
    let (now, settings) = (scene.now, scene.settings);
    let kind = pair.identity().map_or(0, |identity| identity.kind());
    let shared = || digest(&[b"agent", &kind.to_be_bytes(), &what.to_be_bytes()]);
    let asked = pair.ask(Set::Agents, what, now, settings);
    let why = match asked.settled() {
        Settled::Home => None,
        Settled::Probation => {
            pair.learn(Set::Agents, what, now, true, asked);
            return Found::Probation;
        }
        Settled::New => pair.answering(now, settings.learning_seconds).and_then(|answering| {
            if answering.curious(Set::Agents, now, settings.learning_seconds) {
                counters.diffuse += 1;
                return None;
            }
            let before = answering.seen.len(Set::Agents);
            let users = crowd.users(shared());
            (answering.seen.len(Set::Agents) > 0 && users < enough(crowd, kind, scene)).then(|| {
                format!("in {} it was used by {before} other kinds and versions of clients", days(answering.days(now)))
            })
        }),
    };
    pair.learn(Set::Agents, what, now, why.is_some(), asked);
    match why {
        Some(why) => Found::Raise(why),
        None => {
            if let (true, Some(actor)) = (asked.tells_others(), &scene.moment.parties.actor) {
                crowd.note(shared(), actor, scene.moment.at);
            }
            Found::Quiet
        }
    }
}

/// So many of a kind make a thing ordinary: a tenth of them, and never fewer than the setting says.
pub(super) fn enough(crowd: &Crowd, kind: u64, scene: &Scene<'_>) -> u64 {
    (scene.settings.peers_min as u64).max(crowd.size(kind).div_ceil(10))
}
