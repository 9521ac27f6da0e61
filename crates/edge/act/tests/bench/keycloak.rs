//! Benches on a Keycloak realm. Each responder has a client of its own there, whose account has the roles of the responder's
//! manifest and no others.

use super::{Bench, Trial, responder};
use crate::lab::keycloak::Keycloak;
use crate::plans::{TestSecrets, action};
use async_trait::async_trait;
use firebreak_act::StepState;
use firebreak_model::NodeKey;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;

/// The responders on Keycloak.
pub(crate) const ALL: [&str; 6] = [
    "keycloak_client",
    "keycloak_client_secret",
    "keycloak_consent",
    "keycloak_realm",
    "keycloak_sessions",
    "keycloak_user",
];

/// The realm of the tests.
pub(crate) const REALM: &str = "meridian";

/// A client that may make clients and users, and what it may.
pub(crate) const MAKER: &str = "maker";
const MAKERS_ROLES: [&str; 2] = ["manage-clients", "manage-users"];

/// A server with one realm, in which users and clients are made as they are needed.
pub(crate) struct Office {
    pub(crate) server: Keycloak,
    made: AtomicU32,
    open: OnceCell<()>,
}

/// A user who signed in to the client `app`.
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) refresh_token: String,
    pub(crate) access_token: String,
    pub(crate) session: String,
}

impl Office {
    pub(crate) fn new(lab: &Path) -> Office {
        Office { server: Keycloak::start(lab), made: AtomicU32::new(0), open: OnceCell::new() }
    }

    /// Makes the realm, once.
    pub(crate) async fn open(&self) {
        self.open
            .get_or_init(async || {
                let client = |name: &str| {
                    json!({"clientId": format!("firebreak-{name}"), "enabled": true, "publicClient": false,
                           "serviceAccountsEnabled": true, "secret": "hush-of-firebreak"})
                };
                let account = |name: &str| {
                    let roles = responder(name).spec().permissions.iter();
                    let roles: Vec<_> =
                        roles.map(|one| one.action.trim_start_matches("realm-management: ").to_owned()).collect();
                    json!({"username": format!("service-account-firebreak-{name}"), "enabled": true,
                           "serviceAccountClientId": format!("firebreak-{name}"), "clientRoles": {"realm-management": roles}})
                };
                let mut clients: Vec<Value> = ALL.iter().map(|name| client(name)).collect();
                clients.push(json!({"clientId": "app", "enabled": true, "publicClient": true, "directAccessGrantsEnabled": true}));
                clients.push(json!({"clientId": MAKER, "enabled": true, "serviceAccountsEnabled": true, "secret": "hush-old"}));
                let mut users: Vec<Value> = ALL.iter().map(|name| account(name)).collect();
                users.push(json!({"username": format!("service-account-{MAKER}"), "enabled": true, "serviceAccountClientId": MAKER,
                                  "clientRoles": {"realm-management": MAKERS_ROLES}}));
                let realm = json!({
                    "realm": REALM,
                    "enabled": true,
                    // What a password costs is not what is tested.
                    "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
                    "clients": clients,
                    "users": users,
                    "adminEventsEnabled": true,
                });
                self.server.make_realm(&realm).await;
            })
            .await;
    }

    fn number(&self) -> u32 {
        self.made.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// A new user with a profile, who consented to `app` and signed in there; `more` are further scopes.
    pub(crate) async fn user(&self, more: &str) -> User {
        let number = self.number();
        let (id, name) = (format!("00000000-0000-4000-8000-{number:012}"), format!("user-{number}"));
        let user = json!({
            "id": id, "username": name, "enabled": true, "email": format!("{name}@meridian.example"),
            "firstName": "Ada", "lastName": "Example", "realmRoles": ["offline_access"],
            "credentials": [{"type": "password", "value": "hush-of-user"}],
            "clientConsents": [{"clientId": "app", "grantedClientScopes": ["profile"]}],
        });
        let import = json!({"ifResourceExists": "FAIL", "users": [user]});
        let path = format!("/admin/realms/{REALM}/partialImport");
        let (status, answer) = self.server.as_administrator("POST", &path, Some(&import)).await;
        assert_eq!(status, 200, "{answer}");
        self.sign_in(id, name, more).await
    }

    /// Signs the user in once more.
    pub(crate) async fn sign_in(&self, id: String, name: String, more: &str) -> User {
        let (status, answer) = self.server.ask_token(REALM, &password_form(&name, more)).await;
        assert_eq!(status, 200, "{answer}");
        let text = |field: &str| answer[field].as_str().expect("a text").to_owned();
        let (refresh_token, access_token) = (text("refresh_token"), text("access_token"));
        User { id, name, refresh_token, access_token, session: text("session_state") }
    }

    /// A new client with an account of its own and a secret.
    pub(crate) async fn client(&self) -> String {
        let name = format!("service-{}", self.number());
        let client = json!({"clientId": name, "enabled": true, "publicClient": false, "serviceAccountsEnabled": true, "secret": "hush-old"});
        let path = format!("/admin/realms/{REALM}/clients");
        let (status, answer) = self.server.as_administrator("POST", &path, Some(&client)).await;
        assert_eq!(status, 201, "{answer}");
        name
    }

    /// What the token endpoint answers to who refreshes.
    pub(crate) async fn refresh(&self, token: &str) -> u16 {
        let form = format!("grant_type=refresh_token&client_id=app&refresh_token={token}");
        self.server.ask_token(REALM, &form).await.0
    }

    /// What the token endpoint answers to the client's old secret.
    pub(crate) async fn old_secret(&self, client: &str) -> u16 {
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret=hush-old");
        self.server.ask_token(REALM, &form).await.0
    }

    /// What the client `maker` asks for below the realm: the status, or 401 where it gets no token.
    pub(crate) async fn asked_by(&self, maker: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let form = format!("grant_type=client_credentials&client_id={maker}&client_secret=hush-old");
        let (_, answer) = self.server.ask_token(REALM, &form).await;
        let Some(token) = answer["access_token"].as_str() else { return (401, answer) };
        self.server.as_holder(token, method, &format!("/admin/realms/{REALM}{path}"), body).await
    }

    /// Has the client `maker` make the client `name`. Whether it was let.
    pub(crate) async fn makes_client(&self, maker: &str, name: &str) -> bool {
        let client =
            json!({"clientId": name, "publicClient": false, "serviceAccountsEnabled": true, "secret": "hush-old"});
        self.asked_by(maker, "POST", "/clients", Some(&client)).await.0 == 201
    }

    /// Has the client `maker` give the client `name` the rights that it has itself. Whether it was let.
    pub(crate) async fn raises_client(&self, maker: &str, name: &str) -> bool {
        let own_id = async |client: &str| {
            let (_, found) = self.asked_by(maker, "GET", &format!("/clients?clientId={client}"), None).await;
            found[0]["id"].as_str().map(str::to_owned)
        };
        let (Some(client), Some(manager)) = (own_id(name).await, own_id("realm-management").await) else {
            return false;
        };
        let (_, roles) = self.asked_by(maker, "GET", &format!("/clients/{manager}/roles"), None).await;
        let is_wanted = |role: &&Value| MAKERS_ROLES.iter().any(|name| role["name"] == *name);
        let wanted: Vec<&Value> = roles.as_array().into_iter().flatten().filter(is_wanted).collect();
        let (_, account) = self.asked_by(maker, "GET", &format!("/clients/{client}/service-account-user"), None).await;
        let account = account["id"].as_str().unwrap_or_default();
        let path = format!("/users/{account}/role-mappings/clients/{manager}");
        self.asked_by(maker, "POST", &path, Some(&json!(wanted))).await.0 == 204
    }

    /// One administrator's look below the realm.
    pub(crate) async fn look(&self, path: &str) -> Value {
        self.server.as_administrator("GET", &format!("/admin/realms/{REALM}{path}"), None).await.1
    }
}

fn password_form(name: &str, more: &str) -> String {
    format!("grant_type=password&client_id=app&username={name}&password=hush-of-user&scope=openid%20{more}")
}

/// The configuration of one responder's client and one probe, and its secrets.
pub(crate) fn equipment(office: &Office, name: &str, target: &NodeKey, probe: &Value) -> (Value, TestSecrets) {
    let config = json!({"keycloak": {"realms": {REALM: {
        "url": office.server.url,
        "client_id": format!("firebreak-{name}"),
        "client_secret": "test:own",
        "probes": {target.as_str(): probe},
    }}}});
    let mut secrets = TestSecrets::default();
    secrets.0.insert("test:own".to_owned(), "hush-of-firebreak".to_owned());
    (config, secrets)
}

/// Targets in a realm.
pub(crate) struct KeycloakBench {
    office: Arc<Office>,
    name: &'static str,
}

impl KeycloakBench {
    pub(crate) fn new(office: &Arc<Office>, name: &'static str) -> KeycloakBench {
        KeycloakBench { office: office.clone(), name }
    }

    async fn of_client(&self) -> Trial {
        let client = self.office.client().await;
        let path = format!("{REALM}/{client}");
        let target = match self.name {
            "keycloak_client" => NodeKey::identity("app", &format!("keycloak/{path}")),
            _ => NodeKey::credential("keycloak", &path),
        };
        let probe = json!({"client_id": client, "client_secret": "test:old"});
        let (config, mut secrets) = equipment(&self.office, self.name, &target, &probe);
        secrets.0.insert("test:old".to_owned(), "hush-old".to_owned());
        let action = action(&self.action_name(), target, &[("realm", REALM), ("client", &client)]);
        Trial { action, config: serde_json::from_value(config).expect("a configuration"), secrets }
    }

    fn action_name(&self) -> String {
        responder(self.name).spec().action_name()
    }
}

#[async_trait]
impl Bench for KeycloakBench {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn fresh(&mut self) -> Trial {
        self.office.open().await;
        if matches!(self.name, "keycloak_client" | "keycloak_client_secret") {
            return self.of_client().await;
        }
        let user = self.office.user("").await;
        let target = match self.name {
            "keycloak_consent" => NodeKey::identity("app", &format!("keycloak/{REALM}/app/user/{}", user.id)),
            "keycloak_realm" => NodeKey::resource("keycloak", REALM),
            _ => NodeKey::identity("keycloak", &format!("{REALM}/{}", user.id)),
        };
        let probe = json!({"client_id": "app", "refresh_token": "test:old"});
        let (config, mut secrets) = equipment(&self.office, self.name, &target, &probe);
        secrets.0.insert("test:old".to_owned(), user.refresh_token);
        let parameters = [("realm", REALM), ("client", "app"), ("user", &user.id), ("name", &user.name)];
        let action = action(&self.action_name(), target, &parameters);
        Trial { action, config: serde_json::from_value(config).expect("a configuration"), secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let (office, parameter) = (&self.office, |name: &str| trial.action.parameters[name].as_str());
        let refresh = office.refresh(&trial.secrets.0["test:old"]);
        match self.name {
            "keycloak_client" => {
                let client = parameter("client");
                let found = office.look(&format!("/clients?clientId={client}")).await;
                format!("enabled: {}, its secret is answered {}", found[0]["enabled"], office.old_secret(client).await)
            }
            "keycloak_client_secret" => {
                format!("the old secret is answered {}", office.old_secret(parameter("client")).await)
            }
            "keycloak_consent" => {
                let consents = office.look(&format!("/users/{}/consents", parameter("user"))).await;
                format!("consents: {consents}, the refresh token is answered {}", refresh.await)
            }
            "keycloak_user" => {
                let mut user = office.look(&format!("/users/{}", parameter("user"))).await;
                // What changes with every logout, and what tells one user of the tests from another.
                user["notBefore"] = Value::Null;
                let user = user.to_string().replace(parameter("user"), "<id>").replace(parameter("name"), "<name>");
                let (status, _) = office.server.ask_token(REALM, &password_form(parameter("name"), "")).await;
                format!("{user}, a new sign-in is answered {status}")
            }
            _ => format!("the refresh token is answered {}", refresh.await),
        }
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}
