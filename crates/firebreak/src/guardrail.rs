//! The guardrail's process: gateways ask over HTTP, the answer is the core's, and a record without values is kept of each.

mod book;
mod door;
mod pinboard;

pub use book::Book;
pub use door::{Door, router};
pub use pinboard::Pinboard;
