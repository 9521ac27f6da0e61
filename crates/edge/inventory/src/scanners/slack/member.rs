//! People, roles, channels and user groups.

use super::{Workspace, seconds};
use crate::cut::{of_request, of_responder};
use crate::json::{flag, id, list, text, text_at, texts};
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;
use std::collections::BTreeSet;

impl Workspace<'_, '_> {
    pub(super) fn users(&mut self, document: &Value) {
        let (members, people) = (self.hub("members"), self.hub("users"));
        for (place, user) in self.facts.items(document, "users", "") {
            let Some(name) = self.facts.id(user, "id", &place) else { continue };
            let key = self.user(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let ended = flag(user, "deleted").then(|| seconds(user, "updated").unwrap_or(self.facts.known));
            let life = Interval::new(Time::MIN, ended.unwrap_or(Time::MAX));
            self.lives.insert(name.clone(), life);
            let bot = flag(user, "is_bot");
            let word = if bot { "revoke_slack_token" } else { "deactivate_slack_user" };
            let cut = of_request(&key, word, (25, 60), Reversibility::ReversibleReissuesAccess);
            let label = text(user, "real_name").or_else(|| text(user, "name")).unwrap_or(&name);
            let address = text_at(user, &["profile", "email"]).unwrap_or_default().to_lowercase();
            // What another workspace says of its people, this one has not verified.
            let home = id(user, "team_id").is_none_or(|team| team == self.team);
            let confirmed = flag(user, "is_email_confirmed") && home;
            self.facts.node(&key, &place).label(label).valid(life).cut(cut).email(&address, confirmed);
            if confirmed && address.contains('@') {
                self.facts.also_named(&NodeKey::identity("slack", &address), &key, &place);
            }
            if self.insiders.contains(&name) {
                let edge = self.facts.edge(EdgeKind::MemberOf, &key, &members, &place).valid(life);
                edge.removable("deactivate_slack_user");
            }
            if !bot && home {
                self.facts.edge(EdgeKind::MayAssume, &people, &key, &place).valid(life);
            }
            self.user_roles(user, &key, life, &place);
        }
    }

    fn user_roles(&mut self, user: &Value, key: &NodeKey, life: Interval, place: &str) {
        let owner = flag(user, "is_owner") || flag(user, "is_primary_owner");
        let role = match (owner, flag(user, "is_admin")) {
            (true, _) => "owner",
            (_, true) => "admin",
            _ => return,
        };
        let hub = self.role(role);
        let edge = self.facts.edge(EdgeKind::MemberOf, key, &hub, place).valid(life);
        edge.removable("remove_slack_role");
    }

    pub(super) fn role(&self, role: &str) -> NodeKey {
        NodeKey::group("slack", &format!("role/{}/{role}", self.team))
    }

    /// What owners and administrators may do. How far depends on the plan.
    pub(super) fn roles(&mut self) {
        let (owner, admin, team) = (self.role("owner"), self.role("admin"), self.resource());
        let place = "users";
        self.facts.edge(EdgeKind::MemberOf, &owner, &admin, place);
        self.facts.edge(EdgeKind::MayAct, &admin, &team, place).acts(&["administer"]);
        let (people, private, messages) = (self.hub("users"), self.hub("private"), self.messages());
        let address = "the workspace lets owners change the address to which a new password is sent";
        self.facts.edge(EdgeKind::MayAssume, &owner, &people, place).may(address);
        let export = "the plan lets owners export what is private";
        self.facts.edge(EdgeKind::MemberOf, &owner, &private, place).may(export);
        self.facts.edge(EdgeKind::MayAct, &owner, &messages, place).acts(&["export"]).may(export);
    }

    pub(super) fn channels(&mut self, document: &Value) {
        let (members, public, private) = (self.hub("members"), self.hub("public"), self.hub("private"));
        // Whoever is a member sees every public channel.
        self.facts.edge(EdgeKind::MemberOf, &members, &public, "channels");
        for (place, channel) in self.facts.items(document, "channels", "") {
            let Some(name) = self.facts.id(channel, "id", &place) else { continue };
            let key = NodeKey::resource("slack", &name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            self.facts.node(&key, &place).label(&format!("#{}", text(channel, "name").unwrap_or(&name)));
            let closed = flag(channel, "is_private") || flag(channel, "is_im") || flag(channel, "is_mpim");
            let archived = flag(channel, "is_archived");
            let actions: &[&str] = if archived { &["read"] } else { &["read", "post"] };
            let hub = if closed { &private } else { &public };
            self.facts.edge(EdgeKind::MayAct, hub, &key, &place).acts(actions);
            for member in texts(channel.get("members")) {
                // Members see a public channel anyhow.
                if !closed && self.insiders.contains(member) {
                    continue;
                }
                let (user, life) = (self.user(member), self.life(member));
                let edge = self.facts.edge(EdgeKind::MayAct, &user, &key, &place).acts(actions).valid(life);
                edge.removable("remove_slack_channel_member");
            }
            self.shared_with(channel, &key, actions, &place);
        }
    }

    /// Workspaces that share the channel: of the same organisation, or of others by Slack Connect.
    fn shared_with(&mut self, channel: &Value, key: &NodeKey, actions: &[&str], place: &str) {
        let named = ["shared_team_ids", "connected_team_ids", "internal_team_ids"].into_iter();
        let mut teams: BTreeSet<&str> = named.flat_map(|field| texts(channel.get(field))).collect();
        teams.remove(self.team.as_str());
        let channel_id = id(channel, "id").unwrap_or_default();
        for team in teams {
            let others = NodeKey::group("slack", &format!("members/{team}"));
            let may = format!("somebody of the workspace {} is in the channel", crate::report::shown(team));
            let named = [("channel", channel_id.as_str()), ("team", team)];
            let cut =
                of_responder("slack_shared_channel/disconnect", key, &named, (40, 60), Reversibility::Irreversible);
            let edge = self.facts.edge(EdgeKind::MayAct, &others, key, place).acts(actions).may(&may);
            edge.cut(cut);
        }
    }

    pub(super) fn user_groups(&mut self, document: &Value) {
        for (place, group) in self.facts.items(document, "usergroups", "") {
            let Some(name) = self.facts.id(group, "id", &place) else { continue };
            let key = NodeKey::group("slack", &name);
            if !self.facts.first(&key, &place) || seconds(group, "date_delete").is_some() {
                continue;
            }
            self.facts.node(&key, &place).label(text(group, "handle").or_else(|| text(group, "name")).unwrap_or(&name));
            for member in texts(group.get("users")) {
                let (user, life) = (self.user(member), self.life(member));
                let edge = self.facts.edge(EdgeKind::MemberOf, &user, &key, &place).valid(life);
                edge.removable("remove_slack_user_group_member");
            }
            let preferences = group.get("prefs").unwrap_or(&Value::Null);
            for field in ["channels", "groups"] {
                for channel in list(preferences, field).iter().filter_map(Value::as_str) {
                    // A new member of the group is put into its channels.
                    let channel = NodeKey::resource("slack", channel);
                    self.facts.edge(EdgeKind::MayAct, &key, &channel, &place).acts(&["read", "post"]);
                }
            }
        }
    }
}
