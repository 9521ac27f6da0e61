//! The stage of behaviours: it looks up what is known of a moment's parties, and lets every behaviour judge.

use super::budget::{self, Together};
use super::crowd::{self, Crowd};
use super::network::Network;
use super::profile::{Pair, Profile};
use super::seen::minute;
use super::set_budget::{self, SetBudgets};
use super::two_networks::Flips;
use super::volume::{self, Volumes};
use super::{Novelty, Scene, digest};
use super::{ai_key, consent, dormant, log_tampering, mass, tools, travel, two_networks};
use super::{first_seen_agent, first_seen_class, first_seen_network, first_seen_operation};
use crate::correlator::keyed::{AsSlots, Footprint, Keyed, Slots};
use crate::correlator::moment::Moment;
use crate::correlator::settings::{Counters, Settings, micros};
use firebreak_model::{Catalogue, Finding, NodeKey, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long the profile of someone who does nothing is kept: a dormant identity must still be known when it wakes.
const PROFILE_SECONDS: i64 = 120 * 86_400;
/// Sessions are compared within minutes only.
const SESSION_SECONDS: i64 = 3_600;

/// What all behaviours remember.
#[derive(Debug)]
pub(crate) struct Behaviours {
    /// When the first event of each system was seen.
    systems: BTreeMap<Text, i64>,
    credentials: Keyed<NodeKey, Box<Profile>>,
    identities: Keyed<NodeKey, Box<Profile>>,
    /// Sessions that no credential names.
    sessions: Keyed<u64, Flips>,
    crowd: Crowd,
    volumes: Volumes,
    together: Together,
    set_budgets: SetBudgets,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
pub(crate) struct Kept {
    systems: BTreeMap<Text, i64>,
    credentials: Slots<NodeKey, Box<Profile>>,
    identities: Slots<NodeKey, Box<Profile>>,
    sessions: Slots<u64, Flips>,
    crowd: crowd::Kept,
    volumes: volume::Kept,
    together: budget::Kept,
    set_budgets: set_budget::Kept,
}

impl Serialize for Behaviours {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut kept = serializer.serialize_struct("Behaviours", 8)?;
        kept.serialize_field("systems", &self.systems)?;
        kept.serialize_field("credentials", &AsSlots(&self.credentials))?;
        kept.serialize_field("identities", &AsSlots(&self.identities))?;
        kept.serialize_field("sessions", &AsSlots(&self.sessions))?;
        kept.serialize_field("crowd", &self.crowd)?;
        kept.serialize_field("volumes", &self.volumes)?;
        kept.serialize_field("together", &self.together)?;
        kept.serialize_field("set_budgets", &self.set_budgets)?;
        kept.end()
    }
}

impl Footprint for u64 {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Behaviours {
    pub(crate) fn new(settings: &Settings) -> Behaviours {
        let bytes = settings.map_bytes_max;
        Behaviours {
            systems: BTreeMap::new(),
            credentials: Keyed::new(bytes, micros(PROFILE_SECONDS)),
            // What an identity takes, and its budgets, are in here.
            identities: Keyed::new(bytes * 2, micros(PROFILE_SECONDS)),
            sessions: Keyed::new(bytes / 8, micros(SESSION_SECONDS)),
            crowd: Crowd::new(bytes, micros(settings.forget_seconds)),
            volumes: Volumes::new(bytes / 8, micros(PROFILE_SECONDS)),
            together: Together::new(bytes / 8, settings),
            set_budgets: SetBudgets::new(bytes / 8, settings),
        }
    }

    pub(crate) fn restore(&mut self, kept: Kept) {
        self.systems = kept.systems;
        self.credentials.restore(kept.credentials);
        self.identities.restore(kept.identities);
        self.sessions.restore(kept.sessions);
        self.crowd.restore(kept.crowd);
        self.volumes.restore(kept.volumes);
        self.together.restore(kept.together);
        self.set_budgets.restore(kept.set_budgets);
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.credentials.evicted()
            + self.identities.evicted()
            + self.sessions.evicted()
            + self.crowd.evicted()
            + self.volumes.evicted()
            + self.together.evicted()
            + self.set_budgets.evicted()
    }

    /// Bytes that all of it takes, about.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.credentials.bytes() + self.identities.bytes() + self.crowd.bytes()
    }

    /// Judges a moment and learns from it. Says whether it is novel in a way that arms tripwires.
    pub(crate) fn take(
        &mut self,
        moment: &Moment,
        catalogue: &Catalogue,
        settings: &Settings,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) -> bool {
        let parties = &moment.parties;
        let Some(holder) = parties.holder() else { return false };
        let watched = self.watched(holder.system(), moment.at);
        let now = minute(moment.at);
        let network = moment.address.and_then(Network::of);
        let scene = Scene { moment, now, network, watched, thing: thing(moment), catalogue, settings };
        let Behaviours { credentials, identities, sessions, crowd, volumes, together, set_budgets, .. } = self;
        set_budgets.take(&scene, counters, out);
        let mut shared = Shared { sessions, crowd, volumes, together };
        with(credentials, parties.credential.as_ref(), &scene, |own| {
            with(identities, parties.actor.as_ref(), &scene, |actor| {
                let mut pair = Pair { own, actor };
                let novel = judge(&mut pair, &mut shared, &scene, counters, out);
                for profile in pair.each() {
                    profile.last = profile.last.max(now);
                    profile.used = true;
                }
                novel
            })
        })
    }

    pub(super) fn credentials(&self) -> &Keyed<NodeKey, Box<Profile>> {
        &self.credentials
    }

    pub(super) fn identities(&self) -> &Keyed<NodeKey, Box<Profile>> {
        &self.identities
    }

    pub(super) fn together(&self) -> &Together {
        &self.together
    }

    pub(super) fn set_budgets(&self) -> &SetBudgets {
        &self.set_budgets
    }

    /// Since when `system` is watched.
    pub(super) fn since(&self, system: &str) -> Option<i64> {
        self.systems.get(system).copied()
    }

    /// Since when anything is watched.
    pub(super) fn since_first(&self) -> Option<i64> {
        self.systems.values().min().copied()
    }

    /// For how long `system` has been watched, in microseconds.
    fn watched(&mut self, system: &str, at: i64) -> i64 {
        if let Some(first) = self.systems.get(system) {
            return at.saturating_sub(*first);
        }
        self.systems.insert(Text::new(system), at);
        0
    }
}

/// A digest of what the moment is about, where one is asked for.
fn thing(moment: &Moment) -> Option<u64> {
    let counted = moment.bytes > 0 || moment.records > 0 || mass::counts(moment.deed.operation.class);
    let thing = moment.parties.target.as_ref().filter(|_| counted)?;
    Some(digest(&[thing.as_str().as_bytes()]))
}

/// Calls `judge` with the profile of `key`, if there is a key.
fn with<R>(
    profiles: &mut Keyed<NodeKey, Box<Profile>>,
    key: Option<&NodeKey>,
    scene: &Scene<'_>,
    judge: impl FnOnce(Option<&mut Profile>) -> R,
) -> R {
    match key {
        None => judge(None),
        Some(key) => {
            let new = || Box::new(Profile::new(scene.now, crowd::kind(key)));
            profiles.update(key, scene.moment.at, new, |profile| judge(Some(profile)))
        }
    }
}

/// What identities share.
struct Shared<'a> {
    sessions: &'a mut Keyed<u64, Flips>,
    crowd: &'a mut Crowd,
    volumes: &'a mut Volumes,
    together: &'a mut Together,
}

/// Every behaviour has its turn.
fn judge(
    pair: &mut Pair<'_>,
    shared: &mut Shared<'_>,
    scene: &Scene<'_>,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) -> bool {
    let Shared { sessions, crowd, volumes, together } = shared;
    if let Some(actor) = pair.actor.as_deref().filter(|actor| !actor.used) {
        crowd.joins(actor.kind());
    }
    let from = first_seen_network::take(pair, scene, crowd, counters, out);
    let by = first_seen_agent::take(pair, scene, crowd, counters, out);
    dormant::take(pair, scene, from, counters, out);
    travel::take(pair, scene, from, counters, out);
    two_networks::take(pair, sessions, scene, from, counters, out);
    ai_key::take(pair, scene, from, by, counters, out);
    tools::take(pair, scene, crowd, counters, out);
    first_seen_operation::take(pair, scene, crowd, counters, out);
    first_seen_class::take(pair, scene, crowd, counters, out);
    log_tampering::take(pair, scene, from, by, counters, out);
    consent::take(pair, scene, counters, out);
    mass::take(pair, scene, counters, out);
    volume::take(pair, volumes, scene, from, by, counters, out);
    budget::take(pair, together, scene, counters, out);
    from != Novelty::None || by != Novelty::None
}
