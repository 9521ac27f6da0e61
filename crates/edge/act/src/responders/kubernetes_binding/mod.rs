//! Deletes a role binding of a Kubernetes cluster exactly as it was read, and makes it again.
//!
//! Rights that its subjects have by other bindings stay, and so does what they read meanwhile.

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

static SPEC: ActionSpec = ActionSpec {
    name: "kubernetes_binding",
    verb: "delete",
    targets: &[],
    title: "Delete a Kubernetes role binding",
    level: Level::EffectTested,
    reversibility: Reversibility::RecreateOnly,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(10),
    calls: &[
        Call::reads(kubernetes::WHO),
        Call::reads(NAMESPACED.read),
        Call::changes(NAMESPACED.delete),
        Call::changes(NAMESPACED.create),
        Call::reads(WIDE.read),
        Call::changes(WIDE.delete),
        Call::changes(WIDE.create),
        Call::reads(kubernetes::MAY),
    ],
    permissions: &[
        Permission {
            action: "get, delete",
            resource: "rolebindings, clusterrolebindings (rbac.authorization.k8s.io)",
            purpose: "read, delete",
        },
        Permission {
            action: "create",
            resource: "rolebindings, clusterrolebindings (rbac.authorization.k8s.io)",
            purpose: "make again",
        },
        Permission {
            action: "bind",
            resource: "roles, clusterroles (rbac.authorization.k8s.io)",
            purpose: "make a binding again without having the role's rights",
        },
    ],
    rate_class: RateClass::Kubernetes,
    blast_radius: "whoever has the role by this binding loses it at the next call",
};

/// Deleting denies; making again, which needs the right to hand out any role, serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["create", "bind"] };

/// Deletes bindings.
#[derive(Debug)]
pub struct KubernetesBinding;

/// The responder.
pub static RESPONDER: KubernetesBinding = KubernetesBinding;

/// The calls for one kind of binding.
struct Shapes {
    read: &'static str,
    delete: &'static str,
    create: &'static str,
}

const NAMESPACED: Shapes = Shapes {
    read: "GET {api}/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings/{name}",
    delete: "DELETE {api}/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings/{name}",
    create: "POST {api}/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
};

const WIDE: Shapes = Shapes {
    read: "GET {api}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{name}",
    delete: "DELETE {api}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{name}",
    create: "POST {api}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
};

/// Which binding: in a namespace, or of the whole cluster where none is named.
fn place(action: &Action) -> Result<(&'static Shapes, Vec<&str>), ActError> {
    let name = parameter(action, "name")?;
    let namespace = action.parameters.get("namespace").map(|space| space.as_str()).filter(|space| !space.is_empty());
    Ok(match namespace {
        Some(namespace) => (&NAMESPACED, vec![namespace, name]),
        None => (&WIDE, vec![name]),
    })
}

#[async_trait]
impl Setting for KubernetesBinding {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (shapes, fill) = place(action)?;
        let answer = kubernetes::open(context, action)?.call(shapes.read, &fill, Body::None).await?;
        let role = answer.body.pointer("/roleRef/name").and_then(Value::as_str).unwrap_or_default();
        let words = format!("the binding to `{role}` is there");
        Ok(Reading::new(
            json!({"object": kubernetes::remade(&answer.body), "uid": kubernetes::uid(&answer)?}),
            false,
            words,
        ))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let (shapes, fill) = place(action)?;
        let api = kubernetes::open(context, action)?;
        let found = match api.call(shapes.read, &fill, Body::None).await {
            Err(ActError::NotFound { .. }) => return Ok(()),
            found => found?,
        };
        // What was kept to be made again must be what is deleted.
        let kept = context.before.and_then(|before| before.get("object"));
        if kept.is_some_and(|kept| *kept != kubernetes::remade(&found.body)) {
            return Err(ActError::Drift {
                call: shapes.delete.to_owned(),
                reason: "the binding was changed".to_owned(),
            });
        }
        gone_is_done(api.call(shapes.delete, &fill, Body::Json(&kubernetes::exactly(&found)?)).await)
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let (shapes, fill) = place(action)?;
        let object = before
            .get("object")
            .filter(|object| object.is_object())
            .ok_or_else(|| ActError::unusable("the state before lacks the binding", "make the binding by hand"))?;
        let fill = fill.get(..fill.len() - 1).unwrap_or_default();
        match kubernetes::open(context, action)?.call(shapes.create, fill, Body::Json(object)).await {
            // It is there already; whether it is the same is looked at afterwards.
            Err(ActError::Drift { .. }) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        match self.read(context, action).await {
            Ok(reading) => Ok(reading.state["object"] == before["object"]),
            Err(ActError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let own = kubernetes::own_account(context, action).await?;
        let (shapes, fill) = place(action)?;
        let Some((space, name)) = own else { return Ok(false) };
        let found = match kubernetes::open(context, action)?.call(shapes.read, &fill, Body::None).await {
            Err(ActError::NotFound { .. }) => return Ok(false),
            found => found?,
        };
        let is =
            |subject: &Value, field: &str, wanted: &str| subject.get(field).and_then(Value::as_str) == Some(wanted);
        let us =
            |one: &Value| is(one, "kind", "ServiceAccount") && is(one, "name", &name) && is(one, "namespace", &space);
        Ok(found.list("/subjects")?.iter().any(us))
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        kubernetes::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the API server", "what the old token could do")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token to try; nodes and webhooks may keep a decision for some seconds"
    }
}
