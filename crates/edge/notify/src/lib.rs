//! Telling people: one folder a notifier, a courier that hands in each notice until it is taken, and what lets a person
//! approve a plan from where they read of it.
//!
//! It decides nothing. What people should know comes from the program, and an approval that comes in here is only a
//! person's word: the gate weighs it.

pub mod approval;
pub mod channel;
pub mod courier;
pub mod error;
pub mod memory;
pub mod notice;
pub mod notifier;
pub mod notifiers;
pub mod outbox;
mod rest;
pub mod template;

pub use channel::Channel;
pub use courier::{Courier, Round};
pub use error::NotifyError;
pub use memory::MemoryOutbox;
pub use notice::{Ask, Notice};
pub use notifier::{Context, Letter, Notifier, NotifierSpec, Setting};
pub use notifiers::NOTIFIERS;
pub use outbox::{Outbox, OutboxError, Settled, Waiting};

/// The notifier of that name.
pub fn notifier(name: &str) -> Option<&'static dyn Notifier> {
    NOTIFIERS.iter().find(|notifier| notifier.spec().name == name).copied()
}
