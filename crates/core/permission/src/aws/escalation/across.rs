//! Two accounts whose policies are both known: what someone of one may do to a resource of the other, decided on both
//! sides at once.

use super::Permissions;
use super::guarding::Decided;
use super::judge::Asking;
use crate::aws::evaluate::{KeyGrant, Policies, Request, ResourcePolicy};
use crate::aws::policy::Policy;
use crate::aws::principal::Principal;

/// A resource, and what its account says of it.
#[derive(Clone, Copy)]
pub struct Theirs<'a> {
    /// Its own policy.
    pub policy: &'a Policy,
    /// Its grants, where it is a key.
    pub grants: &'a [KeyGrant],
    /// What is known of its account.
    pub owner: &'a Permissions<'a>,
}

impl Permissions<'_> {
    /// The users and roles of the account: ARN and as whom each asks.
    pub fn people(&self) -> impl Iterator<Item = (&str, &Principal)> {
        self.judge.people()
    }

    /// Whether the member with this ARN may do `action` on `resource`, which another account owns: its own policies,
    /// boundary and organisation, and theirs. `None`: there is no such member, or too much was decided already.
    pub fn decide_across(&mut self, member: &str, action: &str, resource: &str, theirs: Theirs<'_>) -> Option<Decided> {
        let asker = self.judge.member(member).filter(|_| !self.judge.bounded())?;
        let (context, owner) = (self.judge.context(), &theirs.owner.judge);
        let resource = owner.resource(resource);
        let lower = action.to_ascii_lowercase();
        self.judge.count();
        let Asking { principal, identity, boundary } = self.judge.asking(asker)?;
        let request = Request { principal, action: &lower, resource: &resource, context: &context };
        let policies = Policies {
            identity,
            boundary,
            resource: ResourcePolicy::Given(theirs.policy),
            grants: theirs.grants,
            principal_in: self.judge.membership(),
            resource_in: owner.membership(),
            ..Policies::default()
        };
        Some(self.judge.placed(action, &request, policies).into())
    }

    /// Whether so much was decided that nothing more is.
    pub fn bounded(&self) -> bool {
        self.judge.bounded()
    }
}
