//! The scenario as a reader of its files sees it: counts of the story, decoys, determinism, and that nothing in it looks
//! like a real secret.

use firebreak_scenario::{Addresses, File, Size, Spec, generate};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

const SMALL: Spec = Spec { seed: 7, size: Size::Small, addresses: Addresses::TestNet };

fn all(spec: &Spec) -> Vec<File> {
    let mut files = Vec::new();
    generate(spec, &mut |file| {
        files.push(file);
        true
    });
    files
}

fn small() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| all(&SMALL))
}

fn digest(files: &[File]) -> String {
    let mut digest = Sha256::new();
    for file in files {
        digest.update((file.path.len() as u64).to_be_bytes());
        digest.update(&file.path);
        digest.update((file.bytes.len() as u64).to_be_bytes());
        digest.update(&file.bytes);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn plain(file: &File) -> Vec<u8> {
    if !file.path.ends_with(".gz") {
        return file.bytes.clone();
    }
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&file.bytes[..]).read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// The events of one log file.
fn events(file: &File) -> Vec<Value> {
    let bytes = plain(file);
    if file.path.ends_with(".gz") {
        let mut value: Value = serde_json::from_slice(&bytes).expect("json");
        let Value::Array(records) = value["Records"].take() else { panic!("no Records in {}", file.path) };
        return records;
    }
    if file.path.ends_with(".json") {
        return serde_json::from_slice(&bytes).expect("json");
    }
    let text = String::from_utf8(bytes).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect(&file.path)).collect()
}

/// What the tests look at in an event. Every event of the small scenario is read once.
#[derive(Clone, Debug)]
struct Summary {
    source: &'static str,
    path: &'static str,
    address: String,
    agent: String,
    /// To the whole second, without a zone.
    time: String,
    name: String,
    /// The role of the session, or the host of an install.
    who: String,
    error: String,
    bytes: u64,
    target: String,
}

const SOURCES: [&str; 8] = [
    "aws_cloudtrail",
    "github_audit",
    "okta_system",
    "google_workspace",
    "slack_audit",
    "kubernetes_audit",
    "litellm",
    "package_install",
];

fn summaries() -> &'static [Summary] {
    static SUMMARIES: OnceLock<Vec<Summary>> = OnceLock::new();
    SUMMARIES.get_or_init(|| {
        let of_file = |source: &'static str, file: &'static File| {
            events(file).into_iter().map(move |event| summary(source, &file.path, &event))
        };
        SOURCES.iter().flat_map(|source| of(small(), source).flat_map(|file| of_file(source, file))).collect()
    })
}

fn summary(source: &'static str, path: &'static str, event: &Value) -> Summary {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |pointer: &str| event.pointer(pointer).and_then(Value::as_i64);
    let (address, agent, time, name) = match source {
        "aws_cloudtrail" => (text("/sourceIPAddress"), text("/userAgent"), text("/eventTime"), text("/eventName")),
        "github_audit" => {
            let seconds = number("/created_at").expect("a time").div_euclid(1_000);
            (text("/actor_ip"), text("/user_agent"), iso(seconds), text("/action"))
        }
        "slack_audit" => {
            let time = iso(number("/date_create").expect("a time"));
            (text("/context/ip_address"), text("/context/ua"), time, text("/action"))
        }
        "google_workspace" => (text("/ipAddress"), String::new(), text("/id/time"), text("/events/0/name")),
        "kubernetes_audit" => {
            (text("/sourceIPs/0"), text("/userAgent"), text("/requestReceivedTimestamp"), text("/verb"))
        }
        "okta_system" => (text("/client/ipAddress"), String::new(), text("/published"), text("/eventType")),
        "litellm" => (text("/requester_ip_address"), String::new(), text("/startTime"), text("/call_type")),
        _ => (String::new(), String::new(), text("/time"), text("/action")),
    };
    Summary {
        source,
        path,
        address,
        agent,
        time: time.get(..19).expect("a whole second").replace(' ', "T"),
        name,
        who: text(if source == "package_install" {
            "/host"
        } else {
            "/userIdentity/sessionContext/sessionIssuer/userName"
        }),
        error: text("/errorCode"),
        bytes: number("/additionalEventData/bytesTransferredOut").unwrap_or(0) as u64,
        target: text("/targets/0"),
    }
}

fn from(source: &str) -> impl Iterator<Item = &'static Summary> {
    summaries().iter().filter(move |event| event.source == source)
}

fn of<'a>(files: &'a [File], source: &str) -> impl Iterator<Item = &'a File> {
    let prefix = format!("borrowed-sand/logs/{source}/");
    files.iter().filter(move |file| file.path.starts_with(&prefix))
}

fn named<'a>(files: &'a [File], end: &str) -> &'a File {
    files.iter().find(|file| file.path.ends_with(end)).expect(end)
}

fn truth(files: &[File]) -> Value {
    serde_json::from_slice(&named(files, "/truth.json").bytes).expect("json")
}

/// `2026-03-24T10:58:41`, for seconds since the epoch in March and April 2026.
fn iso(seconds: i64) -> String {
    firebreak_model::Time::from_seconds(seconds).to_string().trim_end_matches('Z').to_owned()
}

#[test]
fn the_same_specification_gives_the_same_bytes_and_another_seed_does_not() {
    assert_eq!(digest(small()), digest(&all(&SMALL)));
    assert_ne!(digest(small()), digest(&all(&Spec { seed: 8, ..SMALL })));
    assert_ne!(digest(small()), digest(&all(&Spec { addresses: Addresses::Published, ..SMALL })));
}

#[test]
fn paths_are_unique_and_below_the_root() {
    let paths: std::collections::BTreeSet<_> = small().iter().map(|file| &file.path).collect();
    assert_eq!(paths.len(), small().len());
    assert!(paths.iter().all(|path| path.starts_with("borrowed-sand/") && !path.contains("..")));
}

#[test]
fn the_small_scenario_is_small_but_not_empty_anywhere() {
    for source in SOURCES {
        let days: std::collections::BTreeSet<_> = from(source).map(|event| event.time.get(..10)).collect();
        assert!(days.len() >= 29, "{source}: {}", days.len());
    }
    assert!((60_000..150_000).contains(&summaries().len()), "{}", summaries().len());
    assert!(of(small(), "ci_log").count() > 300);
}

#[test]
fn records_of_a_file_are_in_the_order_of_time() {
    for pair in summaries().windows(2) {
        let [first, second] = pair else { continue };
        assert!(first.path != second.path || first.time <= second.time, "{}", first.path);
    }
}

#[test]
fn each_selector_takes_the_attack_and_nothing_else() {
    let truth = truth(small());
    for selector in truth["attack_events"].as_array().expect("a list") {
        let want = |name: &str| selector[name].as_str();
        let when = |name: &str| want(name).expect("a time").trim_end_matches('Z').to_owned();
        let (start, end) = (when("from"), when("to"));
        let who = from(want("source").expect("a source")).filter(|event| {
            want("address").is_none_or(|want| want == event.address)
                && want("user_agent").is_none_or(|want| want == event.agent)
        });
        let (inside, outside): (Vec<_>, Vec<_>) = who.partition(|event| start <= event.time && event.time < end);
        assert_eq!(Some(inside.len() as u64), selector["events"].as_u64(), "{selector}");
        assert_eq!(Some(inside.iter().map(|event| event.bytes).sum()), selector["bytes"].as_u64(), "{selector}");
        assert_eq!(outside.len(), 0, "{selector}");
    }
    let published = self::truth(&all(&Spec { addresses: Addresses::Published, ..SMALL }));
    let events = |truth: &Value| -> Vec<Value> {
        truth["attack_events"].as_array().expect("a list").iter().map(|selector| selector["events"].clone()).collect()
    };
    assert_eq!(events(&truth), events(&published));
}

#[test]
fn the_attack_has_the_counts_of_the_story() {
    let thief: Vec<_> = from("aws_cloudtrail").filter(|event| event.address == "203.0.113.41").collect();
    let of = |name: &str| thief.iter().filter(|event| event.name == name).count();
    let looks = ["ListUsers", "ListRoles", "ListAttachedUserPolicies", "ListBuckets", "DescribeInstances"];
    let listed = looks.iter().chain(&["ListSecrets", "DescribeSecret"]).map(|name| of(name)).sum::<usize>();
    assert_eq!(thief.iter().map(|event| event.bytes).sum::<u64>(), 2_900_000_000_000);
    assert_eq!((of("GetObject"), of("GetSecretValue"), listed), (31_000, 220, 180));
    assert_eq!((of("ExecuteCommand"), of("StartSession"), of("GetCallerIdentity")), (3, 1, 7));
    let tried = thief.iter().filter(|event| event.name == "GetCallerIdentity");
    assert!(tried.clone().all(|event| event.agent == "TruffleHog"));
    assert_eq!(tried.filter(|event| event.error == "InvalidClientTokenId").count(), 3);
    let cloned = from("github_audit").filter(|event| event.name == "git.clone" && event.address == "203.0.113.77");
    assert_eq!(cloned.count(), 140);
    assert_eq!(from("google_workspace").filter(|event| event.address == "203.0.113.142").count(), 4_100);
    assert_eq!(from("slack_audit").filter(|event| event.address == "203.0.113.77").count(), 9_000);
}

#[test]
fn every_environment_with_evidence_has_a_verdict() {
    let truth = truth(small());
    let verdicts: BTreeMap<&str, &str> = truth["verdicts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|verdict| (verdict["environment"].as_str().expect("a key"), verdict["verdict"].as_str().expect("a word")))
        .collect();
    for file in of(small(), "ci_log") {
        let name = file.path.trim_start_matches("borrowed-sand/logs/ci_log/").trim_end_matches(".log");
        assert!(verdicts.contains_key(format!("environment:ci/{name}").as_str()), "{name}");
    }
    for event in from("package_install") {
        assert!(verdicts.contains_key(format!("environment:host/{}", event.who).as_str()), "{}", event.who);
    }
    for file in small().iter().filter(|file| file.path.contains("/inventory/environments/")) {
        let snapshot: Value = serde_json::from_slice(&file.bytes).expect("json");
        assert!(verdicts.contains_key(snapshot["environment"].as_str().expect("a key")), "{}", file.path);
    }
    let count = |word: &str| verdicts.values().filter(|verdict| **verdict == word).count();
    assert_eq!((count("exposed"), count("suspect"), count("unknown")), (10, 2, 7));
}

/// The log of the only run of `job` that has this verdict.
fn log_of(job: &str, verdict: &str) -> String {
    let truth = truth(small());
    let entry = truth["verdicts"].as_array().expect("a list").iter().find(|entry| {
        let key = entry["environment"].as_str().expect("a key");
        key.contains(job) && entry["verdict"] == verdict
    });
    let key = entry.expect(job)["environment"].as_str().expect("a key").to_owned();
    let file = named(small(), &format!("{}.log", key.trim_start_matches("environment:ci/")));
    String::from_utf8(file.bytes.clone()).expect("text")
}

#[test]
fn the_poisoned_logs_say_what_the_story_says() {
    let eval = log_of("meridian/evals/", "exposed");
    assert!(eval.contains("2026-03-24T10:58:41.0000"), "{eval}");
    for line in ["Downloading litellm-1.82.8-py3-none-any.whl", "litellm-1.82.8", "Cleaning up orphan processes"] {
        assert!(eval.contains(line), "{line}");
    }
    let scan = log_of("/image-scan", "exposed");
    let fetched = "Z Download action repository 'aquasecurity/trivy-action@0.24.0' (SHA:e0198fd2b6e1679e36d32933941182d9afa82f6f)";
    let line = scan.lines().find(|line| line.contains(fetched)).expect("the download");
    assert!(line.starts_with("2026-03-19T20:14:15.") && scan.contains("IdToken: write"));
    assert!(
        log_of("edge-proxy", "exposed").contains("setup-trivy@v0.2.2' (SHA:6d8d730153d6151e03549f276faca0275ed9c7b2)")
    );
    assert!(log_of("base-images", "exposed").contains("Setting up trivy (0.69.4)"));
    assert!(log_of("annotator", "exposed").contains("pypi.meridian.example/packages/litellm-1.82.8"));
    let quiet = log_of("candidate-search", "suspect");
    assert!(quiet.contains("pip install --quiet") && !quiet.contains("litellm-1.8") && quiet.contains("orphan"));
}

#[test]
fn clean_logs_name_no_poisoned_artefact() {
    let bad = ["litellm-1.82.7", "litellm-1.82.8", "e0198fd2b6e1679e36d32933941182d9afa82f6f", "trivy (0.69.4)"];
    let truth = truth(small());
    for entry in truth["verdicts"].as_array().expect("a list").iter().filter(|entry| entry["verdict"] == "clear") {
        let key = entry["environment"].as_str().expect("a key");
        let Some(name) = key.strip_prefix("environment:ci/") else { continue };
        let text = String::from_utf8(named(small(), &format!("{name}.log")).bytes.clone()).expect("text");
        assert!(bad.iter().all(|bad| !text.contains(bad)), "{name}");
    }
    // A run whose log is gone has no log.
    for entry in truth["verdicts"].as_array().expect("a list").iter().filter(|entry| entry["verdict"] == "unknown") {
        let name = entry["environment"].as_str().expect("a key").trim_start_matches("environment:ci/");
        assert!(!small().iter().any(|file| file.path.ends_with(&format!("{name}.log"))), "{name}");
    }
}

#[test]
fn the_four_benign_decoys_are_there() {
    let mut nights: BTreeMap<String, u64> = BTreeMap::new();
    let mut scans = std::collections::BTreeSet::new();
    for event in from("aws_cloudtrail") {
        let day = event.time.get(..10).expect("a day").to_owned();
        match event.who.as_str() {
            "nightly-backup" => *nights.entry(day).or_default() += event.bytes,
            "secret-scan" if event.agent == "TruffleHog" => drop(scans.insert(day)),
            _ => {}
        }
    }
    let vpn = from("aws_cloudtrail").filter(|event| event.address == "198.18.77.14").count();
    assert_eq!(nights.len(), 29);
    assert!(nights.values().all(|bytes| *bytes == 1_000_000_000_000), "{nights:?}");
    assert_eq!(scans.first().map(String::as_str), Some("2026-03-05"));
    assert_eq!((scans.len(), vpn), (5, 72));
    assert!(from("package_install").any(|event| event.target == "litellm==1.82.8"));
    let sandbox: Value =
        serde_json::from_slice(&named(small(), "environments/host-sandbox-mal-02.json").bytes).expect("json");
    assert_eq!(sandbox["credentials"], serde_json::json!([]));
}

#[test]
fn nothing_looks_like_a_real_secret() {
    for file in small() {
        let text = String::from_utf8(plain(file)).expect("text");
        for shape in ["ghp_", "github_pat_", "ghs_", "xoxb-", "xoxp-", "sk-", "-----BEGIN", "pypi-Ag", "eyJ"] {
            assert!(!has_token(&text, shape), "{shape} in {}", file.path);
        }
        for prefix in ["AKIA", "ASIA"] {
            for (at, _) in text.match_indices(prefix) {
                let id = text.get(at..at + 20).unwrap_or_default();
                let whole = id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
                let alone = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
                assert!(!(whole && alone) || id.ends_with("EXAMPLE"), "{id} in {}", file.path);
            }
        }
    }
}

/// Whether `shape` begins a word of at least 16 letters and digits.
fn has_token(text: &str, shape: &str) -> bool {
    text.match_indices(shape).any(|(at, _)| {
        let starts = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
        let rest = text.get(at + shape.len()..).unwrap_or_default();
        starts && rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric()).count() >= 16
    })
}

#[test]
fn the_intruder_comes_from_the_chosen_network_and_nobody_else_does() {
    let published = ["83.142.209.", "45.148.10."];
    let own = |files: &[File], needle: &str| {
        files
            .iter()
            .filter(|file| file.path.contains("/logs/"))
            .filter(|file| String::from_utf8(plain(file)).expect("text").contains(needle))
            .count()
    };
    assert_eq!(published.iter().map(|needle| own(small(), needle)).sum::<usize>(), 0);
    assert!(own(small(), "203.0.113.") > 0);
    let named = all(&Spec { addresses: Addresses::Published, ..SMALL });
    assert_eq!(own(&named, "203.0.113."), 0);
    assert!(published.iter().all(|needle| own(&named, needle) > 0));
}

#[test]
fn a_sink_that_has_enough_is_not_asked_again() {
    let mut count = 0;
    generate(&SMALL, &mut |_| {
        count += 1;
        count < 200
    });
    assert_eq!(count, 200);
}

#[test]
fn the_large_scenario_has_the_same_estate_and_verdicts() {
    let inventory = |spec: &Spec| {
        let mut files = Vec::new();
        generate(spec, &mut |file| {
            let wanted = file.path.contains("/inventory/");
            if wanted {
                files.push(file);
            }
            wanted
        });
        digest(&files)
    };
    assert_eq!(inventory(&SMALL), inventory(&Spec { size: Size::Large, ..SMALL }));
}
