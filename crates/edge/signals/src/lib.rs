//! Shared Signals (OpenID SSF 1.0): security events told to other systems and heard from them, as signed tokens over push
//! and poll.
//!
//! What is here of the protocol is values and functions: nothing waits, listens or reads a clock but [`push`], [`poll`] and
//! [`client`], which call out through `world`. A signal that was heard is something that somebody said, never a proof.

pub mod access;
pub mod client;
pub mod event;
pub mod jose;
pub mod metadata;
pub mod poll;
pub mod push;
pub mod receiver;
pub mod serve;
pub mod set;
pub mod stream;
pub mod subject;
pub mod transmitter;

pub use event::Event;
pub use jose::{JoseError, Keys, Signer};
pub use receiver::{Heard, Receiver, Refused};
pub use set::Set;
pub use stream::{Stream, StreamStatus};
pub use subject::Subject;
pub use transmitter::{Transmitter, TransmitterError};

/// No token of more bytes is read.
pub const TOKEN_BYTES_MAX: usize = 64 << 10;
