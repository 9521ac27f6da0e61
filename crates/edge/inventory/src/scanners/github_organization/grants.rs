//! Who was given which role, and what that makes of one account's rights in one repository.
//!
//! Every grant is one edge to the hub of its role. What is remembered here is which hubs there are, so that what they lead
//! to is said once, and enough to work out the rights of one account.

use super::rights::{Rights, Role};
use super::{Organization, keys};
use crate::report::shown;
use firebreak_model::{EdgeKind, Interval, NodeKey};
use std::collections::{BTreeMap, BTreeSet};

/// Roles that someone has.
#[derive(Debug, Default)]
pub(super) struct Grants {
    /// Roles in one repository, by its full name.
    pub(super) direct: BTreeMap<String, BTreeMap<String, Role>>,
    /// Roles in every repository.
    pub(super) everywhere: BTreeMap<String, Role>,
    /// From whom to whom or what a membership leads.
    memberships: BTreeMap<NodeKey, BTreeSet<NodeKey>>,
}

/// A grant, as it is told.
pub(super) struct Grant<'a> {
    /// Who has it.
    pub(super) to: &'a NodeKey,
    /// In which repository; everywhere where there is none.
    pub(super) repository: Option<&'a str>,
    /// What is undecided of it.
    pub(super) may: &'a [String],
    /// For how long.
    pub(super) valid: Interval,
    /// Where the document says so.
    pub(super) place: &'a str,
}

impl Grants {
    /// Remembers that `from` is, among others, `to`.
    pub(super) fn member(&mut self, from: &NodeKey, to: &NodeKey) {
        self.memberships.entry(from.clone()).or_default().insert(to.clone());
    }

    /// What `account` may do in `repository` by all its memberships. Cycles of teams end where they began.
    pub(super) fn rights(&self, account: &NodeKey, organization: &str, repository: &str) -> Rights {
        let mut seen = BTreeSet::from([account]);
        let mut open = vec![account];
        while let Some(key) = open.pop() {
            for next in self.memberships.get(key).into_iter().flatten() {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        let here = self.direct.get(repository).into_iter().flatten();
        let here = here.filter(|(name, _)| seen.contains(&keys::role(repository, name)));
        let all = self.everywhere.iter().filter(|(name, _)| seen.contains(&keys::everywhere(organization, name)));
        here.chain(all).fold(Rights::default(), |rights, (_, role)| rights.and(role.rights))
    }
}

impl Organization<'_> {
    /// A role given: an edge to its hub.
    pub(super) fn grant(&mut self, role: &Role, grant: &Grant<'_>) {
        let hub = match grant.repository {
            Some(full) => {
                let roles = self.grants.direct.entry(full.to_owned()).or_default();
                roles.entry(role.name.clone()).or_insert_with(|| role.clone());
                keys::role(full, &role.name)
            }
            None => {
                self.grants.everywhere.entry(role.name.clone()).or_insert_with(|| role.clone());
                keys::everywhere(&self.login, &role.name)
            }
        };
        if grant.may.is_empty() {
            self.grants.member(grant.to, &hub);
        }
        self.facts.edge(EdgeKind::MemberOf, grant.to, &hub, grant.place).valid(grant.valid).mays(grant.may);
    }

    /// A role given by name. `none` is no role; a name that nobody defines is a problem.
    pub(super) fn grant_named(&mut self, to: &NodeKey, repository: Option<&str>, name: &str, place: &str) {
        match self.names.roles.named(name) {
            Some(role) => self.grant(&role, &Grant { to, repository, may: &[], valid: Interval::ALWAYS, place }),
            None if name == "none" => {}
            None => {
                let reason = format!("`{}` in {place} is not a permission", shown(name));
                self.facts
                    .report
                    .add(reason, "use pull, triage, push, maintain, admin or a role of custom_repository_roles");
            }
        }
    }

    /// A membership: of a team, of the owners.
    pub(super) fn member(&mut self, from: &NodeKey, to: &NodeKey, place: &str) {
        self.grants.member(from, to);
        self.facts.edge(EdgeKind::MemberOf, from, to, place);
    }
}
