//! Slack's calls: `url` is `https://slack.com`, the credential a token with `users:read`, `users:read.email`, `channels:read`,
//! `groups:read`, `usergroups:read`, `team:read` and, of an administrator, `admin` and `admin.apps:read`.

use crate::collect::{Call, Collector, Paging};
use serde_json::Value;

const fn pages(key: &'static str, path: &'static str, items: &'static str) -> Call {
    Call::list(key, path)
        .items(items)
        .paging(Paging::Token { field: "response_metadata.next_cursor", parameter: "cursor" })
}

const CALLS: &[Call] = &[
    Call::object("team", "/api/team.info"),
    pages("users", "/api/users.list?limit=200", "members"),
    pages("channels", "/api/conversations.list?limit=200&types=public_channel,private_channel", "channels")
        .each(&[pages("members", "/api/conversations.members?limit=1000&channel={.id}", "members")]),
    Call::list("usergroups", "/api/usergroups.list?include_users=true").items("usergroups"),
    pages("apps", "/api/admin.apps.approved.list?limit=100&team_id={team}", "approved_apps"),
    Call::list("integrationLogs", "/api/team.integrationLogs?count=1000")
        .items("logs")
        .paging(Paging::Page { parameter: "page" }),
];

/// Slack answers 200 to everything and says in the body whether it did it.
fn refusal(answer: &Value) -> Option<String> {
    let refused = answer.get("ok").and_then(Value::as_bool) == Some(false);
    let word = answer.get("error").and_then(Value::as_str).unwrap_or("no reason");
    refused.then(|| word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect())
}

/// How the document is made from Slack's API.
pub(super) static COLLECTOR: Collector = Collector { refusal, ..Collector::new("slack/{team}.json", &["team"], CALLS) };
