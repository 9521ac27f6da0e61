//! What the logs can tell: a trail that records no data events proves nothing of actions on data.

use super::Call;
use super::actions::{DATA, SILENT};
use crate::aws::glob::{Glob, Work};
use firebreak_model::Text;
use std::collections::{BTreeMap, BTreeSet};

/// What is recorded, as far as the records themselves show.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Accounts of which there are records.
    accounts: BTreeSet<Text>,
    /// By account and group of data events: the buckets (for other services nothing) of which there are any.
    data: BTreeMap<(Text, &'static str), BTreeSet<Text>>,
    /// Every bucket that is known.
    buckets: BTreeSet<Text>,
}

impl Watch {
    /// Notes that `account` has records, of which this is one.
    pub fn note(&mut self, account: &str, call: &Call) {
        if !self.accounts.contains(account) {
            self.accounts.insert(Text::new(account));
        }
        let Some(group) = group(&call.action.to_ascii_lowercase()) else { return };
        let bucket = call.resource.as_deref().and_then(bucket).unwrap_or_default();
        let seen = self.data.entry((Text::new(account), group)).or_default();
        if !seen.contains(bucket) {
            seen.insert(Text::new(bucket));
        }
    }

    /// A bucket that there is, by its ARN or that of something in it; other ARNs are left alone.
    pub fn exists(&mut self, arn: &str) {
        self.buckets.extend(bucket(arn).map(Text::new));
    }

    /// Whether there are records of `account` at all.
    pub fn tells_of(&self, account: &str) -> bool {
        self.accounts.contains(account)
    }

    /// The patterns (in lower case) of what `account`'s records do not tell about grants on `resources`, each with the reason.
    pub(super) fn untold(&self, account: &str, resources: &[&str]) -> Vec<(&'static str, &'static str)> {
        let silent = SILENT.iter().map(|pattern| (*pattern, "no trail records it"));
        let data = DATA.iter().filter(|(group, _)| !self.tells_data(account, group, resources));
        silent.chain(data.map(|(_, pattern)| (*pattern, "the trail does not show that it records it"))).collect()
    }

    fn tells_data(&self, account: &str, group: &'static str, resources: &[&str]) -> bool {
        let Some(seen) = self.data.get(&(Text::new(account), group)) else { return false };
        if !group.starts_with("s3 ") {
            return true;
        }
        // A trail may record the objects of some buckets only: of any bucket it tells where it tells of all that are known.
        let named: Option<BTreeSet<&str>> = resources.iter().map(|resource| bucket(resource)).collect();
        match named.filter(|named| !named.iter().any(|name| name.contains(['*', '?', '$']))) {
            Some(named) => named.iter().all(|name| seen.contains(*name)),
            None => self.buckets.iter().all(|name| seen.contains(name)),
        }
    }
}

/// The group of data events that an action (in lower case) is in.
fn group(action: &str) -> Option<&'static str> {
    let service = action.split(':').next().unwrap_or_default();
    let own = DATA.iter().filter(|(_, pattern)| pattern.split(':').next() == Some(service));
    let mut work = Work::default();
    own.filter(|(_, pattern)| Glob::new(pattern).matches(action, &mut work)).map(|(group, _)| *group).next()
}

/// The bucket in an ARN of S3.
fn bucket(arn: &str) -> Option<&str> {
    let rest = arn.split_once(":s3:::").map(|(_, rest)| rest)?;
    Some(rest.split('/').next().unwrap_or(rest))
}
