//! Playbooks written and read: the same again, and what others write as text for people. Not a test of plans.

use super::*;
use crate::plan::{Phase, StepKey, example, order};
use crate::prepared::{KnownActions, tests::known};
use firebreak_model::{Action, NodeKey, Reversibility, Text};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn written(playbook: &Playbook) -> String {
    serde_json::to_string_pretty(&export(playbook).expect("plain data")).expect("JSON")
}

fn read(text: &str) -> Playbook {
    let (playbook, notes) = import(text, &known()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(notes, []);
    playbook
}

#[test]
fn a_plan_is_written_in_phases_and_read_again_as_it_was() {
    let playbook = Playbook::of_plan(&example::plan());
    let text = written(&playbook);
    assert_eq!(read(&text), playbook);
    assert_eq!(written(&read(&text)), text, "byte for byte");
    let book: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(book["created"], "2026-03-24T10:58:41.000Z");
    let kinds =
        |kind: &str| book["workflow"].as_object().expect("one").values().filter(|step| step["type"] == kind).count();
    assert_eq!((kinds("start"), kinds("parallel"), kinds("action"), kinds("end")), (1, 1, 2, 3));
    assert!(!text.contains("\"http-api\""), "nobody but Firebreak itself makes calls of it");
}

/// Steps in the order of plans, some of them for people.
fn playbooks() -> impl Strategy<Value = Playbook> {
    let action = prop_oneof![
        ("[A-Z0-9]{4,8}").prop_map(|id| ("aws_access_key/deactivate", NodeKey::credential("aws", &id), true)),
        ("[a-z]{1,5}/[a-z0-9]{1,6}").prop_map(|id| ("oauth_token/revoke", NodeKey::credential("oauth", &id), false)),
    ];
    let parameters = prop::collection::btree_map("[a-z]{1,6}", "\\PC{0,12}", 0..3);
    let cut = (action, parameters, 0_u32..1_000_000, 0_u32..9_999, any::<bool>());
    let text = ("\\PC{1,20}", "\\PC{0,60}");
    let one = prop_oneof![3 => cut.prop_map(Ok), 1 => text.prop_map(Err)];
    (prop::collection::vec(one, 1..12), "\\PC{1,20}", "\\PC{0,40}", 0_i64..4_000_000_000).prop_map(
        |(all, name, description, at)| {
            let (mut cuts, mut guided) = (Vec::new(), Vec::new());
            for one in all {
                match one {
                    Ok(((name, target, mild), parameters, cost, delay, needs_person)) => {
                        let parameters =
                            parameters.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect();
                        let action = Action { name: Text::new(name), target, parameters };
                        let reversibility =
                            if mild { Reversibility::ReversibleReissuesAccess } else { Reversibility::Irreversible };
                        let phase = order::phase(&action);
                        let key = StepKey::of(&action);
                        let undo_note = order::undo_note(&action, reversibility);
                        cuts.push(Step {
                            number: 0,
                            key,
                            action,
                            cost,
                            delay_seconds: delay,
                            reversibility,
                            phase,
                            after: Vec::new(),
                            undo_note,
                            needs_person,
                        });
                    }
                    Err((title, text)) => guided.push((title, text)),
                }
            }
            cuts.dedup_by(|a, b| a.key == b.key);
            let mut steps: Vec<Entry> = order::order(cuts).into_iter().map(|step| Entry::Cut(Box::new(step))).collect();
            for (title, text) in guided {
                let number = steps.len() as u32 + 1;
                let after = (1..number).step_by(2).collect();
                steps.push(Entry::Guided(Guided { number, title, text, after }));
            }
            Playbook { name, description, at: to_milliseconds(Time(at * 1_234_567)), steps }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_exactly(playbook in playbooks()) {
        let text = written(&playbook);
        prop_assert_eq!(read(&text), playbook.clone());
        prop_assert_eq!(written(&playbook), text, "the same bytes each time");
    }

    #[test]
    fn any_json_is_a_playbook_or_names_what_is_wrong(text in "\\PC{0,80}", changed in 0_usize..4_000, byte in 32_u8..127) {
        prop_assert!(!import(&text, &known()).is_err_and(|faults| faults.is_empty()));
        let mut broken = written(&Playbook::of_plan(&example::plan())).into_bytes();
        let at = changed % broken.len();
        broken[at] = byte;
        if let Ok(text) = String::from_utf8(broken) && let Err(faults) = import(&text, &known()) {
            prop_assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.place.is_empty()));
        }
    }
}

const U: &str = "00000000-0000-4000-8000-00000000000";

/// A playbook of somebody else: a query, a script, a decision with a call below it, and one step that nothing leads to.
fn foreign() -> Value {
    let id = |kind: &str, last: u32| format!("{kind}--{U}{last}");
    let (agent, end) = (id("individual", 1), |last| id("end", last));
    let action = |name: &str, next: String, command: Value| json!({"type": "action", "name": name, "agent": agent, "on_completion": next, "commands": [command]});
    let branches = [id("action", 1), id("action", 2)];
    let decide = json!({
        "type": "if-condition", "condition": "__found__ = 1", "on_true": id("action", 3), "on_completion": end(4),
    });
    let mut workflow: serde_json::Map<String, Value> = [
        (id("start", 1), json!({"type": "start", "on_completion": id("parallel", 1)})),
        (
            id("parallel", 1),
            json!({"type": "parallel", "next_steps": branches, "on_completion": id("if-condition", 1)}),
        ),
        (id("action", 1), action("ask", end(1), json!({"type": "manual", "command": "call the owner"}))),
        (id("action", 2), action("wipe", end(2), json!({"type": "bash", "command": "rm -rf /"}))),
        (id("if-condition", 1), decide),
        (id("action", 3), action("call", end(3), json!({"type": "http-api", "description": "tell the insurer"}))),
        (id("action", 9), action("", end(4), json!({"type": "manual", "command": "never"}))),
    ]
    .into_iter()
    .collect();
    workflow.extend((1..=4).map(|last| (end(last), json!({"type": "end"}))));
    json!({
        "type": "playbook", "spec_version": "cacao-2.0", "id": id("playbook", 1), "name": "Lost laptop",
        "created_by": id("identity", 1), "created": "2026-01-02T03:04:05.678Z", "modified": "2026-01-03T03:04:05.678Z",
        "workflow_start": id("start", 1), "workflow": workflow,
        "agent_definitions": {(agent.clone()): {"type": "individual", "name": "on call"}},
    })
}

#[test]
fn what_others_write_becomes_text_for_people_and_is_never_ours_to_do() {
    let (playbook, notes) = import(&foreign().to_string(), &known()).expect("a playbook");
    let told: Vec<(u32, &str)> = playbook
        .steps
        .iter()
        .map(|entry| match entry {
            Entry::Guided(guided) => (guided.number, guided.text.as_str()),
            Entry::Cut(step) => panic!("{step:?}"),
        })
        .collect();
    let expected = [
        (1, "call the owner"),
        (2, "[bash] rm -rf /"),
        (3, "decide: __found__ = 1"),
        (4, "only if `__found__ = 1` is true: [http-api] tell the insurer"),
    ];
    assert_eq!(told, expected);
    assert!(notes.len() == 1 && notes[0].place.ends_with('9'), "{notes:?}");
    assert_eq!(read(&written(&playbook)), playbook);
}

fn faults_of(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut book = foreign();
    change(&mut book);
    let faults = import(&book.to_string(), &known()).expect_err("it is wrong");
    faults.iter().map(Fault::to_string).collect()
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let said =
        |faults: Vec<String>, words: &str| assert!(faults.iter().any(|one| one.contains(words)), "{words}: {faults:?}");
    said(faults_of(|book| book["spec_version"] = json!("1.1")), "`spec_version`: it must be `cacao-2.0`");
    said(faults_of(|book| book["id"] = json!("playbook--1")), "`id`: it must be `playbook--` and a UUID");
    said(faults_of(|book| book["created"] = json!("2026-01-02T03:04:05Z")), "`created`: it must be a time");
    said(faults_of(|book| book["modified"] = json!("2026-01-01T03:04:05.678Z")), "`modified`: it is before `created`");
    said(faults_of(|book| book["revoked"] = json!(true)), "`revoked`");
    said(faults_of(|book| drop(book["workflow"].take())), "`workflow`: there is none");
    let action = format!("action--{U}1");
    said(
        faults_of(|book| book["workflow"][&action]["agent"] = json!("x")),
        "agent`: it is none of `agent_definitions`",
    );
    said(faults_of(|book| book["workflow"][&action]["commands"] = json!([])), "commands`: there is none");
    said(faults_of(|book| book["workflow"][&action]["on_completion"] = json!("end--x")), "it leads to no step");
    said(faults_of(|book| book["workflow"][&action]["type"] = json!("end")), "its name must be its `type`");
    said(faults_of(|book| book["workflow"][&action]["on_failure"] = json!(action)), "stands beside");
    let parallel = format!("parallel--{U}1");
    said(faults_of(|book| book["workflow"][&parallel]["next_steps"] = json!([action])), "fewer than two");
    assert!(import("[]", &known()).is_err() && import("{", &known()).is_err());
}

/// The JSON of the example with one step of ours changed.
fn edited(change: impl FnOnce(&mut Value)) -> String {
    let mut book = export(&Playbook::of_plan(&example::plan())).expect("plain data");
    let steps = book["workflow"].as_object_mut().expect("one").values_mut();
    let step = steps.into_iter().find(|step| step["type"] == "action").expect("one");
    change(&mut step["step_extensions"][EXTENSION]["firebreak_step"]);
    book.to_string()
}

#[test]
fn a_step_of_ours_that_somebody_changed_is_refused_and_never_another_step() {
    let faults = |text: &str| import(text, &known()).expect_err("it was changed")[0].to_string();
    assert!(
        faults(&edited(|step| step["action"]["target"] = json!("credential:aws/OTHER")))
            .contains("not that of its action")
    );
    assert!(faults(&edited(|step| step["phase"] = json!("outer"))).contains("not that of its action"));
    assert!(faults(&edited(|step| drop(step["action"].take()))).contains("it is no step"));
    let mut permanent: KnownActions = known();
    permanent.get_mut("aws_access_key/deactivate").expect("one").reversibility = Reversibility::Irreversible;
    let lies = import(&edited(|_| {}), &permanent).expect_err("it promises too much");
    assert!(lies[0].to_string().contains("can be taken back, and it cannot"), "{lies:?}");
}

#[test]
fn what_no_responder_does_any_longer_is_left_to_people_and_said() {
    let (playbook, notes) = import(&edited(|_| {}), &BTreeMap::new()).expect("a playbook");
    assert!(playbook.steps.iter().all(|entry| matches!(entry, Entry::Guided(_))));
    assert!(notes.iter().all(|note| note.reason.contains("no responder does")) && notes.len() == 2, "{notes:?}");
}

#[test]
fn steps_wait_in_the_file_as_they_wait_in_the_plan() {
    let role = NodeKey::identity("aws", "arn:aws:iam::1:role/eval");
    let steps = order::order(vec![
        order::tests::step("aws_role_sessions/deny", role, 120),
        order::tests::step("aws_access_key/deactivate", NodeKey::credential("aws", "AKIA1"), 60),
    ]);
    let phases: Vec<Phase> = steps.iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::TokenTime, Phase::Key, Phase::Sweep]);
    let entries: Vec<Entry> = steps.into_iter().map(|step| Entry::Cut(Box::new(step))).collect();
    let playbook = Playbook { name: "n".into(), description: String::new(), at: Time(0), steps: entries };
    let mut known = known();
    let sessions = known["aws_access_key/deactivate"].clone();
    known.insert("aws_role_sessions/deny".into(), sessions);
    let (read, _) = import(&written(&playbook), &known).expect("a playbook");
    assert_eq!(read, playbook);
}
