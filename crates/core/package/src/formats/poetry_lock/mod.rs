//! `poetry.lock` (Poetry 1 and 2) and `pdm.lock`.

use crate::Ecosystem;
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Hash, Listed, Required, Source};
use crate::formats::tree::{Node, Value};
use crate::formats::{Format, Input, Kind};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "poetry_lock",
    kind: Kind::Lock,
    named: |file| file.is("poetry.lock") || file.is("pdm.lock"),
    headed: None,
    read,
};

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    if document.get("package").is_none() && document.get("metadata").is_none() {
        return lister.broken(None, "no `package` and no `metadata`: this is no lock of Poetry or pdm");
    }
    // Older versions of both keep the digests of all packages in one table.
    let files = document.at(&["metadata", "files"]);
    for package in document.items_at("package") {
        let Some(name) = package.text_at("name") else {
            lister.odd(package.line(), "a package has no `name`");
            continue;
        };
        let source = source(package);
        // The project's own, beside it.
        if matches!(source, Source::Path(_)) && package.items_at("files").is_empty() {
            continue;
        }
        let Some(version) = package.text_at("version") else {
            let mut required = Required::new(Ecosystem::PyPI, name, "");
            required.written = Text::new("no version in the lock");
            (required.source, required.line) = (source, package.line());
            lister.require(required);
            continue;
        };
        let mut listed = Listed::new(Ecosystem::PyPI, name, version);
        let own = package.items_at("files").iter();
        let older = files.and_then(|files| files.get(name).or_else(|| files.get(&format!("{name} {version}"))));
        let artefacts = own.chain(older.map_or(&[][..], Node::items));
        listed.hashes = artefacts.filter_map(|file| Hash::prefixed(file.text_at("hash")?)).collect();
        listed.source = source;
        listed.line = package.line();
        listed.groups = groups(package);
        listed.marker = marker(package);
        lister.add(listed);
    }
    lister.complete(Ecosystem::PyPI);
}

fn source(package: &Node) -> Source {
    // pdm writes the fields into the package itself.
    if let Some(url) = package.text_at("git") {
        return Source::Git {
            url: address(url),
            commit: package.text_at("revision").map(Text::new),
            reference: package.text_at("ref").map(Text::new),
        };
    }
    if let Some(path) = package.text_at("path") {
        return Source::Path(Text::new(path));
    }
    if let Some(url) = package.text_at("url") {
        return Source::Url(address(url));
    }
    let Some(source) = package.get("source") else { return Source::Unknown };
    let url = source.text_at("url").unwrap_or_default();
    match source.text_at("type") {
        Some("git") => Source::Git {
            url: address(url),
            commit: source.text_at("resolved_reference").map(Text::new),
            reference: source.text_at("reference").map(Text::new),
        },
        Some("directory" | "file") => Source::Path(Text::new(url)),
        Some("url") => Source::Url(address(url)),
        _ => Source::Registry(Some(address(url))),
    }
}

/// The groups that need it: `main` and pdm's `default` are installed always.
fn groups(package: &Node) -> Vec<Text> {
    let mut groups: Vec<&str> = package.get("groups").map(Node::texts).unwrap_or_default();
    groups.extend(package.text_at("category"));
    if groups.iter().any(|group| matches!(*group, "main" | "default")) {
        groups.clear();
    }
    if package.flag("optional") {
        groups.push("optional");
    }
    groups.into_iter().map(Text::new).collect()
}

/// `markers`: one for all groups, or one a group.
fn marker(package: &Node) -> Option<Text> {
    let marker = package.get("markers").or_else(|| package.get("marker"))?;
    match &marker.value {
        Value::Map(fields) => {
            let each = fields.iter().filter_map(|(group, marker)| Some(format!("{group}: {}", marker.text()?)));
            Some(Text::new(each.collect::<Vec<_>>().join("; ")))
        }
        _ => marker.text().map(Text::new),
    }
}
