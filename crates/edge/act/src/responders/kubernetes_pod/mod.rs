//! Deletes one pod of a Kubernetes cluster, and with it every token that is bound to it.
//!
//! A controller starts another from the same image; what the pod wrote inside itself is lost, as evidence too.

use crate::context::Context;
use crate::error::ActError;
use crate::kubernetes;
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {api}/api/v1/namespaces/{namespace}/pods/{name}";
const DELETE: &str = "DELETE {api}/api/v1/namespaces/{namespace}/pods/{name}";

static SPEC: ActionSpec = ActionSpec {
    name: "kubernetes_pod",
    verb: "delete",
    targets: &[],
    title: "Delete a Kubernetes pod",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(60),
    calls: &[Call::reads(kubernetes::WHO), Call::reads(READ), Call::changes(DELETE), Call::reads(kubernetes::MAY)],
    permissions: &[Permission { action: "get, delete", resource: "pods", purpose: "see the pod, delete it" }],
    rate_class: RateClass::Kubernetes,
    blast_radius: "whoever the pod served, until its controller has started another",
};

/// Deletes pods.
#[derive(Debug)]
pub struct KubernetesPod;

/// The responder.
pub static RESPONDER: KubernetesPod = KubernetesPod;

#[async_trait]
impl Setting for KubernetesPod {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let fill = [parameter(action, "namespace")?, parameter(action, "name")?];
        let answer = kubernetes::open(context, action)?.call(READ, &fill, Body::None).await?;
        let uid = kubernetes::uid(&answer)?;
        let old = context.before.and_then(|before| before.get("uid")?.as_str());
        if old.is_some_and(|old| old != uid) {
            return Ok(Reading::new(json!({"uid": uid}), true, "the pod is another one of the same name"));
        }
        let going = answer.body.pointer("/metadata/deletionTimestamp").is_some();
        let words = if going { "the pod is being deleted and may still run" } else { "the pod is there" };
        Ok(Reading::new(json!({"uid": uid}), false, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let fill = [parameter(action, "namespace")?, parameter(action, "name")?];
        let api = kubernetes::open(context, action)?;
        let lacks = || ActError::unusable("the state before lacks the pod", "look at the pod by hand");
        let old = context.before.and_then(|before| before.get("uid")?.as_str()).ok_or_else(lacks)?;
        // Zero would forget the pod before the node has stopped it.
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 1, "preconditions": {"uid": old},
        });
        match gone_is_done(api.call(DELETE, &fill, Body::Json(&options)).await) {
            // Another pod took its name: the one in question is gone.
            Err(ActError::Drift { .. }) => Ok(()),
            done => done,
        }
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "its controller makes another pod by itself; a pod without one is made by hand"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // A token that a pod was given names it.
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let answer = kubernetes::open(context, action)?.call(kubernetes::WHO, &[], Body::Json(&body)).await?;
        let pod = answer.body.pointer("/status/userInfo/extra/authentication.kubernetes.io~1pod-name/0");
        let own = kubernetes::account_in(&answer)?;
        let (namespace, name) = (parameter(action, "namespace")?, parameter(action, "name")?);
        Ok(pod.and_then(Value::as_str) == Some(name) && own.is_some_and(|(space, _)| space == namespace))
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        kubernetes::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the API server", "a token that was bound to the pod")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token that was bound to the pod to try"
    }
}
