//! `uv.lock`: all that any platform, extra and group of a project would get.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, git, shown};
use crate::formats::listing::{Hash, Listed, Required, Source};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use std::collections::HashMap;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "uv_lock", kind: Kind::Lock, named: |file| file.is("uv.lock"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    if document.get("package").is_none() && document.get("version").is_none() {
        return lister.broken(None, "no `version` and no `package`: this is no lock of uv");
    }
    settings(&document, lister);
    let asked = asked(&document);
    for package in document.items_at("package") {
        let Some(name) = package.text_at("name") else {
            lister.odd(package.line(), "a package has no `name`");
            continue;
        };
        let source = source(package);
        // The project and its members.
        if source.is_none() {
            continue;
        }
        let source = source.unwrap_or_default();
        let Some(version) = package.text_at("version") else {
            // A source tree may leave its version to its build.
            let mut required = Required::new(Ecosystem::PyPI, name, "");
            required.written = Text::new("no version in the lock");
            (required.source, required.line) = (source, package.line());
            lister.require(required);
            continue;
        };
        let mut listed = Listed::new(Ecosystem::PyPI, name, version);
        listed.hashes = digests(package);
        listed.line = package.line();
        listed.source = source;
        let groups = asked.get(name);
        listed.direct = Some(groups.is_some());
        // Asked for without a group: it is installed always.
        let groups = groups.filter(|groups| !groups.iter().any(|group| group.is_empty()));
        listed.groups = groups.into_iter().flatten().map(|group| Text::new(*group)).collect();
        listed.groups.dedup();
        let markers = package.items_at("resolution-markers");
        listed.marker = (!markers.is_empty()).then(|| {
            let markers: Vec<String> = markers.iter().filter_map(Node::text).map(|one| format!("({one})")).collect();
            Text::new(markers.join(" or "))
        });
        lister.add(listed);
    }
    lister.complete(Ecosystem::PyPI);
}

/// Where a package comes from; `None` for the project's own.
fn source(package: &Node) -> Option<Source> {
    let Some(source) = package.get("source") else { return Some(Source::Unknown) };
    let at = |kind: &str| source.text_at(kind);
    if ["editable", "virtual", "directory"].iter().any(|kind| at(kind).is_some()) {
        return None;
    }
    Some(if let Some(url) = at("git") {
        let reference = |key: &str| {
            let (_, query) = url.split('#').next()?.split_once('?')?;
            query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
        };
        let reference = reference("rev").or_else(|| reference("tag")).or_else(|| reference("branch"));
        match git(url) {
            Source::Git { url, commit, .. } => Source::Git { url, commit, reference: reference.map(Text::new) },
            other => other,
        }
    } else if let Some(url) = at("registry") {
        Source::Registry(Some(address(url)))
    } else if let Some(url) = at("url") {
        Source::Url(address(url))
    } else if let Some(path) = at("path") {
        Source::Path(Text::new(path))
    } else {
        Source::Unknown
    })
}

fn digests(package: &Node) -> Vec<Hash> {
    let artefacts = package.items_at("wheels").iter().chain(package.get("sdist"));
    artefacts.filter_map(|artefact| Hash::prefixed(artefact.text_at("hash")?)).collect()
}

/// The groups in which the project and its members ask for each name; an empty word where they ask for it always.
fn asked(document: &Node) -> HashMap<&str, Vec<&str>> {
    let mut asked: HashMap<&str, Vec<&str>> = HashMap::new();
    for package in document.items_at("package").iter().filter(|package| source(package).is_none()) {
        let groups = ["optional-dependencies", "dev-dependencies"].iter().flat_map(|key| package.fields_at(key));
        let grouped = groups.flat_map(|(group, items)| items.items().iter().map(move |item| (group.as_str(), item)));
        let always = package.items_at("dependencies").iter().map(|item| ("", item));
        for (group, item) in always.chain(grouped) {
            if let Some(name) = item.text_at("name") {
                asked.entry(name).or_default().push(group);
            }
        }
    }
    asked
}

/// The options that the lock was made with.
fn settings(document: &Node, lister: &mut Lister) {
    let Some(options) = document.get("options") else { return };
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::PyPI);
    settings.exclude_newer = options.get("exclude-newer").and_then(Node::word).map(Text::new);
    settings.prereleases = options.text_at("prerelease-mode").map(Text::new);
    let span = options.text_at("exclude-newer-span");
    settings.cool_down = span.and_then(|span| {
        let written = Text::new(format!("exclude-newer-span = {}", shown(span)));
        Some(crate::formats::listing::CoolDown { written, seconds: crate::formats::duration::iso8601(span)? })
    });
    for (name, rule) in options.fields_at("exclude-newer-package") {
        let rule = rule
            .word()
            .map(Text::new)
            .unwrap_or_else(|| Text::new(if rule.boolean() == Some(false) { "false" } else { "" }));
        settings.exempt.push((name.clone(), rule));
    }
}
