//! `[guardrail]`: where gateways ask, and what they are told.

use serde::Deserialize;
use std::path::PathBuf;

/// `[guardrail]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardrailConfig {
    /// Where gateways ask, on this machine alone.
    pub listen: String,
    /// A reference to the token that a gateway shows.
    pub token: Option<String>,
    /// The owner's own Cedar policies, in place of those shipped.
    pub policies: Vec<PathBuf>,
    /// The owner's own classes.
    pub classes: Option<PathBuf>,
    /// Whether the gateway puts masked texts into answers that stream.
    pub masks_answers: bool,
}

impl Default for GuardrailConfig {
    fn default() -> GuardrailConfig {
        GuardrailConfig {
            listen: "127.0.0.1:9472".to_owned(),
            token: None,
            policies: Vec::new(),
            classes: None,
            masks_answers: false,
        }
    }
}
