//! The trie of the fields that a plan's rules use: every way of reading a dotted name is a path in it.

/// A place in the trie.
#[derive(Debug, Default)]
pub(super) struct Node {
    children: Vec<Child>,
    /// Where in `children` to look for a key of this mark: a table of at least twice their number, `0` is nowhere.
    places: Vec<u32>,
    /// A bit for each low part of a mark that some child has: most members of a record are turned away by it.
    marks: u64,
    /// The table of the field whose name ends here.
    pub(super) table: Option<u32>,
}

#[derive(Debug)]
struct Child {
    key: Box<str>,
    mark: u32,
    node: u32,
}

/// A few bytes of a key that tell most keys apart: its length, first, middle and last.
#[inline]
fn mark(key: &str) -> u32 {
    let bytes = key.as_bytes();
    let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or(0));
    let length = bytes.len();
    let mixed = byte(0) | byte(length / 2) << 8 | byte(length.wrapping_sub(1)) << 16 | (length as u32) << 24;
    mixed.wrapping_mul(0x9e37_79b1)
}

impl Node {
    /// Where the member `key` leads.
    #[inline]
    pub(super) fn child(&self, key: &str) -> Option<u32> {
        let mark = mark(key);
        if self.marks & (1 << (mark >> 26)) == 0 {
            return None;
        }
        self.find(mark, key)
    }

    #[inline]
    fn find(&self, mark: u32, key: &str) -> Option<u32> {
        let within = self.places.len().wrapping_sub(1);
        let mut place = (mark >> 8) as usize & within;
        loop {
            let child = (*self.places.get(place)? as usize).checked_sub(1)?;
            let child = self.children.get(child)?;
            if child.mark == mark && *child.key == *key {
                return Some(child.node);
            }
            place = (place + 1) & within;
        }
    }

    fn add(&mut self, key: &str, node: u32) {
        let mark = mark(key);
        self.marks |= 1 << (mark >> 26);
        self.children.push(Child { key: key.into(), mark, node });
        // Half of the places stay empty, so that every search ends.
        if self.children.len() * 2 > self.places.len() {
            self.places = vec![0; (self.children.len() * 4).next_power_of_two()];
            for (number, child) in (1..).zip(&self.children) {
                put(&mut self.places, number, child.mark);
            }
        } else {
            put(&mut self.places, self.children.len() as u32, mark);
        }
    }
}

fn put(places: &mut [u32], number: u32, mark: u32) {
    let within = places.len().wrapping_sub(1);
    let mut place = (mark >> 8) as usize & within;
    while places.get(place).is_some_and(|taken| *taken != 0) {
        place = (place + 1) & within;
    }
    if let Some(free) = places.get_mut(place) {
        *free = number;
    }
}

/// The trie; its root is node 0.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
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
        if let Some(child) = node.child(key) {
            return child;
        }
        node.add(key, next);
        self.nodes.push(Node::default());
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_no_other() {
        let mut trie = Trie::new();
        let name = |number: u32| format!("key{}x{number}", number % 7);
        for number in 0..2_000 {
            trie.insert(&name(number), number);
        }
        let root = trie.node(0).expect("the root");
        for number in 0..2_000 {
            let child = root.child(&name(number)).and_then(|child| trie.node(child));
            assert_eq!(child.and_then(|node| node.table), Some(number));
        }
        assert_eq!(root.child("key0x2001"), None);
        assert_eq!(Node::default().child("x"), None);
    }
}
