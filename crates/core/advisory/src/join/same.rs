//! Records without a common id that speak of the same malicious versions of one package.
//!
//! Mistakes are never joined so: two of them may well have been mended in one version.

use super::Sets;
use crate::affects::{Answer, affects};
use crate::read::shown;
use crate::record::{Affected, Bound, RangeKind, Record, Trust};
use firebreak_model::Text;
use firebreak_package::Ecosystem;
use rustc_hash::FxHashMap;

/// The most records about one package that are compared with one another.
const COMPARED_MAX: usize = 200;
/// The most versions of one record that are held against another.
pub(super) const PROBES_MAX: usize = 64;

/// Unites them.
pub(super) fn by_versions(records: &[Record], sets: &mut Sets) {
    let mut packages: FxHashMap<(Ecosystem, &str), Vec<(usize, &Affected)>> = FxHashMap::default();
    for (place, record) in records.iter().enumerate().filter(|(_, record)| record.speaks()) {
        for affected in record.affected.iter().filter(|affected| affected.trust != Trust::Prose) {
            packages.entry((affected.family(), &affected.name)).or_default().push((place, affected));
        }
    }
    let is_malicious = |place: usize| records.get(place).is_some_and(|record| record.malicious);
    let mut shared: Vec<_> = packages.into_iter().filter(|(_, who)| who.len() > 1).collect();
    shared.sort_by(|a, b| a.0.cmp(&b.0));
    for ((family, name), who) in shared {
        let malicious = who.iter().filter(|(place, _)| is_malicious(*place)).take(COMPARED_MAX);
        for (place, affected) in malicious {
            for (other, theirs) in who.iter().filter(|(other, _)| other != place).take(COMPARED_MAX) {
                if sets.root(*place) == sets.root(*other) {
                    continue;
                }
                let both = (records.get(*place), records.get(*other));
                let (Some(mine), Some(their_record)) = both else { continue };
                let common = if their_record.malicious {
                    overlap(affected, theirs)
                } else if mine.aliases.is_empty() || their_record.aliases.is_empty() {
                    equal(affected, theirs)
                } else {
                    None
                };
                if let Some(common) = common {
                    sets.unite(*place, *other, || {
                        let versions = shown(&common.iter().map(Text::as_str).collect::<Vec<_>>());
                        let versions = if versions.is_empty() { "every version".to_owned() } else { versions };
                        let word = family.word();
                        format!("`{}` and `{}` both speak of {word} `{name}` {versions}", mine.id, their_record.id)
                    });
                }
            }
        }
    }
}

/// The versions that a record names one by one, or as an inclusive end of a range. Not `0`, which is no version.
pub(super) fn named(affected: &Affected) -> Vec<Text> {
    let ranges = affected.ranges.iter().filter(|range| range.kind != RangeKind::Git);
    let inclusive = |bound: Bound| matches!(bound, Bound::Introduced | Bound::LastAffected);
    let events = ranges.flat_map(|range| &range.events);
    let ends = events.filter(|event| inclusive(event.bound) && event.version != "0").map(|event| event.version.clone());
    let mut named: Vec<Text> = affected.versions.iter().cloned().chain(ends).take(PROBES_MAX).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// The named versions that both hold; an empty list where both hold every version. `None` where there is none.
fn overlap(a: &Affected, b: &Affected) -> Option<Vec<Text>> {
    let holds = |affected: &Affected, version: &Text| affects(affected, version) == Answer::Affected;
    let mut common: Vec<Text> = named(a).into_iter().chain(named(b)).filter(|version| holds(a, version)).collect();
    common.retain(|version| holds(b, version));
    common.sort_unstable();
    common.dedup();
    (!common.is_empty() || (is_everything(a) && is_everything(b))).then_some(common)
}

/// The named versions where both records name the same, and have an end.
fn equal(a: &Affected, b: &Affected) -> Option<Vec<Text>> {
    let (mine, theirs) = (named(a), named(b));
    let holds =
        |affected: &Affected, list: &[Text]| list.iter().all(|version| affects(affected, version) == Answer::Affected);
    let same = !mine.is_empty() && !theirs.is_empty() && holds(b, &mine) && holds(a, &theirs);
    (same && is_closed(a) && is_closed(b)).then(|| overlap(a, b)).flatten()
}

fn is_everything(affected: &Affected) -> bool {
    affected.ranges.iter().any(
        |range| matches!(range.events.as_slice(), [only] if only.bound == Bound::Introduced && only.version == "0"),
    )
}

/// Whether the record says from which version to which, and both are versions.
fn is_closed(affected: &Affected) -> bool {
    affected.ranges.iter().all(|range| {
        let begins = range.events.iter().all(|event| event.bound != Bound::Introduced || event.version != "0");
        begins && range.events.iter().any(|event| event.bound == Bound::LastAffected)
    })
}
