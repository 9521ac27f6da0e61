//! A cluster with Firebreak's service account bound to the manifest's rules.

use crate::stolen::specimen::{Specimen, Target};
use crate::stolen::{Held, Verdict};
use firebreak_model::NodeKey;
use serde_json::{Value, json};

/// A right as a rule of RBAC: verbs, and resources with their group in brackets.
fn rule(held: &Held<'_>) -> Value {
    let (resources, group) = held.right.resource.split_once(" (").unwrap_or((held.right.resource, ""));
    let words = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let group = if resources == "*" { "*" } else { group.trim_end_matches(')') };
    json!({"apiGroups": [group], "resources": words(resources), "verbs": words(held.right.action)})
}

/// What the token of Firebreak's service account comes to.
pub(super) fn specimen(rights: &[Held<'_>]) -> Specimen {
    let object =
        |kind: &str, name: &str, space: &str| json!({"kind": kind, "metadata": {"name": name, "namespace": space}});
    let rules: Vec<Value> = rights.iter().map(rule).collect();
    let bound = |name: &str, subject: &str, space: &str| {
        json!({
            "kind": "ClusterRoleBinding", "metadata": {"name": name}, "roleRef": {"kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": subject, "namespace": space}],
        })
    };
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let items = [
        object("ServiceAccount", "firebreak", "security"),
        object("ServiceAccount", "app", "prod"),
        object("ServiceAccount", "operator", "prod"),
        object("Secret", "database", "prod"),
        json!({"kind": "Pod", "metadata": {"name": "app-1", "namespace": "prod"}, "spec": {
            "serviceAccountName": "app", "nodeName": "node-1", "containers": [{"name": "app", "image": "registry.example/app:1"}]}}),
        json!({"kind": "ClusterRole", "metadata": {"name": "denial"}, "rules": rules}),
        json!({"kind": "ClusterRole", "metadata": {"name": "cluster-admin"}, "rules": everything}),
        bound("denial", "firebreak", "security"),
        bound("cluster-admin", "operator", "prod"),
    ];
    let document = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let account = |name: &str| NodeKey::identity("k8s", &format!("prod/{name}"));
    let raises = |key, says| Target { key, verdict: Verdict::RaisesRights, says };
    Specimen {
        files: vec![("kubernetes/prod.json", document)],
        from: account("security/firebreak"),
        foothold: vec![account("prod/app")],
        targets: vec![
            raises(NodeKey::group("k8s", "prod/firebreak:administrators"), "gives itself any right in the cluster"),
            raises(account("prod/operator"), "acts as another service account"),
            raises(account("node/node-1"), "gets to the nodes"),
            Target {
                key: NodeKey::credential("k8s_secret", "prod/prod/database"),
                verdict: Verdict::ReadsData,
                says: "reads secrets",
            },
        ],
        whole: true,
    }
}
