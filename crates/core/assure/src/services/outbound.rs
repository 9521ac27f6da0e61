//! What logs of names, connections and proxies show of hosts that the table knows: who, from where, since when, how much.

use super::Table;
use crate::doing::network;
use firebreak_graph::Graph;
use firebreak_model::{Event, NodeKind, Outcome, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many connections are remembered until a log says to which name they went.
const CONNECTIONS_MAX: usize = 1_000_000;

/// At most so many different users of one vendor are told apart.
const SPENDERS_MAX: usize = 100_000;

/// What one of those who use a service was seen to do.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Spent {
    /// What was not refused: queries, connections, requests.
    pub events: u64,
    /// What was refused.
    pub refused: u64,
    /// The first of them.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// Bytes that left, as far as logs tell; `None` where none did.
    pub sent: Option<u64>,
    /// From which networks (24 bits, or 48).
    pub networks: BTreeSet<Text>,
}

/// What was seen of one vendor.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Used {
    /// Its services by the names of the table.
    pub services: BTreeSet<Text>,
    /// The hosts.
    pub hosts: BTreeSet<Text>,
    /// By whoever used it: a key of the map, else an address.
    pub by: BTreeMap<Text, Spent>,
}

/// Gathers what logs of a window show.
#[derive(Debug)]
pub struct Outbound<'t> {
    table: &'t Table,
    since: Time,
    until: Time,
    vendors: BTreeMap<Text, Used>,
    /// Bytes of connections, and to whom connections went, each by the connection's id.
    sent: BTreeMap<Text, u64>,
    went: BTreeMap<Text, (Text, Text)>,
    /// Not all connections, or not all users, were told apart.
    pub bounded: bool,
    /// Events that name a host.
    pub named: u64,
}

impl<'t> Outbound<'t> {
    /// Of the time from `since` to `until`, both included.
    pub fn within(table: &'t Table, since: Time, until: Time) -> Outbound<'t> {
        let (vendors, sent, went) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Outbound { table, since, until, vendors, sent, went, bounded: false, named: 0 }
    }

    /// Notes an event, if it is about a host.
    pub fn add(&mut self, graph: &Graph, event: &Event) {
        let keys = &event.keys;
        let host = keys.target.as_ref().filter(|key| key.kind() == NodeKind::Resource && key.system() == "network");
        let Some(host) = host.filter(|_| self.since <= event.time && event.time <= self.until) else { return };
        self.named += 1;
        let Some(known) = self.table.of_host(host.name()) else { return self.connection(event) };
        let who = [&keys.actor, &keys.environment].into_iter().flatten().next();
        let who = who.map(|key| graph.id(key).and_then(|id| graph.key(id)).unwrap_or_else(|| key.clone()));
        let address = keys.address.map(|address| Text::new(address.to_string()));
        let who = who.map(|key| Text::new(key.as_str())).or(address).unwrap_or_else(|| Text::new_static("unknown"));
        let used = self.vendors.entry(known.vendor.clone()).or_default();
        used.services.insert(known.service.clone());
        used.hosts.insert(Text::new(host.name()));
        if used.by.len() >= SPENDERS_MAX && !used.by.contains_key(&who) {
            self.bounded = true;
            return;
        }
        let spent = used.by.entry(who.clone()).or_default();
        spent.first = spent.first.into_iter().chain([event.time]).min();
        spent.last = spent.last.max(Some(event.time));
        *(if keys.outcome == Outcome::Denied { &mut spent.refused } else { &mut spent.events }) += 1;
        spent.networks.extend(keys.address.map(network));
        if let Some(bytes) = keys.bytes {
            spent.sent = Some(spent.sent.unwrap_or_default().saturating_add(bytes));
        } else if let Some(session) = &keys.session {
            self.went.insert(session.clone(), (known.vendor.clone(), who));
        }
    }

    /// A connection to an address: another log may say by the same id to which name it went.
    fn connection(&mut self, event: &Event) {
        let (Some(session), Some(bytes)) = (&event.keys.session, event.keys.bytes) else { return };
        if self.sent.len() >= CONNECTIONS_MAX {
            self.bounded = true;
            return;
        }
        let sum = self.sent.entry(session.clone()).or_default();
        *sum = sum.saturating_add(bytes);
    }

    /// What is not known after all events, in words.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.named == 0 {
            let sources = "zeek, route53_resolver, squid, ocsf";
            gaps.push(format!("no log tells which hosts were asked for ({sources}): AI services in use that no inventory names are not known"));
        }
        if self.bounded {
            gaps.push(
                "too many connections or users: not all were told apart, and more was sent than is said".to_owned(),
            );
        }
        gaps
    }

    /// What was seen, by vendor.
    pub fn used(mut self) -> BTreeMap<Text, Used> {
        for (session, (vendor, who)) in std::mem::take(&mut self.went) {
            let spent = self.vendors.get_mut(&vendor).and_then(|used| used.by.get_mut(&who));
            if let (Some(spent), Some(bytes)) = (spent, self.sent.get(&session)) {
                spent.sent = Some(spent.sent.unwrap_or_default().saturating_add(*bytes));
            }
        }
        self.vendors
    }
}
