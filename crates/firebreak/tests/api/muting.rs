//! Muting from end to end: who may, what is refused, and what becomes of findings that a mute speaks of.

use crate::installation::Installation;
use crate::program::firebreak;
use crate::{here, refused};
use firebreak_model::Time;
use firebreak_world::World;
use serde_json::{Value, json};

fn in_days(days: i64) -> Time {
    World::offline().clock.now().plus_seconds(days * 86_400)
}

/// A finding of which there is one, with its subject.
fn a_finding() -> (String, String, String) {
    let found = here().as_role("viewer", "GET", "/findings", "").json();
    let text = |name: &str| found["items"][0][name].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
    (text("id"), text("detector"), text("subject"))
}

#[test]
fn a_mute_is_a_request_of_whoever_responds_within_its_bounds() {
    let here = here();
    let body = |detector: &str, about: Option<&str>, until: Time, because: &str| {
        json!({"detector": detector, "about": about, "until": until, "because": because}).to_string()
    };
    let (_, detector, subject) = a_finding();
    let good = body(&detector, Some(&subject), in_days(29), "a red team");
    refused(&here.as_role("viewer", "POST", "/mutes", &good), 403, "forbidden", "who only looks");
    let came = here.as_role("responder", "POST", "/mutes", &good);
    assert_eq!(came.status, 202, "{came:?}");
    let said = came.json();
    assert_eq!((&said["by"], &said["about"]), (&json!("identity:person/responder@example.com"), &json!(subject)));
    let asked = here.runtime.block_on(here.store.open_requests()).unwrap();
    assert!(asked.iter().any(|one| one.kind == "mute" && one.body.contains("a red team")), "{asked:?}");
    let unfit = [
        ("nobody knows it", body("nothing_of_the_kind", None, in_days(1), "x")),
        ("too long", body(&detector, Some(&subject), in_days(31), "x")),
        ("over", body(&detector, Some(&subject), in_days(-1), "x")),
    ];
    for (what, body) in unfit {
        refused(&here.as_role("responder", "POST", "/mutes", &body), 422, "unfit", what);
    }
    let wrong = [
        ("no reason", body(&detector, Some(&subject), in_days(1), " ")),
        ("no key", body(&detector, Some("AKIA"), in_days(1), "x")),
        ("a forged name", format!("{},\"by\":\"boss@example.com\"}}", good.trim_end_matches('}'))),
    ];
    for (what, body) in wrong {
        refused(&here.as_role("responder", "POST", "/mutes", &body), 400, "bad-request", what);
    }
    refused(&here.as_role("responder", "POST", "/mutes/mut-0/end", "{}"), 404, "not-found", "no such mute");
}

#[test]
fn what_is_muted_on_the_command_line_is_found_and_opens_no_incident_until_that_ends() {
    let (id, detector, subject) = a_finding();
    let config = ["--config", "firebreak.toml"];
    let made = Installation::made_after(|root| {
        assert_eq!(firebreak(root, &[&config[..], &["run", "--once"]].concat()).code, 0);
        let mute = ["mute", &detector, "--about", &subject, "--days", "2", "--by", "ada@example.com"];
        let mute = [&config[..], &mute, &["--because", "a red team"]].concat();
        let ran = firebreak(root, &mute);
        assert_eq!(ran.code, 0, "{}", ran.error);
    });
    let of = |path: &str| made.as_role("viewer", "GET", path, "").json();
    let ids = |told: &Value| {
        let items = told["items"].as_array().unwrap_or_else(|| panic!("{told}"));
        items.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mutes = of("/mutes");
    assert_eq!(mutes["items"][0]["detector"], json!(detector), "{mutes}");
    assert!(mutes["items"][0]["held_back"].as_u64() > Some(0), "{mutes}");
    assert_eq!(of("/now")["mutes"], mutes["items"]);
    let (muted, counted) = (of("/findings?muted=true"), of("/findings?muted=false"));
    assert!(ids(&muted).contains(&id), "{muted}");
    assert!(!ids(&counted).contains(&id));
    assert_eq!(of(&format!("/findings/{id}"))["muted"], mutes["items"][0]["id"]);
    for incident in ids(&of("/incidents")) {
        let belongs = of(&format!("/incidents/{incident}/findings"));
        assert!(!ids(&belongs).contains(&id), "{incident}");
    }

    let root = made.root();
    let mute = mutes["items"][0]["id"].as_str().unwrap().to_owned();
    let unmute = [&config[..], &["unmute", &mute, "--by", "ada@example.com"]].concat();
    let ran = firebreak(root, &unmute);
    assert_eq!(ran.code, 0, "{}", ran.error);
    let listed = firebreak(root, &[&config[..], &["mute"]].concat());
    assert!(listed.out.contains("a red team") && listed.out.contains("muted: 1"), "{}", listed.out);
    assert_eq!(firebreak(root, &[&config[..], &["run", "--once"]].concat()).code, 0);
    assert_eq!((of("/mutes")["items"].clone(), ids(&of("/findings?muted=true"))), (json!([]), Vec::new()));
    let held = ids(&of("/incidents"));
    let belongs = |incident: &String| ids(&of(&format!("/incidents/{incident}/findings"))).contains(&id);
    assert!(held.iter().any(belongs), "it counts as if it came now");
}
