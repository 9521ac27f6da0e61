//! What the Sigma specification says, as tables: an item, a record, whether it is met. Each is asked of the matcher and of
//! the naive evaluator, which must agree.

use crate::rules::{LoadOptions, RuleFile, Rules};
use crate::{Matcher, Scratch, oracle};
use firebreak_model::{Event, EventUid, Keys, LogSource, Problem, Text, Time};
use std::sync::Arc;

pub(crate) fn event_of(product: &'static str, service: &'static str, body: &str) -> Event {
    Event {
        uid: EventUid::of("test", body.as_bytes()),
        source: "test",
        native_id: Text::new("1"),
        time: Time(0),
        log_source: LogSource { product, service },
        keys: Keys::default(),
        body: sonic_rs::from_str(body).expect("json"),
        raw: Arc::from(body.as_bytes()),
    }
}

pub(crate) fn load(text: &str, options: &LoadOptions) -> (Rules, Vec<Problem>) {
    Rules::load_with(&[RuleFile { path: "r/rule.yml".to_owned(), text: text.to_owned() }], options)
}

/// The titles of the rules that a record meets.
pub(crate) fn met(rules: &Rules, event: &Event) -> Vec<String> {
    let matcher = Matcher::new(Arc::new(rules.clone()));
    let mut scratch = Scratch::default();
    let matched = matcher.matches(event, &mut scratch);
    assert_eq!(matched, oracle::matches(rules, event), "index and naive evaluator on {:?}", event.body);
    let title = |index: &crate::RuleIndex| rules.detection(*index).expect("a rule").attributes.title.to_string();
    matched.iter().map(title).collect()
}

fn fires(detection: &str, body: &str) -> bool {
    let text = format!("title: t\nlogsource: {{product: aws}}\ndetection:\n{detection}\n");
    let (rules, problems) = load(&text, &LoadOptions::default());
    assert_eq!(problems, [], "{detection}");
    !met(&rules, &event_of("aws", "cloudtrail", body)).is_empty()
}

fn table(rows: &[(&str, &str, bool)]) {
    for (item, body, expected) in rows {
        assert_eq!(fires(&format!("  s:\n    {item}\n  condition: s"), body), *expected, "{item} on {body}");
    }
}

#[test]
fn parts_of_text() {
    table(&[
        ("a|contains: b", r#"{"a":"abc"}"#, true),
        ("a|contains: B", r#"{"a":"abc"}"#, true),
        ("a|contains|cased: B", r#"{"a":"abc"}"#, false),
        ("a|startswith: [x, ab]", r#"{"a":"abc"}"#, true),
        ("a|startswith: bc", r#"{"a":"abc"}"#, false),
        ("a|endswith: bc", r#"{"a":["x","abc"]}"#, true),
        ("a|endswith: ab", r#"{"a":"abc"}"#, false),
        ("a|contains|all: [a, c]", r#"{"a":"abc"}"#, true),
        ("a|contains|all: [a, d]", r#"{"a":"abc"}"#, false),
        ("a|all|contains: [a, c]", r#"{"a":["a","c"]}"#, true),
        ("a|startswith: 5", r#"{"a":512}"#, true),
        ("a|contains: ''", r#"{"a":"x"}"#, true),
        ("a|contains: ''", r#"{"b":"x"}"#, false),
        (r"a|endswith: '\cmd.exe'", r#"{"a":"C:\\Windows\\cmd.exe"}"#, true),
        (r"a|contains: '\\*\'", r#"{"a":"\\x\\"}"#, true),
    ]);
}

#[test]
fn wildcards_and_escapes() {
    table(&[
        ("a: 'x*'", r#"{"a":"xyz"}"#, true),
        ("a: 'x?'", r#"{"a":"xyz"}"#, false),
        ("a: 'x??'", r#"{"a":"xyz"}"#, true),
        ("a: '*y*'", r#"{"a":"xyz"}"#, true),
        (r"a: 'x\?'", r#"{"a":"x?"}"#, true),
        (r"a: 'x\?'", r#"{"a":"xy"}"#, false),
        (r"a: 'x\\*'", r#"{"a":"x\\y"}"#, true),
        (r"a: 'x\\\*'", r#"{"a":"x\\*"}"#, true),
        (r"a: 'x\\\*'", r#"{"a":"x\\y"}"#, false),
        (r"a: 'C:\Temp\x'", r#"{"a":"c:\\temp\\x"}"#, true),
        ("a|contains: 'x*z'", r#"{"a":"--xyz--"}"#, true),
        ("a|startswith: 'x?z'", r#"{"a":"xyz--"}"#, true),
        ("a|endswith: '?z'", r#"{"a":"z"}"#, false),
        ("a: '*'", r#"{"a":""}"#, true),
        ("a: '*'", r#"{"a":null}"#, false),
        ("a: 'é*'", r#"{"a":"ÉTÉ"}"#, true),
        ("a: 'x\ty'", "{\"a\":\"x\\ty\"}", true),
    ]);
}

#[test]
fn values_of_each_kind() {
    table(&[
        ("a: 1", r#"{"a":1}"#, true),
        ("a: 1", r#"{"a":"1"}"#, true),
        ("a: '1'", r#"{"a":1.0}"#, true),
        ("a: 1.5", r#"{"a":1.5}"#, true),
        ("a: -7", r#"{"a":-7}"#, true),
        ("a: 18446744073709551615", r#"{"a":18446744073709551615}"#, true),
        ("a: true", r#"{"a":true}"#, true),
        ("a: false", r#"{"a":"False"}"#, true),
        ("a: [1, x, null]", r#"{"b":1}"#, true),
        ("a: [1, x, null]", r#"{"a":"y"}"#, false),
        ("a: null", r#"{"a":{}}"#, false),
        ("a: ''", r#"{"a":null}"#, false),
        ("a: ''", r#"{"a":["",1]}"#, true),
        ("a: x", r#"{"a":{"b":"x"}}"#, false),
        ("a.b: x", r#"{"a":[{"b":["y","x"]}]}"#, true),
        ("a.0: x", r#"{"a":["x"]}"#, false),
    ]);
}

#[test]
fn numbers_compare_as_numbers() {
    table(&[
        ("a|gt: 9", r#"{"a":10}"#, true),
        ("a|gt: 9", r#"{"a":"10"}"#, true),
        ("a|gt: 9", r#"{"a":"x"}"#, false),
        ("a|gte: 10", r#"{"a":10}"#, true),
        ("a|lt: 10", r#"{"a":10}"#, false),
        ("a|lte: 1.5", r#"{"a":1.5}"#, true),
        ("a|lt: 0", r#"{"b":1}"#, false),
        ("a|gt: 9", r#"{"a":[1,10]}"#, true),
    ]);
}

#[test]
fn unequal_and_exists() {
    table(&[
        ("a|neq: x", r#"{"a":"y"}"#, true),
        ("a|neq: x", r#"{"a":"X"}"#, false),
        ("a|neq: x", r#"{}"#, true),
        ("a|neq: [x, y]", r#"{"a":"y"}"#, false),
        ("a|neq: [x, y]", r#"{"a":"z"}"#, true),
        ("a|neq: 5", r#"{"a":5}"#, false),
        ("a|contains|neq: x", r#"{"a":"xyz"}"#, false),
        ("a|cased|neq: x", r#"{"a":"X"}"#, true),
        ("a|gt|neq: 5", r#"{"a":3}"#, true),
        ("a|exists: true", r#"{"a":""}"#, true),
        ("a|exists: false", r#"{"a":""}"#, false),
    ]);
}

#[test]
fn fields_compare_with_fields() {
    table(&[
        ("a|fieldref: b", r#"{"a":"x","b":"X"}"#, true),
        ("a|fieldref: b", r#"{"a":"x","b":"y"}"#, false),
        ("a|fieldref|cased: b", r#"{"a":"x","b":"X"}"#, false),
        ("a|fieldref|startswith: b", r#"{"a":"xyz","b":"xy"}"#, true),
        ("a|fieldref|endswith: b", r#"{"a":"xyz","b":"xy"}"#, false),
        ("a|contains|fieldref: b.c", r#"{"a":"xyz","b":{"c":"y"}}"#, true),
        ("a|fieldref|neq: b", r#"{"a":"x","b":"y"}"#, true),
        ("a|neq|fieldref: b", r#"{"a":"x","b":"x"}"#, false),
        ("a|fieldref: [b, c]", r#"{"a":"x","c":"x"}"#, true),
        ("a|fieldref: b", r#"{}"#, false),
    ]);
}

#[test]
fn encodings() {
    table(&[
        ("a|base64: foobar", r#"{"a":"Zm9vYmFy"}"#, true),
        ("a|base64: foobar", r#"{"a":"zm9vymfy"}"#, false),
        ("a|base64|contains: foo", r#"{"a":"--Zm9v--"}"#, true),
        ("a|base64offset|contains: secret", r#"{"a":"bXlzZWNyZXQ="}"#, true),
        ("a|base64offset|contains: secret", r#"{"a":"bXlzZWNyZWQ="}"#, false),
        ("a|wide|base64offset|contains: ping", r#"{"a":"cABpAG4AZwA="}"#, true),
        ("a|utf16le|base64: cmd", r#"{"a":"YwBtAGQA"}"#, true),
        ("a|utf16be|base64: cmd", r#"{"a":"AGMAbQBk"}"#, true),
        ("a|utf16|base64: cmd", r#"{"a":"//5jAG0AZAA="}"#, true),
        ("a|wide: cmd", "{\"a\":\"c\\u0000m\\u0000d\\u0000\"}", true),
        (r"a|base64: 'x\*'", r#"{"a":"eCo="}"#, true),
    ]);
}

#[test]
fn dashes_of_windows() {
    table(&[
        ("a|windash|contains: ' -f '", r#"{"a":"x /f y"}"#, true),
        ("a|windash|contains: ' -f '", r#"{"a":"x ―f y"}"#, true),
        ("a|windash|contains: ' /f '", r#"{"a":"x -f y"}"#, true),
        ("a|windash|contains: ' –f '", r#"{"a":"x -f y"}"#, true),
        ("a|windash|contains|all: [' -e ', ' -f ']", r#"{"a":"x /e -f y"}"#, true),
        ("a|windash|contains: '-e -f'", r#"{"a":"/e –f"}"#, true),
        ("a|windash|contains: '-a -b -C x'", r#"{"a":"y /A –b ―c x z"}"#, true),
        ("a|windash: '-a -b -c x*'", r#"{"a":"/a -b -c xyz"}"#, true),
        ("a|windash: '-a -b -c x*'", r#"{"a":"x/a -b -c xyz"}"#, false),
        ("a|windash|cased|startswith: '-a -b -C'", r#"{"a":"-a -b -c"}"#, false),
        ("a|windash: 'well-known'", r#"{"a":"well/known"}"#, false),
        ("a|windash|startswith: '-e*x'", r#"{"a":"/e yx"}"#, true),
    ]);
}

#[test]
fn regular_expressions() {
    table(&[
        ("a|re: 'x+y'", r#"{"a":"--xxy--"}"#, true),
        ("a|re: '^x+y$'", r#"{"a":"--xxy--"}"#, false),
        ("a|re: 'X'", r#"{"a":"x"}"#, false),
        ("a|re|i: 'X'", r#"{"a":"x"}"#, true),
        ("a|re: 'x.y'", "{\"a\":\"x\\ny\"}", false),
        ("a|re|s: 'x.y'", "{\"a\":\"x\\ny\"}", true),
        ("a|re: '^y'", "{\"a\":\"x\\ny\"}", false),
        ("a|re|m: '^y'", "{\"a\":\"x\\ny\"}", true),
        ("a|re|i|m|s: '^Y.z'", "{\"a\":\"x\\ny\\nz\"}", true),
        ("a|re|all: [x, y]", r#"{"a":"xy"}"#, true),
        ("a|re|neq: x", r#"{"a":"y"}"#, true),
        (r"a|re: '\d{3}\{x\}'", r#"{"a":"123{x}"}"#, true),
        ("a|re: '7'", r#"{"a":173}"#, true),
    ]);
}

#[test]
fn networks() {
    table(&[
        ("a|cidr: 192.168.0.0/16", r#"{"a":"192.168.3.4"}"#, true),
        ("a|cidr: [10.0.0.0/8, '2001:db8::/32']", r#"{"a":"2001:DB8::1"}"#, true),
        ("a|cidr: 192.168.1.9/16", r#"{"a":"192.168.3.4"}"#, true),
        ("a|cidr: 10.0.0.1", r#"{"a":"10.0.0.1"}"#, true),
        ("a|cidr: 10.0.0.0/8", r#"{"a":"110.0.0.1"}"#, false),
        ("a|cidr|neq: 10.0.0.0/8", r#"{"a":"11.0.0.1"}"#, true),
    ]);
}

#[test]
fn parts_of_dates() {
    table(&[
        ("a|hour: 22", r#"{"a":"2024-05-06T22:08:09Z"}"#, true),
        ("a|hour: [22, 23]", r#"{"a":"2024-05-06T23:08:09+05:00"}"#, true),
        ("a|hour|gte: 22", r#"{"a":"2024-05-06T21:08:09Z"}"#, false),
        ("a|minute|lt: 5", r#"{"a":"2024-05-06 22:04"}"#, true),
        ("a|day: 6", r#"{"a":"2024-05-06"}"#, true),
        ("a|week: 19", r#"{"a":1714979280}"#, true),
        ("a|month|neq: 5", r#"{"a":1714979280000}"#, false),
        ("a|year|gt: 2023", r#"{"a":"2024-05-06T22:08:09Z"}"#, true),
        ("a|hour: 0", r#"{"a":"never"}"#, false),
    ]);
}

#[test]
fn keywords() {
    for (keywords, body, expected) in [
        ("[evil]", r#"{"a":{"b":["so EVIL"]}}"#, true),
        ("[evil]", r#"{"evil":"x"}"#, false),
        ("['e*l x']", r#"{"a":"an evil x"}"#, true),
        ("{'|all': [a1, b2]}", r#"{"x":"a1","y":"b2"}"#, true),
        ("{'|all': [a1, b2]}", r#"{"x":"a1"}"#, false),
        ("{'|re': '^e.+l$'}", r#"{"x":["evil"]}"#, true),
        ("{'|contains|all': [a1, b2]}", r#"{"x":"a1","y":"b2"}"#, true),
        ("evil", r#"{"x":"evil"}"#, true),
        ("[7, {a: x}]", r#"{"a":"x"}"#, true),
        ("[7, {a: x}]", r#"{"b":17}"#, true),
    ] {
        assert_eq!(fires(&format!("  k: {keywords}\n  condition: k"), body), expected, "{keywords} on {body}");
    }
}

#[test]
fn conditions() {
    let searches = "  s1: {a: 1}\n  s2: {b: 1}\n  s3: {c: 1}\n  _h: {d: 1}\n";
    for (condition, holds) in [
        // What holds of a, b, c and d, as bits.
        ("s1 or s2 and s3", (|bits| bits & 1 > 0 || bits & 6 == 6) as fn(u8) -> bool),
        ("(s1 or s2) and not s3", |bits| bits & 3 > 0 && bits & 4 == 0),
        ("not s1 or s2", |bits| bits & 1 == 0 || bits & 2 > 0),
        ("1 of s*", |bits| bits & 7 > 0),
        ("any of s*", |bits| bits & 7 > 0),
        ("ALL OF s*", |bits| bits & 7 == 7),
        ("2 of them", |bits: u8| (bits & 7).count_ones() >= 2),
        ("all of them", |bits| bits & 7 == 7),
        ("not 1 of them", |bits| bits & 7 == 0),
        ("all of them and not _h", |bits| bits & 7 == 7 && bits & 8 == 0),
        ("1 of s1", |bits| bits & 1 > 0),
        ("[s1 and s2, s3]", |bits| bits & 3 == 3 || bits & 4 > 0),
    ] {
        for bits in 0..16_u8 {
            let part = |(at, name): (usize, &str)| format!("\"{name}\":{}", bits >> at & 1);
            let body =
                format!("{{{}}}", ["a", "b", "c", "d"].into_iter().enumerate().map(part).collect::<Vec<_>>().join(","));
            let detection = format!("{searches}  condition: {condition}");
            assert_eq!(fires(&detection, &body), holds(bits), "{condition} on {body}");
        }
    }
}

#[test]
fn searches_that_are_lists_of_maps() {
    let detection = "  s:\n    - a: 1\n      b: 2\n    - c: 3\n  condition: s";
    for (body, expected) in
        [(r#"{"a":1,"b":2}"#, true), (r#"{"a":1}"#, false), (r#"{"c":3}"#, true), (r#"{"a":1,"b":3,"c":4}"#, false)]
    {
        assert_eq!(fires(detection, body), expected, "{body}");
    }
}

#[test]
fn log_sources_route() {
    let text: String =
        ["product: windows, service: security", "category: webserver", "service: sshd", "product: firebreak"]
            .iter()
            .map(|source| {
                format!("title: '{source}'\nlogsource: {{{source}}}\ndetection: {{s: {{a: 1}}, condition: s}}\n---\n")
            })
            .collect();
    let (rules, problems) = load(&text, &LoadOptions::default());
    assert_eq!(problems, []);
    for (product, service, expected) in [
        ("windows", "security", &["product: windows, service: security", "product: firebreak"] as &[&str]),
        ("windows", "system", &["product: firebreak"]),
        ("windows", "sshd", &["service: sshd", "product: firebreak"]),
        ("nginx", "webserver", &["category: webserver", "product: firebreak"]),
        ("linux", "sshd", &["service: sshd", "product: firebreak"]),
        ("linux", "auditd", &["product: firebreak"]),
    ] {
        assert_eq!(met(&rules, &event_of(product, service, r#"{"a":1}"#)), expected, "{product} {service}");
    }
}

const RULE: &str =
    "title: T\nid: a-1\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {a: 1}, condition: s}\n";

#[test]
fn filters_join_the_condition() {
    let filter = |rules: &str, source: &str, condition: &str| {
        format!(
            "{RULE}---\ntitle: F\nlogsource: {{{source}}}\nfilter:\n  rules: {rules}\n  s: {{b: 1}}\n  other: {{c: 1}}\n  \
             condition: {condition}\n"
        )
    };
    for (rules, source, condition, body, expected) in [
        ("[a-1]", "product: aws, service: cloudtrail", "not s", r#"{"a":1,"b":1}"#, false),
        ("[a-1]", "product: aws, service: cloudtrail", "not s", r#"{"a":1}"#, true),
        ("any", "product: aws", "not 1 of them", r#"{"a":1,"c":1}"#, false),
        ("any", "product: okta", "not 1 of them", r#"{"a":1,"c":1}"#, true),
        ("[b-1]", "product: aws", "not 1 of them", r#"{"a":1,"c":1}"#, true),
        ("a-1", "product: aws", "s or other", r#"{"a":1,"c":1}"#, true),
        ("a-1", "product: aws", "s or other", r#"{"a":1}"#, false),
    ] {
        let (loaded, problems) = load(&filter(rules, source, condition), &LoadOptions::default());
        assert_eq!(problems, []);
        let found = !met(&loaded, &event_of("aws", "cloudtrail", body)).is_empty();
        assert_eq!(found, expected, "{rules} {source} {condition} on {body}");
    }
}

#[test]
fn collections_share_a_ground() {
    let text = "action: global\ntitle: Many\nid: m\ndetection:\n  s: {a: 1}\n  condition: s\n---\nlogsource: {product: aws}\n---\n\
                logsource: {product: okta}\ntitle: Other\ndetection: {s: {b: 2}}\n---\naction: repeat\nlogsource: {product: \
                github}\ntitle: Third\n---\naction: reset\n---\ntitle: Alone\nlogsource: {product: aws}\ndetection: {s: {c: 3}, \
                condition: s}\n";
    let (rules, problems) = load(text, &LoadOptions::default());
    assert_eq!(problems, []);
    assert_eq!(rules.detections().len(), 4);
    for (product, body, expected) in [
        ("aws", r#"{"a":1}"#, "Many"),
        ("okta", r#"{"a":1,"b":2}"#, "Other"),
        ("github", r#"{"a":1,"b":2}"#, "Third"),
        ("aws", r#"{"c":3}"#, "Alone"),
    ] {
        assert_eq!(met(&rules, &event_of(product, "x", body)), [expected]);
    }
    let ids: Vec<_> = rules.detections().iter().filter_map(|rule| rule.attributes.id.as_deref()).collect();
    assert_eq!(ids, ["m", "m#2", "m#3"]);
    for (wrong, says) in [("action: repeat\ntitle: x\n", "no document before"), ("action: drop\n", "`drop`")] {
        let (_, problems) = load(wrong, &LoadOptions::default());
        assert!(problems.iter().any(|problem| problem.reason.contains(says)), "{wrong}: {problems:?}");
    }
}

#[test]
fn placeholders_come_from_the_options() {
    let text = RULE.replace("{a: 1}", "{'a|expand': ['%admins%', 'x-%sites%']}");
    let placeholders = [("admins", vec!["root", "adm_*"]), ("sites", vec!["1", "2"])];
    let owned = |(name, values): (&str, Vec<&str>)| (name.to_owned(), values.into_iter().map(str::to_owned).collect());
    let options = LoadOptions { placeholders: placeholders.map(owned).into(), ..LoadOptions::default() };
    let (rules, problems) = load(&text, &options);
    assert_eq!(problems, []);
    for (body, expected) in [(r#"{"a":"ADM_7"}"#, true), (r#"{"a":"x-2"}"#, true), (r#"{"a":"x-3"}"#, false)] {
        assert_eq!(!met(&rules, &event_of("aws", "cloudtrail", body)).is_empty(), expected, "{body}");
    }
    let (rules, problems) = load(&text, &LoadOptions::default());
    assert!(rules.detections().is_empty());
    assert!(
        problems[0].reason.contains("`%admins%`") && problems[0].hint.contains("detect.placeholders"),
        "{problems:?}"
    );
    // Without `expand` a percent sign is a percent sign.
    assert!(load(&RULE.replace("{a: 1}", "{a: '%admins%'}"), &LoadOptions::default()).1.is_empty());
}
