//! Accounts of one person: the person's node may become each of them.
//!
//! A person is named by a verified e-mail address. An account without one may follow another account: by the same verified
//! sign-on, or by the owner's word. Addresses that are shared by their nature, or
//! that say two things at once, join nobody.

use super::claims::{Claim, Claims, Name};
use super::credentials::shown;
use super::{CARRIERS_MAX, Join, JoinKind, Links, OWNER, Ruling, sentences};
use firebreak_model::{EdgeFact, EdgeKind, IdentifierScheme, Interval, NodeKey, NodeKind, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Words of which an address is made that several people read, or nobody.
const ROLE_WORDS: &[&str] = &[
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administrator",
    "admins",
    "alert",
    "alerts",
    "all",
    "api",
    "app",
    "apps",
    "audit",
    "automation",
    "aws",
    "backup",
    "billing",
    "bot",
    "bots",
    "build",
    "careers",
    "ci",
    "cloud",
    "compliance",
    "contact",
    "customer",
    "data",
    "deploy",
    "deployment",
    "desk",
    "dev",
    "developer",
    "developers",
    "devops",
    "dmarc",
    "eng",
    "engineering",
    "events",
    "everyone",
    "feedback",
    "finance",
    "github",
    "hello",
    "help",
    "helpdesk",
    "hostmaster",
    "hr",
    "info",
    "infra",
    "infrastructure",
    "integration",
    "integrations",
    "invoices",
    "it",
    "jobs",
    "legal",
    "list",
    "mail",
    "mailbox",
    "mailer",
    "daemon",
    "marketing",
    "monitoring",
    "no",
    "noc",
    "noreply",
    "notifications",
    "office",
    "on",
    "oncall",
    "call",
    "operations",
    "ops",
    "payroll",
    "people",
    "platform",
    "postmaster",
    "press",
    "privacy",
    "procurement",
    "prod",
    "production",
    "recruiting",
    "reply",
    "robot",
    "root",
    "sales",
    "security",
    "sec",
    "service",
    "services",
    "shared",
    "soc",
    "sre",
    "staff",
    "staging",
    "support",
    "svc",
    "sysadmin",
    "system",
    "team",
    "tech",
    "test",
    "user",
    "users",
    "vendor",
    "vendors",
    "webmaster",
];

/// Domains whose addresses are those of programs.
const PROGRAM_DOMAINS: &[&str] = &["gserviceaccount.com", "noreply.github.com", "bots.slack.com"];

/// Identities that are no person's account, by the system in their key.
const NO_ACCOUNTS: &[&str] = &["person", "app", "agent", "mcp", "service", "oidc"];

/// Why an account may belong to a person, and why perhaps not.
#[derive(Default)]
struct Candidate {
    reasons: Vec<String>,
    doubts: Vec<String>,
    unverified: bool,
    known: Option<Time>,
}

/// By person, then account.
type Candidates = BTreeMap<(NodeKey, NodeKey), Candidate>;

pub(super) fn find(claims: &Claims, ruling: &Ruling) -> Links {
    let mut candidates = by_address(claims);
    follow(&mut candidates, claims);
    contradict(&mut candidates);
    rule(&mut candidates, claims, ruling);
    let mut accounts: BTreeMap<NodeKey, BTreeSet<NodeKey>> = BTreeMap::new();
    for ((person, account), _) in candidates.iter().filter(|(_, candidate)| candidate.doubts.is_empty()) {
        accounts.entry(person.clone()).or_default().insert(account.clone());
    }
    let (mut links, none) = (Links::default(), BTreeSet::new());
    for ((person, account), candidate) in candidates {
        let others = accounts.get(&person).unwrap_or(&none);
        let refused = refused(&person, &account, others, claims, ruling);
        let Candidate { reasons, doubts, unverified, known } = candidate;
        let join = Join {
            kind: JoinKind::SamePerson,
            keys: vec![person, account],
            reasons: sentences(reasons),
            verified: !unverified,
            doubts: sentences(doubts),
            refused_by: refused.then(|| OWNER.to_owned()),
        };
        if join.is_made() {
            links.added.extend(edge(&join, known.unwrap_or(Time::MIN)));
        }
        links.joins.push(join);
    }
    links
}

fn edge(join: &Join, known: Time) -> Option<EdgeFact> {
    let [person, account] = join.keys.as_slice() else { return None };
    let evidence = join.reasons.join("; ");
    Some(EdgeFact::new(EdgeKind::MayAssume, person.clone(), account.clone(), Interval::ALWAYS, known, &evidence))
}

fn is_account(key: &NodeKey) -> bool {
    key.kind() == NodeKind::Identity && !NO_ACCOUNTS.contains(&key.system())
}

/// The place in which a name is given once: the system, and in it the realm, workspace or cloud account.
fn tenant(key: &NodeKey) -> &str {
    key.rest().rsplit_once('/').map_or(key.system(), |(tenant, _)| tenant)
}

fn by_address(claims: &Claims) -> Candidates {
    let mut candidates = Candidates::new();
    for (name, carriers) in claims.carriers.iter().filter(|((scheme, _), _)| *scheme == IdentifierScheme::Email) {
        let accounts: Vec<&NodeKey> = carriers.iter().filter(|key| is_account(key)).collect();
        if accounts.is_empty() {
            continue;
        }
        let person = NodeKey::identity("person", &name.1);
        let shared = address_doubts(&name.1, carriers, accounts.len());
        for account in &accounts {
            let Some(claim) = claims.claim(account, name) else { continue };
            let twins = twins(account, &accounts, name, claims);
            let mut doubts = shared.clone();
            if !claim.verified {
                doubts.push(format!("{} repeats the address and has not verified it", shown(&claim.evidence)));
            } else if !twins.is_empty() {
                doubts.push(format!(
                    "one system has this address on several accounts: `{account}` and {}",
                    twins.join(", ")
                ));
            }
            let reason = address_reason(account, name, claim);
            let unverified = !claim.verified;
            let candidate = Candidate { reasons: vec![reason], doubts, unverified, known: Some(claim.known) };
            candidates.insert((person.clone(), (*account).clone()), candidate);
        }
    }
    candidates
}

fn address_reason(account: &NodeKey, name: &Name, claim: &Claim) -> String {
    let how = if claim.verified { "has verified" } else { "states" };
    format!("{} {how} that `{account}` has the e-mail address `{}`", shown(&claim.evidence), name.1)
}

/// Other accounts of the same system that have the address verified too.
fn twins(account: &NodeKey, accounts: &[&NodeKey], name: &Name, claims: &Claims) -> Vec<String> {
    let verified = |key: &NodeKey| claims.claim(key, name).is_some_and(|claim| claim.verified);
    let same = |other: &&&NodeKey| **other != account && tenant(other) == tenant(account) && verified(other);
    accounts.iter().filter(same).take(CARRIERS_MAX).map(|other| format!("`{other}`")).collect()
}

/// What speaks against the address being one person's.
fn address_doubts(address: &str, carriers: &BTreeSet<NodeKey>, accounts: usize) -> Vec<String> {
    let mut doubts = Vec::new();
    match address.rsplit_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
        None => doubts.push(format!("`{address}` is not an e-mail address")),
        Some((local, domain)) => {
            if is_role(local) {
                doubts.push(format!("`{address}` is the address of a role or a shared mailbox, not of one person"));
            }
            let below = |program: &&&str| domain == **program || domain.ends_with(&format!(".{program}"));
            if let Some(program) = PROGRAM_DOMAINS.iter().find(below) {
                doubts.push(format!("addresses of `{program}` are those of programs"));
            }
        }
    }
    let groups = carriers.iter().filter(|key| matches!(key.kind(), NodeKind::Group | NodeKind::Resource)).take(2);
    doubts.extend(groups.map(|group| format!("`{address}` is also the address of `{group}`")));
    if accounts > CARRIERS_MAX {
        doubts.push(format!("{accounts} accounts have the address `{address}`"));
    }
    doubts
}

/// Whether every word before the @ is one of a role. What stands behind a + is a label.
fn is_role(local: &str) -> bool {
    let local = local.split('+').next().unwrap_or_default();
    let plain = |word: &str| ROLE_WORDS.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit());
    local.split(['.', '-', '_']).all(plain)
}

/// Accounts of which one is known to be whose, by a sign-on of both.
fn follow(candidates: &mut Candidates, claims: &Claims) {
    let persons = persons(candidates);
    for (name, carriers) in &claims.carriers {
        let group = group(name, carriers, claims);
        if group.len() < 2 {
            continue;
        }
        let sides: Vec<&(NodeKey, Claim)> = group.iter().collect();
        let known: BTreeSet<&NodeKey> = sides.iter().filter_map(|(key, _)| persons.get(key)).flatten().collect();
        let doubts = group_doubts(name, &sides, &known);
        for (account, claim) in &group {
            for person in &known {
                let others = sides.iter().map(|(key, _)| key).filter(|key| *key != account);
                let others: Vec<String> = others.map(|key| format!("`{key}`")).collect();
                let reason = format!(
                    "{} says that `{account}` is the same as {} (`{}`)",
                    shown(&claim.evidence),
                    others.join(", "),
                    name.1
                );
                let candidate = candidates.entry(((*person).clone(), account.clone())).or_default();
                candidate.reasons.push(reason);
                candidate.known = candidate.known.max(Some(claim.known));
                let own = persons.get(account).is_some_and(|own| own.contains(*person));
                // What an account says of itself stands, unless another account of the same person says otherwise.
                if !own || known.len() > 1 {
                    candidate.doubts.extend(doubts.iter().cloned());
                    candidate.unverified |= !claim.verified;
                }
            }
        }
    }
}

/// The accounts that one sign-on names.
fn group(name: &Name, carriers: &BTreeSet<NodeKey>, claims: &Claims) -> Vec<(NodeKey, Claim)> {
    let stated = carriers.iter().filter(|key| is_account(key));
    let stated = stated.filter_map(|key| Some((key.clone(), claims.claim(key, name)?.clone())));
    if name.0 == IdentifierScheme::SignOn { stated.collect() } else { Vec::new() }
}

fn group_doubts(name: &Name, group: &[&(NodeKey, Claim)], known: &BTreeSet<&NodeKey>) -> Vec<String> {
    let mut doubts = Vec::new();
    if known.len() > 1 {
        let known: Vec<String> = known.iter().map(|person| format!("`{person}`")).collect();
        doubts.push(format!("`{}` is said of accounts of {}", name.1, known.join(" and ")));
    }
    for (account, claim) in group.iter().filter(|(_, claim)| !claim.verified) {
        doubts.push(format!("{} repeats `{}` of `{account}` and has not verified it", shown(&claim.evidence), name.1));
    }
    let mut tenants: BTreeMap<&str, &NodeKey> = BTreeMap::new();
    for (account, _) in group {
        if let Some(other) = tenants.insert(tenant(account), account) {
            doubts.push(format!("one system has `{}` on several accounts: `{other}` and `{account}`", name.1));
        }
    }
    if group.len() > CARRIERS_MAX {
        doubts.push(format!("{} accounts carry `{}`", group.len(), name.1));
    }
    doubts
}

/// Whose each account is, as far as that is beyond doubt.
fn persons(candidates: &Candidates) -> BTreeMap<NodeKey, BTreeSet<NodeKey>> {
    let mut persons: BTreeMap<NodeKey, BTreeSet<NodeKey>> = BTreeMap::new();
    for ((person, account), candidate) in candidates {
        if candidate.doubts.is_empty() {
            persons.entry(account.clone()).or_default().insert(person.clone());
        }
    }
    persons
}

/// An account that would be two persons' is nobody's.
fn contradict(candidates: &mut Candidates) {
    for (account, persons) in persons(candidates).into_iter().filter(|(_, persons)| persons.len() > 1) {
        let named: Vec<String> = persons.iter().map(|person| format!("`{person}`")).collect();
        let doubt = format!("`{account}` would be the account of {}", named.join(" and of "));
        for person in persons {
            if let Some(candidate) = candidates.get_mut(&(person, account.clone())) {
                candidate.doubts.push(doubt.clone());
            }
        }
    }
}

/// What the owner confirms is beyond doubt: that an account is a person's, or that it is whose another account is.
fn rule(candidates: &mut Candidates, claims: &Claims, ruling: &Ruling) {
    let before = persons(candidates);
    for (a, b) in &ruling.confirm {
        for (one, account) in [(a, b), (b, a)] {
            if !is_account(account) || !claims.names.contains_key(account) {
                continue;
            }
            let person = if one.kind() == NodeKind::Identity && one.system() == "person" { Some(one) } else { None };
            let others = before.get(one).into_iter().flatten();
            for person in person.into_iter().chain(others) {
                let candidate = candidates.entry((person.clone(), account.clone())).or_default();
                candidate.doubts.clear();
                candidate.unverified |= candidate.reasons.is_empty();
                candidate.reasons.push(format!("the owner confirms `{one}` and `{account}`"));
            }
        }
    }
}

/// Whether the owner refuses that the account is the person's, or that it is whose another account of the person is. Of two
/// accounts the one that has the person's address itself stays, if the other has not.
fn refused(person: &NodeKey, account: &NodeKey, others: &BTreeSet<NodeKey>, claims: &Claims, ruling: &Ruling) -> bool {
    let address = (IdentifierScheme::Email, Text::new(person.name()));
    let named = |key: &NodeKey| claims.claim(key, &address).is_some();
    let apart = |other: &NodeKey| other != account && ruling.refuses(account, other);
    ruling.refuses(person, account) || others.iter().any(|other| apart(other) && (named(other) || !named(account)))
}
