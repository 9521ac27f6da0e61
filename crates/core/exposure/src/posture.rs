//! Posture all year: what is weak about the packages that environments ask for, before anything happens.
//!
//! Evidence tells what is unpinned, without a digest or without a cool-down. What only a registry knows (publishers,
//! provenance, tags, install scripts) comes as [`PackageFacts`] that the owner or a collector supplies: what it does not
//! say stays unknown, and unknown is neither a weakness nor a strength. Which package stands nearest to the keys is the
//! graph's to say; [`rank`] joins both.

use crate::asked;
use crate::line;
use crate::profile::Artefact;
use firebreak_model::{EnvironmentEvidence, NodeKey, ObservationKind, Text};
use firebreak_package::Ecosystem;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of one package from its registry and its repository.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageFacts {
    /// OSV ecosystem.
    pub ecosystem: Text,
    /// Its name.
    pub name: Text,
    /// How many accounts may publish it.
    #[serde(default)]
    pub publishers: Option<u32>,
    /// Whether installing it runs a script of its own.
    #[serde(default)]
    pub install_scripts: Option<bool>,
    /// Releases, from the oldest to the newest.
    #[serde(default)]
    pub releases: Vec<ReleaseFacts>,
}

/// What is known of one release.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFacts {
    /// Its version.
    pub version: Text,
    /// Whether it carries an attestation of what built it.
    #[serde(default)]
    pub provenance: Option<bool>,
    /// Whether its repository has a tag for it.
    #[serde(default)]
    pub tagged: Option<bool>,
}

/// One thing that is weak.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Weakness {
    /// What an install gives is not fixed.
    Unpinned {
        /// What was written.
        reference: Text,
    },
    /// It came with something else that was asked for without fixing what comes, and no lock names it: a new release of it comes
    /// the same way.
    Resolved,
    /// A lock fixes the version and no digest.
    NoDigest,
    /// Nothing fixes it, and no cool-down holds new releases back.
    NoCoolDown,
    /// One account alone may publish it.
    SinglePublisher,
    /// Installing it runs a script.
    InstallScript,
    /// The newest release carries no attestation, nor did any before.
    NoProvenance,
    /// Releases carried attestations until this one.
    ProvenanceLost {
        /// The newest release that has none.
        version: Text,
    },
    /// The newest release has no tag in its repository.
    Untagged {
        /// Its version.
        version: Text,
    },
}

impl Weakness {
    /// Whether another release, or other content, can come by itself where this is so.
    pub fn lets_in(&self) -> bool {
        matches!(self, Weakness::Unpinned { .. } | Weakness::Resolved | Weakness::NoDigest)
    }

    /// How much it weighs beside others of the same package: a release that nobody's build vouches for any more weighs most.
    pub fn weight(&self) -> u32 {
        match self {
            Weakness::ProvenanceLost { .. } => 8,
            Weakness::Untagged { .. } => 6,
            Weakness::Unpinned { .. } | Weakness::Resolved => 5,
            Weakness::NoCoolDown => 4,
            Weakness::SinglePublisher | Weakness::InstallScript => 3,
            Weakness::NoDigest => 2,
            Weakness::NoProvenance => 1,
        }
    }
}

/// A package as asked for by name: ecosystem word and canonical name.
pub type Package = (Text, Text);

/// What is weak about each package that `evidence` names, by what evidence and `facts` say.
pub fn weaknesses(evidence: &EnvironmentEvidence, facts: &[PackageFacts]) -> BTreeMap<Package, BTreeSet<Weakness>> {
    let mut found: BTreeMap<Package, BTreeSet<Weakness>> = BTreeMap::new();
    let package = |ecosystem: &str, name: &str| {
        let ecosystem = Ecosystem::of(ecosystem);
        (Text::new(ecosystem.word()), Text::new(ecosystem.canonical(name)))
    };
    let open: BTreeSet<Ecosystem> = evidence.observations.iter().filter_map(|one| asked_openly(&one.what)).collect();
    let fixed: BTreeSet<Package> = evidence
        .observations
        .iter()
        .filter_map(|one| match &one.what {
            ObservationKind::Locked { ecosystem, name, .. } => Some(package(ecosystem, name)),
            _ => None,
        })
        .collect();
    for observation in &evidence.observations {
        match &observation.what {
            ObservationKind::Unpinned { ecosystem, name, reference } if name != "*" => {
                let weak = found.entry(package(ecosystem, name)).or_default();
                weak.insert(Weakness::Unpinned { reference: reference.clone() });
                if !has_cool_down(evidence, ecosystem, name, reference) {
                    weak.insert(Weakness::NoCoolDown);
                }
            }
            ObservationKind::Locked { ecosystem, name, sha256, .. } => {
                let weak = found.entry(package(ecosystem, name)).or_default();
                if sha256.is_empty() {
                    weak.insert(Weakness::NoDigest);
                }
            }
            ObservationKind::Installed { ecosystem, name, .. } => {
                let own = package(ecosystem, name);
                // What was there before anything was asked for was not brought by that.
                let brought = observation.time.is_some() && open.contains(&Ecosystem::of(ecosystem));
                let resolved = brought && !fixed.contains(&own);
                let weak = found.entry(own).or_default();
                if resolved {
                    weak.insert(Weakness::Resolved);
                    if !has_cool_down(evidence, ecosystem, name, "") {
                        weak.insert(Weakness::NoCoolDown);
                    }
                }
            }
            _ => {}
        }
    }
    for facts in facts {
        if let Some(weak) = found.get_mut(&package(&facts.ecosystem, &facts.name)) {
            weak.extend(told(facts));
        }
    }
    found
}

/// The ecosystem in which something is asked for without fixing what comes.
fn asked_openly(what: &ObservationKind) -> Option<Ecosystem> {
    match what {
        ObservationKind::Unpinned { ecosystem, .. } => Some(Ecosystem::of(ecosystem)),
        _ => None,
    }
}

/// Whether any cool-down holds for this reference: one of its own, or one that the tool reads.
fn has_cool_down(evidence: &EnvironmentEvidence, ecosystem: &str, name: &str, reference: &str) -> bool {
    let own = line::cool_down(reference).is_some_and(|cool_down| !cool_down.is_off());
    let named = Artefact::named_only(Ecosystem::of(ecosystem), name);
    let tool = line::tool_of(reference);
    own || evidence
        .observations
        .iter()
        .any(|other| asked::governs(&named, &other.what, tool).is_some_and(|rule| !rule.is_off()))
}

/// What the facts themselves say. A release of which nothing is told decides nothing.
fn told(facts: &PackageFacts) -> Vec<Weakness> {
    let mut weak = Vec::new();
    if facts.publishers == Some(1) {
        weak.push(Weakness::SinglePublisher);
    }
    if facts.install_scripts == Some(true) {
        weak.push(Weakness::InstallScript);
    }
    let Some((newest, before)) = facts.releases.split_last() else { return weak };
    if newest.provenance == Some(false) {
        let had = before.iter().any(|release| release.provenance == Some(true));
        let known = before.iter().all(|release| release.provenance.is_some());
        if had {
            weak.push(Weakness::ProvenanceLost { version: newest.version.clone() });
        } else if known {
            weak.push(Weakness::NoProvenance);
        }
    }
    if newest.tagged == Some(false) {
        weak.push(Weakness::Untagged { version: newest.version.clone() });
    }
    weak
}

/// One package in the ranking.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Ranked {
    /// The package.
    pub package: Package,
    /// What is weak about it, the heaviest first.
    pub weaknesses: Vec<Weakness>,
    /// What its processes lead to, as the graph counts it (credentials and records); `None` where the graph does not know it.
    pub reach: Option<u64>,
    /// Environments that name it.
    pub environments: Vec<NodeKey>,
}

/// Whether an evil release of the package would come from somebody who could not read what its jobs read anyway: GitHub's own
/// actions come from GitHub, which runs those jobs and keeps their secrets.
pub fn adds_a_party((ecosystem, name): &Package) -> bool {
    let owner = name.split('/').next().unwrap_or_default();
    !(ecosystem.as_str() == "GitHub Actions" && matches!(owner, "actions" | "github"))
}

/// Joins what is weak with what is reached: by reach first, then by weight, then by name. A package of unknown reach
/// stands behind those of a known one that is not zero, and before those that reach nothing.
pub fn rank(
    found: &[(NodeKey, BTreeMap<Package, BTreeSet<Weakness>>)],
    reach: impl Fn(&Package) -> Option<u64>,
) -> Vec<Ranked> {
    let mut all: BTreeMap<&Package, (BTreeSet<&Weakness>, Vec<NodeKey>)> = BTreeMap::new();
    for (environment, packages) in found {
        for (package, weak) in packages {
            let entry = all.entry(package).or_default();
            entry.0.extend(weak);
            entry.1.push(environment.clone());
        }
    }
    let mut ranked: Vec<Ranked> = Vec::with_capacity(all.len());
    for (package, (weak, environments)) in all.into_iter().filter(|(_, (weak, _))| !weak.is_empty()) {
        let mut weaknesses: Vec<Weakness> = weak.into_iter().cloned().collect();
        weaknesses.sort_by_key(|weakness| std::cmp::Reverse(weakness.weight()));
        ranked.push(Ranked { package: package.clone(), weaknesses, reach: reach(package), environments });
    }
    let weight = |one: &Ranked| one.weaknesses.iter().map(Weakness::weight).sum::<u32>();
    let place = |one: &Ranked| match one.reach {
        Some(0) => (0, 0),
        None => (1, 0),
        Some(reach) => (2, reach),
    };
    ranked.sort_by(|a, b| {
        let by_weight = || weight(b).cmp(&weight(a)).then_with(|| a.package.cmp(&b.package));
        place(b).cmp(&place(a)).then_with(by_weight)
    });
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{Observation, Time};

    fn evidence(what: Vec<ObservationKind>) -> EnvironmentEvidence {
        let seen = |what| Observation { time: None, what, evidence: Text::new("requirements.txt:1") };
        let observations = what.into_iter().map(seen).collect();
        let environment = NodeKey::environment("host", "gateway");
        EnvironmentEvidence { environment, runs: Vec::new(), observations, gaps: Vec::new() }
    }

    fn open(name: &str, reference: &str) -> ObservationKind {
        let ecosystem = Text::new("PyPI");
        ObservationKind::Unpinned { ecosystem, name: Text::new(name), reference: Text::new(reference) }
    }

    fn locked(name: &str, sha256: Vec<Text>) -> ObservationKind {
        let (ecosystem, version) = (Text::new("PyPI"), Text::new("1.0"));
        ObservationKind::Locked { ecosystem, name: Text::new(name), version, sha256 }
    }

    #[test]
    fn the_platform_itself_is_no_further_party() {
        let package = |ecosystem: &str, name: &str| (Text::new(ecosystem), Text::new(name));
        assert!(!adds_a_party(&package("GitHub Actions", "actions/checkout")));
        assert!(!adds_a_party(&package("GitHub Actions", "github/codeql-action/analyze")));
        assert!(adds_a_party(&package("GitHub Actions", "actions-evil/checkout")));
        assert!(adds_a_party(&package("GitHub Actions", "docker/login-action")));
        assert!(adds_a_party(&package("npm", "github/x")));
    }

    fn facts(name: &str, provenance: &[Option<bool>], tagged: Option<bool>) -> PackageFacts {
        let release = |(at, provenance): (usize, &Option<bool>)| ReleaseFacts {
            version: Text::new(format!("1.{at}")),
            provenance: *provenance,
            tagged,
        };
        let releases = provenance.iter().enumerate().map(release).collect();
        PackageFacts {
            ecosystem: Text::new("PyPI"),
            name: Text::new(name),
            publishers: None,
            install_scripts: None,
            releases,
        }
    }

    fn of(found: &BTreeMap<Package, BTreeSet<Weakness>>, name: &str) -> Vec<Weakness> {
        let weak = found.get(&(Text::new("PyPI"), Text::new(name)));
        weak.into_iter().flatten().cloned().collect()
    }

    #[test]
    fn evidence_tells_what_is_open_and_what_holds_it_back() {
        let reference = Text::new("litellm>=1");
        let unpinned = Weakness::Unpinned { reference };
        let bare =
            evidence(vec![open("LiteLLM", "litellm>=1"), locked("a", Vec::new()), locked("b", vec![Text::new("0")])]);
        let found = weaknesses(&bare, &[]);
        assert_eq!(of(&found, "litellm"), [unpinned.clone(), Weakness::NoCoolDown]);
        assert_eq!((of(&found, "a"), of(&found, "b")), (vec![Weakness::NoDigest], Vec::new()));
        let age = |setting: &str, except: &[&str]| ObservationKind::ReleaseAge {
            ecosystem: Text::new("PyPI"),
            tool: Text::new("uv"),
            setting: Text::new(setting),
            except: except.iter().map(Text::new).collect(),
        };
        for (rule, held) in
            [(age("3 days", &[]), true), (age("false", &[]), false), (age("3 days", &["litellm"]), false)]
        {
            let found = weaknesses(&evidence(vec![open("litellm", "litellm>=1"), rule]), &[]);
            assert_eq!(!of(&found, "litellm").contains(&Weakness::NoCoolDown), held);
        }
    }

    #[test]
    fn what_an_open_install_brought_along_is_as_open() {
        let came = |name: &str, ecosystem: &str, time: Option<i64>| Observation {
            time: time.map(Time),
            what: ObservationKind::Installed {
                ecosystem: Text::new(ecosystem),
                name: Text::new(name),
                version: Text::new("1.0"),
                sha256: None,
            },
            evidence: Text::new("job.log:7"),
        };
        let mut job = evidence(vec![open("crewai", "pip install -U crewai"), locked("six", vec![Text::new("0")])]);
        for (name, ecosystem, time) in
            [("litellm", "PyPI", Some(7)), ("six", "PyPI", Some(7)), ("pip", "PyPI", None), ("left", "npm", Some(7))]
        {
            job.observations.push(came(name, ecosystem, time));
        }
        let found = weaknesses(&job, &[]);
        assert_eq!(of(&found, "litellm"), [Weakness::Resolved, Weakness::NoCoolDown]);
        assert_eq!((of(&found, "six"), of(&found, "pip")), (Vec::new(), Vec::new()), "locked; there before");
        assert_eq!(found.get(&(Text::new("npm"), Text::new("left"))), Some(&BTreeSet::new()), "another ecosystem");
        job.observations.remove(0);
        assert_eq!(of(&weaknesses(&job, &[]), "litellm"), [], "nothing was asked for openly");
    }

    #[test]
    fn what_facts_do_not_say_is_no_weakness() {
        let here = evidence(vec![locked("a", vec![Text::new("0")])]);
        let told = |facts: PackageFacts| of(&weaknesses(&here, &[facts]), "a");
        assert_eq!(told(facts("a", &[None, None], None)), []);
        assert_eq!(told(facts("a", &[Some(true), Some(true)], Some(true))), []);
        assert_eq!(told(facts("a", &[Some(false), Some(false)], None)), [Weakness::NoProvenance]);
        // Whether it had provenance before is not told.
        assert_eq!(told(facts("a", &[None, Some(false)], None)), []);
        let version = Text::new("1.1");
        let lost = Weakness::ProvenanceLost { version: version.clone() };
        assert_eq!(told(facts("a", &[Some(true), Some(false)], Some(false))), [lost, Weakness::Untagged { version }]);
        assert_eq!(told(PackageFacts { publishers: Some(1), ..facts("A", &[], None) }), [Weakness::SinglePublisher]);
        assert_eq!(told(facts("elsewhere", &[Some(false)], None)), []);
    }

    #[test]
    fn the_package_beside_the_keys_comes_first() {
        let gateway = weaknesses(&evidence(vec![open("litellm", "litellm>=1")]), &[]);
        let docs = weaknesses(&evidence(vec![open("sphinx", "sphinx"), open("jinja2", "jinja2"), open("x", "x")]), &[]);
        let found = [(NodeKey::environment("host", "gateway"), gateway), (NodeKey::environment("host", "docs"), docs)];
        let reach = |package: &Package| match package.1.as_str() {
            "litellm" => Some(40_000),
            "jinja2" => Some(3),
            "x" => Some(0),
            _ => None,
        };
        let names: Vec<String> = rank(&found, reach).iter().map(|one| one.package.1.to_string()).collect();
        assert_eq!(names, ["litellm", "jinja2", "sphinx", "x"]);
    }
}
