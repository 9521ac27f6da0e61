//! Who may call the transmitter: an access token of OAuth 2.0, in the header alone (RFC 6750).
//!
//! Two kinds are taken: one that the operator gave a receiver, known by its digest; and one that an authorisation server signed
//! for us (RFC 9068), whose client the operator named as a receiver. The second has scopes: `ssf.read` and `ssf.manage`.

use crate::jose::{Keys, Unverified};
use firebreak_model::Time;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const SKEW_SECONDS: i64 = 60;

/// What a call is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Purpose {
    /// To read a stream's configuration or status.
    Read,
    /// To change a stream, or to take its events.
    Manage,
}

/// Why a call is not admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// No token, or none that counts.
    Unknown,
    /// A token that counts, for less than this.
    Scope,
}

/// An authorisation server whose tokens are taken.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its issuer.
    pub issuer: String,
    /// What its tokens call us.
    pub audience: String,
    /// Its keys.
    pub keys: Keys,
    /// Receivers by the client that they are.
    pub clients: BTreeMap<String, String>,
}

/// Everyone who may call.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Receivers by the digest of their token.
    tokens: BTreeMap<[u8; 32], String>,
    /// Authorisation servers.
    pub servers: Vec<Server>,
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl Access {
    /// Lets the receiver `name` in with `token`.
    pub fn admit(&mut self, name: &str, token: &SecretString) {
        self.tokens.insert(digest(token.expose_secret()), name.to_owned());
    }

    /// The receiver that calls, by the value of its `Authorization` header.
    ///
    /// # Errors
    /// Why it is not admitted.
    pub fn receiver(&self, authorization: Option<&str>, purpose: Purpose, now: Time) -> Result<String, Denied> {
        let (scheme, token) = authorization.and_then(|value| value.split_once(' ')).ok_or(Denied::Unknown)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Denied::Unknown);
        }
        let token = token.trim();
        if let Some(name) = self.tokens.get(&digest(token)) {
            return Ok(name.clone());
        }
        self.signed(token, purpose, now)
    }

    fn signed(&self, token: &str, purpose: Purpose, now: Time) -> Result<String, Denied> {
        let unknown = Denied::Unknown;
        let parsed = Unverified::parse(token).map_err(|_| unknown)?;
        let typ = parsed.header.typ.trim_start_matches("application/").to_ascii_lowercase();
        let server =
            self.servers.iter().find(|server| parsed.hint("iss") == Some(server.issuer.as_str())).ok_or(unknown)?;
        let claims = parsed.verified(&server.keys).map_err(|_| unknown)?;
        let seconds = |name: &str| claims[name].as_f64().map(|seconds| Time::from_seconds(seconds as i64));
        let lives = seconds("exp").is_some_and(|end| now < end.plus_seconds(SKEW_SECONDS))
            && seconds("nbf").is_none_or(|from| from <= now.plus_seconds(SKEW_SECONDS));
        let is_ours = match &claims["aud"] {
            Value::String(one) => *one == server.audience,
            Value::Array(several) => several.iter().any(|one| one.as_str() == Some(server.audience.as_str())),
            _ => false,
        };
        if typ != "at+jwt" || !lives || !is_ours {
            return Err(unknown);
        }
        let client = claims["client_id"].as_str().ok_or(unknown)?;
        let name = server.clients.get(client).ok_or(unknown)?;
        let scopes: Vec<&str> = claims["scope"].as_str().unwrap_or_default().split(' ').collect();
        let enough = match purpose {
            Purpose::Read => scopes.contains(&"ssf.read") || scopes.contains(&"ssf.manage"),
            Purpose::Manage => scopes.contains(&"ssf.manage"),
        };
        if enough { Ok(name.clone()) } else { Err(Denied::Scope) }
    }
}
