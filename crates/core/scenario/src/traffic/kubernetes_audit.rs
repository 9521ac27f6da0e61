//! Ordinary requests to the API server: controllers, workloads, the runners, people with kubectl.

use super::within;
use crate::batch::Batch;
use crate::clock::{At, working};
use crate::estate::Estate;
use crate::random::Random;
use crate::write::kubernetes_audit::{Request, groups_of, record};

/// Namespace, account, address, agent, requests a day, and what it asks for: verb, group, resource, namespace.
type Account = (&'static str, &'static str, &'static str, &'static str, f64, &'static [Ask]);
type Ask = (&'static str, &'static str, &'static str, &'static str);

const ACCOUNTS: [Account; 6] = [
    (
        "kube-system",
        "coredns",
        "10.40.0.7",
        "Go-http-client/2.0",
        24.0,
        &[("watch", "discovery.k8s.io", "endpointslices", "")],
    ),
    (
        "monitoring",
        "prometheus",
        "10.40.2.5",
        "Prometheus/3.9.1",
        72.0,
        &[("list", "", "pods", ""), ("list", "", "nodes", ""), ("watch", "", "endpoints", "")],
    ),
    (
        "argocd",
        "argocd-controller",
        "10.40.2.14",
        "argocd-application-controller/v3.3.0",
        96.0,
        &[
            ("get", "apps", "deployments", "apps"),
            ("list", "apps", "deployments", ""),
            ("patch", "apps", "deployments", "apps"),
        ],
    ),
    (
        "external-secrets",
        "external-secrets",
        "10.40.2.9",
        "external-secrets/v1.3.2",
        48.0,
        &[("get", "", "secrets", "external-secrets"), ("update", "", "secrets", "external-secrets")],
    ),
    ("data", "etl", "10.40.6.22", "kubernetes-client-python/35.0.0", 24.0, &[("get", "", "configmaps", "data")]),
    (
        "ci-runners",
        "eval-runner",
        "10.40.9.40",
        "actions-runner/2.332.0",
        36.0,
        &[("get", "", "pods", "ci-runners"), ("get", "", "configmaps", "ci-runners")],
    ),
];

/// Adds one day.
pub(crate) fn day(estate: &Estate, day: At, random: &mut Random, batch: &mut Batch) {
    for (namespace, name, address, agent, a_day, asks) in ACCOUNTS {
        let user = format!("system:serviceaccount:{namespace}:{name}");
        let groups = groups_of(namespace);
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        for hour in day.hours(24) {
            for _ in 0..random.around(a_day / 24.0 * estate.spec.volume()) {
                let ask =
                    asks.get(random.below(asks.len() as u64) as usize).copied().unwrap_or(("get", "", "pods", ""));
                send(&user, &groups, (address, agent), ask, within(hour, random), random, batch);
            }
        }
    }
    for person in estate.technical() {
        for hour in day.hours(24) {
            for _ in 0..random.around(3.0 * working(hour, person.offset) * estate.spec.volume()) {
                let at = within(hour, random);
                let ask = ASKED
                    .get(random.below(ASKED.len() as u64) as usize)
                    .copied()
                    .unwrap_or(("list", "", "pods", "apps"));
                let client = (person.address(at), "kubectl/v1.35.1 (darwin/arm64) kubernetes/8f2b1d3");
                send(&person.email, &["engineers", "system:authenticated"], client, ask, at, random, batch);
            }
        }
    }
}

const ASKED: [Ask; 5] = [
    ("list", "", "pods", "apps"),
    ("get", "", "pods", "gateway"),
    ("list", "apps", "deployments", "apps"),
    ("list", "", "events", "apps"),
    ("get", "", "configmaps", "evals"),
];

fn send(
    user: &str,
    groups: &[&str],
    client: (&str, &str),
    (verb, group, resource, namespace): Ask,
    at: At,
    random: &mut Random,
    batch: &mut Batch,
) {
    let name = if matches!(verb, "list" | "watch") { String::new() } else { format!("{resource}-{}", random.below(9)) };
    let request = Request {
        user,
        groups,
        address: client.0,
        agent: client.1,
        verb,
        group,
        resource,
        namespace,
        name: &name,
        code: 200,
        body: None,
    };
    batch.add(at, |json| record(json, at, &request, random));
}
