//! Which objects there are, what they are called, and which commits brought and removed them.

use super::program::Git;
use crate::scan::Gap;
use std::collections::{HashMap, HashSet};

/// The name of an object: 40 or 64 hexadecimal digits.
pub(super) type ObjectId = String;

/// Every blob.
pub(super) struct Blobs {
    /// Its name and its bytes.
    pub(super) all: Vec<(ObjectId, u64)>,
    /// One path of each that a commit leads to.
    pub(super) paths: HashMap<ObjectId, Vec<u8>>,
    /// Those that a branch or what is checked out holds now.
    pub(super) now: HashSet<ObjectId>,
    pub(super) gaps: Vec<Gap>,
}

fn lines(said: &[u8]) -> impl Iterator<Item = &[u8]> {
    said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

fn object_id(text: &[u8]) -> Option<ObjectId> {
    let hexadecimal = matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit);
    hexadecimal.then(|| String::from_utf8_lossy(text).into_owned())
}

/// Looks at all that the repository holds, whether a commit leads to it or not.
pub(super) fn blobs(git: &Git<'_>) -> Result<Blobs, String> {
    const FORM: &str = "--batch-check=%(objectname) %(objecttype) %(objectsize)";
    let (said, well) = git.said(&["cat-file", "--batch-all-objects", "--unordered", FORM])?;
    let mut gaps = Vec::new();
    if !well {
        gaps.push(Gap::new("the repository is broken: not all of its objects can be listed"));
    }
    let all = lines(&said).filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b' ');
        let (id, kind, size) = (object_id(fields.next()?)?, fields.next()?, fields.next()?);
        (kind == b"blob").then_some((id, std::str::from_utf8(size).ok()?.parse().ok()?))
    });
    let all: Vec<(ObjectId, u64)> = all.collect();
    let (said, _) = git.said(&["rev-parse", "--is-shallow-repository"])?;
    if said.starts_with(b"true") {
        gaps.push(Gap::new("the history ends early: it is a shallow clone"));
    }
    let (paths, missing) = named(git, &["--all", "--reflog"], &mut gaps)?;
    if missing > 0 {
        gaps.push(Gap { what: "an object is not here: it is a partial clone".to_owned(), count: missing });
    }
    let (now, _) = named(git, &["--no-walk", "--ignore-missing", "HEAD", "--branches", "--remotes"], &mut gaps)?;
    Ok(Blobs { all, paths, now: now.into_keys().collect(), gaps })
}

/// The objects that `from` leads to with a path of each, and how many are missing.
fn named(git: &Git<'_>, from: &[&str], gaps: &mut Vec<Gap>) -> Result<(HashMap<ObjectId, Vec<u8>>, u64), String> {
    let (said, well) = git.said(&[&["rev-list", "--objects", "--missing=print"], from].concat())?;
    if !well {
        gaps.push(Gap::new("the history cannot be followed to its end"));
    }
    let mut missing = 0;
    let mut paths = HashMap::new();
    for line in lines(&said) {
        missing += u64::from(line.starts_with(b"?"));
        let mut fields = line.splitn(2, |byte| *byte == b' ');
        if let (Some(id), Some(path)) = (fields.next().and_then(object_id), fields.next()) {
            paths.insert(id, path.to_vec());
        }
    }
    Ok((paths, missing))
}

/// Where a blob stood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stood {
    pub(super) path: String,
    /// The commit that brought it there.
    pub(super) commit: String,
    /// A commit that took it away again, if one did.
    pub(super) removed: Option<String>,
}

/// Where each of `wanted` stood, by every commit that a reference or its log leads to.
pub(super) fn places(git: &Git<'_>, wanted: &HashSet<ObjectId>) -> Result<HashMap<ObjectId, Vec<Stood>>, String> {
    let (commits, _) = git.said(&["rev-list", "--reverse", "--topo-order", "--all", "--reflog"])?;
    const WORDS: [&str; 11] = [
        "diff-tree",
        "--stdin",
        "--root",
        "-r",
        "-c",
        "-z",
        "--raw",
        "--no-renames",
        "--no-abbrev",
        "--no-ext-diff",
        "--no-textconv",
    ];
    let mut running = git.start(&WORDS)?;
    running.tell_all(commits);
    let mut said = Vec::new();
    running.output().read_to_end(&mut said).map_err(|error| format!("`git` broke off: {error}"))?;
    if !running.finished().unwrap_or(false) {
        return Err("the history cannot be followed to its end: the repository is broken".to_owned());
    }
    let mut stood: HashMap<ObjectId, Vec<Stood>> = HashMap::new();
    let mut commit = String::new();
    let mut fields = said.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    while let Some(field) = fields.next() {
        let Some(change) = Change::read(field) else {
            commit = object_id(field.trim_ascii()).unwrap_or(commit);
            continue;
        };
        let path = String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
        for before in change.before.iter().filter(|before| wanted.contains(*before) && **before != change.after) {
            let places = stood.entry(before.clone()).or_default();
            let here = places.iter_mut().rev().find(|place| place.path == path && place.removed.is_none());
            here.into_iter().for_each(|place| place.removed = Some(commit.clone()));
        }
        if wanted.contains(&change.after) && !change.before.contains(&change.after) {
            let commit = commit.clone();
            stood.entry(change.after).or_default().push(Stood { path, commit, removed: None });
        }
    }
    Ok(stood)
}

/// One line of a raw difference.
struct Change {
    before: Vec<ObjectId>,
    after: ObjectId,
}

impl Change {
    /// `:100644 000000 <id> <id> D`; with a colon for each parent, and as many more modes and names.
    fn read(field: &[u8]) -> Option<Change> {
        let parents = field.iter().take_while(|byte| **byte == b':').count();
        let words: Vec<&[u8]> = field.get(parents..)?.split(|byte| *byte == b' ').collect();
        let mut ids = words.get(parents + 1..2 * parents + 2)?.iter().filter_map(|word| object_id(word));
        let before: Vec<ObjectId> = ids.by_ref().take(parents).collect();
        (parents > 0).then_some(Change { before, after: ids.next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_a_merge_has_more_than_one_before() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let one = Change::read(format!(":100644 000000 {a} {b} D").as_bytes()).unwrap();
        assert_eq!((one.before, one.after), (vec![a.clone()], b.clone()));
        let merge = Change::read(format!("::100644 100644 100644 {a} {b} {c} MM").as_bytes()).unwrap();
        assert_eq!((merge.before, merge.after), (vec![a, b], c.clone()));
        assert!(Change::read(c.as_bytes()).is_none() && Change::read(b":").is_none());
    }
}
