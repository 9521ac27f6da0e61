//! `Pipfile`: what a project of Pipenv asks for.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Required, Source};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "pipfile", kind: Kind::Manifest, named: |file| file.is("Pipfile"), headed: None, read };

/// Keys under which a marker, or a part of one, is written: `sys_platform = "== 'win32'"`.
const MARKERS: [&str; 12] = [
    "markers",
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
];

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::PyPI);
    settings.indexes.extend(document.items_at("source").iter().filter_map(|source| source.text_at("url")).map(address));
    let pre = document.at(&["pipenv", "allow_prereleases"]).and_then(Node::boolean);
    settings.prereleases = pre.filter(|pre| *pre).map(|_| Text::new("allow"));
    for (group, packages) in document.fields() {
        // Sections beside these two are groups of their own.
        if matches!(group.as_str(), "source" | "requires" | "scripts" | "pipenv" | "pipfile") {
            continue;
        }
        for (name, value) in packages.fields() {
            let range = value.text().or_else(|| value.text_at("version")).unwrap_or_default();
            let mut required = Required::new(Ecosystem::PyPI, name, if range == "*" { "" } else { range });
            required.line = value.line();
            required.marker = value.fields().iter().find_map(condition);
            required.groups.extend(match group.as_str() {
                "packages" => None,
                "dev-packages" => Some(Text::new("dev")),
                other => Some(Text::new(other)),
            });
            if let Some(url) = value.text_at("git") {
                let reference = value.text_at("ref").map(Text::new);
                let commit = reference.clone().filter(|reference| reference.len() == 40);
                let reference = reference.filter(|_| commit.is_none());
                required.source = Source::Git { url: address(url), commit, reference };
            } else if let Some(path) = value.text_at("path") {
                required.source = Source::Path(Text::new(path));
            }
            lister.require(required);
        }
    }
    if lister.listing.requirements.is_empty() {
        lister.gap("it asks for nothing");
    } else {
        lister.require(Required::any(Ecosystem::PyPI, "dependencies of these requirements are not pinned"));
    }
}

/// The condition that a field of a requirement states, where it states one.
fn condition((key, value): &(Text, Node)) -> Option<Text> {
    let text = value.text().filter(|_| MARKERS.contains(&key.as_str()))?;
    Some(if *key == "markers" { Text::new(text) } else { Text::new(format!("{key} {text}")) })
}
