//! When the intruder does what. How a record of it looks is not said here.

use super::{Act, BYTES_PER_SECOND, STOLEN_BYTES, STOLEN_DOCUMENT_BYTES, STOLEN_DOCUMENTS, STOLEN_OBJECTS, What};
use crate::Spec;
use crate::clock::{At, HOUR};
use crate::estate::pipelines::T;
use crate::random::Random;

/// `count` acts spread evenly from `from` on for `seconds`, each moved by a little.
fn spread(seed: u64, label: &str, from: At, seconds: i64, count: u16, what: impl Fn(u16) -> What) -> Vec<Act> {
    let mut random = Random::of(seed, label, 0);
    let step = seconds * 1_000_000 / i64::from(count.max(1));
    (0..count)
        .map(|number| {
            let at = from.plus_micros(step * i64::from(number) + random.below(step.max(1) as u64) as i64);
            Act { at, what: what(number) }
        })
        .collect()
}

/// Sizes of `count` objects that add up to `total`: in pairs around the mean, the last of which takes what division left.
fn sizes(random: &mut Random, count: u64, total: u64) -> Vec<u64> {
    let mean = total / count.max(1);
    let mut sizes = Vec::with_capacity(count as usize);
    while (sizes.len() as u64) + 1 < count {
        let apart = random.below(mean * 3 / 5 + 1);
        sizes.extend([mean - apart, mean + apart]);
    }
    if (sizes.len() as u64) < count {
        sizes.push(mean);
    }
    let left = total - sizes.iter().sum::<u64>().min(total);
    if let Some(last) = sizes.last_mut() {
        *last += left;
    }
    sizes
}

/// The theft from the buckets: documents first, then recordings, at a constant rate from `from` on.
fn take(spec: &Spec, from: At) -> Vec<Act> {
    let mut random = Random::of(spec.seed, "take", 0);
    let scale = spec.objects_per_event();
    let documents = STOLEN_DOCUMENTS / scale;
    let recordings = (STOLEN_OBJECTS - STOLEN_DOCUMENTS) / scale;
    let of_documents = sizes(&mut random, documents, STOLEN_DOCUMENT_BYTES);
    let of_recordings = sizes(&mut random, recordings, STOLEN_BYTES - STOLEN_DOCUMENT_BYTES);
    let both = of_documents.into_iter().map(|bytes| (true, bytes)).chain(of_recordings.into_iter().map(|b| (false, b)));
    let mut gone: u64 = 0;
    both.zip(0u32..)
        .map(|((document, bytes), number)| {
            let micros = u128::from(gone) * 1_000_000 / u128::from(BYTES_PER_SECOND);
            gone += bytes;
            Act { at: from.plus_micros(micros as i64), what: What::Take { document, number, bytes } }
        })
        .collect()
}

/// Every act, in the order of time.
pub(crate) fn schedule(spec: &Spec) -> Vec<Act> {
    let seed = spec.seed;
    let after = |hours: i64| T.plus(hours * HOUR);
    let mut acts = vec![
        Act { at: T.plus(6), what: What::ListClusterSecrets },
        Act { at: T.plus(12), what: What::NodeSetup(0) },
        Act { at: T.plus(16), what: What::NodeSetup(1) },
        Act { at: T.plus(20), what: What::NodeSetup(2) },
    ];
    acts.extend((0..7).map(|key| Act { at: after(4).plus(11 * i64::from(key)), what: What::TryKey(key) }));
    acts.push(Act { at: after(7).plus(-20), what: What::Assume(0) });
    acts.extend(spread(seed, "look", after(7), 240, 180, What::Look));
    acts.extend((0..3).map(|turn| Act { at: after(9).plus(95 * i64::from(turn)), what: What::Execute(turn) }));
    acts.push(Act { at: after(9).plus(610), what: What::StartSession });
    acts.extend(spread(seed, "clone", after(11), 1_500, 140, What::Clone));
    acts.push(Act { at: after(11).plus(1_620), what: What::Push });
    acts.extend((0..3).map(|run| Act { at: after(11).plus(1_700 + 4 * i64::from(run)), what: What::DeleteRun(run) }));
    for (session, hours) in [(1, 14), (2, 23), (3, 32)] {
        acts.push(Act { at: after(hours).plus(-30), what: What::Assume(session) });
    }
    acts.extend(spread(seed, "secret", after(14), 1_300, 220, What::ReadSecret));
    acts.extend(take(spec, after(15)));
    acts.extend(spread(seed, "drive", after(20), 6 * HOUR, 4_100, What::Download));
    acts.extend(spread(seed, "slack", after(24), 16 * HOUR, 9_000, What::SlackFile));
    acts.sort_by_key(|act| act.at);
    acts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Addresses, Size};

    #[test]
    fn the_theft_is_exact_and_as_fast_as_the_story_says() {
        for size in [Size::Small, Size::Large] {
            let acts = schedule(&Spec { seed: 3, size, addresses: Addresses::TestNet });
            let taken: Vec<(At, u64)> = acts
                .iter()
                .filter_map(|act| match act.what {
                    What::Take { bytes, .. } => Some((act.at, bytes)),
                    _ => None,
                })
                .collect();
            assert_eq!(taken.iter().map(|(_, bytes)| bytes).sum::<u64>(), STOLEN_BYTES);
            let (first, last) = (taken[0].0, taken[taken.len() - 1].0);
            let rate = STOLEN_BYTES as f64 / (last.seconds() - first.seconds()) as f64;
            assert!((59.0e6..61.0e6).contains(&rate), "{rate}");
            assert!(first >= T.plus(14 * HOUR) && last <= T.plus(40 * HOUR));
        }
    }
}
