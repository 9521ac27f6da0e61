//! An AWS that enforces IAM (fakecloud): users with keys, calls that are really signed with them, and what such a call leaves in CloudTrail.

use super::server::{Server, free_port};
use firebreak_world::{AwsKeys, Clock, Http, Request, RustlsHttp, SystemClock};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

pub(crate) const ACCOUNT: &str = "123456789012";

pub(crate) struct Emulator {
    _server: Server,
    pub(crate) endpoint: String,
}

/// A user's name and key.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl User {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:user/{}", self.name)
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn element(xml: &str, name: &str) -> String {
    let after = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}")).1;
    after.split('<').next().unwrap().to_owned()
}

impl Emulator {
    pub(crate) fn start(lab: &Path) -> Emulator {
        let port = free_port();
        let mut command = Command::new(lab.join("bin/fakecloud"));
        command.args(["--addr", &format!("127.0.0.1:{port}"), "--verify-sigv4", "--iam", "strict"]);
        Emulator {
            _server: Server::start("fakecloud", &mut command, port),
            endpoint: format!("http://127.0.0.1:{port}"),
        }
    }

    fn form(&self, action: &str, fields: &[(&str, &str)]) -> Request {
        let mut body = format!("Action={action}&Version=2010-05-08");
        fields.iter().for_each(|(name, value)| body.push_str(&format!("&{name}={}", encoded(value))));
        Request {
            method: "POST".to_owned(),
            url: format!("{}/", self.endpoint),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            body: body.into_bytes(),
        }
    }

    async fn send(&self, request: Request) -> (u16, String) {
        let response = RustlsHttp::new().unwrap().send(request).await.expect("the emulator answers");
        (response.status, String::from_utf8(response.body).unwrap())
    }

    async fn administer(&self, action: &str, fields: &[(&str, &str)]) -> String {
        let mut request = self.form(action, fields);
        // The emulator believes who calls itself `test`; nobody else can do this.
        let credential = "Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
        request.headers.push(("authorization".to_owned(), format!("AWS4-HMAC-SHA256 {credential}")));
        let (status, text) = self.send(request).await;
        assert!(status < 300, "{action}: {status} {text}");
        text
    }

    /// A user with one key and one inline policy.
    pub(crate) async fn user(&self, name: &str, policy: &Value) -> User {
        self.administer("CreateUser", &[("UserName", name)]).await;
        let text = policy.to_string();
        let fields = [("UserName", name), ("PolicyName", "own"), ("PolicyDocument", text.as_str())];
        self.administer("PutUserPolicy", &fields).await;
        let made = self.administer("CreateAccessKey", &[("UserName", name)]).await;
        User { name: name.to_owned(), id: element(&made, "AccessKeyId"), secret: element(&made, "SecretAccessKey") }
    }

    /// Names of the policies that a user has: inline ones, and managed ones.
    pub(crate) async fn policies(&self, user: &User) -> String {
        let fields = [("UserName", user.name.as_str())];
        let inline = self.administer("ListUserPolicies", &fields).await;
        let managed = self.administer("ListAttachedUserPolicies", &fields).await;
        let own = if inline.contains("<member>own</member>") { "own" } else { "" };
        let narrow = if managed.contains("FirebreakNarrow-") { "narrow" } else { "" };
        format!("{own}{narrow}")
    }

    /// What IAM answers a call of the user's.
    pub(crate) async fn calls(&self, user: &User, action: &str) -> u16 {
        let keys = AwsKeys::new(&user.id, &user.secret, None);
        let request =
            keys.signed("iam", "us-east-1", SystemClock.now(), self.form(action, &[("UserName", "x")])).unwrap();
        self.send(request).await.0
    }
}

/// The record that CloudTrail would hold of a call of IAM.
pub(crate) fn record(user: &User, action: &str, refused: bool, id: &str, at: firebreak_model::Time) -> Value {
    let time = firebreak_model::Time::from_seconds(at.seconds()).to_string();
    let mut record = json!({
        "eventVersion": "1.08", "eventTime": time, "eventSource": "iam.amazonaws.com", "eventName": action,
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": user.arn(), "accountId": ACCOUNT,
                         "accessKeyId": user.id, "userName": user.name},
        "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.7", "userAgent": "aws-cli/2", "requestParameters": null,
        "responseElements": null, "requestID": id, "eventID": id, "readOnly": true, "eventType": "AwsApiCall",
        "managementEvent": true, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
    });
    if refused {
        record["errorCode"] = "AccessDenied".into();
        record["errorMessage"] = format!("User: {} is not authorized to perform: iam:{action}", user.arn()).into();
    }
    record
}
