//! Which events are the attack: each selector names a source and what all of its events, and no others, have in common.

use crate::attack::{Act, PAYLOAD, What};
use crate::estate::Estate;
use crate::estate::cluster::{RUNNER, account_key};
use serde_json::{Value, json};

/// Whether `act` is recorded by `source`, how many events it makes there, and how many bytes they carry.
fn counts(source: &str, act: &Act) -> (u64, u64) {
    match (source, act.what) {
        // Both accounts record that one becomes a role of the other.
        ("aws_cloudtrail", What::Assume(_)) => (2, 0),
        ("aws_cloudtrail", What::Take { bytes, .. }) => (1, bytes),
        (
            "aws_cloudtrail",
            What::TryKey(_) | What::Look(_) | What::Execute(_) | What::StartSession | What::ReadSecret(_),
        )
        | ("github_audit", What::Clone(_) | What::Push | What::DeleteRun(_))
        | ("google_workspace", What::Download(_))
        | ("slack_audit", What::SlackFile(_))
        | ("kubernetes_audit", What::ListClusterSecrets | What::NodeSetup(_)) => (1, 0),
        _ => (0, 0),
    }
}

/// The selectors, each with the number of its events and the bytes they carry.
pub(super) fn selectors(estate: &Estate, acts: &[Act]) -> Value {
    let [aws, code, drive] = estate.spec.intruder_addresses();
    let by_source = [
        ("aws_cloudtrail", json!({"address": aws})),
        ("github_audit", json!({"address": code})),
        ("slack_audit", json!({"address": code})),
        ("google_workspace", json!({"address": drive})),
        ("kubernetes_audit", json!({"actor": account_key(RUNNER), "user_agent": PAYLOAD})),
    ];
    let selectors = by_source.into_iter().map(|(source, mut selector)| {
        let own: Vec<&Act> = acts.iter().filter(|act| counts(source, act).0 > 0).collect();
        let events: u64 = own.iter().map(|act| counts(source, act).0).sum();
        let bytes: u64 = own.iter().map(|act| counts(source, act).1).sum();
        if let (Some(fields), Some(first), Some(last)) = (selector.as_object_mut(), own.first(), own.last()) {
            fields.insert("source".to_owned(), json!(source));
            fields.insert("from".to_owned(), json!(first.at.iso()));
            // The end is exclusive, and sources that record whole seconds round down.
            fields.insert("to".to_owned(), json!(last.at.plus(1).iso()));
            fields.insert("events".to_owned(), json!(events));
            fields.insert("bytes".to_owned(), json!(bytes));
        }
        selector
    });
    selectors.collect()
}
