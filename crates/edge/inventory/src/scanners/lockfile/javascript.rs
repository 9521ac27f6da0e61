//! JavaScript: npm, Yarn (classic and berry) and pnpm. Their digests are SHA-512, so none is passed on.

use super::Lock;
use crate::json::{flag, text as field};
use serde_json::Value;

const NPM: &str = "npm";

/// `package-lock.json`, versions 1 to 3.
pub(super) fn package_lock(lock: &mut Lock, text: &str) {
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => return lock.broken(format!("not valid JSON: {error}")),
    };
    if let Some(packages) = document.get("packages").and_then(Value::as_object) {
        for (path, package) in packages {
            // What is not below `node_modules` is the project itself or a workspace of it.
            let Some((_, installed)) = path.rsplit_once("node_modules/") else { continue };
            if !flag(package, "link") {
                entry(lock, field(package, "name").unwrap_or(installed), package);
            }
        }
    } else {
        dependencies(lock, &document);
    }
    lock.complete(NPM);
}

/// Version 1 nests. The parser allows at most 128 levels, so this recursion ends.
fn dependencies(lock: &mut Lock, value: &Value) {
    for (name, package) in value.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
        entry(lock, name, package);
        dependencies(lock, package);
    }
}

fn entry(lock: &mut Lock, name: &str, package: &Value) {
    let version = field(package, "version").unwrap_or_default();
    let resolved = field(package, "resolved").unwrap_or(version);
    if resolved.starts_with("git")
        && let Some((url, sha)) = resolved.rsplit_once('#')
    {
        lock.commit(url, sha);
    }
    // An alias is locked under the name that it stands for.
    let (name, version) = match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
        Some((real, version)) => (real, version),
        None => (name, version),
    };
    if version.is_empty() || version.contains("://") || version.starts_with("file:") {
        lock.unpinned(None, NPM, name, if version.is_empty() { "no version in the lock" } else { version });
    } else {
        lock.pin(NPM, name, version, Vec::new());
    }
}

/// `yarn.lock`. Classic and berry differ in quoting; both are blocks of a header and indented fields.
pub(super) fn yarn(lock: &mut Lock, text: &str) {
    let mut header: Option<(usize, &str)> = None;
    let mut found = 0;
    for (at, line) in text.lines().enumerate() {
        let (number, trimmed) = (at + 1, line.trim());
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            let name = line.strip_suffix(':');
            if name.is_none() {
                lock.odd(number, "not the beginning of an entry".to_owned());
            }
            header = name.filter(|name| *name != "__metadata").map(|name| (number, name));
            continue;
        }
        let Some((_, descriptors)) = header else { continue };
        let value = trimmed.strip_prefix("version").and_then(|rest| rest.strip_prefix([' ', ':']));
        let (Some(version), true) = (value, line.starts_with("  ") && !line.starts_with("   ")) else { continue };
        let version = version.trim().trim_matches('"');
        header = None;
        // Workspaces are the project's own.
        if descriptors.contains("@workspace:") {
            continue;
        }
        match name(descriptors) {
            Some(name) => {
                found += 1;
                lock.pin(NPM, name, version, Vec::new());
            }
            None => lock.odd(number, "an entry has no name".to_owned()),
        }
    }
    if found == 0 && !text.contains("yarn lockfile") && !text.contains("__metadata") {
        return lock.broken("not a Yarn lock".to_owned());
    }
    lock.complete(NPM);
}

/// The package that the first descriptor of a header asks for: `"a@npm:b@^1, a@^2"` is `b`.
fn name(descriptors: &str) -> Option<&str> {
    let first = descriptors.split(',').next()?.trim().trim_matches('"');
    let range = |text: &str| text.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
    let at = range(first)?;
    let (asked, rest) = (first.get(..at)?, first.get(at + 1..)?);
    let alias = rest.strip_prefix("npm:").and_then(|alias| alias.get(..range(alias)?));
    alias.or(Some(asked)).filter(|name| !name.is_empty())
}

/// `pnpm-lock.yaml`, versions 5 to 9: the keys below `packages:`.
pub(super) fn pnpm(lock: &mut Lock, text: &str) {
    if !text.lines().any(|line| line.starts_with("lockfileVersion")) {
        return lock.broken("not a pnpm lock".to_owned());
    }
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if !line.starts_with(' ') && !line.trim().is_empty() {
            inside = line.trim_end() == "packages:";
            continue;
        }
        let key = line.strip_prefix("  ").filter(|rest| inside && !rest.starts_with([' ', '#']) && !rest.is_empty());
        let Some(key) = key.and_then(|key| key.split_once(": ").map(|(key, _)| key).or(key.strip_suffix(':'))) else {
            continue;
        };
        match pnpm_key(key.trim_matches(['\'', '"'])) {
            Some((name, version)) => lock.pin(NPM, name, version, Vec::new()),
            None if key.contains("file:") || key.contains("link:") => {}
            None => lock.odd(at + 1, "not the key of a package".to_owned()),
        }
    }
    lock.complete(NPM);
}

/// `/name/1.0.0_peer`, `/@scope/name@1.0.0(peer@2)` or `name@1.0.0`.
fn pnpm_key(key: &str) -> Option<(&str, &str)> {
    let key = key.split('(').next()?.trim_start_matches('/');
    // The slash of a scope belongs to the name; the next `/` or `@` ends it.
    let scope = if key.starts_with('@') { key.find('/')? + 1 } else { 0 };
    let end = scope + key.get(scope..)?.find(['/', '@'])?;
    let (name, version) = (key.get(..end)?, key.get(end + 1..)?);
    let version = version.split('_').next()?;
    let numbered = version.starts_with(|c: char| c.is_ascii_digit());
    (!name.is_empty() && numbered).then_some((name, version))
}
