//! Rust, Go and Ruby.

use super::{Lock, sha256};
use toml::{Table, Value};

/// `Cargo.lock`. Packages without a source are the workspace's own.
pub(super) fn cargo(lock: &mut Lock, text: &str) {
    const CRATES: &str = "crates.io";
    let document = match text.parse::<Table>() {
        Ok(document) => document,
        Err(error) => return lock.broken(format!("not valid TOML: {}", error.message())),
    };
    for package in document.get("package").and_then(Value::as_array).into_iter().flatten() {
        let field = |key: &str| package.get(key).and_then(Value::as_str);
        let (Some(name), Some(version), Some(source)) = (field("name"), field("version"), field("source")) else {
            continue;
        };
        if let Some((url, sha)) = source.strip_prefix("git+").and_then(|url| url.rsplit_once('#')) {
            lock.commit(url.split('?').next().unwrap_or(url), sha);
        }
        let digest = field("checksum").and_then(|digits| sha256(&format!("sha256:{digits}")));
        lock.pin(CRATES, name, version, digest.into_iter().collect());
    }
    lock.complete(CRATES);
}

/// `go.sum`: every module that a build may use; more than one version of a module may stand there.
pub(super) fn go_sum(lock: &mut Lock, text: &str) {
    for (at, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields.as_slice() {
            [] => {}
            [_, version, _] if version.ends_with("/go.mod") => {}
            // OSV writes Go versions without their `v`.
            [module, version, _] => lock.pin("Go", module, version.trim_start_matches('v'), Vec::new()),
            _ => lock.odd(at + 1, "not a module, a version and a digest".to_owned()),
        }
    }
    if text.trim().is_empty() {
        lock.gap("it is empty".to_owned());
    } else {
        lock.complete("Go");
    }
}

/// `Gemfile.lock`: the gems below `specs:`, four spaces in.
pub(super) fn gemfile(lock: &mut Lock, text: &str) {
    const GEMS: &str = "RubyGems";
    let (mut section, mut specs, mut remote) = ("", false, "");
    for line in text.lines() {
        if !line.starts_with(' ') {
            (section, specs) = (line.trim(), false);
        } else if line.trim() == "specs:" {
            specs = true;
        } else if let Some(url) = line.trim().strip_prefix("remote: ") {
            remote = url;
        } else if let Some(revision) = line.trim().strip_prefix("revision: ").filter(|_| section == "GIT") {
            lock.commit(remote, revision);
        } else if let Some(gem) = line.strip_prefix("    ").filter(|gem| specs && !gem.starts_with(' '))
            && section != "PATH"
            && let Some((name, version)) = gem.strip_suffix(')').and_then(|gem| gem.split_once(" ("))
        {
            // `1.16.0-x86_64-linux`: a gem's version holds no dash, the rest is its platform.
            lock.pin(GEMS, name, version.split('-').next().unwrap_or(version), Vec::new());
        }
    }
    if text.trim().is_empty() {
        lock.gap("it is empty".to_owned());
    } else {
        lock.complete(GEMS);
    }
}
