//! Public rules and records for tests, where they are at hand.

use crate::rules::RuleFile;
use firebreak_model::{Event, EventUid, Json, Keys, LogSource, NodeKey, Text, Time};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of a corpus; says so where it is missing.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data").join(name);
    if !root.is_dir() {
        #[expect(clippy::print_stdout, reason = "a skipped test says so")]
        {
            println!("skipped: corpus absent");
        }
        return None;
    }
    Some(root)
}

/// Every file below a corpus whose name ends so, in order.
pub(crate) fn paths(name: &str, ending: &str) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder(name)?];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a readable corpus") {
            let path = entry.expect("a readable corpus").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Some(found)
}

/// Every rule file below a corpus.
pub(crate) fn files(name: &str, ending: &str) -> Option<Vec<RuleFile>> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a readable corpus");
        RuleFile { path: path.display().to_string(), text }
    };
    Some(paths(name, ending)?.into_iter().map(read).collect())
}

/// The CloudTrail records of a corpus, as events with no keys but the operation, actor, credential and address.
pub(crate) fn cloudtrail(name: &str) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    for path in paths(name, "json")? {
        let file: Json = sonic_rs::from_slice(&std::fs::read(&path).expect("a readable corpus")).expect("json");
        let records = file.get("Records").and_then(|records| records.as_array().cloned()).unwrap_or_default();
        events.extend(records.iter().map(cloudtrail_event));
    }
    Some(events)
}

fn cloudtrail_event(record: &Json) -> Event {
    let text = |path: &[&str]| record.pointer(path).and_then(|value| value.as_str()).map(Text::new);
    let raw = sonic_rs::to_vec(record).expect("json");
    let native_id = text(&["eventID"]).unwrap_or_default();
    Event {
        uid: EventUid::of("aws_cloudtrail", if native_id.is_empty() { &raw } else { native_id.as_bytes() }),
        source: "aws_cloudtrail",
        native_id,
        time: text(&["eventTime"]).and_then(|time| Time::parse(&time)).unwrap_or_default(),
        log_source: LogSource { product: "aws", service: "cloudtrail" },
        keys: Keys {
            actor: text(&["userIdentity", "arn"]).map(|arn| NodeKey::identity("aws", &arn)),
            credential: text(&["userIdentity", "accessKeyId"]).map(|id| NodeKey::credential("aws", &id)),
            address: text(&["sourceIPAddress"]).and_then(|address| address.parse().ok()),
            operation: text(&["eventName"]).unwrap_or_default(),
            ..Keys::default()
        },
        body: sonic_rs::from_slice(&raw).expect("json"),
        raw: Arc::from(raw),
    }
}
