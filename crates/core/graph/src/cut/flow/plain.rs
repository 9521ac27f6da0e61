//! Maximum flow in the simplest way, to hold the other one against: one shortest path after the other.

use super::Selection;
use crate::cut::scene::{INFINITE, Scene};
use crate::net::NONE;
use std::collections::{BTreeMap, VecDeque};

/// Where flow can be: at the source, at a node before or behind what disabling it costs, at the sink.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Source,
    Into(u32),
    Out(u32),
    Sink,
}

/// The maximum flow of the reduced graph.
pub(super) fn value(scene: &Scene<'_>, selection: &Selection<'_>) -> u64 {
    let mut room: BTreeMap<Place, BTreeMap<Place, u64>> = BTreeMap::new();
    let mut link = |from: Place, to: Place, amount: u64| {
        let known = room.entry(from).or_default().entry(to).or_default();
        *known = known.saturating_add(amount).min(INFINITE);
        room.entry(to).or_default().entry(from).or_default();
    };
    for entry in &scene.ground.border {
        let amount = if entry.edge == NONE { INFINITE } else { scene.capacity(scene.on_edge(entry.edge)) };
        link(Place::Source, Place::Into(entry.node), amount);
    }
    for node in (0..scene.net.node_count() as u32).filter(|node| !scene.approach.is_blind(*node)) {
        link(Place::Into(node), Place::Out(node), scene.capacity(scene.on_node(node)));
        if scene.is_target(node) {
            link(Place::Out(node), Place::Sink, INFINITE);
        }
        for edge in crate::cut::walk::onward(scene.net, node) {
            if scene.leads_on(edge) && selection.leaves(edge, node) {
                link(Place::Out(node), Place::Into(scene.net.to(edge)), scene.capacity(scene.on_edge(edge)));
            }
        }
    }
    let mut value = 0;
    while let Some(amount) = augment(&mut room) {
        value += amount;
    }
    value
}

/// Sends what the shortest path with room takes.
fn augment(room: &mut BTreeMap<Place, BTreeMap<Place, u64>>) -> Option<u64> {
    let mut from: BTreeMap<Place, Place> = BTreeMap::new();
    let mut queue = VecDeque::from([Place::Source]);
    while let Some(place) = queue.pop_front() {
        for (to, left) in room.get(&place).into_iter().flatten() {
            if *left > 0 && *to != Place::Source && !from.contains_key(to) {
                from.insert(*to, place);
                queue.push_back(*to);
            }
        }
    }
    let mut steps = Vec::new();
    let mut place = Place::Sink;
    while place != Place::Source {
        let before = *from.get(&place)?;
        steps.push((before, place));
        place = before;
    }
    let amount = steps.iter().map(|(from, to)| room[from][to]).min()?;
    for (from, to) in steps {
        *room.get_mut(&from)?.get_mut(&to)? -= amount;
        *room.get_mut(&to)?.get_mut(&from)? += amount;
    }
    Some(amount)
}
