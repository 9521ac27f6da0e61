//! Timings of the map's storage and searches on the benchmark's estate, one figure a line: `timing [nodes] [edges]`. The official
//! figures are `benches/graph`'s; this one is for a quick look while something is changed.
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
use firebreak_graph::{Classes, Distances, Graph, GraphBuilder, NodeId, Source, closure, reach};
use firebreak_model::{Change, Fact, Time};
use shape::{COMPROMISED, Shape};

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

fn searches(estate: &Estate, graph: &Graph, rounds: usize) {
    let mut figures: [Samples; 5] = Default::default();
    for round in 0..rounds {
        let nodes: Vec<NodeId> =
            estate.environments(1, round as u64).iter().filter_map(|node| graph.id(&estate.key(*node))).collect();
        let sources: Vec<Source> = nodes.iter().map(|node| Source::new(*node, COMPROMISED)).collect();
        let (found, took) = timed(|| closure(graph, &nodes, COMPROMISED));
        figures[0].push(took);
        figures[1].push(found.len() as f64);
        let (found, took) = timed(|| reach(graph, &sources, Time::MAX));
        figures[2].push(took);
        figures[3].push(found.nodes().len() as f64);
        figures[4].push(found.work() as f64);
    }
    for (name, samples) in ["closure ms", "  nodes", "reach ms", "  nodes", "  work"].iter().zip(&figures) {
        println!("{name:12} {}", samples.words());
    }
}

fn standing(estate: &Estate, graph: &Graph) {
    let jewels: Vec<NodeId> = estate.jewels().iter().filter_map(|node| graph.id(&estate.key(*node))).collect();
    let (found, took) = timed(|| Distances::to(graph, &jewels));
    let leads = graph.node_ids().filter(|id| found.leads(*id)).count();
    println!("distances to {} jewels: {took:.0} ms, {leads} nodes lead there", jewels.len());
    let (found, took) = timed(|| Classes::of(graph));
    let leads = graph.node_ids().filter(|id| found.label(*id) != 0).count();
    println!("classes: {took:.0} ms, {leads} nodes lead to some");
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
    let mut arguments = std::env::args().skip(1).map_while(|argument| argument.parse::<u32>().ok());
    let size = (arguments.next().unwrap_or(100_000), arguments.next().unwrap_or(1_000_000));
    let only_memory = std::env::args().any(|argument| argument == "memory");
    if only_memory {
        built(&Estate::new(Shape::seg(size)));
        return;
    }
    for shape in [Shape::seg(size), Shape::tight(size)] {
        println!("-- {}", shape.name);
        let estate = Estate::new(shape);
        let mut graph = built(&estate);
        searches(&estate, &graph, 30);
        standing(&estate, &graph);
        changes(&estate, &mut graph);
        searches(&estate, &graph, 10);
        let ((), took) = timed(|| graph.compact());
        println!("compact in {took:.0} ms");
        if let Some((resident, peak)) = memory() {
            println!("resident {resident:.0} MiB, at most {peak:.0} MiB");
        }
        searches(&estate, &graph, 10);
    }
}
