//! What all policies together permit: the formula of a single decision, over sets of resources.

use super::guard::{Common, Guards, Sides, Told, needed};
use super::index::Index;
use super::said::{Asker, Said, Shared, join};
use super::sets::{Answers, Bits};
use super::{Estate, Group, Holder, Row, Summary};
use crate::aws::answer::Answer;
use crate::aws::organization::{Level, Membership};
use crate::aws::policy::Policy;
use crate::aws::principal::Kind;
use crate::aws::services;
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::mem::Discriminant;
use std::rc::Rc;

/// What is the same for an action whoever asks.
struct Fixed {
    /// Where it makes sense.
    on: Bits,
    /// Where the resource's policy has to take part.
    needed: Bits,
    /// Which of these two sets it has.
    kind: u32,
}

/// What the policies that limit a principal, or grant to it, say.
struct Sayings {
    identity: Vec<Rc<Said>>,
    boundary: Option<Rc<Said>>,
    /// For each level its service control policies.
    levels: Vec<Vec<Rc<Said>>>,
    control: Vec<Rc<Said>>,
    /// Service control policies that are not given.
    unknown: bool,
    common: Rc<Common>,
    told: Vec<Told>,
}

/// Who asks, as far as the kinds of policies tell apart.
type Class = (Discriminant<Kind>, Option<Text>, bool, bool);

/// What two principals have in common that may do the same: the class and the policies, by identity.
type Alike = (u32, Vec<*const Policy>);

pub(super) struct Work<'a> {
    estate: &'a Estate<'a>,
    index: Index<'a>,
    guards: Guards<'a>,
    shared: Shared,
    fixed: Vec<Fixed>,
    classes: FxHashMap<Class, u32>,
    /// For each class, in which resources' account it is.
    own: FxHashMap<Option<Text>, Answers>,
    action_sets: FxHashMap<Box<[u32]>, u32>,
    resource_sets: FxHashMap<Box<[u32]>, u32>,
    groups: FxHashMap<Rc<[Row]>, Vec<u32>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(estate: &'a Estate<'a>) -> Work<'a> {
        let mut index = Index::new(estate.resources.iter().map(|held| held.resource));
        let guards = Guards::new(estate, &mut index);
        let mut shared = Shared::default();
        for holder in &estate.holders {
            holder.identity.iter().for_each(|policy| shared.count(policy));
            holder.boundary.into_iter().for_each(|policy| shared.count(policy));
        }
        for level in levels(estate.principal_in).iter().chain(levels(estate.resource_in)) {
            let policies = level.service_control.iter().flatten().chain(&level.resource_control);
            // Used for all: worth to be kept.
            policies.for_each(|policy| (0..2).for_each(|_| shared.count(policy)));
        }
        let mut kinds: FxHashMap<(Bits, Bits), u32> = FxHashMap::default();
        let mut fixed = Vec::new();
        for action in &estate.actions {
            let (on, needed) = (index.matching(&action.on).possible, needed(estate, &action.lower));
            let next = kinds.len() as u32;
            let kind = *kinds.entry((on.clone(), needed.clone())).or_insert(next);
            fixed.push(Fixed { on, needed, kind });
        }
        Work {
            estate,
            index,
            guards,
            shared,
            fixed,
            classes: FxHashMap::default(),
            own: FxHashMap::default(),
            action_sets: FxHashMap::default(),
            resource_sets: FxHashMap::default(),
            groups: FxHashMap::default(),
        }
    }

    pub(super) fn done(mut self) -> Summary {
        let mut seen: FxHashMap<Alike, Rc<[Row]>> = FxHashMap::default();
        for (at, holder) in self.estate.holders.iter().enumerate() {
            let asker = self.asker(holder);
            let told = self.guards.told_apart(self.estate, &asker);
            let alike = self.alike(holder, &asker).filter(|_| told.is_empty());
            let rows = match alike.as_ref().and_then(|alike| seen.get(alike)) {
                Some(rows) => rows.clone(),
                None => self.rows(holder, &asker, told),
            };
            if let Some(alike) = alike {
                seen.insert(alike, rows.clone());
            }
            if !rows.is_empty() {
                self.groups.entry(rows).or_default().push(at as u32);
            }
        }
        let list = |sets: FxHashMap<Box<[u32]>, u32>| {
            let mut all: Vec<(u32, Box<[u32]>)> = sets.into_iter().map(|(set, at)| (at, set)).collect();
            all.sort_unstable_by_key(|(at, _)| *at);
            all.into_iter().map(|(_, set)| set).collect()
        };
        let group = |(rows, members): (Rc<[Row]>, Vec<u32>)| Group { members, rows: rows.to_vec() };
        let mut groups: Vec<Group> = self.groups.into_iter().map(group).collect();
        groups.sort_unstable_by(|one, two| one.members.cmp(&two.members));
        Summary {
            groups,
            action_sets: list(self.action_sets),
            resource_sets: list(self.resource_sets),
            exhausted: self.index.exhausted(),
        }
    }

    fn asker(&mut self, holder: &Holder<'a>) -> Asker<'a> {
        let principal = holder.principal;
        let bounded = holder.boundary.is_some() && principal.kind != Kind::Root;
        let kind = std::mem::discriminant(&principal.kind);
        let class = (kind, principal.account.clone(), bounded, principal.is_service_linked());
        let next = self.classes.len() as u32;
        let class = *self.classes.entry(class).or_insert(next);
        Asker { principal, bounded, class }
    }

    /// What makes principals alike. `None` where some policy depends on who asks.
    fn alike(&mut self, holder: &Holder<'a>, asker: &Asker<'a>) -> Option<Alike> {
        let policies = holder.identity.iter().chain(holder.boundary);
        let organization = levels(self.estate.principal_in).iter().chain(levels(self.estate.resource_in));
        let organization =
            organization.flat_map(|level| level.service_control.iter().flatten().chain(&level.resource_control));
        if policies.clone().chain(organization).any(|policy| self.shared.depends(policy)) {
            return None;
        }
        let mut pointers: Vec<*const Policy> =
            holder.identity.iter().map(|policy| std::ptr::from_ref(&**policy)).collect();
        pointers.sort_unstable();
        pointers.dedup();
        pointers.extend(holder.boundary.filter(|_| asker.bounded).map(|policy| std::ptr::from_ref(&**policy)));
        Some((asker.class, pointers))
    }

    fn said(&mut self, policy: &Policy, asker: &Asker<'a>, own: bool) -> Rc<Said> {
        self.shared.said(self.estate, &mut self.index, policy, asker, own)
    }

    fn sayings(&mut self, holder: &Holder<'a>, asker: &Asker<'a>, told: Vec<Told>) -> Sayings {
        let limited = asker.principal.is_iam() && !asker.principal.is_service_linked();
        let service = levels(self.estate.principal_in).iter().filter_map(|level| level.service_control.as_ref());
        let service: Vec<_> = service.filter(|_| limited).collect();
        let control = levels(self.estate.resource_in).iter().flat_map(|level| &level.resource_control);
        let control: Vec<_> = control.filter(|_| !asker.principal.is_service_linked()).collect();
        Sayings {
            identity: holder.identity.iter().map(|policy| self.said(policy, asker, false)).collect(),
            boundary: holder.boundary.filter(|_| asker.bounded).map(|policy| self.said(policy, asker, false)),
            levels: service
                .into_iter()
                .map(|policies| policies.iter().map(|policy| self.said(policy, asker, false)).collect())
                .collect(),
            control: control.into_iter().map(|policy| self.said(policy, asker, true)).collect(),
            unknown: limited && matches!(self.estate.principal_in, Membership::NotGiven | Membership::Somewhere(_)),
            common: self.guards.common(self.estate, asker),
            told,
        }
    }

    /// What one principal may do.
    fn rows(&mut self, holder: &Holder<'a>, asker: &Asker<'a>, told: Vec<Told>) -> Rc<[Row]> {
        let sayings = self.sayings(holder, asker, told);
        // Actions of which all policies say the same are decided once.
        let mut alike: FxHashMap<Vec<usize>, Vec<u32>> = FxHashMap::default();
        for action in 0..self.estate.actions.len() {
            let mut kinds: Vec<usize> = sayings.all().map(|said| said.kind(action) as usize).collect();
            kinds.push(sayings.common.kind(action) as usize);
            kinds.push(self.fixed.get(action).map_or(0, |fixed| fixed.kind as usize));
            kinds.push(self.flags(action));
            kinds.extend(self.guards.about(&sayings.told, action));
            alike.entry(kinds).or_default().push(action as u32);
        }
        let mut rows: FxHashMap<(Option<u32>, Option<u32>), Vec<u32>> = FxHashMap::default();
        for actions in alike.into_values() {
            let Some(action) = actions.first() else { continue };
            let answers = self.decide(asker, &sayings, *action as usize);
            let Some(on) = self.fixed.get(*action as usize).map(|fixed| &fixed.on) else { continue };
            let (mut yes, mut may) = (answers.yes, answers.possible);
            may.take(&yes);
            yes.keep(on);
            may.keep(on);
            let key = (self.resource_set(&yes), self.resource_set(&may));
            if key != (None, None) {
                rows.entry(key).or_default().extend(actions);
            }
        }
        let mut all: Vec<Row> = rows
            .into_iter()
            .map(|((yes, may), mut actions)| {
                actions.sort_unstable();
                let next = self.action_sets.len() as u32;
                Row { actions: *self.action_sets.entry(actions.into()).or_insert(next), yes, may }
            })
            .collect();
        all.sort_unstable_by_key(|row| row.actions);
        all.into()
    }

    /// What is special about an action, as a number.
    fn flags(&self, action: usize) -> usize {
        let Some(action) = self.estate.actions.get(action) else { return 0 };
        usize::from(services::trusts(&action.lower)) | usize::from(services::has_resource_control(&action.lower)) << 1
    }

    fn resource_set(&mut self, bits: &Bits) -> Option<u32> {
        if bits.is_empty() {
            return None;
        }
        let items: Box<[u32]> = bits.items().map(|item| item as u32).collect();
        let next = self.resource_sets.len() as u32;
        Some(*self.resource_sets.entry(items).or_insert(next))
    }

    /// The decision for one action on every resource.
    fn decide(&mut self, asker: &Asker<'a>, sayings: &Sayings, action: usize) -> Answers {
        let count = self.index.count();
        let no = || Answers::constant(Answer::No, count);
        let (principal, flags) = (asker.principal, self.flags(action));
        let mut sides = sayings.common.sides(action).cloned();
        if let Some(sides) = sides.as_mut().filter(|_| !sayings.told.is_empty()) {
            self.guards.add(sides, &sayings.told, action);
        }
        let Some(Sides { whole, limited, account, deny }) = sides else { return no() };
        let mut deny = Some(deny);
        sayings.denials(action).for_each(|answers| join(&mut deny, answers));
        let somewhere = matches!(self.estate.resource_in, Membership::NotGiven | Membership::Somewhere(_));
        if sayings.unknown || (somewhere && flags & 2 != 0 && !principal.is_service_linked()) {
            join(&mut deny, &Answers::constant(Answer::May, count));
        }
        let limits = sayings.boundary.as_ref().map(|said| allowed(said, action).unwrap_or_else(no));
        let bound = |answers: &mut Answers| limits.iter().for_each(|limits| answers.and(limits));
        let mut granted = whole.clone();
        granted.or(&limited);
        granted.or(&account);
        if principal.kind == Kind::Root && flags & 1 != 0 {
            return no();
        }
        if principal.is_iam() {
            let mut own = match principal.kind {
                Kind::Root => Answers::constant(Answer::Yes, count),
                _ => union(&sayings.identity, action).unwrap_or_else(no),
            };
            bound(&mut own);
            granted.and(&own);
            let mut same = self.delegated(own, &account, action);
            let mut limited = limited;
            bound(&mut limited);
            same.or(&whole);
            same.or(&limited);
            granted = Answers::either(self.own(principal.account.as_ref()), &same, &granted);
        }
        for level in &sayings.levels {
            granted.and(&union(level, action).unwrap_or_else(no));
        }
        deny.iter().for_each(|deny| granted.and_not(deny));
        granted
    }

    /// What identity policies permit within the account: where the resource's policy has to take part, what that
    /// delegates.
    fn delegated(&self, mut own: Answers, account: &Answers, action: usize) -> Answers {
        let Some(needed) = self.fixed.get(action).map(|fixed| &fixed.needed) else { return own };
        for (own, account) in [(&mut own.yes, &account.yes), (&mut own.possible, &account.possible)] {
            let mut withheld = needed.clone();
            withheld.take(account);
            own.take(&withheld);
        }
        own
    }

    /// The resources of an account; possibly those whose account is not known.
    fn own(&mut self, account: Option<&Text>) -> &Answers {
        let resources = &self.estate.resources;
        self.own.entry(account.cloned()).or_insert_with(|| {
            let mut own = Answers::constant(Answer::No, resources.len());
            for (at, held) in resources.iter().enumerate() {
                let answer = match (account, &held.resource.account) {
                    (Some(own), Some(other)) => Answer::from(own == other),
                    _ if *held.resource.arn == *"*" => Answer::Yes,
                    _ => Answer::May,
                };
                own.raise(at, answer);
            }
            own
        })
    }
}

impl Sayings {
    fn all(&self) -> impl Iterator<Item = &Rc<Said>> {
        self.identity.iter().chain(&self.boundary).chain(self.levels.iter().flatten()).chain(&self.control)
    }

    fn denials(&self, action: usize) -> impl Iterator<Item = &Answers> {
        self.all().filter_map(move |said| said.saying(action)?.deny.as_ref())
    }
}

fn allowed(said: &Said, action: usize) -> Option<Answers> {
    said.saying(action)?.allow.clone()
}

fn union(all: &[Rc<Said>], action: usize) -> Option<Answers> {
    let mut allow = None;
    all.iter().filter_map(|said| said.saying(action)?.allow.as_ref()).for_each(|answers| join(&mut allow, answers));
    allow
}

fn levels(membership: Membership<'_>) -> &[Level] {
    match membership {
        Membership::Member(_, levels) => levels,
        _ => &[],
    }
}
