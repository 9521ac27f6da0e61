//! One vendor of AI services, from all sides: what inventories say of it, what logs, packages and found keys show.

use super::outbound::Used;
use super::{Table, outbound::Spent};
use firebreak_model::{EdgeKind, Fact, NodeKey, NodeKind, Party, Text, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Lists of a vendor's things in the sentence and in lists by key are cut off here.
const NAMED_MAX: usize = 20;

/// Who uses it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Spender {
    /// A key of the map, else an address.
    pub who: Text,
    /// What was not refused: queries, connections, requests.
    pub events: u64,
    /// What was refused.
    pub refused: u64,
    /// The first of them in the window.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// Bytes that left, as far as logs tell.
    pub sent: Option<u64>,
    /// From which networks.
    pub networks: BTreeSet<Text>,
}

/// A package that calls it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Packaged {
    /// Ecosystem and name.
    pub package: Text,
    /// Where it is installed or locked.
    pub environments: BTreeSet<NodeKey>,
}

/// A key of it that was found somewhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct FoundKey {
    /// Which.
    pub credential: NodeKey,
    /// Where it can be read.
    pub readable_in: BTreeSet<NodeKey>,
    /// Whether an inventory says whose it is.
    pub known: bool,
}

/// One vendor.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Provider {
    /// Whose.
    pub vendor: Text,
    /// No inventory names it.
    pub shadow: bool,
    /// What inventories name of it, the first twenty.
    pub named_by: Vec<NodeKey>,
    /// Its services that logs show.
    pub services: BTreeSet<Text>,
    /// Their hosts.
    pub hosts: BTreeSet<Text>,
    /// Who uses it, those who sent the most first, then those with the most events.
    pub used_by: Vec<Spender>,
    /// What calls it.
    pub packages: Vec<Packaged>,
    /// Keys of it that were found.
    pub keys: Vec<FoundKey>,
    /// What was seen and not refused.
    pub events: u64,
    /// The first of it in the window.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// Bytes that left, as far as logs tell: at least so many.
    pub sent: Option<u64>,
    /// What it comes to, in one sentence with its numbers.
    pub risk: Text,
}

/// Every vendor of whom logs (`used`), packages or found keys show something: those that no inventory names first, of them those to whom
/// the most was sent.
pub fn providers(table: &Table, facts: &[Fact], at: Time, used: BTreeMap<Text, Used>) -> Vec<Provider> {
    let mut all: BTreeMap<Text, Provider> = BTreeMap::new();
    for (vendor, used) in used {
        one(&mut all, &vendor).saw(used);
    }
    packages(table, facts, at, &mut all);
    keys(table, facts, at, &mut all);
    let mut all: Vec<Provider> = all.into_values().collect();
    all.iter_mut().for_each(|provider| provider.settle(facts, at));
    let weight = |one: &Provider| (one.shadow, one.sent, one.events, one.keys.len());
    all.sort_by(|a, b| weight(b).cmp(&weight(a)).then_with(|| a.vendor.cmp(&b.vendor)));
    all
}

fn one<'a>(all: &'a mut BTreeMap<Text, Provider>, vendor: &Text) -> &'a mut Provider {
    all.entry(vendor.clone()).or_insert_with(|| Provider {
        vendor: vendor.clone(),
        shadow: true,
        named_by: Vec::new(),
        services: BTreeSet::new(),
        hosts: BTreeSet::new(),
        used_by: Vec::new(),
        packages: Vec::new(),
        keys: Vec::new(),
        events: 0,
        first: None,
        last: None,
        sent: None,
        risk: Text::default(),
    })
}

/// Packages of the table in environments.
fn packages(table: &Table, facts: &[Fact], at: Time, all: &mut BTreeMap<Text, Provider>) {
    let mut found: BTreeMap<(Text, Text), BTreeSet<NodeKey>> = BTreeMap::new();
    for fact in facts {
        let Fact::Edge(edge) = fact else { continue };
        // What was installed in a build that is over says who calls whom as well.
        if edge.kind != EdgeKind::InstalledIn || edge.valid.from > at {
            continue;
        }
        let (package, place) = match edge.from.kind() {
            NodeKind::Package => (&edge.from, &edge.to),
            _ => (&edge.to, &edge.from),
        };
        // The `@` that a scoped name begins with is before no version.
        let name = match package.rest().rsplit_once('@') {
            Some((name, _)) if !name.is_empty() && !name.ends_with('/') => name,
            _ => package.rest(),
        };
        let Some(known) = table.of_package(name) else { continue };
        found.entry((known.vendor.clone(), Text::new(name))).or_default().insert(place.clone());
    }
    for ((vendor, package), environments) in found {
        one(all, &vendor).packages.push(Packaged { package, environments });
    }
}

/// Keys of vendors that can be read somewhere: by the system of their key, else by the kind that whoever found them gave as their label
/// (`openai_key`).
fn keys(table: &Table, facts: &[Fact], at: Time, all: &mut BTreeMap<Text, Provider>) {
    let vendors = table.vendors();
    let mut labels: BTreeMap<&NodeKey, &str> = BTreeMap::new();
    let mut places: BTreeMap<&NodeKey, BTreeSet<NodeKey>> = BTreeMap::new();
    let mut owned: BTreeSet<&NodeKey> = BTreeSet::new();
    for fact in facts {
        match fact {
            Fact::Node(node) if node.key.kind() == NodeKind::Credential => drop(labels.insert(&node.key, &node.label)),
            Fact::Edge(edge) if edge.valid.from > at => {}
            Fact::Edge(edge) if edge.kind == EdgeKind::ReadableIn => {
                let (credential, place) = match edge.from.kind() {
                    NodeKind::Credential => (&edge.from, &edge.to),
                    _ => (&edge.to, &edge.from),
                };
                places.entry(credential).or_default().insert(place.clone());
            }
            Fact::Edge(edge) if edge.kind == EdgeKind::Authenticates => drop(owned.insert(&edge.from)),
            _ => {}
        }
    }
    for (credential, readable_in) in places {
        let label = labels.get(credential).copied().unwrap_or_default();
        let is_of = |vendor: &&&Text| {
            let vendor = vendor.as_str();
            credential.system() == vendor || label.strip_prefix(vendor).is_some_and(|rest| rest.starts_with('_'))
        };
        let Some(vendor) = vendors.iter().filter(|vendor| is_of_ai(vendor, credential)).find(is_of) else { continue };
        let known = owned.contains(credential);
        let found = FoundKey { credential: credential.clone(), readable_in, known };
        one(all, vendor).keys.push(found);
    }
}

/// Of vendors of more than AI (a cloud, a platform for code) a key opens other things: those are not told as keys of AI.
fn is_of_ai(vendor: &Text, credential: &NodeKey) -> bool {
    !matches!(vendor.as_str(), "aws" | "azure" | "google" | "github" | "alibaba" | "nvidia")
        && credential.system() != "aws"
}

impl Provider {
    fn saw(&mut self, used: Used) {
        self.services.extend(used.services);
        self.hosts.extend(used.hosts);
        for (who, spent) in used.by {
            let Spent { events, refused, first, last, sent, networks } = spent;
            self.events += events;
            self.first = self.first.into_iter().chain(first).min();
            self.last = self.last.max(last);
            self.sent = self.sent.map_or(sent, |sum| Some(sum.saturating_add(sent.unwrap_or_default())));
            self.used_by.push(Spender { who, events, refused, first, last, sent, networks });
        }
        self.used_by.sort_by(|a, b| (b.sent, b.events).cmp(&(a.sent, a.events)).then_with(|| a.who.cmp(&b.who)));
    }

    fn settle(&mut self, facts: &[Fact], at: Time) {
        let named: BTreeSet<&NodeKey> = facts.iter().filter_map(|fact| self.names(fact, at)).collect();
        self.named_by = named.into_iter().take(NAMED_MAX).cloned().collect();
        self.shadow = self.named_by.is_empty();
        self.risk = self.sentence();
    }

    /// What a fact names of the vendor: something in its own system, or an app or agent that is called after it. A key that was only
    /// found is no word of anybody's that the vendor is used.
    fn names<'f>(&self, fact: &'f Fact, at: Time) -> Option<&'f NodeKey> {
        let Fact::Node(node) = fact else { return None };
        let key = &node.key;
        let party = matches!(key.kind(), NodeKind::Identity | NodeKind::Resource);
        let called = || {
            let app = matches!(Party::of(key), Some(Party::App | Party::Agent));
            let text = |text: &str| text.to_lowercase().contains(self.vendor.as_str());
            // A cloud's name is in many apps that are no AI.
            app && is_of_ai(&self.vendor, key) && (text(key.name()) || text(&node.label))
        };
        let own = key.system() == self.vendor.as_str() && is_of_ai(&self.vendor, key);
        (node.valid.contains(at) && party && (own || called())).then_some(key)
    }

    fn sentence(&self) -> Text {
        let many = |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
        let mut parts = Vec::new();
        if !self.used_by.is_empty() {
            let (users, events) =
                (many(self.used_by.len(), "user", "users"), many(self.events as usize, "event", "events"));
            parts.push(format!("{users} with {events}"));
            parts.extend(self.first.map(|first| format!("since {first}")));
            parts.push(match self.sent {
                Some(bytes) => format!("at least {bytes} bytes sent"),
                None => "how much was sent is unknown".to_owned(),
            });
        }
        if !self.packages.is_empty() {
            let places: BTreeSet<&NodeKey> = self.packages.iter().flat_map(|one| &one.environments).collect();
            let packages = many(self.packages.len(), "package that calls it", "packages that call it");
            parts.push(format!("{packages} in {}", many(places.len(), "environment", "environments")));
        }
        let strange = self.keys.iter().filter(|key| !key.known).count();
        if !self.keys.is_empty() {
            let keys = many(self.keys.len(), "key found", "keys found");
            parts.push(format!("{keys}, {strange} of which no inventory knows"));
        }
        if self.shadow {
            parts.push("no inventory names it: what it was given is unknown".to_owned());
        }
        Text::new(parts.join("; "))
    }
}
