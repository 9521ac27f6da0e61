//! Runs of an environment, and which of them have their whole log.
//!
//! It is not a place where runs are guessed: an environment without a known run has none here.

use firebreak_model::{EnvironmentEvidence, Interval, Observation, ObservationKind, Time};

/// How far, in seconds, two clocks may differ about one moment of a run: a platform's record of when a job ended and
/// the last line of its log are written by different machines, the former often in whole seconds.
const SKEW_SECONDS: i64 = 120;

/// One run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Run {
    /// When.
    pub interval: Interval,
    /// Whether its whole log was read.
    pub logged: bool,
}

impl Run {
    /// Whether `time` is in the run, give or take what clocks differ by.
    pub fn holds(&self, time: Time) -> bool {
        self.interval.from.plus_seconds(-SKEW_SECONDS) <= time && time <= self.interval.to.plus_seconds(SKEW_SECONDS)
    }
}

/// The runs of `evidence`, each once, ordered, and each matched with at most one complete log.
pub fn runs(evidence: &EnvironmentEvidence) -> Vec<Run> {
    let mut intervals = evidence.runs.clone();
    intervals.sort_by_key(|interval| (interval.from, interval.to));
    intervals.dedup();
    let mut runs: Vec<Run> = intervals.into_iter().map(|interval| Run { interval, logged: false }).collect();
    let only = runs.len() == 1;
    for end in evidence.observations.iter().filter_map(log_end) {
        // A log that stops long before its run did is not the log of the whole run.
        let near = |run: &&mut Run| match end {
            Some(end) => {
                run.interval.to != Time::MAX && distance(run.interval.to, end) <= SKEW_SECONDS as u64 * 1_000_000
            }
            None => only,
        };
        let far = |run: &&mut Run| end.map_or(0, |end| distance(run.interval.to, end));
        if let Some(run) = runs.iter_mut().filter(|run| !run.logged).filter(near).min_by_key(far) {
            run.logged = true;
        }
    }
    runs
}

/// Whether what was seen at `time` says something about `run`: it was seen in that run, or in none of them (an
/// inventory's statement has the time at which it was taken).
pub fn concerns(time: Option<Time>, run: &Run, runs: &[Run]) -> bool {
    time.is_none_or(|time| run.holds(time) || !runs.iter().any(|other| other.holds(time)))
}

fn log_end(observation: &Observation) -> Option<Option<Time>> {
    matches!(observation.what, ObservationKind::LogComplete { .. }).then_some(observation.time)
}

fn distance(a: Time, b: Time) -> u64 {
    a.0.abs_diff(b.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{NodeKey, Text};

    fn evidence(runs: &[(i64, i64)], log_ends: &[i64]) -> EnvironmentEvidence {
        let span = |(from, to): &(i64, i64)| Interval::new(Time::from_seconds(*from), Time::from_seconds(*to));
        let end = |at: &i64| Observation {
            time: Some(Time::from_seconds(*at)),
            what: ObservationKind::LogComplete { run: Text::new("1") },
            evidence: Text::new("log"),
        };
        EnvironmentEvidence {
            environment: NodeKey::environment("ci", "o/r/1/job"),
            runs: runs.iter().map(span).collect(),
            observations: log_ends.iter().map(end).collect(),
            gaps: Vec::new(),
        }
    }

    fn logged(runs_at: &[(i64, i64)], log_ends: &[i64]) -> Vec<bool> {
        runs(&evidence(runs_at, log_ends)).iter().map(|run| run.logged).collect()
    }

    #[test]
    fn one_log_belongs_to_one_run() {
        assert_eq!(logged(&[(0, 600)], &[598]), [true]);
        assert_eq!(logged(&[(0, 600), (610, 650)], &[601]), [true, false]);
        assert_eq!(logged(&[(0, 600), (610, 650)], &[601, 652]), [true, true]);
    }

    #[test]
    fn a_log_that_stops_early_is_no_whole_log() {
        assert_eq!(logged(&[(0, 3600)], &[600]), [false]);
    }
}
