//! Files that list packages: lockfiles, manifests, settings of tools, bills of materials and installed trees.
//!
//! Each format is a folder with its code, its page and its cases. All are pure functions of bytes, which return what they
//! read and a list of problems, never a panic. What they hold in memory and how long they take grows with the file alone:
//! files beyond [`MAX_BYTES`] are refused, nesting beyond 128 and aliases that would make a document larger as well. Reading
//! the file, and how much of it, is the caller's matter. Nothing here resolves a range or asks a registry.

#[allow(dead_code)]
mod duration;
#[allow(dead_code)]
mod file;
mod hash;
#[allow(dead_code)]
mod lister;
pub mod listing;
mod npm;
#[allow(dead_code)]
mod python;
#[allow(dead_code)]
mod tree;

mod cargo_lock;
mod gemfile_lock;
mod go_sum;
mod package_lock;
mod pipfile_lock;
mod pnpm_lock;
mod poetry_lock;
mod pylock;
mod requirements;
mod uv_lock;
mod yarn_lock;

pub use lister::MAX_BYTES;
pub use listing::Listing;

use file::FileName;
use lister::Lister;

/// Every format. The first one that recognises a file reads it.
pub static FORMATS: &[&Format] = &[
    &cargo_lock::FORMAT,
    &gemfile_lock::FORMAT,
    &go_sum::FORMAT,
    &package_lock::FORMAT,
    &package_lock::INSTALLED,
    &pipfile_lock::FORMAT,
    &pnpm_lock::FORMAT,
    &poetry_lock::FORMAT,
    &pylock::FORMAT,
    &requirements::FORMAT,
    &requirements::INPUTS,
    &requirements::CONSTRAINTS,
    &uv_lock::FORMAT,
    &yarn_lock::FORMAT,
];

/// One file: its path as the caller knows it, and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Path with `/`. Its last parts tell the format; some hold name and version of what they describe.
    pub path: &'a str,
    /// The whole file.
    pub bytes: &'a [u8],
}

/// What a file means for what is installed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What an install gives, version by version.
    Lock,
    /// What a project asks for.
    Manifest,
    /// What a tool is told about choosing versions.
    Settings,
    /// A bill of materials: what someone found, or says, is inside.
    Bill,
    /// A file of an installed tree: the package is there.
    Installed,
}

/// A form of file.
#[derive(Debug)]
pub struct Format {
    /// The name of its folder.
    pub name: &'static str,
    /// What such a file means.
    pub kind: Kind,
    named: fn(&FileName<'_>) -> bool,
    headed: Option<fn(&[u8]) -> bool>,
    read: fn(&Input<'_>, &mut Lister),
}

impl Format {
    /// Reads a file of this form.
    pub fn read(&self, input: &Input<'_>) -> Listing {
        let mut lister = Lister::new(self.name, input.path);
        if input.bytes.len() > MAX_BYTES {
            lister.broken(None, format!("larger than {} MiB", MAX_BYTES >> 20));
        } else {
            (self.read)(input, &mut lister);
        }
        lister.finish()
    }
}

/// The format of the file at `path`: by its name (prefixes as in `frontend_package-lock.json` are allowed), or else by its
/// first bytes (a few hundred are enough).
pub fn recognise(path: &str, head: &[u8]) -> Option<&'static Format> {
    let file = FileName::new(path);
    let named = FORMATS.iter().find(|format| (format.named)(&file));
    let headed = || FORMATS.iter().find(|format| format.headed.is_some_and(|headed| headed(head)));
    named.or_else(headed).copied()
}

/// Reads a file in whatever format it is; `None` where no format recognises it.
pub fn read(input: &Input<'_>) -> Option<Listing> {
    let head = input.bytes.get(..4096).unwrap_or(input.bytes);
    recognise(input.path, head).map(|format| format.read(input))
}
