//! Budgets that are nearly spent: what people look at before a finding is made of it.

use super::profile::Profile;
use super::set_budget::SetBudget;
use super::stage::Behaviours;
use crate::correlator::keyed::Keyed;
use crate::correlator::settings::{Settings, micros};
use firebreak_model::{DataClass, NodeKey, Text};
use serde::{Deserialize, Serialize};

/// The window of budgets that are learnt, in seconds.
const HOUR_SECONDS: i64 = 3_600;

/// What was taken in the window of a budget that ends at a time, against that budget.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spending {
    /// Who took it; everybody together where there is none.
    pub identity: Option<NodeKey>,
    /// Of what. Where there is none, of what is in no catalogue; of a budget that was set, of everything together.
    pub class: Option<DataClass>,
    /// Bytes taken.
    pub bytes: u64,
    /// Records taken.
    pub records: u64,
    /// Bytes that may be taken in the window; nothing where no budget of bytes holds.
    pub budget_bytes: Option<u64>,
    /// Records that may be taken in the window, likewise.
    pub budget_records: Option<u64>,
    /// The window, in seconds.
    #[serde(default = "an_hour")]
    pub window_seconds: i64,
    /// For whom the owner set it: a key, or how keys begin; nothing where it was learnt.
    #[serde(default)]
    pub set_for: Option<Text>,
    /// How much of the budget that is, of bytes or records whichever is more: 1 is all of it.
    pub share: f64,
    /// Whether the system is watched too briefly for anything to be found.
    pub learning: bool,
}

const fn an_hour() -> i64 {
    HOUR_SECONDS
}

/// How much of its budgets was taken, of whichever of them is spent further.
pub(super) fn share(taken: (u64, u64), budgets: (Option<u64>, Option<u64>)) -> f64 {
    let of = |taken: u64, budget: Option<u64>| budget.map_or(0.0, |budget| taken as f64 / budget.max(1) as f64);
    of(taken.0, budgets.0).max(of(taken.1, budgets.1))
}

/// Amounts of an hour and the budget for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hour {
    pub(super) bytes: u64,
    pub(super) records: u64,
    pub(super) budget_bytes: u64,
    pub(super) budget_records: u64,
}

impl Hour {
    /// What it comes to. What the owner set for this identity and class stands in place of what was learnt.
    fn of(self, whose: (Option<&NodeKey>, Option<&DataClass>), learning: bool, set: &[SetBudget]) -> Spending {
        let Hour { bytes, records, budget_bytes, budget_records } = self;
        let (identity, class) = whose;
        let holds = |measure: &str| !identity.is_some_and(|key| set.iter().any(|set| set.is_for(key, class, measure)));
        let budgets =
            (Some(budget_bytes).filter(|_| holds("bytes")), Some(budget_records).filter(|_| holds("records")));
        Spending {
            identity: identity.cloned(),
            class: class.cloned(),
            bytes,
            records,
            budget_bytes: budgets.0,
            budget_records: budgets.1,
            window_seconds: HOUR_SECONDS,
            set_for: None,
            share: share((bytes, records), budgets),
            learning,
        }
    }
}

impl Behaviours {
    /// Budgets of which at least `share` was spent in their window that ends at `at`, an hour for those that are learnt, those that are
    /// spent furthest first.
    pub(crate) fn spendings(&self, at: i64, share: f64, settings: &Settings) -> Vec<Spending> {
        let mut all = Vec::new();
        let known_for = |first: i64| at.saturating_sub(first) >= micros(settings.learning_seconds);
        let mut add = |profiles: &Keyed<NodeKey, Box<Profile>>| {
            for (identity, profile) in profiles.iter() {
                let learning = !self.since(identity.system()).is_some_and(known_for);
                for (class, hour) in profile.spent(at, settings) {
                    all.push(hour.of((Some(identity), class), learning, &settings.budgets));
                }
            }
        };
        add(self.credentials());
        add(self.identities());
        let learning = !self.since_first().is_some_and(known_for);
        let together = self.together().spent(at, settings);
        all.extend(together.map(|(class, hour)| hour.of((None, Some(class)), learning, &[])));
        all.extend(self.set_budgets().spendings(at, &settings.budgets));
        all.retain(|one| one.share >= share);
        all.sort_by(|one, other| {
            let name =
                |one: &Spending| (one.identity.clone(), one.class.clone(), one.set_for.clone(), one.window_seconds);
            let by_name = || name(one).cmp(&name(other));
            other.share.total_cmp(&one.share).then_with(by_name)
        });
        all
    }
}
