//! An installation with incidents, a plan that waits and a ledger, made by the program itself; and its API on a real socket.

use crate::inputs;
use crate::program::firebreak;
use firebreak::api::access::{Wanted, make_token};
use firebreak::api::names::Names;
use firebreak::api::{Api, Books};
use firebreak::config::Config;
use firebreak::ledgering::Book;
use firebreak::store::Store;
use firebreak_model::Time;
use firebreak_serve::Listener;
use firebreak_world::{Clock, SystemClock, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const ROLES: [&str; 5] = ["viewer", "responder", "approver", "admin", "auditor"];

pub(crate) struct Installation {
    pub(crate) address: SocketAddr,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) store: Store,
    pub(crate) book: Arc<Book>,
    pub(crate) world: World,
    /// A token of each role.
    pub(crate) tokens: BTreeMap<&'static str, String>,
    /// The configuration.
    text: String,
    directory: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// An account with a user who may more than was seen, the records of that, and a gateway with keys.
fn write_what_is_governed(root: &Path) {
    let gateway = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../edge/inventory/src/scanners/litellm/cases/gateway/input/litellm/prod.json"
    );
    fs::create_dir_all(root.join("inventory/litellm")).unwrap();
    fs::copy(gateway, root.join("inventory/litellm/prod.json")).unwrap();
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:ListRoles", "iam:ListUsers"], "Resource": "*"}]});
    let arn = "arn:aws:iam::123456789012:user/ci";
    let user = json!({
        "UserName": "ci", "Arn": arn, "Path": "/", "UserId": "AIDAEXAMPLE", "GroupList": [],
        "CreateDate": "2025-01-01T00:00:00Z", "AttachedManagedPolicies": [],
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
    });
    let export = json!({"UserDetailList": [user], "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    fs::write(root.join("inventory/account.json"), export.to_string()).unwrap();
    let at = Time::from_seconds(SystemClock.now().seconds() - 3_600).to_string();
    let record = json!({
        "eventVersion": "1.08", "eventTime": at, "eventSource": "iam.amazonaws.com", "eventName": "ListRoles",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": arn, "accountId": "123456789012",
                         "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "ci"},
        "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.7", "userAgent": "aws-cli/2", "requestParameters": null,
        "responseElements": null, "requestID": "1", "eventID": "00000000-0000-4000-8000-000000000001",
        "readOnly": true, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "123456789012",
        "eventCategory": "Management",
    });
    fs::create_dir_all(root.join("inventory/google_workspace")).unwrap();
    let workspace = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../edge/inventory/src/scanners/google_workspace/cases/customer/input/google_workspace/meridian.json"
    );
    fs::copy(workspace, root.join("inventory/google_workspace/meridian.json")).unwrap();
    write_what_nobody_named(root);
    fs::create_dir_all(root.join("trail")).unwrap();
    fs::write(root.join("trail/000001.json"), json!({"Records": [record]}).to_string()).unwrap();
}

/// A laptop with an extension of its editor, and a log of connections that shows it at a vendor of AI whom no inventory names.
fn write_what_nobody_named(root: &Path) {
    let snapshot = json!({
        "format": "firebreak.snapshot/1", "environment": "environment:host/laptop-7", "taken": "2026-03-01T00:00:00Z",
        "complete": false, "references": [], "hooks": [], "files": [], "credentials": [], "stores": [], "runs_as": [],
        "packages": [{"ecosystem": "OpenVSX", "name": "Acme.Helper", "version": "1.0.0", "path": "/x", "layer": 0}],
    });
    fs::create_dir_all(root.join("inventory/environments")).unwrap();
    fs::write(root.join("inventory/environments/laptop-7.json"), snapshot.to_string()).unwrap();
    fs::create_dir_all(root.join("zeek")).unwrap();
    let at = SystemClock.now().seconds() - 1_800;
    let line = |uid: &str, rest: &str| {
        format!(
            "{{\"ts\":{at}.5,\"uid\":\"{uid}\",\"id.orig_h\":\"10.4.2.17\",\"id.orig_p\":4,\"id.resp_h\":\"203.0.113.9\",\"id.resp_p\":443,{rest}}}\n"
        )
    };
    let text = line("C1", "\"conn_state\":\"SF\",\"orig_bytes\":7000");
    fs::write(root.join("zeek/conn.log"), text).unwrap();
    let text = line("C1", "\"server_name\":\"api.cohere.com\",\"established\":true");
    fs::write(root.join("zeek/ssl.log"), text).unwrap();
}

impl Installation {
    pub(crate) fn made() -> Installation {
        Installation::made_after(|_| {})
    }

    /// Calls `before` with its directory before there is anything to read.
    pub(crate) fn made_after(before: impl FnOnce(&Path)) -> Installation {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("inventory")).unwrap();
        fs::write(root.join("inventory/estate.json"), inputs::estate()).unwrap();
        write_what_is_governed(root);
        let mut logs = inputs::Inputs::begin(&root.join("logs"), 7);
        let at = root.display();
        let text = format!(
            "data = \"{at}/data\"\n[[source]]\nname = \"kubernetes_audit\"\npaths = [\"{at}/logs/kubernetes_audit\"]\n\
             [[source]]\nname = \"aws_cloudtrail\"\npaths = [\"{at}/trail\"]\n\
             [[source]]\nname = \"zeek\"\npaths = [\"{at}/zeek\"]\n\
             [inventory]\npaths = [\"{at}/inventory\"]\n[contain]\npolicy = \"ask\"\n[console]\nlisten = \"127.0.0.1:0\"\n"
        );
        fs::write(root.join("firebreak.toml"), &text).unwrap();
        before(root);
        (0..4 * inputs::INTRUDERS).for_each(|_| logs.grow());
        let app = "identity:litellm/eval-nightly";
        for command in
            [&["run", "--once"][..], &["apps", "quarantine", app, "--by", "ada@example.com"], &["run", "--once"]]
        {
            let ran = firebreak(root, &[&["--config", "firebreak.toml"], command].concat());
            assert_eq!(ran.code, 0, "{command:?}: {}", ran.error);
        }
        let record = r#"{"id":"MAL-2026-1","modified":"2026-03-25T00:00:00Z","summary":"steals keys","affected":[{"package":{"ecosystem":"PyPI","name":"litellm"},"versions":["1.82.8"]}]}"#;
        fs::write(root.join("MAL-2026-1.json"), record).unwrap();
        let ran = firebreak(root, &["--config", "firebreak.toml", "advisories", "update", "MAL-2026-1.json"]);
        assert_eq!(ran.code, 0, "{}", ran.error);
        let config = Config::parse(&text).unwrap();
        let data = config.data_directory();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (world, store) = (World::offline(), runtime.block_on(Store::open(&data)).unwrap());
        let book = Arc::new(Book::open(&world, &data).unwrap());
        let listener = runtime.block_on(Listener::bind("127.0.0.1:0")).unwrap();
        let address = listener.address();
        let books = Books { writing: Some(Arc::clone(&book)), copy: None };
        let api = Api::new(&world, &config, &data, &store, books, Names::of(address, None)).unwrap();
        let api = Arc::new(api);
        runtime.spawn(firebreak::api::serve(listener, Arc::clone(&api), Arc::default()));
        let mut made = Installation { address, runtime, store, book, world, tokens: BTreeMap::new(), text, directory };
        for role in ROLES {
            let token = made.token(role, &[]);
            made.tokens.insert(role, token);
        }
        made
    }

    /// Its directory.
    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    /// A fresh token of `role`.
    pub(crate) fn token(&self, role: &str, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let wanted = Wanted { person: format!("{role}@example.com"), role: role.to_owned(), scopes, days: 1 };
        self.runtime.block_on(make_token(&self.store, &self.world, wanted)).unwrap().1
    }

    /// The same installation by another API, with more in its configuration.
    pub(crate) fn beside(&self, more: &str) -> SocketAddr {
        let config = Config::parse(&format!("{}{more}", self.text)).unwrap();
        let listener = self.runtime.block_on(Listener::bind("127.0.0.1:0")).unwrap();
        let address = listener.address();
        let books = Books { writing: Some(Arc::clone(&self.book)), copy: None };
        let names = Names::of(address, None);
        let api = Api::new(&self.world, &config, &config.data_directory(), &self.store, books, names).unwrap();
        self.runtime.spawn(firebreak::api::serve(listener, Arc::new(api), Arc::default()));
        address
    }

    /// Sends a call as it is written, and gives what came back.
    pub(crate) fn raw(&self, call: &[u8]) -> Came {
        self.raw_at(self.address, call)
    }

    fn raw_at(&self, address: SocketAddr, call: &[u8]) -> Came {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // Whoever refuses a large body may hang up before all of it is sent.
        let _ = stream.write_all(call);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Came { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A call with these headers.
    pub(crate) fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Came {
        self.call_at(self.address, method, path, headers, body)
    }

    /// A call of the API at `address`.
    pub(crate) fn call_at(
        &self,
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Came {
        let mut call = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            call.push_str(&format!("Host: {address}\r\n"));
        }
        for (name, value) in headers {
            call.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            if !headers.iter().any(|(name, _)| *name == "Content-Type") {
                call.push_str("Content-Type: application/json\r\n");
            }
            call.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        call.push_str("\r\n");
        call.push_str(body);
        self.raw_at(address, call.as_bytes())
    }

    /// A call with the token of a role.
    pub(crate) fn as_role(&self, role: &str, method: &str, path: &str, body: &str) -> Came {
        let bearer = format!("Bearer {}", self.tokens[role]);
        self.call(method, &format!("/api/v1{path}"), &[("Authorization", &bearer)], body)
    }

    /// Logs in as an admin: the cookie and the session's proof.
    pub(crate) fn session(&self) -> (String, String) {
        let link = firebreak::api::access::make_login(&self.store, &self.world, "ada@example.com", "admin");
        let code = self.runtime.block_on(link).unwrap();
        let came = self.call("POST", "/api/v1/session", &[], &format!("{{\"code\":\"{code}\"}}"));
        assert_eq!(came.status, 201, "{came:?}");
        let cookie = came.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        (cookie, came.json()["csrf"].as_str().unwrap().to_owned())
    }

    /// The plan that waits.
    pub(crate) fn waiting(&self) -> String {
        let came = self.as_role("viewer", "GET", "/plans?status=waiting", "");
        came.json()["items"][0]["plan"]["id"].as_str().unwrap_or_else(|| panic!("{came:?}")).to_owned()
    }
}
