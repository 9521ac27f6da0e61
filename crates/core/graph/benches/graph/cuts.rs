//! Cuts: how long they take, whether they hold, and how far they are from what is proven.

use crate::clock::{Samples, timed};
use crate::shape::NOW;
use crate::subject::Subject;
use anyhow::{Result, bail};
use firebreak_graph::{Approach, CutOutcome, CutRequest, Outlook, check, cut_from};
use std::sync::Arc;

/// What came of several cuts of one kind.
#[derive(Default)]
pub(crate) struct Cuts {
    pub(crate) outlook: Samples,
    pub(crate) took: Samples,
    pub(crate) checked_in: Samples,
    pub(crate) costs: Vec<u64>,
    pub(crate) uncuttable: Vec<u64>,
    /// By how many hundredths the cost lies above the proven bound.
    pub(crate) gaps: Samples,
    pub(crate) proven: usize,
}

impl Cuts {
    pub(crate) fn words(&self) -> String {
        format!(
            "{}; {} of {} proven, gap at most {:.2}%",
            self.took.words(),
            self.proven,
            self.took.len(),
            self.gaps.most()
        )
    }
}

/// How far a cut goes.
#[derive(Clone, Copy)]
pub(crate) enum Depth {
    /// The plan that is there at once.
    Safe,
    /// The cheapest plan that flow finds.
    Plan,
    /// That, and its proof as far as 400 million operations bring it.
    Proof,
}

impl Depth {
    fn limits(self) -> (u64, u64) {
        match self {
            Depth::Safe => (0, 0),
            Depth::Plan => (400_000_000, 0),
            Depth::Proof => (400_000_000, 400_000_000),
        }
    }
}

/// Cuts each set of environments from the crown jewels. Every plan is given to the check, until that took long enough; then
/// the check is asked no more. The approach to the jewels stands before anything is compromised; what is held and what follows from it (the outlook) is timed apart.
pub(crate) fn measure(subject: &Subject, approach: &Arc<Approach>, sets: &[Vec<u32>], depth: Depth) -> Result<Cuts> {
    let mut cuts = Cuts::default();
    let (plan_max, proof_max) = depth.limits();
    for set in sets {
        let sources = subject.sources(set, NOW);
        let request = CutRequest { plan_max, proof_max, ..CutRequest::new(&sources, NOW, subject.jewels()) };
        let (outlook, took) = timed(|| Outlook::new(&subject.graph, &sources, NOW, approach.clone()));
        cuts.outlook.push(took);
        let (outcome, took) = timed(|| cut_from(&subject.graph, &request, &outlook));
        cuts.took.push(took);
        if !cuts.checked_in.are_enough() {
            let (verdict, took) = timed(|| check::outcome(&subject.graph, &request, &outcome));
            cuts.checked_in.push(took);
            if let Err(fault) = verdict {
                bail!("the check refuses a cut of {} sources on `{}`: {fault}", set.len(), subject.estate.shape.name);
            }
        }
        cuts.count(&outcome);
        if cuts.took.are_enough() {
            break;
        }
    }
    Ok(cuts)
}

impl Cuts {
    fn count(&mut self, outcome: &CutOutcome) {
        let (cost, bound) = (outcome.cut.cost, outcome.cut.lower_bound);
        self.costs.push(cost);
        self.uncuttable.push(outcome.uncuttable.len() as u64);
        self.gaps.push(if cost == 0 { 0.0 } else { (cost - bound) as f64 / bound.max(1) as f64 * 100.0 });
        self.proven += usize::from(outcome.cut.proven);
    }
}
