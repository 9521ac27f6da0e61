//! From a solution to the certificate that outsiders can check: actions by name, proofs and the way they add up.

use super::derive::Derivation;
use super::hitting::Tree;
use super::outcome::{Bound, Certificate, Proof};
use super::solve::Solution;
use crate::flat::item;
use crate::graph::{EdgeId, Graph, NodeId};
use firebreak_model::Action;
use std::collections::BTreeSet;

/// Why no cheaper cut exists.
pub(super) fn certificate(graph: &Graph, solution: &Solution<'_>) -> Certificate {
    let mut used = BTreeSet::new();
    rows_of(&solution.tree, &mut used);
    let numbers: Vec<u32> = used.into_iter().collect();
    let proofs = numbers.iter().filter_map(|row| solution.proofs.get(*row as usize));
    let proofs = proofs.map(|proof| stated(graph, proof)).collect();
    Certificate { proofs, bound: bound_of(graph, &solution.actions, &numbers, &solution.tree) }
}

fn rows_of(tree: &Tree, used: &mut BTreeSet<u32>) {
    match tree {
        Tree::Packing(weights) => used.extend(weights.iter().map(|(row, _)| *row)),
        Tree::Unbroken(row) => used.extend([*row]),
        Tree::Branch(_, done, spared) => {
            rows_of(done, used);
            rows_of(spared, used);
        }
    }
}

fn bound_of(graph: &Graph, actions: &[u32], numbers: &[u32], tree: &Tree) -> Bound {
    let number = |row: &u32| numbers.binary_search(row).map_or(crate::net::NONE, |index| index as u32);
    match tree {
        Tree::Packing(weights) => Bound::Packing(weights.iter().map(|(row, weight)| (number(row), *weight)).collect()),
        Tree::Unbroken(row) => Bound::Unbroken(number(row)),
        Tree::Branch(action, done, spared) => match action_of(graph, item(actions, *action as usize)) {
            Some(action) => Bound::Branch {
                action,
                done: Box::new(bound_of(graph, actions, numbers, done)),
                spared: Box::new(bound_of(graph, actions, numbers, spared)),
            },
            None => Bound::default(),
        },
    }
}

fn action_of(graph: &Graph, option: u32) -> Option<Action> {
    graph.option_at(option).map(|option| option.action)
}

fn stated(graph: &Graph, proof: &Derivation) -> Proof {
    Proof {
        target: NodeId(proof.target),
        steps: proof.steps.iter().copied().map(EdgeId).collect(),
        actions: proof.options.iter().filter_map(|option| action_of(graph, *option)).collect(),
    }
}
