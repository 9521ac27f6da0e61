//! Budgets that the owner set: so many bytes or records for this identity, of this class, in this time.
//!
//! Nothing is learnt and nothing is waited for: from the first event on, more than was set is a finding, and one more at each
//! doubling. Where one is set for a class, the learned budget of that class does not speak of what was set
//! (see [`SetBudget::replaces`]). Amounts are counted in sixtieths of the window.

use super::Scene;
use super::budget::{DETECTOR, gibibytes};
use super::spending::{Spending, share};
use crate::correlator::keyed::{Footprint, Keyed, Slots};
use crate::correlator::moment::{EVENTS_MAX, Moment, Parties};
use crate::correlator::settings::{Counters, Settings, micros};
use firebreak_model::{DataClass, EventUid, Finding, FindingId, NodeKey, Severity, Signal, Text, Time};
use serde::{Deserialize, Serialize};

/// A window is so many cells.
const CELLS: i64 = 60;

/// What is spent is remembered for so long at least, in seconds.
const KEPT_SECONDS: i64 = 86_400;

/// A budget that the owner set. One that names several identities is a budget for each of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetBudget {
    /// Of whom: the key of an identity or a credential, or how such keys begin, ending in `*`.
    pub of: Text,
    /// Of what class of data; of everything together where none is named.
    pub class: Option<DataClass>,
    /// So many bytes.
    pub bytes: Option<u64>,
    /// So many records.
    pub records: Option<u64>,
    /// Within so many seconds.
    pub window_seconds: i64,
}

impl SetBudget {
    fn names(&self, key: &NodeKey) -> bool {
        let of = self.of.as_str();
        of.strip_suffix('*').map_or(of == key.as_str(), |begins| key.as_str().starts_with(begins))
    }

    /// Whose budget a moment spends: the actor's where it is named, else the credential's.
    fn spender<'a>(&self, parties: &'a Parties) -> Option<&'a NodeKey> {
        [&parties.actor, &parties.credential].into_iter().flatten().find(|key| self.names(key))
    }

    /// Whether it stands in place of what was learned of `class`, by `measure` (`bytes` or `records`).
    pub(super) fn replaces(&self, parties: &Parties, class: Option<&DataClass>, measure: &str) -> bool {
        let set = if measure == "bytes" { self.bytes } else { self.records };
        set.is_some() && class.is_some() && self.class.as_ref() == class && self.spender(parties).is_some()
    }

    /// Whether it is one of `class` for `key`, by `measure` (`bytes` or `records`).
    pub(super) fn is_for(&self, key: &NodeKey, class: Option<&DataClass>, measure: &str) -> bool {
        let set = if measure == "bytes" { self.bytes } else { self.records };
        set.is_some() && class.is_some() && self.class.as_ref() == class && self.names(key)
    }

    /// What its ledgers are kept under: a budget that is set otherwise begins anew.
    fn place(&self, spender: &NodeKey) -> Text {
        Text::new(format!("{}{}", spender.as_str(), self.end_of_place()))
    }

    fn end_of_place(&self) -> String {
        let class = self.class.as_ref().map_or("", DataClass::word);
        format!("\n{}\n{class}\n{}", self.of, self.window_seconds)
    }

    /// Who spends what lies under `place`, where it is of this budget.
    fn spender_at(&self, place: &str) -> Option<NodeKey> {
        let spender = place.strip_suffix(self.end_of_place().as_str())?;
        NodeKey::parse(spender).filter(|key| self.names(key))
    }

    /// The number of the cell of an event time in microseconds.
    fn cell(&self, at: i64) -> i64 {
        at.div_euclid((micros(self.window_seconds) / CELLS).max(1))
    }

    fn window(&self) -> String {
        match self.window_seconds {
            3_600 => "an hour".to_owned(),
            86_400 => "a day".to_owned(),
            seconds if seconds % 86_400 == 0 => format!("{} days", seconds / 86_400),
            seconds if seconds % 3_600 == 0 => format!("{} hours", seconds / 3_600),
            seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
            seconds => format!("{seconds} seconds"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Cell {
    number: i64,
    bytes: u64,
    records: u64,
    events: u64,
}

/// What was spent of one budget in its window.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Spent {
    /// Oldest first.
    cells: Vec<Cell>,
    /// How many findings were raised since there was less than half in the window: of bytes, of records.
    levels: (u8, u8),
    /// The latest events, each with its time.
    events: Vec<(i64, EventUid)>,
}

impl Footprint for Spent {
    fn heap_bytes(&self) -> usize {
        self.cells.len() * size_of::<Cell>() + self.events.len() * size_of::<(i64, EventUid)>()
    }

    fn evidence(&self) -> u64 {
        self.cells.iter().map(|cell| cell.events).sum()
    }
}

impl Spent {
    fn add(&mut self, moment: &Moment, budget: &SetBudget) {
        let now = budget.cell(moment.at);
        self.cells.retain(|cell| cell.number + CELLS > now);
        self.events.retain(|(at, _)| budget.cell(*at) + CELLS > now);
        if self.events.len() >= EVENTS_MAX {
            self.events.remove(0);
        }
        self.events.push((moment.at, moment.uid));
        match self.cells.last_mut().filter(|cell| cell.number == now) {
            Some(cell) => {
                cell.bytes = cell.bytes.saturating_add(moment.bytes);
                cell.records = cell.records.saturating_add(moment.records);
                cell.events = cell.events.saturating_add(1);
            }
            None => {
                self.cells.push(Cell { number: now, bytes: moment.bytes, records: moment.records, events: 1 });
            }
        }
    }

    fn sum(&self, of: impl Fn(&Cell) -> u64) -> u64 {
        self.cells.iter().map(of).fold(0, u64::saturating_add)
    }

    /// What of `budget` was spent in the window that ends at `at`, by whom.
    fn told(&self, budget: &SetBudget, spender: NodeKey, at: i64) -> Spending {
        let now = budget.cell(at);
        let within = |cell: &&Cell| cell.number + CELLS > now;
        let sum = |of: fn(&Cell) -> u64| self.cells.iter().filter(within).map(of).fold(0, u64::saturating_add);
        let (bytes, records) = (sum(|cell| cell.bytes), sum(|cell| cell.records));
        Spending {
            identity: Some(spender),
            class: budget.class.clone(),
            bytes,
            records,
            budget_bytes: budget.bytes,
            budget_records: budget.records,
            window_seconds: budget.window_seconds,
            set_for: Some(budget.of.clone()),
            share: share((bytes, records), (budget.bytes, budget.records)),
            // What is set holds from the first event on.
            learning: false,
        }
    }

    /// What was just passed: the measure, how often it was, what was taken and what was set.
    fn passed(&mut self, budget: &SetBudget) -> Vec<(&'static str, u8, u64, u64)> {
        let sums = (self.sum(|cell| cell.bytes), self.sum(|cell| cell.records));
        let bytes = budget.bytes.map(|set| ("bytes", sums.0, set, &mut self.levels.0));
        let records = budget.records.map(|set| ("records", sums.1, set, &mut self.levels.1));
        let mut passed = Vec::new();
        for (measure, sum, set, level) in [bytes, records].into_iter().flatten() {
            if sum <= set / 2 {
                *level = 0;
            }
            let before = *level;
            // Of a budget of nothing the first is too much, and a doubling of nothing is nothing.
            while *level < 63 && sum > set.max(u64::from(*level > 0)).saturating_mul(1 << *level) {
                *level += 1;
            }
            if *level > before {
                passed.push((measure, *level, sum, set));
            }
        }
        passed
    }
}

/// What was spent of all budgets that the owner set.
#[derive(Debug)]
pub(crate) struct SetBudgets {
    spent: Keyed<Text, Spent>,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Kept(Slots<Text, Spent>);

impl Serialize for SetBudgets {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.spent.serialize_slots(serializer)
    }
}

impl SetBudgets {
    pub(crate) fn new(bytes_max: usize, settings: &Settings) -> SetBudgets {
        let longest = settings.budgets.iter().map(|budget| budget.window_seconds).max().unwrap_or_default();
        SetBudgets { spent: Keyed::new(bytes_max, micros(longest.max(KEPT_SECONDS))) }
    }

    pub(crate) fn restore(&mut self, kept: Kept) {
        self.spent.restore(kept.0);
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.spent.evicted()
    }

    /// What was spent of each of `budgets` in its window that ends at `at`, where anything was.
    pub(super) fn spendings<'a>(&'a self, at: i64, budgets: &'a [SetBudget]) -> impl Iterator<Item = Spending> + 'a {
        self.spent.iter().flat_map(move |(place, spent)| {
            budgets.iter().filter_map(move |budget| Some(spent.told(budget, budget.spender_at(place)?, at)))
        })
    }

    /// Spends what the moment took of every budget that was set for it.
    pub(super) fn take(&mut self, scene: &Scene<'_>, counters: &mut Counters, out: &mut Vec<Finding>) {
        let moment = scene.moment;
        if moment.bytes == 0 && moment.records == 0 {
            return;
        }
        for budget in scene.settings.budgets.iter() {
            let Some(spender) = budget.spender(&moment.parties) else { continue };
            if budget.class.as_ref().is_some_and(|class| scene.classes().all(|held| held != class)) {
                continue;
            }
            let spend = |spent: &mut Spent| {
                spent.add(moment, budget);
                let passed = spent.passed(budget);
                let found = passed.into_iter().map(|trip| finding(scene, budget, spender, spent, trip));
                found.collect::<Vec<Finding>>()
            };
            let found = self.spent.update(&budget.place(spender), moment.at, Spent::default, spend);
            counters.findings += found.len() as u64;
            out.extend(found);
        }
    }
}

fn finding(
    scene: &Scene<'_>,
    budget: &SetBudget,
    spender: &NodeKey,
    spent: &Spent,
    (measure, level, sum, set): (&'static str, u8, u64, u64),
) -> Finding {
    let moment = scene.moment;
    let said = |amount: u64| if measure == "bytes" { gibibytes(amount) } else { format!("{amount} records") };
    let class = budget.class.as_ref().map_or("all data together".to_owned(), |class| format!("`{class}`"));
    let subject = moment.parties.holder().unwrap_or(spender);
    Finding {
        id: FindingId::of(
            &format!("{DETECTOR}/set/{}/{measure}/{level}", budget.place(spender)),
            Some(subject),
            moment.uid,
        ),
        detector: Text::new_static(DETECTOR),
        title: Text::new_static("More leaves than the budget that was set"),
        severity: Severity::High,
        signal: Signal::Volume,
        actor: moment.parties.actor.clone(),
        class: budget.class.clone(),
        first: Time(spent.events.first().map_or(moment.at, |(at, _)| *at)),
        at: Time(moment.at),
        events: spent.events.iter().map(|(_, uid)| *uid).collect(),
        event_count: spent.evidence(),
        explanation: format!(
            "`{spender}` took {} of {class} within {}; the budget that was set for `{}` is {}",
            said(sum),
            budget.window(),
            budget.of,
            said(set),
        ),
        techniques: vec![Text::new_static("T1530")],
        subject: Some(subject.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(bytes: u64) -> SetBudget {
        SetBudget { of: "identity:aws/*".into(), class: None, bytes: Some(bytes), records: None, window_seconds: 3_600 }
    }

    #[test]
    fn a_level_rises_with_each_doubling_and_falls_once_half_is_gone() {
        let mut spent = Spent::default();
        let mut levels = |bytes: u64, set: u64| {
            spent.cells = vec![Cell { number: 0, bytes, records: 0, events: 1 }];
            spent.passed(&budget(set)).first().map(|(_, level, ..)| *level)
        };
        assert_eq!(
            [100, 101, 150, 201, 1_000].map(|bytes| levels(bytes, 100)),
            [None, Some(1), None, Some(2), Some(4)]
        );
        assert_eq!([60, 101, 50, 101].map(|bytes| levels(bytes, 100)), [None, None, None, Some(1)]);
    }

    #[test]
    fn of_a_budget_of_nothing_the_first_byte_is_too_much() {
        let mut spent = Spent { cells: vec![Cell { number: 0, bytes: 1, records: 0, events: 1 }], ..Spent::default() };
        assert_eq!(spent.passed(&budget(0)).len(), 1);
        assert_eq!(spent.passed(&budget(0)).len(), 0, "and it is said once");
    }
}
