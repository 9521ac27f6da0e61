//! Roles assumed: both sides of every trust inside the account.
//!
//! A trust that names a user or role, or everyone, is decided for each: it is enough by itself. A trust that leaves it to
//! the account is decided by the policies of whoever asks; where neither side tells anyone apart, all meet in one hub.

use super::spread::{By, Candidates, Family, Gain, Targets};
use super::table::ASSUME;
use super::{Finder, MemberKind, Verdict};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The roles of an account by whom they trust in it.
#[derive(Default)]
pub(super) struct Trusts {
    /// For each user and role, the roles that name it.
    named: BTreeMap<usize, Vec<usize>>,
    /// Roles that leave it to the account and tell nobody apart, as one family with what their conditions leave undecided.
    plain: Option<Rc<Family>>,
    plain_arns: Rc<Candidates>,
    /// Roles that leave it to the account but not for everyone.
    picky: Rc<Candidates>,
    /// Roles that name everyone.
    everyone: Rc<Vec<usize>>,
}

impl Trusts {
    pub(super) fn of(finder: &mut Finder<'_>) -> Trusts {
        let mut trusts = Trusts::default();
        let (mut plain, mut arns, mut picky, mut everyone) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (role, member) in finder.members(MemberKind::Role).collect::<Vec<_>>() {
            let Some(trust) = &member.trust else { continue };
            let reading = finder.judge.trust(trust);
            for named in reading.named {
                trusts.named.entry(named).or_default().push(role);
            }
            if reading.everyone {
                everyone.push(role);
            } else if !reading.open {
                continue;
            } else if reading.alike {
                let verdict = finder.judge.trusts_account(role);
                if verdict.possible() {
                    plain.push((role, Gain::becomes(role, verdict)));
                    arns.push((member.arn.clone(), role));
                }
            } else {
                picky.push((member.arn.clone(), role));
            }
        }
        trusts.plain = Some(Rc::new(Family { name: "assumes".to_owned(), all: plain }));
        trusts.plain_arns = Rc::new(Candidates::new(arns));
        trusts.picky = Rc::new(Candidates::new(picky));
        trusts.everyone = Rc::new(everyone);
        trusts
    }
}

const BY: By<'static> = By { path: ASSUME, how: "assumes" };
const ACTION: &str = "sts:AssumeRole";

impl Finder<'_> {
    /// The roles that `asker` assumes.
    pub(super) fn assume(&mut self, asker: usize) {
        let mut direct: BTreeMap<usize, Verdict> = BTreeMap::new();
        let own = self.judge.own(asker);
        let named = own.and_then(|own| self.trusts.named.get(&own)).cloned().unwrap_or_default();
        for role in named {
            direct.insert(role, self.judge.assume(asker, role));
        }
        // Nobody asks as a group: its users ask for themselves.
        let group = own.and_then(|own| self.account.members.get(own)).is_some_and(|own| own.kind == MemberKind::Group);
        for role in self.trusts.everyone.iter().copied().filter(|_| !group).collect::<Vec<_>>() {
            direct.entry(role).or_insert_with(|| self.judge.assume(asker, role));
        }
        if self.judge.could(asker, ACTION) {
            let context = self.judge.context();
            let (plain, arns, picky) =
                (self.trusts.plain.clone(), Rc::clone(&self.trusts.plain_arns), Rc::clone(&self.trusts.picky));
            if let Some(plain) = plain {
                let targets = self.targets(asker, ACTION, &arns, &|_| context.clone());
                self.lead(asker, BY, &Verdict::certain(), targets, &plain);
            }
            let asked = match self.targets(asker, ACTION, &picky, &|_| context.clone()) {
                Targets::These(these) => these.into_keys().collect(),
                Targets::All(_) => picky.places().collect::<Vec<_>>(),
            };
            for role in asked {
                direct.entry(role).or_insert_with(|| self.judge.assume(asker, role));
            }
        }
        direct.retain(|role, verdict| verdict.possible() && Some(*role) != own);
        let all = direct.keys().map(|role| (*role, Gain::becomes(*role, Verdict::certain()))).collect();
        let family = Family { name: "assumes".to_owned(), all };
        self.lead(asker, BY, &Verdict::certain(), Targets::These(direct), &family);
    }
}
