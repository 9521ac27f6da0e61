//! Google: users, their tokens, permissions on files, service accounts and their keys.

use super::{Heard, is_signed};
use serde_json::{Value, json};

/// The access token that the tests' service account is given.
const TOKEN: &str = "ya29.own-access";
/// The service account of the tests.
pub(crate) const ACCOUNT: &str = "firebreak@meridian.iam.gserviceaccount.com";

fn refused(code: u16, status: &str, message: &str) -> (u16, Value) {
    (code, json!({"error": {"code": code, "message": message, "status": status}}))
}

/// The stand-in's answers.
pub(crate) fn answer(heard: &Heard, state: &mut Value) -> (u16, Value) {
    let (method, path) = heard.parts();
    if let ("POST", ["token"]) = (method, path.as_slice()) {
        let statement = heard.body["assertion"].as_str().unwrap_or_default();
        let kind = heard.body["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer";
        return match kind && is_signed(statement, ACCOUNT) {
            true => (200, json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})),
            false => (400, json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."})),
        };
    }
    if heard.authorization() != format!("Bearer {TOKEN}") {
        return refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    }
    let missing = || refused(404, "NOT_FOUND", "Resource Not Found");
    match (method, path.as_slice()) {
        ("GET", ["admin", "directory", "v1", "users", user]) => found(&state["users"][*user]),
        ("PUT", ["admin", "directory", "v1", "users", user]) if !state["users"][*user].is_null() => {
            state["users"][*user]["suspended"] = heard.body["suspended"].clone();
            (200, state["users"][*user].clone())
        }
        ("POST", ["admin", "directory", "v1", "users", user, "signOut"]) if !state["users"][*user].is_null() => {
            state["sessions"][*user] = json!(0);
            (204, Value::Null)
        }
        ("GET", ["admin", "directory", "v1", "users", user, "tokens", client]) => {
            found(&state["tokens"][*user][*client])
        }
        ("DELETE", ["admin", "directory", "v1", "users", user, "tokens", client]) => {
            let gone = state["tokens"][*user].as_object_mut().and_then(|tokens| tokens.remove(*client));
            if gone.is_some() { (204, Value::Null) } else { missing() }
        }
        ("GET", ["drive", "v3", "files", file, "permissions"]) => {
            let all = state["files"][*file].as_object().cloned().unwrap_or_default();
            (200, json!({"permissions": all.values().collect::<Vec<_>>()}))
        }
        ("POST", ["drive", "v3", "files", file, "permissions"]) => {
            let id = state["next"].as_u64().unwrap_or(100) + 1;
            state["next"] = json!(id);
            let mut permission = heard.body.clone();
            permission["id"] = json!(id.to_string());
            state["files"][*file][id.to_string()] = permission.clone();
            (200, permission)
        }
        ("DELETE", ["drive", "v3", "files", file, "permissions", id]) => {
            let gone = state["files"][*file].as_object_mut().and_then(|all| all.remove(*id));
            if gone.is_some() { (204, Value::Null) } else { missing() }
        }
        (_, ["v1", "projects", "-", "serviceAccounts", rest @ ..]) => service_account(method, &rest.join("/"), state),
        _ => missing(),
    }
}

fn found(value: &Value) -> (u16, Value) {
    if value.is_null() { refused(404, "NOT_FOUND", "Resource Not Found") } else { (200, value.clone()) }
}

/// Accounts and their keys: present with what the API tells of them, where `disabled` is left out while it is false.
fn service_account(method: &str, name: &str, state: &mut Value) -> (u16, Value) {
    match (method, name.rsplit_once(':')) {
        ("GET", None) => found(&state["accounts"][name]),
        ("POST", Some((name, word @ ("disable" | "enable")))) if !state["accounts"][name].is_null() => {
            if let Some(account) = state["accounts"][name].as_object_mut() {
                account.remove("disabled");
                if word == "disable" {
                    account.insert("disabled".to_owned(), json!(true));
                }
            }
            (200, json!({}))
        }
        _ => refused(404, "NOT_FOUND", "Unknown service account"),
    }
}
