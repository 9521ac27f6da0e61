//! Who called, and with which key.

use super::cluster;
use super::entry::Entry;
use crate::json;
use crate::mapping::person;
use firebreak_model::NodeKey;

/// A person by e-mail address; a service account by its own; on Kubernetes what the cluster calls its users; else the
/// subject, which for a federated workload is all there is.
pub(super) fn actor(entry: &Entry<'_>) -> Option<NodeKey> {
    let info = |field: &str| json::text(entry.payload, &["authenticationInfo", field]);
    let name = info("principalEmail").or_else(|| info("principalSubject")).or_else(|| info("authoritySelector"))?;
    if entry.is_kubernetes() && name.starts_with("system:") {
        return Some(kubernetes(cluster(entry.whole), name));
    }
    let bare = ["user:", "serviceAccount:"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    if is_service_account(bare) {
        return Some(NodeKey::identity("gcp", &bare.to_ascii_lowercase()));
    }
    person(Some(bare)).or_else(|| Some(NodeKey::identity("gcp", bare)))
}

/// Whether an e-mail address is of a service account.
pub(super) fn is_service_account(email: &str) -> bool {
    let email = email.to_ascii_lowercase();
    email.ends_with(".gserviceaccount.com") || email.ends_with("@gserviceaccount.com")
}

/// Kubernetes' own users, as the source for its audit log calls them.
fn kubernetes(cluster: &str, name: &str) -> NodeKey {
    match name.strip_prefix("system:serviceaccount:").and_then(|account| account.split_once(':')) {
        Some((namespace, account)) => NodeKey::identity("k8s", &format!("{cluster}/{namespace}/{account}")),
        None => NodeKey::identity("k8s", &format!("{cluster}/user/{name}")),
    }
}

/// The service account's key, by its public id: the last part of the key's name.
pub(super) fn credential(entry: &Entry<'_>) -> Option<NodeKey> {
    let name = json::text(entry.payload, &["authenticationInfo", "serviceAccountKeyName"])?;
    let (_, id) = name.rsplit_once("/keys/")?;
    (!id.is_empty()).then(|| NodeKey::credential("gcp", id))
}
