//! Budgets that are nearly spent: what people look at before a finding is made of it.

use super::profile::Profile;
use super::stage::Behaviours;
use crate::correlator::keyed::Keyed;
use crate::correlator::settings::{Settings, micros};
use firebreak_model::{DataClass, NodeKey};
use serde::{Deserialize, Serialize};

/// What was taken of one class of data in the hour that ends at a time, against its budget.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spending {
    /// Who took it; everybody together where there is none.
    pub identity: Option<NodeKey>,
    /// Of what; of what is in no catalogue where there is none.
    pub class: Option<DataClass>,
    /// Bytes taken.
    pub bytes: u64,
    /// Records taken.
    pub records: u64,
    /// Bytes that may be taken in an hour.
    pub budget_bytes: u64,
    /// Records that may be taken in an hour.
    pub budget_records: u64,
    /// How much of the budget that is, of bytes or records whichever is more: 1 is all of it.
    pub share: f64,
    /// Whether the system is watched too briefly for anything to be found.
    pub learning: bool,
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
    fn share(&self) -> f64 {
        let of = |taken: u64, budget: u64| taken as f64 / budget.max(1) as f64;
        of(self.bytes, self.budget_bytes).max(of(self.records, self.budget_records))
    }

    fn of(self, identity: Option<&NodeKey>, class: Option<&DataClass>, learning: bool) -> Spending {
        let Hour { bytes, records, budget_bytes, budget_records } = self;
        let (identity, class, share) = (identity.cloned(), class.cloned(), self.share());
        Spending { identity, class, bytes, records, budget_bytes, budget_records, share, learning }
    }
}

impl Behaviours {
    /// Budgets of which at least `share` was spent in the hour that ends at `at`, those that are spent furthest first.
    pub(crate) fn spendings(&self, at: i64, share: f64, settings: &Settings) -> Vec<Spending> {
        let mut all = Vec::new();
        let known_for = |first: i64| at.saturating_sub(first) >= micros(settings.learning_seconds);
        let mut add = |profiles: &Keyed<NodeKey, Box<Profile>>| {
            for (identity, profile) in profiles.iter() {
                let learning = !self.since(identity.system()).is_some_and(known_for);
                for (class, hour) in profile.spent(at, settings) {
                    all.push(hour.of(Some(identity), class, learning));
                }
            }
        };
        add(self.credentials());
        add(self.identities());
        let learning = !self.since_first().is_some_and(known_for);
        let together = self.together().spent(at, settings);
        all.extend(together.map(|(class, hour)| hour.of(None, Some(class), learning)));
        all.retain(|one| one.share >= share);
        all.sort_by(|one, other| {
            let by_name = || (&one.identity, &one.class).cmp(&(&other.identity, &other.class));
            other.share.total_cmp(&one.share).then_with(by_name)
        });
        all
    }
}
