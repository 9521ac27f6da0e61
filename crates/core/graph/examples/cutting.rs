//! A quick look at cuts on the benchmark's estate: `cutting [nodes] [edges] [sources] [count]`.
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

use clock::{Samples, timed};
use estate::Estate;
use firebreak_graph::{Approach, CutRequest, GraphBuilder, NodeId, Outlook, Source, check, cut_from};
use shape::{NOW, Shape};
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<u32> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let size = (arguments[0], arguments[1]);
    let limit = |name: &str, most: u64| std::env::var(name).ok().and_then(|limit| limit.parse().ok()).unwrap_or(most);
    let (plan_max, proof_max) = (limit("PLAN", 400_000_000), limit("PROOF", 40_000_000));
    let shape = if std::env::var("TIGHT").is_ok() { Shape::tight(size) } else { Shape::seg(size) };
    let shape = if std::env::var("TIMELESS").is_ok() { shape.timeless() } else { shape };
    let estate = Estate::new(shape);
    let mut builder = GraphBuilder::with_room(estate.shape.nodes as usize, estate.shape.edges as usize);
    estate.facts(|fact| builder.state(&fact));
    let (graph, _) = builder.finish();
    let jewels: Vec<NodeId> = estate.jewels().iter().filter_map(|node| graph.id(&estate.key(*node))).collect();
    let (approach, took) = timed(|| Arc::new(Approach::new(&graph, &jewels)));
    println!("approach {took:.0} ms");
    for pair in arguments[2..].chunks(2) {
        let (sources, count) = (pair[0] as usize, pair[1] as usize);
        let (mut outlooks, mut cuts, mut checks) = (Samples::default(), Samples::default(), Samples::default());
        let mut gap = 0.0f64;
        for number in 0..count {
            let set = estate.environments(sources, (sources * 10_000 + number) as u64);
            let sources: Vec<Source> =
                set.iter().filter_map(|node| graph.id(&estate.key(*node))).map(|node| Source::new(node, NOW)).collect();
            let request = CutRequest { plan_max, proof_max, ..CutRequest::new(&sources, NOW, jewels.clone()) };
            let (outlook, took) = timed(|| Outlook::new(&graph, &sources, NOW, approach.clone()));
            outlooks.push(took);
            let (outcome, took) = timed(|| cut_from(&graph, &request, &outlook));
            cuts.push(took);
            let cut = &outcome.cut;
            if took > 5.0 || count < 50 {
                println!(
                    "  {}: {took:.1} ms, cost {} bound {} proofs {} steps {} uncuttable {}",
                    sources.len(),
                    cut.cost,
                    cut.lower_bound,
                    cut.certificate.proofs.len(),
                    cut.actions.len(),
                    outcome.uncuttable.len()
                );
            }
            gap = gap.max((cut.cost - cut.lower_bound) as f64 / cut.lower_bound.max(1) as f64 * 100.0);
            if std::env::var("CHECK").is_ok() {
                let (verdict, took) = timed(|| check::outcome(&graph, &request, &outcome));
                checks.push(took);
                verdict.unwrap_or_else(|fault| println!("  REFUSED {fault}"));
            }
        }
        println!("{sources} sources: outlook {}\n   cut {}; gap at most {gap:.2}%", outlooks.words(), cuts.words());
        if checks.len() > 0 {
            println!("   check {}", checks.words());
        }
    }
}
