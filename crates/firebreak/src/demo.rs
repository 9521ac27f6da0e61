//! The packaged incident run through the whole program, in the order of its own time, and scored against its truth.
//!
//! Steps are rehearsed, never carried out: nothing is called. Where the policy asks for people, a simulated one approves
//! after [`APPROVAL_SECONDS`].

pub mod installation;
pub mod refusal;
pub mod rehearsal;
pub mod score;
pub mod truth;

/// How long the simulated person on call takes to approve, in seconds.
pub const APPROVAL_SECONDS: i64 = 300;
