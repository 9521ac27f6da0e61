//! An AWS that enforces IAM: fakecloud, in a process of its own, with an administrator who makes users, roles and
//! buckets for the tests.

use super::{Server, free_port};
use firebreak_world::{AwsKeys, Clock, Http, Request, Response, RustlsHttp, SystemClock};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::path::Path;
use std::process::Command;

/// The emulator's account.
pub(crate) const ACCOUNT: &str = "123456789012";

/// A running emulator.
pub(crate) struct Fakecloud {
    _server: Server,
    http: RustlsHttp,
    /// Its address.
    pub(crate) endpoint: String,
}

/// One set of credentials.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Fakecloud {
    /// Starts one with empty state.
    pub(crate) fn start(lab: &Path) -> Fakecloud {
        let port = free_port();
        let mut command = Command::new(lab.join("bin/fakecloud"));
        command.args(["--addr", &format!("127.0.0.1:{port}"), "--verify-sigv4", "--iam", "strict"]);
        let server = Server::start("fakecloud", &mut command, port);
        let http = RustlsHttp::new().expect("a client");
        Fakecloud { _server: server, http, endpoint: format!("http://127.0.0.1:{port}") }
    }

    /// One administrator's call, whatever its form. `target` says what is wanted of services that take JSON.
    pub(crate) async fn as_administrator(
        &self,
        service: &str,
        (method, path): (&str, &str),
        target: Option<&str>,
        body: &str,
    ) -> Response {
        // The emulator believes who calls itself `test`; nobody else can do this.
        let credential = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0");
        let mut headers = vec![("authorization".to_owned(), signature)];
        headers.extend(target.iter().map(|target| ("x-amz-target".to_owned(), (*target).to_owned())));
        headers.extend(target.iter().map(|_| ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned())));
        let (method, url) = (method.to_owned(), format!("{}{path}", self.endpoint));
        let request = Request { method, url, headers, body: body.as_bytes().to_vec() };
        self.http.send(request).await.expect("the emulator answers")
    }

    /// One administrator's call of a Query API; gives the XML.
    pub(crate) async fn query(&self, service: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let (status, text) = self.try_query(service, action, fields).await;
        assert!(status < 300, "{action}: {status} {text}");
        text
    }

    /// The same where a refusal is expected.
    pub(crate) async fn try_query(&self, service: &str, action: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let version = if service == "sts" { "2011-06-15" } else { "2010-05-08" };
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in fields {
            body.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        let response = self.as_administrator(service, ("POST", "/"), None, &body).await;
        (response.status, String::from_utf8(response.body).expect("text"))
    }

    /// One administrator's call of S3; gives status and body.
    pub(crate) async fn s3(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let response = self.as_administrator("s3", (method, path), None, body).await;
        (response.status, String::from_utf8_lossy(&response.body).into_owned())
    }

    /// A user with one key, who may do what `policy` says.
    pub(crate) async fn user(&self, name: &str, policy: &str) -> Keys {
        self.query("iam", "CreateUser", &[("UserName", name)]).await;
        let fields = [("UserName", name), ("PolicyName", "tests"), ("PolicyDocument", policy)];
        self.query("iam", "PutUserPolicy", &fields).await;
        keys_in(&self.query("iam", "CreateAccessKey", &[("UserName", name)]).await)
    }

    /// A role that anyone in the account may assume, who may do what `policy` says.
    pub(crate) async fn role(&self, name: &str, policy: &str) {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        self.query("iam", "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)]).await;
        let fields = [("RoleName", name), ("PolicyName", "tests"), ("PolicyDocument", policy)];
        self.query("iam", "PutRolePolicy", &fields).await;
    }

    /// A session of `role`, issued now.
    pub(crate) async fn session(&self, role: &str) -> Keys {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
        keys_in(&self.query("sts", "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "tests")]).await)
    }

    /// Whether `keys` may list buckets, by a call that is really signed with them.
    pub(crate) async fn may_list_buckets(&self, keys: &Keys) -> (u16, String) {
        let url = format!("{}/", self.endpoint);
        let request = Request { method: "GET".to_owned(), url, headers: Vec::new(), body: Vec::new() };
        let signed = AwsKeys::new(&keys.id, &keys.secret, keys.token.clone());
        let request = signed.signed("s3", "us-east-1", SystemClock.now(), request).expect("a signature");
        let response = self.http.send(request).await.expect("the emulator answers");
        (response.status, String::from_utf8_lossy(&response.body).into_owned())
    }

    /// What someone without credentials is answered.
    pub(crate) async fn anonymous(&self, path: &str) -> u16 {
        let url = format!("{}{path}", self.endpoint);
        let request = Request { method: "GET".to_owned(), url, headers: Vec::new(), body: Vec::new() };
        self.http.send(request).await.expect("the emulator answers").status
    }
}

pub(super) fn keys_in(xml: &str) -> Keys {
    Keys {
        id: element(xml, "AccessKeyId").expect("a key id"),
        secret: element(xml, "SecretAccessKey").expect("a secret"),
        token: element(xml, "SessionToken"),
    }
}

/// Text of the first element of this name.
pub(crate) fn element(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let node = document.descendants().find(|node| node.tag_name().name() == name)?;
    node.text().map(str::to_owned)
}

/// Texts of all elements of this name.
pub(crate) fn elements(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let found = document.descendants().filter(|node| node.tag_name().name() == name);
    found.filter_map(|node| node.text().map(str::to_owned)).collect()
}
