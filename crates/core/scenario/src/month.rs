//! A month of a company of a thousand identities, as keys of events, with thefts injected: the proof of detection's
//! promises on false alarms and on delay.
//!
//! It is chosen from what such estates are like and not from what detectors look at, and kept hard: people travel, work
//! from home and from telephones, change roles and laptops, come back from leave and export a hundred times their usual
//! day at the end of a month; services deploy, reprocess and back up; builds come from everywhere. [`Shares`] has every
//! rate. It writes no records and no inventories: `borrowed-sand` does.

mod benign;
mod estate;
mod thefts;

use crate::random::Random;
use estate::Company;
use firebreak_model::{Catalogue, Keys, NodeKey, Time};

pub use thefts::TheftKind;

const DAY: i64 = 86_400;
/// The month begins on a Monday at midnight, UTC.
const BEGIN: i64 = 1_772_409_600;

/// How often things happen that are honest and look odd: shares of the identities that can do them, in the month unless
/// said.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    /// People who travel, for two to six days.
    pub travellers: f64,
    /// People on leave for five to ten days.
    pub on_leave: f64,
    /// Days worked at home.
    pub from_home: f64,
    /// People who also use a telephone on a carrier's shared addresses.
    pub telephones: f64,
    /// Homes that get another network, each week.
    pub homes_moved: f64,
    /// People who start, each week.
    pub joiners: f64,
    /// People who change to another department's data and tools.
    pub role_changes: f64,
    /// Clients that get a new major version, each week.
    pub new_versions: f64,
    /// People who get another operating system.
    pub new_laptops: f64,
    /// People and services that begin to use another product for the same work.
    pub new_products: f64,
    /// People and services with a monthly job of a hundred usual days.
    pub monthly_jobs: f64,
    /// Services that reprocess fifty usual hours in one.
    pub reprocessing: f64,
    /// Services whose release reads another store, or does another kind of thing.
    pub releases: f64,
}

/// The shares that the benchmark runs.
pub const SHARES: Shares = Shares {
    travellers: 0.03,
    on_leave: 0.06,
    from_home: 0.4,
    telephones: 0.15,
    homes_moved: 0.04,
    joiners: 0.005,
    role_changes: 0.01,
    new_versions: 0.05,
    new_laptops: 0.02,
    new_products: 0.03,
    monthly_jobs: 0.05,
    reprocessing: 0.05,
    releases: 0.2,
};

/// One event of the month.
#[derive(Clone, Debug)]
pub struct Act {
    /// When.
    pub time: Time,
    /// The source's folder.
    pub source: &'static str,
    /// Sigma's product and service.
    pub log_source: (&'static str, &'static str),
    /// Who, with what, from where, what, on what, how much.
    pub keys: Keys,
    /// The number of the theft that it belongs to.
    pub theft: Option<usize>,
}

/// One injected theft.
#[derive(Clone, Debug)]
pub struct Theft {
    /// How it goes.
    pub kind: TheftKind,
    /// Whose authority is stolen.
    pub victim: NodeKey,
    /// When its first event is.
    pub begin: Time,
}

/// One month.
#[derive(Debug)]
pub struct Month {
    seed: u64,
    company: Company,
    thefts: Vec<thefts::Plan>,
}

impl Month {
    /// Identities of the company.
    pub const IDENTITIES: usize = 1_000;
    /// Days of the month.
    pub const DAYS: usize = 30;

    /// The month that belongs to `seed`.
    pub fn new(seed: u64) -> Month {
        let company = Company::new(seed, &SHARES);
        let thefts = thefts::plans(seed, &company);
        Month { seed, company, thefts }
    }

    /// Which store holds what.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::of(&estate::holdings())
    }

    /// The injected thefts.
    pub fn thefts(&self) -> Vec<Theft> {
        self.thefts.iter().map(|plan| plan.theft.clone()).collect()
    }

    /// The events of a day, counted from 0, in the order of time.
    pub fn day(&self, day: usize) -> Vec<Act> {
        let mut acts = Vec::new();
        for (number, principal) in self.company.principals.iter().enumerate() {
            let mut random = Random::of(self.seed, "month day", (number * Month::DAYS + day) as u64);
            benign::day(principal, &self.company, day as i64, &mut random, &mut acts);
        }
        for (number, plan) in self.thefts.iter().enumerate() {
            plan.day(number, day as i64, self.seed, &mut acts);
        }
        acts.sort_by_key(|act| act.time);
        acts
    }
}

/// The start of a day.
fn midnight(day: i64) -> i64 {
    BEGIN + day * DAY
}

/// Monday is 0.
fn weekday(day: i64) -> i64 {
    day.rem_euclid(7)
}

/// A number around `median`, with logarithms that spread by `sigma`: most are near it, few are far above.
fn spread(random: &mut Random, median: f64, sigma: f64) -> f64 {
    let normal = (0..12).map(|_| random.fraction()).sum::<f64>() - 6.0;
    // The exponential by squaring, so that it is the same on every machine.
    let mut power = 1.0 + (normal * sigma).clamp(-8.0, 8.0) / 1_024.0;
    for _ in 0..10 {
        power *= power;
    }
    median * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_month_and_another_seed_another() {
        let (one, other) = (Month::new(1), Month::new(2));
        let print = |month: &Month, day| format!("{:?}", month.day(day));
        assert_eq!(print(&one, 3), print(&Month::new(1), 3));
        assert_ne!(print(&one, 3), print(&other, 3));
    }

    #[test]
    fn a_month_has_its_thefts_and_they_are_a_small_part_of_it() {
        let month = Month::new(7);
        let thefts = month.thefts();
        for kind in TheftKind::ALL {
            assert_eq!(thefts.iter().filter(|theft| theft.kind == kind).count(), 2, "{kind:?}");
        }
        let mut first = vec![None; thefts.len()];
        let (mut benign, mut stolen) = (0_usize, 0_usize);
        let mut actors = std::collections::BTreeSet::new();
        for day in 0..Month::DAYS {
            let acts = month.day(day);
            assert!(acts.is_sorted_by_key(|act| act.time));
            for act in acts {
                actors.insert(act.keys.actor.clone());
                match act.theft {
                    None => benign += 1,
                    Some(number) => {
                        stolen += 1;
                        assert_eq!(act.keys.actor.as_ref(), Some(&thefts[number].victim));
                        first[number].get_or_insert(act.time);
                    }
                }
            }
        }
        for (theft, first) in thefts.iter().zip(&first) {
            assert_eq!(first.as_ref(), Some(&theft.begin), "{theft:?}");
        }
        assert!(benign > 20 * stolen, "{benign} and {stolen}");
        assert!(actors.len() >= 950, "{} actors", actors.len());
    }
}
