//! A storm: more incidents in one batch than are decided about at once, and kills between its portions. It ends as without
//! any kill: each is decided about once, and nothing of it is lost.

use crate::receiver::up_to;
use firebreak::store::Store;
use firebreak_world::SeededRandom;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Some portions.
const INTRUDERS: usize = 700;
const KILLS: u32 = 6;

/// Each account can read a store of its own that must not be lost.
fn estate() -> String {
    let (mut stores, mut identities, mut grants) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..INTRUDERS {
        let (account, store) =
            (format!("identity:k8s/prod/ci/bot-{number}"), format!("resource:aws/arn:aws:s3:::vault-{number}"));
        let cut = serde_json::json!({
            "action": "webhook/request", "parameters": {"request": "delete_k8s_service_account_tokens"},
            "cost": 25, "delay_seconds": 300, "reversibility": "reversible",
        });
        let holdings = serde_json::json!([{"class": "interview_video", "residency": "eu", "records": number + 1}]);
        identities.push(serde_json::json!({"identity": account, "cut": cut}));
        grants.push(serde_json::json!({"from": account, "to": store, "kind": "may_act", "actions": ["s3:*"]}));
        stores
            .push(serde_json::json!({"resource": store, "label": "vault", "crown_jewel": true, "holdings": holdings}));
    }
    let statement = serde_json::json!({
        "format": "firebreak.estate/1", "taken": "2026-11-01T00:00:00Z", "complete": true,
        "stores": stores, "identities": identities, "grants": grants,
    });
    statement.to_string()
}

/// A record that trips a detector, for each account.
fn deeds() -> String {
    use firebreak_world::Clock;
    let now = firebreak_world::SystemClock.now();
    let deed = |number: usize| {
        format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"deed-{number}\",\"stage\":\"ResponseComplete\",\
             \"verb\":\"create\",\"user\":{{\"username\":\"system:serviceaccount:ci:bot-{number}\"}},\"userAgent\":\"Python-urllib/3.12\",\
             \"objectRef\":{{\"resource\":\"pods\",\"namespace\":\"kube-system\"}},\"responseStatus\":{{\"code\":200}},\
             \"requestReceivedTimestamp\":\"{now}\",\"requestObject\":{{\"spec\":{{\"containers\":[{{\"name\":\"c\",\
             \"securityContext\":{{\"privileged\":true}}}}],\"volumes\":[{{\"name\":\"h\",\"hostPath\":{{\"path\":\"/\"}}}}]}}}}}}\n"
        )
    };
    (0..INTRUDERS).map(deed).collect()
}

fn install(root: &Path) {
    let shown = root.display();
    let logs = root.join("logs/kubernetes_audit/prod");
    fs::create_dir_all(&logs).unwrap();
    fs::create_dir_all(root.join("inventory")).unwrap();
    fs::write(logs.join("audit.log"), deeds()).unwrap();
    fs::write(root.join("inventory/estate.json"), estate()).unwrap();
    fs::write(root.join("key"), "0123456789abcdef0123456789abcdef").unwrap();
    for data in ["data", "calm"] {
        let text = format!(
            "data = \"{shown}/{data}\"\n[[source]]\nname = \"kubernetes_audit\"\npaths = [\"{shown}/logs/kubernetes_audit\"]\n\
             [inventory]\npaths = [\"{shown}/inventory\"]\n[intake]\npoll_seconds = 0.02\n[contain]\npolicy = \"act\"\n[act]\nmode = \"dry_run\"\n\
             [responder.webhook.requests.delete_k8s_service_account_tokens]\nurl = \"http://127.0.0.1:9/do\"\nsecret = \"file:{shown}/key\"\n"
        );
        fs::write(root.join(format!("{data}.toml")), text).unwrap();
    }
}

fn command(root: &Path, data: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
    command.arg("--config").arg(root.join(format!("{data}.toml"))).stdin(Stdio::null());
    command
}

/// What is known in the end.
#[derive(PartialEq, Debug)]
struct Ended {
    findings: BTreeSet<String>,
    /// The keys of all steps of the plans that were carried out: one that was decided about twice stands here twice.
    steps: Vec<String>,
}

/// Goes on to the end of the inputs; what is known then.
fn end(root: &Path, data: &str) -> Ended {
    let output = command(root, data).args(["run", "--once"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bundle = root.join(format!("{data}.ndjson"));
    let verified = command(root, data).args(["verify", "--export"]).arg(&bundle).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&root.join(data)).await.unwrap();
        assert_eq!(store.open_effects().await.unwrap(), []);
        assert_eq!(store.totals().await.unwrap().events, INTRUDERS as u64);
        let id = |body: &String| {
            let finding: serde_json::Value = serde_json::from_str(body).unwrap();
            finding["id"].as_str().unwrap().to_owned()
        };
        let mut steps = Vec::new();
        for plan in store.plans().await.unwrap().iter().filter(|plan| plan.status == "executed") {
            let plan: serde_json::Value = serde_json::from_str(&plan.body).unwrap();
            steps.extend(plan["steps"].as_array().unwrap().iter().map(|step| step["key"].as_str().unwrap().to_owned()));
        }
        steps.sort();
        Ended { findings: store.findings().await.unwrap().iter().map(id).collect(), steps }
    })
}

#[test]
fn a_storm_that_is_cut_short_is_decided_to_the_end_and_nothing_of_it_twice() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    install(root);
    let random = SeededRandom::new(11);
    for _ in 0..KILLS {
        let mut child = command(root, "data").arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300 + up_to(&random, 2_000)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (cut_short, calm) = (end(root, "data"), end(root, "calm"));
    assert_eq!(calm.steps.len(), INTRUDERS, "each account is cut");
    assert_eq!(calm.steps.iter().collect::<BTreeSet<_>>().len(), INTRUDERS, "and none twice");
    assert_eq!(cut_short, calm);
}
