//! The Open Source Vulnerability format (schema 1.7) as OSV, GHSA, PYSEC and the malicious packages' database write it.

use super::walk::{Walk, joined};
use crate::record::{Affected, Bound, Event, Form, Indicator, Range, RangeKind, Record, Trust};
use firebreak_model::Text;
use serde_json::Value;
use std::collections::BTreeMap;

/// Weaknesses that are no mistakes: code that was made to harm.
const MALICIOUS: [&str; 7] = ["CWE-506", "CWE-507", "CWE-508", "CWE-509", "CWE-510", "CWE-511", "CWE-512"];
/// How many indicators one record may have.
const INDICATORS_MAX: usize = 1_000;

pub(super) fn record(value: &Value, walk: &mut Walk) -> Option<Record> {
    if !value.is_object() {
        walk.fault("", "not an object");
        return None;
    }
    let Some(id) = walk.text(value, "id", "") else {
        walk.fault("id", "the record has none, so that nothing can refer to it");
        return None;
    };
    let mut record = Record {
        id,
        form: Form::Osv,
        modified: walk.time(value, "modified", ""),
        published: walk.time(value, "published", ""),
        aliases: walk.texts(value, "aliases", ""),
        related: walk.texts(value, "related", ""),
        upstream: walk.texts(value, "upstream", ""),
        summary: summary(value),
        ..Record::default()
    };
    record.withdrawn = walk.time(value, "withdrawn", "");
    let database = walk.object(value, "database_specific", "");
    record.malicious = record.id.starts_with("MAL-")
        || database
            .is_some_and(|database| database.get("malicious-packages-origins").is_some() || is_malicious(database));
    record.severity = severity(value, "", walk);
    indicators(database, &mut record, walk, "database_specific");
    for (path, item) in walk.list(value, "affected", "") {
        if let Some(specific) = item.get("database_specific") {
            record.malicious |= is_malicious(specific);
            indicators(Some(specific), &mut record, walk, &joined(&path, "database_specific"));
        }
        record.severity.extend(severity(item, &path, walk));
        packages(item, &path, walk, &mut record.affected);
    }
    if let Some(database) = database {
        origins(database, &mut record, walk);
    }
    Some(record)
}

fn summary(value: &Value) -> Text {
    const LINE_MAX: usize = 200;
    let text = value.get("summary").and_then(Value::as_str).unwrap_or_default();
    Text::from(text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LINE_MAX).collect::<String>())
}

pub(super) fn is_malicious_weakness(word: &str) -> bool {
    MALICIOUS.contains(&word)
}

/// Databases write weaknesses in two ways.
fn is_malicious(specific: &Value) -> bool {
    let plain = specific.get("cwe_ids").and_then(Value::as_array).into_iter().flatten();
    let named = specific.get("cwes").and_then(Value::as_array).into_iter().flatten();
    plain.chain(named.filter_map(|weakness| weakness.get("cweId"))).filter_map(Value::as_str).any(is_malicious_weakness)
}

fn severity(value: &Value, path: &str, walk: &mut Walk) -> Vec<Text> {
    let list = walk.list(value, "severity", path);
    list.into_iter().filter_map(|(path, item)| walk.text(item, "score", &path)).collect()
}

/// `iocs`: lists of texts under words of the database's own.
fn indicators(specific: Option<&Value>, record: &mut Record, walk: &mut Walk, path: &str) {
    let Some(found) = specific.and_then(|specific| walk.object(specific, "iocs", path)) else { return };
    let path = joined(path, "iocs");
    for kind in found.as_object().into_iter().flat_map(|found| found.keys()) {
        for value in walk.texts(found, kind, &path) {
            if record.indicators.len() >= INDICATORS_MAX {
                walk.fault(&path, format!("more than {INDICATORS_MAX} indicators"));
                return;
            }
            record.indicators.push(Indicator { kind: Text::new(kind), value });
        }
    }
}

/// One item of `affected`: a package, or a repository for each range that names one.
fn packages(item: &Value, path: &str, walk: &mut Walk, all: &mut Vec<Affected>) {
    if !item.is_object() {
        return walk.fault(path, "not an object");
    }
    let mut ranges = Vec::new();
    let mut repositories: BTreeMap<Text, Vec<Range>> = BTreeMap::new();
    for (path, item) in walk.list(item, "ranges", path) {
        let Some(range) = range(item, &path, walk) else { continue };
        match (range.kind, walk.text(item, "repo", &path)) {
            (RangeKind::Git, Some(repository)) => {
                repositories.entry(Text::from(self::repository(&repository))).or_default().push(range);
            }
            (RangeKind::Git, None) => walk.fault(&path, "a range of commits names no `repo`"),
            _ => ranges.push(range),
        }
    }
    let versions = walk.texts(item, "versions", path);
    let package = walk.object(item, "package", path);
    let no_repository = repositories.is_empty();
    for (repository, ranges) in repositories {
        let versions = if package.is_none() { versions.clone() } else { Vec::new() };
        all.push(Affected {
            ecosystem: Text::new_static("GIT"),
            name: repository,
            ranges,
            versions,
            trust: Trust::Record,
        });
    }
    match package.map(|package| (package, joined(path, "package"))) {
        Some((package, path)) => {
            let named = walk.text(package, "ecosystem", &path).zip(walk.text(package, "name", &path));
            let named = named.or_else(|| {
                let url = walk.text(package, "purl", &path)?;
                crate::PackageUrl::parse(&url).map(|url| (url.ecosystem, url.name))
            });
            let Some((ecosystem, name)) = named else {
                return walk.fault(&path, "neither `ecosystem` and `name` nor a `purl` that can be read");
            };
            // A package of which only commits are told is in doubt by version: the commits are told by the repository.
            all.push(Affected { ecosystem, name, ranges, versions, trust: Trust::Record });
        }
        None if no_repository => walk.fault(path, "no `package`"),
        None => {}
    }
}

fn range(item: &Value, path: &str, walk: &mut Walk) -> Option<Range> {
    let kind = match walk.text(item, "type", path).as_deref() {
        Some("SEMVER") => RangeKind::Semver,
        Some("GIT") => RangeKind::Git,
        Some("ECOSYSTEM") => RangeKind::Ecosystem,
        Some(other) => {
            walk.fault(&joined(path, "type"), format!("`{other}` is no type of range; taken as `ECOSYSTEM`"));
            RangeKind::Ecosystem
        }
        None => {
            walk.fault(path, "a range without `type`; taken as `ECOSYSTEM`");
            RangeKind::Ecosystem
        }
    };
    let mut events = Vec::new();
    for (path, item) in walk.list(item, "events", path) {
        let before = events.len();
        for bound in [Bound::Introduced, Bound::Fixed, Bound::LastAffected, Bound::Limit] {
            events.extend(walk.text(item, bound.word(), &path).map(|version| Event { bound, version }));
        }
        if events.len() == before {
            walk.fault(&path, "no event that is known");
        }
    }
    if events.is_empty() {
        walk.fault(path, "a range without events");
        return None;
    }
    if !events.iter().any(|event| event.bound == Bound::Introduced) {
        // The schema asks for one; without it the range would never be met, and silence is not safety.
        walk.fault(path, "nothing is `introduced`; taken as from the beginning");
        events.insert(0, Event { bound: Bound::Introduced, version: Text::new_static("0") });
    }
    Some(Range { kind, events })
}

/// A repository without what may be written in several ways.
pub(super) fn repository(url: &str) -> String {
    let plain = url.trim().trim_end_matches('/');
    let plain = plain.strip_suffix(".git").unwrap_or(plain);
    let plain = plain.split_once("://").map_or(plain, |(_, rest)| rest);
    plain.rsplit_once('@').map_or(plain, |(_, rest)| rest).to_ascii_lowercase()
}

/// The databases that a malware record was made from may name different versions of it.
fn origins(database: &Value, record: &mut Record, walk: &mut Walk) {
    let path = "database_specific.malicious-packages-origins";
    let mut told: BTreeMap<Text, Vec<Text>> = BTreeMap::new();
    for (_, origin) in walk.list(database, "malicious-packages-origins", "database_specific") {
        let versions = walk.texts(origin, "versions", path);
        if let (Some(source), false) = (walk.text(origin, "source", path), versions.is_empty()) {
            told.entry(source).or_default().extend(versions);
        }
    }
    let all: std::collections::BTreeSet<Text> = told.values().flatten().cloned().collect();
    for (source, versions) in &told {
        let missing: Vec<&str> = all.iter().filter(|version| !versions.contains(version)).map(Text::as_str).collect();
        if !missing.is_empty() {
            let missing = shown(&missing);
            record.conflicts.push(Text::from(format!("`{source}` does not name {missing}, other origins do")));
        }
    }
}

/// The first few of `words`, and how many there are more.
pub(crate) fn shown(words: &[&str]) -> String {
    const SHOWN: usize = 8;
    let first = words.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if words.len() > SHOWN { format!("{first} and {} more", words.len() - SHOWN) } else { first }
}
