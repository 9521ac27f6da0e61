//! The part of a plan that may go ahead: what can be taken back and needs nobody, while people are asked about the rest.
//!
//! A part leaves paths open by its nature and says so. It is a plan of its own, with its own id.

use super::order::{Phase, order_after};
use super::{Break, Plan, PlanBody, PreparedBy, Step, StepKey, newcomers};
use firebreak_model::{Action, Reversibility};
use std::collections::{BTreeMap, BTreeSet};

impl Plan {
    /// The steps that can be taken back and need no person, as a plan of its own; `None` where that is no step or all.
    pub fn reversible_part(&self) -> Option<Plan> {
        let body = self.body();
        // A second deny is added again with the step that it repeats. Nothing is issued before all is revoked.
        let mild = |step: &&Step| is_mild(step) && step.phase < Phase::Sweep;
        let kept: Vec<Step> = body.steps.iter().filter(mild).cloned().collect();
        if kept.is_empty() || kept.len() == body.steps.iter().filter(|step| step.phase != Phase::Sweep).count() {
            return None;
        }
        let before: BTreeMap<&StepKey, u32> = body.steps.iter().map(|step| (&step.key, step.number)).collect();
        let sweeps = self.sweeps(&kept);
        let steps = order_after(kept, sweeps, &BTreeMap::new());
        let renumbered: BTreeMap<u32, u32> =
            steps.iter().filter_map(|step| Some((*before.get(&step.key)?, step.number))).collect();
        let breaks =
            body.breaks.iter().filter_map(|one| Some(Break { step: *renumbered.get(&one.step)?, ..one.clone() }));
        let prepared = body.prepared.iter();
        let prepared =
            prepared.filter_map(|one| Some(PreparedBy { step: *renumbered.get(&one.step)?, ..one.clone() })).collect();
        let part = PlanBody {
            cost: steps.iter().map(|step| u64::from(step.cost)).sum(),
            severs: false,
            certified: false,
            part_of: Some(self.id().clone()),
            irreversible: Vec::new(),
            residual: Vec::new(),
            breaks: breaks.collect(),
            prepared,
            steps,
            ..body.clone()
        };
        Plan::new(part).ok()
    }

    /// The sweeps of newcomers, each with the key of the step that it follows.
    fn sweeps(&self, kept: &[Step]) -> Vec<(Step, StepKey)> {
        let of_newcomers = |step: &&Step| newcomers::is_sweep(&step.action);
        let followed =
            |step: &Step| kept.iter().find(|first| step.after.contains(&first.number)).map(|first| first.key.clone());
        let sweeps = self.steps().iter().filter(of_newcomers);
        sweeps.filter_map(|step| Some((step.clone(), followed(step)?))).collect()
    }

    /// The actions that cannot be taken back or about which the owner wants to be asked.
    pub fn asking(&self) -> BTreeSet<Action> {
        self.steps().iter().filter(|step| !is_mild(step)).map(|step| step.action.clone()).collect()
    }

    /// Whether `other` does exactly the same to the same end, so that an approval of this one would be one of that.
    pub fn does_the_same(&self, other: &Plan) -> bool {
        let (a, b) = (self.body(), other.body());
        let keys = |body: &PlanBody| body.steps.iter().map(|step| step.key.clone()).collect::<Vec<_>>();
        let sources = |body: &PlanBody| body.sources.iter().map(|one| one.key.clone()).collect::<BTreeSet<_>>();
        let open = |body: &PlanBody| body.uncuttable.iter().map(|one| one.path.clone()).collect::<Vec<_>>();
        a.incident == b.incident
            && keys(a) == keys(b)
            && a.relies_on == b.relies_on
            && a.targets == b.targets
            && sources(a) == sources(b)
            && open(a) == open(b)
    }
}

/// Whether a step can be taken back and needs nobody.
fn is_mild(step: &Step) -> bool {
    let revocable = matches!(step.reversibility, Reversibility::Reversible | Reversibility::ReversibleReissuesAccess);
    revocable && !step.needs_person
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::example;
    use firebreak_model::NodeKey;

    fn mixed() -> Plan {
        let mut body = example::body();
        let key = |id: &str| NodeKey::credential("aws", id);
        body.steps = super::super::order::order(vec![
            example::step("aws_access_key/deactivate", key("AKIA1"), Reversibility::ReversibleReissuesAccess),
            example::step("oauth_token/revoke", key("token"), Reversibility::Irreversible),
            Step {
                needs_person: true,
                ..example::step("aws_access_key/deactivate", key("AKIA2"), Reversibility::ReversibleReissuesAccess)
            },
        ]);
        body.irreversible = super::super::make::permanent(&body.steps);
        Plan::new(body).expect("plain data")
    }

    #[test]
    fn only_what_can_be_taken_back_and_needs_nobody_goes_ahead() {
        let whole = mixed();
        let part = whole.reversible_part().expect("one step is mild");
        assert_eq!(part.steps().iter().map(|s| s.action.target.name()).collect::<Vec<_>>(), ["AKIA1"]);
        assert_eq!(part.body().part_of.as_ref(), Some(whole.id()));
        assert!(!part.body().severs && !part.body().certified, "a part claims nothing for the whole");
        assert_eq!(crate::lint::lint(&part, &example::lint_context()), []);
    }

    #[test]
    fn whom_a_login_let_in_is_swept_with_it_and_not_behind_what_waits_for_people() {
        let key = |id: &str| NodeKey::credential("aws", id);
        let mild = Reversibility::ReversibleReissuesAccess;
        let first = |name: &str| example::step("postgres_role/disable", NodeKey::identity("postgres", name), mild);
        let sweep = |first: &Step| {
            let mut action = first.action.clone();
            action.parameters.insert(newcomers::KNOWN_PARAMETER.into(), "[]".into());
            action.parameters.insert(super::super::SWEEP_PARAMETER.into(), "0".into());
            Step { key: StepKey::of(&action), action, phase: Phase::Sweep, cost: 0, ..first.clone() }
        };
        let (goes, waits) = (first("db/a"), Step { needs_person: true, ..first("db/b") });
        let sweeps = [&goes, &waits].map(|first| (sweep(first), first.key.clone())).to_vec();
        let token = example::step("oauth_token/revoke", key("token"), Reversibility::Irreversible);
        let mut body = example::body();
        body.steps = order_after(vec![token, goes.clone(), waits], sweeps, &BTreeMap::new());
        body.irreversible = super::super::make::permanent(&body.steps);
        let part = Plan::new(body).expect("plain data").reversible_part().expect("one step is mild");
        let names: Vec<_> = part.steps().iter().map(|s| (s.action.target.name(), s.phase, s.after.clone())).collect();
        assert_eq!(names, [("db/a", Phase::Key, vec![]), ("db/a", Phase::Sweep, vec![1])]);
    }

    #[test]
    fn a_plan_that_is_all_mild_or_not_at_all_has_no_part() {
        assert_eq!(example::plan().reversible_part(), None);
        let mut body = example::body();
        body.steps.iter_mut().for_each(|step| step.needs_person = true);
        assert_eq!(Plan::new(body).expect("plain data").reversible_part(), None);
    }

    #[test]
    fn a_plan_made_later_does_the_same() {
        let mut body = example::body();
        body.made_at = example::now().plus_seconds(60);
        let later = Plan::new(body).expect("plain data");
        assert!(example::plan().does_the_same(&later) && example::plan().id() != later.id());
        assert!(!example::plan().does_the_same(&mixed()));
    }
}
