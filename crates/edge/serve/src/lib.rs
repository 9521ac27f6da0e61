//! The door inwards: a listener on this machine alone, with bounds on what a caller may cost, and a token for who may call.
//!
//! It knows no path: whoever has something to show brings an [`axum::Router`], guarded by [`guarded`] or, where the
//! protocol has its own proof of who calls, by itself. It speaks no TLS and binds to no other than a loopback address:
//! what the outside is to reach stands behind the operator's reverse proxy.

mod listener;
mod token;

pub use axum;
pub use listener::{Limits, Listener};
pub use token::{Token, guarded};

use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// Why there is no listener.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Not an address and a port.
    #[error("`{0}` is not an address with a port\nhint: write it as `127.0.0.1:9469`")]
    NotAnAddress(String),
    /// Others than this machine could reach it.
    #[error(
        "`{0}` can be reached from other machines\nhint: listen on 127.0.0.1 or [::1] and let a reverse proxy with TLS stand before it"
    )]
    NotLoopback(SocketAddr),
    /// Somebody else has it, or the system refuses.
    #[error("nothing can listen on `{address}`: {reason}\nhint: stop what listens there, or choose another port")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// The system's words.
        reason: String,
    },
    /// The token cannot be read or made.
    #[error("the token in `{path}` cannot be used: {reason}\nhint: remove the file, and a fresh token is made")]
    Token {
        /// Where it is kept.
        path: PathBuf,
        /// What is wrong. Never the token.
        reason: String,
    },
}
