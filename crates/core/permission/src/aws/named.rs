//! Whom a statement of a resource policy names, and how strongly: that decides which other policies still limit the grant.

use super::answer::Answer;
use super::arn::Arn;
use super::policy::{Effect, Listed, Named, Statement};
use super::principal::{Kind, Principal};

/// How a statement names the principal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Naming {
    /// So that neither its identity policies, nor a boundary, nor a session policy has to allow.
    pub(crate) whole: Answer,
    /// So that a boundary and a session policy still have to allow: the ARN of a role.
    pub(crate) limited: Answer,
    /// Its account only: its identity policies have to allow as well.
    pub(crate) account: Answer,
}

impl Naming {
    const NOT: Naming = Naming { whole: Answer::No, limited: Answer::No, account: Answer::No };
    const MAYBE: Naming = Naming { whole: Answer::May, limited: Answer::No, account: Answer::No };

    fn whole(answer: Answer) -> Naming {
        Naming { whole: answer, ..Naming::NOT }
    }

    fn limited(answer: Answer) -> Naming {
        Naming { limited: answer, ..Naming::NOT }
    }

    fn account(answer: Answer) -> Naming {
        Naming { account: answer, ..Naming::NOT }
    }

    pub(crate) fn or(self, other: Naming) -> Naming {
        Naming {
            whole: self.whole.or(other.whole),
            limited: self.limited.or(other.limited),
            account: self.account.or(other.account),
        }
    }

    pub(crate) fn and(self, answer: Answer) -> Naming {
        Naming { whole: self.whole.and(answer), limited: self.limited.and(answer), account: self.account.and(answer) }
    }

    pub(crate) fn any(self) -> Answer {
        self.whole.or(self.limited).or(self.account)
    }
}

/// How `statement`, of a resource policy, names `principal`. `bounded`: a permission boundary limits it.
pub(crate) fn naming(statement: &Statement, principal: &Principal, bounded: bool) -> Naming {
    let all = |items: &[Named]| items.iter().fold(Naming::NOT, |all, named| all.or(one(named, principal)));
    match &statement.principals {
        Listed::These(items) => all(items),
        Listed::AllBut(items) => {
            let listed = all(items);
            match statement.effect {
                Effect::Deny => Naming::whole(denied_all_but(items, principal, listed, bounded)),
                _ => everyone(principal).and(allowed_all_but(listed)),
            }
        }
        // A resource policy that names nobody cannot be read.
        Listed::Missing | Listed::Unread => Naming::MAYBE,
    }
}

fn allowed_all_but(listed: Naming) -> Answer {
    let apart = listed.whole.or(listed.limited).negated();
    // Whether the account's listing takes all of its principals out is not documented.
    if listed.account.possible() { apart.doubted() } else { apart }
}

/// `NotPrincipal` with `Deny` spares a principal only where it is listed in each of its forms: its account, its own ARN
/// and, of a session, the session's. One that has a boundary is never spared.
fn denied_all_but(items: &[Named], principal: &Principal, listed: Naming, bounded: bool) -> Answer {
    if bounded && principal.is_iam() {
        return Answer::Yes;
    }
    if items.contains(&Named::Everyone) {
        return Answer::No;
    }
    let forms = match principal.kind {
        Kind::Role { .. } => vec![listed.whole, listed.limited, listed.account],
        Kind::User | Kind::FederatedUser => vec![listed.whole, listed.account],
        _ => vec![listed.whole],
    };
    let first = forms.first().copied().unwrap_or_default();
    forms.into_iter().fold(first, Answer::agreed).negated()
}

fn everyone(principal: &Principal) -> Naming {
    match principal.kind {
        // Whether naming everyone names the session, which no boundary limits, or its role is not documented.
        Kind::Role { .. } => Naming { whole: Answer::May, limited: Answer::Yes, account: Answer::No },
        // Nor whether it names those whom an identity provider vouches for.
        Kind::Federated => Naming::MAYBE,
        _ => Naming::whole(Answer::Yes),
    }
}

fn one(named: &Named, principal: &Principal) -> Naming {
    match named {
        Named::Everyone => everyone(principal),
        Named::Account(account) => {
            let own = Answer::from(principal.is_iam() && principal.account.as_ref() == Some(account));
            match principal.kind {
                Kind::Root => Naming::whole(own),
                _ => Naming::account(own),
            }
        }
        Named::Arn(arn) => by_arn(arn, principal),
        Named::Id(id) => match (&principal.id, &principal.kind) {
            (Some(own), Kind::Role { .. }) => Naming::limited(Answer::from(own == id)),
            (Some(own), _) => Naming::whole(Answer::from(own == id)),
            (None, Kind::User | Kind::Role { .. }) => Naming::MAYBE,
            _ => Naming::NOT,
        },
        Named::Service(name) => Naming::whole(Answer::from(principal.kind == Kind::Service && *name == principal.arn)),
        Named::Federated(provider) => {
            Naming::whole(Answer::from(principal.kind == Kind::Federated && *provider == principal.arn))
        }
        Named::Canonical(_) if principal.is_iam() => Naming::account(Answer::May),
        Named::Canonical(_) => Naming::NOT,
        Named::Unread(_) if principal.is_iam() => Naming::MAYBE,
        Named::Unread(_) => Naming::NOT,
    }
}

fn by_arn(arn: &str, principal: &Principal) -> Naming {
    let Kind::Role { session } = &principal.kind else {
        return Naming::whole(Answer::from(principal.is_iam() && *arn == *principal.arn));
    };
    if *arn == *principal.arn {
        return Naming::limited(Answer::Yes);
    }
    let named = Arn::split(arn).filter(|arn| arn.service == "sts" && Some(arn.account) == principal.account.as_deref());
    let rest = named.and_then(|arn| arn.resource.strip_prefix("assumed-role/"));
    match (rest.and_then(|rest| rest.split_once('/')), session) {
        (Some((role, name)), Some(own)) if role == principal.name() => Naming::whole(Answer::from(*own == *name)),
        // Who assumes a role names the session.
        (Some((role, _)), None) if role == principal.name() => Naming::MAYBE,
        _ => Naming::NOT,
    }
}
