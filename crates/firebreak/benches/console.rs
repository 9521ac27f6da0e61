//! How fast the API answers over an installation of real size: a million events, a hundred thousand findings and an incident that
//! reaches ten thousand things, read by the program's own `run`, and asked over loopback while it runs. Its last line is one JSON
//! object.
//!
//! Each call is a connection of its own, so that what a call costs is all in it. Beside them stands the bare connection: a call
//! that is refused before anything is looked at.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Events, and with `--quick`.
const EVENTS: (usize, usize) = (1_000_000, 10_000);
/// One event in so many trips a detector.
const ONE_TRIPS: usize = 20;
/// Accounts that are misused; each is an incident.
const ACCOUNTS: usize = 200;
/// Things that the first of them reaches.
const REACHED: usize = 10_000;
/// Events in one file.
const FILE: usize = 100_000;
/// Calls of each endpoint: fewer than one caller may make at once.
const CALLS: usize = 150;
/// Nothing takes longer than this.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// An ordinary look, or what trips a detector.
fn event(number: usize, at: &str) -> String {
    let head = format!(
        "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"e-{number}\",\"stage\":\"ResponseComplete\""
    );
    let tail = format!("\"responseStatus\":{{\"code\":200}},\"requestReceivedTimestamp\":\"{at}\"");
    if !number.is_multiple_of(ONE_TRIPS) {
        let account = number % 1_000;
        return format!(
            "{head},\"verb\":\"get\",\"user\":{{\"username\":\"system:serviceaccount:web:app-{account}\"}},\"userAgent\":\"client-go\",\
             \"objectRef\":{{\"resource\":\"configmaps\",\"namespace\":\"web\",\"name\":\"settings\"}},{tail}}}\n"
        );
    }
    let account = number / ONE_TRIPS % ACCOUNTS;
    format!(
        "{head},\"verb\":\"create\",\"user\":{{\"username\":\"system:serviceaccount:ci:bot-{account}\"}},\
         \"userAgent\":\"Python-urllib/3.12\",\"objectRef\":{{\"resource\":\"pods\",\"namespace\":\"kube-system\"}},{tail},\
         \"requestObject\":{{\"spec\":{{\"containers\":[{{\"name\":\"c\",\"securityContext\":{{\"privileged\":true}}}}],\
         \"volumes\":[{{\"name\":\"h\",\"hostPath\":{{\"path\":\"/\"}}}}]}}}}}}\n"
    )
}

/// The owner's statement: each account can read a store of its own that must not be lost; the first one ten thousand stores.
fn estate() -> Value {
    let account = |number: usize| format!("identity:k8s/prod/ci/bot-{number}");
    let store = |number: usize| format!("resource:aws/arn:aws:s3:::vault-{number}");
    let cut = json!({
        "action": "webhook/request", "parameters": {"request": "delete_k8s_service_account_tokens"},
        "cost": 25, "delay_seconds": 300, "reversibility": "reversible",
    });
    let grant =
        |account: String, store: String| json!({"from": account, "to": store, "kind": "may_act", "actions": ["s3:*"]});
    let identities: Vec<Value> = (0..ACCOUNTS).map(|n| json!({"identity": account(n), "cut": cut})).collect();
    let own = (0..ACCOUNTS).map(|n| grant(account(n), store(n)));
    let grants: Vec<Value> = own.chain((ACCOUNTS..REACHED).map(|n| grant(account(0), store(n)))).collect();
    let stores = (0..REACHED).map(|n| {
        let holdings = json!([{"class": "interview_video", "residency": "eu", "records": 10, "bytes": 1_000}]);
        json!({"resource": store(n), "label": format!("vault {n}"), "crown_jewel": n < ACCOUNTS, "holdings": holdings})
    });
    json!({
        "format": "firebreak.estate/1", "taken": "2026-01-01T00:00:00Z", "complete": true,
        "stores": stores.collect::<Vec<_>>(), "identities": identities, "grants": grants,
    })
}

/// Writes logs, estate and configuration below `root`.
fn prepare(root: &Path, events: usize) -> Result<()> {
    let logs = root.join("logs/kubernetes_audit/prod");
    fs::create_dir_all(&logs)?;
    fs::create_dir_all(root.join("inventory"))?;
    fs::write(root.join("inventory/estate.json"), estate().to_string())?;
    // One file after the other, over three weeks: the same of the same account within an hour is one finding.
    let began = firebreak_model::Time::parse("2026-02-02T00:00:00Z").context("a time")?;
    for (file, first) in (0..events).step_by(FILE).enumerate() {
        let mut out = BufWriter::new(fs::File::create(logs.join(format!("audit-{file:03}.log")))?);
        for number in first..events.min(first + FILE) {
            let at = began.plus_seconds((number * 9 / 5) as i64);
            out.write_all(event(number, &at.to_string()).as_bytes())?;
        }
        out.flush()?;
    }
    let at = root.display();
    fs::write(
        root.join("firebreak.toml"),
        format!(
            "data = \"{at}/data\"\n[[source]]\nname = \"kubernetes_audit\"\npaths = [\"{at}/logs/kubernetes_audit\"]\n\
             [inventory]\npaths = [\"{at}/inventory\"]\n[contain]\npolicy = \"ask\"\n[console]\nlisten = \"127.0.0.1:0\"\n"
        ),
    )?;
    Ok(())
}

fn firebreak(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
    command.args(["--config", "firebreak.toml"]).args(arguments).current_dir(root);
    command
}

/// The program while it runs: ended when it is dropped.
struct Running {
    child: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts it, and waits until it says where its console is.
    fn start(root: &Path) -> Result<Running> {
        let mut child = firebreak(root, &["run"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let address = lines.by_ref().find_map(|line| {
            let line = line.ok()?;
            let (_, rest) = line.split_once("http://")?;
            Some(rest.split('/').next()?.to_owned())
        });
        // Whoever writes must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Running { child, address: address.context("it names no address")? })
    }

    /// One call: the seconds that it took, its status and its body.
    fn call(&self, token: &str, path: &str) -> Result<(f64, u16, String)> {
        let began = Instant::now();
        let mut stream = TcpStream::connect(&self.address)?;
        let host = &self.address;
        let head = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let taken = began.elapsed().as_secs_f64();
        let text = String::from_utf8(bytes)?;
        let (head, body) = text.split_once("\r\n\r\n").context("no answer")?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
        Ok((taken, status, body.to_owned()))
    }

    fn json(&self, token: &str, path: &str) -> Result<Value> {
        let (_, status, body) = self.call(token, path)?;
        ensure!(status == 200, "{path}: {status} {body}");
        Ok(serde_json::from_str(&body)?)
    }
}

/// A token of its own for each endpoint: nobody is slowed down for calling often.
fn token(root: &Path) -> Result<String> {
    let made = ["--json", "api", "token", "new", "--for", "bench@example.com", "--role", "viewer", "--days", "1"];
    let output = firebreak(root, &made).output()?;
    let told: Value = serde_json::from_slice(&output.stdout).context("no token")?;
    Ok(told["token"].as_str().context("no token")?.to_owned())
}

/// The value below which `share` of `times` lie, in milliseconds.
fn percentile(times: &[f64], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * share).ceil() as usize;
    let seconds = sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN);
    (seconds * 100_000.0).round() / 100.0
}

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let events = if quick { EVENTS.1 } else { EVENTS.0 };
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    prepare(root, events)?;
    let began = Instant::now();
    let read = firebreak(root, &["run", "--once"]).stdout(Stdio::null()).stderr(Stdio::inherit()).status()?;
    ensure!(read.success(), "reading the logs failed");
    println!("{events} events read in {:.1} s", began.elapsed().as_secs_f64());
    let running = Running::start(root)?;
    let measured = measure(&running, root, events);
    drop(running);
    println!("{}", measured?);
    Ok(())
}

fn measure(running: &Running, root: &Path, events: usize) -> Result<Value> {
    let scout = token(root)?;
    let began = Instant::now();
    let now = loop {
        let now = running.json(&scout, "/now")?;
        if now["totals"]["events"].as_u64() >= Some(events as u64) {
            break now;
        }
        ensure!(began.elapsed() < PATIENCE, "it does not know all events: {}", now["totals"]);
        std::thread::sleep(Duration::from_millis(500));
    };
    let incident = largest(&running.json(&scout, "/incidents?limit=500")?)?;
    println!("state: {}; the largest incident has {} findings", now["totals"], incident.1);
    let (id, finding) = (incident.0, running.json(&scout, "/findings?limit=1")?);
    let subject = finding["items"][0]["subject"].as_str().context("a finding without subject")?;
    let subject = subject.replace(':', "%3A").replace('/', "%2F");
    let second = finding["next"].as_str().context("one finding alone")?;
    let detector = finding["items"][0]["detector"].as_str().context("a finding without detector")?;
    let asked = [
        ("bare_call", "/nothing".to_owned()),
        ("now", "/now".to_owned()),
        ("findings", "/findings?limit=200".to_owned()),
        ("findings_next", format!("/findings?limit=500&cursor={second}")),
        ("findings_of_detector", format!("/findings?limit=200&detector={detector}")),
        ("findings_of_subject", format!("/findings?limit=200&subject={subject}")),
        ("incidents", "/incidents?limit=200".to_owned()),
        ("incident", format!("/incidents/{id}")),
        ("incident_findings", format!("/incidents/{id}/findings?limit=200")),
        ("incident_timeline", format!("/incidents/{id}/timeline?limit=200")),
        ("incident_graph", format!("/incidents/{id}/graph?limit=500")),
        ("map_nodes", "/map/nodes?limit=200".to_owned()),
        ("map_find", "/map/nodes?limit=20&q=vault-77".to_owned()),
        ("identities", "/identities?limit=200".to_owned()),
        ("detectors", "/detectors".to_owned()),
    ];
    let (mut middle, mut slowest) = (serde_json::Map::new(), serde_json::Map::new());
    for (name, path) in &asked {
        let token = token(root)?;
        let mut times = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let (taken, status, body) = running.call(&token, path)?;
            if status != 200 && *name != "bare_call" {
                bail!("{path}: {status} {body}");
            }
            times.push(taken);
        }
        let (p50, p99) = (percentile(&times, 0.5), percentile(&times, 0.99));
        println!("{name:<22} {p50:>9.2} ms in the middle, 99 of 100 within {p99:>9.2} ms");
        middle.insert((*name).to_owned(), json!(p50));
        slowest.insert((*name).to_owned(), json!(p99));
    }
    Ok(
        json!({"api_events": events, "api_findings": now["totals"]["findings"], "api_p50_ms": middle, "api_p99_ms": slowest}),
    )
}

/// The incident with the most findings, and how many.
fn largest(list: &Value) -> Result<(String, u64)> {
    let items = list["items"].as_array().context("no incidents")?;
    let of = |one: &Value| Some((one["id"].as_str()?.to_owned(), one["findings"].as_u64()?));
    items.iter().filter_map(of).max_by_key(|(_, findings)| *findings).context("no incident")
}
