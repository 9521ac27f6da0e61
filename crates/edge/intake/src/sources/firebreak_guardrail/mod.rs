//! The guardrail's own records: one line for each question that an AI gateway or a proxy asked. They hold classes and counts, no
//! text.

mod ocsf;

use crate::json;
use crate::mapping::person;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};

/// The guardrail.
pub static SOURCE: FirebreakGuardrail = FirebreakGuardrail;

/// The guardrail.
#[derive(Debug)]
pub struct FirebreakGuardrail;

impl Source for FirebreakGuardrail {
    fn name(&self) -> &'static str {
        "firebreak_guardrail"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let direction = json::text(record.json, &["direction"]);
        let outcome = json::text(record.json, &["outcome"]).and_then(outcome);
        let (Some(direction), Some(outcome)) = (direction, outcome) else {
            let hint = "name the files `guardrail/*.ndjson` of the data directory of `firebreak guardrail`";
            return Err(Refusal::new(
                "not a record of the guardrail: it has no `direction` or no known `outcome`",
                hint,
            ));
        };
        Ok(Mapped {
            // While an answer streams, one call is asked about again and again: its id is that of none of the lines.
            native_id: record.native_id(None),
            time: record.time(&[&["time"]])?,
            log_source: LogSource { product: "guardrail", service: "exchange" },
            keys: keys(record.json, direction, outcome),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn outcome(word: &str) -> Option<Outcome> {
    match word {
        "passed" | "masked" => Some(Outcome::Success),
        "refused" => Some(Outcome::Denied),
        _ => None,
    }
}

fn keys(record: &Json, direction: &str, outcome: Outcome) -> Keys {
    let said = |path: &[&str]| json::text(record, path).filter(|text| !text.is_empty());
    // Whoever asks through LiteLLM is known by the names that LiteLLM's own logs have.
    let system = if said(&["protocol"]) == Some("litellm") { "litellm" } else { "mcp" };
    let user = said(&["caller", "user"]);
    let name = said(&["destination", "name"]);
    Keys {
        actor: person(user).or_else(|| user.map(|user| NodeKey::identity(system, user))),
        credential: said(&["caller", "key"]).map(|key| NodeKey::credential(system, key)),
        operation: Text::new(direction),
        target: name.map(|name| match said(&["destination", "kind"]) {
            Some("model") => NodeKey::resource("litellm", name),
            Some("tool") => NodeKey::resource("mcp", name),
            _ => NodeKey::resource("site", name),
        }),
        records: (outcome == Outcome::Success).then(|| disclosed(record)),
        outcome,
        ..Keys::default()
    }
}

/// How many values went on as they were.
fn disclosed(record: &Json) -> u64 {
    let seen = json::at(record, &["seen"]).and_then(|seen| seen.as_array());
    let passed = seen.into_iter().flat_map(|seen| seen.iter()).filter(|one| one.get("fate").as_str() == Some("passed"));
    passed.filter_map(|one| one.get("count").as_u64()).fold(0, u64::saturating_add)
}
