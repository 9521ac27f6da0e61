//! A browser of a few lines: it keeps cookies by host, follows what it is told to and fills in Keycloak's form.

use firebreak_world::{Http, Request, Response, RustlsHttp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const PASSWORD: &str = "correct-horse";

pub(crate) struct Browser {
    http: RustlsHttp,
    program: String,
    /// By host and name. Real browsers look at more; what the program says of its cookies is tested where it is set.
    cookies: BTreeMap<(String, String), String>,
}

fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or_default()
}

impl Browser {
    pub(crate) fn new(program: &str) -> Browser {
        Browser { http: RustlsHttp::new().unwrap(), program: program.to_owned(), cookies: BTreeMap::new() }
    }

    /// Holds a cookie for the program.
    pub(crate) fn hold(&mut self, name: &str, value: &str) {
        let at = (host(&self.program).to_owned(), name.to_owned());
        self.cookies.insert(at, value.to_owned());
    }

    /// The session that it holds.
    pub(crate) fn session(&self) -> Option<String> {
        let at = (host(&self.program).to_owned(), "firebreak_session".to_owned());
        self.cookies.get(&at).cloned()
    }

    async fn send(&mut self, method: &str, url: &str, more: &[(&str, &str)], body: &str) -> Response {
        let here = host(url).to_owned();
        let ours = self.cookies.iter().filter(|((host, _), _)| *host == here);
        let cookie: Vec<String> = ours.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut headers: Vec<(String, String)> =
            more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if !cookie.is_empty() {
            headers.push(("cookie".to_owned(), cookie.join("; ")));
        }
        let request =
            Request { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() };
        let response = self.http.send(request).await.unwrap();
        for (_, set) in response.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            let at = (here.clone(), name.to_owned());
            if value.is_empty() || set.contains("Max-Age=0") {
                self.cookies.remove(&at);
            } else {
                self.cookies.insert(at, value.to_owned());
            }
        }
        response
    }

    /// A call of the program, once strangers may call again.
    async fn program(&mut self, method: &str, url: &str, more: &[(&str, &str)]) -> Response {
        const TRIES_MAX: usize = 60;
        for _ in 0..TRIES_MAX {
            let response = self.send(method, url, more, "").await;
            if response.status != 429 {
                return response;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("strangers are told to wait for ever")
    }

    /// Begins a login: where the program sends it.
    pub(crate) async fn begin(&mut self) -> String {
        let url = format!("{}/api/v1/login", self.program);
        let response = self.program("GET", &url, &[]).await;
        assert_eq!(response.status, 303, "{response:?}");
        location(&response)
    }

    /// Fills in the provider's form: where the provider sends it.
    pub(crate) async fn log_in_at(&mut self, door: &str, user: &str) -> String {
        let page = self.send("GET", door, &[], "").await;
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert_eq!(page.status, 200, "{text}");
        let form = text.split("id=\"kc-form-login\"").nth(1).unwrap_or_else(|| panic!("no form: {text}"));
        let action = form.split("action=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let body = format!("username={user}&password={PASSWORD}&credentialId=");
        let typed = [("content-type", "application/x-www-form-urlencoded")];
        let sent = self.send("POST", &action, &typed, &body).await;
        assert_eq!(sent.status, 302, "{}", String::from_utf8_lossy(&sent.body));
        location(&sent)
    }

    /// Comes back to the program: where it lands.
    pub(crate) async fn come_back(&mut self, back: &str) -> String {
        assert!(back.starts_with(&format!("{}/api/v1/login/return?", self.program)), "{back}");
        let response = self.program("GET", back, &[]).await;
        assert_eq!(response.status, 303, "{response:?}");
        location(&response)
    }

    /// A call of the API with what it holds.
    pub(crate) async fn api(&mut self, method: &str, path: &str, more: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/api/v1{path}", self.program);
        let response = self.program(method, &url, more).await;
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }
}

fn location(response: &Response) -> String {
    let mut headers = response.headers.iter();
    headers.find(|(name, _)| name == "location").unwrap_or_else(|| panic!("{response:?}")).1.clone()
}
