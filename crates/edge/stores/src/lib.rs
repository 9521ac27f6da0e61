//! What data stores hold: their documents read and classified, sampled to a budget, again only where they changed.
//!
//! It gives numbers: classes, records, how sure they are. A value never leaves it, and of a path only a keyed fingerprint is
//! kept. File systems are read through [`firebreak_world::Tree`], which follows no link and opens no device.

mod estimate;
mod files;
mod places;
mod scan;
mod state;
mod statement;
mod tally;

pub use estimate::{Estimate, Interval};
pub use places::{Place, places};
pub use scan::{Gap, Held, Options, ScanError, Scanned, scan};
pub use state::State;
pub use statement::statement;
pub use tally::{Tallied, classified};
