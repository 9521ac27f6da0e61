//! What is proposed for one identity, as it is written down: to be looked at for a while, applied, and put back.

use super::{Aws, Subject};
use firebreak_model::{Text, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What is proposed for one identity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proposed {
    /// Whose.
    pub arn: Text,
    /// Inline and managed policies that it has: what to put back.
    pub before: Vec<Before>,
    /// What stands in their place.
    pub documents: Vec<Value>,
    /// Whether IAM takes the documents.
    #[serde(default = "yes")]
    pub fits: bool,
    /// ARNs of managed policies whose text was not given: they stay.
    #[serde(default)]
    pub absent: Vec<Text>,
    /// The policies of its groups.
    #[serde(default)]
    pub beside: Vec<Value>,
    /// What was refused to it in the window, whatever it was granted.
    #[serde(default)]
    pub refused: BTreeSet<String>,
    /// Calls in the window.
    #[serde(default)]
    pub calls: u64,
    /// The last of them.
    #[serde(default)]
    pub last: Option<Time>,
}

/// A policy that it has.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Before {
    /// Its name.
    pub name: Text,
    /// Of a managed policy.
    pub arn: Option<Text>,
    /// Its text.
    pub document: Value,
}

const fn yes() -> bool {
    true
}

impl Proposed {
    /// What is proposed for `subject`; nothing where it is left alone.
    pub fn of(aws: &Aws, subject: &Subject) -> Option<Proposed> {
        if subject.skipped.is_some() {
            return None;
        }
        let granted = subject.identity.granted.iter().map(|granted| Before {
            name: granted.name.clone(),
            arn: granted.arn.clone(),
            document: granted.document.clone(),
        });
        Some(Proposed {
            arn: subject.identity.arn.clone(),
            before: granted.collect(),
            documents: subject.proposal.documents.clone(),
            fits: subject.proposal.fits,
            absent: subject.identity.absent.clone(),
            beside: aws.beside(&subject.identity),
            refused: subject.refused.clone(),
            calls: subject.usage.calls(),
            last: subject.usage.last(),
        })
    }

    /// Names what would change: the same for the same policies before and after, whatever was used since.
    pub fn digest(&self) -> String {
        let said = json!([self.arn, self.before, self.documents, self.absent]).to_string();
        hex::encode(&Sha256::digest(said)[..8])
    }
}
