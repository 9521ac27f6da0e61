//! Changes by messages: what a person decides, what a refusal takes back and what does not, pauses, restarts, time.

use super::*;
use crate::gate::shipped::{CHANGE, Mode, SCHEMA};
use crate::plan::example;
use firebreak_model::{Action, Reversibility};
use std::collections::BTreeMap;

const DAY: i64 = 86_400;

fn gate() -> Gate {
    Gate::new(SCHEMA, &[("change", CHANGE)]).expect("shipped")
}

/// A gate that lets everything pass that can be taken back.
fn open_gate() -> Gate {
    let text = "permit (principal, action, resource) when { resource.irreversible == 0 };";
    Gate::new(SCHEMA, &[("open", text)]).expect("it fits the schema")
}

fn at(seconds: i64) -> Time {
    example::now().plus_seconds(seconds)
}

fn situation(seconds: i64) -> Situation {
    let lint = LintContext { now: at(seconds), ..example::lint_context() };
    Situation { lint, compromised: BTreeSet::new(), paused: None, hour: 11, weekend: false }
}

fn paused(seconds: i64) -> Situation {
    let by = NodeKey::identity("person", "ada@example.com");
    let pause = Pause { by, at: at(0), because: "payroll runs".to_owned() };
    Situation { paused: Some(pause), ..situation(seconds) }
}

fn user() -> NodeKey {
    NodeKey::identity("aws", "arn:aws:iam::1:user/ci")
}

fn wish(reversibility: Reversibility) -> Wish {
    let action = Action {
        name: Text::new("aws_access_key/deactivate"),
        target: NodeKey::credential("aws", "AKIACHANGE"),
        parameters: BTreeMap::new(),
    };
    let watch = Watch {
        identities: BTreeSet::from([user()]),
        seconds: DAY,
        refused_before: BTreeSet::from([Watch::name("s3:DeleteBucket", None)]),
        loss: serde_json::Value::Null,
    };
    Wish {
        title: "narrow ci".to_owned(),
        purpose: Purpose::Narrow,
        subject: user(),
        by: NodeKey::identity("person", "ada@example.com"),
        at: at(0),
        actions: vec![Asked { action, reversibility, delay_seconds: 0, used: None }],
        gaps: Vec::new(),
        watch: Some(watch),
    }
}

fn refusal(action: &str, seconds: i64) -> Refusal {
    let event = EventUid::of("aws_cloudtrail", format!("{action} {seconds}").as_bytes());
    Refusal { identity: user(), action: Text::new(action), resource: None, at: at(seconds), event }
}

/// Changes with one that is done and watched, its plan and its step.
fn watched() -> (Changes, PlanId, StepKey) {
    let mut changes = Changes::default();
    changes.wish(wish(Reversibility::Reversible), &open_gate(), &situation(0)).expect("a plan");
    let (id, step) = {
        let change = changes.all().next().expect("one");
        assert_eq!(change.stage, Stage::UnderWay);
        (change.plan.id().clone(), change.plan.steps()[0].key.clone())
    };
    changes.reported(&id, &step, StepOutcome::Applied, at(1));
    assert_eq!(changes.get(&id).expect("it").stage, Stage::Watched);
    (changes, id, step)
}

fn restores(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Restore { .. })).count()
}

#[test]
fn a_person_decides_and_two_where_nothing_brings_it_back() {
    for (reversibility, needed) in [(Reversibility::Reversible, 1), (Reversibility::Irreversible, 2)] {
        let mut changes = Changes::default();
        let effects = changes.wish(wish(reversibility), &gate(), &situation(0)).expect("a plan");
        let asks = effects.iter().find_map(|effect| match effect {
            Effect::Ask { needed, have, plan, .. } => Some((*needed, *have, plan.clone())),
            _ => None,
        });
        let (wanted, have, plan) = asks.expect("people are asked");
        assert_eq!((wanted, have), (needed, 0));
        for number in 1..=needed {
            let approval = Approval {
                by: NodeKey::identity("person", &format!("p{number}@example.com")),
                plan_id: plan.clone(),
                at: at(1),
                expires: at(DAY),
            };
            let effects = changes.approve(&approval, &gate(), &situation(2)).expect("it is ours");
            let runs = effects.iter().any(|effect| matches!(effect, Effect::Execute(_)));
            assert_eq!(runs, number == needed, "{number} of {needed}");
        }
        let other = Approval {
            by: NodeKey::identity("person", "p@example.com"),
            plan_id: PlanId::from_text("other"),
            at: at(1),
            expires: at(DAY),
        };
        assert!(changes.approve(&other, &gate(), &situation(2)).is_none(), "a plan of an incident is not ours");
    }
}

#[test]
fn watch_mode_never_changes_anything_and_says_so() {
    let mut changes = Changes::default();
    let watch = Mode::Watch.gate().expect("shipped");
    let effects = changes.wish(wish(Reversibility::Reversible), &watch, &situation(0)).expect("a plan");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Plan { status: "denied", .. })));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Execute(_) | Effect::Ask { .. })));
}

#[test]
fn the_same_wish_is_not_taken_twice_while_it_stands() {
    let (mut changes, id, step) = watched();
    let again = changes.wish(wish(Reversibility::Reversible), &open_gate(), &situation(5));
    assert!(again.expect_err("it stands").contains("watched already"));
    changes.reported(&id, &step, StepOutcome::Undone, at(9));
    assert_eq!(changes.get(&id).expect("it").stage, Stage::TakenBack);
    assert!(changes.wish(wish(Reversibility::Reversible), &open_gate(), &situation(10)).is_ok());
}

#[test]
fn the_first_refusal_that_it_caused_takes_it_back_once() {
    let (mut changes, id, step) = watched();
    let effects = changes.refused(&id, refusal("s3:GetObject", 60), &situation(61));
    assert_eq!(restores(&effects), 1);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Found { .. })));
    assert!(changes.refused(&id, refusal("s3:PutObject", 61), &situation(62)).is_empty(), "it is being taken back");
    assert_eq!(restores(&changes.tick(&situation(63))), 0);
    changes.reported(&id, &step, StepOutcome::Undone, at(64));
    let change = changes.get(&id).expect("it");
    assert_eq!(
        (change.stage, change.hurt.as_ref().map(|hurt| hurt.action.as_str())),
        (Stage::Restored, Some("s3:GetObject"))
    );
    assert_eq!(changes.missed(&user()), BTreeSet::from([Text::new("s3:GetObject")]));
}

#[test]
fn a_refusal_before_its_end_of_carrying_out_counts_too() {
    let mut changes = Changes::default();
    changes.wish(wish(Reversibility::Reversible), &open_gate(), &situation(0)).expect("a plan");
    let id = changes.all().next().expect("one").plan.id().clone();
    assert_eq!(restores(&changes.refused(&id, refusal("s3:GetObject", 1), &situation(2))), 1);
}

#[test]
fn what_was_refused_before_or_after_the_time_restores_nothing() {
    let (mut changes, id, _) = watched();
    let none = |changes: &mut Changes, refusal| assert!(changes.refused(&id, refusal, &situation(70)).is_empty());
    none(&mut changes, refusal("s3:DeleteBucket", 60));
    none(&mut changes, refusal("S3:deletebucket", 61));
    none(&mut changes, refusal("s3:GetObject", -30));
    none(&mut changes, refusal("s3:GetObject", 60));
    none(&mut changes, refusal("s3:PutObject", DAY + 10));
    assert_eq!(changes.get(&id).expect("it").stage, Stage::Watched);
    // Another thing that was not refused before.
    assert_eq!(restores(&changes.refused(&id, refusal("s3:PutObject", 80), &situation(81))), 1);
}

#[test]
fn a_pause_holds_what_would_be_taken_back_until_it_ends() {
    let (mut changes, id, _) = watched();
    let effects = changes.refused(&id, refusal("s3:GetObject", 60), &paused(61));
    assert_eq!(restores(&effects), 0);
    let said =
        effects.iter().any(|effect| matches!(effect, Effect::Notify { text, .. } if text.contains("payroll runs")));
    assert!(said, "people are told why: {effects:?}");
    assert_eq!(restores(&changes.tick(&paused(70))), 0);
    assert_eq!(restores(&changes.tick(&situation(80))), 1);
    assert_eq!(restores(&changes.tick(&situation(90))), 0, "once");
}

#[test]
fn an_intruder_who_tries_what_went_is_not_given_it_back() {
    let (mut changes, id, step) = watched();
    let intruded = Situation { compromised: BTreeSet::from([user()]), ..situation(61) };
    let effects = changes.refused(&id, refusal("s3:GetObject", 60), &intruded);
    assert_eq!(restores(&effects), 0);
    let said = |wanted: &str| {
        let has = |effect: &Effect| matches!(effect, Effect::Notify { text, .. } if text.contains(wanted));
        effects.iter().any(has)
    };
    assert!(said("within reach of an intruder") && said("firebreak undo"), "{effects:?}");
    assert_eq!(changes.get(&id).expect("it").stage, Stage::Unrestored);
    assert_eq!(restores(&changes.tick(&situation(90))), 0, "not later either");
    assert!(changes.missed(&user()).is_empty(), "nobody needs what an intruder missed");
    changes.reported(&id, &step, StepOutcome::Undone, at(99));
    assert_eq!(changes.get(&id).expect("it").stage, Stage::TakenBack, "a person had it taken back");

    // Known only once the pause ends.
    let (mut changes, id, _) = watched();
    changes.refused(&id, refusal("s3:GetObject", 60), &paused(61));
    let intruded = Situation { compromised: BTreeSet::from([user()]), ..situation(80) };
    assert_eq!(restores(&changes.tick(&intruded)), 0);
    assert_eq!(changes.get(&id).expect("it").stage, Stage::Unrestored);
}

#[test]
fn a_pause_asks_a_person_about_what_the_policy_would_let_pass() {
    let mut changes = Changes::default();
    let effects = changes.wish(wish(Reversibility::Reversible), &open_gate(), &paused(0)).expect("a plan");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask { .. })));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Execute(_))));
}

#[test]
fn it_goes_on_after_a_restart() {
    let mut changes = Changes::default();
    changes.wish(wish(Reversibility::Reversible), &open_gate(), &situation(0)).expect("a plan");
    let text = serde_json::to_string(&changes).expect("plain data");
    let mut again: Changes = serde_json::from_str(&text).expect("what we wrote");
    let effects = again.resume(&open_gate(), &situation(500));
    assert!(matches!(&effects[..], [Effect::Execute(_)]), "{effects:?}");
    let (id, step) = {
        let change = again.all().next().expect("one");
        (change.plan.id().clone(), change.plan.steps()[0].key.clone())
    };
    again.reported(&id, &step, StepOutcome::Applied, at(501));
    assert!(again.resume(&open_gate(), &situation(502)).is_empty(), "what is done is not done again");
    assert_eq!(restores(&again.refused(&id, refusal("s3:GetObject", 600), &situation(601))), 1);
}

#[test]
fn time_ends_the_watch_and_makes_stale_what_nobody_approved() {
    let (mut changes, id, _) = watched();
    assert!(changes.tick(&situation(DAY)).is_empty());
    assert!(!changes.tick(&situation(DAY + 10)).is_empty());
    assert_eq!(changes.get(&id).expect("it").stage, Stage::Stands);
    let mut waits = Changes::default();
    waits.wish(wish(Reversibility::Reversible), &gate(), &situation(0)).expect("a plan");
    let later = situation(5 * 3_600);
    assert!(waits.tick(&later).iter().any(|effect| matches!(effect, Effect::Plan { status: "superseded", .. })));
    assert!(waits.wish(wish(Reversibility::Reversible), &gate(), &later).is_ok(), "it may be asked for again");
    waits.take_dirty();
    waits.tick(&situation(5 * 3_600 + 1));
    assert!(!waits.take_dirty(), "looking changes nothing");
}

#[test]
fn what_failed_stands_nowhere_and_what_cannot_be_taken_back_is_told() {
    let mut changes = Changes::default();
    changes.wish(wish(Reversibility::Reversible), &open_gate(), &situation(0)).expect("a plan");
    let (id, step) = {
        let change = changes.all().next().expect("one");
        (change.plan.id().clone(), change.plan.steps()[0].key.clone())
    };
    changes.reported(&id, &step, StepOutcome::Failed, at(1));
    assert_eq!(changes.get(&id).expect("it").stage, Stage::Failed);
    let (mut changes, id, _) = watched();
    assert!(changes.not_undone(&id, "no").is_empty(), "nothing was to be taken back");
    changes.refused(&id, refusal("s3:GetObject", 60), &situation(61));
    let told = changes.not_undone(&id, "the platform refuses");
    assert!(matches!(&told[..], [Effect::Notify { text, .. }] if text.contains("firebreak undo")), "{told:?}");
}
