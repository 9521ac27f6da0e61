//! `pyproject.toml`: what a project asks for (PEP 621 and 735, Poetry, pdm, uv), and what its tools are told.

mod apart;

use crate::Ecosystem;
use crate::formats::lister::{Lister, address, shown};
use crate::formats::listing::{Include, IncludeKind, Required, Source};
use crate::formats::python_settings;
use crate::formats::tree::{Node, Value};
use crate::formats::{Format, Input, Kind, python};
use firebreak_model::Text;

/// The format.
pub(crate) static FORMAT: Format =
    Format { name: "pyproject", kind: Kind::Manifest, named: |file| file.is("pyproject.toml"), headed: None, read };

fn read(input: &Input<'_>, lister: &mut Lister) {
    let Some(document) = lister.toml(input) else { return };
    if let Some(project) = document.get("project") {
        plain(lister, project.get("dependencies"), "");
        for (extra, list) in project.fields_at("optional-dependencies") {
            plain(lister, Some(list), extra);
        }
        if project.items_at("dynamic").iter().filter_map(Node::text).any(|field| field.contains("dependencies")) {
            lister.gap("some dependencies are dynamic: another file or the build says which");
        }
    }
    for (group, list) in document.fields_at("dependency-groups") {
        alone(lister, &format!("group {group}"), |lister| plain(lister, Some(list), group));
    }
    alone(lister, "build", |lister| plain(lister, document.at(&["build-system", "requires"]), "build"));
    let Some(tools) = document.get("tool") else { return open(lister) };
    apart::tools(lister, tools);
    if let Some(uv) = tools.get("uv") {
        plain(lister, uv.get("dev-dependencies"), "dev");
        sources(lister, uv.fields_at("sources"));
        python_settings::uv(uv, lister);
        for member in uv.at(&["workspace", "members"]).map(Node::texts).unwrap_or_default() {
            lister.listing.includes.push(Include { path: Text::new(member), kind: IncludeKind::Project, line: None });
        }
    }
    if let Some(poetry) = tools.get("poetry") {
        self::poetry(lister, poetry);
    }
    if let Some(pdm) = tools.get("pdm") {
        self::pdm(lister, pdm);
    }
    open(lister);
}

/// What `read` finds is installed into an environment of its own.
fn alone(lister: &mut Lister, place: &str, read: impl FnOnce(&mut Lister)) {
    let before = lister.listing.requirements.len();
    read(lister);
    for required in lister.listing.requirements.iter_mut().skip(before) {
        required.alone = Some(Text::new(place));
    }
}

/// A manifest fixes nothing of what its packages bring.
fn open(lister: &mut Lister) {
    if !lister.listing.requirements.is_empty() {
        lister.require(Required::any(Ecosystem::PyPI, "dependencies of these requirements are not pinned"));
    }
}

/// A list of requirements. A group may include another by `{include-group = "…"}`.
fn plain(lister: &mut Lister, list: Option<&Node>, group: &str) {
    for item in list.map_or(&[][..], Node::items) {
        let Some(written) = item.text() else { continue };
        // pdm lets a development group hold editable folders.
        let editable = written.strip_prefix("-e ");
        let asked = match editable {
            Some(path) => {
                let mut required = Required::new(Ecosystem::PyPI, "*", "");
                (required.source, required.written) = (python::source(path.trim()), Text::new(shown(written)));
                Some(required)
            }
            None => python::manifest(written),
        };
        match asked {
            Some(mut required) => {
                required.line = item.line();
                required.groups.extend((!group.is_empty()).then(|| Text::new(group)));
                lister.require(required);
            }
            None => lister.odd(item.line(), format!("`{}` is not a requirement", shown(written))),
        }
    }
}

/// `[tool.uv.sources]`: where names come from.
fn sources(lister: &mut Lister, sources: &[(Text, Node)]) {
    for (name, source) in sources {
        let source = if source.items().is_empty() { source } else { source.items().first().unwrap_or(source) };
        let name = Ecosystem::PyPI.canonical(name).into_owned();
        let Some(from) = from(source) else { continue };
        let wanted = lister.listing.requirements.iter_mut().filter(|required| required.name == name);
        for required in wanted {
            required.source = from.clone();
            // The range that is written does not hold for what an address gives.
            if let Some(address) = shown_source(&from) {
                (required.range, required.written) = (Text::default(), Text::new(format!("{name} @ {address}")));
            }
        }
        if let Source::Git { url, commit: Some(commit), .. } = &from {
            lister.commit(url, commit, source.line());
        }
    }
}

/// The address that a package comes from in place of the registry.
fn shown_source(source: &Source) -> Option<String> {
    match source {
        Source::Git { url, commit, reference } => {
            let at = commit.as_ref().or(reference.as_ref()).map(|at| format!("@{at}")).unwrap_or_default();
            Some(format!("git+{url}{at}"))
        }
        Source::Url(url) => Some(url.to_string()),
        Source::Path(path) => Some(path.to_string()),
        Source::Registry(_) | Source::Unknown => None,
    }
}

/// Where a table of uv or Poetry says that a package comes from.
fn from(table: &Node) -> Option<Source> {
    let at = |key: &str| table.text_at(key);
    if let Some(url) = at("git") {
        let rev = at("rev");
        let commit = rev.filter(|rev| rev.len() == 40);
        return Some(Source::Git {
            url: address(url),
            commit: commit.map(Text::new),
            reference: at("tag").or_else(|| at("branch")).or(rev.filter(|_| commit.is_none())).map(Text::new),
        });
    }
    if table.flag("workspace") {
        return Some(Source::Path(Text::new(".")));
    }
    at("path").map(|path| Source::Path(Text::new(path))).or_else(|| at("url").map(|url| Source::Url(address(url))))
}

fn poetry(lister: &mut Lister, poetry: &Node) {
    lister.listing.settings.ecosystem = Some(Ecosystem::PyPI);
    let indexes = poetry.items_at("source").iter().filter_map(|source| source.text_at("url")).map(address);
    lister.listing.settings.indexes.extend(indexes);
    poetry_table(lister, poetry.fields_at("dependencies"), "");
    poetry_table(lister, poetry.fields_at("dev-dependencies"), "dev");
    for (group, table) in poetry.fields_at("group") {
        poetry_table(lister, table.fields_at("dependencies"), group);
    }
}

/// `name = "^1.0"`, `name = {version = "…", extras = […]}`, or a list of those for different markers.
fn poetry_table(lister: &mut Lister, table: &[(Text, Node)], group: &str) {
    for (name, value) in table.iter().filter(|(name, _)| name != "python") {
        let each = if let Value::List(items) = &value.value { items.as_slice() } else { std::slice::from_ref(value) };
        for value in each {
            let range = value.text().or_else(|| value.text_at("version")).unwrap_or_default();
            let mut required = Required::new(Ecosystem::PyPI, name, range);
            required.source = from(value).unwrap_or_default();
            required.line = value.line();
            required.marker =
                ["markers", "python", "platform"].iter().find_map(|key| value.text_at(key)).map(Text::new);
            required.prereleases = value.get("allow-prereleases").and_then(Node::boolean);
            required.groups.extend((!group.is_empty()).then(|| Text::new(group)));
            required.groups.extend(value.flag("optional").then(|| Text::new("optional")));
            lister.require(required);
        }
    }
}

fn pdm(lister: &mut Lister, pdm: &Node) {
    for (group, list) in pdm.fields_at("dev-dependencies") {
        plain(lister, Some(list), group);
    }
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::PyPI);
    settings.indexes.extend(pdm.items_at("source").iter().filter_map(|source| source.text_at("url")).map(address));
    let pre = pdm.at(&["resolution", "allow-prereleases"]).and_then(Node::boolean);
    settings.prereleases =
        pre.map(|pre| Text::new(if pre { "allow" } else { "disallow" })).or(settings.prereleases.take());
    for (name, range) in pdm.at(&["resolution", "overrides"]).map_or(&[][..], Node::fields) {
        settings.overrides.push(Required::new(Ecosystem::PyPI, name, range.text().unwrap_or_default()));
    }
}
