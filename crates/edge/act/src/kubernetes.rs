//! What the responders on a Kubernetes cluster share: the API server's address, our own token, objects as they are kept to be
//! made again, and an old token tried.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Answer, Body, Rest};
use firebreak_model::Action;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.kubernetes]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By cluster, as the inventory names it.
    pub clusters: BTreeMap<String, Cluster>,
}

/// `[responder.kubernetes.clusters.<cluster>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The API server's address.
    pub url: String,
    /// A reference to our own token.
    pub token: String,
    /// By target, as plans name it: an old token to try.
    #[serde(default)]
    pub probes: BTreeMap<String, Probe>,
}

/// An old token, and what it could do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// A reference to the token.
    pub token: String,
    /// What it could do: `list`.
    pub verb: String,
    /// To what: `secrets`.
    pub resource: String,
    /// Where; everywhere if left out.
    #[serde(default)]
    pub namespace: String,
}

/// Who we are: anyone who is known may ask.
pub(crate) const WHO: &str = "POST {api}/apis/authentication.k8s.io/v1/selfsubjectreviews";
/// What one may do oneself: anyone who is known may ask.
pub(crate) const MAY: &str = "POST {api}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

fn cluster<'a>(context: &Context<'a>, action: &Action) -> Result<&'a Cluster, ActError> {
    let name = parameter(action, "cluster")?;
    context.config.kubernetes.clusters.get(name).ok_or_else(|| {
        ActError::unusable(
            format!("no token for the cluster `{name}`"),
            format!("add `[responder.kubernetes.clusters.\"{name}\"]` with `url` and `token`"),
        )
    })
}

/// The cluster, as ourselves.
pub(crate) fn open<'a>(context: &'a Context<'a>, action: &Action) -> Result<Rest<'a>, ActError> {
    let cluster = cluster(context, action)?;
    Ok(Rest::at(context, &cluster.url)?.bearer(context.secret(&cluster.token)?))
}

/// The service account that we are, as namespace and name; `None` where we are no service account.
pub(crate) async fn own_account(context: &Context<'_>, action: &Action) -> Result<Option<(String, String)>, ActError> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    account_in(&open(context, action)?.call(WHO, &[], Body::Json(&body)).await?)
}

/// The service account of an answer to [`WHO`].
pub(crate) fn account_in(answer: &Answer) -> Result<Option<(String, String)>, ActError> {
    let named = answer.text("/status/userInfo/username")?.strip_prefix("system:serviceaccount:");
    Ok(named.and_then(|named| named.split_once(':')).map(|(space, name)| (space.to_owned(), name.to_owned())))
}

/// Tries what the old token of the target may do. `None` where nobody configured one.
pub(crate) async fn tried(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
    let cluster = cluster(context, action)?;
    let Some(probe) = cluster.probes.get(action.target.as_str()) else { return Ok(None) };
    let api = Rest::at(context, &cluster.url)?.bearer(context.secret(&probe.token)?);
    let attributes = json!({"verb": probe.verb, "resource": probe.resource, "namespace": probe.namespace});
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    });
    let answer = api.ask(MAY, &[], Body::Json(&body)).await?;
    match answer.status {
        200..300 => Ok(answer.body.pointer("/status/allowed").and_then(Value::as_bool)),
        401 => Ok(Some(false)),
        _ => Err(answer.refusal()),
    }
}

/// The identifier of an object: another object of the same name has another.
pub(crate) fn uid(answer: &Answer) -> Result<String, ActError> {
    answer.text("/metadata/uid").map(str::to_owned)
}

/// What it takes to delete exactly the object that was read, and nothing that took its place or was changed since.
pub(crate) fn exactly(answer: &Answer) -> Result<Value, ActError> {
    let (uid, version) = (answer.text("/metadata/uid")?, answer.text("/metadata/resourceVersion")?);
    let preconditions = json!({"uid": uid, "resourceVersion": version});
    Ok(json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions}))
}

/// The object as it can be made again: without what the server gives each object, and without what others keep in it.
pub(crate) fn remade(object: &Value) -> Value {
    let mut object = object.clone();
    let given =
        ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink", "ownerReferences"];
    if let Some(fields) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        fields.retain(|name, _| !given.contains(&name.as_str()));
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_made_again_without_what_the_server_gave_it() {
        let object = json!({
            "kind": "RoleBinding",
            "metadata": {"name": "ci", "uid": "1", "resourceVersion": "7", "managedFields": [], "labels": {"a": "b"}},
            "subjects": [], "status": {},
        });
        let wanted = json!({"kind": "RoleBinding", "metadata": {"name": "ci", "labels": {"a": "b"}}, "subjects": []});
        assert_eq!(remade(&object), wanted);
        assert_eq!(remade(&Value::Null), Value::Null);
    }
}
