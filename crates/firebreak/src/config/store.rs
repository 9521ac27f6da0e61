//! `[[store]]`: a data store that is read again and again beside `run`.

use anyhow::{Result, bail};
use serde::Deserialize;
use std::path::PathBuf;

/// Which store, as whom it is read, and how much of it. `firebreak classify` says the same on its command line.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Where it is: a directory, `git PATH`, or an address that says its kind.
    pub address: String,
    /// What it is called on the map, where that is not what the store says.
    pub name: Option<String>,
    /// A reference to the password, the secret access key or the token.
    pub credential: Option<String>,
    /// A reference to the access key's id.
    pub access_key_id: Option<String>,
    /// Another server than the platform's own.
    pub endpoint: Option<String>,
    /// The bucket's region.
    pub region: Option<String>,
    /// MiB of the sample; everything where it is not said.
    pub budget_mib: Option<u32>,
    /// MiB that are read in a second at most.
    pub rate_mib: Option<u32>,
    /// A program that reads what is written in pictures, with its words between spaces: `tesseract stdin stdout`. Nobody does
    /// where it is not said.
    pub letters: Option<String>,
    /// Classes of the owner's own.
    pub classes: Option<PathBuf>,
    /// How often `run` reads it again; once a day where it is not said.
    pub every_minutes: Option<u32>,
}

impl StoreConfig {
    /// How often `run` reads it again, in minutes.
    pub fn minutes(&self) -> u32 {
        self.every_minutes.unwrap_or(24 * 60)
    }

    /// # Errors
    /// If it names no store, or numbers that mean nothing.
    pub fn check(&self) -> Result<()> {
        if self.address.is_empty() {
            bail!(
                "`store.address` is missing\nhint: name a directory, `git PATH`, or an address such as `s3://bucket`"
            );
        }
        if self.letters.as_ref().is_some_and(|program| program.trim().is_empty()) {
            bail!("`store.letters` of `{}` names no program\nhint: leave it out", self.address);
        }
        let numbers =
            [("budget_mib", self.budget_mib), ("rate_mib", self.rate_mib), ("every_minutes", self.every_minutes)];
        match numbers.iter().find(|(_, number)| *number == Some(0)) {
            Some((key, _)) => bail!("`store.{key}` of `{}` is 0\nhint: write 1 or more, or leave it out", self.address),
            None => Ok(()),
        }
    }
}
