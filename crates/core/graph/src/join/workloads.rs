//! Workloads and what trusts their tokens, environments and what was found in them.
//!
//! A cloud's identity that trusts a subject is known by its system; `*` and `?` in what it trusts stand for any text, as
//! platforms compare them. Where several workloads meet one pattern they share a group, so that no edges are multiplied.

use super::claims::{Claim, Claims, Name};
use super::credentials::shown;
use super::{CARRIERS_MAX, Join, JoinKind, Links, OWNER, Ruling};
use firebreak_model::{EdgeFact, EdgeKind, IdentifierScheme, Interval, NodeKey, NodeKind, Text};
use std::collections::{BTreeMap, BTreeSet};

/// Systems whose identities trust tokens of others; `oidc` are the subjects that such an identity names.
const TRUSTING: [&str; 6] = ["aws", "azure", "entra", "gcp", "google", "oidc"];

pub(super) fn find(claims: &Claims, ruling: &Ruling) -> Links {
    let mut links = Links::default();
    trusted(claims, ruling, &mut links);
    found(claims, ruling, &mut links);
    links
}

fn trusts(key: &NodeKey) -> bool {
    key.kind() == NodeKind::Identity && TRUSTING.contains(&key.system())
}

/// Somebody with a subject.
type Subject<'a> = (&'a Text, &'a NodeKey, &'a Claim);

fn trusted(claims: &Claims, ruling: &Ruling, links: &mut Links) {
    let subjects = || {
        let names = claims.carriers.iter().filter(|((scheme, _), _)| *scheme == IdentifierScheme::OidcSubject);
        names.flat_map(|(name, carriers)| {
            carriers.iter().filter_map(move |key| Some((&name.1, key, claims.claim(key, name)?)))
        })
    };
    let workload = |key: &NodeKey| matches!(key.kind(), NodeKind::Environment | NodeKind::Identity) && !trusts(key);
    let workloads: Vec<Subject<'_>> = subjects().filter(|(_, key, _)| workload(key)).collect();
    for (pattern, role, claim) in subjects().filter(|(_, key, _)| trusts(key)) {
        let met = workloads.iter().filter(|(subject, ..)| meets(subject, pattern));
        let mut sure = Vec::new();
        for (subject, workload, own) in met {
            let join = trust(ruling, (pattern, role, claim), (subject, workload, own));
            if join.is_made() {
                sure.push(((*workload).clone(), own.known.max(claim.known), join.reasons.join("; ")));
            }
            links.joins.push(join);
        }
        let hub = NodeKey::group("oidc", pattern);
        let several = sure.len() > 1;
        for (workload, known, evidence) in &sure {
            let (kind, to) = if several { (EdgeKind::MemberOf, &hub) } else { (EdgeKind::MayAssume, role) };
            let edge = EdgeFact::new(kind, workload.clone(), to.clone(), Interval::ALWAYS, *known, evidence);
            links.added.push(edge);
        }
        if several {
            let evidence = trust_reason(role, pattern, claim);
            let edge = EdgeFact::new(EdgeKind::MayAssume, hub, role.clone(), Interval::ALWAYS, claim.known, &evidence);
            links.added.push(edge);
        }
    }
}

fn trust_reason(role: &NodeKey, pattern: &Text, claim: &Claim) -> String {
    format!("`{role}` trusts `{pattern}`, as {} says", shown(&claim.evidence))
}

fn trust(ruling: &Ruling, (pattern, role, claim): Subject<'_>, (subject, workload, own): Subject<'_>) -> Join {
    let reason = format!(
        "{}; {} says that `{workload}` is `{subject}`",
        trust_reason(role, pattern, claim),
        shown(&own.evidence)
    );
    let mut doubts = Vec::new();
    if !own.verified {
        doubts.push(format!("{} repeats the subject of `{workload}` and has not verified it", shown(&own.evidence)));
    }
    if !claim.verified {
        doubts.push(format!("{} repeats what `{role}` trusts and has not verified it", shown(&claim.evidence)));
    }
    if !subject.contains('|') || !pattern.contains('|') {
        doubts.push("the issuer of the subject is not known".to_owned());
    }
    if ruling.confirms(workload, role) {
        doubts.clear();
    }
    Join {
        kind: JoinKind::TrustedWorkload,
        keys: vec![workload.clone(), role.clone()],
        reasons: vec![reason],
        verified: own.verified && claim.verified,
        doubts,
        refused_by: ruling.refuses(workload, role).then(|| OWNER.to_owned()),
    }
}

/// Whether `text` is what `pattern` stands for. The issuer must be the same to the letter.
fn meets(text: &str, pattern: &str) -> bool {
    match (text.split_once('|'), pattern.split_once('|')) {
        (Some((issuer, subject)), Some((trusted, pattern))) => {
            issuer == trusted && matches(subject.as_bytes(), pattern.as_bytes())
        }
        _ => text == pattern,
    }
}

/// Glob over bytes; a star that was passed is tried again one byte further, so that the time is at most the product.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut place, mut star) = (0, 0, None);
    while let Some(byte) = text.get(at) {
        match pattern.get(place) {
            Some(b'*') => {
                star = Some((place, at));
                place += 1;
            }
            Some(one) if one == byte || *one == b'?' => (at, place) = (at + 1, place + 1),
            _ => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    (at, place) = (from + 1, back + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(place).all(|byte| *byte == b'*')
}

/// An environment that carries a fingerprint makes the one credential readable that has it.
fn found(claims: &Claims, ruling: &Ruling, links: &mut Links) {
    for (name, carriers) in claims.carriers.iter().filter(|((scheme, _), _)| *scheme == IdentifierScheme::Fingerprint) {
        let credentials: BTreeMap<NodeKey, bool> = carriers
            .iter()
            .filter(|key| key.kind() == NodeKind::Credential)
            .filter_map(|key| Some((key.clone(), claims.claim(key, name)?.verified)))
            .collect();
        let environments: Vec<&NodeKey> = carriers.iter().filter(|key| key.kind() == NodeKind::Environment).collect();
        for environment in environments {
            let Some(claim) = claims.claim(environment, name) else { continue };
            let all: BTreeSet<&NodeKey> = credentials.keys().collect();
            for (credential, verified) in &credentials {
                let place = Place { environment, credential, claim, verified: *verified };
                let join = place.join(name, &all, ruling);
                if join.is_made() {
                    links.added.push(place.edge(&join));
                }
                links.joins.push(join);
            }
        }
    }
}

struct Place<'a> {
    environment: &'a NodeKey,
    credential: &'a NodeKey,
    claim: &'a Claim,
    verified: bool,
}

impl Place<'_> {
    fn join(&self, name: &Name, all: &BTreeSet<&NodeKey>, ruling: &Ruling) -> Join {
        let Place { environment, credential, claim, verified } = self;
        let mut doubts = Vec::new();
        if !claim.verified || !verified {
            doubts.push(format!("the keyed fingerprint `{}` is not verified on both sides", name.1));
        }
        if all.len() > 1 {
            let all: Vec<String> = all.iter().take(CARRIERS_MAX).map(|key| format!("`{key}`")).collect();
            doubts.push(format!("several credentials have the keyed fingerprint: {}", all.join(", ")));
        }
        if ruling.confirms(environment, credential) {
            doubts.clear();
        }
        let reason = format!(
            "a secret with the keyed fingerprint `{}` was found in `{environment}`, as {} says, and that is `{credential}`",
            name.1,
            shown(&claim.evidence)
        );
        Join {
            kind: JoinKind::FoundIn,
            keys: vec![(*environment).clone(), (*credential).clone()],
            reasons: vec![reason],
            verified: claim.verified && *verified,
            doubts,
            refused_by: ruling.refuses(environment, credential).then(|| OWNER.to_owned()),
        }
    }

    fn edge(&self, join: &Join) -> EdgeFact {
        let (from, to) = (self.environment.clone(), self.credential.clone());
        EdgeFact::new(EdgeKind::ReadableIn, from, to, Interval::ALWAYS, self.claim.known, &join.reasons.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_the_issuer_for_itself() {
        for (text, pattern, met) in [
            ("i|repo:o/r:ref:refs/heads/main", "i|repo:o/r:*", true),
            ("i|repo:o/r:ref:refs/heads/main", "i|repo:o/r:ref:refs/heads/main", true),
            ("i|repo:o/rr:pull_request", "i|repo:o/r:*", false),
            ("i|repo:o/r", "i|repo:?/r", true),
            ("i|abc", "i|*b*c*", true),
            ("i|abc", "i|*b", false),
            ("j|abc", "i|*", false),
            ("j|abc", "*|abc", false),
            ("abc", "a*", false),
            ("i|", "i|**", true),
        ] {
            assert_eq!(meets(text, pattern), met, "{text} {pattern}");
        }
    }
}
