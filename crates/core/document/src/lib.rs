//! Documents as text: bytes in, pieces of text with their places out.
//!
//! One [`read`] knows a format by its bytes, unpacks what is packed, and gives each [`Text`] to a [`Sink`]. It holds what
//! [`Limits`] allow and no more, and says in its [`Reading`] what it did not read: a bound that was reached, a password, a
//! form that it does not know, a document that breaks off. It reads no file by itself and decides nothing about what a
//! text says (that is `classify`'s).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod bytes;
mod door;
mod formats;
mod markup;
mod names;
pub mod packing;
mod reading;
mod sink;
pub mod tar;

pub use door::read;
pub use reading::{Fault, Limits, Problem, Reading};
pub use sink::{Sign, Sink, Text};
