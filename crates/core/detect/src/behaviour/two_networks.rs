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

/// The two networks from which one token was used last.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Flips {
    current: Option<Network>,
    current_at: i64,
    other: Option<Network>,
    other_at: i64,
    changes: u8,
    /// When the changes began.
    since: i64,
}

impl Footprint for Flips {
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl Flips {
    /// Takes a use. Says from where else and since when, if it was used from two networks in turn often enough.
    fn take(&mut self, network: Network, at: i64, within: i64) -> Option<(Network, i64, u8)> {
        if self.current == Some(network) {
            self.current_at = at;
            return None;
        }
        let pool = self.current.is_none_or(|current| current.wide() == network.wide());
        let recent = at.saturating_sub(self.current_at) <= within;
        let back = self.other == Some(network) && at.saturating_sub(self.other_at) <= within;
        if pool || !recent {
            self.changes = 0;
        } else if back && at.saturating_sub(self.since) <= within {
            self.changes = self.changes.saturating_add(1);
        } else {
            (self.changes, self.since) = (1, self.current_at);
        }
        (self.other, self.other_at) = (self.current, self.current_at);
        (self.current, self.current_at) = (Some(network), at);
        let other = self.other.filter(|_| self.changes >= CHANGES_MIN)?;
        Some((other, self.since, self.changes))
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
    let (at, within) = (scene.moment.at, micros(scene.settings.two_networks_seconds));
    let (flips, token) = match (pair.own.as_deref_mut(), scene.moment.deed.session) {
        (Some(own), _) => (own.flips.take(network, at, within), "it"),
        (None, Some(session)) => {
            let flips = sessions.update(&session, at, Flips::default, |flips| flips.take(network, at, within));
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
            at.saturating_sub(since) / micros(1),
        ),
        subject,
        class: None,
    };
    scene.raise(say, counters, out);
}
