//! Okta, Slack, Entra, OpenAI and Anthropic, each as little as its responders need.

use super::Heard;
use serde_json::{Value, json};

/// Okta.
pub(crate) fn okta(heard: &Heard, state: &mut Value) -> (u16, Value) {
    let refused = |status: u16, code: &str, words: &str| (status, json!({"errorCode": code, "errorSummary": words}));
    if heard.authorization() != "SSWS own-token" {
        return refused(401, "E0000011", "Invalid token provided");
    }
    let missing = || refused(404, "E0000007", "Not found: Resource not found");
    let (method, path) = heard.parts();
    let tell = |value: &Value, field: &str| match value {
        Value::Null => missing(),
        status => (200, json!({"id": "x", field: status, "clientId": "0oa1", "scopeId": "scp1"})),
    };
    let ["api", "v1", kind, id, rest @ ..] = path.as_slice() else { return missing() };
    match (method, rest) {
        ("GET", []) => tell(&state[*kind][*id], "status"),
        ("POST", ["lifecycle", word]) => {
            let (from, to) = match *word {
                "suspend" => ("ACTIVE", "SUSPENDED"),
                "unsuspend" => ("SUSPENDED", "ACTIVE"),
                "deactivate" => ("", "INACTIVE"),
                _ => ("", "ACTIVE"),
            };
            if !from.is_empty() && state[*kind][*id] != from {
                return refused(400, "E0000001", "Api validation failed: Cannot do this to a user in this status");
            }
            state[*kind][*id] = json!(to);
            (200, json!({}))
        }
        ("DELETE", ["sessions"]) => {
            state["sessions"][*id] = json!(if heard.asked("oauthTokens") == "true" { "none" } else { "tokens" });
            (204, Value::Null)
        }
        ("GET", ["grants", grant]) => tell(&state["grants"][*grant], "status"),
        ("DELETE", ["grants", grant]) => match state["grants"].as_object_mut().and_then(|all| all.remove(*grant)) {
            Some(_) => (204, Value::Null),
            None => missing(),
        },
        _ => missing(),
    }
}

/// Slack: 200 for everything, and `ok`.
pub(crate) fn slack(heard: &Heard, state: &mut Value) -> (u16, Value) {
    let refused = |word: &str| (200, json!({"ok": false, "error": word}));
    if heard.authorization() != "Bearer xoxp-own" {
        return refused("invalid_auth");
    }
    let text = |name: &str| heard.body[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str, word: &str, state: &Value| {
        let apps = state["apps"].as_object().cloned().unwrap_or_default();
        let found: Vec<_> =
            apps.iter().filter(|(_, one)| *one == word).map(|(id, _)| json!({"app": {"id": id}})).collect();
        (200, json!({"ok": true, name: found, "response_metadata": {"next_cursor": ""}}))
    };
    match heard.path.last().map_or("", String::as_str) {
        "auth.test" => (200, json!({"ok": true, "user_id": "U0OWN"})),
        "admin.apps.restricted.list" => list("restricted_apps", "restricted", state),
        "admin.apps.approved.list" => list("approved_apps", "approved", state),
        word @ ("admin.apps.restrict" | "admin.apps.approve" | "admin.apps.clearResolution") => {
            let decision = match word {
                "admin.apps.restrict" => "restricted",
                "admin.apps.approve" => "approved",
                _ => "undecided",
            };
            state["apps"][text("app_id")] = json!(decision);
            (200, json!({"ok": true}))
        }
        "admin.users.session.reset" => {
            state["sessions"][text("user_id")] = json!("none");
            (200, json!({"ok": true}))
        }
        "conversations.info" => match &state["channels"][text("channel")] {
            Value::Null => refused("channel_not_found"),
            teams => (200, json!({"ok": true, "channel": {"id": text("channel"), "connected_team_ids": teams}})),
        },
        "admin.conversations.disconnectShared" => {
            let leaving: Vec<String> = serde_json::from_str(&text("leaving_team_ids")).unwrap_or_default();
            if let Some(teams) = state["channels"][text("channel_id")].as_array_mut() {
                teams.retain(|team| !leaving.iter().any(|one| team == one));
            }
            (200, json!({"ok": true}))
        }
        _ => refused("unknown_method"),
    }
}

/// Entra: Microsoft Graph and its token endpoint.
pub(crate) fn entra(heard: &Heard, state: &mut Value) -> (u16, Value) {
    let refused = |status: u16, code: &str| (status, json!({"error": {"code": code, "message": "it was refused"}}));
    let (method, path) = heard.parts();
    if let ("POST", [_, "oauth2", "v2.0", "token"]) = (method, path.as_slice()) {
        return match heard.body["client_secret"] == "own secret" && heard.body["grant_type"] == "client_credentials" {
            true => (200, json!({"access_token": "eyJ.own", "token_type": "Bearer"})),
            false => {
                (401, json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}))
            }
        };
    }
    if heard.authorization() != "Bearer eyJ.own" {
        return refused(401, "InvalidAuthenticationToken");
    }
    let missing = || refused(404, "Request_ResourceNotFound");
    let ["v1.0", kind, rest @ ..] = path.as_slice() else { return missing() };
    match (method, rest) {
        ("GET", []) => {
            let all = state[*kind].as_object().cloned().unwrap_or_default();
            let is_it = |one: &&Value| {
                heard.asked("$filter")
                    == format!("clientId eq '{}'", one["clientId"].as_str().unwrap_or_default().replace('\'', "''"))
            };
            (200, json!({"value": all.values().filter(is_it).collect::<Vec<_>>()}))
        }
        ("POST", []) => {
            let id = state["next"].as_u64().unwrap_or(100) + 1;
            state["next"] = json!(id);
            let mut made = heard.body.clone();
            made["id"] = json!(id.to_string());
            state[*kind][id.to_string()] = made.clone();
            (201, made)
        }
        (_, [id, ..]) if state[*kind][*id].is_null() => missing(),
        ("GET", [id]) => (200, state[*kind][*id].clone()),
        ("PATCH", [id]) => {
            state[*kind][*id]["accountEnabled"] = heard.body["accountEnabled"].clone();
            (204, Value::Null)
        }
        ("DELETE", [id]) => {
            state[*kind].as_object_mut().map(|all| all.remove(*id));
            (204, Value::Null)
        }
        ("POST", [id, "revokeSignInSessions"]) => {
            // The contract tests' clock stands within a minute of this machine's, and may run ahead while waiting.
            state[*kind][*id]["signInSessionsValidFromDateTime"] = json!("2999-01-01T00:00:00Z");
            (200, json!({"value": true}))
        }
        _ => missing(),
    }
}

/// OpenAI's administration API.
pub(crate) fn openai(heard: &Heard, state: &mut Value) -> (u16, Value) {
    let refused =
        |status: u16, code: &str| (status, json!({"error": {"message": "it was refused", "type": code, "code": code}}));
    if heard.authorization() != "Bearer sk-admin-own" {
        return refused(401, "invalid_api_key");
    }
    let (method, path) = heard.parts();
    match (method, path.as_slice()) {
        ("GET", ["v1", "organization", "projects", _, "api_keys"]) => {
            // Keys of people who left are there only for who asks for them; and two pages, to make us turn one.
            let keys = state["keys"].as_object().cloned().unwrap_or_default();
            let after = heard.asked("after").to_owned();
            let mut left: Vec<_> = keys.values().filter(|_| heard.asked("owner_project_access") == "any").collect();
            if !after.is_empty() {
                left = left.into_iter().skip_while(|key| key["id"] != after).skip(1).collect();
            }
            let more = left.len() > 2;
            left.truncate(2);
            (
                200,
                json!({"object": "list", "data": left, "has_more": more, "last_id": left.last().map(|key| key["id"].clone())}),
            )
        }
        ("DELETE", ["v1", "organization", "projects", _, "api_keys", id]) => {
            match state["keys"].as_object_mut().and_then(|all| all.remove(*id)) {
                Some(_) => (200, json!({"object": "organization.project.api_key.deleted", "id": id, "deleted": true})),
                None => refused(404, "not_found"),
            }
        }
        _ => refused(404, "not_found"),
    }
}

/// Anthropic's administration API.
pub(crate) fn anthropic(heard: &Heard, state: &mut Value) -> (u16, Value) {
    let refused = |status: u16, kind: &str| {
        (status, json!({"type": "error", "error": {"type": kind, "message": "it was refused"}}))
    };
    let header = |name: &str| heard.headers.get(name).map_or("", String::as_str);
    if header("x-api-key") != "sk-ant-admin01-own-key" || header("anthropic-version") != "2023-06-01" {
        return refused(401, "authentication_error");
    }
    let (method, path) = heard.parts();
    match (method, path.as_slice()) {
        (_, ["v1", "organizations", "api_keys", id]) if state["keys"][*id].is_null() => refused(404, "not_found_error"),
        ("GET", ["v1", "organizations", "api_keys", id]) => {
            (200, json!({"id": id, "status": state["keys"][*id], "partial_key_hint": "sk-ant-api03-abc...wxyz"}))
        }
        ("POST", ["v1", "organizations", "api_keys", id]) => {
            state["keys"][*id] = heard.body["status"].clone();
            (200, json!({"id": id, "status": heard.body["status"]}))
        }
        ("POST", ["v1", "organizations", "users", id, "sign_out"]) => {
            state["sessions"][*id] = json!("none");
            (200, json!({"id": id, "type": "user"}))
        }
        _ => refused(404, "not_found_error"),
    }
}
