//! Proposals as a file: to be looked at for a while before anybody applies them, and what to put back.

use crate::access::Aws;
use anyhow::{Context, Result, bail};
use firebreak_model::{Text, Time};
use firebreak_world::World;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const FORMAT: &str = "firebreak.access/1";

/// The file's name in a directory of proposals.
const NAME: &str = "proposals.json";

/// What was proposed, when.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Proposals {
    format: String,
    /// The end of the window of use that they were made of.
    pub(super) made: Time,
    pub(super) identities: Vec<Proposed>,
}

/// What is proposed for one identity.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Proposed {
    pub(super) arn: Text,
    /// Inline and managed policies that it has: what to put back.
    pub(super) before: Vec<Before>,
    pub(super) documents: Vec<Value>,
    /// Whether IAM takes the documents.
    #[serde(default = "yes")]
    pub(super) fits: bool,
    /// ARNs of managed policies whose text was not given: they stay.
    #[serde(default)]
    pub(super) absent: Vec<Text>,
    /// The policies of its groups.
    #[serde(default)]
    pub(super) beside: Vec<Value>,
    /// What was refused to it in the window, whatever it was granted.
    #[serde(default)]
    pub(super) refused: BTreeSet<String>,
    /// Calls in the window, and the last of them.
    #[serde(default)]
    pub(super) calls: u64,
    #[serde(default)]
    pub(super) last: Option<Time>,
}

/// A policy that it has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Before {
    pub(super) name: Text,
    /// Of a managed policy.
    pub(super) arn: Option<Text>,
    pub(super) document: Value,
}

const fn yes() -> bool {
    true
}

impl Proposals {
    /// The documents by ARN.
    pub(super) fn policies(&self) -> BTreeMap<Text, Vec<Value>> {
        self.identities.iter().map(|one| (one.arn.clone(), one.documents.clone())).collect()
    }
}

/// Writes what is proposed for everyone.
pub(super) fn write(world: &World, directory: &Path, made: Time, aws: &Aws) -> Result<()> {
    let proposed = aws.subjects.iter().filter(|subject| subject.skipped.is_none()).map(|subject| {
        let granted = subject.identity.granted.iter().map(|granted| Before {
            name: granted.name.clone(),
            arn: granted.arn.clone(),
            document: granted.document.clone(),
        });
        let documents = subject.proposal.documents.clone();
        Proposed {
            arn: subject.identity.arn.clone(),
            before: granted.collect(),
            documents,
            fits: subject.proposal.fits,
            absent: subject.identity.absent.clone(),
            beside: aws.beside(&subject.identity),
            refused: subject.refused.clone(),
            calls: subject.usage.calls(),
            last: subject.usage.last(),
        }
    });
    let file = Proposals { format: FORMAT.to_owned(), made, identities: proposed.collect() };
    let text = serde_json::to_string_pretty(&file)? + "\n";
    world.disk.make_directory(directory)?;
    Ok(world.disk.write(&directory.join(NAME), text.as_bytes())?)
}

/// Reads the file, or that of its name in a directory.
///
/// # Errors
/// If it is not there or of another format.
pub(super) fn read(world: &World, path: &Path) -> Result<Proposals> {
    let file = if world.disk.is_directory(path) { path.join(NAME) } else { path.to_owned() };
    let hint = "hint: `firebreak access --output DIR` writes it";
    let bytes = world.disk.read(&file).with_context(|| format!("`{}` cannot be read\n{hint}", file.display()))?;
    let proposals: Proposals =
        serde_json::from_slice(&bytes).with_context(|| format!("`{}` holds no proposals\n{hint}", file.display()))?;
    if proposals.format != FORMAT {
        bail!("`{}` is of the format `{}`, not `{FORMAT}`\n{hint}", file.display(), proposals.format);
    }
    Ok(proposals)
}
