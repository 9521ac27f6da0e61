//! ARNs in their six parts, and patterns that are compared part by part.

use super::answer::Answer;
use super::glob::{Glob, Work};

/// An ARN's parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'a str,
    /// The service's name.
    pub service: &'a str,
    /// The region, empty where there is none.
    pub region: &'a str,
    /// The account, empty where there is none.
    pub account: &'a str,
    /// All that follows, colons included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of `text`; `None` where it is no ARN.
    pub fn split(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        Some(Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// Whether `value` is like `pattern` as `ArnLike` and `ArnEquals` compare: six parts, each by itself, so that no
/// wildcard crosses a colon before the sixth.
pub(crate) fn like(pattern: &Glob, value: &str, work: &mut Work) -> Answer {
    if pattern.matches_all() {
        return Answer::Yes;
    }
    let Some(parts) = pattern.six_parts() else {
        // Not an ARN: the platform refuses it or compares it whole.
        return Answer::from(pattern.matches(value, work)).doubted();
    };
    let mut values = value.splitn(6, ':');
    let mut matched = Answer::Yes;
    for part in parts {
        let Some(value) = values.next() else { return Answer::No };
        let same = Answer::from(part.matches(value, work));
        matched = matched.and(if part.has_gaps() { same.doubted() } else { same });
    }
    matched
}
