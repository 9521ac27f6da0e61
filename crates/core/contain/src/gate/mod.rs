//! The gate: the owner's Cedar policies decide over a plan, and only a plan that passes becomes `Approved<Plan>`.
//!
//! Whatever goes wrong is a deny: a policy that does not fit the schema keeps the gate from opening at all, and an
//! evaluation error, a missing attribute, a lint problem or a changed plan denies the plan in question.

mod approval;
mod approved;
pub mod case;
mod pause;
mod question;
pub mod shipped;

use crate::lint::{LintContext, lint};
use crate::plan::Plan;
use firebreak_model::Problem;
use firebreak_policy::{Answer, Policies};

pub use approval::{Approval, MAX_APPROVAL_SECONDS, valid_approvals};
pub use approved::Approved;
pub use pause::Pause;
pub use question::{Confidence, GateRequest};

/// The most approvals that a policy can ask for. More would never be collected in time.
pub const MOST_APPROVALS: u32 = 5;

/// What the gate says.
#[derive(PartialEq, Debug)]
pub enum Decision {
    /// It may be carried out.
    Approved(Approved<Plan>),
    /// It may be carried out once that many people have approved it.
    NeedsApproval {
        /// How many people must approve.
        needed: u32,
        /// How many have, counting each once and only those who may.
        have: u32,
        /// The plan, to ask about.
        plan: Plan,
        /// Why more are needed, and why approvals that were given do not count.
        reasons: Vec<String>,
    },
    /// It may not be carried out.
    Denied {
        /// The plan, for the record.
        plan: Plan,
        /// Why.
        reasons: Vec<String>,
    },
}

/// The owner's policies, checked against the schema.
#[derive(Clone, Debug)]
pub struct Gate {
    policies: Policies,
}

impl Gate {
    /// The gate with these policies, each a name (its file's) and a text that may hold several.
    ///
    /// # Errors
    /// All that is wrong with schema and policies, as [`Policies::new`] has it. There is no gate then, so nothing passes.
    pub fn new(schema: &str, policies: &[(&str, &str)]) -> Result<Gate, Vec<Problem>> {
        let hint = "correct it and check again with `firebreak check`; until then no plan passes";
        Ok(Gate { policies: Policies::new(schema, policies, "gate", hint)? })
    }

    /// What the policies say to `plan` in the circumstances of `request`. Lint comes first, and no policy overrules it.
    pub fn decide(&self, plan: Plan, request: &GateRequest, context: &LintContext) -> Decision {
        let problems = lint(&plan, context);
        if !problems.is_empty() {
            let reasons = problems.iter().map(|problem| format!("{}: {}", problem.position, problem.reason)).collect();
            return Decision::Denied { plan, reasons };
        }
        if context.now != request.now || plan.body().incident != request.incident {
            let reasons = vec!["the request is about another moment or another incident".to_string()];
            return Decision::Denied { plan, reasons };
        }
        let (counted, mut notes) = valid_approvals(&plan, request);
        let have = u32::try_from(counted.len()).unwrap_or(u32::MAX);
        match self.ask(&plan, request, have) {
            Answer::Permit(_) if counted.is_empty() && (request.paused.is_some() || request.held.is_some()) => {
                let why = request.paused.iter().map(Pause::reason).chain(request.held.clone());
                notes.splice(0..0, why);
                Decision::NeedsApproval { needed: 1, have, plan, reasons: notes }
            }
            Answer::Permit(reasons) => Decision::Approved(Approved::grant(plan, reasons, counted, request.now)),
            Answer::Forbid(reasons) => {
                // How many would do? The smallest number that the same policies let pass.
                let enough = (have.saturating_add(1)..=MOST_APPROVALS)
                    .find(|approvals| matches!(self.ask(&plan, request, *approvals), Answer::Permit(_)));
                notes.splice(0..0, reasons);
                match enough {
                    Some(needed) => Decision::NeedsApproval { needed, have, plan, reasons: notes },
                    None => Decision::Denied { plan, reasons: notes },
                }
            }
            Answer::Broken(reasons) => Decision::Denied { plan, reasons },
        }
    }

    /// One evaluation, as if that many people had approved.
    fn ask(&self, plan: &Plan, request: &GateRequest, approvals: u32) -> Answer {
        self.policies.ask(&question::put(plan, request, approvals))
    }
}

#[cfg(test)]
mod tests;
