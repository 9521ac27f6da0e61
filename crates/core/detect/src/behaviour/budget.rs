//! Budgets: how many bytes and records of one data class an identity takes in a sliding hour.
//!
//! The budget is a multiple of the largest hour of the last days, and never below a floor. Hours are learnt from once they
//! are over, and only if they stayed within budget: what trips is not what the next budget is measured by. While a
//! system is watched for less than the learning time nothing trips and every hour is learnt from: that is how a backup's
//! terabyte becomes usual. The identity is the actor where there is one, since sessions come and go; the finding is about
//! the credential in use. It is raised as soon as the budget is passed, and at each doubling.

use crate::correlator::keyed::{Footprint, Keyed, Slots, text_bytes};
use crate::correlator::moment::{EVENTS_MAX, Moment};
use crate::correlator::settings::{Counters, Settings, micros};
use firebreak_model::{Catalogue, DataClass, EventUid, Finding, FindingId, NodeKey, Severity, Signal, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The detector's name.
pub(crate) const DETECTOR: &str = "exfiltration_budget";
/// An hour is twelve cells: fine enough for a budget, and small.
const CELL: i64 = 300_000_000;
const HOUR_CELLS: i64 = 12;
const DAY_HOURS: i64 = 24;

/// Whose budget, of what. Data in no catalogue has a budget too; nobody in particular is everybody together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Account {
    identity: Option<NodeKey>,
    class: Option<DataClass>,
}

impl Footprint for Account {
    fn heap_bytes(&self) -> usize {
        self.identity.as_ref().map_or(0, Footprint::heap_bytes)
            + self.class.as_ref().map_or(0, |class| text_bytes(class.word()))
    }
}

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
}

/// Five minutes' amount and events.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Cell {
    number: i64,
    amount: Amount,
    events: u64,
}

/// How far a budget is overdrawn: the number of findings raised, one for passing it and one for each doubling.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Levels {
    bytes: u32,
    records: u32,
}

/// The state of one account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Ledger {
    cells: VecDeque<Cell>,
    sum: Amount,
    events: u64,
    /// The hour under way, its largest sum, and whether it went beyond the budget.
    hour: i64,
    hour_largest: Amount,
    hour_tripped: bool,
    /// The largest learnt sum of each day, oldest first.
    days: VecDeque<(i64, Amount)>,
    levels: Levels,
    /// Events since half a budget was spent.
    evidence: Vec<(i64, EventUid)>,
}

impl Footprint for Ledger {
    fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
            + self.days.capacity() * size_of::<(i64, Amount)>()
            + self.evidence.capacity() * size_of::<(i64, EventUid)>()
    }
}

/// A budget that was passed.
struct Trip {
    /// `bytes` or `records`.
    measure: &'static str,
    level: u32,
    explanation: String,
    evidence: Vec<(i64, EventUid)>,
    events: u64,
    first: i64,
}

impl Ledger {
    /// Moves time on: cells leave the sliding hour, an hour that is over is learnt from.
    fn move_to(&mut self, at: i64, settings: &Settings) {
        let number = at.div_euclid(CELL);
        while let Some(oldest) = self.cells.front().copied().filter(|oldest| oldest.number <= number - HOUR_CELLS) {
            self.sum.bytes = self.sum.bytes.saturating_sub(oldest.amount.bytes);
            self.sum.records = self.sum.records.saturating_sub(oldest.amount.records);
            self.events = self.events.saturating_sub(oldest.events);
            self.cells.pop_front();
        }
        let hour = number.div_euclid(HOUR_CELLS);
        if hour == self.hour {
            return;
        }
        let day = self.hour.div_euclid(DAY_HOURS);
        if !self.hour_tripped && self.hour_largest != Amount::default() {
            match self.days.back_mut() {
                Some((last, largest)) if *last == day => *largest = largest.max(self.hour_largest),
                _ => self.days.push_back((day, self.hour_largest)),
            }
        }
        let today = hour.div_euclid(DAY_HOURS);
        while self.days.front().is_some_and(|(day, _)| *day < today - settings.budget_days) {
            self.days.pop_front();
        }
        self.hour = hour;
        self.hour_largest = Amount::default();
        self.hour_tripped = false;
        self.evidence.retain(|(at, _)| at.div_euclid(CELL) > number - HOUR_CELLS);
    }

    fn add(&mut self, moment: &Moment) {
        let number = moment.at.div_euclid(CELL);
        if self.cells.back().is_none_or(|last| last.number != number) {
            self.cells.push_back(Cell { number, ..Cell::default() });
        }
        if let Some(last) = self.cells.back_mut() {
            last.amount.bytes = last.amount.bytes.saturating_add(moment.bytes);
            last.amount.records = last.amount.records.saturating_add(moment.records);
            last.events += 1;
        }
        self.sum.bytes = self.sum.bytes.saturating_add(moment.bytes);
        self.sum.records = self.sum.records.saturating_add(moment.records);
        self.events += 1;
        self.hour_largest = self.hour_largest.max(self.sum);
    }

    fn largest(&self) -> Amount {
        self.days.iter().fold(Amount::default(), |largest, (_, amount)| largest.max(*amount))
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

    /// Judges the sliding hour as it stands after `moment`.
    fn judge(&mut self, moment: &Moment, account: &Account, settings: &Settings) -> Vec<Trip> {
        let class = account.class.as_ref().map_or_else(|| "uncatalogued data".to_owned(), |class| format!("`{class}`"));
        let (budget, largest, sum) = (self.budget(account.identity.is_none(), settings), self.largest(), self.sum);
        let beyond = sum.bytes > budget.bytes || sum.records > budget.records;
        self.hour_tripped |= beyond;
        if (sum.bytes > budget.bytes / 2 || sum.records > budget.records / 2) && self.evidence.len() < EVENTS_MAX {
            self.evidence.push((moment.at, moment.uid));
        }
        let mut trips = Vec::new();
        let measures = [
            ("bytes", sum.bytes, budget.bytes, largest.bytes, &mut self.levels.bytes),
            ("records", sum.records, budget.records, largest.records, &mut self.levels.records),
        ];
        for (measure, sum, budget, largest, level) in measures {
            if sum <= budget / 2 {
                *level = 0;
            }
            let before = *level;
            while sum > budget.saturating_mul(1_u64.checked_shl(*level).unwrap_or(u64::MAX)) && *level < 63 {
                *level += 1;
            }
            if *level > before {
                let said =
                    |amount: u64| if measure == "bytes" { gibibytes(amount) } else { format!("{amount} records") };
                let explanation = format!(
                    "{} of {class} in one hour: {:.1} times the budget of {}; the largest hour learnt in {} days is {}",
                    said(sum),
                    sum as f64 / budget.max(1) as f64,
                    said(budget),
                    settings.budget_days,
                    said(largest),
                );
                let mut evidence = self.evidence.clone();
                if !evidence.iter().any(|(_, uid)| *uid == moment.uid) {
                    evidence.truncate(EVENTS_MAX - 1);
                    evidence.push((moment.at, moment.uid));
                }
                let first = evidence.first().map_or(moment.at, |(at, _)| *at);
                trips.push(Trip { measure, level: *level, explanation, evidence, events: self.events, first });
            }
        }
        trips
    }
}

fn gibibytes(bytes: u64) -> String {
    format!("{:.2} GiB", bytes as f64 / (1_u64 << 30) as f64)
}

/// All accounts.
#[derive(Debug)]
pub(crate) struct Budgets {
    ledgers: Keyed<Account, Ledger>,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Kept(Slots<Account, Ledger>);

impl Serialize for Budgets {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ledgers.serialize_slots(serializer)
    }
}

impl Budgets {
    pub(crate) fn new(settings: &Settings) -> Budgets {
        Budgets { ledgers: Keyed::new(settings.map_bytes_max, micros(settings.budget_days * 86_400)) }
    }

    pub(crate) fn restore(&mut self, kept: Kept) {
        self.ledgers.restore(kept.0);
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.ledgers.evicted()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.ledgers.bytes()
    }

    /// Spends what `moment` took. `watched` is for how long its system has been watched, in microseconds.
    pub(crate) fn take(
        &mut self,
        moment: &Moment,
        watched: i64,
        catalogue: &Catalogue,
        settings: &Settings,
        counters: &mut Counters,
        out: &mut Vec<Finding>,
    ) {
        if moment.bytes == 0 && moment.records == 0 {
            return;
        }
        let parties = &moment.parties;
        let Some(identity) = parties.actor.as_ref().or(parties.credential.as_ref()) else { return };
        let mut classes: Vec<Option<DataClass>> = parties
            .target
            .iter()
            .flat_map(|target| catalogue.holdings(target))
            .map(|holding| Some(holding.class.clone()))
            .collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.is_empty() {
            classes.push(None);
        }
        let learning = watched < micros(settings.learning_seconds);
        for class in classes {
            let own = Account { identity: Some(identity.clone()), class: class.clone() };
            // Many hands that take little each: a class of data has a budget as well.
            let all = class.is_some().then_some(Account { identity: None, class });
            for account in [Some(own), all].into_iter().flatten() {
                let trips = self.ledgers.update(&account, moment.at, Ledger::default, |ledger| {
                    ledger.move_to(moment.at, settings);
                    ledger.add(moment);
                    if learning { Vec::new() } else { ledger.judge(moment, &account, settings) }
                });
                counters.findings += trips.len() as u64;
                out.extend(trips.into_iter().map(|trip| trip.finding(moment, &account)));
            }
        }
    }
}

impl Trip {
    fn finding(self, moment: &Moment, account: &Account) -> Finding {
        let parties = &moment.parties;
        let subject = parties.holder().cloned();
        let class = account.class.as_ref().map_or("", DataClass::word);
        let everybody = account.identity.is_none();
        let whose = if everybody { "/all" } else { "" };
        let name = format!("{DETECTOR}{whose}/{class}/{}/{}", self.measure, self.level);
        let about = match &subject {
            Some(subject) if everybody => format!("all together, `{subject}` last, took "),
            Some(subject) => format!("`{subject}` took "),
            None => String::new(),
        };
        Finding {
            id: FindingId::of(&name, subject.as_ref(), moment.uid),
            detector: Text::new(DETECTOR),
            title: Text::new("More leaves than the budget allows"),
            severity: Severity::High,
            // Whose doing it is, everybody's budget cannot say.
            signal: if everybody { Signal::Watch } else { Signal::Volume },
            actor: parties.actor.clone(),
            class: account.class.clone(),
            first: Time(self.first),
            at: Time(moment.at),
            events: self.evidence.into_iter().map(|(_, uid)| uid).collect(),
            event_count: self.events,
            explanation: format!("{about}{}", self.explanation),
            techniques: vec![Text::new("T1530")],
            subject,
        }
    }
}
