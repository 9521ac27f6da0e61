//! An authorisation server that really revokes: npm's `oidc-provider`, with a resource server beside it.

use super::{Server, free_port};
use base64::Engine;
use firebreak_world::{Http, Request, Response, RustlsHttp};
use std::path::Path;
use std::process::Command;

/// The client that the server knows.
pub(crate) const CLIENT: (&str, &str) = ("firebreak-lab", "lab client secret");

/// A running server.
pub(crate) struct Provider {
    _server: Server,
    http: RustlsHttp,
    /// Its address.
    pub(crate) issuer: String,
}

impl Provider {
    /// Starts one with empty state.
    pub(crate) fn start(lab: &Path) -> Provider {
        let port = free_port();
        let mut command = Command::new("node");
        command.arg("server.mjs").arg(port.to_string()).current_dir(lab.join("oauth"));
        let server = Server::start("oidc-provider", &mut command, port);
        let http = RustlsHttp::new().expect("a client");
        Provider { _server: server, http, issuer: format!("http://127.0.0.1:{port}") }
    }

    async fn post(&self, path: &str, body: String) -> Response {
        let pair = format!("{}:{}", CLIENT.0, CLIENT.1.replace(' ', "%20"));
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let request = Request {
            method: "POST".to_owned(),
            url: format!("{}{path}", self.issuer),
            headers: vec![
                ("authorization".to_owned(), format!("Basic {basic}")),
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ],
            body: body.into_bytes(),
        };
        self.http.send(request).await.expect("the server answers")
    }

    /// A new token.
    pub(crate) async fn token(&self) -> String {
        let response = self.post("/token", "grant_type=client_credentials".to_owned()).await;
        let answer: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Whether the server calls the token active.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let response = self.post("/token/introspection", format!("token={token}")).await;
        let answer: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
        answer["active"].as_bool().expect("`active`")
    }

    /// What the resource server answers to who presents the token.
    pub(crate) async fn resource(&self, token: &str) -> u16 {
        let request = Request {
            method: "GET".to_owned(),
            url: format!("{}/resource", self.issuer),
            headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
            body: Vec::new(),
        };
        self.http.send(request).await.expect("the server answers").status
    }
}
