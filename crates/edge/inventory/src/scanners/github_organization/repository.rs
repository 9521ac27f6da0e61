//! A repository: what each role in it leads to, and what stands before its branches and its jobs.

use super::grants::Grant;
use super::protection::Rule;
use super::rights::{Rights, Role, builtin};
use super::{Organization, keys};
use crate::json::{flag, list, text};
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, Interval, NodeKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Who signs the tokens by which jobs name themselves to clouds.
pub(crate) const ISSUER: &str = "token.actions.githubusercontent.com";

/// What is undecided where a push needs a workflow that is there already.
const NEEDS_WORKFLOW: &str = "a workflow that is there already runs what is pushed";

/// A repository, while it is read.
pub(super) struct Repository<'a> {
    /// `org/repository`.
    pub(super) full: String,
    /// Its item; nothing where only a grant names it.
    pub(super) item: &'a Value,
    /// Where its item is.
    pub(super) place: String,
    /// Its default branch, where that is known.
    pub(super) default: Option<&'a str>,
    /// The rules of its branches. `None`: the document says nothing of them.
    pub(super) rules: Option<Vec<Rule>>,
    /// The branches that matter, by name.
    pub(super) branches: BTreeSet<String>,
    /// Whether its jobs run at all.
    pub(super) runs_jobs: bool,
}

impl Repository<'_> {
    /// The rules of a branch.
    pub(super) fn rules_of<'r>(&'r self, branch: &'r str) -> impl Iterator<Item = &'r Rule> {
        let default = self.default.unwrap_or_default();
        self.rules.iter().flatten().filter(move |rule| rule.is_for(branch, default))
    }

    /// What is left between one with this role, who is this actor, and the branch.
    pub(super) fn left(&self, branch: &str, role: Option<&Role>, actor: Option<&NodeKey>) -> Vec<String> {
        let mut left: Vec<String> = self.rules_of(branch).flat_map(|rule| rule.left(role, actor)).collect();
        left.dedup();
        left
    }

    /// What is left before someone who may push runs a workflow of his own: nothing where some branch is open.
    fn before_jobs(&self) -> Vec<String> {
        let Some(rules) = &self.rules else {
            return vec!["branch rules and approvals let a pushed workflow run".to_owned()];
        };
        let closed: Vec<String> = rules
            .iter()
            .filter(|rule| rule.is_for_all())
            .flat_map(|rule| {
                let push = rule.left(None, None);
                let creation = rule.blocks_creation.then(|| format!("{} lets a new branch be made", rule.name));
                push.into_iter().chain(creation)
            })
            .collect();
        let open = self.branches.iter().any(|branch| self.left(branch, None, None).is_empty());
        if open { Vec::new() } else { closed }
    }
}

impl<'a> Organization<'a> {
    /// Every repository, once all grants are known.
    pub(super) fn repositories(&mut self) {
        let mut listed = BTreeSet::new();
        for (at, item) in self.items("repositories") {
            let place = format!("repositories[{at}]");
            let Some(full) = self.repository_of(item) else {
                self.facts.report.add(format!("{place} has no name"), "export the repositories again");
                continue;
            };
            self.repository(full.clone(), item, place);
            listed.insert(full);
        }
        let named: Vec<String> = self.grants.direct.keys().filter(|full| !listed.contains(*full)).cloned().collect();
        for full in named {
            self.repository(full, &Value::Null, "a grant".to_owned());
        }
    }

    fn repository(&mut self, full: String, item: &'a Value, place: String) {
        let repository = self.repository_read(full, item, place);
        let key = keys::repository(&repository.full);
        let valid = Interval::ALWAYS;
        if repository.item.is_object() {
            self.facts.node(&key, &repository.place).label(&repository.full);
            self.repository_settings(&repository);
        }
        let visibility = text(item, "visibility");
        let public = visibility == Some("public") || item.get("private").and_then(Value::as_bool) == Some(false);
        let everyone = match visibility {
            _ if public => Some(keys::anyone()),
            Some("internal") => Some(keys::members(&self.login)),
            _ => None,
        };
        if let (Some(to), Some(role)) = (everyone, builtin("read")) {
            let grant =
                Grant { to: &to, repository: Some(&repository.full), may: &[], valid, place: &repository.place };
            self.grant(&role, &grant);
        }
        self.jobs(&repository, public);
        self.branches(&repository);
        self.environments(&repository);
        let mut roles = self.grants.direct.get(&repository.full).cloned().unwrap_or_default();
        let everywhere: Vec<Role> = self.grants.everywhere.values().cloned().collect();
        for role in everywhere {
            let (from, to) = (keys::everywhere(&self.login, &role.name), keys::role(&repository.full, &role.name));
            self.facts.edge(EdgeKind::MemberOf, &from, &to, &repository.place);
            roles.insert(role.name.clone(), role);
        }
        for role in roles.values() {
            self.role_leads(&repository, role);
        }
        self.repository_secrets(&repository);
        self.workflows(&repository);
        self.gates(&repository, &roles);
    }

    fn repository_read(&self, full: String, item: &'a Value, place: String) -> Repository<'a> {
        let known = ["branches", "branch_protections", "rulesets"].iter().any(|key| item.get(key).is_some());
        let names = self.names.names(&self.login);
        let default = text(item, "default_branch");
        let mut branches: BTreeSet<String> = default.map(str::to_owned).into_iter().collect();
        let mut rules = Vec::new();
        for branch in list(item, "branches") {
            let Some(name) = text(branch, "name") else { continue };
            branches.insert(name.to_owned());
            if let Some(protection) = branch.get("protection").filter(|protection| protection.is_object()) {
                rules.push(Rule::classic(name, protection, &names));
            }
        }
        for protection in list(item, "branch_protections") {
            if let Some(pattern) = text(protection, "pattern") {
                rules.push(Rule::classic(pattern, protection, &names));
            }
        }
        rules.extend(self.rules_of(list(item, "rulesets")));
        let short = full.rsplit('/').next().unwrap_or(&full);
        let id = item.get("id").and_then(Value::as_u64);
        rules.extend(self.rules.iter().filter(|rule| rule.is_in(short, id)).cloned());
        let known = known || self.document.get("rulesets").is_some();
        let stopped = item.get("actions").is_some_and(|actions| actions.get("enabled") == Some(&Value::Bool(false)));
        let enabled = self.document.get("actions_permissions").and_then(|item| text(item, "enabled_repositories"));
        let frozen = flag(item, "archived") || flag(item, "disabled");
        let runs_jobs = !stopped && !frozen && enabled != Some("none");
        Repository { full, item, place, default, rules: known.then_some(rules), branches, runs_jobs }
    }

    /// What a role leads to: the code, pushing, and through settings whatever the settings guard.
    fn role_leads(&mut self, repository: &Repository<'_>, role: &Role) {
        let (full, place) = (&repository.full, &repository.place);
        let (hub, key) = (keys::role(full, &role.name), keys::repository(full));
        let actions = role.rights.actions();
        if !actions.is_empty() {
            self.facts.edge(EdgeKind::MayAct, &hub, &key, place).acts(&actions);
        }
        if role.rights.any(Rights::PULL) {
            // Who reads may also ask: open a pull request or an issue, or comment.
            self.facts.edge(EdgeKind::MemberOf, &hub, &keys::requests(full), place);
        }
        // Nobody pushes to an archive.
        if flag(repository.item, "archived") {
            return;
        }
        let push = keys::push(full);
        if role.rights.any(Rights::PUSH) {
            let may = if role.rights.any(Rights::WORKFLOWS) { "" } else { NEEDS_WORKFLOW };
            self.facts.edge(EdgeKind::MemberOf, &hub, &push, place).may(may);
        } else if role.rights.any(Rights::DEPLOY_KEYS) {
            let place = format!("{place}: adds a deploy key that may write");
            self.facts.edge(EdgeKind::MemberOf, &hub, &push, &place);
        }
        if role.rights.any(Rights::ADMIN.and(Rights::ENVIRONMENTS)) {
            let place = format!("{place}: changes the environment's protection");
            for name in list(repository.item, "environments").iter().filter_map(|item| text(item, "name")) {
                self.facts.edge(EdgeKind::RunsAs, &hub, &keys::environment(full, name), &place);
            }
        }
    }

    /// The hubs of jobs, and what a push leads to.
    fn jobs(&mut self, repository: &Repository<'_>, public: bool) {
        let (full, place) = (&repository.full, &repository.place);
        let jobs = keys::jobs(full);
        self.facts.edge(EdgeKind::MemberOf, &jobs, &keys::jobs(&self.login), place);
        let secrets = keys::secrets(full);
        self.given(full, place);
        // Secrets of the organisation may be given to the jobs of each repository that they are shared with.
        self.facts.edge(EdgeKind::MemberOf, &secrets, &keys::secrets(&self.login), place);
        if !public {
            self.facts.edge(EdgeKind::MemberOf, &secrets, &keys::private_secrets(&self.login), place);
        }
        if !repository.runs_jobs {
            return;
        }
        let may = repository.before_jobs();
        self.facts.edge(EdgeKind::RunsAs, &keys::push(full), &jobs, place).mays(&may);
        // Whoever may push writes a workflow that names them.
        self.facts.edge(EdgeKind::RunsAs, &keys::push(full), &secrets, place).mays(&may);
        if repository.rules.is_some() {
            for rest in ["pull_request", "ref:refs/heads/*"] {
                let jobs = keys::subject(full, rest);
                self.subject(&jobs, rest, repository);
                self.facts.edge(EdgeKind::RunsAs, &keys::push(full), &jobs, place).mays(&may);
            }
        }
    }

    /// Each branch that matters: whoever may push, as far as its rules let him.
    fn branches(&mut self, repository: &Repository<'_>) {
        if repository.rules.is_none() {
            return;
        }
        let (full, place) = (&repository.full, &repository.place);
        for name in &repository.branches {
            let hub = keys::branch(full, name);
            self.subject(&hub, &format!("ref:refs/heads/{name}"), repository);
            let left = repository.left(name, None, None);
            self.facts.edge(EdgeKind::RunsAs, &keys::push(full), &hub, place).mays(&left);
            if repository.runs_jobs {
                self.facts.edge(EdgeKind::RunsAs, &hub, &keys::jobs(full), place);
                // Whoever may change the branch changes its workflows; a job that only names itself so does not.
                self.facts.edge(EdgeKind::RunsAs, &hub, &keys::secrets(full), place).needs(&keys::push(full));
            }
            self.branch_settings(repository, name, &hub);
        }
    }

    /// Those whom a rule lets through: by their role, or by name.
    fn gates(&mut self, repository: &Repository<'_>, roles: &BTreeMap<String, Role>) {
        if repository.rules.is_none() || flag(repository.item, "archived") {
            return;
        }
        let (full, place) = (&repository.full, &repository.place);
        for name in &repository.branches {
            let closed = repository.left(name, None, None);
            if closed.is_empty() {
                continue;
            }
            let hub = keys::branch(full, name);
            for role in roles.values().filter(|role| role.rights.any(Rights::PUSH.and(Rights::EDIT_PROTECTION))) {
                // Rules of the organisation stay where the repository's administrators cannot change them.
                let edits = role.rights.any(Rights::EDIT_PROTECTION);
                let rules = repository.rules_of(name).filter(|rule| !edits || rule.of_organization);
                let left: Vec<String> = rules.flat_map(|rule| rule.left(Some(role), None)).collect();
                if left.len() < closed.len() {
                    let place = if edits { format!("{place}: changes the rules") } else { place.clone() };
                    let edge =
                        self.facts.edge(EdgeKind::RunsAs, &keys::role(full, &role.name), &hub, &place).mays(&left);
                    // To change the rules helps whoever may push at all.
                    if !role.rights.any(Rights::PUSH) {
                        edge.needs(&keys::push(full));
                    }
                }
            }
            if repository.rules_of(name).any(|rule| rule.of_organization) {
                let place = format!("{place}: changes the organisation's rules");
                self.facts.edge(EdgeKind::RunsAs, &keys::owners(&self.login), &hub, &place);
            }
            let actors: BTreeSet<NodeKey> = repository.rules_of(name).flat_map(Rule::actors).cloned().collect();
            for actor in actors {
                let left = repository.left(name, None, Some(&actor));
                // To be let through helps whoever may push at all.
                self.facts.edge(EdgeKind::RunsAs, &actor, &hub, place).needs(&keys::push(full)).mays(&left);
            }
        }
    }

    /// How these jobs name themselves to clouds. A repository that chose a form of its own names itself otherwise.
    pub(super) fn subject(&mut self, jobs: &NodeKey, rest: &str, repository: &Repository<'_>) {
        let own_form = repository.item.get("oidc_subject").is_some_and(|form| !flag(form, "use_default"));
        let node = self.facts.node(jobs, &repository.place);
        if !own_form {
            let value = format!("{ISSUER}|repo:{}:{rest}", repository.full);
            node.known_as(Identifier::verified(IdentifierScheme::OidcSubject, &value));
        }
    }
}
