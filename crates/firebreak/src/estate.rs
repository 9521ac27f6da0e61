//! The estate as inventories tell it: facts for the graph, evidence for verdicts, a catalogue for detection.

use firebreak_exposure::Profile;
use firebreak_graph::{Graph, Join, Ruling, join};
use firebreak_inventory::{Notes, Setting, Survey, settle, survey};
use firebreak_model::{Catalogue, EnvironmentEvidence, Fact, NodeKey, NodeKind, Problem, Time};
use firebreak_package::Ecosystem;
use firebreak_world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Which packages belong on a map. A fleet has millions, and most lead nowhere that anybody asks about.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// All of them.
    pub all: bool,
    /// Every version of these: ecosystem and name as the ecosystem spells it.
    named: BTreeSet<(Ecosystem, String)>,
}

impl Packages {
    /// All that there are.
    pub fn all() -> Packages {
        Packages { all: true, ..Packages::default() }
    }

    /// Those that incident profiles name.
    pub fn of(profiles: &[Profile]) -> Packages {
        let artefacts = profiles.iter().flat_map(|profile| &profile.artefacts);
        let named = artefacts.flat_map(|one| one.names.iter().map(|name| (one.ecosystem.clone(), name.to_string())));
        Packages { all: false, named: named.collect() }
    }

    /// And those among `keys`, which someone asks about.
    pub fn and(mut self, keys: &[String]) -> Packages {
        self.named.extend(keys.iter().filter_map(|key| name(&NodeKey::parse(key)?)));
        self
    }

    /// Those that are named: ecosystem and name.
    pub fn named(&self) -> impl Iterator<Item = &(Ecosystem, String)> {
        self.named.iter()
    }

    /// Whether the map wants this package.
    pub fn want(&self, key: &NodeKey) -> bool {
        self.all || name(key).is_some_and(|name| self.named.contains(&name))
    }
}

/// The ecosystem and the name in the key of a package.
fn name(key: &NodeKey) -> Option<(Ecosystem, String)> {
    parts(key).map(|(ecosystem, name, _)| (ecosystem, name))
}

/// The key of a package as the map spells it: whoever writes `package:pypi/LiteLLM@1.82.8` means `litellm`. `None` for what is
/// no version of a package.
pub fn canonical(key: &NodeKey) -> Option<NodeKey> {
    let (ecosystem, name, version) = parts(key)?;
    Some(NodeKey::package(ecosystem.word(), &name, version?))
}

fn parts(key: &NodeKey) -> Option<(Ecosystem, String, Option<&str>)> {
    if key.kind() != NodeKind::Package {
        return None;
    }
    let (ecosystem, rest) = key.rest().split_once('/')?;
    let ecosystem = Ecosystem::of(ecosystem);
    // The `@` that a scoped name begins with is before no version.
    let (name, version) = match rest.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (name, Some(version)),
        _ => (rest, None),
    };
    let name = ecosystem.canonical(name).into_owned();
    Some((ecosystem, name, version))
}

/// Everything known from inventories.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Statements about the estate: one key for each thing, every node named, usual cuts added.
    pub facts: Vec<Fact>,
    /// What is known of what ran where.
    pub evidence: Vec<EnvironmentEvidence>,
    /// Settings of platforms.
    pub settings: Vec<Setting>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What was joined, what was not, and why.
    pub joins: Vec<Join>,
}

impl Estate {
    /// Reads every file below the directories that a scanner recognises, and joins what they say. `known` is when. Packages
    /// that `packages` wants are on the map.
    pub fn read(world: &World, directories: &[PathBuf], known: Time, packages: &Packages) -> Estate {
        let Survey { parts, evidence, settings, problems } =
            survey(world, directories, known, &|key| packages.want(key));
        let (mut facts, mut notes) = (Vec::new(), Notes::default());
        for part in parts {
            facts.extend(part.facts);
            notes.extend(part.notes);
        }
        Estate { settings, ..Estate::settled(facts, notes).with(evidence, problems) }
    }

    /// What `facts` of several scopes come to: joined, and then settled as the owner wants it.
    pub fn settled(facts: Vec<Fact>, mut notes: Notes) -> Estate {
        let ruling = Ruling {
            refuse: notes.joins.refuse.iter().cloned().collect(),
            confirm: notes.joins.confirm.iter().cloned().collect(),
        };
        let joined = join(&facts, &ruling);
        named_everywhere(&mut notes, &joined.aliases);
        let (facts, problems) = settle(joined.facts, &notes);
        Estate { facts, problems, joins: joined.joins, ..Estate::default() }
    }

    /// The same, with what was read beside facts.
    pub fn with(mut self, evidence: Vec<EnvironmentEvidence>, problems: Vec<Problem>) -> Estate {
        self.evidence = evidence;
        self.problems.splice(0..0, problems);
        self
    }

    /// The graph, and what its facts contradict.
    pub fn graph(&self) -> (Graph, Vec<Problem>) {
        Graph::build(&self.facts)
    }

    /// Which data class lies where.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::of(&self.facts)
    }
}

/// What the owner says of one key of a thing holds for all of them.
fn named_everywhere(notes: &mut Notes, aliases: &BTreeMap<NodeKey, NodeKey>) {
    let mut more = Vec::new();
    for (key, policy) in &notes.policies {
        let named = aliases.get(key).unwrap_or(key);
        let others = aliases.iter().filter(|(_, of)| *of == named).map(|(alias, _)| alias);
        more.extend(others.chain([named]).filter(|other| *other != key).map(|other| (other.clone(), *policy)));
    }
    notes.policies.extend(more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{CutPolicy, EdgeFact, EdgeKind, Identifier, IdentifierScheme, Interval, NodeFact};

    #[test]
    fn the_map_wants_what_is_named_or_asked_for() {
        let asked =
            Packages::default().and(&["package:npm/@ctrl/tinycolor@4.1.1".to_owned(), "credential:x/y".to_owned()]);
        let want = |packages: &Packages, key: &str| packages.want(&NodeKey::parse(key).expect("a key"));
        assert!(want(&asked, "package:npm/@ctrl/tinycolor@4.1.2") && !want(&asked, "package:pypi/litellm@1.82.8"));
        assert!(!want(&asked, "credential:x/y") && want(&Packages::all(), "package:pypi/six@1"));
        let spelled = |key: &str| canonical(&NodeKey::parse(key).expect("a key")).map(|key| key.to_string());
        assert_eq!(spelled("package:PyPI/LiteLLM@1.82.8").as_deref(), Some("package:pypi/litellm@1.82.8"));
        assert_eq!(spelled("package:debian:12/openssl@3.0").as_deref(), Some("package:debian/openssl@3.0"));
        assert_eq!((spelled("package:npm/@ctrl/tinycolor"), spelled("credential:x/y@1")), (None, None));
    }

    #[test]
    fn a_policy_on_one_key_of_a_credential_holds_for_the_credential() {
        let print = "9f86d081884c7d659a2feaa0c55ad015";
        let (token, found) = (NodeKey::credential("slack", "T1"), NodeKey::credential("fingerprint", print));
        let mut fact = NodeFact::new(token.clone(), Interval::ALWAYS, Time(0), "slack");
        fact.identifiers = vec![Identifier::verified(IdentifierScheme::Fingerprint, print)];
        let place = NodeKey::environment("host", "h1");
        let edge = EdgeFact::new(EdgeKind::ReadableIn, place, found.clone(), Interval::ALWAYS, Time(0), "snapshot");
        let notes = Notes { policies: vec![(found, CutPolicy::Never)], ..Notes::default() };
        let estate = Estate::settled(vec![Fact::Node(fact), Fact::Edge(edge)], notes);
        let cuts = estate.facts.iter().filter_map(|fact| match fact {
            Fact::Node(node) if node.key == token => Some(&node.cuts),
            _ => None,
        });
        let policies: Vec<CutPolicy> = cuts.flatten().map(|cut| cut.policy).collect();
        assert_eq!(policies, [CutPolicy::Never]);
    }
}
