//! What no log should hold, through the binary: nothing panics, nothing is lost without a word, what is sound around the
//! damage is read, and a record that is too long is never held in memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// One input and what must become of it.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    /// Events and quarantined records in a replay, which takes records without a time.
    replayed: (u64, u64),
    /// The same in `run`, which does not.
    run: (u64, u64),
    /// A word of the reason.
    reason: &'static str,
}

fn record(id: &str) -> String {
    format!(
        "{{\"@timestamp\":1774349921000,\"_document_id\":\"{id}\",\"action\":\"git.clone\",\"actor\":\"ada\",\"repo\":\"o/r\"}}\n"
    )
}

/// A damaged record between two sound ones.
fn between(damaged: &[u8]) -> Vec<u8> {
    [record("before").as_bytes(), damaged, b"\n", record("after").as_bytes()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn cut_off() -> Vec<u8> {
    let text: String = (0..2_000).map(|number| record(&format!("r{number}"))).collect();
    let mut whole = gzip(text.as_bytes());
    whole.truncate(whole.len() / 2);
    whole
}

fn case(name: &'static str, damaged: &[u8], counts: (u64, u64), reason: &'static str) -> Case {
    Case { name, bytes: between(damaged), replayed: counts, run: counts, reason }
}

fn cases() -> Vec<Case> {
    let deep =
        format!("{{\"@timestamp\":1774349921000,\"action\":\"a.b\",\"x\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let twice = "{\"@timestamp\":1774349921000,\"action\":\"git.clone\",\"action\":\"repo.create\"}";
    let future = "{\"@timestamp\":99999999999999,\"_document_id\":\"f\",\"action\":\"git.clone\",\"actor\":\"ada\"}";
    let no_time = "{\"_document_id\":\"t\",\"action\":\"git.clone\",\"actor\":\"ada\"}";
    let address = "{\"@timestamp\":1774349921000,\"_document_id\":\"a\",\"action\":\"git.clone\",\"actor_ip\":\"not an address\"}";
    let invalid = b"{\"@timestamp\":1774349921000,\"action\":\"git.clone\",\"actor\":\"\xff\xfe\"}";
    let nan = "{\"@timestamp\":1774349921000,\"action\":\"git.clone\",\"size\":NaN}";
    let garbage: Vec<u8> = (0..4_096_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    vec![
        case("deep", deep.as_bytes(), (2, 1), "deep"),
        case("twice", twice.as_bytes(), (2, 1), "duplicate key"),
        case("invalid", invalid, (2, 1), "UTF-8"),
        case("nan", nan.as_bytes(), (2, 1), "JSON"),
        case("future", future.as_bytes(), (3, 0), ""),
        Case { run: (2, 1), ..case("no-time", no_time.as_bytes(), (3, 0), "no time") },
        case("address", address.as_bytes(), (3, 0), ""),
        Case { bytes: cut_off(), ..case("cut", b"", (u64::MAX, 1), "cut off") },
        Case { bytes: garbage, ..case("garbage", b"", (0, u64::MAX), "") },
    ]
}

fn firebreak(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_firebreak")).args(arguments).output().unwrap();
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    assert!(!String::from_utf8_lossy(&said).contains("panicked"), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    output
}

fn objects(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `u64::MAX` stands for: some, and all of them are accounted for.
fn fits(found: u64, wanted: u64) -> bool {
    if wanted == u64::MAX { found > 0 } else { found == wanted }
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::create_dir_all(directory).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_replay_reads_what_is_sound_and_names_what_is_not() {
    let root = tempfile::tempdir().unwrap();
    for case in cases() {
        let path = write(root.path(), &format!("{}.ndjson", case.name), &case.bytes);
        let path = path.to_str().unwrap();
        let output = firebreak(&["replay", path, "--source", "github_audit", "--json"]);
        let objects = objects(&output);
        let summary = objects.last().unwrap();
        let counts = (summary["events"].as_u64().unwrap(), summary["quarantined"].as_u64().unwrap());
        assert_eq!(output.status.code(), Some(0), "{}", case.name);
        assert!(fits(counts.0, case.replayed.0) && fits(counts.1, case.replayed.1), "{}: {summary}", case.name);
        let shown: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "quarantined").collect();
        assert_eq!(shown.len() as u64, counts.1, "{}", case.name);
        for problem in &shown {
            assert_eq!(problem["position"]["input"], path, "{}", case.name);
            assert!(problem["reason"].as_str().unwrap().contains(case.reason), "{}: {problem}", case.name);
            assert!(!problem["hint"].as_str().unwrap().is_empty(), "{}", case.name);
        }
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(shown.is_empty() || error.contains(path), "{}: {error}", case.name);
    }
}

#[test]
fn run_keeps_what_is_sound_and_puts_the_rest_aside() {
    for case in cases() {
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("logs"), "log.ndjson", &case.bytes);
        let text = format!(
            "data = \"{0}/data\"\n[[source]]\nname = \"github_audit\"\npaths = [\"{0}/logs\"]\n",
            root.path().display()
        );
        let config = write(root.path(), "firebreak.toml", text.as_bytes());
        let output = firebreak(&["--config", config.to_str().unwrap(), "run", "--once", "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
        let objects = objects(&output);
        let summary = objects.last().unwrap();
        let counts = (summary["events"].as_u64().unwrap(), summary["quarantined"].as_u64().unwrap());
        assert!(fits(counts.0, case.run.0) && fits(counts.1, case.run.1), "{}: {summary}", case.name);
        let kept: String = fs::read_dir(root.path().join("data/quarantine"))
            .into_iter()
            .flatten()
            .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        assert_eq!(kept.lines().count() as u64, counts.1, "{}", case.name);
        assert!(kept.lines().all(|line| line.contains(case.reason)), "{}: {kept}", case.name);
    }
}

#[test]
fn nothing_to_read_is_said_and_is_no_success() {
    let root = tempfile::tempdir().unwrap();
    let empty = write(root.path(), "empty.ndjson", b"");
    let absent = root.path().join("absent.ndjson");
    for path in [empty, absent] {
        let path = path.to_str().unwrap();
        let output = firebreak(&["replay", path, "--source", "github_audit", "--json"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(path) && error.contains("hint: "), "{error}");
        let quarantined = objects(&output).iter().filter(|object| object["kind"] == "quarantined").count();
        assert_eq!(output.status.code(), Some(if quarantined > 0 { 0 } else { 1 }), "{error}");
    }
}

/// The most memory that process `id` has held, in bytes, as the kernel counts it.
fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1_024)
}

/// What `replay` says of this file, and the most memory that it took meanwhile, in bytes.
fn replayed(path: &Path) -> (String, u64) {
    let said = path.with_extension("out");
    let mut child = Command::new(env!("CARGO_BIN_EXE_firebreak"))
        .args(["replay", path.to_str().unwrap(), "--source", "github_audit", "--json"])
        .stdout(fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        most = most.max(peak(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    assert_eq!(status.code(), Some(0));
    (fs::read_to_string(said).unwrap(), most)
}

#[test]
fn a_line_of_a_hundred_megabytes_is_put_aside_without_being_held() {
    let root = tempfile::tempdir().unwrap();
    let short = root.path().join("short.ndjson");
    fs::write(&short, record("before")).unwrap();
    let long = root.path().join("long.ndjson");
    let mut file = fs::File::create(&long).unwrap();
    file.write_all(record("before").as_bytes()).unwrap();
    file.write_all(b"{\"@timestamp\":1774349921000,\"action\":\"git.clone\",\"x\":\"").unwrap();
    for _ in 0..100 {
        file.write_all(&[b'a'; 1_000_000]).unwrap();
    }
    file.write_all(b"\"}\n").unwrap();
    file.write_all(record("after").as_bytes()).unwrap();
    let ((_, usual), (said, most)) = (replayed(&short), replayed(&long));
    let summary: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!((&summary["events"], &summary["quarantined"]), (&2.into(), &1.into()), "{said}");
    assert!(said.contains("\"line\":2"), "{said}");
    // The limit of one record is 16 MiB, and a buffer doubles as it grows: with what it grew from, less than the line.
    assert!(usual > 0 && most < usual + (80 << 20), "{most} bytes, {usual} without the line");
}
