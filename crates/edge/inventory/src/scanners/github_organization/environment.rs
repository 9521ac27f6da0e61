//! Deployment environments: which pushes and which reviewers come to their jobs.

use super::repository::Repository;
use super::{Organization, keys, protection};
use crate::json::{flag, list, text};
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;

/// Which refs may deploy.
enum Refs<'a> {
    Any,
    Protected,
    Named(Vec<&'a str>),
    /// There is a policy, and the document does not say which.
    Untold,
}

fn refs(item: &Value) -> Refs<'_> {
    let Some(policy) = item.get("deployment_branch_policy").filter(|policy| policy.is_object()) else {
        return Refs::Any;
    };
    if flag(policy, "protected_branches") {
        return Refs::Protected;
    }
    if item.get("deployment_branch_policies").is_none() {
        return Refs::Untold;
    }
    let policies = list(item, "deployment_branch_policies").iter();
    // Tags are refs too, and whoever pushes may make one where no rule says otherwise.
    Refs::Named(policies.filter_map(|policy| text(policy, "name")).collect())
}

/// The reviewers of an environment, and whether whoever starts a job may approve it himself.
struct Reviewers {
    keys: Vec<(NodeKey, String)>,
    may_approve_own: bool,
}

impl Organization<'_> {
    pub(super) fn environments(&mut self, repository: &Repository<'_>) {
        for (at, item) in list(repository.item, "environments").iter().enumerate() {
            let place = format!("{} environments[{at}]", repository.place);
            match text(item, "name") {
                Some(name) => self.environment(repository, name, item, &place),
                None => self.facts.report.add(format!("{place} has no name"), "export the environments again"),
            }
        }
    }

    fn environment(&mut self, repository: &Repository<'_>, name: &str, item: &Value, place: &str) {
        let hub = keys::environment(&repository.full, name);
        self.subject(&hub, &format!("environment:{name}"), repository);
        let uses = format!("the job uses the deployment environment `{name}`");
        self.facts.edge(EdgeKind::RunsAs, &keys::jobs(&repository.full), &hub, place).may(&uses);
        if let Some(bypass) = item.get("can_admins_bypass").and_then(Value::as_bool) {
            self.facts.setting(&hub, "can_admins_bypass", if bypass { "true" } else { "false" }, place);
        }
        let reviewers = self.reviewers(item);
        let mut approval = Vec::new();
        if !reviewers.keys.is_empty() {
            let names: Vec<&str> = reviewers.keys.iter().map(|(_, name)| name.as_str()).collect();
            approval.push(format!("{} approves the deployment to `{name}`", names.join(" or ")));
        }
        for (from, left) in self.ways(repository, item) {
            let may: Vec<String> = left.into_iter().chain(approval.clone()).collect();
            if repository.runs_jobs {
                self.facts.edge(EdgeKind::RunsAs, &from, &hub, place).mays(&may);
            }
            for (reviewer, _) in reviewers.keys.iter().filter(|_| reviewers.may_approve_own && repository.runs_jobs) {
                let left: Vec<&String> = may.iter().filter(|reason| !approval.contains(reason)).collect();
                self.facts.edge(EdgeKind::RunsAs, reviewer, &hub, place).needs(&from).mays(&left);
            }
        }
        self.environment_secrets(repository, name, item, place);
    }

    /// From where a job of the environment can be started: the hubs, with what is left to pass.
    fn ways(&self, repository: &Repository<'_>, item: &Value) -> Vec<(NodeKey, Vec<String>)> {
        let full = &repository.full;
        let push = keys::push(full);
        let Some(_) = &repository.rules else {
            let open = matches!(refs(item), Refs::Any);
            let may = if open { Vec::new() } else { vec!["the rules of the environment's branches let it".to_owned()] };
            return vec![(push, may)];
        };
        match refs(item) {
            Refs::Any => vec![(push, Vec::new())],
            Refs::Untold => vec![(push, vec!["the environment's policy admits the branch".to_owned()])],
            Refs::Protected => {
                let protected =
                    repository.branches.iter().filter(|branch| repository.rules_of(branch).next().is_some());
                protected.map(|branch| (keys::branch(full, branch), Vec::new())).collect()
            }
            Refs::Named(patterns) => {
                let mut ways = Vec::new();
                for pattern in patterns {
                    let matching = repository.branches.iter().filter(|branch| protection::matches(pattern, branch));
                    ways.extend(matching.map(|branch| (keys::branch(full, branch), Vec::new())));
                    // A branch that is not there yet can be made by whoever may push, as far as rules let him.
                    if !repository.branches.contains(pattern) {
                        ways.push((push.clone(), repository.left(pattern, None, None)));
                    }
                }
                ways.sort();
                ways.dedup();
                ways
            }
        }
    }

    fn reviewers(&self, item: &Value) -> Reviewers {
        let rules = list(item, "protection_rules").iter();
        let mut found = Reviewers { keys: Vec::new(), may_approve_own: true };
        for rule in rules.filter(|rule| text(rule, "type") == Some("required_reviewers")) {
            found.may_approve_own &= !flag(rule, "prevent_self_review");
            for entry in list(rule, "reviewers") {
                let reviewer = entry.get("reviewer").unwrap_or(&Value::Null);
                if let Some(slug) = text(reviewer, "slug") {
                    found.keys.push((keys::team(&self.login, slug), format!("the team {slug}")));
                } else if let Some(login) = text(reviewer, "login") {
                    found.keys.push((keys::account(login), login.to_owned()));
                }
            }
        }
        found
    }
}
