//! The verdict on one environment under one profile.
//!
//! It is not where evidence is gathered, and it never looks at a clock: the same evidence gives the same verdict.

use crate::coverage;
use crate::coverage::{Doubt, Reading, commit_of};
use crate::line;
use crate::profile::{Artefact, Profile};
use firebreak_model::{EnvironmentEvidence, Interval, Judgement, Observation, ObservationKind, Text, Time, Verdict};
use firebreak_package::Ecosystem;

/// At most so many sentences of one kind are kept in a judgement: the first ones decide.
const SENTENCES_MAX: usize = 12;

/// One piece of evidence that the bad thing was there.
struct Match {
    sentence: String,
    time: Option<Time>,
    first: Time,
    place: Text,
}

/// Judges `evidence` under `profile`.
pub fn judge(profile: &Profile, evidence: &EnvironmentEvidence) -> Judgement {
    let reading = Reading::new(profile, evidence);
    let matches = matches(&reading);
    let mut covered = Vec::new();
    let doubts = if matches.is_empty() { reading.doubts(&mut covered) } else { Vec::new() };
    decide(&reading, &matches, &doubts, covered)
}

/// Judges a file that says what a job or an image fetches when it is made to run: a workflow, a Dockerfile. It shows nothing
/// absent, since what it starts in turn stands elsewhere, and is never clear: `None` where nothing that it asks for is in doubt.
pub fn judge_recipe(profile: &Profile, evidence: &EnvironmentEvidence) -> Option<Judgement> {
    let reading = Reading::new(profile, evidence);
    let matches = matches(&reading);
    let mut doubts = if matches.is_empty() { reading.doubts(&mut Vec::new()) } else { Vec::new() };
    doubts.retain(|doubt| doubt.place.is_some());
    let decided = !(matches.is_empty() && doubts.is_empty());
    decided.then(|| decide(&reading, &matches, &doubts, Vec::new()))
}

/// The verdict that matches and doubts make. Without any, `covered` says why the place is clear.
fn decide(reading: &Reading<'_>, matches: &[Match], doubts: &[Doubt], covered: Vec<String>) -> Judgement {
    let Reading { profile, evidence, .. } = reading;
    let mut gaps = evidence.gaps.clone();
    gaps.extend(disputes(profile, evidence));
    let mut judgement = Judgement {
        environment: evidence.environment.clone(),
        profile: profile.id.clone(),
        revision: profile.revision,
        verdict: Verdict::Unknown,
        interval: None,
        decided_by: Vec::new(),
        gaps: Vec::new(),
        at: None,
    };
    let suspect = doubts.iter().filter(|doubt| doubt.suspect).min_by_key(|doubt| doubt.time);
    if let Some(first) = matches.iter().min_by_key(|found| found.time.unwrap_or(Time::MAX)) {
        judgement.verdict = Verdict::Exposed;
        judgement.at = first.time;
        judgement.interval = Some(exposed_interval(reading, first));
        judgement.decided_by = matches.iter().map(|found| found.sentence.clone()).collect();
    } else if let Some(first) = suspect {
        judgement.verdict = Verdict::Suspect;
        judgement.at = first.time;
        judgement.interval = Some(Interval::new(first.time.unwrap_or(first.run.from), first.run.to));
        judgement.decided_by = sentences(doubts.iter().filter(|doubt| doubt.suspect));
        gaps.extend(sentences(doubts.iter().filter(|doubt| !doubt.suspect)));
    } else if doubts.is_empty() {
        judgement.verdict = Verdict::Clear;
        judgement.decided_by = covered;
    } else {
        judgement.decided_by = vec!["the evidence is not complete, and nothing in it matches".to_owned()];
        gaps.extend(sentences(doubts.iter()));
    }
    judgement.gaps = gaps;
    for list in [&mut judgement.decided_by, &mut judgement.gaps] {
        distinct(list);
    }
    judgement
}

/// Judges what a file says under `profile`: a place that can bring packages of `brings` alone, where that is known. What cannot
/// come is no question: a lock of npm's is clear of a package of PyPI's.
pub fn judge_file(profile: &Profile, evidence: &EnvironmentEvidence, brings: Option<&[Ecosystem]>) -> Judgement {
    let Some(brings) = brings else { return judge(profile, evidence) };
    let within = profile.within(brings);
    let mut judgement = judge(&within, evidence);
    if within.artefacts.is_empty() && judgement.verdict == Verdict::Clear {
        let words: Vec<&str> = brings.iter().map(Ecosystem::word).collect();
        let said =
            format!("an install by this file brings {} packages alone, and the profile names none", words.join(", "));
        judgement.decided_by = vec![said];
    }
    judgement
}

/// Where what decides the verdict on `evidence` was read: of what is exposed the matches, else what is in doubt, what makes it
/// suspect first. Nothing where all is clear, or where only something missing decides.
pub fn places(profile: &Profile, evidence: &EnvironmentEvidence) -> Vec<Text> {
    let reading = Reading::new(profile, evidence);
    let mut places: Vec<Text> = matches(&reading).into_iter().map(|found| found.place).collect();
    if places.is_empty() {
        let mut doubts = reading.doubts(&mut Vec::new());
        doubts.sort_by_key(|doubt| (!doubt.suspect, doubt.time));
        places = doubts.into_iter().filter_map(|doubt| doubt.place).collect();
    }
    let mut seen = rustc_hash::FxHashSet::default();
    places.retain(|place| seen.insert(place.clone()));
    places.truncate(SENTENCES_MAX);
    places
}

fn sentences<'a>(doubts: impl Iterator<Item = &'a Doubt>) -> Vec<String> {
    doubts.map(|doubt| doubt.sentence.clone()).collect()
}

/// Keeps the first of each sentence, and says how many more there were.
fn distinct(sentences: &mut Vec<String>) {
    let mut seen = rustc_hash::FxHashSet::default();
    sentences.retain(|sentence| seen.insert(sentence.clone()));
    if let Some(more) = sentences.len().checked_sub(SENTENCES_MAX).filter(|more| *more > 0) {
        sentences.truncate(SENTENCES_MAX);
        sentences.push(format!("and {more} more"));
    }
}

fn matches(reading: &Reading<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for observation in &reading.evidence.observations {
        let matched = direct_match(reading.profile, observation)
            .or_else(|| commanded_match(reading, observation))
            .or_else(|| route_match(reading, observation));
        if let Some((first, what)) = matched {
            let when = observation.time.map_or_else(String::new, |time| format!(" at {time}"));
            let sentence = format!("{what}{when} ({})", observation.evidence);
            found.push(Match { sentence, time: observation.time, first, place: observation.evidence.clone() });
        }
    }
    // Arrival order must not show: by time, then by sentence.
    found.sort_by(|a, b| {
        let key = |found: &Match| found.time.unwrap_or(Time::MAX);
        key(a).cmp(&key(b)).then_with(|| a.sentence.cmp(&b.sentence))
    });
    found
}

/// What of the observation is bad, and since when that was to be had.
fn direct_match(profile: &Profile, observation: &Observation) -> Option<(Time, String)> {
    let by_digest = |digest: &str| profile.with_digest(digest).map(Artefact::first);
    match &observation.what {
        ObservationKind::Installed { ecosystem, name, version, sha256 } => {
            let first =
                bad_version(profile, ecosystem, name, version).or_else(|| sha256.as_deref().and_then(by_digest))?;
            Some((first, format!("{name} {version} ({ecosystem}) was installed")))
        }
        ObservationKind::Locked { ecosystem, name, version, sha256 } => {
            let first = bad_version(profile, ecosystem, name, version)
                .or_else(|| sha256.iter().find_map(|digest| by_digest(digest)))?;
            Some((first, format!("a lock fixes {name} at {version} ({ecosystem})")))
        }
        ObservationKind::Unpinned { ecosystem, name, reference } => {
            let ecosystem = Ecosystem::of(ecosystem);
            let bad = |artefact: &&Artefact| crate::asked::pins(artefact, name, reference);
            let artefact = profile.named(&ecosystem, name).find(bad)?;
            Some((artefact.first(), format!("`{reference}` asks for a bad version of {name} and for no other")))
        }
        ObservationKind::Commit { repository, reference, sha } => {
            let commit = commit_of(reference, sha.as_deref())?;
            let bad = |artefact: &&Artefact| artefact.commits.contains(commit.as_str());
            let artefact = profile.named(&Ecosystem::GitHubActions, repository).find(bad)?;
            Some((artefact.first(), format!("{repository}@{reference} was fetched as malicious commit {commit}")))
        }
        ObservationKind::File { path, sha256 } => {
            let own = |file: &&crate::profile::PayloadFile| {
                file.sha256.as_deref().is_some_and(|own| own == crate::profile::bare_digest(sha256).as_ref())
            };
            let first = match profile.files.iter().find(own) {
                Some(_) => profile.first(),
                None => by_digest(sha256)?,
            };
            Some((first, format!("file `{path}` has the digest of a malicious one")))
        }
        ObservationKind::Image { name, tag, digest } => {
            let first = digest.as_deref().and_then(by_digest).or_else(|| bad_image_tag(profile, name, tag, digest))?;
            let tag = tag.as_deref().unwrap_or("no tag");
            Some((
                first,
                match name.is_empty() {
                    true => format!("an image with digest {} was fetched", digest.as_deref().unwrap_or_default()),
                    false => format!("image {name} ({tag}) was run"),
                },
            ))
        }
        ObservationKind::Contacted { host } => {
            let own = |indicator: &&crate::profile::Indicator| indicator.decisive && is_host(&indicator.host, host);
            profile.indicators.iter().find(own)?;
            Some((profile.first(), format!("the payload's host {host} was contacted")))
        }
        _ => None,
    }
}

/// A file's command that asks for a bad version and no other, as a manifest may.
fn commanded_match(reading: &Reading<'_>, observation: &Observation) -> Option<(Time, String)> {
    let ObservationKind::Unpinned { ecosystem, reference, .. } = &observation.what else { return None };
    if reading.evidence.environment.system() != coverage::FILE || line::tool_of(reference).is_none() {
        return None;
    }
    let ecosystem = Ecosystem::of(ecosystem);
    let told = |artefact: &&Artefact| {
        let version = line::fixes(reference, &ecosystem, artefact.name());
        ecosystem == artefact.ecosystem && version.is_some_and(|version| artefact.has_version(version))
    };
    let artefact = reading.profile.artefacts.iter().find(told)?;
    Some((artefact.first(), format!("`{reference}` asks for a bad version of {}", artefact.name())))
}

fn bad_version(profile: &Profile, ecosystem: &str, name: &str, version: &str) -> Option<Time> {
    let ecosystem = Ecosystem::of(ecosystem);
    profile.named(&ecosystem, name).find(|artefact| artefact.has_version(version)).map(Artefact::first)
}

/// A bad version as a tag, unless the digest is known to be a good one.
fn bad_image_tag(profile: &Profile, name: &str, tag: &Option<Text>, digest: &Option<Text>) -> Option<Time> {
    let tag = tag.as_deref()?;
    let clean = |artefact: &&Artefact| {
        digest.as_deref().is_some_and(|digest| artefact.clean.contains(crate::profile::bare_digest(digest).as_ref()))
    };
    let bad = |artefact: &&Artefact| artefact.has_version(tag) && !clean(artefact);
    profile.named(&Ecosystem::Docker, name).find(bad).map(Artefact::first)
}

fn is_host(own: &str, seen: &str) -> bool {
    let seen = seen.trim_end_matches('.').to_ascii_lowercase();
    seen == own || seen.strip_suffix(own).is_some_and(|rest| rest.ends_with('.'))
}

/// An action pinned to a commit that itself fetches the bad action by a tag, while that tag was moved.
fn route_match(reading: &Reading<'_>, observation: &Observation) -> Option<(Time, String)> {
    let ObservationKind::Commit { repository, reference, sha } = &observation.what else { return None };
    for artefact in &reading.profile.artefacts {
        let Some(route) = reading.route(artefact, repository) else { continue };
        if !route.is_open(reference, sha.as_deref()) {
            continue;
        }
        let concerned = |run: &&crate::run::Run| crate::run::concerns(observation.time, run, &reading.runs);
        let inside = reading.runs.iter().filter(concerned).find(|run| {
            let time = observation.time.filter(|time| run.holds(*time));
            let open = match time {
                Some(time) => artefact.windows.iter().any(|window| window.interval().contains(time)),
                None => artefact.open_during(&run.interval),
            };
            open && !reading.fetched_directly(run, artefact)
        });
        if inside.is_some() {
            let what = format!(
                "{repository}@{reference} fetches {} by a tag, which then gave a malicious commit",
                artefact.name()
            );
            return Some((artefact.first(), what));
        }
    }
    None
}

/// From the moment of the evidence (or the first at which it was possible) to the end of the run it belongs to.
fn exposed_interval(reading: &Reading<'_>, first: &Match) -> Interval {
    let known = |run: &&crate::run::Run| match first.time {
        Some(time) => run.holds(time),
        None => run.interval.to > first.first,
    };
    let last = || reading.runs.iter().map(|run| run.interval.to).max().unwrap_or(Time::MAX);
    match reading.runs.iter().find(known) {
        Some(run) => {
            let from = first.time.unwrap_or_else(|| run.interval.from.max(first.first));
            Interval::new(from, run.interval.to.max(from))
        }
        // What was installed before the runs that we know of (an image's layer) stays for as long as they run.
        None => {
            let from = first.time.unwrap_or(first.first);
            Interval::new(from, if last() > from { last() } else { Time::MAX })
        }
    }
}

/// What was seen that sources do not agree about.
fn disputes(profile: &Profile, evidence: &EnvironmentEvidence) -> Vec<String> {
    let mut seen = Vec::new();
    for dispute in &profile.disputed {
        let concerns = |observation: &Observation| match &observation.what {
            ObservationKind::Commit { repository, reference, sha } => {
                Ecosystem::GitHubActions.canonical(repository) == dispute.name.as_str()
                    && coverage::commit_of(reference, sha.as_deref())
                        .is_some_and(|commit| commit.starts_with(dispute.what.as_str()))
            }
            ObservationKind::Installed { name, version, .. } => *name == dispute.name && *version == dispute.what,
            _ => false,
        };
        if evidence.observations.iter().any(concerns) {
            seen.push(format!("{}@{} is disputed and was not counted: {}", dispute.name, dispute.what, dispute.why));
        }
    }
    seen
}
