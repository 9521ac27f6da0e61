//! Labelled events, each judged alone by a detector that has seen nothing before. A row counts as found when any
//! finding above informational is raised on it: the labels name behaviours of one record, and a row that holds a second
//! behaviour is rare enough to be read by eye (`LINES=1` lists every row judged otherwise than labelled).

use crate::logs;
use firebreak_model::Severity;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Log types of the labelled events and the source that reads them. A type without a line is counted as `no_source`.
const SOURCES: &[(&str, &str)] = &[
    ("AWS.CloudTrail", "aws_cloudtrail"),
    ("AWS.GuardDuty", "aws_guardduty"),
    ("AWS.S3ServerAccess", "aws_s3_access"),
    ("AWS.SecurityFindingFormat", "aws_guardduty"),
    ("AWS.VPCFlow", "aws_vpc_flow"),
    ("Amazon.EKS.Audit", "kubernetes_audit"),
    ("Anthropic.Activity", "anthropic_compliance"),
    ("Azure.Audit", "entra_signin"),
    ("Azure.MonitorActivity", "azure_activity"),
    ("Databricks.Audit", "databricks"),
    ("GCP.AuditLog", "gcp_audit"),
    ("GSuite.ActivityEvent", "google_workspace"),
    ("GitHub.Audit", "github_audit"),
    ("GitHub.Webhook", "github_webhook"),
    ("Microsoft365.Audit.AzureActiveDirectory", "m365_audit"),
    ("MicrosoftIntune.AuditLogs", "azure_activity"),
    ("OCSF.NetworkActivity", "ocsf"),
    ("Okta.SystemLog", "okta_system"),
    ("OnePassword.ItemUsage", "onepassword"),
    ("OpenAI.Audit", "openai_audit"),
    ("Slack.AuditLogs", "slack_audit"),
    ("Snowflake.DataTransferHistory", "snowflake"),
    ("Snowflake.GrantsToRoles", "snowflake"),
    ("Snowflake.GrantsToUsers", "snowflake"),
    ("Snowflake.QueryHistory", "snowflake"),
];

/// How rows of one log type were judged.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) true_found: usize,
    pub(crate) true_total: usize,
    pub(crate) false_quiet: usize,
    pub(crate) false_total: usize,
    /// Rows that the source refused: neither found nor quiet.
    pub(crate) unread: usize,
    /// Bad rows not found whose rule needs several events, so that no row alone can show it.
    pub(crate) needs_more: usize,
    /// Rows judged otherwise than labelled.
    pub(crate) otherwise: Vec<String>,
}

impl Judged {
    fn add(&mut self, row: &Value, source: &str, run: &mut logs::Run) {
        let bad = row["expected"].as_bool().unwrap_or_default();
        *(if bad { &mut self.true_total } else { &mut self.false_total }) += 1;
        let rule = row["rule_id"].as_str().unwrap_or_default();
        let test = row["test"].as_str().unwrap_or_default();
        let batch = logs::read("row", row["event"].to_string().as_bytes(), source);
        if batch.events.is_empty() {
            self.unread += 1;
            self.otherwise.push(format!("unread {rule} ({test})"));
            return;
        }
        let findings = run.findings(batch.events);
        let found = findings.iter().any(|one| one.severity > Severity::Informational);
        if found == bad {
            *(if bad { &mut self.true_found } else { &mut self.false_quiet }) += 1;
            return;
        }
        self.needs_more += usize::from(bad && row["threshold"].as_u64().unwrap_or(1) > 1);
        let mark = if bad { "missed" } else { "raised" };
        let by: Vec<&str> = findings.iter().map(|one| one.detector.as_str()).collect();
        self.otherwise.push(format!("{mark} {rule} ({test}) {}", by.join(" ")));
    }
}

/// How the rows of every log type were judged.
#[derive(Default)]
pub(crate) struct Labelled {
    pub(crate) log_types: BTreeMap<String, Judged>,
    /// Rows of log types that no source of ours reads.
    pub(crate) no_source: usize,
    /// Rows that are no log records: the answers of scheduled queries.
    pub(crate) no_log_type: usize,
}

impl Labelled {
    /// By log type, as the score prints it.
    pub(crate) fn json(&self) -> Value {
        let one = |judged: &Judged| {
            json!({
                "true_found": judged.true_found, "true_total": judged.true_total,
                "false_quiet": judged.false_quiet, "false_total": judged.false_total,
                "unread": judged.unread, "needs_more_than_one_event": judged.needs_more,
            })
        };
        self.log_types.iter().map(|(name, judged)| (name.clone(), one(judged))).collect()
    }
}

/// The log type of a row. Where a rule is for several, the record itself says of which it is.
fn log_type(row: &Value) -> Option<&str> {
    let types = row["log_types"].as_array()?;
    let own = row["event"]["p_log_type"].as_str().filter(|own| types.iter().any(|name| name == own));
    own.or_else(|| types.first()?.as_str())
}

/// Judges the rows of `corpus`.
pub(crate) fn measure(run: &mut logs::Run, corpus: &Path) -> Labelled {
    let text = fs::read_to_string(corpus).expect("the corpus");
    let mut labelled = Labelled::default();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).expect("json");
        let Some(log_type) = log_type(&row) else {
            labelled.no_log_type += 1;
            continue;
        };
        let source = SOURCES.iter().find(|(name, _)| *name == log_type).map(|(_, source)| *source);
        match source.filter(|source| firebreak_intake::source(source).is_some()) {
            Some(source) => labelled.log_types.entry(log_type.to_owned()).or_default().add(&row, source, run),
            None => labelled.no_source += 1,
        }
    }
    labelled
}
