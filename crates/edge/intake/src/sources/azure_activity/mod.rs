//! Azure Monitor: the activity log and resources' diagnostic logs, as Event Hubs, storage accounts and the REST API write
//! them. Two kinds of record that stand among them are handed on: Kubernetes audit of AKS is mapped as the Kubernetes
//! audit log, and directory records of Entra as Entra's.

mod body;
mod caller;
mod ocsf;
mod outcome;
mod resource;

use super::{entra_signin, kubernetes_audit};
use crate::json;
use crate::mapping::set_address;
use crate::parse;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, Outcome, Text};

/// Azure Monitor.
pub static SOURCE: AzureActivity = AzureActivity;

/// Azure Monitor.
#[derive(Debug)]
pub struct AzureActivity;

impl Source for AzureActivity {
    fn name(&self) -> &'static str {
        "azure_activity"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["records", "value"] }
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        if entra_signin::is_directory(record.json) {
            return entra_signin::SOURCE.map(record);
        }
        if let Some(log) = kubernetes(record.json) {
            return aks(record, log);
        }
        let body = body::canonical(record.json)?;
        let event = body.as_ref().unwrap_or(record.json);
        let paths: [&[&str]; 2] = [&["operationName"], &["OperationNameValue"]];
        let operation = json::text_of(event, &paths).ok_or_else(|| {
            let hint = "check that the input is an activity log or a diagnostic log of Azure Monitor";
            Refusal::new("not an Azure Monitor record: it has no `operationName`", hint)
        })?;
        let times: [&[&str]; 5] =
            [&["time"], &["eventTimestamp"], &["TimeGenerated"], &["timeStamp"], &["submissionTimestamp"]];
        Ok(Mapped {
            native_id: record.native_id(json::text_of(event, &[&["eventDataId"], &["EventDataId"]])),
            time: record.time(&times)?,
            log_source: LogSource { product: "azure", service: "activitylogs" },
            keys: keys(event, operation),
            body,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        match event.log_source {
            LogSource { product: "kubernetes", .. } => kubernetes_audit::SOURCE.ocsf(event),
            LogSource { service: "activitylogs", .. } => ocsf::record(event),
            _ => entra_signin::SOURCE.ocsf(event),
        }
    }
}

/// The text of the audit event in a record of AKS.
fn kubernetes(record: &Json) -> Option<&str> {
    let category = json::text_of(record, &[&["category"], &["Category"]])?;
    let audit = matches!(category, "kube-audit" | "kube-audit-admin");
    json::text_of(record, &[&["properties", "log"], &["log_s"]]).filter(|_| audit)
}

/// An event of the Kubernetes API server, whose cluster is the resource that wrote the record.
fn aks(record: &RawRecord<'_>, log: &str) -> Result<Mapped, Refusal> {
    let event = parse::inner("properties.log", log)?;
    let id = json::text_of(record.json, &[&["resourceId"], &["_ResourceId"]]).unwrap_or_default();
    let cluster = id.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_ascii_lowercase);
    let times: [&[&str]; 2] = [&["time"], &["TimeGenerated"]];
    let fallback = || record.time(&times);
    kubernetes_audit::of_cluster(record, &event, cluster.as_deref(), &fallback)
        .map(|mapped| Mapped { body: Some(event.clone()), ..mapped })
}

fn keys(event: &Json, operation: &str) -> Keys {
    let outcome = outcome::of(event);
    let caller = caller::Caller::of(event);
    let agents: [&[&str]; 3] = [&["properties", "userAgentHeader"], &["userAgent"], &["properties", "clientInfo"]];
    // Azure writes one operation in several cases of letters.
    let operation = operation.to_ascii_lowercase();
    let read = resource::is_read_of_data(&operation) && outcome == Outcome::Success;
    let mut keys = Keys {
        actor: caller.actor(),
        credential: caller::credential(event),
        session: json::owned(caller.session()),
        user_agent: json::owned(json::text_of(event, &agents)),
        target: resource::target(event),
        outcome,
        bytes: json::count(event, &["properties", "responseBodySize"]).filter(|_| read),
        records: read.then_some(1),
        operation: Text::from(operation),
        ..Keys::default()
    };
    let addresses: [&[&str]; 4] = [
        &["callerIpAddress"],
        &["CallerIpAddress"],
        &["httpRequest", "clientIpAddress"],
        &["properties", "clientIPAddress"],
    ];
    set_address(&mut keys, json::text_of(event, &addresses).or_else(|| caller.address()));
    keys
}
