//! What no plan may do, whatever the policy says: a plan with one problem here never passes the gate.
//!
//! It judges a finished plan; it mends nothing.

use crate::plan::{Phase, Plan, PlanBody, Step, StepKey};
use firebreak_model::{NodeKey, Position, Problem, Reversibility, Text, Time};
use std::collections::BTreeSet;

/// What a plan is held against.
#[derive(Clone, Debug)]
pub struct LintContext {
    /// Firebreak's own credentials, identities and whatever its way to the platforms leads through. A plan that cuts
    /// one of them disarms the responders.
    pub our_own: BTreeSet<NodeKey>,
    /// The actions that exist (`aws_access_key/deactivate`).
    pub actions: BTreeSet<Text>,
    /// What the owner says may never be cut.
    pub never_cut: BTreeSet<NodeKey>,
    /// The present moment.
    pub now: Time,
    /// How old a plan may be, in seconds.
    pub max_age_seconds: i64,
    /// Whether the steps still sever on the estate as it is known now; `None` where nobody has looked, which counts
    /// as no.
    pub severs_now: Option<bool>,
}

/// How old a plan may be where the owner says nothing: a working day's approval round, not more.
pub const MAX_AGE_SECONDS: i64 = 4 * 3_600;

/// Everything that is wrong with `plan`.
pub fn lint(plan: &Plan, context: &LintContext) -> Vec<Problem> {
    let mut found = Findings { plan, problems: Vec::new() };
    if !plan.is_whole() {
        found.whole("its content does not match its id", "have a new plan made; look for who changed this one");
    }
    age(plan.body(), context, &mut found);
    paths(plan.body(), context, &mut found);
    repeats(plan.body(), &mut found);
    sequence(plan.body(), &mut found);
    for step in plan.steps() {
        target(step, context, &mut found);
        permanence(step, plan.body(), &mut found);
    }
    found.problems
}

struct Findings<'a> {
    plan: &'a Plan,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn push(&mut self, place: String, reason: impl Into<String>, hint: &str) {
        let position = Position { input: place, ..Position::default() };
        let (reason, hint) = (reason.into(), hint.to_string());
        self.problems.push(Problem { source: Text::new_static("lint"), position, reason, hint });
    }

    fn whole(&mut self, reason: impl Into<String>, hint: &str) {
        self.push(format!("plan {}", self.plan.id().short()), reason, hint);
    }

    fn step(&mut self, step: &Step, reason: impl Into<String>, hint: &str) {
        self.push(format!("plan {}, step {}", self.plan.id().short(), step.number), reason, hint);
    }
}

fn age(body: &PlanBody, context: &LintContext, found: &mut Findings<'_>) {
    let age = context.now.seconds_since(body.made_at);
    if age < 0.0 {
        found.whole("it was made in the future", "check the clocks, then have a new plan made");
    } else if age > context.max_age_seconds as f64 {
        let (hours, limit) = (age / 3_600.0, context.max_age_seconds as f64 / 3_600.0);
        found.whole(format!("it is {hours:.1} hours old, and {limit:.1} are allowed"), "have a new plan made");
    }
}

fn paths(body: &PlanBody, context: &LintContext, found: &mut Findings<'_>) {
    if body.steps.is_empty() {
        found.whole("it does nothing", "have a new plan made");
    }
    // The part of a plan that goes ahead leaves paths by its nature, and the rest of the plan follows it.
    if body.part_of.is_some() {
        return;
    }
    if !body.severs {
        found.whole("it leaves a path open that it does not name", "have a new plan made");
    } else if context.severs_now != Some(true) {
        let reason = match context.severs_now {
            Some(_) => "the estate has changed: it leaves a path open now",
            None => "nobody has looked whether it still severs every path",
        };
        found.whole(reason, "have a new plan made on the estate as it is now");
    }
}

fn repeats(body: &PlanBody, found: &mut Findings<'_>) {
    let mut seen: BTreeSet<&StepKey> = body.relies_on.iter().collect();
    for step in &body.steps {
        if step.key != StepKey::of(&step.action) {
            found.step(step, "its key is not that of its action", "have a new plan made");
        }
        if !seen.insert(&step.key) {
            found.step(step, "it repeats a step", "have a new plan made");
        }
    }
}

fn sequence(body: &PlanBody, found: &mut Findings<'_>) {
    for (step, number) in body.steps.iter().zip(1..) {
        if step.number != number {
            found.step(step, format!("it stands in place {number}"), "have a new plan made");
        }
        if step.after.iter().any(|before| *before >= step.number) {
            found.step(step, "it waits for a step that comes after it", "have a new plan made");
        }
    }
    let reissued = body.steps.iter().position(|step| step.phase == Phase::Reissue);
    let revoked = body.steps.iter().rposition(|step| step.phase < Phase::Reissue);
    if let (Some(reissued), Some(revoked)) = (reissued, revoked)
        && reissued < revoked
    {
        found.whole("it issues something before everything is revoked", "revoke everything first, reissue after");
    }
}

fn target(step: &Step, context: &LintContext, found: &mut Findings<'_>) {
    let target = &step.action.target;
    let cut = |keys: &BTreeSet<NodeKey>| {
        // A parameter may name what is hit beside the target: the role behind a session, the user behind a key.
        keys.contains(target) || keys.iter().any(|key| step.action.parameters.values().any(|text| text == key.as_str()))
    };
    if cut(&context.our_own) {
        let reason = format!("it cuts `{target}`, which the responders themselves need");
        found.step(step, reason, "give the responders a way of their own, or cut elsewhere");
    }
    if cut(&context.never_cut) {
        let reason = format!("`{target}` may never be cut");
        found.step(step, reason, "cut elsewhere, or have the owner lift `never_cut`");
    }
    if !context.actions.contains(&step.action.name) {
        let reason = format!("no responder knows `{}`", step.action.name);
        found.step(step, reason, "correct the action's name where the fact comes from, or install the responder");
    }
}

fn permanence(step: &Step, body: &PlanBody, found: &mut Findings<'_>) {
    let permanent = matches!(step.reversibility, Reversibility::Irreversible | Reversibility::RecreateOnly);
    let announced = body.irreversible.contains(&step.number);
    if permanent && !announced {
        found.step(step, "it cannot be taken back, and the plan does not say so", "have a new plan made");
    }
    if step.undo_note.is_empty() {
        found.step(step, "it does not say how it is undone", "have a new plan made");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::example;

    fn reasons(plan: &Plan, context: &LintContext) -> Vec<String> {
        lint(plan, context).into_iter().map(|problem| problem.reason).collect()
    }

    fn with(change: impl FnOnce(&mut PlanBody)) -> Plan {
        let mut body = example::body();
        change(&mut body);
        Plan::new(body).expect("plain data")
    }

    #[test]
    fn a_sound_plan_has_no_problem() {
        assert_eq!(reasons(&example::plan(), &example::lint_context()), Vec::<String>::new());
    }

    #[test]
    fn a_plan_that_was_changed_is_seen() {
        let plan = example::plan().tampered(|body| body.cost = 1);
        assert_eq!(reasons(&plan, &example::lint_context()), ["its content does not match its id"]);
    }

    #[test]
    fn the_responders_own_way_and_what_may_never_be_cut_are_safe() {
        let step = example::plan().steps()[0].clone();
        let mut context = example::lint_context();
        context.our_own.insert(step.action.target.clone());
        assert!(reasons(&example::plan(), &context)[0].contains("responders themselves"));
        let mut context = example::lint_context();
        context.never_cut.insert(step.action.target);
        assert!(reasons(&example::plan(), &context)[0].contains("may never be cut"));
    }

    #[test]
    fn an_open_path_must_be_named() {
        let context = example::lint_context();
        assert_eq!(
            reasons(&with(|body| body.severs = false), &context),
            ["it leaves a path open that it does not name"]
        );
        for (severs_now, says) in [(Some(false), "the estate has changed"), (None, "nobody has looked")] {
            let context = LintContext { severs_now, ..example::lint_context() };
            assert!(reasons(&example::plan(), &context)[0].contains(says));
        }
    }

    #[test]
    fn a_step_is_not_repeated_not_even_from_an_earlier_plan() {
        let context = example::lint_context();
        let twice = with(|body| {
            let again = Step { number: body.steps.len() as u32 + 1, ..body.steps[0].clone() };
            body.steps.push(again);
        });
        assert_eq!(reasons(&twice, &context), ["it repeats a step"]);
        let before = with(|body| body.relies_on = vec![body.steps[0].key.clone()]);
        assert_eq!(reasons(&before, &context), ["it repeats a step"]);
    }

    #[test]
    fn nothing_permanent_goes_unsaid() {
        let plan = with(|body| body.steps[0].reversibility = Reversibility::Irreversible);
        assert!(reasons(&plan, &example::lint_context())[0].contains("the plan does not say so"));
        let said = with(|body| {
            body.steps[0].reversibility = Reversibility::Irreversible;
            body.irreversible = vec![1];
        });
        assert!(reasons(&said, &example::lint_context()).is_empty());
    }

    #[test]
    fn stale_future_and_unknown_are_refused() {
        let late = LintContext { now: example::now().plus_seconds(MAX_AGE_SECONDS + 1), ..example::lint_context() };
        assert_eq!(reasons(&example::plan(), &late), ["it is 4.0 hours old, and 4.0 are allowed"]);
        let early = LintContext { now: example::now().plus_seconds(-1), ..example::lint_context() };
        assert_eq!(reasons(&example::plan(), &early), ["it was made in the future"]);
        let bare = LintContext { actions: BTreeSet::new(), ..example::lint_context() };
        assert!(reasons(&example::plan(), &bare)[0].starts_with("no responder knows"));
        assert_eq!(reasons(&with(|body| body.steps.clear()), &example::lint_context()), ["it does nothing"]);
    }

    #[test]
    fn nothing_is_reissued_before_everything_is_revoked() {
        let plan = with(|body| body.steps[0].phase = Phase::Reissue);
        assert!(reasons(&plan, &example::lint_context()).iter().any(|reason| reason.contains("before everything")));
    }
}
