//! Kubernetes API server audit events (`audit.k8s.io`), EKS included. The cluster is the folder below
//! `kubernetes_audit/` in the input's path: no event names it.

mod object;
mod ocsf;
mod workload;

use crate::json;
use crate::mapping::set_address;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text, Time};

/// Kubernetes audit log.
pub static SOURCE: KubernetesAudit = KubernetesAudit;

/// Kubernetes audit log.
#[derive(Debug)]
pub struct KubernetesAudit;

/// What a cluster is called where the input's path does not say.
const UNNAMED: &str = "unnamed";

impl Source for KubernetesAudit {
    fn name(&self) -> &'static str {
        "kubernetes_audit"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["items"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "kind",
            "apiVersion",
            "level",
            "auditID",
            "stage",
            "requestURI",
            "verb",
            "user",
            "impersonatedUser",
            "sourceIPs",
            "userAgent",
            "objectRef",
            "responseStatus",
            "requestObject",
            "responseObject",
            "requestReceivedTimestamp",
            "stageTimestamp",
            "annotations",
            "authenticationMetadata",
            "metadata",
            "timestamp",
        ]
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let cluster = record.below("kubernetes_audit").and_then(|below| below.split_once('/'));
        of_cluster(record, record.json, cluster.map(|(cluster, _)| cluster), &|| record.time(&[]))
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// What `event`, which is the record or stands in it, says about `cluster`. Its time is its own, else `time`.
pub(super) fn of_cluster(
    record: &RawRecord<'_>,
    event: &Json,
    cluster: Option<&str>,
    time: &dyn Fn() -> Result<Time, Refusal>,
) -> Result<Mapped, Refusal> {
    let verb = verb(event).ok_or_else(|| {
        let hint = "check that the input is an audit log of a Kubernetes API server";
        Refusal::new("not a Kubernetes audit event: it has no `verb` and is of another kind", hint)
    })?;
    let own = RawRecord { json: event, received: None, ..*record };
    let own = own.time(&[&["requestReceivedTimestamp"], &["stageTimestamp"], &["timestamp"]]);
    Ok(Mapped {
        native_id: native_id(record, event),
        time: own.or_else(|refusal| time().map_err(|_| refusal))?,
        log_source: LogSource { product: "kubernetes", service: "audit" },
        keys: keys(event, cluster.unwrap_or(UNNAMED), verb),
        body: None,
    })
}

/// The verb of an audit event; `request` where it names none, which only pruned ones do.
fn verb(event: &Json) -> Option<&str> {
    let kind = json::text(event, &["kind"]) == Some("Event");
    let audit = json::text(event, &["apiVersion"]).is_some_and(|version| version.starts_with("audit.k8s.io/"));
    let verb = json::text(event, &["verb"]).filter(|_| kind || json::at(event, &["auditID"]).is_some());
    verb.or((kind && audit).then_some("request"))
}

/// One request is recorded at several stages under one `auditID`.
fn native_id(record: &RawRecord<'_>, event: &Json) -> Text {
    let id = record.native_id(json::text(event, &["auditID"]));
    match json::text(event, &["stage"]) {
        Some(stage) => Text::from(format!("{id}/{stage}")),
        None => id,
    }
}

fn keys(event: &Json, cluster: &str, verb: &str) -> Keys {
    let user = json::text(event, &["user", "username"]);
    let outcome = outcome(event);
    let object = object::Object::of(event);
    let mut keys = Keys {
        actor: user.map(|user| identity(cluster, user)),
        credential: credential(event, cluster, user),
        user_agent: json::owned(json::text(event, &["userAgent"])),
        operation: operation(event, verb, &object),
        target: object.target(cluster, verb),
        outcome,
        records: (outcome == Outcome::Success && is_answer(event)).then(|| object.records(event, verb)).flatten(),
        minted: (outcome == Outcome::Success).then(|| object.minted(cluster, verb)).flatten(),
        environment: pod(event, cluster, user),
        ..Keys::default()
    };
    set_address(&mut keys, json::first(event, &["sourceIPs"]));
    keys
}

/// Namespace and name of a service account: `system:serviceaccount:<namespace>:<name>`.
fn service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

fn identity(cluster: &str, user: &str) -> NodeKey {
    match service_account(user) {
        Some((namespace, name)) => NodeKey::identity("k8s", &format!("{cluster}/{namespace}/{name}")),
        None => NodeKey::identity("k8s", &format!("{cluster}/user/{user}")),
    }
}

/// On EKS the AWS key that was exchanged for the token; else a service account's token, known by its account.
fn credential(event: &Json, cluster: &str, user: Option<&str>) -> Option<NodeKey> {
    if let Some(id) = json::first(event, &["user", "extra", "accessKeyId"]) {
        return Some(NodeKey::credential("aws", id));
    }
    let (namespace, name) = service_account(user?)?;
    Some(NodeKey::credential("k8s", &format!("{cluster}/{namespace}/{name}")))
}

/// The workload of the pod to which the token is bound.
fn pod(event: &Json, cluster: &str, user: Option<&str>) -> Option<NodeKey> {
    let (namespace, _) = service_account(user?)?;
    let names = ["authentication.kubernetes.io/pod-name", "authentication_kubernetes_io_slash_pod-name"];
    let pod = names.iter().find_map(|name| json::first(event, &["user", "extra", name]))?;
    Some(NodeKey::environment("k8s", &format!("{cluster}/{namespace}/{}", workload::of_pod(pod))))
}

/// `k8s:list secrets`, `k8s:create pods/exec`; for what is no object, the path: `k8s:get /healthz`.
fn operation(event: &Json, verb: &str, object: &object::Object<'_>) -> Text {
    let uri = json::text(event, &["requestURI"]).and_then(|uri| uri.split('?').next());
    Text::from(match (object.resource, object.subresource) {
        (Some(resource), Some(sub)) => format!("k8s:{verb} {resource}/{sub}"),
        (Some(resource), None) => format!("k8s:{verb} {resource}"),
        (None, _) => format!("k8s:{verb} {}", uri.unwrap_or("/")),
    })
}

fn outcome(event: &Json) -> Outcome {
    match json::count(event, &["responseStatus", "code"]) {
        Some(401 | 403) => Outcome::Denied,
        Some(400..) => Outcome::Failure,
        Some(_) => Outcome::Success,
        None => match json::text(event, &["annotations", "authorization.k8s.io/decision"]) {
            Some("forbid") => Outcome::Denied,
            _ => Outcome::Unknown,
        },
    }
}

/// Whether the event is the one of its request's stages that tells of the answer, so that data is counted once.
fn is_answer(event: &Json) -> bool {
    json::text(event, &["stage"]).is_none_or(|stage| stage == "ResponseComplete")
}
