//! The temporal graph of the estate: what a set of compromised nodes reaches and how soon, and the cheapest set of
//! actions that severs it from what matters, with a certificate that a small separate program checks.
//!
//! It is not a store (facts live elsewhere and the graph is rebuilt from them), not a planner (order, leases and
//! approval are containment's), and not a source of facts: it believes what it is told and says which fact it used.
//!
//! - [`Graph::build`] makes the graph from facts, [`reach`] answers "what, how soon, by which path",
//!   [`Reach::losses`] counts records, [`cut`] answers "what must be done", and [`check`] does not believe the cut.
//! - The meaning of time, of persistence and of steps that need several things at once is defined in [`mod@reach`].

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod alias;
mod arrive;
mod bits;
mod build;
pub mod check;
pub mod closure;
mod compact;
pub mod cut;
pub mod explain;
pub mod export;
mod flat;
mod graph;
pub mod history;
mod holds;
pub mod join;
pub mod labels;
pub mod loss;
mod net;
mod options;
#[cfg(test)]
mod oracle;
mod paged;
mod pool;
pub mod reach;
mod runs;
mod scan;
mod spans;
pub mod standing;

pub use build::{COMPACT_ABOVE, GraphBuilder};
pub use closure::{Closure, closure};
pub use cut::{
    Alternative, Approach, Bound, Certificate, ChosenAction, Cut, CutOutcome, CutRequest, Held, Outlook, Place,
    Preference, Proof, Uncuttable, alternatives, cut, cut_from, residual, residual_from, residual_if_fails,
    residual_if_fails_from,
};
pub use explain::{Sentence, explain};
pub use graph::{Edge, EdgeId, Graph, Node, NodeId};
pub use history::{Forgotten, History, Logged, Row, Snapshot, difference, streams};
pub use join::{Join, JoinKind, Joined, Ruling, join};
pub use labels::{Classes, Distances};
pub use loss::{Amount, ClassLoss, Loss, Losses};
pub use reach::{Hop, Reach, Source, reach};
pub use standing::Standing;
