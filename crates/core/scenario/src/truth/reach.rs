//! What the stolen credentials lead to, computed from the estate's own tables and not from the files written from them.
//!
//! It is a plain closure: no time but the end of dead keys, no cost, no path. The product's graph must come to the same
//! records by its own way.

use crate::clock::FIRST_DAY;
use crate::estate::Estate;
use crate::estate::aws::{self, Kind, PRINCIPALS, Principal, Trust};
use crate::estate::cluster::{CLUSTER, CLUSTER_ROLES, SERVICE_ACCOUNTS, account_key};
use crate::estate::credentials::{BOT, Credential, credentials};
use crate::estate::stores::{Store, stores};
use std::collections::BTreeSet;

fn readable(estate: &Estate) -> impl Iterator<Item = &String> {
    let exposed = estate.environments.iter().filter(|found| found.verdict == "exposed");
    exposed.flat_map(|found| found.credentials.iter().map(|(key, _)| key))
}

fn ended(estate: &Estate) -> BTreeSet<String> {
    let all = credentials(&estate.keys);
    all.into_iter().filter(|credential| credential.to.is_some_and(|to| to < FIRST_DAY)).map(|c| c.key).collect()
}

/// The credentials that a process in an exposed environment could read and that still worked.
pub(super) fn lost(estate: &Estate) -> BTreeSet<String> {
    let dead = ended(estate);
    readable(estate).filter(|key| !dead.contains(*key)).cloned().collect()
}

/// Those that it could read and that had ended long before.
pub(super) fn dead(estate: &Estate) -> BTreeSet<String> {
    let dead = ended(estate);
    readable(estate).filter(|key| dead.contains(*key)).cloned().collect()
}

/// Everything that `lost` leads to, `lost` included.
pub(super) fn from(estate: &Estate, lost: &BTreeSet<String>) -> BTreeSet<String> {
    let (credentials, stores) = (credentials(&estate.keys), stores(estate));
    let dead = ended(estate);
    let mut reached = lost.clone();
    let mut open: Vec<String> = reached.iter().cloned().collect();
    while let Some(key) = open.pop() {
        let mut next = beyond(estate, &key, &credentials, &stores);
        next.retain(|key| !dead.contains(key) && !reached.contains(key));
        reached.extend(next.iter().cloned());
        open.extend(next);
    }
    reached
}

/// What one thing leads to.
fn beyond(estate: &Estate, key: &str, credentials: &[Credential], stores: &[Store]) -> Vec<String> {
    let mut next: Vec<String> =
        credentials.iter().filter(|credential| credential.key == key).map(|c| c.authenticates.clone()).collect();
    next.extend(
        stores.iter().filter(|store| store.resource == key).flat_map(|store| store.credentials.iter().cloned()),
    );
    next.extend(estate.grants().into_iter().filter(|(from, ..)| from == key).map(|(_, to, ..)| to));
    if let Some(principal) = PRINCIPALS.iter().find(|principal| principal.key() == key) {
        next.extend(through_aws(principal, stores));
    }
    if let Some(rest) = key.strip_prefix(&format!("identity:k8s/{CLUSTER}/")) {
        next.extend(through_cluster(rest, stores));
    }
    if key == format!("identity:github/{BOT}") {
        next.extend(stores.iter().filter(|s| s.resource.starts_with("resource:github/")).map(|s| s.resource.clone()));
    }
    next
}

fn through_aws(principal: &Principal, stores: &[Store]) -> Vec<String> {
    let roles = PRINCIPALS.iter().filter(|role| role.kind == Kind::Role && becomes(principal, role));
    let mut next: Vec<String> = roles.map(Principal::key).collect();
    for store in stores {
        let Some(arn) = store.resource.strip_prefix("resource:aws/") else { continue };
        let allowed = if arn.starts_with("arn:aws:s3:::") {
            aws::allows(principal, "s3:GetObject", &format!("{arn}/object"))
        } else {
            aws::allows(principal, "secretsmanager:GetSecretValue", arn)
        };
        if allowed {
            next.push(store.resource.clone());
        }
    }
    next
}

fn becomes(principal: &Principal, role: &Principal) -> bool {
    let trusted = role.trust.iter().any(|trust| match trust {
        Trust::Principal(account, rest) => *account == principal.account && *rest == principal.rest(),
        _ => false,
    });
    trusted && aws::allows(principal, "sts:AssumeRole", &role.arn())
}

/// A service account that may list secrets has them; one that may start pods can start them as any other account.
fn through_cluster(rest: &str, stores: &[Store]) -> Vec<String> {
    let Some(account) = SERVICE_ACCOUNTS.iter().find(|a| rest == format!("{}/{}", a.namespace, a.name)) else {
        return Vec::new();
    };
    let role = account.role.and_then(|(owner, name)| aws::principal(owner, name));
    let mut next: Vec<String> = role.map(Principal::key).into_iter().collect();
    let Some((name, everywhere)) = account.bound else { return next };
    let rules = CLUSTER_ROLES.iter().find(|(role, _)| *role == name).map_or(&[][..], |(_, rules)| rules);
    let may = |resource: &str, verb: &str| {
        rules.iter().any(|(_, resources, verbs)| {
            let has = |list: &[&str], word: &str| list.contains(&word) || list.contains(&"*");
            has(resources, resource) && has(verbs, verb)
        })
    };
    let here = |namespace: &str| everywhere || namespace == account.namespace;
    if may("secrets", "list") {
        let hub = format!("resource:k8s/{CLUSTER}/");
        next.extend(
            stores
                .iter()
                .map(|store| &store.resource)
                .filter(|key| key.strip_prefix(&hub).and_then(|key| key.strip_suffix("/secrets")).is_some_and(here))
                .cloned(),
        );
    }
    if may("pods", "create") {
        next.extend(SERVICE_ACCOUNTS.iter().filter(|a| here(a.namespace)).map(|a| account_key((a.namespace, a.name))));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::aws::{DOCUMENTS, PAYROLL, RECORDINGS, TRAINING};
    use crate::{Addresses, Size, Spec};

    #[test]
    fn the_stolen_keys_reach_what_the_story_says_and_not_the_payroll() {
        let estate = Estate::new(Spec { seed: 1, size: Size::Small, addresses: Addresses::TestNet });
        let reached = from(&estate, &lost(&estate));
        let bucket = |name: &str| reached.contains(&format!("resource:aws/arn:aws:s3:::{name}"));
        assert!(bucket(RECORDINGS) && bucket(DOCUMENTS) && bucket(TRAINING) && !bucket(PAYROLL));
        for key in ["resource:slack/T0MERIDIAN1", "resource:postgres/db.meridian.internal/contractors"] {
            assert!(reached.contains(key), "{key}");
        }
        assert!(reached.iter().any(|key| key.starts_with("resource:google/drive/")));
        assert_eq!(reached.iter().filter(|key| key.starts_with("resource:github/")).count(), 143);
        assert!(!reached.iter().any(|key| key.contains("break-glass") || key.contains(":secret:prod/")));
        assert_eq!((lost(&estate).len(), dead(&estate).len()), (8, 3));
    }
}
