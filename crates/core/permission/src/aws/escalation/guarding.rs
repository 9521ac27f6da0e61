//! Resources with policies of their own: whom such a policy lets in, in the account and outside, and whom it may refuse.

use super::judge::{about_principal, is_outside, verdict};
use super::{Permissions, Verdict};
use crate::aws::answer::Answer;
use crate::aws::condition::Condition;
use crate::aws::context::Context;
use crate::aws::evaluate::{KeyGrant, Policies, Request, ResourcePolicy};
use crate::aws::named::naming;
use crate::aws::organization::Membership;
use crate::aws::policy::{Effect, Listed, Named, Policy, Statement};
use crate::aws::principal::{Kind, Principal};
use crate::aws::template::Template;
use firebreak_model::Text;
use std::collections::BTreeSet;
use std::sync::Arc;

/// At most so many parts of a resource are asked for each policy.
const MAX_SAMPLES: usize = 16;

/// What was decided of a resource, why, and what is undecided.
#[derive(Clone, PartialEq, Debug)]
pub struct Decided {
    /// Whether it is allowed.
    pub answer: Answer,
    /// The statements that allow it.
    pub because: Vec<Text>,
    /// What would have to be known.
    pub may: Vec<Text>,
}

impl From<Verdict> for Decided {
    fn from(Verdict { answer, because, may }: Verdict) -> Decided {
        Decided { answer, because, may }
    }
}

impl Permissions<'_> {
    /// Whether the member with this ARN may do `action` on a resource whose own policy is `own`, which has these grants
    /// where it is a key. `None`: there is no
    /// such member, or too much was decided already.
    pub fn decide_on(
        &mut self,
        member: &str,
        action: &str,
        resource: &str,
        own: ResourcePolicy<'_>,
        grants: &[KeyGrant],
    ) -> Option<Decided> {
        let asker = self.judge.member(member).filter(|_| !self.judge.bounded())?;
        let context = self.judge.context();
        Some(self.judge.put(asker, action, resource, &context, own, grants).into())
    }

    /// Whether someone who is not of the account may do `action`, if everything is allowed to it on its own side.
    pub fn decide_outside(
        &self,
        who: &Principal,
        action: &str,
        resource: &str,
        own: &Policy,
        grants: &[KeyGrant],
    ) -> Decided {
        let own = Side { policy: own, grants };
        let account = who.account.as_deref().unwrap_or_default();
        let place = self.judge.organization_of(account);
        if !who.is_iam() {
            return self.ask(who, action, resource, own, false, Membership::Standalone);
        }
        let placed = self.ask(who, action, resource, own, true, place);
        if matches!(place, Membership::Member(..) | Membership::Management(_)) {
            // What its organisation withholds from it is known.
            return placed;
        }
        // Whether its account is in an organisation matters only where it must not be in none.
        let alone = self.ask(who, action, resource, own, true, Membership::Standalone);
        if placed.answer > alone.answer { placed } else { alone }
    }

    /// What the policy `own` says to anyone of the account: of whom it tells nothing but that, with everything allowed
    /// by its own policies (`allowed`) or nothing.
    pub fn decide_anyone(&self, allowed: bool, action: &str, resource: &str, own: &Policy) -> Decided {
        let who = Principal::user(&format!("arn:aws:iam::{}:user/firebreak", self.judge.id()));
        let own = Side { policy: own, grants: &[] };
        self.ask(&who, action, resource, own, allowed, self.judge.membership())
    }

    fn ask(
        &self,
        who: &Principal,
        action: &str,
        resource: &str,
        own: Side<'_>,
        allowed: bool,
        principal_in: Membership<'_>,
    ) -> Decided {
        let resource = self.judge.resource(resource);
        // A service does not say here for whom it acts.
        let context = match (&who.kind, principal_in) {
            (Kind::Service, _) => Context::open().with("aws:SecureTransport", ["true"]),
            (_, Membership::NotGiven) if who.is_iam() => self.elsewhere(own.policy),
            _ => self.judge.context(),
        };
        let lower = action.to_ascii_lowercase();
        let request = Request { principal: who, action: &lower, resource: &resource, context: &context };
        let everything = [Arc::new(Policy::allow_all("its own policies"))];
        let policies = Policies {
            identity: if allowed { &everything } else { &[] },
            resource: ResourcePolicy::Given(own.policy),
            grants: own.grants,
            principal_in,
            resource_in: self.judge.membership(),
            ..Policies::default()
        };
        match principal_in {
            // Of the account itself, or of no other.
            Membership::Standalone if who.account.as_deref() == Some(self.judge.id()) => {
                self.judge.placed(action, &request, policies).into()
            }
            _ => verdict(action, &request, &policies).into(),
        }
    }

    /// What is known of a request of someone whose account is not in the tree of our organisation: it is of no member of
    /// ours, which matters where the policy asks for ours alone.
    fn elsewhere(&self, own: &Policy) -> Context {
        let context = self.judge.context();
        let Some(ours) = self.judge.organization_id() else { return context };
        let others = |admitted: &Admitted| matches!(admitted, Admitted::Organization(id) if **id != *ours);
        if admitted(own).iter().any(others) {
            return context;
        }
        context.with("aws:PrincipalOrgID", ["o-another"]).with("aws:PrincipalOrgPaths", ["o-another/r-another/"])
    }

    /// The other accounts of our organisation, where it is `id` and its tree is known.
    pub fn accounts_of(&self, id: &str) -> Vec<Text> {
        self.judge.accounts_of(id)
    }

    /// Whether `own` names this member, so that the member's own policies need not allow it. Whoever is named only as
    /// anyone is not meant.
    pub fn names(&self, member: &str, own: &Policy) -> bool {
        let Some(principal) = self.judge.member(member).and_then(|asker| self.judge.principal(asker)) else {
            return false;
        };
        let mut allows = own.statements.iter().filter(|statement| statement.effect.may_allow() && !is_open(statement));
        allows.any(|statement| {
            let named = naming(statement, principal, false);
            named.whole.or(named.limited).possible()
        })
    }
}

/// What a resource says of itself.
#[derive(Clone, Copy)]
struct Side<'a> {
    policy: &'a Policy,
    grants: &'a [KeyGrant],
}

/// Whether `own` allows something to everyone, whoever asks.
pub fn opens(own: &Policy) -> bool {
    own.statements.iter().any(|statement| statement.effect.may_allow() && is_open(statement))
}

/// Whether a Deny of `own` tells principals of an account apart, or cannot be read.
pub fn tells_apart(own: &Policy) -> bool {
    own.unread.is_some()
        || own.statements.iter().filter(|statement| statement.effect.may_deny()).any(|statement| {
            let outside = matches!(&statement.principals, Listed::These(all) if all.iter().all(is_outside));
            !outside && !is_open(statement)
        })
}

/// Whether a statement is about everyone, and asks nothing of who it is.
fn is_open(statement: &Statement) -> bool {
    let all = matches!(&statement.principals, Listed::These(all) if all.contains(&Named::Everyone));
    all && statement.effect != Effect::Unread && !about_principal(statement)
}

/// Those outside `account` whom `own` may let in. Whoever is excepted (`NotPrincipal`) or unreadable stands for everyone.
pub fn outsiders(own: &Policy, account: &str) -> BTreeSet<Named> {
    let mut found = BTreeSet::new();
    if own.unread.is_some() {
        found.insert(Named::Everyone);
    }
    for statement in own.statements.iter().filter(|statement| statement.effect.may_allow()) {
        let Listed::These(all) = &statement.principals else {
            found.insert(Named::Everyone);
            continue;
        };
        found.extend(
            all.iter()
                .filter(|named| match named {
                    Named::Account(other) => !other.contains(account),
                    Named::Arn(arn) => !arn.contains(&format!("::{account}:")),
                    // Whoever had the id is gone.
                    Named::Id(_) => false,
                    _ => true,
                })
                .cloned(),
        );
    }
    found
}

/// Whom conditions of a policy let in, beside those whom it names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Admitted {
    /// The principal with this ARN.
    Arn(Text),
    /// Those whose ARN is like this.
    Like(Text),
    /// Those of this account.
    Account(Text),
    /// Those of this organisation.
    Organization(Text),
}

/// Whom the conditions of what `own` allows speak of. Whether they are let in is still to be decided.
pub fn admitted(own: &Policy) -> BTreeSet<Admitted> {
    let mut found = BTreeSet::new();
    let allows = own.statements.iter().filter(|statement| statement.effect.may_allow());
    for condition in allows.flat_map(|statement| &statement.conditions) {
        let Some(values) = condition.admits() else { continue };
        found.extend(values.into_iter().filter_map(|value| {
            let plain = !value.contains(['*', '?', '$']);
            match condition.key_in_lower_case() {
                "aws:principalarn" if plain => Some(Admitted::Arn(Text::new(value))),
                "aws:principalarn" => Some(Admitted::Like(Text::new(value))),
                "aws:principalaccount" | "kms:calleraccount" if plain => Some(Admitted::Account(Text::new(value))),
                "aws:principalorgid" if plain => Some(Admitted::Organization(Text::new(value))),
                "aws:principalorgpaths" => {
                    let id = value.split('/').next().filter(|id| !id.contains(['*', '?', '$']))?;
                    Some(Admitted::Organization(Text::new(id)))
                }
                _ => None,
            }
        }));
    }
    found
}

/// Keys whose fixed values keep a policy that names everyone from being public, as S3 sees it.
const NARROWING: [&str; 13] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

/// Whether `own` is public, as S3's public access block means it: it allows something to everyone whom no fixed value
/// narrows.
pub fn is_public(own: &Policy) -> bool {
    own.unread.is_some()
        || own.statements.iter().filter(|statement| statement.effect.may_allow()).any(|statement| {
            let named = matches!(&statement.principals, Listed::These(all) if !all.contains(&Named::Everyone));
            let narrow =
                |condition: &Condition| NARROWING.contains(&condition.key_in_lower_case()) && condition.is_narrow();
            !named && !statement.conditions.iter().any(narrow)
        })
}

/// Parts below `prefix` of which the policy speaks, each with its wildcards filled in.
pub fn samples(own: &Policy, prefix: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for template in own.statements.iter().flat_map(|statement| statement.resources.items()) {
        let Template::Fixed(glob) = template else { continue };
        found.extend(below(&glob.shown(), prefix));
    }
    found.into_iter().take(MAX_SAMPLES).collect()
}

/// What a pattern may mean below `prefix`: what comes before some slash of it is the whole of that.
pub fn below(pattern: &str, prefix: &str) -> Vec<String> {
    let tails = pattern.match_indices('/').filter_map(|(at, _)| pattern.get(at + 1..));
    tails.map(|tail| format!("{prefix}{}", tail.replace('*', "firebreak").replace('?', "x"))).collect()
}

/// The actions that the policy names in full, in lower case.
pub fn actions(own: &Policy) -> BTreeSet<String> {
    let globs = own.statements.iter().flat_map(|statement| statement.actions.items());
    globs.map(|glob| glob.shown()).filter(|action| !action.contains(['*', '?'])).collect()
}

/// Whether the action is one on a KMS key, whose policy always has a say.
pub(super) fn is_about_key(action: &str) -> bool {
    action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("kms:"))
}
