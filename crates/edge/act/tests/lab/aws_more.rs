//! More of the emulator: an organisation, an isolated network, functions, and a rotation function that the lab plays.

use super::aws::{ACCOUNT, Fakecloud, Keys, element, keys_in};
use firebreak_world::{AwsKeys, Clock, Http, Request, RustlsHttp, SystemClock};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// An organisation whose management account is the emulator's own.
pub(crate) struct Organization {
    id: String,
    /// The prepared policy: denies everything to all but users called `firebreak`.
    pub(crate) quarantine: String,
}

const ORGANIZATIONS: &str = "AWSOrganizationsV20161128";

impl Organization {
    pub(crate) async fn make(cloud: &Fakecloud) -> Organization {
        let call = async |name: &str, body: Value| {
            cloud.json("organizations", &format!("{ORGANIZATIONS}.{name}"), &body).await
        };
        let made = call("CreateOrganization", json!({"FeatureSet": "ALL"})).await;
        let content = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:user/firebreak"]}},
        }]});
        let policy = call(
            "CreatePolicy",
            json!({
                "Name": "FirebreakQuarantine", "Description": "prepared", "Type": "SERVICE_CONTROL_POLICY",
                "Content": content.to_string(),
            }),
        );
        let quarantine = policy.await["Policy"]["PolicySummary"]["Id"].as_str().expect("an id").to_owned();
        Organization { id: made["Organization"]["Id"].as_str().expect("an id").to_owned(), quarantine }
    }

    /// A member account: the keys of its user `firebreak`, and of one who may do anything.
    pub(crate) async fn member(&self, cloud: &Fakecloud, account: &str) -> (Keys, Keys) {
        let ours = self.administrator(cloud, account, "firebreak").await;
        let leaked = self.administrator(cloud, account, "leaked").await;
        // Every account of a real organisation has this one; the emulator leaves it to the root.
        let body = json!({"PolicyId": "p-FullAWSAccess", "TargetId": account});
        cloud.json("organizations", &format!("{ORGANIZATIONS}.AttachPolicy"), &body).await;
        (ours, leaked)
    }

    async fn administrator(&self, cloud: &Fakecloud, account: &str, user: &str) -> Keys {
        let body = json!({"accountId": account, "userName": user, "organizationId": self.id}).to_string();
        let request = Request {
            method: "POST".to_owned(),
            url: format!("{}/_fakecloud/iam/create-admin", cloud.endpoint),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.into_bytes(),
        };
        let answer = RustlsHttp::new().expect("a client").send(request).await.expect("the emulator answers");
        let made: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Keys { id: text("accessKeyId"), secret: text("secretAccessKey"), token: None }
    }

    /// Whether the prepared policy is attached to `account`.
    pub(crate) async fn attached(&self, cloud: &Fakecloud, account: &str) -> bool {
        let body = json!({"TargetId": account, "Filter": "SERVICE_CONTROL_POLICY"});
        let told = cloud.json("organizations", &format!("{ORGANIZATIONS}.ListPoliciesForTarget"), &body).await;
        told["Policies"].as_array().expect("a list").iter().any(|one| one["Id"] == self.quarantine.as_str())
    }
}

/// A network with a group that lets nothing in or out.
pub(crate) struct Isolation {
    pub(crate) vpc: String,
    pub(crate) group: String,
}

impl Isolation {
    pub(crate) async fn make(cloud: &Fakecloud) -> Isolation {
        let vpc = element(&cloud.query("ec2", "DescribeVpcs", &[]).await, "vpcId").expect("a network");
        let group = cloud.group("isolation", &vpc).await;
        let fields = [
            ("GroupId", group.as_str()),
            ("IpPermissions.1.IpProtocol", "-1"),
            ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
        ];
        cloud.query("ec2", "RevokeSecurityGroupEgress", &fields).await;
        Isolation { vpc, group }
    }
}

/// A function's code, in the smallest archive: `def h(e,c): return 1`.
const CODE: &str = "UEsDBBQAAAAAACwBd11hwuheFAAAABQAAAAEAAAAbS5weWRlZiBoKGUsYyk6IHJldHVybiAxUEsBAhQDFAAAAAAALAF3XWHC6F4UAAAAFAAAAAQAAAAAAAAAAAAAAIABAAAAAG0ucHlQSwUGAAAAAAEAAQAyAAAANgAAAAAA";

impl Fakecloud {
    /// One administrator's call of a service that takes JSON.
    pub(crate) async fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let answer = self.as_administrator(service, ("POST", "/"), Some(target), &body.to_string()).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status < 300, "{target}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") }
    }

    /// One call that is really signed with `keys`; gives status and body.
    pub(crate) async fn signed(
        &self,
        keys: &Keys,
        service: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (u16, String) {
        let form = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        let headers = if body.is_empty() { Vec::new() } else { vec![form] };
        let url = format!("{}{path}", self.endpoint);
        let request = Request { method: method.to_owned(), url, headers, body: body.as_bytes().to_vec() };
        let signed = AwsKeys::new(&keys.id, &keys.secret, keys.token.clone());
        let request = signed.signed(service, "us-east-1", SystemClock.now(), request).expect("a signature");
        let response = RustlsHttp::new().expect("a client").send(request).await.expect("the emulator answers");
        (response.status, String::from_utf8_lossy(&response.body).into_owned())
    }

    /// One more key of a user.
    pub(crate) async fn key(&self, user: &str) -> Keys {
        let made = self.query("iam", "CreateAccessKey", &[("UserName", user)]).await;
        keys_in(&made)
    }

    /// A session that a user takes for itself.
    pub(crate) async fn session_token(&self, keys: &Keys) -> Keys {
        let (status, text) = self.signed(keys, "sts", "POST", "/", "Action=GetSessionToken&Version=2011-06-15").await;
        assert_eq!(status, 200, "{text}");
        keys_in(&text)
    }

    /// How STS answers who asks for a session of the role.
    pub(crate) async fn assume(&self, keys: &Keys, role: &str) -> u16 {
        let body =
            format!("Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName=tests", role.replace(':', "%3A"));
        self.signed(keys, "sts", "POST", "/", &body.replace('/', "%2F")).await.0
    }

    /// The first statement of a role's trust, as effect and principal.
    pub(crate) async fn trust(&self, role: &str) -> Value {
        let told = self.query("iam", "GetRole", &[("RoleName", role)]).await;
        let encoded = element(&told, "AssumeRolePolicyDocument").expect("a trust");
        let text = percent_encoding::percent_decode_str(&encoded).decode_utf8().expect("text").into_owned();
        serde_json::from_str(&text).expect("JSON")
    }

    /// A security group of the network.
    pub(crate) async fn group(&self, name: &str, vpc: &str) -> String {
        let fields = [("GroupName", name), ("GroupDescription", "tests"), ("VpcId", vpc)];
        element(&self.query("ec2", "CreateSecurityGroup", &fields).await, "groupId").expect("an id")
    }

    /// A running instance.
    pub(crate) async fn instance(&self, more: &[(&str, &str)]) -> String {
        let fields = [("ImageId", "ami-12345678"), ("MinCount", "1"), ("MaxCount", "1"), ("InstanceType", "t3.micro")];
        let fields: Vec<_> = fields.into_iter().chain(more.iter().copied()).collect();
        element(&self.query("ec2", "RunInstances", &fields).await, "instanceId").expect("an id")
    }

    /// The groups of an instance.
    pub(crate) async fn groups(&self, instance: &str) -> Vec<String> {
        let fields = [("InstanceId", instance), ("Attribute", "groupSet")];
        let told = self.query("ec2", "DescribeInstanceAttribute", &fields).await;
        let document = roxmltree::Document::parse(&told).expect("XML");
        let groups = document.descendants().filter(|node| node.tag_name().name() == "groupId");
        groups.filter_map(|node| node.text().map(str::to_owned)).collect()
    }

    /// A function; `first` makes its role too.
    pub(crate) async fn function(&self, name: &str, first: bool) -> String {
        if first {
            let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
            self.query("iam", "CreateRole", &[("RoleName", "jobs"), ("AssumeRolePolicyDocument", trust)]).await;
        }
        let body = json!({
            "FunctionName": name, "Runtime": "python3.12", "Role": format!("arn:aws:iam::{ACCOUNT}:role/jobs"),
            "Handler": "m.h", "Code": {"ZipFile": CODE},
        });
        let answer = self.as_administrator("lambda", ("POST", "/2015-03-31/functions"), None, &body.to_string()).await;
        let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
        told["FunctionArn"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    /// How Lambda answers a call of the function. Without a container runtime it cannot run it, and says so with 500.
    pub(crate) async fn call(&self, name: &str) -> u16 {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        self.as_administrator("lambda", ("POST", &path), None, "{}").await.status
    }

    /// A secret with the value `old`, with a rotation function or without.
    pub(crate) async fn secret(&self, name: &str, rotates: bool) -> String {
        let made = self
            .json("secretsmanager", "secretsmanager.CreateSecret", &json!({"Name": name, "SecretString": "old"}))
            .await;
        let arn = made["ARN"].as_str().expect("an ARN").to_owned();
        if rotates {
            let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate");
            let rules = json!({"AutomaticallyAfterDays": 30});
            let body = json!({"SecretId": arn, "RotationLambdaARN": function, "RotateImmediately": false, "RotationRules": rules});
            self.json("secretsmanager", "secretsmanager.RotateSecret", &body).await;
        }
        arn
    }
}

/// Stands before the emulator and does what a rotation function would: the emulator needs containers to run one. All else
/// passes as it came, signatures included.
pub(crate) struct Rotating {
    /// Its address.
    pub(crate) endpoint: String,
}

impl Rotating {
    pub(crate) fn start(cloud: &Fakecloud) -> Rotating {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let behind = cloud.endpoint.trim_start_matches("http://").to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let behind = behind.clone();
                std::thread::spawn(move || pass(&stream, &behind));
            }
        });
        Rotating { endpoint }
    }
}

/// One message with its body, as bytes, and how much of it is the head.
fn message(stream: &TcpStream) -> Option<(Vec<u8>, usize)> {
    let mut reader = BufReader::new(stream);
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        length = lower.strip_prefix("content-length:").and_then(|text| text.trim().parse().ok()).unwrap_or(length);
        // One message a connection, on both sides.
        let kept = !lower.starts_with("connection:");
        bytes.extend_from_slice(if line == "\r\n" {
            b"connection: close\r\n\r\n"
        } else if kept {
            line.as_bytes()
        } else {
            b""
        });
        if line == "\r\n" {
            break;
        }
    }
    let head = bytes.len();
    bytes.resize(head + length, 0);
    reader.read_exact(&mut bytes[head..]).ok()?;
    Some((bytes, head))
}

fn pass(stream: &TcpStream, behind: &str) -> Option<()> {
    let (request, head) = message(stream)?;
    let answer = exchange(behind, &request)?;
    let asked = String::from_utf8_lossy(&request[..head]).contains("secretsmanager.RotateSecret");
    if asked && answer.starts_with(b"HTTP/1.1 200") {
        let wanted: Value = serde_json::from_slice(&request[head..]).ok()?;
        let body = json!({
            "SecretId": wanted["SecretId"], "ClientRequestToken": wanted["ClientRequestToken"], "SecretString": "new",
            "VersionStages": ["AWSCURRENT"],
        });
        let body = body.to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {behind}\r\nauthorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0\r\nx-amz-target: secretsmanager.PutSecretValue\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        exchange(behind, head.as_bytes())?;
    }
    let mut stream = stream;
    stream.write_all(&answer).ok()
}

fn exchange(behind: &str, request: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(behind).ok()?;
    server.write_all(request).ok()?;
    message(&server).map(|(answer, _)| answer)
}
