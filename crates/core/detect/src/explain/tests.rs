//! An explanation says what the matcher says, and names what failed.

use super::*;
use crate::{Matcher, RuleFile, Scratch, corpus};
use firebreak_model::{EventUid, Json, Keys, LogSource, Time};
use std::sync::Arc;

const RULES: &str = "
title: Logging stopped
name: stopped
logsource: {product: aws, service: cloudtrail}
detection:
  selection:
    eventName: [StopLogging, DeleteTrail]
    userIdentity.type: IAMUser
  filter_main_own:
    sourceIPAddress|cidr: 10.0.0.0/8
  condition: selection and not 1 of filter_main_*
---
title: Much stopped
correlation:
  {type: value_count, rules: [stopped], group-by: [userIdentity.arn], timespan: 1h, condition: {gte: 3, field: trail}}
";

fn load(text: &str) -> Arc<Rules> {
    let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: text.to_owned() }]);
    assert_eq!(problems, []);
    Arc::new(rules)
}

fn event(number: i64, body: &str) -> Event {
    Event {
        uid: EventUid(number as u128),
        source: "aws_cloudtrail",
        native_id: Text::default(),
        time: Time::from_seconds(number * 60),
        log_source: LogSource { product: "aws", service: "cloudtrail" },
        keys: Keys::default(),
        body: sonic_rs::from_str::<Json>(body).expect("json"),
        raw: Arc::from(body.as_bytes()),
    }
}

fn explained(body: &str) -> Explanation {
    rule(&load(RULES), RuleIndex(0), &event(0, body)).expect("a rule")
}

#[test]
fn what_failed_is_named_with_what_was_found() {
    let explanation = explained(r#"{"eventName":"StartLogging","sourceIPAddress":"203.0.113.9"}"#);
    assert!(!explanation.meets && explanation.not_asked.is_none());
    let (name, selection) = &explanation.searches[0];
    assert_eq!((name.as_str(), selection.holds), ("selection", false));
    let failing = selection.failing();
    assert_eq!(failing.len(), 2, "{failing:?}");
    assert_eq!(failing[0].what, "eventName is `stoplogging` or is `deletetrail`");
    assert_eq!(failing[0].found, ["StartLogging"]);
    assert_eq!((failing[1].what.as_str(), failing[1].found.len()), ("userIdentity.type is `iamuser`", 0));
    let filter = &explanation.searches[1];
    assert_eq!((filter.0.as_str(), filter.1.holds), ("filter_main_own", false));
    assert_eq!((explanation.condition.what.as_str(), explanation.condition.parts[1].holds), ("all of", true));
}

#[test]
fn a_filter_that_holds_is_why_nothing_fires() {
    let body = r#"{"eventName":"StopLogging","userIdentity":{"type":"IAMUser"},"sourceIPAddress":"10.1.2.3"}"#;
    let explanation = explained(body);
    assert!(!explanation.meets && explanation.searches.iter().all(|(_, mark)| mark.holds));
    let failing = explanation.condition.failing();
    assert_eq!((failing.len(), failing[0].what.as_str()), (1, "not"));
    assert!(explained(&body.replace("10.1.2.3", "203.0.113.9")).meets);
}

#[test]
fn an_event_of_another_service_is_not_asked_about() {
    let mut other = event(0, r#"{"eventName":"StopLogging","userIdentity":{"type":"IAMUser"}}"#);
    other.log_source.service = "s3_access";
    let explanation = rule(&load(RULES), RuleIndex(0), &other).expect("a rule");
    assert!(!explanation.meets && explanation.condition.holds);
    assert!(explanation.not_asked.is_some_and(|why| why.contains("`s3_access`")));
}

#[test]
fn a_correlation_shows_key_window_and_counts() {
    let rules = load(RULES);
    let body = |who: &str, trail: &str| {
        format!(
            r#"{{"eventName":"StopLogging","trail":"{trail}","userIdentity":{{"type":"IAMUser","arn":"{who}"}},"sourceIPAddress":"203.0.113.9"}}"#
        )
    };
    let events = [
        event(0, &body("a", "long ago")),
        event(100, &body("a", "one")),
        event(110, &body("b", "two")),
        event(120, &body("a", "one")),
        event(130, &body("a", "two")),
        event(140, &body("a", "after")),
    ];
    let observed: Vec<(&Event, Vec<RuleIndex>)> = events.iter().map(|event| (event, vec![RuleIndex(0)])).collect();
    let seen = correlation(&rules, 0, &observed, 4).expect("a correlation");
    assert_eq!((seen.measured, seen.least, seen.counts), (Some(2), Some(3), true));
    assert_eq!(seen.group, [("userIdentity.arn".to_owned(), Some(Text::new("a")))]);
    assert_eq!(seen.references, [(Text::new("Logging stopped"), 3)]);
    assert_eq!((seen.kind.as_str(), seen.timespan_seconds), ("value_count of trail", 3_600));
    let keyless = event(200, r#"{"eventName":"StopLogging"}"#);
    let seen = correlation(&rules, 0, &[(&keyless, vec![RuleIndex(0)])], 0).expect("a correlation");
    assert_eq!((seen.group[0].1.clone(), seen.measured), (None, Some(0)));
}

#[test]
fn explanations_agree_with_the_matcher_over_public_rules_and_real_records() {
    let (Some(files), Some(events)) =
        (corpus::files("sigma/rules/cloud/aws", "yml"), corpus::cloudtrail("invictus-aws_dataset"))
    else {
        return;
    };
    let rules = Arc::new(Rules::load(&files).0);
    let (matcher, mut scratch) = (Matcher::new(Arc::clone(&rules)), Scratch::default());
    let mut met = 0;
    for event in events.iter().step_by(7) {
        let matches = matcher.matches(event, &mut scratch).to_vec();
        met += matches.len();
        for index in (0..rules.detections().len() as u32).map(RuleIndex) {
            let explanation = rule(&rules, index, event).expect("a rule");
            assert_eq!(explanation.meets, matches.contains(&index), "{explanation:#?}");
        }
    }
    assert!(met > 0, "nothing was met");
}
