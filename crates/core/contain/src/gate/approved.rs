//! `Approved<T>`: the proof that something passed the gate. Whoever holds one may act; nobody but the gate makes one.

use super::Approval;
use crate::plan::Plan;
use firebreak_model::{NodeKey, Time};
use serde::Serialize;

/// A thing that passed the gate. There is no other way to have one than [`super::Gate::decide`]:
///
/// it cannot be built from its fields,
///
/// ```compile_fail,E0451
/// use firebreak_contain::{Approved, Plan};
/// fn forge(plan: Plan) -> Approved<Plan> {
///     Approved { thing: plan, reasons: Vec::new(), approvals: Vec::new(), at: firebreak_model::Time(0) }
/// }
/// ```
///
/// nor by its constructor,
///
/// ```compile_fail,E0624
/// use firebreak_contain::{Approved, Plan};
/// fn forge(plan: Plan) -> Approved<Plan> {
///     Approved::grant(plan, Vec::new(), Vec::new(), firebreak_model::Time(0))
/// }
/// ```
///
/// nor read from text,
///
/// ```compile_fail,E0277
/// use firebreak_contain::{Approved, Plan};
/// fn forge(text: &str) -> Approved<Plan> {
///     serde_json::from_str(text).unwrap()
/// }
/// ```
///
/// nor made from nothing,
///
/// ```compile_fail,E0277
/// use firebreak_contain::{Approved, Plan};
/// fn forge() -> Approved<Plan> {
///     fn default<T: Default>() -> T { T::default() }
///     default()
/// }
/// ```
///
/// nor converted from what was not approved,
///
/// ```compile_fail,E0277
/// use firebreak_contain::{Approved, Plan};
/// fn forge(plan: Plan) -> Approved<Plan> {
///     plan.into()
/// }
/// ```
///
/// nor copied, nor altered once it is there.
///
/// ```compile_fail,E0277
/// use firebreak_contain::{Approved, Plan};
/// fn copy<T: Clone>(thing: &T) -> T { thing.clone() }
/// fn forge(one: &Approved<Plan>) -> Approved<Plan> {
///     copy::<Approved<Plan>>(one)
/// }
/// ```
///
/// ```compile_fail,E0616
/// use firebreak_contain::{Approved, Plan};
/// fn forge(one: &mut Approved<Plan>, other: Plan) {
///     one.thing = other;
/// }
/// ```
///
/// What the gate gave can be read, and written for the record:
///
/// ```
/// use firebreak_contain::{Approved, Plan};
/// fn record(one: &Approved<Plan>) -> String {
///     format!("{} {}", one.plan().id(), serde_json::to_string(one).unwrap_or_default())
/// }
/// ```
#[derive(PartialEq, Eq, Debug, Serialize)]
pub struct Approved<T> {
    thing: T,
    reasons: Vec<String>,
    approvals: Vec<Approval>,
    at: Time,
}

impl<T> Approved<T> {
    pub(super) fn grant(thing: T, reasons: Vec<String>, approvals: Vec<Approval>, at: Time) -> Approved<T> {
        Approved { thing, reasons, approvals, at }
    }

    /// Why it passed, in the words of the policies that let it.
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }

    /// The approvals that counted, one a person.
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// Who approved it.
    pub fn approvers(&self) -> impl Iterator<Item = &NodeKey> {
        self.approvals.iter().map(|approval| &approval.by)
    }

    /// When it passed.
    pub fn at(&self) -> Time {
        self.at
    }
}

impl Approved<Plan> {
    /// The plan that may be carried out, as it stands.
    pub fn plan(&self) -> &Plan {
        &self.thing
    }
}
