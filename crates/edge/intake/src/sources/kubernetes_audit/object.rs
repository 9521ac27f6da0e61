//! What a request is about: its target, how many secrets it read, and the token it made.

use super::workload;
use crate::json;
use firebreak_model::{Json, NodeKey};

/// The object of a request, as `objectRef` names it.
pub(super) struct Object<'e> {
    pub(super) resource: Option<&'e str>,
    pub(super) subresource: Option<&'e str>,
    namespace: Option<&'e str>,
    name: Option<&'e str>,
}

impl<'e> Object<'e> {
    pub(super) fn of(event: &'e Json) -> Object<'e> {
        let field = |name| json::text(event, &["objectRef", name]);
        Object {
            resource: field("resource"),
            subresource: field("subresource"),
            namespace: field("namespace"),
            name: field("name"),
        }
    }

    /// Secrets of a namespace are one resource, and so is every other kind of object; entering a pod acts on its
    /// workload, and asking for a service account's token acts on that account.
    pub(super) fn target(&self, cluster: &str, verb: &str) -> Option<NodeKey> {
        let resource = self.resource?;
        if let (Some(namespace), Some(name)) = (self.namespace, self.name) {
            let place = |name: &str| format!("{cluster}/{namespace}/{name}");
            match (resource, self.subresource) {
                ("pods", Some("exec" | "attach" | "portforward" | "ephemeralcontainers" | "proxy")) => {
                    return Some(NodeKey::environment("k8s", &place(workload::of_pod(name))));
                }
                ("serviceaccounts", _) if verb != "list" => return Some(NodeKey::identity("k8s", &place(name))),
                _ => {}
            }
        }
        Some(match self.namespace {
            Some(namespace) => NodeKey::resource("k8s", &format!("{cluster}/{namespace}/{resource}")),
            None => NodeKey::resource("k8s", &format!("{cluster}/{resource}")),
        })
    }

    /// How many secrets were read: one by name; a list holds as many as its answer, or at least one where the audit
    /// policy does not record answers.
    pub(super) fn records(&self, event: &Json, verb: &str) -> Option<u64> {
        match (self.resource, verb) {
            (Some("secrets"), "get") => Some(1),
            (Some("secrets"), "list") => {
                let answered = json::at(event, &["responseObject", "items"]).is_some();
                let listed = json::list(event, &["responseObject", "items"]).len() as u64;
                Some(if answered { listed } else { 1 })
            }
            _ => None,
        }
    }

    /// The token that a request for one was given.
    pub(super) fn minted(&self, cluster: &str, verb: &str) -> Option<NodeKey> {
        let asks = (self.resource, self.subresource, verb) == (Some("serviceaccounts"), Some("token"), "create");
        let (namespace, name) = (self.namespace?, self.name?);
        asks.then(|| NodeKey::credential("k8s", &format!("{cluster}/{namespace}/{name}")))
    }
}
