//! Standing questions: what the map says on a quiet day, before anything is compromised.
//!
//! # What it means
//!
//! All answers are about one instant, `at`: nodes that exist then and steps that are possible then, whatever comes before or
//! after. Undecided steps count: what may be is not safe.
//!
//! A node **reaches** another if steps lead there. Some steps need several things at once, and who starts with one thing
//! may not get the others. So there are two exact counts, and what a single compromise really reaches lies between them:
//! **alone** leaves out every step that needs more than its origin; **helped** takes such a step as soon as one of the
//! things is there, as if somebody had the others. What must not be called safe by mistake uses `helped`.
//!
//! - [`Standing::exposures`]: how many identities, credentials, packages and environments reach each crown jewel.
//! - [`Standing::reaching`]: which identities reach each of some nodes.
//! - [`Standing::neighbours`]: the identities one step from a crown jewel. A hub stands for grants of all its members,
//!   so steps through groups do not count.
//! - [`Standing::coverage`]: of the live credentials that reach a crown jewel, how many an automated step could revoke.
//! - [`Standing::keyrings`]: packages by the credentials that are readable where they are installed, times the records
//!   that those reach. Exact on small maps, estimated with a stated error on large ones.
//! - [`Standing::choke_points`]: nodes and relations by how many ways to crown jewels end with them. Exact where every
//!   source is looked at, otherwise from a sample.
//!
//! It is no judgement and no plan: the cheapest cut for an incident is [`crate::cut`].

mod choke;
mod dominators;
mod exposure;
mod keyring;
mod live;
mod neighbours;
mod parts;
mod reaching;

pub use choke::{ChokePoint, ChokePoints};
pub use exposure::{Coverage, Exposed, Exposure};
pub use keyring::{Keyring, Keyrings};
pub use neighbours::Neighbour;
pub use reaching::Reaching;

use crate::graph::{Graph, NodeId};
use firebreak_model::Time;
use live::Live;
use parts::Parts;

/// The map at one instant, ready for standing questions.
pub struct Standing<'g> {
    graph: &'g Graph,
    live: Live,
    /// The crown jewels that exist.
    jewels: Vec<u32>,
    alone: Parts,
    helped: Parts,
}

impl<'g> Standing<'g> {
    /// The graph as it is at `at`.
    pub fn new(graph: &'g Graph, at: Time) -> Standing<'g> {
        let live = Live::new(graph, at);
        let jewels =
            graph.crown_jewels().into_iter().map(|NodeId(node)| node).filter(|node| live.exists(*node)).collect();
        let (alone, helped) = (Parts::of(&live, false), Parts::of(&live, true));
        Standing { graph, live, jewels, alone, helped }
    }
}

#[cfg(test)]
mod tests;
