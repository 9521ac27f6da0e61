//! Attack techniques in logs of real accounts: which are named, and what is raised on the Terraform runs around them.

use crate::logs;
use firebreak_model::{EventUid, Finding, Severity};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

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

/// Each file of the corpus and the detector that must name its technique. A file that is not here counts as named when
/// any finding of at least medium level is raised on it.
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

/// How many findings each detector raised.
pub(crate) fn counts(findings: &[Finding]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.detector.to_string()).or_default() += 1;
    }
    counts
}

/// One afternoon in a real account: attack techniques run by hand, by tool, and among Terraform that makes and removes
/// what they need.
pub(crate) struct Account {
    pub(crate) events: usize,
    pub(crate) findings: Vec<Finding>,
    /// How many techniques were done.
    pub(crate) done: usize,
    /// Detectors of techniques that were done and not found.
    pub(crate) silent: Vec<&'static str>,
    /// Findings above informational whose every event is Terraform's, by detector.
    pub(crate) noise: Vec<String>,
    /// Days of the calendar on which the log has records.
    pub(crate) days: usize,
    /// Minutes from its first record to its last.
    pub(crate) minutes: i64,
}

impl Account {
    /// Alerts on Terraform alone, for each day on which there are records; not extrapolated to 24 hours.
    pub(crate) fn noise_per_day(&self) -> f64 {
        self.noise.len() as f64 / self.days.max(1) as f64
    }
}

/// Runs the account's log, in order.
pub(crate) fn account(run: &mut logs::Run, folder: &Path) -> Account {
    let mut events = Vec::new();
    for path in logs::entries(folder) {
        let batch = logs::read(&path.display().to_string(), &fs::read(&path).expect("a file"), "aws_cloudtrail");
        assert!(batch.quarantined.is_empty(), "{:?}", batch.quarantined);
        events.extend(batch.events);
    }
    events.sort_by_key(|event| event.time);
    let terraform: HashSet<EventUid> = events
        .iter()
        .filter(|event| event.keys.user_agent.as_deref().is_some_and(|agent| agent.contains("Terraform/")))
        .map(|event| event.uid)
        .collect();
    let days: BTreeSet<i64> = events.iter().map(|event| event.time.0.div_euclid(86_400_000_000)).collect();
    let span = events.last().map_or(0, |event| event.time.0) - events.first().map_or(0, |event| event.time.0);
    let count = events.len();
    let findings = run.findings(events);
    let by = counts(&findings);
    let is_noise = |one: &&Finding| {
        one.severity > Severity::Informational && one.events.iter().all(|event| terraform.contains(event))
    };
    Account {
        events: count,
        done: DONE.len(),
        silent: DONE.iter().copied().filter(|detector| !by.contains_key(*detector)).collect(),
        noise: findings.iter().filter(is_noise).map(|one| one.detector.to_string()).collect(),
        days: days.len(),
        minutes: span / 60_000_000,
        findings,
    }
}

/// One file for each technique.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) named: Vec<String>,
    pub(crate) missed: Vec<String>,
}

/// Runs each file alone.
pub(crate) fn files(run: &mut logs::Run, folder: &Path) -> Files {
    let mut files = Files::default();
    for path in logs::entries(folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let batch = logs::read(&path.display().to_string(), &fs::read(&path).expect("a file"), "aws_cloudtrail");
        assert!(batch.quarantined.is_empty(), "{:?}", batch.quarantined);
        let findings = run.findings(batch.events);
        let technique = logs::stem(&path);
        println!("  {technique}: {:?}", counts(&findings));
        let detector = TECHNIQUES.iter().find(|(name, _)| *name == technique).map(|(_, detector)| *detector);
        let names = |one: &Finding| {
            one.severity >= Severity::Medium && detector.is_none_or(|detector| one.detector.as_str() == detector)
        };
        (if findings.iter().any(names) { &mut files.named } else { &mut files.missed }).push(technique);
    }
    files
}
