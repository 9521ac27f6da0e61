//! Rows of `LiteLLM_AuditLog`: what was made, changed or deleted at the gateway, and by which key.

use crate::json;
use crate::mapping::person;
use crate::reshape::unfold;
use crate::source::{Mapped, RawRecord, Refusal};
use firebreak_model::{Json, Keys, LogSource, NodeKey, Outcome, Text};

/// The row, where the record is one.
pub(super) fn map(record: &RawRecord<'_>) -> Option<Result<Mapped, Refusal>> {
    let table = json::text(record.json, &["table_name"])?;
    let action = json::text(record.json, &["action"])?;
    Some(row(record, table, action))
}

fn row(record: &RawRecord<'_>, table: &str, action: &str) -> Result<Mapped, Refusal> {
    let mut row = record.json.clone();
    for field in ["before_value", "updated_values"] {
        unfold(&mut row, field)?;
    }
    Ok(Mapped {
        native_id: record.native_id(json::text(&row, &["id"])),
        time: record.time(&[&["updated_at"], &["created_at"]])?,
        log_source: LogSource { product: "litellm", service: "audit" },
        keys: keys(&row, table, action),
        body: Some(row),
    })
}

fn keys(row: &Json, table: &str, action: &str) -> Keys {
    let by = json::text(row, &["changed_by"]);
    let target = json::text(row, &["object_id"]).map(|id| match table {
        "LiteLLM_VerificationToken" => NodeKey::credential("litellm", id),
        "LiteLLM_UserTable" => NodeKey::identity("litellm", id),
        _ => NodeKey::resource("litellm", id),
    });
    let made = table == "LiteLLM_VerificationToken" && (action == "created" || action == "regenerated");
    Keys {
        actor: person(by).or_else(|| by.map(|name| NodeKey::identity("litellm", name))),
        credential: json::text(row, &["changed_by_api_key"]).map(|hash| NodeKey::credential("litellm", hash)),
        operation: Text::from(format!("{table}.{action}")),
        outcome: Outcome::Success,
        minted: target.clone().filter(|_| made),
        target,
        ..Keys::default()
    }
}
