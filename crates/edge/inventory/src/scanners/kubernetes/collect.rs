//! The calls that give a cluster's objects. Of secrets only the metadata is asked for.

use crate::collect::{Call, Collector, Paging};

const MORE: Paging = Paging::Token { field: "metadata.continue", parameter: "continue" };

/// Names, labels and annotations, and nothing of what a secret holds.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

const fn objects(kind: &'static str, path: &'static str) -> Call {
    Call::list("items", path).items("items").paging(MORE).with("kind", kind)
}

pub(super) static COLLECTOR: Collector = Collector {
    head: &[("apiVersion", "v1"), ("kind", "List")],
    ..Collector::new(
        "kubernetes/{cluster}.json",
        &["cluster"],
        &[
            objects("ServiceAccount", "/api/v1/serviceaccounts?limit=500"),
            objects("Pod", "/api/v1/pods?limit=500"),
            objects("Secret", "/api/v1/secrets?limit=500").accept(METADATA),
            objects("Role", "/apis/rbac.authorization.k8s.io/v1/roles?limit=500"),
            objects("RoleBinding", "/apis/rbac.authorization.k8s.io/v1/rolebindings?limit=500"),
            objects("ClusterRole", "/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=500"),
            objects("ClusterRoleBinding", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?limit=500"),
        ],
    )
};
