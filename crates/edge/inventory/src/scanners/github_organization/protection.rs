//! Branch rules: what stands between whoever may push and a branch, and who is let through.
//!
//! Classic protection and rulesets come to the same [`Rule`]. A rule has a merge gate (reviews, a lock, a merge queue) and
//! a push gate (only some may push); each has those whom it lets through. It says nothing of what a branch leads to.

use super::rights::{Rights, Role, Roles};
use crate::json::{flag, list, text};
use firebreak_model::NodeKey;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One of the two gates of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Gate {
    /// What must happen first, in words. Empty: the gate is open.
    pub(crate) reasons: Vec<String>,
    /// The roles' right that passes it, where a right does.
    pub(crate) right: Rights,
    /// Who else passes it.
    pub(crate) actors: BTreeSet<NodeKey>,
    /// Roles by name that pass it.
    pub(crate) roles: BTreeSet<String>,
}

/// One classic rule or ruleset that is enforced.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Rule {
    /// Name, for the reader.
    pub(crate) name: String,
    /// Branches: patterns as GitHub writes them, `~DEFAULT_BRANCH` and `~ALL` among them.
    include: Vec<String>,
    exclude: Vec<String>,
    /// Of an organisation's ruleset: patterns of repositories' names, and ids. Empty: all.
    repositories: Vec<String>,
    no_repositories: Vec<String>,
    repository_ids: Vec<u64>,
    /// Whether only owners can change it.
    pub(crate) of_organization: bool,
    merge: Gate,
    push: Gate,
    /// Whether nobody but those let through may make a new branch that it matches.
    pub(crate) blocks_creation: bool,
}

/// Whom a ruleset's ids and a rule's names mean.
pub(crate) struct Names<'a> {
    /// The organisation.
    pub(crate) organization: &'a str,
    /// Custom roles.
    pub(crate) roles: &'a Roles,
    /// Teams' slugs by id.
    pub(crate) teams: &'a BTreeMap<u64, String>,
    /// Apps' slugs by id.
    pub(crate) apps: &'a BTreeMap<u64, String>,
    /// Users' logins by id.
    pub(crate) users: &'a BTreeMap<u64, String>,
}

impl Names<'_> {
    /// Users, teams and apps as classic protection lists them, whole or by name alone.
    fn listed(&self, value: Option<&Value>) -> BTreeSet<NodeKey> {
        let mut found = BTreeSet::new();
        let Some(value) = value else { return found };
        let named = |key: &str, field: &'static str| {
            list(value, key).iter().filter_map(move |item| item.as_str().or_else(|| text(item, field)))
        };
        found.extend(named("users", "login").map(super::keys::account));
        found.extend(named("teams", "slug").map(|slug| super::keys::team(self.organization, slug)));
        found.extend(named("apps", "slug").map(|slug| super::keys::account(&format!("{slug}[bot]"))));
        found
    }
}

/// Whether a switch is on, as `true` or as `{"enabled": true}`.
fn on(value: &Value, key: &str) -> bool {
    flag(value, key) || value.get(key).is_some_and(|inner| flag(inner, "enabled"))
}

impl Rule {
    /// Classic protection: the answer of `GET /repos/{o}/{r}/branches/{branch}/protection`, with the `pattern` that it is for.
    pub(crate) fn classic(pattern: &str, item: &Value, names: &Names<'_>) -> Rule {
        let mut rule = Rule { name: format!("the protection of `{pattern}`"), ..Rule::default() };
        rule.include.push(pattern.to_owned());
        // Whoever may bypass protection does, unless administrators are held to it as well.
        let right = if on(item, "enforce_admins") { Rights::default() } else { Rights::BYPASS };
        rule.merge.right = right;
        if let Some(reviews) = item.get("required_pull_request_reviews").filter(|reviews| reviews.is_object()) {
            let count = reviews.get("required_approving_review_count").and_then(Value::as_u64).unwrap_or(1);
            rule.merge.reasons.push(review(pattern, count));
            rule.merge.actors = names.listed(reviews.get("bypass_pull_request_allowances"));
        }
        if on(item, "lock_branch") {
            rule.merge.reasons.push(format!("`{pattern}` is unlocked"));
        }
        if item.get("required_status_checks").is_some_and(Value::is_object) {
            rule.merge.reasons.push(format!("the required checks of `{pattern}` pass"));
        }
        if let Some(restrictions) = item.get("restrictions").filter(|restrictions| restrictions.is_object()) {
            rule.push.reasons.push(format!("only some may push to `{pattern}`"));
            rule.push.right = Rights::PUSH_PROTECTED;
            rule.push.actors = names.listed(Some(restrictions));
            rule.blocks_creation = on(item, "block_creations");
        }
        rule
    }

    /// A ruleset, as `GET /orgs/{org}/rulesets/{id}` or `GET /repos/{o}/{r}/rulesets/{id}` answers. `None` where it is not
    /// enforced or is for no branches.
    pub(crate) fn ruleset(item: &Value, names: &Names<'_>) -> Option<Rule> {
        let lower = |key: &str| text(item, key).map(str::to_ascii_lowercase);
        let enforced = lower("enforcement").is_none_or(|word| word == "active");
        if !enforced || lower("target").is_some_and(|target| target != "branch") {
            return None;
        }
        let name = text(item, "name").unwrap_or("unnamed");
        let mut rule = Rule { name: format!("the ruleset `{name}`"), ..Rule::default() };
        rule.of_organization = lower("source_type").is_some_and(|source| source != "repository");
        let branches = item.get("conditions").and_then(|conditions| conditions.get("ref_name"));
        let patterns = |key: &str| -> Vec<String> {
            let all = branches.map(|branches| list(branches, key)).unwrap_or_default();
            all.iter().filter_map(Value::as_str).map(|name| name.trim_start_matches("refs/heads/").to_owned()).collect()
        };
        (rule.include, rule.exclude) = (patterns("include"), patterns("exclude"));
        if branches.is_none() {
            rule.include.push("~ALL".to_owned());
        }
        rule.repositories_of(item);
        for part in list(item, "rules") {
            rule.part(part);
        }
        for actor in list(item, "bypass_actors") {
            rule.let_through(actor, names);
        }
        Some(rule)
    }

    fn repositories_of(&mut self, item: &Value) {
        let Some(conditions) = item.get("conditions") else { return };
        let names = |key: &str| -> Vec<String> {
            let all = conditions.get("repository_name").map(|names| list(names, key)).unwrap_or_default();
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        (self.repositories, self.no_repositories) = (names("include"), names("exclude"));
        let ids = conditions.get("repository_id").map(|ids| list(ids, "repository_ids")).unwrap_or_default();
        self.repository_ids = ids.iter().filter_map(Value::as_u64).collect();
    }

    fn part(&mut self, part: &Value) {
        let name = self.name.clone();
        let parameters = part.get("parameters").cloned().unwrap_or(Value::Null);
        match text(part, "type").map(str::to_ascii_lowercase).as_deref() {
            Some("pull_request") => {
                let count = parameters.get("required_approving_review_count").and_then(Value::as_u64).unwrap_or(0);
                self.merge.reasons.push(review(&name, count));
            }
            Some("update") => self.push.reasons.push(format!("{name} lets the push through")),
            Some("creation") => self.blocks_creation = true,
            Some("required_status_checks" | "workflows" | "code_scanning" | "required_deployments") => {
                self.merge.reasons.push(format!("the checks of {name} pass"));
            }
            Some("merge_queue") => self.merge.reasons.push(format!("the merge queue of {name} takes it")),
            _ => {}
        }
    }

    fn let_through(&mut self, actor: &Value, names: &Names<'_>) {
        let id = actor.get("actor_id").and_then(Value::as_u64).unwrap_or_default();
        let only_requests = text(actor, "bypass_mode") == Some("pull_request");
        let gates = if only_requests { vec![&mut self.merge] } else { vec![&mut self.merge, &mut self.push] };
        let kind = text(actor, "actor_type").unwrap_or_default();
        let key = match kind {
            "OrganizationAdmin" => Some(super::keys::owners(names.organization)),
            "Team" => names.teams.get(&id).map(|slug| super::keys::team(names.organization, slug)),
            "Integration" => names.apps.get(&id).map(|slug| super::keys::account(&format!("{slug}[bot]"))),
            "User" => names.users.get(&id).map(|login| super::keys::account(login)),
            _ => None,
        };
        let role = (kind == "RepositoryRole").then(|| names.roles.with_id(id)).flatten();
        for gate in gates {
            gate.actors.extend(key.clone());
            gate.roles.extend(role.as_ref().map(|role| role.name.clone()));
        }
    }

    /// Whether it is for this repository. Where a ruleset asks for a custom property, it may be: then its gates stand as
    /// conditions, which is what an undecided rule must do.
    pub(crate) fn is_in(&self, name: &str, id: Option<u64>) -> bool {
        let hit = |pattern: &String| pattern == "~ALL" || matches(pattern, name);
        let by_name = self.repositories.is_empty() || self.repositories.iter().any(hit);
        let by_id = self.repository_ids.is_empty() || id.is_some_and(|id| self.repository_ids.contains(&id));
        by_name && by_id && !self.no_repositories.iter().any(hit)
    }

    /// Whether it is for this branch.
    pub(crate) fn is_for(&self, branch: &str, default: &str) -> bool {
        let hit = |pattern: &String| match pattern.as_str() {
            "~ALL" => true,
            "~DEFAULT_BRANCH" => branch == default,
            pattern => matches(pattern, branch),
        };
        self.include.iter().any(hit) && !self.exclude.iter().any(hit)
    }

    /// Whether it is for every branch, those that do not exist yet too.
    pub(crate) fn is_for_all(&self) -> bool {
        let all = |pattern: &String| matches!(pattern.as_str(), "~ALL" | "*" | "**" | "**/*");
        self.include.iter().any(all) && self.exclude.is_empty()
    }

    /// What is left to pass for one who has `role` and is `actor`.
    pub(crate) fn left(&self, role: Option<&Role>, actor: Option<&NodeKey>) -> Vec<String> {
        let closed = |gate: &&Gate| {
            let by_right = role.is_some_and(|role| role.rights.any(gate.right) || gate.roles.contains(&role.name));
            !by_right && actor.is_none_or(|actor| !gate.actors.contains(actor))
        };
        [&self.merge, &self.push].into_iter().filter(closed).flat_map(|gate| gate.reasons.iter().cloned()).collect()
    }

    /// Everyone whom a gate names.
    pub(crate) fn actors(&self) -> impl Iterator<Item = &NodeKey> {
        self.merge.actors.iter().chain(&self.push.actors)
    }
}

fn review(of: &str, count: u64) -> String {
    match count {
        0 => format!("a pull request to {of} is merged"),
        1 => format!("one other person approves the pull request to {of}"),
        count => format!("{count} others approve the pull request to {of}"),
    }
}

/// Whether a branch's name meets a pattern: `*` stays within a part of the name, `**` does not.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    // Work is bounded by the product of the lengths; names are at most 255 bytes.
    let (pattern, name) = (&pattern.as_bytes()[..pattern.len().min(512)], name.as_bytes());
    let mut row = vec![false; name.len() + 1];
    row[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let wild = pattern[at] == b'*';
        let deep = wild && pattern.get(at + 1) == Some(&b'*');
        let mut next = vec![false; name.len() + 1];
        for end in 0..=name.len() {
            let before = end.checked_sub(1).map(|before| (before, name[before]));
            next[end] = match before {
                _ if wild && row[end] => true,
                Some((before, byte)) if wild => next[before] && (deep || byte != b'/'),
                Some((before, byte)) => row[before] && (pattern[at] == byte || (pattern[at] == b'?' && byte != b'/')),
                None => false,
            };
        }
        row = next;
        at += 1 + usize::from(deep);
    }
    row[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_are_those_of_branch_rules() {
        let cases = [
            ("main", "main", true),
            ("main", "mainline", false),
            ("release/*", "release/1", true),
            ("release/*", "release/1/2", false),
            ("release/**", "release/1/2", true),
            ("*", "feature/x", false),
            ("**", "feature/x", true),
            ("v?", "v1", true),
            ("", "", true),
        ];
        for (pattern, name, wanted) in cases {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn each_gate_lets_through_whom_it_names_and_no_other() {
        let (roles, none) = (Roles::default(), BTreeMap::new());
        let names = Names { organization: "o", roles: &roles, teams: &none, apps: &none, users: &none };
        let rule = Rule::classic(
            "main",
            &json!({
                "enforce_admins": {"enabled": false},
                "required_pull_request_reviews": {"required_approving_review_count": 2, "bypass_pull_request_allowances": {"users": [{"login": "ana"}]}},
                "restrictions": {"users": ["ben"], "teams": [], "apps": []},
            }),
            &names,
        );
        let (ana, ben) = (super::super::keys::account("ana"), super::super::keys::account("ben"));
        assert_eq!(rule.left(None, None).len(), 2);
        assert_eq!(rule.left(None, Some(&ana)), ["only some may push to `main`"]);
        assert_eq!(rule.left(None, Some(&ben)), ["2 others approve the pull request to main"]);
        let write = super::super::rights::builtin("write").unwrap();
        let admin = super::super::rights::builtin("admin").unwrap();
        assert_eq!((rule.left(Some(&write), None).len(), rule.left(Some(&admin), None).len()), (2, 0));
    }

    #[test]
    fn a_ruleset_that_only_watches_is_none() {
        let (roles, none) = (Roles::default(), BTreeMap::new());
        let names = Names { organization: "o", roles: &roles, teams: &none, apps: &none, users: &none };
        let ruleset = |enforcement: &str| json!({"name": "x", "target": "branch", "enforcement": enforcement, "source_type": "Organization", "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}, "rules": [{"type": "pull_request", "parameters": {"required_approving_review_count": 1}}], "bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]});
        assert_eq!(Rule::ruleset(&ruleset("evaluate"), &names), None);
        let rule = Rule::ruleset(&ruleset("active"), &names).unwrap();
        assert!(rule.is_for("main", "main") && !rule.is_for("dev", "main") && rule.of_organization);
        let write = super::super::rights::builtin("write").unwrap();
        let admin = super::super::rights::builtin("admin").unwrap();
        assert_eq!((rule.left(Some(&write), None).len(), rule.left(Some(&admin), None).len()), (1, 0));
    }
}
