//! Timings of build, reach and cut on a seeded synthetic estate: `timing [nodes] [edges] [seed]`.
//!
//! The estate is layered like a real one (environments, credentials, identities, groups, resources), cut into units with few
//! steps between them, and recirculating (resources store credentials, identities run environments). Degrees, gates and
//! costs are invented: the figures are an anchor for this program, not a claim about anybody's estate.
#![allow(clippy::print_stdout, reason = "printing figures is what this program is for")]

use firebreak_graph::{CutRequest, Graph, NodeId, Source, check, cut, reach};
use firebreak_model::{
    Action, CutOption, CutPolicy, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, NodeKind, Persistence,
    Reversibility, Text, Time,
};
use std::collections::BTreeMap;
use std::time::Instant;

const DAY: i64 = 86_400;

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    /// A few dear things among many cheap ones.
    fn cost(&mut self) -> u32 {
        let u = (self.below(1_000_000) + 1) as f64 / 1_000_000.0;
        (5.0 * u.powf(-0.7)).clamp(1.0, 100_000.0) as u32
    }
}

/// The share of nodes in each layer, in hundredths.
const LAYERS: [(NodeKind, usize); 5] = [
    (NodeKind::Environment, 34),
    (NodeKind::Credential, 26),
    (NodeKind::Identity, 18),
    (NodeKind::Group, 8),
    (NodeKind::Resource, 14),
];

/// Relations with their weight: origin layer, target layer.
const RELATIONS: [(EdgeKind, usize, usize, usize); 9] = [
    (EdgeKind::ReadableIn, 0, 1, 30),
    (EdgeKind::Authenticates, 1, 2, 16),
    (EdgeKind::Derives, 1, 1, 6),
    (EdgeKind::MemberOf, 2, 3, 8),
    (EdgeKind::MayAssume, 2, 2, 6),
    (EdgeKind::MayAct, 3, 4, 18),
    (EdgeKind::MayAct, 2, 4, 12),
    (EdgeKind::Stores, 4, 1, 2),
    (EdgeKind::RunsAs, 2, 0, 2),
];

struct Estate {
    random: Random,
    nodes: usize,
    units: usize,
}

impl Estate {
    fn key(&self, layer: usize, number: usize) -> NodeKey {
        NodeKey::new(LAYERS[layer].0, &format!("t/{number}"))
    }

    /// A node of a layer in a unit; one in `1250` elsewhere.
    fn pick(&mut self, layer: usize, unit: usize) -> NodeKey {
        let count = (self.nodes * LAYERS[layer].1 / 100).max(1);
        let unit = if self.random.one_in(1250) { self.random.below(self.units) } else { unit };
        let share = (count / self.units).max(1);
        let number = (unit * share + self.random.below(share)).min(count - 1);
        self.key(layer, number)
    }

    fn option(&mut self, name: &str, target: &NodeKey) -> CutOption {
        let action = Action { name: Text::new(name), target: target.clone(), parameters: BTreeMap::new() };
        let policy = if self.random.below(100) < 3 { CutPolicy::Never } else { CutPolicy::Allowed };
        let cost = self.random.cost();
        CutOption { action, cost, delay_seconds: 60, reversibility: Reversibility::Reversible, policy }
    }

    fn facts(&mut self, edges: usize) -> Vec<Fact> {
        let mut facts = Vec::with_capacity(self.nodes + edges);
        for (layer, (_, share)) in LAYERS.iter().enumerate() {
            for number in 0..self.nodes * share / 100 {
                let mut fact = NodeFact::new(self.key(layer, number), Interval::ALWAYS, Time(0), "timing");
                fact.crown_jewel = layer == 4 && number % (self.nodes * 14 / 10_000).max(1) == 0;
                if layer == 1 && self.random.one_in(4) {
                    fact.valid = Interval::new(Time(0), Time::from_seconds(DAY * self.random.below(90) as i64 + DAY));
                }
                if layer == 1 || layer == 2 {
                    fact.cuts = vec![self.option("node/disable", &fact.key.clone())];
                }
                facts.push(Fact::Node(fact));
            }
        }
        let total: usize = RELATIONS.iter().map(|relation| relation.3).sum();
        for _ in 0..edges {
            let mut ticket = self.random.below(total);
            let relation = RELATIONS.iter().find(|relation| {
                let here = ticket < relation.3;
                ticket = ticket.saturating_sub(relation.3);
                here
            });
            let (kind, from, to, _) = *relation.unwrap_or(&RELATIONS[0]);
            facts.push(Fact::Edge(self.edge(kind, from, to)));
        }
        facts
    }

    fn edge(&mut self, kind: EdgeKind, from: usize, to: usize) -> EdgeFact {
        let unit = self.random.below(self.units);
        let (origin, target) = (self.pick(from, unit), self.pick(to, unit));
        let mut edge = EdgeFact::new(kind, origin, target, Interval::ALWAYS, Time(0), "timing");
        if self.random.one_in(3) {
            let start = self.random.below(80) as i64;
            let days = 1 + self.random.below(40) as i64;
            edge.valid = Interval::new(Time::from_seconds(start * DAY), Time::from_seconds((start + days) * DAY));
        }
        if kind == EdgeKind::Derives {
            edge.persistence = Persistence::Mint { ttl_seconds: 3600 };
        }
        if kind == EdgeKind::Authenticates && self.random.one_in(3) {
            edge.premises = vec![self.pick(1, unit)];
        }
        if kind == EdgeKind::MayAct || kind == EdgeKind::MayAssume {
            let name = format!("grant/{}", self.random.below(1_000_000));
            edge.cuts = vec![self.option(&name, &edge.to.clone())];
        }
        edge
    }
}

fn summary(mut milliseconds: Vec<f64>) -> String {
    milliseconds.sort_by(f64::total_cmp);
    let at = |share: f64| milliseconds[((milliseconds.len() - 1) as f64 * share) as usize];
    format!("p50 {:8.2} ms   p95 {:8.2} ms   max {:8.2} ms", at(0.5), at(0.95), at(1.0))
}

/// Processor time of this thread where the system tells it, else wall time: the machine may be busy with other things.
fn milliseconds<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let on_processor = || -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    };
    let (before, start) = (on_processor(), Instant::now());
    let result = work();
    let wall = start.elapsed().as_secs_f64() * 1000.0;
    let processor = before.zip(on_processor()).map(|(before, after)| (after - before) / 1e6);
    (result, processor.unwrap_or(wall))
}

fn main() {
    let mut arguments = std::env::args().skip(1).map_while(|argument| argument.parse::<usize>().ok());
    let (nodes, edges) = (arguments.next().unwrap_or(100_000), arguments.next().unwrap_or(1_000_000));
    let seed = arguments.next().unwrap_or(1);
    let mut estate = Estate { random: Random(seed as u64), nodes, units: (nodes / 500).max(1) };
    let facts = estate.facts(edges);
    let ((graph, problems), took) = milliseconds(|| Graph::build(&facts));
    drop(facts);
    println!(
        "{} nodes, {} edges, {} problems: built in {took:.0} ms",
        graph.node_count(),
        graph.edge_count(),
        problems.len()
    );
    let jewels = graph.crown_jewels();
    for (count, work_max) in [(1usize, 0), (1, 40_000_000), (10, 0), (50, 0)] {
        measure(&graph, &mut estate, &jewels, count, work_max);
    }
}

fn measure(graph: &Graph, estate: &mut Estate, jewels: &[NodeId], count: usize, work_max: u64) {
    let (mut reaches, mut cuts, mut checks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut held, mut reached, mut proven, mut steps, mut refused, mut cost, mut bound) =
        (Vec::new(), Vec::new(), 0, 0, 0, 0, 0);
    let rounds = 5;
    let now = Time::from_seconds(DAY * 46);
    for _ in 0..rounds {
        let environments = estate.nodes * LAYERS[0].1 / 100;
        let sources: Vec<Source> = (0..count)
            .filter_map(|_| {
                let number = estate.random.below(environments);
                graph.id(&estate.key(0, number))
            })
            .map(|node| Source::new(node, Time::from_seconds(DAY * 45)))
            .collect();
        let (reach, took) = milliseconds(|| reach(graph, &sources, Time::MAX));
        reaches.push(took);
        reached.push(reach.nodes().len() as f64);
        let request = CutRequest { work_max, ..CutRequest::new(&sources, now, jewels.to_vec()) };
        let (outcome, took) = milliseconds(|| cut(graph, &request));
        held.push(outcome.held.len() as f64);
        cuts.push(took);
        proven += usize::from(outcome.cut.proven);
        steps += outcome.cut.actions.len();
        (cost, bound) = (cost + outcome.cut.cost, bound + outcome.cut.lower_bound);
        let (verdict, took) = milliseconds(|| check::outcome(graph, &request, &outcome));
        checks.push(took);
        refused += usize::from(verdict.is_err());
    }
    reached.sort_by(f64::total_cmp);
    held.sort_by(f64::total_cmp);
    let median = |counts: &[f64]| counts[counts.len() / 2];
    println!(
        "{count} sources, {} nodes reached, {} held at the time of the cut (medians), {} crown jewels, work {work_max}",
        median(&reached),
        median(&held),
        jewels.len()
    );
    println!("  reach  {}", summary(reaches));
    println!("  cut    {}", summary(cuts));
    println!("  check  {}", summary(checks));
    println!(
        "  {proven} of {rounds} proven, {steps} steps, cost {cost}, bound {bound}, {refused} refused by the check"
    );
}
