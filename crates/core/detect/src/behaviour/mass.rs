//! Mass: one identity does the same to very many different things in a short time: reads secrets, clones repositories,
//! shares, deletes, downloads. Different things are counted, so a program that polls one secret is quiet.
//!
//! The window is this half hour and the one before. The budget is a multiple of the largest window of the last weeks,
//! and never below a floor for each class; while a system is watched for less than the learning time, nothing trips.
//! It is raised when the budget is passed and at each doubling.

use super::distinct::Distinct;
use super::level::Largest;
use super::operation::Class;
use super::profile::Pair;
use super::{Behaviour, Say, Scene};
use crate::correlator::keyed::Footprint;
use crate::correlator::settings::{Counters, Settings};
use firebreak_model::{Finding, Severity, Signal};
use serde::{Deserialize, Serialize};

const WINDOW_MINUTES: u32 = 30;

/// What one identity does of one class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Mass {
    class: Class,
    level: u8,
    half_hour: u32,
    largest: Largest,
    now: Distinct,
    before: Distinct,
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

/// Whether different things of this class are counted.
pub(super) const fn counts(class: Class) -> bool {
    sort(class).is_some()
}

impl Mass {
    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn new(class: Class) -> Mass {
        Mass {
            class,
            level: 0,
            half_hour: 0,
            largest: Largest::default(),
            now: Distinct::default(),
            before: Distinct::default(),
        }
    }

    /// Different things in the window.
    fn count(&self) -> u64 {
        self.now.count_with(&self.before)
    }

    /// Moves time on; a window that stayed within its budget is learnt from.
    fn move_to(&mut self, minute: u32) {
        let half_hour = minute / WINDOW_MINUTES;
        if half_hour == self.half_hour {
            return;
        }
        if self.level == 0 {
            self.largest.note(self.count(), minute);
        }
        let now = std::mem::take(&mut self.now);
        self.before = if half_hour == self.half_hour + 1 { now } else { Distinct::default() };
        self.half_hour = half_hour;
        if self.before.count() == 0 {
            self.level = 0;
        }
    }

    /// Whether the window now holds more than `budget`, doubled for each time that it did before. What two half hours
    /// hold together is looked into only where it can be enough.
    fn passes(&mut self, budget: u64) -> bool {
        let before = self.level;
        let limit = |level: u8| budget.saturating_mul(1 << level.min(32));
        if self.now.count() + self.before.count() > limit(self.level) {
            let count = self.count();
            while count > limit(self.level) && self.level < 32 {
                self.level += 1;
            }
        }
        self.level > before
    }
}

pub(super) fn take(pair: &mut Pair<'_>, scene: &Scene<'_>, counters: &mut Counters, out: &mut Vec<Finding>) {
    let moment = scene.moment;
    let (true, Some(thing)) = (moment.deed.done, scene.thing) else { return };
    let Some(sort) = sort(moment.deed.operation.class) else { return };
    let (now, settings) = (scene.now, scene.settings);
    let Some(identity) = pair.identity() else { return };
    let learning = !scene.watched_for(settings.learning_seconds);
    let known = identity.days(now);
    let Some(mass) = identity.mass(moment.deed.operation.class) else { return };
    mass.move_to(now);
    mass.now.add(thing);
    if learning {
        return;
    }
    let floor = (sort.floor)(settings);
    let largest = mass.largest.get();
    let budget = floor.max(largest.saturating_mul(settings.budget_factor));
    if !mass.passes(budget) {
        return;
    }
    let Some(subject) = moment.parties.holder().cloned() else { return };
    let explanation = format!(
        "`{subject}` {} {} {} within an hour, against a budget of {budget}: the most in {known:.1} days was {largest}",
        sort.did,
        mass.count(),
        sort.things
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
