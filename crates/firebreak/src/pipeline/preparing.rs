//! What events fill in of the steps that standing policies ask for, found beside the matches. Stateless: whether anything comes
//! of it is for the third stage to say, once a finding names the events.

use firebreak_contain::standing_policy::{EventStep, Mode, Prepared, Standing};
use firebreak_detect::{RuleIndex, Rules, texts};
use firebreak_model::{CutOption, Event, Text};

/// Fills in the steps of standing policies from events.
#[derive(Debug, Default)]
pub struct Preparer {
    steps: Vec<(Text, EventStep)>,
    /// The steps that wait for each rule, by its index.
    by_rule: Vec<Vec<usize>>,
}

impl Preparer {
    /// For the policies that the owner wants, and the rules that policies name and nobody has, as (policy, rule).
    pub fn new(rules: &Rules, standing: &[Standing]) -> (Preparer, Vec<(Text, Text)>) {
        let wanted = standing.iter().filter(|one| one.mode != Mode::Off).map(|one| &one.policy);
        let steps: Vec<(Text, EventStep)> =
            wanted.flat_map(|policy| policy.event_steps.iter().map(|step| (policy.id.clone(), step.clone()))).collect();
        let (mut by_rule, mut unknown) = (vec![Vec::new(); rules.detections().len()], Vec::new());
        for (at, (policy, step)) in steps.iter().enumerate() {
            for name in &step.rules {
                let mut any = false;
                for (rule, waiting) in rules.detections().iter().zip(&mut by_rule) {
                    let attributes = &rule.attributes;
                    if attributes.name.as_ref() == Some(name) || attributes.detector == *name {
                        any = true;
                        waiting.push(at);
                    }
                }
                unknown.extend((!any).then(|| (policy.clone(), name.clone())));
            }
        }
        (Preparer { steps, by_rule }, unknown)
    }

    /// What `event`, which met `matches`, fills in: for each policy all of its steps.
    pub fn prepare(&self, event: &Event, matches: &[RuleIndex]) -> Vec<Prepared> {
        let mut prepared: Vec<Prepared> = Vec::new();
        if self.steps.is_empty() {
            return prepared;
        }
        let waiting = matches.iter().filter_map(|rule| self.by_rule.get(rule.0 as usize)).flatten();
        for (policy, step) in waiting.filter_map(|at| self.steps.get(*at)) {
            let (cuts, unread) = match step.cuts(&|field| texts(event, field)) {
                Ok(cuts) => (cuts, None),
                Err(why) => (Vec::new(), Some(why)),
            };
            if cuts.is_empty() && unread.is_none() {
                continue;
            }
            let at = prepared.iter().position(|one| one.policy == *policy).unwrap_or_else(|| {
                prepared.push(nothing_yet(event, policy));
                prepared.len() - 1
            });
            if let Some(one) = prepared.get_mut(at) {
                fill(one, event, step, cuts);
                one.unread.extend(unread);
            }
        }
        prepared
    }
}

fn fill(prepared: &mut Prepared, event: &Event, step: &EventStep, cuts: Vec<CutOption>) {
    match (step.sensitive, &event.keys.target) {
        (false, _) => prepared.cuts.extend(cuts),
        (true, Some(target)) => {
            prepared.if_sensitive.get_or_insert_with(|| (target.clone(), Vec::new())).1.extend(cuts);
        }
        (true, None) => prepared
            .unread
            .push("the record does not say what it is about, so that nobody knows whether it holds data".to_owned()),
    }
}

fn nothing_yet(event: &Event, policy: &Text) -> Prepared {
    let keys = &event.keys;
    let about = [&keys.actor, &keys.credential, &keys.target, &keys.environment].into_iter().flatten();
    Prepared {
        policy: policy.clone(),
        event: event.uid,
        at: event.time,
        about: about.cloned().collect(),
        cuts: Vec::new(),
        if_sensitive: None,
        unread: Vec::new(),
    }
}
