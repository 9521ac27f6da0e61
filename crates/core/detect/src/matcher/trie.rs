//! The trie of the fields that a plan's rules use: every way of reading a dotted name is a path in it.

use rustc_hash::FxHashMap;

/// A place in the trie.
#[derive(Debug, Default)]
pub(super) struct Node {
    children: FxHashMap<Box<str>, u32>,
    /// A bit for each length and first byte that some child has: most members of a record are turned away by it.
    shapes: u64,
    /// The table of the field whose name ends here.
    pub(super) table: Option<u32>,
}

/// The trie; its root is node 0.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
}

fn shape(key: &str) -> u64 {
    let first = key.as_bytes().first().copied().unwrap_or(0);
    1 << ((key.len() as u64 * 7 + u64::from(first) * 3) & 63)
}

impl Node {
    /// Where the member `key` leads.
    pub(super) fn child(&self, key: &str) -> Option<u32> {
        if self.shapes & shape(key) == 0 {
            return None;
        }
        self.children.get(key).copied()
    }
}

impl Trie {
    pub(super) fn new() -> Trie {
        Trie { nodes: vec![Node::default()] }
    }

    /// The node at `place`.
    pub(super) fn node(&self, place: u32) -> Option<&Node> {
        self.nodes.get(place as usize)
    }

    /// Adds every reading of `name`; all of them lead to `table`.
    pub(super) fn insert(&mut self, name: &str, table: u32) {
        self.insert_below(0, name, table);
    }

    fn insert_below(&mut self, place: u32, name: &str, table: u32) {
        let whole = self.child_of(place, name);
        if let Some(node) = self.nodes.get_mut(whole as usize) {
            node.table = Some(table);
        }
        for (at, _) in name.match_indices('.') {
            let (Some(head), Some(rest)) = (name.get(..at), name.get(at + 1..)) else { continue };
            let child = self.child_of(place, head);
            self.insert_below(child, rest, table);
        }
    }

    fn child_of(&mut self, place: u32, key: &str) -> u32 {
        let next = self.nodes.len() as u32;
        let Some(node) = self.nodes.get_mut(place as usize) else { return 0 };
        node.shapes |= shape(key);
        let child = *node.children.entry(key.into()).or_insert(next);
        if child == next {
            self.nodes.push(Node::default());
        }
        child
    }
}
