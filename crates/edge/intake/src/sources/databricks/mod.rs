//! Databricks' audit log, as log delivery writes it (`serviceName`, `actionName`) and as rows of `system.access.audit`
//! (`service_name`, `action_name`), which get the names of the former.

mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::reshape::{camel, put, renamed, unfold};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// Databricks audit log.
pub static SOURCE: Databricks = Databricks;

/// Databricks audit log.
#[derive(Debug)]
pub struct Databricks;

impl Source for Databricks {
    fn name(&self) -> &'static str {
        "databricks"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "version",
            "auditLevel",
            "timestamp",
            "accountId",
            "workspaceId",
            "sourceIPAddress",
            "userAgent",
            "sessionId",
            "requestId",
            "eventId",
            "eventDate",
            "serviceName",
            "actionName",
            "userIdentity",
            "identityMetadata",
            "requestParams",
            "response",
            "userAgentInfo",
            "orgId",
            "shardName",
            "metadata",
            "tokenLifetimeHours",
        ]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let mut row = row(record.json)?;
        if let Some(hours) = token_lifetime(row.as_ref().unwrap_or(record.json)) {
            put(row.get_or_insert_with(|| record.json.clone()), "tokenLifetimeHours", hours);
        }
        let event = row.as_ref().unwrap_or(record.json);
        let named = json::text(event, &["serviceName"]).zip(json::text(event, &["actionName"]));
        let (service, action) = named.ok_or_else(|| {
            let hint = "check that the input is a Databricks audit log or an export of `system.access.audit`";
            Refusal::new("not a Databricks audit event: it has no `serviceName` or no `actionName`", hint)
        })?;
        let id = json::text(event, &["eventId"]);
        Ok(Mapped {
            native_id: record.native_id(id),
            time: record.time(&[&["timestamp"], &["event_time"], &["eventTime"], &["event_date"]])?,
            log_source: LogSource { product: "databricks", service: "audit" },
            keys: keys(event, service, action),
            body: row,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The record with the names of log delivery and its parameters unfolded, where it has others.
fn row(record: &Json) -> Result<Option<Json>, Refusal> {
    const NESTED: [&str; 4] = ["userIdentity", "requestParams", "response", "identityMetadata"];
    let snake = json::at(record, &["service_name"]).is_some();
    let folded = NESTED.iter().any(|field| json::text(record, &[field]).is_some());
    if !snake && !folded {
        return Ok(None);
    }
    let mut row = if snake { renamed(record, &name) } else { record.clone() };
    for field in NESTED {
        unfold(&mut row, field)?;
    }
    for field in ["response", "userIdentity"] {
        if let Some(value) = json::at(&row, &[field]).filter(|value| json::is_object(value) && snake) {
            let value = renamed(value, &camel);
            put(&mut row, field, value);
        }
    }
    Ok(Some(row))
}

/// For how many hours a token is valid that the record says was made: a rule cannot subtract.
fn token_lifetime(event: &Json) -> Option<u64> {
    const MILLIS_PER_HOUR: u64 = 3_600_000;
    let made = json::count(event, &["timestamp"])?;
    let ends = json::count(event, &["requestParams", "tokenExpirationTime"])?;
    ends.checked_sub(made).map(|millis| millis.div_ceil(MILLIS_PER_HOUR))
}

/// The name that log delivery gives a column.
fn name(column: &str) -> String {
    match column {
        "source_ip_address" => "sourceIPAddress".to_owned(),
        "event_time" => "timestamp".to_owned(),
        column if column.starts_with("p_") => column.to_owned(),
        column => camel(column),
    }
}

fn keys(event: &Json, service: &str, action: &str) -> Keys {
    let parameter = |name: &str| json::text(event, &["requestParams", name]);
    let outcome = outcome(event, action);
    let token =
        json::id(event, &["requestParams", "tokenId"]).or_else(|| json::id(event, &["requestParams", "tokenHash"]));
    let token = token.map(|id| NodeKey::credential("databricks", &id));
    let made = matches!(action, "generateDbToken" | "createToken" | "createOboToken") && outcome != Outcome::Denied;
    let user =
        json::text(event, &["userIdentity", "email"]).or_else(|| json::text(event, &["userIdentity", "subjectName"]));
    let mut keys = Keys {
        actor: user.filter(|user| *user != "unknown").or_else(|| parameter("user")).map(someone),
        credential: token.clone().filter(|_| is_sign_in(action)),
        session: json::owned(json::text(event, &["sessionId"])),
        user_agent: json::owned(json::text(event, &["userAgent"])),
        operation: Text::from(format!("{service}.{action}")),
        target: target(event, service, token.clone()),
        outcome,
        records: (reads(action) && outcome == Outcome::Success).then_some(1),
        minted: token.filter(|_| made),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(event, &["sourceIPAddress"]));
    keys
}

/// A person by e-mail address; a service principal by its application id, which stands in the same field.
fn someone(name: &str) -> NodeKey {
    person(Some(name)).unwrap_or_else(|| NodeKey::identity("databricks", name))
}

/// The token, user or thing that the parameters name, else the workspace, else the account.
fn target(event: &Json, service: &str, token: Option<NodeKey>) -> Option<NodeKey> {
    const PATHS: [(&str, &str); 21] = [
        ("scope", "secrets/"),
        ("notebookFullPath", ""),
        ("full_name_arg", ""),
        ("securable_full_name", ""),
        ("table_full_name", ""),
        ("volume_full_name", ""),
        ("path", ""),
        ("recipient_name", "recipients/"),
        ("share", "shares/"),
        ("metastoreId", "metastores/"),
        ("metastore_id", "metastores/"),
        ("clusterId", "clusters/"),
        ("cluster_id", "clusters/"),
        ("jobId", "jobs/"),
        ("job_id", "jobs/"),
        ("endpoint_name", "endpoints/"),
        ("queryId", "queries/"),
        ("targetGroupName", "groups/"),
        ("warehouseId", "warehouses/"),
        ("script_id", "scripts/"),
        ("workspaceConfKeys", "settings/"),
    ];
    if token.is_some() {
        return token;
    }
    let user = ["targetUserName", "targetServicePrincipalName"];
    if let Some(user) = user.iter().find_map(|name| json::text(event, &["requestParams", name])) {
        return Some(someone(user));
    }
    let workspace = json::id(event, &["workspaceId"]).filter(|id| id != "0");
    let place = workspace.or_else(|| json::id(event, &["accountId"]));
    let at = |name: &str, under: &str| {
        let value = json::id(event, &["requestParams", name])?;
        Some(format!("{under}{}", value.trim_start_matches('/')))
    };
    let thing = PATHS.iter().find_map(|(name, under)| at(name, under)).or_else(|| at("name", &format!("{service}/")));
    let place = place.as_deref();
    let named = match (place, thing) {
        (place, Some(thing)) => format!("{}/{thing}", place.unwrap_or("unnamed")),
        (Some(place), None) => place.to_owned(),
        (None, None) => return None,
    };
    Some(NodeKey::resource("databricks", &named))
}

fn outcome(event: &Json, action: &str) -> Outcome {
    match json::count(event, &["response", "statusCode"]) {
        _ if matches!(action, "IpAccessDenied" | "accountIpAclsValidationFailed") => Outcome::Denied,
        Some(401 | 403) => Outcome::Denied,
        Some(400..) if is_sign_in(action) => Outcome::Denied,
        Some(200..400) => Outcome::Success,
        Some(400..) => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

fn is_sign_in(action: &str) -> bool {
    action.ends_with("Login") || matches!(action, "login" | "passwordVerifyAuthentication" | "databricksAccess")
}

/// Whether the action hands out data or a secret.
fn reads(action: &str) -> bool {
    action.starts_with("download")
        || matches!(
            action,
            "getSecret"
                | "workspaceExport"
                | "deltaSharingQueryTable"
                | "deltaSharingQueriedTable"
                | "generateTemporaryTableCredential"
                | "generateTemporaryVolumeCredential"
                | "generateTemporaryPathCredential"
        )
}
