//! First-seen network: a credential or an actor acts from a network that it never used.
//!
//! Who answers. A credential that has been known for the learning time answers for itself. A younger one (an assumed
//! role's session, a job's token) has no history of its own, so its actor answers: else every session would be new. A
//! credential without an actor, or with one never seen, is a *first use ever*, which is new where its system has been
//! watched for the learning time.
//!
//! What is not raised, so that ordinary days are quiet:
//! - a network that the credential's actor uses in peace, or that several other actors do (the office, the VPN);
//! - for someone who roams, a network in a wider block that is known already; for someone who comes from everywhere, none;
//! - a second novelty of the same subject within a day.
//!
//! A network that was raised stays on probation for the learning time: it is not raised again, but what is done from
//! it still arms tripwires, and it is nobody's proof of being at home.

use super::crowd::Crowd;
use super::network::Network;
use super::profile::{Pair, Profile, Settled};
use super::seen::Set;
use super::{Behaviour, Novelty, Say, Scene, days, digest, others};
use crate::correlator::settings::Counters;
use firebreak_model::{Finding, Severity, Signal};

/// Who came from so many networks roams: a new one must lie in a new wide block.
const ROAMS_FROM: usize = 6;
/// Who came from so many wide blocks comes from everywhere.
const EVERYWHERE_FROM: usize = 16;

/// The network as others are asked about it.
pub(super) fn shared(network: Network) -> u64 {
    digest(&[b"network", &network.bits().to_be_bytes()])
}

pub(super) fn take(
    pair: &mut Pair<'_>,
    scene: &Scene<'_>,
    crowd: &mut Crowd,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) -> Novelty {
    let Some(network) = scene.network else { return Novelty::None };
    let (now, settings) = (scene.now, scene.settings);
    let asked = pair.ask(Set::Networks, network.bits(), now, settings);
    let why = match asked.settled() {
        Settled::Home => None,
        Settled::Probation => {
            pair.learn(Set::Networks, network.bits(), now, true, asked);
            return Novelty::Continues;
        }
        Settled::New => {
            why_new(pair, network, scene, counters).filter(|_| crowd.users(shared(network)) < settings.peers_min as u64)
        }
    };
    pair.learn(Set::Networks, network.bits(), now, why.is_some(), asked);
    let Some(why) = why else {
        if let (true, Some(actor)) = (asked.tells_others(), &scene.moment.parties.actor) {
            crowd.note(shared(network), actor, scene.moment.at);
        }
        return Novelty::None;
    };
    let Some(subject) = scene.moment.parties.holder().cloned() else { return Novelty::None };
    if !pair.may_tell(Behaviour::FirstSeenNetwork, now, settings) {
        counters.suppressed += 1;
        return Novelty::Continues;
    }
    let say = Say {
        behaviour: Behaviour::FirstSeenNetwork,
        signal: Signal::Novelty,
        // For the record: honest people move too. With a volume it is an incident.
        severity: Severity::Low,
        explanation: format!("`{subject}` acted from {network} for the first time: {why}"),
        subject,
        class: None,
    };
    scene.raise(say, counters, out);
    Novelty::Raised
}

/// Why a network that neither knows is worth a word; `None` where it is not.
fn why_new(pair: &mut Pair<'_>, network: Network, scene: &Scene<'_>, counters: &mut Counters) -> Option<String> {
    let learning = scene.settings.learning_seconds;
    if let Some(answering) = pair.answering(scene.now, learning) {
        return match unusual(answering, network) {
            Ok(true) => Some(known_for(answering, scene.now)),
            Ok(false) => None,
            Err(()) => {
                counters.diffuse += 1;
                None
            }
        };
    }
    // Nobody knows them, and they should be known by now.
    let unknown = pair.each().all(|profile| !profile.used);
    (unknown && scene.watched_for(learning)).then(|| {
        format!("its first use ever, {} after its system's first event", days(scene.watched as f64 / 86_400e6))
    })
}

/// Whether a new network of someone who moves about so much means anything; `Err` where it cannot.
fn unusual(profile: &Profile, network: Network) -> Result<bool, ()> {
    if profile.seen.len(Set::Networks) < ROAMS_FROM {
        return Ok(true);
    }
    let mut wide: Vec<Network> =
        profile.seen.items(Set::Networks).map(|bits| Network::from_bits(bits).wide()).collect();
    wide.sort_unstable();
    wide.dedup();
    if wide.len() >= EVERYWHERE_FROM { Err(()) } else { Ok(!wide.contains(&network.wide())) }
}

fn known_for(profile: &Profile, now: u32) -> String {
    let known = days(profile.days(now));
    match profile.seen.len(Set::Networks) {
        0 => format!("in {known} it never came from an outside network"),
        networks => format!("in {known} it came from {}", others(networks, "network")),
    }
}
