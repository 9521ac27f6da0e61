//! The matcher: which rules one event meets, without state.
//!
//! Rules are routed by product and service first, into one plan for each. A plan walks the record once through a trie of
//! the few fields that decide which rules are worth evaluating, and evaluates the conditions of those rules alone for which
//! something necessary was seen; what else a condition asks is looked up then. The index may offer a rule in vain; it never
//! leaves one out.
//! Not correlation, not suppression: those are [`crate::Correlator`].

mod choice;
mod exact;
mod index;
mod keywords;
mod learning;
mod marks;
mod parts;
mod plan;
mod program;
mod table;
mod trie;
mod walk;

use crate::rules::{RuleIndex, Rules};
use firebreak_model::{Event, LogSource};
use plan::Plan;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Finds the rules that an event meets. Shared by all threads; each brings its own [`Scratch`].
#[derive(Debug)]
pub struct Matcher {
    plans: Vec<Plan>,
    /// Product, then service, to a plan. The service `""` stands for services that no rule names.
    routes: FxHashMap<String, FxHashMap<String, usize>>,
    /// The plans for products that no rule names, by service. The service `""` stands for services that no rule names.
    elsewhere: FxHashMap<String, usize>,
    /// Tells this matcher from every other that lives at the same time.
    own: Arc<()>,
}

/// What one thread needs while it matches: reused, so that matching allocates next to nothing, and gets faster as it
/// learns what is seldom in the records.
#[derive(Debug, Default)]
pub struct Scratch {
    marks: marks::Marks,
    buffers: table::Buffers,
    matches: Vec<RuleIndex>,
    /// What was learnt of each plan of the matcher that is called `of`.
    learnt: Vec<learning::Learning>,
    of: Option<Arc<()>>,
    /// The product and service of the event before, and the place of their plan.
    route: Option<(LogSource, Option<usize>)>,
}

impl Matcher {
    /// A matcher for `rules`.
    pub fn new(rules: Arc<Rules>) -> Matcher {
        let mut plans = Vec::new();
        let mut routes: FxHashMap<String, FxHashMap<String, usize>> = FxHashMap::default();
        let mut plan_for = |product: Option<&str>, service: &str| {
            let leads = |index: &u32| {
                rules.detection(RuleIndex(*index)).is_some_and(|rule| match product {
                    Some(product) => rule.route.leads_to(product, service),
                    None => rule.route.product.is_none() && rule.route.leads_to("", service),
                })
            };
            let chosen: Vec<u32> = (0..rules.detections().len() as u32).filter(leads).collect();
            plans.push(Plan::new(&rules, &chosen));
            plans.len() - 1
        };
        // Services of rules without a product may be of any product.
        let anywhere = rules.detections().iter().filter(|rule| rule.route.product.is_none());
        let mut free: Vec<&str> = anywhere.map(|rule| rule.route.service.as_deref().unwrap_or_default()).collect();
        free.extend([""]);
        let mut elsewhere = FxHashMap::default();
        for service in &free {
            elsewhere.entry((*service).to_owned()).or_insert_with(|| plan_for(None, service));
        }
        for rule in rules.detections() {
            let Some(product) = &rule.route.product else { continue };
            let services = routes.entry(product.to_string()).or_default();
            for service in free.iter().copied().chain(rule.route.service.as_deref()) {
                services.entry(service.to_owned()).or_insert_with(|| plan_for(Some(product), service));
            }
        }
        Matcher { plans, routes, elsewhere, own: Arc::default() }
    }

    /// The rules that `event` meets, in order.
    pub fn matches<'s>(&self, event: &Event, scratch: &'s mut Scratch) -> &'s [RuleIndex] {
        scratch.matches.clear();
        // What was learnt of other rules is about other predicates.
        if !scratch.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &self.own)) {
            scratch.learnt.clear();
            scratch.route = None;
            scratch.of = Some(Arc::clone(&self.own));
        }
        if let Some(place) = self.place(event.log_source, &mut scratch.route)
            && let Some(plan) = self.plans.get(place)
        {
            plan.run(place, event, scratch);
        }
        &scratch.matches
    }

    /// Where the plan for events of `log_source` is. Most come after one of the same.
    #[inline]
    fn place(&self, log_source: LogSource, route: &mut Option<(LogSource, Option<usize>)>) -> Option<usize> {
        let same = |before: &LogSource| {
            std::ptr::eq(before.product, log_source.product) && std::ptr::eq(before.service, log_source.service)
        };
        if let Some((before, place)) = route
            && same(before)
        {
            return *place;
        }
        let services = self.routes.get(log_source.product).unwrap_or(&self.elsewhere);
        let place = services.get(log_source.service).or_else(|| services.get("")).copied();
        *route = Some((log_source, place));
        place
    }
}

#[cfg(test)]
mod tests;
