//! Mass: one identity does the same to very many different things in a short time: reads secrets, clones repositories,
//! shares, deletes, downloads. Different things are counted, so a program that polls one secret is quiet.
//!
//! The window is this half hour and the one before. The budget is a multiple of the largest window of the last weeks,
//! and never below a floor for each class; while a system is watched for less than the learning time, nothing trips.
//! It is raised when the budget is passed and at each doubling.

use super::digest;
use super::distinct::Distinct;
use super::level::Largest;
use super::operation::Class;
use super::profile::Pair;
use super::{Behaviour, Say, Scene};
use crate::correlator::keyed::Footprint;
use crate::correlator::settings::{Counters, Settings};
use firebreak_model::{Finding, NodeKey, Severity, Signal};
use serde::{Deserialize, Serialize};

const WINDOW_MINUTES: u32 = 30;

/// What one identity does of one class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Mass {
    class: Class,
    half_hour: u32,
    now: Distinct,
    before: Distinct,
    count: u64,
    largest: Largest,
    level: u32,
}

impl Footprint for Mass {
    fn heap_bytes(&self) -> usize {
        self.now.heap_bytes() + self.before.heap_bytes()
    }
}

struct Sort {
    behaviour: Behaviour,
    floor: fn(&Settings) -> u64,
    severity: Severity,
    did: &'static str,
    things: &'static str,
}

const fn sort(class: Class) -> Option<Sort> {
    let (behaviour, floor, severity, did, things): (_, fn(&Settings) -> u64, _, _, _) = match class {
        Class::ReadSecret => (
            Behaviour::SecretSweep,
            |settings: &Settings| settings.floor_secrets,
            Severity::High,
            "read",
            "different secrets",
        ),
        Class::Clone => (
            Behaviour::MassClone,
            |settings: &Settings| settings.floor_clones,
            Severity::High,
            "cloned",
            "different stores",
        ),
        Class::Share => (
            Behaviour::MassShare,
            |settings: &Settings| settings.floor_shares,
            Severity::Medium,
            "shared",
            "different things",
        ),
        Class::Delete => (
            Behaviour::MassDelete,
            |settings: &Settings| settings.floor_deletes,
            Severity::Medium,
            "deleted",
            "different things, or in different places",
        ),
        Class::Read => (
            Behaviour::MassDownload,
            |settings: &Settings| settings.floor_reads,
            Severity::Medium,
            "read from",
            "different places",
        ),
        _ => return None,
    };
    Some(Sort { behaviour, floor, severity, did, things })
}

impl Mass {
    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn new(class: Class) -> Mass {
        Mass {
            class,
            half_hour: 0,
            now: Distinct::default(),
            before: Distinct::default(),
            count: 0,
            largest: Largest::default(),
            level: 0,
        }
    }

    /// Moves time on; a window that stayed within its budget is learnt from.
    fn move_to(&mut self, minute: u32) {
        let half_hour = minute / WINDOW_MINUTES;
        if half_hour == self.half_hour {
            return;
        }
        if self.level == 0 {
            self.largest.note(self.count, minute);
        }
        let now = std::mem::take(&mut self.now);
        self.before = if half_hour == self.half_hour + 1 { now } else { Distinct::default() };
        self.half_hour = half_hour;
        self.count = self.before.count();
        if self.count == 0 {
            self.level = 0;
        }
    }

    fn add(&mut self, thing: &NodeKey) {
        if self.now.add(digest(&[thing.as_str().as_bytes()])) {
            let mut both = self.now.clone();
            both.merge(&self.before);
            self.count = both.count();
        }
    }
}

pub(super) fn take(pair: &mut Pair<'_>, scene: &Scene<'_>, counters: &mut Counters, out: &mut Vec<Finding>) {
    let moment = scene.moment;
    let (true, Some(thing)) = (moment.deed.done, &moment.parties.target) else { return };
    let Some(sort) = sort(moment.deed.operation.class) else { return };
    let (now, settings) = (scene.now, scene.settings);
    let Some(identity) = pair.identity() else { return };
    let learning = !scene.watched_for(settings.learning_seconds);
    let known = identity.days(now);
    let Some(mass) = identity.mass(moment.deed.operation.class) else { return };
    mass.move_to(now);
    mass.add(thing);
    if learning {
        return;
    }
    let floor = (sort.floor)(settings);
    let largest = mass.largest.get();
    let budget = floor.max(largest.saturating_mul(settings.budget_factor));
    let before = mass.level;
    while mass.count > budget.saturating_mul(1 << mass.level.min(32)) && mass.level < 32 {
        mass.level += 1;
    }
    if mass.level == before {
        return;
    }
    let Some(subject) = moment.parties.holder().cloned() else { return };
    let explanation = format!(
        "`{subject}` {} {} {} within an hour, against a budget of {budget}: the most in {known:.1} days was {largest}",
        sort.did, mass.count, sort.things
    );
    let say = Say {
        behaviour: sort.behaviour,
        signal: Signal::Volume,
        severity: sort.severity,
        subject,
        class: None,
        explanation,
    };
    scene.raise(say, counters, out);
}
