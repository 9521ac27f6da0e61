//! A Kubernetes cluster: service accounts, who may read secrets, what pods run as and can read, and their images.
//!
//! Only metadata of secrets is wanted. A file that holds their values is told of and the values are not looked at.

mod collect;
pub(crate) mod pod;
mod rbac;

use crate::collect::Collect;
use crate::json::{list, parse, text};
use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Reversibility, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Reads lists of a cluster's objects.
pub struct Kubernetes;

/// The scanner.
pub static SCANNER: Kubernetes = Kubernetes;

impl Scanner for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        let head = String::from_utf8_lossy(head);
        let json = path.extension().is_some_and(|extension| extension == "json");
        json && head.contains("\"apiVersion\"") && head.contains("\"items\"")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let name = input.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("unnamed");
        let mut found = Found { scope: format!("k8s/{name}"), ..Found::default() };
        if let Some(document) = parse(input.bytes, &mut report) {
            let mut cluster = Cluster {
                name: name.to_owned(),
                known: input.known,
                found: &mut found,
                report: &mut report,
                secrets: BTreeMap::new(),
                groups: BTreeSet::new(),
                hubs: BTreeSet::new(),
                nodes: BTreeSet::new(),
                accounts: BTreeMap::new(),
            };
            cluster.found.complete = crate::collect::is_whole(&document, cluster.report);
            cluster.read(list(&document, "items"));
        }
        found.problems = report.finish();
        found
    }
}

struct Cluster<'a> {
    name: String,
    known: Time,
    found: &'a mut Found,
    report: &'a mut Report,
    /// What each secret stores, by namespace and name.
    secrets: BTreeMap<(String, String), NodeKey>,
    /// Groups that some binding names.
    groups: BTreeSet<String>,
    /// Hubs that some binding uses, of one namespace or of all.
    hubs: BTreeSet<(rbac::Over, Option<String>)>,
    /// Nodes on which pods run.
    nodes: BTreeSet<String>,
    /// Service accounts by namespace and name, with whether they give pods a token.
    accounts: BTreeMap<(String, String), bool>,
}

fn kind(item: &Value) -> &str {
    text(item, "kind").unwrap_or_default()
}

fn name(item: &Value) -> &str {
    item.get("metadata").and_then(|metadata| text(metadata, "name")).unwrap_or_default()
}

fn namespace(item: &Value) -> &str {
    item.get("metadata").and_then(|metadata| text(metadata, "namespace")).unwrap_or_default()
}

fn annotation<'a>(item: &'a Value, key: &str) -> Option<&'a str> {
    text(item.get("metadata")?.get("annotations")?, key)
}

/// The identities of clouds that a service account is annotated with.
fn clouds(account: &Value) -> Vec<NodeKey> {
    let aws = annotation(account, "eks.amazonaws.com/role-arn").map(crate::key::aws_identity);
    let google = annotation(account, "iam.gke.io/gcp-service-account").map(|mail| NodeKey::identity("gcp", mail));
    let azure = annotation(account, "azure.workload.identity/client-id");
    let azure = azure.map(|id| NodeKey::identity("app", &format!("entra/{id}")));
    [aws, google, azure].into_iter().flatten().collect()
}

impl Cluster<'_> {
    fn read(&mut self, items: &[Value]) {
        let of = |wanted: &'static str| items.iter().filter(move |item| kind(item) == wanted);
        const NEEDED: [&str; 4] = ["ServiceAccount", "Pod", "Secret", "ClusterRoleBinding"];
        let missing: Vec<&str> = NEEDED.into_iter().filter(|wanted| of(wanted).next().is_none()).collect();
        // A list without any pod is possible; a cluster without service accounts or cluster bindings is not.
        self.found.complete &= !missing.contains(&"ServiceAccount") && !missing.contains(&"ClusterRoleBinding");
        if missing.contains(&"ServiceAccount") || missing.contains(&"ClusterRoleBinding") {
            let reason = format!("it holds no {}", missing.join(", no "));
            let hint = "kubectl get serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,pods,secrets -A -o json";
            self.report.add(reason, hint);
        }
        of("ServiceAccount").for_each(|item| self.service_account(item));
        of("Secret").for_each(|item| self.secret(item));
        self.nodes = of("Pod").filter_map(pod::node).map(str::to_owned).collect();
        self.bindings(items);
        let namespaces = items.iter().map(|item| namespace(item).to_owned()).filter(|name| !name.is_empty()).collect();
        self.open_hubs(&namespaces);
        self.memberships();
        of("Pod").for_each(|item| self.pod(item));
    }

    fn evidence(&self, item: &Value) -> String {
        let place = format!("{} {}/{}", kind(item), namespace(item), name(item));
        format!("{} {place}", self.report.input())
    }

    fn edge(&mut self, kind: EdgeKind, from: &NodeKey, to: &NodeKey, evidence: &str) -> &mut EdgeFact {
        let edge = EdgeFact::new(kind, from.clone(), to.clone(), Interval::ALWAYS, self.known, evidence);
        self.found.facts.push(Fact::Edge(edge));
        match self.found.facts.last_mut() {
            Some(Fact::Edge(edge)) => edge,
            _ => unreachable!("the edge was just added"),
        }
    }

    fn node(&mut self, key: NodeKey, evidence: &str) -> &mut NodeFact {
        let node = NodeFact::new(key, Interval::ALWAYS, self.known, evidence);
        self.found.facts.push(Fact::Node(node));
        match self.found.facts.last_mut() {
            Some(Fact::Node(node)) => node,
            _ => unreachable!("the node was just added"),
        }
    }

    fn account_key(&self, namespace: &str, name: &str) -> NodeKey {
        NodeKey::identity("k8s", &format!("{}/{namespace}/{name}", self.name))
    }

    fn token_key(&self, namespace: &str, name: &str) -> NodeKey {
        NodeKey::credential("k8s", &format!("{}/{namespace}/{name}", self.name))
    }

    fn secrets_hub(&self, namespace: &str) -> NodeKey {
        NodeKey::resource("k8s", &format!("{}/{namespace}/secrets", self.name))
    }

    fn all_secrets(&self) -> NodeKey {
        NodeKey::resource("k8s", &format!("{}/secrets", self.name))
    }

    fn service_account(&mut self, item: &Value) {
        let (namespace, name, evidence) = (namespace(item), name(item), self.evidence(item));
        let key = self.account_key(namespace, name);
        let parameters = [("cluster", self.name.as_str()), ("namespace", namespace), ("name", name)];
        // Dearer than a request to somebody: nothing brings the tokens back.
        let permanent = Reversibility::Irreversible;
        let recreate = crate::cut::cut("kubernetes_service_account/recreate", &key, &parameters, (40, 60), permanent);
        let cut = crate::cut::of_service_account(&key);
        self.node(key.clone(), &evidence).cuts.extend([cut, recreate]);
        let token = self.token_key(namespace, name);
        self.edge(EdgeKind::Authenticates, &token, &key, &evidence);
        for cloud in clouds(item) {
            self.edge(EdgeKind::MayAssume, &key, &cloud, &evidence);
        }
        let mounts = item.get("automountServiceAccountToken").and_then(Value::as_bool).unwrap_or(true);
        self.accounts.insert((namespace.to_owned(), name.to_owned()), mounts);
    }

    fn secret(&mut self, item: &Value) {
        let (namespace, name, evidence) = (namespace(item), name(item), self.evidence(item));
        if ["data", "stringData"].iter().any(|key| item.get(key).is_some_and(|data| !data.is_null())) {
            let reason = format!("the value of secret `{}/{}` is in the file", shown(namespace), shown(name));
            self.report.add(reason, "export metadata only: pipe kubectl's output through jq 'del(.items[].data)'");
        }
        let stated = annotation(item, "firebreak.io/credential");
        let account = annotation(item, "kubernetes.io/service-account.name");
        let credential = match (stated.map(NodeKey::parse), account) {
            (Some(Some(key)), _) => key,
            (Some(None), _) => {
                let reason = format!("the annotation of secret `{}/{}` is not a key", shown(namespace), shown(name));
                self.report.add(reason, "write `credential:aws/AKIA…`");
                NodeKey::credential("k8s_secret", &format!("{}/{namespace}/{name}", self.name))
            }
            (None, Some(account)) => self.token_key(namespace, account),
            // A secret of unknown content is still one that can be lost.
            (None, None) => NodeKey::credential("k8s_secret", &format!("{}/{namespace}/{name}", self.name)),
        };
        let (hub, all) = (self.secrets_hub(namespace), self.all_secrets());
        self.edge(EdgeKind::Stores, &hub, &credential, &evidence);
        self.edge(EdgeKind::Stores, &all, &credential, &evidence);
        self.secrets.insert((namespace.to_owned(), name.to_owned()), credential);
    }

    /// Service accounts belong to groups by their place alone; only groups that a binding names matter.
    fn memberships(&mut self) {
        let evidence = format!("{}: service accounts' groups", self.report.input());
        let accounts: Vec<(String, String)> = self.accounts.keys().cloned().collect();
        for (namespace, name) in accounts {
            let own = format!("system:serviceaccounts:{namespace}");
            for group in ["system:serviceaccounts", "system:authenticated", own.as_str()] {
                if self.groups.contains(group) {
                    let (from, to) = (self.account_key(&namespace, &name), self.group_key(group));
                    self.edge(EdgeKind::MemberOf, &from, &to, &evidence);
                }
            }
        }
    }

    fn group_key(&self, group: &str) -> NodeKey {
        NodeKey::group("k8s", &format!("{}/{group}", self.name))
    }

    fn node_key(&self, node: &str) -> NodeKey {
        NodeKey::identity("k8s", &format!("{}/node/{node}", self.name))
    }

    fn environment_key(&self, namespace: &str, workload: &str) -> NodeKey {
        NodeKey::environment("k8s", &format!("{}/{namespace}/{workload}", self.name))
    }
}
