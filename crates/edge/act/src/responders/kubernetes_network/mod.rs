//! Isolates the pods with one label by a network policy that lets nothing in or out, and removes it again.
//!
//! Policies only add: what another policy allows to these pods stays allowed, and the evidence says so. Connections that are
//! open already, and clusters whose network ignores policies, are out of its sight.

use crate::context::Context;
use crate::error::ActError;
use crate::kubernetes;
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const LIST: &str = "GET {api}/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies";
const CREATE: &str = "POST {api}/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies";
const DELETE: &str = "DELETE {api}/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}";

static SPEC: ActionSpec = ActionSpec {
    name: "kubernetes_network",
    verb: "isolate",
    targets: &[],
    title: "Isolate Kubernetes pods from the network",
    level: Level::ContractTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(kubernetes::WHO), Call::reads(LIST), Call::changes(CREATE), Call::changes(DELETE)],
    permissions: &[
        Permission {
            action: "list, create",
            resource: "networkpolicies (networking.k8s.io)",
            purpose: "see what else selects the pods, isolate them",
        },
        Permission { action: "delete", resource: "networkpolicies (networking.k8s.io)", purpose: "let them out again" },
    ],
    rate_class: RateClass::Kubernetes,
    blast_radius: "the pods reach nothing, not even the cluster's DNS, and nothing reaches them",
};

/// Deleting policies opens what they shut: it serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["delete"] };

/// Isolates pods.
#[derive(Debug)]
pub struct KubernetesNetwork;

/// The responder.
pub static RESPONDER: KubernetesNetwork = KubernetesNetwork;

/// The label by which the pods are selected: `app=web`.
fn label(action: &Action) -> Result<(&str, &str), ActError> {
    let label = parameter(action, "label")?;
    label.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty()).ok_or_else(|| {
        ActError::unusable(format!("`{label}` is no label"), "name one label of the pods, as in `app=web`")
    })
}

/// The name of our policy for these pods: the same for the same label.
fn name(action: &Action) -> Result<String, ActError> {
    let (key, value) = label(action)?;
    let digest = Sha256::digest(format!("{key}={value}").as_bytes());
    Ok(format!("firebreak-isolate-{}", hex::encode(&digest[..6])))
}

/// The policy: it selects the pods for both directions and allows nothing.
fn policy(action: &Action) -> Result<Value, ActError> {
    let (key, value) = label(action)?;
    Ok(json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name(action)?},
        "spec": {"podSelector": {"matchLabels": {key: value}}, "policyTypes": ["Ingress", "Egress"]},
    }))
}

/// Whether a policy allows nothing in either direction.
fn is_closed(policy: &Value) -> bool {
    let empty = |field: &str| policy["spec"][field].as_array().is_none_or(Vec::is_empty);
    empty("ingress") && empty("egress")
}

/// Whether a policy may select the pods: their other labels are not known here, so only one that asks for another value of
/// the same label surely does not.
fn may_select(policy: &Value, action: &Action) -> bool {
    let Ok((key, value)) = label(action) else { return true };
    let asked = policy["spec"]["podSelector"]["matchLabels"].get(key).and_then(Value::as_str);
    asked.is_none_or(|asked| asked == value)
}

#[async_trait]
impl Setting for KubernetesNetwork {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let namespace = parameter(action, "namespace")?;
        let answer = kubernetes::open(context, action)?.call(LIST, &[namespace], Body::None).await?;
        let (name, wanted) = (name(action)?, policy(action)?);
        let text = |policy: &Value| policy.pointer("/metadata/name").and_then(Value::as_str) == Some(name.as_str());
        let policies = answer.list("/items")?;
        let ours = policies.iter().find(|one| text(one));
        let isolates =
            ours.is_some_and(|ours| ours["spec"]["podSelector"] == wanted["spec"]["podSelector"] && is_closed(ours));
        let others: Vec<&str> = policies
            .iter()
            .filter(|one| !text(one) && !is_closed(one) && may_select(one, action))
            .filter_map(|one| one.pointer("/metadata/name")?.as_str())
            .collect();
        let words = match (isolates, others.as_slice()) {
            (false, _) => "no policy of ours isolates these pods".to_owned(),
            (true, []) => "a policy isolates these pods, and no other lets anything through".to_owned(),
            (true, others) => {
                format!("a policy isolates these pods, but others may let traffic through: {}", others.join(", "))
            }
        };
        Ok(Reading::new(json!({"isolated": ours.is_some()}), isolates && others.is_empty(), words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let namespace = parameter(action, "namespace")?;
        match kubernetes::open(context, action)?.call(CREATE, &[namespace], Body::Json(&policy(action)?)).await {
            // One of this name is there; whether it isolates is looked at afterwards.
            Err(ActError::Drift { .. }) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        if before["isolated"] == true {
            return Ok(());
        }
        let fill = [parameter(action, "namespace")?, &name(action)?];
        gone_is_done(kubernetes::open(context, action)?.call(DELETE, &fill, Body::None).await)
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // Whether we run in one of these pods cannot be seen from a label; our own namespace is left alone.
        let own = kubernetes::own_account(context, action).await?;
        let namespace = parameter(action, "namespace")?;
        Ok(own.is_some_and(|(space, _)| space == namespace))
    }

    fn unseen(&self) -> &'static str {
        "the policy is read back; whether the cluster's network obeys it, and what was connected before, cannot be seen from here"
    }
}
