//! The trie of the fields that a plan's rules use: every way of reading a dotted name is a path in it.

use super::exact::Exact;
use super::table::Kind;

/// A place in the trie.
#[derive(Debug, Default)]
pub(super) struct Node {
    children: Exact,
    /// The tables of the field whose name ends here.
    plain: Option<u32>,
    other: Option<u32>,
}

impl Node {
    /// Where the member `key` leads.
    #[inline]
    pub(super) fn child(&self, key: &str) -> Option<u32> {
        self.children.find(key.as_bytes())
    }

    /// Whether nothing is below.
    #[inline]
    pub(super) fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The tables of the field whose name ends here.
    #[inline]
    pub(super) fn tables(&self) -> impl Iterator<Item = u32> + use<> {
        self.plain.into_iter().chain(self.other)
    }
}

/// The trie; its root is node 0, if there is any name in it.
#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: Vec<Node>,
}

impl Trie {
    /// Where a record begins; `None` where nothing is asked of any.
    #[inline]
    pub(super) fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// The node at `place`.
    #[inline]
    pub(super) fn node(&self, place: u32) -> Option<&Node> {
        self.nodes.get(place as usize)
    }

    /// Adds every reading of `name`; all of them lead to `table`, which is of this kind.
    pub(super) fn insert(&mut self, name: &str, table: u32, kind: Kind) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        self.insert_below(0, name, table, kind);
    }

    fn insert_below(&mut self, place: u32, name: &str, table: u32, kind: Kind) {
        let whole = self.child_of(place, name);
        if let Some(node) = self.nodes.get_mut(whole as usize) {
            match kind {
                Kind::Plain => node.plain = Some(table),
                Kind::Other => node.other = Some(table),
            }
        }
        for (at, _) in name.match_indices('.') {
            let (Some(head), Some(rest)) = (name.get(..at), name.get(at + 1..)) else { continue };
            let child = self.child_of(place, head);
            self.insert_below(child, rest, table, kind);
        }
    }

    fn child_of(&mut self, place: u32, key: &str) -> u32 {
        let next = self.nodes.len() as u32;
        let Some(node) = self.nodes.get_mut(place as usize) else { return 0 };
        if let Some(child) = node.child(key) {
            return child;
        }
        node.children.add(key, next);
        self.nodes.push(Node::default());
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_of_a_name_leads_to_its_table() {
        let mut trie = Trie::default();
        assert!(trie.root().is_none());
        trie.insert("a.b.c", 7, Kind::Plain);
        trie.insert("a.b", 8, Kind::Other);
        for (path, table) in [
            (&["a", "b", "c"][..], Some(7)),
            (&["a.b", "c"], Some(7)),
            (&["a", "b.c"], Some(7)),
            (&["a.b.c"], Some(7)),
            (&["a.b"], Some(8)),
            (&["a", "b"], Some(8)),
            (&["a"], None),
        ] {
            let end = path.iter().try_fold(0, |place, key| trie.node(place).and_then(|node| node.child(key)));
            let end = end.and_then(|place| trie.node(place)).expect("a node");
            assert_eq!(end.tables().next(), table, "{path:?}");
        }
        assert_eq!(trie.root().and_then(|root| root.child("b")), None);
    }
}
