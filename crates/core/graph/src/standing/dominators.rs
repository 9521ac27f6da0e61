//! Dominators: which places every way from a source to a node passes (Lengauer and Tarjan's semidominators, with the
//! ancestors' search of Georgiadis that needs no second forest).

use crate::flat::{item, put, run, starts};
use crate::net::{bump, index};

/// For each vertex the nearest vertex that every way from vertex 0 passes before it. Vertices are numbered in the order in
/// which a depth-first search from 0 meets them, `parent` is from where it met them; `arcs` are all steps.
pub(super) fn dominators(parent: &[u32], arcs: &[(u32, u32)]) -> Vec<u32> {
    let count = parent.len();
    let mut counts = vec![0u32; count];
    arcs.iter().for_each(|(_, to)| bump(&mut counts, *to));
    let first = starts(counts.into_iter());
    let into = index(&first, arcs.iter().map(|(from, to)| (*to, *from)));
    let identity: Vec<u32> = (0..count as u32).collect();
    let mut forest = Forest {
        ancestor: parent.to_vec(),
        best: identity.clone(),
        semi: identity,
        linked: count as u32,
        path: Vec::new(),
    };
    for vertex in (1..count).rev() {
        let own = run(&into, item(&first, vertex), item(&first, vertex + 1));
        let mut semi = item(parent, vertex);
        for from in own {
            semi = semi.min(forest.earliest(*from));
        }
        put(&mut forest.semi, vertex, semi);
        forest.linked = vertex as u32;
    }
    let mut dominator = parent.to_vec();
    for vertex in 1..count {
        let semi = item(&forest.semi, vertex);
        let mut above = item(&dominator, vertex);
        while above > semi {
            above = item(&dominator, above as usize);
        }
        put(&mut dominator, vertex, above);
    }
    dominator
}

/// The part of the search tree that was worked off, with compressed paths.
struct Forest {
    ancestor: Vec<u32>,
    /// Vertex -> the vertex with the smallest semidominator on the compressed path above it.
    best: Vec<u32>,
    semi: Vec<u32>,
    /// Vertices from this one on are linked to their parents.
    linked: u32,
    path: Vec<u32>,
}

impl Forest {
    /// The smallest semidominator on the way from `vertex` up to the last linked vertex.
    fn earliest(&mut self, vertex: u32) -> u32 {
        if vertex < self.linked {
            return item(&self.semi, vertex as usize);
        }
        let mut at = vertex;
        while item(&self.ancestor, at as usize) >= self.linked {
            self.path.push(at);
            at = item(&self.ancestor, at as usize);
        }
        while let Some(below) = self.path.pop() {
            let above = item(&self.ancestor, below as usize);
            let (mine, theirs) = (item(&self.best, below as usize), item(&self.best, above as usize));
            if item(&self.semi, theirs as usize) < item(&self.semi, mine as usize) {
                put(&mut self.best, below as usize, theirs);
            }
            let beyond = item(&self.ancestor, above as usize);
            put(&mut self.ancestor, below as usize, beyond);
        }
        item(&self.semi, item(&self.best, vertex as usize) as usize)
    }
}
