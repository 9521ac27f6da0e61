//! Drills on real servers: an identity is cut, seen to be refused, and is as it was.

use super::Desk;
use super::keycloak::{REFRESHES, drilled_user};
use crate::lab;
use crate::lab::postgres::Cluster;
use firebreak_act::{Canary, Drill, Mode, StepState};
use serde_json::{Value, json};

fn canary(described: Value) -> Canary {
    serde_json::from_value(described).expect("a canary")
}

async fn drilled(desk: &Desk, canary: &Canary) -> Drill {
    match desk.executor().rehearse_on(canary) {
        Ok(rehearsal) => desk.executor().drill(&rehearsal).await.expect("journal and record work"),
        Err(refused) => *refused,
    }
}

fn role(name: &str) -> Canary {
    canary(json!({
        "action": "postgres_role/disable", "target": format!("identity:postgres/db/{name}"),
        "parameters": {"host": "db", "role": name},
    }))
}

#[tokio::test(flavor = "current_thread")]
async fn a_database_role_is_cut_seen_refused_and_given_back() {
    let Some(_lab) = lab::prepared() else { return };
    let cluster = Cluster::start();
    for name in ["canary", "shut", "blind"] {
        cluster.psql(&format!("CREATE ROLE {name} LOGIN PASSWORD 'app'"));
    }
    cluster.psql("ALTER ROLE shut NOLOGIN");
    let servers = json!({"db": {"url": "own", "probes": {"canary": "old"}}});
    let config = json!({"postgres_role": {"servers": servers}, "own": ["identity:postgres/db/firebreak"]});
    let (own, old) = (cluster.url("firebreak", "responder"), cluster.url("canary", "app"));
    let desk = Desk::new(config, &[("own", &own), ("old", &old)]);

    let drill = drilled(&desk, &role("canary")).await;
    assert!(drill.passed && drill.undone, "{drill:?}");
    assert!(drill.seconds_to_declared.is_some() && drill.seconds_to_effective.is_some(), "{drill:?}");
    assert_eq!(cluster.try_login("canary", "app"), Ok(()));
    let kinds: Vec<String> = desk.record.entries().into_iter().map(|(_, kind, _)| kind).collect();
    assert_eq!(kinds.first().map(String::as_str), Some("act.intent"));
    assert_eq!(kinds.last().map(String::as_str), Some("act.drill"), "{kinds:?}");
    let again = drilled(&desk, &role("canary")).await;
    assert!(again.passed && again.plan != drill.plan, "{again:?}");

    let blind = drilled(&desk, &role("blind")).await;
    assert!(blind.passed && blind.seconds_to_effective.is_none(), "the platform says so, and nobody looked: {blind:?}");
    let shut = drilled(&desk, &role("shut")).await;
    assert!(!shut.passed && shut.detail.contains("before the drill"), "{shut:?}");
    assert_eq!(cluster.psql("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shut'"), "f");
    let own = drilled(&desk, &role("firebreak")).await;
    assert!(!own.passed && own.plan.is_none(), "{own:?}");
    let nobody = drilled(&desk, &role("nobody")).await;
    assert!(!nobody.passed && nobody.detail.contains("no such role"), "{nobody:?}");
    assert_eq!(cluster.try_login("firebreak", "responder"), Ok(()));
}

#[tokio::test(flavor = "current_thread")]
async fn what_an_interrupted_drill_did_is_taken_back() {
    let Some(_lab) = lab::prepared() else { return };
    let cluster = Cluster::start();
    cluster.psql("CREATE ROLE canary LOGIN PASSWORD 'app'");
    let desk = Desk::new(
        json!({"postgres_role": {"servers": {"db": {"url": "own"}}}}),
        &[("own", &cluster.url("firebreak", "responder"))],
    );
    let canary = role("canary");
    let under_way = desk.executor().rehearse_on(&canary).expect("it passes").under_way();
    assert!(!under_way.passed && !under_way.undone, "{under_way:?}");
    let plan = under_way.plan.as_deref().expect("it passed the gate");
    assert!(desk.executor().give_back(plan).await.expect("journal works").steps.is_empty(), "it never began");
    // Killed between cut and undo.
    let cut = desk.plan(
        super::action("postgres_role/disable", canary.target.clone(), &[("host", "db"), ("role", "canary")]),
        super::RISKY,
    );
    desk.executor().execute(&cut, Mode::Live).await.expect("journal and record work");
    assert!(cluster.try_login("canary", "app").is_err());
    let back = desk.executor().give_back(cut.plan().id().as_str()).await.expect("journal works");
    assert_eq!(back.steps[0].state, StepState::Undone);
    assert_eq!(cluster.try_login("canary", "app"), Ok(()));
}

#[tokio::test(flavor = "current_thread")]
async fn a_user_of_a_realm_is_cut_seen_refused_and_given_back() {
    let Some(lab) = lab::prepared() else { return };
    let (office, desk, user, described) = drilled_user(&lab).await;
    let drill = drilled(&desk, &canary(described)).await;
    assert!(drill.passed && drill.undone && drill.seconds_to_effective.is_some(), "{drill:?}");
    let again = office.sign_in(user.id, user.name, "").await;
    assert_eq!(office.refresh(&again.refresh_token).await, REFRESHES, "the user may sign in");
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_taken_back_or_done_is_not_drilled() {
    let desk = Desk::new(json!({}), &[]);
    for (action, target) in
        [("oauth_token/revoke", "credential:oauth/id.example/1"), ("moon/close", "credential:moon/1")]
    {
        let drill = drilled(&desk, &canary(json!({"action": action, "target": target}))).await;
        assert!(!drill.passed && drill.plan.is_none(), "{drill:?}");
    }
    assert!(desk.record.entries().is_empty());
}
