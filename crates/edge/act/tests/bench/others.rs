//! Benches on PostgreSQL, the authorisation server and the receiver of webhooks.

use super::{Bench, Trial};
use crate::lab::oauth::{CLIENT, Provider};
use crate::lab::postgres::Cluster;
use crate::lab::receiver::{Receiver, SECRET};
use crate::plans::{TestSecrets, action};
use async_trait::async_trait;
use firebreak_act::StepState;
use firebreak_model::NodeKey;
use serde_json::json;
use std::path::Path;

/// Roles of a database server.
pub(crate) struct PostgresBench {
    cluster: Cluster,
    made: u32,
}

impl PostgresBench {
    pub(crate) fn new() -> PostgresBench {
        PostgresBench { cluster: Cluster::start(), made: 0 }
    }
}

#[async_trait]
impl Bench for PostgresBench {
    fn name(&self) -> &'static str {
        "postgres_role"
    }

    async fn fresh(&mut self) -> Trial {
        self.made += 1;
        // A name that breaks out of its quotes wherever it is not quoted with care.
        let role = format!("app \"{}\"; DROP ROLE firebreak; --", self.made);
        let quoted = role.replace('"', "\"\"");
        self.cluster.psql(&format!("CREATE ROLE \"{quoted}\" LOGIN PASSWORD 'app'"));
        let mut secrets = TestSecrets::default();
        secrets.0.insert("test:own".to_owned(), self.cluster.url("firebreak", "responder"));
        let encoded = percent_encoding::utf8_percent_encode(&role, percent_encoding::NON_ALPHANUMERIC).to_string();
        secrets.0.insert("test:probe".to_owned(), self.cluster.url(&encoded, "app"));
        let server = json!({"url": "test:own", "probes": {&role: "test:probe"}});
        let config = json!({"postgres_role": {"servers": {"db": server}}});
        let target = NodeKey::identity("postgres", &format!("db/{role}"));
        Trial {
            action: action("postgres_role/disable", target, &[("host", "db"), ("role", &role)]),
            config: serde_json::from_value(config).expect("a configuration"),
            secrets,
        }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let role = trial.action.parameters["role"].replace('\'', "''");
        self.cluster.psql(&format!("SELECT 'can log in: ' || rolcanlogin FROM pg_roles WHERE rolname = '{role}'"))
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Tokens of an authorisation server.
pub(crate) struct OauthBench {
    provider: Provider,
}

impl OauthBench {
    pub(crate) fn new(lab: &Path) -> OauthBench {
        OauthBench { provider: Provider::start(lab) }
    }
}

#[async_trait]
impl Bench for OauthBench {
    fn name(&self) -> &'static str {
        "oauth_token"
    }

    async fn fresh(&mut self) -> Trial {
        let token = self.provider.token().await;
        let issuer = &self.provider.issuer;
        let mut secrets = TestSecrets::default();
        secrets.0.insert("test:token".to_owned(), token);
        secrets.0.insert("test:client".to_owned(), CLIENT.1.to_owned());
        let server = json!({
            "revocation_endpoint": format!("{issuer}/token/revocation"),
            "introspection_endpoint": format!("{issuer}/token/introspection"),
            "probe_url": format!("{issuer}/resource"),
            "client_id": CLIENT.0,
            "client_secret": "test:client",
            "tokens": {"f00d": "test:token"},
        });
        let config = json!({"oauth_token": {"issuers": {"id.example": server}}});
        let target = NodeKey::credential("oauth", "id.example/f00d");
        Trial {
            action: action("oauth_token/revoke", target, &[("issuer", "id.example")]),
            config: serde_json::from_value(config).expect("a configuration"),
            secrets,
        }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let token = &trial.secrets.0["test:token"];
        let (active, resource) = (self.provider.is_active(token).await, self.provider.resource(token).await);
        format!("active: {active}, the resource server answers {resource}")
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Requests to another system.
pub(crate) struct WebhookBench {
    receiver: Receiver,
    made: u32,
}

impl WebhookBench {
    pub(crate) fn new() -> WebhookBench {
        WebhookBench { receiver: Receiver::start(), made: 0 }
    }
}

#[async_trait]
impl Bench for WebhookBench {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn fresh(&mut self) -> Trial {
        self.made += 1;
        let mut secrets = TestSecrets::default();
        secrets.0.insert("test:key".to_owned(), SECRET.to_owned());
        let url = &self.receiver.url;
        let endpoint =
            json!({"url": format!("{url}/hook"), "status_url": format!("{url}/status"), "secret": "test:key"});
        let config = json!({"webhook": {"requests": {"revoke_github_token": endpoint}}});
        let target = NodeKey::credential("github", &format!("hash-{}-end", self.made));
        Trial {
            action: action("webhook/request", target, &[("request", "revoke_github_token")]),
            config: serde_json::from_value(config).expect("a configuration"),
            secrets,
        }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let target = trial.action.target.as_str();
        let most = self.receiver.times_done(target).into_iter().max().unwrap_or(0);
        assert!(most <= 1, "a request was carried out {most} times");
        format!("cut: {}", self.receiver.is_cut(target))
    }

    // The receiver says that it has done it; nobody can see the old token refused.
    fn rests_at(&self) -> StepState {
        StepState::Unobservable
    }
}
