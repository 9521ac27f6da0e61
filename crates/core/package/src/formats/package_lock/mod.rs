//! `package-lock.json` versions 1 to 3, `npm-shrinkwrap.json`, and the record of a tree (`node_modules/.package-lock.json`).

use crate::Ecosystem;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::{Hash, Listed, Required, Source};
use crate::formats::npm;
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use std::collections::HashSet;

/// The lock.
pub(crate) static FORMAT: Format = Format {
    name: "package_lock",
    kind: Kind::Lock,
    named: |file| {
        !file.at("node_modules/.package-lock.json") && (file.is("package-lock.json") || file.is("npm-shrinkwrap.json"))
    },
    headed: None,
    read,
};

/// What npm wrote down of a tree that it installed.
pub(crate) static INSTALLED: Format = Format {
    name: "package_lock",
    kind: Kind::Installed,
    named: |file| file.at("node_modules/.package-lock.json"),
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    if document.get("packages").is_none()
        && document.get("dependencies").is_none()
        && document.get("lockfileVersion").is_none()
    {
        return lister.broken(None, "no `lockfileVersion`, `packages` or `dependencies`: this is no lock of npm");
    }
    if document.get("packages").is_some() {
        packages(lister, document.fields_at("packages"));
    } else {
        dependencies(lister, &document);
    }
    lister.complete(Ecosystem::Npm);
}

const ASKED: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

fn packages(lister: &mut Lister, packages: &[(Text, Node)]) {
    // What is not below `node_modules` is the project itself or a workspace of it.
    let own = packages.iter().filter(|(path, _)| !path.contains("node_modules/"));
    let asked: HashSet<&str> = own
        .flat_map(|(_, package)| ASKED.iter().flat_map(|key| package.fields_at(key)))
        .map(|(name, _)| name.as_str())
        .collect();
    for (path, package) in packages {
        let Some((before, installed)) = path.rsplit_once("node_modules/") else { continue };
        if package.flag("link") {
            continue;
        }
        let top = !before.contains("node_modules/");
        let direct = (!asked.is_empty()).then(|| top && asked.contains(installed));
        entry(lister, package.text_at("name").unwrap_or(installed), package, direct);
    }
}

/// Version 1 nests. The document's nesting is limited, so this recursion ends.
fn dependencies(lister: &mut Lister, value: &Node) {
    for (name, package) in value.fields_at("dependencies") {
        entry(lister, name, package, None);
        dependencies(lister, package);
    }
}

fn entry(lister: &mut Lister, name: &str, package: &Node, direct: Option<bool>) {
    let version = package.text_at("version").unwrap_or_default();
    let source = package.text_at("resolved").map(npm::source).unwrap_or_else(|| npm::source(version));
    // An alias is locked under the name that it stands for.
    let (name, version) = npm::alias(version).unwrap_or((name, version));
    let roles = [("dev", "dev"), ("optional", "optional"), ("devOptional", "dev"), ("peer", "peer")];
    let groups: Vec<Text> =
        roles.iter().filter(|(key, _)| package.flag(key)).map(|(_, role)| Text::new(*role)).collect();
    if version.is_empty() || version.contains("://") || version.starts_with("file:") || version.starts_with("git") {
        let mut required = Required::new(Ecosystem::Npm, name, "");
        required.written =
            Text::new(if version.is_empty() { "no version in the lock".to_owned() } else { shown(version) });
        (required.source, required.line, required.groups) = (source, package.line(), groups);
        return lister.require(required);
    }
    let mut listed = Listed::new(Ecosystem::Npm, name, version);
    listed.hashes = package.text_at("integrity").map(Hash::integrity).unwrap_or_default();
    listed.source = if matches!(source, Source::Unknown) && package.get("resolved").is_some() {
        Source::Registry(None)
    } else {
        source
    };
    (listed.line, listed.groups, listed.direct) = (package.line(), groups, direct);
    lister.add(listed);
}
