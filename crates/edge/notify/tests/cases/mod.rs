//! `notifiers/<name>/cases/<case>/`: a channel, notices, the receiver's answers, and the whole transcript that must come of
//! it. `BLESS=1` rewrites the transcripts.

use crate::script::{Script, clock};
use firebreak_notify::approval::Links;
use firebreak_notify::{Channel, Courier, MemoryOutbox, NOTIFIERS, Notice};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[expect(dead_code, reason = "for people")]
    about: String,
    channel: Channel,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    notices: Vec<Notice>,
    answers: VecDeque<Value>,
    /// How many goes, a quarter of an hour apart.
    goes: u32,
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

async fn play(case: Case) -> String {
    case.channel.check().expect("a channel that can be used");
    let (script, clock, outbox) = (Script::new(case.answers, case.secrets.clone()), clock(), MemoryOutbox::default());
    let world = script.world(clock.clone());
    let links = Links::new("https://firebreak.example", SecretString::from("k".repeat(32)), 3_600).unwrap();
    case.notices
        .iter()
        .filter(|notice| case.channel.wants(notice))
        .for_each(|notice| outbox.put(&case.channel.name, notice));
    let courier = Courier { world: &world, outbox: &outbox, links: Some(&links) };
    for go in 1..=case.goes {
        script.say(&format!("go {go}"));
        let round = courier.round(&case.channel).await.unwrap();
        script.say(&format!("sent {}", round.sent));
        round.later.iter().for_each(|why| script.say(&format!("later: {why}")));
        round.dead.iter().for_each(|why| script.say(&format!("given up: {why}")));
        let now = world.clock.now();
        clock.set(now.plus_seconds(i64::try_from(Duration::from_secs(900).as_secs()).unwrap()));
    }
    let transcript = script.transcript.lock().unwrap().clone();
    assert!(script.answers.lock().unwrap().is_empty(), "answers are left\n{transcript}");
    for secret in case.secrets.values() {
        assert!(!transcript.contains(secret.as_str()), "the transcript holds a secret");
    }
    transcript
}

#[tokio::test(flavor = "current_thread")]
async fn every_case_gives_its_transcript() {
    let notifiers = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/notifiers");
    for notifier in folders(&notifiers) {
        for folder in folders(&notifier.join("cases")) {
            let text = std::fs::read_to_string(folder.join("case.json")).expect("a case");
            let case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            let transcript = play(case).await;
            let path = folder.join("expected.txt");
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(&path, &transcript).expect("our own folder");
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(transcript, expected, "{}: look at it, then BLESS=1", folder.display());
        }
    }
}

#[test]
fn every_notifier_has_cases_of_one_incident_twice_and_of_a_hostile_text() {
    let notifiers = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/notifiers");
    for notifier in NOTIFIERS {
        let spec = notifier.spec();
        let cases = folders(&notifiers.join(spec.name).join("cases"));
        let has = |name: &str| cases.iter().any(|case| case.ends_with(name));
        assert!(has("one-incident") && has("hostile"), "{}: {cases:?}", spec.name);
        let page = std::fs::read_to_string(notifiers.join(spec.name).join("page.md")).expect("a page");
        for setting in spec.settings {
            assert!(page.contains(setting.name), "the page of {} does not tell of `{}`", spec.name, setting.name);
        }
        assert!(page.contains("## Tested"), "{}", spec.name);
    }
}
