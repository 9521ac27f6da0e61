//! Files that list packages: lockfiles, manifests, settings of tools, bills of materials and installed trees.
//!
//! Each format is a folder with its code, its page and its cases. All are pure functions of bytes, which return what they
//! read and a list of problems, never a panic. What they hold in memory and how long they take grows with the file alone:
//! files beyond [`MAX_BYTES`] are refused, nesting beyond 128 and aliases that would make a document larger as well. Reading
//! the file, and how much of it, is the caller's matter. Nothing here resolves a range or asks a registry.

mod cool_down;
mod duration;
mod file;
mod hash;
mod ini;
mod lister;
pub mod listing;
mod npm;
mod purl;
mod python;
mod stanza;
mod tree;
mod xml;

mod apk_installed;
mod binary;
mod bun_lock;
mod cargo_lock;
mod cargo_toml;
mod composer;
mod conan_lock;
mod conda;
mod cyclonedx;
mod dist_info;
mod dpkg_status;
mod gemfile_lock;
mod gemspec;
mod go_mod;
mod go_sum;
mod gradle_lock;
mod haskell;
mod homebrew;
mod jar;
mod maven_pom;
mod mix_lock;
mod npm_settings;
mod nuget;
mod os_release;
mod package_json;
mod package_lock;
mod pipfile;
mod pipfile_lock;
mod pnpm_lock;
mod poetry_lock;
mod pubspec_lock;
mod pylock;
mod pyproject;
mod python_settings;
mod renv_lock;
mod requirements;
mod rpm_database;
mod setup_cfg;
mod spdx;
mod uv_lock;
mod yarn_lock;

pub use lister::MAX_BYTES;
pub use listing::Listing;

use file::FileName;
use lister::Lister;

/// Every format. The first one that recognises a file reads it.
pub static FORMATS: &[&Format] = &[
    &apk_installed::FORMAT,
    &binary::FORMAT,
    &bun_lock::FORMAT,
    &bun_lock::BINARY,
    &cargo_lock::FORMAT,
    &cargo_toml::FORMAT,
    &composer::FORMAT,
    &composer::INSTALLED,
    &conan_lock::FORMAT,
    &conda::FORMAT,
    &conda::ENVIRONMENT,
    &conda::EXPLICIT,
    &conda::INSTALLED,
    &cyclonedx::FORMAT,
    &dist_info::FORMAT,
    &dpkg_status::FORMAT,
    &gemfile_lock::FORMAT,
    &gemspec::FORMAT,
    &go_mod::FORMAT,
    &go_sum::FORMAT,
    &gradle_lock::FORMAT,
    &gradle_lock::VERIFIED,
    &haskell::FORMAT,
    &haskell::STACK,
    &homebrew::FORMAT,
    &jar::FORMAT,
    &jar::MANIFEST,
    &maven_pom::FORMAT,
    &mix_lock::FORMAT,
    &npm_settings::FORMAT,
    &npm_settings::PNPM,
    &npm_settings::YARN,
    &npm_settings::BUN,
    &nuget::FORMAT,
    &nuget::CONFIG,
    &nuget::PROJECT,
    &nuget::BUILT,
    &os_release::FORMAT,
    &package_json::INSTALLED,
    &package_json::FORMAT,
    &package_lock::FORMAT,
    &package_lock::INSTALLED,
    &pipfile::FORMAT,
    &pipfile_lock::FORMAT,
    &pnpm_lock::FORMAT,
    &poetry_lock::FORMAT,
    &pubspec_lock::FORMAT,
    &pylock::FORMAT,
    &pyproject::FORMAT,
    &python_settings::FORMAT,
    &python_settings::POETRY,
    &python_settings::PIP,
    &renv_lock::FORMAT,
    &requirements::FORMAT,
    &requirements::INPUTS,
    &requirements::CONSTRAINTS,
    &rpm_database::FORMAT,
    &setup_cfg::FORMAT,
    &spdx::FORMAT,
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
