//! Facts: statements about the estate, each with the time for which it holds and the time at which we learnt it.

use crate::{CutOption, Holding, Identifier, Interval, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};

/// One statement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub enum Fact {
    /// A thing exists.
    Node(NodeFact),
    /// Two things are related.
    Edge(EdgeFact),
}

/// A thing exists for some time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NodeFact {
    /// Its name.
    pub key: NodeKey,
    /// What a person calls it.
    pub label: Text,
    /// When it exists; a rotated key ends here.
    pub valid: Interval,
    /// When we learnt it.
    pub known: Time,
    /// What says so: the inventory and the place in it.
    pub evidence: Text,
    /// Whether the owner says that it must not be lost.
    #[serde(default)]
    pub crown_jewel: bool,
    /// How it can be cut: each option disables the whole node.
    #[serde(default)]
    pub cuts: Vec<CutOption>,
    /// What else it is known by: what may join it with the same thing seen by another system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
}

/// What an edge says, in the direction in which an intruder moves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// package -> environment: it is installed there.
    InstalledIn,
    /// package -> package: the second depends on the first.
    DependsOn,
    /// environment -> credential: code running there can read it.
    ReadableIn,
    /// credential -> identity: whoever holds it acts as this identity.
    Authenticates,
    /// credential -> credential: a session or token made from it.
    Derives,
    /// identity -> group.
    MemberOf,
    /// identity or group -> identity: may become it.
    MayAssume,
    /// identity -> app: has given it rights of its own.
    Consents,
    /// identity or group -> resource or identity: may act on it.
    MayAct,
    /// resource -> credential: the resource stores it.
    Stores,
    /// identity -> environment: can run code there; environment -> identity: code there runs as it.
    RunsAs,
    /// resource -> data class: holds records of it.
    Holds,
    /// environment -> package: what runs there can publish it.
    Publishes,
}

impl EdgeKind {
    /// The word for it, as facts write it.
    pub const fn word(self) -> &'static str {
        match self {
            EdgeKind::InstalledIn => "installed_in",
            EdgeKind::DependsOn => "depends_on",
            EdgeKind::ReadableIn => "readable_in",
            EdgeKind::Authenticates => "authenticates",
            EdgeKind::Derives => "derives",
            EdgeKind::MemberOf => "member_of",
            EdgeKind::MayAssume => "may_assume",
            EdgeKind::Consents => "consents",
            EdgeKind::MayAct => "may_act",
            EdgeKind::Stores => "stores",
            EdgeKind::RunsAs => "runs_as",
            EdgeKind::Holds => "holds",
            EdgeKind::Publishes => "publishes",
        }
    }

    /// How long the step stays possible where the platform says nothing else: secrets that are read stay read.
    pub const fn usual_persistence(self) -> Persistence {
        match self {
            EdgeKind::ReadableIn | EdgeKind::Stores => Persistence::Take,
            _ => Persistence::While,
        }
    }

    /// Every kind.
    pub const ALL: [EdgeKind; 13] = [
        EdgeKind::InstalledIn,
        EdgeKind::DependsOn,
        EdgeKind::ReadableIn,
        EdgeKind::Authenticates,
        EdgeKind::Derives,
        EdgeKind::MemberOf,
        EdgeKind::MayAssume,
        EdgeKind::Consents,
        EdgeKind::MayAct,
        EdgeKind::Stores,
        EdgeKind::RunsAs,
        EdgeKind::Holds,
        EdgeKind::Publishes,
    ];
}

/// For how long a step, once possible, stays possible.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persistence {
    /// Only inside the edge's interval.
    While,
    /// Taken once inside the interval, then held until the target's own interval ends.
    Take,
    /// Makes a session that lives `ttl_seconds` past the moment it is made, even if its parent is revoked.
    Mint {
        /// How long the session lives.
        ttl_seconds: u32,
    },
}

/// Two things are related for some time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EdgeFact {
    /// What relation.
    pub kind: EdgeKind,
    /// From where an intruder comes.
    pub from: NodeKey,
    /// To where.
    pub to: NodeKey,
    /// Further nodes that must be reached too before the step is possible (a network, a device, a second key).
    #[serde(default)]
    pub premises: Vec<NodeKey>,
    /// When it holds.
    pub valid: Interval,
    /// When we learnt it.
    pub known: Time,
    /// For how long the step stays possible.
    pub persistence: Persistence,
    /// What says so.
    pub evidence: Text,
    /// What may be done, for `may_act` (`s3:GetObject`); empty elsewhere.
    #[serde(default)]
    pub actions: Vec<Text>,
    /// Undecided conditions: the step is possible as far as we can tell, but not certain. Empty means certain.
    #[serde(default)]
    pub may: Vec<Text>,
    /// When it was last used, where known.
    #[serde(default)]
    pub last_used: Option<Time>,
    /// What is held, for `holds`.
    #[serde(default)]
    pub holding: Option<Holding>,
    /// How it can be cut.
    #[serde(default)]
    pub cuts: Vec<CutOption>,
}

impl EdgeFact {
    /// An edge with no premises, conditions, cuts or use known.
    pub fn new(kind: EdgeKind, from: NodeKey, to: NodeKey, valid: Interval, known: Time, evidence: &str) -> EdgeFact {
        EdgeFact {
            kind,
            from,
            to,
            premises: Vec::new(),
            valid,
            known,
            persistence: kind.usual_persistence(),
            evidence: Text::new(evidence),
            actions: Vec::new(),
            may: Vec::new(),
            last_used: None,
            holding: None,
            cuts: Vec::new(),
        }
    }
}

impl NodeFact {
    /// A node labelled with its own name, that nobody calls a crown jewel and nothing can cut.
    pub fn new(key: NodeKey, valid: Interval, known: Time, evidence: &str) -> NodeFact {
        let label = Text::new(key.name());
        let (cuts, identifiers) = (Vec::new(), Vec::new());
        NodeFact { key, label, valid, known, evidence: Text::new(evidence), crown_jewel: false, cuts, identifiers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_has_one_word_wherever_it_is_written() {
        let mut words: Vec<&str> = EdgeKind::ALL.into_iter().map(EdgeKind::word).collect();
        for (kind, word) in EdgeKind::ALL.into_iter().zip(&words) {
            assert_eq!(serde_json::to_value(kind).expect("a word"), *word);
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), EdgeKind::ALL.len());
    }
}
