//! `responders/<name>/cases/<case>/`: an action, answers in the platform's own form, and the whole transcript that must
//! come of it. No server is needed. `BLESS=1` rewrites the transcripts.

use crate::plans::{TestSecrets, approved_one};
use async_trait::async_trait;
use firebreak_act::shape::{http_matches, sql_matches};
use firebreak_act::spec::catalogue;
use firebreak_act::{
    ActionSpec, Config, Executor, MemoryJournal, MemoryRecord, Mode, Permission, RESPONDERS, Responder, SimulatedSleep,
    UndoGate,
};
use firebreak_model::{Action, Time};
use firebreak_world::{FixedClock, Http, HttpError, Postgres, PostgresError, Request, Response, World};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[expect(dead_code, reason = "for people")]
    about: String,
    now: Time,
    action: Action,
    config: Config,
    secrets: BTreeMap<String, String>,
    run: Vec<String>,
    answers: VecDeque<Value>,
}

/// Both doors: answers from the case, and a transcript in which every secret is replaced by its reference.
struct Script {
    answers: Mutex<VecDeque<Value>>,
    transcript: Mutex<String>,
    spec: &'static ActionSpec,
    changed: Mutex<Vec<&'static str>>,
    /// What the transcript must not hold or must not depend on, and what stands for it there.
    replaced: Vec<(String, String)>,
}

impl Script {
    fn say(&self, line: &str) {
        let mut line = line.to_owned();
        for (text, name) in &self.replaced {
            line = line.replace(text, &format!("<{name}>"));
        }
        writeln!(self.transcript.lock().unwrap(), "{line}").unwrap();
    }

    /// Remembers the shape of a call that changes something.
    fn note(&self, is_it: impl Fn(&str) -> bool) {
        let call = self.spec.calls.iter().find(|call| is_it(call.shape)).expect("a call of the specification");
        if call.changes {
            self.changed.lock().unwrap().push(call.shape);
        }
    }

    fn answer(&self) -> Value {
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| {
            panic!("the case has no answer for this call\n{}", self.transcript.lock().unwrap());
        })
    }
}

struct Door(Arc<Script>);

#[async_trait]
impl Http for Door {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.0.say(&format!("  {} {}", request.method, request.url));
        self.0.note(|shape| http_matches(shape, &request));
        for (name, value) in &request.headers {
            // Signatures and sums follow from the rest, and are checked by the servers of the lab.
            let shown = match name.as_str() {
                "authorization" => value.split(['=', ' ']).next().unwrap_or_default(),
                "firebreak-signature" => "t=…,v1=…",
                "x-amz-content-sha256" | "x-amz-checksum-sha256" => "…",
                _ => value,
            };
            self.0.say(&format!("    {name}: {shown}"));
        }
        if !request.body.is_empty() {
            self.0.say(&format!("    {}", String::from_utf8_lossy(&request.body)));
        }
        let answer = self.0.answer();
        let status = answer["status"].as_u64().expect("the case answers HTTP with a status");
        self.0.say(&format!("  -> {status}"));
        Ok(Response {
            status: u16::try_from(status).expect("a status"),
            headers: serde_json::from_value(answer.get("headers").cloned().unwrap_or_else(|| Value::Array(Vec::new())))
                .expect("pairs"),
            body: answer["body"].as_str().expect("a body").as_bytes().to_vec(),
        })
    }
}

#[async_trait]
impl Postgres for Door {
    async fn query(
        &self,
        _url: &SecretString,
        statement: &str,
        parameters: &[String],
    ) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
        self.0.say(&format!("  {statement}"));
        self.0.note(|shape| sql_matches(shape, statement));
        if !parameters.is_empty() {
            self.0.say(&format!("    {}", parameters.join(", ")));
        }
        let answer = self.0.answer();
        if let Some(refused) = answer.get("refused") {
            let (code, message) = serde_json::from_value(refused.clone()).expect("SQLSTATE and message");
            self.0.say(&format!("  -> {code}"));
            return Err(PostgresError::Refused { code, message });
        }
        let rows: Vec<Vec<Option<String>>> = serde_json::from_value(answer["rows"].clone()).expect("rows of texts");
        self.0.say(&format!("  -> {} rows", rows.len()));
        Ok(rows)
    }
}

/// The transcript, and the shapes of the calls that change something.
async fn play(case: Case) -> (String, Vec<&'static str>) {
    let responder = RESPONDERS.iter().find(|one| one.spec().action_name() == case.action.name).expect("a responder");
    let plan = approved_one(case.action, responder.spec().reversibility, case.now);
    let mut replaced: Vec<_> = case.secrets.iter().map(|(name, secret)| (secret.clone(), name.clone())).collect();
    let id = plan.plan().id().as_str();
    replaced.push((id.to_owned(), "plan".to_owned()));
    replaced.push((id[..16].to_owned(), "plan, 16 digits".to_owned()));
    replaced.push((plan.plan().steps()[0].key.to_string(), "step".to_owned()));
    let script = Arc::new(Script {
        answers: Mutex::new(case.answers),
        transcript: Mutex::default(),
        spec: responder.spec(),
        changed: Mutex::default(),
        replaced,
    });
    let clock = Arc::new(FixedClock::at(case.now));
    let sleep = SimulatedSleep(clock.clone());
    let world = World {
        clock,
        http: Arc::new(Door(script.clone())),
        postgres: Arc::new(Door(script.clone())),
        secrets: Arc::new(TestSecrets(case.secrets)),
        ..World::simulated(11)
    };
    let (journal, record) = (MemoryJournal::default(), MemoryRecord::default());
    let executor = Executor::new(&world, &case.config, &journal, &record).with_sleep(&sleep);
    for what in case.run {
        script.say(&what);
        let report = match what.as_str() {
            "execute" => executor.execute(&plan, Mode::Live).await,
            "undo" => {
                let gate = UndoGate { rotated: true, override_reason: None };
                executor.undo(plan.plan().id().as_str(), None, &gate).await
            }
            other => panic!("`{other}` is neither `execute` nor `undo`"),
        };
        let step = &report.expect("journal and record in memory").steps[0];
        script.say(&format!("{}: {}", step.state.word(), step.detail));
        for evidence in &step.evidence {
            let kind = serde_json::to_value(evidence.kind).expect("a word");
            let denied = if evidence.denied { "denied" } else { "not denied" };
            script.say(&format!("  {}, {denied}: {}", kind.as_str().expect("a word"), evidence.detail));
        }
    }
    let kinds: Vec<_> = record.entries().into_iter().map(|(_, kind, _)| kind).collect();
    script.say(&format!("ledger: {}", kinds.join(", ")));
    assert!(script.answers.lock().unwrap().is_empty(), "answers are left\n{}", script.transcript.lock().unwrap());
    let transcript = script.transcript.lock().unwrap().clone();
    let changed = script.changed.lock().unwrap().clone();
    (transcript, changed)
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

#[tokio::test(flavor = "current_thread")]
async fn every_case_gives_its_transcript() {
    let responders = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/responders");
    let mut played = 0;
    for responder in folders(&responders) {
        for folder in folders(&responder.join("cases")) {
            let text = std::fs::read_to_string(folder.join("case.json")).expect("a case");
            let case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            let (transcript, changed) = play(case).await;
            let path = folder.join("expected.txt");
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(&path, &transcript).expect("our own folder");
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(transcript, expected, "{}: look at it, then BLESS=1", folder.display());
            // A quiet case is one in which nothing is changed, whatever else happens.
            if folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("quiet")) {
                assert!(changed.is_empty(), "{}: {changed:?} in a quiet case", folder.display());
            }
            played += 1;
        }
    }
    assert!(played >= 2 * RESPONDERS.len(), "every responder has its cases");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    action: String,
    permission: Vec<BTreeMap<String, String>>,
}

/// The rights of a responder as its manifest writes them.
fn rights(responder: &dyn Responder) -> Vec<BTreeMap<String, String>> {
    let (spec, terms) = (responder.spec(), responder.terms());
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let one = |right: &Permission| {
        let mut fields: BTreeMap<String, String> =
            [field("action", right.action), field("resource", right.resource), field("purpose", right.purpose)].into();
        let conditions = terms.of(right.action).map(|one| format!("{} {} {}", one.operator, one.key, one.value));
        let conditions: Vec<String> = conditions.collect();
        if !conditions.is_empty() {
            fields.extend([field("condition", &conditions.join("; "))]);
        }
        if terms.for_undo.contains(&right.action) {
            fields.extend([field("for", "undo alone")]);
        }
        fields
    };
    spec.permissions.iter().map(one).collect()
}

/// A manifest as it is written.
fn manifest(action: &str, rights: &[BTreeMap<String, String>]) -> String {
    let mut text = format!(
        "# What `{action}` must be allowed to do, and nothing more. A test holds it against the code.\n\naction = \"{action}\"\n"
    );
    for right in rights {
        text.push_str("\n[[permission]]\n");
        for name in ["action", "resource", "condition", "for", "purpose"] {
            if let Some(value) = right.get(name) {
                writeln!(text, "{name} = \"{value}\"").unwrap();
            }
        }
    }
    text
}

#[test]
fn terms_speak_of_rights_that_a_responder_has() {
    for responder in RESPONDERS {
        let (spec, terms) = (responder.spec(), responder.terms());
        let named = terms.conditions.iter().map(|one| one.action).chain(terms.for_undo.iter().copied());
        for action in named {
            assert!(spec.permissions.iter().any(|right| right.action == action), "{}: {action}", spec.name);
        }
    }
}

#[test]
fn manifests_and_pages_say_what_the_code_says() {
    let responders = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/responders");
    for responder in RESPONDERS {
        let spec = responder.spec();
        let folder = responders.join(spec.name);
        let wanted = rights(*responder);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(folder.join("manifest.toml"), manifest(&spec.action_name(), &wanted)).expect("our own file");
        }
        let text = std::fs::read_to_string(folder.join("manifest.toml")).expect("a manifest");
        let manifest: Manifest = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
        assert_eq!((manifest.action, manifest.permission), (spec.action_name(), wanted), "{}", spec.name);
        let page = std::fs::read_to_string(folder.join("page.md")).expect("a page");
        assert!(page.starts_with(&format!("# {}\n", spec.title)), "{}: the page's title", spec.name);
        assert!(page.contains(&format!("`{}`", spec.action_name())), "{}", spec.name);
        let (_, tested) = page.split_once("## Tested\n\n").unwrap_or_else(|| panic!("{}: the page's badge", spec.name));
        assert!(tested.to_lowercase().starts_with(spec.level.word()), "{}: it is {}", spec.name, spec.level.word());
    }
}

#[test]
fn the_page_of_all_responders_says_of_each_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/responders.md");
    let page = std::fs::read_to_string(&path).expect("a page");
    let table = catalogue::table(&catalogue::list(RESPONDERS));
    if std::env::var_os("BLESS").is_some() {
        let (head, _) = page.split_once("| action |").expect("a table");
        let (_, tail) = page.split_once("\n\n## ").expect("what follows the table");
        return std::fs::write(&path, format!("{head}{table}\n## {tail}")).expect("our own page");
    }
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| [`")).collect();
    assert!(rows.len() > 6, "the page has a table");
    let wrong: Vec<_> = rows.iter().filter(|row| !table.lines().any(|line| line == **row)).collect();
    assert!(wrong.is_empty(), "not as the code says, BLESS=1 writes it anew: {wrong:#?}");
    let missing: Vec<_> = table.lines().filter(|line| line.starts_with("| [`") && !rows.contains(line)).collect();
    assert!(missing.is_empty(), "missing, BLESS=1 adds them: {missing:#?}");
}
