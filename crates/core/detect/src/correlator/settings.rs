//! What the correlator may be told, and what it counts.

use crate::behaviour::set_budget::SetBudget;
use crate::places::NetworkTable;
use firebreak_model::time::MICROS_PER_SECOND;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Times, floors and limits. The defaults are those of the design.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// How much later than the newest record of its source a record may arrive and still be put in order.
    pub lateness_seconds: i64,
    /// How far ahead of its source a single stamp may jump before it needs company to be believed; and how far ahead
    /// of the clock it may be at all, where [`crate::Correlator::advance`] tells the clock.
    pub future_seconds: i64,
    /// A source this far behind the others is waited for no longer.
    pub idle_seconds: i64,
    /// How long a credential, an actor and a system are watched before anything about them is new.
    pub learning_seconds: i64,
    /// After so long without use a network is new again.
    pub forget_seconds: i64,
    /// How long an identity's habits (operations, data) are watched before anything about them is new.
    pub habit_seconds: i64,
    /// Who rests for so many days is dormant.
    pub dormant_days: i64,
    /// Within how many seconds a token that changes forth and back between two networks is in two hands.
    pub two_networks_seconds: i64,
    /// At most one finding of each behaviour for each subject in so many seconds.
    pub novelty_suppress_seconds: i64,
    /// A network that so many other actors use in peace is nobody's novelty.
    pub peers_min: usize,
    /// Nobody's budget of bytes in an hour is smaller.
    pub floor_bytes: u64,
    /// Nobody's budget of records in an hour is smaller.
    pub floor_records: u64,
    /// A budget is so many times the largest hour of the last [`Settings::budget_days`].
    pub budget_factor: u64,
    /// Budgets that the owner set, in place of learned ones.
    pub budgets: Arc<[SetBudget]>,
    /// So many different secrets an hour are nobody's sweep; the other floors are for clones, shares, deletions and reads.
    pub floor_secrets: u64,
    /// Different repositories, databases or mailboxes copied in an hour.
    pub floor_clones: u64,
    /// Different things shared in an hour.
    pub floor_shares: u64,
    /// Different things deleted, or places deleted in, in an hour.
    pub floor_deletes: u64,
    /// Different places read from in an hour.
    pub floor_reads: u64,
    /// A volume is raised from so many spreads above what is usual.
    pub score_min: f64,
    /// Fewer bytes an hour are not scored.
    pub score_bytes: u64,
    /// Fewer records an hour are not scored.
    pub score_records: u64,
    /// So many bytes a day from a new network, or by a new client, are always allowed.
    pub strange_bytes: u64,
    /// So many records a day, likewise.
    pub strange_records: u64,
    /// Faster than so many kilometres an hour nobody travels.
    pub travel_kmh: f64,
    /// Where networks are; empty where the operator supplies no table, and then nobody's travel is judged.
    pub networks: Arc<NetworkTable>,
    /// How far back the largest hour is sought.
    pub budget_days: i64,
    /// Raise unarmed tripwires when their event arrives, not when its turn has come. The findings have the same ids
    /// either way; which of several events is called the first then depends on arrival.
    pub eager: bool,
    /// Into how many shards the keys of correlations are split.
    pub shards: usize,
    /// Bytes that each map of state may take, about. All shards of correlations together take no more than one map: each
    /// has an equal part of it.
    pub map_bytes_max: usize,
    /// Bytes of records that may wait for their turn, about.
    pub buffer_bytes_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            lateness_seconds: 300,
            future_seconds: 900,
            idle_seconds: 900,
            learning_seconds: 3 * 86_400,
            forget_seconds: 30 * 86_400,
            habit_seconds: 7 * 86_400,
            dormant_days: 30,
            two_networks_seconds: 600,
            novelty_suppress_seconds: 86_400,
            peers_min: 3,
            floor_bytes: 2 << 30,
            floor_records: 5_000,
            budget_factor: 4,
            budgets: Arc::default(),
            floor_secrets: 20,
            floor_clones: 30,
            floor_shares: 50,
            floor_deletes: 300,
            floor_reads: 300,
            score_min: 6.0,
            score_bytes: 256 << 20,
            score_records: 1_000,
            strange_bytes: 64 << 20,
            strange_records: 200,
            travel_kmh: 900.0,
            networks: Arc::default(),
            budget_days: 14,
            eager: false,
            shards: 1,
            map_bytes_max: 64 << 20,
            buffer_bytes_max: 256 << 20,
        }
    }
}

/// Microseconds of so many seconds.
pub(crate) const fn micros(seconds: i64) -> i64 {
    seconds.saturating_mul(MICROS_PER_SECOND)
}

/// What happened beside findings. Only grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Events observed, duplicates included.
    pub observed: u64,
    /// Events seen before.
    pub duplicates: u64,
    /// Events that came too late to be put in order: matched by rules, but not correlated and not learnt from.
    pub late: u64,
    /// Events stamped too far ahead to move time.
    pub future: u64,
    /// Correlations not made because a field to group by was missing.
    pub missing_keys: u64,
    /// Hits within the suppression of a finding raised before.
    pub suppressed: u64,
    /// Findings raised.
    pub findings: u64,
    /// Keys whose state was dropped to stay within bounds.
    pub evicted: u64,
    /// Events whose turn was cut short to stay within bounds.
    pub released_early: u64,
    /// New networks not raised because the identity comes from everywhere.
    pub diffuse: u64,
}

impl Counters {
    /// With what another writer counted.
    pub(super) fn and(self, other: Counters) -> Counters {
        Counters {
            observed: self.observed + other.observed,
            duplicates: self.duplicates + other.duplicates,
            late: self.late + other.late,
            future: self.future + other.future,
            missing_keys: self.missing_keys + other.missing_keys,
            suppressed: self.suppressed + other.suppressed,
            findings: self.findings + other.findings,
            evicted: self.evicted + other.evicted,
            released_early: self.released_early + other.released_early,
            diffuse: self.diffuse + other.diffuse,
        }
    }
}
