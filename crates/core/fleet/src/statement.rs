//! What is said of a fleet, one sentence at a time.
//!
//! Statements are a set: saying one twice, late or in another order changes nothing. Nothing is taken back by a statement;
//! what ends is ended by a later complete listing that lacks it, and that is worked out when someone asks.

use crate::thing::Thing;
use firebreak_model::{Interval, NodeKey, Text, Time};

/// How sure a sentence is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sure {
    /// It was seen there.
    Seen,
    /// It was there if a lock was followed.
    Locked,
}

/// One sentence.
#[derive(Clone, PartialEq, Debug)]
pub enum Statement {
    /// Code ran there in this interval. An environment of which no run is known ran always.
    Ran {
        /// Where.
        environment: NodeKey,
        /// When.
        run: Interval,
    },
    /// A thing was there.
    Had(Had),
    /// Evidence is whole.
    Complete(Complete),
}

/// A thing was in an environment.
#[derive(Clone, PartialEq, Debug)]
pub struct Had {
    /// Where.
    pub environment: NodeKey,
    /// What.
    pub thing: Thing,
    /// Since when.
    pub from: Time,
    /// Until when. Without it: at `seen` it was still there.
    pub to: Option<Time>,
    /// When it was last seen there. Says nothing where `to` is given.
    pub seen: Time,
    /// How sure that is.
    pub sure: Sure,
    /// Where it was read: file and place.
    pub evidence: Text,
}

/// Evidence of an environment is whole for some packages and some time: what it does not name was not there.
#[derive(Clone, PartialEq, Debug)]
pub struct Complete {
    /// Of where.
    pub environment: NodeKey,
    /// Of what: an ecosystem, [`EVERY`] or [`LOG`].
    pub scope: Text,
    /// From when.
    pub from: Time,
    /// To when.
    pub to: Time,
    /// Whether it is a listing taken at `to`: what it lacks had ended by then.
    pub lists: bool,
}

/// Packages of every ecosystem.
pub(crate) const EVERY: &str = "*";
/// Whatever a run did: its log was read from its first line to its last.
pub(crate) const LOG: &str = "log";
