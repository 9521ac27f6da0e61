//! The Kubernetes cluster: service accounts, what they may do, what runs. The pods of the story's intruder are not here.

use super::aws::{DATA, PROD};

/// The cluster's name, in keys and folders.
pub(crate) const CLUSTER: &str = "prod";
/// Namespace and name of the service account under which pipelines run.
pub(crate) const RUNNER: (&str, &str) = ("ci-runners", "eval-runner");
/// The official gateway image and its digest.
pub(crate) const GATEWAY_IMAGE: (&str, &str, &str) = (
    "ghcr.io/berriai/litellm",
    "main-v1.82.3-stable",
    "sha256:5b1f6d0f2c7e49a8b3d06e1c94f7a25d8e3b60c17fa94d2e5c8b7a6f3e1d2c4b",
);
/// The worker image that was built from a poisoned layer, and its digest.
pub(crate) const WORKER_IMAGE: (&str, &str, &str) = (
    "registry.meridian.example/evals/worker",
    "2026-03-24.1",
    "sha256:c03e9d417a6b85f2e0d4c1b7a9f83625d10e47b8c6a5f392e8d7b04c1f6a9e35",
);

/// A service account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    /// The AWS account and role that it may become.
    pub(crate) role: Option<(&'static str, &'static str)>,
    /// The cluster role that it is bound to, everywhere (`true`) or in its namespace.
    pub(crate) bound: Option<(&'static str, bool)>,
}

/// Every service account.
pub(crate) const SERVICE_ACCOUNTS: [Account; 9] = [
    account(RUNNER.0, RUNNER.1, None, Some(("runner-legacy-admin", true))),
    account("apps", "api", Some((PROD, "api")), Some(("config-reader", false))),
    account("apps", "web", None, None),
    account("data", "etl", Some((DATA, "etl-batch")), Some(("config-reader", false))),
    account("evals", "eval-worker", None, None),
    account("gateway", "litellm", None, None),
    account("monitoring", "prometheus", None, Some(("pod-viewer", true))),
    account("external-secrets", "external-secrets", None, Some(("secret-writer", false))),
    account("argocd", "argocd-controller", None, Some(("cluster-admin", true))),
];

const fn account(
    namespace: &'static str,
    name: &'static str,
    role: Option<(&'static str, &'static str)>,
    bound: Option<(&'static str, bool)>,
) -> Account {
    Account { namespace, name, role, bound }
}

/// A rule of a cluster role: API groups, resources, verbs.
pub(crate) type Rule = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// The cluster roles.
pub(crate) const CLUSTER_ROLES: [(&str, &[Rule]); 5] = [
    (
        "runner-legacy-admin",
        &[
            (&[""], &["pods", "pods/log", "pods/exec"], &["get", "list", "watch", "create", "delete"]),
            (&[""], &["secrets", "configmaps"], &["get", "list"]),
        ],
    ),
    ("config-reader", &[(&[""], &["configmaps"], &["get", "list", "watch"])]),
    ("pod-viewer", &[(&[""], &["pods", "nodes", "services", "endpoints"], &["get", "list", "watch"])]),
    ("secret-writer", &[(&[""], &["secrets"], &["get", "list", "watch", "create", "update", "patch"])]),
    ("cluster-admin", &[(&["*"], &["*"], &["*"])]),
];

/// Something that runs all the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) account: &'static str,
    pub(crate) image: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) digest: &'static str,
    /// The last part of the names of its replica set and its pod.
    pub(crate) suffixes: (&'static str, &'static str),
    /// The address of its pod.
    pub(crate) address: &'static str,
}

/// Every workload. The namespaces of service accounts without one here hold short-lived pods only.
pub(crate) const WORKLOADS: [Workload; 8] = [
    Workload {
        namespace: "gateway",
        name: "litellm",
        account: "litellm",
        image: GATEWAY_IMAGE.0,
        tag: GATEWAY_IMAGE.1,
        digest: GATEWAY_IMAGE.2,
        suffixes: ("6d5f9c7b8d", "x2x7k"),
        address: "10.40.3.17",
    },
    Workload {
        namespace: "evals",
        name: "eval-worker",
        account: "eval-worker",
        image: WORKER_IMAGE.0,
        tag: WORKER_IMAGE.1,
        digest: WORKER_IMAGE.2,
        suffixes: ("7f8c5d6b9f", "q4m2z"),
        address: "10.40.5.31",
    },
    own(
        "apps",
        "api",
        "sha256:1d8e27b05f4c9a36e7b2d40c85f1a9e36b7c04d2f8a15e93c6b70d4e2f9a8c51",
        ("5c9d7f6b48", "k8w5p"),
        "10.40.1.12",
    ),
    own(
        "apps",
        "web",
        "sha256:84c1f09e6a2b7d53e8f4c0a19b6d27e35f80c4a1d9e7b62c05f3a8d14e6b9c70",
        ("84d6c5b7f9", "b7n9t"),
        "10.40.1.13",
    ),
    own(
        "data",
        "etl",
        "sha256:2f7b9c04e1d68a35c0f7e2b49d8a16c53e7f0b24d9a8c61e5b30f7d2a4c9e816",
        ("69b8f4c7dd", "h5v6s"),
        "10.40.6.22",
    ),
    own(
        "monitoring",
        "prometheus",
        "sha256:9a6e3d0c7b5f1824e9c6a0d3f7b8251ce04d9f6a37b2c8e50f1d4a9b6c7e3208",
        ("58f7d9c6b4", "m9j4x"),
        "10.40.2.5",
    ),
    own(
        "external-secrets",
        "external-secrets",
        "sha256:b7d4102f9e8c6a53d0f1e7b2c4a98635e1d07f4b9c2a8e6d5f30b1c7a4e9d862",
        ("7b6d8c9f55", "r2l8d"),
        "10.40.2.9",
    ),
    own(
        "argocd",
        "argocd-controller",
        "sha256:61f0c8e5a3b7d924e6c1f0b8d5a37e92c4f6d1b0a8e7c35f2d9b4a6e0c1f7d83",
        ("6c7f9d8b54", "t6c3v"),
        "10.40.2.14",
    ),
];

const fn own(
    namespace: &'static str,
    name: &'static str,
    digest: &'static str,
    suffixes: (&'static str, &'static str),
    address: &'static str,
) -> Workload {
    let image = "registry.meridian.example/platform/service";
    Workload { namespace, name, account: name, image, tag: "2026-02-27", digest, suffixes, address }
}

/// Secrets in each namespace: how many, and which credentials are among them (by database role, or the gateway's own).
pub(crate) const SECRETS: [(&str, &[&str]); 7] = [
    ("apps", &["api-postgres", "api-session", "web-analytics"]),
    ("argocd", &["argocd-initial", "repo-deploy-key"]),
    ("ci-runners", &["runner-registration"]),
    ("data", &["etl-warehouse"]),
    ("evals", &["eval-worker-env"]),
    ("external-secrets", &["store-config"]),
    ("gateway", &["litellm-master", "litellm-postgres", "litellm-providers"]),
];

/// The key of a service account.
pub(crate) fn account_key(account: (&str, &str)) -> String {
    format!("identity:k8s/{CLUSTER}/{}/{}", account.0, account.1)
}

/// The hub of a namespace's secrets.
pub(crate) fn secrets_key(namespace: &str) -> String {
    format!("resource:k8s/{CLUSTER}/{namespace}/secrets")
}

/// The environment of a workload.
pub(crate) fn workload_key(namespace: &str, name: &str) -> String {
    format!("environment:k8s/{CLUSTER}/{namespace}/{name}")
}
