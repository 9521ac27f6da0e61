//! Amazon GuardDuty findings: as GuardDuty exports them, as EventBridge delivers them and as its API answers; and the
//! findings of Security Hub, in which many products' findings arrive.

mod hub;
mod ocsf;
mod subject;

use crate::json;
use crate::mapping::{lower_names, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, Text, joined};

/// Amazon GuardDuty.
pub static SOURCE: AwsGuardduty = AwsGuardduty;

/// Amazon GuardDuty.
#[derive(Debug)]
pub struct AwsGuardduty;

impl Source for AwsGuardduty {
    fn name(&self) -> &'static str {
        "aws_guardduty"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["Findings", "findings"] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        if hub::is_finding(record.json) {
            return hub::map(record);
        }
        let body = body(record.json);
        let finding = body.as_ref().unwrap_or(record.json);
        // `Recon:EC2/PortProbe`: a type of this form needs no severity to be known.
        let named = |kind: &str| kind.split_once(':').is_some_and(|(_, rest)| rest.contains('/'));
        let kind =
            json::text(finding, &["type"]).filter(|kind| named(kind) || json::at(finding, &["severity"]).is_some());
        let kind = kind.ok_or_else(|| {
            let hint = "check that the input holds findings of GuardDuty or Security Hub";
            Refusal::new("not a GuardDuty finding: it has no `type` or no `severity`", hint)
        })?;
        let updated = json::text(finding, &["updatedAt"]);
        let own = RawRecord { json: finding, ..*record };
        Ok(Mapped {
            native_id: native_id(record, json::text(finding, &["id"]), updated),
            time: own.time(&[&["updatedAt"], &["service", "eventLastSeen"], &["createdAt"]])?,
            log_source: LogSource { product: "aws", service: "guardduty" },
            keys: keys(finding, kind),
            body,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// A finding is reported again when more of the same happens: each report is an event.
fn native_id(record: &RawRecord<'_>, id: Option<&str>, updated: Option<&str>) -> Text {
    match (id, updated) {
        (Some(id), Some(updated)) => joined(&[id, "/", updated]),
        _ => record.native_id(id),
    }
}

/// The finding in a delivery of EventBridge, or with the names that the export has where the API wrote it.
fn body(record: &Json) -> Option<Json> {
    let detail = json::at(record, &["detail"]).filter(|detail| json::at(detail, &["type"]).is_some());
    match detail {
        Some(detail) => Some(detail.clone()),
        None => json::at(record, &["Type"]).map(|_| lower_names(record)),
    }
}

fn keys(finding: &Json, kind: &str) -> Keys {
    let mut keys = Keys {
        actor: subject::actor(finding),
        credential: subject::credential(finding),
        operation: Text::new(kind),
        target: subject::target(finding),
        environment: subject::environment(finding),
        ..Keys::default()
    };
    set_address(&mut keys, subject::address(finding));
    keys
}
