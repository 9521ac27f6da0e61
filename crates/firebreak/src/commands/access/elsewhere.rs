//! What other platforms than AWS granted, against its use.

use super::Output;
use crate::output::{count, counted, short};
use firebreak_assure::Doings;
use firebreak_assure::grants::{Form, Grant, Silent, Use, grants, silent_credentials};
use firebreak_model::{Fact, Time};
use firebreak_world::World;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Grants and credentials of every other platform.
pub(super) struct Elsewhere {
    pub(super) grants: Vec<Grant>,
    pub(super) silent: Vec<Silent>,
}

/// How many of each.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Counts {
    used: u64,
    unused: u64,
    untold: u64,
}

impl Elsewhere {
    pub(super) fn of(facts: &[Fact], at: Time, doings: &Doings) -> Elsewhere {
        Elsewhere { grants: grants(facts, at, doings), silent: silent_credentials(facts, at, doings) }
    }

    /// By the system that granted.
    pub(super) fn counts(&self) -> BTreeMap<String, Counts> {
        let mut all: BTreeMap<String, Counts> = BTreeMap::new();
        for grant in &self.grants {
            let counts = all.entry(grant.on.system().to_owned()).or_default();
            match grant.uses {
                Use::Used => counts.used += 1,
                Use::Unused => counts.unused += 1,
                Use::Untold => counts.untold += 1,
            }
        }
        all
    }

    pub(super) fn show(&self, most: usize, output: Output) {
        for (system, counts) in self.counts() {
            output.paragraph(
                0,
                &format!(
                    "{system}: {} used, {} never used, {} of which no record tells",
                    counted(counts.used, "grant"),
                    count(counts.unused),
                    count(counts.untold)
                ),
            );
        }
        let remedies = self.grants.iter().filter_map(|grant| Some((grant, grant.remedy.as_ref()?)));
        for (grant, remedy) in remedies.take(most) {
            output.text(format!("  {} on {}", short(grant.holder.as_str(), 46), short(grant.on.as_str(), 46)));
            remedy.text.lines().for_each(|line| output.text(format!("    {line}")));
        }
        if !self.silent.is_empty() {
            let names: Vec<&str> = self.silent.iter().take(most).map(|one| one.key.as_str()).collect();
            output.paragraph(
                0,
                &format!(
                    "{} that no record names: {}",
                    counted(self.silent.len() as u64, "credential"),
                    names.join(", ")
                ),
            );
        }
        output.text("");
    }

    /// Writes the changes, a file for each form of words and system.
    pub(super) fn write(&self, world: &World, directory: &Path) -> std::io::Result<()> {
        let mut files: BTreeMap<(String, &str, &str), String> = BTreeMap::new();
        for grant in &self.grants {
            let Some(remedy) = &grant.remedy else { continue };
            let (name, between) = match remedy.form {
                Form::Sql => ("revoke.sql", "\n"),
                Form::KubernetesRole => ("roles.yaml", "---\n"),
                Form::Github => ("calls.txt", "\n"),
                Form::OauthScopes => ("scopes.txt", "\n"),
                Form::GooglePermission | Form::Words => ("changes.txt", "\n"),
            };
            let file = files.entry((super::folder_name(grant.on.system()), name, between)).or_default();
            file.push_str(&remedy.text);
            file.push_str(between);
        }
        for ((system, name, _), text) in files {
            let folder = directory.join(system);
            world.disk.make_directory(&folder)?;
            world.disk.write(&folder.join(name), text.as_bytes())?;
        }
        Ok(())
    }
}
