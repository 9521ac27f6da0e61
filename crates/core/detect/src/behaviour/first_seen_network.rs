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

use super::network::Network;
use crate::correlator::keyed::{AsSlots, Footprint, Keyed, Slots};
use crate::correlator::moment::Moment;
use crate::correlator::settings::{Counters, Settings, micros};
use firebreak_model::{Finding, FindingId, NodeKey, Severity, Signal, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The detector's name.
pub(crate) const DETECTOR: &str = "first_seen_network";
/// Networks remembered for each identity.
const NETWORKS_MAX: usize = 48;
/// Other actors remembered for each network.
const PEERS_MAX: usize = 8;
/// Who came from so many networks roams: a new one must lie in a new wide block.
const ROAMS_FROM: usize = 6;
/// Who came from so many wide blocks comes from everywhere.
const EVERYWHERE_FROM: usize = 16;

/// One network in an identity's history.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Visit {
    network: Network,
    first: i64,
    last: i64,
    /// It was raised when it was first seen.
    raised: bool,
}

/// What is known of one credential or actor.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct History {
    first: i64,
    visits: Vec<Visit>,
    /// When a novelty finding was raised last.
    told: Option<i64>,
}

impl Footprint for History {
    fn heap_bytes(&self) -> usize {
        self.visits.capacity() * size_of::<Visit>()
    }
}

/// How a network stands to a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// Used in peace.
    Known,
    /// Raised not long ago.
    Probation,
    /// Never seen, or forgotten.
    New,
}

impl History {
    fn new(at: i64) -> History {
        History { first: at, visits: Vec::new(), told: None }
    }

    fn standing(&self, network: Network, at: i64, settings: &Settings) -> Standing {
        let forgotten = at.saturating_sub(micros(settings.forget_seconds));
        match self.visits.iter().find(|visit| visit.network == network && visit.last >= forgotten) {
            None => Standing::New,
            Some(visit) if visit.raised && at < visit.first.saturating_add(micros(settings.learning_seconds)) => {
                Standing::Probation
            }
            Some(_) => Standing::Known,
        }
    }

    fn learnt(&self, at: i64, settings: &Settings) -> bool {
        at.saturating_sub(self.first) >= micros(settings.learning_seconds)
    }

    fn visit(&mut self, network: Network, at: i64, raised: bool, settings: &Settings) {
        let forgotten = at.saturating_sub(micros(settings.forget_seconds));
        match self.visits.iter_mut().find(|visit| visit.network == network) {
            Some(visit) if visit.last >= forgotten => visit.last = visit.last.max(at),
            Some(visit) => *visit = Visit { network, first: at, last: at, raised },
            None => {
                if self.visits.len() >= NETWORKS_MAX
                    && let Some((oldest, _)) = self.visits.iter().enumerate().min_by_key(|(_, visit)| visit.last)
                {
                    self.visits.swap_remove(oldest);
                }
                self.visits.push(Visit { network, first: at, last: at, raised });
            }
        }
    }

    /// Whether a new network of someone who moves about so much means anything; `Err` where it cannot.
    fn unusual(&self, network: Network) -> Result<bool, ()> {
        if self.visits.len() < ROAMS_FROM {
            return Ok(true);
        }
        let mut wide: Vec<Network> = self.visits.iter().map(|visit| visit.network.wide()).collect();
        wide.sort_unstable();
        wide.dedup();
        if wide.len() >= EVERYWHERE_FROM { Err(()) } else { Ok(!wide.contains(&network.wide())) }
    }
}

/// Actors that use a network in peace.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Peers(Vec<NodeKey>);

impl Footprint for Peers {
    fn heap_bytes(&self) -> usize {
        self.0.iter().map(|peer| size_of::<NodeKey>() + peer.heap_bytes()).sum()
    }
}

impl Footprint for Network {
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// Who was where.
#[derive(Debug)]
pub(crate) struct FirstSeenNetwork {
    /// When the first event of each system was seen.
    systems: BTreeMap<Text, i64>,
    histories: Keyed<NodeKey, History>,
    peers: Keyed<Network, Peers>,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
pub(crate) struct Kept {
    systems: BTreeMap<Text, i64>,
    histories: Slots<NodeKey, History>,
    peers: Slots<Network, Peers>,
}

impl Serialize for FirstSeenNetwork {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut kept = serializer.serialize_struct("FirstSeenNetwork", 3)?;
        kept.serialize_field("systems", &self.systems)?;
        kept.serialize_field("histories", &AsSlots(&self.histories))?;
        kept.serialize_field("peers", &AsSlots(&self.peers))?;
        kept.end()
    }
}

/// What was seen of one moment.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Novelty {
    /// Nothing new.
    None,
    /// From a network that was raised before: not raised again.
    Continues,
    /// New, and raised.
    Raised(Box<Finding>),
}

/// Who answers for a moment, and what they say.
enum Answer {
    Quiet,
    Probation,
    New(String),
}

impl FirstSeenNetwork {
    pub(crate) fn new(settings: &Settings) -> FirstSeenNetwork {
        let stale = micros(settings.forget_seconds);
        FirstSeenNetwork {
            systems: BTreeMap::new(),
            histories: Keyed::new(settings.map_bytes_max, stale),
            peers: Keyed::new(settings.map_bytes_max, stale),
        }
    }

    pub(crate) fn restore(&mut self, kept: Kept) {
        self.systems = kept.systems;
        self.histories.restore(kept.histories);
        self.peers.restore(kept.peers);
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.histories.evicted() + self.peers.evicted()
    }

    /// For how long the system of `key` has been watched, in microseconds.
    pub(crate) fn watched(&self, key: &NodeKey, at: i64) -> i64 {
        self.systems.get(key.system()).map_or(0, |first| at.saturating_sub(*first))
    }

    /// Judges a moment and learns from it.
    pub(crate) fn take(&mut self, moment: &Moment, settings: &Settings, counters: &mut Counters) -> Novelty {
        let Some(holder) = moment.parties.holder() else { return Novelty::None };
        let at = moment.at;
        if !self.systems.contains_key(holder.system()) {
            self.systems.insert(Text::new(holder.system()), at);
        }
        let Some(network) = moment.address.and_then(Network::of) else {
            // Not a place, but a sign of life: learning has begun.
            self.learn(moment, None, false, settings);
            return Novelty::None;
        };
        let answer = self.answer(moment, network, settings, counters);
        self.learn(moment, Some(network), matches!(answer, Answer::New(_)), settings);
        match answer {
            Answer::Quiet => Novelty::None,
            Answer::Probation => Novelty::Continues,
            Answer::New(why) => self.tell(moment, holder.clone(), network, &why, settings, counters),
        }
    }

    fn answer(&self, moment: &Moment, network: Network, settings: &Settings, counters: &mut Counters) -> Answer {
        let at = moment.at;
        let history = |key: &Option<NodeKey>| key.as_ref().and_then(|key| self.histories.get(key));
        let (own, actor) = (history(&moment.parties.credential), history(&moment.parties.actor));
        let standing = |history: &History| history.standing(network, at, settings);
        match own.map(standing) {
            Some(Standing::Known) => return Answer::Quiet,
            Some(Standing::Probation) => return Answer::Probation,
            Some(Standing::New) | None => {}
        }
        match actor.map(standing) {
            Some(Standing::Known) => return Answer::Quiet,
            Some(Standing::Probation) => return Answer::Probation,
            Some(Standing::New) | None => {}
        }
        let answering = [own, actor].into_iter().flatten().find(|history| history.learnt(at, settings));
        let why = match (answering, own, actor) {
            (Some(history), _, _) => match history.unusual(network) {
                Ok(true) => known_for(history, at),
                Ok(false) => return Answer::Quiet,
                Err(()) => {
                    counters.diffuse += 1;
                    return Answer::Quiet;
                }
            },
            // Nobody knows them, and they should be known by now.
            (None, None, None) => {
                let holder = moment.parties.holder();
                let watched = holder.map_or(0, |holder| self.watched(holder, at));
                if watched < micros(settings.learning_seconds) {
                    return Answer::Quiet;
                }
                format!("its first use ever, {} after its system's first event", days(watched))
            }
            // Still learning.
            (None, _, _) => return Answer::Quiet,
        };
        if self.common(network, &moment.parties.actor, settings) { Answer::Quiet } else { Answer::New(why) }
    }

    /// Whether enough other actors use the network in peace.
    fn common(&self, network: Network, actor: &Option<NodeKey>, settings: &Settings) -> bool {
        let others = |peers: &Peers| peers.0.iter().filter(|peer| Some(*peer) != actor.as_ref()).count();
        self.peers.get(&network).map_or(0, others) >= settings.peers_min
    }

    fn learn(&mut self, moment: &Moment, network: Option<Network>, raised: bool, settings: &Settings) {
        let at = moment.at;
        let parties = &moment.parties;
        for key in [&parties.credential, &parties.actor].into_iter().flatten() {
            self.histories.update(
                key,
                at,
                || History::new(at),
                |history| {
                    if let Some(network) = network {
                        history.visit(network, at, raised, settings);
                    }
                },
            );
        }
        let (Some(network), Some(actor)) = (network, &parties.actor) else { return };
        let peaceful =
            self.histories.get(actor).is_some_and(|history| history.standing(network, at, settings) == Standing::Known);
        let counted =
            self.peers.get(&network).is_some_and(|peers| peers.0.len() >= PEERS_MAX || peers.0.contains(actor));
        if peaceful && !counted {
            self.peers.update(&network, at, Peers::default, |peers| peers.0.push(actor.clone()));
        }
    }

    fn tell(
        &mut self,
        moment: &Moment,
        subject: NodeKey,
        network: Network,
        why: &str,
        settings: &Settings,
        counters: &mut Counters,
    ) -> Novelty {
        let at = moment.at;
        let recent = at.saturating_sub(micros(settings.novelty_suppress_seconds));
        let mut told = false;
        for key in [Some(&subject), moment.parties.actor.as_ref()].into_iter().flatten() {
            self.histories.update(
                key,
                at,
                || History::new(at),
                |history| {
                    told |= history.told.is_some_and(|told| told > recent);
                },
            );
        }
        if told {
            counters.suppressed += 1;
            return Novelty::Continues;
        }
        for key in [Some(&subject), moment.parties.actor.as_ref()].into_iter().flatten() {
            self.histories.update(key, at, || History::new(at), |history| history.told = Some(at));
        }
        counters.findings += 1;
        Novelty::Raised(Box::new(Finding {
            id: FindingId::of(DETECTOR, Some(&subject), moment.uid),
            detector: Text::new(DETECTOR),
            title: Text::new("First use from a network"),
            // For the record: honest people move too. With a volume it is an incident.
            severity: Severity::Low,
            signal: Signal::Novelty,
            actor: moment.parties.actor.clone(),
            class: None,
            first: Time(at),
            at: Time(at),
            events: vec![moment.uid],
            event_count: 1,
            explanation: format!("`{subject}` acted from {network} for the first time: {why}"),
            techniques: vec![Text::new("T1078")],
            subject: Some(subject),
        }))
    }
}

fn known_for(history: &History, at: i64) -> String {
    let known = days(at.saturating_sub(history.first));
    match history.visits.len() {
        0 => format!("in {known} it never came from an outside network"),
        1 => format!("in {known} it came from one other network"),
        networks => format!("in {known} it came from {networks} other networks"),
    }
}

fn days(micros: i64) -> String {
    format!("{:.1} days", micros as f64 / 86_400e6)
}
