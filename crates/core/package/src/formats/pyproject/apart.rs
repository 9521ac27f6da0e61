//! What the tables of other tools ask for: environments of their own beside the project's.
//!
//! Hatch, tox, Pixi, Rye, cibuildwheel, Poetry's plugins and others each have a place where they name packages. They are
//! told by the names of their fields, so that a tool that is not known here is no silence: what is no requirement is a gap.

use super::{alone, plain};
use crate::Ecosystem;
use crate::formats::lister::Lister;
use crate::formats::listing::Required;
use crate::formats::python;
use crate::formats::tree::{Node, Value};

/// How deep tables of tools are looked through.
const DEPTH: usize = 6;

/// All tables below `[tool]` but those that the project's own requirements stand in.
pub(super) fn tools(lister: &mut Lister, tools: &Node) {
    for (tool, table) in tools.fields() {
        match tool.as_str() {
            // `dynamic` says that setuptools reads them elsewhere; the others are read with the project.
            "setuptools" | "deptry" | "mypy" | "ruff" | "pytest" | "coverage" => {}
            "uv" => each(lister, "uv", table, &["extra-build-dependencies"]),
            "poetry" => each(lister, "poetry", table, &["requires-plugins"]),
            "pdm" => each(lister, "pdm", table, &["plugins"]),
            _ => walk(lister, tool, table, DEPTH),
        }
    }
}

fn each(lister: &mut Lister, tool: &str, table: &Node, keys: &[&str]) {
    for key in keys {
        if let Some(value) = table.get(key) {
            asked(lister, &format!("{tool}.{key}"), value);
        }
    }
}

fn walk(lister: &mut Lister, path: &str, table: &Node, depth: usize) {
    if depth == 0 {
        return;
    }
    for (key, value) in table.fields() {
        let path = format!("{path}.{key}");
        match is_asking(key) {
            true => asked(lister, &path, value),
            false => walk(lister, &path, value, depth - 1),
        }
    }
}

/// Whether a field of this name holds packages to install.
fn is_asking(key: &str) -> bool {
    key.ends_with("dependencies")
        || key.ends_with("requires")
        || matches!(key, "deps" | "requires-extra" | "legacy_tox_ini")
}

/// A list of requirements, a table of names with ranges, or lists by name.
fn asked(lister: &mut Lister, path: &str, value: &Node) {
    alone(lister, path, |lister| match &value.value {
        Value::List(_) if value.items().iter().all(|item| item.text().is_some()) => plain(lister, Some(value), ""),
        Value::Map(_) => value.fields().iter().for_each(|(name, value)| entry(lister, path, name, value)),
        _ => match value.text().map(python::manifest) {
            Some(Some(required)) => lister.require(required),
            _ => lister.gap(format!("what `tool.{path}` installs is not read")),
        },
    });
}

fn entry(lister: &mut Lister, path: &str, name: &str, value: &Node) {
    if !value.items().is_empty() {
        return plain(lister, Some(value), "");
    }
    // Conda's packages have names of their own, and its own builds.
    let conda = path.starts_with("pixi.") && !path.ends_with("pypi-dependencies");
    match value.text().or_else(|| value.text_at("version")).filter(|_| !conda) {
        Some(range) => {
            let required = Required::new(Ecosystem::PyPI, name, range);
            lister.require(Required { line: value.line(), ..required });
        }
        None => lister.gap(format!("what `{name}` of `tool.{path}` installs is not read")),
    }
}
