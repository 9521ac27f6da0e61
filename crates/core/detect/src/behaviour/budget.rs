//! Budgets: how many bytes and records of one data class an identity takes in a sliding hour.
//!
//! The budget is a multiple of the largest hour of the last days, and never below a floor. Hours are learnt from once they
//! are over, and only if they stayed within budget: what trips is not what the next budget is measured by. While a
//! system is watched for less than the learning time nothing trips and every hour is learnt from: that is how a backup's
//! terabyte becomes usual. The identity is the actor where there is one, since sessions come and go; the finding is about
//! the credential in use. It is raised as soon as the budget is passed, and at each doubling.

use super::few::Few;
use super::profile::{Pair, Profile};
use super::spending::Hour;
use super::{Card, Scene};
use crate::correlator::keyed::{Footprint, Keyed, Slots, text_bytes};
use crate::correlator::moment::{EVENTS_MAX, Moment};
use crate::correlator::settings::{Counters, Settings, micros};
use firebreak_model::{DataClass, EventUid, Finding, FindingId, Severity, Signal, Text, Time};
use serde::{Deserialize, Serialize};

/// The detector's name.
pub(crate) const DETECTOR: &str = "exfiltration_budget";
/// What its findings have in common.
pub(super) const CARD: Card = Card { name: DETECTOR, title: "More leaves than the budget allows", technique: "T1530" };
/// An hour is twelve cells: fine enough for a budget, and small.
const CELL: i64 = 300_000_000;
const HOUR_CELLS: u32 = 12;
const DAY_HOURS: u32 = 24;

/// How many people's floor everybody together has.
const EVERYBODY: u64 = 4;

/// Bytes and records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Amount {
    bytes: u64,
    records: u64,
}

impl Amount {
    fn max(self, other: Amount) -> Amount {
        Amount { bytes: self.bytes.max(other.bytes), records: self.records.max(other.records) }
    }

    /// Both together.
    fn and(self, other: Amount) -> Amount {
        Amount { bytes: self.bytes.saturating_add(other.bytes), records: self.records.saturating_add(other.records) }
    }
}

/// Five minutes' amount and events. The number counts from 1970.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Cell {
    number: u32,
    events: u32,
    amount: Amount,
}

/// The largest learnt sums of a day.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Day {
    number: u32,
    largest: Amount,
}

/// How far a budget is overdrawn: the number of findings raised, one for passing it and one for each doubling.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Levels {
    bytes: u8,
    records: u8,
}

/// What was taken of one class of data, by one identity or by everybody together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Ledger {
    /// In no order. One that has left the sliding hour waits to serve again.
    cells: Few<Cell>,
    /// The number of the cell under way.
    now: u32,
    levels: Levels,
    /// Whether the hour under way went beyond the budget, and its largest sum.
    hour_tripped: bool,
    hour_largest: Amount,
    /// Oldest first; without those that took less than a later one.
    days: Few<Day>,
    /// Events since half a budget was spent; few ever get there.
    evidence: Option<Box<Evidence>>,
}

/// Events, each with its time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Evidence(Vec<(i64, EventUid)>);

impl Footprint for Ledger {
    fn heap_bytes(&self) -> usize {
        let evidence =
            self.evidence.as_ref().map_or(0, |evidence| 40 + evidence.0.len() * size_of::<(i64, EventUid)>());
        self.cells.list_bytes() + self.days.list_bytes() + evidence
    }
}

/// An identity's budget of one class of data; of what is in no catalogue where there is no class.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Budget {
    class: Option<DataClass>,
    ledger: Ledger,
}

impl Budget {
    /// Nothing was taken of this class.
    pub(crate) fn new(class: Option<DataClass>) -> Budget {
        Budget { class, ledger: Ledger::default() }
    }

    /// What was taken in the hour that ends at `at`, where anything was.
    pub(super) fn spent(&self, at: i64, settings: &Settings) -> Option<Hour> {
        self.ledger.spent(false, at, settings)
    }

    /// Of what.
    pub(crate) fn class(&self) -> Option<&DataClass> {
        self.class.as_ref()
    }
}

impl Footprint for Budget {
    fn heap_bytes(&self) -> usize {
        self.class.as_ref().map_or(0, |class| text_bytes(class.word())) + self.ledger.heap_bytes()
    }
}

/// A budget that was passed.
struct Trip {
    /// `bytes` or `records`.
    measure: &'static str,
    level: u8,
    explanation: String,
    evidence: Vec<(i64, EventUid)>,
    events: u64,
    first: i64,
}

impl Ledger {
    /// Moves time on: cells leave the sliding hour, an hour that is over is learnt from.
    fn move_to(&mut self, at: i64, settings: &Settings) {
        let before = std::mem::replace(&mut self.now, cell_of(at));
        let (hour, last_hour) = (self.now / HOUR_CELLS, before / HOUR_CELLS);
        if hour == last_hour {
            return;
        }
        if !self.hour_tripped && self.hour_largest != Amount::default() {
            self.learn(Day { number: last_hour / DAY_HOURS, largest: self.hour_largest });
        }
        (self.hour_largest, self.hour_tripped) = (Amount::default(), false);
        if let Some(mut evidence) = self.evidence.take() {
            evidence.0.retain(|(at, _)| in_hour(cell_of(*at), self.now));
            self.evidence = Some(evidence).filter(|evidence| !evidence.0.is_empty());
        }
        if hour / DAY_HOURS != last_hour / DAY_HOURS {
            self.begin_day(hour / DAY_HOURS, settings);
        }
    }

    /// Forgets days that are long ago, and gives back what a busy day took.
    fn begin_day(&mut self, today: u32, settings: &Settings) {
        let over = |day: &Day| i64::from(day.number) < i64::from(today) - settings.budget_days;
        if self.days.first().is_some_and(over) {
            self.days.retain(|day| !over(day));
        }
        if self.cells.len() > 1 {
            self.cells.retain(|cell| in_hour(cell.number, self.now));
        }
    }

    /// Remembers an hour of a day. An earlier day that took no more says nothing any more: it is forgotten sooner.
    fn learn(&mut self, hour: Day) {
        match self.days.last_mut() {
            Some(last) if last.number == hour.number => last.largest = last.largest.max(hour.largest),
            _ => self.days.push(hour),
        }
        let Some(last) = self.days.last().copied() else { return };
        let says = |day: &Day| {
            day.number == last.number
                || day.largest.bytes > last.largest.bytes
                || day.largest.records > last.largest.records
        };
        if !self.days.iter().all(says) {
            self.days.retain(says);
        }
    }

    fn add(&mut self, moment: &Moment) {
        let now = self.now;
        let place = self.cells.iter().position(|cell| cell.number == now).unwrap_or_else(|| self.open(now));
        if let Some(cell) = self.cells.get_mut(place) {
            cell.amount = cell.amount.and(Amount { bytes: moment.bytes, records: moment.records });
            cell.events = cell.events.saturating_add(1);
        }
        self.hour_largest = self.hour_largest.max(self.sum());
    }

    /// A new cell, where there is room or behind the others.
    fn open(&mut self, number: u32) -> usize {
        let new = Cell { number, ..Cell::default() };
        if let Some(place) = self.cells.iter().position(|cell| !in_hour(cell.number, number)) {
            if let Some(cell) = self.cells.get_mut(place) {
                *cell = new;
            }
            return place;
        }
        self.cells.push(new);
        self.cells.len() - 1
    }

    /// The cells of the sliding hour.
    fn hour(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| in_hour(cell.number, self.now))
    }

    /// What was taken in the sliding hour.
    fn sum(&self) -> Amount {
        self.hour().fold(Amount::default(), |sum, cell| sum.and(cell.amount))
    }

    fn largest(&self) -> Amount {
        self.days.iter().fold(Amount::default(), |largest, day| largest.max(day.largest))
    }

    /// The budget; everybody together has the floors of [`EVERYBODY`].
    fn budget(&self, everybody: bool, settings: &Settings) -> Amount {
        let largest = self.largest();
        let floors = if everybody { EVERYBODY } else { 1 };
        Amount {
            bytes: settings
                .floor_bytes
                .saturating_mul(floors)
                .max(largest.bytes.saturating_mul(settings.budget_factor)),
            records: settings
                .floor_records
                .saturating_mul(floors)
                .max(largest.records.saturating_mul(settings.budget_factor)),
        }
    }

    /// What was taken in the hour that ends at `at`, and what may be; nothing where nothing was taken.
    fn spent(&self, everybody: bool, at: i64, settings: &Settings) -> Option<Hour> {
        // Most took nothing lately: only what did is copied.
        let now = cell_of(at).max(self.now);
        self.cells.iter().find(|cell| in_hour(cell.number, now) && cell.amount != Amount::default())?;
        let mut then = self.clone();
        if now > self.now {
            then.move_to(i64::from(now).saturating_mul(CELL), settings);
        }
        let (sum, budget) = (then.sum(), then.budget(everybody, settings));
        let (bytes, records) = (sum.bytes, sum.records);
        Some(Hour { bytes, records, budget_bytes: budget.bytes, budget_records: budget.records })
    }

    /// Judges the sliding hour as it stands after `moment`.
    fn judge(&mut self, moment: &Moment, whose: &Whose<'_>, settings: &Settings) -> Vec<Trip> {
        let (budget, largest, sum) = (self.budget(whose.everybody, settings), self.largest(), self.sum());
        self.hour_tripped |= sum.bytes > budget.bytes || sum.records > budget.records;
        if sum.bytes > budget.bytes / 2 || sum.records > budget.records / 2 {
            let Evidence(evidence) = &mut **self.evidence.get_or_insert_default();
            if evidence.len() < EVENTS_MAX {
                evidence.push((moment.at, moment.uid));
            }
        }
        let bytes = Measure { name: "bytes", sum: sum.bytes, budget: budget.bytes, largest: largest.bytes };
        let records = Measure { name: "records", sum: sum.records, budget: budget.records, largest: largest.records };
        let passed = [bytes.passes(&mut self.levels.bytes), records.passes(&mut self.levels.records)];
        let mut trips = Vec::new();
        for (measure, level) in [bytes, records].iter().zip(passed) {
            if let Some(level) = level {
                trips.push(self.trip(measure, level, moment, whose, settings));
            }
        }
        trips
    }

    fn trip(&self, measure: &Measure, level: u8, moment: &Moment, whose: &Whose<'_>, settings: &Settings) -> Trip {
        let mut evidence = self.evidence.as_ref().map(|evidence| evidence.0.clone()).unwrap_or_default();
        if !evidence.iter().any(|(_, uid)| *uid == moment.uid) {
            evidence.truncate(EVENTS_MAX - 1);
            evidence.push((moment.at, moment.uid));
        }
        Trip {
            measure: measure.name,
            level,
            explanation: measure.explanation(whose.class, settings),
            first: evidence.first().map_or(moment.at, |(at, _)| *at),
            evidence,
            events: self.hour().map(|cell| u64::from(cell.events)).sum(),
        }
    }
}

/// Whose budget, of what.
struct Whose<'a> {
    everybody: bool,
    class: Option<&'a DataClass>,
}

/// Bytes or records of a sliding hour, against their budget.
struct Measure {
    name: &'static str,
    sum: u64,
    budget: u64,
    largest: u64,
}

impl Measure {
    /// Moves the level to where the sum is; gives it, if it rose.
    fn passes(&self, level: &mut u8) -> Option<u8> {
        if self.sum <= self.budget / 2 {
            *level = 0;
        }
        let before = *level;
        while *level < 63 && self.sum > self.budget.saturating_mul(1 << *level) {
            *level += 1;
        }
        (*level > before).then_some(*level)
    }

    fn explanation(&self, class: Option<&DataClass>, settings: &Settings) -> String {
        let class = class.map_or_else(|| "uncatalogued data".to_owned(), |class| format!("`{class}`"));
        let said = |amount: u64| if self.name == "bytes" { gibibytes(amount) } else { format!("{amount} records") };
        format!(
            "{} of {class} in one hour: {:.1} times the budget of {}; the largest hour learnt in {} days is {}",
            said(self.sum),
            self.sum as f64 / self.budget.max(1) as f64,
            said(self.budget),
            settings.budget_days,
            said(self.largest),
        )
    }
}

/// Whether a cell lies in the hour that ends with the cell `now`.
const fn in_hour(cell: u32, now: u32) -> bool {
    cell + HOUR_CELLS > now
}

/// The cell that an event time in microseconds lies in.
fn cell_of(at: i64) -> u32 {
    at.div_euclid(CELL).clamp(0, i64::from(u32::MAX - HOUR_CELLS)) as u32
}

pub(super) fn gibibytes(bytes: u64) -> String {
    format!("{:.2} GiB", bytes as f64 / (1_u64 << 30) as f64)
}

/// The budgets that everybody has together, one for each class of data.
#[derive(Debug)]
pub(crate) struct Together {
    ledgers: Keyed<DataClass, Ledger>,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Kept(Slots<DataClass, Ledger>);

impl Serialize for Together {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ledgers.serialize_slots(serializer)
    }
}

impl Together {
    pub(crate) fn new(bytes_max: usize, settings: &Settings) -> Together {
        Together { ledgers: Keyed::new(bytes_max, micros(settings.budget_days * 86_400)) }
    }

    pub(crate) fn restore(&mut self, kept: Kept) {
        self.ledgers.restore(kept.0);
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.ledgers.evicted()
    }

    /// What all took of each class in the hour that ends at `at`, where anything was taken.
    pub(super) fn spent(&self, at: i64, settings: &Settings) -> impl Iterator<Item = (&DataClass, Hour)> {
        self.ledgers.iter().filter_map(move |(class, ledger)| Some((class, ledger.spent(true, at, settings)?)))
    }
}

/// Spends what the moment took: of the identity's own budget of each class, and of everybody's.
pub(super) fn take(
    pair: &mut Pair<'_>,
    together: &mut Together,
    scene: &Scene<'_>,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let moment = scene.moment;
    if moment.bytes == 0 && moment.records == 0 {
        return;
    }
    let Some(takings) = pair.identity().map(Profile::takings) else { return };
    let spend = |ledger: &mut Ledger, whose: &Whose<'_>| {
        ledger.move_to(moment.at, scene.settings);
        ledger.add(moment);
        let learning = !scene.watched_for(scene.settings.learning_seconds);
        if learning { Vec::new() } else { ledger.judge(moment, whose, scene.settings) }
    };
    let mut raise = |trips: Vec<Trip>, whose: &Whose<'_>| {
        counters.findings += trips.len() as u64;
        out.extend(trips.into_iter().map(|trip| trip.finding(moment, whose)));
    };
    let mut classes = scene.classes().map(Some).peekable();
    let uncatalogued = classes.peek().is_none().then_some(None);
    for class in classes.chain(uncatalogued) {
        let own = Whose { everybody: false, class };
        if let Some(budget) = takings.budget(class) {
            let mut trips = spend(&mut budget.ledger, &own);
            trips.retain(|trip| {
                !scene.settings.budgets.iter().any(|set| set.replaces(&moment.parties, class, trip.measure))
            });
            raise(trips, &own);
        }
        // Many hands that take little each: a class of data has a budget as well.
        if let Some(class) = class {
            let all = Whose { everybody: true, class: Some(class) };
            let trips = together.ledgers.update(class, moment.at, Ledger::default, |ledger| spend(ledger, &all));
            raise(trips, &all);
        }
    }
}

impl Trip {
    fn finding(self, moment: &Moment, whose: &Whose<'_>) -> Finding {
        let parties = &moment.parties;
        let subject = parties.holder().cloned();
        let class = whose.class.map_or("", DataClass::word);
        let everybody = whose.everybody;
        let all = if everybody { "/all" } else { "" };
        let name = format!("{DETECTOR}{all}/{class}/{}/{}", self.measure, self.level);
        let about = match &subject {
            Some(subject) if everybody => format!("all together, `{subject}` last, took "),
            Some(subject) => format!("`{subject}` took "),
            None => String::new(),
        };
        Finding {
            id: FindingId::of(&name, subject.as_ref(), moment.uid),
            detector: Text::new(DETECTOR),
            title: Text::new(CARD.title),
            severity: Severity::High,
            // Whose doing it is, everybody's budget cannot say.
            signal: if everybody { Signal::Watch } else { Signal::Volume },
            actor: parties.actor.clone(),
            class: whose.class.cloned(),
            first: Time(self.first),
            at: Time(moment.at),
            events: self.evidence.into_iter().map(|(_, uid)| uid).collect(),
            event_count: self.events,
            explanation: format!("{about}{}", self.explanation),
            techniques: vec![Text::new(CARD.technique)],
            subject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days that were forgotten because a later one took as much change nothing.
    #[test]
    fn the_largest_hour_is_that_of_all_days_kept() {
        let settings = Settings::default();
        let mut ledger = Ledger::default();
        let mut all: Vec<(i64, Amount)> = Vec::new();
        let mut state = 7_u64;
        for hour in 24..24 * 200 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if state >> 61 != 0 {
                continue;
            }
            let at = hour * 12 * CELL;
            ledger.move_to(at, &settings);
            let today = hour / 24;
            let kept = all.iter().filter(|(day, _)| *day >= today - settings.budget_days);
            let largest = kept.fold(Amount::default(), |largest, (_, amount)| largest.max(*amount));
            assert_eq!(ledger.largest(), largest, "hour {hour}");
            assert!(ledger.days.len() <= 1 + settings.budget_days as usize);
            let amount = Amount { bytes: state >> 40 & 0xff, records: state >> 50 & 0xff };
            ledger.hour_largest = amount;
            all.push((today, amount));
        }
        assert!(all.len() > 400);
    }
}
