//! What the stand-ins for LiteLLM, Vault and Kubernetes do: as much of each platform's behaviour as its responders rely on.

use super::standin::Call;
use serde_json::{Value, json};

fn pieces<'c>(call: &'c Call<'_>) -> Vec<&'c str> {
    call.path.iter().map(String::as_str).collect()
}

fn asked<'c>(call: &'c Call<'_>, name: &str) -> &'c str {
    call.query.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
}

/// Keys, teams and models that are blocked or not, MCP servers that are approved or not.
pub(crate) fn litellm(state: &mut Value, call: &Call<'_>) -> (u16, Value) {
    let none = || (404, json!({"error": {"message": "not found", "type": "not_found_error", "code": "404"}}));
    if pieces(call) == ["v1", "models"] {
        let key = &state["keys"][call.token.trim_start_matches("hush-key-")];
        let of_team = key["team"].as_str().is_some_and(|team| state["teams"][team]["blocked"] == true);
        let of_model = key["model"].as_str().is_some_and(|model| state["models"][model]["blocked"] == true);
        let refused = key.is_null() || key["blocked"] == true || of_team || of_model;
        return if refused {
            (401, json!({"error": {"message": "Key is blocked"}}))
        } else {
            (200, json!({"data": []}))
        };
    }
    if call.token != "hush-own" {
        return (401, json!({"error": {"message": "Authentication Error"}}));
    }
    let pieces = pieces(call);
    match pieces.as_slice() {
        ["key", "info"] => match state["keys"].get(asked(call, "key")) {
            Some(found) => (
                200,
                json!({"key": asked(call, "key"), "info": {
                    "blocked": found["blocked"], "team_id": found["team"], "models": found["models"],
                    "max_budget": found["max_budget"], "object_permission": found["object_permission"],
                }}),
            ),
            None => none(),
        },
        ["team", "info"] => match state["teams"].get(asked(call, "team_id")) {
            Some(found) => (200, json!({"team_id": asked(call, "team_id"), "team_info": found})),
            None => none(),
        },
        ["v1", "model", "info"] => match state["models"].get(asked(call, "litellm_model_id")) {
            Some(found) => (200, json!({"data": [{"model_name": "m", "model_info": found}]})),
            None => none(),
        },
        ["key", "update"] => match state["keys"].get_mut(call.body["key"].as_str().unwrap_or_default()) {
            Some(found) => updated(found, &call.body),
            None => none(),
        },
        [kind @ ("key" | "team" | "model"), verb @ ("block" | "unblock")] => {
            let id =
                ["key", "team_id", "model_id"].iter().find_map(|field| call.body.get(field)?.as_str()).unwrap_or("");
            match state[format!("{kind}s")].get_mut(id) {
                Some(found) => {
                    found["blocked"] = json!(*verb == "block");
                    (200, found.clone())
                }
                None => none(),
            }
        }
        ["v1", "mcp", "server", id, rest @ ..] => {
            let Some(found) = state["mcp"].get_mut(*id) else { return none() };
            let (status, word) = match rest {
                [] => return (200, json!({"server_id": id, "approval_status": found})),
                ["reject"] => ("rejected", "MCP server is already rejected."),
                _ => ("active", "MCP server is already active."),
            };
            if *found == status {
                return (400, json!({"detail": {"error": word}}));
            }
            *found = json!(status);
            (200, json!({"server_id": id, "approval_status": status}))
        }
        _ => none(),
    }
}

/// A key with what is sent; what is not sent stays.
fn updated(found: &mut Value, body: &Value) -> (u16, Value) {
    for field in ["models", "max_budget", "object_permission"] {
        if let Some(value) = body.get(field) {
            found[field] = value.clone();
        }
    }
    (200, found.clone())
}

/// Tokens by accessor, leases by path, entities. `hush-old-N` is the token whose accessor and entity are N.
pub(crate) fn vault(state: &mut Value, call: &Call<'_>) -> (u16, Value) {
    let pieces = pieces(call);
    let refuse = |word: &str| (403, json!({"errors": [word]}));
    if pieces.as_slice() == ["v1", "auth", "token", "lookup-self"] {
        let data = match call.token.strip_prefix("hush-old-") {
            None => json!({"accessor": "own", "entity_id": "own", "path": "auth/approle/login"}),
            Some(number) => {
                let disabled = state["entities"][number]["disabled"] == true;
                if state["accessors"].get(number).is_none() || disabled {
                    return refuse("permission denied");
                }
                json!({"accessor": number, "entity_id": number, "path": "auth/approle/login"})
            }
        };
        return (200, json!({"data": data}));
    }
    if call.token != "hush-own" {
        return refuse("permission denied");
    }
    match pieces.as_slice() {
        ["v1", "auth", "token", verb] => {
            let accessors = state["accessors"].as_object_mut().expect("a map");
            let accessor = call.body["accessor"].as_str().unwrap_or_default();
            match (*verb, accessors.contains_key(accessor)) {
                (_, false) => (403, json!({"errors": ["1 error occurred:\n\t* invalid accessor\n\n"]})),
                ("lookup-accessor", true) => {
                    (200, json!({"data": {"accessor": accessor, "path": "auth/approle/login"}}))
                }
                (_, true) => {
                    accessors.remove(accessor);
                    (204, Value::Null)
                }
            }
        }
        ["v1", "sys", "leases", what, prefix] => {
            let leases = state["leases"].as_array_mut().expect("a list");
            let below = |lease: &Value| lease.as_str().is_some_and(|lease| lease.starts_with(&format!("{prefix}/")));
            if *what == "revoke-prefix" {
                // Without `sync` it would answer and go on revoking afterwards: here, never.
                if call.body["sync"] == true {
                    leases.retain(|lease| !below(lease));
                }
                return (204, Value::Null);
            }
            let found: Vec<_> = leases.iter().filter(|lease| below(lease)).cloned().collect();
            if found.is_empty() { (404, json!({"errors": []})) } else { (200, json!({"data": {"keys": found}})) }
        }
        ["v1", "identity", "entity", "id", id] => match state["entities"].get_mut(*id) {
            None => (404, json!({"errors": []})),
            Some(found) if call.method == "GET" => (200, json!({"data": found})),
            Some(found) => {
                found["disabled"] = call.body["disabled"].clone();
                (204, Value::Null)
            }
        },
        _ => (404, json!({"errors": ["no handler for route"]})),
    }
}

/// Objects by path, with uids and versions that deletions must name rightly; tokens that count as long as what they are bound
/// to is there. `hush-old-…` names the path and the uid of that.
pub(crate) fn kubernetes(state: &mut Value, call: &Call<'_>) -> (u16, Value) {
    let path = call.path.join("/");
    let status =
        |code: u16, reason: &str| (code, json!({"kind": "Status", "code": code, "reason": reason, "message": reason}));
    let bound = call.token.strip_prefix("hush-old-").and_then(|bound| bound.split_once('#'));
    let counts = bound.is_none_or(|(to, uid)| state["objects"][to]["metadata"]["uid"] == uid);
    if path.ends_with("selfsubjectaccessreviews") {
        // A token of a binding's subject is known in any case; what counts is whether the binding is there.
        return match (counts, bound.is_some_and(|(to, _)| to.contains("bindings"))) {
            (true, _) => (201, json!({"status": {"allowed": true}})),
            (false, true) => (201, json!({"status": {"allowed": false}})),
            (false, false) => status(401, "Unauthorized"),
        };
    }
    if call.token != "hush-own" {
        return status(401, "Unauthorized");
    }
    if path.ends_with("selfsubjectreviews") {
        return (201, json!({"status": {"userInfo": {"username": "system:serviceaccount:firebreak:responder"}}}));
    }
    let number = state["next"].as_u64().expect("a number");
    state["next"] = json!(number + 1);
    let scale = path.strip_suffix("/scale").map(str::to_owned);
    let objects = state["objects"].as_object_mut().expect("a map");
    match (call.method, scale) {
        ("GET", None) if path.ends_with("networkpolicies") => {
            let items: Vec<_> = objects
                .iter()
                .filter(|(name, _)| name.starts_with(&format!("{path}/")))
                .map(|(_, one)| one.clone())
                .collect();
            (200, json!({"kind": "NetworkPolicyList", "items": items}))
        }
        ("GET", scale) => match objects.get(scale.as_ref().unwrap_or(&path)) {
            Some(found) => (200, found.clone()),
            None => status(404, "NotFound"),
        },
        ("PUT", Some(path)) => match objects.get_mut(&path) {
            Some(found) if found["metadata"]["resourceVersion"] == call.body["metadata"]["resourceVersion"] => {
                found["spec"] = call.body["spec"].clone();
                found["status"] = call.body["spec"].clone();
                found["metadata"]["resourceVersion"] = json!(number.to_string());
                (200, found.clone())
            }
            Some(_) => status(409, "Conflict"),
            None => status(404, "NotFound"),
        },
        ("POST", _) => {
            let name = format!("{path}/{}", call.body["metadata"]["name"].as_str().unwrap_or_default());
            if objects.contains_key(&name) {
                return status(409, "AlreadyExists");
            }
            let mut made = call.body.clone();
            made["metadata"]["uid"] = json!(format!("uid-{number}"));
            made["metadata"]["resourceVersion"] = json!(number.to_string());
            objects.insert(name, made.clone());
            (201, made)
        }
        ("DELETE", _) => {
            let Some(found) = objects.get(&path) else { return status(404, "NotFound") };
            let wanted = &call.body["preconditions"];
            let differs = |field: &str| wanted.get(field).is_some_and(|wanted| found["metadata"][field] != *wanted);
            if differs("uid") || differs("resourceVersion") {
                return status(409, "Conflict");
            }
            objects.remove(&path);
            (200, json!({"kind": "Status", "status": "Success"}))
        }
        _ => status(405, "MethodNotAllowed"),
    }
}
