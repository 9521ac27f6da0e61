//! Keycloak: who is refused after each cut, who is not, and what lives on.

use super::{Desk, effective};
use crate::bench::keycloak::{MAKER, Office, REALM, User, equipment};
use crate::lab;
use crate::plans::action;
use base64::Engine;
use firebreak_act::{Journal, StepReport, StepState};
use firebreak_model::{Action, NodeKey, Reversibility};
use serde_json::{Value, json};

/// What Keycloak answers to the user's tokens: refresh, introspection, userinfo.
async fn answers(office: &Office, user: &User) -> (u16, bool, u16) {
    let own = ("firebreak-keycloak_user", "hush-of-firebreak");
    let refresh = office.refresh(&user.refresh_token).await;
    let active = office.server.is_active(REALM, &user.access_token, own).await;
    (refresh, active, office.server.userinfo(REALM, &user.access_token).await)
}

const ADMITTED: (u16, bool, u16) = (200, true, 200);
const REFUSED: (u16, bool, u16) = (400, false, 401);

/// Firebreak with the responder's own client and one token to try.
fn desk(office: &Office, name: &str, target: &NodeKey, probe: &Value, old: &str) -> Desk {
    let (config, secrets) = equipment(office, name, target, probe);
    let mut secrets: Vec<_> = secrets.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    secrets.push(("test:old", old));
    Desk::new(config, &secrets)
}

/// What a refresh answers that is admitted.
pub(super) const REFRESHES: u16 = 200;

/// A realm with a user who exists to be cut, who can do it, and the canary as the configuration names it.
pub(super) async fn drilled_user(lab: &std::path::Path) -> (Office, Desk, User, Value) {
    let office = Office::new(lab);
    office.open().await;
    let user = office.user("").await;
    let cut = on_user("keycloak_user/disable", &user, &[]);
    let desk = desk(&office, "keycloak_user", &cut.target, &refresh_probe(), &user.refresh_token);
    let canary = json!({"action": cut.name, "target": cut.target, "parameters": cut.parameters});
    (office, desk, user, canary)
}

fn refresh_probe() -> Value {
    json!({"client_id": "app", "refresh_token": "test:old"})
}

fn assert_contained(step: &StepReport) {
    assert_eq!((step.state, effective(step)), (StepState::Contained, Some(true)), "{step:?}");
    let seconds = step.seconds_to_effective_denial.expect("it was seen");
    println!("{}: {seconds:.3} s to effective denial", step.action.name);
    assert!(seconds < 30.0);
}

fn on_user(name: &str, user: &User, more: &[(&str, &str)]) -> Action {
    let parameters: Vec<_> = [("realm", REALM), ("user", user.id.as_str())].iter().chain(more).copied().collect();
    action(name, NodeKey::identity("keycloak", &format!("{REALM}/{}", user.id)), &parameters)
}

/// Seconds that an access token says it still lives.
fn left(token: &str) -> i64 {
    let payload = token.split('.').nth(1).expect("a JWT");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let claims: Value = serde_json::from_slice(&bytes).expect("JSON");
    claims["exp"].as_i64().expect("`exp`") - firebreak_world::Clock::now(&firebreak_world::SystemClock).seconds()
}

#[tokio::test(flavor = "current_thread")]
async fn a_realm_refuses_what_was_cut_and_nothing_else() {
    let Some(lab) = lab::prepared() else { return };
    let office = Office::new(&lab);
    office.open().await;
    a_disabled_user_keeps_no_token(&office).await;
    one_session_of_two(&office).await;
    a_consent_of_one_user(&office).await;
    a_disabled_client(&office).await;
    a_rotated_secret(&office).await;
    an_intruder_who_goes_on_making_clients_has_none_after_one_sweep(&office).await;
    everyone(&office).await;
}

async fn a_disabled_user_keeps_no_token(office: &Office) {
    let online = office.user("").await;
    let offline = office.sign_in(online.id.clone(), online.name.clone(), "offline_access").await;
    let bystander = office.user("offline_access").await;
    let cut = on_user("keycloak_user/disable", &online, &[]);
    let desk = desk(office, "keycloak_user", &cut.target, &refresh_probe(), &online.refresh_token);
    let plan = desk.plan(cut, Reversibility::ReversibleReissuesAccess);
    let report = desk.execute(&plan).await;
    assert_contained(&report.steps[0]);
    for user in [&online, &offline] {
        assert_eq!(answers(office, user).await, REFUSED);
    }
    assert!(left(&online.access_token) > 200, "who checks only signatures goes on admitting it");
    assert_eq!(answers(office, &bystander).await, ADMITTED);

    assert_eq!(desk.undo(&plan, false).await.steps[0].state, StepState::Contained, "undo waits for rotation");
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    for user in [&online, &offline] {
        assert_eq!(answers(office, user).await.0, 400, "undo brings no session back");
    }
    let again = office.sign_in(online.id, online.name, "").await;
    assert_eq!(answers(office, &again).await, ADMITTED);
}

async fn one_session_of_two(office: &Office) {
    let first = office.user("").await;
    let second = office.sign_in(first.id.clone(), first.name.clone(), "").await;
    let cut = on_user("keycloak_sessions/end", &first, &[("session", &first.session)]);
    let one = desk(office, "keycloak_sessions", &cut.target, &refresh_probe(), &first.refresh_token);
    assert_contained(&one.execute(&one.plan(cut, Reversibility::Irreversible)).await.steps[0]);
    assert_eq!((answers(office, &first).await, answers(office, &second).await), (REFUSED, ADMITTED));

    let offline = office.sign_in(first.id.clone(), first.name.clone(), "offline_access").await;
    let cut = on_user("keycloak_sessions/end", &first, &[]);
    let all = desk(office, "keycloak_sessions", &cut.target, &refresh_probe(), &offline.refresh_token);
    assert_contained(&all.execute(&all.plan(cut, Reversibility::Irreversible)).await.steps[0]);
    assert_eq!((answers(office, &second).await, answers(office, &offline).await), (REFUSED, REFUSED));
}

async fn a_consent_of_one_user(office: &Office) {
    let (user, bystander) = (office.user("offline_access").await, office.user("offline_access").await);
    let target = NodeKey::identity("app", &format!("keycloak/{REALM}/app/user/{}", user.id));
    let desk = desk(office, "keycloak_consent", &target, &refresh_probe(), &user.refresh_token);
    let cut = action("keycloak_consent/revoke", target, &[("realm", REALM), ("client", "app"), ("user", &user.id)]);
    assert_contained(&desk.execute(&desk.plan(cut, Reversibility::Irreversible)).await.steps[0]);
    assert_eq!((answers(office, &user).await, answers(office, &bystander).await), (REFUSED, ADMITTED));
    let kept = office.look(&format!("/users/{}/consents", bystander.id)).await;
    assert_eq!(kept[0]["grantedClientScopes"], json!(["profile"]), "{kept}");
}

/// An access token of a client's own account, by its old secret.
async fn service_token(office: &Office, client: &str) -> String {
    let form = format!("grant_type=client_credentials&client_id={client}&client_secret=hush-old&scope=openid");
    office.server.ask_token(REALM, &form).await.1["access_token"].as_str().expect("a token").to_owned()
}

async fn a_disabled_client(office: &Office) {
    let (client, other) = (office.client().await, office.client().await);
    let before = office.look(&format!("/clients?clientId={client}")).await[0].clone();
    let account = office.look(&format!("/users?exact=true&username=service-account-{client}")).await[0].clone();
    let token = service_token(office, &client).await;
    assert_eq!(office.server.userinfo(REALM, &token).await, 200);
    let target = NodeKey::identity("app", &format!("keycloak/{REALM}/{client}"));
    let probe = json!({"client_id": client, "client_secret": "test:old"});
    let desk = desk(office, "keycloak_client", &target, &probe, "hush-old");
    let cut = action("keycloak_client/disable", target, &[("realm", REALM), ("client", &client)]);
    let plan = desk.plan(cut, Reversibility::ReversibleReissuesAccess);
    assert_contained(&desk.execute(&plan).await.steps[0]);
    assert_eq!((office.old_secret(&client).await, office.server.userinfo(REALM, &token).await), (401, 401));
    assert_eq!(office.old_secret(&other).await, 200);

    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!((office.old_secret(&client).await, office.server.userinfo(REALM, &token).await), (200, 401));
    let mut after = office.look(&format!("/clients?clientId={client}")).await[0].clone();
    assert!(after["notBefore"].as_i64() > before["notBefore"].as_i64());
    after["notBefore"] = before["notBefore"].clone();
    assert_eq!(after, before, "nothing else of the client is changed");
    let kept = office.look(&format!("/users?exact=true&username=service-account-{client}")).await[0].clone();
    assert_eq!(kept["id"], account["id"], "its account is the same, with its roles");
    assert!(kept["id"].is_string());
}

async fn a_rotated_secret(office: &Office) {
    let client = office.client().await;
    let token = service_token(office, &client).await;
    let target = NodeKey::credential("keycloak", &format!("{REALM}/{client}"));
    let probe = json!({"client_id": client, "client_secret": "test:old"});
    let desk = desk(office, "keycloak_client_secret", &target, &probe, "hush-old");
    let cut = action("keycloak_client_secret/rotate", target, &[("realm", REALM), ("client", &client)]);
    let plan = desk.plan(cut, Reversibility::Irreversible);
    let report = desk.execute(&plan).await;
    assert_contained(&report.steps[0]);
    assert_eq!(office.old_secret(&client).await, 401);
    assert_eq!(office.server.userinfo(REALM, &token).await, 200, "what the old secret was used for lives on");
    let found = office.look(&format!("/clients?clientId={client}")).await;
    let new = found[0]["secret"].as_str().expect("a secret");
    assert!(new != "hush-old" && new.len() >= 16);
    let rows = desk.journal.list(plan.plan().id().as_str()).await.expect("a journal in memory");
    let written = format!("{report:?} {rows:?} {:?}", desk.record.entries());
    assert!(!written.contains(new), "the new secret was written down");
}

/// Makes clients with the newest that works, each with the rights of its maker, until none works.
async fn make_clients(office: &Office) -> Vec<String> {
    let mut made: Vec<String> = Vec::new();
    loop {
        let name = format!("sync-{}", made.len());
        let mut by = None;
        for maker in made.iter().rev().map(String::as_str).chain([MAKER]) {
            if office.makes_client(maker, &name).await {
                by = Some(maker.to_owned());
                break;
            }
        }
        let Some(by) = by else { return made };
        office.raises_client(&by, &name).await;
        made.push(name);
    }
}

async fn an_intruder_who_goes_on_making_clients_has_none_after_one_sweep(office: &Office) {
    assert!(office.makes_client(MAKER, "payroll-export").await, "before anything was compromised");
    let since = firebreak_world::Clock::now(&firebreak_world::SystemClock);
    let target = NodeKey::identity("app", &format!("keycloak/{REALM}/{MAKER}"));
    let desk =
        desk(office, "keycloak_client", &target, &json!({"client_id": MAKER, "client_secret": "test:old"}), "hush-old");
    let cut = action("keycloak_client/disable", target, &[("realm", REALM), ("client", MAKER)]);
    let mut sweep = cut.clone();
    sweep
        .parameters
        .extend([("sweep_after_seconds".into(), "0".into()), ("made_since".into(), since.to_string().as_str().into())]);
    let risky = Reversibility::ReversibleReissuesAccess;
    let (cut, sweep) = (desk.plan(cut, risky), desk.plan(sweep, risky));
    let defend = async {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        // Somebody else is at work meanwhile.
        let honest = office.client().await;
        let steps = (desk.execute(&cut).await, desk.execute(&sweep).await);
        (honest, steps.0, steps.1)
    };
    let (made, (honest, cut, swept)) = tokio::join!(make_clients(office), defend);

    assert!(made.len() > 3, "{made:?}");
    assert_contained(&cut.steps[0]);
    let [declared, ..] = swept.steps[0].evidence.as_slice() else { panic!("{:?}", swept.steps) };
    assert!(declared.denied, "{:?}", swept.steps);
    for name in &made {
        assert_eq!(office.old_secret(name).await, 401, "{name}");
    }
    for name in [honest.as_str(), "payroll-export"] {
        assert_eq!(office.old_secret(name).await, 200, "{name}");
    }
    assert_eq!(desk.undo(&sweep, true).await.steps[0].state, StepState::Undone);
    assert_eq!(office.old_secret("sync-0").await, 200, "it was enabled when the step began");
    assert_eq!(office.old_secret(MAKER).await, 401, "that is another step");
}

async fn everyone(office: &Office) {
    let (one, other) = (office.user("offline_access").await, office.user("").await);
    let target = NodeKey::resource("keycloak", REALM);
    let desk = desk(office, "keycloak_realm", &target, &refresh_probe(), &one.refresh_token);
    let cut = action("keycloak_realm/not_before", target, &[("realm", REALM)]);
    assert_contained(&desk.execute(&desk.plan(cut, Reversibility::Irreversible)).await.steps[0]);
    assert_eq!((office.refresh(&one.refresh_token).await, answers(office, &other).await), (400, REFUSED));
    let again = office.sign_in(other.id, other.name, "").await;
    assert_eq!(answers(office, &again).await, ADMITTED);
}
