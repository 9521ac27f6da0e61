//! Built-in behaviours: what an identity has done before, and how much it takes away.
//!
//! Each learns from the events that it judges and keeps its state within bounds. None decides alone: a novelty or a volume
//! only watches, the two together may contain (see [`crate::containable`]).

pub(crate) mod budget;
pub(crate) mod first_seen_network;
pub(crate) mod network;

#[cfg(test)]
mod tests;
