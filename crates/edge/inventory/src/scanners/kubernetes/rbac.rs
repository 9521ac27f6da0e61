//! Role bindings: who may read which secrets, and who may run something as another account.

use super::{Cluster, kind, name, namespace};
use crate::json::{list, text, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, NodeKey, Text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a rule lets its holder do.
#[derive(Clone, Debug)]
struct Access {
    /// To what.
    over: Over,
    actions: Vec<Text>,
    may: Vec<Text>,
}

/// What can be taken through a rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Over {
    /// The values of secrets.
    Secrets,
    /// The identity of any service account in the same place.
    Accounts,
    /// Every node, and with it whatever runs there.
    Nodes,
    /// Everything in the same place: rights beyond one's own, or somebody else's name.
    Everything,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// What hands over a secret's value (`list` and `watch` do, whatever their names suggest); what lets one act as any account:
/// starting something that runs as it, entering what runs as it, a token of it, its name; what leads to nodes; and what gives more
/// rights than one has: `escalate` and `bind`, names of users and groups, objects changed on their way in.
const GRANTS: [(Over, &str, &str, &[&str]); 24] = [
    (Over::Secrets, "", "secrets", &["get", "list", "watch"]),
    (Over::Accounts, "", "pods", &["create"]),
    (Over::Accounts, "", "pods/exec", &["create"]),
    (Over::Accounts, "", "replicationcontrollers", &["create"]),
    (Over::Accounts, "", "serviceaccounts/token", &["create"]),
    (Over::Accounts, "", "serviceaccounts", &["impersonate"]),
    (Over::Accounts, "apps", "deployments", &["create", "update", "patch"]),
    (Over::Accounts, "apps", "daemonsets", &["create", "update", "patch"]),
    (Over::Accounts, "apps", "statefulsets", &["create", "update", "patch"]),
    (Over::Accounts, "apps", "replicasets", &["create", "update", "patch"]),
    (Over::Accounts, "batch", "jobs", &["create"]),
    (Over::Accounts, "batch", "cronjobs", &["create", "update", "patch"]),
    (Over::Accounts, "", "pods/ephemeralcontainers", &["update", "patch"]),
    (Over::Nodes, "", "nodes/proxy", &["get", "create"]),
    (Over::Nodes, "", "persistentvolumes", &["create"]),
    (Over::Everything, RBAC, "roles", &["escalate"]),
    (Over::Everything, RBAC, "clusterroles", &["escalate"]),
    (Over::Everything, RBAC, "rolebindings", &["bind"]),
    (Over::Everything, RBAC, "clusterrolebindings", &["bind"]),
    (Over::Everything, RBAC, "clusterroles", &["bind"]),
    (Over::Everything, "", "users", &["impersonate"]),
    (Over::Everything, "", "groups", &["impersonate"]),
    (Over::Everything, "certificates.k8s.io", "certificatesigningrequests/approval", &["update", "patch"]),
    (Over::Everything, "admissionregistration.k8s.io", "mutatingwebhookconfigurations", &["create", "update", "patch"]),
];

fn access(role: &Value) -> Vec<Access> {
    let has = |values: &[&str], wanted: &str| values.iter().any(|value| *value == "*" || *value == wanted);
    let mut found = Vec::new();
    for rule in list(role, "rules") {
        let (groups, resources) = (texts(rule.get("apiGroups")), texts(rule.get("resources")));
        let (verbs, named) = (texts(rule.get("verbs")), texts(rule.get("resourceNames")));
        for over in [Over::Secrets, Over::Accounts, Over::Nodes, Over::Everything] {
            let mut actions = Vec::new();
            for (_, group, resource, wanted) in GRANTS.iter().filter(|(kind, ..)| *kind == over) {
                if has(&groups, group) && has(&resources, resource) {
                    let allowed = wanted.iter().filter(|verb| has(&verbs, verb));
                    actions.extend(allowed.map(|verb| Text::new(format!("{resource}:{verb}"))));
                }
            }
            if !actions.is_empty() {
                let limit = (!named.is_empty()).then(|| Text::new(format!("it is {}", named.join(" or "))));
                found.push(Access { over, may: limit.into_iter().chain(needed(&actions)).collect(), actions });
            }
        }
    }
    found
}

/// What the actions alone do not settle.
fn needed(actions: &[Text]) -> Option<Text> {
    let only = |what: &str| actions.iter().all(|action| action.starts_with(what));
    if only("certificatesigningrequests/approval") {
        return Some(Text::new("it may sign for the API server's clients too"));
    }
    only("persistentvolumes").then(|| Text::new("it may mount the volume, which shows the node's disk"))
}

impl Cluster<'_> {
    pub(super) fn bindings(&mut self, items: &[Value]) {
        let mut roles: BTreeMap<(&str, &str, &str), Vec<Access>> = BTreeMap::new();
        for item in items.iter().filter(|item| matches!(kind(item), "Role" | "ClusterRole")) {
            roles.insert((kind(item), namespace(item), name(item)), access(item));
        }
        for binding in items.iter().filter(|item| matches!(kind(item), "RoleBinding" | "ClusterRoleBinding")) {
            let Some(reference) = binding.get("roleRef") else { continue };
            let (role_kind, role) =
                (text(reference, "kind").unwrap_or_default(), text(reference, "name").unwrap_or_default());
            let place = if role_kind == "Role" { namespace(binding) } else { "" };
            let Some(granted) = roles.get(&(role_kind, place, role)) else {
                let reason = format!(
                    "binding `{}` names {role_kind} `{}`, which is not in the file",
                    shown(name(binding)),
                    shown(role)
                );
                self.report.add(reason, "export roles and clusterroles too");
                continue;
            };
            let scope = (kind(binding) != "ClusterRoleBinding").then(|| namespace(binding));
            for subject in list(binding, "subjects") {
                for grant in granted {
                    self.grant(binding, subject, scope, grant);
                }
            }
        }
    }

    fn grant(&mut self, binding: &Value, subject: &Value, scope: Option<&str>, grant: &Access) {
        let named = text(subject, "name").unwrap_or_default();
        let from = match kind(subject) {
            "ServiceAccount" => self.account_key(text(subject, "namespace").unwrap_or(namespace(binding)), named),
            "Group" => {
                self.groups.insert(named.to_owned());
                self.group_key(named)
            }
            // A service account may be bound under its user name.
            _ => match named.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
                Some((namespace, account)) => self.account_key(namespace, account),
                None => NodeKey::identity("k8s", &format!("{}/user/{named}", self.name)),
            },
        };
        let evidence = self.evidence(binding);
        let (kind, to) = match (grant.over, scope) {
            (Over::Secrets, Some(namespace)) => (EdgeKind::MayAct, self.secrets_hub(namespace)),
            (Over::Secrets, None) => (EdgeKind::MemberOf, self.group_key("firebreak:secret-readers")),
            (Over::Accounts, Some(namespace)) => (EdgeKind::MemberOf, self.runners(Some(namespace))),
            (Over::Accounts, None) => (EdgeKind::MemberOf, self.runners(None)),
            // Nodes are of no namespace: a binding inside one gives nothing of them.
            (Over::Nodes, Some(_)) => return,
            (Over::Nodes, None) => (EdgeKind::MemberOf, self.group_key("firebreak:nodes")),
            (Over::Everything, _) => (EdgeKind::MemberOf, self.administrators(scope)),
        };
        if kind == EdgeKind::MemberOf {
            self.open_hub(grant.over, scope);
        }
        let edge = self.edge(kind, &from, &to, &evidence);
        edge.actions = grant.actions.clone();
        edge.may = grant.may.clone();
    }

    /// The hub of those who may act as any account of a namespace, or of the cluster.
    fn runners(&self, namespace: Option<&str>) -> NodeKey {
        match namespace {
            Some(namespace) => self.group_key(&format!("firebreak:any-account:{namespace}")),
            None => self.group_key("firebreak:any-account"),
        }
    }

    /// Notes the hub, and the hubs that it leads to.
    fn open_hub(&mut self, over: Over, scope: Option<&str>) {
        let all =
            if over == Over::Everything { &[Over::Everything, Over::Secrets, Over::Accounts][..] } else { &[over] };
        self.hubs.extend(all.iter().map(|over| (*over, scope.map(str::to_owned))));
        if over == Over::Everything && scope.is_none() {
            self.hubs.insert((Over::Nodes, None));
        }
    }

    /// The hub of those who may give themselves any right in a namespace, or in the cluster.
    fn administrators(&self, namespace: Option<&str>) -> NodeKey {
        match namespace {
            Some(namespace) => self.group_key(&format!("firebreak:administrators:{namespace}")),
            None => self.group_key("firebreak:administrators"),
        }
    }

    /// What administrators have beside their own.
    fn open_administrators(&mut self, scope: Option<&str>) {
        let (hub, evidence) = (self.administrators(scope), format!("{}: rights beyond one's own", self.report.input()));
        let runners = self.runners(scope);
        self.edge(EdgeKind::MemberOf, &hub, &runners, &evidence);
        match scope {
            Some(namespace) => {
                let secrets = self.secrets_hub(namespace);
                self.edge(EdgeKind::MayAct, &hub, &secrets, &evidence).actions = vec![Text::new("secrets:list")];
            }
            None => {
                for member_of in ["firebreak:secret-readers", "firebreak:nodes"] {
                    let to = self.group_key(member_of);
                    self.edge(EdgeKind::MemberOf, &hub, &to, &evidence);
                }
                let cluster = NodeKey::resource("k8s", &self.name);
                self.edge(EdgeKind::MayAct, &hub, &cluster, &evidence).actions = vec![Text::new("*")];
            }
        }
    }

    fn open_secrets(&mut self, namespaces: &BTreeSet<String>) {
        let hub = self.group_key("firebreak:secret-readers");
        let everywhere = namespaces.iter().map(|namespace| self.secrets_hub(namespace));
        let stores: Vec<NodeKey> = everywhere.chain([self.all_secrets()]).collect();
        let evidence = format!("{} cluster-wide bindings", self.report.input());
        for store in stores {
            self.edge(EdgeKind::MayAct, &hub, &store, &evidence).actions = vec![Text::new("secrets:list")];
        }
    }

    fn open_runners(&mut self, scope: Option<&str>) {
        let hub = self.runners(scope);
        let inside = |namespace: &String| scope.is_none_or(|scope| scope == namespace);
        let accounts: Vec<NodeKey> = self
            .accounts
            .keys()
            .filter(|(namespace, _)| inside(namespace))
            .map(|(namespace, name)| self.account_key(namespace, name))
            .collect();
        let evidence = format!("{}: a workload runs as any account of its namespace", self.report.input());
        for account in accounts {
            self.edge(EdgeKind::MayAssume, &hub, &account, &evidence);
        }
    }

    fn open_nodes(&mut self) {
        let (hub, evidence) = (self.group_key("firebreak:nodes"), format!("{}: every node", self.report.input()));
        for node in self.nodes.clone() {
            let node = self.node_key(&node);
            self.edge(EdgeKind::MayAssume, &hub, &node, &evidence);
        }
    }

    /// The edges out of every hub that a binding uses.
    pub(super) fn open_hubs(&mut self, namespaces: &BTreeSet<String>) {
        for (over, scope) in std::mem::take(&mut self.hubs) {
            match over {
                Over::Secrets if scope.is_some() => {}
                Over::Secrets => self.open_secrets(namespaces),
                Over::Accounts => self.open_runners(scope.as_deref()),
                Over::Nodes => self.open_nodes(),
                Over::Everything => self.open_administrators(scope.as_deref()),
            }
        }
    }
}
