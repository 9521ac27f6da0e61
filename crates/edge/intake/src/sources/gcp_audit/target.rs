//! On what the call acted, and how much data it read.

use super::actor::is_service_account;
use super::cluster;
use super::entry::Entry;
use crate::json;
use firebreak_model::NodeKey;

/// Collections whose members hold what is below them: what is named is cut after the member.
const STORES: [&str; 14] = [
    "buckets",
    "datasets",
    "secrets",
    "cryptoKeys",
    "topics",
    "subscriptions",
    "instances",
    "clusters",
    "databases",
    "repositories",
    "functions",
    "services",
    "sinks",
    "tables",
];

/// What the call acted on: a service account is an identity, an object is its bucket, a table its dataset, a version of
/// a secret the secret, and a Kubernetes object the kind in its namespace.
pub(super) fn target(entry: &Entry<'_>) -> Option<NodeKey> {
    let name = json::text(entry.payload, &["resourceName"])?;
    if entry.is_kubernetes() {
        return kubernetes(cluster(entry.whole), name);
    }
    let name = name.strip_prefix("//").and_then(|name| name.split_once('/')).map_or(name, |(_, path)| path);
    if let Some((_, account)) = name.split_once("/serviceAccounts/") {
        let account = account.split('/').next().unwrap_or(account);
        let email = json::text(entry.whole, &["resource", "labels", "email_id"]);
        let known = if is_service_account(account) { account } else { email.unwrap_or(account) };
        return Some(NodeKey::identity("gcp", &known.to_ascii_lowercase()));
    }
    Some(NodeKey::resource("gcp", store(name)))
}

/// The name up to the store.
fn store(name: &str) -> &str {
    let (mut end, mut inside) = (0, false);
    for (number, part) in name.split('/').enumerate() {
        end += part.len() + usize::from(number > 0);
        if inside {
            return name.get(..end).unwrap_or(name);
        }
        inside = STORES.contains(&part);
    }
    name
}

/// `core/v1/namespaces/<namespace>/<kind>/<name>` as the source for Kubernetes' audit log names it.
fn kubernetes(cluster: &str, name: &str) -> Option<NodeKey> {
    let mut parts = name.split('/').skip(2);
    let first = parts.next()?;
    if first == "namespaces"
        && let (Some(namespace), Some(kind)) = (parts.next(), parts.next())
    {
        return Some(NodeKey::resource("k8s", &format!("{cluster}/{namespace}/{kind}")));
    }
    Some(NodeKey::resource("k8s", &format!("{cluster}/{first}")))
}

/// How many objects, secrets or rows were read, where the entry says.
pub(super) fn records(entry: &Entry<'_>) -> Option<u64> {
    let secret = || json::text(entry.payload, &["resourceName"]).is_some_and(|name| name.contains("/secrets"));
    match entry.method {
        "storage.objects.get" => return Some(1),
        method if method.ends_with("SecretManagerService.AccessSecretVersion") => return Some(1),
        "io.k8s.core.v1.secrets.get" | "io.k8s.core.v1.secrets.list" if secret() => return Some(1),
        _ => {}
    }
    let rows: [&[&str]; 2] = [
        &["serviceData", "jobGetQueryResultsResponse", "totalResults"],
        &["metadata", "jobChange", "job", "jobStats", "queryStats", "outputRowCount"],
    ];
    rows.iter().find_map(|path| json::count(entry.payload, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_the_store() {
        for (name, cut) in [
            ("projects/_/buckets/b/objects/a/b/c", "projects/_/buckets/b"),
            ("projects/p/datasets/d/tables/t", "projects/p/datasets/d"),
            ("projects/1/secrets/s/versions/latest", "projects/1/secrets/s"),
            ("projects/p", "projects/p"),
            ("projects/p/zones/z/instances/i", "projects/p/zones/z/instances/i"),
            ("organizations/1", "organizations/1"),
            ("buckets", "buckets"),
            ("/buckets/b/c", "/buckets/b"),
            ("", ""),
        ] {
            assert_eq!(store(name), cut, "{name}");
        }
    }
}
