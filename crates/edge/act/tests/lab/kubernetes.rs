//! An API server of Kubernetes with its etcd (`lab/kubernetes`). No controller, scheduler or node runs: objects are kept and
//! judged, nothing is started.

use super::{Server, free_port};
use firebreak_world::{Http, Request, RustlsHttp};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const ADMINISTRATOR: &str = "hush-administrator";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// A running server with the namespace `prod`.
pub(crate) struct Kubernetes {
    // Before the directory that it writes to.
    _server: Server,
    _directory: tempfile::TempDir,
    http: RustlsHttp,
    /// Its address, without TLS, as of a proxy on the same machine.
    pub(crate) url: String,
}

impl Kubernetes {
    /// Starts one: some 10 seconds of one core.
    pub(crate) async fn start(lab: &Path) -> Kubernetes {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let tokens = directory.path().join("tokens.csv");
        std::fs::write(&tokens, format!("{ADMINISTRATOR},admin,1,system:masters\n")).expect("a file");
        let port = free_port();
        let mut command = Command::new(lab.join("bin/kubernetes"));
        command.arg(directory.path()).arg(port.to_string()).arg(tokens);
        let server = Server::start("the API server of Kubernetes", &mut command, port);
        let http = RustlsHttp::new().expect("a client");
        let cluster =
            Kubernetes { _server: server, _directory: directory, http, url: format!("http://127.0.0.1:{port}") };
        cluster.wait_until_ready().await;
        cluster.make("/api/v1/namespaces", &json!({"metadata": {"name": "prod"}})).await;
        cluster.make("/api/v1/namespaces", &json!({"metadata": {"name": "firebreak"}})).await;
        cluster
    }

    async fn wait_until_ready(&self) {
        let began = Instant::now();
        while self.ask(ADMINISTRATOR, "GET", "/readyz", None).await.0 != 200 {
            assert!(began.elapsed() < Duration::from_secs(120), "the API server does not get ready");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// One call with `token`; gives status and JSON.
    pub(crate) async fn ask(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let request = Request {
            method: method.to_owned(),
            url: format!("{}{path}", self.url),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        let response = self.http.send(request).await.expect("the server answers");
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    /// What the administrator sees.
    pub(crate) async fn look(&self, path: &str) -> (u16, Value) {
        self.ask(ADMINISTRATOR, "GET", path, None).await
    }

    /// Makes an object as the administrator.
    pub(crate) async fn make(&self, path: &str, object: &Value) -> Value {
        let (status, answer) = self.ask(ADMINISTRATOR, "POST", path, Some(object)).await;
        assert!(matches!(status, 200 | 201), "{path}: {answer}");
        answer
    }

    /// A service account without rights.
    pub(crate) async fn account(&self, namespace: &str, name: &str) {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
        self.make(&path, &json!({"metadata": {"name": name}})).await;
    }

    /// A token of a service account, bound to a pod if there is one.
    pub(crate) async fn token(&self, namespace: &str, name: &str, pod: Option<&str>) -> String {
        let bound = pod.map(|pod| json!({"kind": "Pod", "apiVersion": "v1", "name": pod}));
        let wanted = json!({"spec": {"audiences": [], "expirationSeconds": 3600, "boundObjectRef": bound}});
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        self.make(&path, &wanted).await["status"]["token"].as_str().expect("a token").to_owned()
    }

    /// Lets an account do `verbs` with `resources` of `groups`, everywhere.
    pub(crate) async fn allow(&self, account: (&str, &str), role: &str, rules: &Value) {
        self.make(&format!("{RBAC}/clusterroles"), &json!({"metadata": {"name": role}, "rules": rules})).await;
        let binding = json!({
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "namespace": account.0, "name": account.1}],
        });
        self.make(&format!("{RBAC}/clusterrolebindings"), &binding).await;
    }

    /// Lets an account of `prod` read secrets there, by a binding of its own name.
    pub(crate) async fn let_read_secrets(&self, account: &str) {
        let role = json!({
            "metadata": {"name": account},
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}],
        });
        self.make(&format!("{RBAC}/namespaces/prod/roles"), &role).await;
        let binding = json!({
            "metadata": {"name": account, "labels": {"team": "data"}},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": account},
            "subjects": [{"kind": "ServiceAccount", "namespace": "prod", "name": account}],
        });
        self.make(&format!("{RBAC}/namespaces/prod/rolebindings"), &binding).await;
    }

    /// What the server answers who asks for the secrets of `prod` with `token`.
    pub(crate) async fn reads_secrets(&self, token: &str) -> u16 {
        self.ask(token, "GET", "/api/v1/namespaces/prod/secrets", None).await.0
    }

    /// Waits until the server answers so: its authoriser follows what is written within moments.
    pub(crate) async fn wait_for(&self, token: &str, status: u16) {
        let began = Instant::now();
        loop {
            let answered = self.reads_secrets(token).await;
            if answered == status {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{answered} where {status} was to come");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
