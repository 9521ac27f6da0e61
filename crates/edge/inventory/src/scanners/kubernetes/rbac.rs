//! Role bindings: who may read which secrets.

use super::{Cluster, kind, name, namespace};
use crate::json::{list, text, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, NodeKey, Text};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a rule lets its holder do with secrets.
#[derive(Clone, Debug)]
struct Access {
    actions: Vec<Text>,
    may: Vec<Text>,
}

/// Verbs that hand over a secret's value. `list` and `watch` do, whatever their names suggest.
const READS: [&str; 3] = ["get", "list", "watch"];

fn access(role: &Value) -> Vec<Access> {
    let all = |values: &[&str], wanted: &str| values.iter().any(|value| *value == "*" || *value == wanted);
    let mut found = Vec::new();
    for rule in list(role, "rules") {
        let (groups, resources) = (texts(rule.get("apiGroups")), texts(rule.get("resources")));
        let verbs = texts(rule.get("verbs"));
        let reads: Vec<&str> = READS.into_iter().filter(|verb| all(&verbs, verb)).collect();
        if !all(&groups, "") || !all(&resources, "secrets") || reads.is_empty() {
            continue;
        }
        let named = texts(rule.get("resourceNames"));
        let limit = (!named.is_empty()).then(|| Text::new(format!("the secret is {}", named.join(" or "))));
        let actions = reads.iter().map(|verb| Text::new(format!("secrets:{verb}"))).collect();
        found.push(Access { actions, may: limit.into_iter().collect() });
    }
    found
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
            let hub = match kind(binding) {
                "ClusterRoleBinding" => self.all_secrets(),
                _ => self.secrets_hub(namespace(binding)),
            };
            for subject in list(binding, "subjects") {
                for grant in granted {
                    self.grant(binding, subject, &hub, grant);
                }
            }
        }
    }

    fn grant(&mut self, binding: &Value, subject: &Value, hub: &NodeKey, grant: &Access) {
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
        let edge = self.edge(EdgeKind::MayAct, &from, hub, &evidence);
        edge.actions = grant.actions.clone();
        edge.may = grant.may.clone();
    }
}
