//! Logging in by a real Keycloak, as a browser does: its realm, client and people are made through its admin API, its login form is
//! filled in, and the program believes what it signs and nothing else. Without the lab it is skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test")]

#[path = "login/browser.rs"]
mod browser;
#[path = "../../edge/act/tests/lab/keycloak.rs"]
mod keycloak;
#[path = "login/realm.rs"]
mod realm;
#[path = "../../edge/act/tests/lab/server.rs"]
mod server;

use browser::Browser;
use keycloak::Keycloak;
use realm::{CLIENT_SECRET, Realm};
use serde_json::{Value, json};
use server::{Server, free_port};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// `firebreak run` with a console that Keycloak logs people in to.
struct Program {
    address: String,
    _process: Server,
    _directory: tempfile::TempDir,
}

impl Program {
    /// Starts it on `port`; `groups` is the claim that lists groups.
    fn start(port: u16, issuer: &str) -> Program {
        let directory = tempfile::tempdir().unwrap();
        let config = format!(
            "data = \"data\"\n[[source]]\nname = \"kubernetes_audit\"\npaths = [\"logs\"]\n\
             [console]\nlisten = \"127.0.0.1:{port}\"\n\
             [console.oidc]\nissuer = \"{issuer}\"\nclient = \"firebreak\"\nsecret = \"env:FIREBREAK_OIDC_SECRET\"\n\
             [[console.oidc.role]]\ngroup = \"firebreak-approvers\"\nrole = \"approver\"\n\
             [[console.oidc.role]]\ngroup = \"staff\"\nrole = \"viewer\"\n"
        );
        std::fs::create_dir_all(directory.path().join("logs")).unwrap();
        std::fs::write(directory.path().join("firebreak.toml"), config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
        command.args(["--config", "firebreak.toml", "run"]).current_dir(directory.path());
        command.env("FIREBREAK_OIDC_SECRET", CLIENT_SECRET);
        let process = Server::start_within("firebreak", &mut command, port, Duration::from_secs(120));
        Program { address: format!("http://127.0.0.1:{port}"), _process: process, _directory: directory }
    }

    /// Everything that it has written.
    fn written(&self) -> Vec<u8> {
        fn read(path: &Path, into: &mut Vec<u8>) {
            for entry in std::fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    read(&path, into);
                } else if let Ok(bytes) = std::fs::read(&path) {
                    into.extend(bytes);
                }
            }
        }
        let mut all = Vec::new();
        read(&self._directory.path().join("data"), &mut all);
        all
    }

    /// One who has not come in yet.
    fn browser(&self) -> Browser {
        Browser::new(&self.address)
    }

    /// Comes in as `user` from beginning to end: where they land, in which browser.
    async fn enter(&self, user: &str) -> (Browser, String) {
        let mut browser = self.browser();
        let door = browser.begin().await;
        let back = browser.log_in_at(&door, user).await;
        let landed = browser.come_back(&back).await;
        (browser, landed)
    }

    /// Who they are now.
    async fn enters_as(&self, user: &str) -> Value {
        let (mut browser, landed) = self.enter(user).await;
        assert_eq!(landed, "/", "{user}");
        let (status, session) = browser.api("GET", "/session", &[]).await;
        assert_eq!(status, 200, "{session}");
        session
    }
}

/// The same address with another value of one field.
fn with(address: &str, field: &str, value: &str) -> String {
    let (head, query) = address.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if name == field => format!("{name}={value}"),
        _ => pair.to_owned(),
    });
    format!("{head}?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn field(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no {name} in {address}")).1.to_owned()
}

#[tokio::test]
async fn people_come_in_by_keycloak_as_their_groups_say_and_nobody_else_does() {
    let Some(lab) = server::prepared() else { return };
    let keycloak = Keycloak::start(&lab);
    let port = free_port();
    let realm = Realm::make(&keycloak, port).await;
    let program = Program::start(port, &realm.issuer());

    let grace = program.enters_as("grace").await;
    assert_eq!((&grace["name"], &grace["role"]), (&json!("grace@example.com"), &json!("approver")), "{grace}");
    let sam = program.enters_as("sam").await;
    assert_eq!((&sam["name"], &sam["role"]), (&json!("sam@example.com"), &json!("viewer")), "{sam}");
    // Eve wrote an approver's name into her profile; Keycloak has not verified it.
    for (user, word) in [("eve", "unnamed"), ("walter", "no-role")] {
        let (mut browser, landed) = program.enter(user).await;
        assert_eq!(landed, format!("/#refused={word}"), "{user}");
        assert_eq!(browser.api("GET", "/session", &[]).await.0, 401, "{user}");
    }
    what_was_changed_on_the_way_lets_nobody_in(&program).await;
    an_ended_session_lets_nobody_in(&program).await;
    fresh_keys_of_the_provider_are_followed(&program, &realm).await;
    assert!(!program.written().windows(CLIENT_SECRET.len()).any(|part| part == CLIENT_SECRET.as_bytes()));
}

async fn what_was_changed_on_the_way_lets_nobody_in(program: &Program) {
    // The token is of another login than the one that this browser began.
    let mut browser = program.browser();
    let door = with(&browser.begin().await, "nonce", "of-another-login");
    let back = browser.log_in_at(&door, "grace").await;
    assert_eq!(browser.come_back(&back).await, "/#refused=token", "another nonce");

    let mut browser = program.browser();
    let door = browser.begin().await;
    let back = browser.log_in_at(&door, "grace").await;
    assert_eq!(browser.come_back(&with(&back, "state", "guessed")).await, "/#refused=late", "another state");
    let mut stranger = program.browser();
    assert_eq!(stranger.come_back(&back).await, "/#refused=late", "another browser with somebody's return");
    assert_eq!(browser.come_back(&back).await, "/#refused=late", "a try uses it up");

    // A code that was used, under a state that was not.
    let mut browser = program.browser();
    let door = browser.begin().await;
    let back = browser.log_in_at(&door, "grace").await;
    assert_eq!(browser.come_back(&back).await, "/");
    assert_eq!(browser.come_back(&back).await, "/#refused=late", "the whole return again");
    let mut again = program.browser();
    let state = field(&again.begin().await, "state");
    assert_eq!(again.come_back(&with(&back, "state", &state)).await, "/#refused=provider", "a used code");

    // Somebody else's code that nobody has used yet: Keycloak holds it against the challenge of the login that it was made for.
    let mut theirs = program.browser();
    let door = theirs.begin().await;
    let back = theirs.log_in_at(&door, "grace").await;
    let mut mine = program.browser();
    let state = field(&mine.begin().await, "state");
    assert_eq!(mine.come_back(&with(&back, "state", &state)).await, "/#refused=provider", "somebody else's code");
    assert_eq!(mine.api("GET", "/session", &[]).await.0, 401);

    // Keycloak's own word that it was another issuer.
    let mut browser = program.browser();
    let door = browser.begin().await;
    let back = browser.log_in_at(&door, "grace").await;
    assert_eq!(browser.come_back(&with(&back, "iss", "https%3A%2F%2Fevil.example")).await, "/#refused=provider");
}

async fn an_ended_session_lets_nobody_in(program: &Program) {
    let (mut browser, landed) = program.enter("grace").await;
    assert_eq!(landed, "/");
    let cookie = browser.session().expect("a session");
    let csrf = browser.api("GET", "/session", &[]).await.1["csrf"].as_str().unwrap().to_owned();
    let (origin, proof) = (("origin", program.address.as_str()), ("x-csrf-token", csrf.as_str()));
    assert_eq!(browser.api("DELETE", "/session", &[origin]).await.0, 403, "without its proof");
    assert_eq!(browser.api("DELETE", "/session", &[origin, proof]).await.0, 204);
    let mut thief = program.browser();
    thief.hold("firebreak_session", &cookie);
    assert_eq!(thief.api("GET", "/session", &[]).await.0, 401, "the cookie of an ended session");
    // What a browser held before it came in is not what it holds after.
    let mut fixed = program.browser();
    fixed.hold("firebreak_session", "chosen-by-somebody-else");
    let door = fixed.begin().await;
    let back = fixed.log_in_at(&door, "sam").await;
    assert_eq!(fixed.come_back(&back).await, "/");
    assert_ne!(fixed.session().as_deref(), Some("chosen-by-somebody-else"));
}

async fn fresh_keys_of_the_provider_are_followed(program: &Program, realm: &Realm<'_>) {
    let before = realm.signing_keys().await;
    realm.add_keys("rsa-generated", json!({"priority": ["500"], "algorithm": ["RS256"], "keySize": ["2048"]})).await;
    realm.retire(&before).await;
    let after = realm.signing_keys().await;
    assert!(after.iter().all(|key| !before.contains(key)) && !after.is_empty(), "{before:?} {after:?}");
    assert_eq!(program.enters_as("grace").await["role"], "approver", "signed with a key that is new");

    realm.sign_with("ES256").await;
    assert_eq!(program.enters_as("sam").await["role"], "viewer", "signed on a curve");
    assert_eq!(realm.algorithm_of_last_token("sam").await, "ES256", "Keycloak did sign so");

    // A shared secret as a signature proves nothing to us: whoever holds ours could make any token.
    realm.sign_with("HS256").await;
    assert_eq!(program.enter("grace").await.1, "/#refused=token", "signed with a shared secret");
}
