//! Microsoft 365's unified audit log: records of the Management Activity API, and rows of the export whose `AuditData` holds
//! the record as JSON in a string. Lists of names and values are repeated as objects, so that rules can ask for one.

mod body;
mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::parse;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// Microsoft 365 unified audit log.
pub static SOURCE: M365Audit = M365Audit;

/// Microsoft 365 unified audit log.
#[derive(Debug)]
pub struct M365Audit;

impl Source for M365Audit {
    fn name(&self) -> &'static str {
        "m365_audit"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["value"] }
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let inner = match json::text_of(record.json, &[&["AuditData"], &["auditData"]]) {
            Some(text) => Some(parse::inner("AuditData", text)?),
            // The Graph search API writes the record as an object.
            None => json::at(record.json, &["auditData"]).filter(|data| json::is_object(data)).cloned(),
        };
        let event = inner.as_ref().unwrap_or(record.json);
        let operation = json::text(event, &["Operation"]).ok_or_else(|| {
            let hint = "check that the input is the unified audit log of Microsoft 365";
            Refusal::new("not a Microsoft 365 audit record: it has no `Operation`", hint)
        })?;
        let own = RawRecord { json: event, ..*record };
        Ok(Mapped {
            native_id: record.native_id(json::text(event, &["Id"])),
            time: own.time(&[&["CreationTime"], &["CreationDate"]])?,
            log_source: LogSource { product: "m365", service: service(event) },
            keys: keys(event, operation),
            body: Some(body::named(event, operation)),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// Sigma's service: mail administration and mailboxes are `exchange`, alerts `threat_management`, the rest `audit`.
fn service(event: &Json) -> &'static str {
    match json::text(event, &["Workload"]) {
        Some("Exchange") => "exchange",
        Some("SecurityComplianceCenter")
            if body::alert(event).is_some_and(|name| name == body::SUSPICIOUS_ADDRESSES) =>
        {
            "threat_detection"
        }
        Some("SecurityComplianceCenter") => "threat_management",
        _ => "audit",
    }
}

fn keys(event: &Json, operation: &str) -> Keys {
    let outcome = outcome(event, operation);
    let agents: [&[&str]; 3] = [&["UserAgent"], &["ClientInfoString"], &["ClientAppId"]];
    let agent = json::text_of(event, &agents).or_else(|| body::value(event, "ExtendedProperties", "UserAgent"));
    let sessions: [&[&str]; 2] = [&["AppAccessContext", "AADSessionId"], &["SessionId"]];
    let session = json::text_of(event, &sessions).or_else(|| body::value(event, "DeviceProperties", "SessionId"));
    let mut keys = Keys {
        actor: actor(event),
        session: json::owned(session),
        user_agent: json::owned(agent),
        operation: Text::new(operation),
        target: target(event),
        outcome,
        records: (outcome == Outcome::Success).then(|| records(event, operation)).flatten(),
        ..Keys::default()
    };
    let addresses: [&[&str]; 3] = [&["ClientIP"], &["ClientIPAddress"], &["ActorIpAddress"]];
    set_address(&mut keys, json::text_of(event, &addresses));
    keys
}

/// A person by e-mail address; an application by the id in `ServicePrincipal_<id>`; else the id as it stands.
fn actor(event: &Json) -> Option<NodeKey> {
    let user = json::text_of(event, &[&["UserId"], &["UserKey"]])?;
    person(Some(user)).or_else(|| {
        let id = user.strip_prefix("ServicePrincipal_").unwrap_or(user);
        Some(NodeKey::identity("azure", &id.to_ascii_lowercase()))
    })
}

/// A site, a mailbox, a person, else what the record calls its object.
fn target(event: &Json) -> Option<NodeKey> {
    if let Some(site) = json::text(event, &["SiteUrl"]) {
        let site = site.trim_start_matches("https://").trim_end_matches('/');
        return Some(NodeKey::resource("m365", &site.to_ascii_lowercase()));
    }
    if let Some(mailbox) = json::text(event, &["MailboxOwnerUPN"]) {
        return Some(NodeKey::resource("m365", &format!("mailbox/{}", mailbox.to_lowercase())));
    }
    let object = json::text(event, &["ObjectId"])?;
    person(Some(object)).or_else(|| Some(NodeKey::resource("m365", object)))
}

/// How many files or messages were read.
fn records(event: &Json, operation: &str) -> Option<u64> {
    match operation {
        "FileDownloaded" | "FileAccessed" | "FilePreviewed" | "FileSyncDownloadedFull" | "FileCopied" => Some(1),
        "MailItemsAccessed" => {
            let folders = json::list(event, &["Folders"]).iter();
            let listed = folders.map(|folder| json::list(folder, &["FolderItems"]).len() as u64).sum::<u64>();
            Some(json::count(event, &["OperationCount"]).unwrap_or(0).max(listed).max(1))
        }
        _ => None,
    }
}

/// Records of files and mail have no status: they tell what was done.
fn outcome(event: &Json, operation: &str) -> Outcome {
    match json::text(event, &["ResultStatus"]) {
        _ if operation == "UserLoginFailed" => Outcome::Denied,
        Some("Failed" | "Failure" | "False" | "failed" | "failure") => Outcome::Failure,
        _ => Outcome::Success,
    }
}
