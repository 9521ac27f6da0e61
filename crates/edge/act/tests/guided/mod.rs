//! Steps that people take: nothing is called, nothing is believed without evidence, and evidence of one step is not evidence
//! of another.

use crate::plans::{TestSecrets, action, approved_one};
use firebreak_act::{Config, EvidenceKind, Executor, MemoryJournal, MemoryRecord, Mode, SimulatedSleep, StepState};
use firebreak_model::{NodeKey, Reversibility, Time};
use firebreak_world::{Disk, FixedClock, MemoryDisk, NoHttp, World};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

#[tokio::test(flavor = "current_thread")]
async fn a_person_is_told_what_to_do_and_believed_only_with_evidence() {
    let now = Time::from_seconds(1_774_000_000);
    let (clock, disk) = (Arc::new(FixedClock::at(now)), Arc::new(MemoryDisk::default()));
    let sleep = SimulatedSleep(clock.clone());
    let world = World {
        clock,
        disk: disk.clone(),
        http: Arc::new(NoHttp),
        secrets: Arc::new(TestSecrets::default()),
        ..World::simulated(3)
    };
    let config: Config =
        serde_json::from_value(json!({"manual_step": {"evidence": "/evidence"}})).expect("a configuration");
    let step = action("manual_step/take", NodeKey::credential("npm", "f00d"), &[("procedure", "npm_token")]);
    let plan = approved_one(step, Reversibility::Irreversible, now);
    let (journal, record) = (MemoryJournal::default(), MemoryRecord::default());
    let executor = Executor::new(&world, &config, &journal, &record).with_sleep(&sleep);
    let look = async || {
        let report = executor.execute(&plan, Mode::Live).await.expect("journal and record in memory");
        let step = report.steps[0].clone();
        assert_eq!(step.state, StepState::Unobservable, "{step:?}");
        step.evidence.into_iter().find(|one| !one.detail.is_empty()).expect("words")
    };

    let first = look().await;
    assert_eq!((first.kind, first.denied), (EvidenceKind::Unobservable, false));
    let order: Vec<_> =
        ["1. sign in", "2. under Access Tokens", "5. save"].map(|step| first.detail.find(step)).to_vec();
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{}", first.detail);
    assert!(first.detail.contains("credential:npm/f00d"));

    let folder = first.detail.split('`').find(|word| word.starts_with("/evidence/")).expect("a folder").to_owned();
    let write = |name: &str, bytes: &[u8]| disk.write(&Path::new(&folder).join(name), bytes).expect("a disk in memory");
    for (statement, why) in [
        (r#"{"by": " ", "file": "tokens.txt"}"#, "by whom"),
        (r#"{"by": "Ada", "file": "../../etc/passwd"}"#, "no name of a file"),
        (r#"{"by": "Ada", "file": "done.json"}"#, "no name of a file"),
        (r#"{"by": "Ada", "file": "tokens.txt"}"#, "is not there"),
        (r#"{"by": "Ada"}"#, "done.json"),
        ("done", "done.json"),
    ] {
        write("done.json", statement.as_bytes());
        let evidence = look().await;
        assert_eq!(evidence.kind, EvidenceKind::Unobservable, "{statement}");
        assert!(evidence.detail.contains(why), "{statement}: {}", evidence.detail);
    }

    write("done.json", br#"{"by": "Ada", "file": "tokens.txt"}"#);
    write("tokens.txt", b"abc");
    let evidence = look().await;
    assert_eq!((evidence.kind, evidence.denied), (EvidenceKind::Declared, true));
    // The hash of `abc` as FIPS 180-4 has it.
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(evidence.detail.contains("Ada") && evidence.detail.contains(hash), "{}", evidence.detail);
    let held = record.entries().into_iter().rfind(|(_, kind, _)| kind == "act.held").expect("an entry");
    assert!(held.2.to_string().contains(hash), "the hash is on record");
}
