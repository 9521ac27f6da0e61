//! The schema and the policy sets that Firebreak ships: three for plans that answer incidents, one for drills, one
//! for changes on a quiet day.

use super::Gate;
use firebreak_model::Problem;
use serde::{Deserialize, Serialize};

/// The schema that all policies must fit, the owner's own too.
pub const SCHEMA: &str = include_str!("../../../../../policies/schema.cedarschema");

/// How much Firebreak may do by itself, as shipped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Plan and show, never act.
    Watch,
    /// Act after a person's approval.
    #[default]
    Ask,
    /// Act at once where everything can be taken back; ask otherwise.
    Act,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 3] = [Mode::Watch, Mode::Ask, Mode::Act];

    /// Its name, which is its policy file's.
    pub const fn word(self) -> &'static str {
        match self {
            Mode::Watch => "watch",
            Mode::Ask => "ask",
            Mode::Act => "act",
        }
    }

    /// Its policies.
    pub const fn policies(self) -> &'static str {
        match self {
            Mode::Watch => include_str!("../../../../../policies/watch.cedar"),
            Mode::Ask => include_str!("../../../../../policies/ask.cedar"),
            Mode::Act => include_str!("../../../../../policies/act.cedar"),
        }
    }

    /// What its policies say to plans of many kinds, as `firebreak policy test` reads it.
    pub const fn cases(self) -> &'static str {
        match self {
            Mode::Watch => include_str!("../../../../../policies/cases/watch.toml"),
            Mode::Ask => include_str!("../../../../../policies/cases/ask.toml"),
            Mode::Act => include_str!("../../../../../policies/cases/act.toml"),
        }
    }

    /// The gate of this mode.
    ///
    /// # Errors
    /// Never with what is shipped; the tests load all three.
    pub fn gate(self) -> Result<Gate, Vec<Problem>> {
        Gate::new(SCHEMA, &[(self.word(), self.policies())])
    }
}

/// The gate of drills: one step that can be taken back, on an identity that exists to be cut.
///
/// # Errors
/// Never with what is shipped; a test loads it.
pub fn drill_gate() -> Result<Gate, Vec<Problem>> {
    Gate::new(SCHEMA, &[("drill", include_str!("../../../../../policies/drill.cedar"))])
}

/// What is asked of changes on a quiet day, where the owner says nothing else.
pub const CHANGE: &str = include_str!("../../../../../policies/change.cedar");
