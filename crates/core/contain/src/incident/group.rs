//! Which findings and judgements belong together. Two do if they share a subject, actor or environment within a time,
//! or if an exposed or suspect environment could read what a finding is about; one incident is everything that hangs
//! together that way, in whatever order it arrived.
//!
//! Belonging together is not being compromised: that is for scope to say.

use crate::scope::exposure;
use firebreak_graph::Graph;
use firebreak_model::{EdgeKind, Finding, FindingId, Interval, Judgement, NodeKey, NodeKind, Text, Time, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far apart two findings about the same thing may be and still belong together, in seconds: 14 days.
pub const TOGETHER_SECONDS: i64 = 14 * 86_400;

/// A finding or a judgement, by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A finding.
    Finding(FindingId),
    /// A judgement, by its environment and profile.
    Judgement(NodeKey, Text),
}

impl Item {
    /// The item that is this judgement.
    pub fn of(judgement: &Judgement) -> Item {
        Item::Judgement(judgement.environment.clone(), judgement.profile.clone())
    }

    /// The text that names an incident which begins with this item.
    pub fn name(&self) -> String {
        match self {
            Item::Finding(id) => id.to_string(),
            Item::Judgement(environment, profile) => format!("{environment}\n{profile}"),
        }
    }
}

/// Where to look for what belongs to an item.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Findings by what they are about, in the order of time.
    seen: BTreeMap<NodeKey, BTreeSet<(Time, FindingId)>>,
    /// Judgements by what could be lost in their environment, and from when on.
    lost: BTreeMap<NodeKey, BTreeSet<(Time, Item)>>,
    /// Judgements by profile.
    profiles: BTreeMap<Text, BTreeSet<Item>>,
}

impl Index {
    /// Adds a finding about `keys` and gives what belongs to it.
    pub(super) fn finding(&mut self, finding: &Finding, keys: &BTreeSet<NodeKey>) -> BTreeSet<Item> {
        let mut together = BTreeSet::new();
        for key in keys.iter().filter(|key| is_telling(key)) {
            let seen = self.seen.entry(key.clone()).or_default();
            let here = (finding.at, finding.id.clone());
            // Whatever is near belongs to the nearest, so the nearest on each side will do.
            let near = |other: &&(Time, FindingId)| {
                (other.0.seconds_since(finding.at)).abs() <= TOGETHER_SECONDS as f64 && other.1 != finding.id
            };
            together.extend(seen.range(..&here).rev().take(1).filter(near).map(|(_, id)| Item::Finding(id.clone())));
            together.extend(seen.range(&here..).filter(near).take(1).map(|(_, id)| Item::Finding(id.clone())));
            seen.insert(here);
            let lost = self.lost.get(key).into_iter().flatten().take_while(|(since, _)| *since <= finding.at);
            together.extend(lost.map(|(_, item)| item.clone()));
        }
        together
    }

    /// Adds an exposed or suspect judgement and gives what belongs to it.
    pub(super) fn judgement(&mut self, judgement: &Judgement, graph: &Graph) -> BTreeSet<Item> {
        let item = Item::of(judgement);
        let since = exposure(judgement).0;
        let profile = self.profiles.entry(judgement.profile.clone()).or_default();
        let mut together = profile.clone();
        profile.insert(item.clone());
        for key in lost_in(graph, &judgement.environment).into_iter().filter(is_telling) {
            let seen = self.seen.get(&key).into_iter().flatten().filter(|(at, _)| since <= *at);
            together.extend(seen.map(|(_, id)| Item::Finding(id.clone())));
            let lost = self.lost.entry(key).or_default();
            together.extend(lost.iter().map(|(_, item)| item.clone()));
            lost.insert((since, item.clone()));
        }
        together.remove(&item);
        together
    }
}

/// Whether sharing this key says anything: anyone, and a platform's own services, act in unrelated things.
fn is_telling(key: &NodeKey) -> bool {
    !(key.kind() == NodeKind::Identity && (key.name() == "*" || key.name().ends_with(".amazonaws.com")))
}

/// The environment, what can be read there or what runs as, and whom that authenticates.
fn lost_in(graph: &Graph, environment: &NodeKey) -> BTreeSet<NodeKey> {
    let mut lost = BTreeSet::from([environment.clone()]);
    let readable = readable_in(graph, environment);
    for key in &readable {
        let Some(id) = graph.id(key) else { continue };
        let follows = [EdgeKind::Authenticates, EdgeKind::Derives];
        let next = graph.edges_from(id).filter(|edge| follows.contains(&edge.kind));
        lost.extend(next.filter_map(|edge| graph.key(edge.to)));
    }
    lost.extend(readable);
    lost
}

/// The credentials and identities that code in `environment` can use.
pub(super) fn readable_in(graph: &Graph, environment: &NodeKey) -> BTreeSet<NodeKey> {
    let Some(id) = graph.id(environment) else { return BTreeSet::new() };
    let edges = graph.edges_from(id).filter(|edge| matches!(edge.kind, EdgeKind::ReadableIn | EdgeKind::RunsAs));
    edges.filter_map(|edge| graph.key(edge.to)).collect()
}

/// The credentials that could be read in the environment while it was exposed and that live at `now`.
pub(super) fn live_keys(graph: &Graph, judgement: &Judgement, now: Time) -> BTreeSet<NodeKey> {
    let Some(id) = graph.id(&judgement.environment) else { return BTreeSet::new() };
    let (since, until) = exposure(judgement);
    let exposed = Interval::new(since, until);
    let read = graph.edges_from(id).filter(|edge| edge.kind == EdgeKind::ReadableIn && edge.valid.overlaps(&exposed));
    let nodes = read.filter_map(|edge| graph.node(edge.to));
    let lives = |node: &firebreak_graph::Node| node.key.kind() == NodeKind::Credential && node.valid.to > now;
    nodes.filter(lives).map(|node| node.key).collect()
}

/// Whether something could be read in the environment while it was exposed.
pub(super) fn loses_something(graph: &Graph, judgement: &Judgement) -> bool {
    let Some(id) = graph.id(&judgement.environment) else { return false };
    let (since, until) = exposure(judgement);
    let exposed = Interval::new(since, until);
    let mut edges = graph.edges_from(id).filter(|edge| matches!(edge.kind, EdgeKind::ReadableIn | EdgeKind::RunsAs));
    judgement.verdict == Verdict::Exposed && edges.any(|edge| edge.valid.overlaps(&exposed))
}
