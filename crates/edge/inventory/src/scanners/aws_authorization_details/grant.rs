//! From statements to edges: which principal may take data out of which resource.
//!
//! A grant on everything of a service goes through a hub (`group:aws/<account>/<service>/read`), and so does one that
//! matches many resources: pairs of principals and resources are never written out.

use super::policy::{Names, Statement, may_overlap};
use super::{Account, Principal, glob, reads};
use crate::key::{aws_resource, service_of};
use crate::scanner::KnownResource;
use firebreak_model::{EdgeFact, EdgeKind, Interval, NodeFact, NodeKey, Text};
use firebreak_permission::aws::Answer;
use firebreak_permission::aws::escalation::Permissions;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A pattern that matches more resources than this goes through a hub of its own; a grant on `*` always does.
const MAX_DIRECT: usize = 16;

/// Up to so many resources are decided one by one for a principal that a boundary or an organisation limits; of more, one
/// of each kind that its policies tell apart.
const MAX_DECIDED: usize = 64;

/// What a hub leads to.
#[derive(Clone, Debug)]
pub(super) struct Hub {
    /// The resources, each with what stays undecided.
    resources: Reached,
    /// What may be done there.
    actions: Vec<Text>,
    /// Whether it leads to every identity of the account too.
    identities: bool,
}

impl Hub {
    /// Leaves one of its resources to one more condition.
    pub(super) fn doubt(&mut self, resource: &NodeKey, doubt: Text) {
        for (_, may) in self.resources.iter_mut().filter(|(key, _)| key == resource) {
            may.push(doubt.clone());
        }
    }
}

/// Which actions are left to someone whom something limits, and how certain the best of them is.
type Ruled = (Vec<Text>, Answer);

/// Actions, and what is undecided about all of them.
type Terms = (Vec<Text>, Vec<Text>);

/// Resources, each with what stays undecided.
type Reached = Vec<(NodeKey, Vec<Text>)>;

/// A grant on one resource that survived every Deny.
#[derive(Clone)]
struct Granted {
    actions: Vec<Text>,
    may: Vec<Text>,
}

impl Granted {
    /// What is left once what limits its principal is decided.
    fn left(mut self, principal: &Principal, (actions, best): Ruled) -> Option<Granted> {
        self.actions = actions;
        if best == Answer::Yes {
            self.may.retain(|text| !principal.limits.contains(text));
        }
        best.possible().then_some(self)
    }
}

impl Account<'_> {
    /// The hub of those who may do everything in the account.
    pub(super) fn administrators(&mut self) -> NodeKey {
        let key = NodeKey::group("aws", &format!("{}/administrators", self.id));
        if !self.hubs.contains_key(&key) {
            let resources = self.own_resources(|_| true);
            let actions = vec![Text::new("*")];
            self.hubs.insert(key.clone(), Hub { resources, actions, identities: true });
        }
        key
    }

    /// Every known resource that the account owns or may own.
    fn own_resources(&self, wanted: impl Fn(&str) -> bool) -> Reached {
        let known = self.resources.iter();
        let own = known.filter(|resource| service_of(resource.key.name()).is_some_and(&wanted));
        own.filter_map(|resource| Some((resource.key.clone(), self.owned(resource)?))).collect()
    }

    /// What is undecided about the account owning `resource`; `None` where it certainly does not.
    fn owned(&self, resource: &KnownResource) -> Option<Vec<Text>> {
        match &resource.account {
            Some(account) => (*account == self.id).then(Vec::new),
            None if self.accounts.len() <= 1 => Some(Vec::new()),
            None => Some(vec![Text::new(format!("account {} owns it", self.id))]),
        }
    }

    /// Adds every grant of one principal.
    pub(super) fn grants(&mut self, principal: &Principal, mut permissions: Option<&mut Permissions<'_>>) {
        let denies: Vec<&Statement> = principal.statements.iter().filter(|statement| !statement.allow).collect();
        let governs = self.admins.contains(&principal.key);
        let matters = |statement: &&Statement| statement.allow && !(governs && statement.resources.cover("*"));
        for statement in principal.statements.iter().filter(matters) {
            for service in self.services(statement) {
                self.grant(principal, statement, &denies, &service, permissions.as_deref_mut());
            }
            self.named(principal, statement, &denies, permissions.as_deref_mut());
        }
    }

    /// The services of known resources about which a statement may say something.
    fn services(&self, statement: &Statement) -> BTreeSet<String> {
        let known = self.resources.iter().filter_map(|resource| service_of(resource.key.name()));
        let all: BTreeSet<&str> = known.collect();
        all.into_iter()
            .filter(|service| statement.actions.may_include(&format!("{service}:*")))
            .map(str::to_owned)
            .collect()
    }

    /// The grant of one statement on all known resources of one service.
    fn grant(
        &mut self,
        principal: &Principal,
        statement: &Statement,
        denies: &[&Statement],
        service: &str,
        mut permissions: Option<&mut Permissions<'_>>,
    ) {
        let mut granted = Vec::new();
        let mut narrowed = false;
        let known: &[KnownResource] = &self.resources;
        for resource in known.iter().filter(|resource| service_of(resource.key.name()) == Some(service)) {
            let Some(grant) = evaluate(statement, &[], resource.key.name(), &principal.limits) else { continue };
            let Some(foreign) = self.across(statement, resource) else { continue };
            let Some(mut left) = evaluate(statement, denies, resource.key.name(), &principal.limits) else {
                narrowed = true;
                continue;
            };
            narrowed |= left.actions != grant.actions || left.may != grant.may;
            left.may.extend(foreign);
            left.may.extend(self.guards.untold(&resource.key, &self.id));
            granted.push((resource.key.clone(), left));
        }
        let broad = statement.resources.cover("*");
        let limited = !principal.limits.is_empty();
        if limited && granted.len() > MAX_DECIDED {
            return self.many(principal, statement, service, granted, permissions);
        }
        if narrowed || limited || (!broad && granted.len() <= MAX_DIRECT) {
            for (resource, grant) in granted {
                let decided = decided(principal, statement, resource.name(), grant, permissions.as_deref_mut());
                let Some(grant) = decided else { continue };
                self.act(principal, resource, grant, statement);
            }
            return;
        }
        let Some((_, first)) = granted.first() else { return };
        // The condition is the statement's: it belongs on the way into the hub, not on each way out.
        let mut may = statement.undecided.clone();
        may.extend(principal.limits.iter().cloned());
        let actions = first.actions.clone();
        let outward = |grant: Granted| grant.may.into_iter().filter(|text| !may.contains(text)).collect::<Vec<_>>();
        let resources: Vec<_> = granted.into_iter().map(|(key, grant)| (key, outward(grant))).collect();
        let patterns = match (&statement.resources, broad) {
            (Names::These(patterns), false) => format!("/{}", patterns.join(" ")),
            (Names::AllBut(patterns), false) => format!("/all but {}", patterns.join(" ")),
            _ => String::new(),
        };
        let verbs = if actions.iter().any(|action| glob::is_pattern(action)) { "all" } else { "read" };
        let key = NodeKey::group("aws", &format!("{}/{service}/{verbs}{patterns}", self.id));
        let hub = self.hubs.entry(key.clone()).or_insert(Hub { resources, actions: Vec::new(), identities: false });
        hub.actions.extend(actions.into_iter().filter(|action| !hub.actions.contains(action)).collect::<Vec<_>>());
        self.member(principal, key, may, statement);
    }

    /// A grant on many resources to someone whom something limits: decided once for all that its policies cannot tell
    /// apart, and through hubs where many get the same.
    fn many(
        &mut self,
        principal: &Principal,
        statement: &Statement,
        service: &str,
        granted: Vec<(NodeKey, Granted)>,
        mut permissions: Option<&mut Permissions<'_>>,
    ) {
        let asked = |key: &NodeKey| -> Vec<String> {
            let arn = key.name();
            if service == "s3" { vec![arn.to_owned(), format!("{arn}/firebreak")] } else { vec![arn.to_owned()] }
        };
        // The list is the same for all whom the same resources are granted.
        let list = format!("{service}/{}", mark(granted.iter().map(|(key, _)| key.name())));
        let names: Vec<Vec<String>> = granted.iter().map(|(key, _)| asked(key)).collect();
        let kinds = permissions.as_deref_mut().and_then(|all| all.alike(&principal.arn, &list, &names));
        let mut known: BTreeMap<(u32, Vec<Text>), Ruled> = BTreeMap::new();
        let mut outcomes: BTreeMap<Terms, Reached> = BTreeMap::new();
        for (at, (key, grant)) in granted.into_iter().enumerate() {
            // A statement that speaks of some of a bucket's objects tells it from every other.
            let own = service == "s3" && objects(statement, key.name()).len() > 1;
            let kind = kinds.as_ref().and_then(|kinds| kinds.get(at)).copied().filter(|_| !own);
            let same = kind.map(|kind| (kind, grant.actions.clone()));
            let ruled = match same.as_ref().and_then(|same| known.get(same)) {
                Some(ruled) => ruled.clone(),
                None => ruled(principal, statement, key.name(), grant.actions.clone(), permissions.as_deref_mut()),
            };
            if let Some(same) = same {
                known.entry(same).or_insert_with(|| ruled.clone());
            }
            let Some(left) = grant.left(principal, ruled) else { continue };
            // The statement's own conditions belong on the way in, what is said of one resource on the way out.
            let of_all = |may: &Text| statement.undecided.contains(may) || principal.limits.contains(may);
            let (inward, outward): (Vec<Text>, Vec<Text>) = left.may.into_iter().partition(of_all);
            outcomes.entry((left.actions, inward)).or_default().push((key, outward));
        }
        for ((actions, may), resources) in outcomes {
            if resources.len() <= MAX_DIRECT {
                for (key, outward) in resources {
                    let may = may.iter().cloned().chain(outward).collect();
                    self.act(principal, key, Granted { actions: actions.clone(), may }, statement);
                }
                continue;
            }
            let named = resources.iter().flat_map(|(key, may)| may.iter().map(Text::as_str).chain([key.name()]));
            let content = mark(actions.iter().map(Text::as_str).chain(named));
            let hub = NodeKey::group("aws", &format!("{}/{service}/some/{content}", self.id));
            self.hubs.entry(hub.clone()).or_insert(Hub { resources, actions, identities: false });
            self.member(principal, hub, may, statement);
        }
    }

    /// What is undecided about a grant in this account reaching `resource`. `None`: a wildcard of this account does
    /// not mean another account's resource.
    fn across(&self, statement: &Statement, resource: &KnownResource) -> Option<Vec<Text>> {
        let name = resource.key.name();
        let by_name = match &statement.resources {
            Names::These(patterns) => patterns.iter().any(|pattern| {
                let fixed = pattern.split(['*', '?']).next().unwrap_or_default();
                fixed.starts_with(name)
                    || (!fixed.ends_with(":::") && fixed.split(':').count() > 5 && !fixed.ends_with(':'))
            }),
            Names::AllBut(_) => false,
        };
        match (&resource.account, by_name) {
            (Some(owner), _) if *owner == self.id => Some(Vec::new()),
            // Decided there, both sides at once.
            (Some(owner), true) if self.decided_by(owner, &resource.key) => None,
            (Some(owner), true) => Some(vec![Text::new(format!("account {owner} allows it too"))]),
            (Some(_), false) => None,
            (None, true) => Some(Vec::new()),
            (None, false) => self.owned(resource),
        }
    }

    /// Whether `owner`, another account, decides who of this one may use its resource.
    fn decided_by(&self, owner: &Text, resource: &NodeKey) -> bool {
        self.read_by.contains(owner) && self.input.surroundings.aws_guarded.contains(resource)
    }

    /// Grants on resources that the statement itself names in full and that no inventory knows.
    fn named(
        &mut self,
        principal: &Principal,
        statement: &Statement,
        denies: &[&Statement],
        mut permissions: Option<&mut Permissions<'_>>,
    ) {
        let Names::These(patterns) = &statement.resources else { return };
        let mut seen = BTreeSet::new();
        for pattern in patterns {
            let bucket = pattern.strip_prefix("arn:aws:s3:::").and_then(|rest| rest.split('/').next());
            let whole = bucket.map(|bucket| format!("arn:aws:s3:::{bucket}")).unwrap_or_else(|| pattern.clone());
            let service = service_of(&whole).unwrap_or_default().to_owned();
            // Roles and users are reached by becoming them, which trust decides.
            if glob::is_pattern(&whole) || !whole.starts_with("arn:") || matches!(service.as_str(), "iam" | "sts") {
                continue;
            }
            let key = aws_resource(&whole);
            let known = self.resources.iter().any(|resource| resource.key == key);
            if known || self.guards.decide(&key) || !seen.insert(key.clone()) {
                continue;
            }
            let mut grant = evaluate(statement, denies, &whole, &principal.limits);
            if let Some(grant) = &mut grant {
                grant.may.extend(self.guards.untold(&key, &self.id));
            }
            let limited = |grant| decided(principal, statement, &whole, grant, permissions.as_deref_mut());
            if let Some(grant) = grant.and_then(limited) {
                self.nodes.push(NodeFact::new(key.clone(), Interval::ALWAYS, self.input.known, &self.evidence));
                self.act(principal, key, grant, statement);
            }
        }
    }

    fn act(&mut self, principal: &Principal, resource: NodeKey, grant: Granted, statement: &Statement) {
        let mut edge = self.edge(EdgeKind::MayAct, principal.key.clone(), resource, principal.valid, &statement.place);
        edge.actions = grant.actions;
        edge.may = grant.may;
        self.edges.push(edge);
    }

    pub(super) fn member(&mut self, principal: &Principal, hub: NodeKey, may: Vec<Text>, statement: &Statement) {
        let mut edge = self.edge(EdgeKind::MemberOf, principal.key.clone(), hub, principal.valid, &statement.place);
        edge.may = may;
        self.edges.push(edge);
    }

    /// The edges out of every hub that is in use.
    pub(super) fn open_hubs(&mut self) {
        for (key, hub) in std::mem::take(&mut self.hubs) {
            self.nodes.push(NodeFact::new(key.clone(), Interval::ALWAYS, self.input.known, &self.evidence));
            for (resource, may) in hub.resources {
                let mut edge = self.edge(EdgeKind::MayAct, key.clone(), resource, Interval::ALWAYS, "wildcard grant");
                edge.actions = hub.actions.clone();
                edge.may = may;
                self.edges.push(edge);
            }
            let identities = if hub.identities { self.identities.iter().cloned().collect() } else { Vec::new() };
            let become_them = |to| -> EdgeFact {
                self.edge(
                    EdgeKind::MayAssume,
                    key.clone(),
                    to,
                    Interval::ALWAYS,
                    "an administrator gives itself access",
                )
            };
            let edges: Vec<_> = identities.into_iter().map(become_them).collect();
            self.edges.extend(edges);
        }
    }
}

/// What is left of a grant once what limits its principal is decided. `None`: nothing.
fn decided(
    principal: &Principal,
    statement: &Statement,
    arn: &str,
    mut grant: Granted,
    permissions: Option<&mut Permissions<'_>>,
) -> Option<Granted> {
    if principal.limits.is_empty() || permissions.is_none() {
        return Some(grant);
    }
    let ruled = ruled(principal, statement, arn, std::mem::take(&mut grant.actions), permissions);
    grant.left(principal, ruled)
}

/// Which of `actions` are left to someone whom something limits, and how certain the best of them is.
fn ruled(
    principal: &Principal,
    statement: &Statement,
    arn: &str,
    actions: Vec<Text>,
    permissions: Option<&mut Permissions<'_>>,
) -> Ruled {
    let Some(permissions) = permissions else { return (actions, Answer::May) };
    let mut best = Answer::No;
    let mut left = Vec::new();
    for action in actions {
        let about_objects = arn.contains(":s3:::") && !reads::is_about_bucket(&action);
        let targets = if about_objects { objects(statement, arn) } else { vec![arn.to_owned()] };
        let mut answer = Answer::No;
        for target in targets {
            // Whom the evaluator does not know stays limited as it was.
            let one = permissions.decide(&principal.arn, &action, &target).map_or(Answer::May, |(one, _)| one);
            answer = answer.or(one);
        }
        if answer.possible() {
            left.push(action);
            best = best.or(answer);
        }
    }
    (left, best)
}

/// A name for a list of texts that stays the same as long as the list does.
fn mark<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update([0]);
    }
    hex::encode(&hasher.finalize()[..8])
}

/// Objects of a bucket that a statement means.
fn objects(statement: &Statement, bucket: &str) -> Vec<String> {
    let mut objects = vec![format!("{bucket}/firebreak")];
    if let Names::These(patterns) = &statement.resources {
        let below = format!("{bucket}/");
        let own = patterns.iter().filter(|pattern| pattern.starts_with(&below)).take(8);
        objects.extend(own.map(|pattern| pattern.replace('*', "firebreak").replace('?', "x")));
    }
    objects
}

/// What `statement` lets a principal take out of the resource `arn`, after every Deny. `None` where that is nothing.
fn evaluate(statement: &Statement, denies: &[&Statement], arn: &str, limits: &[Text]) -> Option<Granted> {
    let service = service_of(arn).unwrap_or_default();
    let mut actions: Vec<Text> = Vec::new();
    let mut may: Option<Vec<Text>> = None;
    let mut allow = |action: &str, target: &str| {
        if let Some(undecided) = survives(statement, denies, &action.to_ascii_lowercase(), target, limits) {
            actions.push(Text::new(action));
            // Each action may be limited in its own way: the edge is as certain as its most certain action.
            may = Some(match may.take() {
                Some(have) if have.len() <= undecided.len() => have,
                _ => undecided,
            });
        }
    };
    match reads::of(service) {
        Some(known) => {
            for action in known.iter().filter(|action| statement.actions.include(&action.to_ascii_lowercase())) {
                let objects = format!("{arn}/*");
                let target = if service == "s3" && !reads::is_about_bucket(action) { objects.as_str() } else { arn };
                if applies(&statement.resources, target) {
                    allow(action, target);
                }
            }
        }
        None => {
            for action in written(statement, service, arn) {
                if applies(&statement.resources, arn) {
                    allow(&action, arn);
                }
            }
        }
    }
    may.map(|may| Granted { actions, may })
}

/// The actions that `statement` allows on the resource `arn` after every Deny, with what is undecided.
pub(super) fn left(statement: &Statement, denies: &[&Statement], arn: &str) -> Option<(Vec<Text>, Vec<Text>)> {
    evaluate(statement, denies, arn, &[]).map(|grant| (grant.actions, grant.may))
}

/// The actions of a statement on a resource of a service of which we do not know what reads.
fn written(statement: &Statement, service: &str, arn: &str) -> Vec<String> {
    let named = match &statement.resources {
        Names::These(patterns) => patterns.iter().any(|pattern| !glob::is_pattern(pattern) && pattern == arn),
        Names::AllBut(_) => false,
    };
    match &statement.actions {
        Names::AllBut(_) => vec![format!("{service}:*")],
        Names::These(_) => {
            let own = format!("{service}:*");
            let about = |action: &&String| {
                let lower = action.to_ascii_lowercase();
                !reads::is_metadata(&lower) && (named || may_overlap(&lower, &own))
            };
            statement.written.iter().filter(about).cloned().collect()
        }
    }
}

/// Whether a statement's resources include `target`, or part of it where that is all objects of a bucket.
fn applies(resources: &Names, target: &str) -> bool {
    match (resources, target.strip_suffix("/*")) {
        (Names::These(patterns), Some(bucket)) => {
            let below = format!("{bucket}/");
            patterns.iter().any(|pattern| glob::can_begin(pattern, &below))
        }
        (Names::AllBut(_), Some(_)) => resources.may_include(target),
        // Secrets' names end in six random characters, which owners often leave out.
        (_, None) => resources.include(target) || resources.include(&format!("{target}-??????")),
    }
}

/// What stays undecided about an allowed action; `None` where a Deny without condition covers it whole.
pub(super) fn survives(
    statement: &Statement,
    denies: &[&Statement],
    action: &str,
    target: &str,
    limits: &[Text],
) -> Option<Vec<Text>> {
    let mut may = statement.undecided.clone();
    may.extend(limits.iter().cloned());
    for deny in denies {
        if deny.undecided.is_empty() {
            if deny.actions.cover(action) && (deny.resources.cover(target) || covers_part(deny, statement, target)) {
                return None;
            }
        } else if deny.actions.may_include(action) && deny.resources.may_include(target) {
            let conditions: Vec<&str> = deny.undecided.iter().map(Text::as_str).collect();
            may.push(Text::new(format!("not denied where {}", conditions.join(" and "))));
        }
    }
    Some(may)
}

/// Whether a Deny covers all of the objects that the statement speaks of, though not all of the bucket's.
fn covers_part(deny: &Statement, statement: &Statement, target: &str) -> bool {
    let (Some(bucket), Names::These(patterns)) = (target.strip_suffix("/*"), &statement.resources) else {
        return false;
    };
    let below = format!("{bucket}/");
    let about: Vec<&String> = patterns.iter().filter(|pattern| glob::can_begin(pattern, &below)).collect();
    !about.is_empty() && about.iter().all(|pattern| deny.resources.cover(pattern))
}
