//! The proof by recorded use: every past call that was allowed still is, asked of the evaluator call by call.

use super::{Call, Granted, Identity};
use crate::aws::answer::Answer;
use crate::aws::evaluate::{Policies, Request, ResourcePolicy, answer};
use crate::aws::organization::Membership;
use crate::aws::policy::Policy;
use crate::aws::principal::Resource;
use crate::aws::read::Limits;
use firebreak_model::{Text, Time};
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// A call that the proposal would refuse.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Denied {
    /// The action.
    pub action: Text,
    /// On what, where the record tells.
    pub resource: Option<Text>,
    /// When.
    pub at: Time,
}

/// What the evaluator said of past calls.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Proof {
    /// Calls that were asked.
    pub calls: u64,
    /// Of them those that the policies as they are allow, certainly or under conditions that the record does not tell.
    pub allowed: u64,
    /// Of these, how many the proposal allows no less certainly.
    pub still: u64,
    /// Calls that were made though the identity's own policies do not allow them: something else does, or they are not understood.
    pub unexplained: u64,
    /// Those that the proposal refuses or leaves less certain, at most a hundred of them.
    pub denied: Vec<Denied>,
    /// How many those are.
    pub denied_calls: u64,
}

/// How many refused calls are listed.
const DENIED_MAX: usize = 100;

/// Answers that are remembered at one time.
const CACHE_MAX: usize = 200_000;

/// Asks about the calls of one identity.
pub struct Prover<'a> {
    identity: &'a Identity,
    before: Vec<Arc<Policy>>,
    after: Vec<Arc<Policy>>,
    /// What resources say: that the identity's account decides. The calls were let in, so their own policies are not what is asked.
    delegating: Policy,
    /// No condition is anywhere: the answer follows from the action and the resource alone.
    plain: bool,
    cache: FxHashMap<(Text, Option<Text>), (Answer, Answer)>,
    proof: Proof,
}

impl<'a> Prover<'a> {
    /// For `identity`, with what it has beside its own policies (those of its groups) before and after, and the documents proposed.
    pub fn new(
        identity: &'a Identity,
        documents: &[Granted],
        beside_before: &[Arc<Policy>],
        beside_after: &[Arc<Policy>],
    ) -> Prover<'a> {
        let own = identity.granted.iter().map(|granted| Arc::clone(&granted.policy));
        let before: Vec<Arc<Policy>> = own.chain(beside_before.iter().cloned()).collect();
        let new = documents.iter().map(|granted| Arc::clone(&granted.policy));
        let after: Vec<Arc<Policy>> = new.chain(beside_after.iter().cloned()).collect();
        let statements =
            || before.iter().chain(&after).chain(&identity.boundary).flat_map(|policy| policy.statements());
        let plain = statements().all(|statement| statement.conditions.is_empty());
        let account = identity.account();
        let document = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "*", "Resource": "*",
        }});
        let delegating = Policy::read("resource", &document, Limits::default()).0;
        Prover { identity, before, after, delegating, plain, cache: FxHashMap::default(), proof: Proof::default() }
    }

    /// Asks about one call.
    pub fn ask(&mut self, call: &Call) {
        let key = (Text::new(call.action.to_ascii_lowercase()), call.resource.clone());
        let known = self.plain.then(|| self.cache.get(&key).copied()).flatten();
        let (before, after) = known.unwrap_or_else(|| {
            let answers = (self.answer(&key.0, call, &self.before), self.answer(&key.0, call, &self.after));
            if self.cache.len() >= CACHE_MAX {
                self.cache.clear();
            }
            self.cache.insert(key, answers);
            answers
        });
        self.proof.calls += 1;
        if !before.possible() {
            self.proof.unexplained += 1;
            return;
        }
        self.proof.allowed += 1;
        if after >= before {
            self.proof.still += 1;
            return;
        }
        self.proof.denied_calls += 1;
        if self.proof.denied.len() < DENIED_MAX {
            let denied = Denied { action: call.action.clone(), resource: call.resource.clone(), at: call.time };
            self.proof.denied.push(denied);
        }
    }

    /// What came of it.
    pub fn finish(self) -> Proof {
        self.proof
    }

    /// A record that does not tell of what it was asked is asked of anything: of every resource that a statement names.
    fn answer(&self, action: &str, call: &Call, own: &[Arc<Policy>]) -> Answer {
        let ask = |arn: &str| {
            let resource = Resource::new(arn);
            let policies = Policies {
                identity: own,
                boundary: self.identity.boundary.as_deref(),
                resource: ResourcePolicy::Given(&self.delegating),
                principal_in: Membership::Standalone,
                resource_in: Membership::Standalone,
                ..Policies::default()
            };
            let principal = &self.identity.principal;
            answer(&Request { principal, action, resource: &resource, context: &call.context }, &policies)
        };
        match &call.resource {
            Some(arn) => ask(arn),
            None => self.named(action).iter().fold(ask("*"), |best, arn| best.or(ask(arn))),
        }
    }

    /// Resources that the policies as they are name beside the action: examples of their patterns.
    fn named(&self, action: &str) -> Vec<String> {
        let statements = self.before.iter().flat_map(|policy| policy.statements());
        let about = statements.filter(|statement| super::usage::names(statement, action));
        about.flat_map(|statement| statement.resources.items()).filter_map(|item| example(&item.shown())).collect()
    }
}

/// A resource that a pattern matches.
fn example(pattern: &str) -> Option<String> {
    (!pattern.contains("${")).then(|| pattern.replace(['*', '?'], "x"))
}
