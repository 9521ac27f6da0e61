//! Tags of users and roles, as conditions see them. What someone can write for itself holds nothing back.

use super::Judge;
use crate::aws::evaluate::{Policies, Request, ResourcePolicy, answer};
use crate::aws::policy::Policy;
use crate::aws::principal::Resource;
use crate::aws::template::Template;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Judge<'_> {
    /// Whose tags matter. Tags that someone can write for itself hold nothing back: they are not known.
    pub(super) fn look_at_tags(&mut self) {
        let trusts = self.account.members.iter().filter_map(|member| member.trust.as_ref());
        let own = self.askers.iter().flat_map(|asker| asker.identity.iter().chain(&asker.boundary));
        let mut seen: BTreeSet<*const Policy> = BTreeSet::new();
        let (mut by_tags, mut by_own) = (false, false);
        for policy in trusts.chain(own).chain(self.organization()).filter(|policy| seen.insert(Arc::as_ptr(policy))) {
            for condition in policy.statements.iter().flat_map(|statement| &statement.conditions) {
                for key in condition.keys() {
                    by_tags |= key.contains("resourcetag/");
                    by_own |= key.contains("principaltag/");
                }
            }
            let templates = policy.statements.iter().flat_map(|statement| statement.resources.items());
            by_own |= templates.flat_map(Template::keys).any(|key| key.contains("principaltag/"));
        }
        self.by_tags = by_tags;
        for asker in 0..self.askers.len() {
            let Some(arn) = self.askers.get(asker).filter(|_| by_own).map(|asker| asker.principal.arn.clone()) else {
                continue;
            };
            if self.writes_tags(asker, &arn)
                && let Some(asker) = self.askers.get_mut(asker)
            {
                asker.principal.tags = None;
            }
        }
    }

    /// Whether the asker may write the tags of a user or a role.
    fn writes_tags(&self, asker: usize, arn: &str) -> bool {
        let action = if arn.contains(":user/") { "iam:taguser" } else { "iam:tagrole" };
        let Some(asker) = self.askers.get(asker) else { return true };
        let (resource, context) = (Resource::new(arn), self.context());
        let request = Request { principal: &asker.principal, action, resource: &resource, context: &context };
        let policies = Policies {
            identity: &asker.identity,
            boundary: asker.boundary.as_deref(),
            resource: ResourcePolicy::Absent,
            principal_in: self.membership,
            resource_in: self.membership,
            ..Policies::default()
        };
        answer(&request, &policies).possible()
    }

    /// The resource with this ARN as the asker finds it: a user or role has its tags, unless the asker can write them.
    pub(super) fn found(&self, asker: usize, arn: &str) -> Resource {
        let mut resource = self.resource(arn);
        let member = self.by_arn.get(arn).filter(|_| self.by_tags).and_then(|at| self.account.members.get(*at));
        if let Some(tags) = member.and_then(|member| member.tags.as_ref())
            && !self.writes_tags(asker, arn)
        {
            resource.tags = Some(tags.clone());
        }
        resource
    }
}
