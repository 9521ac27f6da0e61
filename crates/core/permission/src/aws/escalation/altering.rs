//! Policies changed, credentials made, trust rewritten: what `table::ALTERATIONS` and `table::TAKEOVERS` say, judged.

use super::spread::{By, Candidates, Family, Gain, Targets};
use super::table::{ALTERATIONS, Alteration, Altered, CREATIONS, TAKEOVERS, Takeover};
use super::{Account, Finder, Member, MemberKind, Place, Verdict};
use crate::aws::answer::Answer;
use crate::aws::context::Context;
use firebreak_model::Text;
use std::collections::BTreeSet;

/// The policy that an attacker would attach.
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// AWS lets nobody in the account change roles that it made for itself.
fn is_protected(arn: &str) -> bool {
    arn.contains(":role/aws-service-role/") || arn.contains(":role/aws-reserved/")
}

/// What is known of a request that changes the policies of `target`.
fn context(base: Context, row: &Alteration, target: Option<&Member>) -> Context {
    let context = match target.and_then(|target| target.boundary.as_ref()) {
        Some((boundary, _)) => base.with("iam:PermissionsBoundary", [&**boundary]),
        None => base.without("iam:PermissionsBoundary"),
    };
    if row.attaches { context.with("iam:PolicyARN", [ADMINISTRATOR]) } else { context }
}

impl Finder<'_> {
    /// What `asker` can change about policies. True where that makes it an administrator for certain.
    pub(super) fn alter(&mut self, asker: usize) -> bool {
        let made = self.create(asker).map(|best| (best, Place::Administrators));
        let own = self.judge.own(asker).and_then(|own| Some((self.alter_itself(asker, own)?, self.gain(own))));
        // Of the ways to one end the most certain one is told.
        let best = match (own, made) {
            (Some(own), Some(made)) if own.1 != made.1 => {
                self.change(asker, own);
                Some(made)
            }
            (Some(own), Some(made)) => Some(if made.0.0.better(&own.0.0) { made } else { own }),
            (own, made) => own.or(made),
        };
        if let Some(best) = best {
            let certain = best.0.0.answer == Answer::Yes;
            let governs = best.1 == Place::Administrators;
            self.change(asker, best);
            self.doubtful = governs && !certain;
            if governs && certain {
                return true;
            }
        }
        for row in ALTERATIONS.iter().filter(|row| row.id != JOIN) {
            self.alter_others(asker, row);
        }
        false
    }

    fn change(&mut self, asker: usize, ((verdict, by), gain): ((Verdict, By<'static>), Place)) {
        let from = self.place(asker);
        self.way(from, gain, None, by, verdict);
    }

    /// The most certain change of the asker's own policies.
    fn alter_itself(&mut self, asker: usize, own: usize) -> Option<(Verdict, By<'static>)> {
        let member = self.account.members.get(own)?;
        let mut best: Option<(Verdict, By<'static>)> = None;
        for row in ALTERATIONS.iter().filter(|row| row.id != JOIN) {
            if !self.judge.could(asker, row.action) {
                continue;
            }
            let context = context(self.judge.context(), row, Some(member));
            for arn in own_arns(self.account, member, row.on) {
                let verdict = self.judge.decide(asker, row.action, &arn, &context);
                if verdict.possible() && best.as_ref().is_none_or(|(have, _)| verdict.better(have)) {
                    best = Some((verdict, By { path: row.id, how: row.how }));
                }
            }
        }
        best
    }

    /// A new principal with policies of the caller's own.
    fn create(&mut self, asker: usize) -> Option<(Verdict, By<'static>)> {
        let mut best: Option<(Verdict, By<'static>)> = None;
        for row in CREATIONS {
            if !row.all.iter().all(|any| any.iter().any(|action| self.judge.could(asker, action))) {
                continue;
            }
            let context = self.judge.context();
            let context = context.with("iam:PolicyARN", [ADMINISTRATOR]).without("iam:PermissionsBoundary");
            let verdict = self.judge.some_with(asker, row.all, row.form, &context);
            if verdict.possible() && best.as_ref().is_none_or(|(have, _)| verdict.better(have)) {
                best = Some((verdict, By { path: row.id, how: row.how }));
            }
        }
        best
    }

    /// Changing someone else's policies makes an administrator of whoever is that one, too.
    fn alter_others(&mut self, asker: usize, row: &'static Alteration) {
        if !self.judge.could(asker, row.action) {
            return;
        }
        let candidates = self.candidates(format!("{:?}", row.on), |finder| finder.alterable(row.on));
        let account = self.account;
        let base = self.judge.context();
        let about = |at: usize| match row.on {
            Altered::User | Altered::Role => context(base.clone(), row, account.members.get(at)),
            Altered::Group | Altered::Policy | Altered::Version => context(base.clone(), row, None),
        };
        let targets = self.targets(asker, row.action, &candidates, &about);
        if targets.is_empty() {
            return;
        }
        let family = self.family(format!("alters/{}", row.id), |finder| finder.alters(row));
        self.lead(asker, By { path: row.id, how: row.how }, &Verdict::certain(), targets, &family);
    }

    /// What may be changed: users, roles, groups, or policies of the account.
    fn alterable(&self, on: Altered) -> Candidates {
        let members = |kind: MemberKind| self.members(kind).map(|(at, member)| (member.arn.clone(), at));
        match on {
            Altered::User => Candidates::new(members(MemberKind::User)),
            Altered::Role => Candidates::new(members(MemberKind::Role).filter(|(arn, _)| !is_protected(arn))),
            Altered::Group => Candidates::new(members(MemberKind::Group)),
            Altered::Policy | Altered::Version => {
                let all = self.judge.managed().iter().enumerate().map(|(at, arn)| (arn.clone(), at));
                let fits = |arn: &Text| on == Altered::Policy || self.account.restorable.contains(arn);
                Candidates::new(all.filter(|(arn, _)| fits(arn)))
            }
        }
    }

    /// Who gains by each thing that may be changed: an administrator's rights, for whoever is that one.
    fn alters(&self, row: &Alteration) -> Family {
        let gain = |at: usize, who: usize| {
            let gain = Gain { to: self.gain(who), with: Some(Place::Member(who)), verdict: Verdict::certain() };
            (at, gain)
        };
        let all = match row.on {
            Altered::User => self.members(MemberKind::User).map(|(at, _)| gain(at, at)).collect(),
            Altered::Role => {
                let open = self.members(MemberKind::Role).filter(|(_, member)| !is_protected(&member.arn));
                open.map(|(at, _)| gain(at, at)).collect()
            }
            Altered::Group => {
                let users = self.members(MemberKind::User);
                users
                    .flat_map(|(at, user)| user.groups.iter().map(move |group| (*group, at)))
                    .map(|(group, at)| gain(group, at))
                    .collect()
            }
            Altered::Policy | Altered::Version => {
                let mut all = Vec::new();
                for (at, arn) in self.judge.managed().iter().enumerate() {
                    let holders = self.account.members.iter().enumerate();
                    let holders = holders.filter(|(_, member)| member.kind != MemberKind::Group);
                    let has = |member: &Member| managed_by(self.account, member).contains(arn);
                    all.extend(holders.filter(|(_, member)| has(member)).map(|(who, _)| gain(at, who)));
                }
                all
            }
        };
        Family { name: format!("alters/{}", row.id), all }
    }

    /// Groups to which `asker` can add a user that it is, or becomes.
    pub(super) fn join(&mut self, asker: usize) {
        let Some(row) = ALTERATIONS.iter().find(|row| row.id == JOIN) else { return };
        if !self.judge.could(asker, row.action) {
            return;
        }
        let candidates = self.candidates(format!("{:?}", Altered::Group), |finder| finder.alterable(Altered::Group));
        let base = self.judge.context();
        let targets = self.targets(asker, row.action, &candidates, &|_| base.clone());
        let own = self.judge.own(asker).and_then(|own| self.account.members.get(own));
        let user = own.filter(|own| own.kind == MemberKind::User);
        let with = if user.is_some() { None } else { Some(Place::SomeUser) };
        let bound = user.is_some_and(|user| user.boundary.is_some());
        let mut all = Vec::new();
        for (at, _) in self.members(MemberKind::Group) {
            if user.is_some_and(|user| user.groups.contains(&at)) {
                continue;
            }
            let verdict = Verdict::certain();
            let verdict = if bound { verdict.unless("the user's permissions boundary allows it too") } else { verdict };
            all.push((at, Gain { to: Place::Member(at), with: with.clone(), verdict }));
        }
        let who = match (user.is_some(), bound) {
            (true, true) => "bound-user",
            (true, false) => "user",
            _ => "role",
        };
        let family = Family { name: format!("joins/{who}"), all };
        self.lead(asker, By { path: row.id, how: row.how }, &Verdict::certain(), targets, &family);
    }

    /// Users and roles that `asker` can make its own.
    pub(super) fn take_over(&mut self, asker: usize) {
        for row in TAKEOVERS {
            if !row.actions.iter().all(|action| self.judge.could(asker, action)) {
                continue;
            }
            let family = self.family(format!("takes/{}", row.id), |finder| finder.taken(row));
            let candidates = self.candidates(format!("takes/{}", row.id), |finder| {
                let arn = |at: &usize| Some((finder.account.members.get(*at)?.arn.clone(), *at));
                Candidates::new(family.all.iter().filter_map(|(at, _)| arn(at)))
            });
            let mut targets: Option<Targets> = None;
            let base = self.judge.context();
            for action in row.actions {
                let found = self.targets(asker, action, &candidates, &|_| base.clone());
                targets = Some(match targets {
                    Some(have) => have.and(&found),
                    None => found,
                });
            }
            let Some(targets) = targets.filter(|targets| !targets.is_empty()) else { continue };
            self.lead(asker, By { path: row.id, how: row.how }, &Verdict::certain(), targets, &family);
        }
    }

    /// Whom a takeover can be made of, with what is assumed about each where no export tells.
    fn taken(&self, row: &Takeover) -> Family {
        let kind = if row.role { MemberKind::Role } else { MemberKind::User };
        let fits = |member: &Member| {
            let keys = match member.keys {
                Some(keys) => row.password.is_some() || row.role || row.two_keys == (keys >= 2),
                // Two keys are the exception: without a list, the plain path is told and this one adds nothing.
                None => !row.two_keys,
            };
            let password = row.password.is_none() || member.password.is_none() || member.password == row.password;
            keys && password && !is_protected(&member.arn)
        };
        let assumed = |member: &Member| {
            let mut verdict = Verdict::certain();
            if !row.role && row.password.is_none() && member.keys.is_none() {
                verdict
                    .because
                    .push(Text::new_static("taken as given: it has fewer than two access keys (no list of keys)"));
            }
            match row.password.filter(|_| member.password.is_none()) {
                Some(true) => {
                    verdict.because.push(Text::new_static("taken as given: it has a password (no credential report)"))
                }
                Some(false) => {
                    verdict.because.push(Text::new_static("taken as given: it has no password (no credential report)"));
                }
                None => {}
            }
            verdict
        };
        let targets = self.members(kind).filter(|(_, member)| fits(member));
        let all = targets.map(|(at, member)| (at, Gain::becomes(at, assumed(member)))).collect();
        Family { name: format!("takes/{}", row.id), all }
    }
}

/// Joining a group is a change of policies that leads to the group, not beyond it.
const JOIN: &str = "iam-013";

/// The ARNs on which a change of `on` changes what `member` may do.
fn own_arns(account: &Account, member: &Member, on: Altered) -> Vec<Text> {
    let group = |at: &usize| account.members.get(*at).map(|group| group.arn.clone());
    match (on, member.kind) {
        (Altered::User, MemberKind::User) | (Altered::Role, MemberKind::Role) | (Altered::Group, MemberKind::Group)
            if !is_protected(&member.arn) =>
        {
            vec![member.arn.clone()]
        }
        // A group asks as a user who is in it.
        (Altered::User, MemberKind::Group) => vec![member.principal.arn.clone()],
        (Altered::Group, MemberKind::User) => member.groups.iter().filter_map(group).collect(),
        (Altered::Policy, _) => managed_by(account, member).into_iter().collect(),
        (Altered::Version, _) => managed_by(account, member).intersection(&account.restorable).cloned().collect(),
        _ => Vec::new(),
    }
}

/// The policies of the account that are attached to `member` or to its groups.
fn managed_by(account: &Account, member: &Member) -> BTreeSet<Text> {
    let groups = member.groups.iter().filter_map(|at| account.members.get(*at));
    std::iter::once(member).chain(groups).flat_map(|member| member.managed.iter().cloned()).collect()
}
