//! A source that a mapping makes: what it reads, and that it is found by its name.

use firebreak_intake::sources::ndjson::{Key, Mapping, TimeFormat, configure};
use firebreak_model::{NodeKind, Outcome, Time};

fn mapping(name: &str) -> Mapping {
    let key = |path: &str, system: &str| Key { path: path.to_owned(), system: system.to_owned(), kind: None };
    Mapping {
        name: name.to_owned(),
        product: "billing".to_owned(),
        service: "audit".to_owned(),
        time: "meta.at".to_owned(),
        time_format: TimeFormat::Millis,
        operation: "what".to_owned(),
        actor: Some(key("who", "person")),
        credential: Some(key("key_id", "billing")),
        target: Some(Key { kind: Some(NodeKind::Environment), ..key("host", "host") }),
        outcome: Some("how".to_owned()),
        success: vec!["done".to_owned()],
        records: Some("rows".to_owned()),
        ..Mapping::default()
    }
}

#[test]
fn a_mapping_makes_a_source_of_its_own() {
    let source = configure(mapping("billing_app")).expect("a mapping that can be used");
    assert_eq!(source.name(), "billing_app");
    let line = r#"{"meta":{"at":1774350000000},"what":"export","who":"Dana@meridian.example","key_id":"k1","host":"h1","how":"done","rows":7}"#;
    let batch = crate::read(crate::source("billing_app"), format!("{line}\n{{\"what\":1}}\n{{}}\n").as_bytes());
    assert_eq!((batch.events.len(), batch.quarantined.len()), (1, 2));
    let event = &batch.events[0];
    assert_eq!(event.time, Time::parse("2026-03-24T11:00:00Z").expect("a time"));
    assert_eq!((event.log_source.product, event.log_source.service), ("billing", "audit"));
    assert_eq!(event.keys.actor.as_ref().expect("an actor").as_str(), "identity:person/dana@meridian.example");
    assert_eq!(event.keys.credential.as_ref().expect("a credential").as_str(), "credential:billing/k1");
    assert_eq!(event.keys.target.as_ref().expect("a target").as_str(), "environment:host/h1");
    assert_eq!((event.keys.outcome, event.keys.records), (Outcome::Success, Some(7)));
    assert!(firebreak_intake::ocsf_record(event).is_some());
}

#[test]
fn a_name_that_is_taken_is_refused_and_the_same_mapping_is_made_once() {
    let error = configure(mapping("aws_cloudtrail")).map(|source| source.name()).unwrap_err();
    assert!(error.contains("`aws_cloudtrail` is a source already\nhint: "), "{error}");
    let first = configure(mapping("billing_twice")).expect("usable");
    let again = configure(mapping("billing_twice")).expect("usable");
    assert!(std::ptr::addr_eq(first, again));
}
