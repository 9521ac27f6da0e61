//! The API against what its OpenAPI document says, by a generator of calls that is not ours: schemathesis, over a state that the demo
//! made, on the real program. Without the lab it is skipped. `SCHEMATHESIS_EXAMPLES=200 SCHEMATHESIS_SEED=7` look further by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test")]

mod program;
#[path = "../../edge/act/tests/lab/server.rs"]
mod server;

use program::firebreak;
use server::{Server, free_port};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Examples of each endpoint, beside those that cover each keyword of its schema.
const EXAMPLES: &str = "5";
const SEED: &str = "20260324";

fn wanted(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}

/// A fresh token of `role`: its id and its secret.
fn token(root: &Path, role: &str) -> (String, String) {
    let person = format!("{role}@example.com");
    let words = ["--config", "there/firebreak.toml", "api", "token", "new", "--for", &person, "--role", role, "--json"];
    let said = firebreak(root, &words);
    assert_eq!(said.code, 0, "{}", said.error);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

/// The settings, and a token that may be ended: whoever tries every id that it sees would end its own and be let in nowhere after.
fn settings(root: &Path, role: &str) -> String {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lab/schemathesis/schemathesis.toml");
    let (id, _) = token(root, "viewer");
    let ended = format!(
        "[[operations]]\ninclude-path = \"/api/v1/tokens/{{id}}\"\nparameters = {{ \"path.id\" = \"{id}\" }}\n"
    );
    let path = root.join(format!("{role}.toml"));
    fs::write(&path, fs::read_to_string(committed).unwrap() + &ended).unwrap();
    path.display().to_string()
}

/// The demo's installation, shown on `port` by the program itself.
fn installation(root: &Path, port: u16) -> Server {
    let said = firebreak(root, &["demo", "--keep", "there", "--json"]);
    assert_eq!(said.code, 0, "{}", said.error);
    let config = root.join("there/firebreak.toml");
    let text = fs::read_to_string(&config).unwrap();
    let ours = text.replace("127.0.0.1:9470", &format!("127.0.0.1:{port}"));
    assert_ne!(text, ours, "{text}");
    fs::write(&config, ours).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
    command.args(["--config", "there/firebreak.toml", "run"]).current_dir(root);
    Server::start_within("firebreak", &mut command, port, Duration::from_secs(300))
}

#[test]
fn the_api_does_what_its_document_says_whatever_is_asked() {
    let Some(lab) = server::prepared() else { return };
    let root = tempfile::tempdir().unwrap();
    let port = free_port();
    let _running = installation(root.path(), port);
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let runs = ["viewer", "admin"].map(|role| {
        let mut command = Command::new(lab.join("schemathesis/bin/st"));
        command.args(["--config-file", &settings(root.path(), role), "run"]);
        command.args([here.join("docs/openapi.json").to_str().unwrap(), "--url", &format!("http://127.0.0.1:{port}")]);
        command.args(["--header", &format!("Authorization: Bearer {}", token(root.path(), role).1)]);
        command.args(["--checks", "all"]);
        if role != "admin" {
            // Who calls is asked before what their role may, so one role shows it; strangers may not call often. Nor does the form
            // of a call depend on the role: the phase that covers every schema is the admin's.
            command.args(["--exclude-checks", "ignored_auth", "--phases", "fuzzing,stateful"]);
        }
        command.args(["--max-examples", &wanted("SCHEMATHESIS_EXAMPLES", EXAMPLES)]);
        command.args(["--seed", &wanted("SCHEMATHESIS_SEED", SEED), "--no-color"]);
        // What an earlier run remembered would make two runs differ.
        command.args(["--generation-database", "none"]);
        command.current_dir(root.path());
        let log = fs::File::create(root.path().join(format!("{role}.log"))).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log).spawn().expect("lab/prepare installs schemathesis")
    });
    for (role, mut run) in ["viewer", "admin"].into_iter().zip(runs) {
        let ended = run.wait().unwrap();
        let said = fs::read_to_string(root.path().join(format!("{role}.log"))).unwrap();
        assert!(ended.success(), "as {role}: {said}");
        // Where most calls were refused for their pace or their token, little was looked at. Strangers ask for the ways to log in, and
        // they may not ask often.
        let refused = role == "admin" && said.contains("Authentication failed:");
        let slowed = said.lines().skip_while(|line| !line.starts_with("Rate limited:")).skip(1);
        let mut slowed = slowed.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
        assert!(!refused && slowed.all(|line| line.ends_with("GET /api/v1/login/ways")), "as {role}: {said}");
        let summary = said.lines().rev().take(30).collect::<Vec<_>>().into_iter().rev();
        println!("as {role}:\n{}", summary.collect::<Vec<_>>().join("\n"));
    }
}
