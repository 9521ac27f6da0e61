//! A whole account at once: who may do what on which of its resources, without asking for each pair.
//!
//! Policies are compiled once for all principals that share them: the actions that a policy treats alike have one set of
//! resources. What comes out is groups of principals with rows of (set of actions, set of resources), each set kept once.
//! The answers are those of [`super::answer`], for every principal, action and resource.

mod combine;
mod guard;
mod index;
mod said;
mod sets;

use super::answer::Answer;
use super::context::Context;
use super::evaluate::{KeyGrant, ResourcePolicy};
use super::glob::Glob;
use super::organization::Membership;
use super::policy::Policy;
use super::principal::{Principal, Resource};
use std::sync::Arc;

/// An action that is asked for.
#[derive(Clone, Debug)]
pub struct Action<'a> {
    /// As it was written.
    pub name: &'a str,
    /// The resources that it makes sense on; the others are left out of the answer.
    pub on: Glob,
    lower: String,
}

impl<'a> Action<'a> {
    /// `name` on resources whose ARNs match `on` (`arn:aws:s3:::*`).
    pub fn new(name: &'a str, on: &str) -> Action<'a> {
        Action { name, on: Glob::new(on), lower: name.to_ascii_lowercase() }
    }
}

/// A principal with its policies.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// Its own policies, and those of its groups. Those that several principals share are best shared here too.
    pub identity: &'a [Arc<Policy>],
    /// The permission boundary, where there is one.
    pub boundary: Option<&'a Arc<Policy>>,
}

/// A resource with its policy.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Which.
    pub resource: &'a Resource,
    /// Its own policy.
    pub policy: ResourcePolicy<'a>,
    /// Grants, of KMS keys.
    pub grants: &'a [KeyGrant],
}

/// All that is asked about. The principals are of one account, and so are the resources.
#[derive(Clone, Debug)]
pub struct Estate<'a> {
    /// Who asks.
    pub holders: Vec<Holder<'a>>,
    /// What is asked for.
    pub resources: Vec<Held<'a>>,
    /// To do what.
    pub actions: Vec<Action<'a>>,
    /// What is known of every request.
    pub context: &'a Context,
    /// Where the principals' account stands.
    pub principal_in: Membership<'a>,
    /// Where the resources' account stands.
    pub resource_in: Membership<'a>,
}

/// Some actions on some resources.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Row {
    /// Which set of actions.
    pub actions: u32,
    /// The set of resources on which they are permitted.
    pub yes: Option<u32>,
    /// The set of resources on which it is undecided.
    pub may: Option<u32>,
}

/// Principals that may do the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Their places in the list of holders.
    pub members: Vec<u32>,
    /// What they may do. No action is in two rows.
    pub rows: Vec<Row>,
}

/// What an account's principals may do. Numbers are places in the lists that were given.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Each principal is in one group, or may do nothing.
    pub groups: Vec<Group>,
    /// Sets of actions, in order.
    pub action_sets: Vec<Box<[u32]>>,
    /// Sets of resources, in order.
    pub resource_sets: Vec<Box<[u32]>>,
    /// So much was compared that what remained was left undecided.
    pub exhausted: bool,
}

impl Summary {
    /// The answer for one principal, action and resource.
    pub fn answer(&self, holder: u32, action: u32, resource: u32) -> Answer {
        let Some(group) = self.groups.iter().find(|group| group.members.binary_search(&holder).is_ok()) else {
            return Answer::No;
        };
        let has = |sets: &[Box<[u32]>], set: u32, item: u32| {
            sets.get(set as usize).is_some_and(|set| set.binary_search(&item).is_ok())
        };
        let on = |set: Option<u32>| set.is_some_and(|set| has(&self.resource_sets, set, resource));
        match group.rows.iter().find(|row| has(&self.action_sets, row.actions, action)) {
            Some(row) if on(row.yes) => Answer::Yes,
            Some(row) if on(row.may) => Answer::May,
            _ => Answer::No,
        }
    }
}

/// Summarises an account.
pub fn summarise(estate: &Estate<'_>) -> Summary {
    combine::Work::new(estate).done()
}
