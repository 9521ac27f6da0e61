//! Ways up in an AWS account: who may become whom, who becomes an administrator, and by which permissions.
//!
//! What is known of such ways is a table ([`table`]); what an account holds is told by the caller ([`Account`]); whether
//! each permission that a way needs is given is for the policies to say. Pairs are never written out where many may
//! reach the same many: they meet in a [`Place::Hub`].
//!
//! It does not follow the ways to their end: that is the map's work, which also knows what else leads somewhere.

pub mod across;
mod alike;
mod altering;
mod assuming;
pub mod guarding;
mod judge;
mod passing;
mod running;
mod spread;
pub mod table;
#[cfg(test)]
mod tests;

use super::answer::Answer;
use super::organization::Organization;
use super::policy::Policy;
use super::principal::Principal;
use assuming::Trusts;
use firebreak_model::{Text, Time};
use judge::Judge;
use spread::{Candidates, Family};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use table::Kind;

/// How many permissions are decided at most, for one account. Beyond it, sets of targets are not told apart any more,
/// and what leads to them stays undecided.
pub const MAX_DECISIONS: u64 = 4_000_000;

/// A pattern that leads to more than this goes through a hub.
const MAX_DIRECT: usize = 16;

/// What a user, a role or a group is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MemberKind {
    /// An IAM user.
    User,
    /// A role.
    Role,
    /// A group: nobody by itself, but what a user becomes who is added to it.
    Group,
}

/// A user, role or group of the account.
#[derive(Clone, Debug)]
pub struct Member {
    /// What it is.
    pub kind: MemberKind,
    /// As whom it asks: its ARN, id and tags. A group asks as some user who is in it.
    pub principal: Principal,
    /// The ARN.
    pub arn: Text,
    /// Its tags, as what is asked of it sees them. `None`: not known.
    pub tags: Option<Vec<(Text, Text)>>,
    /// The policies that are its own, inline and attached.
    pub policies: Vec<Arc<Policy>>,
    /// The ARNs of the managed policies among them that the account owns, and may change.
    pub managed: Vec<Text>,
    /// The groups that a user is in, by their place in [`Account::members`].
    pub groups: Vec<usize>,
    /// The ARN of its permissions boundary, with the document.
    pub boundary: Option<(Text, Arc<Policy>)>,
    /// A role's trust policy.
    pub trust: Option<Arc<Policy>>,
    /// A role is in an instance profile.
    pub profile: bool,
    /// How many access keys a user has, where that is known.
    pub keys: Option<u8>,
    /// Whether a user has a password, where that is known.
    pub password: Option<bool>,
}

/// Something that runs as a role, or that is needed to run something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Running {
    /// What it is.
    pub kind: Kind,
    /// Its ARN, or a pattern of it where parts are not known.
    pub arn: Text,
    /// The ARN of the role that it runs as, where that is known.
    pub role: Option<Text>,
}

/// An account, as far as it is known.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its number.
    pub id: Text,
    /// Users, roles and groups.
    pub members: Vec<Member>,
    /// The ARNs of managed policies that have another version which makes an administrator of whoever has it.
    pub restorable: BTreeSet<Text>,
    /// What runs in it. `None`: not known.
    pub running: Option<Vec<Running>>,
    /// The organisation, where it is known.
    pub organization: Option<Organization>,
    /// When requests are made. `None`: what conditions say of time is not decided.
    pub now: Option<Time>,
}

/// Where a way begins or ends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// A user, role or group, by its place in [`Account::members`].
    Member(usize),
    /// Whoever may do anything in the account.
    Administrators,
    /// Whoever may do anything that this permissions boundary lets it, by the boundary's ARN.
    Within(Text),
    /// Whoever is any user of the account.
    SomeUser,
    /// A set of ways that many share, by a name that stays the same as long as its content does.
    Hub(Text),
}

/// One way, or a part of one that leads to or from a hub.
#[derive(Clone, PartialEq, Debug)]
pub struct Way {
    /// Who.
    pub from: Place,
    /// Whom it becomes, or whose rights it gets.
    pub to: Place,
    /// Who else must be reached first.
    pub with: Option<Place>,
    /// The path's id in the table; none out of a hub.
    pub path: &'static str,
    /// What the caller does, in words.
    pub how: Text,
    /// Which statements allow it: an action and the statement, each.
    pub because: Vec<Text>,
    /// What is undecided about it. Empty: it is certain.
    pub may: Vec<Text>,
}

/// All ways of an account.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// Each way once.
    pub ways: Vec<Way>,
    /// How many permissions were decided.
    pub decisions: u64,
    /// The bound was met: some ways are less certain, and some hubs wider, than they had to be.
    pub bounded: bool,
}

/// What is wanted of one principal, as it was decided.
#[derive(Clone, PartialEq, Debug, Default)]
struct Verdict {
    answer: Answer,
    because: Vec<Text>,
    may: Vec<Text>,
}

impl Verdict {
    fn certain() -> Verdict {
        Verdict { answer: Answer::Yes, ..Verdict::default() }
    }

    /// Both: the evidence and the doubts of both.
    fn and(mut self, other: &Verdict) -> Verdict {
        self.answer = self.answer.and(other.answer);
        add(&mut self.because, &other.because);
        add(&mut self.may, &other.may);
        self
    }

    /// With one more doubt.
    fn unless(mut self, doubt: impl Into<String>) -> Verdict {
        self.answer = self.answer.doubted();
        add(&mut self.may, &[Text::new(doubt.into())]);
        self
    }

    fn possible(&self) -> bool {
        self.answer.possible()
    }

    /// Whether it says more than `other`: more certain, or with fewer doubts.
    fn better(&self, other: &Verdict) -> bool {
        (self.answer, std::cmp::Reverse(self.may.len())) > (other.answer, std::cmp::Reverse(other.may.len()))
    }
}

fn add(to: &mut Vec<Text>, more: &[Text]) {
    for text in more {
        if !to.contains(text) {
            to.push(text.clone());
        }
    }
}

/// Finds every way of the table that the account's policies allow, or may.
pub fn find(account: &Account) -> Ways {
    let mut finder = Finder::new(account);
    for asker in 0..finder.judge.askers() {
        finder.of(asker);
    }
    finder.finish()
}

/// What members of an account may do to resources: their policies, boundaries and what their organisation withholds.
pub struct Permissions<'a> {
    judge: Judge<'a>,
    kept: alike::Kept,
}

impl<'a> Permissions<'a> {
    /// Of this account.
    pub fn new(account: &'a Account) -> Permissions<'a> {
        Permissions { judge: Judge::new(account), kept: alike::Kept::default() }
    }

    /// Whether the member with this ARN may do `action` on a resource that has no policy of its own, with what is
    /// undecided. `None`: there is no such member, or too much was decided already.
    pub fn decide(&mut self, member: &str, action: &str, resource: &str) -> Option<(Answer, Vec<Text>)> {
        let asker = self.judge.member(member).filter(|_| !self.judge.bounded())?;
        let context = self.judge.context();
        let verdict = self.judge.decide(asker, action, resource, &context);
        Some((verdict.answer, verdict.may))
    }
}

/// What is being found.
struct Finder<'a> {
    account: &'a Account,
    judge: Judge<'a>,
    ways: Vec<Way>,
    /// Hubs that are written already.
    hubs: BTreeSet<Text>,
    /// Sets of targets that do not depend on who asks.
    families: BTreeMap<String, Rc<Family>>,
    /// What actions are asked of: the roles that each service may be given, what may be changed, who may be taken over.
    candidates: BTreeMap<String, Rc<Candidates>>,
    trusts: Trusts,
    /// Who asks now may be an administrator already: what else it only may become says nothing more.
    doubtful: bool,
}

impl<'a> Finder<'a> {
    fn new(account: &'a Account) -> Finder<'a> {
        let mut judge = Judge::new(account);
        let mut families = BTreeMap::new();
        let mut candidates = BTreeMap::new();
        for (service, roles) in passing::trusting(account, &mut judge) {
            let arns = roles.iter().filter_map(|(role, _)| Some((account.members.get(*role)?.arn.clone(), *role)));
            candidates.insert(service.to_owned(), Rc::new(Candidates::new(arns)));
            for profile in [false, true] {
                let family = passing::runs_as(account, service, &roles, profile);
                families.insert(family.name.clone(), Rc::new(family));
            }
        }
        let trusts = Trusts::default();
        let mut finder = Finder {
            account,
            judge,
            ways: Vec::new(),
            hubs: BTreeSet::new(),
            families,
            candidates,
            trusts,
            doubtful: false,
        };
        finder.trusts = Trusts::of(&mut finder);
        finder
    }

    /// Every way that begins with one asker. An administrator needs none.
    fn of(&mut self, asker: usize) {
        self.doubtful = false;
        if self.alter(asker) {
            return;
        }
        self.join(asker);
        self.pass(asker);
        self.run(asker);
        self.take_over(asker);
        self.assume(asker);
    }

    /// The family of this name, made once.
    fn family(&mut self, name: String, make: impl FnOnce(&Self) -> Family) -> Rc<Family> {
        if let Some(family) = self.families.get(&name) {
            return Rc::clone(family);
        }
        let family = Rc::new(make(self));
        self.families.insert(name, Rc::clone(&family));
        family
    }

    /// The candidates of this name, made once.
    fn candidates(&mut self, name: String, make: impl FnOnce(&Self) -> Candidates) -> Rc<Candidates> {
        if let Some(candidates) = self.candidates.get(&name) {
            return Rc::clone(candidates);
        }
        let candidates = Rc::new(make(self));
        self.candidates.insert(name, Rc::clone(&candidates));
        candidates
    }

    /// Where an asker stands on the map.
    fn place(&self, asker: usize) -> Place {
        self.judge.place(asker)
    }

    /// Whose rights someone has whose policies the caller writes: everything, within its boundary.
    fn gain(&self, member: usize) -> Place {
        match self.account.members.get(member).and_then(|member| member.boundary.as_ref()) {
            Some((arn, _)) => Place::Within(arn.clone()),
            None => Place::Administrators,
        }
    }

    fn members(&self, kind: MemberKind) -> impl Iterator<Item = (usize, &'a Member)> {
        self.account.members.iter().enumerate().filter(move |(_, member)| member.kind == kind)
    }

    fn finish(mut self) -> Ways {
        self.ways.sort_by(|a, b| (&a.from, &a.to, &a.with, a.path).cmp(&(&b.from, &b.to, &b.with, b.path)));
        self.ways.dedup();
        Ways { ways: self.ways, decisions: self.judge.decisions(), bounded: self.judge.bounded() }
    }
}
