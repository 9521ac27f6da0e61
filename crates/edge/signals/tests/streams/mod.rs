//! The management of streams, as a receiver sees it over HTTP.

use crate::{ec, now, rsa};
use firebreak_model::Time;
use firebreak_signals::access::{Access, Server};
use firebreak_signals::jose::Signer;
use firebreak_signals::serve::Doors;
use firebreak_signals::transmitter::{Account, Pushed, State, Transmitter};
use firebreak_signals::{Event, Subject};
use firebreak_world::{Request, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ISSUER: &str = "https://tr.example.com/fb";

struct Desk {
    transmitter: Transmitter,
    signers: Vec<Signer>,
    access: Access,
    made: u32,
    now: Time,
}

fn desk() -> Desk {
    let account = |name: &str, push: Option<&str>| Account {
        name: name.into(),
        audience: format!("https://{name}.example.com"),
        push_below: push.map(str::to_owned),
    };
    let accounts = vec![account("alpha", Some("https://alpha.example.com/in")), account("beta", None)];
    let mut access = Access::default();
    access.admit("alpha", &SecretString::from("alpha-token-alpha-token"));
    access.admit("beta", &SecretString::from("beta-token-beta-token-be"));
    Desk {
        transmitter: Transmitter::new(ISSUER, accounts, State::default()),
        signers: vec![rsa()],
        access,
        made: 0,
        now: now(),
    }
}

impl Desk {
    fn call(&mut self, token: &str, method: &str, path: &str, body: Value) -> Response {
        self.made += 1;
        let mut doors = Doors {
            transmitter: &mut self.transmitter,
            signers: &self.signers,
            access: &self.access,
            fresh: format!("stream-{}", self.made),
        };
        let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { method: method.into(), url: path.into(), headers, body };
        doors.answer(&request, self.now).expect("a path of ours")
    }

    fn alpha(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let answer = self.call("alpha-token-alpha-token", method, path, body);
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    fn cut(&mut self, who: &str, name: &str) -> usize {
        let event = Event::session_revoked(self.now, "cut");
        self.transmitter.emit(&Subject::email(who), &event, "inc-1", name, self.now)
    }
}

#[test]
fn a_stream_lives_from_its_making_to_its_end() {
    let mut desk = desk();
    assert_eq!(desk.alpha("GET", "/fb/ssf/streams", Value::Null), (200, json!([])));
    let (status, stream) = desk.alpha(
        "POST",
        "/fb/ssf/streams",
        json!({"events_requested": ["urn:x", firebreak_signals::event::SESSION_REVOKED]}),
    );
    let id = stream["stream_id"].as_str().unwrap().to_owned();
    assert_eq!(status, 201);
    assert_eq!(stream["iss"], json!(ISSUER));
    assert_eq!(stream["aud"], json!(["https://alpha.example.com"]));
    assert_eq!(stream["delivery"]["method"], json!("urn:ietf:rfc:8936"), "poll where nothing is said");
    assert_eq!(stream["events_delivered"], json!([firebreak_signals::event::SESSION_REVOKED]));
    assert_eq!(desk.alpha("POST", "/fb/ssf/streams", json!({})).0, 409);

    let (status, changed) = desk.alpha("PATCH", "/fb/ssf/streams", json!({"stream_id": id, "description": "d"}));
    assert_eq!(
        (status, &changed["description"], &changed["events_requested"]),
        (200, &json!("d"), &stream["events_requested"])
    );
    assert_eq!(
        desk.alpha("PATCH", "/fb/ssf/streams", json!({"stream_id": id, "aud": ["https://beta.example.com"]})).0,
        400
    );
    let (status, whole) = desk.alpha("PUT", "/fb/ssf/streams", json!({"stream_id": id}));
    assert_eq!(
        (status, whole.get("description"), whole.get("events_requested")),
        (200, None, None),
        "what is missing goes"
    );
    assert_eq!(desk.alpha("GET", &format!("/fb/ssf/streams?stream_id={id}"), Value::Null), (200, whole));

    assert_eq!(desk.alpha("GET", &format!("/fb/ssf/status?stream_id={id}"), Value::Null).1["status"], json!("enabled"));
    assert_eq!(desk.alpha("POST", "/fb/ssf/status", json!({"stream_id": id, "status": "gone"})).0, 400);

    // Another receiver sees nothing of it.
    for (method, path, body) in [
        ("GET", format!("/fb/ssf/streams?stream_id={id}"), Value::Null),
        ("PATCH", "/fb/ssf/streams".into(), json!({"stream_id": id})),
        ("DELETE", format!("/fb/ssf/streams?stream_id={id}"), Value::Null),
        ("POST", "/fb/ssf/verify".into(), json!({"stream_id": id})),
        ("POST", format!("/fb/ssf/poll/{id}"), json!({})),
        ("POST", "/fb/ssf/subjects:add".into(), json!({"stream_id": id, "subject": {"format": "opaque", "id": "1"}})),
    ] {
        assert_eq!(desk.call("beta-token-beta-token-be", method, &path, body).status, 404, "{method} {path}");
    }
    assert_eq!(desk.alpha("DELETE", &format!("/fb/ssf/streams?stream_id={id}"), Value::Null).0, 204);
    assert_eq!(desk.alpha("GET", &format!("/fb/ssf/streams?stream_id={id}"), Value::Null).0, 404);
}

#[test]
fn events_wait_until_they_are_acknowledged_and_subjects_can_be_left_out() {
    let mut desk = desk();
    let id = desk.alpha("POST", "/fb/ssf/streams", Value::Null).1["stream_id"].as_str().unwrap().to_owned();
    let poll = format!("/fb/ssf/poll/{id}");
    assert_eq!((desk.cut("a@example.com", "1"), desk.cut("a@example.com", "1")), (1, 0), "told twice, heard once");
    let sets = desk.alpha("POST", &poll, json!({})).1["sets"].as_object().unwrap().clone();
    let again = desk.alpha("POST", &poll, json!({"ack": ["other"]})).1["sets"].as_object().unwrap().clone();
    assert_eq!((sets.len(), sets.keys().collect::<Vec<_>>()), (1, again.keys().collect::<Vec<_>>()));
    let name = sets.keys().next().unwrap().clone();
    assert_eq!(desk.alpha("POST", &poll, json!({"ack": [name]})).1, json!({"sets": {}, "moreAvailable": false}));

    let subject = json!({"format": "email", "email": "a@example.com"});
    assert_eq!(desk.alpha("POST", "/fb/ssf/subjects:remove", json!({"stream_id": id, "subject": subject})).0, 204);
    assert_eq!((desk.cut("a@example.com", "2"), desk.cut("b@example.com", "3")), (0, 1));
    assert_eq!(desk.alpha("POST", "/fb/ssf/subjects:add", json!({"stream_id": id, "subject": subject})).0, 200);
    assert_eq!(desk.cut("a@example.com", "4"), 1);
    let (_, answer) = desk.alpha("POST", &poll, json!({"maxEvents": 1}));
    assert_eq!((answer["sets"].as_object().unwrap().len(), &answer["moreAvailable"]), (1, &json!(true)));

    desk.alpha("POST", "/fb/ssf/status", json!({"stream_id": id, "status": "paused"}));
    assert_eq!(desk.cut("c@example.com", "5"), 1, "held");
    assert_eq!(desk.alpha("POST", &poll, json!({})).1["sets"], json!({}));
    desk.alpha("POST", "/fb/ssf/status", json!({"stream_id": id, "status": "enabled"}));
    assert_eq!(desk.alpha("POST", &poll, json!({})).1["sets"].as_object().unwrap().len(), 3);
    desk.alpha("POST", "/fb/ssf/status", json!({"stream_id": id, "status": "disabled"}));
    assert_eq!(desk.cut("d@example.com", "6"), 0, "neither sent nor held");

    // What is kept of it is the same after a restart.
    let state = serde_json::to_string(desk.transmitter.changed().unwrap()).unwrap();
    assert!(!state.contains("alpha-token"));
    assert_eq!(serde_json::from_str::<State>(&state).unwrap().streams, desk.transmitter.streams());
}

#[test]
fn a_poll_says_what_was_refused_and_what_is_no_poll_changes_nothing() {
    let mut desk = desk();
    let id = desk.alpha("POST", "/fb/ssf/streams", Value::Null).1["stream_id"].as_str().unwrap().to_owned();
    let poll = format!("/fb/ssf/poll/{id}");
    desk.cut("a@example.com", "1");
    desk.cut("b@example.com", "2");
    let sets = desk.alpha("POST", &poll, json!({})).1["sets"].as_object().unwrap().clone();
    let names: Vec<&String> = sets.keys().collect();
    for wrong in [
        json!([]),
        json!({"ack": names[0]}),
        json!({"ack": [1]}),
        json!({"maxEvents": "all"}),
        json!({"maxEvents": -1}),
        json!({"returnImmediately": "yes"}),
        json!({"setErrs": [names[0]]}),
        json!({"setErrs": {names[0].as_str(): "no"}}),
        json!({"setErrs": {names[0].as_str(): {"description": "no code"}}}),
    ] {
        assert_eq!(desk.alpha("POST", &poll, wrong.clone()).0, 400, "{wrong}");
        assert_eq!(desk.transmitter.streams()[0].waiting.len(), 2, "{wrong}");
    }
    let (status, answer) = desk.alpha("POST", &poll, json!({"maxEvents": 0}));
    assert_eq!((status, answer), (200, json!({"sets": {}, "moreAvailable": true})), "an acknowledgement alone");
    let refused = json!({"setErrs": {names[0].as_str(): {"err": "invalid_audience", "description": "not for us"}}});
    let (_, answer) = desk.alpha("POST", &poll, refused);
    assert_eq!(answer["sets"].as_object().unwrap().keys().collect::<Vec<_>>(), [names[1]], "it is not sent again");
    let stream = &desk.transmitter.streams()[0];
    assert_eq!((stream.refused, stream.refusal.as_deref()), (1, Some("invalid_audience: not for us")));
    assert_eq!(desk.alpha("GET", &poll, Value::Null).0, 405);
    assert_eq!(desk.alpha("POST", "/fb/ssf/poll/another", json!({})).0, 404);
}

#[test]
fn a_status_keeps_its_reason_and_a_wish_lacks_nothing() {
    let mut desk = desk();
    let id = desk.alpha("POST", "/fb/ssf/streams", Value::Null).1["stream_id"].as_str().unwrap().to_owned();
    let paused = json!({"stream_id": id, "status": "paused", "reason": "we move"});
    assert_eq!(desk.alpha("POST", "/fb/ssf/status", paused.clone()), (200, paused.clone()));
    assert_eq!(desk.alpha("GET", &format!("/fb/ssf/status?stream_id={id}"), Value::Null), (200, paused));
    for (method, path, body) in [
        ("GET", "/fb/ssf/status", Value::Null),
        ("DELETE", "/fb/ssf/streams", Value::Null),
        ("POST", "/fb/ssf/status", json!({"status": "enabled"})),
        ("POST", "/fb/ssf/verify", json!({})),
        ("POST", "/fb/ssf/verify", json!({"stream_id": id, "state": 1})),
        ("POST", "/fb/ssf/subjects:add", json!({"stream_id": id})),
        ("POST", "/fb/ssf/subjects:add", json!({"stream_id": id, "subject": {"format": "email"}})),
        ("PATCH", "/fb/ssf/streams", json!({"description": "whose"})),
        ("PATCH", "/fb/ssf/streams", json!({"stream_id": id, "events_requested": "all"})),
        ("POST", "/fb/ssf/streams", json!(["a list"])),
    ] {
        let status = desk.alpha(method, path, body.clone()).0;
        // A second stream is refused before its wishes are read.
        let wanted = if (method, path) == ("POST", "/fb/ssf/streams") { 409 } else { 400 };
        assert_eq!(status, wanted, "{method} {path} {body}");
    }
    assert_eq!(desk.alpha("PUT", "/fb/ssf/verify", json!({})).0, 405);
    assert_eq!(desk.alpha("POST", "/fb/ssf/status", json!({"stream_id": "x", "status": "paused"})).0, 404);
}

#[test]
fn a_verification_comes_with_its_state_and_not_too_often() {
    let mut desk = desk();
    let id = desk.alpha("POST", "/fb/ssf/streams", Value::Null).1["stream_id"].as_str().unwrap().to_owned();
    assert_eq!(desk.alpha("POST", "/fb/ssf/verify", json!({"stream_id": id, "state": "s"})).0, 204);
    assert_eq!(desk.alpha("POST", "/fb/ssf/verify", json!({"stream_id": id})).0, 429);
    assert_eq!(desk.transmitter.streams()[0].waiting[0].set.sub_id, Subject::opaque(&id));
    desk.now = desk.now.plus_seconds(60);
    assert_eq!(desk.alpha("POST", "/fb/ssf/verify", json!({"stream_id": id})).0, 204);
}

#[test]
fn nothing_is_pushed_to_where_the_operator_did_not_say() {
    let mut desk = desk();
    let push = |url: &str| json!({"delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": url}});
    for url in [
        "https://evil.example/in",
        "https://alpha.example.com/inner",
        "https://alpha.example.com/in/../x",
        "https://alpha.example.com/in@evil.example",
        "http://alpha.example.com/in",
        "https://169.254.169.254/",
        "https://alpha.example.com/in#x",
    ] {
        assert_eq!(desk.alpha("POST", "/fb/ssf/streams", push(url)).0, 400, "{url}");
    }
    let mut with_secret = push("https://alpha.example.com/in/1");
    with_secret["delivery"]["authorization_header"] = json!("Bearer hush");
    assert_eq!(desk.alpha("POST", "/fb/ssf/streams", with_secret).0, 400, "we keep nobody's secrets");
    assert_eq!(desk.alpha("POST", "/fb/ssf/streams", push("https://alpha.example.com/in/1")).0, 201);
    desk.cut("a@example.com", "1");
    desk.cut("a@example.com", "2");
    let jobs = desk.transmitter.jobs(desk.now);
    assert_eq!(jobs.len(), 1, "one at a time, in order");
    desk.transmitter.pushed(&jobs[0], &Pushed::Later("away".into()), desk.now);
    assert_eq!(desk.transmitter.jobs(desk.now), [], "not at once");
    let later = desk.now.plus_seconds(5);
    assert_eq!(desk.transmitter.jobs(later), jobs);
    desk.transmitter.pushed(&jobs[0], &Pushed::Taken, later);
    assert_ne!(desk.transmitter.jobs(later), jobs);
    let answer = desk.call("beta-token-beta-token-be", "POST", "/fb/ssf/streams", push("https://beta.example.com/in"));
    assert_eq!(answer.status, 400);
}

#[test]
fn what_is_open_is_open_and_all_else_asks_for_a_token_with_its_scope() {
    let mut desk = desk();
    let metadata = desk.call("", "GET", "/.well-known/ssf-configuration/fb", Value::Null);
    let metadata: Value = serde_json::from_slice(&metadata.body).unwrap();
    assert_eq!((&metadata["issuer"], &metadata["spec_version"]), (&json!(ISSUER), &json!("1_0")));
    assert_eq!(metadata["authorization_schemes"], json!([{"spec_urn": "urn:ietf:rfc:6749"}]));
    assert_eq!(metadata["delivery_methods_supported"], json!(["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"]));
    assert_eq!(metadata["default_subjects"], "ALL");
    for door in
        ["jwks_uri", "configuration_endpoint", "status_endpoint", "add_subject_endpoint", "verification_endpoint"]
    {
        assert!(metadata[door].as_str().is_some_and(|url| url.starts_with(ISSUER)), "{door}");
    }
    let keys: Value = serde_json::from_slice(&desk.call("", "GET", "/fb/ssf/jwks.json", Value::Null).body).unwrap();
    assert_eq!(keys["keys"], json!([desk.signers[0].jwk()]));
    for token in ["", "alpha", "alpha-token-alpha-toke"] {
        let answer = desk.call(token, "GET", "/fb/ssf/streams", Value::Null);
        assert_eq!(answer.status, 401, "{token}");
        assert!(answer.headers.iter().any(|(name, _)| name == "www-authenticate"));
    }

    let server = ec();
    let clients = BTreeMap::from([("client-1".to_owned(), "alpha".to_owned())]);
    let keys = crate::keys(&[&server]);
    desk.access.servers.push(Server {
        issuer: "https://as.example.com".into(),
        audience: ISSUER.into(),
        keys,
        clients,
    });
    let token = |change: &dyn Fn(&mut Value)| {
        let end = now().seconds() + 600;
        let mut claims = json!({"iss": "https://as.example.com", "aud": ISSUER, "exp": end, "client_id": "client-1", "scope": "ssf.read"});
        change(&mut claims);
        server.sign("at+jwt", &claims).unwrap()
    };
    let mut ask = |method: &str, token: String| {
        desk.call(&token, method, "/fb/ssf/streams", if method == "GET" { Value::Null } else { json!({}) }).status
    };
    assert_eq!(ask("GET", token(&|_| {})), 200);
    assert_eq!(ask("POST", token(&|_| {})), 403, "to read is not to manage");
    assert_eq!(ask("GET", token(&|claims| claims["exp"] = json!(now().seconds() - 61))), 401);
    assert_eq!(ask("GET", token(&|claims| claims["aud"] = json!("https://other.example"))), 401);
    assert_eq!(ask("GET", token(&|claims| claims["client_id"] = json!("client-2"))), 401);
    assert_eq!(ask("GET", server.sign("JWT", &json!({"iss": "https://as.example.com"})).unwrap()), 401);
    assert_eq!(ask("POST", token(&|claims| claims["scope"] = json!("a ssf.manage"))), 201);
}
