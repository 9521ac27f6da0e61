//! Profiles: all that behaviours remember of one credential or one identity, in one record, so that an event costs one
//! look-up each.

use super::Behaviour;
use super::few::Few;
use super::mass::Mass;
use super::operation::Class;
use super::seen::{LATEST, Seen, Set, Span, Standing};
use super::spending::Hour;
use super::takings::Takings;
use super::travel::Spot;
use super::two_networks::Flips;
use crate::correlator::keyed::Footprint;
use crate::correlator::settings::Settings;
use firebreak_model::DataClass;
use serde::{Deserialize, Serialize};

/// What is known of one credential or identity. Times are minutes since 1970. There are very many: what most never need
/// is apart, and made when it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) first: u32,
    /// The last use before the one under way.
    pub(crate) last: u32,
    /// What sort of identity it is.
    kind: u32,
    /// The longest time without use that ended in peace, in days.
    pub(crate) rest_days: u16,
    /// Whether it was used before the event under way.
    pub(crate) used: bool,
    pub(crate) seen: Seen,
    pub(crate) flips: Flips,
    /// Where it was last, where that is known.
    pub(crate) spot: Option<Box<Spot>>,
    /// One for each class that was ever counted.
    masses: Few<Mass>,
    /// What it takes; nothing for who takes nothing.
    takings: Option<Box<Takings>>,
}

impl Footprint for Profile {
    fn heap_bytes(&self) -> usize {
        self.seen.heap_bytes()
            + self.flips.heap_bytes()
            + self.spot.as_ref().map_or(0, |_| size_of::<Spot>() + 16)
            + self.masses.heap_bytes()
            + self.takings.as_ref().map_or(0, Footprint::heap_bytes)
    }
}

const fn minutes(seconds: i64) -> u32 {
    let minutes = seconds / 60;
    if minutes < 0 {
        0
    } else if minutes > LATEST as i64 {
        LATEST
    } else {
        minutes as u32
    }
}

impl Profile {
    pub(crate) fn new(now: u32, kind: u64) -> Profile {
        Profile {
            first: now,
            last: now,
            kind: kind as u32,
            rest_days: 0,
            used: false,
            seen: Seen::default(),
            flips: Flips::default(),
            spot: None,
            masses: Few::default(),
            takings: None,
        }
    }

    /// What sort of identity it is, see [`super::crowd::kind`].
    pub(crate) fn kind(&self) -> u64 {
        u64::from(self.kind)
    }

    /// What it does of one class; there is always one.
    pub(crate) fn mass(&mut self, class: Class) -> Option<&mut Mass> {
        if self.masses.iter().all(|mass| mass.class() != class) {
            self.masses.push(Mass::new(class));
        }
        self.masses.iter_mut().find(|mass| mass.class() == class)
    }

    /// What it takes.
    pub(crate) fn takings(&mut self) -> &mut Takings {
        self.takings.get_or_insert_default()
    }

    /// What it took of each class in the hour that ends at `at`, where it took anything.
    pub(super) fn spent(&self, at: i64, settings: &Settings) -> impl Iterator<Item = (Option<&DataClass>, Hour)> {
        self.takings.iter().flat_map(move |takings| takings.spent(at, settings))
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
        self.seen.touch(set, what, Span { now, horizon, probation })
    }

    pub(crate) fn insert(&mut self, set: Set, what: u64, now: u32, raised: bool) {
        self.seen.insert(set, what, now, raised);
    }

    /// Whether it meets so many new things of this sort that one more means nothing: three or more after the learning
    /// time, and on average one in four days.
    pub(crate) fn curious(&self, set: Set, now: u32, learning_seconds: i64) -> bool {
        let since = self.first.saturating_add(minutes(learning_seconds));
        let newer = self.seen.newer_than(set, since);
        newer >= 3 && newer as f64 * 4.0 > f64::from(now.saturating_sub(since)) / 1_440.0
    }

    /// Whether `behaviour` was raised about it within so many seconds.
    pub(crate) fn was_told(&self, behaviour: Behaviour, now: u32, seconds: i64) -> bool {
        let told = self.seen.last(Set::Told, behaviour as u64);
        told.is_some_and(|told| told > now.saturating_sub(minutes(seconds)))
    }

    pub(crate) fn tell(&mut self, behaviour: Behaviour, now: u32) {
        self.seen.insert(Set::Told, behaviour as u64, now, false);
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
