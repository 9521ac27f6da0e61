//! `kill -9` at a random moment of `run`, 50 times by seed: no event lost, none twice, no step applied twice, the ledger
//! whole, and the same findings as without any kill.
//!
//! `FIREBREAK_KILL_SEED=<n>` runs one other seed; each failure names its seed and keeps nothing else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, unreachable_pub, reason = "a test")]

#[path = "kill/beside.rs"]
mod beside;
#[path = "kill/checks.rs"]
mod checks;
#[path = "kill/inputs.rs"]
mod inputs;
#[path = "kill/receiver.rs"]
mod receiver;
#[path = "kill/storm.rs"]
mod storm;

use firebreak_world::SeededRandom;
use inputs::{Inputs, Written, estate};
use receiver::{Receiver, up_to};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const KILLS_A_SEED: u32 = 10;
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// One installation under test.
struct Installation {
    root: PathBuf,
    receiver: Receiver,
}

impl Installation {
    fn new(root: &Path, seed: u64) -> Installation {
        let receiver = Receiver::start(seed);
        fs::create_dir_all(root.join("inventory")).unwrap();
        fs::write(root.join("inventory/estate.json"), estate()).unwrap();
        fs::write(root.join("key"), "0123456789abcdef0123456789abcdef").unwrap();
        let installation = Installation { root: root.to_owned(), receiver };
        fs::write(installation.config("data"), installation.text("data", "live")).unwrap();
        fs::write(installation.config("calm"), installation.text("calm", "dry_run")).unwrap();
        installation
    }

    fn config(&self, data: &str) -> PathBuf {
        self.root.join(format!("{data}.toml"))
    }

    fn text(&self, data: &str, mode: &str) -> String {
        let (root, address) = (self.root.display(), self.receiver.address());
        let source = |name: &str| format!("[[source]]\nname = \"{name}\"\npaths = [\"{root}/logs/{name}\"]\n");
        format!(
            "data = \"{root}/{data}\"\n{}{}{}[inventory]\npaths = [\"{root}/inventory\"]\n\
             [intake]\nbatch_records = 200\npoll_seconds = 0.02\n[contain]\npolicy = \"act\"\n[act]\nmode = \"{mode}\"\n\
             [responder.webhook.requests.delete_k8s_service_account_tokens]\nurl = \"http://{address}/do\"\n\
             status_url = \"http://{address}/status\"\nsecret = \"file:{root}/key\"\n",
            source("kubernetes_audit"),
            source("github_audit"),
            source("aws_cloudtrail"),
        )
    }

    fn command(&self, data: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
        command.arg("--config").arg(self.config(data)).stdin(Stdio::null());
        command
    }

    /// Runs to its end and gives standard output.
    fn finish(&self, data: &str, arguments: &[&str]) -> String {
        let output = self.command(data).args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?} ended with {}: {error}", output.status);
        assert!(!error.contains("panicked"), "{error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Approves the plans that wait and were not approved before; says how many.
    fn approve(&self, approved: &mut BTreeSet<String>) -> usize {
        if !self.root.join("data/state.sqlite").exists() {
            return 0;
        }
        let before = approved.len();
        for line in self.finish("data", &["approve", "--json"]).lines() {
            let answer: serde_json::Value = serde_json::from_str(line).unwrap();
            let Some(plan) = answer["plan"]["id"].as_str() else { continue };
            // One that a kill or a newer plan came in the way of is asked for again.
            let done = || self.command("data").args(["approve", plan, "--by", "ada@example.com"]).output().unwrap();
            if !approved.contains(plan) && done().status.success() {
                approved.insert(plan.to_owned());
            }
        }
        approved.len() - before
    }

    /// Starts `run` and kills it after `life`.
    fn live_and_die(&self, life: Duration) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.root.join("errors")).unwrap();
        let mut child = self.command("data").arg("run").stdout(Stdio::null()).stderr(log).spawn().unwrap();
        std::thread::sleep(life);
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself: {}", self.errors());
        child.kill().unwrap();
        child.wait().unwrap();
        self.receiver.killed();
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.root.join("errors")).unwrap_or_default()
    }
}

/// Grows the inputs and approves plans until told to stop, while another thread runs and kills the program.
fn meanwhile(installation: &Installation, mut inputs: Inputs, stop: &AtomicBool) -> (Inputs, BTreeSet<String>) {
    let mut approved = BTreeSet::new();
    let mut looks = 0;
    while !stop.load(Ordering::SeqCst) {
        inputs.grow();
        looks += 1;
        if looks % 4 == 0 {
            installation.approve(&mut approved);
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    // Every intruder has done his deed, however quick the kills were.
    for _ in 0..4 * inputs::INTRUDERS {
        inputs.grow();
    }
    (inputs, approved)
}

fn scenario(seed: u64) -> Installation {
    let root = tempfile::tempdir().unwrap().keep();
    let installation = Installation::new(&root, seed);
    let inputs = Inputs::begin(&root.join("logs"), seed);
    let random = SeededRandom::new(seed.wrapping_mul(7_919));
    let stop = AtomicBool::new(false);
    let (inputs, mut approved) = std::thread::scope(|scope| {
        let growing = scope.spawn(|| meanwhile(&installation, inputs, &stop));
        for kill in 0..KILLS_A_SEED {
            // One life in five is long enough for a whole plan.
            let longest = if kill % 5 == 4 { 1_200 } else { 390 };
            installation.live_and_die(Duration::from_millis(10 + up_to(&random, longest)));
        }
        stop.store(true, Ordering::SeqCst);
        growing.join().unwrap()
    });
    let killed_with = checks::Orphans::count(&root.join("data"));
    let mut quiet = 0;
    for _ in 0..10 {
        installation.finish("data", &["run", "--once"]);
        quiet = if installation.approve(&mut approved) == 0 { quiet + 1 } else { 0 };
        if quiet == 2 {
            break;
        }
    }
    check(&installation, &inputs.written, &approved);
    let records = inputs.written.records.len();
    let sent = checks::Sent::of(&installation.receiver.heard());
    eprintln!("seed {seed}: {records} records, {} plans approved, {sent}, {killed_with}", approved.len());
    installation
}

fn check(installation: &Installation, written: &Written, approved: &BTreeSet<String>) {
    assert!(!installation.errors().contains("panicked"), "{}", installation.errors());
    installation.finish("calm", &["run", "--once"]);
    assert!(installation.finish("data", &["verify"]).starts_with("verified"));
    let bundle = installation.root.join("bundle.ndjson");
    installation.finish("data", &["verify", "--export", bundle.to_str().unwrap()]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let state = checks::State::open(&installation.root.join("data")).await;
        let calm = checks::State::open(&installation.root.join("calm")).await;
        state.events(written).await;
        state.quarantine(written);
        state.cursors(&installation.root.join("logs")).await;
        state.nothing_left_over().await;
        state.steps(approved, &installation.receiver.heard()).await;
        state.ledger(&bundle).await;
        assert_eq!(state.findings().await, calm.findings().await);
    });
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_does_nothing_twice() {
    let one = std::env::var("FIREBREAK_KILL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = one.map_or(SEEDS.to_vec(), |seed| vec![seed]);
    let began = Instant::now();
    for seed in &seeds {
        let done = std::panic::catch_unwind(|| scenario(*seed));
        match done {
            Ok(installation) => fs::remove_dir_all(&installation.root).unwrap(),
            Err(why) => {
                eprintln!("failed with FIREBREAK_KILL_SEED={seed}");
                std::panic::resume_unwind(why);
            }
        }
    }
    let kills = seeds.len() as u32 * KILLS_A_SEED;
    eprintln!("{kills} kills in {} s", began.elapsed().as_secs());
}
