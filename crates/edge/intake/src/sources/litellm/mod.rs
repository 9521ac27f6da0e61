//! LiteLLM's spend logs and its standard logging payloads: one model call each; rows of its audit log; lines of its access
//! log. The spend logs hold their metadata as
//! JSON inside a JSON string, which is decoded here. Keys are known by the hash that the gateway itself keeps.

mod access;
mod audit;
mod ocsf;

use crate::json;
use crate::mapping::set_address;
use crate::parse;
use crate::secret_fields::without_values;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};
use sonic_rs::JsonValueMutTrait;
use std::borrow::Cow;

/// LiteLLM.
pub static SOURCE: Litellm = Litellm;

/// LiteLLM.
#[derive(Debug)]
pub struct Litellm;

impl Source for Litellm {
    fn name(&self) -> &'static str {
        "litellm"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["data"] }
    }

    fn redact<'r>(&self, record: &'r [u8]) -> Cow<'r, [u8]> {
        // Elsewhere `api_key` is the hash; in what an audit row says was changed it is a provider's key.
        const SECRETS: &[&str] = &[
            "api_key",
            "key",
            "aws_secret_access_key",
            "client_secret",
            "vertex_credentials",
            "password",
            "master_key",
        ];
        match memchr::memmem::find(record, b"\"table_name\"") {
            Some(_) => without_values(record, SECRETS),
            None => Cow::Borrowed(record),
        }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        if let Some(mapped) = audit::map(record) {
            return mapped;
        }
        if json::at(record.json, &["call_type"]).is_none()
            && let Some(mapped) = access::map(record)
        {
            return mapped;
        }
        let decoded = decode(record.json)?;
        let call = decoded.as_ref().unwrap_or(record.json);
        let kind = json::text(call, &["call_type"]).filter(|_| json::at(call, &["model"]).is_some());
        let kind = kind.ok_or_else(|| {
            let hint = "check that the input is LiteLLM's spend log, audit log or access log";
            Refusal::new("not a LiteLLM call: it has no `call_type` or no `model`", hint)
        })?;
        let id = json::text(call, &["request_id"]).or_else(|| json::text(call, &["id"]));
        Ok(Mapped {
            native_id: record.native_id(id),
            time: record.time(&[&["startTime"], &["endTime"]])?,
            log_source: LogSource { product: "litellm", service: "spend_logs" },
            keys: keys(call, kind),
            body: decoded,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The call with its metadata and tags decoded, where they are JSON in a string.
fn decode(call: &Json) -> Result<Option<Json>, Refusal> {
    let mut decoded: Option<Json> = None;
    for field in ["metadata", "request_tags"] {
        let Some(text) = json::text(call, &[field]) else { continue };
        if !text.trim_start().starts_with(['{', '[']) {
            continue;
        }
        let value = parse::inner(field, text)?;
        let body = decoded.get_or_insert_with(|| call.clone());
        if let Some(object) = body.as_object_mut() {
            object.insert(field, value);
        }
    }
    Ok(decoded)
}

fn keys(call: &Json, kind: &str) -> Keys {
    let metadata = |name: &str| json::text(call, &["metadata", name]);
    let key =
        json::text(call, &["api_key"]).or_else(|| metadata("user_api_key_hash")).or_else(|| metadata("user_api_key"));
    let actor = metadata("user_api_key_alias")
        .or_else(|| json::text(call, &["user"]))
        .or_else(|| metadata("user_api_key_user_id"));
    let outcome = outcome(call);
    let mut keys = Keys {
        actor: actor.map(|name| NodeKey::identity("litellm", name)),
        credential: key.map(|hash| NodeKey::credential("litellm", hash)),
        session: json::owned(json::text(call, &["session_id"])),
        user_agent: json::owned(metadata("user_agent")),
        operation: Text::new(kind),
        target: json::text(call, &["model"]).map(|model| NodeKey::resource("litellm", model)),
        outcome,
        records: (outcome == Outcome::Success).then_some(1),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(call, &["requester_ip_address"]).or_else(|| metadata("requester_ip_address")));
    keys
}

fn outcome(call: &Json) -> Outcome {
    match json::text(call, &["status"]).or_else(|| json::text(call, &["metadata", "status"])) {
        Some("success") => Outcome::Success,
        Some(_) => {
            let code = json::id(call, &["metadata", "error_information", "error_code"])
                .or_else(|| json::id(call, &["error_information", "error_code"]));
            let denied = code.is_some_and(|code| code == "401" || code == "403");
            if denied { Outcome::Denied } else { Outcome::Failure }
        }
        None => Outcome::Unknown,
    }
}
