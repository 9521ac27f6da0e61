//! One token in two networks: the same credential, or the same session, is used from two networks in turn, forth and
//! back and forth within minutes, while one of the two is new to it. One who moves does not come back at once.
//!
//! Networks in one wider block are one provider's pool and do not count; nor does a pair that is at home (the office and the
//! VPN). Sessions are compared where no credential is named.

use super::network::Network;
use super::profile::Pair;
use super::{Behaviour, Novelty, Say, Scene};
use crate::correlator::keyed::{Footprint, Keyed};
use crate::correlator::settings::{Counters, micros};
use firebreak_model::{Finding, Severity, Signal};
use serde::{Deserialize, Serialize};

/// So many changes make two users: there, back, and there again.
const CHANGES_MIN: u8 = 3;

/// The two networks from which one token was used last. Times are seconds since 1970.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Flips {
    /// As a number, or [`NOWHERE`].
    current: u64,
    /// Only for who changes within minutes; most never do.
    changes: Option<Box<Changes>>,
    current_at: u32,
}

/// No network has this number.
const NOWHERE: u64 = u64::MAX;

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Changes {
    other: u64,
    other_at: u32,
    /// When the changes began.
    since: u32,
    count: u8,
}

impl Default for Flips {
    fn default() -> Flips {
        Flips { current: NOWHERE, changes: None, current_at: 0 }
    }
}

impl Footprint for Flips {
    fn heap_bytes(&self) -> usize {
        self.changes.as_ref().map_or(0, |_| size_of::<Changes>() + 16)
    }
}

/// Seconds since 1970 of an event time in microseconds.
fn second(at: i64) -> u32 {
    at.div_euclid(micros(1)).clamp(0, i64::from(u32::MAX)) as u32
}

impl Flips {
    /// Takes a use. Says from where else and since when, if it was used from two networks in turn often enough.
    fn take(&mut self, network: Network, at: u32, within: i64) -> Option<(Network, u32, u8)> {
        let (before, before_at) = (self.current, self.current_at);
        (self.current, self.current_at) = (network.bits(), at);
        if before == self.current {
            return None;
        }
        let recent = |then: u32| i64::from(at.saturating_sub(then)) <= within;
        let pool = before == NOWHERE || Network::from_bits(before).wide() == network.wide();
        if pool || !recent(before_at) {
            // Whatever comes next is the first change: what was before is too long ago, or in the same pool.
            self.changes = None;
            return None;
        }
        let mut changes = Changes { other: before, other_at: before_at, since: before_at, count: 1 };
        if let Some(old) = self.changes.as_deref()
            && old.other == self.current
            && recent(old.other_at)
            && recent(old.since)
        {
            (changes.since, changes.count) = (old.since, old.count.saturating_add(1));
        }
        match &mut self.changes {
            Some(old) => **old = changes,
            none => *none = Some(Box::new(changes)),
        }
        (changes.count >= CHANGES_MIN).then(|| (Network::from_bits(before), changes.since, changes.count))
    }
}

pub(super) fn take(
    pair: &mut Pair<'_>,
    sessions: &mut Keyed<u64, Flips>,
    scene: &Scene<'_>,
    from: Novelty,
    counters: &mut Counters,
    out: &mut Vec<Finding>,
) {
    let Some(network) = scene.network else { return };
    let (at, within) = (second(scene.moment.at), scene.settings.two_networks_seconds);
    let (flips, token) = match (pair.own.as_deref_mut(), scene.moment.deed.session) {
        (Some(own), _) => (own.flips.take(network, at, within), "it"),
        (None, Some(session)) => {
            let flips =
                sessions.update(&session, scene.moment.at, Flips::default, |flips| flips.take(network, at, within));
            (flips, "one session of it")
        }
        (None, None) => return,
    };
    let Some((other, since, changes)) = flips.filter(|_| from.is_strange()) else { return };
    let Some(subject) = scene.moment.parties.holder().cloned() else { return };
    if !pair.may_tell(Behaviour::TwoNetworks, scene.now, scene.settings) {
        counters.suppressed += 1;
        return;
    }
    let say = Say {
        behaviour: Behaviour::TwoNetworks,
        signal: Signal::Novelty,
        severity: Severity::Medium,
        explanation: format!(
            "`{subject}` is used from two networks at once: {token} changed {changes} times between {other} and {network} \
             in {} seconds, and {network} is new to it",
            at.saturating_sub(since),
        ),
        subject,
        class: None,
    };
    scene.raise(say, counters, out);
}
