//! What evidence of an environment says, as statements: where what was seen began and ended, and what is whole.
//!
//! Where evidence leaves a beginning open it is the beginning of the first run, and an end that is not known is none: an
//! interval may be too long, never too short. What makes evidence whole is what makes it whole for verdicts
//! (`exposure::coverage`).

use crate::statement::{Complete, EVERY, Had, LOG, Statement, Sure};
use crate::thing::Thing;
use firebreak_model::{EnvironmentEvidence, Interval, NodeKey, Observation, ObservationKind, Text, Time};
use rustc_hash::FxHashMap;

/// How far two clocks may differ about one moment of a run, in seconds.
const SKEW_SECONDS: i64 = 120;
/// A job that ran more often is told as one interval from its first run to its last.
const RUNS_MAX: usize = 16;

/// Everything that `evidence` says. `known` is when it was learnt.
pub fn statements(evidence: &EnvironmentEvidence, known: Time) -> Vec<Statement> {
    let reading = Reading::new(evidence, known);
    let environment = || evidence.environment.clone();
    let ran = |run: &Interval| Statement::Ran { environment: environment(), run: *run };
    let mut said: Vec<Statement> = evidence.runs.iter().map(ran).collect();
    if said.is_empty() {
        said.push(ran(&Interval::ALWAYS));
    }
    for observation in &evidence.observations {
        let things = things(&observation.what);
        if !things.is_empty() {
            reading.had(observation, things, &mut said);
        }
        said.extend(reading.complete(observation).into_iter().map(Statement::Complete));
    }
    said
}

/// What an observation shows to have been there, under each name by which someone may ask for it.
fn things(what: &ObservationKind) -> Vec<Thing> {
    match what {
        ObservationKind::Installed { ecosystem, name, version, sha256 } => {
            let digest = sha256.as_deref().map(Thing::digest);
            std::iter::once(Thing::package(ecosystem, name, version)).chain(digest).collect()
        }
        // It was there, whether or not it was installed.
        ObservationKind::Fetched { ecosystem, name, version } => vec![Thing::package(ecosystem, name, version)],
        // The digests of a lock are those that it allows: which one came is not known, and all of them are of this version.
        ObservationKind::Locked { ecosystem, name, version, sha256 } => {
            let digests = sha256.iter().map(|digest| Thing::digest(digest));
            std::iter::once(Thing::package(ecosystem, name, version)).chain(digests).collect()
        }
        ObservationKind::Commit { repository, reference, sha } => {
            let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
            let sha = sha.as_ref().or(is_commit.then_some(reference)).map(|sha| Text::new(sha.to_ascii_lowercase()));
            let mut things = vec![Thing::package("GitHub Actions", repository, reference)];
            if let Some(sha) = sha {
                things.push(Thing::package("GitHub Actions", repository, &sha));
                things.push(Thing::Commit { sha, repository: repository.clone() });
            }
            things.dedup();
            things
        }
        ObservationKind::Image { name, tag, digest } => {
            if name.is_empty() {
                return digest.iter().map(|digest| Thing::digest(digest)).collect();
            }
            let version = |version: &Text| Thing::package("Docker", name, version);
            let digests = digest.iter().flat_map(|digest| [version(digest), Thing::digest(digest)]);
            tag.iter().map(version).chain(digests).collect()
        }
        ObservationKind::File { sha256, .. } => vec![Thing::digest(sha256)],
        ObservationKind::Contacted { host } => vec![Thing::Host(host.clone())],
        ObservationKind::LockComplete { .. }
        | ObservationKind::Unpinned { .. }
        | ObservationKind::CoolDown { .. }
        | ObservationKind::ReleaseAge { .. }
        | ObservationKind::LogComplete { .. } => Vec::new(),
    }
}

/// One environment's evidence.
struct Reading<'a> {
    environment: &'a NodeKey,
    runs: Vec<Interval>,
    /// From the first run to the last; always, where none is known.
    span: Interval,
    is_ci: bool,
    immutable: bool,
    gaps: bool,
    known: Time,
    /// When the listings were taken, by what the evidence of their entries begins with.
    taken: FxHashMap<&'a str, Time>,
}

impl<'a> Reading<'a> {
    fn new(evidence: &'a EnvironmentEvidence, known: Time) -> Reading<'a> {
        let runs = evidence.runs.clone();
        let first = runs.iter().map(|run| run.from).min().unwrap_or(Time::MIN);
        let last = runs.iter().map(|run| run.to).max().unwrap_or(Time::MAX);
        let listing = |observation: &'a Observation| match (&observation.what, observation.time) {
            (ObservationKind::LockComplete { .. }, Some(time)) => Some((document(&observation.evidence), time)),
            _ => None,
        };
        let taken = evidence.observations.iter().filter_map(listing).collect();
        let (environment, gaps) = (&evidence.environment, !evidence.gaps.is_empty());
        let is_ci = environment.system() == "ci";
        let immutable = evidence.is_immutable();
        Reading { environment, runs, span: Interval::new(first, last), is_ci, immutable, gaps, known, taken }
    }

    fn holding(&self, time: Time) -> Option<&Interval> {
        let near =
            |run: &&Interval| run.from.plus_seconds(-SKEW_SECONDS) <= time && time <= run.to.plus_seconds(SKEW_SECONDS);
        self.runs.iter().find(near)
    }

    fn had(&self, observation: &Observation, things: Vec<Thing>, said: &mut Vec<Statement>) {
        let locked = matches!(observation.what, ObservationKind::Locked { .. });
        let sure = if locked { Sure::Locked } else { Sure::Seen };
        let listed = self.taken.get(document(&observation.evidence)).copied();
        let seen = listed.or(observation.time).unwrap_or(self.known);
        let spans = self.spans(observation);
        for thing in things {
            for span in &spans {
                said.push(Statement::Had(Had {
                    environment: self.environment.clone(),
                    thing: thing.clone(),
                    from: span.from,
                    to: (span.to != Time::MAX).then_some(span.to),
                    seen: seen.max(span.from),
                    sure,
                    evidence: observation.evidence.clone(),
                }));
            }
        }
    }

    /// When what was seen was there.
    fn spans(&self, observation: &Observation) -> Vec<Interval> {
        let moment = |time: Time| Interval::new(time, time.plus_seconds(1));
        match observation.time {
            Some(time) if matches!(observation.what, ObservationKind::Contacted { .. }) => vec![moment(time)],
            // What a job installs is gone with it; elsewhere it stays on the disk for the runs that follow.
            Some(time) => {
                let end = self.holding(time).filter(|_| self.is_ci).map_or(self.span.to, |run| run.to);
                vec![Interval::new(time, if end > time { end } else { time.plus_seconds(1) })]
            }
            None if self.is_ci && (1..=RUNS_MAX).contains(&self.runs.len()) => self.runs.clone(),
            None => vec![self.span],
        }
    }

    fn complete(&self, observation: &Observation) -> Vec<Complete> {
        let whole = |scope: &str, span: Interval, lists: bool| Complete {
            environment: self.environment.clone(),
            scope: Text::new(scope),
            from: span.from,
            to: span.to,
            lists,
        };
        match (&observation.what, observation.time) {
            (ObservationKind::LogComplete { .. }, time) => {
                let end = |run: &&Interval| run.to != Time::MAX && time.is_some_and(|time| near(run.to, time));
                let only = (time.is_none() && self.runs.len() == 1).then(|| self.runs.first()).flatten();
                let run = self.runs.iter().find(end).or(only);
                run.map(|run| whole(LOG, *run, false)).into_iter().collect()
            }
            (ObservationKind::LockComplete { ecosystem, since, .. }, Some(time)) => {
                let scope = scope(ecosystem);
                // A job leaves nothing behind that could be listed later, and what is known to be missing is missing. Elsewhere
                // something may have come and gone before, unless nothing changed since.
                let inside = self.holding(time);
                let speaks = !self.gaps && (!self.is_ci || inside.is_some());
                let from = match (self.is_ci, self.immutable) {
                    (true, _) => inside.map_or(time, |run| run.from),
                    (false, true) => self.span.from,
                    (false, false) => since.map_or(time, |since| since.max(self.span.from)),
                };
                vec![whole(&scope, Interval::new(if speaks { from.min(time) } else { time }, time), true)]
            }
            (ObservationKind::LockComplete { ecosystem, .. }, None) if !self.gaps && !self.is_ci => {
                vec![whole(&scope(ecosystem), self.span, false)]
            }
            _ => Vec::new(),
        }
    }
}

/// The spelling of an ecosystem, or every one.
fn scope(ecosystem: &str) -> String {
    if ecosystem == EVERY { EVERY.to_owned() } else { firebreak_package::Ecosystem::of(ecosystem).word().to_owned() }
}

/// The document that evidence is a place in: all before the last space.
fn document(evidence: &str) -> &str {
    evidence.rsplit_once(' ').map_or(evidence, |(document, _)| document)
}

fn near(a: Time, b: Time) -> bool {
    a.0.abs_diff(b.0) <= SKEW_SECONDS as u64 * 1_000_000
}
