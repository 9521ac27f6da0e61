//! What one policy says of each action: actions that it treats alike share one answer for all resources.

use super::index::Index;
use super::sets::Answers;
use super::{Action, Estate};
use crate::aws::answer::Answer;
use crate::aws::context::View;
use crate::aws::evaluate::{Evaluation, Policies, Request, ResourcePolicy, WORK_MAX};
use crate::aws::glob::Work;
use crate::aws::named::naming;
use crate::aws::policy::{Listed, Policy, Statement};
use crate::aws::principal::{Principal, Resource};
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What is said of the actions of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Saying {
    pub(super) allow: Option<Answers>,
    pub(super) deny: Option<Answers>,
}

/// A policy, compiled for a principal or for all.
#[derive(Debug)]
pub(super) struct Said {
    /// For each action, which saying.
    pub(super) kind_of: Vec<u32>,
    pub(super) kinds: Vec<Saying>,
}

/// Whether a key follows from who asks, beyond the kind and the account.
fn of_principal(key: &str) -> bool {
    let own = ["aws:principalarn", "aws:principaltag/", "aws:principalservicename", "aws:username", "aws:userid"];
    own.iter().any(|start| key.starts_with(start))
}

/// Whether a key follows from the resource.
fn of_resource(key: &str) -> bool {
    key.contains(":resourcetag/") || key.starts_with("aws:resource") || key == "s3:resourceaccount"
}

fn keys(statement: &Statement) -> impl Iterator<Item = &Text> {
    let templates = statement.resources.items().iter().flat_map(|template| template.keys());
    statement.conditions.iter().flat_map(|condition| condition.keys()).chain(templates)
}

/// Whether what a statement says depends on who asks, apart from whom it names.
pub(super) fn depends_on_principal(statement: &Statement) -> bool {
    keys(statement).any(|key| of_principal(key))
}

/// The actions that a list names.
pub(super) fn listed(statement: &Statement, action: &Action<'_>, work: &mut Work) -> Answer {
    let mut any = || statement.actions.items().iter().any(|glob| glob.matches(&action.lower, work));
    match statement.actions {
        Listed::These(_) => Answer::from(any()),
        Listed::AllBut(_) => Answer::from(!any()),
        Listed::Missing | Listed::Unread => Answer::May,
    }
}

impl Said {
    /// Compiles `policy` as it is for `asker`.
    fn compile(estate: &Estate<'_>, index: &mut Index<'_>, policy: &Policy, asker: &Asker<'_>, own: bool) -> Said {
        let count = index.count();
        let holds: Vec<Option<Answers>> =
            policy.statements().iter().map(|statement| holds(estate, index, statement, asker, own)).collect();
        let mut said = Said { kind_of: Vec::with_capacity(estate.actions.len()), kinds: Vec::new() };
        let mut known: FxHashMap<Vec<(usize, Answer)>, u32> = FxHashMap::default();
        let unread = policy.unread.is_some().then(|| Answers::constant(Answer::May, count));
        for action in &estate.actions {
            let mut naming = Vec::new();
            for (at, statement) in policy.statements().iter().enumerate() {
                if holds.get(at).is_some_and(Option::is_some) {
                    let listed = listed(statement, action, &mut index.work);
                    naming.extend(listed.possible().then_some((at, listed)));
                }
            }
            let next = known.len() as u32;
            let kind = *known.entry(naming).or_insert_with_key(|naming| {
                let mut saying = Saying { allow: unread.clone(), deny: None };
                saying.deny = unread.clone().filter(|_| policy.unread_denies);
                for (at, listed) in naming {
                    saying.add(policy.statements.get(*at), holds.get(*at).and_then(Option::as_ref), *listed);
                }
                said.kinds.push(saying);
                next
            });
            said.kind_of.push(kind);
        }
        said
    }

    /// The kind of an action.
    pub(super) fn kind(&self, action: usize) -> u32 {
        self.kind_of.get(action).copied().unwrap_or_default()
    }

    pub(super) fn saying(&self, action: usize) -> Option<&Saying> {
        self.kinds.get(self.kind(action) as usize)
    }
}

impl Saying {
    fn add(&mut self, statement: Option<&Statement>, holds: Option<&Answers>, listed: Answer) {
        let (Some(statement), Some(holds)) = (statement, holds) else { return };
        let mut holds = holds.clone();
        holds.and_one(listed);
        if statement.effect.may_allow() {
            join(&mut self.allow, &holds);
        }
        if statement.effect.may_deny() {
            join(&mut self.deny, &holds);
        }
    }
}

pub(super) fn join(all: &mut Option<Answers>, more: &Answers) {
    match all {
        Some(all) => all.or(more),
        None => *all = Some(more.clone()),
    }
}

/// For each resource whether all but the action of `statement` applies; `None` where it does for none. `own`: it is of
/// a resource control policy, which names principals.
fn holds(
    estate: &Estate<'_>,
    index: &mut Index<'_>,
    statement: &Statement,
    asker: &Asker<'_>,
    own: bool,
) -> Option<Answers> {
    let principal = asker.principal;
    let mut holds = if keys(statement).any(|key| of_resource(key)) {
        each(estate, index, statement, principal, own)
    } else {
        let nothing = Resource::new("*");
        let view = estate.view(principal, &nothing);
        let mut holds = resources(index, statement, &view, own);
        for condition in &statement.conditions {
            // A condition has the bound of a single decision.
            let mut work = Work::default();
            let answer = condition.holds(&view, &mut work);
            holds.and_one(if work.0 > WORK_MAX { Answer::May } else { answer });
            index.work.0 += work.0;
        }
        holds
    };
    if own {
        holds.and_one(naming(statement, principal, asker.bounded).any());
    }
    if (!own && statement.principals != Listed::Missing) || statement.unread.is_some() {
        holds.and_one(Answer::May);
    }
    (!holds.is_no()).then_some(holds)
}

fn resources(index: &mut Index<'_>, statement: &Statement, view: &View<'_>, own: bool) -> Answers {
    let count = index.count();
    let mut found = Answers::constant(Answer::No, count);
    let (templates, but) = match &statement.resources {
        Listed::These(templates) => (templates, false),
        Listed::AllBut(templates) => (templates, true),
        Listed::Missing if own => return Answers::constant(Answer::Yes, count),
        Listed::Missing | Listed::Unread => return Answers::constant(Answer::May, count),
    };
    for template in templates {
        match template.resolved(view) {
            Some(glob) => index.add_matching(&glob, &mut found),
            None if but => found.or(&Answers::constant(Answer::May, count)),
            None => {}
        }
    }
    if !but {
        return found;
    }
    let mut rest = Answers::constant(Answer::Yes, count);
    rest.and_not(&found);
    rest
}

/// What depends on each resource's own tags and account is asked of each.
fn each(
    estate: &Estate<'_>,
    index: &mut Index<'_>,
    statement: &Statement,
    principal: &Principal,
    own: bool,
) -> Answers {
    let mut all = Answers::constant(Answer::No, index.count());
    for (at, held) in estate.resources.iter().enumerate() {
        if index.exhausted() {
            all.raise(at, Answer::May);
            continue;
        }
        let mut evaluation = estate.evaluation(principal, held.resource);
        all.raise(at, evaluation.holds(statement, own));
        index.work.0 += evaluation.work_done();
    }
    all
}

impl<'a> Estate<'a> {
    pub(super) fn view<'b>(&'b self, principal: &'b Principal, resource: &'b Resource) -> View<'b> {
        let (principal_in, resource_in) = (self.principal_in, self.resource_in);
        View { principal, resource, context: self.context, principal_in, resource_in }
    }

    pub(super) fn evaluation<'b>(&'b self, principal: &'b Principal, resource: &'b Resource) -> Evaluation<'b> {
        let request = Request { principal, action: "", resource, context: self.context };
        let policies = Policies {
            resource: ResourcePolicy::Absent,
            principal_in: self.principal_in,
            resource_in: self.resource_in,
            ..Policies::default()
        };
        Evaluation::new(&request, &policies, "")
    }
}

/// Who asks, as far as what policies say may differ by it.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) principal: &'a Principal,
    /// A boundary limits it.
    pub(super) bounded: bool,
    /// Principals of one class are of one kind and account.
    pub(super) class: u32,
}

/// Policies that several principals share, compiled once for each class of them.
#[derive(Default)]
pub(super) struct Shared {
    uses: FxHashMap<*const Policy, u32>,
    said: FxHashMap<(*const Policy, u32), Rc<Said>>,
    depends: FxHashMap<*const Policy, bool>,
}

impl Shared {
    pub(super) fn count(&mut self, policy: &Policy) {
        *self.uses.entry(std::ptr::from_ref(policy)).or_default() += 1;
    }

    /// Whether what a policy says depends on who asks, within a class.
    pub(super) fn depends(&mut self, policy: &Policy) -> bool {
        let asks = || policy.statements().iter().any(depends_on_principal);
        *self.depends.entry(std::ptr::from_ref(policy)).or_insert_with(asks)
    }

    /// What `policy` says to `asker`. `own`: it is a resource control policy.
    pub(super) fn said(
        &mut self,
        estate: &Estate<'_>,
        index: &mut Index<'_>,
        policy: &Policy,
        asker: &Asker<'_>,
        own: bool,
    ) -> Rc<Said> {
        let key = (std::ptr::from_ref(policy), asker.class);
        if let Some(said) = self.said.get(&key) {
            return said.clone();
        }
        let said = Rc::new(Said::compile(estate, index, policy, asker, own));
        if !self.depends(policy) && self.uses.get(&key.0).is_some_and(|uses| *uses > 1) {
            self.said.insert(key, said.clone());
        }
        said
    }
}
