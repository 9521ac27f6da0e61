//! Actions that are known by name, to count what a pattern grants. It is no list of all that AWS has: counts are of what policies
//! name, what records show and what is known to lead somewhere, and the real ones are larger.

use super::actions::{BESIDE, needed};
use super::usage::names;
use super::{Granted, Identity};
use crate::aws::escalation::table;
use crate::aws::glob::Glob;
use crate::aws::policy::Effect;
use firebreak_model::Text;
use serde_json::Value;
use std::collections::BTreeSet;

/// Names of actions, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Known(BTreeSet<Text>);

impl Known {
    /// Those that ways up need.
    pub fn of_ways() -> Known {
        let mut known = Known::default();
        table::actions().for_each(|action| known.add(action));
        BESIDE.iter().for_each(|(action, of)| [action, of].into_iter().for_each(|action| known.add(action)));
        known
    }

    /// One more, as policies write it.
    pub fn add(&mut self, action: &str) {
        if action.contains(':') && !action.contains(['*', '?']) && action.len() < 128 {
            self.0.insert(Text::new(action.to_ascii_lowercase()));
        }
    }

    /// The one that a call needs.
    pub fn called(&mut self, service: &str, event: &str) {
        needed(service, event).iter().for_each(|action| self.add(action));
    }

    /// Those that a policy names.
    pub fn named_in(&mut self, document: &Value) {
        match document {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value) {
                        ("Action" | "NotAction", Value::String(text)) => self.add(text),
                        ("Action" | "NotAction", Value::Array(items)) => {
                            items.iter().filter_map(Value::as_str).for_each(|text| self.add(text));
                        }
                        ("Statement", value) => self.named_in(value),
                        _ => {}
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.named_in(item)),
            _ => {}
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that some statement of `granted` allows on something, whatever else limits them.
    pub fn granted<'k>(&'k self, granted: &[Granted]) -> BTreeSet<&'k Text> {
        let statements =
            || granted.iter().flat_map(|one| one.policy.statements()).filter(|one| one.effect == Effect::Allow);
        self.0.iter().filter(|action| statements().any(|statement| names(statement, action))).collect()
    }

    /// The same of the policies that would stand in their place.
    pub fn proposed<'k>(&'k self, identity: &Identity, documents: &[Value]) -> BTreeSet<&'k Text> {
        let granted: Vec<Granted> =
            documents.iter().map(|document| Granted::new(&identity.arn, None, document)).collect();
        self.granted(&granted)
    }

    /// How many of them a pattern (in any case) stands for.
    pub fn matching(&self, pattern: &str) -> usize {
        let glob = Glob::new(&pattern.to_ascii_lowercase());
        let mut work = crate::aws::glob::Work::default();
        self.0.iter().filter(|action| glob.matches(action, &mut work)).count()
    }
}
