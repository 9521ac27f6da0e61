//! LiteLLM spend logs: one row of the gateway's table a line, with the metadata as JSON inside a JSON string.

use crate::clock::At;
use crate::json::Json;
use crate::random::Random;

/// One call of a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// SHA-256 of the caller's key, in hexadecimal.
    pub(crate) key: &'a str,
    pub(crate) alias: &'a str,
    pub(crate) team: &'a str,
    pub(crate) model: &'a str,
    pub(crate) provider: &'a str,
    pub(crate) address: &'a str,
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
    pub(crate) failed: bool,
}

fn metadata(call: &Call<'_>) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.list("applied_guardrails", |_| {});
        json.null("mcp_tool_call_metadata");
        json.nested("usage_object", |json| {
            json.number("completion_tokens", call.completion_tokens as i64);
            json.number("prompt_tokens", call.prompt_tokens as i64);
            json.number("total_tokens", (call.prompt_tokens + call.completion_tokens) as i64);
        });
        json.text("user_api_key", call.key);
        json.text("user_api_key_alias", call.alias);
        json.text("user_api_key_team_id", call.team);
        json.text("user_api_key_user_id", call.alias);
        json.text("requester_ip_address", call.address);
        json.text("user_agent", "OpenAI/Python 2.21.0");
        json.text("status", if call.failed { "failure" } else { "success" });
        json.null("error_information");
    });
    json.into_text()
}

/// Writes the row.
pub(crate) fn record(json: &mut Json, at: At, call: &Call<'_>, random: &mut Random) {
    let took = 300_000 + random.below(9_000_000) as i64;
    json.text("request_id", &format!("chatcmpl-{}", random.uuid()));
    json.text("session_id", &random.uuid());
    json.text("call_type", "acompletion");
    json.text("api_key", call.key);
    json.text("cache_hit", "False");
    json.text("startTime", &at.python());
    json.text("endTime", &at.plus_micros(took).python());
    json.text("completionStartTime", &at.plus_micros(took / 3).python());
    json.text("model", call.model);
    json.text("user", call.alias);
    json.text("team_id", call.team);
    json.text("organization_id", "");
    json.text("metadata", &metadata(call));
    json.text("cache_key", "Cache OFF");
    json.decimal("spend", (call.prompt_tokens * 2 + call.completion_tokens * 10) as i64);
    json.number("total_tokens", (call.prompt_tokens + call.completion_tokens) as i64);
    json.number("prompt_tokens", call.prompt_tokens as i64);
    json.number("completion_tokens", call.completion_tokens as i64);
    json.text("request_tags", "[]");
    json.text("end_user", "");
    json.text("api_base", "");
    json.text("model_group", call.model);
    json.text("model_id", &Random::of(0, call.model, 0).hex(64));
    json.text("requester_ip_address", call.address);
    json.text("custom_llm_provider", call.provider);
    json.text("messages", "{}");
    json.text("response", "{}");
    json.text("proxy_server_request", "{}");
    json.text("status", if call.failed { "failure" } else { "success" });
    json.null("mcp_namespaced_tool_name");
    json.null("agent_id");
}
