//! Novelties of every kind: what is raised, in which words, and the near miss that is not.

use super::{AWAY, DAY, HOME, fortnight, found};
use crate::trace::{Trace, sorted};
use crate::{Correlator, Matcher, Rules, Settings, containable};
use expect_test::{Expect, expect};
use firebreak_model::{Finding, NodeKey, Severity, Signal};
use std::sync::Arc;

const LINUX: &str = "aws-cli/2.15.0 md/awscrt#0.19 os/linux#5.10";
const THEIRS: &str = "python-requests/2.31.0";

/// What `detector` said.
fn said<'a>(findings: &'a [Finding], detector: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.detector == detector).collect()
}

fn says(trace: &Trace, detector: &str, expected: &Expect) -> Vec<Finding> {
    let findings = found(trace);
    let words: Vec<&str> = said(&findings, detector).iter().map(|finding| finding.explanation.as_str()).collect();
    expected.assert_eq(&words.join("\n"));
    findings
}

fn quiet(trace: &Trace, detector: &str) {
    let findings = found(trace);
    let said = said(&findings, detector);
    assert!(said.is_empty(), "{said:#?}");
}

/// Twelve people of one kind for a fortnight: ten clone and read, each from a network of their own.
fn people() -> Trace {
    let mut trace = Trace::default();
    for person in 0..12 {
        for day in 0..14 {
            for hour in 0..3 {
                trace
                    .event(day * DAY + 36_000 + hour * 3_600 + person)
                    .by(&format!("arn:aws:iam::1:user/{person}"), &format!("AKIA{person}"))
                    .from(&format!("198.51.{person}.7"))
                    .with(LINUX)
                    .does("s3:GetObject")
                    .on("wiki");
            }
        }
    }
    trace
}

fn first() -> (&'static str, &'static str) {
    ("arn:aws:iam::1:user/0", "AKIA0")
}

#[test]
fn another_client_is_new_and_another_version_is_for_the_record() {
    let (actor, key) = first();
    let mut trace = people();
    trace.event(14 * DAY).by(actor, key).from("198.51.0.7").with(THEIRS).does("s3:GetObject").on("wiki");
    trace.event(14 * DAY + 60).by(actor, key).from("198.51.0.7").with(THEIRS).does("s3:GetObject").on("wiki");
    let findings = says(
        &trace,
        "first_seen_agent",
        &expect![
            "`credential:aws/AKIA0` was used by `python-requests/2` for the first time: in 13.6 days it was used by 2 other kinds and versions of clients"
        ],
    );
    assert_eq!(said(&findings, "first_seen_agent")[0].signal, Signal::Novelty);
    let mut trace = people();
    trace
        .event(14 * DAY)
        .by(actor, key)
        .from("198.51.0.7")
        .with("aws-cli/3.0 os/linux")
        .does("s3:GetObject")
        .on("wiki");
    let findings = found(&trace);
    let said = said(&findings, "first_seen_agent");
    assert_eq!((said[0].signal, said[0].severity), (Signal::Watch, Severity::Informational));
    let mut trace = people();
    trace
        .event(14 * DAY)
        .by(actor, key)
        .from("198.51.0.7")
        .with("aws-cli/2.99 os/linux")
        .does("s3:GetObject")
        .on("wiki");
    quiet(&trace, "first_seen_agent");
}

#[test]
fn a_harmful_kind_of_operation_is_new_unless_others_do_it() {
    let (actor, key) = first();
    let mut trace = people();
    trace.event(14 * DAY).by(actor, key).from("198.51.0.7").with(LINUX).does("iam:AttachUserPolicy").on("x");
    let findings = says(
        &trace,
        "first_seen_operation",
        &expect![
            "`identity:aws/arn:aws:iam::1:user/0` did a grant in `iam` for the first time (`iam:AttachUserPolicy`): in 13.6 days it did one other kind of thing, and 0 of 12 identities of its kind do this"
        ],
    );
    assert_eq!(said(&findings, "first_seen_operation")[0].signal, Signal::Novelty);
    assert_eq!(containable(&findings), None);
    let mut others = people();
    for person in 1..5 {
        let (actor, key) = (format!("arn:aws:iam::1:user/{person}"), format!("AKIA{person}"));
        others.event(DAY + person).by(&actor, &key).with(LINUX).does("iam:AttachUserPolicy").on("x");
    }
    others.event(14 * DAY).by(actor, key).from("198.51.0.7").with(LINUX).does("iam:AttachUserPolicy").on("x");
    quiet(&others, "first_seen_operation");
    let mut refused = people();
    refused.event(14 * DAY).by(actor, key).with(LINUX).does("iam:AttachUserPolicy").on("x").refused();
    quiet(&refused, "first_seen_operation");
}

#[test]
fn a_kind_of_data_is_new_to_whom_never_read_it() {
    let (actor, key) = first();
    let mut trace = people();
    trace.event(14 * DAY).by(actor, key).from("198.51.0.7").with(LINUX).does("s3:GetObject").on("payroll");
    let findings = says(
        &trace,
        "first_seen_class",
        &expect![
            "`identity:aws/arn:aws:iam::1:user/0` read `ssn` for the first time (in `resource:aws/payroll`): in 13.6 days it read no other kind of data, and 0 of 12 identities of its kind read it"
        ],
    );
    assert_eq!(said(&findings, "first_seen_class")[0].signal, Signal::Novelty);
    // Looking at the bucket's settings reads nothing.
    let mut trace = people();
    trace.event(14 * DAY).by(actor, key).from("198.51.0.7").with(LINUX).does("s3:GetBucketPolicy").on("payroll");
    quiet(&trace, "first_seen_class");
}

#[test]
fn one_token_in_two_networks_is_told_from_one_who_moves() {
    let both = |changes: i64, gap: i64| {
        let mut trace = fortnight();
        for change in 0..changes {
            let from = if change % 2 == 0 { HOME } else { AWAY };
            trace.event(14 * DAY + change * gap).by("user/ci", "AKIACI").from(from).does("x").on("payroll");
        }
        trace
    };
    let findings = says(
        &both(6, 60),
        "token_in_two_networks",
        &expect![
            "`credential:aws/AKIACI` is used from two networks at once: it changed 3 times between 198.51.100.0/24 and 203.0.113.0/24 in 180 seconds, and 203.0.113.0/24 is new to it"
        ],
    );
    assert_eq!(said(&findings, "token_in_two_networks")[0].signal, Signal::Novelty);
    quiet(&both(3, 60), "token_in_two_networks");
    quiet(&both(20, 700), "token_in_two_networks");
}

#[test]
fn a_session_without_a_credential_is_compared_with_itself() {
    let ada = || NodeKey::identity("aws", "ada");
    let both = |other: &str| {
        let mut trace = Trace::default();
        for day in 0..14 {
            trace.event(day * DAY).in_session(ada(), &format!("s{day}")).from(HOME).does("x");
        }
        for change in 0..6 {
            let (from, session) = if change % 2 == 0 { (HOME, "s14") } else { (AWAY, other) };
            trace.event(14 * DAY + change * 60).in_session(ada(), session).from(from).does("x");
        }
        trace
    };
    assert_eq!(said(&found(&both("s14")), "token_in_two_networks").len(), 1);
    quiet(&both("s15"), "token_in_two_networks");
}

#[test]
fn who_wakes_elsewhere_is_novel_and_who_wakes_at_home_is_watched() {
    let wakes = |day: i64, from: &str| {
        let mut trace = fortnight();
        for day in 14..day {
            trace.event(day * DAY).by("user/other", "AKIAOTHER").from("192.0.2.77").does("x");
        }
        trace.event(day * DAY).by("user/ci", "AKIACI").from(from).does("x");
        trace
    };
    let findings = says(
        &wakes(80, AWAY),
        "dormant_awake",
        &expect![
            "`identity:aws/user/ci` acted after 66 days without use, from a new network; its longest rest was none before"
        ],
    );
    let dormant = said(&findings, "dormant_awake")[0];
    assert_eq!((dormant.signal, dormant.severity), (Signal::Novelty, Severity::Medium));
    let findings = found(&wakes(80, HOME));
    assert_eq!(said(&findings, "dormant_awake")[0].signal, Signal::Watch);
    let mut moved = said(&findings, "first_seen_network").into_iter();
    assert!(moved.all(|finding| finding.actor == Some(NodeKey::identity("aws", "user/other"))), "home is where it was");
    quiet(&wakes(40, HOME), "nothing");
    quiet(&wakes(43, HOME), "dormant_awake");
}

#[test]
fn a_rest_that_ended_in_peace_is_no_news() {
    let mut trace = fortnight();
    for quarter in 1..=3 {
        trace.event(quarter * 90 * DAY).by("role/backup", "ASIAQ").from("192.0.2.9").does("x");
        for day in 0..90 {
            trace.event(quarter * 90 * DAY + day * DAY + 7).by("user/other", "AKIAO").from("192.0.2.77").does("x");
        }
    }
    let findings = found(&trace);
    let backup: Vec<_> =
        said(&findings, "dormant_awake").into_iter().filter(|finding| finding.signal == Signal::Watch).collect();
    assert_eq!(backup.len(), 1, "{backup:#?}");
}

#[test]
fn an_ai_key_with_a_new_client_in_a_new_network_is_worth_a_look() {
    let key = || NodeKey::credential("litellm", "3f1c");
    let uses = |from: &str, agent: &str| {
        let mut trace = Trace::default();
        for day in 0..14 {
            trace.event(day * DAY).by("gateway", "x").holding(key()).from(HOME).with(LINUX).does("acompletion");
        }
        trace.event(14 * DAY).by("gateway", "x").holding(key()).from(from).with(agent).does("acompletion");
        trace
    };
    let findings = says(
        &uses(AWAY, THEIRS),
        "ai_key_new_client",
        &expect![
            "`credential:litellm/3f1c` was used by `python-requests/2` from 203.0.113.0/24: client and network are both new to a key known for 14.0 days"
        ],
    );
    assert_eq!(said(&findings, "ai_key_new_client")[0].severity, Severity::Medium);
    quiet(&uses(HOME, THEIRS), "ai_key_new_client");
    quiet(&uses(AWAY, LINUX), "ai_key_new_client");
}

#[test]
fn logs_are_tampered_with_by_strangers_and_by_routine() {
    let (actor, key) = first();
    let stops = |from: &str| {
        let mut trace = people();
        trace.event(14 * DAY).by(actor, key).from(from).with(LINUX).does("cloudtrail:StopLogging").on("trail");
        trace
    };
    let findings = says(
        &stops(AWAY),
        "log_tampering",
        &expect![
            "`credential:aws/AKIA0` did `cloudtrail:StopLogging`, by which less is recorded, from a network or by a client that is new to it: in 13.6 days it never did so before"
        ],
    );
    assert_eq!(said(&findings, "log_tampering")[0].signal, Signal::Tripwire);
    assert_eq!(said(&found(&stops("198.51.0.7")), "log_tampering")[0].signal, Signal::Watch);
    let mut routine = people();
    for day in 0..14 {
        routine.event(day * DAY).by("role/setup", "AKIASETUP").from(HOME).does("ec2:DeleteFlowLogs");
    }
    let findings = found(&routine);
    assert_eq!(said(&findings, "log_tampering").len(), 1, "once, while learning: {findings:#?}");
    assert_eq!(said(&findings, "log_tampering")[0].severity, Severity::Low);
}

#[test]
fn a_consent_counts_by_what_it_gives_away() {
    let ada = || NodeKey::identity("person", "ada@meridian.example");
    let consents = |raw: &'static str| {
        let mut trace = Trace::default();
        for day in 0..14 {
            trace.event(day * DAY).in_session(ada(), "s").from(HOME).does("drive.view");
        }
        trace.event(14 * DAY).in_session(ada(), "s").from(HOME).does("token.authorize").on("mailer").raw(raw);
        trace.event(14 * DAY + 9).in_session(ada(), "s").from(HOME).does("token.authorize").on("mailer").raw(raw);
        trace
    };
    says(
        &consents(r#"{"scope":["https://mail.google.com/"]}"#),
        "powerful_consent",
        &expect![
            "`identity:person/ada@meridian.example` gave `resource:aws/mailer` the right `https://mail.google.com` (`token.authorize`): in 14.0 days it never consented to that"
        ],
    );
    quiet(&consents(r#"{"scope":["openid","email"]}"#), "powerful_consent");
}

/// What happens is the same in any order of arrival, and after a restart in the middle.
#[test]
fn arrival_and_restarts_change_nothing() {
    let (actor, key) = first();
    let mut trace = people();
    for change in 0..8 {
        let from = if change % 2 == 0 { "198.51.0.7" } else { AWAY };
        trace.event(14 * DAY + change * 50).by(actor, key).from(from).with(THEIRS).does("iam:PutUserPolicy").on("x");
    }
    trace.event(15 * DAY).by(actor, key).from("198.51.0.7").with(LINUX).does("s3:GetObject").on("payroll");
    let rules = Arc::new(Rules::default());
    let matcher = Matcher::new(rules.clone());
    let run = |trace: &Trace, restart: bool| {
        let catalogue = Arc::new(super::catalogue());
        let mut correlator = Correlator::new(rules.clone(), catalogue.clone(), Settings::default());
        let mut findings = Vec::new();
        for (place, event) in trace.observed(&matcher).into_iter().enumerate() {
            if restart && place % 61 == 0 {
                let bytes = correlator.snapshot();
                correlator = Correlator::restore(&bytes, rules.clone(), catalogue.clone(), Settings::default())
                    .expect("our own snapshot");
                assert_eq!(correlator.snapshot(), bytes);
            }
            findings.extend(correlator.observe(event));
        }
        findings.extend(correlator.close());
        sorted(&mut findings);
        findings
    };
    let expected = run(&trace.in_order(), false);
    assert!(expected.len() >= 5, "{expected:#?}");
    assert_eq!(run(&trace.in_order(), true), expected);
    for seed in 0..20 {
        assert_eq!(run(&trace.jittered(seed, 290), false), expected, "seed {seed}");
    }
}
