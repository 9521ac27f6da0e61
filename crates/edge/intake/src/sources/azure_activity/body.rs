//! One shape for rules: an operation's name is text, and what stands as JSON inside strings is decoded, its names
//! beginning in lower case, because callers may write `Properties` and `properties` for the same field.

use crate::json;
use crate::mapping::lower_names;
use crate::parse;
use crate::source::Refusal;
use firebreak_model::Json;
use sonic_rs::JsonValueMutTrait;

/// Fields of `properties` that hold JSON as text.
const DECODED: [&str; 4] = ["requestbody", "requestBody", "responseBody", "statusMessage"];

/// The record in that shape; nothing where it has it already.
pub(super) fn canonical(record: &Json) -> Result<Option<Json>, Refusal> {
    let mut body: Option<Json> = None;
    for field in ["operationName", "category", "status", "eventName", "resourceProviderName", "resourceType"] {
        if let Some(value) = json::text(record, &[field, "value"]) {
            set(body.get_or_insert_with(|| record.clone()), field, Json::from(value));
        }
    }
    for field in DECODED {
        let Some(text) = json::text(record, &["properties", field]) else { continue };
        let Some(value) = decoded(field, text)? else { continue };
        let properties = body.get_or_insert_with(|| record.clone()).as_object_mut();
        if let Some(properties) = properties.and_then(|body| body.get_mut(&"properties")) {
            // The platform writes the one name in two ways.
            set(properties, if field == "requestBody" { "requestbody" } else { field }, value);
        }
    }
    Ok(body)
}

fn set(object: &mut Json, field: &str, value: Json) {
    if let Some(object) = object.as_object_mut() {
        object.insert(field, value);
    }
}

/// The JSON in the text; nothing where it is none, because the platform cuts long requests off.
fn decoded(field: &str, text: &str) -> Result<Option<Json>, Refusal> {
    if !text.trim_start().starts_with(['{', '[']) {
        return Ok(None);
    }
    match parse::inner(field, text) {
        Ok(value) => Ok(Some(lower_names(&value))),
        // One key twice: what was asked for cannot be told.
        Err(refusal) if refusal.reason.starts_with("duplicate") => Err(refusal),
        Err(_) => Ok(None),
    }
}
