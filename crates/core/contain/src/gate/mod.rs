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
use cedar_policy::{Authorizer, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use firebreak_model::{Position, Problem, Text};
use std::collections::BTreeMap;

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
    schema: Schema,
    policies: PolicySet,
    /// `@reason` of each policy, or its name where it has none.
    reasons: BTreeMap<String, String>,
}

impl Gate {
    /// The gate with these policies, each a name (its file's) and a text that may hold several.
    ///
    /// # Errors
    /// All that is wrong with schema and policies: text that does not parse, a policy that does not fit the schema or
    /// can never apply, a template, no policy at all. There is no gate then, so nothing passes.
    pub fn new(schema: &str, policies: &[(&str, &str)]) -> Result<Gate, Vec<Problem>> {
        let (schema, warnings) = Schema::from_cedarschema_str(schema)
            .map_err(|error| vec![problem("the policy schema", &error.to_string())])?;
        let mut problems: Vec<Problem> =
            warnings.map(|warning| problem("the policy schema", &warning.to_string())).collect();
        let (set, reasons) = read(policies, &mut problems);
        if set.is_empty() && problems.is_empty() {
            problems.push(problem("the policies", "there is none, so nothing would ever pass"));
        }
        let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
        problems.extend(result.validation_errors().map(|error| problem("the policies", &error.to_string())));
        problems.extend(result.validation_warnings().map(|warning| problem("the policies", &warning.to_string())));
        if problems.is_empty() { Ok(Gate { schema, policies: set, reasons }) } else { Err(problems) }
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
            Answer::Permit(_) if counted.is_empty() && request.paused.is_some() => {
                notes.splice(0..0, request.paused.iter().map(Pause::reason));
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
        let (question, entities) = match question::put(&self.schema, plan, request, approvals) {
            Ok(put) => put,
            Err(reason) => return Answer::Broken(vec![reason]),
        };
        let response = Authorizer::new().is_authorized(&question, &self.policies, &entities);
        let broken: Vec<String> =
            response.diagnostics().errors().map(|error| format!("a policy could not be evaluated: {error}")).collect();
        if !broken.is_empty() {
            return Answer::Broken(broken);
        }
        let mut reasons: Vec<String> = response.diagnostics().reason().map(|id| self.reason(id)).collect();
        reasons.sort();
        match response.decision() {
            cedar_policy::Decision::Allow => Answer::Permit(reasons),
            cedar_policy::Decision::Deny => {
                if reasons.is_empty() {
                    reasons.push("no policy permits it".to_string());
                }
                Answer::Forbid(reasons)
            }
        }
    }

    fn reason(&self, id: &PolicyId) -> String {
        let name: &str = id.as_ref();
        self.reasons.get(name).cloned().unwrap_or_else(|| name.to_string())
    }
}

enum Answer {
    Permit(Vec<String>),
    Forbid(Vec<String>),
    Broken(Vec<String>),
}

/// The policies of all texts in one set, named `<file>/<@id or number>`.
fn read(policies: &[(&str, &str)], problems: &mut Vec<Problem>) -> (PolicySet, BTreeMap<String, String>) {
    let (mut set, mut reasons) = (PolicySet::new(), BTreeMap::new());
    for (file, text) in policies {
        let parsed: PolicySet = match text.parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                problems.push(problem(file, &format!("{error}")));
                continue;
            }
        };
        if parsed.num_of_templates() > 0 {
            problems.push(problem(file, "it holds a template, which permits and forbids nothing"));
        }
        for policy in parsed.policies() {
            let name = format!("{file}/{}", policy.annotation("id").unwrap_or_else(|| policy.id().as_ref()));
            let reason = policy.annotation("reason").unwrap_or(&name).to_string();
            if let Err(error) = set.add(named(policy, &name)) {
                problems.push(problem(file, &error.to_string()));
            }
            reasons.insert(name, reason);
        }
    }
    (set, reasons)
}

fn named(policy: &Policy, name: &str) -> Policy {
    policy.new_id(PolicyId::new(name))
}

fn problem(input: &str, reason: &str) -> Problem {
    Problem {
        source: Text::new_static("gate"),
        position: Position { input: input.to_string(), ..Position::default() },
        reason: reason.to_string(),
        hint: "correct it and check again with `firebreak check`; until then no plan passes".to_string(),
    }
}

#[cfg(test)]
mod tests;
