//! What was used: which statement of an identity's policies allows each call that it was seen to make.

use super::{Granted, Identity};
use crate::aws::context::{Context, View};
use crate::aws::glob::Work;
use crate::aws::organization::Membership;
use crate::aws::policy::{Effect, Listed, Statement};
use crate::aws::principal::Resource;
use firebreak_model::{Text, Time};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// One recorded call that was not refused.
#[derive(Clone, Debug)]
pub struct Call {
    /// The action that it needs, as [`super::actions::needed`] names it.
    pub action: Text,
    /// The ARN of what it was asked of. `None`: the record does not tell.
    pub resource: Option<Text>,
    /// What the record tells of the request.
    pub context: Context,
    /// When.
    pub time: Time,
}

/// How something was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Used {
    /// Calls.
    pub calls: u64,
    /// The last of them.
    pub last: Time,
}

impl Used {
    fn add(used: Option<Used>, time: Time) -> Used {
        used.map_or(Used { calls: 1, last: time }, |used| Used { calls: used.calls + 1, last: used.last.max(time) })
    }
}

/// The use of one identity's grants.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Every action that was used, as it is written in the records.
    pub actions: BTreeMap<Text, Used>,
    /// By policy and statement, the actions that it allowed.
    marks: FxHashMap<(usize, usize), BTreeMap<Text, Used>>,
    /// Actions of calls that no statement here allows: something else does, or the call is not understood.
    pub unexplained: BTreeMap<Text, Used>,
    /// Actions that were taken away once, and missed.
    missed: BTreeSet<Text>,
}

/// At most so many different actions of one identity are told apart: names in records are others' to choose.
const ACTIONS_MAX: usize = 10_000;

impl Usage {
    /// Notes a call of the identity.
    pub fn note(&mut self, identity: &Identity, call: &Call) {
        if self.actions.len() >= ACTIONS_MAX && !self.actions.contains_key(&call.action) {
            return;
        }
        note(&mut self.actions, call);
        let lower = call.action.to_ascii_lowercase();
        let mut allowed = false;
        for (place, statement) in allows(identity) {
            if names(statement, &lower) && may_concern(statement, identity, call) {
                note(self.marks.entry(place).or_default(), call);
                allowed = true;
            }
        }
        if !allowed {
            note(&mut self.unexplained, call);
        }
    }

    /// Notes an action that was taken away once and refused to the identity then: it stays where it is granted.
    pub fn miss(&mut self, action: &str) {
        self.missed.insert(Text::new(action));
    }

    /// What was taken away once and missed.
    pub fn missed(&self) -> impl Iterator<Item = &Text> {
        self.missed.iter()
    }

    /// Calls.
    pub fn calls(&self) -> u64 {
        self.actions.values().map(|used| used.calls).sum()
    }

    /// The last call.
    pub fn last(&self) -> Option<Time> {
        self.actions.values().map(|used| used.last).max()
    }

    /// The actions that a statement allowed.
    pub(super) fn of(&self, policy: usize, statement: usize) -> impl Iterator<Item = &Text> {
        self.marks.get(&(policy, statement)).into_iter().flat_map(BTreeMap::keys)
    }

    /// Whether it was seen to use an action, in lower case.
    pub(super) fn has(&self, action: &str) -> bool {
        self.actions.keys().any(|used| used.eq_ignore_ascii_case(action))
    }

    /// Whether it was seen to change anything.
    pub(super) fn writes(&self) -> bool {
        self.actions.keys().any(|action| !super::actions::reads(action) && !action.starts_with("sts:"))
    }
}

fn note(to: &mut BTreeMap<Text, Used>, call: &Call) {
    let used = Used::add(to.get(&call.action).copied(), call.time);
    to.insert(call.action.clone(), used);
}

/// The statements that allow, each with its policy and its place in it.
fn allows(identity: &Identity) -> impl Iterator<Item = ((usize, usize), &Statement)> {
    let of = |(policy, granted): (usize, &'_ Granted)| (policy, granted.policy.len());
    let places = identity.granted.iter().enumerate().map(of).collect::<Vec<_>>();
    let all = places.into_iter().flat_map(|(policy, count)| (0..count).map(move |at| (policy, at)));
    all.filter_map(|(policy, at)| {
        let statement = identity.granted.get(policy)?.policy.statements().get(at)?;
        (statement.effect == Effect::Allow).then_some(((policy, at), statement))
    })
}

/// Whether a statement's actions include one, in lower case.
pub(super) fn names(statement: &Statement, action: &str) -> bool {
    let mut work = Work::default();
    match &statement.actions {
        Listed::These(globs) => globs.iter().any(|glob| glob.matches(action, &mut work)),
        Listed::AllBut(globs) => !globs.iter().any(|glob| glob.matches(action, &mut work)),
        Listed::Missing | Listed::Unread => true,
    }
}

/// Whether a statement may be about what the call was asked of. What is not known may be.
fn may_concern(statement: &Statement, identity: &Identity, call: &Call) -> bool {
    let Some(arn) = &call.resource else { return true };
    let resource = Resource::new(arn);
    let view = View {
        principal: &identity.principal,
        resource: &resource,
        context: &call.context,
        principal_in: Membership::NotGiven,
        resource_in: Membership::NotGiven,
    };
    let mut work = Work::default();
    let mut any = |items: &[crate::aws::template::Template]| {
        items.iter().any(|item| item.matches(arn, &view, &mut work).possible())
    };
    match &statement.resources {
        Listed::These(items) => any(items),
        // What is left out by a pattern that is undecided may not be.
        Listed::AllBut(items) => {
            !items.iter().any(|item| item.matches(arn, &view, &mut Work::default()) == crate::aws::answer::Answer::Yes)
        }
        Listed::Missing | Listed::Unread => true,
    }
}
