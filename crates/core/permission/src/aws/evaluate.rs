//! One request, decided: every policy that has a say, combined as the platform combines them.

mod applies;
mod reasons;

use super::answer::Answer;
use super::context::{Context, View};
use super::glob::Work;
use super::named::{Naming, naming};
use super::organization::{Level, Membership};
use super::policy::{Effect, Mark, Policy, Statement};
use super::principal::{Kind, Principal, Resource};
use super::services;
use firebreak_model::Text;
use std::sync::Arc;

pub use reasons::{Because, Decision, Layer, Undecided};

/// How many bytes are compared for one decision before the rest counts as undecided.
pub const WORK_MAX: u64 = 50_000_000;

/// Who asks to do what.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The action (`s3:GetObject`); case does not matter.
    pub action: &'a str,
    /// What it is asked of.
    pub resource: &'a Resource,
    /// What else is known of the request.
    pub context: &'a Context,
}

/// The policy on the resource itself: a role's trust policy, a key policy, a bucket policy.
#[derive(Clone, Copy, Debug, Default)]
pub enum ResourcePolicy<'a> {
    /// Not known whether there is one, or what it says.
    #[default]
    NotGiven,
    /// There is none.
    Absent,
    /// This one.
    Given(&'a Policy),
}

/// A grant of a KMS key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyGrant {
    /// Its id, for people to read.
    pub id: Text,
    /// The ARN of the principal it is for, or the name of a service.
    pub grantee: Text,
    /// What it permits, as KMS names operations (`Decrypt`).
    pub operations: Vec<Text>,
    /// Encryption context that it asks for: keys with values. Empty: none.
    pub encryption_context: Vec<(Text, Text)>,
    /// No other encryption context is allowed (`EncryptionContextEquals`).
    pub context_equals: bool,
}

/// All policies that may have a say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// Of the user or role itself, of the user's groups; inline and managed alike.
    pub identity: &'a [Arc<Policy>],
    /// The permission boundary, where there is one.
    pub boundary: Option<&'a Policy>,
    /// The session policies, where the session has any.
    pub session: Option<&'a [Arc<Policy>]>,
    /// Of the resource.
    pub resource: ResourcePolicy<'a>,
    /// Of a KMS key.
    pub grants: &'a [KeyGrant],
    /// Where the principal's account stands in an organisation.
    pub principal_in: Membership<'a>,
    /// Where the resource's account stands in an organisation.
    pub resource_in: Membership<'a>,
}

/// Decides `request`, with reasons.
pub fn evaluate(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let action = request.action.to_ascii_lowercase();
    Evaluation::traced(request, policies, &action).0
}

/// Decides `request`, without reasons: several times as fast. The action has to be in lower case.
pub fn answer(request: &Request<'_>, policies: &Policies<'_>) -> Answer {
    let mut evaluation = Evaluation::new(request, policies, request.action);
    let parts = evaluation.parts();
    evaluation.answer(&parts)
}

/// What each kind of policy says.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    deny: Answer,
    service_control: Answer,
    identity: Answer,
    boundary: Answer,
    session: Answer,
    resource: Naming,
}

/// Something that had a say.
struct Hit<'a> {
    layer: Layer,
    policy: Option<&'a Policy>,
    statement: Option<&'a Statement>,
    /// In place of a policy: what is not given, or which grant.
    words: Option<String>,
    effect: Effect,
    answer: Answer,
}

pub(super) struct Evaluation<'a> {
    action: &'a str,
    service: Mark,
    view: View<'a>,
    policies: Policies<'a>,
    bounded: bool,
    work: Work,
    trace: Option<Vec<Hit<'a>>>,
}

/// What a "no" rests on.
pub(super) struct Effort<'a> {
    /// Something certainly denies it.
    pub(super) denied: bool,
    /// The statements that certainly deny it.
    pub(super) denials: Vec<&'a Statement>,
}

impl<'a> Evaluation<'a> {
    /// Decides with reasons, and tells the statements that deny. The action has to be in lower case.
    pub(super) fn traced(request: &Request<'a>, policies: &Policies<'a>, action: &'a str) -> (Decision, Effort<'a>) {
        let mut evaluation = Evaluation::new(request, policies, action);
        evaluation.trace = Some(Vec::new());
        let parts = evaluation.parts();
        let hits = evaluation.trace.iter().flatten();
        let certain = hits.filter(|hit| hit.effect == Effect::Deny && hit.answer == Answer::Yes);
        let denials = certain.filter_map(|hit| hit.statement).collect();
        let effort = Effort { denied: parts.deny == Answer::Yes, denials };
        (evaluation.decision(&parts), effort)
    }

    pub(super) fn new(request: &Request<'a>, policies: &Policies<'a>, action: &'a str) -> Evaluation<'a> {
        let view = View {
            principal: request.principal,
            resource: request.resource,
            context: request.context,
            principal_in: policies.principal_in,
            resource_in: policies.resource_in,
        };
        let bounded = policies.boundary.is_some() && request.principal.kind != Kind::Root;
        let service = Mark::of_action(action.as_bytes());
        Evaluation { action, service, view, policies: *policies, bounded, work: Work::default(), trace: None }
    }

    /// How much was compared.
    pub(super) fn work_done(&self) -> u64 {
        self.work.0
    }

    fn hit(&mut self, hit: impl FnOnce() -> Hit<'a>, answer: Answer) {
        if let Some(trace) = self.trace.as_mut().filter(|_| answer.possible()) {
            trace.push(hit());
        }
    }

    /// What a list of policies allows and denies, without regard to principals.
    fn layer(&mut self, layer: &Layer, policies: &'a [Arc<Policy>]) -> (Answer, Answer) {
        let mut all = (Answer::No, Answer::No);
        for policy in policies {
            let (allow, deny) = self.one(layer, policy);
            all = (all.0.or(allow), all.1.or(deny));
        }
        all
    }

    fn one(&mut self, layer: &Layer, policy: &'a Policy) -> (Answer, Answer) {
        let (mut allow, mut deny) = (Answer::No, Answer::No);
        for statement in policy.about(self.service) {
            let answer = self.applies(statement, false);
            if !answer.possible() {
                continue;
            }
            if statement.effect.may_allow() {
                allow = allow.or(answer);
            }
            if statement.effect.may_deny() {
                deny = deny.or(answer);
            }
            self.statement_hit(layer, policy, statement, answer);
        }
        let (unread_allow, unread_deny) = self.unread(layer, policy);
        (allow.or(unread_allow), deny.or(unread_deny))
    }

    fn statement_hit(&mut self, layer: &Layer, policy: &'a Policy, statement: &'a Statement, answer: Answer) {
        let (effect, policy, statement) = (statement.effect, Some(policy), Some(statement));
        self.hit(|| Hit { layer: layer.clone(), policy, statement, words: None, effect, answer }, answer);
    }

    /// What a policy may say beyond what could be read of it.
    fn unread(&mut self, layer: &Layer, policy: &'a Policy) -> (Answer, Answer) {
        let allow = if policy.unread.is_some() { Answer::May } else { Answer::No };
        let deny = if policy.unread_denies { allow } else { Answer::No };
        let effect = if policy.unread_denies { Effect::Unread } else { Effect::Allow };
        let policy = Some(policy);
        let layer = || layer.clone();
        self.hit(|| Hit { layer: layer(), policy, statement: None, words: None, effect, answer: allow }, allow);
        (allow, deny)
    }

    fn not_given(&mut self, layer: Layer, words: String) {
        let (effect, answer) = (Effect::Unread, Answer::May);
        self.hit(|| Hit { layer, policy: None, statement: None, words: Some(words), effect, answer }, answer);
    }

    fn parts(&mut self) -> Parts {
        let mut parts = Parts::default();
        let principal = self.view.principal;
        let (allow, deny) = self.layer(&Layer::Identity, self.policies.identity);
        parts.identity = if principal.kind == Kind::Root { Answer::Yes } else { allow };
        parts.deny = deny;
        parts.boundary = Answer::Yes;
        if let Some(policy) = self.policies.boundary.filter(|_| self.bounded) {
            let (allow, deny) = self.one(&Layer::Boundary, policy);
            parts.boundary = allow;
            parts.deny = parts.deny.or(deny);
        }
        parts.session = Answer::Yes;
        if let Some(policies) = self.policies.session {
            let (allow, deny) = self.layer(&Layer::Session, policies);
            parts.session = allow;
            parts.deny = parts.deny.or(deny);
        }
        let (named, deny) = self.resource_policy();
        parts.resource = named.or(self.key_grants());
        parts.deny = parts.deny.or(deny);
        let (allow, deny) = self.service_control();
        parts.service_control = allow;
        parts.deny = parts.deny.or(deny).or(self.resource_control());
        parts
    }

    fn resource_policy(&mut self) -> (Naming, Answer) {
        let policy = match self.policies.resource {
            ResourcePolicy::Given(policy) => policy,
            ResourcePolicy::NotGiven if services::has_resource_policies(self.action, &self.view.resource.arn) => {
                let words = format!("the policy of the resource `{}` is not given", self.view.resource.arn);
                self.not_given(Layer::Resource, words);
                let (whole, account) = (Answer::May, Answer::May);
                return (Naming { whole, limited: Answer::May, account }, Answer::May);
            }
            ResourcePolicy::NotGiven | ResourcePolicy::Absent => return Default::default(),
        };
        let (mut allow, mut deny) = (Naming::default(), Answer::No);
        for statement in policy.about(self.service) {
            let named = naming(statement, self.view.principal, self.bounded);
            if !named.any().possible() {
                continue;
            }
            let applies = self.applies(statement, true);
            let named = named.and(applies);
            if statement.effect.may_allow() {
                allow = allow.or(named);
            }
            if statement.effect.may_deny() {
                deny = deny.or(named.any());
            }
            self.statement_hit(&Layer::Resource, policy, statement, named.any());
        }
        let (unread_allow, unread_deny) = self.unread(&Layer::Resource, policy);
        let unread = Naming { whole: unread_allow, limited: unread_allow, account: unread_allow };
        (allow.or(unread), deny.or(unread_deny))
    }

    fn service_control(&mut self) -> (Answer, Answer) {
        let principal = self.view.principal;
        if !principal.is_iam() || principal.is_service_linked() {
            return (Answer::Yes, Answer::No);
        }
        let levels = match self.policies.principal_in {
            Membership::Standalone | Membership::Management(_) => return (Answer::Yes, Answer::No),
            Membership::NotGiven | Membership::Somewhere(_) => {
                let words = "the service control policies of the principal's account are not given";
                self.not_given(Layer::ServiceControl(Text::default()), words.to_owned());
                return (Answer::May, Answer::May);
            }
            Membership::Member(_, levels) => levels,
        };
        let (mut allow, mut deny) = (Answer::Yes, Answer::No);
        let used = |level: &'a Level| Some((level, level.service_control.as_deref()?));
        for (level, policies) in levels.iter().filter_map(used) {
            let (here, denied) = self.layer(&Layer::ServiceControl(level.id.clone()), policies);
            allow = allow.and(here);
            deny = deny.or(denied);
        }
        (allow, deny)
    }

    /// What resource control policies deny. What they allow does not matter: one that allows everything is always there.
    fn resource_control(&mut self) -> Answer {
        if self.view.principal.is_service_linked() {
            return Answer::No;
        }
        let levels = match self.policies.resource_in {
            Membership::Member(_, levels) => levels,
            Membership::NotGiven | Membership::Somewhere(_) if services::has_resource_control(self.action) => {
                let words = "the resource control policies of the resource's account are not given";
                self.not_given(Layer::ResourceControl(Text::default()), words.to_owned());
                return Answer::May;
            }
            _ => return Answer::No,
        };
        let mut deny = Answer::No;
        for level in levels {
            let layer = Layer::ResourceControl(level.id.clone());
            for policy in &level.resource_control {
                for statement in policy.about(self.service).filter(|statement| statement.effect.may_deny()) {
                    let named = naming(statement, self.view.principal, self.bounded).any();
                    let answer = if named.possible() { named.and(self.applies(statement, true)) } else { named };
                    deny = deny.or(answer);
                    self.statement_hit(&layer, policy, statement, answer);
                }
                deny = deny.or(self.unread(&layer, policy).1);
            }
        }
        deny
    }

    fn answer(&self, parts: &Parts) -> Answer {
        parts.deny.negated().and(parts.service_control).and(self.granted(parts))
    }

    /// Whether somebody grants it, before denials and what an organisation withholds.
    fn granted(&self, parts: &Parts) -> Answer {
        let principal = self.view.principal;
        if principal.kind == Kind::Root && services::trusts(self.action) {
            // Root users cannot assume roles.
            return Answer::No;
        }
        if !principal.is_iam() {
            return parts.resource.any();
        }
        let Parts { identity, boundary, session, resource, .. } = *parts;
        let own = identity.and(boundary).and(session);
        let needed = services::needs_resource_policy(self.action, &self.view.resource.arn);
        let delegated = if needed { resource.account } else { Answer::Yes };
        let limited = resource.limited.and(boundary).and(session);
        let same = own.and(delegated).or(resource.whole).or(limited);
        let cross = own.and(resource.any());
        match self.same_account() {
            Answer::Yes => same,
            Answer::No => cross,
            Answer::May => same.agreed(cross),
        }
    }

    fn same_account(&self) -> Answer {
        let resource = self.view.resource;
        match (&self.view.principal.account, &resource.account) {
            (Some(own), Some(other)) => Answer::from(own == other),
            _ if *resource.arn == *"*" => Answer::Yes,
            _ => Answer::May,
        }
    }
}

#[cfg(test)]
mod tests;
