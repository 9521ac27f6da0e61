//! Single permissions, decided: the account's policies put to the evaluator, and what can be said without asking it.

mod samples;
mod tags;

use super::guarding::is_about_key;
use super::table::{ALTERATIONS, CREATIONS, PASSES, RUNS, TAKEOVERS};
use super::{Account, MAX_DECISIONS, Member, MemberKind, Place, Verdict};
use crate::aws::answer::Answer;
use crate::aws::condition::Condition;
use crate::aws::context::Context;
use crate::aws::evaluate::{KeyGrant, Policies, Request, ResourcePolicy, answer, evaluate};
use crate::aws::glob::Work;
use crate::aws::organization::Membership;
use crate::aws::policy::{Effect, Listed, Named, Policy, Statement};
use crate::aws::principal::{Principal, Resource};
use crate::aws::template::Template;
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who asks: a member, or whoever may do anything within a permissions boundary.
struct Asker {
    place: Place,
    own: Option<usize>,
    principal: Principal,
    identity: Vec<Arc<Policy>>,
    boundary: Option<Arc<Policy>>,
    /// The actions of the tables that some policy of its own may allow.
    could: u128,
}

/// As whom someone asks, and what its own side allows.
pub(super) struct Asking<'j> {
    pub(super) principal: &'j Principal,
    pub(super) identity: &'j [Arc<Policy>],
    pub(super) boundary: Option<&'j Policy>,
}

/// What the policies of one asker say of an action, before any target is looked at.
pub(super) struct Scope {
    /// The answer is the same for every candidate.
    pub(super) uniform: bool,
    /// Every allowed candidate's ARN begins with one of these.
    pub(super) prefixes: BTreeSet<String>,
}

/// What a trust policy says inside its account.
pub(super) struct Trust {
    /// Users and roles that it names.
    pub(super) named: Vec<usize>,
    /// It leaves it to the account.
    pub(super) open: bool,
    /// It names everyone: whoever asks needs no policy that allows it.
    pub(super) everyone: bool,
    /// It tells no two principals of the account apart, beyond those that it names.
    pub(super) alike: bool,
}

/// Decides.
pub(super) struct Judge<'a> {
    account: &'a Account,
    askers: Vec<Asker>,
    actions: FxHashMap<String, u32>,
    managed: Vec<Text>,
    by_arn: FxHashMap<&'a str, usize>,
    membership: Membership<'a>,
    everything: Vec<Arc<Policy>>,
    /// A trust that leaves it to the account.
    delegating: Arc<Policy>,
    context: Context,
    /// Some condition asks for the tags of what is asked for.
    by_tags: bool,
    decisions: u64,
}

const ASSUME: &str = "sts:AssumeRole";

/// Every action of the tables, in lower case.
fn actions() -> FxHashMap<String, u32> {
    let steps = PASSES.iter().flat_map(|row| row.steps).chain(RUNS.iter().flat_map(|row| row.steps));
    let mut all: BTreeSet<&str> = steps.flat_map(|step| step.any).copied().collect();
    all.extend(TAKEOVERS.iter().flat_map(|row| row.actions).copied());
    all.extend(ALTERATIONS.iter().map(|row| row.action));
    all.extend(CREATIONS.iter().flat_map(|row| row.all).flat_map(|any| *any).copied());
    all.extend(["iam:PassRole", "sts:AssumeRole"]);
    all.into_iter().zip(0..).map(|(action, bit)| (action.to_ascii_lowercase(), bit)).collect()
}

/// A trust policy that leaves it to the account.
fn delegating(account: &str) -> Policy {
    let mut policy = Policy::allow_all("trust policy");
    for statement in &mut policy.statements {
        statement.principals = Listed::These(Box::new([Named::Account(Text::new(account))]));
    }
    policy
}

impl<'a> Judge<'a> {
    pub(super) fn new(account: &'a Account) -> Judge<'a> {
        let members = account.members.iter().enumerate();
        let managed: BTreeSet<Text> =
            account.members.iter().flat_map(|member| member.managed.iter().cloned()).collect();
        let mut judge = Judge {
            account,
            askers: Vec::with_capacity(account.members.len()),
            actions: actions(),
            managed: managed.into_iter().collect(),
            by_arn: members.map(|(at, member)| (&*member.arn, at)).collect(),
            membership: match &account.organization {
                Some(organization) => organization.membership(&account.id),
                // Nobody says that there is one; the caller tells of the gap.
                None => Membership::Standalone,
            },
            everything: vec![Arc::new(Policy::allow_all("any policy that is written"))],
            delegating: Arc::new(delegating(&account.id)),
            context: match account.now.map(|now| now.to_string()) {
                Some(now) => Context::direct().with("aws:CurrentTime", [&now]).with("aws:TokenIssueTime", [&now]),
                None => Context::direct(),
            },
            by_tags: false,
            decisions: 0,
        };
        judge.enlist();
        judge.look_at_tags();
        judge
    }

    fn enlist(&mut self) {
        let mut known: FxHashMap<*const Policy, u128> = FxHashMap::default();
        let account = self.account;
        for (at, member) in account.members.iter().enumerate() {
            let groups = member.groups.iter().filter_map(|group| account.members.get(*group));
            let identity: Vec<Arc<Policy>> =
                std::iter::once(member).chain(groups).flat_map(|member| member.policies.iter().cloned()).collect();
            let could = identity.iter().fold(0, |could, policy| {
                could | *known.entry(Arc::as_ptr(policy)).or_insert_with(|| self.mask(policy))
            });
            let boundary = member.boundary.as_ref().map(|(_, policy)| Arc::clone(policy));
            let principal = member.principal.clone();
            self.askers.push(Asker { place: Place::Member(at), own: Some(at), principal, identity, boundary, could });
        }
        let mut seen = BTreeSet::new();
        for member in &account.members {
            let Some((arn, policy)) = member.boundary.as_ref().filter(|(arn, _)| seen.insert(arn.clone())) else {
                continue;
            };
            self.askers.push(Asker {
                place: Place::Within(arn.clone()),
                own: None,
                principal: member.principal.clone(),
                identity: self.everything.clone(),
                boundary: Some(Arc::clone(policy)),
                could: self.mask(policy),
            });
        }
    }

    fn mask(&self, policy: &Policy) -> u128 {
        if policy.unread.is_some() {
            return u128::MAX;
        }
        let mut mask = 0;
        for statement in policy.statements.iter().filter(|statement| statement.effect.may_allow()) {
            for (action, bit) in &self.actions {
                if about(statement, action) {
                    mask |= 1_u128.checked_shl(*bit).unwrap_or(u128::MAX);
                }
            }
        }
        mask
    }

    pub(super) fn askers(&self) -> usize {
        self.askers.len()
    }

    pub(super) fn place(&self, asker: usize) -> Place {
        self.askers.get(asker).map_or(Place::Administrators, |asker| asker.place.clone())
    }

    /// The member that an asker is.
    pub(super) fn own(&self, asker: usize) -> Option<usize> {
        self.askers.get(asker)?.own
    }

    /// The member with this ARN.
    pub(super) fn member(&self, arn: &str) -> Option<usize> {
        self.by_arn.get(arn).copied()
    }

    /// The policies of the account that are attached to someone, ordered.
    pub(super) fn managed(&self) -> &[Text] {
        &self.managed
    }

    /// What is known of every request.
    pub(super) fn context(&self) -> Context {
        self.context.clone()
    }

    pub(super) fn decisions(&self) -> u64 {
        self.decisions
    }

    /// Whether so much was decided that the rest is not told apart any more.
    pub(super) fn bounded(&self) -> bool {
        self.decisions > MAX_DECISIONS
    }

    /// Whether some policy of the asker may allow `action` on anything. `action` is one of the tables'.
    pub(super) fn could(&self, asker: usize, action: &str) -> bool {
        let bit = self.actions.get(&action.to_ascii_lowercase()).copied().unwrap_or(u32::MAX);
        let mask = 1_u128.checked_shl(bit).unwrap_or(u128::MAX);
        self.askers.get(asker).is_some_and(|asker| asker.could & mask != 0)
    }

    /// What the policies say of `action` on ARNs between `first` and `last`. `None`: none of them allows it anywhere.
    pub(super) fn scope(&self, asker: usize, action: &str, first: &str, last: &str) -> Option<Scope> {
        let lower = action.to_ascii_lowercase();
        let asker = self.askers.get(asker)?;
        let mut scope = Scope { uniform: true, prefixes: BTreeSet::new() };
        let limits = asker.boundary.iter().chain(self.organization());
        let own = asker.identity.iter().map(|policy| (policy, true)).chain(limits.map(|policy| (policy, false)));
        for (policy, own) in own {
            if own && policy.unread.is_some() {
                scope.prefixes.insert(String::new());
            }
            for statement in policy.statements.iter().filter(|statement| about(statement, &lower)) {
                scope.uniform &= is_uniform(statement, first, last);
                if own && statement.effect.may_allow() {
                    scope.prefixes.extend(prefixes(statement));
                }
            }
        }
        (!scope.prefixes.is_empty()).then_some(scope)
    }

    fn organization(&self) -> impl Iterator<Item = &'a Arc<Policy>> {
        let levels = match self.membership {
            Membership::Member(_, levels) => levels,
            _ => &[],
        };
        levels.iter().flat_map(|level| level.service_control.iter().flatten().chain(&level.resource_control))
    }

    /// Whether the asker may do `action` on exactly this.
    pub(super) fn decide(&mut self, asker: usize, action: &str, arn: &str, context: &Context) -> Verdict {
        if action == ASSUME || is_about_key(action) {
            // The other side, where it leaves it to the account, as keys do unless someone writes otherwise.
            let delegating = Arc::clone(&self.delegating);
            return self.put(asker, action, arn, context, ResourcePolicy::Given(&delegating), &[]);
        }
        self.put(asker, action, arn, context, ResourcePolicy::Absent, &[])
    }

    /// Whether the asker may do `action` on a resource whose own policy is `own`.
    pub(super) fn put(
        &mut self,
        asker: usize,
        action: &str,
        arn: &str,
        context: &Context,
        own: ResourcePolicy<'_>,
        grants: &[KeyGrant],
    ) -> Verdict {
        self.decisions += 1;
        let resource = self.found(asker, arn);
        let Some(asker) = self.askers.get(asker) else { return Verdict::default() };
        let lower = action.to_ascii_lowercase();
        let request = Request { principal: &asker.principal, action: &lower, resource: &resource, context };
        let policies = Policies {
            identity: &asker.identity,
            boundary: asker.boundary.as_deref(),
            resource: own,
            grants,
            principal_in: self.membership,
            resource_in: self.owner_in(&resource),
            ..Policies::default()
        };
        self.placed(action, &request, policies)
    }

    /// The verdict. That nobody tells of an organisation refuses nothing to whom a resource's policy asks for one.
    pub(super) fn placed(&self, action: &str, request: &Request<'_>, mut policies: Policies<'_>) -> Verdict {
        let alone = verdict(action, request, &policies);
        let asks = matches!(policies.resource, ResourcePolicy::Given(own) if about_organization(own));
        if alone.possible() || !asks || self.account.organization.is_some() {
            return alone;
        }
        (policies.principal_in, policies.resource_in) = (Membership::NotGiven, Membership::NotGiven);
        verdict(action, request, &policies)
    }

    /// The resource with this ARN, in the account unless the ARN says otherwise.
    pub(super) fn resource(&self, arn: &str) -> Resource {
        let resource = Resource::new(arn);
        if resource.account.is_none() { resource.in_account(&self.account.id) } else { resource }
    }

    /// The account's number.
    pub(super) fn id(&self) -> &'a str {
        &self.account.id
    }

    /// Where the account stands in an organisation.
    pub(super) fn membership(&self) -> Membership<'a> {
        self.membership
    }

    /// Where the account that owns a resource stands. Nobody told of an organisation: there is none, for others too.
    fn owner_in(&self, resource: &Resource) -> Membership<'a> {
        match (&resource.account, &self.account.organization) {
            (Some(owner), Some(_)) if **owner != *self.account.id => self.organization_of(owner),
            _ => self.membership,
        }
    }

    /// Where another account stands: not known, unless the organisation's tree lists it.
    pub(super) fn organization_of(&self, other: &str) -> Membership<'a> {
        match &self.account.organization {
            Some(organization) if organization.accounts.contains_key(other) => organization.membership(other),
            _ => Membership::NotGiven,
        }
    }

    /// The organisation's id, where its whole tree is known.
    pub(super) fn organization_id(&self) -> Option<&'a str> {
        let organization = self.account.organization.as_ref()?;
        organization.management.as_ref()?;
        organization.id.as_deref()
    }

    /// The other accounts of the organisation, where it is `id` and its tree is known.
    pub(super) fn accounts_of(&self, id: &str) -> Vec<Text> {
        let Some(organization) = self.account.organization.as_ref().filter(|_| self.organization_id() == Some(id))
        else {
            return Vec::new();
        };
        let all = organization.accounts.keys().chain(&organization.management);
        let others: BTreeSet<Text> = all.filter(|other| **other != self.account.id).cloned().collect();
        others.into_iter().collect()
    }

    /// The users and roles of the account.
    pub(super) fn people(&self) -> impl Iterator<Item = (&str, &Principal)> {
        let own = self.askers.iter().filter_map(|asker| Some((asker, self.account.members.get(asker.own?)?)));
        let people = own.filter(|(_, member)| member.kind != MemberKind::Group);
        people.map(|(asker, member)| (&*member.arn, &asker.principal))
    }

    /// As whom an asker asks, and what its own side allows.
    pub(super) fn asking(&self, asker: usize) -> Option<Asking<'_>> {
        let asker = self.askers.get(asker)?;
        let (principal, identity) = (&asker.principal, asker.identity.as_slice());
        Some(Asking { principal, identity, boundary: asker.boundary.as_deref() })
    }

    /// Every policy that has a say in what an asker may do to resources of the account.
    pub(super) fn say(&self, asker: usize) -> impl Iterator<Item = &Arc<Policy>> {
        let own = self.askers.get(asker).into_iter();
        own.flat_map(|asker| asker.identity.iter().chain(&asker.boundary)).chain(self.organization())
    }

    /// One more permission is decided.
    pub(super) fn count(&mut self) {
        self.decisions += 1;
    }

    /// As whom an asker asks.
    pub(super) fn principal(&self, asker: usize) -> Option<&Principal> {
        self.askers.get(asker).map(|asker| &asker.principal)
    }

    /// Whether the asker may assume the role.
    pub(super) fn assume(&mut self, asker: usize, role: usize) -> Verdict {
        let Some((arn, trust)) = self.trusting(role) else { return Verdict::default() };
        let context = self.context();
        self.put(asker, "sts:AssumeRole", arn, &context, ResourcePolicy::Given(trust), &[])
    }

    fn trusting(&self, role: usize) -> Option<(&'a str, &'a Policy)> {
        let role: &'a Member = self.account.members.get(role)?;
        Some((&role.arn, role.trust.as_deref()?))
    }

    /// Whether the role's trust admits a service.
    pub(super) fn trusts_service(&mut self, role: usize, service: &str) -> Verdict {
        let Some((arn, trust)) = self.trusting(role) else { return Verdict::default() };
        if !names(trust, |named| matches!(named, Named::Service(name) if **name == *service)) {
            return Verdict::default();
        }
        // A service says for whom it acts, which is this account.
        let context = self.context().with("aws:SourceAccount", [&*self.account.id]);
        self.trusts(arn, trust, &Principal::service(service), &[], &context)
    }

    /// What a trust that leaves it to the account says of someone whose policies allow it.
    pub(super) fn trusts_account(&mut self, role: usize) -> Verdict {
        let Some((arn, trust)) = self.trusting(role) else { return Verdict::default() };
        let anyone = Principal::user(&format!("arn:aws:iam::{}:user/firebreak", self.account.id));
        let everything = self.everything.clone();
        let context = self.context();
        let mut verdict = self.trusts(arn, trust, &anyone, &everything, &context);
        verdict.because.clear();
        verdict
    }

    fn trusts(
        &mut self,
        arn: &str,
        trust: &Policy,
        principal: &Principal,
        identity: &[Arc<Policy>],
        context: &Context,
    ) -> Verdict {
        self.decisions += 1;
        let resource = Resource::new(arn);
        let request = Request { principal, action: "sts:assumerole", resource: &resource, context };
        let policies = Policies {
            identity,
            resource: ResourcePolicy::Given(trust),
            principal_in: Membership::Standalone,
            resource_in: Membership::Standalone,
            ..Policies::default()
        };
        verdict("sts:AssumeRole", &request, &policies)
    }

    /// What a trust policy says inside its account.
    pub(super) fn trust(&self, trust: &Policy) -> Trust {
        let unread = trust.unread.is_some();
        let mut reading = Trust { named: Vec::new(), open: unread, everyone: unread, alike: true };
        for statement in trust.statements.iter().filter(|statement| about(statement, "sts:assumerole")) {
            let listed = matches!(statement.principals, Listed::These(_));
            if statement.effect != Effect::Allow {
                reading.alike &= matches!(statement.principals, Listed::These(ref all) if all.iter().all(is_outside));
                continue;
            }
            let mut open = !listed;
            for named in statement.principals.items().iter().filter(|_| listed) {
                match named {
                    Named::Arn(arn) => reading.named.extend(self.member_of(arn)),
                    Named::Account(account) => open |= account.contains(&*self.account.id),
                    Named::Everyone | Named::Unread(_) => (open, reading.everyone) = (true, true),
                    _ => {}
                }
            }
            reading.open |= open;
            reading.everyone |= !listed;
            if open {
                reading.alike &= listed && !about_principal(statement);
            }
        }
        reading.named.sort_unstable();
        reading.named.dedup();
        reading
    }

    /// The member that an ARN means; a session is its role.
    fn member_of(&self, arn: &str) -> Option<usize> {
        self.member(arn).or_else(|| self.member(&Principal::of(arn)?.arn))
    }
}

/// The evaluator's answer; its reasons only where there is something to give reasons for.
pub(super) fn verdict(action: &str, request: &Request<'_>, policies: &Policies<'_>) -> Verdict {
    if !answer(request, policies).possible() {
        return Verdict::default();
    }
    let decision = evaluate(request, policies);
    let because = decision.because.iter().map(|because| Text::new(format!("{action}: {because}"))).collect();
    let mut may: Vec<Text> =
        decision.undecided.iter().map(|undecided| Text::new(format!("{action}: {undecided}"))).collect();
    if decision.answer == Answer::May && may.is_empty() {
        may.push(Text::new(format!("{action}: what allows it is not decided")));
    }
    Verdict { answer: decision.answer, because, may }
}

/// Whether a statement speaks of `action`, which is in lower case, on something.
fn about(statement: &Statement, action: &str) -> bool {
    let mut work = Work::default();
    match &statement.actions {
        Listed::These(globs) => globs.iter().any(|glob| glob.matches(action, &mut work)),
        Listed::AllBut(globs) => !globs.iter().any(|glob| glob.matches(action, &mut work)),
        Listed::Missing | Listed::Unread => true,
    }
}

/// Whether a statement says the same of every ARN from `first` to `last`.
fn is_uniform(statement: &Statement, first: &str, last: &str) -> bool {
    let of_target = |key: String| key.contains("resourcetag/") || key.starts_with("iam:permissionsboundary");
    let by_target = |condition: &Condition| of_target(condition.key.to_ascii_lowercase());
    if statement.unread.is_some() || statement.conditions.iter().any(by_target) {
        return false;
    }
    let Listed::These(templates) = &statement.resources else { return false };
    templates.iter().any(|template| {
        let Template::Fixed(glob) = template else { return false };
        let whole = glob.shown();
        let plain = whole.strip_suffix('*').filter(|prefix| !prefix.contains(['*', '?', '$']));
        plain.is_some_and(|prefix| first.starts_with(prefix) && last.starts_with(prefix))
    })
}

/// With what the ARNs begin that a statement may mean.
fn prefixes(statement: &Statement) -> Vec<String> {
    let prefix = |template: &Template| match template {
        Template::Fixed(glob) => String::from_utf8(glob.prefix().to_vec()).unwrap_or_default(),
        Template::Varying(_) => String::new(),
    };
    match &statement.resources {
        Listed::These(templates) => templates.iter().map(prefix).collect(),
        _ => vec![String::new()],
    }
}

/// Whether a trust names someone.
fn names(trust: &Policy, who: impl Fn(&Named) -> bool) -> bool {
    let open = |statement: &Statement| !matches!(statement.principals, Listed::These(_));
    let names = |statement: &Statement| statement.principals.items().iter().any(&who) || open(statement);
    trust.unread.is_some() || trust.statements.iter().any(names)
}

/// Whether it is nobody of an account.
pub(super) fn is_outside(named: &Named) -> bool {
    matches!(named, Named::Service(_) | Named::Federated(_) | Named::Canonical(_))
}

/// Whether a condition asks for an organisation.
fn about_organization(policy: &Policy) -> bool {
    let conditions = policy.statements.iter().flat_map(|statement| statement.conditions.iter());
    conditions
        .map(|condition| condition.key.to_ascii_lowercase())
        .any(|key| key.starts_with("aws:") && key.contains("org"))
}

/// Whether a condition tells principals apart.
pub(super) fn about_principal(statement: &Statement) -> bool {
    statement.conditions.iter().any(|condition| {
        let key = condition.key.to_ascii_lowercase();
        key.starts_with("aws:principal") || key.starts_with("aws:user") || key.contains("tag")
    })
}
