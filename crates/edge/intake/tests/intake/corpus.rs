//! Real samples: how many are read, that every record they give is valid OCSF, and that nothing of them is dropped.

use crate::schema::{Schema, corpus};
use firebreak_intake::{Batch, MissingTime, Options, keep, read_all};
use firebreak_model::Event;
use firebreak_world::World;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Every scalar in a document, as text. Nothing and empty text are no data.
fn leaves(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| leaves(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, found)),
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => drop(found.insert(text.clone())),
        other => drop(found.insert(other.to_string())),
    }
}

/// Checks a record against the schema and against the event that it is of.
pub(crate) fn check(schema: Option<&Schema>, event: &Event) -> Value {
    let record = firebreak_intake::ocsf_record(event).expect("a known source");
    let body: Value = serde_json::from_str(&sonic_rs::to_string(&event.body).expect("JSON")).expect("JSON");
    if event.source == "ocsf" {
        assert_eq!(record, body, "what is OCSF already is not changed");
        return record;
    }
    let faults = schema.map(|schema| schema.faults(&record)).unwrap_or_default();
    assert!(faults.is_empty(), "{faults:#?}\n{record:#}");
    assert_eq!(record["metadata"]["uid"], event.uid.to_string());
    let (mut before, mut after) = (HashSet::new(), HashSet::new());
    leaves(&body, &mut before);
    leaves(&record, &mut after);
    let lost: Vec<&String> = before.difference(&after).collect();
    assert!(lost.is_empty(), "lost {lost:?} of {body:#}\nin {record:#}");
    record
}

fn report(name: &str, batch: &Batch, schema: Option<&Schema>) {
    let mut classes: BTreeMap<u64, usize> = BTreeMap::new();
    for event in &batch.events {
        *classes.entry(check(schema, event)["class_uid"].as_u64().expect("a class")).or_default() += 1;
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for quarantined in &batch.quarantined {
        *reasons.entry(&quarantined.problem.reason).or_default() += 1;
    }
    println!("{name}: {} events, valid OCSF by class {classes:?}; quarantined {reasons:?}", batch.events.len());
}

fn read_folder(path: &str) -> Option<Batch> {
    let folder = corpus(path)?;
    let source = crate::source("aws_cloudtrail");
    let patterns = [folder.to_string_lossy().into_owned()];
    Some(read_all(&World::offline(), &patterns, source, Options::default(), &keep))
}

#[test]
fn every_event_of_a_real_account_is_read() {
    let Some(batch) = read_folder("invictus-aws_dataset/CloudTrail") else { return };
    report("invictus", &batch, Schema::load().as_ref());
    assert_eq!((batch.events.len(), batch.quarantined.len()), (2900, 0));
    assert!(batch.events.iter().all(|event| event.keys.actor.is_some() || event.keys.address_text.is_some()));
    let uids: HashSet<_> = batch.events.iter().map(|event| event.uid).collect();
    assert_eq!(uids.len(), 2900, "no two events share a uid");
}

#[test]
fn every_event_of_the_attack_techniques_is_read() {
    let Some(batch) = read_folder("stratus-red-team") else { return };
    report("stratus", &batch, Schema::load().as_ref());
    assert_eq!(batch.quarantined, []);
    assert_eq!(batch.events.len(), 142);
}

#[test]
fn every_sample_of_a_platform_that_we_know_is_read() {
    let Some(path) = corpus("panther-analysis/rule-tests.dev.jsonl") else { return };
    let schema = Schema::load();
    let text = std::fs::read_to_string(path).expect("readable");
    let options = Options { missing_time: MissingTime::Received, ..Options::default() };
    for (log_type, name, foreign) in [
        ("AWS.CloudTrail", "aws_cloudtrail", 14),
        ("GitHub.Audit", "github_audit", 0),
        ("Okta.SystemLog", "okta_system", 6),
        ("GSuite.ActivityEvent", "google_workspace", 0),
        ("Slack.AuditLogs", "slack_audit", 0),
        ("Amazon.EKS.Audit", "kubernetes_audit", 28),
        ("Azure.Audit", "entra_signin", 0),
        ("AWS.GuardDuty", "aws_guardduty", 0),
        ("AWS.SecurityFindingFormat", "aws_guardduty", 0),
        ("AWS.S3ServerAccess", "aws_s3_access", 0),
        ("Microsoft365.Audit.AzureActiveDirectory", "m365_audit", 0),
        ("Databricks.Audit", "databricks", 0),
        ("GitHub.Webhook", "github_webhook", 0),
        ("Snowflake.QueryHistory", "snowflake", 0),
        ("Snowflake.GrantsToUsers", "snowflake", 0),
        ("Snowflake.GrantsToRoles", "snowflake", 0),
        ("Snowflake.DataTransferHistory", "snowflake", 0),
        ("OpenAI.Audit", "openai_audit", 0),
        ("Anthropic.Activity", "anthropic_compliance", 0),
        ("OnePassword.ItemUsage", "onepassword", 0),
    ] {
        let mut all = Batch::default();
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).expect("JSON");
            if row["log_types"].as_array().expect("types").iter().any(|one| one == log_type) {
                all.append(crate::read_with(crate::source(name), row["event"].to_string().as_bytes(), options));
            }
        }
        report(log_type, &all, schema.as_ref());
        assert_eq!(all.quarantined.len(), foreign, "{log_type}: samples that are of another platform or name no event");
    }
}

#[test]
fn both_forms_of_gateway_logs_are_read() {
    let Some(folder) = corpus("litellm") else { return };
    let schema = Schema::load();
    for file in ["spend_logs_payload.trimmed.json", "standard_logging_payload.trimmed.json"] {
        let batch = crate::read(crate::source("litellm"), &std::fs::read(folder.join(file)).expect("readable"));
        report(file, &batch, schema.as_ref());
        assert_eq!((batch.events.len(), batch.quarantined.len()), (1, 0), "{file}");
        let keys = &batch.events[0].keys;
        assert_eq!(keys.target.as_ref().expect("a model").as_str(), "resource:litellm/gpt-4o");
        assert_eq!(keys.operation, "acompletion");
    }
}

#[test]
fn findings_that_are_ocsf_already_are_read() {
    let Some(folder) = corpus("prowler") else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder).expect("readable").flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "json") {
            let options = Options { missing_time: MissingTime::Received, ..Options::default() };
            let bytes = std::fs::read(entry.path()).expect("readable");
            let batch = crate::read_with(crate::source("ocsf"), &bytes, options);
            report(&entry.file_name().to_string_lossy(), &batch, None);
            assert_eq!(batch.quarantined, []);
            read += batch.events.len();
        }
    }
    assert!(read >= 4, "{read} findings");
}
