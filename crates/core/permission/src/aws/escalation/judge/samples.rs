//! Permissions on things whose ARN is not known in full: what a caller may choose, and what nobody wrote down.

use super::{Judge, about};
use crate::aws::answer::Answer;
use crate::aws::arn::Arn;
use crate::aws::context::{Context, View};
use crate::aws::escalation::Verdict;
use crate::aws::glob::{Glob, Work};
use crate::aws::policy::{Effect, Listed, Statement};
use crate::aws::principal::Resource;
use firebreak_model::Text;
use std::collections::BTreeSet;

/// How many ARNs are tried at most in place of one that is not known.
const MAX_SAMPLES: usize = 24;

/// What stands where the caller may choose.
const CHOSEN: &str = "firebreak";

/// Whether nothing but the region is not known, and ids that AWS adds after a name.
fn only_region(pattern: &str) -> bool {
    let Some(arn) = Arn::split(pattern) else { return false };
    let named = arn.resource.trim_end_matches(['*', ':', '/']);
    !arn.account.contains('*') && !named.contains('*') && named.contains(['/', ':']) || named == arn.resource
}

impl Judge<'_> {
    /// Whether `action` is allowed on some resource of this form, of which the caller chooses what is a `*`.
    pub(in crate::aws::escalation) fn some(&mut self, asker: usize, action: &str, form: &str) -> Verdict {
        let context = self.context();
        self.some_with(asker, &[&[action]], form, &context)
    }

    /// Whether one action of each list is allowed, all on one resource of the form.
    pub(in crate::aws::escalation) fn some_with(
        &mut self,
        asker: usize,
        all: &[&[&str]],
        form: &str,
        context: &Context,
    ) -> Verdict {
        let mut best = Verdict::default();
        for arn in self.samples(asker, all, &self.filled(form)) {
            let mut whole = Verdict::certain();
            for any in all {
                let mut step = Verdict::default();
                for action in *any {
                    let verdict = self.decide(asker, action, &arn, context);
                    if verdict.better(&step) {
                        step = verdict;
                    }
                }
                whole = whole.and(&step);
            }
            if whole.better(&best) {
                best = whole;
            }
            if best.answer == Answer::Yes {
                break;
            }
        }
        if best.possible() { best } else { Verdict::default() }
    }

    /// Whether `action` is allowed on the one thing whose ARN is this pattern: where parts are not known, it may be any.
    pub(in crate::aws::escalation) fn thing(&mut self, asker: usize, action: &str, pattern: &str) -> Verdict {
        if !self.could(asker, action) {
            return Verdict::default();
        }
        let context = self.context();
        if !Glob::new(pattern).is_pattern() {
            return self.decide(asker, action, pattern, &context);
        }
        let (mut best, mut all) = (Verdict::default(), true);
        for arn in self.samples(asker, &[&[action]], pattern) {
            let verdict = self.decide(asker, action, &arn, &context);
            all &= verdict.answer == Answer::Yes;
            if verdict.better(&best) {
                best = verdict;
            }
        }
        if all || best.answer != Answer::Yes {
            return best;
        }
        if only_region(pattern) {
            let note = format!("taken as given: `{pattern}` is in a region that the policy means");
            best.because.push(Text::new(note));
            return best;
        }
        best.unless(format!("the ARN that is `{pattern}` is among those meant"))
    }

    /// A form with the account and its partition in it.
    pub(in crate::aws::escalation) fn filled(&self, form: &str) -> String {
        let partition =
            self.account.members.first().and_then(|member| Arn::split(&member.arn)).map(|arn| arn.partition);
        let filled = form.replace("{account}", &self.account.id);
        match (partition, filled.strip_prefix("arn:aws:")) {
            (Some(partition), Some(rest)) if partition != "aws" => format!("arn:{partition}:{rest}"),
            _ => filled,
        }
    }

    /// ARNs of a form: some that each statement means, and one that none means in particular.
    fn samples(&self, asker: usize, all: &[&[&str]], form: &str) -> BTreeSet<String> {
        let form = Glob::new(form);
        let mut samples: BTreeSet<String> = form.example(CHOSEN).into_iter().collect();
        if form.matches_all() {
            // An action without resources is asked of `*`.
            return BTreeSet::from(["*".to_owned()]);
        }
        let Some(asker) = self.askers.get(asker) else { return samples };
        let (resource, context) = (Resource::new("*"), self.context());
        let view = View {
            principal: &asker.principal,
            resource: &resource,
            context: &context,
            principal_in: self.membership,
            resource_in: self.membership,
        };
        let lower: Vec<String> = all.iter().flat_map(|any| *any).map(|action| action.to_ascii_lowercase()).collect();
        let policies = asker.identity.iter().chain(&asker.boundary).chain(self.organization());
        let statements = policies.flat_map(|policy| &policy.statements);
        let means = |statement: &&Statement| lower.iter().any(|action| about(statement, action));
        let mut work = Work::default();
        for statement in statements.filter(means) {
            let meant = match (&statement.resources, statement.effect) {
                (Listed::These(templates), Effect::Allow | Effect::Unread) => templates,
                // What a Deny spares, and what an Allow leaves out.
                (Listed::These(templates), Effect::Deny) | (Listed::AllBut(templates), _) => templates,
                _ => continue,
            };
            for glob in meant.iter().filter_map(|template| template.resolved(&view)) {
                if samples.len() >= MAX_SAMPLES {
                    return samples;
                }
                let (both, _) = form.meets(&glob, 2, &mut work);
                samples.extend(both.iter().filter_map(|glob| glob.example(CHOSEN)));
            }
        }
        samples
    }
}
