//! Behaviour over days: what must be raised, what must not, and how loud an ordinary fortnight is.

mod novelty;
mod places;
mod volume;

use crate::trace::Trace;
use crate::{Correlator, Matcher, Rules, Settings, containable};
use firebreak_model::{
    Catalogue, DataClass, EdgeFact, EdgeKind, Fact, Finding, Holding, Interval, NodeKey, Severity, Signal, Text, Time,
};
use std::sync::Arc;

const DAY: i64 = 86_400;
const HOME: &str = "198.51.100.7";
const AWAY: &str = "203.0.113.66";

fn catalogue() -> Catalogue {
    let class = DataClass::new("ssn");
    let bucket = NodeKey::resource("aws", "payroll");
    let mut edge =
        EdgeFact::new(EdgeKind::Holds, bucket, NodeKey::data_class(&class), Interval::ALWAYS, Time(0), "inventory");
    edge.holding = Some(Holding { class, residency: Text::new("US-CA"), records: 40_000, bytes: None });
    let helper = NodeKey::identity("mcp", "helper");
    let server = NodeKey::resource("mcp", "files");
    let mut grant = EdgeFact::new(EdgeKind::MayAct, helper, server, Interval::ALWAYS, Time(0), "estate statement");
    grant.actions = vec![Text::new("search"), Text::new("read_file")];
    Catalogue::of(&[Fact::Edge(edge), Fact::Edge(grant)])
}

fn found(trace: &Trace) -> Vec<Finding> {
    found_with(trace, Settings::default())
}

fn found_with(trace: &Trace, settings: Settings) -> Vec<Finding> {
    let rules = Arc::new(Rules::default());
    let matcher = Matcher::new(rules.clone());
    let mut correlator = Correlator::new(rules, Arc::new(catalogue()), settings);
    let events = trace.in_order().observed(&matcher);
    let mut findings: Vec<Finding> = events.into_iter().flat_map(|event| correlator.observe(event)).collect();
    findings.extend(correlator.close());
    assert_eq!(correlator.counters().late, 0);
    findings
}

/// Of the novelties of networks and the budgets, which these stories are about.
fn found_here(trace: &Trace) -> Vec<Finding> {
    let mut findings = found(trace);
    findings.retain(|finding| {
        ["first_seen_network", "exfiltration_budget"].contains(&finding.detector.as_str())
            && finding.signal != Signal::Watch
    });
    findings
}

fn signals(findings: &[Finding]) -> Vec<Signal> {
    findings.iter().map(|finding| finding.signal).collect()
}

/// A fortnight of one user at home and of a nightly backup of a terabyte by a role whose sessions change.
fn fortnight() -> Trace {
    let mut trace = Trace::default();
    for day in 0..14 {
        for hour in 8..18 {
            trace
                .event(day * DAY + hour * 3_600)
                .by("user/ci", "AKIACI")
                .from(HOME)
                .does("s3:GetObject")
                .on("payroll")
                .takes(2_000_000, 40);
        }
        for minute in 0..240 {
            trace
                .event(day * DAY + 3_600 + minute * 60)
                .by("role/backup", &format!("ASIA{day}{}", minute / 60))
                .from("192.0.2.9")
                .does("s3:GetObject")
                .on("payroll")
                .takes(4_580_000_000, 100);
        }
    }
    trace
}

#[test]
fn an_ordinary_fortnight_with_a_backup_is_quiet() {
    assert_eq!(found(&fortnight()), []);
}

#[test]
fn a_backup_that_never_ran_while_learning_is_a_volume_and_no_more() {
    let mut trace = Trace::default();
    for day in 0..6 {
        trace.event(day * DAY).by("role/backup", "ASIA1").from("192.0.2.9").does("x");
    }
    for minute in 0..60 {
        trace
            .event(6 * DAY + minute * 60)
            .by("role/backup", "ASIA2")
            .from("192.0.2.9")
            .does("s3:GetObject")
            .on("payroll")
            .takes(4_580_000_000, 1);
    }
    let findings = found_here(&trace);
    assert!(signals(&findings).iter().all(|signal| *signal == Signal::Volume));
    assert_eq!(containable(&findings), None);
    // 275 GB in an hour against 2 GiB: the first event is two budgets, then one finding for each doubling up to 64.
    assert_eq!(findings.len(), 6, "{findings:#?}");
    assert_eq!(findings[0].class, Some(DataClass::new("ssn")));
    assert!(findings[0].explanation.contains("budget of 2.00 GiB"), "{}", findings[0].explanation);
    assert!(findings[0].event_count >= 1 && !findings[0].events.is_empty());
}

#[test]
fn a_new_network_alone_is_a_novelty_and_no_more() {
    let mut trace = fortnight();
    for hour in 0..8 {
        trace
            .event(14 * DAY + hour * 3_600)
            .by("user/ci", "AKIACI")
            .from(AWAY)
            .does("s3:GetObject")
            .on("payroll")
            .takes(1_000, 1);
    }
    let findings = found(&trace);
    assert_eq!(signals(&findings), [Signal::Novelty]);
    assert!(findings[0].explanation.contains("203.0.113.0/24"), "{}", findings[0].explanation);
    assert_eq!(containable(&findings), None);
}

#[test]
fn a_thief_is_new_and_takes_much() {
    let mut trace = fortnight();
    let theft = 14 * DAY;
    trace.event(theft).by("user/ci", "AKIACI").from(AWAY).does("sts:GetCallerIdentity");
    for second in 0..600 {
        trace
            .event(theft + 36_000 + second)
            .by("user/ci", "AKIACI")
            .from(AWAY)
            .does("s3:GetObject")
            .on("payroll")
            .takes(60_000_000, 6);
    }
    let findings = found_here(&trace);
    assert_eq!(findings[0].signal, Signal::Novelty);
    let trip = findings.iter().find(|finding| finding.signal == Signal::Volume).expect("a volume");
    // 2 GiB at 60 MB/s: 36 events.
    assert_eq!(trip.at, Time::from_seconds(theft + 36_000 + 35));
    assert!(containable(&findings).expect("both").starts_with("novelty and volume"));
    let mut grave = findings.iter().filter(|finding| finding.signal != Signal::Watch);
    assert!(grave.all(|finding| finding.subject == Some(NodeKey::credential("aws", "AKIACI"))));
}

#[test]
fn records_have_a_budget_of_their_own() {
    let mut trace = fortnight();
    for second in 0..6_000 {
        trace
            .event(14 * DAY + second / 3)
            .by("user/ci", "AKIACI")
            .from(HOME)
            .does("s3:GetObject")
            .on("payroll")
            .takes(10, 1);
    }
    let findings = found_here(&trace);
    assert_eq!(signals(&findings), [Signal::Volume]);
    assert!(findings[0].explanation.contains("5001 records"), "{}", findings[0].explanation);
}

/// What is spent of budgets once all of `trace` has had its turn and the clock says `now`.
fn spendings(trace: &Trace, now: i64) -> Vec<crate::Spending> {
    spendings_with(trace, now, Settings::default())
}

fn spendings_with(trace: &Trace, now: i64, settings: Settings) -> Vec<crate::Spending> {
    let rules = Arc::new(Rules::default());
    let matcher = Matcher::new(rules.clone());
    let mut correlator = Correlator::new(rules, Arc::new(catalogue()), settings);
    for event in trace.in_order().observed(&matcher) {
        correlator.observe(event);
    }
    correlator.advance(Time::from_seconds(now));
    correlator.spendings(0.5).1
}

#[test]
fn a_budget_that_is_nearly_spent_is_told_before_it_is_found() {
    let mut trace = fortnight();
    for second in 0..4_000 {
        let line = trace.event(14 * DAY + second / 3).by("user/ci", "AKIACI").from(HOME).does("s3:GetObject");
        line.on("payroll").takes(10, 1);
    }
    assert_eq!(found_here(&trace), [], "4,000 of 5,000 records are within the budget");
    let near = spendings(&trace, 14 * DAY + 3_000);
    let [spending] = &near[..] else { panic!("one: {near:?}") };
    assert_eq!(spending.identity, Some(NodeKey::identity("aws", "user/ci")));
    assert_eq!((spending.records, spending.budget_records), (4_000, Some(5_000)));
    assert_eq!((spending.window_seconds, &spending.set_for), (3_600, &None), "it was learnt");
    assert!((spending.share - 0.8).abs() < 1e-9 && !spending.learning, "{spending:?}");
    assert_eq!(spendings(&trace, 14 * DAY + 9_000), [], "the hour is over");
}

#[test]
fn what_was_refused_was_not_taken() {
    let mut trace = fortnight();
    for second in 0..6_000 {
        let line =
            trace.event(14 * DAY + second / 3).by("user/ci", "AKIACI").from(HOME).does("s3:GetObject").on("payroll");
        line.takes(1_000_000_000, 1).refused();
    }
    assert_eq!(found(&trace), []);
}

#[test]
fn a_session_is_judged_by_its_actor() {
    let mut trace = fortnight();
    trace.event(14 * DAY).by("role/backup", "ASIANEW").from("192.0.2.10").does("x");
    assert_eq!(found(&trace), [], "another session from the role's own network");
    trace.event(14 * DAY + 60).by("role/backup", "ASIANEWER").from(AWAY).does("x");
    trace.event(14 * DAY + 70).by("role/backup", "ASIANEWEST").from(AWAY).does("x");
    let findings = found(&trace);
    assert_eq!(signals(&findings), [Signal::Novelty]);
    assert_eq!(findings[0].subject, Some(NodeKey::credential("aws", "ASIANEWER")));
    assert_eq!(findings[0].actor, Some(NodeKey::identity("aws", "role/backup")));
}

#[test]
fn a_first_use_ever_is_new_once_the_system_is_known() {
    let mut trace = fortnight();
    trace.event(14 * DAY).by("user/dormant", "AKIADORMANT").from(AWAY).does("x");
    assert!(found(&trace)[0].explanation.contains("first use ever"));
    let mut trace = Trace::default();
    trace.event(0).by("user/a", "AKIAA").from(HOME).does("x");
    trace.event(2 * DAY).by("user/b", "AKIAB").from(AWAY).does("x");
    assert_eq!(found(&trace), [], "nobody is known after two days");
}

#[test]
fn keys_tried_from_one_network_are_each_new() {
    let mut trace = fortnight();
    for user in 0..7 {
        for day in 0..14 {
            trace.event(day * DAY + user).by(&format!("user/{user}"), &format!("AKIA{user}")).from(HOME).does("x");
        }
        trace
            .event(14 * DAY + user * 10)
            .by(&format!("user/{user}"), &format!("AKIA{user}"))
            .from(AWAY)
            .does("x")
            .refused();
    }
    assert_eq!(signals(&found_here(&trace)), [Signal::Novelty; 7]);
}

#[test]
fn the_office_is_nobodys_novelty() {
    let mut trace = fortnight();
    for user in 0..4 {
        for day in 0..14 {
            trace
                .event(day * DAY + user)
                .by(&format!("user/{user}"), &format!("AKIA{user}"))
                .from("192.0.2.200")
                .does("x");
        }
    }
    trace.event(14 * DAY).by("user/ci", "AKIACI").from("192.0.2.201").does("x");
    assert_eq!(found(&trace), []);
}

/// Five hundred identities: most stay put, every tenth moves to a new network now and then, every fiftieth roams, and all
/// of them carry sessions.
#[test]
fn ordinary_people_raise_few_alerts() {
    let (people, days) = (500_i64, 14_i64);
    let mut trace = Trace::default();
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = |below: i64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as i64
    };
    for person in 0..people {
        for event in 0..days * 4 {
            let at = event * DAY / 4 + random(20_000);
            let roams = person % 50 == 0;
            let network = if roams {
                random(40)
            } else if person % 10 == 0 && event > 20 {
                event / 20
            } else {
                0
            };
            let address = format!("198.{}.{network}.{}", person % 100, random(250));
            let day = at / DAY;
            trace
                .event(at)
                .by(&format!("user/{person}"), &format!("ASIA{person}x{day}"))
                .from(&address)
                .does("x")
                .on("payroll")
                .takes(random(20_000_000) as u64, random(50) as u64);
        }
    }
    let findings = found_here(&trace);
    assert_eq!(containable(&findings), None);
    // Some forty-nine people are where they never were, three times at most; a novelty alone is only for the record.
    assert!(findings.len() <= 49 * 3, "{} findings", findings.len());
    assert!(findings.iter().all(|finding| finding.severity == Severity::Low));
}
