//! Digests that Docker tells in a line of their own, joined to the image in the next one.
//!
//! A digest whose image is not told stays by itself, under no name: it may still be a bad one.

use super::rehearsal::line;
use firebreak_model::{Observation, ObservationKind, Text};
use std::collections::{BTreeMap, BTreeSet};

/// Gives each image that was told without a digest the one that stands in the line before it.
pub(super) fn joined(observations: &mut Vec<Observation>) {
    let alone = |one: &Observation| match &one.what {
        ObservationKind::Image { name, digest: Some(digest), .. } if name.is_empty() => Some(digest.clone()),
        _ => None,
    };
    let digests: BTreeMap<Text, Text> =
        observations.iter().filter_map(|one| Some((one.evidence.clone(), alone(one)?))).collect();
    if digests.is_empty() {
        return;
    }
    let by_line: BTreeMap<_, (&Text, &Text)> =
        digests.iter().filter_map(|(place, digest)| Some((line(place)?, (place, digest)))).collect();
    let mut used: BTreeSet<&Text> = BTreeSet::new();
    for one in observations.iter_mut() {
        let Some((record, mut numbers)) = line(&one.evidence) else { continue };
        let ObservationKind::Image { name, digest: digest @ None, .. } = &mut one.what else { continue };
        let Some(last) = numbers.last_mut().filter(|_| !name.is_empty()) else { continue };
        *last = last.saturating_sub(1);
        if let Some((place, found)) = by_line.get(&(record, numbers)) {
            *digest = Some((*found).clone());
            used.insert(place);
        }
    }
    observations.retain(|one| alone(one).is_none() || !used.contains(&one.evidence));
}
