//! A Slack workspace: members, guests, owners and administrators, channels and who sees them, user groups, applications with
//! their scopes, and other workspaces that share a channel.
//!
//! Direct messages and what is in channels are not read; who may export them depends on the plan, and is `may`.

mod app;
mod collect;
mod member;
mod scope;

use crate::collect::Collect;
use crate::json::{flag, id, list, text};
use crate::scanner::{Found, ScanInput, Scanner};
use crate::statements::{Form, Statements, in_folder, read_document, tenant};
use firebreak_model::{Interval, NodeKey};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Reads documents of a Slack workspace.
pub struct Slack;

/// The scanner.
pub static SCANNER: Slack = Slack;

const FORM: Form = Form {
    scanner: "slack",
    needed: &["users", "channels"],
    lists: &["usergroups", "apps", "integrationLogs"],
    others: &["team"],
};

impl Scanner for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        in_folder(path, "slack")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("slack/{name}"), |document, statements| {
            let info = document.get("team").unwrap_or(&Value::Null);
            let info = info.get("team").unwrap_or(info);
            let team = id(info, "id").unwrap_or_else(|| name.to_owned());
            let mut workspace = Workspace {
                team,
                facts: statements,
                lives: HashMap::new(),
                insiders: HashSet::new(),
                bots: HashMap::new(),
            };
            let resource = workspace.resource();
            workspace.facts.node(&resource, "team").label(text(info, "name").unwrap_or_default());
            workspace.learn(document);
            workspace.users(document);
            workspace.roles();
            workspace.channels(document);
            workspace.user_groups(document);
            workspace.apps(document);
        })
    }
}

/// The workspace while it is read.
struct Workspace<'a, 'r> {
    team: String,
    facts: &'a mut Statements<'r>,
    lives: HashMap<String, Interval>,
    /// Users who see every public channel: members, not guests, bots or people of other workspaces.
    insiders: HashSet<String>,
    /// The user of an application's bot, by the application.
    bots: HashMap<String, String>,
}

impl Workspace<'_, '_> {
    fn learn(&mut self, document: &Value) {
        for user in list(document, "users") {
            let Some(name) = id(user, "id") else { continue };
            let home = id(user, "team_id").is_none_or(|team| team == self.team);
            let guest = flag(user, "is_restricted") || flag(user, "is_ultra_restricted") || flag(user, "is_stranger");
            let app = crate::json::text_at(user, &["profile", "api_app_id"]);
            if flag(user, "is_bot") || name == "USLACKBOT" {
                if let Some(app) = app {
                    self.bots.insert(app.to_owned(), name);
                }
            } else if home && !guest {
                self.insiders.insert(name);
            }
        }
    }

    fn user(&self, id: &str) -> NodeKey {
        NodeKey::identity("slack", id)
    }

    /// A hub of the workspace: `group:slack/<what>/<team>`.
    fn hub(&self, what: &str) -> NodeKey {
        NodeKey::group("slack", &format!("{what}/{}", self.team))
    }

    fn resource(&self) -> NodeKey {
        NodeKey::resource("slack", &self.team)
    }

    /// The messages that people write to each other outside of channels.
    fn messages(&self) -> NodeKey {
        NodeKey::resource("slack", &format!("messages/{}", self.team))
    }

    fn life(&self, id: &str) -> Interval {
        self.lives.get(id).copied().unwrap_or(Interval::ALWAYS)
    }
}

/// A time in whole seconds since the epoch; zero is none.
fn seconds(item: &Value, key: &str) -> Option<firebreak_model::Time> {
    let seconds = item.get(key)?.as_i64().filter(|seconds| *seconds > 0)?;
    // Some fields are in milliseconds.
    let seconds = if seconds > 100_000_000_000 { seconds / 1_000 } else { seconds };
    Some(firebreak_model::Time::from_seconds(seconds))
}
