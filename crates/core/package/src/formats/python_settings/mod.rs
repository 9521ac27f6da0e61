//! What Python's tools are told about choosing versions: `uv.toml`, `poetry.toml` (and Poetry's `config.toml`), `pip.conf`.

use crate::Ecosystem;
use crate::formats::cool_down::{self, DAY};
use crate::formats::lister::{Lister, address};
use crate::formats::listing::{Include, IncludeKind, Settings};
use crate::formats::tree::Node;
use crate::formats::{Format, Input, Kind, ini, python};
use firebreak_model::Text;

/// uv.
pub(crate) static FORMAT: Format = Format {
    name: "python_settings",
    kind: Kind::Settings,
    named: |file| file.is("uv.toml"),
    headed: None,
    read: |input, lister| {
        if let Some(document) = lister.toml(input) {
            uv(&document, lister);
        }
    },
};

/// Poetry.
pub(crate) static POETRY: Format = Format {
    name: "python_settings",
    kind: Kind::Settings,
    named: |file| file.is("poetry.toml") || file.at("pypoetry/config.toml"),
    headed: None,
    read: |input, lister| {
        if let Some(document) = lister.toml(input) {
            poetry(&document, lister);
        }
    },
};

/// pip.
pub(crate) static PIP: Format = Format {
    name: "python_settings",
    kind: Kind::Settings,
    named: |file| matches!(file.name, "pip.conf" | "pip.ini"),
    headed: None,
    read: pip,
};

/// The settings of uv: a file of its own, or `[tool.uv]` of a project.
pub(crate) fn uv(table: &Node, lister: &mut Lister) {
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::PyPI);
    let mut held = Vec::new();
    // The section of the pip interface has its own; the project's counts more.
    for (own, table) in table.get("pip").map(|table| (false, table)).into_iter().chain([(true, table)]) {
        if let Some(written) = table.get("exclude-newer").and_then(Node::word) {
            cool_down::newest(settings, "exclude-newer", written);
            match own {
                true => cool_down::told(settings, "uv", written),
                // `uv sync` and `uv run` do not read it.
                false => held.push("`pip.exclude-newer` holds for `uv pip` alone"),
            }
        }
        for (name, rule) in table.fields_at("exclude-newer-package") {
            let rule = rule.word().map(str::to_owned).or_else(|| rule.boolean().map(|rule| rule.to_string()));
            settings.exempt.push((name.clone(), Text::new(rule.unwrap_or_default())));
        }
        settings.prereleases = table.text_at("prerelease").map(Text::new).or(settings.prereleases.take());
        settings.indexes.extend(table.text_at("index-url").map(address));
        settings
            .indexes
            .extend(table.get("extra-index-url").map(Node::texts).unwrap_or_default().into_iter().map(address));
        settings.indexes.extend(table.items_at("index").iter().filter_map(|index| index.text_at("url")).map(address));
        settings.require_hashes = table.get("require-hashes").and_then(Node::boolean).or(settings.require_hashes);
    }
    held.into_iter().for_each(|gap| lister.gap(gap));
    for key in ["override-dependencies", "constraint-dependencies"] {
        for written in table.get(key).map(Node::texts).unwrap_or_default() {
            match python::manifest(written) {
                Some(mut held) => {
                    held.constraint = key.starts_with("constraint");
                    lister.listing.settings.overrides.push(held);
                }
                None => lister.gap(format!("an entry of `{key}` is not a requirement")),
            }
        }
    }
}

fn poetry(document: &Node, lister: &mut Lister) {
    let settings = &mut lister.listing.settings;
    settings.ecosystem = Some(Ecosystem::PyPI);
    let Some(solver) = document.get("solver") else { return };
    if let Some(days) = solver.get("min-release-age").and_then(Node::word) {
        settings.cool_down = cool_down::units("solver.min-release-age", days, DAY);
        cool_down::told(settings, "poetry", days);
    }
    for name in solver.get("min-release-age-exclude").map(Node::texts).unwrap_or_default() {
        let names = name.split(',').map(str::trim).filter(|name| !name.is_empty());
        settings.exempt.extend(names.map(|name| (Text::new(name), Text::new("false"))));
    }
}

fn pip(input: &Input<'_>, lister: &mut Lister) {
    let Some(text) = lister.text(input) else { return };
    lister.listing.settings.ecosystem = Some(Ecosystem::PyPI);
    for setting in ini::settings(text) {
        if !matches!(setting.section, "global" | "install" | "download" | "wheel" | "lock") {
            continue;
        }
        pip_setting(&setting, lister);
    }
}

fn pip_setting(setting: &ini::Setting<'_>, lister: &mut Lister) {
    let words = || setting.value.split_whitespace();
    let on = matches!(setting.value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on");
    let settings: &mut Settings = &mut lister.listing.settings;
    match setting.key {
        "index-url" | "extra-index-url" | "find-links" => settings.indexes.extend(words().map(address)),
        "pre" if on => settings.prereleases = Some(Text::new("allow")),
        "require-hashes" => settings.require_hashes = Some(on),
        "uploaded-prior-to" => {
            cool_down::newest(settings, "uploaded-prior-to", &setting.value);
            cool_down::told(settings, "pip", &setting.value);
        }
        "constraint" | "requirement" => {
            let kind = if setting.key == "constraint" { IncludeKind::Constraints } else { IncludeKind::Requirements };
            let include = |path| Include { path: Text::new(path), kind, line: Some(setting.line) };
            lister.listing.includes.extend(words().map(include));
        }
        _ => {}
    }
}
