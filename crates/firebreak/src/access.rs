//! Access: what identities were granted against what they were seen to use, and what would be enough.
//!
//! The judgement is the core's ([`firebreak_permission::aws::least`]); here exports and logs are led to it, and the map is made again
//! as it would be with the proposals in place.

mod answer;
pub mod aws;
pub(crate) mod cloudtrail;
pub mod made;
mod overlay;
mod proposed;
pub mod reach;

pub use answer::Answer;
pub use aws::{Aws, Subject};
pub use overlay::Overlay;
pub use proposed::{Before, Proposed};
pub use reach::{Gone, Pairs};
