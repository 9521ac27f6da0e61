//! `Pipfile.lock`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Hash, Listed, Required, Source};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "pipfile_lock", kind: Kind::Lock, named: |file| file.is("Pipfile.lock"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    if document.get("_meta").is_none() && document.get("default").is_none() {
        return lister.broken(None, "no `_meta` and no `default`: this is no lock of Pipenv");
    }
    let sources = document.at(&["_meta", "sources"]).map_or(&[][..], Node::items);
    let indexes = sources.iter().filter_map(|source| source.text_at("url")).map(address);
    lister.listing.settings.indexes.extend(indexes);
    for (group, packages) in document.fields().iter().filter(|(group, _)| group != "_meta") {
        for (name, package) in packages.fields() {
            entry(lister, group, name, package);
        }
    }
    lister.complete(Ecosystem::PyPI);
}

fn entry(lister: &mut Lister, group: &str, name: &str, package: &Node) {
    let source = source(package);
    let group = match group {
        "default" => None,
        "develop" => Some(Text::new("dev")),
        other => Some(Text::new(other)),
    };
    let marker = package.text_at("markers").map(Text::new);
    let hashes = package.items_at("hashes").iter().filter_map(|hash| Hash::prefixed(hash.text()?)).collect();
    match package.text_at("version").and_then(|version| version.strip_prefix("==")) {
        Some(version) => {
            let mut listed = Listed::new(Ecosystem::PyPI, name, version.trim_start_matches('='));
            (listed.hashes, listed.source, listed.marker) = (hashes, source, marker);
            (listed.line, listed.groups) = (package.line(), group.into_iter().collect());
            lister.add(listed);
        }
        None => {
            let mut required = Required::new(Ecosystem::PyPI, name, package.text_at("version").unwrap_or_default());
            required.written = Text::new("no version in the lock");
            (required.source, required.marker, required.hashes) = (source, marker, hashes);
            (required.line, required.groups) = (package.line(), group.into_iter().collect());
            lister.require(required);
        }
    }
}

fn source(package: &Node) -> Source {
    if let Some(url) = package.text_at("git") {
        let commit = package.text_at("ref").map(Text::new);
        return Source::Git { url: address(url), commit, reference: None };
    }
    if let Some(path) = package.text_at("path") {
        return Source::Path(Text::new(path));
    }
    if let Some(url) = package.text_at("file") {
        return Source::Url(address(url));
    }
    Source::Unknown
}
