//! `pnpm-lock.yaml`, versions 5 to 9.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Hash, Listed, Required, Source};
use crate::formats::npm;
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use std::collections::{HashMap, HashSet};

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "pnpm_lock", kind: Kind::Lock, named: |file| file.is("pnpm-lock.yaml"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let Some(document) = lister.yaml(input) else { return };
    if document.get("lockfileVersion").is_none() {
        return lister.broken(None, "no `lockfileVersion`: this is no lock of pnpm");
    }
    let lines = lines(text);
    let asked = asked(&document);
    for (key, package) in document.fields_at("packages") {
        let line = lines.get(key.as_str()).copied();
        if key.contains("link:") {
            continue;
        }
        let Some((name, version)) = named(key, package) else {
            // A folder beside the project, whose own manifest tells its version.
            if !key.contains("file:") {
                lister.odd(line, "not the key of a package");
            }
            continue;
        };
        let source = source(key, package);
        let Some(version) = version else {
            let mut required = Required::new(Ecosystem::Npm, name, "");
            required.written = Text::new("no version in the lock");
            (required.source, required.line) = (source, line);
            lister.require(required);
            continue;
        };
        let mut listed = Listed::new(Ecosystem::Npm, name, version);
        let integrity = package.get("resolution").and_then(|resolution| resolution.text_at("integrity"));
        listed.hashes = integrity.map(Hash::integrity).unwrap_or_default();
        listed.source = source;
        listed.line = line;
        let roles = ["dev", "optional"].into_iter().filter(|role| package.flag(role));
        listed.groups = roles.map(Text::new).collect();
        listed.direct = (!asked.is_empty()).then(|| {
            let written = npm::split(key).map(|(_, written)| (name, written));
            asked.contains(&(name, version)) || written.is_some_and(|written| asked.contains(&written))
        });
        lister.add(listed);
    }
    lister.complete(Ecosystem::Npm);
}

/// The first line on which each key stands: the parser does not tell.
fn lines(text: &str) -> HashMap<&str, u32> {
    let mut lines = HashMap::new();
    for (number, written) in (1u32..).zip(text.lines()) {
        let Some(key) = written.strip_prefix("  ").filter(|key| !key.starts_with(' ')) else { continue };
        let key = key.split_once(": ").map(|(key, _)| key).or_else(|| key.trim_end().strip_suffix(':'));
        if let Some(key) = key {
            lines.entry(key.trim_matches(['\'', '"'])).or_insert(number);
        }
    }
    lines
}

/// What the project and its workspaces ask for, with the versions that they got.
fn asked(document: &Node) -> HashSet<(&str, &str)> {
    let importers = document.fields_at("importers").iter().map(|(_, importer)| importer);
    let mut asked = HashSet::new();
    for importer in importers.chain([document]) {
        for key in ["dependencies", "devDependencies", "optionalDependencies"] {
            for (name, got) in importer.fields_at(key) {
                let version = got.word().or_else(|| got.get("version").and_then(Node::word)).unwrap_or_default();
                // An alias: `/real/1.0.0` or `real@1.0.0`.
                let of = key_parts(version).unwrap_or((name, plain(version)));
                asked.insert(of);
            }
        }
    }
    asked
}

/// Name and version of an entry: by its fields, or else by its key.
fn named<'a>(key: &'a str, package: &'a Node) -> Option<(&'a str, Option<&'a str>)> {
    let version = package.get("version").and_then(Node::word);
    if let Some((name, numbered)) = key_parts(key) {
        return Some((package.text_at("name").unwrap_or(name), Some(numbered)));
    }
    let name = package.text_at("name").or_else(|| npm::split(key.trim_start_matches('/')).map(|(name, _)| name))?;
    // A folder beside the project.
    if version.is_none() && key.contains("file:") {
        return None;
    }
    Some((name, version))
}

/// `/name/1.0.0_peer`, `/@scope/name@1.0.0(peer@2)` or `name@1.0.0`.
fn key_parts(key: &str) -> Option<(&str, &str)> {
    let key = key.split('(').next()?.trim_start_matches('/');
    // The slash of a scope belongs to the name; the next `/` or `@` ends it.
    let scope = if key.starts_with('@') { key.find('/')? + 1 } else { 0 };
    let end = scope + key.get(scope..)?.find(['/', '@'])?;
    let (name, version) = (key.get(..end)?, key.get(end + 1..)?);
    let version = plain(version);
    let numbered =
        version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.') && !version.contains(['/', ':']);
    (!name.is_empty() && numbered).then_some((name, version))
}

/// A version without the peers that it was resolved for.
fn plain(version: &str) -> &str {
    version.split(['(', '_']).next().unwrap_or(version)
}

fn source(key: &str, package: &Node) -> Source {
    let Some(resolution) = package.get("resolution") else { return Source::Unknown };
    let at = |field: &str| resolution.text_at(field);
    if let (Some(url), commit) = (at("repo"), at("commit")) {
        return Source::Git { url: address(url), commit: commit.map(Text::new), reference: None };
    }
    if let Some(path) = at("directory") {
        return Source::Path(Text::new(path));
    }
    match at("tarball") {
        Some(url) => npm::source(url),
        None if key.contains("file:") => Source::Unknown,
        None => Source::Registry(None),
    }
}
