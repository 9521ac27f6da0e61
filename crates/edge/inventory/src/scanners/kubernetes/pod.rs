//! Pods: as whom they run, which secrets they hold, and which images.

use super::{Cluster, name, namespace};
use crate::json::{list, text};
use firebreak_model::{
    EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Interval, NodeFact, NodeKey, Observation, ObservationKind, Text,
    Time,
};
use serde_json::Value;

impl Cluster<'_> {
    pub(super) fn pod(&mut self, item: &Value) {
        let environment = self.environment_key(namespace(item), &workload(item));
        let evidence = self.evidence(item);
        let when = life(item);
        let stated = NodeFact::new(environment.clone(), when, self.known, &evidence);
        self.found.facts.push(Fact::Node(stated));
        let spec = item.get("spec").cloned().unwrap_or(Value::Null);
        let account = text(&spec, "serviceAccountName").unwrap_or("default");
        let identity = self.account_key(namespace(item), account);
        self.during(EdgeKind::RunsAs, &environment, &identity, when, &evidence);
        let of_account = self.accounts.get(&(namespace(item).to_owned(), account.to_owned())).copied().unwrap_or(true);
        let mounts = spec.get("automountServiceAccountToken").and_then(Value::as_bool).unwrap_or(of_account);
        if mounts {
            let token = self.token_key(namespace(item), account);
            self.during(EdgeKind::ReadableIn, &environment, &token, when, &evidence);
        }
        for secret in secrets(&spec) {
            let credential = self.secrets.get(&(namespace(item).to_owned(), secret.to_owned())).cloned();
            let credential = credential.unwrap_or_else(|| {
                NodeKey::credential("k8s_secret", &format!("{}/{}/{secret}", self.name, namespace(item)))
            });
            self.during(EdgeKind::ReadableIn, &environment, &credential, when, &evidence);
        }
        if let Some(node) = node(item) {
            let node = self.node_key(node);
            self.during(EdgeKind::RunsAs, &node, &environment, when, &evidence);
            if let Some(how) = escape(&spec) {
                let edge = EdgeFact::new(EdgeKind::RunsAs, environment.clone(), node, when, self.known, &evidence);
                self.found.facts.push(Fact::Edge(EdgeFact { actions: vec![Text::new(how)], ..edge }));
            }
        }
        let observations = images(item, &spec, &evidence);
        let runs = vec![when];
        self.found.evidence.push(EnvironmentEvidence { environment, runs, observations, gaps: Vec::new() });
    }

    fn during(&mut self, kind: EdgeKind, from: &NodeKey, to: &NodeKey, when: Interval, evidence: &str) {
        let edge = EdgeFact::new(kind, from.clone(), to.clone(), when, self.known, evidence);
        self.found.facts.push(Fact::Edge(edge));
    }
}

/// The node on which it runs.
pub(super) fn node(item: &Value) -> Option<&str> {
    text(item.get("spec")?, "nodeName")
}

/// How code in the pod becomes the node, where nothing keeps it from that.
fn escape(spec: &Value) -> Option<&'static str> {
    let privileged = |container: &Value| {
        container.get("securityContext").is_some_and(|context| crate::json::flag(context, "privileged"))
    };
    if containers(spec).any(privileged) {
        return Some("privileged container");
    }
    if crate::json::flag(spec, "hostPID") {
        return Some("hostPID");
    }
    // The whole disk, the container runtime's socket, or the kubelet's own files.
    let paths = list(spec, "volumes").iter().filter_map(|volume| text(volume.get("hostPath")?, "path"));
    let mut paths = paths.map(|path| path.trim_end_matches('/'));
    let owns = |path: &str| {
        const ROOTS: [&str; 7] = ["", "/etc", "/root", "/proc", "/var/lib/kubelet", "/var/lib", "/var"];
        ROOTS.contains(&path) || path.ends_with(".sock") || matches!(path, "/run" | "/var/run")
    };
    paths.any(owns).then_some("hostPath")
}

/// The workload that made the pod: pods of one deployment are one environment.
fn workload(item: &Value) -> String {
    let metadata = item.get("metadata").cloned().unwrap_or(Value::Null);
    let owners = list(&metadata, "ownerReferences");
    let owner = owners.iter().find(|owner| crate::json::flag(owner, "controller")).or(owners.first());
    let Some((kind, owned_by)) = owner.and_then(|owner| Some((text(owner, "kind")?, text(owner, "name")?))) else {
        return name(item).to_owned();
    };
    let hash = metadata.get("labels").and_then(|labels| text(labels, "pod-template-hash"));
    match (kind, hash) {
        ("ReplicaSet", Some(hash)) => owned_by.strip_suffix(hash).unwrap_or(owned_by).trim_end_matches('-').to_owned(),
        ("ReplicaSet", None) => owned_by.rsplit_once('-').map_or(owned_by, |(head, _)| head).to_owned(),
        _ => owned_by.to_owned(),
    }
}

fn life(item: &Value) -> Interval {
    let metadata = item.get("metadata").cloned().unwrap_or(Value::Null);
    let status = item.get("status").cloned().unwrap_or(Value::Null);
    let begun = text(&status, "startTime").or_else(|| text(&metadata, "creationTimestamp")).and_then(Time::parse);
    let states = list(&status, "containerStatuses").iter();
    let ends = states.map(|state| {
        let finished = state.get("state")?.get("terminated")?;
        Time::parse(text(finished, "finishedAt")?)
    });
    let over = matches!(text(&status, "phase"), Some("Succeeded" | "Failed"));
    let ended = if over { ends.collect::<Option<Vec<Time>>>().and_then(|ends| ends.into_iter().max()) } else { None };
    Interval::new(begun.unwrap_or(Time::MIN), ended.unwrap_or(Time::MAX))
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|key| list(spec, key))
}

/// The names of the secrets that a pod mounts or gets as variables.
fn secrets(spec: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    for container in containers(spec) {
        let one = list(container, "env").iter().filter_map(|item| item.get("valueFrom")?.get("secretKeyRef"));
        let all = list(container, "envFrom").iter().filter_map(|item| item.get("secretRef"));
        found.extend(one.chain(all).filter_map(|reference| text(reference, "name")));
    }
    for volume in list(spec, "volumes") {
        found.extend(volume.get("secret").and_then(|secret| text(secret, "secretName")));
        let sources = volume.get("projected").map_or(&[][..], |projected| list(projected, "sources"));
        found.extend(sources.iter().filter_map(|source| text(source.get("secret")?, "name")));
    }
    found.extend(list(spec, "imagePullSecrets").iter().filter_map(|item| text(item, "name")));
    found.sort_unstable();
    found.dedup();
    found
}

fn images(item: &Value, spec: &Value, evidence: &str) -> Vec<Observation> {
    let status = item.get("status").cloned().unwrap_or(Value::Null);
    let statuses: Vec<&Value> =
        ["initContainerStatuses", "containerStatuses"].into_iter().flat_map(|key| list(&status, key)).collect();
    let mut found = Vec::new();
    for container in containers(spec) {
        let Some(image) = text(container, "image") else { continue };
        let own = statuses.iter().find(|status| text(status, "name") == text(container, "name"));
        let ran = own.and_then(|status| text(status, "imageID"));
        let (name, tag, written) = image_parts(image);
        let digest = ran.and_then(|ran| ran.rsplit_once('@')).map(|(_, digest)| digest).or(written);
        let what =
            ObservationKind::Image { name: Text::new(name), tag: tag.map(Text::new), digest: digest.map(Text::new) };
        found.push(Observation { time: None, what, evidence: Text::new(evidence) });
    }
    found
}

/// Name, tag and digest of an image reference.
pub(crate) fn image_parts(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    // A colon before the last slash is a port.
    match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag), digest),
        _ => (rest, None, digest),
    }
}
