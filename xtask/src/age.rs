//! No dependency younger than 14 days: the rule that would have kept the bad release out of our own build.
//!
//! Publication times come from cargo's own copy of the index, so the check needs no network. It measures each locked
//! version against the day on which the lock was last changed, not against today: a lock that was young when it was
//! committed stays a fault.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const DAYS_MIN: i64 = 14;

/// The lock of the project, and the lock of the engines that it is compared with.
const LOCKS: [&str; 2] = ["Cargo.lock", "peers/Cargo.lock"];

struct Locked {
    name: String,
    version: String,
}

fn locked(root: &Path, lock: &str) -> Result<Vec<Locked>> {
    let table: toml::Table = fs::read_to_string(root.join(lock))?.parse()?;
    let packages = table.get("package").and_then(toml::Value::as_array).context("a lock lists packages")?;
    let text = |package: &toml::Value, key: &str| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let outside = packages.iter().filter(|package| package.get("source").is_some());
    Ok(outside
        .filter_map(|package| Some(Locked { name: text(package, "name")?, version: text(package, "version")? }))
        .collect())
}

/// Where the index keeps a crate: `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcd`.
fn index_path(name: &str) -> String {
    let name = name.to_lowercase();
    match name.len() {
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

fn index_folders() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let Some(home) = home else { return Vec::new() };
    let Ok(entries) = fs::read_dir(home.join("registry/index")) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path().join(".cache")).filter(|path| path.is_dir()).collect()
}

/// Publication times of every version of a crate that the local index knows.
fn published(folders: &[PathBuf], name: &str) -> BTreeMap<String, String> {
    let mut times = BTreeMap::new();
    for bytes in folders.iter().filter_map(|folder| fs::read(folder.join(index_path(name))).ok()) {
        for line in bytes.split(|byte| *byte == 0) {
            let Ok(entry) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
            if let (Some(version), Some(time)) = (entry["vers"].as_str(), entry["pubtime"].as_str()) {
                times.insert(version.to_owned(), time.to_owned());
            }
        }
    }
    times
}

/// Days from 1970-01-01 to the date at the head of an ISO 8601 text.
fn day(text: &str) -> Option<i64> {
    let mut parts = text.get(..10)?.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Days from civil, counting years from March so that a leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + day - 1 - 719_468)
}

fn lock_changed(root: &Path, lock: &str) -> Option<i64> {
    let git = Command::new("git").args(["log", "-1", "--format=%cI", "--", lock]).current_dir(root).output().ok()?;
    day(String::from_utf8(git.stdout).ok()?.trim())
}

/// Locked versions that were too young, and notes where that could not be told.
pub(crate) fn faults(root: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let folders = index_folders();
    let (mut faults, mut notes) = (Vec::new(), Vec::new());
    for lock in LOCKS {
        let Some(changed) = lock_changed(root, lock) else {
            notes.push(format!("dependency age not checked: {lock} is not committed yet"));
            continue;
        };
        let mut unknown = 0_u32;
        for Locked { name, version } in locked(root, lock)? {
            match published(&folders, &name).get(&version).and_then(|time| day(time)) {
                Some(born) if changed - born < DAYS_MIN => {
                    faults
                        .push(format!("{lock}: `{name}` {version} was {} days old when it was locked", changed - born));
                }
                Some(_) => {}
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            notes.push(format!("{lock}: age of {unknown} locked crates unknown: the local index has no times"));
        }
    }
    Ok((faults, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_as_calendars_do() {
        assert_eq!(day("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(day("2000-03-01"), Some(11_017));
        assert_eq!(day("2026-11-22T03:00:00Z"), Some(20_779));
        assert_eq!(day("soon"), None);
    }

    #[test]
    fn the_index_is_laid_out_by_length() {
        assert_eq!(["a", "ab", "abc", "Serde"].map(index_path), ["1/a", "2/ab", "3/a/abc", "se/rd/serde"]);
    }
}
