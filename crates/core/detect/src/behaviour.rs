//! Built-in behaviours: what an identity has done before, how much it takes away, and what nobody does by accident.
//!
//! Each learns from the events that it judges and keeps its state within bounds. None decides alone: a novelty or a volume
//! only watches, the two together may contain (see [`crate::containable`]).
//!
//! A behaviour is a module with one function that takes a [`Scene`] and the profiles that it is about, and raises findings
//! through [`Scene::raise`]. To add one: write the module, give it a place in [`Behaviour`], call it in [`judge`]. What
//! it must remember of an identity goes into [`profile::Profile`], which is looked up once for all of them.

mod agent;
mod ai_key;
pub(crate) mod budget;
mod consent;
mod crowd;
pub(crate) mod deed;
mod distinct;
mod dormant;
mod few;
mod first_seen_agent;
mod first_seen_class;
mod first_seen_network;
mod first_seen_operation;
mod level;
mod log_tampering;
mod mass;
pub(crate) mod network;
mod operation;
mod profile;
mod seen;
pub(crate) mod set_budget;
mod spending;
mod stage;
mod takings;
mod tools;
mod travel;
mod two_networks;
mod volume;

#[cfg(test)]
mod tests;

use crate::correlator::moment::Moment;
use crate::correlator::settings::{Counters, Settings, micros};
use firebreak_model::{Catalogue, DataClass, Finding, FindingId, NodeKey, Severity, Signal, Text, Time};
use network::Network;
pub use spending::Spending;
pub(crate) use stage::{Behaviours, Kept};

/// All behaviours that profiles remember.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Behaviour {
    FirstSeenNetwork,
    FirstSeenAgent,
    FirstSeenOperation,
    FirstSeenClass,
    TwoNetworks,
    Dormant,
    AiKey,
    LogTampering,
    Consent,
    SecretSweep,
    MassClone,
    MassShare,
    MassDelete,
    MassDownload,
    Volume,
    StrangeVolume,
    ClassVolume,
    Travel,
    Tools,
}

/// What findings of a behaviour have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Card {
    /// What findings name as their detector.
    pub name: &'static str,
    /// Their title.
    pub title: &'static str,
    /// The technique of ATT&CK.
    pub technique: &'static str,
}

/// Everything that is found without a rule.
pub fn behaviours() -> impl Iterator<Item = Card> {
    Behaviour::ALL.into_iter().map(Behaviour::card).chain([budget::CARD])
}

impl Behaviour {
    /// How many there are.
    pub(crate) const COUNT: usize = Behaviour::Tools as usize + 1;

    const ALL: [Behaviour; Behaviour::COUNT] = [
        Behaviour::FirstSeenNetwork,
        Behaviour::FirstSeenAgent,
        Behaviour::FirstSeenOperation,
        Behaviour::FirstSeenClass,
        Behaviour::TwoNetworks,
        Behaviour::Dormant,
        Behaviour::AiKey,
        Behaviour::LogTampering,
        Behaviour::Consent,
        Behaviour::SecretSweep,
        Behaviour::MassClone,
        Behaviour::MassShare,
        Behaviour::MassDelete,
        Behaviour::MassDownload,
        Behaviour::Volume,
        Behaviour::StrangeVolume,
        Behaviour::ClassVolume,
        Behaviour::Travel,
        Behaviour::Tools,
    ];

    const fn card(self) -> Card {
        let (name, title, technique) = match self {
            Behaviour::FirstSeenNetwork => ("first_seen_network", "First use from a network", "T1078"),
            Behaviour::FirstSeenAgent => ("first_seen_agent", "First use by a kind of client", "T1078"),
            Behaviour::FirstSeenOperation => ("first_seen_operation", "First operation of a kind", "T1078"),
            Behaviour::FirstSeenClass => ("first_seen_class", "First read of a kind of data", "T1530"),
            Behaviour::TwoNetworks => {
                ("token_in_two_networks", "One token used from two networks at once", "T1550.001")
            }
            Behaviour::Dormant => ("dormant_awake", "A dormant identity is awake", "T1078"),
            Behaviour::AiKey => ("ai_key_new_client", "An AI key is used by a new client", "T1552"),
            Behaviour::LogTampering => ("log_tampering", "Less is recorded than before", "T1562.008"),
            Behaviour::Consent => ("powerful_consent", "An application got powerful rights", "T1528"),
            Behaviour::SecretSweep => ("secret_sweep", "Many secrets are read", "T1552"),
            Behaviour::MassClone => ("mass_clone", "Many repositories or databases are copied", "T1213.003"),
            Behaviour::MassShare => ("mass_share", "Much is shared", "T1537"),
            Behaviour::MassDelete => ("mass_delete", "Much is deleted", "T1485"),
            Behaviour::MassDownload => ("mass_download", "Data is read from many places", "T1530"),
            Behaviour::Volume => ("unusual_volume", "Far more than usual", "T1530"),
            Behaviour::StrangeVolume => ("strange_volume", "Much is taken from where it is new", "T1530"),
            Behaviour::ClassVolume => ("class_volume", "Far more of one kind of data than usual", "T1530"),
            Behaviour::Travel => ("impossible_travel", "Nobody travels so fast", "T1078"),
            Behaviour::Tools => ("outside_tools", "An agent outside its tools", "T1059"),
        };
        Card { name, title, technique }
    }
}

/// One event, as behaviours see it.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) moment: &'a Moment,
    /// Its time in minutes since 1970.
    pub(crate) now: u32,
    /// From which outside network.
    pub(crate) network: Option<Network>,
    /// A digest of what it is about, where that is counted.
    pub(crate) thing: Option<u64>,
    /// For how long its system has been watched, in microseconds.
    pub(crate) watched: i64,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) settings: &'a Settings,
}

/// What one behaviour has to say.
struct Say {
    behaviour: Behaviour,
    signal: Signal,
    severity: Severity,
    subject: NodeKey,
    class: Option<DataClass>,
    explanation: String,
}

/// Whether a moment is novel in a way that arms tripwires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Novelty {
    /// Nothing new.
    None,
    /// Raised before: not raised again.
    Continues,
    /// New, and raised.
    Raised,
}

impl Novelty {
    fn is_strange(self) -> bool {
        self != Novelty::None
    }
}

impl Scene<'_> {
    /// Whether the system has been watched for so many seconds.
    fn watched_for(&self, seconds: i64) -> bool {
        self.watched >= micros(seconds)
    }

    /// Whom a finding about the identity is about: the actor, else the credential.
    fn identity(&self) -> Option<&NodeKey> {
        let parties = &self.moment.parties;
        parties.actor.as_ref().or(parties.credential.as_ref())
    }

    /// The different data classes of the target, in the catalogue's order.
    fn classes(&self) -> impl Iterator<Item = &DataClass> {
        let holdings = self.moment.parties.target.as_ref().map_or(&[][..], |target| self.catalogue.holdings(target));
        let classes = holdings.iter().map(|holding| &holding.class).enumerate();
        classes
            .filter(|(at, class)| holdings.iter().take(*at).all(|other| other.class != **class))
            .map(|(_, class)| class)
    }

    /// Raises a finding.
    fn raise(&self, say: Say, counters: &mut Counters, out: &mut Vec<Finding>) {
        let moment = self.moment;
        let Card { name, title, technique } = say.behaviour.card();
        // One event may show an identity several classes: each is a finding.
        let distinguished = match &say.class {
            Some(class) => format!("{name}/{}", class.word()),
            None => name.to_owned(),
        };
        counters.findings += 1;
        out.push(Finding {
            id: FindingId::of(&distinguished, Some(&say.subject), moment.uid),
            detector: Text::new_static(name),
            title: Text::new_static(title),
            severity: say.severity,
            signal: say.signal,
            actor: moment.parties.actor.clone(),
            class: say.class,
            first: Time(moment.at),
            at: Time(moment.at),
            events: vec![moment.uid],
            event_count: 1,
            explanation: say.explanation,
            techniques: vec![Text::new_static(technique)],
            subject: Some(say.subject),
        });
    }
}

/// A digest of `parts`, well mixed, the same in every build: for what is compared and never read back. Not for secrets.
pub(crate) fn digest(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for chunk in part.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            hash = mixed(hash ^ u64::from_le_bytes(word));
        }
        hash = mixed(hash ^ part.len() as u64);
    }
    hash
}

fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// `one other network`, `3 other networks`.
fn others(count: usize, what: &str) -> String {
    if count == 1 { format!("one other {what}") } else { format!("{count} other {what}s") }
}

fn days(days: f64) -> String {
    format!("{days:.1} days")
}
