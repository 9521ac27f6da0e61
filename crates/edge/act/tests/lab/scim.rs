//! A SCIM 2.0 service: PyPI's `scim2-server`, with its users in memory.

use super::{Server, free_port};
use firebreak_world::{Http, Request, RustlsHttp};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// A running service.
pub(crate) struct Scim {
    _server: Server,
    http: RustlsHttp,
    /// Its address.
    pub(crate) url: String,
}

/// The token that it takes.
pub(crate) const TOKEN: &str = "hush-scim-token";

impl Scim {
    /// Starts one without users.
    pub(crate) fn start(lab: &Path) -> Scim {
        let port = free_port();
        let mut command = Command::new(lab.join("scim/bin/scim2-server"));
        command.args(["--bearer-token", TOKEN, "--port", &port.to_string()]);
        let server = Server::start("scim2-server", &mut command, port);
        Scim { _server: server, http: RustlsHttp::new().expect("a client"), url: format!("http://127.0.0.1:{port}") }
    }

    /// One call; gives status and JSON.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let headers =
            [("authorization", format!("Bearer {TOKEN}")), ("content-type", "application/scim+json".to_owned())];
        let request = Request {
            method: method.to_owned(),
            url: format!("{}{path}", self.url),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        let response = self.http.send(request).await.expect("the service answers");
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    /// A new user with a name of parts, by id.
    pub(crate) async fn user(&self, name: &str) -> String {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": name, "active": true, "name": {"givenName": "Ada", "familyName": "Example"},
        });
        let (status, answer) = self.ask("POST", "/Users", Some(&body)).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }
}
