//! Keycloak as Maven Central has it, with its state in memory. Realms are made through its admin API. The scanner's tests use it
//! from here too.

use super::server::{Server, free_port};
use firebreak_world::{Http, Request, Response, RustlsHttp};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A running server without any realm but its own.
pub(crate) struct Keycloak {
    _server: Server,
    http: RustlsHttp,
    /// Its address.
    pub(crate) url: String,
    /// The administrator's token, and when it was taken: it lives for a minute.
    administrator: tokio::sync::Mutex<Option<(Instant, String)>>,
}

impl Keycloak {
    /// Starts one: 13 seconds of one core.
    pub(crate) fn start(lab: &Path) -> Keycloak {
        let port = free_port();
        let mut command = Command::new(lab.join("keycloak/bin/kc.sh"));
        command.args(["start", "--optimized", "--http-enabled=true", "--hostname-strict=false", "--cache=local"]);
        command.args(["--http-host=127.0.0.1", &format!("--http-port={port}")]);
        command.env("JAVA_OPTS", "-Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1");
        command.env("KC_BOOTSTRAP_ADMIN_USERNAME", "admin").env("KC_BOOTSTRAP_ADMIN_PASSWORD", "administrator");
        let server = Server::start_within("Keycloak", &mut command, port, Duration::from_secs(300));
        let http = RustlsHttp::new().expect("a client");
        Keycloak {
            _server: server,
            http,
            url: format!("http://127.0.0.1:{port}"),
            administrator: tokio::sync::Mutex::default(),
        }
    }

    /// Makes a realm from its representation: with its groups, roles, clients, users and what they consented to.
    pub(crate) async fn make_realm(&self, representation: &Value) {
        let (status, answer) = self.as_administrator("POST", "/admin/realms", Some(representation)).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// One administrator's call; gives status and JSON.
    pub(crate) async fn as_administrator(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let token = self.administrators_token().await;
        self.as_holder(&token, method, path, body).await
    }

    /// One call of whoever shows `token`; gives status and JSON.
    pub(crate) async fn as_holder(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        headers.extend(body.map(|_| ("content-type".to_owned(), "application/json".to_owned())));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Request { method: method.to_owned(), url: format!("{}{path}", self.url), headers, body };
        let response = self.http.send(request).await.expect("the server answers");
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    async fn administrators_token(&self) -> String {
        let mut kept = self.administrator.lock().await;
        match &*kept {
            Some((taken, token)) if taken.elapsed() < Duration::from_secs(40) => token.clone(),
            _ => {
                let form = "grant_type=password&client_id=admin-cli&username=admin&password=administrator";
                let token = self.token("master", form).await;
                *kept = Some((Instant::now(), token.clone()));
                token
            }
        }
    }

    /// What the realm's token endpoint answers to `form`.
    pub(crate) async fn ask_token(&self, realm: &str, form: &str) -> (u16, Value) {
        let path = format!("/realms/{realm}/protocol/openid-connect/token");
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let response = self.post(&path, headers, form.to_owned()).await;
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    /// Whether the realm's introspection calls `token` active, asked by a client of the realm.
    pub(crate) async fn is_active(&self, realm: &str, token: &str, (client, secret): (&str, &str)) -> bool {
        let path = format!("/realms/{realm}/protocol/openid-connect/token/introspect");
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let form = format!("token={token}&client_id={client}&client_secret={secret}");
        let response = self.post(&path, headers, form).await;
        let answer: Value = serde_json::from_slice(&response.body).expect("JSON");
        answer["active"].as_bool().unwrap_or_else(|| panic!("`active` of {answer}"))
    }

    /// What the realm's userinfo endpoint answers to who presents `token`.
    pub(crate) async fn userinfo(&self, realm: &str, token: &str) -> u16 {
        let url = format!("{}/realms/{realm}/protocol/openid-connect/userinfo", self.url);
        let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        let request = Request { method: "GET".to_owned(), url, headers, body: Vec::new() };
        self.http.send(request).await.expect("the server answers").status
    }

    /// An access token of a client's own account.
    #[allow(dead_code, reason = "the scanner's tests use it")]
    pub(crate) async fn service(&self, realm: &str, client: &str, secret: &str) -> String {
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
        self.token(realm, &form).await
    }

    async fn token(&self, realm: &str, form: &str) -> String {
        let (_, answer) = self.ask_token(realm, form).await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    async fn post(&self, path: &str, headers: Vec<(String, String)>, body: String) -> Response {
        let url = format!("{}{path}", self.url);
        let request = Request { method: "POST".to_owned(), url, headers, body: body.into_bytes() };
        self.http.send(request).await.expect("the server answers")
    }
}
