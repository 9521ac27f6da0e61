//! Apps and AI: which apps, agents, tool servers, gateways, models and keys there are, who let them in, what they reach and do.
//!
//! What no inventory names and only logs show is `shadow`. What neither names is not here, which is not the same as "there is none".

mod drift;
mod leash;
mod news;
mod quarantine;
mod risk;

pub use drift::{Change, drift};
pub use leash::{Usable, usable};
pub use news::{publish, tell};
pub use quarantine::{Quarantine, quarantine};

use crate::doing::{Doings, Done};
use firebreak_graph::{Graph, NodeId, Standing};
use firebreak_model::{EdgeFact, EdgeKind, Fact, NodeKey, NodeKind, Party, Text, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// An OAuth app, an integration, a bot of a platform.
    App,
    /// An AI agent, or what acts with a key of an AI platform or gateway.
    Agent,
    /// A server of tools that agents call.
    ToolServer,
    /// A model, as a gateway names it.
    Model,
    /// A key of an AI platform or gateway.
    ApiKey,
}

/// Systems of AI platforms and gateways, and of tools for agents.
const AI: [&str; 4] = ["anthropic", "litellm", "mcp", "openai"];

/// What a key is in this list; `None` for what does not belong on it.
pub fn sort(key: &NodeKey) -> Option<Sort> {
    match (key.kind(), key.system()) {
        (NodeKind::Identity, _) => match Party::of(key)? {
            Party::App => Some(Sort::App),
            Party::Agent => Some(Sort::Agent),
            _ if key.name().ends_with("[bot]") => Some(Sort::App),
            _ => None,
        },
        (NodeKind::Resource, "mcp") => Some(Sort::ToolServer),
        (NodeKind::Resource, "litellm") if !key.name().starts_with("gateway/") => Some(Sort::Model),
        (NodeKind::Credential, system) if AI.contains(&system) => Some(Sort::ApiKey),
        _ => None,
    }
}

/// The app that something which an app may do for one user belongs to; itself otherwise.
pub fn whole(key: &NodeKey) -> NodeKey {
    let name = key.name();
    match name.split_once("/user/").filter(|_| key.kind() == NodeKind::Identity && key.system() == "app") {
        Some((app, _)) => NodeKey::identity("app", app),
        None => key.clone(),
    }
}

/// One of them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct App {
    /// Which.
    pub key: NodeKey,
    /// What it is.
    pub sort: Sort,
    /// What people call it.
    pub label: Text,
    /// Who published it, where an inventory says.
    pub publisher: Option<Text>,
    /// Only logs show it.
    pub shadow: bool,
    /// Who let it act for them.
    pub consented: Vec<NodeKey>,
    /// What it was given, by what it is on.
    pub scopes: BTreeSet<Text>,
    /// On what its scopes are.
    pub on: BTreeSet<NodeKey>,
    /// Credentials that are this one.
    pub credentials: BTreeSet<NodeKey>,
    /// Records within its reach, by class.
    pub reach: BTreeMap<Text, u64>,
    /// Crown jewels within its reach.
    pub jewels: u64,
    /// What was seen of it.
    pub events: u64,
    /// The first event in the window.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// How many of its events were its own, and how many a person's through it.
    pub alone: u64,
    /// Events of a person through it.
    pub for_people: u64,
    /// What it did, the most often first.
    pub did: Vec<(Text, u64)>,
    /// Whom or what it touched, or who touched it.
    pub with: BTreeSet<NodeKey>,
    /// Networks that it came from, each with the first time.
    pub networks: BTreeMap<Text, Time>,
    /// What is new of it: since an earlier inventory, or in the last days of the logs.
    pub news: BTreeSet<Text>,
    /// What it comes to, in one sentence with its numbers.
    pub risk: Text,
}

impl App {
    fn new(key: NodeKey, sort: Sort) -> App {
        App {
            key,
            sort,
            label: Text::default(),
            publisher: None,
            shadow: true,
            consented: Vec::new(),
            scopes: BTreeSet::new(),
            on: BTreeSet::new(),
            credentials: BTreeSet::new(),
            reach: BTreeMap::new(),
            jewels: 0,
            events: 0,
            first: None,
            last: None,
            alone: 0,
            for_people: 0,
            did: Vec::new(),
            with: BTreeSet::new(),
            networks: BTreeMap::new(),
            news: BTreeSet::new(),
            risk: Text::default(),
        }
    }

    fn saw(&mut self, done: &Done, for_person: bool) {
        self.events += done.events;
        self.first = self.first.into_iter().chain(done.first).min();
        self.last = self.last.max(done.last);
        *(if for_person { &mut self.for_people } else { &mut self.alone }) += done.events;
        self.did.extend(done.operations.iter().map(|(what, count)| (what.clone(), *count)));
        for (network, first) in &done.networks {
            let known = self.networks.entry(network.clone()).or_insert(*first);
            *known = (*first).min(*known);
        }
    }

    fn settle(&mut self) {
        self.consented.sort();
        self.consented.dedup();
        let mut did: BTreeMap<Text, u64> = BTreeMap::new();
        self.did.drain(..).for_each(|(what, count)| *did.entry(what).or_default() += count);
        self.did = did.into_iter().collect();
        self.did.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.risk = risk::sentence(self);
    }
}

/// Every app that the map at `at`, or the logs, show: those with the most within reach first. Without `doings` nothing is said of
/// behaviour, and nothing is found that only logs show.
pub fn apps(graph: &Graph, facts: &[Fact], at: Time, doings: Option<&Doings>) -> Vec<App> {
    let mut apps: BTreeMap<NodeKey, App> = BTreeMap::new();
    for fact in facts {
        match fact {
            Fact::Node(node) if node.valid.contains(at) => {
                if let Some(app) = entry(&mut apps, &node.key) {
                    app.shadow = false;
                    if app.key == node.key || app.label.is_empty() {
                        app.label = node.label.clone();
                    }
                }
            }
            Fact::Edge(edge) if edge.valid.contains(at) => relation(&mut apps, edge),
            _ => {}
        }
    }
    for (key, done) in
        doings.iter().flat_map(|doings| doings.actors.iter().chain(&doings.targets).chain(&doings.credentials))
    {
        if let Some(app) = entry(&mut apps, key) {
            let for_person = app.key != *key;
            app.saw(done, for_person);
        }
    }
    for (app, doings) in apps.values_mut().zip(std::iter::repeat(doings)) {
        let touched = doings.map(|doings| doings.by(&app.key)).unwrap_or_default();
        app.with.extend(touched.into_keys().cloned());
    }
    reaches(graph, facts, at, &mut apps);
    let mut apps: Vec<App> = apps.into_values().collect();
    apps.iter_mut().for_each(App::settle);
    let weight = |app: &App| (app.jewels, app.reach.values().sum::<u64>(), app.events);
    apps.sort_by(|a, b| weight(b).cmp(&weight(a)).then_with(|| a.key.cmp(&b.key)));
    apps
}

fn entry<'a>(apps: &'a mut BTreeMap<NodeKey, App>, key: &NodeKey) -> Option<&'a mut App> {
    let sort = sort(key)?;
    let whole = whole(key);
    Some(apps.entry(whole.clone()).or_insert_with(|| App::new(whole, sort)))
}

fn relation(apps: &mut BTreeMap<NodeKey, App>, edge: &EdgeFact) {
    let consents = edge.kind == EdgeKind::Consents
        || (edge.kind == EdgeKind::MayAssume && matches!(Party::of(&edge.from), Some(Party::Person | Party::Unknown)));
    if let Some(app) = entry(apps, &edge.to) {
        app.shadow = false;
        match edge.kind {
            EdgeKind::Authenticates => {
                app.credentials.insert(edge.from.clone());
            }
            _ if consents && edge.from.kind() == NodeKind::Identity => app.consented.push(edge.from.clone()),
            _ => {}
        }
    }
    if let Some(app) = entry(apps, &edge.from) {
        app.shadow = false;
        match edge.kind {
            EdgeKind::MayAct => {
                app.scopes.extend(edge.actions.iter().cloned());
                app.on.insert(edge.to.clone());
            }
            // An app may act as whoever consented.
            EdgeKind::MayAssume if Party::of(&edge.to) == Some(Party::Person) => app.consented.push(edge.to.clone()),
            _ => {}
        }
    }
}

/// What identities among them reach: each by its own node and by what it may do for users.
fn reaches(graph: &Graph, facts: &[Fact], at: Time, apps: &mut BTreeMap<NodeKey, App>) {
    let mut held: BTreeMap<&NodeKey, BTreeMap<Text, u64>> = BTreeMap::new();
    for fact in facts {
        let Fact::Edge(edge) = fact else { continue };
        if let Some(holding) = edge.holding.as_ref().filter(|_| edge.valid.contains(at)) {
            let classes = held.entry(&edge.from).or_default();
            *classes.entry(Text::new(holding.class.word())).or_default() += holding.records;
        }
    }
    let jewels: BTreeSet<NodeId> = graph.crown_jewels().into_iter().collect();
    let mut wanted: BTreeSet<NodeId> = jewels.clone();
    wanted.extend(held.keys().filter_map(|key| graph.id(key)));
    let targets: Vec<NodeId> = wanted.into_iter().collect();
    let keys: Vec<Option<NodeKey>> = targets.iter().map(|node| graph.key(*node)).collect();
    let mut reached: BTreeMap<NodeKey, BTreeSet<usize>> = BTreeMap::new();
    Standing::new(graph, at).reaching(&targets, |found| {
        let Some(key) = graph.key(found.identity).filter(|key| sort(key).is_some()) else { return };
        reached.entry(whole(&key)).or_default().insert(found.target);
    });
    for (key, found) in reached {
        let Some(app) = apps.get_mut(&key) else { continue };
        for target in found {
            app.jewels += u64::from(targets.get(target).is_some_and(|node| jewels.contains(node)));
            let classes = keys.get(target).and_then(Option::as_ref).and_then(|key| held.get(key));
            for (class, records) in classes.into_iter().flatten() {
                *app.reach.entry(class.clone()).or_default() += records;
            }
        }
    }
}

/// What belongs to a vendor: apps, agents, servers and keys whose key, name or publisher has its name in it, with their credentials. They
/// are what is compromised when the vendor is.
pub fn of_vendor(apps: &[App], vendor: &str) -> BTreeSet<NodeKey> {
    let vendor = vendor.to_lowercase();
    let named = |text: &str| text.to_lowercase().contains(&vendor);
    let own = apps.iter().filter(|app| {
        named(app.key.name())
            || named(app.key.system())
            || named(&app.label)
            || app.publisher.as_deref().is_some_and(named)
    });
    own.filter(|app| !app.shadow).flat_map(|app| std::iter::once(&app.key).chain(&app.credentials)).cloned().collect()
}

#[cfg(test)]
mod tests;
