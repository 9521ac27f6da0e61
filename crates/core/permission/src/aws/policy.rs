//! Policies as they are read: statements with compiled patterns, and what could not be read.

use super::condition::Condition;
use super::glob::Glob;
use super::template::Template;
use firebreak_model::Text;
use std::collections::{BTreeMap, BTreeSet};

/// What a statement does where it applies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies.
    Deny,
    /// It could not be read which.
    Unread,
}

impl Effect {
    /// Whether it allows, or may.
    pub(crate) fn may_allow(self) -> bool {
        self != Effect::Deny
    }

    /// Whether it denies, or may.
    pub(crate) fn may_deny(self) -> bool {
        self != Effect::Allow
    }
}

/// Those that are listed, all but those, or what could not be read.
#[derive(Clone, PartialEq, Debug)]
pub enum Listed<T> {
    /// `Action`, `Resource`, `Principal`.
    These(Box<[T]>),
    /// `NotAction`, `NotResource`, `NotPrincipal`.
    AllBut(Box<[T]>),
    /// There is no such element.
    Missing,
    /// It could not be read: it may be anything.
    Unread,
}

impl<T> Listed<T> {
    /// What is listed, either way.
    pub(crate) fn items(&self) -> &[T] {
        match self {
            Listed::These(items) | Listed::AllBut(items) => items,
            Listed::Missing | Listed::Unread => &[],
        }
    }
}

/// Whom a policy names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Named {
    /// `*`, `{"AWS": "*"}`.
    Everyone,
    /// An account: its number or the ARN of its root.
    Account(Text),
    /// The ARN of a user, a role, a session or a federated user.
    Arn(Text),
    /// A unique id: the principal that had it no longer exists, unless it is the one that asks.
    Id(Text),
    /// An AWS service.
    Service(Text),
    /// An identity provider.
    Federated(Text),
    /// The canonical id of an account, which S3 uses.
    Canonical(Text),
    /// Something else: it may be anybody.
    Unread(Text),
}

/// One statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// The `Sid`, or `statement` and its number from 0.
    pub id: Text,
    /// What it does.
    pub effect: Effect,
    /// For whom: of resource policies.
    pub principals: Listed<Named>,
    /// The actions, in lower case.
    pub actions: Listed<Glob>,
    /// The resources.
    pub resources: Listed<Template>,
    /// What must hold besides.
    pub conditions: Vec<Condition>,
    /// What could not be read of it, in words: then it applies at most "may".
    pub unread: Option<Text>,
}

/// A service's name, as a number: two services may share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Mark(u32);

impl Mark {
    /// Of the service whose action this is, in lower case.
    pub(crate) fn of_action(action: &[u8]) -> Mark {
        let service = action.split(|byte| *byte == b':').next().unwrap_or_default();
        Mark(service.iter().fold(0x811c_9dc5, |mark, byte| (mark ^ u32::from(*byte)).wrapping_mul(0x0100_0193)))
    }
}

/// Which statements may name actions of which service, so that the others need not be looked at.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Services {
    named: Box<[(Mark, Box<[u32]>)]>,
    any: Box<[u32]>,
}

impl Services {
    fn of(statements: &[Statement]) -> Services {
        let mut named: BTreeMap<Mark, Vec<u32>> = BTreeMap::new();
        let mut any = Vec::new();
        for (at, statement) in (0_u32..).zip(statements) {
            let marks = match &statement.actions {
                // The service is certain where a colon comes before any wildcard.
                Listed::These(globs) => globs.iter().map(|glob| mark(glob.prefix())).collect::<Option<BTreeSet<_>>>(),
                _ => None,
            };
            match marks {
                Some(marks) => marks.into_iter().for_each(|mark| named.entry(mark).or_default().push(at)),
                None => any.push(at),
            }
        }
        Services { named: named.into_iter().map(|(mark, list)| (mark, list.into())).collect(), any: any.into() }
    }
}

fn mark(prefix: &[u8]) -> Option<Mark> {
    prefix.contains(&b':').then(|| Mark::of_action(prefix))
}

/// A policy document.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    /// Its name or ARN, for people to read.
    pub name: Text,
    /// What could be read. The actions of a statement stay as they are: by them it is found.
    pub(crate) statements: Vec<Statement>,
    pub(super) services: Services,
    /// Why there may be more than what could be read, in words.
    pub unread: Option<Text>,
    /// Whether what could not be read may deny, too.
    pub unread_denies: bool,
}

impl Policy {
    /// A policy without statements: given, and allowing nothing.
    pub fn empty(name: &str) -> Policy {
        Policy::of(name, Vec::new())
    }

    /// A policy of these statements.
    pub(crate) fn of(name: &str, statements: Vec<Statement>) -> Policy {
        let services = Services::of(&statements);
        Policy { name: Text::new(name), statements, services, unread: None, unread_denies: false }
    }

    /// What could be read.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The statements that may name an action of the service with this mark.
    pub(crate) fn about(&self, service: Mark) -> impl Iterator<Item = &Statement> {
        let named = self.services.named.binary_search_by_key(&service, |(own, _)| *own).ok();
        let named = named.and_then(|at| self.services.named.get(at)).map(|(_, list)| &**list).unwrap_or_default();
        named.iter().chain(&self.services.any).filter_map(|at| self.statements.get(*at as usize))
    }

    /// A policy whose document is not given: it may allow and deny anything.
    pub fn missing(name: &str) -> Policy {
        let unread = Some(Text::new_static("the policy's document is not given"));
        Policy { unread, unread_denies: true, ..Policy::empty(name) }
    }

    /// A policy whose document is not given, but of which it is known that it only allows.
    pub fn missing_allowing(name: &str) -> Policy {
        Policy { unread_denies: false, ..Policy::missing(name) }
    }

    /// A policy that allows everything, as `FullAWSAccess` does.
    pub fn allow_all(name: &str) -> Policy {
        let everything = Statement {
            id: Text::new_static("statement 0"),
            effect: Effect::Allow,
            principals: Listed::Missing,
            actions: Listed::These(Box::new([Glob::new("*")])),
            resources: Listed::These(Box::new([Template::Fixed(Glob::new("*"))])),
            conditions: Vec::new(),
            unread: None,
        };
        Policy::of(name, vec![everything])
    }

    /// How many statements it has.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether it certainly says nothing.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.unread.is_none()
    }
}
