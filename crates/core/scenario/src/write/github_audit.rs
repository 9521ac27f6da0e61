//! GitHub audit log entries, as an export of an organisation writes them: one JSON object a line.

use crate::clock::At;
use crate::json::Json;
use crate::random::Random;

/// How a request was authenticated outside the website.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) hashed: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) scopes: &'a str,
    pub(crate) id: i64,
}

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) action: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) address: &'a str,
    pub(crate) agent: &'a str,
    /// `owner/name`, where the entry is about one.
    pub(crate) repository: Option<&'a str>,
    pub(crate) token: Option<Token<'a>>,
    /// Further fields with their text.
    pub(crate) more: &'a [(&'a str, &'a str)],
    /// Further fields with numbers.
    pub(crate) numbers: &'a [(&'a str, i64)],
}

/// The id of the organisation.
const ORGANISATION: i64 = 90_418_277;

/// The number that the platform gives a name.
pub(crate) fn number(name: &str) -> i64 {
    1_000_000 + Random::of(0, name, 0).below(180_000_000) as i64
}

/// Writes the entry.
pub(crate) fn record(json: &mut Json, at: At, entry: &Entry<'_>, random: &mut Random) {
    json.number("@timestamp", at.millis());
    json.text("_document_id", &random.alnum(22));
    json.text("action", entry.action);
    json.text("actor", entry.actor);
    json.number("actor_id", number(entry.actor));
    json.text("actor_ip", entry.address);
    json.flag("actor_is_bot", entry.actor.ends_with("[bot]"));
    json.text("business", "meridian");
    json.number("created_at", at.millis());
    if let Some(token) = entry.token {
        json.text("hashed_token", token.hashed);
        json.text("programmatic_access_type", token.kind);
        json.number("token_id", token.id);
        json.text("token_scopes", token.scopes);
    }
    let verb = entry.action.rsplit('.').next().unwrap_or_default();
    let operation = if verb.starts_with("delete") || verb == "destroy" { "remove" } else { "access" };
    json.text("operation_type", operation);
    json.text("org", "meridian");
    json.number("org_id", ORGANISATION);
    if let Some(repository) = entry.repository {
        json.text("repo", repository);
        json.number("repo_id", number(repository));
        json.flag("public_repo", false);
    }
    if entry.action.starts_with("git.") {
        json.text("repository", entry.repository.unwrap_or_default());
        json.flag("repository_public", false);
        json.number("transport_protocol", if entry.token.is_some() { 1 } else { 2 });
        json.text("transport_protocol_name", if entry.token.is_some() { "http" } else { "ssh" });
    }
    for (name, value) in entry.more {
        json.text(name, value);
    }
    for (name, value) in entry.numbers {
        json.number(name, *value);
    }
    json.text("user_agent", entry.agent);
}
