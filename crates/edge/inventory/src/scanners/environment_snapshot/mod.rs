//! An environment snapshot (`firebreak.snapshot/1`): what is installed and readable in one environment, as seen from
//! inside, with its own blind spots.

use crate::json::{check_keys, flag, has_format, list, node, nodes, parse, text, texts, time};
use crate::key::pypi_name;
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner};
use crate::scanners::lockfile;
use firebreak_model::{
    EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Identifier, IdentifierScheme, Interval, NodeFact, NodeKey, NodeKind,
    Observation, ObservationKind, Text, Time,
};
use serde_json::Value;
use std::path::Path;

/// The format's name.
const FORMAT: &str = "firebreak.snapshot/1";

/// Reads environment snapshots.
pub struct EnvironmentSnapshot;

/// The scanner.
pub static SCANNER: EnvironmentSnapshot = EnvironmentSnapshot;

impl Scanner for EnvironmentSnapshot {
    fn name(&self) -> &'static str {
        "environment_snapshot"
    }

    fn recognises(&self, _path: &Path, head: &[u8]) -> bool {
        String::from_utf8_lossy(head).contains("\"firebreak.snapshot/")
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: input.path.display().to_string(), ..Found::default() };
        if let Some(document) = parse(input.bytes, &mut report)
            && has_format(&document, FORMAT, &mut report)
        {
            match node(&document, "environment", &mut report).filter(|key| key.kind() == NodeKind::Environment) {
                Some(environment) => read(&document, environment, input, &mut found, &mut report),
                None => report.add("`environment` is not the key of an environment", "write `environment:host/<name>`"),
            }
        }
        found.problems.extend(report.finish());
        found
    }
}

fn read(document: &Value, environment: NodeKey, input: &ScanInput<'_>, found: &mut Found, report: &mut Report) {
    const KEYS: &[&str] = &[
        "format",
        "environment",
        "taken",
        "runs",
        "complete",
        "packages",
        "images",
        "files",
        "references",
        "cool_down_days",
        "lockfile",
        "credentials",
        "runs_as",
        "blind_spots",
        "complete_ecosystems",
        "hooks",
        "stores",
        "layers",
        "places",
        "install",
        // Who answers for it: read where answers name owners.
        "owners",
    ];
    check_keys(document, "the snapshot", KEYS, report);
    found.scope = environment.to_string();
    found.complete = flag(document, "complete");
    let taken = time(document, "taken", report);
    let known = taken.unwrap_or(input.known);
    let runs = runs(document, report);
    let mut observations = observations(document, report);
    let mut gaps: Vec<String> = texts(document.get("blind_spots")).into_iter().map(str::to_owned).collect();
    let whole = complete(document, &environment, &runs, found.complete);
    if !found.complete && !whole.is_empty() {
        // No blind spot hides a package of these; of all others no listing speaks.
        gaps.clear();
    } else if !found.complete {
        gaps.push(format!("the snapshot of {} says that it is not complete", report.input()));
    }
    match taken {
        Some(_) => observations.extend(listings(document, &whole, taken, report)),
        None => gaps.push("the snapshot does not say when it was taken".to_owned()),
    }
    if let Some(relative) = text(document, "lockfile") {
        let path = input.path.parent().unwrap_or(Path::new("")).join(relative);
        let sibling = input.sibling(&path).or_else(|| input.sibling(Path::new(relative)));
        match sibling {
            Some(bytes) => {
                let locked = lockfile::observe(&path, &bytes);
                observations.extend(locked.observations);
                gaps.extend(locked.gaps);
                found.problems.extend(locked.problems);
            }
            None => {
                gaps.push(format!("the lockfile `{relative}` is not there"));
                report.add(format!("no lockfile `{relative}`"), "put it beside the snapshot");
            }
        }
    }
    hooks(document, report);
    let life = Interval::new(runs.first().map_or(Time::MIN, |run| run.from), end(&runs));
    found.facts.push(Fact::Node(NodeFact::new(environment.clone(), life, known, report.input())));
    access(document, &environment, life, known, found, report);
    found.evidence.push(EnvironmentEvidence { environment, runs, observations, gaps });
}

/// The ecosystems of which everything is listed; `*` is every one.
fn complete<'a>(document: &'a Value, environment: &NodeKey, runs: &[Interval], everything: bool) -> Vec<&'a str> {
    match everything {
        true => vec!["*"],
        false if speaks_for_runs(environment, runs) => texts(document.get("complete_ecosystems")),
        false => Vec::new(),
    }
}

/// What is not in a whole listing was not there when it was taken, and not since its places were last changed.
fn listings(document: &Value, whole: &[&str], taken: Option<Time>, report: &mut Report) -> Vec<Observation> {
    let mut places: Vec<(&str, Option<Time>)> = Vec::new();
    for (at, item) in list(document, "places").iter().enumerate() {
        let place = format!("places[{at}]");
        check_keys(item, &place, &["ecosystem", "path", "changed"], report);
        match text(item, "ecosystem") {
            Some(ecosystem) => places.push((ecosystem, time(item, "changed", report))),
            None => report.add(format!("{place} has no `ecosystem`"), "add it"),
        }
    }
    let listing = |ecosystem: &&str| {
        let own = || places.iter().filter(|(of, _)| *ecosystem == "*" || of == ecosystem);
        // One place whose time is not known may have changed a moment ago.
        let since = own().map(|(_, changed)| *changed).collect::<Option<Vec<Time>>>();
        let since = since.and_then(|times| times.into_iter().max());
        let count = document.get("places").and_then(|_| u32::try_from(own().count()).ok());
        let key = if *ecosystem == "*" { "complete" } else { "complete_ecosystems" };
        Observation {
            time: taken,
            what: ObservationKind::LockComplete { ecosystem: Text::new(ecosystem), since, places: count },
            evidence: Text::new(format!("{} {key}", report.input())),
        }
    };
    whole.iter().map(listing).collect()
}

/// Whether what is there at one moment says what was there in the runs: an image does not change, a job's snapshot counts
/// inside its run only, and where the snapshot tells its runs itself it speaks of those. What a host had in March it does
/// not say.
fn speaks_for_runs(environment: &NodeKey, runs: &[Interval]) -> bool {
    !runs.is_empty() || matches!(environment.system(), "ci" | "image")
}

/// Startup hooks are judged by their digests, which `files` has; here it is only seen that they are written as they must be.
fn hooks(document: &Value, report: &mut Report) {
    const KEYS: &[&str] =
        &["kind", "path", "layer", "deleted", "sha256", "executes", "size", "modified", "package", "altered", "runs"];
    for (at, item) in list(document, "hooks").iter().enumerate() {
        check_keys(item, &format!("hooks[{at}]"), KEYS, report);
    }
}

fn end(runs: &[Interval]) -> Time {
    runs.iter().map(|run| run.to).max().unwrap_or(Time::MAX)
}

fn runs(document: &Value, report: &mut Report) -> Vec<Interval> {
    let mut runs = Vec::new();
    for (at, run) in list(document, "runs").iter().enumerate() {
        check_keys(run, &format!("runs[{at}]"), &["from", "to"], report);
        match time(run, "from", report) {
            Some(from) => runs.push(Interval::new(from, time(run, "to", report).unwrap_or(Time::MAX))),
            None => report.add(format!("runs[{at}] has no `from`"), "add when it began"),
        }
    }
    runs.sort_by_key(|run| (run.from, run.to));
    runs
}

/// What code there can read and whom it acts as.
fn access(
    document: &Value,
    environment: &NodeKey,
    life: Interval,
    known: Time,
    found: &mut Found,
    report: &mut Report,
) {
    for (at, item) in list(document, "credentials").iter().enumerate() {
        const KEYS: &[&str] =
            &["credential", "from", "to", "where", "kind", "layer", "deleted", "fingerprint", "encrypted"];
        check_keys(item, &format!("credentials[{at}]"), KEYS, report);
        let Some(credential) = node(item, "credential", report) else {
            report.add(format!("credentials[{at}] has no `credential`"), "add its key");
            continue;
        };
        let from = time(item, "from", report).unwrap_or(life.from);
        let valid = Interval::new(from, time(item, "to", report).unwrap_or(life.to));
        let evidence = match text(item, "where") {
            Some(place) => format!("{} credentials[{at}] ({place})", report.input()),
            None => format!("{} credentials[{at}]", report.input()),
        };
        let evidence = format!("{evidence}{}", layer(item));
        let (known_as, kind) = (identifier(item, &credential), text(item, "kind"));
        // A fingerprint names nothing: what the snapshot took it for is all that people can call it by.
        let called = kind.filter(|_| credential.system() == "fingerprint");
        if known_as.is_some() || called.is_some() {
            let mut node = NodeFact::new(credential.clone(), Interval::new(Time::MIN, Time::MAX), known, &evidence);
            node.identifiers.extend(known_as);
            node.label = called.map_or(node.label, Text::new);
            found.facts.push(Fact::Node(node));
        }
        let edge = EdgeFact::new(EdgeKind::ReadableIn, environment.clone(), credential, valid, known, &evidence);
        found.facts.push(Fact::Edge(edge));
    }
    for identity in nodes(document, "runs_as", report) {
        let edge = EdgeFact::new(EdgeKind::RunsAs, environment.clone(), identity, life, known, report.input());
        found.facts.push(Fact::Edge(edge));
    }
}

/// What joins a credential with the same one seen elsewhere: the fingerprint of its secret, an SSH key's own.
fn identifier(item: &Value, credential: &NodeKey) -> Option<Identifier> {
    if credential.system() == "ssh" {
        return Some(Identifier::verified(IdentifierScheme::KeyId, credential.name()));
    }
    text(item, "fingerprint").map(|print| Identifier::verified(IdentifierScheme::Fingerprint, print))
}

/// Where in an image, in words.
fn layer(item: &Value) -> String {
    match (item.get("layer").and_then(Value::as_u64), flag(item, "deleted")) {
        (Some(layer), true) => format!(" in layer {layer}, deleted by a later one"),
        (Some(layer), false) => format!(" in layer {layer}"),
        (None, _) => String::new(),
    }
}

/// What is told of a package.
const PACKAGE: &[&str] = &[
    "ecosystem",
    "name",
    "version",
    "sha256",
    "installed",
    "installed_source",
    "installer",
    "integrity",
    "record_sha256",
    "path",
    "layer",
    "deleted",
];

fn observations(document: &Value, report: &mut Report) -> Vec<Observation> {
    let mut seen = Vec::new();
    let input = report.input().to_owned();
    let mut see = |time: Option<Time>, place: &str, what: ObservationKind| {
        seen.push(Observation { time, what, evidence: Text::new(format!("{input} {place}")) });
    };
    for (at, item) in list(document, "packages").iter().enumerate() {
        let place = format!("packages[{at}]");
        check_keys(item, &place, PACKAGE, report);
        let place = format!("{place}{}", layer(item));
        let Some((ecosystem, name)) = named(item, &place, report) else { continue };
        let Some(version) = text(item, "version") else {
            // A package without a version is there in some version: that is not nothing.
            see(
                None,
                &place,
                ObservationKind::Unpinned { ecosystem, name, reference: Text::new("version not recorded") },
            );
            continue;
        };
        let sha256 = text(item, "sha256").map(digest);
        let installed = time(item, "installed", report);
        see(installed, &place, ObservationKind::Installed { ecosystem, name, version: Text::new(version), sha256 });
    }
    for (at, item) in list(document, "images").iter().enumerate() {
        let place = format!("images[{at}]");
        check_keys(item, &place, &["name", "tag", "digest"], report);
        let Some(name) = text(item, "name").map(Text::new) else {
            report.add(format!("{place} has no `name`"), "add it");
            continue;
        };
        let (tag, digest) = (text(item, "tag").map(Text::new), text(item, "digest").map(Text::new));
        see(None, &place, ObservationKind::Image { name, tag, digest });
    }
    for (at, item) in list(document, "files").iter().enumerate() {
        let place = format!("files[{at}]");
        check_keys(item, &place, &["path", "sha256"], report);
        match (text(item, "path"), text(item, "sha256")) {
            (Some(path), Some(sha256)) => {
                see(None, &place, ObservationKind::File { path: Text::new(path), sha256: digest(sha256) });
            }
            _ => report.add(format!("{place} has no `path` and `sha256`"), "add both"),
        }
    }
    for (at, item) in list(document, "references").iter().enumerate() {
        let place = format!("references[{at}]");
        check_keys(item, &place, &["ecosystem", "name", "reference"], report);
        let Some((ecosystem, name)) = named(item, &place, report) else { continue };
        let reference = Text::new(text(item, "reference").unwrap_or_default());
        see(None, &place, ObservationKind::Unpinned { ecosystem, name, reference });
    }
    for (ecosystem, days) in document.get("cool_down_days").and_then(Value::as_object).into_iter().flatten() {
        match days.as_u64().and_then(|days| u32::try_from(days).ok()) {
            Some(days) => {
                see(None, "cool_down_days", ObservationKind::CoolDown { ecosystem: Text::new(ecosystem), days });
            }
            None => report.add(format!("`cool_down_days` of `{ecosystem}` is not a whole number"), "write days"),
        }
    }
    seen
}

fn named(item: &Value, place: &str, report: &mut Report) -> Option<(Text, Text)> {
    let (ecosystem, name) = (text(item, "ecosystem"), text(item, "name"));
    if ecosystem.is_none() || name.is_none() {
        report.add(format!("{place} has no `ecosystem` and `name`"), "add both");
    }
    let (ecosystem, name) = (ecosystem?, name?);
    let name = if ecosystem == "PyPI" && name != "*" { Text::new(pypi_name(name)) } else { Text::new(name) };
    Some((Text::new(ecosystem), name))
}

/// A digest as hexadecimal in lower case, without `sha256:`.
fn digest(written: &str) -> Text {
    Text::new(written.trim_start_matches("sha256:").to_ascii_lowercase())
}
