//! What public records say of the packages that a verdict is about.
//!
//! They decide no verdict: a profile does, and names its advisories. A record that was taken back is said so.

use crate::config::Config;
use anyhow::{Result, anyhow};
use firebreak_advisory::Answer;
use firebreak_advisory_store::Store;
use firebreak_exposure::Profile;
use firebreak_model::{EnvironmentEvidence, ObservationKind};
use firebreak_package::Ecosystem;
use firebreak_world::World;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An index, where there is one.
pub(super) struct Records(Option<Store>);

impl Records {
    /// Opens the index that was named, else the one in the data directory if it is there.
    pub(super) fn open(world: &World, named: Option<&Path>, config: &Config) -> Result<Records> {
        let data = config.data.clone().unwrap_or_else(|| PathBuf::from("firebreak-data"));
        let usual = data.join("advisories.index");
        let Some(path) = named.or_else(|| usual.exists().then_some(usual.as_path())) else { return Ok(Records(None)) };
        let store = Store::open(world.disk.as_ref(), path).map_err(|error| {
            anyhow!(
                "cannot read `{}`: {error}\nhint: `firebreak advisories update <paths...>` makes it",
                path.display()
            )
        })?;
        store.index()?;
        Ok(Records(Some(store)))
    }

    /// What they say of the packages in `evidence` that `profile` names, and of the profile's own advisories.
    pub(super) fn of(&self, profile: &Profile, evidence: &EnvironmentEvidence) -> Result<Vec<String>> {
        let Some(store) = &self.0 else { return Ok(Vec::new()) };
        let index = store.index()?;
        let mut said = Vec::new();
        for (ecosystem, name, version) in packages(profile, evidence) {
            let found = index.look_up(ecosystem, name, Some(version))?;
            let package = format!("{name} {version}");
            for one in &found.matches {
                let what = if one.malicious { "malware" } else { "advisory" };
                let says = if one.answer == Answer::Affected { "names" } else { "cannot say of" };
                let (id, why) = (index.id(one.record)?, index.why(one, Some(version)));
                said.push(format!("{what} {id} {says} {package}: {why}"));
            }
            said.extend(found.withdrawn.iter().map(|id| format!("advisory {id} about {name} was withdrawn")));
            if found.matches.is_empty() {
                said.push(format!("no public record in the index names {package}"));
            }
        }
        for id in &profile.advisories {
            if let Some(place) = index.by_id(id)?
                && let Some(when) = index.record(place)?.withdrawn
            {
                said.push(format!("advisory {id}, which the profile cites, was withdrawn at {when}"));
            }
        }
        Ok(said)
    }
}

/// The packages that the profile names, each version once.
fn packages<'e>(profile: &Profile, evidence: &'e EnvironmentEvidence) -> BTreeSet<(&'e str, &'e str, &'e str)> {
    let named = evidence.observations.iter().filter_map(|observation| match &observation.what {
        ObservationKind::Installed { ecosystem, name, version, .. }
        | ObservationKind::Locked { ecosystem, name, version, .. } => Some((ecosystem, name, version)),
        _ => None,
    });
    let wanted = named.filter(|(ecosystem, name, _)| profile.named(&Ecosystem::of(ecosystem), name).next().is_some());
    wanted.map(|(ecosystem, name, version)| (ecosystem.as_str(), name.as_str(), version.as_str())).collect()
}
