//! Changes to what is known of the estate: the stream from which the map is kept without building it anew.

use crate::{Fact, Time};
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// A statement was made, for the first time or again.
    State {
        /// What is stated, with the time at which we learnt it.
        fact: Fact,
    },
    /// What a statement says ended.
    End {
        /// The statement as it was made.
        fact: Fact,
        /// When it ended, not included; [`Time::MIN`] if it was never true.
        at: Time,
        /// When we learnt that.
        known: Time,
    },
}
