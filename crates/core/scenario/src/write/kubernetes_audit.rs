//! Kubernetes API server audit events (`audit.k8s.io/v1`): one event a line, at the metadata level.

use crate::clock::At;
use crate::json::Json;
use crate::random::Random;

/// One request to the API server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// `system:serviceaccount:ci-runners:eval-runner`, or a person's name.
    pub(crate) user: &'a str,
    pub(crate) groups: &'a [&'a str],
    pub(crate) address: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    /// Empty for a request about the whole cluster.
    pub(crate) namespace: &'a str,
    /// Empty for a list.
    pub(crate) name: &'a str,
    pub(crate) code: i64,
    /// The body of the request as JSON fields, where the policy records it.
    pub(crate) body: Option<fn(&mut Json, &str)>,
}

impl Request<'_> {
    fn uri(&self) -> String {
        let root = if self.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/v1", self.group) };
        let namespace =
            if self.namespace.is_empty() { String::new() } else { format!("/namespaces/{}", self.namespace) };
        let name =
            if self.name.is_empty() || self.verb == "create" { String::new() } else { format!("/{}", self.name) };
        let query = match self.verb {
            "list" => "?limit=500",
            "watch" => "?allowWatchBookmarks=true&watch=true",
            _ => "",
        };
        format!("{root}{namespace}/{}{name}{query}", self.resource)
    }
}

/// Writes the event.
pub(crate) fn record(json: &mut Json, at: At, request: &Request<'_>, random: &mut Random) {
    json.text("kind", "Event");
    json.text("apiVersion", "audit.k8s.io/v1");
    json.text("level", if request.body.is_some() { "Request" } else { "Metadata" });
    json.text("auditID", &random.uuid());
    json.text("stage", "ResponseComplete");
    json.text("requestURI", &request.uri());
    json.text("verb", request.verb);
    json.nested("user", |json| {
        json.text("username", request.user);
        json.text("uid", &Random::of(0, request.user, 0).uuid());
        json.texts("groups", request.groups);
    });
    json.texts("sourceIPs", &[request.address]);
    json.text("userAgent", request.agent);
    json.nested("objectRef", |json| {
        json.text("resource", request.resource);
        if !request.namespace.is_empty() {
            json.text("namespace", request.namespace);
        }
        if !request.name.is_empty() {
            json.text("name", request.name);
        }
        if !request.group.is_empty() {
            json.text("apiGroup", request.group);
        }
        json.text("apiVersion", "v1");
    });
    json.nested("responseStatus", |json| {
        json.nested("metadata", |_| {});
        json.number("code", request.code);
    });
    if let Some(body) = request.body {
        json.nested("requestObject", |json| body(json, request.name));
    }
    json.text("requestReceivedTimestamp", &at.iso_micros());
    json.text("stageTimestamp", &at.plus_micros(1_000 + random.below(40_000) as i64).iso_micros());
    json.nested("annotations", |json| {
        json.text("authorization.k8s.io/decision", if request.code == 403 { "forbid" } else { "allow" });
        json.text("authorization.k8s.io/reason", "");
    });
}

/// The groups of a service account in `namespace`.
pub(crate) fn groups_of(namespace: &str) -> [String; 3] {
    let own = format!("system:serviceaccounts:{namespace}");
    ["system:serviceaccounts".to_owned(), own, "system:authenticated".to_owned()]
}
