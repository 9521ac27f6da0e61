//! The C2SP tlog-tiles layout: which files hold which hashes of a tree.
//!
//! It is not a server: it makes the files that any static web server may hand out.

use crate::tree::{Hash, Tree};

/// How many hashes a full tile holds, and entries a full bundle.
const WIDTH: u64 = 256;

/// Tree levels between two levels of tiles.
const HEIGHT: u32 = 8;

/// One file below the ledger's directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TileFile {
    /// `tile/0/x001/234.p/17`.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// The tiles and entry bundles of a tree with these commitments that hold anything at or after leaf `from`. From 0, it is
/// all of them.
pub(crate) fn files(tree: &Tree, commitments: &[Hash], from: u64) -> Vec<TileFile> {
    let size = tree.size();
    let mut files = Vec::new();
    if from < size {
        for (number, first, count) in tiles(from, size) {
            let end = usize::try_from(first + count).unwrap_or(usize::MAX);
            let start = usize::try_from(first).unwrap_or(usize::MAX);
            let held = commitments.get(start..end).unwrap_or_default();
            // Each entry has its length before it, in two bytes.
            let bytes = held.iter().flat_map(|one| [0, 32].into_iter().chain(*one)).collect();
            files.push(TileFile { path: path_of("entries", number, count), bytes });
        }
    }
    for level in 0.. {
        let shift = HEIGHT * level;
        let (old, new) = (from >> shift, size >> shift);
        if new == 0 {
            break;
        }
        if level > 0 && old == new {
            continue;
        }
        for (number, first, count) in tiles(old, new) {
            let hashes = (first..first + count).filter_map(|index| tree.complete(shift, index));
            files.push(TileFile {
                path: path_of(&level.to_string(), number, count),
                bytes: hashes.flatten().copied().collect(),
            });
        }
    }
    files
}

/// The record whose hash or entry stands at byte `offset` of this file, where it is one of the lowest level.
pub(crate) fn entry(path: &str, offset: usize) -> Option<u64> {
    let (rest, width) = match (path.strip_prefix("tile/0/"), path.strip_prefix("tile/entries/")) {
        (Some(rest), _) => (rest, 32),
        (None, Some(rest)) => (rest, 34),
        (None, None) => return None,
    };
    let number = rest.split(".p/").next()?.replace(['x', '/'], "").parse::<u64>().ok()?;
    Some(number * WIDTH + (offset / width) as u64)
}

/// The paths of the partial tiles of a tree over `size` leaves.
pub(crate) fn partials(size: u64) -> Vec<String> {
    let row = |name: &str, count: u64| {
        let last = tiles(count.saturating_sub(1), count).next();
        last.filter(|(_, _, held)| *held < WIDTH).map(|(number, _, held)| path_of(name, number, held))
    };
    let levels = (0..u64::BITS / HEIGHT).filter_map(|level| row(&level.to_string(), size >> (HEIGHT * level)));
    levels.chain(row("entries", size)).collect()
}

/// The tiles of a row of `to` hashes that hold any at or after `from`: number, first hash, count.
fn tiles(from: u64, to: u64) -> impl Iterator<Item = (u64, u64, u64)> {
    let numbers = if from < to { from / WIDTH..(to - 1) / WIDTH + 1 } else { 0..0 };
    numbers.map(move |number| (number, number * WIDTH, WIDTH.min(to - number * WIDTH)))
}

/// `tile/<level>/x001/234/067`, with `.p/<count>` behind it where the tile is not full.
fn path_of(level: &str, number: u64, count: u64) -> String {
    let mut groups = vec![format!("{:03}", number % 1000)];
    let mut rest = number / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let partial = if count == WIDTH { String::new() } else { format!(".p/{count}") };
    format!("tile/{level}/{}{partial}", groups.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{leaf_hash, node_hash};

    fn tree(size: u32) -> (Tree, Vec<Hash>) {
        let mut tree = Tree::default();
        let commitments: Vec<Hash> = (0..size).map(|number| leaf_hash(&number.to_be_bytes())).collect();
        commitments.iter().for_each(|commitment| tree.push(leaf_hash(commitment)));
        (tree, commitments)
    }

    #[test]
    fn names_are_those_of_the_text() {
        assert_eq!(path_of("0", 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path_of("entries", 0, 17), "tile/entries/000.p/17");
        let (whole, commitments) = tree(70_000);
        let names: Vec<String> = files(&whole, &commitments, 69_999).into_iter().map(|file| file.path).collect();
        assert_eq!(names, ["tile/entries/273.p/112", "tile/0/273.p/112"],);
        let names: Vec<String> = files(&whole, &commitments, 69_800).into_iter().map(|file| file.path).collect();
        assert!(names.contains(&"tile/1/001.p/17".to_owned()), "{names:?}");
        let last = files(&whole, &commitments, 65_000).into_iter().next_back().unwrap();
        assert_eq!((last.path.as_str(), last.bytes.len()), ("tile/2/000.p/1", 32));
    }

    #[test]
    fn a_tile_of_the_second_level_holds_roots_of_full_tiles() {
        let (whole, commitments) = tree(600);
        let all = files(&whole, &commitments, 0);
        let find = |path: &str| all.iter().find(|file| file.path == path).map(|file| file.bytes.as_slice()).unwrap();
        let fold = |bytes: &[u8]| {
            let mut row: Vec<Hash> = bytes.chunks(32).map(|hash| hash.try_into().unwrap()).collect();
            while row.len() > 1 {
                row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            }
            row[0]
        };
        let second = find("tile/1/000.p/2");
        assert_eq!(second[..32], fold(find("tile/0/000")));
        assert_eq!(second[32..], fold(find("tile/0/001")));
        assert_eq!(find("tile/entries/002.p/88").len(), 88 * 34);
    }
}
