//! Kubernetes: who is refused after each cut and who is not, as a service account with the rights of the manifest alone.

use super::{Desk, effective};
use crate::lab;
use crate::lab::kubernetes::Kubernetes;
use crate::plans::action;
use firebreak_act::{Permission, RESPONDERS, StepState};
use firebreak_model::{Action, NodeKey, Reversibility};
use serde_json::{Value, json};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// What the responder says that it needs, as rules of a role.
fn rules(name: &str) -> Value {
    let responder = RESPONDERS.iter().find(|one| one.spec().action_name() == *name).expect("there is one");
    responder.spec().permissions.iter().map(rule).collect()
}

fn rule(permission: &Permission) -> Value {
    let (resources, group) = match permission.resource.split_once(" (") {
        Some((resources, group)) => (resources, group.trim_end_matches(')')),
        None => (permission.resource, ""),
    };
    let resources = if resources == "the roles of those bindings" { "roles, clusterroles" } else { resources };
    let split = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    json!({"apiGroups": [group], "resources": split(resources), "verbs": split(permission.action)})
}

/// Firebreak as an account of its own with the responder's rights, and one token to try.
async fn desk(cluster: &Kubernetes, cut: &Action, old: &str) -> Desk {
    let name = cut.name.replace(['/', '_'], "-");
    cluster.account("firebreak", &name).await;
    cluster.allow(("firebreak", &name), &name, &rules(&cut.name)).await;
    let own = cluster.token("firebreak", &name, None).await;
    let probe = json!({"token": "test:old", "verb": "list", "resource": "secrets", "namespace": "prod"});
    let probes = if old.is_empty() { json!({}) } else { json!({cut.target.as_str(): probe}) };
    let config = json!({"url": cluster.url, "token": "own:token", "probes": probes});
    // The authoriser follows what was written.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    Desk::new(json!({"kubernetes": {"clusters": {"prod": config}}}), &[("own:token", &own), ("test:old", old)])
}

fn on(name: &str, target: NodeKey, more: &[(&str, &str)]) -> Action {
    let parameters: Vec<_> = [("cluster", "prod"), ("namespace", "prod")].iter().chain(more).copied().collect();
    action(name, target, &parameters)
}

/// An account of `prod` that may read its secrets, and a token of it.
async fn reader(cluster: &Kubernetes, name: &str) -> String {
    cluster.account("prod", name).await;
    cluster.let_read_secrets(name).await;
    let token = cluster.token("prod", name, None).await;
    cluster.wait_for(&token, 200).await;
    token
}

fn account(name: &str) -> NodeKey {
    NodeKey::identity("k8s", &format!("prod/prod/{name}"))
}

#[tokio::test(flavor = "current_thread")]
async fn a_cluster_refuses_what_was_cut_and_nothing_else() {
    let Some(lab) = lab::prepared() else { return };
    let cluster = Kubernetes::start(&lab).await;
    let bystander = reader(&cluster, "bystander").await;
    a_deleted_binding_is_made_again(&cluster).await;
    every_token_of_an_account(&cluster).await;
    the_tokens_of_one_pod(&cluster).await;
    replicas_down_and_up(&cluster).await;
    a_policy_that_lets_nothing_through(&cluster).await;
    assert_eq!(cluster.reads_secrets(&bystander).await, 200);
}

async fn a_deleted_binding_is_made_again(cluster: &Kubernetes) {
    let token = reader(cluster, "bound").await;
    let cut = on("kubernetes_binding/delete", account("bound"), &[("name", "bound")]);
    let desk = desk(cluster, &cut, &token).await;
    let plan = desk.plan(cut, Reversibility::RecreateOnly);
    let step = desk.execute(&plan).await.steps.remove(0);
    assert_eq!((step.state, effective(&step)), (StepState::Contained, Some(true)), "{step:?}");
    assert_eq!(cluster.reads_secrets(&token).await, 403);

    // Whoever makes a binding needs the role's rights or the right to bind it: the manifest has the latter alone.
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    cluster.wait_for(&token, 200).await;
    let again = cluster.look(&format!("{RBAC}/namespaces/prod/rolebindings/bound")).await.1;
    assert_eq!(again["metadata"]["labels"], json!({"team": "data"}));
}

async fn every_token_of_an_account(cluster: &Kubernetes) {
    let (first, second) = (reader(cluster, "leaked").await, cluster.token("prod", "leaked", None).await);
    let cut = on("kubernetes_service_account/recreate", account("leaked"), &[("name", "leaked")]);
    let desk = desk(cluster, &cut, &first).await;
    let step = desk.execute(&desk.plan(cut, Reversibility::Irreversible)).await.steps.remove(0);
    assert_eq!((step.state, effective(&step)), (StepState::Contained, Some(true)), "{step:?}");
    for token in [&first, &second] {
        cluster.wait_for(token, 401).await;
    }
    let new = cluster.token("prod", "leaked", None).await;
    assert_eq!(cluster.reads_secrets(&new).await, 200, "its rights stay");
}

async fn the_tokens_of_one_pod(cluster: &Kubernetes) {
    let unbound = reader(cluster, "web").await;
    let pod = json!({
        "metadata": {"name": "web-0"},
        "spec": {
            "serviceAccountName": "web", "automountServiceAccountToken": false,
            "containers": [{"name": "web", "image": "registry.example.com/web:1"}],
        },
    });
    cluster.make("/api/v1/namespaces/prod/pods", &pod).await;
    let bound = cluster.token("prod", "web", Some("web-0")).await;
    assert_eq!(cluster.reads_secrets(&bound).await, 200);
    let cut = on("kubernetes_pod/delete", NodeKey::environment("k8s", "prod/prod/web-0"), &[("name", "web-0")]);
    let desk = desk(cluster, &cut, &bound).await;
    let step = desk.execute(&desk.plan(cut, Reversibility::Irreversible)).await.steps.remove(0);
    assert_eq!((step.state, effective(&step)), (StepState::Contained, Some(true)), "{step:?}");
    cluster.wait_for(&bound, 401).await;
    assert_eq!(cluster.reads_secrets(&unbound).await, 200, "the account's own token lives on");
}

async fn replicas_down_and_up(cluster: &Kubernetes) {
    let labels = json!({"app": "etl"});
    let deployment = json!({
        "metadata": {"name": "etl"},
        "spec": {
            "replicas": 3, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "etl", "image": "registry.example.com/etl:1"}]},
            },
        },
    });
    cluster.make("/apis/apps/v1/namespaces/prod/deployments", &deployment).await;
    let replicas =
        async || cluster.look("/apis/apps/v1/namespaces/prod/deployments/etl").await.1["spec"]["replicas"].as_u64();
    let target = NodeKey::environment("k8s", "prod/prod/etl");
    let cut = on("kubernetes_workload/scale_down", target, &[("kind", "deployments"), ("name", "etl")]);
    let desk = desk(cluster, &cut, "").await;
    let plan = desk.plan(cut, Reversibility::Reversible);
    let step = desk.execute(&plan).await.steps.remove(0);
    assert_eq!((step.state, step.evidence[0].denied), (StepState::Unobservable, true), "{step:?}");
    assert_eq!(replicas().await, Some(0));
    assert_eq!(desk.undo(&plan, false).await.steps[0].state, StepState::Undone);
    assert_eq!(replicas().await, Some(3));
}

async fn a_policy_that_lets_nothing_through(cluster: &Kubernetes) {
    let path = "/apis/networking.k8s.io/v1/namespaces/prod/networkpolicies";
    let target = NodeKey::environment("k8s", "prod/prod/web");
    let cut = on("kubernetes_network/isolate", target, &[("label", "app=web")]);
    let desk = desk(cluster, &cut, "").await;
    let plan = desk.plan(cut, Reversibility::Reversible);
    let step = desk.execute(&plan).await.steps.remove(0);
    assert_eq!(step.state, StepState::Unobservable, "{step:?}");
    let policies = cluster.look(path).await.1;
    let spec = &policies["items"][0]["spec"];
    assert_eq!(spec["podSelector"]["matchLabels"], json!({"app": "web"}));
    assert_eq!(spec["policyTypes"], json!(["Ingress", "Egress"]));
    assert!(spec.get("ingress").is_none() && spec.get("egress").is_none(), "nothing is let through: {spec}");
    assert_eq!(desk.undo(&plan, false).await.steps[0].state, StepState::Undone);
    assert_eq!(cluster.look(path).await.1["items"], json!([]));
}
