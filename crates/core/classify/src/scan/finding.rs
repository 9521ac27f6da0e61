//! What a scan says: classes, places and reasons, never values.

use firebreak_model::DataClass;
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// How sure a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The form fits and nothing else speaks for it.
    Low,
    /// Its form is rare by chance, or what stands beside it says so.
    Medium,
    /// A checksum or a form of its own, and what stands beside it does not speak against it.
    High,
}

/// One finding. The value itself is in none of its fields.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// What it is: `ssn`, `provider_token`, a customer's own class.
    pub class: DataClass,
    /// Who issued it, for tokens; the country or kind, for documents.
    pub provider: Option<&'static str>,
    /// Where it stands, in bytes from the beginning of what was fed.
    pub range: Range<u64>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why.
    pub why: Why,
    /// A keyed fingerprint of the value without its separators.
    pub fingerprint: String,
}

/// What a whole document is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Document {
    /// What it is: `tax_form`, `interview_transcript`, `source_code`, `training_data`, `model_weights`, `identity_document`.
    pub class: DataClass,
    /// Which: `W-9`, `safetensors`.
    pub kind: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why: one short phrase each.
    pub why: Vec<String>,
}

/// A candidate before it is settled: what its reader knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    /// Its class.
    pub(crate) class: &'static str,
    /// Its provider.
    pub(crate) provider: Option<&'static str>,
    /// Where, in the window.
    pub(crate) range: Range<usize>,
    /// How sure.
    pub(crate) confidence: Confidence,
    /// Why.
    pub(crate) why: Why,
    /// What else may say the same place better: higher wins.
    pub(crate) rank: u8,
}

/// Reasons: what the form of a value says, and what stands beside it. Holds no bytes of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Why {
    /// What its form says.
    pub form: &'static str,
    /// The cue that stands beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cue: Option<&'static str>,
    /// Where the cue stands.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub place: &'static str,
}

impl Why {
    /// By its form alone.
    pub(crate) fn form(form: &'static str) -> Why {
        Why { form, ..Why::default() }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form)?;
        self.cue.map_or(Ok(()), |cue| write!(f, "; `{cue}` {}", self.place))
    }
}
