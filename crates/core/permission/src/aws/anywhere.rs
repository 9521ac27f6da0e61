//! Whether a principal may do something on some resource that matches a pattern, known or not.
//!
//! The answer is found by trying: patterns that lie in the one asked for and in all that would have to allow are made
//! into resources with names that nobody chose, and each is evaluated. A "no" is only said where nothing was left out.

use super::answer::Answer;
use super::context::{Context, View};
use super::evaluate::{
    Because, Decision, Effort, Evaluation, Layer, Policies, Request, ResourcePolicy, Undecided, WORK_MAX,
};
use super::glob::{Glob, Work};
use super::organization::Membership;
use super::policy::{Effect, Listed, Policy, Statement};
use super::principal::{Kind, Principal, Resource};
use firebreak_model::Text;
use std::sync::Arc;

/// How many patterns are tried before the rest is left undecided.
pub const TRIES_MAX: usize = 256;

/// How many ways two patterns may meet before the rest is left undecided.
const WAYS_MAX: usize = 32;

/// What stands for each wildcard in a resource that is tried: long, so that no row of `?` matches it by chance.
const FILLER: &str = "some-name-that-no-policy-of-anybody-would-ever-spell-out-0";

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The action; case does not matter.
    pub action: &'a str,
    /// ARNs with wildcards (`arn:aws:iam::111122223333:role/*`); here `*` stands for text without a colon.
    pub pattern: &'a str,
    /// The account that owns what matches, where it is known and not in the pattern.
    pub account: Option<&'a str>,
    /// What else is known of the request.
    pub context: &'a Context,
}

/// The answer for some resource that matches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Somewhere {
    /// Whether it is permitted on one at least.
    pub answer: Answer,
    /// Resources on which it is, or may be: a pattern inside the one that was asked for.
    pub on: Option<Text>,
    /// The decision for one of them.
    pub decision: Decision,
}

/// A pattern that is tried.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    glob: Glob,
    /// It holds all that lies in the patterns it was made of.
    exact: bool,
}

struct Search<'a> {
    question: Question<'a>,
    policies: &'a Policies<'a>,
    candidates: Vec<Candidate>,
    cut_short: bool,
    /// Something allows all but some: what a candidate leaves out may matter.
    all_but: bool,
    work: Work,
}

/// Whether `question.principal` may do `question.action` on some resource that matches `question.pattern`.
pub fn anywhere(question: &Question<'_>, policies: &Policies<'_>) -> Somewhere {
    let asked = Glob::of_names(question.pattern);
    let resource = resource(question, question.pattern);
    let start = Candidate { glob: asked, exact: true };
    let mut search = Search {
        question: *question,
        policies,
        candidates: vec![start.clone()],
        cut_short: false,
        all_but: false,
        work: Work::default(),
    };
    let silent = search.narrow(&resource);
    search.add_what_the_resource_says(&start, &resource);
    search.add_exceptions(&resource);
    search.tried(silent)
}

fn resource(question: &Question<'_>, arn: &str) -> Resource {
    let resource = Resource::new(arn);
    question.account.map_or(resource.clone(), |account| resource.in_account(account))
}

impl<'a> Search<'a> {
    /// Narrows the candidates to what each kind of policy would have to allow; the first kind that allows nothing.
    fn narrow(&mut self, resource: &Resource) -> Option<Layer> {
        let policies = self.policies;
        let principal = self.question.principal;
        let mut layers: Vec<(Layer, Vec<&'a Policy>)> = Vec::new();
        let all = |policies: &'a [Arc<Policy>]| policies.iter().map(|policy| &**policy).collect::<Vec<&'a Policy>>();
        if !principal.is_iam() {
            return None;
        }
        if principal.kind != Kind::Root {
            layers.push((Layer::Identity, all(policies.identity)));
            layers.extend(policies.boundary.map(|boundary| (Layer::Boundary, vec![boundary])));
        }
        layers.extend(policies.session.map(|session| (Layer::Session, all(session))));
        if let Membership::Member(_, levels) = policies.principal_in
            && !principal.is_service_linked()
        {
            let used = levels.iter().filter_map(|level| Some((level, level.service_control.as_deref()?)));
            layers.extend(used.map(|(level, used)| (Layer::ServiceControl(level.id.clone()), all(used))));
        }
        for (layer, policies) in layers {
            self.narrow_to(&policies, resource);
            if self.candidates.is_empty() {
                return Some(layer);
            }
        }
        None
    }

    fn narrow_to(&mut self, policies: &[&'a Policy], resource: &Resource) {
        if policies.iter().any(|policy| policy.unread.is_some()) {
            return;
        }
        let statements = policies.iter().flat_map(|policy| policy.statements());
        let allows: Vec<&'a Statement> = statements.filter(|statement| statement.effect.may_allow()).collect();
        let before = std::mem::take(&mut self.candidates);
        for statement in self.of_action(allows) {
            let patterns = match &statement.resources {
                Listed::These(_) => self.patterns(statement, resource),
                // All but some: the exceptions are left to the trying.
                _ => {
                    self.all_but = true;
                    vec![Glob::new("*")]
                }
            };
            for pattern in &patterns {
                before.iter().for_each(|candidate| self.meet(candidate, pattern));
            }
        }
    }

    fn of_action(&mut self, statements: Vec<&'a Statement>) -> Vec<&'a Statement> {
        let action = self.question.action.to_ascii_lowercase();
        let mut named = |statement: &&Statement| {
            let any = statement.actions.items().iter().any(|glob| glob.matches(&action, &mut self.work));
            match statement.actions {
                Listed::These(_) => any,
                Listed::AllBut(_) => !any,
                Listed::Missing | Listed::Unread => true,
            }
        };
        statements.into_iter().filter(|statement| named(statement)).collect()
    }

    /// The resource patterns that a statement lists, for this principal.
    fn patterns(&self, statement: &Statement, resource: &Resource) -> Vec<Glob> {
        let view = View {
            principal: self.question.principal,
            resource,
            context: self.question.context,
            principal_in: self.policies.principal_in,
            resource_in: self.policies.resource_in,
        };
        statement.resources.items().iter().filter_map(|template| template.resolved(&view)).collect()
    }

    fn meet(&mut self, candidate: &Candidate, pattern: &Glob) {
        if self.work.0 > WORK_MAX {
            self.cut_short = true;
            return;
        }
        let (found, all) = candidate.glob.meets(pattern, WAYS_MAX, &mut self.work);
        for glob in found {
            let found = Candidate { glob, exact: all && candidate.exact };
            if self.candidates.contains(&found) {
                continue;
            }
            if self.candidates.len() >= TRIES_MAX {
                self.cut_short = true;
                return;
            }
            self.candidates.push(found);
        }
        self.cut_short |= !all;
    }

    /// What the resource's policy grants need not be allowed by any other.
    fn add_what_the_resource_says(&mut self, start: &Candidate, resource: &Resource) {
        let ResourcePolicy::Given(policy) = self.policies.resource else { return };
        let allows: Vec<&Statement> =
            policy.statements().iter().filter(|statement| statement.effect.may_allow()).collect();
        for statement in self.of_action(allows) {
            let own = match &statement.resources {
                Listed::These(_) => self.patterns(statement, resource),
                _ => vec![start.glob.clone()],
            };
            for pattern in &own {
                let before = self.candidates.clone();
                before.iter().for_each(|candidate| self.meet(candidate, pattern));
                self.meet(start, pattern);
            }
        }
    }

    /// What a denial of all but some spares has to be tried by itself.
    fn add_exceptions(&mut self, resource: &Resource) {
        let policies = self.policies;
        let levels = |membership: Membership<'a>| match membership {
            Membership::Member(_, levels) => levels,
            _ => &[],
        };
        let organization =
            levels(policies.principal_in).iter().flat_map(|level| level.service_control.iter().flatten());
        let resource_in = levels(policies.resource_in).iter().flat_map(|level| &level.resource_control);
        let shared = policies.identity.iter().chain(policies.session.into_iter().flatten());
        let shared = shared.chain(organization).chain(resource_in).map(|policy| &**policy);
        let given = match policies.resource {
            ResourcePolicy::Given(policy) => Some(policy),
            _ => None,
        };
        let all = shared.chain(policies.boundary).chain(given).flat_map(|policy| policy.statements());
        let spares =
            |statement: &&Statement| statement.effect.may_deny() && matches!(statement.resources, Listed::AllBut(_));
        let denials: Vec<&Statement> = all.filter(spares).collect();
        for statement in self.of_action(denials) {
            for pattern in self.patterns(statement, resource) {
                let before = self.candidates.clone();
                before.iter().for_each(|candidate| self.meet(candidate, &pattern));
            }
        }
    }

    /// Tries each candidate, and answers with the best.
    fn tried(mut self, silent: Option<Layer>) -> Somewhere {
        let action = self.question.action.to_ascii_lowercase();
        let mut best: Option<Somewhere> = None;
        let mut sure = !self.cut_short;
        for candidate in std::mem::take(&mut self.candidates) {
            let Some(arn) = candidate.glob.example(FILLER) else {
                sure = false;
                continue;
            };
            let resource = resource(&self.question, &arn);
            let Question { principal, context, .. } = self.question;
            let request = Request { principal, action: &action, resource: &resource, context };
            let (decision, effort) = Evaluation::traced(&request, self.policies, &action);
            sure &= decision.answer != Answer::No || self.denied_throughout(&candidate, effort);
            if best.as_ref().is_none_or(|best| decision.answer > best.answer) {
                let on = decision.answer.possible().then(|| Text::new(candidate.glob.shown()));
                best = Some(Somewhere { answer: decision.answer, on, decision });
            }
            if best.as_ref().is_some_and(|best| best.answer == Answer::Yes) {
                break;
            }
        }
        let nothing = || Somewhere {
            answer: Answer::No,
            on: None,
            decision: Decision {
                answer: Answer::No,
                because: silent.map(Because::NothingAllows).into_iter().collect(),
                undecided: Vec::new(),
            },
        };
        let best = best.unwrap_or_else(nothing);
        if best.answer == Answer::No && !sure { self.undecided(best) } else { best }
    }

    fn undecided(&self, best: Somewhere) -> Somewhere {
        let what = match self.cut_short {
            true => format!("one of more patterns of resources than are tried (at most {TRIES_MAX}) is permitted"),
            false => format!("what is denied leaves a resource that matches `{}`", self.question.pattern),
        };
        let undecided = Undecided {
            layer: Layer::Identity,
            policy: Text::default(),
            statement: Text::default(),
            effect: Effect::Deny,
            what: Text::new(what),
        };
        let because = best.decision.because;
        let decision = Decision { answer: Answer::May, because, undecided: vec![undecided] };
        Somewhere { answer: Answer::May, on: Some(Text::new(self.question.pattern)), decision }
    }

    /// Whether a candidate that is denied is so for all of its resources, and not for the one that was tried alone; or
    /// is refused because something allows none of them.
    fn denied_throughout(&mut self, candidate: &Candidate, effort: Effort<'_>) -> bool {
        if !effort.denied {
            // What is missing is an allowance, and those that depend on the name were tried.
            return candidate.exact || !self.all_but;
        }
        candidate.exact
            && effort.denials.iter().any(|statement| match &statement.resources {
                Listed::These(_) => {
                    let arn = Resource::new(self.question.pattern);
                    self.patterns(statement, &arn).iter().any(|own| own.covers(&candidate.glob, &mut self.work))
                }
                Listed::AllBut(_) => {
                    let arn = Resource::new(self.question.pattern);
                    !self.patterns(statement, &arn).iter().any(|own| own.overlaps(&candidate.glob, &mut self.work))
                }
                Listed::Missing => true,
                Listed::Unread => false,
            })
    }
}

#[cfg(test)]
mod tests;
