//! SARIF 2.1.0, as code scanning reads it.
//!
//! The standard has kinds `open` and `review` for what is not settled, but says that their level is `none`, and viewers hide
//! results of that level. So whatever is not clear is a `fail` here, and its verdict is a property.

use super::{Answer, Place, Report, why};
use firebreak_model::{Problem, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    results: Vec<Finding<'a>>,
    column_kind: &'static str,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'a str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Level,
}

#[derive(Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    locations: [Location; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    rule_index: usize,
    kind: &'static str,
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    verdict: &'static str,
    environment: &'a str,
    profile_revision: u32,
    decided_by: &'a [String],
    gaps: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    advisories: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<&'a str>,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let mut rules: Vec<Rule<'_>> = Vec::new();
    let mut results = Vec::new();
    for answer in report.answers {
        let id = answer.judgement.profile.as_str();
        let rule_index = rules.iter().position(|rule| rule.id == id).unwrap_or_else(|| {
            rules.push(rule(answer));
            rules.len() - 1
        });
        if answer.judgement.verdict != Verdict::Clear {
            results.push(result(answer, rule_index));
        }
    }
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: Driver { name: "Firebreak", version: report.version, rules } },
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: report.problems.iter().map(notification).collect(),
            }],
            results,
            column_kind: "unicodeCodePoints",
        }],
    };
    sonic_rs::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn rule(answer: &Answer) -> Rule<'_> {
    let text = |text: &str| Message { text: text.to_owned() };
    Rule {
        id: &answer.judgement.profile,
        short_description: text(&answer.title),
        full_description: text(&format!(
            "Whether something bad of {} was there: exposed, suspect, unknown or clear. Unknown is not clear.",
            answer.title
        )),
        help: text(
            "Exposed: treat every credential that was readable there as lost. Suspect: find out which version came. \
             Unknown: close the gap that the result names.",
        ),
        default_configuration: Level { level: "error" },
    }
}

fn result(answer: &Answer, rule_index: usize) -> Finding<'_> {
    let judgement = &answer.judgement;
    let environment = judgement.environment.as_str();
    let verdict = judgement.verdict.word();
    let mut locations: Vec<Location> = answer.places.iter().filter(|place| is_path(place)).map(location).collect();
    if locations.is_empty() {
        // A result without a place is dropped by viewers: the environment stands for it.
        let place = Place { file: judgement.environment.name().to_owned(), line: None };
        locations.push(location(&place));
    }
    if let Some(first) = locations.first_mut() {
        first.logical_locations.push(Logical { fully_qualified_name: environment.to_owned() });
    }
    let mut message = format!("{verdict}: {environment} ({}). {}", judgement.profile, why(answer));
    if judgement.verdict == Verdict::Unknown {
        message.push_str(". Unknown is not clear.");
    }
    Finding {
        rule_id: &judgement.profile,
        rule_index,
        kind: "fail",
        level: if judgement.verdict == Verdict::Exposed { "error" } else { "warning" },
        message: Message { text: message },
        locations,
        partial_fingerprints: BTreeMap::from([("firebreakVerdict/v1", format!("{}:{environment}", judgement.profile))]),
        properties: Properties {
            verdict,
            environment,
            profile_revision: judgement.revision,
            decided_by: &judgement.decided_by,
            gaps: &judgement.gaps,
            advisories: &answer.advisories,
            owners: answer.owners.iter().map(|owner| owner.as_str()).collect(),
        },
    }
}

/// Evidence in words (`the log was read from its first line to its last`) is no place.
fn is_path(place: &Place) -> bool {
    place.line.is_some() || place.file.contains(['/', '.'])
}

fn location(place: &Place) -> Location {
    Location {
        physical_location: Some(Physical {
            artifact_location: Artifact { uri: uri(&place.file) },
            region: place.line.map(|start_line| Region { start_line }),
        }),
        logical_locations: Vec::new(),
    }
}

fn notification(problem: &Problem) -> Notification {
    let place = Place { file: problem.position.input.clone(), line: problem.position.line.filter(|line| *line > 0) };
    let text = format!("{}. {}", problem.reason, problem.hint);
    Notification { level: "warning", message: Message { text }, locations: [location(&place)] }
}

/// A path as a relative or absolute reference of RFC 3986: whatever is not allowed in a path is percent-encoded.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
