//! Access: what identities were granted against what they were seen to use, and what would be enough.
//!
//! The judgement is the core's ([`firebreak_permission::aws::least`]); here exports and logs are led to it, and the map is made again
//! as it would be with the proposals in place.

pub mod aws;
pub(crate) mod cloudtrail;
mod overlay;
pub mod reach;

pub use aws::{Aws, Subject};
pub use overlay::Overlay;
pub use reach::{Gone, Pairs};
