//! Versions: the order of each ecosystem, what is a pre-release there, and ranges over both.
//!
//! It is not a resolver: nothing here chooses a version. What a tool's own range language admits is [`crate::requirement`]'s.

pub mod apk;
pub mod debian;
pub mod maven;
pub(crate) mod number;
pub mod numeric;
pub mod packagist;
pub mod pep440;
mod range;
pub mod rpm;
pub mod rubygems;
pub mod semver;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod vectors;

pub use range::Range;

use crate::Ecosystem;
use semver::Dialect;
use std::cmp::Ordering;

/// The rule by which versions of an ecosystem are ordered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Order {
    /// Python's.
    Pep440,
    /// Semantic Versioning, with any count of numbers: the rule where no other is known.
    Semver,
    /// npm's loose Semantic Versioning.
    Npm,
    /// Go's, of modules and of the toolchain.
    Go,
    /// Dart's, whose builds are ordered too.
    Pub,
    /// NuGet's, with a fourth number and labels without regard to case.
    NuGet,
    /// dpkg's.
    Debian,
    /// rpm's.
    Rpm,
    /// apk's.
    Apk,
    /// Maven's.
    Maven,
    /// RubyGems'.
    RubyGems,
    /// Composer's.
    Packagist,
    /// Dotted numbers.
    Hackage,
    /// Numbers with dots and hyphens.
    Cran,
}

/// A version, read once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Version<'a> {
    /// Python's.
    Pep440(pep440::Pep440<'a>),
    /// Semantic Versioning in any dialect.
    Semver(semver::Semver<'a>),
    /// dpkg's.
    Debian(debian::Debian<'a>),
    /// rpm's.
    Rpm(rpm::Rpm<'a>),
    /// apk's.
    Apk(apk::Apk<'a>),
    /// Maven's.
    Maven(maven::Maven),
    /// RubyGems'.
    RubyGems(rubygems::RubyGems<'a>),
    /// Composer's.
    Packagist(packagist::Packagist<'a>),
    /// Hackage's and CRAN's.
    Numeric(numeric::Numeric<'a>),
}

impl<'a> Version<'a> {
    /// Reads `text` as a version of `order`. `None` where it is not one.
    pub fn parse(order: Order, text: &'a str) -> Option<Version<'a>> {
        let semver = |dialect| semver::Semver::parse(text, dialect).map(Version::Semver);
        match order {
            Order::Pep440 => pep440::Pep440::parse(text).map(Version::Pep440),
            Order::Semver => semver(Dialect::Plain),
            Order::Npm => semver(Dialect::Npm),
            Order::Go => semver(Dialect::Go),
            Order::Pub => semver(Dialect::Pub),
            Order::NuGet => semver(Dialect::NuGet),
            Order::Debian => debian::Debian::parse(text).map(Version::Debian),
            Order::Rpm => rpm::Rpm::parse(text).map(Version::Rpm),
            Order::Apk => apk::Apk::parse(text).map(Version::Apk),
            Order::Maven => maven::Maven::parse(text).map(Version::Maven),
            Order::RubyGems => rubygems::RubyGems::parse(text).map(Version::RubyGems),
            Order::Packagist => packagist::Packagist::parse(text).map(Version::Packagist),
            Order::Hackage => numeric::Numeric::parse(text, &['.']).map(Version::Numeric),
            Order::Cran => numeric::Numeric::parse(text, &['.', '-']).map(Version::Numeric),
        }
    }

    /// Whether it comes before the release that it leads to. Distributions' packages are never pre-releases of themselves.
    pub fn is_pre_release(&self) -> bool {
        match self {
            Version::Pep440(version) => version.is_pre_release(),
            Version::Semver(version) => version.is_pre_release(),
            Version::Apk(version) => version.is_pre_release(),
            Version::Maven(version) => version.is_pre_release(),
            Version::RubyGems(version) => version.is_pre_release(),
            Version::Packagist(version) => version.stability() < packagist::Stability::Stable,
            Version::Debian(_) | Version::Rpm(_) | Version::Numeric(_) => false,
        }
    }
}

impl PartialOrd for Version<'_> {
    /// `None` where the two are of different orders.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Version::Pep440(a), Version::Pep440(b)) => a.cmp(b),
            (Version::Semver(a), Version::Semver(b)) => a.cmp(b),
            (Version::Debian(a), Version::Debian(b)) => a.cmp(b),
            (Version::Rpm(a), Version::Rpm(b)) => a.cmp(b),
            (Version::Apk(a), Version::Apk(b)) => a.cmp(b),
            (Version::Maven(a), Version::Maven(b)) => a.cmp(b),
            (Version::RubyGems(a), Version::RubyGems(b)) => a.cmp(b),
            (Version::Packagist(a), Version::Packagist(b)) => a.cmp(b),
            (Version::Numeric(a), Version::Numeric(b)) => a.cmp(b),
            _ => return None,
        })
    }
}

/// Orders two versions as `ecosystem` does. `None` where one of them is not a version there.
pub fn compare(ecosystem: &Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    let order = ecosystem.order();
    Version::parse(order, a)?.partial_cmp(&Version::parse(order, b)?)
}

/// Whether both texts mean one version: by the ecosystem's order, or letter by letter where it has none for them.
pub fn same(ecosystem: &Ecosystem, a: &str, b: &str) -> bool {
    a == b || compare(ecosystem, a, b) == Some(Ordering::Equal)
}

/// Whether `text` is one exact version, and not a range, a branch or a moving tag such as `latest`.
pub fn is_exact(ecosystem: &Ecosystem, text: &str) -> bool {
    text.contains('.') && Version::parse(ecosystem.order(), text).is_some()
}

/// Whether `text` is a pre-release. `None` where it is not a version of `ecosystem`.
pub fn is_pre_release(ecosystem: &Ecosystem, text: &str) -> Option<bool> {
    Version::parse(ecosystem.order(), text).map(|version| version.is_pre_release())
}
