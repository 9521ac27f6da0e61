//! `Cargo.toml`: what a crate or a workspace asks for.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Include, IncludeKind, Required, Source};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "cargo_toml", kind: Kind::Manifest, named: |file| file.is("Cargo.toml"), headed: None, read };

const ROLES: [(&str, &str); 3] = [("dependencies", ""), ("dev-dependencies", "dev"), ("build-dependencies", "build")];

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    tables(lister, &document, None);
    for (target, table) in document.fields_at("target") {
        tables(lister, table, Some(target));
    }
    if let Some(workspace) = document.get("workspace") {
        for (name, value) in workspace.fields_at("dependencies") {
            // Members take these by name; alone they ask for nothing.
            let mut required = requirement(name, value);
            required.constraint = true;
            lister.require(required);
        }
        for member in workspace.get("members").map(Node::texts).unwrap_or_default() {
            lister.listing.includes.push(Include { path: Text::new(member), kind: IncludeKind::Project, line: None });
        }
    }
    for (_, patched) in document.fields_at("patch") {
        let held: Vec<Required> = patched.fields().iter().map(|(name, value)| requirement(name, value)).collect();
        lister.listing.settings.overrides.extend(held);
    }
    if lister.listing.requirements.iter().any(|required| !required.constraint) {
        lister.require(Required::any(Ecosystem::of("crates.io"), "dependencies of these crates are not pinned"));
    }
}

fn tables(lister: &mut Lister, document: &Node, target: Option<&str>) {
    for (key, role) in ROLES {
        for (name, value) in document.fields_at(key) {
            let mut required = requirement(name, value);
            required.marker = target.map(Text::new);
            required.groups.extend((!role.is_empty()).then(|| Text::new(role)));
            lister.require(required);
        }
    }
}

fn requirement(name: &str, value: &Node) -> Required {
    let range = value.text().or_else(|| value.text_at("version")).unwrap_or_default();
    let mut required = Required::new(Ecosystem::of("crates.io"), value.text_at("package").unwrap_or(name), range);
    required.line = value.line();
    required.groups.extend(value.flag("optional").then(|| Text::new("optional")));
    if let Some(url) = value.text_at("git") {
        let rev = value.text_at("rev");
        let commit = rev.filter(|rev| rev.len() == 40);
        let branch = value.text_at("branch").or_else(|| value.text_at("tag"));
        required.source = Source::Git {
            url: address(url),
            commit: commit.map(Text::new),
            reference: branch.or(rev.filter(|_| commit.is_none())).map(Text::new),
        };
    } else if let Some(path) = value.text_at("path") {
        required.source = Source::Path(Text::new(path));
    }
    required
}
