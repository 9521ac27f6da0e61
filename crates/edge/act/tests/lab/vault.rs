//! Vault's core with its state in memory (`lab/vault`), initialised and unsealed, with user names to log in by.

use super::{Server, free_port};
use firebreak_world::{Http, Request, RustlsHttp};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// A running server.
pub(crate) struct Vault {
    _server: Server,
    http: RustlsHttp,
    root: String,
    /// Its address.
    pub(crate) url: String,
}

impl Vault {
    /// Starts one.
    pub(crate) async fn start(lab: &Path) -> Vault {
        let port = free_port();
        let server = Server::start("Vault", Command::new(lab.join("bin/vault")).arg(port.to_string()), port);
        let http = RustlsHttp::new().expect("a client");
        let url = format!("http://127.0.0.1:{port}");
        let mut vault = Vault { _server: server, http, root: String::new(), url };
        let shares = json!({"secret_shares": 1, "secret_threshold": 1});
        let made = vault.ask("", "PUT", "sys/init", &shares).await.1;
        vault.ask("", "PUT", "sys/unseal", &json!({"key": made["keys"][0]})).await;
        made["root_token"].as_str().expect("a root token").clone_into(&mut vault.root);
        vault.write("sys/auth/userpass", &json!({"type": "userpass"})).await;
        vault
    }

    /// One call with `token`; gives status and JSON.
    pub(crate) async fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = vec![("x-vault-token".to_owned(), token.to_owned())];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { method: method.to_owned(), url: format!("{}/v1/{path}", self.url), headers, body };
        let response = self.http.send(request).await.expect("the server answers");
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    /// Writes as root.
    pub(crate) async fn write(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(&self.root, "POST", path, body).await;
        assert!(status < 300, "{path}: {answer}");
        answer
    }

    /// A token with these rights alone, as HCL of a policy.
    pub(crate) async fn token(&self, policy: &str) -> String {
        self.write("sys/policies/acl/own", &json!({"policy": policy})).await;
        let made = self.write("auth/token/create", &json!({"policies": ["own"], "no_parent": true})).await;
        made["auth"]["client_token"].as_str().expect("a token").to_owned()
    }

    /// A person who may log in.
    pub(crate) async fn user(&self, name: &str) {
        self.write("sys/policies/acl/people", &json!({"policy": PEOPLE})).await;
        let user = json!({"password": "hush-of-people", "token_policies": ["people"]});
        self.write(&format!("auth/userpass/users/{name}"), &user).await;
    }

    /// What comes of it when the person logs in: status, token, accessor, entity.
    pub(crate) async fn log_in(&self, name: &str) -> (u16, [String; 3]) {
        let path = format!("auth/userpass/login/{name}");
        let (status, answer) = self.ask("", "POST", &path, &json!({"password": "hush-of-people"})).await;
        let text = |field: &str| answer["auth"][field].as_str().unwrap_or_default().to_owned();
        (status, [text("client_token"), text("accessor"), text("entity_id")])
    }

    /// What the server answers who asks about its own token.
    pub(crate) async fn admits(&self, token: &str) -> bool {
        match self.ask(token, "GET", "auth/token/lookup-self", &Value::Null).await.0 {
            200 => true,
            403 => false,
            other => panic!("{other}"),
        }
    }
}

const PEOPLE: &str = r#"path "auth/token/create" { capabilities = ["update"] }"#;
