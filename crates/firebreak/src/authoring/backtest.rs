//! A rule tried on what was recorded: how often it would have fired, on what, how noisy that is, and what it costs.

use super::{Subject, cases};
use firebreak_detect::{Observed, Scratch};
use firebreak_model::{Event, Finding, NodeKey, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Things that are listed of each kind.
const TOP: usize = 5;

/// A thing and how often it came.
#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    /// The thing.
    pub name: String,
    /// How many findings.
    pub findings: u64,
}

/// What a backtest says.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The detector.
    pub detector: String,
    /// Events that were read.
    pub events: u64,
    /// Records that could not be read as events.
    pub quarantined: u64,
    /// Events that the rule was asked about: of its product and service.
    pub asked: u64,
    /// Events that met one of its rules.
    pub met: u64,
    /// Findings.
    pub findings: u64,
    /// The first event's time.
    pub from: Option<Time>,
    /// The last event's time.
    pub to: Option<Time>,
    /// Findings on each day that has some.
    pub per_day: BTreeMap<String, u64>,
    /// Findings a day for 1,000 identities, over the days that the events span.
    pub per_day_per_1000_identities: f64,
    /// Identities that acted.
    pub identities: u64,
    /// Whom the findings are about, most first.
    pub subjects: Vec<Counted>,
    /// On what.
    pub targets: Vec<Counted>,
    /// Doing what.
    pub operations: Vec<Counted>,
    /// What speaks for false alarms, one sentence each.
    pub hints: Vec<String>,
    /// Seconds that matching and correlating one million of these events takes on this machine.
    pub seconds_per_million: f64,
}

/// Collects events, then says what it found.
pub struct Backtest<'a> {
    subject: &'a Subject,
    scratch: Scratch,
    spent: Duration,
    identities: BTreeSet<NodeKey>,
    report: Report,
    /// What met a rule is kept; everything that was asked, where a rule waits for a novelty.
    observed: Vec<Observed>,
    armed: bool,
}

impl<'a> Backtest<'a> {
    /// A backtest of `subject`.
    pub fn new(subject: &'a Subject) -> Backtest<'a> {
        let report = Report { detector: subject.name.clone(), ..Report::default() };
        let rules = &subject.rules;
        let armed = rules.detections().iter().any(|rule| rule.attributes.armed_seconds.is_some())
            || rules.correlations().iter().any(|rule| rule.attributes.armed_seconds.is_some());
        let (scratch, identities) = (Scratch::default(), BTreeSet::new());
        Backtest { subject, scratch, spent: Duration::ZERO, identities, report, observed: Vec::new(), armed }
    }

    /// Takes one event.
    pub fn event(&mut self, event: Event) {
        let report = &mut self.report;
        report.events += 1;
        report.from = Some(report.from.map_or(event.time, |from| from.min(event.time)));
        report.to = Some(report.to.map_or(event.time, |to| to.max(event.time)));
        if let Some(actor) = &event.keys.actor
            && !self.identities.contains(actor)
        {
            self.identities.insert(actor.clone());
        }
        if !self.subject.asks(&event) {
            return;
        }
        report.asked += 1;
        let start = Instant::now();
        let matches = self.subject.matcher.matches(&event, &mut self.scratch);
        let matches = matches.to_vec();
        self.spent += start.elapsed();
        report.met += u64::from(!matches.is_empty());
        if self.armed || !matches.is_empty() {
            self.observed.push(Observed { event: Arc::new(event), matches });
        }
    }

    /// What it found.
    pub fn finish(mut self, quarantined: u64) -> Report {
        // One log after the other was read; a correlator wants them as they happened.
        self.observed.sort_by_key(|one| (one.event.time, one.event.uid));
        let start = Instant::now();
        let findings = cases::findings(self.subject, &self.observed);
        self.spent += start.elapsed();
        let mut report = self.report;
        report.quarantined = quarantined;
        report.findings = findings.len() as u64;
        report.identities = self.identities.len() as u64;
        if report.asked > 0 {
            report.seconds_per_million = self.spent.as_secs_f64() * 1e6 / report.asked as f64;
        }
        let days = report.from.zip(report.to).map_or(1.0, |(from, to)| (to.seconds_since(from) / 86_400.0).max(1.0));
        let thousands = (report.identities.max(1) as f64 / 1_000.0).max(1e-3);
        report.per_day_per_1000_identities = report.findings as f64 / days / thousands;
        for finding in &findings {
            let text = finding.at.to_string();
            *report.per_day.entry(text.split('T').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
        let events: HashMap<_, _> = self.observed.iter().map(|one| (one.event.uid, &one.event)).collect();
        let event = |finding: &Finding| finding.events.last().and_then(|uid| events.get(uid)).copied();
        report.subjects = top(findings.iter().map(|finding| finding.subject.as_ref().map(ToString::to_string)));
        report.targets = top(findings.iter().map(|one| event(one)?.keys.target.as_ref().map(ToString::to_string)));
        report.operations = top(findings.iter().map(|one| Some(event(one)?.keys.operation.to_string())));
        report.hints = hints(&report, &findings, days);
        report
    }
}

/// The most frequent things.
fn top(things: impl Iterator<Item = Option<String>>) -> Vec<Counted> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    things.flatten().for_each(|thing| *counts.entry(thing).or_default() += 1);
    let mut counted: Vec<Counted> = counts.into_iter().map(|(name, findings)| Counted { name, findings }).collect();
    counted.sort_by(|a, b| (b.findings, &a.name).cmp(&(a.findings, &b.name)));
    counted.truncate(TOP);
    counted
}

/// What speaks for false alarms.
fn hints(report: &Report, findings: &[Finding], days: f64) -> Vec<String> {
    let mut hints = Vec::new();
    if report.asked == 0 {
        hints.push("no event is of the rule's product and service: the rule was never asked".to_owned());
    } else if report.met == 0 {
        hints.push("no event met it: it is quiet here, or it cannot fire; its fire case tells which".to_owned());
    }
    if report.identities >= 50 && report.per_day_per_1000_identities > 1.0 && findings.len() > 1 {
        hints.push(format!(
            "{:.1} findings a day for 1,000 identities is more than the budget of one",
            report.per_day_per_1000_identities
        ));
    }
    let subjects: BTreeSet<_> = findings.iter().filter_map(|finding| finding.subject.as_ref()).collect();
    if let Some(first) = report.subjects.first()
        && findings.len() >= 4
        && first.findings * 2 > report.findings
    {
        hints.push(format!(
            "{} of {} findings are about `{}`: an exception for it, if it is honest, leaves {}",
            first.findings,
            report.findings,
            first.name,
            report.findings - first.findings
        ));
    }
    if report.identities >= 10 && subjects.len() as u64 * 5 > report.identities {
        hints.push(format!(
            "{} different subjects of {} identities: what so many do is rarely an attack",
            subjects.len(),
            report.identities
        ));
    }
    if days >= 3.0 && report.per_day.len() as f64 > days * 0.8 {
        hints.push(format!("it fires on {} of {:.0} days: it sees a habit", report.per_day.len(), days.ceil()));
    }
    hints
}
