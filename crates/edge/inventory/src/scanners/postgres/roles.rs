//! Roles: who may become whom, and what the server's own roles allow.

use super::Server;
use crate::json::{flag, list, text, time};
use crate::report::{Report, shown};
use firebreak_model::{EdgeKind, Fact, Interval, NodeFact, NodeKey, Text, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The version from which a role with CREATEROLE administers only roles that it was given or has made.
const NARROW_CREATE_ROLE: u64 = 160_000;

pub(super) struct Role {
    pub(super) superuser: bool,
    inherit: bool,
    create_role: bool,
    login: bool,
    replication: bool,
    until: Time,
}

/// One membership.
struct Member {
    role: String,
    member: String,
    admin: bool,
    /// What the membership says itself, from version 16 on.
    inherit: Option<bool>,
    set: Option<bool>,
}

/// All roles of a server.
pub(super) struct Roles {
    pub(super) by_name: BTreeMap<String, Role>,
    members: Vec<Member>,
    version: u64,
    /// Role -> the roles whose rights it has without doing anything, itself included.
    inherited: BTreeMap<String, BTreeSet<String>>,
}

impl Roles {
    pub(super) fn read(document: &Value, report: &mut Report) -> Roles {
        let mut by_name = BTreeMap::new();
        for item in list(document, "roles") {
            let Some(name) = text(item, "name") else {
                report.add("a role has no name", "export the file again");
                continue;
            };
            let role = Role {
                superuser: flag(item, "superuser"),
                inherit: flag(item, "inherit"),
                create_role: flag(item, "create_role"),
                login: flag(item, "login"),
                replication: flag(item, "replication"),
                until: time(item, "valid_until", report).unwrap_or(Time::MAX),
            };
            by_name.insert(name.to_owned(), role);
        }
        let option = |item: &Value, key: &str| item.get(key).and_then(Value::as_bool);
        let mut members = Vec::new();
        for item in list(document, "members") {
            let (Some(role), Some(member)) = (text(item, "role"), text(item, "member")) else {
                report.add("a membership lacks its role or its member", "export the file again");
                continue;
            };
            if let Some(unknown) = [role, member].into_iter().find(|name| !by_name.contains_key(*name)) {
                report.add(
                    format!("`{}` is a member or has one, and is no role", shown(unknown)),
                    "export the file again",
                );
            }
            let (inherit, set) = (option(item, "inherit"), option(item, "set"));
            members.push(Member { role: role.into(), member: member.into(), admin: flag(item, "admin"), inherit, set });
        }
        let version = document.get("version").and_then(Value::as_u64).unwrap_or_default();
        let mut roles = Roles { by_name, members, version, inherited: BTreeMap::new() };
        roles.inherited = roles.inheritance();
        roles
    }

    fn inherits(&self, member: &Member) -> bool {
        member.inherit.unwrap_or_else(|| self.by_name.get(&member.member).is_some_and(|role| role.inherit))
    }

    fn inheritance(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut direct: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for member in self.members.iter().filter(|member| self.inherits(member)) {
            direct.entry(&member.member).or_default().push(&member.role);
        }
        let all = |name: &str| {
            let (mut found, mut open) = (BTreeSet::new(), vec![name]);
            while let Some(next) = open.pop() {
                if found.insert(next.to_owned()) {
                    open.extend(direct.get(next).into_iter().flatten());
                }
            }
            found
        };
        self.by_name.keys().map(|name| (name.clone(), all(name))).collect()
    }

    /// Whether whoever is `role` has one of `grantees` among the roles whose rights it has. Everybody has what all have.
    pub(super) fn has_one_of(&self, role: &str, grantees: &BTreeSet<&str>) -> bool {
        let own = self.inherited.get(role);
        grantees.contains("")
            || grantees.contains(role)
            || own.is_some_and(|own| own.iter().any(|name| grantees.contains(name.as_str())))
    }
}

/// What a role that comes with the server may do beyond its grants.
enum Power {
    /// Reads every table.
    ReadsAll,
    /// Reads and writes files and starts programs on the server's host, as the server.
    Host(&'static str),
}

fn power(role: &str) -> Option<Power> {
    match role {
        "pg_read_all_data" => Some(Power::ReadsAll),
        "pg_execute_server_program" => Some(Power::Host("programs")),
        "pg_read_server_files" => Some(Power::Host("files read")),
        "pg_write_server_files" => Some(Power::Host("files written")),
        _ => None,
    }
}

impl Server<'_> {
    /// Roles, what authenticates them, and who may become whom.
    pub(super) fn state_roles(&mut self) {
        let names: Vec<String> = self.roles.by_name.keys().cloned().collect();
        for name in &names {
            self.state_role(name);
        }
        self.state_members();
        self.state_superusers();
    }

    fn state_role(&mut self, name: &str) {
        let Some(Role { superuser, login, until, create_role, replication, .. }) = self.roles.by_name.get(name) else {
            return;
        };
        let (superuser, login, until) = (*superuser, *login, *until);
        let (create_role, replication) = (*create_role, *replication);
        let (key, place) = (self.role(name), format!("role {name}"));
        self.node(key.clone(), Interval::ALWAYS, &place);
        let everybody = self.edge(EdgeKind::MemberOf, key.clone(), self.hub("public"), &place);
        self.state(everybody);
        if login {
            self.state_login(name, until, &place);
        }
        if superuser {
            let edge = self.edge(EdgeKind::MemberOf, key.clone(), self.hub("superusers"), &place);
            self.state(edge);
        }
        if replication {
            self.power_over_data(
                &key,
                &place,
                &["replication"],
                "a replica can be made from where the server lets it connect",
            );
        }
        if create_role && !superuser && self.roles.version < NARROW_CREATE_ROLE {
            let edge = self.edge(EdgeKind::MemberOf, key.clone(), self.hub("role-administrators"), &place);
            self.state(edge);
        }
        match power(name) {
            Some(Power::ReadsAll) => self.power_over_data(&key, &place, &["SELECT"], ""),
            Some(Power::Host(what)) => self.power_over_host(&key, &place, what),
            None => {}
        }
    }

    /// Whoever logs in as the role has it; others who become it are not stopped by refusing its login.
    fn state_login(&mut self, name: &str, until: Time, place: &str) {
        let (login, credential) = (self.login(name), format!("{}/{name}", self.host));
        let mut node = NodeFact::new(login.clone(), Interval::ALWAYS, self.known, &self.evidence(place));
        node.cuts.push(crate::cut::of_postgres_role(&login, &self.host, name));
        self.found.facts.push(Fact::Node(node));
        let credential = NodeKey::credential("postgres", &credential);
        // A password may have been changed since; what is certain is that it is refused from its end on.
        self.node(credential.clone(), Interval::new(Time::MIN, until), place);
        let authenticates = self.edge(EdgeKind::Authenticates, credential, login.clone(), place);
        self.state(authenticates);
        let has = self.edge(EdgeKind::MemberOf, login, self.role(name), place);
        self.state(has);
    }

    /// All that is in the database.
    fn power_over_data(&mut self, role: &NodeKey, place: &str, actions: &[&str], may: &str) {
        let mut edge = self.edge(EdgeKind::MayAct, role.clone(), self.resource(""), place);
        edge.actions = actions.iter().map(Text::new).collect();
        edge.may = (!may.is_empty()).then(|| Text::new(may)).into_iter().collect();
        self.state(edge);
    }

    /// What runs on the host as the server.
    fn power_over_host(&mut self, role: &NodeKey, place: &str, what: &str) {
        let mut edge = self.edge(EdgeKind::RunsAs, role.clone(), NodeKey::environment("host", &self.host), place);
        edge.actions = vec![Text::new(what)];
        if what != "programs" {
            edge.may = vec![Text::new(format!("{what} as the server lead to running code there"))];
        }
        self.state(edge);
    }

    fn state_members(&mut self) {
        let rows: Vec<(String, String, bool, &str)> = self
            .roles
            .members
            .iter()
            .map(|member| {
                // A member that may not set the role, but administers it, may give itself the right to.
                let usable = self.roles.inherits(member) || member.set.unwrap_or(true) || member.admin;
                let how = if member.admin { "administers" } else { "member of" };
                (member.member.clone(), member.role.clone(), usable, how)
            })
            .collect();
        for (member, role, usable, how) in rows {
            if usable {
                let place = format!("{member} {how} {role}");
                let edge = self.edge(EdgeKind::MayAssume, self.role(&member), self.role(&role), &place);
                self.state(edge);
            }
        }
    }

    /// Superusers are everybody, read everything and run programs on the host; role administrators are every other role.
    fn state_superusers(&mut self) {
        let (superusers, administrators) = (self.hub("superusers"), self.hub("role-administrators"));
        let wide = self.roles.version < NARROW_CREATE_ROLE
            && self.roles.by_name.values().any(|role| role.create_role && !role.superuser);
        let names: Vec<(String, bool)> =
            self.roles.by_name.iter().map(|(name, role)| (name.clone(), role.superuser)).collect();
        for (name, superuser) in names {
            let key = self.role(&name);
            let edge = self.edge(EdgeKind::MayAssume, superusers.clone(), key.clone(), "superusers become any role");
            self.state(edge);
            if wide && !superuser {
                let place = "CREATEROLE before version 16 gives itself any role that is no superuser";
                let edge = self.edge(EdgeKind::MayAssume, administrators.clone(), key, place);
                self.state(edge);
            }
        }
        self.power_over_data(&superusers, "superusers read everything", &["*"], "");
        self.power_over_host(&superusers, "superusers start programs", "programs");
    }
}
