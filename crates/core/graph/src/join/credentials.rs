//! One credential under several keys.
//!
//! Keys that carry the same key id, hash or fingerprint are linked. What is linked directly or through others is one
//! credential, unless something in that whole speaks against it: then none of it is joined, since nobody can tell which
//! link is the wrong one.

use super::claims::{Claim, Claims, Name, own_name};
use super::{CARRIERS_MAX, Join, JoinKind, OWNER, Ruling, sentences};
use firebreak_model::{IdentifierScheme, NodeKey, NodeKind, Text};
use std::collections::{BTreeMap, BTreeSet};

/// A name shorter than this may be the same by chance.
const NAME_CHARACTERS_MIN: usize = 16;

/// Keys that are one credential.
#[derive(Default)]
pub(super) struct Credentials {
    pub(super) aliases: BTreeMap<NodeKey, NodeKey>,
    pub(super) joins: Vec<Join>,
}

/// Two keys that may be one thing.
pub(super) struct Link {
    pub(super) a: NodeKey,
    pub(super) b: NodeKey,
    pub(super) reason: String,
    pub(super) verified: bool,
    pub(super) doubts: Vec<String>,
}

pub(super) fn find(claims: &Claims, ruling: &Ruling) -> Credentials {
    let mut links = links(claims);
    rule(&mut links, claims, ruling);
    let (refused, open): (Vec<Link>, Vec<Link>) = links.into_iter().partition(|link| ruling.refuses(&link.a, &link.b));
    let (sound, doubtful): (Vec<Link>, Vec<Link>) = open.into_iter().partition(|link| link.doubts.is_empty());
    let mut found = Credentials::default();
    found.joins.extend(refused.into_iter().map(|link| stated(link, Vec::new(), true)));
    found.joins.extend(doubtful.into_iter().map(|link| stated(link, Vec::new(), false)));
    for (keys, links) in wholes(sound) {
        let against = contradictions(&keys, claims, ruling);
        if against.is_empty() {
            found.make(keys, links, claims);
        } else {
            found.joins.extend(links.into_iter().map(|link| stated(link, against.clone(), false)));
        }
    }
    found
}

impl Credentials {
    fn make(&mut self, keys: BTreeSet<NodeKey>, links: Vec<Link>, claims: &Claims) {
        let mut keys: Vec<NodeKey> = keys.into_iter().collect();
        // The key that says most: of a system rather than a bare fingerprint, and one that facts speak of.
        keys.sort_by_cached_key(|key| (key.system() == "fingerprint", !claims.names.contains_key(key), key.clone()));
        if let Some((first, others)) = keys.split_first() {
            self.aliases.extend(others.iter().map(|other| (other.clone(), first.clone())));
        }
        let verified = links.iter().all(|link| link.verified);
        let reasons = sentences(links.into_iter().map(|link| link.reason).collect());
        let kind = JoinKind::SameCredential;
        self.joins.push(Join { kind, keys, reasons, verified, doubts: Vec::new(), refused_by: None });
    }
}

fn stated(link: Link, against: Vec<String>, refused: bool) -> Join {
    let Link { a, b, reason, verified, doubts } = link;
    Join {
        kind: JoinKind::SameCredential,
        keys: vec![a, b],
        reasons: vec![reason],
        verified,
        doubts: sentences(doubts.into_iter().chain(against).collect()),
        refused_by: refused.then(|| OWNER.to_owned()),
    }
}

/// Every two credentials of one name, each with the first of those that carry it best.
fn links(claims: &Claims) -> Vec<Link> {
    let mut links = Vec::new();
    for (name, carriers) in &claims.carriers {
        let mut keys: Vec<(&NodeKey, &Claim)> = carriers
            .iter()
            .filter(|key| key.kind() == NodeKind::Credential)
            .filter_map(|key| Some((key, claims.claim(key, name)?)))
            .collect();
        let named = named(name);
        if let Some(key) = &named {
            // What is called by the key needs no claim of its own.
            keys.retain(|(carrier, _)| *carrier != key);
            links.extend(
                keys.iter().map(|(carrier, claim)| link(name, (key, None), (carrier, Some(claim)), keys.len())),
            );
        } else if joins_credentials(name.0) {
            keys.sort_by_key(|(key, claim)| (!claim.verified, (*key).clone()));
            let count = keys.len();
            if let Some(((first, best), others)) = keys.split_first() {
                links.extend(
                    others.iter().map(|(key, claim)| link(name, (first, Some(best)), (key, Some(claim)), count)),
                );
            }
        }
    }
    links
}

fn joins_credentials(scheme: IdentifierScheme) -> bool {
    matches!(scheme, IdentifierScheme::KeyId | IdentifierScheme::TokenHash | IdentifierScheme::Fingerprint)
}

pub(super) fn is_key(scheme: IdentifierScheme) -> bool {
    matches!(scheme, IdentifierScheme::Key | IdentifierScheme::Alias)
}

/// The credential that a name is which is a key.
fn named((scheme, value): &Name) -> Option<NodeKey> {
    is_key(*scheme).then(|| NodeKey::of_text(NodeKind::Credential, value.clone())).flatten()
}

fn link(name: &Name, a: (&NodeKey, Option<&Claim>), b: (&NodeKey, Option<&Claim>), carriers: usize) -> Link {
    let said = [&a, &b].into_iter().filter_map(|(key, claim)| {
        claim.as_ref().map(|claim| (*key, *claim, if claim.verified { "verified" } else { "only stated" }))
    });
    let said: Vec<String> =
        said.map(|(key, claim, how)| format!("of `{key}` it is {how} by {}", shown(&claim.evidence))).collect();
    let reason = format!("`{}` and `{}` have the same {}: {}", a.0, b.0, word(name), said.join(", "));
    let mut doubts = Vec::new();
    for (key, _) in [&a, &b].into_iter().filter(|(_, claim)| claim.is_some_and(|claim| !claim.verified)) {
        doubts.push(format!("the {} of `{key}` is not verified", word(name)));
    }
    if !is_key(name.0) && name.1.chars().count() < NAME_CHARACTERS_MIN {
        doubts.push(format!("the {} `{}` is short enough to be the same by chance", word(name), name.1));
    }
    if carriers > CARRIERS_MAX {
        doubts.push(format!("{carriers} credentials carry the {} `{}`", word(name), name.1));
    }
    Link { a: a.0.clone(), b: b.0.clone(), reason, verified: doubts.is_empty(), doubts }
}

pub(super) fn shown(evidence: &Text) -> &str {
    if evidence.is_empty() { "an inventory" } else { evidence }
}

fn word(name: &Name) -> &'static str {
    match name.0 {
        IdentifierScheme::Email => "e-mail address",
        IdentifierScheme::Fingerprint => "keyed fingerprint",
        IdentifierScheme::KeyId => "key id",
        IdentifierScheme::OidcSubject => "subject",
        IdentifierScheme::SignOn => "sign-on",
        IdentifierScheme::TokenHash => "hash",
        IdentifierScheme::Alias | IdentifierScheme::Key => "key",
    }
}

/// What the owner confirms is beyond doubt, and is a link where nothing else links it.
fn rule(links: &mut Vec<Link>, claims: &Claims, ruling: &Ruling) {
    for link in links.iter_mut().filter(|link| ruling.confirms(&link.a, &link.b)) {
        link.doubts.clear();
        link.reason.push_str(", and the owner confirms it");
    }
    let credential = |key: &NodeKey| key.kind() == NodeKind::Credential && claims.names.contains_key(key);
    for (a, b) in ruling.confirm.iter().filter(|(a, b)| a != b && credential(a) && credential(b)) {
        let known = links.iter().any(|link| (&link.a, &link.b) == (a, b) || (&link.a, &link.b) == (b, a));
        if !known {
            let (a, b) = (a.min(b).clone(), a.max(b).clone());
            let reason = format!("the owner confirms that `{a}` and `{b}` are one credential");
            links.push(Link { a, b, reason, verified: false, doubts: Vec::new() });
        }
    }
}

/// The links in groups that hang together, with the keys of each.
pub(super) fn wholes(links: Vec<Link>) -> Vec<(BTreeSet<NodeKey>, Vec<Link>)> {
    let mut numbers: BTreeMap<NodeKey, usize> = BTreeMap::new();
    let mut parents: Vec<usize> = Vec::new();
    let mut ends = Vec::new();
    for link in &links {
        let mut number = |key: &NodeKey| {
            *numbers.entry(key.clone()).or_insert_with(|| {
                parents.push(parents.len());
                parents.len() - 1
            })
        };
        ends.push((number(&link.a), number(&link.b)));
    }
    for (a, b) in ends {
        let (a, b) = (root(&mut parents, a), root(&mut parents, b));
        if let Some(parent) = parents.get_mut(a) {
            *parent = b;
        }
    }
    let mut wholes: BTreeMap<usize, (BTreeSet<NodeKey>, Vec<Link>)> = BTreeMap::new();
    for link in links {
        let Some(number) = numbers.get(&link.a) else { continue };
        let (keys, of_whole) = wholes.entry(root(&mut parents, *number)).or_default();
        keys.extend([link.a.clone(), link.b.clone()]);
        of_whole.push(link);
    }
    wholes.into_values().collect()
}

fn root(parents: &mut [usize], mut node: usize) -> usize {
    while let Some(parent) = parents.get(node).copied().filter(|parent| *parent != node) {
        let grandparent = parents.get(parent).copied().unwrap_or(parent);
        if let Some(slot) = parents.get_mut(node) {
            *slot = grandparent;
        }
        node = grandparent;
    }
    node
}

/// What speaks against `keys` being one credential.
fn contradictions(keys: &BTreeSet<NodeKey>, claims: &Claims, ruling: &Ruling) -> Vec<String> {
    let mut against = Vec::new();
    if keys.len() > CARRIERS_MAX {
        return vec![format!("{} credentials would become one", keys.len())];
    }
    let mut of_system: BTreeMap<&str, &NodeKey> = BTreeMap::new();
    for key in keys.iter().filter(|key| key.system() != "fingerprint") {
        if let Some(other) = of_system.insert(key.system(), key) {
            against.push(format!("one system names both `{other}` and `{key}`"));
        }
    }
    // A credential has one key id and one fingerprint. What is said to have two is not what it is said to be.
    for scheme in [IdentifierScheme::KeyId, IdentifierScheme::Fingerprint] {
        let named = keys.iter().flat_map(|key| values(key, scheme, claims).into_iter().map(move |value| (value, key)));
        let named: BTreeMap<Text, &NodeKey> = named.collect();
        if named.len() > 1 {
            let word = word(&(scheme, Text::default()));
            let all: Vec<String> =
                named.iter().map(|(value, key)| format!("`{key}` has the {word} `{value}`")).collect();
            against.push(all.join(", "));
        }
    }
    for (a, b) in ruling.refuse.iter().filter(|(a, b)| a != b && keys.contains(a) && keys.contains(b)) {
        against.push(format!("it would join `{}` and `{}`, which the owner refuses", a.min(b), a.max(b)));
    }
    sentences(against)
}

fn values(key: &NodeKey, scheme: IdentifierScheme, claims: &Claims) -> BTreeSet<Text> {
    let own = own_name(key).filter(|own| own.scheme == scheme).map(|own| own.value);
    let claimed = claims.names_of(key, scheme).filter(|(_, claim)| claim.verified).map(|(value, _)| value.clone());
    claimed.chain(own).collect()
}
