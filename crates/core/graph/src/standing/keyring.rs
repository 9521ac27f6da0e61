//! Keyring adjacency: what a package would find where it is installed, and what that opens.

use super::Standing;
use super::live::Live;
use super::parts::Parts;
use crate::flat::{item, put};
use crate::graph::NodeId;
use firebreak_model::{EdgeKind, NodeKey, NodeKind};
use serde::{Deserialize, Serialize};

/// What one package lies beside.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Keyring {
    /// Which package.
    pub package: NodeKey,
    /// In how many environments it is installed.
    pub environments: u64,
    /// How many different credentials are readable there.
    pub credentials: u64,
    /// How many records lie in the resources that these credentials reach together (helped), each resource counted once.
    pub records: u64,
    /// `credentials` times `records`.
    pub score: f64,
}

/// Packages by score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Keyrings {
    /// The packages with the highest scores, highest first, then by key.
    pub packages: Vec<Keyring>,
    /// Whether records were counted, or estimated.
    pub exact: bool,
    /// By how much an estimate of records is usually off, as a share (one standard deviation); 0 where they were counted.
    pub error: f64,
}

/// Counting goes over all steps once for 64 resources: up to so many steps in all, records are counted.
const COUNTED_WORK_MAX: u64 = 300_000_000;

/// Estimates come from so many draws.
const DRAWS: usize = 64;
const LANES: usize = 8;

/// Installations and what is readable there, as lists of nodes.
struct Beside {
    /// Each package with its environments.
    packages: Vec<(u32, Vec<u32>)>,
    /// Environment -> credentials.
    readable: Vec<Vec<u32>>,
}

impl Standing<'_> {
    /// The packages with the highest scores, at most `most`.
    pub fn keyrings(&self, most: usize) -> Keyrings {
        let (beside, holders) = (self.beside(), self.holders());
        let work = self.live.arc_count() as u64 * holders.len().div_ceil(64) as u64;
        let exact = work <= COUNTED_WORK_MAX;
        let records = if exact {
            counted(&self.live, &self.helped, &beside, &holders)
        } else {
            estimated(&self.live, &self.helped, &beside, &holders)
        };
        let mut seen = vec![crate::net::NONE; self.live.node_count()];
        let mut packages = Vec::new();
        for (number, ((package, environments), records)) in (0u32..).zip(beside.packages.iter().zip(records)) {
            let mut credentials = 0;
            for credential in environments.iter().flat_map(|environment| beside.readable(*environment)) {
                credentials += u64::from(item(&seen, *credential as usize) != number);
                put(&mut seen, *credential as usize, number);
            }
            let Some(key) = self.graph.key(NodeId(*package)) else { continue };
            let (environments, score) = (environments.len() as u64, credentials as f64 * records as f64);
            packages.push(Keyring { package: key, environments, credentials, records, score });
        }
        packages.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.package.cmp(&b.package)));
        packages.truncate(most);
        let error = if exact { 0.0 } else { 1.0 / ((DRAWS - 2) as f64).sqrt() };
        Keyrings { packages, exact, error }
    }

    /// Resources with the records that lie in them.
    fn holders(&self) -> Vec<(u32, u64)> {
        let resources = self.live.nodes().filter(|node| self.live.kind(*node) == Some(NodeKind::Resource));
        resources.map(|node| (node, self.records_in(node))).filter(|(_, records)| *records > 0).collect()
    }

    /// Records by package, counted and estimated.
    #[cfg(test)]
    pub(super) fn both_ways(&self) -> (Vec<u64>, Vec<u64>) {
        let (beside, holders) = (self.beside(), self.holders());
        (counted(&self.live, &self.helped, &beside, &holders), estimated(&self.live, &self.helped, &beside, &holders))
    }

    fn beside(&self) -> Beside {
        let mut readable = vec![Vec::new(); self.live.node_count()];
        let mut packages = Vec::new();
        for node in self.live.nodes() {
            let ends = |kind: EdgeKind| {
                let arcs = self.live.arcs(node).iter().filter(move |arc| self.graph.kind(arc.edge) == Some(kind));
                let mut ends: Vec<u32> = arcs.map(|arc| arc.to).collect();
                ends.sort_unstable();
                ends.dedup();
                ends
            };
            match self.live.kind(node) {
                Some(NodeKind::Package) => packages.push((node, ends(EdgeKind::InstalledIn))),
                Some(NodeKind::Environment) => put(&mut readable, node as usize, ends(EdgeKind::ReadableIn)),
                _ => {}
            }
        }
        Beside { packages, readable }
    }

    fn records_in(&self, resource: u32) -> u64 {
        self.graph.holdings(NodeId(resource)).iter().map(|holding| holding.records).fold(0, u64::saturating_add)
    }
}

impl Beside {
    fn readable(&self, environment: u32) -> &[u32] {
        self.readable.get(environment as usize).map_or(&[], Vec::as_slice)
    }

    /// For each package what its credentials come to together.
    fn join<T: Copy>(&self, nothing: T, of: impl Fn(u32) -> T, join: impl Fn(T, T) -> T) -> Vec<T> {
        let all = |nodes: &[u32], of: &dyn Fn(u32) -> T| nodes.iter().fold(nothing, |sum, node| join(sum, of(*node)));
        let of_environment: Vec<T> = self.readable.iter().map(|credentials| all(credentials, &of)).collect();
        let one = |node: u32| of_environment.get(node as usize).copied().unwrap_or(nothing);
        self.packages.iter().map(|(_, environments)| all(environments, &one)).collect()
    }
}

/// Records within reach of each package's credentials, counted.
fn counted(live: &Live, parts: &Parts, beside: &Beside, holders: &[(u32, u64)]) -> Vec<u64> {
    let mut totals = vec![0u64; beside.packages.len()];
    let mut own = vec![0u64; live.node_count()];
    for some in holders.chunks(64) {
        some.iter().enumerate().for_each(|(bit, (node, _))| put(&mut own, *node as usize, 1 << bit));
        let reached = parts.gather(live, |node| item(&own, node as usize), |a, b| a | b);
        for (total, mask) in totals.iter_mut().zip(beside.join(0, |node| reached.of(node), |a, b| a | b)) {
            let in_mask = some.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
            *total = in_mask.fold(*total, |total, (_, (_, records))| total.saturating_add(*records));
        }
        some.iter().for_each(|(node, _)| put(&mut own, *node as usize, 0));
    }
    totals
}

/// The same, estimated (Cohen, size estimation): each resource draws an exponential time with its records as rate; the
/// earliest time within reach has the sum of the records as rate, so that several draws tell the sum.
fn estimated(live: &Live, parts: &Parts, beside: &Beside, holders: &[(u32, u64)]) -> Vec<u64> {
    let mut sums = vec![0f64; beside.packages.len()];
    for batch in 0..(DRAWS / LANES) as u64 {
        let never = Earliest::default();
        let mut own = vec![never; live.node_count()];
        holders
            .iter()
            .for_each(|(node, records)| put(&mut own, *node as usize, Earliest::drawn(*node, *records, batch)));
        let reached = parts.gather(live, |node| item(&own, node as usize), Earliest::join);
        let earliest = beside.join(never, |node| reached.of(node), Earliest::join);
        for (sum, earliest) in sums.iter_mut().zip(earliest) {
            *sum += earliest.0.iter().map(|time| f64::from(*time)).sum::<f64>();
        }
    }
    let estimate = |sum: f64| if sum.is_finite() { ((DRAWS - 1) as f64 / sum).round() as u64 } else { 0 };
    sums.into_iter().map(estimate).collect()
}

/// The earliest times of several draws.
#[derive(Clone, Copy)]
struct Earliest([f32; LANES]);

impl Default for Earliest {
    fn default() -> Self {
        Earliest([f32::INFINITY; LANES])
    }
}

impl Earliest {
    fn drawn(node: u32, records: u64, batch: u64) -> Earliest {
        let mut lane = u64::from(node) << 16 | batch << 8;
        Earliest([(); LANES].map(|()| {
            lane += 1;
            let mut mixed = lane.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            // Above 0 and at most 1.
            let share = (((mixed ^ (mixed >> 31)) >> 11) + 1) as f64 / (1u64 << 53) as f64;
            (-share.ln() / records as f64) as f32
        }))
    }

    fn join(self, other: Earliest) -> Earliest {
        let mut earliest = self;
        earliest.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine = mine.min(theirs));
        earliest
    }
}
