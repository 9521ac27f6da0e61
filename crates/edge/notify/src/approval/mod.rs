//! Approvals from where people read: a signed link, and the buttons of a Slack message.
//!
//! Both give no more than a person's word on one plan, named by the digest of its content. Whether that word counts is for the
//! gate to say. Nothing here waits, reads a clock or keeps anything.

pub mod front;
pub mod link;
pub mod page;
pub mod slack;

pub use front::{Decided, Front, Reply};
pub use link::{Claim, Decision, LinkError, Links};
pub use slack::{Press, SlackDoor, SlackError};
