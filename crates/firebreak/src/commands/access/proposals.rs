//! Proposals as a file: to be looked at for a while before anybody applies them, and what to put back.

use crate::access::{Aws, Proposed};
use anyhow::{Context, Result, bail};
use firebreak_model::{Text, Time};
use firebreak_world::World;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
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

impl Proposals {
    /// The documents by ARN.
    pub(super) fn policies(&self) -> BTreeMap<Text, Vec<Value>> {
        self.identities.iter().map(|one| (one.arn.clone(), one.documents.clone())).collect()
    }
}

/// Writes what is proposed for everyone.
pub(super) fn write(world: &World, directory: &Path, made: Time, aws: &Aws) -> Result<()> {
    let identities = aws.subjects.iter().filter_map(|subject| Proposed::of(aws, subject)).collect();
    let file = Proposals { format: FORMAT.to_owned(), made, identities };
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
