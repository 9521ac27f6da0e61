//! Whether one statement applies to a request: actions, resources, conditions; and grants of keys.

use super::{Evaluation, Hit, KeyGrant, Layer, WORK_MAX};
use crate::aws::answer::Answer;
use crate::aws::context::Lookup;
use crate::aws::glob::Glob;
use crate::aws::named::Naming;
use crate::aws::policy::{Effect, Listed, Statement};
use crate::aws::principal::Kind;
use crate::aws::template::Template;
use firebreak_model::Text;

impl<'a> Evaluation<'a> {
    /// Whether `statement` applies, whoever it names. `own_resource`: it is of a resource policy, which need not name
    /// its resource.
    pub(super) fn applies(&mut self, statement: &Statement, own_resource: bool) -> Answer {
        if self.exhausted() {
            return Answer::May;
        }
        match self.action_listed(&statement.actions) {
            Answer::No => Answer::No,
            listed => listed.and(self.holds(statement, own_resource)),
        }
    }

    /// Whether all but the action of `statement` applies.
    pub(in crate::aws) fn holds(&mut self, statement: &Statement, own_resource: bool) -> Answer {
        let mut holds = self.resource_listed(&statement.resources, own_resource);
        for condition in &statement.conditions {
            if !holds.possible() || self.exhausted() {
                break;
            }
            holds = holds.and(condition.holds(&self.view, &mut self.work));
        }
        // An identity policy that names principals is none.
        let strange = !own_resource && statement.principals != Listed::Missing;
        match self.exhausted() {
            // What was not compared may apply.
            true => Answer::May,
            false if strange || statement.unread.is_some() => holds.doubted(),
            false => holds,
        }
    }

    /// Whether so much was compared that the rest is left undecided.
    pub(super) fn exhausted(&self) -> bool {
        self.work.0 > WORK_MAX
    }

    pub(super) fn action_listed(&mut self, actions: &Listed<Glob>) -> Answer {
        let mut any = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(self.action, &mut self.work));
        match actions {
            Listed::These(globs) => Answer::from(any(globs)),
            Listed::AllBut(globs) => Answer::from(!any(globs)),
            Listed::Missing | Listed::Unread => Answer::May,
        }
    }

    pub(super) fn resource_listed(&mut self, resources: &Listed<Template>, own_resource: bool) -> Answer {
        let arn = &self.view.resource.arn;
        match resources {
            Listed::These(templates) => {
                let mut found = Answer::No;
                for template in templates {
                    found = found.or(template.matches(arn, &self.view, &mut self.work));
                    if found == Answer::Yes || self.exhausted() {
                        break;
                    }
                }
                found
            }
            Listed::AllBut(templates) => {
                let mut found = Answer::No;
                for template in templates {
                    // What an exception means whose variable has no value is not documented.
                    let matched = match template.resolved(&self.view) {
                        Some(_) => template.matches(arn, &self.view, &mut self.work),
                        None => Answer::May,
                    };
                    found = found.or(matched);
                    if self.exhausted() {
                        break;
                    }
                }
                found.negated()
            }
            Listed::Missing if own_resource => Answer::Yes,
            Listed::Missing | Listed::Unread => Answer::May,
        }
    }

    /// What the grants of a key permit.
    pub(super) fn key_grants(&mut self) -> Naming {
        let mut all = Naming::default();
        let Some(operation) = self.action.strip_prefix("kms:") else { return all };
        for grant in self.policies.grants {
            if !grant.operations.iter().any(|own| own.eq_ignore_ascii_case(operation)) {
                continue;
            }
            let named = self.grant(grant);
            all = all.or(named);
            let answer = named.any();
            let words = || Some(format!("the grant `{}` of the key", grant.id));
            let (layer, effect) = (Layer::KeyGrant, Effect::Allow);
            self.hit(|| Hit { layer, policy: None, statement: None, words: words(), effect, answer }, answer);
        }
        all
    }

    /// How a grant names the principal, whatever the operation.
    pub(in crate::aws) fn grant(&self, grant: &KeyGrant) -> Naming {
        let principal = self.view.principal;
        let own = Answer::from(principal.arn == grant.grantee);
        match principal.kind {
            Kind::Role { .. } => Naming { limited: own, ..Naming::default() },
            _ => Naming { whole: own, ..Naming::default() },
        }
        .and(self.encryption_context(grant))
    }

    fn encryption_context(&self, grant: &KeyGrant) -> Answer {
        let mut holds = Answer::Yes;
        for (key, value) in &grant.encryption_context {
            let key = Text::new(format!("kms:encryptioncontext:{}", key.to_lowercase()));
            holds = holds.and(match self.view.lookup(&key) {
                Lookup::Known(values) => Answer::from(values.contains(value)),
                Lookup::Absent => Answer::No,
                Lookup::Unknown => Answer::May,
            });
        }
        // Whether there is other encryption context is not asked of the request.
        if grant.context_equals { holds.doubted() } else { holds }
    }
}
