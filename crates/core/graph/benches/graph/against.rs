//! The map beside other programs, on an estate without intervals and gates, which they do not know: answers must be equal,
//! and ratios are theirs to ours in one run.

use crate::Scale;
use crate::clock::{Samples, timed};
use crate::cuts::{self, Depth};
use crate::estate::Estate;
use crate::handout;
use crate::peers::{Answer, Peers};
use crate::report::Report;
use crate::shape::{NOW, Shape};
use crate::subject::Subject;
use anyhow::{Context, Result, bail};
use firebreak_graph::{Approach, CutRequest, NodeId, check, closure, cut};
use std::path::Path;
use std::sync::Arc;

/// Which sets of sources are cut: how many of which size.
const SETS: [(usize, usize); 3] = [(1, 3), (50, 2), (500, 1)];

/// Exact solvers, and other programs at our questions.
pub(crate) fn everything(report: &mut Report, scale: Scale) -> Result<()> {
    let peers = match Peers::prepare() {
        Ok(peers) if scale.with_peers => peers,
        Ok(_) => {
            skipped(report, "not asked for");
            return Ok(());
        }
        Err(error) => {
            skipped(report, &format!("{error:#}"));
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    exact(report, scale, &peers, &folder.path().join("tiny"))?;
    let small = ["networkx"];
    race(report, &peers, Shape::seg(scale.small).plain(), &folder.path().join("small"), &small, &small)?;
    let reach = ["scipy", "igraph", "rustworkx"];
    let cut = ["scipy", "ortools"];
    race(report, &peers, Shape::seg(scale.size).plain(), &folder.path().join("full"), &reach, &cut)?;
    Ok(())
}

fn skipped(report: &mut Report, why: &str) {
    report.title("Peers");
    report.line("peers skipped", why);
}

/// Plans for estates with gates against an integer program: the bound may not lie above the optimum, nor the plan below,
/// and what is called proven must be it.
fn exact(report: &mut Report, scale: Scale, peers: &Peers, folder: &Path) -> Result<()> {
    let mut gaps = Samples::default();
    let (mut compared, mut unsolved, mut proven) = (0, 0, 0);
    let mut took = Samples::default();
    for seed in 0..4 {
        let estate = Estate::new(Shape::seg(scale.tiny).timeless().with_seed(100 + seed));
        handout::estate(folder, &estate)?;
        let subject = Subject::new(estate);
        let sets: Vec<Vec<u32>> =
            [1, 1, 5, 20, 50].iter().zip(0..).map(|(size, n)| subject.estate.environments(*size, n)).collect();
        let answers = peers.ask("scipy", "exact", folder, &sets)?;
        for (set, answer) in sets.iter().zip(&answers) {
            let sources = subject.sources(set, NOW);
            let request = CutRequest { proof_max: 400_000_000, ..CutRequest::new(&sources, NOW, subject.jewels()) };
            let (outcome, milliseconds) = timed(|| cut(&subject.graph, &request));
            took.push(milliseconds);
            if let Err(fault) = check::outcome(&subject.graph, &request, &outcome) {
                bail!("the check refuses a cut of {} sources: {fault}", set.len());
            }
            let Some(optimum) = answer.value else {
                unsolved += 1;
                continue;
            };
            let (cost, bound) = (outcome.cut.cost, outcome.cut.lower_bound);
            if bound > optimum || cost < optimum || answer.uncuttable != outcome.uncuttable.len() as u64 {
                bail!(
                    "seed {seed}, {} sources: cost {cost} and bound {bound} with {} uncuttable, but HiGHS says {optimum} with {}",
                    set.len(),
                    outcome.uncuttable.len(),
                    answer.uncuttable
                );
            }
            compared += 1;
            proven += usize::from(outcome.cut.proven);
            gaps.push(if optimum == 0 { 0.0 } else { (cost - optimum) as f64 / optimum as f64 * 100.0 });
        }
    }
    report.title("Plans with gates against a proven optimum (HiGHS, integer program), small estates");
    report.line(
        "compared",
        &format!("{compared} plans, {unsolved} that HiGHS did not solve in a minute; {proven} proven by ourselves"),
    );
    report.line("cost above the optimum", &format!("at most {:.2}%, {:.2}% in the median", gaps.most(), gaps.at(0.5)));
    report.line("ours took", &took.words());
    report.more("gap_exact_most", gaps.most().into());
    Ok(())
}

/// Asks peers and the map the same questions about one estate.
fn race(
    report: &mut Report,
    peers: &Peers,
    shape: Shape,
    folder: &Path,
    reachers: &[&str],
    cutters: &[&str],
) -> Result<()> {
    let estate = Estate::new(shape);
    handout::estate(folder, &estate)?;
    let subject = Subject::new(estate);
    let size = format!("{} nodes, {} edges", subject.graph.node_count(), subject.graph.edge_count());
    report.title(&format!("Beside other programs: {size}, no intervals, no gates"));
    let ours = our_reach(&subject, 5);
    for peer in reachers {
        let sets: Vec<Vec<u32>> =
            (0..ours.sets.len().min(2) as u64).map(|n| subject.estate.environments(1, n)).collect();
        match peers.ask(peer, "reach", folder, &sets) {
            Ok(answers) => compare(report, peer, "reach", &ours, &answers)?,
            Err(error) => report.line(peer, &format!("{error:#}")),
        }
    }
    let approach = Arc::new(Approach::new(&subject.graph, &subject.jewels()));
    for (sources, count) in SETS {
        let sets: Vec<Vec<u32>> = (0..count as u64).map(|n| subject.estate.environments(sources, 77 + n)).collect();
        let found = cuts::measure(&subject, &approach, &sets, Depth::Proof)?;
        let question = format!("cut_{sources}");
        let ours = Ours {
            milliseconds: found.took.at(0.5),
            sets: found.costs.iter().copied().zip(found.uncuttable.iter().copied()).collect(),
        };
        for peer in cutters {
            match peers.ask(peer, "cut", folder, &sets) {
                Ok(answers) => compare(report, peer, &question, &ours, &answers)?,
                Err(error) => report.line(peer, &format!("{error:#}")),
            }
        }
    }
    Ok(())
}

/// What the map answered: how long it took in the median, and for each set a value and how much of it has none.
struct Ours {
    milliseconds: f64,
    sets: Vec<(u64, u64)>,
}

fn our_reach(subject: &Subject, count: u64) -> Ours {
    let mut took = Samples::default();
    let mut sets = Vec::new();
    for number in 0..count {
        let sources: Vec<NodeId> =
            subject.estate.environments(1, number).into_iter().filter_map(|node| subject.id(node)).collect();
        let (found, milliseconds) = timed(|| closure(&subject.graph, &sources, NOW));
        took.push(milliseconds);
        sets.push((found.len() as u64, 0));
    }
    Ours { milliseconds: took.at(0.5), sets }
}

fn compare(report: &mut Report, peer: &str, question: &str, ours: &Ours, answers: &[Answer]) -> Result<()> {
    let mut took = Samples::default();
    for (answer, (value, without)) in answers.iter().zip(&ours.sets) {
        let theirs = answer.value.with_context(|| format!("{peer} has no answer to `{question}`"))?;
        if theirs != *value || answer.uncuttable != *without {
            bail!("`{question}`: {peer} says {theirs} ({} uncuttable), ours is {value} ({without})", answer.uncuttable);
        }
        took.push(answer.milliseconds);
    }
    report.ratio(peer, question, took.at(0.5), ours.milliseconds, "equal answers");
    Ok(())
}
