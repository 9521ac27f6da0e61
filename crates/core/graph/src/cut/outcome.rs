//! What a cut comes to: the actions, what each is for, what cannot be cut, and the proof of the cost.

use crate::graph::{EdgeId, NodeId};
use crate::reach::Hop;
use firebreak_model::{Action, CutPolicy, NodeKey, Reversibility, Text, Time};
use serde::{Deserialize, Serialize};

/// Everything that a cut request comes to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CutOutcome {
    /// The plan for all targets that can be severed.
    pub cut: Cut,
    /// The targets that cannot. While there are any, the plan is a partial one.
    pub uncuttable: Vec<Uncuttable>,
    /// What is treated as held already, by node.
    pub held: Vec<Held>,
}

impl CutOutcome {
    /// Whether every target is severed.
    pub fn is_complete(&self) -> bool {
        self.uncuttable.is_empty()
    }
}

/// A node that may be in the intruder's hands whatever is cut upstream of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub node: NodeKey,
    /// From when: `now`, or a source's own later time.
    pub from: Time,
    /// Until when: a session's last possible end, or the end of the node itself.
    pub until: Time,
    /// Whether it is a source of the request, or follows from one.
    pub source: bool,
}

/// A set of actions, its cost and the proof of both.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cut {
    /// What to do, in the order of actions.
    pub actions: Vec<ChosenAction>,
    /// The sum of costs, each action once.
    pub cost: u64,
    /// No set of permitted actions that severs the same targets costs less.
    pub lower_bound: u64,
    /// Whether `cost` equals `lower_bound`.
    pub proven: bool,
    /// Why `lower_bound` holds.
    pub certificate: Certificate,
}

/// One action of a cut.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChosenAction {
    /// What to do.
    pub action: Action,
    /// What it costs in this request.
    pub cost: u64,
    /// Seconds until it denies everywhere.
    pub delay_seconds: u32,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// What the owner allows.
    pub policy: CutPolicy,
    /// The reasons of the preferences that bear on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Text>,
    /// Where it stops the intruder once the whole cut is done; it may disable more elsewhere.
    pub severs: Vec<Place>,
    /// Targets that come within reach again if this step alone fails; of a large plan, one of them.
    pub exposes: Vec<NodeKey>,
    /// The way to the first of these, from what is held.
    pub path: Vec<Hop>,
}

/// Something that an action disables.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A whole node.
    Node(NodeKey),
    /// One relation.
    Edge {
        /// Which edge of the graph that was searched.
        edge: EdgeId,
        /// Its origin.
        from: NodeKey,
        /// Its target.
        to: NodeKey,
        /// What says that it exists.
        evidence: Text,
    },
}

/// A target that no permitted set of actions severs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Uncuttable {
    /// Which.
    pub target: NodeKey,
    /// A way that stays though every permitted action is done; empty if the target is itself held.
    pub path: Vec<Hop>,
    /// What is missing.
    pub missing: String,
}

/// Why no cheaper cut exists: proofs, each of which needs one of its actions done, and how they add up.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// Ways to reach a target.
    pub proofs: Vec<Proof>,
    /// How they add up to the bound.
    pub bound: Bound,
}

/// One way to reach a target from what is held.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// Which target.
    pub target: NodeId,
    /// Steps, each after those that it needs, again where a session is renewed; none if the target is itself held.
    pub steps: Vec<EdgeId>,
    /// The permitted actions of which any breaks it.
    pub actions: Vec<Action>,
}

/// How proofs add up to a bound from below.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Weights in millionths of a unit of cost on proofs, by number, such that no action that is neither done nor ruled
    /// out carries more than it costs: the bound is what is done, and the sum of weights rounded up.
    Packing(Vec<(u32, u64)>),
    /// Every action of this proof was ruled out: nothing here severs it.
    Unbroken(u32),
    /// The action is done, or it is not.
    Branch {
        /// Which.
        action: Action,
        /// If it is done.
        done: Box<Bound>,
        /// If it is ruled out.
        spared: Box<Bound>,
    },
}

impl Default for Bound {
    fn default() -> Self {
        Bound::Packing(Vec::new())
    }
}
