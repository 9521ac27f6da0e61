//! Requirements: what a range as written admits, in the language of the tool that reads it, with the tool's rules about
//! pre-releases and yanked releases.
//!
//! It is not a resolver: it says whether a version may be taken, and not which one is. What cannot be told from the text
//! alone is undecided, with the reason, and never refused.

mod comparator;
mod jvm;
mod python;
mod reference;
mod ruby;
mod semver;
#[cfg(test)]
mod tests;

use crate::Ecosystem;
use crate::version::{Order, Version};
use comparator::{Set, Shape};

/// The language in which a range is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Language {
    /// PEP 508 and PEP 440: pip, uv, pdm, hatch.
    Pep440,
    /// Poetry's own table of dependencies.
    Poetry,
    /// npm, yarn, pnpm, bun.
    Npm,
    /// Cargo.
    Cargo,
    /// RubyGems and Bundler.
    RubyGems,
    /// A line of `go.mod`, or what follows `@` in `go install`.
    Go,
    /// Maven and Gradle.
    Maven,
    /// NuGet.
    NuGet,
    /// Composer.
    Composer,
    /// Mix and rebar3.
    Hex,
    /// Dart and Flutter.
    Pub,
    /// What follows `@` of a GitHub action.
    Action,
    /// The tag of an image.
    Tag,
    /// One version, or a word that names no version.
    Exact,
}

/// Whether a version may be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It may.
    Yes,
    /// It may not.
    No,
    /// The text alone does not tell, for this reason.
    Undecided(String),
}

impl Admission {
    /// Whether it is known that the version cannot be taken.
    pub fn is_no(&self) -> bool {
        *self == Admission::No
    }

    pub(crate) fn undecided(reason: &str) -> Admission {
        Admission::Undecided(reason.to_owned())
    }
}

/// What a command or a configuration says about pre-releases.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PreReleases {
    /// Nothing: the tool's own rule holds.
    #[default]
    ByRule,
    /// They are as good as any (`--pre`, `minimum-stability: dev`).
    Allowed,
    /// None is taken.
    Refused,
}

/// What is known beside the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Context {
    /// Pre-releases.
    pub pre_releases: PreReleases,
    /// Whether the version in question was yanked (retracted) when the tool looked.
    pub yanked: bool,
}

/// A range as written, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    language: Language,
    shape: Shape,
    renamed: Option<String>,
}

impl Language {
    /// The language in which the ecosystem's usual tool writes ranges.
    pub fn of(ecosystem: &Ecosystem) -> Language {
        match ecosystem {
            Ecosystem::PyPI => Language::Pep440,
            Ecosystem::Npm => Language::Npm,
            Ecosystem::CratesIo => Language::Cargo,
            Ecosystem::RubyGems => Language::RubyGems,
            Ecosystem::Go => Language::Go,
            Ecosystem::Maven => Language::Maven,
            Ecosystem::NuGet => Language::NuGet,
            Ecosystem::Packagist => Language::Composer,
            Ecosystem::Hex => Language::Hex,
            Ecosystem::Pub => Language::Pub,
            Ecosystem::GitHubActions => Language::Action,
            Ecosystem::Docker => Language::Tag,
            _ => Language::Exact,
        }
    }

    /// The language of a tool by its name. `None` for a tool that is not known here.
    pub fn of_tool(tool: &str) -> Option<Language> {
        Some(match tool.to_ascii_lowercase().as_str() {
            "pip" | "uv" | "pdm" | "hatch" | "pipenv" | "pipx" | "setuptools" => Language::Pep440,
            "poetry" => Language::Poetry,
            "npm" | "yarn" | "pnpm" | "bun" => Language::Npm,
            "cargo" => Language::Cargo,
            "gem" | "bundler" | "bundle" => Language::RubyGems,
            "go" => Language::Go,
            "maven" | "mvn" | "gradle" => Language::Maven,
            "nuget" | "dotnet" | "paket" => Language::NuGet,
            "composer" => Language::Composer,
            "mix" | "rebar3" => Language::Hex,
            "pub" | "dart" | "flutter" => Language::Pub,
            "github-actions" | "actions" => Language::Action,
            "docker" | "podman" => Language::Tag,
            _ => return None,
        })
    }

    /// The order of the versions that the language speaks of.
    pub fn order(self) -> Order {
        match self {
            Language::Pep440 | Language::Poetry => Order::Pep440,
            Language::Npm => Order::Npm,
            Language::Cargo | Language::Hex | Language::Action | Language::Tag | Language::Exact => Order::Semver,
            Language::RubyGems => Order::RubyGems,
            Language::Go => Order::Go,
            Language::Maven => Order::Maven,
            Language::NuGet => Order::NuGet,
            Language::Composer => Order::Packagist,
            Language::Pub => Order::Pub,
        }
    }

    /// Whether a fresh resolve takes the highest version that is admitted. Go takes the highest of the floors, NuGet the
    /// lowest that fits, Maven what stands nearest to the root.
    pub fn takes_highest(self) -> bool {
        !matches!(self, Language::Go | Language::NuGet | Language::Maven)
    }

    fn pre_release_rule(self) -> PreReleaseRule {
        match self {
            Language::Npm | Language::Cargo => PreReleaseRule::SameNumbers,
            Language::Hex | Language::NuGet => PreReleaseRule::Named,
            Language::Pep440
            | Language::Poetry
            | Language::RubyGems
            | Language::Composer
            | Language::Pub
            | Language::Go => PreReleaseRule::NamedOrLast,
            Language::Maven | Language::Action | Language::Tag | Language::Exact => PreReleaseRule::Free,
        }
    }
}

/// When a tool takes a pre-release that it was not told to take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PreReleaseRule {
    /// Where a bound beside it names a pre-release of the same numbers.
    SameNumbers,
    /// Where the range names any pre-release.
    Named,
    /// As before, or where nothing else fits (or a setting elsewhere allows it).
    NamedOrLast,
    /// Always.
    Free,
}

impl Requirement {
    /// Reads a range. An empty text asks for any version.
    ///
    /// # Errors
    /// What in the text is not of the language, in words. Such a text admits what nobody can tell.
    pub fn parse(language: Language, text: &str) -> Result<Requirement, String> {
        let text = text.trim();
        let (text, renamed) = match language {
            Language::Npm => semver::without_alias(text),
            _ => (text, None),
        };
        let shape = match language {
            Language::Pep440 => python::specifiers(text)?,
            Language::Poetry => python::poetry(text)?,
            Language::Npm => semver::npm(text)?,
            Language::Cargo => semver::cargo(text)?,
            Language::Composer => semver::composer(text)?,
            Language::Hex => semver::hex(text)?,
            Language::Pub => semver::dart(text)?,
            Language::RubyGems => ruby::gem(text)?,
            Language::Maven => jvm::maven(text)?,
            Language::NuGet => jvm::nuget(text)?,
            Language::Go => reference::go(text),
            Language::Action | Language::Tag => reference::named(text),
            Language::Exact => reference::exact(text),
        };
        shape.check(language.order())?;
        Ok(Requirement { language, shape, renamed })
    }

    /// The same under the ecosystem's usual tool.
    ///
    /// # Errors
    /// As [`Requirement::parse`].
    pub fn of(ecosystem: &Ecosystem, text: &str) -> Result<Requirement, String> {
        Requirement::parse(Language::of(ecosystem), text)
    }

    /// Its language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The package that is asked for under another name (`npm:real@1`), where the text says so.
    pub fn renamed(&self) -> Option<&str> {
        self.renamed.as_deref()
    }

    /// Whether it asks for `version` and for no other: the bounds of every alternative name this one.
    pub fn pins(&self, version: &str) -> bool {
        let order = self.language.order();
        let same = |version: &str, other: &str| match (Version::parse(order, version), Version::parse(order, other)) {
            (Some(one), Some(other)) => one.partial_cmp(&other) == Some(std::cmp::Ordering::Equal),
            _ => version == other,
        };
        match &self.shape {
            Shape::Sets(sets) if !sets.is_empty() => {
                sets.iter().all(|set| set.pinned().is_some_and(|pinned| same(pinned, version)))
            }
            _ => false,
        }
    }

    /// Whether the tool may take `version`.
    pub fn admits(&self, version: &str, context: &Context) -> Admission {
        let sets = match &self.shape {
            Shape::Sets(sets) => sets,
            Shape::Undecided(reason) => return Admission::undecided(reason),
            Shape::Nothing => return Admission::No,
            Shape::Floor(floor) => return self.above(floor, version),
            Shape::Pointed(name) => return reference::admits(name, version),
        };
        let Some(read) = Version::parse(self.language.order(), version) else {
            let named = sets.iter().any(|set| set.names(version));
            return if named { Admission::Yes } else { Admission::undecided("it is no version that can be ordered") };
        };
        let mut best = Admission::No;
        for set in sets.iter().filter(|set| set.holds(self.language.order(), &read, version)) {
            match self.rules(set, &read, version, context) {
                Admission::Yes => return Admission::Yes,
                Admission::No => {}
                undecided => best = undecided,
            }
        }
        best
    }

    /// What the tool's rules say of a version that lies within the bounds.
    fn rules(&self, set: &Set, read: &Version<'_>, version: &str, context: &Context) -> Admission {
        if context.yanked {
            match self.language {
                Language::Pep440 | Language::Poetry if set.pins() => {}
                // Only a lock from before keeps it.
                Language::Pep440 | Language::Poetry | Language::Cargo => return Admission::No,
                _ => return Admission::undecided("whether the tool still takes a retracted release is not told"),
            }
        }
        if !read.is_pre_release() || context.pre_releases == PreReleases::Allowed {
            return Admission::Yes;
        }
        let order = self.language.order();
        let named = || set.names_pre_release(order);
        match self.language.pre_release_rule() {
            _ if context.pre_releases == PreReleases::Refused && !set.names(version) => Admission::No,
            PreReleaseRule::Free => Admission::Yes,
            PreReleaseRule::SameNumbers if set.names_pre_release_of(order, read) => Admission::Yes,
            PreReleaseRule::SameNumbers => Admission::No,
            PreReleaseRule::Named | PreReleaseRule::NamedOrLast if named() => Admission::Yes,
            PreReleaseRule::Named => Admission::No,
            PreReleaseRule::NamedOrLast => Admission::undecided("a pre-release is taken only where nothing else fits"),
        }
    }

    fn above(&self, floor: &str, version: &str) -> Admission {
        let order = self.language.order();
        let (Some(version), Some(floor)) = (Version::parse(order, version), Version::parse(order, floor)) else {
            return Admission::undecided("it is no version that can be ordered");
        };
        match version.partial_cmp(&floor) {
            Some(std::cmp::Ordering::Equal) => Admission::Yes,
            Some(std::cmp::Ordering::Less) if self.language != Language::Maven => Admission::No,
            _ => Admission::undecided("another dependency may ask for a different version"),
        }
    }
}
