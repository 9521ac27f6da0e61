//! What changes when evidence grows or a profile is revised: the difference, never a rewrite.

use firebreak_model::{Judgement, NodeKey, Text, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One verdict that is not what it was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Which environment.
    pub environment: NodeKey,
    /// Under which profile.
    pub profile: Text,
    /// The verdict and the profile's revision before; absent where it had not been judged.
    pub before: Option<(Verdict, u32)>,
    /// The verdict and the profile's revision after; absent where it is judged no more.
    pub after: Option<(Verdict, u32)>,
    /// What decides it now.
    pub decided_by: Vec<String>,
}

/// One environment's judgement under one profile, before and after.
type Pair<'a> = (Option<&'a Judgement>, Option<&'a Judgement>);

/// The verdicts of `new` that differ from `old`, ordered by environment and profile. A new revision alone is no change.
pub fn difference(old: &[Judgement], new: &[Judgement]) -> Vec<Change> {
    let mut both: BTreeMap<(&NodeKey, &Text), Pair<'_>> = BTreeMap::new();
    for judgement in old {
        both.entry((&judgement.environment, &judgement.profile)).or_default().0 = Some(judgement);
    }
    for judgement in new {
        both.entry((&judgement.environment, &judgement.profile)).or_default().1 = Some(judgement);
    }
    let state = |judgement: Option<&Judgement>| judgement.map(|judgement| (judgement.verdict, judgement.revision));
    both.into_iter()
        .filter(|(_, (before, after))| before.map(|b| b.verdict) != after.map(|a| a.verdict))
        .map(|((environment, profile), (before, after))| Change {
            environment: environment.clone(),
            profile: profile.clone(),
            before: state(before),
            after: state(after),
            decided_by: after.map(|after| after.decided_by.clone()).unwrap_or_default(),
        })
        .collect()
}
