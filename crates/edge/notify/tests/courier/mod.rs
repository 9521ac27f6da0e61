//! The courier: order, patience and what is given up.

use crate::script::{Script, clock};
use firebreak_model::Severity;
use firebreak_notify::{Channel, Courier, MemoryOutbox, Notice, Settled};
use firebreak_world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn channel() -> Channel {
    let settings = BTreeMap::from([("url".into(), "https://r.example/n".into()), ("key".into(), "env:KEY".into())]);
    Channel {
        name: "hook".into(),
        kind: "webhook".into(),
        at_least: Severity::Medium,
        title: "{title}".into(),
        text: "{text}".into(),
        approver: None,
        settings,
    }
}

fn notice(id: &str, incident: &str, world: &World) -> Notice {
    let at = world.clock.now();
    let incident = Some(incident.to_owned());
    Notice { id: id.into(), incident, severity: Severity::High, title: id.into(), text: "t".into(), at, ask: None }
}

fn script(answers: Vec<Value>) -> Arc<Script> {
    Script::new(answers.into(), BTreeMap::from([("env:KEY".into(), "a key of thirty-two bytes, or so.".into())]))
}

fn titles(script: &Script) -> Vec<String> {
    let transcript = script.transcript.lock().unwrap().clone();
    transcript
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"title\": "))
        .map(|line| line.replace(['"', ','], ""))
        .collect()
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_about_one_incident_stays_in_order_and_others_go_on() {
    let (script, clock) = (
        script(vec![json!({"status": 503}), json!({"status": 200}), json!({"status": 200}), json!({"status": 200})]),
        clock(),
    );
    let world = script.world(clock.clone());
    let outbox = MemoryOutbox::default();
    for (id, incident) in [("a1", "a"), ("a2", "a"), ("b1", "b")] {
        outbox.put("hook", &notice(id, incident, &world));
        outbox.put("hook", &notice(id, incident, &world));
    }
    let courier = Courier { world: &world, outbox: &outbox, links: None };
    let first = courier.round(&channel()).await.unwrap();
    assert_eq!((first.sent, first.later.len()), (0, 1), "a receiver that is away is not asked for the others too");
    assert_eq!(courier.round(&channel()).await.unwrap().sent, 1, "b does not wait for a");
    clock.set(clock.as_ref().now_plus(6));
    assert_eq!(courier.round(&channel()).await.unwrap().sent, 1);
    assert_eq!(courier.round(&channel()).await.unwrap().sent, 1);
    assert_eq!(titles(&script), ["a1", "b1", "a1", "a2"], "put in twice, sent once");
}

trait Plus {
    fn now_plus(&self, seconds: i64) -> firebreak_model::Time;
}

impl Plus for firebreak_world::FixedClock {
    fn now_plus(&self, seconds: i64) -> firebreak_model::Time {
        firebreak_world::Clock::now(self).plus_seconds(seconds)
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_that_asks_to_wait_is_obeyed() {
    let busy = json!({"status": 429, "headers": [["Retry-After", "120"]]});
    let (script, clock) = (script(vec![busy, json!({"status": 200})]), clock());
    let world = script.world(clock.clone());
    let outbox = MemoryOutbox::default();
    outbox.put("hook", &notice("a", "a", &world));
    let courier = Courier { world: &world, outbox: &outbox, links: None };
    assert_eq!(courier.round(&channel()).await.unwrap().later.len(), 1);
    clock.set(clock.now_plus(119));
    assert_eq!(courier.round(&channel()).await.unwrap(), Default::default(), "not a second too early");
    clock.set(clock.now_plus(1));
    assert_eq!(courier.round(&channel()).await.unwrap().sent, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_refused_is_given_up_at_once_and_what_never_gets_through_after_a_day() {
    let (script, clock) = (script(vec![json!({"status": 422, "body": "no such field"})]), clock());
    let world = script.world(clock.clone());
    let outbox = MemoryOutbox::default();
    outbox.put("hook", &notice("a", "a", &world));
    let courier = Courier { world: &world, outbox: &outbox, links: None };
    let round = courier.round(&channel()).await.unwrap();
    assert_eq!(round.dead, ["hook was not told of `a`: refused with 422: no such field"]);

    outbox.put("hook", &notice("b", "b", &world));
    let mut goes = 0;
    while !matches!(outbox.settled()[1], Some(Settled::Dead { .. })) {
        script.answers.lock().unwrap().push_back(json!({"fails": "lost"}));
        let round = courier.round(&channel()).await.unwrap();
        assert_eq!(round.sent, 0);
        clock.set(clock.now_plus(900));
        goes += 1;
        assert!(goes < 200, "it is never given up");
    }
    assert!((90..110).contains(&goes), "for a day, every quarter of an hour: {goes}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_secret_in_an_answer_is_not_repeated() {
    let echo = json!({"status": 422, "body": "bad key `a key of thirty-two bytes, or so.`"});
    let (script, clock) = (script(vec![echo]), clock());
    let world = script.world(clock);
    let outbox = MemoryOutbox::default();
    outbox.put("hook", &notice("a", "a", &world));
    let round = Courier { world: &world, outbox: &outbox, links: None }.round(&channel()).await.unwrap();
    assert_eq!(round.dead, ["hook was not told of `a`: refused with 422: bad key `…`"]);
}
