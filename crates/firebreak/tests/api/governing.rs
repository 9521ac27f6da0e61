//! Governing as callers meet it: what is shown before it is asked for, that what was seen is what is asked for, and that asking changes nothing
//! by itself.

use super::{here, refused};
use serde_json::{Value, json};

const USER: &str = "identity:aws/arn:aws:iam::123456789012:user/ci";
const APP: &str = "identity:litellm/eval-nightly";

fn get(path: &str) -> Value {
    let came = here().as_role("viewer", "GET", path, "");
    assert_eq!(came.status, 200, "{path}: {came:?}");
    came.json()
}

fn post(role: &str, path: &str, body: &Value) -> super::Came {
    here().as_role(role, "POST", path, &body.to_string())
}

/// What was left for the writer of this kind, by this caller.
fn left(kind: &str, by: &str) -> Vec<Value> {
    let asked = here().runtime.block_on(here().store.open_requests()).unwrap();
    let bodies = asked.iter().filter(|request| request.kind == kind);
    let bodies = bodies.map(|request| serde_json::from_str::<Value>(&request.body).unwrap());
    bodies.filter(|body| body["by"] == format!("identity:person/{by}@example.com")).collect()
}

/// A key as it stands in an address.
fn spelled(key: &str) -> String {
    key.replace(':', "%3A").replace('/', "%2F")
}

#[test]
fn a_proposal_is_asked_for_as_it_was_seen_and_only_once() {
    let told = get("/access");
    assert_eq!((told["identities"].as_u64(), told["denied"].as_u64()), (Some(1), Some(0)), "{told}");
    let listed = get("/access/identities?q=user/ci");
    let item = &listed["items"][0];
    assert!(item["left"].as_u64() < item["granted"].as_u64() && item["identity"] == USER, "{listed}");
    assert_eq!(get("/access/identities?q=nobody")["total"], 0);
    let path = format!("/access/identity?key={}", spelled(USER));
    let one = get(&path);
    assert!(one["removed"].as_array().unwrap().contains(&json!("iam:listusers")), "{one}");
    assert!(one["documents"][0].to_string().contains("iam:ListRoles") && one["refused"].is_null(), "{one}");
    let seen = one["proposal"].as_str().unwrap().to_owned();

    let other = post("responder", "/access/narrow", &json!({"identity": USER, "proposal": "0000000000000000"}));
    refused(&other, 409, "conflict", "a proposal that was not seen");
    let unknown = json!({"identity": "identity:aws/arn:aws:iam::1:user/x", "proposal": seen});
    refused(&post("responder", "/access/narrow", &unknown), 404, "not-found", "nobody of this name");
    let forged = json!({"identity": USER, "proposal": seen, "by": "boss@example.com"});
    refused(&post("responder", "/access/narrow", &forged), 400, "bad-request", "a body that names somebody");
    assert!(left("change", "responder").iter().all(|wish| wish["purpose"] != "narrow"), "nothing was asked for yet");

    let bearer = format!("Bearer {}", here().token("responder", &[]));
    let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "narrow-once")];
    let body = json!({"identity": USER, "proposal": seen}).to_string();
    let before = here().book.with(|ledger| ledger.size());
    let ask = || here().call("POST", "/api/v1/access/narrow", &headers, &body);
    let (first, again) = (ask(), ask());
    assert_eq!((first.status, first.json()), (202, again.json()), "{first:?}");
    let wishes = left("change", "responder");
    let narrowed: Vec<&Value> = wishes.iter().filter(|wish| wish["purpose"] == "narrow").collect();
    assert_eq!(narrowed.len(), 1, "one request");
    let action = &narrowed[0]["actions"][0]["action"];
    assert_eq!((&action["name"], &action["target"]), (&json!("aws_policy/narrow"), &json!(USER)));
    assert_eq!(narrowed[0]["watch"]["identities"], json!([USER]), "its refusals are watched");
    let records: Vec<_> =
        here().book.with(|ledger| (before..ledger.size()).map(|at| ledger.record(at).unwrap().body.clone()).collect());
    let said = |body: &&Value| body["endpoint"] == "/access/narrow" && body["by"] == "responder@example.com";
    assert_eq!(records.iter().filter(said).count(), 1, "who asked is in the ledger, once");
}

#[test]
fn an_app_is_taken_out_of_use_held_and_released_by_asking() {
    let apps = get("/apps");
    let one = apps["items"].as_array().unwrap().iter().find(|one| one["key"] == APP).unwrap();
    assert!(one["risk"].as_str().is_some_and(|risk| !risk.is_empty()) && one["shadow"] == false, "{one}");
    let whole = get(&format!("/apps/app?key={}", spelled(APP)));
    assert_eq!(whole["steps"][0]["action"]["name"], "litellm_key/block", "{whole}");
    let bare = json!({"app": APP});
    assert_eq!(post("approver", "/apps/quarantine", &bare).status, 202);
    let wishes = left("change", "approver");
    assert!(wishes.iter().any(|wish| wish["purpose"] == "quarantine" && wish["subject"] == APP), "{wishes:?}");

    refused(&post("responder", "/apps/leash", &bare), 409, "conflict", "to nothing");
    let leashed = post("responder", "/apps/leash", &json!({"app": APP, "models": ["mini"], "max_budget": 5}));
    assert_eq!(leashed.status, 202, "{leashed:?}");
    assert_eq!(leashed.json()["actions"][0]["action"]["name"], "litellm_key_limits/narrow");
    let released = json!({"app": APP, "because": "mended"});
    refused(&post("responder", "/apps/release", &released), 409, "conflict", "nothing stands");
    refused(&post("responder", "/apps/release", &bare), 400, "bad-request", "without a reason");
    let nobody = json!({"app": "identity:litellm/nobody"});
    refused(&post("responder", "/apps/quarantine", &nobody), 404, "not-found", "no such app");
    refused(&post("responder", "/apps/quarantine", &json!({"app": "nonsense"})), 400, "bad-request", "no key");
}

#[test]
fn what_an_app_may_use_is_shown_before_it_is_held_to_less() {
    let whole = get(&format!("/apps/app?key={}", spelled(APP)));
    let leash = &whole["leash"];
    assert_eq!((leash["keys"].as_u64(), &leash["refused"]), (Some(1), &Value::Null), "{leash}");
    let names: Vec<&str> =
        leash["may_use"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"gpt-4o") && names.contains(&"srv-1"), "its team's model, its own server: {leash}");
    assert!(leash["may_use"].as_array().unwrap().iter().all(|one| one["events"] == 0), "use is known: none");
    let apps = get("/apps")["items"].as_array().unwrap().clone();
    let google = apps.iter().find(|one| one["key"].as_str().unwrap().starts_with("identity:app/google/")).unwrap();
    let whole = get(&format!("/apps/app?key={}", spelled(google["key"].as_str().unwrap())));
    let refused = whole["leash"]["refused"].as_str().unwrap_or_default();
    assert!(refused.contains("of which no call is known"), "{whole}");
}

#[test]
fn ai_in_use_that_no_inventory_names_is_shown_with_who_how_much_and_on_what_evidence() {
    let told = get("/apps/services");
    assert_eq!((&told["use_known"], told["days"].as_u64()), (&json!(true), Some(90)), "{told}");
    let all = told["providers"].as_array().unwrap();
    let one = all.iter().find(|one| one["vendor"] == "cohere").unwrap_or_else(|| panic!("{told}"));
    assert_eq!((&one["shadow"], &one["users"], &one["sent"]), (&json!(true), &json!(1), &json!(7_000)), "{one}");
    assert_eq!(one["used_by"][0]["who"], "10.4.2.17", "{one}");
    let extensions = get("/apps/extensions?q=acme");
    let one = &extensions["items"][0];
    assert_eq!((&one["publisher"], &one["environments"]), (&json!("acme"), &json!(["environment:host/laptop-7"])));
    assert_eq!(get("/apps/extensions?q=nobody.nothing")["total"], 0);
}

#[test]
fn what_is_shared_with_anyone_is_listed_with_what_lies_in_it() {
    let shares = get("/shares/all");
    let all = shares["items"].as_array().unwrap();
    let linked = all.iter().find(|one| one["links"][0] == "resource:google/link/f1/anyone");
    let linked = linked.unwrap_or_else(|| panic!("{shares}"));
    assert_eq!((&linked["with"], &linked["can_end"]), (&json!(["identity:google/*"]), &json!(true)), "{linked}");
    assert!(all.iter().all(|one| one["resource"] != "resource:google/link/f1/anyone"), "a link is no thing of its own");
    assert_eq!(get("/shares/all?q=nothing-of-this-name")["total"], 0);
    let preview = get(&format!("/shares?resource={}", spelled(linked["resource"].as_str().unwrap())));
    assert!(!preview["cuts"].as_array().unwrap().is_empty(), "{preview}");
}

#[test]
fn a_review_takes_one_answer_with_its_reason() {
    let due = get("/review");
    let item = due["items"][0]["item"].as_str().unwrap_or_else(|| panic!("{due}")).to_owned();
    let answer = |more: Value| {
        let mut body = json!({"item": item, "because": "year end"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post("responder", "/review", &body)
    };
    refused(&answer(json!({})), 422, "unfit", "no answer");
    refused(&answer(json!({"remove": true, "ask_owner": true})), 422, "unfit", "two answers");
    refused(&answer(json!({"keep_until": "2020-01-01T00:00:00Z"})), 422, "unfit", "the past");
    refused(&answer(json!({"remove": true, "because": " "})), 400, "bad-request", "no reason");
    refused(&answer(json!({"remove": true, "item": "nothing"})), 422, "unfit", "no item");
    let came = answer(json!({"keep_until": "2046-01-01T00:00:00Z"}));
    assert_eq!((came.status, came.json()["word"].as_str()), (202, Some("keep")), "{came:?}");
    let left = left("answer", "responder");
    assert!(left.len() == 1 && left[0]["item"] == item.as_str() && left[0]["because"] == "year end", "{left:?}");
}

#[test]
fn the_end_of_a_share_names_whom_it_touches_and_nothing_ends_what_is_not_shared() {
    let vault = "resource:aws/arn:aws:s3:::vault";
    let told = get(&format!("/shares?resource={}", spelled(vault)));
    assert_eq!((&told["cuts"], &told["resource"]), (&json!([]), &json!(vault)), "nobody shares it: {told}");
    refused(&post("responder", "/shares/end", &json!({"resource": vault})), 409, "conflict", "there is no share");
    let nowhere = here().as_role("viewer", "GET", "/shares?resource=resource%3Aaws%2Fnowhere", "");
    refused(&nowhere, 404, "not-found", "what the map does not know");
}

#[test]
fn a_change_that_waits_is_shown_as_such_and_not_as_an_incident() {
    let changes = get("/changes");
    let change = &changes["items"][0];
    assert_eq!((&change["stage"], &change["subject"]), (&json!("waiting"), &json!(APP)), "{changes}");
    assert_eq!(get("/changes?stage=watched")["total"], 0);
    let plan = change["plan"].as_str().unwrap();
    let whole = get(&format!("/changes/{plan}"));
    assert!(whole["watched"] == false && !whole["actions"].as_array().unwrap().is_empty(), "{whole}");
    let now = get("/now");
    assert!(now["changes"].as_array().unwrap().iter().any(|one| one["plan"] == plan), "{now}");
    assert!(now["waiting"].as_array().unwrap().iter().all(|one| one["id"] != plan), "it has no incident");
    // A person approves it as every plan.
    let approved = post("approver", &format!("/plans/{plan}/approve"), &json!({}));
    assert_eq!((approved.status, approved.json()["plan_id"].as_str()), (202, Some(plan)));
    let unknown = here().as_role("viewer", "GET", "/changes/none", "");
    refused(&unknown, 404, "not-found", "no such change");
}
