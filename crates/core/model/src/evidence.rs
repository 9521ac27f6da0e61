//! What is known of what ran in an environment: the input to exposure.

use crate::{Interval, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};

/// All that we know of one environment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EnvironmentEvidence {
    /// Which environment.
    pub environment: NodeKey,
    /// When code ran there, each run once. An open end means that it runs still.
    pub runs: Vec<Interval>,
    /// What was seen.
    pub observations: Vec<Observation>,
    /// What should have been seen and was not, in words (`the log of run 8812 was deleted`).
    pub gaps: Vec<String>,
}

impl EnvironmentEvidence {
    /// Whether what is installed there cannot change while it runs: an image, or a workload that has run nothing but the
    /// images by whose digests its listing knows it. What a listing finds in it at one time was there at every other.
    pub fn is_immutable(&self) -> bool {
        let images = |timed: bool| {
            let of = self.observations.iter().filter(move |observation| observation.time.is_some() == timed);
            of.filter_map(|observation| match &observation.what {
                ObservationKind::Image { digest, .. } => Some(digest.as_ref()),
                _ => None,
            })
        };
        // A listing has no time for the images that it is of; what logs saw started has.
        let listed = |digest: Option<&Text>| digest.is_some() && images(false).any(|own| own == digest);
        match self.environment.system() {
            "image" => true,
            "k8s" => images(false).next().is_some() && images(false).chain(images(true)).all(listed),
            _ => false,
        }
    }
}

/// One thing that was seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// When, where the evidence says; an installed tree read later has no time of its own.
    pub time: Option<Time>,
    /// What.
    pub what: ObservationKind,
    /// Where it was read: file and line, log and line.
    pub evidence: Text,
}

/// The kinds of things that evidence shows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ObservationKind {
    /// This version was installed or downloaded.
    Installed {
        /// OSV ecosystem: `PyPI`, `npm`, `GitHub Actions`, `Debian`, `Docker`, `OpenVSX`, `Go`.
        ecosystem: Text,
        /// Name in that ecosystem.
        name: Text,
        /// Exact version.
        version: Text,
        /// SHA-256 of the artefact, where known.
        sha256: Option<Text>,
    },
    /// A file of this version was fetched by a command that installs nothing (`pip download`). What became of it is not told.
    Fetched {
        /// OSV ecosystem.
        ecosystem: Text,
        /// Name in that ecosystem.
        name: Text,
        /// Exact version.
        version: Text,
    },
    /// A complete lock says that this version is what an install gives.
    Locked {
        /// OSV ecosystem.
        ecosystem: Text,
        /// Name in that ecosystem.
        name: Text,
        /// Exact version.
        version: Text,
        /// SHA-256 digests that the lock allows.
        sha256: Vec<Text>,
    },
    /// A lock was followed that does not hold this name at all, in this ecosystem; or, with a time, everything of it that
    /// was installed at that time was listed.
    LockComplete {
        /// OSV ecosystem; `*` is every one.
        ecosystem: Text,
        /// Nothing was put into the places where its packages lie, or taken out of them, from then until the listing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Time>,
        /// In how many places (site directories, `node_modules`) its packages lie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        places: Option<u32>,
    },
    /// The environment asks for the package without fixing what it gets (`pip install -U crewai`, `@master`).
    Unpinned {
        /// OSV ecosystem.
        ecosystem: Text,
        /// Name in that ecosystem; `*` where any name may arrive as a dependency.
        name: Text,
        /// What was written.
        reference: Text,
    },
    /// A GitHub action or another git reference was fetched at this commit.
    Commit {
        /// Owner and repository.
        repository: Text,
        /// What the workflow wrote: tag, branch or commit.
        reference: Text,
        /// The commit that was fetched, where the log says.
        sha: Option<Text>,
    },
    /// A file with this digest lies there.
    File {
        /// Its path.
        path: Text,
        /// SHA-256.
        sha256: Text,
    },
    /// A container image was run.
    Image {
        /// Name without tag.
        name: Text,
        /// Tag, where known.
        tag: Option<Text>,
        /// Digest, where known.
        digest: Option<Text>,
    },
    /// A connection to this host or address was seen.
    Contacted {
        /// Host name or address.
        host: Text,
    },
    /// Installs skip releases younger than this.
    CoolDown {
        /// OSV ecosystem.
        ecosystem: Text,
        /// Days.
        days: u32,
    },
    /// Installs by one tool skip releases by age or date, in that tool's own unit.
    ReleaseAge {
        /// OSV ecosystem.
        ecosystem: Text,
        /// The tool that reads the setting: `uv`, `pip`, `poetry`, `npm`, `pnpm`, `yarn`, `bun`.
        tool: Text,
        /// Its value as written: `3 days`, `2026-03-20T00:00:00Z`, `1440`.
        setting: Text,
        /// Names and patterns that the setting does not hold for.
        except: Vec<Text>,
    },
    /// The whole log of a run was read: what is not in it did not happen in that run.
    LogComplete {
        /// Which run.
        run: Text,
    },
}
