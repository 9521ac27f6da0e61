//! Volume: how far an hour of an identity, or of a data class, lies above what is usual.
//!
//! Bytes, records and different places are compared, each as a logarithm. What is usual is the same hour of the week,
//! shrunk to the identity's own median hour, and that to the median of its kind, the more the less is known; the spread
//! is the median distance from the median, never less than an octave. A high score is a volume, for the record: a job at
//! the end of the month does that. It is the second half of an incident, or a breaker trips later.
//!
//! What is taken from a network or by a client that is new weighs more: it is compared with the largest whole day of the
//! identity, and with what a day of its kind is while it has few of its own.

use super::distinct::Distinct;
use super::level::{Histograms, Largest, Season, octaves};
use super::profile::Pair;
use super::{Behaviour, Novelty, Say, Scene};
use crate::correlator::keyed::{AsSlots, Footprint, Keyed, Slots};
use crate::correlator::settings::{Counters, Settings};
use firebreak_model::{DataClass, Finding, Severity, Signal};
use serde::{Deserialize, Serialize};

const HOUR_MINUTES: u32 = 60;
/// The spread is never smaller, in octaves.
const SPREAD_MIN: f64 = 1.0;
/// So many hours of its own count as much as its kind.
const PEER_WEIGHT: f64 = 8.0;
/// With fewer whole days of its own an identity is also compared with its kind's.
const DAYS_MIN: u32 = 5;

/// Bytes, records, different places.
type Amounts = [u64; 3];
const MEASURES: [&str; 3] = ["bytes", "records", "places"];

/// What an identity, or everyone on a data class, takes in an hour. Pairs are bytes and records.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Habit {
    hour: u32,
    days: u16,
    /// The day for which a score was raised last, since 1970.
    told: u16,
    taken: [u64; 2],
    places: Distinct,
    usual: Histograms,
    season: Season,
    /// What was taken today.
    day: [u64; 2],
    /// What was taken today from where it is new.
    strange: [u64; 2],
    largest_day: [Largest; 2],
}

impl Footprint for Habit {
    fn heap_bytes(&self) -> usize {
        self.places.heap_bytes() + self.usual.heap_bytes() + self.season.heap_bytes()
    }
}

/// What the identities of one kind take, in an hour and in a day.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Peers {
    hours: Histograms,
    days: Histograms,
}

impl Footprint for Peers {
    fn heap_bytes(&self) -> usize {
        self.hours.heap_bytes() + self.days.heap_bytes()
    }
}

impl Footprint for DataClass {
    fn heap_bytes(&self) -> usize {
        crate::correlator::keyed::text_bytes(self.word())
    }
}

/// What is shared between identities.
#[derive(Debug)]
pub(crate) struct Volumes {
    kinds: Keyed<u64, Peers>,
    classes: Keyed<DataClass, Habit>,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
pub(crate) struct Kept {
    kinds: Slots<u64, Peers>,
    classes: Slots<DataClass, Habit>,
}

impl Serialize for Volumes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut kept = serializer.serialize_struct("Volumes", 2)?;
        kept.serialize_field("kinds", &AsSlots(&self.kinds))?;
        kept.serialize_field("classes", &AsSlots(&self.classes))?;
        kept.end()
    }
}

impl Volumes {
    pub(crate) fn new(bytes_max: usize, stale_micros: i64) -> Volumes {
        Volumes { kinds: Keyed::new(bytes_max, stale_micros), classes: Keyed::new(bytes_max, stale_micros) }
    }

    pub(crate) fn restore(&mut self, kept: Kept) {
        self.kinds.restore(kept.kinds);
        self.classes.restore(kept.classes);
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.kinds.evicted() + self.classes.evicted()
    }
}

/// The day of an hour, both since 1970.
const fn day_of(hour: u32) -> u16 {
    (hour / 24) as u16
}

impl Habit {
    fn amounts(&self) -> Amounts {
        let [bytes, records] = self.taken;
        [bytes / 1_024, records, self.places.count()]
    }

    /// Moves time on: an hour and a day that are over are learnt from. Gives what others may learn.
    fn move_to(&mut self, minute: u32) -> Option<(Amounts, Option<[u64; 2]>)> {
        let (hour, before) = (minute / HOUR_MINUTES, self.hour);
        if hour == before {
            return None;
        }
        let amounts = self.amounts();
        let active = amounts != [0; 3];
        if active {
            for (measure, amount) in amounts.into_iter().enumerate() {
                self.usual.add(measure, octaves(amount));
            }
            let [bytes, records, _] = amounts;
            self.season.add(before, [octaves(bytes), octaves(records)]);
        }
        (self.hour, self.taken, self.places) = (hour, [0; 2], Distinct::default());
        let mut over = None;
        if day_of(hour) != day_of(before) {
            if self.day != [0; 2] && self.strange == [0; 2] {
                self.days = self.days.saturating_add(1);
                for (largest, amount) in self.largest_day.iter_mut().zip(self.day) {
                    largest.note(amount, minute);
                }
                over = Some(self.day);
            }
            (self.day, self.strange) = ([0; 2], [0; 2]);
        }
        active.then_some((amounts, over))
    }

    fn add(&mut self, scene: &Scene<'_>, strange: bool) {
        let amounts = [scene.moment.bytes, scene.moment.records];
        let add = |sums: &mut [u64; 2]| {
            sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum = sum.saturating_add(amount));
        };
        add(&mut self.taken);
        add(&mut self.day);
        if strange {
            add(&mut self.strange);
        }
        if let Some(thing) = scene.thing {
            self.places.add(thing);
        }
    }

    /// The highest score of the hour so far, where it is high enough to be raised.
    fn score(&mut self, peers: Option<&Peers>, settings: &Settings) -> Option<Score> {
        let floors = [settings.score_bytes / 1_024, settings.score_records, settings.floor_reads];
        let (amounts, today) = (self.amounts(), day_of(self.hour));
        if self.told == today || amounts.iter().zip(floors).all(|(amount, floor)| *amount < floor) {
            return None;
        }
        let scores = MEASURES.iter().enumerate().filter_map(|(at, measure)| {
            let amount = amounts.get(at).copied().filter(|amount| Some(amount) >= floors.get(at))?;
            let expected = self.expected(at, peers)?;
            let above = octaves(amount) - expected;
            // However small the spread, this is not enough: most hours need no closer look.
            if above < settings.score_min * SPREAD_MIN {
                return None;
            }
            let (score, hours) = (above / self.spread(at, peers)?, self.usual.total(at));
            (score >= settings.score_min).then_some(Score { measure, amount, expected, score, hours })
        });
        let best = scores.max_by(|a, b| a.score.total_cmp(&b.score))?;
        self.told = today;
        Some(best)
    }

    /// What is usual at this hour, in octaves.
    fn expected(&self, at: usize, peers: Option<&Peers>) -> Option<f64> {
        let theirs = peers.and_then(|peers| peers.hours.quantile(at, 0.5));
        let median = self.shrunk(at, self.usual.quantile(at, 0.5), theirs)?;
        // Places have no season.
        Some(if at < 2 { self.season.level(at, self.hour, median) } else { median })
    }

    /// How far what is usual spreads, in octaves.
    fn spread(&self, at: usize, peers: Option<&Peers>) -> Option<f64> {
        let theirs = peers.and_then(|peers| peers.hours.spread(at));
        Some(self.shrunk(at, self.usual.spread(at), theirs)?.max(SPREAD_MIN))
    }

    /// Its own value of a measure and that of its kind, each by what it is based on.
    fn shrunk(&self, at: usize, mine: Option<f64>, theirs: Option<f64>) -> Option<f64> {
        let own = f64::from(self.usual.total(at));
        match (mine, theirs) {
            (Some(mine), Some(theirs)) => Some((mine * own + theirs * PEER_WEIGHT) / (own + PEER_WEIGHT)),
            (mine, theirs) => mine.or(theirs),
        }
    }

    /// What was taken today from where it is new, if it is more than twice a usual day.
    fn strange(&self, peers: Option<&Peers>, settings: &Settings) -> Option<(&'static str, u64, u64)> {
        let floors = [settings.strange_bytes, settings.strange_records];
        (0..2).find_map(|at| {
            let taken = *self.strange.get(at)?;
            let floor = *floors.get(at)?;
            if taken <= floor {
                return None;
            }
            let theirs = peers.and_then(|peers| peers.days.quantile(at, 0.9));
            let theirs = theirs.filter(|_| u32::from(self.days) < DAYS_MIN).map_or(0, |octaves| octaves.exp2() as u64);
            let usual = self.largest_day.get(at)?.get().max(theirs);
            (taken > usual.saturating_mul(2)).then_some((*MEASURES.get(at)?, taken, usual))
        })
    }
}

struct Score {
    measure: &'static str,
    amount: u64,
    expected: f64,
    score: f64,
    hours: u32,
}

impl Score {
    fn words(&self) -> String {
        let unit = if self.measure == "bytes" { "KiB" } else { self.measure };
        format!(
            "{} {unit} in this hour where about {} are usual, a score of {:.1} from {} hours",
            self.amount,
            (self.expected.exp2() - 1.0).max(0.0).round(),
            self.score,
            self.hours
        )
    }
}

pub(super) fn take(
    pair: &mut Pair<'_>,
    volumes: &mut Volumes,
    scene: &Scene<'_>,
    from: Novelty,
    by: Novelty,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let moment = scene.moment;
    if moment.bytes == 0 && moment.records == 0 {
        return;
    }
    let settings = scene.settings;
    let learning = !scene.watched_for(settings.learning_seconds);
    // A season is longer than a network: scores wait until habits are known.
    let unknown = !scene.watched_for(settings.habit_seconds);
    by_class(volumes, scene, unknown, counters, out);
    let strange = from.is_strange() || by.is_strange();
    let Some(identity) = pair.identity() else { return };
    let kind = identity.kind();
    let known = identity.days(scene.now);
    let habit = &mut identity.takings().habit;
    if let Some((amounts, day)) = habit.move_to(scene.now) {
        volumes.kinds.update(&kind, moment.at, Peers::default, |peers| peers.learn(amounts, day));
    }
    habit.add(scene, strange);
    if learning {
        return;
    }
    let peers = volumes.kinds.get(&kind);
    let taken = if strange { habit.strange(peers, settings) } else { None };
    let score = if unknown { None } else { habit.score(peers, settings) };
    let Some(subject) = moment.parties.holder().cloned() else { return };
    if let Some(score) = score {
        let say = Say {
            behaviour: Behaviour::Volume,
            signal: Signal::Volume,
            severity: Severity::Low,
            explanation: format!("`{subject}` took {} of its own and of its kind", score.words()),
            subject: subject.clone(),
            class: None,
        };
        scene.raise(say, counters, out);
    }
    let Some((measure, taken, usual)) = taken else { return };
    if !pair.may_tell(Behaviour::StrangeVolume, scene.now, settings) {
        return;
    }
    let say = Say {
        behaviour: Behaviour::StrangeVolume,
        signal: Signal::Volume,
        severity: Severity::Medium,
        explanation: format!(
            "`{subject}` took {taken} {measure} today from a network or by a client that is new to it: a whole usual day is \
             {usual} at most, and it is known for {known:.1} days"
        ),
        subject,
        class: None,
    };
    scene.raise(say, counters, out);
}

/// Everyone together on one class of data.
fn by_class(volumes: &mut Volumes, scene: &Scene<'_>, learning: bool, counters: &mut Counters, out: &mut Vec<Finding>) {
    for class in scene.classes() {
        let score = volumes.classes.update(class, scene.moment.at, Habit::default, |habit| {
            habit.move_to(scene.now);
            habit.add(scene, false);
            if learning { None } else { habit.score(None, scene.settings) }
        });
        let (Some(score), Some(subject)) = (score, scene.moment.parties.holder().cloned()) else { continue };
        let say = Say {
            behaviour: Behaviour::ClassVolume,
            // Whose doing it is, it cannot say.
            signal: Signal::Watch,
            severity: Severity::Low,
            explanation: format!("all together took {} of `{class}`; the last was `{subject}`", score.words()),
            subject,
            class: Some(class.clone()),
        };
        scene.raise(say, counters, out);
    }
}

impl Peers {
    fn learn(&mut self, amounts: Amounts, day: Option<[u64; 2]>) {
        for (measure, amount) in amounts.into_iter().enumerate() {
            self.hours.add(measure, octaves(amount));
        }
        for (measure, amount) in day.into_iter().flatten().enumerate() {
            self.days.add(measure, octaves(amount));
        }
    }
}
