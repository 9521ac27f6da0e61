//! Incident profiles: our own versioned account of one incident, in the words that a verdict needs.
//!
//! An advisory says which versions are bad. It has no field for the hours in which a tag pointed elsewhere, for moved
//! commits, for a second route by which the thing arrived, or for what its payload reads. A profile has, and each of its
//! statements names its source. A disputed statement stays visible and decides nothing.
//!
//! It is not a list of detections: what an intruder does afterwards is the detectors' business.

mod file;

use firebreak_model::{Interval, Problem, Text, Time};
use firebreak_package::{Ecosystem, version::Range};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How near a statement is to those who know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceMark {
    /// A registry, a maintainer or an advisory says it.
    Primary,
    /// A compilation that cites them says it.
    Secondary,
    /// The attackers or the press say it.
    Claimed,
}

/// An interval in which a thing was to be had, as one source has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first instant.
    pub from: Time,
    /// The first instant after.
    pub to: Time,
    /// Who says so.
    pub source: String,
    /// How near they are.
    pub mark: SourceMark,
}

impl Window {
    /// The interval alone.
    pub fn interval(&self) -> Interval {
        Interval::new(self.from, self.to)
    }
}

/// One bad thing: a name in an ecosystem, what of it is bad, and when it was to be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artefact {
    /// Where the names have their meaning.
    pub ecosystem: Ecosystem,
    /// Its names, spelled canonically; several for one image in several registries.
    pub names: Vec<Text>,
    /// Bad versions.
    pub versions: Vec<Range>,
    /// Bad digests: SHA-256 in lower-case hexadecimal, without a prefix.
    pub sha256: FxHashSet<Text>,
    /// Bad commits, in lower-case hexadecimal.
    pub commits: FxHashSet<Text>,
    /// Versions that are known to be good, whatever was asked for.
    pub clean_versions: Vec<Range>,
    /// Tags were moved to commits that nobody has published: whatever a tag gave inside the windows is doubtful.
    pub commits_unknown: bool,
    /// Commits and digests that are known to be good.
    pub clean: FxHashSet<Text>,
    /// When it was to be had, by each source. Judged on the union.
    pub windows: Vec<Window>,
}

impl Artefact {
    /// A name of which nothing is known to be bad.
    pub(crate) fn named_only(ecosystem: Ecosystem, name: &str) -> Artefact {
        let names = vec![Text::new(ecosystem.canonical(name))];
        Artefact {
            ecosystem,
            names,
            versions: Vec::new(),
            sha256: FxHashSet::default(),
            commits: FxHashSet::default(),
            clean_versions: Vec::new(),
            commits_unknown: false,
            clean: FxHashSet::default(),
            windows: Vec::new(),
        }
    }

    /// The first instant at which any source says that it was to be had.
    pub fn first(&self) -> Time {
        self.windows.iter().map(|window| window.from).min().unwrap_or(Time::MIN)
    }

    /// The last instant at which any source says so.
    pub fn last(&self) -> Time {
        self.windows.iter().map(|window| window.to).max().unwrap_or(Time::MAX)
    }

    /// Whether any source's window shares an instant with `interval`.
    pub fn open_during(&self, interval: &Interval) -> bool {
        self.windows.iter().any(|window| window.interval().overlaps(interval))
    }

    /// Whether `version` is bad.
    pub fn has_version(&self, version: &str) -> bool {
        self.versions.iter().any(|range| range.contains(&self.ecosystem, version))
    }

    /// Whether `version` is known to be good.
    pub fn is_clean_version(&self, version: &str) -> bool {
        self.clean_versions.iter().any(|range| range.contains(&self.ecosystem, version))
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", |name| name.as_str())
    }
}

/// A second way to a bad thing: an action that fetches another one by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The action that the workflow names, spelled canonically.
    pub through: Text,
    /// The action that it fetches.
    pub reaches: Text,
    /// Commits of `through` that fetch it by a tag: pinning them pins nothing.
    pub by_tag: FxHashSet<Text>,
    /// Commits of `through` that fetch it by a good commit, or not at all.
    pub by_commit: FxHashSet<Text>,
    /// Versions of `through` that fetch it by a good commit, or not at all.
    pub fixed_versions: Vec<Range>,
    /// Who says so.
    pub source: String,
}

/// A host or address that the payload talks to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Host name or address.
    pub host: Text,
    /// Whether talking to it shows that the payload ran. Addresses of shared networks do not.
    pub decisive: bool,
    /// Who says so.
    pub source: String,
    /// How near they are.
    pub mark: SourceMark,
}

/// A file that the payload brings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadFile {
    /// How its path ends.
    pub path: Text,
    /// Its digest, where known: SHA-256 in hexadecimal.
    #[serde(default)]
    pub sha256: Option<Text>,
    /// Who says so.
    pub source: String,
    /// How near they are.
    pub mark: SourceMark,
}

/// An image whose makers say that it never held the bad thing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanImage {
    /// Name without tag.
    pub name: Text,
    /// Who says so, and why.
    pub source: String,
    /// How near they are.
    pub mark: SourceMark,
}

/// Something that one source calls bad and another does not: shown, and never decisive.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// Name of the action or package.
    pub name: Text,
    /// The commit, version or digest, or how it begins.
    pub what: Text,
    /// Why it is disputed.
    pub why: String,
}

/// A step that somebody wrote down for the incident before it came. Whoever plans says whether it can be done.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedStep {
    /// The responder's folder, a slash and its verb.
    pub action: Text,
    /// What it acts on: a key, or with `{name}` at its end every credential that begins so and could be read where it ran.
    pub target: String,
    /// What the responder needs beside the target; `{name}` stands for the same.
    #[serde(default)]
    pub parameters: BTreeMap<Text, String>,
    /// What it costs the business; as usual where it is not said.
    pub cost: Option<u32>,
    /// Whether a person must approve it.
    #[serde(default)]
    pub needs_person: bool,
    /// Said where it cannot be taken back.
    #[serde(default)]
    pub permanent: bool,
    /// Why, for people.
    pub because: String,
}

/// One incident.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its folder's name.
    pub id: Text,
    /// Counts up with each change of what it says.
    pub revision: u32,
    /// What a person calls it.
    pub title: String,
    /// When it became known to the public.
    pub known: Time,
    /// Ids of the advisories about it.
    pub advisories: Vec<Text>,
    /// What its payload reads, by words in snake case: `environment_variable`, `aws`, `kubernetes`…
    pub reads: Vec<Text>,
    /// The bad things.
    pub artefacts: Vec<Artefact>,
    /// Second ways to them.
    pub routes: Vec<Route>,
    /// What the payload talks to.
    pub indicators: Vec<Indicator>,
    /// What the payload leaves on disk.
    pub files: Vec<PayloadFile>,
    /// Images that are known to be good.
    pub clean_images: Vec<CleanImage>,
    /// What is not agreed.
    pub disputed: Vec<Dispute>,
    /// What is to be done beside the cut.
    pub prepared: Vec<PreparedStep>,
    by_name: FxHashMap<Text, Vec<usize>>,
    by_digest: FxHashMap<Text, usize>,
}

impl Profile {
    /// Reads the text of a `profile.toml`. `path` is for messages.
    ///
    /// # Errors
    /// Every problem found: an unknown key, a window that ends before it begins, a digest that is not one…
    pub fn parse(path: &str, text: &str) -> Result<Profile, Vec<Problem>> {
        file::read(path, text)
    }

    /// The artefacts with this name.
    pub fn named<'a>(&'a self, ecosystem: &'a Ecosystem, name: &str) -> impl Iterator<Item = &'a Artefact> {
        // Most packages are of an ecosystem that no artefact is of: that is told without spelling or hashing a name.
        let possible = self.artefacts.iter().any(|artefact| artefact.ecosystem == *ecosystem);
        let canonical = possible.then(|| ecosystem.canonical(name));
        let places = canonical.and_then(|name| self.by_name.get(name.as_ref())).map_or(&[] as &[usize], Vec::as_slice);
        let found = places.iter().filter_map(|place| self.artefacts.get(*place));
        found.filter(move |artefact| artefact.ecosystem == *ecosystem)
    }

    /// The artefact that has this digest, with or without the prefix `sha256:`, in any case.
    pub fn with_digest(&self, digest: &str) -> Option<&Artefact> {
        if self.by_digest.is_empty() {
            return None;
        }
        self.by_digest.get(bare_digest(digest).as_ref()).and_then(|place| self.artefacts.get(*place))
    }

    /// The first instant at which anything in the profile was to be had.
    pub fn first(&self) -> Time {
        self.artefacts.iter().map(Artefact::first).min().unwrap_or(Time::MIN)
    }

    /// The same incident with the artefacts of `ecosystems` alone: what something is judged by that can bring nothing else.
    pub fn within(&self, ecosystems: &[Ecosystem]) -> Profile {
        let mut profile = self.clone();
        profile.artefacts.retain(|artefact| ecosystems.contains(&artefact.ecosystem));
        profile.by_name.clear();
        profile.by_digest.clear();
        profile.index();
        profile
    }

    fn index(&mut self) {
        for (place, artefact) in self.artefacts.iter().enumerate() {
            for name in &artefact.names {
                self.by_name.entry(name.clone()).or_default().push(place);
            }
            for digest in &artefact.sha256 {
                self.by_digest.entry(digest.clone()).or_insert(place);
            }
        }
    }
}

/// A digest without its prefix, in lower case.
pub(crate) fn bare_digest(digest: &str) -> std::borrow::Cow<'_, str> {
    let bare = digest.strip_prefix("sha256:").unwrap_or(digest);
    if bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        std::borrow::Cow::Owned(bare.to_ascii_lowercase())
    } else {
        std::borrow::Cow::Borrowed(bare)
    }
}

/// Whether `text` is a whole commit id, and so fixes what it names.
pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
