//! GitHub: tokens, authorisations, Apps, deploy keys, members, workflows of one organisation.

use super::{Heard, is_signed};
use serde_json::{Value, json};

/// What the tests' organisation calls with.
pub(crate) const TOKEN: &str = "gho_own0wn0wn0wnmyeight";
const INSTALLED: &str = "ghs_installation";

/// The stand-in's answers.
pub(crate) fn answer(heard: &Heard, state: &mut Value) -> (u16, Value) {
    let (method, path) = heard.parts();
    let bearer = heard.authorization().strip_prefix("Bearer ").unwrap_or_default();
    match (method, path.as_slice()) {
        ("POST", ["credentials", "revoke"]) if bearer.is_empty() => {
            for token in heard.body["credentials"].as_array().into_iter().flatten() {
                state["dead"][token.as_str().unwrap_or_default()] = json!(true);
            }
            return (202, json!({}));
        }
        ("GET", ["rate_limit"]) => {
            return if state["dead"][bearer].is_null() {
                (200, json!({"resources": {}}))
            } else {
                refused(401, "Bad credentials")
            };
        }
        ("POST", ["app", "installations", "77", "access_tokens"]) if is_signed(bearer, "app-1") => {
            return (201, json!({"token": INSTALLED, "expires_at": "2026-11-23T01:00:00Z"}));
        }
        _ => {}
    }
    match bearer {
        TOKEN | INSTALLED => organisation(method, path.as_slice(), heard, bearer == INSTALLED, state),
        "" => refused(401, "Requires authentication"),
        _ => refused(403, "Resource not accessible by personal access token"),
    }
}

fn refused(status: u16, message: &str) -> (u16, Value) {
    (
        status,
        json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()}),
    )
}

fn organisation(method: &str, path: &[&str], heard: &Heard, is_app: bool, state: &mut Value) -> (u16, Value) {
    let missing = || refused(404, "Not Found");
    let whole = |list: &Value| {
        (200, Value::Array(list.as_object().into_iter().flat_map(|map| map.values().cloned()).collect()))
    };
    let removed = |map: &mut Value, id: &str| match map.as_object_mut().and_then(|map| map.remove(id)) {
        Some(_) => (204, Value::Null),
        None => missing(),
    };
    match (method, path) {
        ("GET", ["user"]) => (200, json!({"login": "firebreak-bot"})),
        ("GET", ["orgs", "meridian", "personal-access-tokens"]) if is_app => whole(&state["tokens"]),
        ("POST", ["orgs", "meridian", "personal-access-tokens", id]) if is_app => removed(&mut state["tokens"], id),
        ("GET", ["orgs", "meridian", "credential-authorizations"]) => whole(&state["authorizations"]),
        ("DELETE", ["orgs", "meridian", "credential-authorizations", id]) => removed(&mut state["authorizations"], id),
        ("GET", ["repos", "meridian", _, "keys"]) => whole(&state["keys"]),
        ("DELETE", ["repos", "meridian", _, "keys", id]) => removed(&mut state["keys"], id),
        ("POST", ["repos", "meridian", _, "keys"]) => {
            let id = state["next"].as_u64().unwrap_or(9000) + 1;
            state["next"] = json!(id);
            let mut key = heard.body.clone();
            key["id"] = json!(id);
            state["keys"][id.to_string()] = key.clone();
            (201, key)
        }
        ("GET", ["repos", "meridian", _, "actions", "workflows", id]) => match &state["workflows"][*id] {
            Value::Null => missing(),
            word => (200, json!({"id": 1, "state": word})),
        },
        ("PUT", ["repos", "meridian", _, "actions", "workflows", id, word @ ("disable" | "enable")]) => {
            state["workflows"][*id] = json!(if *word == "enable" { "active" } else { "disabled_manually" });
            (204, Value::Null)
        }
        (_, ["enterprises", "meridian-inc", "apps", "organizations", "meridian", rest @ ..]) => {
            app(method, rest, heard, state)
        }
        (_, ["orgs", "meridian", rest @ ..]) => member(method, rest, heard, state),
        _ => missing(),
    }
}

fn app(method: &str, path: &[&str], heard: &Heard, state: &mut Value) -> (u16, Value) {
    match (method, path) {
        ("GET", ["installations"]) => {
            let all = state["apps"].as_object().cloned().unwrap_or_default();
            let list = all
                .iter()
                .map(|(id, app)| json!({"id": id.parse::<u64>().ok(), "repository_selection": app["selection"]}));
            (200, list.collect())
        }
        ("GET", ["installations", id, "repositories"]) => {
            let names = state["apps"][*id]["repositories"].as_array().cloned().unwrap_or_default();
            (200, names.iter().map(|name| json!({"name": name})).collect())
        }
        ("PATCH", ["installations", id, "repositories"]) => {
            let names = heard.body["repositories"].as_array().cloned().unwrap_or_default();
            if heard.body["repository_selection"] == "selected" && names.is_empty() {
                return refused(422, "the last repository cannot be removed");
            }
            state["apps"][*id] = json!({"selection": heard.body["repository_selection"], "repositories": names});
            (200, json!({"id": 1}))
        }
        _ => refused(404, "Not Found"),
    }
}

fn member(method: &str, path: &[&str], heard: &Heard, state: &mut Value) -> (u16, Value) {
    let (team, user) = match path {
        ["memberships", user] => ("", *user),
        ["teams", team, "memberships", user] => (*team, *user),
        _ => return refused(404, "Not Found"),
    };
    match (method, team) {
        ("GET", _) => match &state["members"][user][format!("role {team}")] {
            Value::Null => refused(404, "Not Found"),
            role => (200, json!({"role": role, "state": "active"})),
        },
        ("PUT", _) => {
            state["members"][user][format!("role {team}")] = heard.body["role"].clone();
            (200, json!({"role": heard.body["role"], "state": "pending"}))
        }
        ("DELETE", "") => {
            let gone = state["members"].as_object_mut().and_then(|members| members.remove(user));
            if gone.is_some() { (204, Value::Null) } else { refused(404, "Not Found") }
        }
        _ => refused(404, "Not Found"),
    }
}
