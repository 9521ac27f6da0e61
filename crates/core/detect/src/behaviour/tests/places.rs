//! Where someone is, and what an agent may do: what is raised, in which words, and the near miss that is not.

use super::{DAY, HOME, found, found_with};
use crate::trace::Trace;
use crate::{NetworkTable, Settings};
use expect_test::expect;
use firebreak_model::{Finding, NodeKey, Severity, Signal};
use std::sync::Arc;

const TABLE: &str = "198.51.100.0/24,AS64500,DE,52.5,13.4,fixed\n\
    203.0.113.0/24,AS64501,JP,35.6,139.7,fixed\n\
    192.0.2.0/24,AS64502,JP,35.6,139.7,vpn\n\
    198.18.0.0/15,AS64503,DE,51.3,12.3,mobile\n";

fn said<'a>(findings: &'a [Finding], detector: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.detector == detector).collect()
}

/// A fortnight at home, then a use from `address` so many hours later.
fn moves(address: &str, hours: i64) -> Trace {
    let mut trace = Trace::default();
    for day in 0..=14 {
        trace.event(day * DAY).by("user/ana", "AKIAANA").from(HOME).does("s3:GetObject");
    }
    trace.event(14 * DAY + hours * 3_600).by("user/ana", "AKIAANA").from(address).does("s3:GetObject");
    trace
}

fn travels(address: &str, hours: i64) -> Vec<Finding> {
    let (table, problems) = NetworkTable::parse(TABLE, "networks.csv");
    assert!(problems.is_empty(), "{problems:?}");
    let settings = Settings { networks: Arc::new(table), ..Settings::default() };
    let mut findings = found_with(&moves(address, hours), settings);
    findings.retain(|finding| finding.detector == "impossible_travel");
    findings
}

#[test]
fn nobody_is_in_japan_after_two_hours() {
    let findings = travels("203.0.113.9", 2);
    expect!["`credential:aws/AKIAANA` acted from AS64501, JP, 8927 km from where it acted 2.0 hours before: 4463 km/h, where 900 are possible"]
        .assert_eq(&findings[0].explanation);
    assert_eq!((findings[0].signal, findings[0].severity), (Signal::Novelty, Severity::Medium));
    assert_eq!(travels("203.0.113.9", 12), [], "a flight");
    assert_eq!(travels("192.0.2.9", 2), [], "a way out for people who are elsewhere");
    assert_eq!(travels("198.18.0.9", 1), [], "a telephone in the next town");
    assert_eq!(travels("233.252.0.9", 1), [], "nobody knows where that is");
    assert_eq!(said(&found(&moves("203.0.113.9", 2)), "impossible_travel").len(), 0, "no table, no judgement");
}

fn calls(agent: &str, tools: &[&str]) -> Trace {
    let mut trace = Trace::default();
    let names = ["tools/call search", "tools/call read_file"];
    let agent = || NodeKey::identity("mcp", agent);
    for day in 0..14 {
        trace.event(day * DAY).in_session(agent(), "s").from(HOME).does(names[(day % 2) as usize]).on("files");
    }
    for (second, tool) in tools.iter().enumerate() {
        trace.event(14 * DAY + second as i64).in_session(agent(), "s").from(HOME).does(tool).on("files");
    }
    trace
}

#[test]
fn an_agent_has_the_tools_that_it_was_given() {
    let findings = found(&calls("helper", &["tools/call search", "tools/call run_shell"]));
    let outside = said(&findings, "outside_tools");
    expect!["`identity:mcp/helper` called the tool `run_shell`, which is none of the 2 that it was given"]
        .assert_eq(&outside[0].explanation);
    assert_eq!((outside.len(), outside[0].severity), (1, Severity::Medium));
    assert!(said(&found(&calls("helper", &["tools/call read_file", "tools/list"])), "outside_tools").is_empty());
}

#[test]
fn an_agent_whose_tools_nobody_declared_is_known_by_its_habit() {
    let findings = found(&calls("stranger", &["tools/call search", "tools/call run_shell", "tools/call run_shell"]));
    let outside = said(&findings, "outside_tools");
    expect!["`identity:mcp/stranger` called the tool `run_shell` for the first time: in 14.0 days it did 2 other kinds of thing, and 0 of 1 identities of its kind do this"]
        .assert_eq(&outside[0].explanation);
    assert_eq!((outside.len(), outside[0].severity), (1, Severity::Low));
}
