//! What the resources' own policies say, for all principals of a class at once, and apart from that for those they name.

use super::index::Index;
use super::said::{Asker, depends_on_principal, listed};
use super::sets::{Answers, Bits};
use super::{Estate, Held};
use crate::aws::answer::Answer;
use crate::aws::evaluate::{KeyGrant, ResourcePolicy};
use crate::aws::named::{Naming, naming};
use crate::aws::policy::{Effect, Listed, Named, Statement};
use crate::aws::principal::{Kind, Principal};
use crate::aws::services;
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What resources say of one action.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sides {
    pub(super) whole: Answers,
    pub(super) limited: Answers,
    pub(super) account: Answers,
    pub(super) deny: Answers,
}

impl Sides {
    fn silent(count: usize) -> Sides {
        let no = Answers::constant(Answer::No, count);
        Sides { whole: no.clone(), limited: no.clone(), account: no.clone(), deny: no }
    }

    fn raise(&mut self, at: usize, effect: Effect, named: Naming) {
        if effect.may_allow() {
            self.whole.raise(at, named.whole);
            self.limited.raise(at, named.limited);
            self.account.raise(at, named.account);
        }
        if effect.may_deny() {
            self.deny.raise(at, named.any());
        }
    }
}

/// Something that a resource says.
#[derive(Clone, Copy)]
enum Says<'a> {
    Statement(&'a Statement),
    Grant(&'a KeyGrant),
}

/// One statement of one resource's policy, or one grant.
struct Entry<'a> {
    resource: usize,
    says: Says<'a>,
    /// The actions that it names, and those that it may name.
    actions: Answers,
}

/// What one resource says to one principal.
pub(super) struct Told {
    resource: usize,
    effect: Effect,
    named: Naming,
    entry: usize,
}

/// What is said to all principals of a class.
pub(super) struct Common {
    kind_of: Vec<u32>,
    kinds: Vec<Sides>,
}

impl Common {
    pub(super) fn kind(&self, action: usize) -> u32 {
        self.kind_of.get(action).copied().unwrap_or_default()
    }

    pub(super) fn sides(&self, action: usize) -> Option<&Sides> {
        self.kinds.get(self.kind(action) as usize)
    }
}

/// The policies of all resources, by whom they name.
pub(super) struct Guards<'a> {
    entries: Vec<Entry<'a>>,
    /// Those that name everyone or accounts alone.
    common: Vec<usize>,
    /// Those that have to be asked for each principal.
    each: Vec<usize>,
    /// Those that name principals by ARN, unique id, service or provider.
    by_name: FxHashMap<Text, Vec<usize>>,
    /// Those that name somebody by unique id.
    by_id: Vec<usize>,
    made: FxHashMap<u32, Rc<Common>>,
}

impl<'a> Guards<'a> {
    pub(super) fn new(estate: &Estate<'a>, index: &mut Index<'_>) -> Guards<'a> {
        let mut guards = Guards {
            entries: Vec::new(),
            common: Vec::new(),
            each: Vec::new(),
            by_name: FxHashMap::default(),
            by_id: Vec::new(),
            made: FxHashMap::default(),
        };
        for (resource, held) in estate.resources.iter().enumerate() {
            if let ResourcePolicy::Given(policy) = held.policy {
                for statement in policy.statements() {
                    guards.add_statement(estate, index, resource, statement);
                }
            }
            for grant in held.grants {
                let says = |action: &super::Action<'_>| {
                    let operation = action.lower.strip_prefix("kms:");
                    let named = |own: &Text| operation.is_some_and(|operation| own.eq_ignore_ascii_case(operation));
                    Answer::from(grant.operations.iter().any(named))
                };
                let entry = Entry { resource, says: Says::Grant(grant), actions: actions(estate, says) };
                guards.by_name.entry(grant.grantee.clone()).or_default().push(guards.entries.len());
                guards.entries.push(entry);
            }
        }
        guards
    }

    fn add_statement(&mut self, estate: &Estate<'_>, index: &mut Index<'_>, resource: usize, statement: &'a Statement) {
        let at = self.entries.len();
        let actions = actions(estate, |action| listed(statement, action, &mut index.work));
        if actions.is_no() {
            return;
        }
        self.entries.push(Entry { resource, says: Says::Statement(statement), actions });
        let Listed::These(items) = &statement.principals else {
            self.each.push(at);
            return;
        };
        let classed = |named: &Named| matches!(named, Named::Everyone | Named::Account(_));
        let named = |named: &Named| match named {
            Named::Arn(name) | Named::Service(name) | Named::Federated(name) => Some(role_of(name)),
            Named::Id(name) => Some(name.clone()),
            _ => None,
        };
        if items.iter().all(classed) && !depends_on_principal(statement) {
            self.common.push(at);
        } else if let Some(names) = items.iter().map(named).collect::<Option<Vec<Text>>>() {
            names.into_iter().for_each(|name| self.by_name.entry(name).or_default().push(at));
            if items.iter().any(|named| matches!(named, Named::Id(_))) {
                self.by_id.push(at);
            }
        } else {
            self.each.push(at);
        }
    }

    /// What is said to all principals of the asker's class.
    pub(super) fn common(&mut self, estate: &Estate<'_>, asker: &Asker<'_>) -> Rc<Common> {
        if let Some(common) = self.made.get(&asker.class) {
            return common.clone();
        }
        let common = Rc::new(self.make_common(estate, asker));
        self.made.insert(asker.class, common.clone());
        common
    }

    fn make_common(&self, estate: &Estate<'_>, asker: &Asker<'_>) -> Common {
        let mut all = vec![Sides::silent(estate.resources.len()); estate.actions.len()];
        for entry in self.common.iter().filter_map(|at| self.entries.get(*at)) {
            let (effect, named) = self.told(estate, asker, entry);
            for action in entry.actions.possible.items() {
                let listed = Answer::from(entry.actions.yes.contains(action)).or(Answer::May);
                if let Some(sides) = all.get_mut(action) {
                    sides.raise(entry.resource, effect, named.and(listed));
                }
            }
        }
        let maybe = |whole| Naming { whole, limited: whole, account: whole };
        for (at, held) in estate.resources.iter().enumerate() {
            for (action, sides) in estate.actions.iter().zip(&mut all) {
                let (allow, deny) = unread(held, &action.lower);
                sides.raise(at, Effect::Allow, maybe(allow));
                sides.deny.raise(at, deny);
            }
        }
        let mut known: FxHashMap<Sides, u32> = FxHashMap::default();
        let mut common = Common { kind_of: Vec::new(), kinds: Vec::new() };
        for sides in all {
            let next = known.len() as u32;
            let kind = *known.entry(sides).or_insert_with_key(|sides| {
                common.kinds.push(sides.clone());
                next
            });
            common.kind_of.push(kind);
        }
        common
    }

    fn told(&self, estate: &Estate<'_>, asker: &Asker<'_>, entry: &Entry<'_>) -> (Effect, Naming) {
        let Some(held) = estate.resources.get(entry.resource) else { return (Effect::Unread, Naming::default()) };
        match entry.says {
            Says::Grant(grant) => (Effect::Allow, estate.evaluation(asker.principal, held.resource).grant(grant)),
            Says::Statement(statement) => {
                let named = naming(statement, asker.principal, asker.bounded);
                if !named.any().possible() {
                    return (statement.effect, named);
                }
                let mut evaluation = estate.evaluation(asker.principal, held.resource);
                (statement.effect, named.and(evaluation.holds(statement, true)))
            }
        }
    }

    /// What is said to this principal beyond what is said to its class.
    pub(super) fn told_apart(&self, estate: &Estate<'_>, asker: &Asker<'_>) -> Vec<Told> {
        let principal = asker.principal;
        let mut entries: Vec<usize> = self.each.clone();
        let names = [Some(&principal.arn), principal.id.as_ref()];
        for name in names.into_iter().flatten() {
            entries.extend(self.by_name.get(&role_of(name)).into_iter().flatten());
        }
        if let Kind::Role { .. } = principal.kind {
            let role = session_key(principal);
            entries.extend(role.and_then(|role| self.by_name.get(&role)).into_iter().flatten());
        }
        if principal.id.is_none() {
            entries.extend(&self.by_id);
        }
        entries.sort_unstable();
        entries.dedup();
        let told = |at: &usize| {
            let entry = self.entries.get(*at)?;
            let (effect, named) = self.told(estate, asker, entry);
            named.any().possible().then_some(Told { resource: entry.resource, effect, named, entry: *at })
        };
        entries.iter().filter_map(told).collect()
    }

    /// Which of `told` are about an action, as a number that is the same for the same ones.
    pub(super) fn about(&self, told: &[Told], action: usize) -> Vec<usize> {
        let names =
            |told: &&Told| self.entries.get(told.entry).is_some_and(|entry| entry.actions.possible.contains(action));
        told.iter().filter(names).map(|told| told.entry).collect()
    }

    /// Adds what is said to one principal to what is said to all.
    pub(super) fn add(&self, sides: &mut Sides, told: &[Told], action: usize) {
        for told in told {
            let Some(entry) = self.entries.get(told.entry) else { continue };
            if entry.actions.possible.contains(action) {
                let listed = Answer::from(entry.actions.yes.contains(action)).or(Answer::May);
                sides.raise(told.resource, told.effect, told.named.and(listed));
            }
        }
    }
}

fn actions(estate: &Estate<'_>, mut says: impl FnMut(&super::Action<'_>) -> Answer) -> Answers {
    let mut all = Answers::constant(Answer::No, estate.actions.len());
    for (at, action) in estate.actions.iter().enumerate() {
        all.raise(at, says(action));
    }
    all
}

/// What a resource may allow and deny beyond what could be read of its policy.
fn unread(held: &Held<'_>, action: &str) -> (Answer, Answer) {
    match held.policy {
        ResourcePolicy::Absent => (Answer::No, Answer::No),
        ResourcePolicy::NotGiven => {
            let may = Answer::from(services::has_resource_policies(action, &held.resource.arn)).doubted();
            (may, may)
        }
        ResourcePolicy::Given(policy) => {
            let allow = Answer::from(policy.unread.is_some()).doubted();
            (allow, if policy.unread_denies { allow } else { Answer::No })
        }
    }
}

/// The name under which a session is found: its role's, without the path; any other name as it is.
fn role_of(name: &str) -> Text {
    let session =
        name.split_once(":assumed-role/").and_then(|(account, rest)| Some((account, rest.split_once('/')?.0)));
    session.map_or_else(|| Text::new(name), |(account, role)| Text::new(format!("{account}:assumed-role/{role}")))
}

fn session_key(principal: &Principal) -> Option<Text> {
    let arn = crate::aws::arn::Arn::split(&principal.arn)?;
    let (partition, account, name) = (arn.partition, arn.account, principal.name());
    Some(Text::new(format!("arn:{partition}:sts::{account}:assumed-role/{name}")))
}

/// The resources whose own policies have to take part for an action.
pub(super) fn needed(estate: &Estate<'_>, action: &str) -> Bits {
    let mut bits = Bits::none(estate.resources.len());
    for (at, held) in estate.resources.iter().enumerate() {
        if services::needs_resource_policy(action, &held.resource.arn) {
            bits.insert(at);
        }
    }
    bits
}
