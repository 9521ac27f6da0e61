//! What data stores hold: their documents and rows read and classified, sampled to a budget, again only where they changed.
//!
//! It gives numbers: classes, records, how sure they are. A value never leaves it, and of a name only a keyed fingerprint is
//! kept. One folder in `stores` is one kind of store; what they share is here: which pieces a budget covers, what is
//! remembered, and what is said of the whole.

mod answer;
mod calls;
mod counts;
mod estimate;
mod key;
mod letters;
mod lines;
mod places;
mod ranges;
mod residency;
mod sample;
mod scan;
mod state;
mod statement;
mod store;
pub mod stores;
mod table;
mod tally;

pub use answer::{Held, InColumn, Residents, Scan, Scanned};
pub use counts::Counts;
pub use estimate::{Estimate, Interval};
pub use letters::Letters;
pub use places::{Place, places};
pub use scan::{Gap, Means, OpenStore, Options, ScanError};
pub use state::State;
pub use statement::statement;
