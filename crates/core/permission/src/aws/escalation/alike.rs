//! Which of many resources someone's policies tell apart: the others get the same answer and need not be asked for.
//!
//! A policy knows a resource by the patterns that match its ARN, and by whose it is. Two resources that match the same
//! patterns of every policy that has a say are one to it. What is found for a policy is kept for all who have it.

use super::Permissions;
use super::judge::Judge;
use crate::aws::context::{Context, View};
use crate::aws::glob::{Glob, Work};
use crate::aws::policy::Policy;
use crate::aws::principal::Resource;
use crate::aws::template::Template;
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::Arc;

/// How many numbers are kept for later at most: 4 bytes each.
const KEPT_MAX: usize = 16_000_000;

/// What was found for each policy: a number for each resource of a list, the same for those that it cannot tell apart.
#[derive(Default)]
pub(super) struct Kept {
    found: FxHashMap<(Text, *const Policy), Rc<Vec<u32>>>,
    numbers: usize,
}

/// Gives the same number to what is the same.
#[derive(Default)]
struct Numbers<K> {
    known: FxHashMap<K, u32>,
}

impl<K: std::hash::Hash + Eq> Numbers<K> {
    fn of(&mut self, key: K) -> u32 {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        *self.known.entry(key).or_insert(next)
    }
}

impl Permissions<'_> {
    /// A number for each of `resources`, the same for those on which the member with this ARN certainly has the same
    /// answer to everything. Each resource is the ARNs that are asked for it. `list` names the list: the same name means
    /// the same resources. `None`: there is no such member, or too much is compared.
    pub fn alike(&mut self, member: &str, list: &str, resources: &[Vec<String>]) -> Option<Vec<u32>> {
        let asker = self.judge.member(member)?;
        let policies: Vec<Arc<Policy>> = self.judge.say(asker).cloned().collect();
        let accounts = resources.iter().map(|names| names.first().map(|arn| Resource::new(arn).account));
        let mut numbers: Numbers<Option<Option<Text>>> = Numbers::default();
        let mut all: Vec<u32> = accounts.map(|account| numbers.of(account)).collect();
        for policy in &policies {
            let told = self.told(asker, list, policy, resources)?;
            let mut both: Numbers<(u32, u32)> = Numbers::default();
            for (own, told) in all.iter_mut().zip(told.iter()) {
                *own = both.of((*own, *told));
            }
        }
        Some(all)
    }

    fn told(
        &mut self,
        asker: usize,
        list: &str,
        policy: &Arc<Policy>,
        resources: &[Vec<String>],
    ) -> Option<Rc<Vec<u32>>> {
        let key = (Text::new(list), Arc::as_ptr(policy));
        if let Some(found) = self.kept.found.get(&key) {
            return Some(Rc::clone(found));
        }
        let (globs, shared) = patterns(&self.judge, asker, policy)?;
        let mut work = Work::default();
        let mut numbers: Numbers<Vec<bool>> = Numbers::default();
        let mut told = Vec::with_capacity(resources.len());
        for names in resources {
            let matched = names.iter().flat_map(|name| globs.iter().map(move |glob| (name, glob)));
            let matched: Vec<bool> = matched.map(|(name, glob)| glob.matches(name, &mut work)).collect();
            told.push(numbers.of(matched));
            if work.0 > crate::aws::WORK_MAX {
                return None;
            }
        }
        let told = Rc::new(told);
        if shared && self.kept.numbers + told.len() <= KEPT_MAX {
            self.kept.numbers += told.len();
            self.kept.found.insert(key, Rc::clone(&told));
        }
        Some(told)
    }
}

/// The patterns by which a policy knows resources; and whether they are the same for whoever has it.
fn patterns(judge: &Judge<'_>, asker: usize, policy: &Policy) -> Option<(Vec<Glob>, bool)> {
    let principal = judge.principal(asker)?;
    let (resource, context): (Resource, Context) = (Resource::new("*"), judge.context());
    let view = View {
        principal,
        resource: &resource,
        context: &context,
        principal_in: judge.membership(),
        resource_in: judge.membership(),
    };
    let mut shared = true;
    let mut globs: Vec<Glob> = Vec::new();
    for template in policy.statements.iter().flat_map(|statement| statement.resources.items()) {
        shared &= matches!(template, Template::Fixed(_));
        globs.extend(template.resolved(&view).filter(|glob| !glob.matches_all()));
    }
    globs.sort_unstable();
    globs.dedup();
    Some((globs, shared))
}
