//! Profiles: all that behaviours remember of one credential or one identity, in one record, so that an event costs one
//! look-up each.

use super::Behaviour;
use super::mass::Mass;
use super::operation::Class;
use super::seen::{Seen, Span, Standing};
use super::travel::Spot;
use super::two_networks::Flips;
use super::volume::Habit;
use crate::correlator::keyed::Footprint;
use crate::correlator::settings::Settings;
use serde::{Deserialize, Serialize};

/// What is known of one credential or identity. Times are minutes since 1970.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) first: u32,
    /// The last use before the one under way.
    pub(crate) last: u32,
    /// Whether it was used before the event under way.
    pub(crate) used: bool,
    pub(crate) kind: u64,
    pub(crate) networks: Seen,
    pub(crate) agents: Seen,
    pub(crate) operations: Seen,
    pub(crate) classes: Seen,
    pub(crate) flips: Flips,
    /// Where it was last, where that is known.
    pub(crate) spot: Option<Spot>,
    /// One for each class that was ever counted.
    masses: Vec<Mass>,
    /// What it takes in an hour; nothing for who takes nothing.
    pub(crate) habit: Option<Box<Habit>>,
    /// The longest time without use that ended in peace, in days.
    pub(crate) rest_days: u16,
    /// When each behaviour raised something last; 0 is never.
    pub(crate) told: [u32; Behaviour::COUNT],
}

impl Footprint for Profile {
    fn heap_bytes(&self) -> usize {
        self.networks.heap_bytes() + self.agents.heap_bytes() + self.operations.heap_bytes() + self.classes.heap_bytes()
    }
}

/// The sets of a profile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Set {
    Networks,
    Agents,
    Operations,
    Classes,
}

impl Set {
    /// Items remembered.
    const fn max(self) -> usize {
        match self {
            Set::Networks | Set::Operations => 48,
            Set::Agents | Set::Classes => 24,
        }
    }
}

const fn minutes(seconds: i64) -> u32 {
    let minutes = seconds / 60;
    if minutes < 0 {
        0
    } else if minutes > (u32::MAX >> 2) as i64 {
        u32::MAX >> 2
    } else {
        minutes as u32
    }
}

impl Profile {
    pub(crate) fn new(now: u32, kind: u64) -> Profile {
        Profile {
            first: now,
            last: now,
            used: false,
            kind,
            networks: Seen::default(),
            agents: Seen::default(),
            operations: Seen::default(),
            classes: Seen::default(),
            flips: Flips::default(),
            spot: None,
            masses: Vec::new(),
            habit: None,
            rest_days: 0,
            told: [0; Behaviour::COUNT],
        }
    }

    pub(crate) fn set(&mut self, set: Set) -> &mut Seen {
        match set {
            Set::Networks => &mut self.networks,
            Set::Agents => &mut self.agents,
            Set::Operations => &mut self.operations,
            Set::Classes => &mut self.classes,
        }
    }

    /// What it does of one class; there is always one.
    pub(crate) fn mass(&mut self, class: Class) -> Option<&mut Mass> {
        if self.masses.iter().all(|mass| mass.class() != class) {
            self.masses.reserve_exact(1);
            self.masses.push(Mass::new(class));
        }
        self.masses.iter_mut().find(|mass| mass.class() == class)
    }

    /// Whether it has been known for so many seconds.
    pub(crate) fn known_for(&self, now: u32, seconds: i64) -> bool {
        now.saturating_sub(self.first) >= minutes(seconds)
    }

    /// Days for which it has been known.
    pub(crate) fn days(&self, now: u32) -> f64 {
        f64::from(now.saturating_sub(self.first)) / 1_440.0
    }

    pub(crate) fn touch(&mut self, set: Set, what: u64, now: u32, settings: &Settings) -> Standing {
        // Forgetting waits while its owner rests: who comes back finds home where it was.
        let horizon = self.last.min(now).saturating_sub(minutes(settings.forget_seconds));
        let probation = minutes(settings.learning_seconds);
        self.set(set).touch(what, Span { now, horizon, probation })
    }

    pub(crate) fn insert(&mut self, set: Set, what: u64, now: u32, raised: bool) {
        self.set(set).insert(what, now, raised, set.max());
    }

    /// Whether it meets so many new things of this sort that one more means nothing: three or more after the learning
    /// time, and on average one in four days.
    pub(crate) fn curious(&mut self, set: Set, now: u32, learning_seconds: i64) -> bool {
        let since = self.first.saturating_add(minutes(learning_seconds));
        let newer = self.set(set).newer_than(since);
        newer >= 3 && newer as f64 * 4.0 > f64::from(now.saturating_sub(since)) / 1_440.0
    }

    /// Whether `behaviour` was raised about it within so many seconds.
    pub(crate) fn was_told(&self, behaviour: Behaviour, now: u32, seconds: i64) -> bool {
        let told = self.told.get(behaviour as usize).copied().unwrap_or_default();
        told != 0 && told > now.saturating_sub(minutes(seconds))
    }

    pub(crate) fn tell(&mut self, behaviour: Behaviour, now: u32) {
        if let Some(told) = self.told.get_mut(behaviour as usize) {
            *told = now.max(1);
        }
    }
}

/// The profiles that an event is about.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    /// Of the credential.
    pub(crate) own: Option<&'a mut Profile>,
    /// Of the actor.
    pub(crate) actor: Option<&'a mut Profile>,
}

/// How something stands to both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    own: Option<Standing>,
    actor: Option<Standing>,
}

/// How something stands to a pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    /// The credential, or else its actor, is at home with it.
    Home,
    /// It was raised not long ago.
    Probation,
    /// Neither knows it.
    New,
}

impl Asked {
    /// The credential answers before its actor.
    pub(crate) fn settled(self) -> Settled {
        let known = |standing: Option<Standing>| match standing {
            Some(Standing::Known | Standing::KnownAgain) => Some(Settled::Home),
            Some(Standing::Probation) => Some(Settled::Probation),
            Some(Standing::New) | None => None,
        };
        known(self.own).or_else(|| known(self.actor)).unwrap_or(Settled::New)
    }

    /// Whether others should be told that the actor is at home with it: when it first is, and once a day.
    pub(crate) fn tells_others(self) -> bool {
        matches!(self.actor, Some(Standing::New | Standing::KnownAgain))
    }
}

impl Pair<'_> {
    pub(crate) fn each(&mut self) -> impl Iterator<Item = &mut Profile> {
        [self.own.as_deref_mut(), self.actor.as_deref_mut()].into_iter().flatten()
    }

    /// The identity's profile, else the credential's.
    pub(crate) fn identity(&mut self) -> Option<&mut Profile> {
        match &mut self.actor {
            Some(actor) => Some(actor),
            None => self.own.as_deref_mut(),
        }
    }

    pub(crate) fn ask(&mut self, set: Set, what: u64, now: u32, settings: &Settings) -> Asked {
        Asked {
            own: self.own.as_deref_mut().map(|own| own.touch(set, what, now, settings)),
            actor: self.actor.as_deref_mut().map(|actor| actor.touch(set, what, now, settings)),
        }
    }

    /// Puts `what` in where it is new.
    pub(crate) fn learn(&mut self, set: Set, what: u64, now: u32, raised: bool, asked: Asked) {
        for (profile, standing) in [(&mut self.own, asked.own), (&mut self.actor, asked.actor)] {
            if let (Some(profile), Some(Standing::New)) = (profile, standing) {
                profile.insert(set, what, now, raised);
            }
        }
    }

    /// The first that has been known for the learning time; a younger credential has no history of its own.
    pub(crate) fn answering(&mut self, now: u32, learning_seconds: i64) -> Option<&mut Profile> {
        self.each().find(|profile| profile.known_for(now, learning_seconds))
    }

    /// Whether `behaviour` may be raised about them; then it has been.
    pub(crate) fn may_tell(&mut self, behaviour: Behaviour, now: u32, settings: &Settings) -> bool {
        let seconds = settings.novelty_suppress_seconds;
        if self.each().any(|profile| profile.was_told(behaviour, now, seconds)) {
            return false;
        }
        self.each().for_each(|profile| profile.tell(behaviour, now));
        true
    }
}
