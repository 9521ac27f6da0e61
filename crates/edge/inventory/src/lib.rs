//! Inventories: files that say what exists and who may do what, into facts and evidence of what ran.
//!
//! Each scanner reads one form of file; all of them are pure over its bytes, and only [`scan_directory`] touches the
//! disk. [`mod@collect`] asks platforms for such files, by `GET` only. Nothing is decided here: what a scanner cannot settle it says as `may`, as a gap or
//! as a problem.

mod address;
mod asked;
pub mod collect;
mod cut;
mod dockerfile;
mod files;
mod installed;
mod jobs;
mod json;
mod key;
mod merge;
mod nearest;
mod report;
mod scan;
pub mod scanner;
pub mod scanners;
mod shell;
mod statements;
mod survey;

pub use files::{ListedFile, Listings, listings};
pub use scan::{MAX_FILE_BYTES, scan_aws_account, scan_directory, scan_each};
pub use scanner::{Found, KnownResource, OwnersJoins, ScanInput, Scanner, Setting, Surroundings};
pub use survey::{Notes, Part, Survey, settle, survey};
