//! The bench of the sweep on Keycloak: a client and a user that a client has just made, shut as what it made.

use super::keycloak::{MAKER, Office, REALM, equipment};
use super::{Bench, Trial, responder};
use crate::plans::action;
use async_trait::async_trait;
use firebreak_act::StepState;
use firebreak_model::NodeKey;
use firebreak_world::{Clock, SystemClock};
use serde_json::{Value, json};
use std::sync::Arc;

/// Newcomers in a realm, swept behind their maker as a client or behind its account.
pub(crate) struct SweepBench {
    office: Arc<Office>,
    name: &'static str,
}

impl SweepBench {
    pub(crate) fn new(office: &Arc<Office>, name: &'static str) -> SweepBench {
        SweepBench { office: office.clone(), name }
    }
}

/// What the newcomers of a trial are called: by the time since when they are swept.
fn newcomer(since: &str) -> String {
    since.chars().filter(char::is_ascii_digit).collect()
}

#[async_trait]
impl Bench for SweepBench {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn fresh(&mut self) -> Trial {
        self.office.open().await;
        let since = SystemClock.now().to_string();
        let name = newcomer(&since);
        assert!(self.office.makes_client(MAKER, &name).await);
        let user = json!({"username": name, "enabled": true});
        assert_eq!(self.office.asked_by(MAKER, "POST", "/users", Some(&user)).await.0, 201);
        let (target, named) = match self.name {
            "keycloak_client" => {
                (NodeKey::identity("app", &format!("keycloak/{REALM}/{MAKER}")), ("client", MAKER.to_owned()))
            }
            _ => {
                let found = self.office.look(&format!("/users?exact=true&username=service-account-{MAKER}")).await;
                let id = found[0]["id"].as_str().expect("an account").to_owned();
                (NodeKey::identity("keycloak", &format!("{REALM}/{id}")), ("user", id))
            }
        };
        let (mut config, secrets) = equipment(&self.office, self.name, &target, &Value::Null);
        config["keycloak"]["realms"][REALM]["probes"] = json!({});
        let parameters = [("realm", REALM), (named.0, &named.1), ("sweep_after_seconds", "0"), ("made_since", &since)];
        let action = action(&responder(self.name).spec().action_name(), target, &parameters);
        Trial { action, config: serde_json::from_value(config).expect("a configuration"), secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let name = newcomer(&trial.action.parameters["made_since"]);
        let client = self.office.look(&format!("/clients?clientId={name}")).await;
        let user = self.office.look(&format!("/users?exact=true&username={name}")).await;
        let secret = self.office.old_secret(&name).await;
        let maker = self.office.old_secret(MAKER).await;
        format!(
            "client enabled: {}, its secret is answered {secret}, user enabled: {}, who made them is answered {maker}",
            client[0]["enabled"], user[0]["enabled"]
        )
    }

    fn rests_at(&self) -> StepState {
        // Nobody has what newcomers have, to try it.
        StepState::Unobservable
    }
}
