//! Keycloak as Maven Central has it, with its state in memory. Realms are made through its admin API. The scanner's tests use it
//! from here too.

use super::server::{Server, free_port};
use firebreak_world::{Http, Request, Response, RustlsHttp};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A running server without any realm but its own.
pub(crate) struct Keycloak {
    _server: Server,
    http: RustlsHttp,
    /// Its address.
    pub(crate) url: String,
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
        Keycloak { _server: server, http, url: format!("http://127.0.0.1:{port}") }
    }

    /// Makes a realm from its representation: with its groups, roles, clients, users and what they consented to.
    pub(crate) async fn make_realm(&self, representation: &Value) {
        let form = "grant_type=password&client_id=admin-cli&username=admin&password=administrator";
        let token = self.token("master", form).await;
        let headers = vec![
            ("authorization".to_owned(), format!("Bearer {token}")),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        let made = self.post("/admin/realms", headers, representation.to_string()).await;
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    }

    /// An access token of a client's own account.
    pub(crate) async fn service(&self, realm: &str, client: &str, secret: &str) -> String {
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
        self.token(realm, &form).await
    }

    async fn token(&self, realm: &str, form: &str) -> String {
        let path = format!("/realms/{realm}/protocol/openid-connect/token");
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let response = self.post(&path, headers, form.to_owned()).await;
        let answer: Value = serde_json::from_slice(&response.body).expect("JSON");
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    async fn post(&self, path: &str, headers: Vec<(String, String)>, body: String) -> Response {
        let url = format!("{}{path}", self.url);
        let request = Request { method: "POST".to_owned(), url, headers, body: body.into_bytes() };
        self.http.send(request).await.expect("the server answers")
    }
}
