//! Actions: what a responder can do to one target, named the same way in facts, cuts, plans and the ledger.

use crate::{NodeKey, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One action on one target: `aws_access_key/deactivate` on `credential:aws/AKIA…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Action {
    /// The responder's folder, a slash and its verb.
    pub name: Text,
    /// What it acts on.
    pub target: NodeKey,
    /// What the responder needs beside the target (account, user name, database…). Never a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<Text, Text>,
}

impl Action {
    /// The responder's folder: `aws_access_key` in `aws_access_key/deactivate`.
    pub fn responder(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The verb: `deactivate` in `aws_access_key/deactivate`.
    pub fn verb(&self) -> &str {
        self.name.split_once('/').map_or("", |(_, verb)| verb)
    }
}

/// Whether what an action does can be taken back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// Undo restores the state before, and nothing else.
    Reversible,
    /// Undo also lets in whoever still holds the old credential: gated on rotation.
    ReversibleReissuesAccess,
    /// The thing can be made anew from the record, but is not the same thing.
    RecreateOnly,
    /// It cannot be taken back.
    Irreversible,
}

/// What the owner allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutPolicy {
    /// The gate decides.
    Allowed,
    /// A person must approve, whatever else the gate says.
    NeedsPerson,
    /// May never be cut: its cost is infinite.
    Never,
}

/// One way to cut a node or an edge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CutOption {
    /// What to do.
    pub action: Action,
    /// What it costs the business, from 1 (nobody used it in 30 days) to 1,000,000.
    pub cost: u32,
    /// Seconds until it denies everywhere, as the platform documents or as measured.
    pub delay_seconds: u32,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// What the owner allows.
    pub policy: CutPolicy,
}
