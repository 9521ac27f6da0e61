//! What a transmitter says of itself at `/.well-known/ssf-configuration` (SSF 1.0, section 7).

use crate::stream::{POLL, PUSH};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where a transmitter's doors are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Metadata {
    /// Which version of SSF it speaks.
    #[serde(default)]
    pub spec_version: String,
    /// Who it is.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// How it delivers.
    #[serde(default)]
    pub delivery_methods_supported: Vec<String>,
    /// Where streams are made.
    #[serde(default)]
    pub configuration_endpoint: String,
    /// Where their status is.
    #[serde(default)]
    pub status_endpoint: String,
    /// Where subjects are added.
    #[serde(default)]
    pub add_subject_endpoint: String,
    /// Where they are removed.
    #[serde(default)]
    pub remove_subject_endpoint: String,
    /// Where a verification is asked for.
    #[serde(default)]
    pub verification_endpoint: String,
    /// Which authorisation it takes.
    #[serde(default)]
    pub authorization_schemes: Vec<Value>,
    /// Whether streams begin with all subjects or none.
    #[serde(default)]
    pub default_subjects: String,
}

impl Metadata {
    /// Ours.
    pub fn of(issuer: &str) -> Metadata {
        let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
        Metadata {
            spec_version: "1_0".to_owned(),
            issuer: issuer.to_owned(),
            jwks_uri: at("/ssf/jwks.json"),
            delivery_methods_supported: vec![PUSH.to_owned(), POLL.to_owned()],
            configuration_endpoint: at("/ssf/streams"),
            status_endpoint: at("/ssf/status"),
            add_subject_endpoint: at("/ssf/subjects:add"),
            remove_subject_endpoint: at("/ssf/subjects:remove"),
            verification_endpoint: at("/ssf/verify"),
            authorization_schemes: vec![json!({"spec_urn": "urn:ietf:rfc:6749"})],
            default_subjects: "ALL".to_owned(),
        }
    }

    /// Where the metadata of `issuer` are: between its host and its path.
    pub fn url(issuer: &str) -> Option<String> {
        let (scheme, rest) = issuer.split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.trim_end_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        Some(format!("{scheme}://{host}/.well-known/ssf-configuration{path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_between_host_and_path() {
        for (issuer, url) in [
            ("https://tr.example.com", "https://tr.example.com/.well-known/ssf-configuration"),
            ("https://tr.example.com/", "https://tr.example.com/.well-known/ssf-configuration"),
            ("https://tr.example.com/issuer1", "https://tr.example.com/.well-known/ssf-configuration/issuer1"),
        ] {
            assert_eq!(Metadata::url(issuer).as_deref(), Some(url));
        }
        assert_eq!(Metadata::url("tr.example.com"), None);
    }
}
