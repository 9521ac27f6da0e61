//! CVE JSON 5 records: statements about vendors' products, and packages where the record names them.
//!
//! Their versions are written by whoever asked for the number and are often wrong: they have less trust, and where the
//! record's own prose says otherwise, that stands beside them.

use super::osv::{is_malicious_weakness, repository};
use super::prose::versions_near;
use super::walk::{Walk, joined};
use crate::affects::{Answer, affects};
use crate::record::{Affected, Bound, Event, Form, Range, RangeKind, Record, Trust};
use firebreak_model::{Text, Time};
use serde_json::Value;

pub(super) fn record(value: &Value, walk: &mut Walk) -> Option<Record> {
    let metadata = walk.object(value, "cveMetadata", "")?;
    let Some(id) = walk.text(metadata, "cveId", "cveMetadata") else {
        walk.fault("cveMetadata.cveId", "the record has none, so that nothing can refer to it");
        return None;
    };
    let mut record = Record {
        id,
        form: Form::Cve,
        modified: walk.time(metadata, "dateUpdated", "cveMetadata"),
        published: walk.time(metadata, "datePublished", "cveMetadata"),
        ..Record::default()
    };
    if metadata.get("state").and_then(Value::as_str) == Some("REJECTED") {
        let rejected = walk.time(metadata, "dateRejected", "cveMetadata");
        record.withdrawn = Some(rejected.or(record.modified).or(record.published).unwrap_or(Time::from_seconds(0)));
    }
    let Some(containers) = walk.object(value, "containers", "") else { return Some(record) };
    if let Some(cna) = walk.object(containers, "cna", "containers") {
        container(cna, "containers.cna", &mut record, walk);
    }
    for (path, item) in walk.list(containers, "adp", "containers") {
        container(item, &path, &mut record, walk);
    }
    Some(record)
}

fn container(value: &Value, path: &str, record: &mut Record, walk: &mut Walk) {
    if record.summary.is_empty() {
        record.summary = walk.text(value, "title", path).unwrap_or_default();
    }
    if let Some(source) = walk.object(value, "source", path) {
        // One id, or several in a list.
        let source_path = joined(path, "source");
        let several = source.get("advisory").is_some_and(Value::is_array);
        let advisories = match several {
            true => walk.texts(source, "advisory", &source_path),
            false => walk.text(source, "advisory", &source_path).into_iter().collect(),
        };
        record.aliases.extend(advisories.into_iter().filter(|id| !id.contains([' ', '/'])));
    }
    let weaknesses = value.get("problemTypes").and_then(Value::as_array).into_iter().flatten();
    let weaknesses = weaknesses.filter_map(|kind| kind.get("descriptions")).filter_map(Value::as_array).flatten();
    record.malicious |=
        weaknesses.filter_map(|weakness| weakness.get("cweId")).filter_map(Value::as_str).any(is_malicious_weakness);
    for metric in value.get("metrics").and_then(Value::as_array).into_iter().flatten() {
        let vectors = metric.as_object().into_iter().flat_map(|metric| metric.values());
        let vectors = vectors.filter_map(|metric| metric.get("vectorString")).filter_map(Value::as_str);
        record.severity.extend(vectors.map(Text::new));
    }
    let prose = prose(value);
    for (path, item) in walk.list(value, "affected", path) {
        product(item, &path, &prose, record, walk);
    }
}

/// All that the container says in words.
fn prose(value: &Value) -> String {
    let descriptions = value.get("descriptions").and_then(Value::as_array).into_iter().flatten();
    let english = descriptions.filter(|text| {
        text.get("lang").and_then(Value::as_str).is_none_or(|language| language.to_ascii_lowercase().starts_with("en"))
    });
    english.filter_map(|text| text.get("value")).filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

fn product(item: &Value, path: &str, prose: &str, record: &mut Record, walk: &mut Walk) {
    if !item.is_object() {
        return walk.fault(path, "not an object");
    }
    let Some((ecosystem, name, trust)) = named(item, path, walk) else {
        return walk.fault(path, "neither a package nor a vendor and a product");
    };
    let mut affected = Affected { ecosystem, name, trust, ..Affected::default() };
    let mut commits = Vec::new();
    let unless = walk.text(item, "defaultStatus", path).as_deref() == Some("affected");
    let mut exceptions = Vec::new();
    for (path, version) in walk.list(item, "versions", path) {
        match versions(version, &path, unless, walk) {
            Said::Nothing => {}
            Said::Exact(version) => affected.versions.push(version),
            Said::Range(range) if range.kind == RangeKind::Git => commits.push(range),
            Said::Range(range) => affected.ranges.push(range),
            Said::Except(events) => exceptions.extend(events),
        }
    }
    if unless && (!exceptions.is_empty() || item.get("versions").is_none()) {
        let mut events = vec![Event { bound: Bound::Introduced, version: Text::new_static("0") }];
        events.extend(exceptions);
        affected.ranges.push(Range { kind: RangeKind::Ecosystem, events });
    }
    if let (false, Some(url)) = (commits.is_empty(), walk.text(item, "repo", path)) {
        let (name, ecosystem) = (Text::from(repository(&url)), Text::new_static("GIT"));
        record.affected.push(Affected { ecosystem, name, trust, ranges: commits, versions: Vec::new() });
    }
    disagree(item, &affected, prose, record);
    record.affected.push(affected);
}

/// The package that the entry means: by URL, by collection, or as a product of a vendor.
fn named(item: &Value, path: &str, walk: &mut Walk) -> Option<(Text, Text, Trust)> {
    if let Some(url) = walk.text(item, "packageURL", path) {
        match crate::PackageUrl::parse(&url) {
            Some(url) => return Some((url.ecosystem, url.name, Trust::Statement)),
            None => walk.fault(&joined(path, "packageURL"), format!("`{url}` is no package URL")),
        }
    }
    let collection = walk.text(item, "collectionURL", path);
    let package = walk.text(item, "packageName", path);
    if let (Some(ecosystem), Some(name)) = (collection.as_deref().and_then(ecosystem), package) {
        return Some((Text::new_static(ecosystem), name, Trust::Statement));
    }
    let (vendor, product) = walk.text(item, "vendor", path).zip(walk.text(item, "product", path))?;
    let name = format!("{}/{}", vendor.to_lowercase(), product.to_lowercase());
    Some((Text::new_static("CVE"), Text::from(name), Trust::Statement))
}

/// The ecosystem whose registry `url` is.
fn ecosystem(url: &str) -> Option<&'static str> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    Some(match host {
        "pypi.org" | "pypi.python.org" | "files.pythonhosted.org" => "PyPI",
        "npmjs.com" | "npmjs.org" | "registry.npmjs.org" => "npm",
        "repo.maven.apache.org" | "repo1.maven.org" | "maven.org" | "search.maven.org" | "central.sonatype.com" => {
            "Maven"
        }
        "rubygems.org" => "RubyGems",
        "crates.io" => "crates.io",
        "nuget.org" | "api.nuget.org" => "NuGet",
        "packagist.org" | "repo.packagist.org" => "Packagist",
        "proxy.golang.org" | "pkg.go.dev" => "Go",
        "hex.pm" => "Hex",
        "pub.dev" => "Pub",
        "hub.docker.com" | "docker.io" => "Docker",
        "open-vsx.org" => "OpenVSX",
        _ => return None,
    })
}

/// What one entry of `versions` says.
enum Said {
    Nothing,
    Exact(Text),
    Range(Range),
    /// Of a product that is affected unless it says otherwise: from where to where it is not.
    Except(Vec<Event>),
}

fn versions(item: &Value, path: &str, unless: bool, walk: &mut Walk) -> Said {
    let status = walk.text(item, "status", path);
    let Some(version) = walk.text(item, "version", path) else {
        walk.fault(path, "no `version`");
        return Said::Nothing;
    };
    let less = walk.text(item, "lessThan", path);
    let at_most = walk.text(item, "lessThanOrEqual", path);
    match status.as_deref() {
        Some("affected") => {}
        Some("unaffected") if unless => return except(&version, less, at_most),
        Some("unaffected") => return Said::Nothing,
        // Unknown is not safe, but there is nothing to hold against a version either.
        _ => return Said::Nothing,
    }
    let kind = match walk.text(item, "versionType", path).as_deref() {
        Some("git") => RangeKind::Git,
        Some("semver") => RangeKind::Semver,
        _ => RangeKind::Ecosystem,
    };
    let open = |text: &str| matches!(text.trim(), "*" | "n/a" | "unspecified" | "unknown" | "all" | "-" | "0");
    let start = if open(&version) { Text::new_static("0") } else { version.clone() };
    let mut events = vec![Event { bound: Bound::Introduced, version: start }];
    match (less, at_most) {
        (Some(end), _) if end != "*" => events.push(Event { bound: Bound::Fixed, version: end }),
        (_, Some(end)) if end != "*" => events.push(Event { bound: Bound::LastAffected, version: end }),
        (None, None) if version.trim() == "n/a" || version.trim() == "unspecified" => return Said::Nothing,
        (None, None) if !open(&version) => return written(&version, kind),
        _ => {}
    }
    for (path, change) in walk.list(item, "changes", path) {
        let bound = match walk.text(change, "status", &path).as_deref() {
            Some("affected") => Bound::Introduced,
            Some("unaffected") => Bound::Fixed,
            _ => continue,
        };
        events.extend(walk.text(change, "at", &path).map(|version| Event { bound, version }));
    }
    Said::Range(Range { kind, events })
}

fn except(version: &Text, less: Option<Text>, at_most: Option<Text>) -> Said {
    let mut events = vec![Event { bound: Bound::Fixed, version: version.clone() }];
    match (less, at_most) {
        (Some(end), _) if end != "*" => events.push(Event { bound: Bound::Introduced, version: end }),
        (Some(_), _) => {}
        // Where affected versions begin again is not known exactly: nothing is taken out.
        (None, Some(end)) if end != "*" => return Said::Except(Vec::new()),
        (None, Some(_)) => {}
        (None, None) => return Said::Except(Vec::new()),
    }
    Said::Except(events)
}

/// Ranges that people wrote into the field for a version: `< 0.2.6`, `>= 1.0, < 2.0`, `= 0.6.94`.
fn written(text: &str, kind: RangeKind) -> Said {
    let mut events = Vec::new();
    let mut exact = None;
    for part in text.split(',').map(str::trim) {
        let signs = [
            ("<=", Some(Bound::LastAffected)),
            ("<", Some(Bound::Fixed)),
            (">=", Some(Bound::Introduced)),
            ("=", None),
        ];
        let found =
            signs.into_iter().find_map(|(sign, bound)| part.strip_prefix(sign).map(|rest| (bound, rest.trim())));
        match found {
            Some((Some(bound), version)) if !version.is_empty() => {
                events.push(Event { bound, version: Text::new(version) });
            }
            Some((None, version)) => exact = Some(Text::new(version.trim_start_matches('='))),
            // A single text without a sign is a version; among others it is not understood, and the whole is one text.
            _ => return Said::Exact(Text::new(text)),
        }
    }
    match (exact, events.is_empty()) {
        (Some(version), true) => Said::Exact(Text::new(version.trim())),
        (None, false) => {
            if !events.iter().any(|event| event.bound == Bound::Introduced) {
                events.insert(0, Event { bound: Bound::Introduced, version: Text::new_static("0") });
            }
            Said::Range(Range { kind, events })
        }
        _ => Said::Exact(Text::new(text)),
    }
}

/// Where the structured field names exact versions that the prose does not, and the prose names others: both stand.
fn disagree(item: &Value, affected: &Affected, prose: &str, record: &mut Record) {
    let Some(product) = item.get("product").or_else(|| item.get("packageName")).and_then(Value::as_str) else { return };
    if affected.versions.is_empty() || !affected.ranges.is_empty() {
        return;
    }
    let named = versions_near(prose, product);
    let agrees = |version: &Text| affects(affected, version) == Answer::Affected;
    if named.is_empty() || named.iter().any(agrees) {
        return;
    }
    let field = affected.versions.join(", ");
    let text = named.join(", ");
    record.conflicts.push(Text::from(format!("its field says {product} {field}, its text says {product} {text}")));
    record.affected.push(Affected {
        versions: named,
        ranges: Vec::new(),
        trust: Trust::Prose,
        ecosystem: affected.ecosystem.clone(),
        name: affected.name.clone(),
    });
}
