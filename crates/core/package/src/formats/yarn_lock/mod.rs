//! `yarn.lock`: classic and Berry. They differ in quoting; both are blocks of a header and indented fields.

use crate::Ecosystem;
use crate::formats::lister::{Lister, line};
use crate::formats::listing::{Algorithm, Hash, Listed, Source};
use crate::formats::npm;
use crate::formats::{Format, Input, Kind};
use std::collections::HashSet;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "yarn_lock", kind: Kind::Lock, named: |file| file.is("yarn.lock"), headed: None, read };

/// One entry as it is read.
#[derive(Default)]
struct Block<'a> {
    at: usize,
    descriptors: &'a str,
    version: Option<&'a str>,
    resolved: Option<&'a str>,
    resolution: Option<&'a str>,
    integrity: Option<&'a str>,
    /// The field whose own fields follow.
    inside: &'a str,
}

impl Block<'_> {
    /// The project and its workspaces.
    fn own(&self) -> bool {
        self.descriptors.contains("@workspace:")
    }
}

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    let mut block: Option<Block<'_>> = None;
    let mut direct: HashSet<&str> = HashSet::new();
    for (at, written) in text.lines().enumerate() {
        let trimmed = written.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if written.starts_with(' ') {
            if let Some(block) = &mut block {
                field(block, written, trimmed, &mut direct);
            }
            continue;
        }
        if let Some(block) = block.take() {
            finish(lister, &block);
        }
        match written.trim_end().strip_suffix(':') {
            Some("__metadata") => {}
            Some(descriptors) => block = Some(Block { at, descriptors, ..Block::default() }),
            None => lister.odd(line(at), "not the beginning of an entry"),
        }
    }
    if let Some(block) = block {
        finish(lister, &block);
    }
    let berry = text.contains("__metadata");
    if lister.listing.packages.is_empty() && !text.contains("yarn lockfile") && !berry {
        return lister.broken(None, "not a lock of Yarn");
    }
    // Only Berry writes down what the project itself asks for.
    for package in lister.listing.packages.iter_mut().filter(|_| !direct.is_empty()) {
        package.direct = Some(direct.contains(package.name.as_str()));
    }
    lister.complete(Ecosystem::Npm);
}

fn field<'a>(block: &mut Block<'a>, written: &'a str, trimmed: &'a str, direct: &mut HashSet<&'a str>) {
    let indent = written.len() - written.trim_start().len();
    let (key, value) = match trimmed.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((key, rest)) => (key, rest.trim_start_matches([':', ' '])),
        None => trimmed
            .split_once([' ', ':'])
            .map_or((trimmed, ""), |(key, rest)| (key, rest.trim_start_matches([':', ' ']))),
    };
    let value = value.trim().trim_matches('"');
    if indent > 2 {
        if block.own() && matches!(block.inside, "dependencies" | "devDependencies" | "optionalDependencies") {
            direct.insert(key);
        }
        return;
    }
    block.inside = key.trim_end_matches(':');
    match key {
        "version" => block.version = Some(value),
        "resolved" => block.resolved = Some(value),
        "resolution" => block.resolution = Some(value),
        "integrity" => block.integrity = Some(value),
        _ => {}
    }
}

fn finish(lister: &mut Lister, block: &Block<'_>) {
    if block.own() {
        return;
    }
    let Some(version) = block.version.filter(|version| !version.is_empty()) else {
        return lister.odd(line(block.at), "an entry has no version");
    };
    let Some((name, source)) = name(block) else { return lister.odd(line(block.at), "an entry has no name") };
    // Links to folders of the project.
    if matches!(&source, Source::Path(_)) && version == "0.0.0-use.local" {
        return;
    }
    let mut listed = Listed::new(Ecosystem::Npm, name, version);
    listed.source = source;
    listed.line = line(block.at);
    listed.hashes = block.integrity.map(Hash::integrity).unwrap_or_default();
    // Classic puts the SHA-1 of the archive behind its address.
    let sum = block.resolved.and_then(|url| url.rsplit_once('#')).filter(|(url, _)| !url.ends_with(".git"));
    let sum = sum.and_then(|(_, sum)| Hash::hex(Algorithm::Sha1, sum));
    let known = listed.hashes.clone();
    listed.hashes.extend(sum.filter(|sum| !known.contains(sum) && !matches!(listed.source, Source::Git { .. })));
    lister.add(listed);
}

/// The package that an entry holds: `"a@npm:b@^1, a@^2"` is `b`.
fn name<'a>(block: &Block<'a>) -> Option<(&'a str, Source)> {
    // Berry says what an entry resolved to.
    if let Some((name, reference)) = block.resolution.and_then(npm::split) {
        let registry = reference.strip_prefix("npm:").is_some();
        let patched = reference.strip_prefix("patch:").is_some();
        let source = if registry || patched { Source::Registry(None) } else { npm::source(reference) };
        return Some((name, source));
    }
    let first = block.descriptors.split(',').next()?.trim().trim_matches('"');
    let (asked, range) = npm::split(first)?;
    let name = npm::alias(range).map_or(asked, |(real, _)| real);
    let source = block.resolved.map(npm::source).unwrap_or_else(|| npm::source(range));
    (!name.is_empty()).then_some((name, source))
}
