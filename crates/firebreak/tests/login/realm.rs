//! The realm at Keycloak: a client that must prove itself, groups in its tokens, and four people.

use crate::browser::PASSWORD;
use crate::keycloak::Keycloak;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(crate) const CLIENT_SECRET: &str = "the-secret-of-our-client-9f2c";
const REALM: &str = "staff";

pub(crate) struct Realm<'k> {
    keycloak: &'k Keycloak,
}

fn person(name: &str, email: &str, verified: bool, groups: &[&str]) -> Value {
    json!({
        "username": name, "enabled": true, "email": email, "emailVerified": verified, "firstName": name, "lastName": "X",
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": false}], "groups": groups,
    })
}

impl<'k> Realm<'k> {
    /// Makes it for a program that listens on `port`.
    pub(crate) async fn make(keycloak: &'k Keycloak, port: u16) -> Realm<'k> {
        let groups = json!({
            "name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
            "config": {"claim.name": "groups", "full.path": "false", "id.token.claim": "true"},
        });
        let client = json!({
            "clientId": "firebreak", "secret": CLIENT_SECRET, "publicClient": false, "standardFlowEnabled": true,
            "directAccessGrantsEnabled": true,
            "redirectUris": [format!("http://127.0.0.1:{port}/api/v1/login/return")],
            "attributes": {"pkce.code.challenge.method": "S256"}, "protocolMappers": [groups],
        });
        keycloak
            .make_realm(&json!({
                "realm": REALM, "enabled": true, "sslRequired": "none", "clients": [client],
                "groups": [{"name": "firebreak-approvers"}, {"name": "staff"}, {"name": "guests"}],
                "users": [
                    person("grace", "grace@example.com", true, &["/staff", "/firebreak-approvers"]),
                    person("sam", "sam@example.com", true, &["/staff"]),
                    person("eve", "grace2@example.com", false, &["/firebreak-approvers"]),
                    person("walter", "walter@example.com", true, &["/guests"]),
                ],
            }))
            .await;
        Realm { keycloak }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/realms/{REALM}", self.keycloak.url)
    }

    async fn keys(&self) -> Vec<Value> {
        let path = format!("/admin/realms/{REALM}/keys");
        let (status, answer) = self.keycloak.as_administrator("GET", &path, None).await;
        assert_eq!(status, 200, "{answer}");
        answer["keys"].as_array().unwrap().clone()
    }

    /// The keys that sign RS256 now.
    pub(crate) async fn signing_keys(&self) -> Vec<String> {
        let signs = |key: &&Value| key["algorithm"] == "RS256" && key["use"] == "SIG" && key["status"] == "ACTIVE";
        self.keys().await.iter().filter(signs).map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes keys of a kind.
    pub(crate) async fn add_keys(&self, provider: &str, config: Value) {
        let made = json!({
            "name": format!("{provider}-2"), "providerId": provider, "providerType": "org.keycloak.keys.KeyProvider",
            "config": config,
        });
        let path = format!("/admin/realms/{REALM}/components");
        let (status, answer) = self.keycloak.as_administrator("POST", &path, Some(&made)).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Takes keys away: what they signed counts no longer.
    pub(crate) async fn retire(&self, kids: &[String]) {
        for key in self.keys().await {
            if kids.iter().any(|kid| key["kid"] == kid.as_str()) {
                let path = format!("/admin/realms/{REALM}/components/{}", key["providerId"].as_str().unwrap());
                let (status, answer) = self.keycloak.as_administrator("DELETE", &path, None).await;
                assert_eq!(status, 204, "{answer}");
            }
        }
    }

    /// Has tokens signed so.
    pub(crate) async fn sign_with(&self, algorithm: &str) {
        let path = format!("/admin/realms/{REALM}");
        let wanted = json!({"realm": REALM, "defaultSignatureAlgorithm": algorithm});
        let (status, answer) = self.keycloak.as_administrator("PUT", &path, Some(&wanted)).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// How Keycloak signs an id token for `user` now.
    pub(crate) async fn algorithm_of_last_token(&self, user: &str) -> String {
        let form = format!(
            "grant_type=password&scope=openid&client_id=firebreak&client_secret={CLIENT_SECRET}&username={user}&password={PASSWORD}"
        );
        let (status, answer) = self.keycloak.ask_token(REALM, &form).await;
        assert_eq!(status, 200, "{answer}");
        let head = answer["id_token"].as_str().unwrap().split('.').next().unwrap().to_owned();
        let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
        head["alg"].as_str().unwrap().to_owned()
    }
}
