//! What a scanner is: it recognises a file and turns it into facts and evidence.

use crate::collect::Collect;
use firebreak_model::{CutPolicy, EnvironmentEvidence, Fact, NodeKey, Problem, Text, Time};
use firebreak_world::World;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// What was found in one file, or in many.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Found {
    /// Statements about the estate.
    pub facts: Vec<Fact>,
    /// What is known of what ran where.
    pub evidence: Vec<EnvironmentEvidence>,
    /// What the owner says of cuts: applied to every cut of the named nodes once all files are merged.
    pub policies: Vec<(NodeKey, CutPolicy)>,
    /// The AWS accounts that own resources whose names do not tell (buckets).
    pub owners: Vec<(NodeKey, Text)>,
    /// How things are set up, where that leads nowhere by itself.
    pub settings: Vec<Setting>,
    /// What the owner says of joins.
    pub joins: OwnersJoins,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Whether this is everything in its scope. Only a complete snapshot may retire facts that it does not repeat.
    pub complete: bool,
    /// What it speaks of: `aws/123456789012`, `github/meridian`.
    pub scope: String,
}

/// How a thing is set up: a fact that is no edge and that someone may still ask for, such as whether secret scanning is on.
/// Names are the platform's own; values are plain text, `true` and `false` among them. Never a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Setting {
    /// Of what.
    pub node: NodeKey,
    /// The platform's word for it.
    pub name: Text,
    /// How it is set.
    pub value: Text,
    /// What says so.
    pub evidence: Text,
}

/// What the owner says of keys that are one thing, or one person's, and of keys that are not. A pair has no order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OwnersJoins {
    /// Never to be joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refuse: Vec<(NodeKey, NodeKey)>,
    /// To be joined, whatever is doubtful about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirm: Vec<(NodeKey, NodeKey)>,
}

impl OwnersJoins {
    /// Adds everything that `other` says.
    pub fn extend(&mut self, other: OwnersJoins) {
        self.refuse.extend(other.refuse);
        self.confirm.extend(other.confirm);
    }
}

/// A resource that some inventory names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KnownResource {
    /// Its key.
    pub key: NodeKey,
    /// The account that owns it, where its name or its owner tells.
    pub account: Option<Text>,
}

/// What other files of the same tree say.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Resources that other inventories name: what a wildcard grant can reach.
    pub resources: Vec<KnownResource>,
    /// The AWS accounts of which an inventory is in the tree, ordered.
    pub aws_accounts: Vec<Text>,
    /// AWS resources of which some file tells what their own policies say.
    pub aws_guarded: BTreeSet<NodeKey>,
}

/// A resource that a file names before the files are read that need to know of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owned {
    /// Its key.
    pub key: NodeKey,
    /// The account that owns it.
    pub account: Text,
    /// The file tells what its own policy says.
    pub guarded: bool,
}

/// One file, and what a scanner may need beside it.
pub struct ScanInput<'a> {
    /// Where the file is, below the scanned directory.
    pub path: &'a Path,
    /// What it holds.
    pub bytes: &'a [u8],
    /// When we learnt it.
    pub known: Time,
    /// What other files say.
    pub surroundings: &'a Surroundings,
    /// The disk, for files beside this one.
    pub world: &'a World,
    /// The scanned directory.
    pub root: &'a Path,
}

impl ScanInput<'_> {
    /// The file at `relative` below the scanned directory, if there is one and it is no larger than
    /// [`crate::MAX_FILE_BYTES`], without any secrets. A path that leads out of the directory is not read.
    pub fn sibling(&self, relative: &Path) -> Option<Vec<u8>> {
        let inside = inside(relative)?;
        let path = self.root.join(inside);
        let small = self.world.disk.meta(&path).is_ok_and(|meta| meta.size <= crate::MAX_FILE_BYTES);
        let bytes = if small { self.world.disk.read(&path).ok()? } else { return None };
        Some(firebreak_classify::hide(&bytes).into_owned())
    }

    /// Whether there is a file at `relative` below the scanned directory.
    pub(crate) fn is_there(&self, relative: &Path) -> bool {
        self.world.disk.meta(&self.root.join(relative)).is_ok()
    }

    /// The names of the path's parts: `["github", "meridian", "evals", "runs.json"]`.
    pub fn parts(&self) -> Vec<&str> {
        parts(self.path)
    }
}

/// A relative path without `.` and `..`; `None` where it leads out of the directory that it begins in.
pub(crate) fn inside(relative: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in relative.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir if inside.pop() => {}
            _ => return None,
        }
    }
    Some(inside)
}

/// The names of a path's parts that are text.
pub(crate) fn parts(path: &Path) -> Vec<&str> {
    path.components().filter_map(|part| part.as_os_str().to_str()).collect()
}

/// A form of file that can be read.
pub trait Scanner: Sync {
    /// The folder's name.
    fn name(&self) -> &'static str;
    /// Whether this file is of the form, by its path below the scanned directory and its first 4,096 bytes.
    fn recognises(&self, path: &Path, head: &[u8]) -> bool;
    /// Whether it needs to know the resources that other scanners find, and so runs after them.
    fn needs_resources(&self) -> bool {
        false
    }
    /// Whether a file at this path names resources that the scanner needs to know before it reads any.
    fn names_resources(&self, _: &Path) -> bool {
        false
    }
    /// The resources that such a file names. What is wrong with it is told when it is read.
    fn resources(&self, _: &ScanInput<'_>) -> Vec<Owned> {
        Vec::new()
    }
    /// How the file is made from the platform's API, where it can be.
    fn collector(&self) -> Option<&'static dyn Collect> {
        None
    }
    /// Reads it. Never panics: what cannot be read is a problem.
    fn scan(&self, input: &ScanInput<'_>) -> Found;
}
