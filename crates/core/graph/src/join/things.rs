//! One thing other than a credential under several keys: a system writes down under which key another knows it.
//!
//! Only that word counts here, and only where one thing says it of a key. The thing that says so keeps its key.

use super::claims::{Claim, Claims};
use super::credentials::{Link, is_key, shown, wholes};
use super::{CARRIERS_MAX, Join, JoinKind, OWNER, Ruling, sentences};
use firebreak_model::{NodeKey, NodeKind};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn find(claims: &Claims, ruling: &Ruling) -> (BTreeMap<NodeKey, NodeKey>, Vec<Join>) {
    let (mut aliases, mut joins) = (BTreeMap::new(), Vec::new());
    let mut links = links(claims);
    for link in links.iter_mut().filter(|link| ruling.confirms(&link.a, &link.b)) {
        link.doubts.clear();
        link.reason.push_str(", and the owner confirms it");
    }
    let (refused, open): (Vec<Link>, Vec<Link>) = links.into_iter().partition(|link| ruling.refuses(&link.a, &link.b));
    let (sound, doubtful): (Vec<Link>, Vec<Link>) = open.into_iter().partition(|link| link.doubts.is_empty());
    joins.extend(refused.into_iter().map(|link| stated(link, &[], true)));
    joins.extend(doubtful.into_iter().map(|link| stated(link, &[], false)));
    for (keys, links) in wholes(sound) {
        let against = contradictions(&keys, &links, ruling);
        if !against.is_empty() {
            joins.extend(links.into_iter().map(|link| stated(link, &against, false)));
            continue;
        }
        let named: BTreeSet<NodeKey> = links.iter().map(|link| link.b.clone()).collect();
        let mut keys: Vec<NodeKey> = keys.into_iter().collect();
        keys.sort_by_cached_key(|key| (named.contains(key), key.clone()));
        if let Some((first, others)) = keys.split_first() {
            aliases.extend(others.iter().map(|other| (other.clone(), first.clone())));
        }
        let verified = links.iter().all(|link| link.verified);
        let reasons = sentences(links.into_iter().map(|link| link.reason).collect());
        let kind = JoinKind::SameThing;
        joins.push(Join { kind, keys, reasons, verified, doubts: Vec::new(), refused_by: None });
    }
    (aliases, joins)
}

/// Principals are identities to one system and groups to another; everything else is of one kind everywhere.
fn alike(a: &NodeKey, b: &NodeKey) -> bool {
    let kind = |key: &NodeKey| if key.kind() == NodeKind::Group { NodeKind::Identity } else { key.kind() };
    kind(a) == kind(b) && a.kind() != NodeKind::Credential
}

fn links(claims: &Claims) -> Vec<Link> {
    let mut links = Vec::new();
    for (name, carriers) in claims.carriers.iter().filter(|((scheme, _), _)| is_key(*scheme)) {
        let Some(key) = NodeKey::parse(&name.1) else { continue };
        let carriers: Vec<(&NodeKey, &Claim)> = carriers
            .iter()
            .filter(|carrier| **carrier != key && alike(carrier, &key))
            .filter_map(|carrier| Some((carrier, claims.claim(carrier, name)?)))
            .collect();
        links.extend(carriers.iter().map(|(carrier, claim)| link(carrier, claim, &key, carriers.len())));
    }
    links
}

fn link(carrier: &NodeKey, claim: &Claim, key: &NodeKey, carriers: usize) -> Link {
    let mut doubts = Vec::new();
    if !claim.verified {
        doubts.push(format!("{} repeats that and has not verified it", shown(&claim.evidence)));
    }
    if carriers > 1 {
        doubts.push(format!("{carriers} things are said to be `{key}`"));
    }
    if [carrier, key].into_iter().any(|key| key.system() == "person") {
        doubts.push("a person is not an account: an account belongs to a person".to_owned());
    }
    let reason = format!("{} says that `{carrier}` is `{key}` elsewhere", shown(&claim.evidence));
    Link { a: carrier.clone(), b: key.clone(), reason, verified: claim.verified, doubts }
}

fn contradictions(keys: &BTreeSet<NodeKey>, links: &[Link], ruling: &Ruling) -> Vec<String> {
    if keys.len() > CARRIERS_MAX {
        return vec![format!("{} things would become one", keys.len())];
    }
    let mut against = Vec::new();
    let mut of_key: BTreeMap<&NodeKey, &NodeKey> = BTreeMap::new();
    for link in links {
        if let Some(other) = of_key.insert(&link.b, &link.a).filter(|other| **other != link.a) {
            against.push(format!("both `{other}` and `{}` are said to be `{}`", link.a, link.b));
        }
    }
    for (a, b) in ruling.refuse.iter().filter(|(a, b)| a != b && keys.contains(a) && keys.contains(b)) {
        against.push(format!("it would join `{}` and `{}`, which the owner refuses", a.min(b), a.max(b)));
    }
    sentences(against)
}

fn stated(link: Link, against: &[String], refused: bool) -> Join {
    let Link { a, b, reason, verified, doubts } = link;
    Join {
        kind: JoinKind::SameThing,
        keys: vec![a, b],
        reasons: vec![reason],
        verified,
        doubts: sentences(doubts.into_iter().chain(against.iter().cloned()).collect()),
        refused_by: refused.then(|| OWNER.to_owned()),
    }
}
