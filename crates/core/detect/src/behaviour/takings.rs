//! What one identity takes: its habit of volume, and its budgets. Apart from the rest of a profile, since most identities
//! take nothing that is measured.

use super::budget::Budget;
use super::few::Few;
use super::spending::Hour;
use super::volume::Habit;
use crate::correlator::keyed::Footprint;
use crate::correlator::settings::Settings;
use firebreak_model::DataClass;
use serde::{Deserialize, Serialize};

/// A habit and budgets.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Takings {
    pub(crate) habit: Habit,
    /// One for each class of data that was ever taken.
    budgets: Few<Budget>,
}

impl Takings {
    /// The budget of a class, or of what is in no catalogue; there is always one.
    pub(crate) fn budget(&mut self, class: Option<&DataClass>) -> Option<&mut Budget> {
        if self.budgets.iter().all(|budget| budget.class() != class) {
            self.budgets.push(Budget::new(class.cloned()));
        }
        self.budgets.iter_mut().find(|budget| budget.class() == class)
    }

    /// What was taken of each class in the hour that ends at `at`, where anything was.
    pub(super) fn spent(&self, at: i64, settings: &Settings) -> impl Iterator<Item = (Option<&DataClass>, Hour)> {
        self.budgets.iter().filter_map(move |budget| Some((budget.class(), budget.spent(at, settings)?)))
    }
}

impl Footprint for Takings {
    fn heap_bytes(&self) -> usize {
        self.habit.heap_bytes() + self.budgets.heap_bytes()
    }
}
