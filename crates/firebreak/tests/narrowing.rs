//! Narrowing on an AWS that enforces IAM, by the program itself: proposed, asked for, approved, applied, watched; what hurts is put back by
//! itself and nothing else is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "narrowing/emulator.rs"]
mod emulator;
mod program;
#[path = "../../edge/act/tests/lab/server.rs"]
mod server;

use emulator::{ACCOUNT, Emulator, User, record};
use firebreak_act::RESPONDERS;
use firebreak_model::Time;
use firebreak_world::{Clock, SystemClock};
use program::firebreak;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const USED: &str = "ListRoles";
/// Granted, and seen by nobody.
const UNUSED: &str = "ListUsers";
/// Granted, and refused by something else all the time.
const REFUSED: &str = "ListGroups";
const NEVER: &str = "CreateUser";

fn granted() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:ListRoles", "iam:ListUsers", "iam:ListGroups"], "Resource": "*"}]})
}

/// What the program says goes there.
const SAID: &str = "run.log";

/// The program as it runs; killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One installation before one emulator.
struct Scene<'a> {
    root: &'a Path,
    records: std::cell::Cell<u32>,
}

impl Scene<'_> {
    fn says(&self, arguments: &[&str]) -> Vec<Value> {
        let said = firebreak(self.root, &[&["--config", "firebreak.toml", "--json"][..], arguments].concat());
        assert!(matches!(said.code, 0 | 3), "{arguments:?}: {}", said.error);
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts the program, and waits until it keeps a state.
    fn run(&self) -> Running {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.root.join(SAID)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
        let command = command.args(["--config", "firebreak.toml", "run"]).current_dir(self.root);
        let command = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = Running(command.spawn().unwrap());
        let began = Instant::now();
        while !self.root.join("data/state.sqlite").is_file() {
            assert!(began.elapsed() < Duration::from_secs(90), "the program makes no state");
            std::thread::sleep(Duration::from_millis(100));
        }
        child
    }

    /// A record arrives.
    fn recorded(&self, user: &User, action: &str, refused: bool, at: Time) {
        let number = self.records.get() + 1;
        self.records.set(number);
        let record = record(user, action, refused, &format!("00000000-0000-4000-8000-{number:012}"), at);
        let folder = self.root.join("logs/aws_cloudtrail");
        let part = self.root.join(format!("part-{number}"));
        fs::write(&part, json!({"Records": [record]}).to_string()).unwrap();
        fs::rename(part, folder.join(format!("{number:06}.json"))).unwrap();
    }

    /// The change of a user.
    fn change(&self, user: &User) -> Value {
        let of = |one: &Value| one["kind"] == "change_made" && one["subject"].as_str().unwrap().ends_with(&user.arn());
        self.says(&["access", "changes"]).into_iter().find(of).unwrap_or_default()
    }

    fn until(&self, user: &User, stage: &str) {
        let began = Instant::now();
        while self.change(user)["stage"] != stage {
            let said = || fs::read_to_string(self.root.join(SAID)).unwrap();
            let late = began.elapsed() > Duration::from_secs(90);
            assert!(!late, "{}: not {stage} but {}\n{}", user.name, self.change(user), said());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks for the proposal of a user and approves the plan.
    fn apply(&self, user: &User) {
        self.says(&["access", "apply", "proposals", "--identity", &user.arn(), "--by", "ada@example.com"]);
        self.until(user, "waiting");
        let plan = self.change(user)["plan"].as_str().unwrap().to_owned();
        self.says(&["approve", &plan, "--by", "grace@example.com"]);
        self.until(user, "watched");
    }
}

fn export(users: &[&User]) -> Value {
    let users = users.iter().map(|user| {
        json!({"UserName": user.name, "Arn": user.arn(), "Path": "/", "UserId": "AIDAEXAMPLE", "GroupList": [],
               "CreateDate": "2025-01-01T00:00:00Z", "AttachedManagedPolicies": [],
               "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": granted()}]})
    });
    json!({"UserDetailList": users.collect::<Vec<_>>(), "GroupDetailList": [], "RoleDetailList": [], "Policies": []})
}

fn manifest() -> Value {
    let spec = RESPONDERS.iter().map(|one| one.spec()).find(|spec| spec.name == "aws_policy").unwrap();
    let statements = spec.permissions.iter().map(
        |one| json!({"Effect": "Allow", "Action": one.action, "Resource": one.resource.replace("{account}", ACCOUNT)}),
    );
    let mut statements: Vec<Value> = statements.collect();
    // AWS allows this to everyone.
    statements.push(json!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}));
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn write_installation(root: &Path, cloud: &Emulator, own: &User, users: &[&User]) {
    for folder in ["logs/aws_cloudtrail", "inventory"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("inventory/account.json"), export(users).to_string()).unwrap();
    fs::write(root.join("id"), &own.id).unwrap();
    fs::write(root.join("secret"), &own.secret).unwrap();
    let at = root.display();
    let text = format!(
        "data = \"{at}/data\"\n[[source]]\nname = \"aws_cloudtrail\"\npaths = [\"{at}/logs/aws_cloudtrail\"]\n\
         [inventory]\npaths = [\"{at}/inventory\"]\n[intake]\npoll_seconds = 0.05\n[contain]\npolicy = \"ask\"\n\
         [act]\nmode = \"live\"\n[change]\nwatch_hours = 24\n[responder.aws_policy]\noverlap_seconds = 1\n\
         [responder.aws.accounts.{ACCOUNT}]\naccess_key_id = \"file:{at}/id\"\nsecret_access_key = \"file:{at}/secret\"\n\
         endpoint = \"{}\"\n",
        cloud.endpoint
    );
    fs::write(root.join("firebreak.toml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hurts_is_put_back_by_itself_and_nothing_else_is() {
    let Some(lab) = server::prepared() else { return };
    let (cloud, directory) = (Emulator::start(&lab), tempfile::tempdir().unwrap());
    let own = cloud.user("firebreak", &manifest()).await;
    let names = ["broken", "calm", "held", "later"];
    let mut users = Vec::new();
    for name in names {
        users.push(cloud.user(name, &granted()).await);
    }
    let [broken, calm, held, later] = &users[..] else { panic!("four users") };
    write_installation(directory.path(), &cloud, &own, &[broken, calm, held, later]);
    let scene = Scene { root: directory.path(), records: Default::default() };
    let hour_ago = SystemClock.now().plus_seconds(-3_600);
    for user in &users {
        scene.recorded(user, USED, false, hour_ago);
    }
    scene.recorded(calm, REFUSED, true, hour_ago);
    let before = scene.says(&["access", "--inventory", "inventory", "--logs", "logs", "--output", "proposals"]);
    assert_eq!(before.last().unwrap()["denied"], 0);

    let running = scene.run();
    users.iter().for_each(|user| scene.apply(user));
    for user in &users {
        assert_eq!(cloud.policies(user).await, "narrow");
        assert_eq!((cloud.calls(user, USED).await, cloud.calls(user, UNUSED).await), (200, 403), "{}", user.name);
    }

    // What was never granted and what something else refused before come first, so that they are read before what hurts.
    let now = || SystemClock.now();
    scene.recorded(calm, NEVER, true, now());
    scene.recorded(calm, REFUSED, true, now());
    scene.recorded(broken, UNUSED, true, now());
    scene.until(broken, "restored");
    assert_eq!((cloud.policies(broken).await.as_str(), cloud.calls(broken, UNUSED).await), ("own", 200));
    assert_eq!(scene.change(broken)["hurt"]["action"], "iam:ListUsers");
    assert_eq!(
        (cloud.policies(calm).await.as_str(), scene.change(calm)["stage"].as_str()),
        ("narrow", Some("watched"))
    );

    // Break-glass holds it until somebody lets go.
    scene.says(&["pause", "--by", "ada@example.com", "--because", "payroll"]);
    std::thread::sleep(Duration::from_secs(2));
    scene.recorded(held, UNUSED, true, now());
    scene.until(held, "hurt");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((cloud.policies(held).await.as_str(), cloud.calls(held, UNUSED).await), ("narrow", 403), "it is paused");
    scene.says(&["resume", "--by", "ada@example.com"]);
    scene.until(held, "restored");
    assert_eq!(cloud.calls(held, UNUSED).await, 200);

    // Killed, it goes on with what it watched.
    drop(running);
    scene.recorded(later, UNUSED, true, now());
    let running = scene.run();
    scene.until(later, "restored");
    assert_eq!((cloud.policies(later).await.as_str(), cloud.calls(later, UNUSED).await), ("own", 200));
    assert_eq!(
        (cloud.policies(calm).await.as_str(), scene.change(calm)["stage"].as_str()),
        ("narrow", Some("watched"))
    );
    drop(running);

    // What was missed is not proposed away again, the ledger is whole, and the finding is there.
    let again = scene.says(&["access", "--inventory", "inventory", "--logs", "logs"]);
    let of = |user: &User| {
        let one = again.iter().find(|one| one["identity"].as_str().is_some_and(|key| key.ends_with(&user.arn())));
        one.unwrap()["documents"].to_string()
    };
    assert!(of(broken).contains("iam:ListUsers") && !of(broken).contains("iam:ListGroups"), "{}", of(broken));
    assert!(!of(calm).contains("iam:ListUsers"), "{}", of(calm));
    assert_eq!(scene.says(&["verify"]).last().unwrap()["verified"], true);
    println!("restored: 3 of 4, the fourth stands");
}
