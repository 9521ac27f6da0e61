//! Scope: what is in the intruder's hands, since when and why, from findings, judgements and derivations.
//!
//! It names causes, not consequences: what follows from them (which keys lie in a compromised environment, what those
//! lead to) is the graph's reach. What cannot be decided becomes a gap in words and never disappears.

use crate::derived::Derivation;
use crate::plan::Compromised;
use crate::rule::grounds;
use firebreak_graph::{Edge, Graph, NodeId};
use firebreak_model::{EdgeKind, Finding, FindingId, Interval, Judgement, NodeKey, NodeKind, Signal, Time, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What scope is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct ScopeEvidence<'a> {
    /// The findings of the incident.
    pub findings: &'a [Finding],
    /// The judgements of the incident, of every verdict.
    pub judgements: &'a [Judgement],
    /// Credentials that were seen to be made with others.
    pub derived: &'a [Derivation],
}

/// A finding whose subject could be read in a compromised environment: the environment explains it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Explained {
    /// Which finding.
    pub finding: FindingId,
    /// What its subject is, or was made from, that could be read.
    pub key: NodeKey,
    /// Where.
    pub environment: NodeKey,
}

/// What is compromised, and what we do not know about that.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Scope {
    /// The compromised things, each once, in the order of keys.
    pub sources: Vec<Compromised>,
    /// The findings that a compromised environment explains.
    pub explained: Vec<Explained>,
    /// What is not known, in words.
    pub gaps: Vec<String>,
}

/// Draws the scope. The order of the evidence does not matter.
pub fn scope(graph: &Graph, evidence: ScopeEvidence<'_>) -> Scope {
    let mut draft = Draft { graph, evidence, sources: BTreeMap::new(), gaps: BTreeSet::new() };
    draft.judged();
    let flags = draft.flagged();
    draft.inferred(&flags);
    draft.derived();
    let explained = draft.explained();
    let Draft { sources, mut gaps, .. } = draft;
    for source in sources.values().filter(|source| graph.id(&source.key).is_none()) {
        gaps.insert(format!("no inventory knows `{}`: what it leads to is not counted", source.key));
    }
    Scope { sources: sources.into_values().collect(), explained, gaps: gaps.into_iter().collect() }
}

struct Draft<'a> {
    graph: &'a Graph,
    evidence: ScopeEvidence<'a>,
    sources: BTreeMap<NodeKey, Compromised>,
    gaps: BTreeSet<String>,
}

/// A credential or identity that a finding calls into question.
struct Flag {
    /// It and what it was made from: any of them may have been read.
    roots: BTreeSet<NodeKey>,
    /// When it was first misused.
    first: Time,
    /// Whether the finding is ground for containment, not just a weak signal.
    sure: bool,
}

/// One thing that can be read, or acted as, in an environment.
struct Readable {
    key: NodeKey,
    environment: NodeKey,
    valid: Interval,
}

impl Draft<'_> {
    /// One more reason for `key`: the earliest beginning wins, and the latest end.
    fn compromise(&mut self, key: &NodeKey, since: Time, until: Time, reason: String) {
        let new = Compromised { key: key.clone(), since, until, reason };
        match self.sources.get_mut(key) {
            None => {
                self.sources.insert(key.clone(), new);
            }
            Some(known) => {
                let until = known.until.max(until);
                if (new.since, &new.reason) < (known.since, &known.reason) {
                    *known = new;
                }
                known.until = until;
            }
        }
    }

    /// Environments that were judged exposed are compromised. Suspect and unknown ones are gaps until something else
    /// points at them.
    fn judged(&mut self) {
        for judgement in self.evidence.judgements {
            let Judgement { environment, profile, verdict, .. } = judgement;
            match verdict {
                Verdict::Clear => continue,
                Verdict::Exposed => {
                    let (since, until) = exposure(judgement);
                    if since == Time::MIN {
                        self.gaps.insert(format!("since when `{environment}` was exposed to {profile} is not known"));
                    }
                    let decided = judgement.decided_by.first().map_or("", String::as_str);
                    self.compromise(environment, since, until, format!("exposed to {profile}: {decided}"));
                }
                Verdict::Suspect => {
                    self.gaps.insert(format!("`{environment}` may have been exposed to {profile}: suspect"));
                }
                Verdict::Unknown => {
                    self.gaps.insert(format!("whether `{environment}` was exposed to {profile} is not known"));
                }
            }
            for gap in &judgement.gaps {
                self.gaps.insert(format!("`{environment}`: {gap}"));
            }
        }
    }

    /// What findings call into question; what is beyond doubt becomes a source.
    fn flagged(&mut self) -> Vec<Flag> {
        let sure: BTreeSet<FindingId> =
            grounds(self.evidence.findings).into_iter().flat_map(|ground| ground.findings).collect();
        let mut flags = Vec::new();
        for finding in self.evidence.findings.iter().filter(|finding| finding.signal != Signal::Watch) {
            let sure = sure.contains(&finding.id);
            let Some(subject) = finding.subject.as_ref().or(finding.actor.as_ref()) else {
                self.gaps.insert(format!("{} names nobody", finding.title));
                continue;
            };
            if sure {
                let reason = format!("{}: {}", finding.title, finding.explanation);
                self.compromise(subject, finding.first, Time::MAX, reason.clone());
                let stranger = self.graph.id(subject).is_none() && !self.is_derived(subject);
                if let Some(actor) = finding.actor.as_ref().filter(|actor| stranger && *actor != subject) {
                    self.gaps
                        .insert(format!("no inventory knows `{subject}`: all of `{actor}` is taken for compromised"));
                    self.compromise(actor, finding.first, Time::MAX, reason);
                }
            }
            flags.push(Flag { roots: self.roots(subject), first: finding.first, sure });
        }
        flags
    }

    fn is_derived(&self, key: &NodeKey) -> bool {
        self.evidence.derived.iter().any(|derivation| derivation.child == *key)
    }

    /// `key` and everything from which it was made, as far as that was seen or is stated. Where a log names only who acted,
    /// that is what they had to have: the one credential that lets them in, of the one that may become them.
    fn roots(&self, key: &NodeKey) -> BTreeSet<NodeKey> {
        let mut roots = BTreeSet::new();
        let mut open = vec![key.clone()];
        while let Some(next) = open.pop() {
            if !roots.insert(next.clone()) {
                continue;
            }
            let seen = self.evidence.derived.iter().filter(|derivation| derivation.child == next);
            open.extend(seen.map(|derivation| derivation.parent.clone()));
            if let Some(id) = self.graph.id(&next) {
                let stated = self.graph.edges_into(id).filter(|edge| edge.kind == EdgeKind::Derives);
                open.extend(stated.filter_map(|edge| self.graph.key(edge.from)));
                open.extend(only_way_in(self.graph, &next));
            }
        }
        roots
    }

    /// Backward: an environment from which flagged things could be read before they were misused is compromised if it
    /// is suspect, or if it accounts for two of them of which one is beyond doubt.
    fn inferred(&mut self, flags: &[Flag]) {
        // Per environment: what could be read there, from when, and whether its misuse is beyond doubt.
        let mut shared: BTreeMap<NodeKey, BTreeMap<NodeKey, (Time, bool)>> = BTreeMap::new();
        for flag in flags {
            for place in flag.roots.iter().flat_map(|root| readable(self.graph, root)) {
                if place.valid.from > flag.first {
                    continue;
                }
                let entry = shared.entry(place.environment).or_default().entry(place.key).or_insert((Time::MAX, false));
                *entry = (entry.0.min(place.valid.from), entry.1 || flag.sure);
            }
        }
        let judgements = self.evidence.judgements;
        for (environment, keys) in shared {
            let names = keys.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ");
            let verdicts = judgements.iter().filter(|judgement| judgement.environment == environment);
            for suspect in verdicts.filter(|judgement| judgement.verdict == Verdict::Suspect) {
                let (since, until) = exposure(suspect);
                let reason =
                    format!("suspect under {}, and {names} could be read there and was misused", suspect.profile);
                self.compromise(&environment, since, until, reason);
            }
            if keys.len() >= 2 && keys.values().any(|(_, sure)| *sure) {
                let since = keys.values().map(|(from, _)| *from).min().unwrap_or(Time::MIN);
                if since == Time::MIN {
                    self.gaps.insert(format!("since when {names} could be read in `{environment}` is not known"));
                }
                self.compromise(
                    &environment,
                    since,
                    Time::MAX,
                    format!("{names} could be read there and were misused"),
                );
            }
        }
    }

    /// Forward: what was made with a compromised credential is compromised too.
    fn derived(&mut self) {
        let mut by_parent: BTreeMap<&NodeKey, Vec<&Derivation>> = BTreeMap::new();
        for derivation in self.evidence.derived {
            by_parent.entry(&derivation.parent).or_default().push(derivation);
        }
        let mut open: Vec<NodeKey> = self.sources.keys().cloned().collect();
        while let Some(parent) = open.pop() {
            let Some(known) = self.sources.get(&parent).cloned() else { continue };
            for derivation in by_parent.get(&parent).into_iter().flatten() {
                let held = Interval::new(known.since, known.until).contains(derivation.at);
                let before = self.sources.get(&derivation.child).map(|child| child.since);
                if !held || before.is_some_and(|since| since <= derivation.at) {
                    continue;
                }
                let until = derivation.until.unwrap_or(Time::MAX);
                self.compromise(&derivation.child, derivation.at, until, format!("made with `{parent}`"));
                open.push(derivation.child.clone());
            }
        }
    }

    /// Findings about things that could be read in a compromised environment before they were misused.
    fn explained(&self) -> Vec<Explained> {
        let mut explained = BTreeSet::new();
        for finding in self.evidence.findings {
            let Some(subject) = &finding.subject else { continue };
            for place in self.roots(subject).iter().flat_map(|root| readable(self.graph, root)) {
                let Some(source) = self.sources.get(&place.environment) else { continue };
                if place.valid.overlaps(&Interval::new(source.since, source.until)) && source.since <= finding.at {
                    let Readable { key, environment, .. } = place;
                    explained.insert(Explained { finding: finding.id.clone(), key, environment });
                }
            }
        }
        explained.into_iter().collect()
    }
}

/// What one must have to act as `identity`, where that is one thing alone: with two nobody knows which it was.
fn only_way_in(graph: &Graph, identity: &NodeKey) -> Option<NodeKey> {
    let lets_in = |edge: &Edge<'_>| match graph.key(edge.from).map(|from| from.kind()) {
        Some(NodeKind::Credential) => edge.kind == EdgeKind::Authenticates,
        // Another name for the same is nothing that one must have: nothing leads to it.
        Some(NodeKind::Identity) => {
            let led_to = graph.edges_into(edge.from).next().is_some();
            edge.kind == EdgeKind::MayAssume && edge.may.is_empty() && led_to
        }
        _ => false,
    };
    let id = graph.id(identity).filter(|_| identity.kind() == NodeKind::Identity)?;
    let ways: BTreeSet<NodeId> = graph.edges_into(id).filter(lets_in).map(|edge| edge.from).collect();
    let mut ways = ways.into_iter();
    ways.next().filter(|_| ways.next().is_none()).and_then(|way| graph.key(way))
}

/// The environments in which `key` can be read, or that run as it.
fn readable(graph: &Graph, key: &NodeKey) -> Vec<Readable> {
    let Some(id) = graph.id(key) else { return Vec::new() };
    let edges = graph.edges_into(id).filter(|edge| matches!(edge.kind, EdgeKind::ReadableIn | EdgeKind::RunsAs));
    let readable = edges.filter_map(|edge| {
        let environment = graph.node(edge.from)?;
        let valid = edge.valid.intersection(&environment.valid)?;
        (environment.key.kind() == NodeKind::Environment).then(|| Readable {
            key: key.clone(),
            environment: environment.key.clone(),
            valid,
        })
    });
    readable.collect()
}

/// The environments from which `key`, or what one must have to act as it, could have been taken.
pub(crate) fn places(graph: &Graph, key: &NodeKey) -> BTreeSet<NodeKey> {
    let (mut places, mut next, mut seen) = (BTreeSet::new(), Some(key.clone()), BTreeSet::new());
    while let Some(key) = next.filter(|key| seen.insert(key.clone())) {
        places.extend(readable(graph, &key).into_iter().map(|place| place.environment));
        next = only_way_in(graph, &key);
    }
    places
}

/// From when to when an environment was exposed, as far as its judgement says.
pub(crate) fn exposure(judgement: &Judgement) -> (Time, Time) {
    match (judgement.interval, judgement.at) {
        (Some(interval), _) => (interval.from, interval.to),
        (None, Some(at)) => (at, Time::MAX),
        (None, None) => (Time::MIN, Time::MAX),
    }
}

#[cfg(test)]
mod tests;
