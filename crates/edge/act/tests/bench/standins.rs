//! Benches on the stand-ins for LiteLLM, Vault and Kubernetes, and on a real SCIM service.

use super::{Bench, Trial, responder};
use crate::lab::scim::{Scim, TOKEN};
use crate::lab::standin::StandIn;
use crate::lab::standins;
use crate::plans::{TestSecrets, action};
use async_trait::async_trait;
use firebreak_act::StepState;
use firebreak_model::NodeKey;
use serde_json::{Value, json};
use std::path::Path;

/// Users of a SCIM service.
pub(crate) struct ScimBench {
    service: Scim,
    made: u32,
}

impl ScimBench {
    pub(crate) fn new(lab: &Path) -> ScimBench {
        ScimBench { service: Scim::start(lab), made: 0 }
    }
}

#[async_trait]
impl Bench for ScimBench {
    fn name(&self) -> &'static str {
        "scim_user"
    }

    async fn fresh(&mut self) -> Trial {
        self.made += 1;
        let user = self.service.user(&format!("ada-{}", self.made)).await;
        let service = json!({"url": self.service.url, "token": "test:token", "own_users": ["ours"]});
        let config = json!({"scim_user": {"services": {"desk": service}}});
        let mut secrets = TestSecrets::default();
        secrets.0.insert("test:token".to_owned(), TOKEN.to_owned());
        let target = NodeKey::identity("desk", &user);
        let action = action("scim_user/deactivate", target, &[("service", "desk"), ("user", &user)]);
        Trial { action, config: serde_json::from_value(config).expect("a configuration"), secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let (_, user) = self.service.ask("GET", &format!("/Users/{}", &trial.action.parameters["user"]), None).await;
        format!("active: {}, called {}", user["active"], user["name"])
    }

    // The service says that the user is inactive; it has no door of its own.
    fn rests_at(&self) -> StepState {
        StepState::Unobservable
    }
}

/// What is on a stand-in, and how it is seen.
pub(crate) struct StandInBench {
    name: &'static str,
    server: StandIn,
    made: u32,
}

/// A bench for each responder on a platform that cannot run here.
pub(crate) fn all() -> Vec<Box<dyn Bench>> {
    let keys = json!({"keys": {}, "teams": {}, "models": {}, "mcp": {}});
    let litellm = StandIn::start("litellm", keys, standins::litellm);
    let vault = StandIn::start("vault", json!({"accessors": {}, "leases": [], "entities": {}}), standins::vault);
    let kubernetes = StandIn::start("kubernetes", json!({"next": 1, "objects": {}}), standins::kubernetes);
    let of = |server: &StandIn, names: &[&'static str]| {
        let bench = |name: &&'static str| StandInBench { name, server: server.clone(), made: 0 };
        names.iter().map(bench).map(|bench| Box::new(bench) as Box<dyn Bench>).collect::<Vec<_>>()
    };
    let mut benches =
        of(&litellm, &["litellm_key", "litellm_key_limits", "litellm_team", "litellm_model", "litellm_mcp_server"]);
    benches.extend(of(&vault, &["vault_accessor", "vault_lease", "vault_entity"]));
    let workloads = ["kubernetes_binding", "kubernetes_network", "kubernetes_pod", "kubernetes_service_account"];
    benches.extend(of(&kubernetes, &workloads));
    benches.extend(of(&kubernetes, &["kubernetes_workload"]));
    benches
}

impl StandInBench {
    fn number(&self) -> String {
        format!("{}-{}", self.name, self.made)
    }

    /// The target, its parameters, and the old token that is tried.
    fn make(&self) -> (NodeKey, Vec<(&'static str, String)>, String) {
        let id = self.number();
        if self.name.starts_with("litellm") {
            return self.of_litellm(id);
        }
        if self.name.starts_with("vault") {
            return self.of_vault(id);
        }
        self.of_kubernetes(id)
    }

    fn of_litellm(&self, id: String) -> (NodeKey, Vec<(&'static str, String)>, String) {
        let (kind, target) = match self.name {
            "litellm_key" | "litellm_key_limits" => ("key", NodeKey::credential("litellm", &id)),
            "litellm_team" => ("team", NodeKey::group("litellm", &format!("team/{id}"))),
            "litellm_model" => ("model", NodeKey::resource("litellm", &id)),
            _ => ("mcp_server", NodeKey::resource("litellm", &format!("mcp/{id}"))),
        };
        self.server.with(|state| {
            state["keys"][&id] = json!({
                "blocked": null, "team": id, "model": id, "models": ["large", "small"], "max_budget": null,
                "object_permission": {"mcp_servers": ["files", "mail"]},
            });
            state["teams"][&id] = json!({"blocked": false});
            state["models"][&id] = json!({"id": id, "blocked": false});
            state["mcp"][&id] = json!("active");
        });
        let old = format!("hush-key-{id}");
        let limits = json!({"models": ["small"], "mcp_servers": ["files"], "max_budget": 2.5}).to_string();
        let limits = (self.name == "litellm_key_limits").then_some(("limits", limits));
        let parameters = [("gateway", "main".to_owned()), (kind, id)].into_iter().chain(limits);
        (target, parameters.collect(), old)
    }

    fn of_vault(&self, id: String) -> (NodeKey, Vec<(&'static str, String)>, String) {
        self.server.with(|state| {
            state["accessors"][&id] = json!({});
            state["entities"][&id] = json!({"id": id, "disabled": false, "policies": ["app"]});
            let leases = state["leases"].as_array_mut().expect("a list");
            leases.push(json!(format!("database/creds/{id}/1")));
            leases.push(json!(format!("database/creds/{id}-other/1")));
        });
        let old = format!("hush-old-{id}");
        let named = match self.name {
            "vault_accessor" => ("accessor", id.clone()),
            "vault_lease" => ("prefix", format!("database/creds/{id}")),
            _ => ("entity", id.clone()),
        };
        (NodeKey::credential("vault", &id), vec![("server", "main".to_owned()), named], old)
    }

    /// Where the object is, by the API's path.
    fn path(&self) -> String {
        let id = self.number();
        match self.name {
            // Every other binding is one of the whole cluster.
            "kubernetes_binding" if self.made.is_multiple_of(2) => {
                format!("apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{id}")
            }
            "kubernetes_binding" => format!("apis/rbac.authorization.k8s.io/v1/namespaces/prod/rolebindings/{id}"),
            "kubernetes_pod" => format!("api/v1/namespaces/prod/pods/{id}"),
            "kubernetes_service_account" => format!("api/v1/namespaces/prod/serviceaccounts/{id}"),
            "kubernetes_network" => format!("apis/networking.k8s.io/v1/namespaces/{id}/networkpolicies"),
            _ => format!("apis/apps/v1/namespaces/prod/deployments/{id}"),
        }
    }

    fn of_kubernetes(&self, id: String) -> (NodeKey, Vec<(&'static str, String)>, String) {
        let path = self.path();
        let mut object = json!({"metadata": {
            "name": id, "uid": format!("first-{id}"), "resourceVersion": "1", "labels": {"team": "data"},
            "managedFields": [{"manager": "kubectl"}],
        }});
        let more = match self.name {
            "kubernetes_binding" => json!({
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
                "subjects": [{"kind": "ServiceAccount", "name": "app", "namespace": "prod"}],
            }),
            "kubernetes_service_account" => json!({"automountServiceAccountToken": false}),
            "kubernetes_workload" => json!({"spec": {"replicas": 3}, "status": {"replicas": 3}}),
            _ => json!({}),
        };
        for (name, value) in more.as_object().expect("a map") {
            object[name] = value.clone();
        }
        if self.name != "kubernetes_network" {
            self.server.with(|state| state["objects"][&path] = object);
        }
        let mut parameters = vec![("cluster", "prod".to_owned()), ("name", id.clone())];
        let space = if self.name == "kubernetes_network" { id.clone() } else { "prod".to_owned() };
        if !path.contains("clusterrolebindings") {
            parameters.push(("namespace", space));
        }
        if self.name == "kubernetes_network" {
            parameters.push(("label", "app=web".to_owned()));
        }
        parameters.extend((self.name == "kubernetes_workload").then(|| ("kind", "deployments".to_owned())));
        (NodeKey::identity("k8s", &format!("prod/prod/{id}")), parameters, format!("hush-old-{path}#first-{id}"))
    }

    fn config(&self, target: &NodeKey) -> Value {
        let (url, target) = (&self.server.url, target.as_str());
        match self.name.split('_').next() {
            Some("litellm") => json!({"litellm": {"gateways": {"main": {
                "url": url, "key": "test:own", "replicas": [url, url], "probes": {target: "test:old"},
            }}}}),
            Some("vault") => {
                json!({"vault": {"servers": {"main": {"url": url, "token": "test:own", "probes": {target: "test:old"}}}}})
            }
            // Nothing on the stand-in is bound to a workload's pods.
            _ if self.name == "kubernetes_workload" => {
                json!({"kubernetes": {"clusters": {"prod": {"url": url, "token": "test:own"}}}})
            }
            _ => {
                let probe = json!({"token": "test:old", "verb": "list", "resource": "secrets", "namespace": "prod"});
                json!({"kubernetes": {"clusters": {"prod": {"url": url, "token": "test:own", "probes": {target: probe}}}}})
            }
        }
    }
}

#[async_trait]
impl Bench for StandInBench {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn fresh(&mut self) -> Trial {
        self.made += 1;
        let (target, parameters, old) = self.make();
        let mut secrets = TestSecrets::default();
        secrets.0.insert("test:own".to_owned(), "hush-own".to_owned());
        secrets.0.insert("test:old".to_owned(), old);
        let config = serde_json::from_value(self.config(&target)).expect("a configuration");
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let action = action(&responder(self.name).spec().action_name(), target, &parameters);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let parameter = |name: &str| trial.action.parameters.get(name).map_or("", |value| value.as_str());
        let (id, path) = (self.number(), self.path());
        let seen = self.server.with(|state| match self.name {
            // Null until somebody sets it, and false once it was taken back.
            "litellm_key" => json!(state["keys"][parameter("key")]["blocked"] == true),
            "litellm_key_limits" => {
                let key = &state["keys"][parameter("key")];
                json!([key["models"], key["max_budget"], key["object_permission"]])
            }
            "litellm_team" => state["teams"][parameter("team")].clone(),
            "litellm_model" => state["models"][parameter("model")]["blocked"].clone(),
            "litellm_mcp_server" => state["mcp"][parameter("mcp_server")].clone(),
            "vault_accessor" => json!(state["accessors"].get(parameter("accessor")).is_some()),
            "vault_entity" => json!([state["entities"][&id]["disabled"], state["entities"][&id]["policies"]]),
            "vault_lease" => {
                let below = |lease: &&Value| lease.as_str().is_some_and(|lease| lease.contains(&id));
                json!(state["leases"].as_array().expect("a list").iter().filter(below).count())
            }
            "kubernetes_network" => {
                let objects = state["objects"].as_object().expect("a map").iter();
                let specs = objects.filter(|(name, _)| name.starts_with(&path)).map(|(_, one)| one["spec"].clone());
                json!(specs.collect::<Vec<_>>())
            }
            _ => {
                let mut object = state["objects"][&path].clone();
                let old = object["metadata"]["uid"].as_str().is_some_and(|uid| uid.starts_with("first-"));
                if object.is_object() {
                    object["metadata"] = json!({"labels": object["metadata"]["labels"]});
                    // A binding that was made again is as good as the first; an account is not.
                    let keeps = self.name != "kubernetes_service_account" || old;
                    object["old"] = json!(keeps);
                }
                object
            }
        });
        seen.to_string().replace(&id, "<id>")
    }

    fn rests_at(&self) -> StepState {
        match self.name {
            "litellm_key_limits"
            | "litellm_mcp_server"
            | "vault_lease"
            | "kubernetes_network"
            | "kubernetes_workload" => StepState::Unobservable,
            _ => StepState::Contained,
        }
    }
}
