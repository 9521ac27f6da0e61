//! Shared drives and files: who may open what, and links that anyone or everyone may use.

use super::{Customer, drive_key};
use crate::cut::{of_request, of_responder};
use crate::json::{flag, list, text};
use crate::report::shown;
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

impl Customer<'_, '_> {
    pub(super) fn drives(&mut self, document: &Value) {
        let all = self.hub("drives");
        for (place, drive) in self.facts.items(document, "drives", "") {
            let Some(name) = self.facts.id(drive, "id", &place) else { continue };
            let key = drive_key(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            self.facts.node(&key, &place).label(text(drive, "name").unwrap_or(&name));
            self.facts.edge(EdgeKind::MayAct, &all, &key, &place);
            for (place, permission) in self.facts.items(drive, "permissions", &place) {
                self.permission(permission, &key, None, &place);
            }
        }
        for (place, file) in self.facts.items(document, "files", "") {
            let Some(name) = self.facts.id(file, "id", &place) else { continue };
            let owner = list(file, "owners").iter().find_map(|owner| text(owner, "emailAddress"));
            let drive = text(file, "driveId").map(str::to_owned).or(owner.map(str::to_lowercase));
            let Some(drive) = drive else {
                self.facts
                    .report
                    .add(format!("{place} has no `driveId` and no owner"), "ask for the field `owners` too");
                continue;
            };
            let what = (name.as_str(), text(file, "name").unwrap_or("a file"));
            for (place, permission) in self.facts.items(file, "permissions", &place) {
                self.permission(permission, &drive_key(&drive), Some(what), &place);
            }
        }
    }

    /// A permission on a whole drive, or on a file there: then whether the data is in that file is undecided.
    fn permission(&mut self, permission: &Value, drive: &NodeKey, file: Option<(&str, &str)>, place: &str) {
        if flag(permission, "deleted") {
            return;
        }
        let writes = matches!(text(permission, "role"), Some("owner" | "organizer" | "fileOrganizer" | "writer"));
        let actions: &[&str] = if writes { &["read files", "write files"] } else { &["read files"] };
        let may = file.map(|(_, name)| format!("it is `{}`, one of the files there", shown(name))).unwrap_or_default();
        let to = self.facts.time(permission, "expirationTime").unwrap_or(Time::MAX);
        let valid = Interval::new(Time::MIN, to);
        let from = match text(permission, "type") {
            Some("user" | "group") => {
                let Some(address) = text(permission, "emailAddress") else {
                    return self
                        .facts
                        .report
                        .add(format!("{place} has no address"), "ask for the field `emailAddress` too");
                };
                // Whoever owns a file has the drive as its own.
                let (from, life) = self.whoever(address, place);
                let Some(valid) = valid.intersection(&life).filter(|_| text(permission, "role") != Some("owner"))
                else {
                    return;
                };
                let edge = self.facts.edge(EdgeKind::MayAct, &from, drive, place).acts(actions).valid(valid).may(&may);
                edge.removable("delete_google_permission");
                return;
            }
            Some("domain") => self.everyone(),
            Some("anyone") => NodeKey::identity("google", "*"),
            other => {
                let reason =
                    format!("`{}` of {place} is not whom a file is shared with", shown(other.unwrap_or_default()));
                return self.facts.report.add(reason, "export the permissions again");
            }
        };
        let (id, label) = file.map_or((drive.name(), "the drive"), |(id, name)| (id, name));
        let kind = text(permission, "type").unwrap_or_default();
        let link = NodeKey::resource("google", &format!("link/{id}/{kind}"));
        let cut = match (file, text(permission, "id")) {
            (Some((file, _)), Some(permission)) => {
                // Drives of people are named by their owner, and their files are reached as the owner.
                let shared = if drive.name().contains('@') { "false" } else { "true" };
                let named = [("file", file), ("permission", permission), ("shared_drive", shared)];
                of_responder("google_drive_permission/delete", &link, &named, (10, 60), Reversibility::RecreateOnly)
            }
            _ => of_request(&link, "remove_google_link", (10, 60), Reversibility::RecreateOnly),
        };
        self.facts.node(&link, place).label(&format!("link to {label}")).valid(valid).cut(cut);
        let known = if flag(permission, "allowFileDiscovery") { "" } else { "the link is known" };
        self.facts.edge(EdgeKind::MayAct, &from, &link, place).valid(valid).may(known);
        self.facts.edge(EdgeKind::MayAct, &link, drive, place).valid(valid).acts(actions).may(&may);
    }
}
