//! The command line as people and scripts meet it: the packaged incident from command to command, exit codes, JSON as
//! `docs/json.md` says, lines that fit a terminal, and errors that say what to do.

#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub, reason = "a test")]

#[path = "commands/changing.rs"]
mod changing;
#[path = "kill/inputs.rs"]
mod inputs;
#[path = "commands/muting.rs"]
mod muting;
mod platform;
mod program;
#[path = "kill/receiver.rs"]
mod receiver;

use program::firebreak;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn documentation(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// The fields of each kind as the page lists them: words in backticks outside of any bracket.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(documentation("json.md")).unwrap();
    let mut kinds = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (mut depth, mut fields, mut word) = (0, BTreeSet::new(), None::<String>);
        for character in cells[3].chars() {
            match (character, &mut word) {
                ('`', Some(done)) => {
                    fields.insert(std::mem::take(done));
                    word = None;
                }
                (_, Some(open)) => open.push(character),
                ('`', None) if depth == 0 => word = Some(String::new()),
                ('{' | '[' | '(', None) => depth += 1,
                ('}' | ']' | ')', None) => depth -= 1,
                _ => {}
            }
        }
        kinds.insert(cells[1].trim_matches('`').to_owned(), fields);
    }
    kinds
}

/// One session of commands, and every field of every kind of object that it has seen.
struct Session {
    directory: PathBuf,
    seen: BTreeMap<String, BTreeSet<String>>,
}

impl Session {
    /// Runs a command for people and for scripts; gives its last JSON object.
    fn both(&mut self, code: i32, arguments: &[&str]) -> Value {
        let said = firebreak(&self.directory, arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.error);
        for line in said.out.lines() {
            let columns = line.chars().count();
            // A line that is to be copied is one line: a path or a key is as long as it is.
            assert!(columns <= 100 || line.starts_with("next: "), "{columns} columns of {arguments:?}: {line}");
        }
        self.json(code, arguments)
    }

    fn json(&mut self, code: i32, arguments: &[&str]) -> Value {
        let said = firebreak(&self.directory, &[arguments, &["--json"]].concat());
        assert_eq!(said.code, code, "{arguments:?}: {}", said.error);
        let mut last = Value::Null;
        for line in said.out.lines() {
            last = serde_json::from_str(line).unwrap();
            let mut fields: BTreeSet<String> = last.as_object().unwrap().keys().cloned().collect();
            assert!(fields.remove("kind"), "{line}");
            self.seen.entry(last["kind"].as_str().unwrap().to_owned()).or_default().extend(fields);
        }
        last
    }
}

/// The packaged incident, from files to a plan.
fn packaged_incident(session: &mut Session) {
    let written = session.json(0, &["scenario", "sand"]);
    assert!(written["files"].as_u64() > Some(100) && written["kind"] == "scenario", "{written}");
    assert_eq!(firebreak(&session.directory, &["scenario", "sand"]).code, 1, "it overwrites nothing");
    let exposed = session.both(3, &["exposed", "--logs", "sand/logs", "--inventory", "sand/inventory"]);
    assert!(exposed["verdicts"]["exposed"].as_u64() > Some(0), "{exposed}");
    profiles(session);
    let truth: Value = serde_json::from_slice(&fs::read(session.directory.join("sand/truth.json")).unwrap()).unwrap();
    let lost = truth["credentials_lost"][0].as_str().unwrap();
    let from = ["--inventory", "sand/inventory", "--from", lost, "--now", "2026-03-25T00:00:00Z"];
    let reach = session.both(0, &[&["reach"][..], &from].concat());
    assert_eq!(reach["sources"][0], lost);
    let way = &reach["ways"][0]["sentences"];
    assert!(way[0]["text"].as_str().unwrap().starts_with("Whoever holds") && way[0]["evidence"].is_string(), "{way}");
    governing(session, &from);
    questions(session, lost);
    one_account(session);
    let plan = session.both(3, &[&["plan"][..], &from].concat());
    assert_eq!(plan["decision"], "needs_approval", "{plan}");
    assert!(plan["plan"]["id"].is_string() && plan["plan"]["steps"].is_array(), "{plan}");
    let with = session.json(3, &[&["plan", "--alternatives", "2"][..], &from].concat());
    let others = with["alternatives"].as_array().unwrap();
    let cheapest = with["plan"]["cost"].as_u64();
    assert!(!others.is_empty() && others.iter().all(|other| other["cost"].as_u64() >= cheapest), "{with}");
    let unknown =
        firebreak(&session.directory, &["reach", "--inventory", "sand/inventory", "--from", "credential:aws/AKIANONE"]);
    assert!(unknown.code == 1 && unknown.error.contains("unknown, not nothing"), "{}", unknown.error);
    session.both(0, &["check"]);
    fs::write(session.directory.join("bad.yml"), "title: half a rule\n").unwrap();
    assert!(session.both(3, &["check", "bad.yml"])["errors"].as_u64() > Some(0));
}

/// What the files of a directory hold: as numbers, as an inventory, and place by place.
fn classifying(session: &mut Session) {
    fs::create_dir_all(session.directory.join("share")).unwrap();
    fs::write(session.directory.join("share/people.csv"), "name,ssn\nAda,536-22-1847\nBob,536-22-1848\n").unwrap();
    let counted = session.both(0, &["classify", "share", "--name", "hr", "--output", "stores/hr.json"]);
    let ssn = counted["held"].as_array().unwrap().iter().find(|one| one["class"] == "ssn").unwrap().clone();
    assert_eq!(
        (&counted["resource"], &ssn["records"]),
        (&Value::from("resource:file/hr"), &Value::from(2)),
        "{counted}"
    );
    let data = session.both(0, &["data", "--inventory", "stores"]);
    assert_eq!(data["classes"][0]["records"], 2, "{data}");
    let places = session.both(0, &["classify", "share", "--places"]);
    assert_eq!((&places["places"], &places["files"]), (&Value::from(2), &Value::from(1)), "{places}");
    let said = firebreak(&session.directory, &["classify", "share", "--places"]);
    assert!(said.out.contains("people.csv:13-24 ssn") && !said.out.contains("536"), "{}", said.out);
    assert!(!fs::read_to_string(session.directory.join("stores/hr.json")).unwrap().contains("536"));
    history(session);
}

/// What was removed from a repository is still in its history.
fn history(session: &mut Session) {
    let repository = session.directory.join("repository");
    let git = |words: &[&str]| {
        let own = ["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgSign=false"];
        let mut command = std::process::Command::new("git");
        command.args(own).args(words).current_dir(&repository).env("GIT_CONFIG_GLOBAL", "/dev/null");
        assert!(command.status().unwrap().success(), "{words:?}");
    };
    fs::create_dir_all(&repository).unwrap();
    git(&["init", "--quiet"]);
    fs::write(repository.join("people.csv"), "name,ssn\nAda,536-22-1847\n").unwrap();
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "-m", "in"]);
    git(&["rm", "--quiet", "people.csv"]);
    git(&["commit", "--quiet", "-m", "out"]);
    let counted =
        session.both(0, &["classify", "git", "repository", "--name", "github/acme/hr", "--output", "stores/git.json"]);
    assert_eq!(
        (&counted["resource"], &counted["held"][0]["documents_past"]),
        (&Value::from("resource:github/acme/hr"), &Value::from(1))
    );
    let places = session.both(0, &["classify", "git", "repository", "--places"]);
    assert_eq!(places["places"], 1, "{places}");
    let said = firebreak(&session.directory, &["classify", "git", "repository", "--places"]);
    assert!(said.out.contains("removed by") && !said.out.contains("536"), "{}", said.out);
    let wrong = firebreak(&session.directory, &["classify", "mysql://db/hr"]);
    assert!(wrong.code == 1 && wrong.error.contains("no kind of store"), "{}", wrong.error);
}

/// What is asked all year: who may do what, where data lies, in whose custody, and who must be told of a loss.
fn governing(session: &mut Session, from: &[&str]) {
    let data = session.both(0, &["data", "--inventory", "sand/inventory", "--logs", "sand/logs", "--class", "ssn"]);
    assert!(data["classes"][0]["records"].as_u64() > Some(0), "{data}");
    classifying(session);
    let same = session.both(0, &["data", "--inventory", "sand/inventory", "--since", "sand/inventory"]);
    assert_eq!(same["drift"].as_array().map(Vec::len), Some(0), "an inventory is not other than itself");
    fs::create_dir_all(session.directory.join("empty")).unwrap();
    let new = session.both(3, &["data", "--inventory", "sand/inventory", "--since", "empty"]);
    assert!(new["drift"].as_array().unwrap().iter().any(|one| one["change"] == "copy"), "{new}");
    let access = session.both(
        0,
        &["access", "--inventory", "sand/inventory", "--logs", "sand/logs", "--as-of", "2026-04-02T06:00:00Z"],
    );
    assert_eq!(
        (access["denied"].as_u64(), access["left"].as_u64() < access["granted"].as_u64()),
        (Some(0), true),
        "{access}"
    );
    let editor = r#"{"format": "firebreak.snapshot/1", "environment": "environment:host/laptop-7", "taken": "2026-03-20T00:00:00Z",
        "packages": [{"ecosystem": "OpenVSX", "name": "acme.helper", "version": "1.0.0"}]}"#;
    fs::create_dir_all(session.directory.join("editors/environments")).unwrap();
    fs::write(session.directory.join("editors/environments/laptop-7.json"), editor).unwrap();
    assert_eq!(session.both(0, &["apps", "--inventory", "editors"])["editor_extensions"], 1);
    let apps = session
        .both(0, &["apps", "--inventory", "sand/inventory", "--logs", "sand/logs", "--as-of", "2026-04-02T06:00:00Z"]);
    assert!(apps["shadow"].as_u64() > Some(0) && apps["apps"].as_u64() > apps["shadow"].as_u64(), "{apps}");
    let duties = session.both(0, &[&["duties", "--drafts", "drafts"][..], from].concat());
    assert!(!duties["duties"].as_array().unwrap().is_empty() && !duties["drafts"].as_array().unwrap().is_empty());
    let register = "format = \"firebreak.register/1\"\n";
    fs::write(session.directory.join("register.toml"), register).unwrap();
    let custody = session.both(3, &["custody", "--inventory", "sand/inventory", "--register", "register.toml"]);
    assert!(custody["undeclared"].as_u64() > Some(0), "{custody}");
}

/// An incident profile begun, found wanting, and one changed: whose verdicts follow.
fn profiles(session: &mut Session) {
    session.json(0, &["profile", "new", "thing-2026-05"]);
    assert_eq!(firebreak(&session.directory, &["profile", "new", "thing-2026-05"]).code, 1, "it overwrites nothing");
    let checked = session.both(3, &["profile", "check", "profiles/thing-2026-05"]);
    assert_eq!((checked["profiles"].as_u64(), checked["problems"].as_u64()), (Some(1), Some(1)), "{checked}");
    let said = firebreak(&session.directory, &["profile", "check", "profiles/thing-2026-05"]).out;
    assert!(said.contains("profiles/thing-2026-05/profile.toml:3: ") && said.contains("\nhint: "), "{said}");
    let own = documentation("../profiles/litellm-2026-03/profile.toml");
    session.both(0, &["profile", "check", own.parent().unwrap().to_str().unwrap()]);
    // An early report called 1.82.7 clean, and 1.82.8 is left out.
    let text = fs::read_to_string(&own).unwrap().replace("versions = [\"1.82.8\"]", "versions = [\"1.82.80\"]");
    let text = text.replace("d2a0d5f564628773b6af7b9c11f6b86531a875bd2d186d7081ab62748a800ebb", &"0".repeat(64));
    fs::create_dir_all(session.directory.join("old/litellm-2026-03")).unwrap();
    fs::write(session.directory.join("old/litellm-2026-03/profile.toml"), text).unwrap();
    let logs = ["--logs", "sand/logs", "--inventory", "sand/inventory"];
    let changed = session.both(3, &[&["profile", "diff", "old/litellm-2026-03"][..], &logs].concat());
    assert!(changed["milder"].as_u64() > Some(0) && changed["graver"].as_u64() == Some(0), "{changed}");
    let own = own.to_str().unwrap();
    let back = session.both(3, &[&["profile", "diff", "old/litellm-2026-03", own][..], &logs].concat());
    assert_eq!((&back["graver"], &back["changed"]), (&changed["milder"], &changed["changed"]), "{back}");
    let same = session.both(0, &[&["profile", "diff", own][..], &logs].concat());
    assert_eq!(same["changed"].as_u64(), Some(0), "{same}");
}

/// One account of the packaged incident, asked alone.
fn one_account(session: &mut Session) {
    let mut accounts = fs::read_dir(session.directory.join("sand/inventory/aws")).unwrap();
    let folder = accounts.next().unwrap().unwrap().path();
    let details: Value = serde_json::from_slice(&fs::read(folder.join("authorization-details.json")).unwrap()).unwrap();
    let user = details["UserDetailList"][0]["Arn"].as_str().unwrap();
    let folder = folder.to_str().unwrap().to_owned();
    let reach = session.both(0, &["reach", "--aws-account", &folder, "--from", user]);
    assert!(reach["from"] == user && reach["admin"].is_string() && reach["gaps"].is_array(), "{reach}");
    let wrong = |file: &str, from: &str| {
        let said = firebreak(&session.directory, &["reach", "--aws-account", file, "--from", from]);
        assert!(said.code == 1 && said.error.contains("\nhint: "), "{}", said.error);
        said.error
    };
    let unknown = wrong(&folder, &format!("{user}x"));
    assert!(unknown.contains("unknown, not nothing") && unknown.contains(&format!("`{user}`")), "{unknown}");
    assert!(wrong("sand/truth.json", user).contains("does not describe an AWS account"));
    assert!(wrong("sand/none.json", user).contains("cannot read"));
}

/// Standing questions to the map, and the map for other programs.
fn questions(session: &mut Session, lost: &str) {
    let inventory = ["--inventory", "sand/inventory"];
    let answers = session.both(0, &[&["map", "questions", "--as-of", "2026-03-24T12:00:00Z"], &inventory[..]].concat());
    let reaching = answers["coverage"]["reaching"].as_u64().unwrap();
    let counted = ["automatic", "person", "none"].map(|word| answers["coverage"][word].as_u64().unwrap());
    assert!(reaching > 0 && counted.iter().sum::<u64>() == reaching, "{answers}");
    assert!(answers["exposures"].as_array().unwrap().len() > 3, "{answers}");
    let keyring = &answers["keyrings"]["packages"][0];
    assert!(keyring["credentials"].as_u64() > Some(0) && keyring["records"].as_u64() > Some(0), "{keyring}");
    let package = keyring["package"].as_str().unwrap();
    let from_package = session.both(0, &[&["reach", "--from", package], &inventory[..]].concat());
    assert!(
        !from_package["ways"].as_array().unwrap().is_empty(),
        "a package leads to what it can read: {from_package}"
    );
    let whole = session.both(0, &[&["map", "export", "--output", "whole.json"], &inventory[..]].concat());
    let part = session.both(0, &[&["map", "export", "--output", "part.json", "--from", lost], &inventory[..]].concat());
    assert!(part["nodes"].as_u64() < whole["nodes"].as_u64() && part["nodes"].as_u64() > Some(1), "{part}");
    let file = fs::read(session.directory.join("part.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(file["nodes"].as_array().unwrap().len() as u64, part["nodes"].as_u64().unwrap());
    for format in ["graphml", "graphviz", "opengraph"] {
        let said = firebreak(&session.directory, &[&["map", "export", "--format", format], &inventory[..]].concat());
        assert!(said.code == 0 && said.out.contains(lost), "{format}: {}", said.error);
    }
}

/// A plan of the ledger goes out as a playbook and comes back.
fn playbooks(session: &mut Session, plan: &str) {
    let export = ["--config", "firebreak.toml", "playbook", "export", plan];
    session.both(0, &[&export[..], &["--output", "plan.json"]].concat());
    assert_eq!(session.json(0, &export)["playbook"]["spec_version"], "cacao-2.0");
    assert_eq!(session.both(0, &["playbook", "check", "plan.json"])["guided"], 0);
    session.both(0, &["playbook", "import", "plan.json", "--output", "prepared.toml"]);
}

/// An installation: watched, decided, approved, verified, taken back.
/// Questions to the lake, the live view, completions and manual pages.
fn looking(session: &mut Session) {
    let with = |arguments: &[&'static str]| [&["--config", "firebreak.toml"], arguments].concat();
    let hunted = session.both(0, &with(&["hunt", "SELECT source, count(*) FROM events GROUP BY source"]));
    assert_eq!(hunted["rows"][0][0], "kubernetes_audit");
    assert_eq!(hunted["rows"][0][1], hunted["events"], "{hunted}");
    let wide = session.both(0, &with(&["hunt", "SELECT * FROM events LIMIT 5"]));
    assert_eq!((wide["rows"].as_array().unwrap().len(), &wide["more"]), (5, &Value::from(false)));
    session.both(0, &with(&["hunt", "--saved", "by_hour"]));
    session.both(0, &with(&["hunt", "--schema"]));
    for wrong in [
        &["hunt", "DROP TABLE events"][..],
        &["hunt"],
        &["hunt", "--saved", "nothing"],
        &["hunt", "SELECT x FROM events"],
    ] {
        let refused = firebreak(&session.directory, &with(wrong));
        assert!(refused.code == 1 && refused.error.contains("hint: "), "{wrong:?}: {}", refused.error);
    }
    let file = fs::read_dir(session.directory.join("data/lake")).unwrap().flatten().next().unwrap().path();
    let file = fs::read_dir(file).unwrap().flatten().next().unwrap().path();
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let gap = session.both(3, &with(&["hunt", "SELECT count(*) FROM events"]));
    assert!(
        gap["gaps"][0].as_str().unwrap().contains("could not be read")
            && gap["events"].as_u64() < hunted["events"].as_u64(),
        "{gap}"
    );
    fs::write(&file, whole).unwrap();

    let top = session.both(0, &with(&["top", "--once"]));
    assert!(top["totals"]["events"].as_u64() > Some(0) && top["incidents"][0]["id"].is_string(), "{top}");
    let pages = session.both(0, &["man", "man1"]);
    assert!(pages["pages"].as_u64() > Some(40), "{pages}");
    let page = fs::read_to_string(session.directory.join("man1/firebreak-api-token-new.1")).unwrap();
    assert!(page.contains(".SH OPTIONS") && page.contains("viewer, responder"), "{page}");
    for shell in ["bash", "zsh", "fish"] {
        let script = firebreak(&session.directory, &["completions", shell]);
        assert!(
            script.code == 0 && script.out.contains("firebreak") && script.out.contains("hunt"),
            "{shell}: {}",
            script.error
        );
    }
}

fn installation(session: &mut Session) {
    let root = session.directory.clone();
    fs::create_dir_all(root.join("inventory")).unwrap();
    fs::write(root.join("inventory/estate.json"), inputs::estate()).unwrap();
    let mut logs = inputs::Inputs::begin(&root.join("logs"), 7);
    (0..4 * inputs::INTRUDERS).for_each(|_| logs.grow());
    let config = "data = \"data\"\n[[source]]\nname = \"kubernetes_audit\"\npaths = [\"logs/kubernetes_audit\"]\n\
        [inventory]\npaths = [\"inventory\"]\n[contain]\npolicy = \"ask\"\n";
    fs::write(root.join("firebreak.toml"), config).unwrap();
    let with = |arguments: &[&'static str]| [&["--config", "firebreak.toml"], arguments].concat();
    let ran = session.json(0, &with(&["run", "--once"]));
    assert_eq!(ran["findings"].as_u64(), Some(inputs::INTRUDERS), "{ran}");
    session.both(0, &with(&["run", "--once"]));
    session.both(3, &with(&["approve"]));
    let waiting = firebreak(&root, &with(&["approve", "--json"])).out;
    let first: Value = serde_json::from_str(waiting.lines().next().unwrap()).unwrap();
    let plan = first["plan"]["id"].as_str().unwrap().to_owned();
    playbooks(session, &plan);
    assert_eq!(firebreak(&root, &["--config", "firebreak.toml", "approve", &plan]).code, 1, "nobody approved it");
    session.both(0, &["--config", "firebreak.toml", "approve", &plan, "--by", "ada@example.com"]);
    session.both(0, &with(&["run", "--once"]));
    let cancel = ["--config", "firebreak.toml", "cancel", &plan, "--by", "ada@example.com", "--because"];
    assert_eq!(firebreak(&root, &[&cancel[..], &[" "]].concat()).code, 1, "without a reason");
    session.both(0, &[&cancel[..], &["a drill"]].concat());
    session.both(0, &["--config", "firebreak.toml", "undo", &plan, "--by", "ada@example.com", "--because", "a drill"]);
    let again = firebreak(&root, &["--config", "firebreak.toml", "approve", &plan, "--by", "bo@example.com"]);
    assert!(again.code == 1 && again.error.contains("waits for nobody"), "{}", again.error);
    let said = session
        .both(0, &["replay", "logs/kubernetes_audit", "--source", "kubernetes_audit", "--inventory", "inventory"]);
    // A replay ends, so that it also finds what `run` still waits for.
    assert!(said["findings"].as_u64() >= ran["findings"].as_u64(), "{said}");
    looking(session);
    drifting(session);
    session.json(0, &with(&["api", "login"]));
    let new = ["api", "token", "new", "--for", "ci@example.com", "--role", "viewer", "--scope", "plans"];
    let token = session.json(0, &with(&new));
    assert!(token["token"].as_str().unwrap().starts_with("fbk_"), "{token}");
    session.json(0, &with(&["api", "token", "list"]));
    session.json(0, &["--config", "firebreak.toml", "api", "token", "revoke", token["id"].as_str().unwrap()]);
    session.both(0, &with(&["verify"]));
    session.json(0, &with(&["verify", "--export", "bundle.ndjson"]));
    session.both(0, &["verify", "bundle.ndjson", "--key", "bundle.pub"]);
    let mut bytes = fs::read(root.join("bundle.ndjson")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(root.join("changed.ndjson"), bytes).unwrap();
    let changed = session.both(4, &["verify", "changed.ndjson", "--key", "bundle.pub"]);
    assert!(changed["fault"].is_string() && changed["verified"] == false, "{changed}");
}

/// A class that turns up where it was not is told once, and what was there from the beginning is no news.
fn drifting(session: &mut Session) {
    let root = session.directory.clone();
    let run = || {
        let ran = firebreak(&root, &["--config", "firebreak.toml", "run", "--once"]);
        assert_eq!(ran.code, 0, "{}", ran.error);
        ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let holds = |name: &str, records: u64| {
        let text = format!(
            "{{\"format\": \"firebreak.estate/1\", \"taken\": \"2026-03-24T10:00:00Z\", \"stores\": [{{\"resource\": \"resource:file/{name}\", \
             \"holdings\": [{{\"class\": \"ssn\", \"records\": {records}}}]}}]}}"
        );
        fs::write(root.join(format!("inventory/{name}.json")), text).unwrap();
    };
    holds("known", 3);
    assert!(run().contains("events in"), "the first map, or another place beside those that were there");
    holds("copy", 5);
    let said = run();
    assert!(said.contains("data map: 1 new copy new copy: 5 records of ssn in resource:file/copy"), "{said}");
    assert!(said.contains("next: firebreak --config firebreak.toml data"), "{said}");
    assert!(!run().contains("data map:"), "it is told once");
    fs::remove_file(root.join("inventory/copy.json")).unwrap();
}

/// The glass is broken before anything happens: what the policy would let pass waits for a person, and goes on when
/// automatic actions do.
fn pausing(session: &mut Session) {
    let outer = session.directory.clone();
    session.directory = outer.join("paused");
    let root = session.directory.clone();
    fs::create_dir_all(root.join("inventory")).unwrap();
    let estate = inputs::estate().replace("recreate_only", "reversible");
    fs::write(root.join("inventory/estate.json"), estate).unwrap();
    let mut logs = inputs::Inputs::begin(&root.join("logs"), 7);
    let config = "data = \"data\"\n[[source]]\nname = \"kubernetes_audit\"\npaths = [\"logs/kubernetes_audit\"]\n\
        [inventory]\npaths = [\"inventory\"]\n[contain]\npolicy = \"act\"\n";
    fs::write(root.join("firebreak.toml"), config).unwrap();
    let with = |arguments: &[&'static str]| [&["--config", "firebreak.toml"], arguments].concat();
    session.json(0, &with(&["run", "--once"]));
    muting::muting(session);
    let pause = ["pause", "--by", "ada@example.com", "--because"];
    let bare = firebreak(&root, &with(&[&pause[..], &[" "]].concat()));
    assert!(bare.code == 1 && bare.error.contains("needs a reason"), "{}", bare.error);
    let paused = session.both(0, &with(&[&pause[..], &["payroll runs"]].concat()));
    let (because, by) = (paused["because"].as_str(), paused["by"].as_str());
    assert_eq!((because, by), (Some("payroll runs"), Some("identity:person/ada@example.com")));
    (0..4 * inputs::INTRUDERS).for_each(|_| logs.grow());
    let ran = firebreak(&root, &with(&["run", "--once"]));
    let said = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("automatic actions are paused") && !said.contains("rehearsed"), "{said}");
    session.both(3, &with(&["approve"]));
    session.both(0, &with(&["resume", "--by", "ada@example.com"]));
    let ran = firebreak(&root, &with(&["run", "--once"]));
    assert!(ran.out.contains("rehearsed"), "what waited goes on: {}", ran.out);
    session.both(0, &with(&["approve"]));
    session.both(0, &with(&["verify"]));
    session.directory = outer;
}

/// Policies are tried before they decide: on cases, and on what the installation has decided.
fn policies(session: &mut Session) {
    let root = session.directory.clone();
    let shipped = session.both(0, &["policy", "test"]);
    assert!(shipped["cases"].as_u64() > Some(15) && shipped["failed"] == 0, "{shipped}");
    let mine = "permit (principal, action, resource) when { context.hour < 24 };";
    fs::write(root.join("mine.cedar"), mine).unwrap();
    let cases = "policies = [\"mine.cedar\"]\n[[case]]\nname = \"nobody decides\"\nexpect = \"denied\"\n\
        steps = [{ action = \"okta_user/suspend\", target = \"identity:person/ada@example.com\" }]\n";
    fs::write(root.join("mine.toml"), cases).unwrap();
    let failed = session.both(3, &["policy", "test", "mine.toml"]);
    assert!(failed["cases"] == 1 && failed["failed"] == 1, "{failed}");
    let said = firebreak(&root, &["policy", "test", "mine.toml"]).out;
    assert!(said.contains("FAIL nobody decides") && said.contains("approved in place of denied"), "{said}");
    fs::write(root.join("mine.toml"), cases.replace("expect = \"denied\"", "expect = \"approved\"")).unwrap();
    session.both(0, &["policy", "test", "mine.toml"]);
    fs::write(root.join("wrong.cedar"), "permit (principal, action, resource) when { context.moon > 1 };").unwrap();
    let wrong = firebreak(&root, &["policy", "simulate", "--file", "wrong.cedar"]);
    assert!(wrong.code == 1 && wrong.error.contains("moon"), "{}", wrong.error);
    // What waited for people under `ask` would have been denied under `watch`, and done under a policy that permits all.
    let with = |arguments: &[&'static str]| [&["--config", "firebreak.toml", "policy", "simulate"], arguments].concat();
    for (policy, answer) in [(["--policy", "watch"], "denied"), (["--file", "mine.cedar"], "approved")] {
        let total = session.both(0, &with(&policy));
        assert!(total["plans"].as_u64() > Some(0) && total["differ"] == total["plans"], "{total}");
        let said = firebreak(&root, &with(&[&policy[..], &["--json"]].concat())).out;
        let first: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        assert!(first["was"] == "needs_approval" && first["would"]["answer"] == answer, "{first}");
    }
    assert_eq!(session.both(0, &with(&["--policy", "ask"]))["differ"], 0);
    // A standing policy that is off.
    let would = session.both(0, &with(&["--standing", "breaker"]));
    assert!(would["standing_policy"] == "breaker" && would["findings"].is_u64(), "{would}");
    // The owner's policies decide in place of a set.
    let config = fs::read_to_string(root.join("firebreak.toml")).unwrap();
    fs::write(root.join("own.toml"), config.replace("policy = \"ask\"", "policies = [\"mine.cedar\"]")).unwrap();
    session.both(0, &["--config", "own.toml", "check"]);
    fs::write(root.join("own.toml"), config.replace("policy = \"ask\"", "policies = [\"wrong.cedar\"]")).unwrap();
    session.both(3, &["--config", "own.toml", "check"]);
    let refused = firebreak(&root, &["--config", "own.toml", "run", "--once"]);
    assert!(refused.code == 1 && refused.error.contains("moon"), "{}", refused.error);
}

/// The fleet of the packaged incident: who had the release, and a report that only its note opens.
fn fleet(session: &mut Session) {
    let from = ["--inventory", "sand/inventory", "--logs", "sand/logs"];
    let day = ["--between", "2026-03-24T10:00:00Z", "2026-03-25T00:00:00Z"];
    let who = session.both(3, &[&["fleet", "who", "litellm@1.82.8"], &from[..], &day].concat());
    assert!(who["environments"].as_u64() > Some(0) && who["untold"].as_u64() > Some(0), "{who}");
    assert!(who["clear"].as_u64() > Some(0) && who["from"] == day[1], "{who}");
    let report = ["fleet", "report", "--profile", "litellm-2026-03", "--sign", "--output", "report.json"];
    let report = session.both(3, &[&report[..], &from].concat());
    assert!(report["verdicts"]["exposed"].as_u64() > Some(0), "{report}");
    session.both(0, &["verify", "report.json", "--key", "report.pub"]);
}

/// Before the incident the dependency that would be poisoned stands first.
fn posture(session: &mut Session) {
    let before = ["--as-of", "2026-03-24T10:00:00Z"];
    let from = ["--inventory", "sand/inventory", "--logs", "sand/logs"];
    let said = session.both(0, &[&["posture"], &from[..], &before].concat());
    assert!(said["packages"].as_u64() > Some(5) && said["exact"] == true, "{said}");
    let ranked = firebreak(&session.directory, &[&["posture", "--json"], &from[..], &before].concat()).out;
    let first: Value = serde_json::from_str(ranked.lines().next().unwrap()).unwrap();
    assert_eq!((first["ecosystem"].as_str(), first["name"].as_str()), (Some("PyPI"), Some("litellm")), "{first}");
    assert!(first["records"].as_u64() > Some(0) && first["credentials"].as_u64() > Some(0), "{first}");
}

/// A cluster asked for its inventory, of which the server refuses one part.
fn collecting(session: &mut Session) {
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let names = |name: &str| format!(r#"{{"items": [{{"metadata": {{"name": "{name}", "namespace": "prod"}}}}]}}"#);
    let answers = ["serviceaccounts", "pods"].map(|kind| (format!("/api/v1/{kind}?limit=500"), names("gateway")));
    let roles = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"];
    let roles = roles.map(|kind| (format!("{rbac}/{kind}?limit=500"), names("admin")));
    let server = platform::serve(answers.into_iter().chain(roles).collect(), "let-me-in");
    fs::write(session.directory.join("token"), "let-me-in\n").unwrap();
    let config = format!(
        "[inventory]\npaths = [\"collected\"]\n[[collect]]\nscanner = \"kubernetes\"\nurl = \"http://{server}\"\n\
         credential = \"file:token\"\nvalues = {{ cluster = \"prod\" }}\n"
    );
    fs::write(session.directory.join("collect.toml"), &config).unwrap();
    let said = session.both(3, &["--config", "collect.toml", "collect"]);
    assert_eq!((said["platforms"].as_u64(), said["incomplete"].as_u64()), (Some(1), Some(1)), "{said}");
    let file = fs::read_to_string(session.directory.join("collected/kubernetes/prod.json")).unwrap();
    let document: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(document["items"].as_array().unwrap().len(), 6, "{document}");
    assert_eq!(document["incomplete"][0]["call"], "/api/v1/secrets", "{document}");
    assert!(!file.contains("let-me-in"), "our credential is in the file");
    fs::write(session.directory.join("token"), "another\n").unwrap();
    let refused = firebreak(&session.directory, &["--config", "collect.toml", "collect"]);
    assert!(refused.code == 1 && refused.error.contains("our credential is not accepted"), "{}", refused.error);
    assert!(!refused.error.contains("another"), "{}", refused.error);
}

/// What was learnt of the estate, and what was joined in it.
fn map(session: &mut Session) {
    let with = |arguments: &[&'static str]| [&["--config", "firebreak.toml"], arguments].concat();
    let changes = session.both(0, &with(&["map", "changes", "--since", "2020-01-01T00:00:00Z"]));
    assert!(changes["stated"].as_u64() > Some(0) && changes["learnt_at"].is_array(), "{changes}");
    let people = session.directory.join("people/okta");
    fs::create_dir_all(&people).unwrap();
    fs::write(people.join("meridian.json"), OKTA).unwrap();
    let joins = session.both(0, &["map", "joins", "--inventory", "people"]);
    assert_eq!((joins["made"].as_u64(), joins["proposed"].as_u64()), (Some(1), Some(1)), "{joins}");
}

/// Two databases about one malware, a withdrawn record, and what was installed held against them.
fn advisories(session: &mut Session) {
    let root = session.directory.clone();
    let feed = root.join("feed");
    fs::create_dir_all(&feed).unwrap();
    let malware = r#"{"id":"MAL-1","modified":"2026-03-26T00:00:00Z","summary":"Malicious code in litellm (PyPI)",
        "affected":[{"package":{"ecosystem":"PyPI","name":"litellm"},"versions":["1.82.7","1.82.8"]}],
        "database_specific":{"iocs":{"domains":["models.litellm.cloud"]}}}"#;
    let other = r#"{"id":"GHSA-1","database_specific":{"cwe_ids":["CWE-506"]},"affected":[{"package":{"ecosystem":"PyPI",
        "name":"LiteLLM"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.82.8"},{"last_affected":"1.82.8"}]}]}]}"#;
    let withdrawn = r#"{"id":"MAL-2","withdrawn":"2026-04-01T00:00:00Z",
        "affected":[{"package":{"ecosystem":"npm","name":"left"},"versions":["1.0.0"]}]}"#;
    for (name, record) in [("1.json", malware), ("2.json", other), ("3.json", withdrawn)] {
        fs::write(feed.join(name), record).unwrap();
    }
    let missing = firebreak(&root, &["advisories", "look-up", "PyPI", "litellm"]);
    assert!(missing.code == 1 && missing.error.contains("\nhint: "), "{}", missing.error);
    let updated = session.both(0, &["advisories", "update", "feed"]);
    assert_eq!((updated["records"].as_u64(), updated["joined"].as_u64()), (Some(3), Some(1)), "{updated}");
    let found = session.both(3, &["advisories", "look-up", "PyPI", "litellm", "1.82.7"]);
    assert_eq!((found["answer"].as_str(), found["advisories"].as_u64()), (Some("affected"), Some(1)), "{found}");
    let said = firebreak(&root, &["advisories", "look-up", "pkg:pypi/litellm@1.82.8"]).out;
    for part in ["malware MAL-1 names", "one advisory: `GHSA-1`", "disputed: ", "models.litellm.cloud"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let clean = session.both(0, &["advisories", "look-up", "PyPI", "litellm", "1.82.6"]);
    assert_eq!(clean["answer"], "not_named", "{clean}");
    assert_eq!(session.both(0, &["advisories", "look-up", "npm", "left", "1.0.0"])["withdrawn"][0], "MAL-2");
    fs::write(feed.join("4.json"), "{").unwrap();
    assert_eq!(session.both(3, &["advisories", "update", "feed"])["changed"], false);
}

/// A user with an address of her own, and one with an address that several read.
const OKTA: &str = r#"{
  "org": {"id": "00o1", "_links": {"organization": {"href": "https://meridian.okta.com"}}},
  "users": [
    {"id": "00uada", "status": "ACTIVE", "profile": {"login": "ada@meridian.example", "email": "ada@meridian.example"},
     "credentials": {"emails": [{"value": "ada@meridian.example", "status": "VERIFIED", "type": "PRIMARY"}]}},
    {"id": "00uall", "status": "ACTIVE", "profile": {"login": "security@meridian.example", "email": "security@meridian.example"},
     "credentials": {"emails": [{"value": "security@meridian.example", "status": "VERIFIED", "type": "PRIMARY"}]}}
  ]
}"#;

/// A detector begun, found wanting, tried on the packaged incident and explained.
fn authoring(session: &mut Session) {
    session.json(0, &["detector", "new", "okta_token_made", "--product", "okta"]);
    let own = "detectors/okta_token_made";
    let tested = session.both(3, &["detector", "test", own]);
    assert_eq!((tested["failed"].as_u64(), tested["cases"].as_u64()), (Some(2), Some(2)), "{tested}");
    let linted = session.both(0, &["check", own]);
    assert!(linted["lints"].as_u64() > Some(0) && linted["errors"] == 0, "{linted}");
    let tried = session.both(0, &["detector", "backtest", "github_mass_clone", "--logs", "sand/logs"]);
    assert!(tried["findings"].as_u64() > Some(0), "{tried}");
    let log = fs::read_dir(session.directory.join("sand/logs/github_audit")).unwrap().next().unwrap().unwrap().path();
    let line = format!("{}:1", log.display());
    let explained = session.both(0, &["detector", "explain", "github_mass_clone", "--event", &line]);
    assert!(explained["correlations"][0]["least"].as_u64() > Some(1), "{explained}");
}

/// A canary that cannot be reached: the drill does not pass, and nothing counts as drilled.
fn drills(session: &mut Session) {
    let canary = "[[drill.canary]]\naction = \"postgres_role/disable\"\ntarget = \"identity:postgres/db/canary\"\n\
                  parameters = { host = \"db\", role = \"canary\" }\n";
    for (file, mode) in [("drill.toml", "live"), ("dry.toml", "dry_run")] {
        let text = format!("data = \"drilled\"\n[act]\nmode = \"{mode}\"\n{canary}");
        fs::write(session.directory.join(file), text).unwrap();
    }
    let drilled = session.both(3, &["--config", "drill.toml", "drill"]);
    assert_eq!((drilled["drills"].as_u64(), drilled["passed"].as_u64()), (Some(1), Some(0)), "{drilled}");
    for refused in
        [&["--config", "dry.toml", "drill"][..], &["drill"], &["--config", "drill.toml", "drill", "--action", "x"]]
    {
        let ended = firebreak(&session.directory, refused);
        assert!(ended.code == 1 && ended.error.contains("hint: "), "{refused:?}: {}", ended.error);
    }
}

#[test]
fn every_command_ends_and_answers_as_documented() {
    let root = tempfile::tempdir().unwrap();
    let mut session = Session { directory: root.path().to_owned(), seen: BTreeMap::new() };
    packaged_incident(&mut session);
    installation(&mut session);
    policies(&mut session);
    pausing(&mut session);
    session.both(0, &["responders"]);
    session.both(0, &["responders", "--stolen-host"]);
    drills(&mut session);
    changing::changing(&mut session);
    fleet(&mut session);
    posture(&mut session);
    map(&mut session);
    collecting(&mut session);
    advisories(&mut session);
    authoring(&mut session);
    let mut documented = documented();
    // These have tests of their own.
    documented.remove("demo");
    documented.remove("guardrail");
    documented.remove("standing_plan");
    documented.remove("standing_would");
    documented.remove("release");
    // Printed of databases alone, of which there is none here.
    documented.remove("classified");
    let problem = |kind: &str| kind == "approve";
    let mut wrong = Vec::new();
    for (kind, fields) in &session.seen {
        let listed = documented.remove(kind).unwrap_or_default();
        if !listed.is_subset(fields) || !(problem(kind) || *fields == listed) {
            wrong.push(format!("`{kind}` has {fields:?} and is documented with {listed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(documented.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "documented and never printed");
}

#[test]
fn every_command_helps_with_an_example_and_lines_that_fit() {
    let root = tempfile::tempdir().unwrap();
    let commands = [
        "demo",
        "run",
        "replay",
        "exposed",
        "fleet",
        "profile",
        "snapshot",
        "posture",
        "guardrail",
        "hunt",
        "top",
        "completions",
        "man",
        "advisories",
        "collect",
        "reach",
        "plan",
        "map",
        "approve",
        "pause",
        "resume",
        "mute",
        "unmute",
        "cancel",
        "undo",
        "responders",
        "verify",
        "scenario",
        "check",
        "detector",
    ];
    let overview = firebreak(root.path(), &["--help"]);
    for command in commands {
        assert!(overview.out.contains(&format!("  {command} ")), "{command}");
        let help = firebreak(root.path(), &[command, "--help"]);
        let example = help.out.lines().skip_while(|line| !line.starts_with("Example: ")).collect::<String>();
        assert!(help.code == 0 && example.contains("firebreak ") && example.contains(command), "{}", help.out);
        for line in help.out.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

/// Once, around a command, and on change: what is written is read by `exposed`.
#[test]
fn a_snapshot_is_taken_in_each_mode_and_judged() {
    let root = tempfile::tempdir().unwrap();
    let plant = |version: &str| {
        let place = root.path().join(format!("tree/site-packages/litellm-{version}.dist-info"));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("METADATA"), format!("Name: litellm\nVersion: {version}\n")).unwrap();
    };
    plant("1.82.6");
    fs::create_dir_all(root.path().join("inventory/environments")).unwrap();
    let kept = root.path().join("inventory/environments/here.json");
    let arguments =
        ["snapshot", "--root", "tree", "--environment", "environment:host/mac-17", "--output", kept.to_str().unwrap()];
    assert_eq!(firebreak(root.path(), &arguments).code, 0);
    let versions = || {
        let read = fs::read(&kept).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let read = read.map(|snapshot| snapshot["packages"].as_array().unwrap().clone()).unwrap_or_default();
        read.iter().map(|one| one["version"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(versions(), ["1.82.6"]);
    let judged = || {
        let said =
            firebreak(root.path(), &["exposed", "--inventory", "inventory", "--profile", "litellm-2026-03", "--json"]);
        let objects = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let verdict = |one: Value| (one["kind"] == "judgement").then(|| one["verdict"].as_str().unwrap().to_owned());
        objects.filter_map(verdict).collect::<Vec<_>>()
    };
    // What a host has now says nothing of what it had in March.
    assert_eq!(judged(), ["unknown"]);
    let watch = [&arguments[..], &["--watch", "--every", "0.1"]].concat();
    let program = env!("CARGO_BIN_EXE_firebreak");
    let mut child = std::process::Command::new(program).args(watch).current_dir(root.path()).spawn().unwrap();
    plant("1.82.8");
    let seen = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        versions().len() == 2
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(seen, "a change is written down");
    assert_eq!(judged(), ["exposed"]);
    let around = ["snapshot", "--max-seconds", "0", "--output", "around.json", "--", "sh", "-c", "exit 7"];
    assert_eq!(firebreak(root.path(), &around).code, 7);
    let around: Value = serde_json::from_slice(&fs::read(root.path().join("around.json")).unwrap()).unwrap();
    assert_eq!(
        (&around["install"]["exit_code"], &around["format"]),
        (&Value::from(7), &Value::from("firebreak.snapshot/1"))
    );
}

#[test]
fn wrong_usage_and_wrong_keys_say_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["cut"]).code, 2);
    fs::write(root.path().join("wrong.toml"), "[contain]\npolcy = \"ask\"\n").unwrap();
    let wrong = firebreak(root.path(), &["--config", "wrong.toml", "check"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (1, ""));
    assert!(wrong.error.contains("no key `contain.polcy`\nhint: did you mean `contain.policy`?"), "{}", wrong.error);
    for arguments in [&["run"][..], &["exposed"], &["verify"], &["approve"], &["replay", "x", "--source", "okta"]] {
        let said = firebreak(root.path(), arguments);
        assert!(said.code == 1 && said.error.contains("\nhint: "), "{arguments:?}: {}", said.error);
    }
}

/// `BLESS=1` writes the page anew.
#[test]
fn the_reference_of_the_configuration_is_the_one_that_the_program_knows() {
    let (path, page) = (documentation("configuration.md"), firebreak::config::keys::reference());
    if std::env::var_os("BLESS").is_some() {
        assert!(std::env::var_os("CI").is_none(), "a page is not blessed where it is to be checked");
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "BLESS=1 writes it anew");
}
