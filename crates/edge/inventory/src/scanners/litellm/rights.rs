//! Which models and MCP servers a key or a team may use.

use super::Gateway;
use crate::json::{list, texts};
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;
use std::collections::BTreeSet;

impl Gateway<'_, '_> {
    /// Models and servers of `item`, for `who`.
    pub(super) fn may_use(&mut self, who: &NodeKey, item: &Value, place: &str) {
        let named = texts(item.get("models"));
        let everything = |name: &&str| matches!(*name, "*" | "all-proxy-models" | "all-models");
        if named.is_empty() || named.iter().any(everything) {
            let hub = self.hub("models");
            self.facts.edge(EdgeKind::MemberOf, who, &hub, place);
        } else {
            for model in self.expanded(&named) {
                let model = NodeKey::resource("litellm", &model);
                self.facts.edge(EdgeKind::MayAct, who, &model, place).acts(&["chat"]);
            }
        }
        self.may_call(who, item, place);
    }

    /// Names, access groups and wildcards of a list, as names of models.
    fn expanded(&self, named: &[&str]) -> BTreeSet<String> {
        let mut models = BTreeSet::new();
        for name in named.iter().filter(|name| **name != "all-team-models" && **name != "no-default-models") {
            if let Some(group) = self.groups.get(*name) {
                models.extend(group.iter().cloned());
            } else if let Some(prefix) = name.strip_suffix('*') {
                models.extend(self.models.iter().filter(|model| model.starts_with(prefix)).cloned());
            } else {
                models.insert((*name).to_owned());
            }
        }
        models
    }

    /// MCP servers that the object's permissions name.
    pub(super) fn may_call(&mut self, who: &NodeKey, item: &Value, place: &str) {
        let Some(permission) = item.get("object_permission").filter(|permission| permission.is_object()) else {
            return;
        };
        let mut names: BTreeSet<String> = BTreeSet::new();
        for server in texts(permission.get("mcp_servers")) {
            names.insert(self.servers.get(server).cloned().unwrap_or_else(|| server.to_owned()));
        }
        for group in texts(permission.get("mcp_access_groups")) {
            names.extend(self.server_groups.get(group).into_iter().flatten().cloned());
        }
        let tools = permission.get("mcp_tool_permissions");
        for name in names {
            let ids = self.servers.iter().filter(|(_, known)| **known == name).map(|(id, _)| id.as_str());
            let mut allowed: Vec<&str> = ids
                .chain([name.as_str()])
                .flat_map(|id| tools.map_or(&[][..], |tools| list(tools, id)))
                .filter_map(Value::as_str)
                .collect();
            if allowed.is_empty() {
                allowed.push("tools/call");
            }
            self.facts.edge(EdgeKind::MayAct, who, &NodeKey::resource("mcp", &name), place).acts(&allowed);
        }
    }
}
