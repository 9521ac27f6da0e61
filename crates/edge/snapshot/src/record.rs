//! What a snapshot holds: plain data, written as `firebreak.snapshot/1`.

use firebreak_model::{NodeKey, Time};
use serde::Serialize;

/// The format's name.
pub const FORMAT: &str = "firebreak.snapshot/1";

fn no(flag: &bool) -> bool {
    !*flag
}

/// In which layer of an image something was found, and whether a later one took it away.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Origin {
    /// The layer, counted from 0 at the bottom. None outside images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// A later layer deleted or replaced it; in its own layer it can still be read.
    #[serde(skip_serializing_if = "no")]
    pub deleted: bool,
}

/// One installed package.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Package {
    /// OSV's word.
    pub ecosystem: &'static str,
    /// Its name, as its ecosystem spells it.
    pub name: String,
    /// None where the record of the install does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The record of the install.
    pub path: String,
    #[serde(flatten)]
    /// Where in an image.
    pub origin: Origin,
    /// SHA-256 of the artefact, where the installer wrote it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The artefact's digest as the installer wrote it (`sha512-…`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// SHA-256 of the list of installed files and their digests (`RECORD`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_sha256: Option<String>,
    /// When it was installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed: Option<Time>,
    /// What says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed_source: Option<&'static str>,
    /// The program that installed it, by its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installer: Option<String>,
}

/// Something that runs by itself: at the start of an interpreter, a shell, a session, or with an install.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Hook {
    /// `pth`, `python_startup`, `npm_script`, `shell_profile`, …
    pub kind: &'static str,
    /// The file.
    pub path: String,
    #[serde(flatten)]
    /// Where in an image.
    pub origin: Origin,
    /// SHA-256 of the file; none where it was too large to be read whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether it holds code that runs: a `.pth` may only name directories.
    pub executes: bool,
    /// Bytes.
    pub size: u64,
    /// When its content last changed, by the file's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<Time>,
    /// The package whose record of installed files names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The package's record has another digest for it.
    #[serde(skip_serializing_if = "no")]
    pub altered: bool,
    /// What runs, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<String>,
}

/// One credential that could be read, by its public face.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Credential {
    /// `credential:aws/AKIA…`, `credential:fingerprint/…`.
    pub credential: NodeKey,
    /// What it is: `aws_access_key`, `github_token`, `ssh_private_key`, …
    pub kind: String,
    /// `env NAME`, or the file and the place in it.
    #[serde(rename = "where")]
    pub place: String,
    /// The file, for joining with layers.
    #[serde(skip)]
    pub path: String,
    #[serde(flatten)]
    /// Where in an image.
    pub origin: Origin,
    /// Keyed fingerprint of the secret, where the key is a public id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// When it stops being valid, by its own word.
    #[serde(rename = "to", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// Whether a passphrase guards it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
}

/// A place that holds credentials and stays closed: its presence is known, not what is in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Store {
    /// `browser_logins`, `keyring`, `wallet`, …
    pub kind: &'static str,
    /// Where it is.
    pub path: String,
    #[serde(flatten)]
    /// Where in an image.
    pub origin: Origin,
}

/// An action that a runner fetched.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Reference {
    /// OSV's word.
    pub ecosystem: &'static str,
    /// Its name.
    pub name: String,
    /// What was asked for.
    pub reference: String,
}

/// A file by its digest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Digest {
    /// Its path.
    pub path: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// An image that was looked into.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Image {
    /// Name without tag.
    pub name: String,
    /// Tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Digest of the manifest, or of the configuration where an archive has no manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// One layer of the image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Layer {
    /// Its digest, or its name in the archive.
    pub digest: String,
    /// Entries in its archive.
    pub entries: u64,
    /// Whether it was read to its end.
    pub complete: bool,
}

/// A directory in which packages lie.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Place {
    /// OSV's word.
    pub ecosystem: &'static str,
    /// The directory, or the database.
    pub path: String,
    /// When a package was last put there or taken away, by the disk's word. None where the disk did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Time>,
}

/// What one command changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Install {
    /// The command, without secrets.
    pub command: Vec<String>,
    /// When it began.
    pub from: Time,
    /// When it ended.
    pub to: Time,
    /// How it ended; none where a signal ended it.
    pub exit_code: Option<i32>,
    /// Packages that were not there before.
    pub added: Vec<Package>,
    /// Packages that are no longer there.
    pub removed: Vec<Package>,
    /// Startup hooks that are new or have another content.
    pub hooks: Vec<Hook>,
    /// Credentials that are new.
    pub credentials: Vec<Credential>,
}

/// The whole snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Snapshot {
    /// [`FORMAT`].
    pub format: &'static str,
    /// Whose it is.
    pub environment: NodeKey,
    /// When it was taken.
    pub taken: Time,
    /// Never true: some ecosystems are never read whole.
    pub complete: bool,
    /// The ecosystems of which every installed package is listed.
    pub complete_ecosystems: Vec<&'static str>,
    /// What is installed.
    pub packages: Vec<Package>,
    /// Where it lies on a disk. An image does not change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// What was fetched by a name that may move.
    pub references: Vec<Reference>,
    /// What runs by itself.
    pub hooks: Vec<Hook>,
    /// Digests of startup hooks and of the files that were asked for.
    pub files: Vec<Digest>,
    /// What can be read.
    pub credentials: Vec<Credential>,
    /// What holds credentials and stayed closed.
    pub stores: Vec<Store>,
    /// As whom code acts there.
    pub runs_as: Vec<NodeKey>,
    /// The image.
    pub images: Vec<Image>,
    /// Its layers, from the bottom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// What a wrapped command changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<Install>,
    /// What could not be looked at.
    pub blind_spots: Vec<String>,
}
