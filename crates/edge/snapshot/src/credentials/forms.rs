//! Values whose public part is read off: AWS key ids, database addresses, web tokens.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use firebreak_model::NodeKey;
use serde_json::Value;
use zeroize::Zeroizing;

/// Whether `text` is the public id of an AWS key.
pub(super) fn is_aws_key_id(text: &str) -> bool {
    text.len() == 20
        && (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The role and the password of `postgres://role:password@host:port/database`.
pub(super) fn postgres(value: &str) -> Option<(NodeKey, &str)> {
    let (scheme, rest) = value.split_once("://")?;
    if !matches!(scheme.split('+').next(), Some("postgres" | "postgresql")) {
        return None;
    }
    let authority = rest.split(['/', '?']).next()?;
    let (user, host) = authority.rsplit_once('@')?;
    let (role, password) = user.split_once(':')?;
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let named = !host.is_empty() && !role.is_empty() && !super::names::is_placeholder(password);
    named.then(|| (NodeKey::credential("postgres", &format!("{host}/{role}")), password))
}

/// The claims of a web token. Nothing is verified: they are what it says of itself.
pub(super) fn claims(token: &[u8]) -> Option<Value> {
    let body = token.split(|byte| *byte == b'.').nth(1)?;
    let body = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).ok()?);
    serde_json::from_slice(&body).ok()
}

/// The password of `user:password` in base64.
pub(super) fn basic(text: &str) -> Option<Zeroizing<String>> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
    let text = std::str::from_utf8(&bytes).ok()?;
    text.split_once(':').map(|(_, password)| Zeroizing::new(password.trim_end_matches('\0').to_owned()))
}
