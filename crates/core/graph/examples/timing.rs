//! Timings of the map's storage and searches on the benchmark's estate, one figure a line: `timing [nodes] [edges] [words]`.
//! Words choose what is asked, all of it where there are none: a shape (`seg`, `tight`), `closure`, `reach`, `distances`,
//! `approach`, `classes`, `outlook`, `changes`, `memory`; `rounds=N` says how often. The official figures are
//! `benches/graph`'s; this one is for a quick look while something is changed.
#![allow(clippy::print_stdout, reason = "printing figures is what this program is for")]
#![allow(dead_code, reason = "the benchmark uses more of its own modules")]

#[path = "../benches/graph/clock.rs"]
mod clock;
#[path = "../benches/graph/estate.rs"]
mod estate;
#[path = "../benches/graph/random.rs"]
mod random;
#[path = "../benches/graph/shape.rs"]
mod shape;

use clock::{Samples, memory, timed};
use estate::Estate;
use firebreak_graph::{Approach, Classes, Distances, Graph, GraphBuilder, NodeId, Outlook, Source, closure, reach};
use firebreak_model::{Change, Fact, Time};
use shape::{COMPROMISED, NOW, Shape};
use std::sync::Arc;

/// As the product allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn built(estate: &Estate) -> Graph {
    let mut builder = GraphBuilder::with_room(estate.shape.nodes as usize, estate.shape.edges as usize);
    estate.facts(|fact| builder.state(&fact));
    let ((graph, problems), took) = timed(|| builder.finish());
    println!("{} nodes, {} edges, {} problems", graph.node_count(), graph.edge_count(), problems.len());
    println!("laid flat in {took:.0} ms");
    if let Some((resident, peak)) = memory() {
        println!("resident {resident:.0} MiB, at most {peak:.0} MiB");
    }
    graph
}

/// What is asked, and how often.
struct Asked {
    words: Vec<String>,
    rounds: usize,
}

impl Asked {
    fn of(arguments: &[String]) -> Asked {
        let mut asked = Asked { words: Vec::new(), rounds: 30 };
        for argument in arguments.iter().filter(|argument| argument.parse::<u32>().is_err()) {
            match argument.strip_prefix("rounds=").and_then(|rounds| rounds.parse().ok()) {
                Some(rounds) => asked.rounds = rounds,
                None => asked.words.push(argument.clone()),
            }
        }
        asked
    }

    /// Whether `word` is asked for, or nothing of its kind is.
    fn wants(&self, word: &str, kind: &[&str]) -> bool {
        let of_kind = |asked: &String| kind.contains(&asked.as_str());
        self.words.iter().any(|asked| asked == word) || !self.words.iter().any(of_kind)
    }

    fn question(&self, word: &str) -> bool {
        self.wants(word, &["closure", "reach", "distances", "approach", "classes", "outlook", "changes", "memory"])
    }
}

/// Asks so often, and prints how long it took and the figures that each answer gives.
fn several<const N: usize>(asked: &Asked, name: &str, of: [&str; N], mut ask: impl FnMut(usize) -> (f64, [f64; N])) {
    if !asked.question(name) {
        return;
    }
    let mut took = Samples::default();
    let mut figures: [Samples; N] = std::array::from_fn(|_| Samples::default());
    for round in 0..asked.rounds {
        let (milliseconds, found) = ask(round);
        took.push(milliseconds);
        figures.iter_mut().zip(found).for_each(|(samples, found)| samples.push(found));
    }
    println!("{name:12} {}", took.words());
    of.iter().zip(&figures).for_each(|(name, samples)| println!("  {name:10} {}", samples.words()));
}

fn searches(estate: &Estate, graph: &Graph, asked: &Asked) {
    let drawn = |count: usize, round: usize| -> Vec<NodeId> {
        estate.environments(count, round as u64).iter().filter_map(|node| graph.id(&estate.key(*node))).collect()
    };
    let sources = |count: usize, round: usize| -> Vec<Source> {
        drawn(count, round).iter().map(|node| Source::new(*node, COMPROMISED)).collect()
    };
    several(asked, "closure", ["nodes"], |round| {
        let nodes = drawn(1, round);
        let (found, took) = timed(|| closure(graph, &nodes, COMPROMISED));
        (took, [found.len() as f64])
    });
    several(asked, "reach", ["nodes", "work"], |round| {
        let sources = sources(1, round);
        let (found, took) = timed(|| reach(graph, &sources, Time::MAX));
        (took, [found.nodes().len() as f64, found.work() as f64])
    });
    let jewels: Vec<NodeId> = estate.jewels().iter().filter_map(|node| graph.id(&estate.key(*node))).collect();
    let approach = Arc::new(Approach::new(graph, &jewels));
    several(asked, "outlook", [], |round| {
        let sources = sources(50, round);
        (timed(|| Outlook::new(graph, &sources, NOW, approach.clone())).1, [])
    });
    let standing = Asked { words: asked.words.clone(), rounds: asked.rounds.div_ceil(10) };
    several(&standing, "approach", [], |_| (timed(|| Approach::new(graph, &jewels)).1, []));
    several(&standing, "distances", ["leading"], |_| {
        let (found, took) = timed(|| Distances::to(graph, &jewels));
        (took, [graph.node_ids().filter(|id| found.leads(*id)).count() as f64])
    });
    several(&standing, "classes", ["leading"], |_| {
        let (found, took) = timed(|| Classes::of(graph));
        (took, [graph.node_ids().filter(|id| found.label(*id) != 0).count() as f64])
    });
}

/// Changes of an estate drawn with another seed, so that nearly all are new, and their ends.
fn changes(estate: &Estate, graph: &mut Graph) {
    let other = Estate::new(Shape { edges: 50_000, ..estate.shape.clone().with_seed(77) });
    let mut stream = Vec::new();
    other.facts(|fact| {
        if matches!(fact, Fact::Edge(_)) {
            stream.push(Change::State { fact: fact.clone() });
            stream.push(Change::End { fact, at: Time::from_seconds(0), known: Time::MAX });
        }
    });
    let mut took = Samples::default();
    for some in stream.chunks(100) {
        took.push(timed(|| graph.apply(some)).1 * 10.0);
    }
    println!("{} changes, us each in hundreds: {}", stream.len(), took.words());
    println!("overlay {:.4}", graph.overlay_share());
    let mut took = Samples::default();
    for some in stream.iter().take(20_000).step_by(37) {
        took.push(timed(|| graph.apply(std::slice::from_ref(some))).1 * 1000.0);
    }
    println!("one change, us: {}", took.words());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = arguments.iter().map_while(|argument| argument.parse::<u32>().ok());
    let size = (numbers.next().unwrap_or(100_000), numbers.next().unwrap_or(1_000_000));
    let asked = Asked::of(&arguments);
    for shape in [Shape::seg(size), Shape::tight(size)] {
        if !asked.wants(shape.name, &["seg", "tight"]) {
            continue;
        }
        println!("-- {}", shape.name);
        let estate = Estate::new(shape);
        let mut graph = built(&estate);
        searches(&estate, &graph, &asked);
        if !asked.question("changes") {
            continue;
        }
        changes(&estate, &mut graph);
        searches(&estate, &graph, &asked);
        let ((), took) = timed(|| graph.compact());
        println!("compact in {took:.0} ms");
        if let Some((resident, peak)) = memory() {
            println!("resident {resident:.0} MiB, at most {peak:.0} MiB");
        }
        searches(&estate, &graph, &asked);
    }
}
