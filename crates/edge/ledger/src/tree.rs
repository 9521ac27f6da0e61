//! The Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs, and their checks.
//!
//! It is not a store: it holds hashes in memory and knows nothing of records or files.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a leaf that holds `entry`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of a node over two others.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that grows at its right end. It keeps the hash of each complete subtree: 64 bytes a leaf.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// `levels[k][i]` is the hash over the leaves from `i << k` to `(i + 1) << k`.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds a leaf with this hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut level = 0;
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else { return };
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => return,
            }
            level += 1;
        }
    }

    /// Removes leaves from the right end until `size` are left.
    pub fn truncate(&mut self, size: u64) {
        for (level, row) in self.levels.iter_mut().enumerate() {
            row.truncate(usize::try_from(size >> level).unwrap_or(usize::MAX));
        }
    }

    /// The hash over the leaves from `index << level` to `(index + 1) << level`, if they are all there.
    pub fn complete(&self, level: u32, index: u64) -> Option<&Hash> {
        self.levels.get(level as usize)?.get(usize::try_from(index).ok()?)
    }

    /// The root over the first `size` leaves. `None` if there are not so many.
    pub fn root(&self, size: u64) -> Option<Hash> {
        if size == 0 {
            return Some(Sha256::digest([]).into());
        }
        (size <= self.size()).then(|| self.over(0, size)).flatten()
    }

    /// The hashes that lead from leaf `index` to the root over `size` leaves, nearest first.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut from, mut to) = (0, size);
        let mut path = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                path.push(self.over(middle, to)?);
                to = middle;
            } else {
                path.push(self.over(from, middle)?);
                from = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// The hashes that show that the tree over `size` leaves begins with the tree over `old` leaves.
    pub fn consistency(&self, old: u64, size: u64) -> Option<Vec<Hash>> {
        if old == 0 || old > size || size > self.size() {
            return None;
        }
        let (mut from, mut to) = (0, size);
        let mut path = Vec::new();
        let mut whole = true;
        while to != old {
            let middle = from + split(to - from);
            if old <= middle {
                path.push(self.over(middle, to)?);
                to = middle;
            } else {
                path.push(self.over(from, middle)?);
                from = middle;
                whole = false;
            }
        }
        if !whole {
            path.push(self.over(from, to)?);
        }
        path.reverse();
        Some(path)
    }

    /// The hash over the leaves from `from` to `to`, as RFC 6962 splits them.
    fn over(&self, from: u64, to: u64) -> Option<Hash> {
        let count = to.checked_sub(from)?;
        if count.is_power_of_two() && from.is_multiple_of(count) {
            return self.complete(count.trailing_zeros(), from / count).copied();
        }
        let middle = from + split(count);
        Some(node_hash(&self.over(from, middle)?, &self.over(middle, to)?))
    }
}

/// The largest power of two below `count`, which must be above 1.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// Whether `proof` leads from `leaf` at `index` to `root` over `size` leaves.
pub fn is_included(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree with `root` over `size` leaves begins with the one with `old_root` over `old`.
pub fn is_consistent(old: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if old == 0 || old > size {
        return false;
    }
    if old == size {
        return proof.is_empty() && old_root == root;
    }
    let mut path = proof.iter();
    let (mut node, mut last) = (old - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let first = if node == 0 { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(size: u8) -> Tree {
        let mut tree = Tree::default();
        (0..size).for_each(|leaf| tree.push(leaf_hash(&[leaf])));
        tree
    }

    /// The definition of RFC 6962, word for word, as the other side of the comparison.
    fn defined(entries: &[[u8; 1]]) -> Hash {
        match entries {
            [] => Sha256::digest([]).into(),
            [one] => leaf_hash(one),
            more => {
                let (left, right) = more.split_at(split(more.len() as u64) as usize);
                node_hash(&defined(left), &defined(right))
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_definition() {
        let whole = tree(70);
        let entries: Vec<[u8; 1]> = (0..70).map(|leaf| [leaf]).collect();
        for size in 0..=70 {
            assert_eq!(whole.root(size as u64), Some(defined(&entries[..size])), "{size}");
        }
        assert_eq!(whole.root(71), None);
        let mut cut = whole.clone();
        cut.truncate(33);
        assert_eq!((cut.size(), cut.root(33)), (33, whole.root(33)));
    }

    #[test]
    fn each_leaf_is_included_and_no_other() {
        let whole = tree(40);
        for size in 1..=40 {
            let root = whole.root(size).unwrap();
            for index in 0..size {
                let proof = whole.inclusion(index, size).unwrap();
                let leaf = leaf_hash(&[index as u8]);
                assert!(is_included(&leaf, index, size, &proof, &root), "{index} of {size}");
                assert!(!is_included(&leaf_hash(b"x"), index, size, &proof, &root));
                assert!(size == 1 || !is_included(&leaf, (index + 1) % size, size, &proof, &root));
                let mut short = proof.clone();
                assert!(short.pop().is_none() || !is_included(&leaf, index, size, &short, &root));
            }
        }
    }

    #[test]
    fn each_tree_is_consistent_with_those_before_and_no_other() {
        let whole = tree(40);
        for size in 1..=40 {
            for old in 1..=size {
                let (old_root, root) = (whole.root(old).unwrap(), whole.root(size).unwrap());
                let proof = whole.consistency(old, size).unwrap();
                assert!(is_consistent(old, &old_root, size, &root, &proof), "{old} in {size}");
                assert!(!is_consistent(old, &leaf_hash(b"x"), size, &root, &proof));
                assert!(old == size || !is_consistent(old, &old_root, size, &leaf_hash(b"x"), &proof));
            }
        }
    }
}
