//! `Cargo.lock`, all versions.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, git};
use crate::formats::listing::{Algorithm, Hash, Listed, Source};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use std::collections::{HashMap, HashSet};

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "cargo_lock", kind: Kind::Lock, named: |file| file.is("Cargo.lock"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    if document.get("package").is_none() && document.get("version").is_none() {
        return lister.broken(None, "no `version` and no `package`: this is no lock of Cargo");
    }
    let sums = old_checksums(&document);
    let direct = direct(&document);
    for package in document.items_at("package") {
        let (Some(name), Some(version)) = (package.text_at("name"), package.text_at("version")) else {
            lister.odd(package.line(), "a package lacks `name` or `version`");
            continue;
        };
        // Packages without a source are the workspace's own.
        let Some(source) = package.text_at("source") else { continue };
        let mut listed = Listed::new(Ecosystem::of("crates.io"), name, version);
        let sum = package.text_at("checksum").or_else(|| sums.get(&(name, version)).copied());
        listed.hashes.extend(sum.and_then(|sum| Hash::hex(Algorithm::Sha256, sum)));
        listed.source = from(source);
        listed.line = package.line();
        // `name`, or `name version` where two versions of it are there.
        listed.direct = Some(direct.contains(name) || direct.contains(format!("{name} {version}").as_str()));
        lister.add(listed);
    }
    lister.complete(Ecosystem::of("crates.io"));
}

fn from(source: &str) -> Source {
    match source.split_once('+') {
        Some(("git", _)) => match (git(source), query(source, &["tag", "branch", "rev"])) {
            (Source::Git { url, commit, .. }, reference) => Source::Git { url, commit, reference },
            (other, _) => other,
        },
        Some((_, url)) => Source::Registry(Some(address(url))),
        None => Source::Registry(Some(address(source))),
    }
}

fn query(source: &str, keys: &[&str]) -> Option<Text> {
    let (_, query) = source.split('#').next()?.split_once('?')?;
    let of = |pair: &str| pair.split_once('=').filter(|(key, _)| keys.contains(key)).map(|(_, value)| Text::new(value));
    query.split('&').find_map(of)
}

/// Version 1 keeps checksums in a table of their own: `"checksum name version (source)" = "…"`.
fn old_checksums(document: &Node) -> HashMap<(&str, &str), &str> {
    let mut sums = HashMap::new();
    for (key, sum) in document.fields_at("metadata") {
        let mut words = key.split(' ');
        if let (Some("checksum"), Some(name), Some(version), Some(sum)) =
            (words.next(), words.next(), words.next(), sum.text())
        {
            sums.insert((name, version), sum);
        }
    }
    sums
}

/// What the workspace's own packages depend on, as written: `name`, `name version` or `name version (source)`.
fn direct(document: &Node) -> HashSet<&str> {
    let own = document.items_at("package").iter().filter(|package| package.get("source").is_none());
    let written = own.flat_map(|package| package.items_at("dependencies")).filter_map(Node::text);
    written.map(|text| text.split(" (").next().unwrap_or(text)).collect()
}
