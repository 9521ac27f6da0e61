//! Scales a workload of a Kubernetes cluster down to nothing, and back to the number that it had.
//!
//! It does not stop whoever may scale it up again: an operator that keeps it at a number, or an intruder with that right.

use crate::context::Context;
use crate::error::ActError;
use crate::kubernetes;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {api}/apis/apps/v1/namespaces/{namespace}/{kind}/{name}/scale";
const WRITE: &str = "PUT {api}/apis/apps/v1/namespaces/{namespace}/{kind}/{name}/scale";

static SPEC: ActionSpec = ActionSpec {
    name: "kubernetes_workload",
    verb: "scale_down",
    targets: &[],
    title: "Scale a Kubernetes workload down to nothing",
    level: Level::ContractTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[Call::reads(kubernetes::WHO), Call::reads(READ), Call::changes(WRITE), Call::reads(kubernetes::MAY)],
    permissions: &[Permission {
        action: "get, update",
        resource: "deployments/scale, statefulsets/scale, replicasets/scale (apps)",
        purpose: "read the number of replicas and set it",
    }],
    rate_class: RateClass::Kubernetes,
    blast_radius: "whoever the workload served; its pods get the time to end that they ask for",
};

/// Scales workloads down.
#[derive(Debug)]
pub struct KubernetesWorkload;

/// The responder.
pub static RESPONDER: KubernetesWorkload = KubernetesWorkload;

/// Namespace, kind and name. What has no replicas cannot be scaled.
fn place(action: &Action) -> Result<[&str; 3], ActError> {
    let kind = parameter(action, "kind")?;
    if !matches!(kind, "deployments" | "statefulsets" | "replicasets") {
        return Err(ActError::unusable(
            format!("`{kind}` cannot be scaled down"),
            "name `deployments`, `statefulsets` or `replicasets`; isolate or delete the pods of others",
        ));
    }
    Ok([parameter(action, "namespace")?, kind, parameter(action, "name")?])
}

/// Sets the number, unless somebody changed the workload meanwhile.
async fn scale(context: &Context<'_>, action: &Action, replicas: u64) -> Result<(), ActError> {
    let (api, fill) = (kubernetes::open(context, action)?, place(action)?);
    let mut body = api.call(READ, &fill, Body::None).await?.body;
    body["spec"]["replicas"] = json!(replicas);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("status");
    }
    api.call(WRITE, &fill, Body::Json(&body)).await.map(|_| ())
}

#[async_trait]
impl Setting for KubernetesWorkload {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = kubernetes::open(context, action)?.call(READ, &place(action)?, Body::None).await?;
        let number = |pointer: &str| answer.body.pointer(pointer).and_then(Value::as_u64);
        // A number of zero is left out.
        let (wanted, running) = (number("/spec/replicas").unwrap_or(0), number("/status/replicas").unwrap_or(0));
        let words = format!("{wanted} replicas are wanted and {running} there");
        Ok(Reading::new(json!({"replicas": wanted}), wanted == 0 && running == 0, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        scale(context, action, 0).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let replicas = before["replicas"]
            .as_u64()
            .ok_or_else(|| ActError::unusable("the state before lacks `replicas`", "scale the workload by hand"))?;
        scale(context, action, replicas).await
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // Whether we run in this workload cannot be seen from its name; our own namespace is left alone.
        let own = kubernetes::own_account(context, action).await?;
        let namespace = parameter(action, "namespace")?;
        Ok(own.is_some_and(|(space, _)| space == namespace))
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        kubernetes::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the API server", "a token of the workload's pods")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token of the workload's pods to try"
    }
}
