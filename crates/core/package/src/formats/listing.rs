//! What one file says of packages: the output of every format, as plain data.
//!
//! It holds what is written, not what follows from it: no range is evaluated here and no file is looked up.

use crate::Ecosystem;
use crate::formats::lister::shown;
use firebreak_model::{Problem, Text};

/// What one lockfile, manifest, bill of materials or file of an installed tree says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
    /// Packages in one exact version.
    pub packages: Vec<Listed>,
    /// Names that are asked for, with the range as written.
    pub requirements: Vec<Required>,
    /// Commits that are fetched in place of a release.
    pub commits: Vec<Commit>,
    /// What the file tells its tool about choosing versions.
    pub settings: Settings,
    /// Other files that belong to this one.
    pub includes: Vec<Include>,
    /// Files that an installed package says it brought.
    pub files: Vec<Recorded>,
    /// The tool that installed the package (`pip`, `uv`).
    pub installer: Option<Text>,
    /// The operating system that the file describes.
    pub system: Option<System>,
    /// No package of these ecosystems is installed by this file beyond those in `packages`. Empty where it leaves that open.
    pub complete: Vec<Ecosystem>,
    /// What stays unknown, in words, without the file's name.
    pub gaps: Vec<String>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A package in one exact version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Where name and version have their meaning.
    pub ecosystem: Ecosystem,
    /// The name: Python's in its one spelling, others as written.
    pub name: Text,
    /// The version in the ecosystem's (OSV's) spelling.
    pub version: Text,
    /// Every digest that the file allows or names, over all artefacts of this version.
    pub hashes: Vec<Hash>,
    /// Where it comes from.
    pub source: Source,
    /// Line, from 1, where the file has lines and the format tells.
    pub line: Option<u32>,
    /// Whether the project asks for it itself (`true`) or another package does (`false`), where told.
    pub direct: Option<bool>,
    /// The groups, extras and roles that it is installed for (`dev`, `optional`, an extra's name). Empty: always, or not told.
    pub groups: Vec<Text>,
    /// The condition under which it is installed (an environment marker, a platform), as written.
    pub marker: Option<Text>,
    /// The source package that it was built from, where a distribution tells (Debian's `Source`, Alpine's origin).
    pub built_from: Option<Text>,
}

impl Listing {
    /// Makes a requirement of each package of Python that is fixed under a marker only. Where others may bring more packages,
    /// its one version is not always in force, and settles nothing for them.
    pub fn free_conditional(&mut self) {
        let held = |package: &Listed| package.ecosystem == Ecosystem::PyPI && package.marker.is_some();
        let (held, always) = std::mem::take(&mut self.packages).into_iter().partition(held);
        self.packages = always;
        self.requirements.extend(Vec::into_iter(held).map(Listed::on_condition));
    }
}

impl Listed {
    fn on_condition(self) -> Required {
        let range = format!("=={}", self.version);
        let marker = self.marker.as_deref().unwrap_or_default();
        let written = Text::new(shown(&format!("{}{range}; {marker}", self.name)));
        let required = Required::new(self.ecosystem, &self.name, &range);
        let (groups, hashes) = (self.groups, self.hashes);
        Required { written, marker: self.marker, source: self.source, line: self.line, groups, hashes, ..required }
    }

    /// `name` in `version`, of which nothing more is known.
    pub fn new(ecosystem: Ecosystem, name: &str, version: &str) -> Listed {
        let name = spelled(&ecosystem, name);
        Listed {
            ecosystem,
            name,
            version: Text::new(version),
            hashes: Vec::new(),
            source: Source::Unknown,
            line: None,
            direct: None,
            groups: Vec::new(),
            marker: None,
            built_from: None,
        }
    }

    /// Its SHA-256 digests.
    pub fn sha256(&self) -> impl Iterator<Item = &Text> {
        self.hashes.iter().filter(|hash| hash.algorithm == Algorithm::Sha256).map(|hash| &hash.digits)
    }
}

fn spelled(ecosystem: &Ecosystem, name: &str) -> Text {
    match ecosystem {
        Ecosystem::PyPI => Text::new(ecosystem.canonical(name)),
        _ => Text::new(name),
    }
}

/// Stands in what is written of a requirement, before the environment of its own that it is for: `ruff>=0.5; alone: group lint`.
pub const ALONE: &str = "; alone: ";
/// Stands behind what is written of a requirement that outweighs every other one for its name, and asks for nothing by itself.
pub const OVERRIDE: &str = "; override";
/// Stands behind what is written of a requirement that limits what others ask of its name, and asks for nothing by itself.
pub const CONSTRAINT: &str = "; constraint";

/// A name that is asked for without one exact, settled version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Required {
    /// Where name and range have their meaning.
    pub ecosystem: Ecosystem,
    /// The name, `*` where any name may arrive (dependencies that nothing fixes).
    pub name: Text,
    /// The range as written (`>=1.2,<2`, `^1.0`, `latest`); empty where none is.
    pub range: Text,
    /// The whole requirement as written, for people.
    pub written: Text,
    /// Where it is to come from.
    pub source: Source,
    /// Line, from 1, where told.
    pub line: Option<u32>,
    /// Groups, extras and roles that ask for it. Empty: always, or not told.
    pub groups: Vec<Text>,
    /// The condition under which it is asked for, as written.
    pub marker: Option<Text>,
    /// A constraint only: it limits a version if something else asks for the name.
    pub constraint: bool,
    /// The environment of its own that it is installed into (a build's, a group's, a plugin's): nothing that the file asks
    /// for elsewhere limits what arrives there.
    pub alone: Option<Text>,
    /// Whether this requirement alone admits pre-releases, where the file says so.
    pub prereleases: Option<bool>,
    /// Digests that an artefact must have.
    pub hashes: Vec<Hash>,
}

impl Required {
    /// The same as what outweighs others ([`OVERRIDE`]): an override, or a limit that leaves one version. `None` for another limit.
    pub fn outweighing(mut self) -> Option<Required> {
        let one = self.range.starts_with("==") && !self.range.contains([',', '*']);
        if self.constraint && !one {
            return None;
        }
        (self.written, self.constraint) = (Text::new(format!("{}{OVERRIDE}", self.written)), false);
        Some(self)
    }

    /// The same as what limits others ([`CONSTRAINT`]).
    pub fn limiting(mut self) -> Required {
        (self.written, self.constraint) = (Text::new(format!("{}{CONSTRAINT}", self.written)), false);
        self
    }

    /// `name` in `range`, of which nothing more is known.
    pub fn new(ecosystem: Ecosystem, name: &str, range: &str) -> Required {
        let name = spelled(&ecosystem, name);
        let written = if range.is_empty() { name.clone() } else { Text::new(format!("{name} {range}")) };
        Required {
            ecosystem,
            name,
            range: Text::new(range.trim()),
            written,
            source: Source::Unknown,
            line: None,
            groups: Vec::new(),
            marker: None,
            constraint: false,
            alone: None,
            prereleases: None,
            hashes: Vec::new(),
        }
    }

    /// Any name of the ecosystem may arrive, because of `why`.
    pub fn any(ecosystem: Ecosystem, why: &str) -> Required {
        Required { name: Text::new("*"), written: Text::new(why), ..Required::new(ecosystem, "*", "") }
    }
}

/// Where a package comes from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Source {
    /// The file does not say.
    #[default]
    Unknown,
    /// A registry or index, by its address where told.
    Registry(Option<Text>),
    /// One artefact at an address.
    Url(Text),
    /// A repository.
    Git {
        /// Its address, without commit and query.
        url: Text,
        /// The commit, where it is fixed.
        commit: Option<Text>,
        /// Branch or tag, where written.
        reference: Option<Text>,
    },
    /// A folder or file beside the project.
    Path(Text),
}

/// A commit that is fetched in place of a release.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// The repository's address as written, without commit and query.
    pub url: Text,
    /// The commit.
    pub commit: Text,
    /// Line, from 1, where told.
    pub line: Option<u32>,
}

/// A digest of an artefact.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hash {
    /// How it was made.
    pub algorithm: Algorithm,
    /// Hexadecimal digits, lower case.
    pub digits: Text,
}

/// How a digest was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Algorithm {
    /// MD5, which proves nothing but finds much.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// Go's `h1:`, a SHA-256 over the list of a module's files: it is no digest of one file.
    GoH1,
}

/// What a file tells its tool about choosing versions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// The ecosystem that they are about.
    pub ecosystem: Option<Ecosystem>,
    /// Nothing that was published later than this is taken: an instant or a date, as written.
    pub exclude_newer: Option<Text>,
    /// Releases younger than this are not taken.
    pub cool_down: Option<CoolDown>,
    /// What each tool is told to hide by age or date, as written, also where that cannot be read.
    pub ages: Vec<Age>,
    /// Names (or patterns) that have a rule of their own, with it; `false` or `0` where the rule does not hold for them.
    pub exempt: Vec<(Text, Text)>,
    /// Indexes and registries, as written but without what may be a secret.
    pub indexes: Vec<Text>,
    /// Whether pre-releases are admitted: the tool's own word.
    pub prereleases: Option<Text>,
    /// Names that are held to a range wherever they are asked for.
    pub overrides: Vec<Required>,
    /// Whether install scripts are kept from running, where told.
    pub ignore_scripts: Option<bool>,
    /// Whether every artefact must have a digest that the file names, where told.
    pub require_hashes: Option<bool>,
}

/// The least age of a release.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoolDown {
    /// The setting as written, with its name.
    pub written: Text,
    /// In seconds.
    pub seconds: u64,
}

/// What one tool is told to hide by age or date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Age {
    /// The tool that reads it, as [`crate::CoolDown::parse`] names it.
    pub tool: &'static str,
    /// Its value as written, in the tool's own unit.
    pub setting: Text,
}

/// Another file that belongs to this one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Include {
    /// Its path as written, relative to this file.
    pub path: Text,
    /// What it adds.
    pub kind: IncludeKind,
    /// Line, from 1, where told.
    pub line: Option<u32>,
}

/// What an included file adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IncludeKind {
    /// More requirements.
    Requirements,
    /// Limits on what others ask for.
    Constraints,
    /// The file that this one extends or belongs to (a parent, a workspace member).
    Project,
}

/// A file that an installed package says it brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Its path as written.
    pub path: Text,
    /// Its digest, where recorded.
    pub hash: Option<Hash>,
}

/// An operating system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct System {
    /// `debian`, `ubuntu`, `alpine`, as the system names itself.
    pub id: Text,
    /// Its release (`12`, `3.20.1`), where told.
    pub version: Option<Text>,
    /// Its release's name (`bookworm`), where told.
    pub codename: Option<Text>,
}
