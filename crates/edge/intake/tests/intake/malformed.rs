//! Malformed input of every kind: a clear message, a position, nothing lost beside it, no panic.

use crate::{read, read_with, source};
use firebreak_intake::{Batch, Limits, MissingTime, Options, Quarantined, keep, read_bytes};
use firebreak_model::Time;
use firebreak_world::World;
use std::io::Write;

/// One good event with this name.
fn event(id: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"Root","arn":"arn:aws:iam::111122223333:root"}},"eventTime":"2026-03-24T11:00:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","eventID":"{id}-1f4e-4b5a-9a43-6a0c2a1d0001"}}"#
    )
}

fn cloudtrail(bytes: &[u8]) -> Batch {
    read(source("aws_cloudtrail"), bytes)
}

fn ids(batch: &Batch) -> Vec<&str> {
    batch.events.iter().map(|event| event.native_id.split('-').next().unwrap()).collect()
}

fn only(batch: &Batch) -> &Quarantined {
    assert_eq!(batch.quarantined.len(), 1, "{:#?}", batch.quarantined);
    &batch.quarantined[0]
}

/// A line between two good ones: both good ones are read, and the reason holds `reason`.
fn between(line: &[u8], reason: &str) -> Quarantined {
    let mut bytes = event("before").into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(line);
    bytes.push(b'\n');
    bytes.extend_from_slice(event("after").as_bytes());
    let batch = cloudtrail(&bytes);
    assert_eq!(ids(&batch), ["before", "after"]);
    let found = only(&batch).clone();
    assert!(found.problem.reason.contains(reason), "{}", found.problem.reason);
    assert_eq!(found.problem.position.line, Some(2));
    assert!(!found.problem.hint.is_empty());
    found
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_truncated_line() {
    let whole = event("cut");
    for length in [1, 20, 60, whole.len() - 1] {
        between(&whole.as_bytes()[..length], "cut off");
    }
}

#[test]
fn a_truncated_line_first_of_all() {
    let whole = event("cut");
    for length in 1..whole.len() {
        let text = format!("{}\n{}\n{}\n", &whole[..length], event("second"), event("third"));
        let batch = cloudtrail(text.as_bytes());
        assert!(ids(&batch).contains(&"third"), "after {length} bytes: {:?}", ids(&batch));
        assert_eq!(only(&batch).problem.position.line, Some(1), "after {length} bytes");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_kept_as_they_came() {
    let mut line = event("x").into_bytes();
    line[30] = 0xff;
    let found = between(&line, "not UTF-8 at byte 30");
    assert_eq!(&found.raw[..], &line[..]);
    let shown = serde_json::to_value(&found).unwrap();
    assert!(shown["raw"].is_null() && shown["raw_hex"].as_str().unwrap().contains("ff"));
}

#[test]
fn numbers_that_are_none() {
    between(br#"{"eventName":"x","n":NaN}"#, "`NaN` or `Infinity` is no JSON number");
    between(br#"{"eventName":"x","n":-Infinity}"#, "`NaN` or `Infinity` is no JSON number");
    between(br#"{"eventName":"x","n":1e999}"#, "not JSON");
}

#[test]
fn doubled_keys_at_any_depth_and_however_written() {
    between(br#"{"eventName":"a","eventName":"b"}"#, "duplicate key `eventName`");
    between(br#"{"eventName":"a","userIdentity":{"arn":"a","type":"b","arn":"c"}}"#, "duplicate key `arn`");
    between(br#"{"eventName":"a","list":[1,[{"deep":{"k":1,"k":1}}]]}"#, "duplicate key `k`");
    between(br#"{"eventName":"a","event\u004eame":"b"}"#, "duplicate key `eventName`");
    let many: String = (0..200).map(|number| format!(r#""key{number}":1,"#)).collect();
    between(format!(r#"{{{many}"key150":2}}"#).as_bytes(), "duplicate key `key150`");
}

#[test]
fn deep_nesting_is_refused_before_it_is_parsed() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for depth in [64, 100_000] {
            let line = format!(r#"{{"eventName":{}1{}}}"#, open.repeat(depth), close.repeat(depth));
            between(line.as_bytes(), "nested more than 64 levels deep");
        }
    }
    let fits = event("fits").replace(r#""1.08""#, &format!("{}1{}", "[".repeat(63), "]".repeat(63)));
    assert_eq!(cloudtrail(fits.as_bytes()).events.len(), 1);
    let strings = event("text").replace("1.08", &"[{".repeat(100));
    assert_eq!(cloudtrail(strings.as_bytes()).events.len(), 1, "brackets in text are no nesting");
}

#[test]
fn things_that_are_no_objects() {
    for line in ["42", "\"text\"", "null", "garbage", "}", "]"] {
        between(line.as_bytes(), "not");
    }
    let batch = cloudtrail(format!("[1,null,\"x\",{},true]", event("good")).as_bytes());
    assert_eq!((ids(&batch), batch.quarantined.len()), (vec!["good"], 4));
}

#[test]
fn a_line_of_100_megabytes_is_passed_over_without_being_held() {
    let giant = format!(r#"{{"eventName":"{}"}}"#, "x".repeat(100 << 20));
    let found = between(giant.as_bytes(), "one record of 104857");
    assert!(found.raw.is_empty());
    assert_eq!(found.sha256.len(), 64);
    let batch = cloudtrail(format!("[{},{giant},{}]", event("before"), event("after")).as_bytes());
    assert_eq!(ids(&batch), ["before", "after"]);
    assert_eq!(only(&batch).problem.position.record, Some(1));
    let text = format!("2026-03-24T10:58:35.1Z a\n2026-03-24T10:58:36.1Z {giant}\n2026-03-24T10:58:37.1Z b\n");
    let batch = read(source("ci_log"), text.as_bytes());
    assert_eq!((batch.events.len(), batch.quarantined.len()), (2, 1));
}

#[test]
fn a_truncated_gzip_keeps_what_came_before() {
    let lines: String = (0..5_000).map(|number| event(&format!("{number:08}")) + "\n").collect();
    let whole = gzip(lines.as_bytes());
    for length in [whole.len() - 1, whole.len() - 9, whole.len() / 2] {
        let batch = cloudtrail(&whole[..length]);
        assert!(batch.events.len() >= 1_000, "{} events", batch.events.len());
        let reason = &only(&batch).problem.reason;
        assert!(reason.contains("cut off"), "{reason}");
    }
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40].fill(0xaa);
    let batch = cloudtrail(&damaged);
    assert!(!batch.events.is_empty() && !batch.quarantined.is_empty());
    let mut trailing = gzip(event("one").as_bytes());
    trailing.extend_from_slice(b"trailing garbage");
    assert_eq!(ids(&cloudtrail(&trailing)), ["one"]);
}

#[test]
fn gzip_of_several_members_and_zstd_are_read_whole() {
    let records = format!(r#"{{"Records":[{},{}]}}"#, event("a"), event("b"));
    let mut members = gzip(&records.as_bytes()[..100]);
    members.extend(gzip(&records.as_bytes()[100..]));
    for bytes in [members, zstd::encode_all(records.as_bytes(), 3).unwrap(), records.into_bytes()] {
        let batch = cloudtrail(&bytes);
        assert_eq!((ids(&batch), batch.quarantined.len()), (vec!["a", "b"], 0));
    }
    let cut = zstd::encode_all(event("a").repeat(5_000).as_bytes(), 3).unwrap();
    assert!(only(&cloudtrail(&cut[..cut.len() - 3])).problem.reason.contains("cut off"));
}

#[test]
fn a_file_that_expands_without_end_is_stopped() {
    let limits = Limits { expansion_bytes_max: 1 << 20, ..Limits::default() };
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let batch = read_with(source("aws_cloudtrail"), &bomb, Options { limits, ..Options::default() });
    assert!(only(&batch).problem.reason.contains("expands to more than 1048576 bytes"));
}

#[test]
fn a_file_that_ends_inside_an_array_says_so() {
    let text = format!(r#"{{"Records":[{},{}"#, event("a"), event("b"));
    let batch = cloudtrail(text.as_bytes());
    assert_eq!(ids(&batch), ["a", "b"]);
    assert!(only(&batch).problem.reason.contains("ends inside an array"));
    let text = format!(r#"[{},{}"#, event("a"), &event("b")[..50]);
    let batch = cloudtrail(text.as_bytes());
    assert_eq!(ids(&batch), ["a"]);
    assert!(only(&batch).problem.reason.contains("ends inside a record"));
}

#[test]
fn every_way_of_writing_many_records_is_read() {
    let (a, b) = (event("a"), event("b"));
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&a).unwrap()).unwrap();
    for text in [
        format!("{a}\n{b}"),
        format!("{a}\n\n\n{b}\n"),
        format!("{a}\r\n{b}\r\n"),
        format!("{a}{b}"),
        format!("[{a},{b}]"),
        format!("[\n{a},\n{b}\n]\n"),
        format!("{{\"Records\":[{a},{b}]}}"),
        format!("{{\"Records\" : [\n{a},\n{b}\n],\n\"more\": {{\"Records\": 1}}}}"),
        format!("{{\"x\":{{\"y\":[1]}},\"Records\":[{a}],\"z\":\"]\"}}{{\"Records\":[{b}]}}"),
        format!("{{\"Records\":[]}}\n{{\"Records\":[{a}]}}\n{{\"Records\":[{b}]}}\n"),
        format!("[[{a}"),
        format!("{pretty}\n{b}"),
        format!("\u{feff}{a}\n{b}"),
    ] {
        let batch = cloudtrail(text.as_bytes());
        if text.starts_with("[[") {
            assert_eq!(batch.events.len(), 0, "an array in an array holds no records");
            continue;
        }
        assert_eq!((ids(&batch), batch.quarantined.len()), (vec!["a", "b"], 0), "{text}");
    }
    for text in ["", " \n ", "[]", "{\"Records\":[]}", "\u{feff}"] {
        assert_eq!(cloudtrail(text.as_bytes()).read, 0, "{text}");
    }
}

#[test]
fn times_that_are_missing_unreadable_or_in_the_future() {
    let future = event("future").replace("2026-03-24", "9999-03-24");
    let batch = cloudtrail(future.as_bytes());
    assert_eq!(batch.events[0].time, Time::parse("9999-03-24T11:00:00Z").unwrap(), "kept as it is");
    let without = event("no").replace(r#""eventTime":"2026-03-24T11:00:00Z","#, "");
    assert_eq!(only(&cloudtrail(without.as_bytes())).problem.reason, "no time");
    let noted = without.replace(r#""eventVersion""#, r#""p_event_time":"2021-06-08 22:16:15.000","eventVersion""#);
    assert_eq!(cloudtrail(noted.as_bytes()).events[0].time, Time::parse("2021-06-08T22:16:15Z").unwrap());
    let options = Options { missing_time: MissingTime::Received, ..Options::default() };
    let batch = read_with(source("aws_cloudtrail"), without.as_bytes(), options);
    assert_eq!(batch.events[0].time, Time::default(), "the time of the simulated clock");
}

#[test]
fn secrets_are_replaced_before_anything_is_parsed_or_kept() {
    let secret = "hunter2hunter2";
    fn redact(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
        let text = String::from_utf8_lossy(bytes).replace("hunter2hunter2", "***");
        text.into_bytes().into()
    }
    let text = format!("{}\n{{\"eventName\":\"{secret}\"}}\n{{\"{secret}", event("a").replace("ListBuckets", secret));
    let read = |redact: &firebreak_intake::Redact| {
        let world = World::simulated(1);
        let batch = read_bytes(&world, "x", text.as_bytes(), source("aws_cloudtrail"), Options::default(), redact);
        let quarantine = serde_json::to_string(&batch.quarantined).unwrap();
        let raw = |event: &firebreak_model::Event| String::from_utf8_lossy(&event.raw).into_owned();
        let events: String = batch.events.iter().map(|event| format!("{event:?}{}", raw(event))).collect();
        assert_eq!((batch.events.len(), batch.quarantined.len()), (1, 2));
        quarantine + &events
    };
    assert!(read(&keep).contains(secret), "the test would see it");
    assert!(!read(&redact).contains(secret));
}

#[test]
fn problems_do_not_quote_the_record() {
    for line in [r#"{"eventName":"s3cr3t" oops}"#, r#"{"s3cr3t":1"#, "s3cr3t", r#"{"a":s3cr3t}"#] {
        let batch = cloudtrail(line.as_bytes());
        let shown = only(&batch).problem.to_string();
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}

#[test]
fn passwords_in_statements_are_gone_before_a_record_is_kept_or_refused() {
    let secret = "hunter2hunter2";
    let csv = |statement: &str, user: &str| {
        format!(
            "2026-03-24 10:58:42.000 UTC,{user},\"pay\",1,\"10.0.0.9:5\",x,2,\"CREATE ROLE\",,3/5,0,LOG,00000,\"statement: {statement}\",,,,,,,,,\"psql\"\n"
        )
    };
    let statement = format!("CREATE ROLE eve PASSWORD '{secret}'");
    let log = csv(&statement, "\"eve\"") + &csv(&statement, "\"eve");
    let query = format!(
        "{{\"QUERY_TEXT\":\"{statement}\",\"START_TIME\":\"2026-03-24T10:58:42Z\"}}\n{{\"X\":\"{statement}\"}}"
    );
    let admin = format!(r#"{{"time":1,"operationType":"UPDATE","representation":"{{\"secret\":\"{secret}\"}}"}}"#)
        + &format!("\n{{\"operation\":1,\"clientSecret\":\"{secret}\"}}");
    for (name, text) in [("postgres_log", log), ("snowflake", query), ("keycloak", admin)] {
        let batch = read(source(name), text.as_bytes());
        assert_eq!((batch.events.len(), batch.quarantined.len()), (1, 1), "{name}: {:?}", batch.quarantined);
        let raw: Vec<&[u8]> = batch.events.iter().map(|event| &event.raw[..]).collect();
        let raw: Vec<&[u8]> = raw.into_iter().chain(batch.quarantined.iter().map(|one| &one.raw[..])).collect();
        for raw in raw {
            assert!(!String::from_utf8_lossy(raw).contains(secret), "{name}");
        }
        assert!(!format!("{:?}", batch.events[0].body).contains(secret), "{name}");
    }
}
