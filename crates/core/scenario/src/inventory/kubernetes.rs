//! The cluster as `kubectl get … -A -o json` prints it: a list. Secrets come with their names only.

use super::document;
use crate::File;
use crate::estate::Estate;
use crate::estate::aws;
use crate::estate::cluster::{Account, CLUSTER, CLUSTER_ROLES, SECRETS, SERVICE_ACCOUNTS, WORKLOADS, Workload};
use crate::random::Random;
use serde_json::{Value, json};

/// The list.
pub(super) fn file(_estate: &Estate) -> File {
    let mut items: Vec<Value> = SERVICE_ACCOUNTS.iter().map(service_account).collect();
    items.extend(CLUSTER_ROLES.iter().map(|(name, rules)| {
        let rules: Vec<Value> = rules
            .iter()
            .map(|(groups, resources, verbs)| json!({"apiGroups": groups, "resources": resources, "verbs": verbs}))
            .collect();
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": metadata(name, None),
            "rules": rules,
        })
    }));
    items.extend(SERVICE_ACCOUNTS.iter().filter_map(binding));
    items.extend(WORKLOADS.iter().map(pod));
    items.extend(SECRETS.iter().flat_map(|(namespace, names)| {
        names.iter().map(|name| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name, Some(namespace)), "type": "Opaque"})
        })
    }));
    let value = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items});
    document(&format!("kubernetes/{CLUSTER}.json"), &value)
}

fn metadata(name: &str, namespace: Option<&str>) -> Value {
    let mut value = json!({
        "name": name,
        "uid": Random::of(0, name, namespace.map_or(0, |namespace| namespace.len() as u64)).uuid(),
        "creationTimestamp": "2025-09-01T08:00:00Z",
    });
    if let (Some(namespace), Some(fields)) = (namespace, value.as_object_mut()) {
        fields.insert("namespace".to_owned(), json!(namespace));
    }
    value
}

fn service_account(account: &Account) -> Value {
    let mut metadata = metadata(account.name, Some(account.namespace));
    let role = account.role.and_then(|(owner, name)| aws::principal(owner, name));
    if let (Some(role), Some(fields)) = (role, metadata.as_object_mut()) {
        fields.insert("annotations".to_owned(), json!({"eks.amazonaws.com/role-arn": role.arn()}));
    }
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
}

fn binding(account: &Account) -> Option<Value> {
    let (role, everywhere) = account.bound?;
    let (kind, namespace) =
        if everywhere { ("ClusterRoleBinding", None) } else { ("RoleBinding", Some(account.namespace)) };
    Some(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata(&format!("{}-{role}", account.name), namespace),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}],
    }))
}

fn pod(workload: &Workload) -> Value {
    let set = format!("{}-{}", workload.name, workload.suffixes.0);
    let mut metadata = metadata(&format!("{set}-{}", workload.suffixes.1), Some(workload.namespace));
    if let Some(fields) = metadata.as_object_mut() {
        fields.insert(
            "labels".to_owned(),
            json!({"app.kubernetes.io/name": workload.name, "pod-template-hash": workload.suffixes.0}),
        );
        let owner = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "controller": true}]);
        fields.insert("ownerReferences".to_owned(), owner);
    }
    let image = format!("{}:{}", workload.image, workload.tag);
    let started = if workload.name == "eval-worker" { "2026-03-24T11:21:09Z" } else { "2026-03-02T08:00:00Z" };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "serviceAccountName": workload.account,
            "containers": [{"name": workload.name, "image": image}],
        },
        "status": {
            "phase": "Running",
            "podIP": workload.address,
            "startTime": started,
            "containerStatuses": [{
                "name": workload.name,
                "image": image,
                "imageID": format!("{}@{}", workload.image, workload.digest),
                "ready": true,
                "state": {"running": {"startedAt": started}},
            }],
        },
    })
}
