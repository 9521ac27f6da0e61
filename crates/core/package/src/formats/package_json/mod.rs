//! `package.json`: of a project, what it asks for; below `node_modules`, what is installed.

use crate::Ecosystem;
use crate::formats::file::FileName;
use crate::formats::lister::{Lister, shown};
use crate::formats::listing::{Hash, Include, IncludeKind, Listed, Required, Source};
use crate::formats::npm;
use crate::formats::tree::{Node, Value};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// A package of an installed tree.
pub(crate) static INSTALLED: Format = Format {
    name: "package_json",
    kind: Kind::Installed,
    named: |file| file.name == "package.json" && below_node_modules(file),
    headed: None,
    read: installed,
};

/// What a project asks for.
pub(crate) static FORMAT: Format = Format {
    name: "package_json",
    kind: Kind::Manifest,
    named: |file| file.is("package.json") && !below_node_modules(file),
    headed: None,
    read: manifest,
};

fn below_node_modules(file: &FileName<'_>) -> bool {
    file.parts().skip(1).any(|part| part == "node_modules")
}

fn installed(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    let (Some(name), Some(version)) = (document.text_at("name"), document.text_at("version")) else {
        // Packages hold such files to say how their modules are written.
        return lister.gap("no `name` and `version`: this names no package");
    };
    let mut listed = Listed::new(Ecosystem::Npm, name, version);
    listed.hashes = document.text_at("_integrity").map(Hash::integrity).unwrap_or_default();
    listed.source = document.text_at("_resolved").map(npm::source).unwrap_or_default();
    listed.line = document.get("version").and_then(Node::line);
    lister.add(listed);
}

const ROLES: [(&str, &str); 4] = [
    ("dependencies", ""),
    ("devDependencies", "dev"),
    ("optionalDependencies", "optional"),
    ("peerDependencies", "peer"),
];

fn manifest(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.json(input) else { return };
    if document.fields().is_empty() {
        return lister.broken(None, "no fields: this is no manifest of npm");
    }
    let mut asked = 0;
    for (key, role) in ROLES {
        for (name, range) in document.fields_at(key) {
            asked += 1;
            match range.text().or((range.word().is_none()).then_some("*")) {
                Some(range_text) => {
                    let mut required = requirement(name, range_text, range.line());
                    required.groups.extend((!role.is_empty()).then(|| Text::new(role)));
                    lister.require(required);
                }
                None => lister.odd(range.line(), format!("the range of `{}` is no text", shown(name))),
            }
        }
    }
    for key in ["overrides", "resolutions"] {
        overrides(document.get(key), lister);
    }
    overrides(document.at(&["pnpm", "overrides"]), lister);
    let members = document.get("workspaces").map(|workspaces| workspaces.get("packages").unwrap_or(workspaces));
    for member in members.map(Node::texts).unwrap_or_default() {
        lister.listing.includes.push(Include { path: Text::new(member), kind: IncludeKind::Project, line: None });
    }
    if asked > 0 {
        lister.require(Required::any(Ecosystem::Npm, "dependencies of these packages are not pinned"));
    }
}

fn requirement(name: &str, range: &str, line: Option<u32>) -> Required {
    // An alias asks for the package that it stands for.
    let (name, real) = npm::alias(range).unwrap_or((name, range));
    let mut required = Required::new(Ecosystem::Npm, name, real);
    required.written = Text::new(shown(&format!("{name}@{range}")));
    required.line = line;
    let address = range.contains("://")
        || range.starts_with("git") && range.contains(':')
        || range.starts_with("file:")
        || range.starts_with("link:");
    if address {
        (required.source, required.range) = (npm::source(range), Text::default());
    } else if !real.starts_with('@') && real.contains('/') && !real.contains(' ') {
        // `owner/repository#reference` is a repository on GitHub.
        let (path, reference) = real.split_once('#').map_or((real, None), |(path, reference)| (path, Some(reference)));
        let path = path.trim_start_matches("github:");
        let commit = reference.filter(|reference| reference.len() == 40).map(Text::new);
        let reference = reference.filter(|_| commit.is_none()).map(Text::new);
        required.source = Source::Git { url: Text::new(format!("https://github.com/{path}")), commit, reference };
        required.range = Text::default();
    }
    required
}

/// Overrides nest by the package that they are for. The document's nesting is limited, so this recursion ends.
fn overrides(node: Option<&Node>, lister: &mut Lister) {
    for (name, range) in node.map_or(&[][..], Node::fields) {
        match &range.value {
            Value::Map(_) => overrides(Some(range), lister),
            _ => {
                // `a>b@^1`, `**/b`: the last name is what is held.
                let last = name.rsplit(['>']).next().unwrap_or(name).trim_start_matches("**/").trim();
                let last = npm::split(last).map_or(last, |(name, _)| name);
                let held = requirement(last, range.text().unwrap_or_default(), range.line());
                lister.listing.settings.ecosystem = Some(Ecosystem::Npm);
                lister.listing.settings.overrides.push(held);
            }
        }
    }
}
