//! A small estate in which Firebreak holds the rights of a manifest, and what the map says of it.

use super::{Basis, Finding, Verdict};
use firebreak_graph::{Graph, NodeId, Reach, Source, reach};
use firebreak_inventory::scan_directory;
use firebreak_model::{NodeKey, Time};
use firebreak_world::World;
use serde_json::Value;
use std::path::Path;

/// When everything in a specimen is there.
const NOW: Time = Time::from_seconds(1_774_350_000);

/// Something that a thief must not get to.
pub(super) struct Target {
    /// Its node.
    pub(super) key: NodeKey,
    /// What getting there means.
    pub(super) verdict: Verdict,
    /// What the thief does, in words.
    pub(super) says: &'static str,
}

/// An estate as the platform would export it.
pub(super) struct Specimen {
    /// Its files, by the path at which a scanner looks for them.
    pub(super) files: Vec<(&'static str, Value)>,
    /// Whom Firebreak acts as.
    pub(super) from: NodeKey,
    /// What a thief may hold beside: whoever takes a host has broken in somewhere.
    pub(super) foothold: Vec<NodeKey>,
    /// What the thief must not get to.
    pub(super) targets: Vec<Target>,
    /// The scanner knows the platform's rights as a language, so that what it does not find is not there.
    pub(super) whole: bool,
}

/// What the map says: each finding with whether it is certain.
pub(super) struct Found {
    pub(super) findings: Vec<(Finding, bool)>,
    pub(super) whole: bool,
}

impl Specimen {
    /// What Firebreak's rights lead to. What the foothold reaches by itself is not their doing.
    pub(super) fn ask(&self) -> Result<Found, String> {
        let graph = self.map()?;
        let node = |key: &NodeKey| graph.id(key).ok_or_else(|| format!("the specimen has no `{key}`"));
        let at = |node: NodeId| Source::new(node, NOW);
        let own = at(node(&self.from)?);
        let foothold = self.foothold.iter().map(|key| node(key).map(at)).collect::<Result<Vec<_>, _>>()?;
        let both: Vec<Source> = foothold.iter().copied().chain([own]).collect();
        let (before, alone, helped) =
            (reach(&graph, &foothold, Time::MAX), reach(&graph, &[own], Time::MAX), reach(&graph, &both, Time::MAX));
        let mut findings = Vec::new();
        for target in &self.targets {
            // A target that no right leads to may not be on the map at all.
            let Some(to) = graph.id(&target.key) else { continue };
            let with_help = before.arrival(to).is_none();
            let asked = if alone.certain_arrival(to).is_some() || !with_help { &alone } else { &helped };
            if asked.arrival(to).is_some() {
                let beside = alone.arrival(to).is_none();
                findings.push(finding(target, &graph, asked, to, beside));
            }
        }
        Ok(Found { findings, whole: self.whole })
    }

    fn map(&self) -> Result<Graph, String> {
        let world = World::simulated(1);
        for (path, document) in &self.files {
            let path = Path::new("estate").join(path);
            world.disk.write(&path, document.to_string().as_bytes()).map_err(|error| error.to_string())?;
        }
        let found = scan_directory(&world, Path::new("estate"), NOW);
        Ok(Graph::build(&found.facts).0)
    }
}

fn finding(target: &Target, graph: &Graph, reached: &Reach, to: NodeId, beside: bool) -> (Finding, bool) {
    let certain = reached.certain_arrival(to).is_some();
    let how = reached.proof(graph, to).iter().rev().find_map(|hop| way(&hop.evidence));
    let mut reason = target.says.to_owned();
    if let Some(how) = how {
        reason.push_str(&format!(": {how}"));
    }
    if beside {
        reason.push_str(", for whoever holds that one already");
    }
    if !certain {
        reason.insert_str(0, "perhaps ");
    }
    (Finding { verdict: target.verdict, by: Basis::Computed, reason, source: "" }, certain)
}

/// The known way up that an edge's evidence names: `iam-007: writes an inline policy for itself (…)`.
fn way(evidence: &str) -> Option<String> {
    let (_, told) = evidence.split_once(" iam-").or_else(|| evidence.split_once(" x-"))?;
    let (_, how) = told.split_once(": ")?;
    Some(how.split(" (").next().unwrap_or(how).to_owned())
}
