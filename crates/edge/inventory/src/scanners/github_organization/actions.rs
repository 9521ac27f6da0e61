//! What jobs may become: clouds that trust them, `GITHUB_TOKEN`, and the machines that run them.

use super::repository::Repository;
use super::rights::{Rights, Role};
use super::{Organization, keys};
use crate::json::{check_keys, flag, list, node, text};
use crate::key::aws_identity;
use crate::report::shown;
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;

/// What the permissive default lets `GITHUB_TOKEN` do.
const TOKEN_WRITE: Rights =
    Rights::PULL.and(Rights::PUSH).and(Rights::RELEASE).and(Rights::PACKAGES).and(Rights::DISPATCH);

impl Organization<'_> {
    /// A cloud role that trusts a repository's jobs.
    pub(super) fn trust(&mut self, at: usize, item: &Value) {
        let place = format!("workflow_trust[{at}]");
        check_keys(item, &place, &["repository", "role_arn", "identity", "subject"], self.facts.report);
        let stated = node(item, "identity", self.facts.report);
        let to = stated.or_else(|| text(item, "role_arn").map(aws_identity));
        let (Some(repository), Some(to)) = (text(item, "repository"), to) else {
            return self
                .facts
                .report
                .add(format!("{place} has no repository, or no role_arn and no identity"), "add both");
        };
        let repository = self.full_name(repository);
        let any = format!("repo:{repository}:*");
        let narrower = text(item, "subject").filter(|subject| *subject != any);
        let edge = self.facts.edge(EdgeKind::MayAssume, &keys::jobs(&repository), &to, &place);
        edge.may(&narrower.map_or(String::new(), |subject| format!("the job's subject is `{}`", shown(subject))));
        let rest = narrower.and_then(|subject| subject.strip_prefix(&format!("repo:{repository}:")));
        if let Some(rest) = rest.filter(|rest| !rest.contains(['*', '?'])) {
            self.facts.edge(EdgeKind::MayAssume, &keys::subject(&repository, rest), &to, &place);
        }
    }

    /// What a job's `GITHUB_TOKEN` may do where its workflow does not say: the repository's setting, the organisation's.
    pub(super) fn default_token(&mut self, repository: &Repository<'_>) {
        let setting = |item: &Value| {
            let permissions = item.get("workflow_permissions")?;
            text(permissions, "default_workflow_permissions").map(str::to_owned)
        };
        let default = setting(repository.item).or_else(|| setting(self.document));
        let (Some(default), true) = (default, repository.runs_jobs) else { return };
        let rights = if default == "write" { TOKEN_WRITE } else { Rights::PULL };
        let role = Role { name: format!("GITHUB_TOKEN:{default}"), rights };
        let (full, place) = (&repository.full, format!("{} workflow_permissions", repository.place));
        let hub = keys::role(full, &role.name);
        let may = ["the workflow leaves `GITHUB_TOKEN` its default permissions".to_owned()];
        self.facts.edge(EdgeKind::RunsAs, &keys::jobs(full), &hub, &place).mays(&may);
        self.facts.edge(EdgeKind::MayAct, &hub, &keys::repository(full), &place).acts(&role.rights.actions());
        self.facts.setting(&keys::repository(full), "default_workflow_permissions", &default, &place);
    }

    /// Machines of the organisation's own, by group and by repository.
    pub(super) fn runners(&mut self) {
        let login = self.login.clone();
        let groups: Vec<(usize, &Value)> = self.items("runner_groups").collect();
        for (at, item) in &groups {
            let place = format!("runner_groups[{at}]");
            let Some(id) = item.get("id").map(Value::to_string) else { continue };
            let hub = keys::runner_group(&login, &id);
            self.facts.node(&hub, &place).label(text(item, "name").unwrap_or_default());
            self.group_members(item, &hub, &place);
            for runner in list(item, "runners") {
                self.runner(&login, runner, &hub, &keys::every_job(&login), &place);
            }
        }
        for (at, item) in self.items("runners") {
            let group = item.get("runner_group_id").map(Value::to_string);
            let known = groups.iter().any(|(_, known)| known.get("id").map(Value::to_string) == group);
            // A machine of no known group may run any job of the organisation.
            let from = match group.filter(|_| known) {
                Some(group) => keys::runner_group(&login, &group),
                None => keys::machines(&login, "all"),
            };
            self.runner(&login, item, &from, &keys::every_job(&login), &format!("runners[{at}]"));
        }
        let any =
            groups.iter().any(|(_, item)| !list(item, "runners").is_empty()) || self.items("runners").next().is_some();
        let roles = self.items("organization_roles").next().is_some();
        for (at, item) in self.items("repositories") {
            let Some(full) = self.repository_of(item) else { continue };
            let place = format!("repositories[{at}]");
            if any || roles {
                self.facts.edge(EdgeKind::RunsAs, &keys::every_job(&login), &keys::jobs(&full), &place);
            }
            if any || !list(item, "runners").is_empty() {
                self.facts.edge(EdgeKind::MemberOf, &keys::jobs(&full), &keys::self_hosted(&full), &place);
            }
            for runner in list(item, "runners") {
                self.runner(&full, runner, &keys::self_hosted(&full), &keys::jobs(&full), &place);
            }
            if any {
                let own = keys::self_hosted(&full);
                self.facts.edge(EdgeKind::MemberOf, &own, &keys::machines(&login, "all"), &place);
                if text(item, "visibility") != Some("public") {
                    self.facts.edge(EdgeKind::MemberOf, &own, &keys::machines(&login, "private"), &place);
                }
            }
        }
    }

    /// Whose jobs a group takes.
    fn group_members(&mut self, item: &Value, hub: &NodeKey, place: &str) {
        let login = self.login.clone();
        if flag(item, "allows_public_repositories") {
            self.facts.setting(hub, "allows_public_repositories", "true", place);
        }
        let may = if flag(item, "restricted_to_workflows") {
            vec!["the job is of a workflow that the group takes".to_owned()]
        } else {
            Vec::new()
        };
        match text(item, "visibility") {
            Some("selected") => {
                for repository in list(item, "repositories") {
                    if let Some(full) = self.repository_of(repository) {
                        self.facts.edge(EdgeKind::MemberOf, &keys::self_hosted(&full), hub, place).mays(&may);
                    }
                }
            }
            visibility => {
                let all = if visibility == Some("private") { "private" } else { "all" };
                self.facts.edge(EdgeKind::MemberOf, &keys::machines(&login, all), hub, place).mays(&may);
            }
        }
    }

    /// A machine: jobs run code on it, and what runs on it comes to the jobs after, unless it is made anew for each.
    fn runner(&mut self, scope: &str, item: &Value, from: &NodeKey, to: &NodeKey, place: &str) {
        let Some(name) = text(item, "name") else {
            return self.facts.report.add(format!("a runner of {place} has no name"), "export the runners again");
        };
        let key = keys::runner(scope, name);
        self.facts.node(&key, place).label(name);
        let labels = list(item, "labels").iter().filter_map(|label| label.as_str().or_else(|| text(label, "name")));
        let labels: Vec<&str> = labels.collect();
        let asks = format!("a job asks for a machine with {}", labels.join(", "));
        self.facts.edge(EdgeKind::RunsAs, from, &key, place).may(if labels.is_empty() { "" } else { &asks });
        if !flag(item, "ephemeral") {
            let may = ["a later job is run on the same machine".to_owned()];
            self.facts.edge(EdgeKind::RunsAs, &key, to, place).mays(&may);
        }
    }
}
