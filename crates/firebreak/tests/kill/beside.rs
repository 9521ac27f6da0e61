//! A platform that takes calls and never answers: it delays neither another incident's first call nor the events, and the
//! metrics say so to whoever shows the token.

use crate::Installation;
use crate::inputs::{INTRUDERS, Inputs, estate};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Keeps every connection open and says nothing; gives its address and the idempotency keys that it saw.
fn silent() -> (String, Arc<Mutex<BTreeSet<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, keys) = (listener.local_addr().unwrap().to_string(), Arc::new(Mutex::new(BTreeSet::new())));
    let seen = Arc::clone(&keys);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || {
                for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                    if let Some(key) = line.to_lowercase().strip_prefix("idempotency-key: ") {
                        seen.lock().unwrap().insert(key.to_owned());
                    }
                }
            });
        }
    });
    (address, keys)
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ask(address: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: here\r\nconnection: close\r\n{header}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The value of a metric without labels.
fn gauge(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

fn configure(root: &Path, installation: &Installation, platform: &str) {
    // Reversible, so that the shipped policy lets it pass by itself.
    fs::write(root.join("inventory/estate.json"), estate().replace("recreate_only", "reversible")).unwrap();
    let text = installation.text("data", "live").replace(installation.receiver.address(), platform);
    fs::write(installation.config("data"), format!("{text}[metrics]\nlisten = \"127.0.0.1:0\"\n")).unwrap();
}

#[test]
fn a_platform_that_never_answers_delays_no_other_incident() {
    let root = tempfile::tempdir().unwrap();
    let (platform, keys) = silent();
    let installation = Installation::new(root.path(), 11);
    configure(root.path(), &installation, &platform);
    let mut inputs = Inputs::begin(&root.path().join("logs"), 11);
    let mut child = installation.command("data").arg("run").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _running = Running(child);
    let said = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let rest = line.split_once("http://")?.1.to_owned();
        Some(rest.split('/').next()?.to_owned())
    });
    let metrics = said.unwrap();
    // Nobody reads the rest: it must not fill the pipe.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));

    // One intruder after the other, each while the calls against those before him hang.
    for intruder in 1..=INTRUDERS {
        (0..4).for_each(|_| inputs.grow());
        until("the call of the next incident", || keys.lock().unwrap().len() as u64 >= intruder);
    }
    assert!(ask(&metrics, "").starts_with("HTTP/1.1 401"), "metrics are for those who show the token");
    let token = fs::read_to_string(root.path().join("data/metrics.token")).unwrap();
    let header = format!("authorization: Bearer {}\r\n", token.trim());
    until("the metrics of the plans under way", || {
        gauge(&ask(&metrics, &header), "firebreak_plans_under_way").is_some_and(|plans| plans >= INTRUDERS as f64)
    });
    let text = ask(&metrics, &header);
    assert!(text.contains("# TYPE firebreak_effective_denial_seconds histogram"), "{text}");
}
