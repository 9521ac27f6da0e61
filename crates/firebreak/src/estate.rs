//! The estate as the inventories give it: facts, what ran where, the map and the catalogue made from them.

use firebreak_graph::Graph;
use firebreak_inventory::scan_directory;
use firebreak_model::{Catalogue, EnvironmentEvidence, Fact, Problem, Time};
use firebreak_world::World;
use std::path::PathBuf;

/// All that inventories say.
#[derive(Debug, Default)]
pub struct Estate {
    /// Statements about the estate.
    pub facts: Vec<Fact>,
    /// What is known of what ran where.
    pub evidence: Vec<EnvironmentEvidence>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Estate {
    /// Reads every inventory below `directories`. `known` is when we learnt it.
    pub fn read(world: &World, directories: &[PathBuf], known: Time) -> Estate {
        let mut estate = Estate::default();
        for directory in directories {
            let found = scan_directory(world, directory, known);
            estate.facts.extend(found.facts);
            estate.evidence.extend(found.evidence);
            estate.problems.extend(found.problems);
        }
        estate
    }

    /// The map.
    pub fn graph(&self) -> (Graph, Vec<Problem>) {
        Graph::build(&self.facts)
    }

    /// Which data lies where.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::of(&self.facts)
    }
}
