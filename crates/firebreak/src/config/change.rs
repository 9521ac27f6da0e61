//! `[change]`: what people ask to have changed on a quiet day.

use serde::Deserialize;
use std::path::PathBuf;

/// `[change]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeConfig {
    /// The owner's own Cedar policies for changes, in place of the one that is shipped.
    pub policies: Vec<PathBuf>,
    /// For how many hours after a change the first refusal that it causes takes it back.
    pub watch_hours: u32,
}

impl Default for ChangeConfig {
    fn default() -> ChangeConfig {
        ChangeConfig { policies: Vec::new(), watch_hours: 168 }
    }
}
