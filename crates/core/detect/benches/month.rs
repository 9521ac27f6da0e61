//! Thirty days of a thousand identities with injected thefts, through the real correlator and the rule of what may contain: alerts a
//! day, false containments, and how far each theft goes before the cut. Its last line is one JSON object.
//!
//! The month and all its rates are in `firebreak_scenario::month`. An alert is an identity that on one day has a finding
//! of medium severity or above. A containment is a ground about an identity; it is false unless the identity is a victim
//! whose theft has begun. Nobody asks here what policy then permits: every ground counts. Delay and loss are counted until
//! the findings that make the ground leave the correlator, the allowed lateness included.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use firebreak_detect::{Correlator, Observed, Rules, Settings, containable};
use firebreak_model::{Event, EventUid, Finding, LogSource, NodeKey, Severity, Signal, Time};
use firebreak_scenario::month::{Act, Month, TheftKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

const SEEDS: u64 = 10;
const DAY: i64 = 86_400;
/// Habits are being learnt until then; counted apart, since quiet days would flatter.
const LEARNING_DAYS: i64 = 7;

/// What came of one theft.
#[derive(Clone, Debug, Default)]
struct Outcome {
    events: u64,
    records: u64,
    /// Seconds, events and records until the first finding about the victim after the theft began.
    noticed: Option<(f64, u64, u64)>,
    /// The same until there were grounds.
    contained: Option<(f64, u64, u64)>,
}

/// What came of one month.
#[derive(Debug, Default)]
struct Report {
    events: u64,
    /// Identity and day, after the learning time.
    alerts: BTreeSet<(NodeKey, i64)>,
    alerts_learning: u64,
    for_the_record: u64,
    false_containments: BTreeMap<(NodeKey, i64), String>,
    by_detector: BTreeMap<String, u64>,
    thefts: Vec<(TheftKind, Outcome)>,
}

/// One run under way.
struct Run {
    begin: Option<i64>,
    thefts: Vec<firebreak_scenario::month::Theft>,
    outcomes: Vec<Outcome>,
    /// Findings that may be grounds, by actor.
    grave: BTreeMap<NodeKey, Vec<Finding>>,
    report: Report,
}

fn event(act: &Act, number: u64) -> Event {
    Event {
        uid: EventUid(u128::from(number) << 64 | u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        source: act.source,
        native_id: firebreak_model::Text::default(),
        time: act.time,
        log_source: LogSource { product: act.log_source.0, service: act.log_source.1 },
        keys: act.keys.clone(),
        body: sonic_rs::Value::default(),
        raw: Arc::from(&b""[..]),
    }
}

impl Run {
    fn new(month: &Month) -> Run {
        let thefts = month.thefts();
        let outcomes = vec![Outcome::default(); thefts.len()];
        Run { begin: None, thefts, outcomes, grave: BTreeMap::new(), report: Report::default() }
    }

    /// Counts what is taken before the findings of this arrival are known.
    fn arrives(&mut self, act: &Act) {
        self.begin.get_or_insert(act.time.0);
        self.report.events += 1;
        if let Some(outcome) = act.theft.and_then(|theft| self.outcomes.get_mut(theft)) {
            outcome.events += 1;
            outcome.records += act.keys.records.unwrap_or(0);
        }
    }

    /// Takes a finding that left the correlator when the record of `now` arrived.
    fn finds(&mut self, finding: Finding, now: Time) {
        let Some(actor) = finding.actor.clone() else { return };
        let day = finding.at.seconds_since(Time(self.begin.unwrap_or_default())).div_euclid(DAY as f64) as i64;
        let theft = self.thefts.iter().position(|theft| theft.victim == actor && finding.at >= theft.begin);
        *self.report.by_detector.entry(finding.detector.to_string()).or_default() += u64::from(theft.is_none());
        if let Some(outcome) = theft.and_then(|theft| self.outcomes.get_mut(theft)) {
            let begin = self.thefts.iter().find(|theft| theft.victim == actor).map_or(now, |theft| theft.begin);
            outcome.noticed.get_or_insert((now.seconds_since(begin), outcome.events, outcome.records));
        } else if finding.severity >= Severity::Medium {
            if day >= LEARNING_DAYS {
                self.report.alerts.insert((actor.clone(), day));
            } else {
                self.report.alerts_learning += 1;
            }
        } else {
            self.report.for_the_record += 1;
        }
        if finding.signal != Signal::Watch {
            self.judge(finding, &actor, theft, day, now);
        }
    }

    /// Whether the actor's findings have become grounds.
    fn judge(&mut self, finding: Finding, actor: &NodeKey, theft: Option<usize>, day: i64, now: Time) {
        let list = self.grave.entry(actor.clone()).or_default();
        list.push(finding.clone());
        // Alone, or with one of the findings before it.
        let Some(reason) = list.iter().find_map(|other| containable(&[other.clone(), finding.clone()])) else { return };
        match theft.and_then(|theft| Some((self.thefts.get(theft)?.begin, self.outcomes.get_mut(theft)?))) {
            Some((begin, outcome)) => {
                outcome.contained.get_or_insert((now.seconds_since(begin), outcome.events, outcome.records));
            }
            None => {
                self.report.false_containments.entry((actor.clone(), day)).or_insert(reason);
            }
        }
    }
}

fn run(seed: u64) -> Report {
    let month = Month::new(seed);
    let mut run = Run::new(&month);
    let settings = Settings::default();
    let mut correlator = Correlator::new(Arc::new(Rules::default()), Arc::new(month.catalogue()), settings);
    let mut number = seed << 40;
    let mut now = Time(0);
    for day in 0..Month::DAYS {
        for act in month.day(day) {
            number += 1;
            now = act.time;
            run.arrives(&act);
            for finding in correlator.observe(Observed { event: Arc::new(event(&act, number)), matches: Vec::new() }) {
                run.finds(finding, now);
            }
        }
    }
    for finding in correlator.close() {
        run.finds(finding, now);
    }
    assert_eq!(correlator.counters().late, 0, "the month comes in order");
    run.report.thefts = run.thefts.iter().map(|theft| theft.kind).zip(run.outcomes).collect();
    run.report
}

/// The bounds between which the rate lies with 95% confidence, of `count` rare things in `trials` (Clopper and Pearson, by
/// bisection on Poisson's sums, which for rare things is the same and never narrower).
fn confidence(count: u64, trials: f64) -> (f64, f64) {
    let below = |mean: f64, count: u64| {
        let mut term = (-mean).exp();
        let mut sum = 0.0;
        for k in 0..=count {
            sum += term;
            term *= mean / (k + 1) as f64;
        }
        sum
    };
    let solve = |wanted: f64, count: u64| {
        let (mut low, mut high) = (0.0, 10.0 + 4.0 * count as f64);
        for _ in 0..80 {
            let middle = (low + high) / 2.0;
            if below(middle, count) > wanted { low = middle } else { high = middle }
        }
        low
    };
    let lower = if count == 0 { 0.0 } else { solve(0.975, count - 1) };
    (lower / trials, solve(0.025, count) / trials)
}

/// The value below which `share` of all lie.
fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil().max(1.0) as usize;
    values.get(rank - 1).copied()
}

fn numbers(of: &[Option<(f64, u64, u64)>]) -> serde_json::Value {
    let found: Vec<(f64, u64, u64)> = of.iter().copied().flatten().collect();
    let both = |pick: fn(&(f64, u64, u64)) -> f64| {
        let mut values: Vec<f64> = found.iter().map(pick).collect();
        serde_json::json!({ "median": quantile(&mut values, 0.5), "p95": quantile(&mut values, 0.95) })
    };
    serde_json::json!({
        "found": found.len(), "of": of.len(),
        "seconds": both(|found| found.0), "events": both(|found| found.1 as f64), "records": both(|found| found.2 as f64),
    })
}

fn thefts(reports: &[Report]) -> serde_json::Map<String, serde_json::Value> {
    let of = |kind: TheftKind| {
        let all: Vec<&Outcome> = reports
            .iter()
            .flat_map(|report| &report.thefts)
            .filter(|theft| theft.0 == kind)
            .map(|theft| &theft.1)
            .collect();
        let mut lost: Vec<f64> =
            all.iter().map(|outcome| outcome.contained.map_or(outcome.records, |cut| cut.2) as f64).collect();
        let mut whole: Vec<f64> = all.iter().map(|outcome| outcome.records as f64).collect();
        let value = serde_json::json!({
            "noticed": numbers(&all.iter().map(|outcome| outcome.noticed).collect::<Vec<_>>()),
            "contained": numbers(&all.iter().map(|outcome| outcome.contained).collect::<Vec<_>>()),
            "records_lost": { "median": quantile(&mut lost, 0.5), "p95": quantile(&mut lost, 0.95) },
            "records_without_a_cut": { "median": quantile(&mut whole, 0.5), "p95": quantile(&mut whole, 0.95) },
        });
        (kind.word().to_owned(), value)
    };
    TheftKind::ALL.into_iter().map(of).collect()
}

fn main() {
    let begin = Instant::now();
    let halves: Vec<Vec<Report>> = std::thread::scope(|scope| {
        let half = |first: u64| scope.spawn(move || (first..SEEDS).step_by(2).map(|seed| run(seed + 1)).collect());
        [half(0), half(1)].into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let reports: Vec<Report> = halves.into_iter().flatten().collect();
    assert_eq!(reports.len() as u64, SEEDS, "every month ran");
    let identity_days = (Month::IDENTITIES * Month::DAYS) as f64 * SEEDS as f64;
    let mut by_detector: BTreeMap<String, f64> = BTreeMap::new();
    for (detector, count) in reports.iter().flat_map(|report| &report.by_detector) {
        *by_detector.entry(detector.clone()).or_default() += *count as f64 / SEEDS as f64 / Month::DAYS as f64;
    }
    let days = (Month::DAYS as i64 - LEARNING_DAYS) as f64 * SEEDS as f64;
    let alerts: usize = reports.iter().map(|report| report.alerts.len()).sum();
    let false_containments: u64 = reports.iter().map(|report| report.false_containments.len() as u64).sum();
    for ((actor, day), reason) in reports.iter().flat_map(|report| &report.false_containments) {
        println!("false containment on day {day}: {actor}: {reason}");
    }
    let (lower, upper) = confidence(false_containments, identity_days);
    let events: u64 = reports.iter().map(|report| report.events).sum();
    let lost = |pick: fn(&Outcome) -> Option<(f64, u64, u64)>| {
        numbers(&reports.iter().flat_map(|report| &report.thefts).map(|theft| pick(&theft.1)).collect::<Vec<_>>())
    };
    let object = serde_json::json!({
        "bench": "month", "seeds": SEEDS, "identity_days": identity_days, "events": events,
        "alerts_per_day_per_1000": alerts as f64 / days,
        "for_the_record_per_day_per_1000":
            reports.iter().map(|report| report.for_the_record).sum::<u64>() as f64 / (Month::DAYS as f64 * SEEDS as f64),
        "alerts_while_learning": reports.iter().map(|report| report.alerts_learning).sum::<u64>(),
        "false_containments": false_containments,
        "false_containments_per_10000_identity_days": false_containments as f64 * 1e4 / identity_days,
        "false_containments_ci95_per_10000_identity_days": [lower * 1e4, upper * 1e4],
        "noticed": lost(|outcome| outcome.noticed), "contained": lost(|outcome| outcome.contained),
        "thefts": thefts(&reports),
        "findings_per_day_without_cause": by_detector,
        "seconds": begin.elapsed().as_secs_f64(),
    });
    println!("{object}");
}
