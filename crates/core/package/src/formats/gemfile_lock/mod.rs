//! `Gemfile.lock` and `gems.locked`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, line};
use crate::formats::listing::{Hash, Listed, Source};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use std::collections::{HashMap, HashSet};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "gemfile_lock",
    kind: Kind::Lock,
    named: |file| file.is("Gemfile.lock") || file.is("gems.locked"),
    headed: None,
    read,
};

/// Where the reader is.
#[derive(Default)]
struct Place<'a> {
    section: &'a str,
    specs: bool,
    remote: &'a str,
    revision: Option<&'a str>,
    reference: Option<&'a str>,
}

impl Place<'_> {
    fn source(&self) -> Source {
        match self.section {
            "GIT" => Source::Git {
                url: address(self.remote),
                commit: self.revision.map(Text::new),
                reference: self.reference.map(Text::new),
            },
            _ if self.remote.is_empty() => Source::Unknown,
            _ => Source::Registry(Some(address(self.remote))),
        }
    }
}

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let mut place = Place::default();
    let (mut direct, mut sums) = (HashSet::new(), HashMap::new());
    for (at, written) in text.lines().enumerate() {
        let inner = written.trim();
        if !written.starts_with(' ') {
            place = Place { section: inner, ..Place::default() };
        } else if inner == "specs:" {
            place.specs = true;
        } else if let Some(url) = inner.strip_prefix("remote: ") {
            // A registry may have mirrors: the last one counts.
            place.remote = url;
        } else if let Some(revision) = inner.strip_prefix("revision: ") {
            place.revision = Some(revision);
            lister.commit(&address(place.remote), revision, line(at));
        } else if let Some(name) = inner.strip_prefix("branch: ").or_else(|| inner.strip_prefix("tag: ")) {
            place.reference = Some(name);
        } else if place.section == "DEPENDENCIES" {
            direct.extend(inner.split([' ', '!']).next());
        } else if place.section == "CHECKSUMS" {
            sums.extend(checksum(inner));
        } else if let Some(gem) = written.strip_prefix("    ").filter(|gem| place.specs && !gem.starts_with(' ')) {
            match gem.strip_suffix(')').and_then(|gem| gem.split_once(" (")) {
                // What lies beside the project is its own.
                Some(_) if place.section == "PATH" => {}
                Some((name, version)) => lister.add(listed(name, version, &place, at)),
                None => lister.odd(line(at), "not a gem with its version"),
            }
        }
    }
    for package in &mut lister.listing.packages {
        package.direct = Some(direct.contains(package.name.as_str()));
        let platform = package.marker.as_ref().map_or(String::new(), |platform| format!("-{platform}"));
        let key = format!("{} ({}{platform})", package.name, package.version);
        package.hashes.extend(sums.get(key.as_str()).into_iter().flatten().cloned());
    }
    if text.trim().is_empty() {
        lister.gap("it is empty");
    } else if lister.listing.packages.is_empty() && !text.lines().any(|line| line.trim_end() == "DEPENDENCIES") {
        lister.broken(None, "no `DEPENDENCIES`: this is no lock of Bundler");
    } else {
        lister.complete(Ecosystem::of("RubyGems"));
    }
}

/// `1.16.0-x86_64-linux`: a gem's version holds no dash, the rest is its platform.
fn listed(name: &str, version: &str, place: &Place<'_>, at: usize) -> Listed {
    let (version, platform) =
        version.split_once('-').map_or((version, None), |(version, platform)| (version, Some(platform)));
    let mut listed = Listed::new(Ecosystem::of("RubyGems"), name, version);
    listed.marker = platform.map(Text::new);
    listed.source = place.source();
    listed.line = line(at);
    listed
}

/// `name (version) sha256=…`.
fn checksum(written: &str) -> Option<(&str, Vec<Hash>)> {
    let (gem, sums) = written.split_at_checked(written.find(')')? + 1)?;
    Some((gem, sums.split([' ', ',']).filter_map(Hash::prefixed).collect()))
}
