//! The detectors on logs of real accounts, and on other people's labelled events. Prints what was found.

#![allow(clippy::print_stdout, reason = "scores are printed, and a skipped test says so")]

mod logs;

use firebreak_model::{Finding, Severity};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// The folder of a corpus; says so where it is missing.
fn corpus(name: &str) -> Option<PathBuf> {
    let folder = logs::root().join("../shared/data").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: corpus absent");
    None
}

/// How many findings each detector raised.
fn counts(findings: &[Finding]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.detector.as_str()).or_default() += 1;
    }
    counts
}

/// What was done in the account of the corpus, by the detector that says so.
const DONE: &[&str] = &[
    "aws_access_key_created",
    "aws_admin_policy_attached",
    "aws_bucket_protection_removed",
    "aws_console_password_set",
    "aws_database_snapshot_shared",
    "aws_database_protection_removed",
    "aws_flow_or_dns_logs_deleted",
    "aws_function_changed",
    "aws_function_opened",
    "aws_large_instances_started",
    "aws_login_without_second_factor",
    "aws_organisation_left",
    "aws_outside_trust_anchor_created",
    "aws_parameter_sweep",
    "aws_password_data_sweep",
    "aws_remote_access_opened",
    "aws_role_trust_changed",
    "aws_secret_sweep",
    "aws_session_on_host",
    "aws_snapshot_shared",
    "aws_start_script_sweep",
    "aws_trail_tampered",
    "aws_user_created",
];

#[test]
fn attacks_in_a_real_account_are_found_among_its_terraform() {
    let Some(folder) = corpus("invictus-aws_dataset/CloudTrail") else { return };
    let mut events = Vec::new();
    for path in logs::entries(&folder) {
        let batch = logs::read(&path.display().to_string(), &fs::read(&path).expect("a file"), "aws_cloudtrail");
        assert!(batch.quarantined.is_empty(), "{:?}", batch.quarantined);
        events.extend(batch.events);
    }
    assert_eq!(events.len(), 2_900);
    events.sort_by_key(|event| event.time);
    let findings = logs::Run::new(logs::rules()).findings(events);
    let counts = counts(&findings);
    println!("invictus: 2900 events, {} findings", findings.len());
    counts.iter().for_each(|(detector, count)| println!("  {count:>3} {detector}"));
    let silent: Vec<&&str> = DONE.iter().filter(|detector| !counts.contains_key(**detector)).collect();
    assert!(silent.is_empty(), "not found: {silent:?}");
    assert!(findings.len() <= 60, "{} findings in one afternoon", findings.len());
}

/// Each file of the corpus and the detector that must name its technique.
const TECHNIQUES: &[(&str, &str)] = &[
    ("aws.credential-access.ec2-get-password-data", "aws_password_data_sweep"),
    ("aws.credential-access.secretsmanager-batch-retrieve-secrets", "aws_secret_sweep"),
    ("aws.credential-access.ssm-retrieve-securestring-parameters", "aws_parameter_sweep"),
    ("aws.defense-evasion.cloudtrail-event-selectors", "aws_trail_tampered"),
    ("aws.defense-evasion.dns-delete-logs", "aws_dns_query_log_deleted"),
    ("aws.defense-evasion.vpc-remove-flow-logs", "aws_flow_or_dns_logs_deleted"),
    ("aws.execution.ec2-launch-unusual-instances", "aws_large_instances_started"),
    ("aws.execution.ssm-send-command", "aws_session_on_host"),
    ("aws.exfiltration.ec2-security-group-open-port-22-ingress", "aws_remote_access_opened"),
    ("aws.exfiltration.ec2-share-ebs-snapshot", "aws_snapshot_shared"),
    ("aws.impact.bedrock-invoke-model", "aws_model_access_requested"),
    ("aws.lateral-movement.ec2-instance-connect", "aws_instance_key_pushed"),
    ("aws.persistence.iam-backdoor-role", "aws_role_trust_changed"),
    ("aws.persistence.iam-create-admin-user", "aws_admin_policy_attached"),
    ("aws.persistence.iam-create-user-login-profile", "aws_console_password_set"),
    ("aws.persistence.lambda-layer-extension", "aws_function_changed"),
    ("aws.persistence.rolesanywhere-create-trust-anchor", "aws_outside_trust_anchor_created"),
    ("aws.privilege-escalation.iam-update-user-login-profile", "aws_console_password_set"),
];

#[test]
fn every_attack_technique_is_named() {
    let Some(folder) = corpus("stratus-red-team") else { return };
    let mut run = logs::Run::new(logs::rules());
    let (mut missed, mut named) = (Vec::new(), 0);
    for path in logs::entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let batch = logs::read(&path.display().to_string(), &fs::read(&path).expect("a file"), "aws_cloudtrail");
        assert!(batch.quarantined.is_empty(), "{:?}", batch.quarantined);
        let findings = run.findings(batch.events);
        let technique = logs::stem(&path);
        println!("{technique}: {:?}", counts(&findings));
        let detector = TECHNIQUES.iter().find(|(name, _)| *name == technique).map(|(_, detector)| *detector);
        let names = |one: &Finding| Some(one.detector.as_str()) == detector && one.severity >= Severity::Medium;
        if findings.iter().any(names) { named += 1 } else { missed.push(technique) }
    }
    println!("stratus: {named} techniques named, {} missed", missed.len());
    assert!(missed.is_empty(), "missed: {missed:?}");
}

/// Log types of the labelled events, the source that reads them, and the least that must be judged as labelled: bad
/// events found, good events left alone.
const TYPES: &[(&str, &str, usize, usize)] = &[
    ("AWS.CloudTrail", "aws_cloudtrail", 79, 93),
    ("GitHub.Audit", "github_audit", 17, 20),
    ("Okta.SystemLog", "okta_system", 10, 10),
    ("GSuite.ActivityEvent", "google_workspace", 15, 13),
    ("GSuite.Reports", "google_workspace", 0, 0),
    ("Slack.AuditLogs", "slack_audit", 17, 8),
    ("Amazon.EKS.Audit", "kubernetes_audit", 21, 39),
];

/// How rows of one log type were judged.
#[derive(Default)]
struct Score {
    bad: usize,
    found: usize,
    good: usize,
    quiet: usize,
    unread: usize,
    /// Rules of which a row was judged otherwise, with `+` for a bad row that was not found.
    otherwise: BTreeSet<String>,
}

impl Score {
    fn add(&mut self, row: &Value, source: &str, run: &mut logs::Run) {
        let batch = logs::read("row", row["event"].to_string().as_bytes(), source);
        if batch.events.is_empty() {
            self.unread += 1;
            return;
        }
        let findings = run.findings(batch.events);
        let found = findings.iter().any(|one| one.severity > Severity::Informational);
        let bad = row["expected"].as_bool().unwrap_or_default();
        match bad {
            true => (self.bad, self.found) = (self.bad + 1, self.found + usize::from(found)),
            false => (self.good, self.quiet) = (self.good + 1, self.quiet + usize::from(!found)),
        }
        if found != bad {
            let mark = if bad { "missed" } else { "raised" };
            let by: Vec<&str> = findings.iter().map(|one| one.detector.as_str()).collect();
            let rule = row["rule_id"].as_str().unwrap_or_default();
            self.otherwise.insert(format!("{mark} {rule} {}", by.join(" ")));
        }
    }
}

#[test]
fn labelled_events_are_judged_one_by_one() {
    let Some(folder) = corpus("panther-analysis") else { return };
    let text = fs::read_to_string(folder.join("rule-tests.dev.jsonl")).expect("the corpus");
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    let mut run = logs::Run::new(logs::rules());
    let mut below = Vec::new();
    for (log_type, source, found_min, quiet_min) in TYPES {
        let of_type =
            |row: &&Value| row["log_types"].as_array().is_some_and(|types| types.iter().any(|name| name == log_type));
        let mut score = Score::default();
        rows.iter().filter(of_type).for_each(|row| score.add(row, source, &mut run));
        println!(
            "{log_type}: {} of {} bad found, {} of {} good quiet, {} rows of other systems",
            score.found, score.bad, score.quiet, score.good, score.unread
        );
        score.otherwise.iter().for_each(|line| println!("  {line}"));
        if score.found < *found_min || score.quiet < *quiet_min {
            below.push(log_type);
        }
    }
    assert!(below.is_empty(), "judged worse than before: {below:?}");
}
