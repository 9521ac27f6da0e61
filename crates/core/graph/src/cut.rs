//! The cut: the cheapest set of actions after which no target is within reach from now on, and the certificate.
//!
//! # What it means
//!
//! At `now` everything that may already be held counts as lost: the sources, and every node that a `Take` or `Mint` step may
//! have given by then. From there on, `reach` applies with the chosen actions done: an action disables every node and every edge
//! that offers it, from now on. A set of actions **severs** a target if the target is then never held. Undecided
//! edges count as usable: a plan must hold whatever they turn out to be.
//!
//! One action (name, target, parameters) is paid once wherever it is attached. An action that may never be done, that was refused,
//! that acts on a node that must never be cut or would disable one, is no option anywhere. Cost is what the request
//! says, and at least 1.
//!
//! A target that all permitted actions together do not sever is **uncuttable**: it is named with the path that stays and what
//! is missing, and the others are cut all the same.
//!
//! The plan is safe in any case. It is **proven** if its cost equals the bound that the certificate proves; whoever doubts
//! either asks [`crate::check`], which shares no code with this module. Order and delay of actions are the planner's.

mod alternatives;
mod certificate;
mod derive;
mod flow;
mod ground;
mod hitting;
mod leaks;
mod outcome;
mod outlook;
pub(crate) mod packing;
mod paged;
mod report;
mod request;
mod scene;
mod side;
mod solve;
mod walk;

use crate::arrive::{Start, arrive};
use crate::graph::{Graph, NodeId};
use crate::loss::Losses;
use crate::reach::{Reach, reach_of};
pub use alternatives::{Alternative, alternatives};
use firebreak_model::{Action, Time};
pub use outcome::{Bound, Certificate, ChosenAction, Cut, CutOutcome, Held, Place, Proof, Uncuttable};
pub use outlook::{Approach, Outlook};
pub use packing::PARTS;
pub use request::{CutRequest, Preference, stated_cost};
use rustc_hash::FxHashSet;
use scene::{Prices, Scene, Without};

/// The cheapest set of actions that severs the targets, as far as that can be found and proven within the
/// request's limits.
pub fn cut(graph: &Graph, request: &CutRequest<'_>) -> CutOutcome {
    let outlook = Outlook::towards(graph, request.sources, request.now, &request.targets);
    cut_from(graph, request, &outlook)
}

/// The same from an outlook that is there already: it must be of the request's sources and time, on this graph. Where
/// its approach does not cover the targets, another is made.
pub fn cut_from(graph: &Graph, request: &CutRequest<'_>, outlook: &Outlook) -> CutOutcome {
    if !outlook.approach.covers(graph, &request.targets) {
        let mut turned = outlook.clone();
        turned.turn(graph, &request.targets);
        return cut_from(graph, request, &turned);
    }
    let prices = Prices::new(graph, request);
    let mut targets: Vec<u32> = request.targets.iter().map(|target| target.0).collect();
    targets.retain(|target| outlook.all.is_reached(*target));
    targets.sort_unstable();
    targets.dedup();
    let mut scene = Scene::new(graph, outlook, &prices, targets);
    let (stay, go): (Vec<u32>, Vec<u32>) = scene.targets.iter().partition(|target| scene.ground.holds(**target));
    let stands = &scene.ground.arrivals;
    let uncuttable = stay.iter().map(|target| report::uncuttable(graph, request, stands, *target)).collect();
    scene.targets = go;
    let solution = solve::solve(&scene, request.plan_max, request.proof_max);
    let cut = Cut {
        actions: report::steps(&scene, request, &solution),
        cost: solution.cost,
        lower_bound: solution.lower,
        proven: solution.cost == solution.lower,
        certificate: certificate::certificate(graph, &solution),
    };
    CutOutcome { cut, uncuttable, held: held(graph, request, outlook) }
}

fn held(graph: &Graph, request: &CutRequest<'_>, outlook: &Outlook) -> Vec<Held> {
    let sources: FxHashSet<u32> = request.sources.iter().map(|source| source.node.0).collect();
    let held = outlook.starts.iter().filter_map(|start| {
        let node = graph.key(NodeId(start.node))?;
        Some(Held { node, from: start.from, until: start.to, source: sources.contains(&start.node) })
    });
    held.collect()
}

/// What stays within reach from `now` on once `actions` are done.
pub fn residual(graph: &Graph, request: &CutRequest<'_>, actions: &[Action]) -> Reach {
    stays(graph, &outlook::held(&graph.net, request.sources, request.now), actions)
}

/// The same from an outlook that is there already, in proportion to what stays within reach.
pub fn residual_from(graph: &Graph, outlook: &Outlook, actions: &[Action]) -> Reach {
    stays(graph, &outlook.starts, actions)
}

fn stays(graph: &Graph, starts: &[Start], actions: &[Action]) -> Reach {
    let chosen: FxHashSet<u32> = actions.iter().filter_map(|action| graph.option_index(action)).collect();
    let blocked = Without { graph, chosen: &chosen };
    let possible = arrive(&graph.net, starts, Time::MAX, &blocked);
    reach_of(graph, starts, Time::MAX, possible, &blocked)
}

/// What is within reach from `now` on if every step of the cut works except `step`.
pub fn residual_if_fails(graph: &Graph, request: &CutRequest<'_>, cut: &Cut, step: &Action) -> Losses {
    residual(graph, request, &all_but(cut, step)).losses(graph)
}

/// The same from an outlook that is there already: for plans with many steps.
pub fn residual_if_fails_from(graph: &Graph, outlook: &Outlook, cut: &Cut, step: &Action) -> Losses {
    residual_from(graph, outlook, &all_but(cut, step)).losses(graph)
}

fn all_but(cut: &Cut, step: &Action) -> Vec<Action> {
    cut.actions.iter().map(|chosen| &chosen.action).filter(|action| *action != step).cloned().collect()
}

/// What both engines of maximum flow say of one and the same choice of needs.
#[cfg(test)]
pub(crate) fn flows(graph: &Graph, request: &CutRequest<'_>, outlook: &Outlook) -> (u64, u64) {
    let prices = Prices::new(graph, request);
    let mut targets: Vec<u32> = request.targets.iter().map(|target| target.0).collect();
    targets.sort_unstable();
    targets.dedup();
    flow::both(&Scene::new(graph, outlook, &prices, targets))
}
