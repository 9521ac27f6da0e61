//! The advisories' files: databases as folders, archives and lines, and the index that is written once and mapped.
//!
//! What a record means is `firebreak-advisory`'s. Nothing here trusts a file: what an archive gives is counted while it
//! is unpacked, and one that gives too much is left with what it gave until then.

pub mod archive;
mod gather;
mod store;

pub use gather::{Gathered, Limits, gather};
pub use store::{Store, Updated, update};
