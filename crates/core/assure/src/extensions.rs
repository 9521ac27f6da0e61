//! Extensions of editors, as snapshots of environments list them: which, in which versions, where. An extension runs with all rights of
//! whoever edits, and many send what is edited to a service.

use firebreak_model::{EnvironmentEvidence, NodeKey, ObservationKind, Text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The ecosystem under which snapshots list extensions of editors.
const ECOSYSTEM: &str = "OpenVSX";

/// One extension.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Extension {
    /// Publisher, dot, name.
    pub name: Text,
    /// Who publishes it: what stands before the dot.
    pub publisher: Text,
    /// Its versions, wherever they are.
    pub versions: BTreeSet<Text>,
    /// Where it is installed.
    pub environments: BTreeSet<NodeKey>,
}

/// Every extension that `evidence` shows, those in the most environments first.
pub fn extensions<'e>(evidence: impl IntoIterator<Item = &'e EnvironmentEvidence>) -> Vec<Extension> {
    let mut all: BTreeMap<Text, Extension> = BTreeMap::new();
    for one in evidence {
        for observation in &one.observations {
            let ObservationKind::Installed { ecosystem, name, version, .. } = &observation.what else { continue };
            if !ecosystem.eq_ignore_ascii_case(ECOSYSTEM) {
                continue;
            }
            // Names of extensions have no case.
            let name = Text::new(name.to_ascii_lowercase());
            let publisher = name.split('.').next().unwrap_or_default();
            let new = || Extension {
                publisher: Text::new(publisher),
                name: name.clone(),
                versions: BTreeSet::new(),
                environments: BTreeSet::new(),
            };
            let extension = all.entry(name.clone()).or_insert_with(new);
            extension.versions.insert(version.clone());
            extension.environments.insert(one.environment.clone());
        }
    }
    let mut all: Vec<Extension> = all.into_values().collect();
    all.sort_by(|a, b| b.environments.len().cmp(&a.environments.len()).then_with(|| a.name.cmp(&b.name)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::Observation;

    fn evidence(place: &str, installed: &[(&str, &str, &str)]) -> EnvironmentEvidence {
        let observation = |(ecosystem, name, version): &(&str, &str, &str)| Observation {
            time: None,
            evidence: Text::new("snapshot"),
            what: ObservationKind::Installed {
                ecosystem: Text::new(ecosystem),
                name: Text::new(name),
                version: Text::new(version),
                sha256: None,
            },
        };
        EnvironmentEvidence {
            environment: NodeKey::environment("host", place),
            runs: Vec::new(),
            observations: installed.iter().map(observation).collect(),
            gaps: Vec::new(),
        }
    }

    #[test]
    fn one_extension_is_one_however_its_name_is_written_and_packages_are_none() {
        let all = [
            evidence("laptop-7", &[("OpenVSX", "Acme.Helper", "1.0.0"), ("npm", "acme.helper", "9.9.9")]),
            evidence("laptop-8", &[("OpenVSX", "acme.helper", "1.1.0"), ("OpenVSX", "other.theme", "0.1.0")]),
        ];
        let found = extensions(&all);
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["acme.helper", "other.theme"]);
        assert_eq!((found[0].environments.len(), found[0].versions.len(), found[0].publisher.as_str()), (2, 2, "acme"));
    }
}
