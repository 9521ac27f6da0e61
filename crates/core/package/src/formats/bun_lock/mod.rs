//! Bun: `bun.lock` (text). The older `bun.lockb` is recognised and said to be unreadable.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, shown};
use crate::formats::listing::{Hash, Listed, Source};
use crate::formats::npm;
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;
use std::collections::{HashMap, HashSet};

/// The lock.
pub(crate) static FORMAT: Format =
    Format { name: "bun_lock", kind: Kind::Lock, named: |file| file.is("bun.lock"), headed: None, read };

/// The binary lock.
pub(crate) static BINARY: Format = Format {
    name: "bun_lock",
    kind: Kind::Lock,
    named: |file| file.is("bun.lockb"),
    headed: None,
    read: |_, lister| {
        lister.gap("`bun.lockb` is binary and not read: make `bun.lock` with `bun install --save-text-lockfile`");
    },
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.relaxed_json(input) else { return };
    if document.get("lockfileVersion").is_none() {
        return lister.broken(None, "no `lockfileVersion`: this is no lock of Bun");
    }
    let (asked, roles) = asked(&document);
    for (key, package) in document.fields_at("packages") {
        let items = package.items();
        let Some((name, reference)) = items.first().and_then(Node::text).and_then(npm::split) else {
            lister.odd(package.line(), format!("`{}` has no name and version", shown(key)));
            continue;
        };
        if reference.starts_with("workspace:") || reference.starts_with("link:") || reference.starts_with("file:") {
            continue;
        }
        let version = npm::alias(reference).map_or(reference, |(_, version)| version);
        let numbered = version.starts_with(|c: char| c.is_ascii_digit());
        let last = items.last().and_then(Node::text).unwrap_or_default();
        if !numbered {
            git(lister, name, reference, package.line());
            continue;
        }
        let mut listed = Listed::new(Ecosystem::Npm, name, version);
        listed.hashes = Hash::integrity(last);
        let registry = items.get(1).and_then(Node::text).map(address);
        listed.source = Source::Registry(registry);
        listed.line = package.line();
        // A package deeper in the tree has a key with its way there, an alias its own name.
        listed.direct = Some(asked.contains(key.as_str()));
        listed.groups.extend(roles.get(key.as_str()).map(|role| Text::new(*role)));
        lister.add(listed);
    }
    lister.complete(Ecosystem::Npm);
}

/// What is no release: a repository at a commit, or an archive.
fn git(lister: &mut Lister, name: &str, reference: &str, line: Option<u32>) {
    let mut required = crate::formats::listing::Required::new(Ecosystem::Npm, name, "");
    required.written = Text::new("no version in the lock");
    required.line = line;
    required.source = npm::source(reference);
    lister.require(required);
}

/// What the project and its members ask for, and for what.
fn asked(document: &Node) -> (HashSet<&str>, HashMap<&str, &'static str>) {
    let (mut asked, mut roles) = (HashSet::new(), HashMap::new());
    let keys = [("devDependencies", "dev"), ("optionalDependencies", "optional"), ("dependencies", "")];
    for (_, workspace) in document.fields_at("workspaces") {
        for (key, role) in keys {
            for (name, _) in workspace.fields_at(key) {
                asked.insert(name.as_str());
                match role {
                    "" => roles.remove(name.as_str()),
                    role => roles.insert(name.as_str(), role),
                };
            }
        }
    }
    (asked, roles)
}
