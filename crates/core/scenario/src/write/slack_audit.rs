//! Slack audit log entries, as the Audit Logs API lists them: one entry a line.
//!
//! Slack does not record that messages were read through `conversations.history`; it does record every file that was
//! downloaded, and by whom. So a theft of history shows as downloads of the files in it.

use crate::clock::At;
use crate::estate::stores::WORKSPACE;
use crate::json::Json;
use crate::random::Random;

/// Who did it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Actor<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// Bots have none.
    pub(crate) email: Option<&'a str>,
}

/// What it was done to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entity<'a> {
    /// The actor's own account.
    User,
    /// A file: id, name, type.
    File(&'a str, &'a str, &'a str),
    /// A channel: id, name.
    Channel(&'a str, &'a str),
}

fn user(json: &mut Json, actor: &Actor<'_>) {
    json.nested("user", |json| {
        json.text("id", actor.id);
        json.text("name", actor.name);
        json.text_or_null("email", actor.email);
        json.text("team", WORKSPACE);
    });
}

/// Writes the entry.
pub(crate) fn record(
    json: &mut Json,
    at: At,
    action: &str,
    actor: &Actor<'_>,
    entity: &Entity<'_>,
    client: (&str, &str),
    random: &mut Random,
) {
    json.text("id", &random.uuid());
    json.number("date_create", at.seconds());
    json.text("action", action);
    json.nested("actor", |json| {
        json.text("type", "user");
        user(json, actor);
    });
    json.nested("entity", |json| match entity {
        Entity::User => {
            json.text("type", "user");
            user(json, actor);
        }
        Entity::File(id, name, kind) => {
            json.text("type", "file");
            json.nested("file", |json| {
                json.text("id", id);
                json.text("name", name);
                json.text("filetype", kind);
                json.text("title", name);
            });
        }
        Entity::Channel(id, name) => {
            json.text("type", "channel");
            json.nested("channel", |json| {
                json.text("id", id);
                json.text("name", name);
                json.text("privacy", "public");
                json.flag("is_shared", false);
                json.flag("is_org_shared", false);
            });
        }
    });
    json.nested("context", |json| {
        json.nested("location", |json| {
            json.text("type", "workspace");
            json.text("id", WORKSPACE);
            json.text("name", "Meridian");
            json.text("domain", "meridian-example");
        });
        json.text("ua", client.1);
        json.text("ip_address", client.0);
        json.number("session_id", 3_000_000_000_000 + random.below(900_000_000_000) as i64);
    });
}
