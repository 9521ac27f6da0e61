//! What is asked of a cut: what is compromised, what must not be reached, what may be done and what is rather done.

use crate::graph::NodeId;
use crate::reach::Source;
use firebreak_model::{Action, CutOption, NodeKey, Text, Time};
use std::collections::BTreeSet;

/// What to cut from what, and what may be done.
#[derive(Clone)]
pub struct CutRequest<'a> {
    /// What is compromised, and since when.
    pub sources: &'a [Source],
    /// From when on actions work.
    pub now: Time,
    /// What must not be reached.
    pub targets: Vec<NodeId>,
    /// Actions that were refused.
    pub refused: &'a [Action],
    /// Nodes that must never be cut.
    pub never: &'a BTreeSet<NodeKey>,
    /// What an option costs; [`stated_cost`] unless the planner knows better.
    pub costs: &'a dyn Fn(&CutOption) -> u32,
    /// What is rather done, or rather not, for reasons that costs do not know.
    pub preferences: &'a [Preference],
    /// How many elementary operations the search for the cheapest plan may take. Beyond that, the plan is the border of what
    /// nothing permitted takes away: safe, near to what is compromised, and dear. The same request always gives the same
    /// answer, on any machine.
    pub plan_max: u64,
    /// How many operations it may take to make that plan cheaper still, or to prove that none is.
    pub proof_max: u64,
}

/// The cost that the fact states.
pub fn stated_cost(option: &CutOption) -> u32 {
    option.cost
}

static NOTHING: BTreeSet<NodeKey> = BTreeSet::new();

impl<'a> CutRequest<'a> {
    /// Cuts `targets` from `sources` at stated costs with every permitted action. The plan takes milliseconds in most
    /// estates and seconds in the worst, its proof up to about a second.
    pub fn new(sources: &'a [Source], now: Time, targets: Vec<NodeId>) -> CutRequest<'a> {
        let (plan_max, proof_max) = (400_000_000, 40_000_000);
        let (refused, preferences): (&[Action], &[Preference]) = (&[], &[]);
        CutRequest {
            sources,
            now,
            targets,
            refused,
            never: &NOTHING,
            costs: &stated_cost,
            preferences,
            plan_max,
            proof_max,
        }
    }

    /// The same request for other targets: for instance those that a partial plan does sever.
    pub fn for_targets(&self, targets: Vec<NodeId>) -> CutRequest<'a> {
        CutRequest { targets, ..self.clone() }
    }
}

/// A preference among permitted actions: a factor on what they cost, with the reason, which is shown with every step that
/// it bears on. What must never be done is not a preference: that is `refused` and `never`. A plan is the cheapest at the
/// costs that preferences make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preference {
    /// The action's name, for instance `aws/deny_sessions`; `None` for any.
    pub name: Option<Text>,
    /// What the action acts on; `None` for anything.
    pub target: Option<NodeKey>,
    /// What the cost is multiplied by, in hundredths: less than 100 where the action is preferred, more where another is.
    pub percent: u32,
    /// Why.
    pub reason: Text,
}

impl Preference {
    /// Whether the preference bears on `action`.
    pub fn bears_on(&self, action: &Action) -> bool {
        self.name.as_ref().is_none_or(|name| *name == action.name)
            && self.target.as_ref().is_none_or(|target| *target == action.target)
    }
}

/// What an option costs in a request: the cost, at least 1, times every preference that bears on it, rounded up, at
/// least 1 and at most `u32::MAX`.
pub(crate) fn price(request: &CutRequest<'_>, option: &CutOption) -> u64 {
    let cost = u64::from((request.costs)(option).max(1));
    let bearing = request.preferences.iter().filter(|preference| preference.bears_on(&option.action));
    bearing.fold(cost, |cost, preference| {
        cost.saturating_mul(u64::from(preference.percent)).div_ceil(100).clamp(1, u64::from(u32::MAX))
    })
}
