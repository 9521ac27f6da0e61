//! What the responders on Keycloak share: the realm's address, our own client there, its answers as errors, sessions, and
//! the old authority tried where Keycloak itself admits it.
//!
//! A token of our own is asked for anew in every phase and never kept: a cut of the whole realm takes the ones before.

pub(crate) mod newcomers;

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Answer, Body, Rest, client_token, gone_is_done};
use base64::Engine;
use firebreak_model::{Action, Time};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.keycloak]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By realm, as the inventory names it.
    pub realms: BTreeMap<String, Realm>,
}

/// `[responder.keycloak.realms.<realm>]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Realm {
    /// The server's address, with its path where it has one.
    pub url: String,
    /// The realm in which our own client is, where it is another one.
    #[serde(default)]
    pub auth_realm: Option<String>,
    /// Our own client: one with a service account that has the roles of the manifest.
    pub client_id: String,
    /// A reference to that client's secret.
    pub client_secret: String,
    /// By target, as plans name it: an old authority to try whether it is refused.
    #[serde(default)]
    pub probes: BTreeMap<String, Probe>,
}

/// An old authority: a refresh token of a client, else an access token, else the client's secret alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Probe {
    /// The client that the token was issued to.
    pub client_id: String,
    /// A reference to that client's secret; public clients have none.
    pub client_secret: Option<String>,
    /// A reference to a refresh token.
    pub refresh_token: Option<String>,
    /// A reference to an access token.
    pub access_token: Option<String>,
}

/// Calls that all responders on Keycloak declare.
pub(crate) mod shape {
    pub(crate) const TOKEN: &str =
        "POST {server}/realms/{realm}/protocol/openid-connect/token grant_type=client_credentials";
    pub(crate) const REFRESH: &str =
        "POST {server}/realms/{realm}/protocol/openid-connect/token grant_type=refresh_token";
    pub(crate) const USERINFO: &str = "GET {server}/realms/{realm}/protocol/openid-connect/userinfo";
    pub(crate) const LOGOUT: &str = "POST {server}/admin/realms/{realm}/users/{user}/logout";
    pub(crate) const SESSIONS: &str = "GET {server}/admin/realms/{realm}/users/{user}/sessions";
    pub(crate) const CONSENTS: &str = "GET {server}/admin/realms/{realm}/users/{user}/consents";
    pub(crate) const OFFLINE: &str = "GET {server}/admin/realms/{realm}/users/{user}/offline-sessions/{client}";
    pub(crate) const END_OFFLINE: &str = "DELETE {server}/admin/realms/{realm}/sessions/{session}?isOffline";
    pub(crate) const CLIENTS: &str = "GET {server}/admin/realms/{realm}/clients?clientId";
    pub(crate) const CLIENT: &str = "GET {server}/admin/realms/{realm}/clients/{client}";
    pub(crate) const SET_CLIENT: &str = "PUT {server}/admin/realms/{realm}/clients/{client}";
    pub(crate) const USER: &str = "GET {server}/admin/realms/{realm}/users/{user}";
    pub(crate) const SET_USER: &str = "PUT {server}/admin/realms/{realm}/users/{user}";
}

/// The realm of an action and how we reach it.
fn realm<'a>(context: &Context<'a>, action: &'a Action) -> Result<(&'a str, &'a Realm), ActError> {
    let name = parameter(action, "realm")?;
    let realm = context.config.keycloak.realms.get(name).ok_or_else(|| {
        ActError::unusable(
            format!("no client in the Keycloak realm `{name}`"),
            format!("add `[responder.keycloak.realms.\"{name}\"]` with `url`, `client_id` and `client_secret`"),
        )
    })?;
    Ok((name, realm))
}

/// Whether our own client is the one called `client` of the action's realm.
pub(crate) fn is_our_client(context: &Context<'_>, action: &Action, client: &str) -> Result<bool, ActError> {
    let (name, realm) = realm(context, action)?;
    Ok(realm.auth_realm.as_deref().unwrap_or(name) == name && realm.client_id == client)
}

/// The realm, with a token of our own.
pub(crate) struct Keycloak<'a> {
    api: Rest<'a>,
    name: &'a str,
    /// Whom our own token stands for, where the action's realm issued it.
    own_user: Option<String>,
}

impl<'a> Keycloak<'a> {
    /// Takes a token as our own client.
    pub(crate) async fn open(context: &'a Context<'a>, action: &'a Action) -> Result<Keycloak<'a>, ActError> {
        let (name, realm) = realm(context, action)?;
        let secret = context.secret(&realm.client_secret)?;
        let from = realm.auth_realm.as_deref().unwrap_or(name);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", realm.client_id.as_str()),
            ("client_secret", secret.expose_secret()),
        ];
        let token = client_token(context, &realm.url, shape::TOKEN, &[from], &form, secret.clone()).await?;
        let own_user = (from == name).then(|| subject(token.expose_secret())).flatten();
        Ok(Keycloak { api: Rest::at(context, &realm.url)?.bearer(token), name, own_user })
    }

    /// One call below `/admin/realms/<realm>`; `fill` is what follows the realm.
    pub(crate) async fn call(&self, shape: &str, fill: &[&str], body: Body<'_>) -> Result<Answer, ActError> {
        let fill: Vec<&str> = [self.name].iter().chain(fill).copied().collect();
        self.api.call(shape, &fill, body).await
    }

    /// Whether our own account is the user with this id.
    pub(crate) fn is_us(&self, user: &str) -> bool {
        self.own_user.as_deref() == Some(user)
    }

    /// The client called `client`, as the realm represents it, with its own id. Who may not view clients is shown none of
    /// them, and no refusal.
    pub(crate) async fn client(&self, client: &str) -> Result<(String, Value), ActError> {
        let answer = self.call(shape::CLIENTS, &[client], Body::None).await?;
        let found = answer.list("")?.first().cloned().ok_or_else(|| ActError::NotFound {
            target: client.to_owned(),
            reason: "the realm shows us no such client".to_owned(),
        })?;
        let id = found.get("id").and_then(Value::as_str).ok_or_else(|| answer.lacks("id"))?;
        Ok((id.to_owned(), found))
    }

    /// What `user` consented to, with the clients that hold offline tokens.
    pub(crate) async fn consents(&self, user: &str) -> Result<Value, ActError> {
        Ok(self.call(shape::CONSENTS, &[user], Body::None).await?.body)
    }

    /// Enables the client that has this own id and is represented by `found`, or disables it and refuses what was issued to it
    /// for good: disabling refuses its tokens only as long as it lasts. One second more, since a token of the same second would
    /// escape.
    pub(crate) async fn set_client(&self, id: &str, found: &Value, enabled: bool, now: Time) -> Result<(), ActError> {
        let mut body = json!({"enabled": enabled});
        if !enabled {
            body["notBefore"] = json!(now.seconds() + 1);
        }
        // What is left out stays as it is, but for these: without them Keycloak removes the client's account with its roles, and
        // its rules for resources.
        for kept in ["serviceAccountsEnabled", "authorizationServicesEnabled"] {
            if let Some(value) = found.get(kept) {
                body[kept] = value.clone();
            }
        }
        self.call(shape::SET_CLIENT, &[id], Body::Json(&body)).await.map(|_| ())
    }

    /// Enables `user`, or disables it and ends its sessions.
    pub(crate) async fn set_user(&self, user: &str, enabled: bool) -> Result<(), ActError> {
        self.call(shape::SET_USER, &[user], Body::Json(&json!({"enabled": enabled}))).await?;
        // The other order would let the user come back between the two.
        if enabled { Ok(()) } else { self.end_sessions(user).await }
    }

    /// How many sessions `user` has, and for how many clients offline ones.
    pub(crate) async fn sessions(&self, user: &str) -> Result<(usize, usize), ActError> {
        let online = self.call(shape::SESSIONS, &[user], Body::None).await?.list("")?.len();
        Ok((online, offline_clients(&self.consents(user).await?).len()))
    }

    /// Ends every session of `user`. A logout refuses offline tokens by a time in whole seconds, which one of the same
    /// second escapes, so their sessions are ended one by one.
    pub(crate) async fn end_sessions(&self, user: &str) -> Result<(), ActError> {
        self.call(shape::LOGOUT, &[user], Body::None).await?;
        for client in offline_clients(&self.consents(user).await?) {
            let found = self.call(shape::OFFLINE, &[user, &client], Body::None).await?;
            for session in found.list("")?.iter().filter_map(|one| one.get("id")?.as_str()) {
                gone_is_done(self.call(shape::END_OFFLINE, &[session, "true"], Body::None).await)?;
            }
        }
        Ok(())
    }
}

/// Whom a token of Keycloak stands for. It is our own, fresh from the server, so its signature is not looked at.
fn subject(token: &str) -> Option<String> {
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    Some(serde_json::from_slice::<Value>(&payload).ok()?.get("sub")?.as_str()?.to_owned())
}

/// Own ids of the clients that hold offline tokens.
pub(crate) fn offline_clients(consents: &Value) -> Vec<String> {
    let grants = consents.as_array().into_iter().flatten().filter_map(|one| one.get("additionalGrants")?.as_array());
    let offline = |grant: &&Value| grant.get("key") == Some(&json!("Offline Token"));
    grants.flatten().filter(offline).filter_map(|grant| Some(grant.get("client")?.as_str()?.to_owned())).collect()
}

/// Tries the old authority that is configured for the action's target. `None` where there is none.
pub(crate) async fn tried(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
    let (name, realm) = realm(context, action)?;
    let Some(probe) = realm.probes.get(action.target.as_str()) else { return Ok(None) };
    let api = Rest::at(context, &realm.url)?;
    if let (None, Some(token)) = (&probe.refresh_token, &probe.access_token) {
        let answer = api.bearer(context.secret(token)?).ask(shape::USERINFO, &[name], Body::None).await?;
        return match answer.status {
            // 403: the token counts, but its scope does not cover this.
            200..300 | 403 => Ok(Some(true)),
            401 => Ok(Some(false)),
            _ => Err(answer.refusal()),
        };
    }
    let secret = probe.client_secret.as_ref().map(|reference| context.secret(reference)).transpose()?;
    let refresh = probe.refresh_token.as_ref().map(|reference| context.secret(reference)).transpose()?;
    let api = secret.iter().chain(&refresh).fold(api, |api, secret| api.hushing(secret.clone()));
    let (shape, grant) = match refresh {
        Some(_) => (shape::REFRESH, "refresh_token"),
        None => (shape::TOKEN, "client_credentials"),
    };
    let mut form = vec![("grant_type", grant), ("client_id", probe.client_id.as_str())];
    form.extend(secret.iter().map(|secret| ("client_secret", secret.expose_secret())));
    form.extend(refresh.iter().map(|token| ("refresh_token", token.expose_secret())));
    let answer = api.ask(shape, &[name], Body::Form(&form)).await?;
    let word = |field: &str| answer.body.get(field).and_then(Value::as_str).unwrap_or_default();
    match (answer.status, word("error")) {
        (200..300, _) => Ok(Some(true)),
        // The secret is right; the client just has no account of its own.
        (_, "unauthorized_client") if word("error_description").contains("service account") => Ok(Some(true)),
        (400 | 401, "invalid_grant" | "invalid_client" | "unauthorized_client") => Ok(Some(false)),
        _ => Err(answer.refusal()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_offline_tokens_count_among_what_was_granted() {
        let consents = json!([
            {"clientId": "a", "grantedClientScopes": ["profile"]},
            {"clientId": "b", "additionalGrants": [{"client": "u-1", "key": "Offline Token"}, {"client": "u-2", "key": "Other"}]},
        ]);
        assert_eq!(offline_clients(&consents), ["u-1"]);
        assert!(offline_clients(&Value::Null).is_empty());
    }
}
