//! The matcher against the naive evaluator: on random rules and records, and on public ones.

use super::learning::SAMPLE;
use crate::rules::{RuleFile, RuleIndex, Rules};
use crate::{Matcher, Scratch, corpus, oracle};
use firebreak_model::{Event, EventUid, Keys, LogSource, Outcome, Text, Time};
use proptest::prelude::*;
use std::sync::Arc;

fn event(body: &str, keys: Keys) -> Event {
    Event {
        uid: EventUid::of("test", body.as_bytes()),
        source: "test",
        native_id: Text::new("1"),
        time: Time(0),
        log_source: LogSource { product: "aws", service: "cloudtrail" },
        keys,
        body: sonic_rs::from_str(body).expect("json"),
        raw: Arc::from(body.as_bytes()),
    }
}

fn rules(detection: &str) -> Rules {
    let text = format!("title: t\nlogsource: {{product: aws}}\ndetection:\n{detection}\n");
    let (rules, problems) = Rules::load(&[RuleFile { path: "t.yml".to_owned(), text }]);
    assert_eq!(problems, []);
    rules
}

fn fires(detection: &str, body: &str) -> bool {
    let rules = Arc::new(rules(detection));
    let event = event(body, Keys::default());
    let matched = !oracle::matches(&rules, &event).is_empty();
    let matcher = Matcher::new(rules);
    // Before anything was learnt, after only empty records were seen, and after only this one was.
    let empty = self::event("{}", Keys::default());
    for seen in [vec![], vec![&empty; SAMPLE as usize], vec![&event; SAMPLE as usize]] {
        let mut scratch = Scratch::default();
        seen.iter().for_each(|seen| drop(matcher.matches(seen, &mut scratch).to_vec()));
        let found = !matcher.matches(&event, &mut scratch).is_empty();
        assert_eq!(found, matched, "{detection} on {body} after {} events", seen.len());
    }
    matched
}

/// Items, records, and whether the one is met by the other.
const COMPARED: &[(&str, &str, bool)] = &[
    ("a: X", r#"{"a":"x"}"#, true),
    ("a|cased: X", r#"{"a":"x"}"#, false),
    ("a: null", r#"{"b":1}"#, true),
    ("a: null", r#"{"a":null}"#, true),
    ("a: null", r#"{"a":[null]}"#, true),
    ("a: null", r#"{"a":""}"#, false),
    ("a|exists: true", r#"{"a":{}}"#, true),
    ("a|exists: false", r#"{"a":null}"#, true),
    ("a: ''", r#"{"a":""}"#, true),
    ("a: ''", r#"{}"#, false),
    ("a.b: 1", r#"{"a":{"b":1}}"#, true),
    ("a.b: 1", r#"{"a.b":"1"}"#, true),
    ("a.b: 1", r#"{"a":[{"b":2},{"b":[3,1]}]}"#, true),
    ("a.b.c: 1", r#"{"a":{"b.c":1.0}}"#, true),
    ("a.b.c: 1", r#"{"a.b":{"c":1}}"#, true),
    ("a: true", r#"{"a":true}"#, true),
    ("a: true", r#"{"a":"True"}"#, true),
    ("a: '*'", r#"{"a":[]}"#, false),
    ("a|contains: '*'", r#"{"a":["x"]}"#, true),
    ("a.*: 1", r#"{"a":{"b":[{"c":1}]}}"#, true),
    ("a.*: 1", r#"{"a":1}"#, true),
    ("a.*: 1", r#"{"a":{"b":2},"c":1}"#, false),
    ("a.b.*|contains: x", r#"{"a.b":{"c":"yxy"}}"#, true),
    ("a: 1", r#"{"a":{"b":1}}"#, false),
    ("a.*: null", r#"{"a":{}}"#, true),
    ("a: 'x*z'", r#"{"a":"xyz"}"#, true),
    ("a: 'x*z'", r#"{"a":"xyzw"}"#, false),
    (r"a: 'x\*z'", r#"{"a":"xyz"}"#, false),
    ("a: 'x?z'", r#"{"a":"XYZ"}"#, true),
    ("a|re: '^Ab+$'", r#"{"a":"Abb"}"#, true),
    ("a|re: '^Ab+$'", r#"{"a":"abb"}"#, false),
    ("a|re|i: '^Ab+$'", r#"{"a":"abB"}"#, true),
    ("a|cidr: 10.0.0.0/8", r#"{"a":"10.9.8.7"}"#, true),
    ("a|cidr: 10.0.0.0/8", r#"{"a":"::ffff:10.9.8.7"}"#, true),
    ("a|cidr: 10.0.0.0/8", r#"{"a":"10.9.8.7.example"}"#, false),
    ("a|gte: 5", r#"{"a":"5"}"#, true),
    ("a|lt: 5", r#"{"a":5.5}"#, false),
    ("a|fieldref: b", r#"{"a":"X","b":"x"}"#, true),
    ("a|fieldref: b", r#"{"a":"x"}"#, false),
    ("a|endswith|fieldref: b", r#"{"a":"user/x","b":"x"}"#, true),
    ("a|contains|all: [x, z]", r#"{"a":"xyz"}"#, true),
    ("a|contains|all: [x, w]", r#"{"a":"xyz"}"#, false),
    ("a|neq: x", r#"{"a":"y"}"#, true),
    ("a|windash|contains: ' -enc'", r#"{"a":"run /enc"}"#, true),
    ("a|base64offset|contains: secret", r#"{"a":"eHNlY3JldHk="}"#, true),
    ("'': '5'", r#"{"b":[{"c":5}]}"#, true),
    ("'': 'q*'", r#"{"b":[{"q":5}]}"#, false),
];

#[test]
fn values_compare_as_documented() {
    for (item, body, expected) in COMPARED {
        assert_eq!(fires(&format!("  s:\n    {item}\n  condition: s"), body), *expected, "{item} on {body}");
    }
}

/// Where many rules ask for an operation, what else a rule asks is only looked up where the operation is its own.
#[test]
fn values_that_are_looked_up_late_compare_as_documented() {
    let rule = |searches: &str| format!("title: t\nlogsource: {{product: aws}}\ndetection:\n{searches}\n");
    let others: Vec<String> =
        (0..20).map(|other| rule(&format!("  s: {{op: other{other}}}\n  condition: s"))).collect();
    for (item, body, expected) in COMPARED {
        for (condition, expected) in [("s and t", *expected), ("s and not t", !expected)] {
            let own = rule(&format!("  s:\n    op: go\n  t:\n    {item}\n  condition: {condition}"));
            let text = [others.clone(), vec![own]].concat().join("---\n");
            let (rules, problems) = Rules::load(&[RuleFile { path: "t.yml".to_owned(), text }]);
            assert_eq!(problems, []);
            let with = |operation: &str| {
                let members = body.trim_start_matches('{');
                let comma = if members == "}" { "" } else { "," };
                event(&format!(r#"{{"op":"{operation}"{comma}{members}"#), Keys::default())
            };
            let (matcher, mut scratch) = (Matcher::new(Arc::new(rules)), Scratch::default());
            for _ in 0..SAMPLE {
                assert_eq!(matcher.matches(&with("stay"), &mut scratch), [], "{item} on {body}");
            }
            let found = matcher.matches(&with("go"), &mut scratch).len();
            assert_eq!(found, usize::from(expected), "{condition} where t is {item} on {body}");
        }
    }
}

#[test]
fn keywords_look_at_every_value_and_no_name() {
    let keywords = "  k: [Ransom, 'a?c']\n  condition: k";
    assert!(fires(keywords, r#"{"a":[{"b":"my RANSOM note"}]}"#));
    assert!(fires(keywords, r#"{"a":"xxabcxx"}"#));
    assert!(!fires(keywords, r#"{"ransom":"x"}"#));
    assert!(fires("  k: {'|all': [x, 7]}\n  condition: k", r#"{"a":"x","b":17}"#));
}

#[test]
fn routing_comes_first() {
    let text = "title: a\nid: a\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {x: 1}, condition: s}\n---\ntitle: \
                b\nid: b\nlogsource: {product: aws}\ndetection: {s: {x: 1}, condition: s}\n---\ntitle: c\nid: c\nlogsource: {product: \
                okta}\ndetection: {s: {x: 1}, condition: s}\n---\ntitle: d\nid: d\nlogsource: {product: firebreak}\ndetection: \
                {s: {firebreak.operation: 'read*'}, condition: s}\n";
    let (rules, problems) = Rules::load(&[RuleFile { path: "r.yml".to_owned(), text: text.to_owned() }]);
    assert_eq!(problems, []);
    let matcher = Matcher::new(Arc::new(rules));
    let keys = Keys { operation: Text::new("ReadIt"), ..Keys::default() };
    let mut scratch = Scratch::default();
    let mut asked = |product, service| {
        let event = Event { log_source: LogSource { product, service }, ..event(r#"{"x":1}"#, keys.clone()) };
        matcher.matches(&event, &mut scratch).iter().map(|index| index.0).collect::<Vec<_>>()
    };
    assert_eq!(asked("aws", "cloudtrail"), [0, 1, 3]);
    assert_eq!(asked("aws", "guardduty"), [1, 3]);
    assert_eq!(asked("okta", "okta"), [2, 3]);
    assert_eq!(asked("slack", "audit"), [3]);
}

#[test]
fn a_record_cannot_forge_the_normalised_keys() {
    let rules = Arc::new(rules("  s:\n    firebreak.outcome: denied\n  condition: s"));
    let matcher = Matcher::new(rules);
    let forged = r#"{"firebreak":{"outcome":"denied"},"firebreak.outcome":"denied"}"#;
    assert!(matcher.matches(&event(forged, Keys::default()), &mut Scratch::default()).is_empty());
    let denied = Keys { outcome: Outcome::Denied, ..Keys::default() };
    assert_eq!(matcher.matches(&event("{}", denied), &mut Scratch::default()).len(), 1);
}

#[test]
fn hostile_nesting_does_not_overflow() {
    let rules = Arc::new(rules("  s:\n    a: x\n  k: [y]\n  condition: s or k"));
    let body = format!("{{\"a\":{}\"x\"{}}}", "[".repeat(100), "]".repeat(100));
    assert!(Matcher::new(rules).matches(&event(&body, Keys::default()), &mut Scratch::default()).is_empty());
}

fn scalar() -> impl Strategy<Value = String> {
    let words = [
        "x",
        "X",
        "xy",
        "yx",
        "yxy",
        "x*",
        "é",
        "É",
        "10.0.0.1",
        "5",
        "",
        "ſ",
        "İ",
        "/x",
        "eHl4eQ==",
        "2024-05-06T07:08:09Z",
    ];
    prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(|word| format!("\"{word}\"")),
        prop::sample::select(vec!["1", "5", "5.5", "true", "null"]).prop_map(str::to_owned),
    ]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "a.b", "b.a", "c"])
}

fn document() -> impl Strategy<Value = String> {
    let inner = scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((name(), inner), 0..4).prop_map(object),
        ]
    });
    prop::collection::vec((name(), inner), 0..5).prop_map(object)
}

fn object(members: Vec<(&'static str, String)>) -> String {
    // Names may repeat: a record that says a thing twice has said both.
    let members: Vec<String> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn value_text() -> impl Strategy<Value = String> {
    let words = ["x", "xy", "Y", "*", "x*", "*y", "*x*", "x?", "x*y", "?", "é", "5", "1", "true", "x\\*", "", "-x"];
    prop::sample::select(words.to_vec()).prop_map(|word| format!("'{word}'"))
}

fn item() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec!["a", "b", "a.b", "b.a", "a.b.a", "c", "a.*", "b.a.*", "firebreak.operation"]);
    let modifiers = prop::sample::select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|cased",
        "|contains|cased",
        "|neq",
        "|contains|all",
        "|startswith|neq",
        "|windash",
    ]);
    let values = prop::collection::vec(value_text(), 1..4);
    prop_oneof![
        6 => (field.clone(), modifiers, values).prop_map(|(field, modifiers, values)| format!("{field}{modifiers}: [{}]", values.join(", "))),
        1 => field.clone().prop_map(|field| format!("{field}: null")),
        1 => (field.clone(), any::<bool>()).prop_map(|(field, exists)| format!("{field}|exists: {exists}")),
        1 => field.clone().prop_map(|field| format!("{field}|gt: 4")),
        1 => field.clone().prop_map(|field| format!("{field}|cidr: 10.0.0.0/8")),
        1 => field.clone().prop_map(|field| format!("{field}|re: 'x.?$'")),
        1 => field.clone().prop_map(|field| format!("{field}|contains|fieldref: c")),
        1 => field.clone().prop_map(|field| format!("{field}|fieldref|neq: b")),
        1 => field.clone().prop_map(|field| format!("{field}|re|i: '^X'")),
        1 => field.clone().prop_map(|field| format!("{field}|base64offset|contains: xyxy")),
        1 => field.clone().prop_map(|field| format!("{field}|day: 6")),
        1 => field.clone().prop_map(|field| format!("{field}|hour|lt: 12")),
        1 => value_text().prop_map(|value| format!("'': {value}")),
    ]
}

fn formula() -> impl Strategy<Value = String> {
    let leaf =
        prop::sample::select(vec!["s0", "s1", "s2", "1 of s*", "all of s*", "2 of them"]).prop_map(str::to_owned);
    leaf.prop_recursive(3, 10, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| format!("not {part}")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} and {right})")),
            (inner.clone(), inner).prop_map(|(left, right)| format!("({left} or {right})")),
        ]
    })
}

fn rule() -> impl Strategy<Value = String> {
    (prop::collection::vec(item(), 3), formula()).prop_map(|(items, formula)| {
        let searches: Vec<String> =
            items.iter().enumerate().map(|(at, item)| format!("  s{at}:\n    {item}\n")).collect();
        format!("title: t\nlogsource: {{product: aws}}\ndetection:\n{}  condition: {formula}\n", searches.concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_index_omits_nothing(texts in prop::collection::vec(rule(), 1..12), bodies in prop::collection::vec(document(), 1..12)) {
        let file = RuleFile { path: "r.yml".to_owned(), text: texts.join("---\n") };
        let (rules, _) = Rules::load(&[file]);
        let rules = Arc::new(rules);
        prop_assert_eq!(rules.detections().len(), texts.len());
        let matcher = Matcher::new(rules.clone());
        let mut scratch = Scratch::default();
        for body in &bodies {
            let keys = Keys { operation: Text::new("xY"), ..Keys::default() };
            let event = event(body, keys);
            let expected: Vec<RuleIndex> = oracle::matches(&rules, &event);
            prop_assert_eq!(matcher.matches(&event, &mut scratch), expected.as_slice(), "{} on {}", texts.join("---\n"), body);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn what_was_learnt_omits_nothing(texts in prop::collection::vec(rule(), 1..12), bodies in prop::collection::vec(document(), 1..12)) {
        let (rules, _) = Rules::load(&[RuleFile { path: "r.yml".to_owned(), text: texts.join("---\n") }]);
        let rules = Arc::new(rules);
        let matcher = Matcher::new(rules.clone());
        let mut scratch = Scratch::default();
        let (seen, rest) = bodies.split_at(bodies.len() / 2);
        let keys = Keys { operation: Text::new("xY"), ..Keys::default() };
        let seen: Vec<Event> = seen.iter().map(|body| event(body, keys.clone())).collect();
        // More than are counted before the index is built again.
        for _ in 0..=SAMPLE as usize / seen.len().max(1) {
            seen.iter().for_each(|event| drop(matcher.matches(event, &mut scratch).to_vec()));
        }
        for event in seen.into_iter().chain(rest.iter().map(|body| event(body, keys.clone()))) {
            let expected: Vec<RuleIndex> = oracle::matches(&rules, &event);
            prop_assert_eq!(matcher.matches(&event, &mut scratch), expected.as_slice(), "{} on {}", texts.join("---\n"), String::from_utf8_lossy(&event.raw));
        }
    }
}

#[test]
fn what_was_learnt_of_some_rules_is_not_used_for_others() {
    let event = event(r#"{"a":"x","b":"y"}"#, Keys::default());
    let mut scratch = Scratch::default();
    for (detection, count) in
        [("  s:\n    a: x\n  condition: s", 1), ("  s:\n    c: z\n    b: y\n  condition: not s", 1)]
    {
        let matcher = Matcher::new(Arc::new(rules(detection)));
        for _ in 0..2 * SAMPLE {
            assert_eq!(matcher.matches(&event, &mut scratch).len(), count, "{detection}");
        }
    }
}

#[test]
fn many_keywords_are_sought_in_every_value_and_across_none() {
    let words: Vec<String> = (0..20).map(|number| format!("word{number}x")).collect();
    let keywords = format!("  k: [{}]\n  condition: k", words.join(", "));
    assert!(fires(&keywords, r#"{"a":["WORD7X"]}"#));
    assert!(fires(&keywords, r#"{"a":["éword19x"]}"#));
    assert!(!fires(&keywords, r#"{"a":["word1","x"],"word1x":0}"#));
    assert!(fires("  k: ['1', '2x', '3y', '4z', '5w', '6v']\n  condition: k", r#"{"a":[7,210]}"#));
}

#[test]
fn parts_at_either_end_have_any_length() {
    let ends = "  s:\n    a|endswith: [x, yx, 'é', zzz]\n  t:\n    a|startswith: ['', q]\n  condition: s and t";
    assert!(fires(ends, r#"{"a":"Zzz"}"#));
    assert!(fires(ends, r#"{"a":"É"}"#));
    assert!(fires(ends, r#"{"a":"X"}"#));
    assert!(!fires(ends, r#"{"a":"zz"}"#));
}

#[test]
fn large_records_are_matched_whole() {
    let rules = "  s:\n    a.b|contains: needle\n  t:\n    c: '99999'\n  k: [other needle]\n  condition: s and t and k";
    let numbers: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    let members: Vec<String> = (0..20_000).map(|number| format!("\"k{number}\":0")).collect();
    let hay = "hay ".repeat(250_000);
    let body = |last: &str| {
        let (numbers, members) = (numbers.join(","), members.join(","));
        format!(r#"{{"c":[{numbers}],{members},"a":{{"b":"{hay}{last}"}},"d":"other needle"}}"#)
    };
    assert!(fires(rules, &body("needle")));
    assert!(!fires(rules, &body("needl")));
}

#[test]
fn public_rules_on_public_records_agree_with_the_naive_evaluator() {
    let Some(files) = corpus::files("sigma/rules/cloud/aws", "yml") else { return };
    let Some(events) = corpus::cloudtrail("invictus-aws_dataset/CloudTrail") else { return };
    let (rules, _) = Rules::load(&files);
    let rules = Arc::new(rules);
    let matcher = Matcher::new(rules.clone());
    let mut scratch = Scratch::default();
    let mut found = 0;
    for event in &events {
        let expected = oracle::matches(&rules, event);
        assert_eq!(
            matcher.matches(event, &mut scratch),
            expected.as_slice(),
            "{}",
            String::from_utf8_lossy(&event.raw)
        );
        found += expected.len();
    }
    assert_eq!(events.len(), 2_900);
    assert!(found > 100, "{found} matches");
}

#[test]
fn a_matcher_is_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Matcher>();
}
