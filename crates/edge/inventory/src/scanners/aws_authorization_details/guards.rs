//! `resource-policies.json`: what resources' own policies say, and whom they let in or refuse.
//!
//! A policy that refuses nobody of the account leaves grants as they are and adds those that it makes. One that may
//! refuse someone is decided for each user and role by itself, identity policies and all.

use super::policy::{Names, Statement};
use super::{Account, Principal, glob, grant, reads};
use crate::cut;
use crate::key::{account_of, aws_identity, service_of};
use crate::report::shown;
use firebreak_model::{EdgeKind, Interval, NodeFact, NodeKey, NodeKind, Text};
use firebreak_permission::aws::escalation::Permissions;
use firebreak_permission::aws::escalation::across::Theirs;
use firebreak_permission::aws::escalation::guarding::{self, Admitted, Decided};
use firebreak_permission::aws::organization::Organization;
use firebreak_permission::aws::policy::Named;
use firebreak_permission::aws::{self, Answer, KeyGrant, Policy, ResourcePolicy};
use std::collections::{BTreeMap, BTreeSet};

/// How many statements one edge's evidence names.
const MAX_REASONS: usize = 4;

/// At most so many objects of which identity policies speak are asked for in each bucket.
const MAX_OBJECTS: usize = 32;

/// A resource of the account with what is known of its policy.
pub(super) struct Guard {
    pub(super) key: NodeKey,
    pub(super) arn: String,
    /// `None`: it has none.
    pub(super) policy: Option<Policy>,
    /// Of a KMS key.
    pub(super) grants: Vec<KeyGrant>,
    /// Whether everyone is kept out, whatever the policy says. `None`: not stated.
    pub(super) blocked: Option<bool>,
}

/// What resources' own policies mean for the account's grants.
#[derive(Default)]
pub(super) struct Guards {
    /// `None`: no file says anything, and resources are taken to have no policies.
    all: Option<Vec<Guard>>,
    /// Those that may refuse someone: decided here and nowhere else.
    refusing: BTreeSet<NodeKey>,
    /// Those whose policies are known, and say nothing against what identity policies allow.
    plain: BTreeSet<NodeKey>,
}

/// What is known of the account, and of other accounts.
struct Both<'a, 'b> {
    own: &'a Permissions<'b>,
    others: &'a mut BTreeMap<Text, Permissions<'b>>,
}

/// An action, and the parts of the resource on which it is asked.
type Ask = (Text, Vec<String>);

impl Guards {
    pub(super) fn of(all: Option<Vec<Guard>>) -> Guards {
        Guards { all, ..Guards::default() }
    }

    /// The other accounts of which resources' policies speak.
    pub(super) fn accounts(&self, own: &str, organization: Option<&Organization>) -> BTreeSet<Text> {
        let mut found = BTreeSet::new();
        for guard in self.all.iter().flatten() {
            let granted = guard.grants.iter().filter_map(|grant| account_of(&grant.grantee)).map(Text::new);
            found.extend(granted);
            let Some(policy) = &guard.policy else { continue };
            found.extend(guarding::outsiders(policy, own).into_iter().filter_map(|named| match named {
                Named::Account(account) => Some(account),
                Named::Arn(arn) => account_of(&arn).map(Text::new),
                _ => None,
            }));
            for admitted in guarding::admitted(policy) {
                match admitted {
                    Admitted::Account(account) => drop(found.insert(account)),
                    Admitted::Arn(arn) | Admitted::Like(arn) => found.extend(account_of(&arn).map(Text::new)),
                    Admitted::Organization(id) => {
                        let ours = organization.filter(|ours| ours.id.as_deref() == Some(&*id));
                        found.extend(ours.into_iter().flat_map(|ours| ours.accounts.keys().cloned()));
                    }
                }
            }
        }
        found
    }

    /// Whether the resource's policy may refuse someone, so that it is decided here.
    pub(super) fn decide(&self, resource: &NodeKey) -> bool {
        self.refusing.contains(resource)
    }

    /// What is undecided about a grant on a resource of the account whose policy is not told though others' are.
    pub(super) fn untold(&self, resource: &NodeKey, account: &str) -> Option<Text> {
        let arn = resource.name();
        let action = format!("{}:", service_of(arn)?);
        let own = account_of(arn).is_none_or(|owner| owner == account);
        let known = self.all.is_none() || self.plain.contains(resource) || self.refusing.contains(resource);
        let untold = own && !known && aws::has_resource_policies(&action, arn);
        untold.then(|| Text::new(format!("the policy of `{arn}`, which is not given, allows it")))
    }
}

impl Guard {
    /// What is asked of it. Nothing, where it is not known what reads from such a resource.
    fn asks(&self, policy: &Policy) -> Vec<Ask> {
        let service = service_of(&self.arn).unwrap_or_default();
        let own = format!("{service}:");
        let named = || guarding::actions(policy).into_iter().filter(|action| action.starts_with(&own));
        let actions: Vec<Text> = match reads::of(service) {
            Some(known) => known.iter().map(|action| Text::new_static(action)).collect(),
            None => named().filter(|action| !reads::is_metadata(action)).map(Text::new).collect(),
        };
        let below = format!("{}/", self.arn);
        let mut objects = vec![format!("{below}firebreak")];
        objects.extend(guarding::samples(policy, &below));
        let targets = |action: &Text| match service == "s3" && !reads::is_about_bucket(action) {
            true => objects.clone(),
            false => vec![self.arn.clone()],
        };
        actions.into_iter().map(|action| (action.clone(), targets(&action))).collect()
    }
}

/// What may be done, of everything that is asked.
struct Outcome {
    actions: Vec<Text>,
    best: Decided,
}

/// Asks everything. `None`: nothing of it is allowed.
fn outcome(asks: &[Ask], mut decide: impl FnMut(&str, &str) -> Decided) -> Option<Outcome> {
    let mut found: Option<Outcome> = None;
    for (action, targets) in asks {
        let mut allowed = false;
        for target in targets {
            let one = decide(action, target);
            if !one.answer.possible() {
                continue;
            }
            allowed = true;
            let rank = |one: &Decided| (one.answer, std::cmp::Reverse(one.may.len()));
            match &mut found {
                Some(have) if rank(&have.best) >= rank(&one) => {}
                Some(have) => have.best = one,
                None => found = Some(Outcome { actions: Vec::new(), best: one }),
            }
        }
        if let Some(found) = found.as_mut().filter(|_| allowed) {
            found.actions.push(action.clone());
        }
    }
    found
}

/// What is left where too much was decided already.
fn undecided() -> Decided {
    let may = vec![Text::new_static("the policies allow it: too much was decided to decide this, too")];
    Decided { answer: Answer::May, because: Vec::new(), may }
}

impl Account<'_> {
    /// Adds what resources' own policies grant, and takes those resources out of other grants that some policy may
    /// refuse.
    pub(super) fn guard<'p>(
        &mut self,
        permissions: &mut Permissions<'p>,
        others: &mut BTreeMap<Text, Permissions<'p>>,
    ) {
        let guards = self.guards.all.take();
        let mut everyone = false;
        for guard in guards.iter().flatten() {
            self.nodes.push(NodeFact::new(guard.key.clone(), Interval::ALWAYS, self.input.known, &self.evidence));
            let Some(policy) = &guard.policy else {
                self.guards.plain.insert(guard.key.clone());
                continue;
            };
            let asks = guard.asks(policy);
            if asks.is_empty() {
                // Its grants stay undecided.
                continue;
            }
            let permitted = |(action, targets): &Ask| {
                targets
                    .iter()
                    .all(|target| permissions.decide_anyone(true, action, target, policy).answer == Answer::Yes)
            };
            if guarding::tells_apart(policy) || !asks.iter().all(permitted) {
                self.guards.refusing.insert(guard.key.clone());
                self.doubt_administrators(guard);
                self.refusing(guard, policy, &asks, permissions);
            } else {
                self.guards.plain.insert(guard.key.clone());
                everyone |= self.granting(guard, policy, &asks, permissions);
            }
            self.outside(guard, policy, &asks, &mut Both { own: permissions, others });
        }
        if everyone {
            self.everyone();
        }
        self.guards.all = guards;
        let Account { guards, resources, .. } = self;
        resources.retain(|resource| !guards.decide(&resource.key));
    }

    /// Nobody gives itself access to a key whose policy does not leave it to the account. Other resources' policies can
    /// be taken away, if not by whoever they refuse then by the root user.
    fn doubt_administrators(&mut self, guard: &Guard) {
        if service_of(&guard.arn) == Some("kms") {
            let hub = self.administrators();
            let may = Text::new(format!("the policy of `{}` lets an administrator", guard.arn));
            self.hubs.entry(hub).and_modify(|hub| hub.doubt(&guard.key, may));
        }
    }

    /// The users and roles of the account: their ARNs and keys, since when they exist, and whether something limits them.
    fn people(&self) -> Vec<(String, NodeKey, Interval, bool)> {
        let own = self.principals.iter().filter(|principal| principal.key.kind() == NodeKind::Identity);
        own.map(|one| (one.arn.clone(), one.key.clone(), one.valid, !one.limits.is_empty())).collect()
    }

    /// Objects of a bucket of which identity policies speak, beside those of which its own does.
    fn spoken_of(&self, guard: &Guard) -> BTreeSet<String> {
        let below = format!("{}/", guard.arn);
        let mut found = BTreeSet::new();
        for statement in self.principals.iter().flat_map(|principal| &principal.statements) {
            let (Names::These(patterns) | Names::AllBut(patterns)) = &statement.resources;
            for pattern in patterns.iter().filter(|pattern| glob::can_begin(pattern, &below)) {
                found.extend(guarding::below(pattern, &below));
            }
        }
        found.into_iter().take(MAX_OBJECTS).collect()
    }

    /// Every user and role on a resource whose policy may refuse some of them.
    fn refusing(&mut self, guard: &Guard, policy: &Policy, asks: &[Ask], permissions: &mut Permissions<'_>) {
        let objects = self.spoken_of(guard);
        let mut asks = asks.to_vec();
        for (_, targets) in asks.iter_mut().filter(|(_, targets)| targets.first() != Some(&guard.arn)) {
            targets.extend(objects.iter().filter(|object| !targets.contains(object)).cloned().collect::<Vec<_>>());
        }
        let asks = &asks;
        for (arn, key, valid, _) in self.people() {
            let decide = |action: &str, target: &str| {
                permissions
                    .decide_on(&arn, action, target, ResourcePolicy::Given(policy), &guard.grants)
                    .unwrap_or_else(undecided)
            };
            if let Some(outcome) = outcome(asks, decide) {
                self.let_in(key, guard, outcome, valid);
            }
        }
        // Whoever may do anything within a boundary.
        let within =
            |principal: &&Principal| principal.key.kind() == NodeKind::Group && !principal.arn.contains(":group/");
        let mut left = Vec::new();
        for principal in self.principals.iter().filter(within) {
            let denies: Vec<&Statement> = principal.statements.iter().filter(|statement| !statement.allow).collect();
            for statement in principal.statements.iter().filter(|statement| statement.allow) {
                let Some((actions, mut may)) = grant::left(statement, &denies, &guard.arn) else { continue };
                may.push(Text::new(format!("the policy of `{}` allows it", guard.arn)));
                left.push((principal.key.clone(), statement.place.clone(), actions, may));
            }
        }
        for (from, place, actions, may) in left {
            let mut edge = self.edge(EdgeKind::MayAct, from, guard.key.clone(), Interval::ALWAYS, &place);
            (edge.actions, edge.may) = (actions, may);
            self.edges.push(edge);
        }
    }

    /// Those whom a policy that refuses nobody names; whether it is open to everyone of the account.
    fn granting(&mut self, guard: &Guard, policy: &Policy, asks: &[Ask], permissions: &mut Permissions<'_>) -> bool {
        let open = guarding::opens(policy);
        for (arn, key, valid, limited) in self.people() {
            let granted = guard.grants.iter().any(|grant| *grant.grantee == *arn);
            if !(granted || permissions.names(&arn, policy) || (open && limited)) {
                continue;
            }
            let with = |action: &str, target: &str| {
                permissions
                    .decide_on(&arn, action, target, ResourcePolicy::Given(policy), &guard.grants)
                    .unwrap_or_else(undecided)
            };
            let Some(with) = outcome(asks, with) else { continue };
            let without = |action: &str, target: &str| {
                let (answer, may) = permissions.decide(&arn, action, target).unwrap_or_default();
                Decided { answer, because: Vec::new(), may }
            };
            let without = outcome(asks, without);
            let more = |without: &Outcome| {
                with.best.answer > without.best.answer || with.actions.len() > without.actions.len()
            };
            if without.as_ref().is_none_or(more) {
                self.let_in(key, guard, with, valid);
            }
        }
        let anyone = |action: &str, target: &str| permissions.decide_anyone(false, action, target, policy);
        let Some(outcome) = outcome(asks, anyone).filter(|_| open) else { return false };
        self.let_in(self.everyone_key(), guard, outcome, Interval::ALWAYS);
        true
    }

    fn everyone_key(&self) -> NodeKey {
        NodeKey::group("aws", &format!("{}/everyone", self.id))
    }

    /// The users and roles that nothing limits, where a policy names everyone. The others are decided one by one.
    fn everyone(&mut self) {
        let hub = self.everyone_key();
        self.nodes.push(NodeFact::new(hub.clone(), Interval::ALWAYS, self.input.known, &self.evidence));
        for (_, key, valid, _) in self.people().into_iter().filter(|(.., limited)| !limited) {
            let edge = self.edge(EdgeKind::MemberOf, key, hub.clone(), valid, "a user or role of the account");
            self.edges.push(edge);
        }
    }

    fn let_in(&mut self, from: NodeKey, guard: &Guard, outcome: Outcome, valid: Interval) {
        let because: Vec<&str> = outcome.best.because.iter().take(MAX_REASONS).map(Text::as_str).collect();
        let place = format!("and resource-policies.json, policy of {}: {}", guard.arn, because.join("; "));
        let mut edge = self.edge(EdgeKind::MayAct, from, guard.key.clone(), valid, place.trim_end_matches(": "));
        (edge.actions, edge.may) = (outcome.actions, outcome.best.may);
        self.edges.push(edge);
    }

    /// Those outside the account whom the policy lets in.
    fn outside(&mut self, guard: &Guard, policy: &Policy, asks: &[Ask], both: &mut Both<'_, '_>) {
        let bucket = guard.arn.contains(":s3:::");
        let public = bucket && guarding::is_public(policy);
        let shut = public && guard.blocked == Some(true);
        let unsaid =
            (public && guard.blocked.is_none()).then(|| Text::new_static("no public access block keeps everyone out"));
        let mut joined = BTreeSet::new();
        for Outsider { named, as_whom, doubt } in self.outsiders(guard, policy, both.own) {
            if shut && !matches!(named, Named::Service(_)) {
                continue;
            }
            for (who, key) in as_whom {
                let decide =
                    |action: &str, target: &str| both.own.decide_outside(&who, action, target, policy, &guard.grants);
                let Some(mut outcome) = outcome(asks, decide) else { continue };
                outcome.best.may.extend(unsaid.iter().cloned());
                if *key.name() == *"*" {
                    self.open(guard, who.is_iam(), outcome);
                    break;
                }
                if let (Some(account), true) = (who.account.clone(), who.is_iam()) {
                    let read = both.others.contains_key(&account);
                    if read && joined.insert(account.clone()) {
                        self.join(&account, guard, policy, asks, both, unsaid.as_ref());
                    }
                    outcome.best.may.extend(doubt.iter().cloned());
                    self.cross(&account, key, guard, outcome, read);
                    continue;
                }
                if let Named::Canonical(_) = named {
                    outcome.best.may.push(Text::new_static("the canonical id is that of another account"));
                }
                self.let_in(key, guard, outcome, Interval::ALWAYS);
            }
        }
    }

    /// Whom the policy, its conditions and grants may mean outside the account, each with as whom it asks.
    fn outsiders(&self, guard: &Guard, policy: &Policy, permissions: &Permissions<'_>) -> Vec<Outsider> {
        let foreign = |account: &str| account != &*self.id;
        let mut named = guarding::outsiders(policy, &self.id);
        for grant in &guard.grants {
            match account_of(&grant.grantee) {
                Some(account) if foreign(account) => drop(named.insert(Named::Arn(grant.grantee.clone()))),
                None => drop(named.insert(Named::Service(grant.grantee.clone()))),
                _ => {}
            }
        }
        let mut like = BTreeSet::new();
        for admitted in guarding::admitted(policy) {
            match admitted {
                Admitted::Arn(arn) if account_of(&arn).is_some_and(foreign) => drop(named.insert(Named::Arn(arn))),
                Admitted::Account(account) if foreign(&account) => drop(named.insert(Named::Account(account))),
                Admitted::Organization(id) => {
                    named.extend(permissions.accounts_of(&id).into_iter().map(Named::Account));
                }
                Admitted::Like(pattern) => drop(like.insert(pattern)),
                _ => {}
            }
        }
        let named = named.into_iter().map(|named| Outsider { as_whom: who(&named), named, doubt: None });
        let like = like.into_iter().filter_map(|pattern| {
            let number = |account: &&str| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let account = account_of(&pattern).filter(number).filter(|account| foreign(account))?;
            let filled = pattern.replace('*', "firebreak").replace('?', "x");
            let as_whom = vec![(aws::Principal::of(&filled)?, aws_identity(account))];
            let doubt = Some(Text::new(format!("the principal's ARN is like `{}`", shown(&pattern))));
            Some(Outsider { named: Named::Arn(pattern), as_whom, doubt })
        });
        named.chain(like).collect()
    }

    /// The users and roles of another account that is known, each decided on both sides at once.
    fn join(
        &mut self,
        account: &str,
        guard: &Guard,
        policy: &Policy,
        asks: &[Ask],
        both: &mut Both<'_, '_>,
        unsaid: Option<&Text>,
    ) {
        let Some(other) = both.others.get_mut(account) else { return };
        let theirs = Theirs { policy, grants: &guard.grants, owner: both.own };
        let people: Vec<String> = other.people().map(|(arn, _)| arn.to_owned()).collect();
        for arn in people {
            let decide = |action: &str, target: &str| {
                other.decide_across(&arn, action, target, theirs).unwrap_or_else(undecided)
            };
            let Some(mut outcome) = outcome(asks, decide) else { continue };
            outcome.best.may.extend(unsaid.cloned());
            self.let_in(aws_identity(&arn), guard, outcome, Interval::ALWAYS);
        }
    }

    /// Everyone: whoever has no credentials, or (`signed`) any principal of any account.
    fn open(&mut self, guard: &Guard, signed: bool, mut outcome: Outcome) {
        if signed {
            outcome.best.may.push(Text::new_static("the caller is a principal of an AWS account that may"));
        }
        let at = self.edges.len();
        self.let_in(NodeKey::identity("aws", "*"), guard, outcome, Interval::ALWAYS);
        if let Some(edge) = self.edges.get_mut(at).filter(|_| guard.arn.contains(":s3:::")) {
            edge.cuts.push(cut::of_public_bucket(&guard.key, &self.id));
        }
    }

    /// Someone of another account: both sides must agree. `read`: its users and roles were decided, both sides, each by
    /// itself.
    fn cross(&mut self, account: &str, key: NodeKey, guard: &Guard, outcome: Outcome, read: bool) {
        let known = self.accounts.iter().any(|have| **have == *account);
        if !read {
            let doubt = match known {
                true => format!("account {account} lets it"),
                false => format!("account {account}, which is not in the inventory, lets it"),
            };
            let mut doubtful = Outcome { actions: outcome.actions.clone(), best: outcome.best.clone() };
            doubtful.best.may.push(Text::new(doubt));
            self.let_in(key, guard, doubtful, Interval::ALWAYS);
        }
        if known {
            // An administrator of that account gives itself what its side needs.
            let administrators = NodeKey::group("aws", &format!("{account}/administrators"));
            self.let_in(administrators, guard, outcome, Interval::ALWAYS);
        }
    }
}

/// Someone outside the account whom a policy may mean.
struct Outsider {
    named: Named,
    /// As whom it asks, and where it is on the map; the first who gets in stands for all.
    as_whom: Vec<(aws::Principal, NodeKey)>,
    doubt: Option<Text>,
}

/// As whom those whom a policy names ask, and where they are on the map; the first who gets in stands for all.
fn who(named: &Named) -> Vec<(aws::Principal, NodeKey)> {
    let anyone = || NodeKey::identity("aws", "*");
    // Of no account that there is.
    let stranger = |account: &str| aws::Principal::user(&format!("arn:aws:iam::{account}:user/firebreak"));
    let one = match named {
        Named::Everyone => {
            return vec![(aws::Principal::anonymous(), anyone()), (stranger("000000000000"), anyone())];
        }
        Named::Unread(_) => (stranger("000000000000"), anyone()),
        Named::Account(account) => (stranger(account), aws_identity(account)),
        Named::Arn(arn) => (aws::Principal::of(arn).unwrap_or_else(|| aws::Principal::user(arn)), aws_identity(arn)),
        Named::Service(name) => (aws::Principal::service(name), NodeKey::identity("aws", name)),
        Named::Federated(provider) => (aws::Principal::federated(provider), NodeKey::identity("aws", provider)),
        Named::Canonical(id) => {
            let unknown = aws::Principal { account: None, ..stranger("000000000000") };
            (unknown, NodeKey::identity("aws", id))
        }
        Named::Id(_) => return Vec::new(),
    };
    vec![one]
}
