//! The plan that is there at once: the border of what nothing permitted separates from a start. It quarantines each start as
//! near to it as anything permitted can.

use super::Selection;
use crate::cut::scene::{INFINITE, Scene};
use crate::cut::walk;
use rustc_hash::FxHashSet;

/// What is reached from `starts` in the reduced graph though every permitted option is done.
pub(super) fn inside(
    scene: &Scene<'_>,
    selection: &Selection<'_>,
    starts: impl Iterator<Item = u32>,
) -> FxHashSet<u32> {
    let mut held: FxHashSet<u32> = FxHashSet::default();
    let mut queue: Vec<u32> = starts.collect();
    while let Some(node) = queue.pop() {
        let stands = scene.capacity(scene.on_node(node)) == INFINITE && !scene.approach.is_blind(node);
        if !stands || !held.insert(node) {
            continue;
        }
        for edge in walk::onward(scene.net, node) {
            if selection.tail(edge) == node && scene.leads_on(edge) && scene.capacity(scene.on_edge(edge)) == INFINITE {
                queue.push(scene.net.to(edge));
            }
        }
    }
    held
}

/// The options that stop `starts` as near as can be.
pub(super) fn border(scene: &Scene<'_>, selection: &Selection<'_>, starts: &[u32]) -> Vec<u32> {
    let held = inside(scene, selection, starts.iter().copied());
    let mut options: Vec<u32> = Vec::new();
    let node = |node: u32| scene.cheapest_of(scene.on_node(node)).map(|(_, option)| option);
    options.extend(starts.iter().filter_map(|start| node(*start)));
    for from in &held {
        for edge in walk::onward(scene.net, *from) {
            let to = scene.net.to(edge);
            if held.contains(&to) || selection.tail(edge) != *from || !scene.leads_on(edge) {
                continue;
            }
            let (here, there) = (scene.cheapest_of(scene.on_edge(edge)), scene.cheapest_of(scene.on_node(to)));
            options.extend(here.into_iter().chain(there).min().map(|(_, option)| option));
        }
    }
    options.sort_unstable();
    options.dedup();
    options
}
