//! Volumes of every kind: what is raised, in which words, and the near miss that is not.

use super::{AWAY, DAY, HOME, catalogue, fortnight, found};
use crate::behaviour::{Behaviours, deed::Lexicon};
use crate::correlator::moment::{Feeds, Moment};
use crate::correlator::settings::Counters;
use crate::trace::Trace;
use crate::{Matcher, Rules, SetBudget, Settings, containable};
use expect_test::expect;
use firebreak_model::{DataClass, Finding, NodeKey, Severity, Signal};
use std::sync::Arc;

fn said<'a>(findings: &'a [Finding], detector: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.detector == detector).collect()
}

/// A fortnight, then `operation` on so many different things, one a second.
fn sweep(operation: &str, different: i64, times: i64) -> Trace {
    let mut trace = fortnight();
    for second in 0..times {
        trace
            .event(14 * DAY + second)
            .by("user/ci", "AKIACI")
            .from(HOME)
            .does(operation)
            .on(&format!("thing-{}", second % different));
    }
    trace
}

#[test]
fn many_different_secrets_are_a_sweep_and_one_read_often_is_not() {
    let findings = found(&sweep("secretsmanager:GetSecretValue", 30, 30));
    let sweeps = said(&findings, "secret_sweep");
    expect!["`credential:aws/AKIACI` read 21 different secrets within an hour, against a budget of 20: the most in 13.7 days was 0"]
        .assert_eq(&sweeps[0].explanation);
    assert_eq!((sweeps.len(), sweeps[0].signal, sweeps[0].severity), (1, Signal::Volume, Severity::High));
    assert!(said(&found(&sweep("secretsmanager:GetSecretValue", 20, 900)), "secret_sweep").is_empty());
    assert!(said(&found(&sweep("secretsmanager:ListSecrets", 900, 900)), "secret_sweep").is_empty());
    for (operation, detector, many) in [
        ("git.clone", "mass_clone", 40),
        ("s3:DeleteObject", "mass_delete", 400),
        ("s3:GetObject", "mass_download", 400),
    ] {
        assert_eq!(said(&found(&sweep(operation, many, many)), detector).len(), 1, "{operation}");
        assert!(said(&found(&sweep(operation, 20, many)), detector).is_empty(), "{operation}");
    }
}

#[test]
fn who_reads_every_secret_every_hour_is_known_for_it() {
    let mut trace = fortnight();
    for hour in 0..14 * 24 {
        for secret in 0..40 {
            let agent = trace.event(hour * 3_600 + secret).by("role/secrets", &format!("ASIA{hour}")).from(HOME);
            agent.does("secretsmanager:GetSecretValue").on(&format!("secret-{secret}"));
        }
    }
    assert!(said(&found(&trace), "secret_sweep").is_empty());
    for secret in 0..200 {
        let agent = trace.event(14 * DAY + secret).by("role/secrets", "ASIAX").from(HOME);
        agent.does("secretsmanager:GetSecretValue").on(&format!("secret-{secret}"));
    }
    assert_eq!(said(&found(&trace), "secret_sweep").len(), 1, "200 are more than four times 40");
}

/// Three weeks of someone who reads 30 records an hour by day, and 4,000 each Monday at noon.
fn mondays() -> Trace {
    let mut trace = Trace::default();
    for day in 0..21 {
        for hour in 8..18 {
            let records = if day % 7 == 4 && hour == 12 { 4_000 } else { 30 };
            let line = trace.event(day * DAY + hour * 3_600).by("user/ana", "AKIAANA").from(HOME);
            line.does("s3:GetObject").on("payroll").takes(records * 1_000, records);
        }
    }
    trace
}

#[test]
fn an_hour_is_compared_with_the_same_hour_of_other_weeks() {
    let findings = found(&mondays());
    assert!(said(&findings, "unusual_volume").len() <= 1, "the first Monday at most: {findings:#?}");
    let mut trace = mondays();
    let line = trace.event(22 * DAY + 12 * 3_600).by("user/ana", "AKIAANA").from(HOME);
    line.does("s3:GetObject").on("payroll").takes(4_000_000, 4_000);
    let findings = found(&trace);
    let last = *said(&findings, "unusual_volume").last().expect("a Tuesday like a Monday");
    expect!["`credential:aws/AKIAANA` took 4000 records in this hour where about 32 are usual, a score of 6.9 from 210 hours of its own and of its kind"]
        .assert_eq(&last.explanation);
    assert_eq!((last.signal, last.severity), (Signal::Volume, Severity::Low));
    assert_eq!(containable(&findings), None);
}

/// The usual user for a fortnight, then so many records from elsewhere.
fn away(records: i64) -> Trace {
    let mut trace = fortnight();
    for second in 0..records {
        let line = trace.event(14 * DAY + second).by("user/ci", "AKIACI").from(AWAY);
        line.does("s3:GetObject").on("payroll").takes(10, 1);
    }
    trace
}

#[test]
fn much_from_a_new_network_is_enough_to_contain_and_a_usual_day_is_not() {
    let findings = found(&away(900));
    let strange = said(&findings, "strange_volume");
    expect!["`credential:aws/AKIACI` took 801 records today from a network or by a client that is new to it: a whole usual day is 400 at most, and it is known for 13.7 days"]
        .assert_eq(&strange[0].explanation);
    assert!(containable(&findings).is_some());
    let findings = found(&away(800));
    assert_eq!(said(&findings, "strange_volume").len(), 0);
    assert_eq!(containable(&findings), None);
}

#[test]
fn all_together_have_a_volume_for_each_class() {
    let mut trace = Trace::default();
    let everyone = |trace: &mut Trace, day: i64, each: u64| {
        for hour in 8..12 {
            for person in 0..20 {
                let line = trace
                    .event(day * DAY + hour * 3_600 + person)
                    .by(&format!("user/{person}"), &format!("AKIA{person}"));
                line.from(HOME).does("s3:GetObject").on("payroll").takes(each * 100, each);
            }
        }
    };
    (0..14).for_each(|day| everyone(&mut trace, day, 2));
    assert!(found(&trace).is_empty());
    // Nobody takes much, all take a little more.
    everyone(&mut trace, 14, 200);
    let findings = found(&trace);
    let together = said(&findings, "class_volume");
    assert_eq!(together[0].signal, Signal::Watch);
    assert!(together[0].explanation.starts_with("all together took "), "{}", together[0].explanation);
    assert!(together[0].explanation.contains("of `ssn`"), "{}", together[0].explanation);
}

/// Identities with everything that a profile can hold stay within two kilobytes each on average.
#[test]
fn memory_for_each_identity_is_small() {
    let rules = Rules::default();
    let matcher = Matcher::new(Arc::new(Rules::default()));
    let (feeds, settings, catalogue) = (Feeds::new(&rules), Settings::default(), catalogue());
    let (mut lexicon, mut counters) = (Lexicon::default(), Counters::default());
    let mut behaviours = Behaviours::new(&settings);
    let people = 300;
    let mut trace = Trace::default();
    for day in 0..28 {
        for hour in 9..17 {
            for person in 0..people {
                let line = trace.event(day * DAY + hour * 3_600 + person);
                line.by(&format!("arn:aws:iam::123456789012:user/person-{person}"), &format!("AKIA{person:016}"));
                line.from(&format!("198.51.{}.{}", (person + day / 7) % 200, person % 250))
                    .with("aws-cli/2.1 os/linux");
                let operation = ["s3:GetObject", "ec2:DescribeInstances", "logs:GetLogEvents", "s3:PutObject"];
                line.does(operation[(hour % 4) as usize]).on(&format!("bucket-{}", (person + hour) % 40));
                line.takes((person * 1_000) as u64, (hour * 3) as u64);
            }
        }
    }
    for observed in trace.observed(&matcher) {
        let moment = Moment::of(&observed.event, &[], &feeds, &rules, &mut lexicon, &mut counters.missing_keys);
        behaviours.take(&moment, &catalogue, &settings, &mut counters, &mut Vec::new());
    }
    let each = behaviours.bytes() / people as usize;
    // Measured: 1,571 bytes, with three networks, two clients, four families and volumes of four weeks.
    assert!((1_000..=2_048).contains(&each), "{each} bytes");
}

fn set(of: &str, class: Option<&str>, bytes: Option<u64>, records: Option<u64>) -> SetBudget {
    SetBudget { of: of.into(), class: class.map(DataClass::new), bytes, records, window_seconds: 86_400 }
}

fn with_budgets(trace: &Trace, budgets: Vec<SetBudget>) -> Vec<Finding> {
    let settings = Settings { budgets: budgets.into(), ..Settings::default() };
    let mut findings = super::found_with(trace, settings);
    findings.retain(|finding| finding.detector == "exfiltration_budget" && finding.signal == Signal::Volume);
    findings
}

#[test]
fn a_budget_that_was_set_is_told_before_it_is_passed_and_stands_in_place_of_the_learnt_one() {
    let settings = |budgets: Vec<SetBudget>| Settings { budgets: budgets.into(), ..Settings::default() };
    let each = set("identity:aws/*", Some("ssn"), None, Some(100));
    let told = |reads, now, budgets| super::spendings_with(&drip(reads), now, settings(budgets));
    let near = told(8, 6_000, vec![each.clone()]);
    let [one] = &near[..] else { panic!("one: {near:?}") };
    assert_eq!(one.identity, Some(NodeKey::identity("aws", "role/agent")), "a budget for each of them");
    assert_eq!((one.records, one.budget_records, one.budget_bytes), (80, Some(100), None));
    assert_eq!((one.window_seconds, one.set_for.as_deref(), one.learning), (86_400, Some("identity:aws/*"), false));
    assert!((one.share - 0.8).abs() < 1e-9, "{one:?}");
    assert_eq!(told(4, 3_000, vec![each.clone()]), [], "less than half");
    assert_eq!(told(8, 200_000, vec![each.clone()]), [], "the day is over");
    let nobody = SetBudget { of: "identity:aws/role/backup".into(), ..each };
    assert_eq!(told(8, 6_000, vec![nobody]), [], "of somebody else");
    let none = set("identity:aws/role/agent", None, Some(0), None);
    let near = told(1, 2_000, vec![none]);
    assert!(near.len() == 1 && near[0].share > 1.0 && near[0].class.is_none(), "nothing was allowed: {near:?}");
}

/// So many records of payroll, one read each ten minutes, by an agent on its first day.
fn drip(reads: i64) -> Trace {
    let mut trace = Trace::default();
    for read in 0..reads {
        let agent = trace.event(read * 600).by("role/agent", "AKIAAGENT").from(HOME);
        agent.does("s3:GetObject").on("payroll").takes(1_000, 10);
    }
    trace
}

#[test]
fn a_budget_that_was_set_trips_from_the_first_day_on_and_nobody_elses_does() {
    let hundred = set("identity:aws/role/agent", Some("ssn"), None, Some(100));
    let found = with_budgets(&drip(11), vec![hundred.clone()]);
    expect!["`identity:aws/role/agent` took 110 records of `ssn` within a day; the budget that was set for `identity:aws/role/agent` is 100 records"]
        .assert_eq(&found[0].explanation);
    assert_eq!((found.len(), found[0].severity, found[0].events.len()), (1, Severity::High, 11));
    assert_eq!(found[0].subject.as_ref().map(|key| key.as_str()), Some("credential:aws/AKIAAGENT"));
    assert_eq!(with_budgets(&drip(10), vec![hundred.clone()]), [], "what was set may be spent");
    assert_eq!(with_budgets(&drip(11), Vec::new()), [], "without it, habit is learnt first");
    let others = SetBudget { of: "identity:aws/role/backup".into(), ..hundred.clone() };
    assert_eq!(with_budgets(&drip(11), vec![others]), []);
    let other_class = SetBudget { class: Some(DataClass::new("tax_form")), ..hundred };
    assert_eq!(with_budgets(&drip(11), vec![other_class]), []);
}

#[test]
fn one_for_all_whose_key_begins_so_is_one_for_each_and_the_window_slides() {
    let each = set("credential:aws/AKIA*", None, Some(5_500), None);
    let mut two = drip(5);
    for read in 0..5 {
        let other = two.event(read * 600 + 1).by("role/agent", "AKIAOTHER").from(HOME);
        other.does("s3:GetObject").on("elsewhere").takes(1_000, 10);
    }
    assert_eq!(with_budgets(&two, vec![each.clone()]), [], "5,000 bytes each");
    assert_eq!(with_budgets(&drip(6), vec![each.clone()]).len(), 1);
    let hour = SetBudget { window_seconds: 3_600, ..each.clone() };
    assert_eq!(with_budgets(&drip(100), vec![hour]).len(), 1, "six reads an hour, all day: told once");
    let less = SetBudget { window_seconds: 3_000, ..each };
    assert_eq!(with_budgets(&drip(100), vec![less]), [], "never more than five in fifty minutes");
}

#[test]
fn a_larger_budget_that_was_set_quiets_the_learned_one_of_its_class_and_measure_alone() {
    let mut trace = fortnight();
    for minute in 0..30 {
        let read = trace.event(14 * DAY + minute * 60).by("user/ci", "AKIACI").from(HOME);
        read.does("s3:GetObject").on("payroll").takes(1_000, 1_000);
    }
    assert!(!with_budgets(&trace, Vec::new()).is_empty(), "30,000 records are too many");
    let enough = set("identity:aws/user/ci", Some("ssn"), None, Some(50_000));
    assert_eq!(with_budgets(&trace, vec![enough.clone()]), []);
    let bytes_only = SetBudget { bytes: Some(1 << 40), records: None, ..enough };
    assert!(!with_budgets(&trace, vec![bytes_only]).is_empty(), "of records nothing was set");
}
