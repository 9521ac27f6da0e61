//! LiteLLM's generic guardrail API: the gateway posts the texts of a call, and puts those that it gets back in their place.
//!
//! Source: <https://docs.litellm.ai/docs/adding_provider/generic_guardrail_api>, and what LiteLLM 1.100.0 sends. While an answer streams
//! it posts the whole text so far, again and again; `stream_holdback_chars` says how much of its end is not to be shown yet.

use crate::strings::strings;
use crate::{Caller, Destination, Direction, Exchange, Judgement, Masked, Outcome, Piece, Place, definitions};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the gateway posts.
pub const PATH: &str = "/beta/litellm_basic_guardrail_api";
/// The protocol's name in records.
pub const NAME: &str = "litellm";

/// What the gateway posts; fields that say nothing of what passes are not read.
#[derive(Deserialize)]
struct Posted {
    input_type: InputType,
    litellm_call_id: Option<String>,
    texts: Option<Vec<String>>,
    images: Option<Vec<String>>,
    tools: Option<Value>,
    tool_calls: Option<Value>,
    structured_messages: Option<Value>,
    #[serde(default)]
    request_data: Who,
    model: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum InputType {
    Request,
    Response,
}

#[derive(Deserialize, Default)]
struct Who {
    user_api_key_hash: Option<String>,
    user_api_key_user_id: Option<String>,
    user_api_key_user_email: Option<String>,
    user_api_key_team_id: Option<String>,
    user_api_key_org_id: Option<String>,
}

/// What the gateway is answered.
#[derive(Serialize, PartialEq, Eq, Debug)]
pub struct Answer {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    texts: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_holdback_chars: Option<Vec<usize>>,
}

/// What passes, by the body that the gateway posts. `masks_answers`: the gateway is set to put masked texts into answers that stream
/// (`streaming_transform_mode: incremental_diff`); one that is not would let the values through.
///
/// # Errors
/// In words, where it is not such a body.
pub fn exchange(body: &[u8], masks_answers: bool) -> Result<Exchange, String> {
    let posted: Posted = serde_json::from_slice(body).map_err(|error| {
        // The parser's own words may hold some of the text.
        format!(
            "not a call of the guardrail API: {:?} at line {}, column {}",
            error.classify(),
            error.line(),
            error.column()
        )
    })?;
    let direction = match posted.input_type {
        InputType::Request => Direction::Prompt,
        InputType::Response => Direction::Answer,
    };
    let maskable = direction == Direction::Prompt || masks_answers;
    let texts = posted.texts.unwrap_or_default();
    let tools = posted.tools.as_ref().map(definitions).unwrap_or_default();
    let beside = [posted.tools, posted.tool_calls, posted.structured_messages];
    let beside: Vec<Piece> = beside.iter().flatten().flat_map(|value| beside_texts(value, &texts)).collect();
    let mut pieces: Vec<Piece> = texts.into_iter().map(|text| Piece { text, key: None, maskable }).collect();
    pieces.extend(beside);
    let who = posted.request_data;
    let said = Option::unwrap_or_default;
    Ok(Exchange {
        id: said(posted.litellm_call_id),
        direction,
        caller: Caller {
            user: said(who.user_api_key_user_email.or(who.user_api_key_user_id)),
            team: said(who.user_api_key_team_id),
            organization: said(who.user_api_key_org_id),
            key: said(who.user_api_key_hash),
        },
        destination: Destination { kind: Place::Model, name: said(posted.model) },
        pieces,
        tools,
        changed: Vec::new(),
        images: posted.images.map_or(0, |images| images.len() as u64),
        unread: Vec::new(),
    })
}

/// The strings of `value` that are not among the texts: arguments of tools, and whatever else stands beside them. Arguments are JSON in
/// a string: read as what they say, and as they are.
fn beside_texts(value: &Value, texts: &[String]) -> Vec<Piece> {
    let others: Vec<Piece> = strings(value).into_iter().filter(|one| !texts.contains(&one.text)).collect();
    let inside = others.iter().filter(|one| one.text.starts_with(['{', '[']));
    let inside: Vec<Piece> = inside
        .filter_map(|one| serde_json::from_str(&one.text).ok())
        .flat_map(|value: Value| strings(&value))
        .collect();
    // A data URL is an image, which is counted as one.
    others.into_iter().chain(inside).filter(|one| !one.text.starts_with("data:")).collect()
}

/// What the gateway is answered.
pub fn answer(judgement: &Judgement) -> Answer {
    let held = |texts: &[Masked]| Some(texts.iter().map(|text| text.held).collect());
    match &judgement.outcome {
        Outcome::Passed(texts) => {
            Answer { action: "NONE", blocked_reason: None, texts: None, stream_holdback_chars: held(texts) }
        }
        Outcome::Masked(texts) => Answer {
            action: "GUARDRAIL_INTERVENED",
            blocked_reason: None,
            texts: Some(texts.iter().map(|text| text.text.clone()).collect()),
            stream_holdback_chars: held(texts),
        },
        Outcome::Refused => Answer {
            action: "BLOCKED",
            blocked_reason: Some(format!("refused by policy: {}", judgement.reasons.join("; "))),
            texts: None,
            stream_holdback_chars: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &Value, masks_answers: bool) -> Exchange {
        exchange(body.to_string().as_bytes(), masks_answers).unwrap()
    }

    #[test]
    fn a_call_says_who_asks_which_model_and_what() {
        let exchange = read(
            &json!({
                "input_type": "request", "litellm_call_id": "c1", "texts": ["hello"], "images": ["data:image/png;base64,AA=="], "model": "gpt-4o",
                "request_data": {"user_api_key_hash": "88dc28d0", "user_api_key_user_id": "ada", "user_api_key_team_id": "evals", "user_api_key_alias": null},
                "structured_messages": [{"role": "user", "content": "hello"}, {"role": "tool", "content": "{\"ssn\": \"x\"}"}],
                "unheard_of": [1]
            }),
            false,
        );
        assert_eq!((exchange.direction, exchange.images), (Direction::Prompt, 1));
        assert_eq!((exchange.caller.user.as_str(), exchange.caller.team.as_str()), ("ada", "evals"));
        assert_eq!(exchange.destination.name, "gpt-4o");
        let texts: Vec<(&str, bool)> =
            exchange.pieces.iter().map(|piece| (piece.text.as_str(), piece.maskable)).collect();
        assert_eq!(texts[0], ("hello", true));
        assert!(texts.contains(&("x", false)), "what stands in JSON within a string is read: {texts:?}");
        assert_eq!(
            texts.iter().filter(|(text, _)| *text == "hello").count(),
            1,
            "what is among the texts is read once"
        );
    }

    #[test]
    fn answers_are_masked_only_where_the_gateway_puts_masks_in() {
        let body = json!({"input_type": "response", "texts": ["a"], "request_data": {}});
        assert!(!read(&body, false).pieces[0].maskable);
        assert!(read(&body, true).pieces[0].maskable);
    }

    #[test]
    fn what_is_no_call_is_refused_without_its_text() {
        for body in
            ["", "[]", "{}", r#"{"input_type":"sideways"}"#, r#"{"input_type":"request","texts":"sk-verysecret"}"#]
        {
            let error = exchange(body.as_bytes(), false).unwrap_err();
            assert!(error.contains("not a call") && !error.contains("verysecret"), "{error}");
        }
    }
}
