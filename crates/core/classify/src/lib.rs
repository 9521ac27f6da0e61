//! Secrets and personal data in bytes: what a text holds that must not be kept, and the text without it.
//!
//! It is not a scanner of files and asks no platform whether a secret still works: bytes in, findings and bytes out.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod anchor;
mod aws;
mod checksum;
mod custom;
mod generic;
mod person;
mod personal;
mod provider;
mod redact;
mod run;
mod scan;
mod token;

pub use custom::{ClassError, CustomClass, read_classes};
pub use personal::{Personal, personal};
pub use provider::providers;
pub use redact::{FoundSecret, Redacted, hide, redact};
pub use scan::{Classes, Confidence, Document, Finding, Finished, Hint, Scanner, Why, is_secret, scan};

use serde::{Deserialize, Serialize};

/// What a secret is good for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// The secret half of an AWS access key. Its id (`AKIA…`, `ASIA…`) is public and is never touched.
    AwsSecretKey,
    /// An AWS session token.
    AwsSessionToken,
    /// A GitHub token of any kind.
    GithubToken,
    /// A Slack token.
    SlackToken,
    /// A key of the OpenAI API.
    OpenaiKey,
    /// A key of the Anthropic API.
    AnthropicKey,
    /// A virtual key of a LiteLLM gateway.
    LitellmKey,
    /// A PyPI upload token.
    PypiToken,
    /// An npm access token.
    NpmToken,
    /// A Google API key.
    GoogleApiKey,
    /// A signed JSON web token.
    Jwt,
    /// A private key in PEM form.
    PrivateKey,
    /// The password in a URL.
    UrlPassword,
    /// A bearer token of no known issuer.
    BearerToken,
}

impl SecretKind {
    /// Whether only the place says that this is a secret, not its own form.
    fn is_generic(self) -> bool {
        matches!(self, SecretKind::UrlPassword | SecretKind::BearerToken)
    }
}
