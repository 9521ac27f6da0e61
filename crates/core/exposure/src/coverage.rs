//! The completeness calculus: when the absence of a match means that the bad thing was not there.
//!
//! Every run that had not ended before a bad thing first existed must be covered for that thing. A run is covered
//!
//! - **by its log**, if all of it was read: what is not in it did not happen in that run; or
//! - **by declaration**, if nothing is known to be missing (no gap at all) and one of these speaks for the thing:
//!   a complete listing or lock of its ecosystem (`LockComplete`), a lock that holds the name at a good version, a
//!   cool-down under which the release was still too young, or images that the profile knows to be good. A CI job
//!   leaves nothing behind that could be listed later, so there only a listing taken inside the run counts. Elsewhere a
//!   listing says what was there when it was taken; it speaks for an earlier window only where nothing can have changed
//!   since: an image, places that were last changed before the window, or the artefact's own name installed before it.
//!
//! Neither helps where a reference in the run is left open: a command or a `uses:` that fixes no version and after
//! which no version is recorded. A complete log makes that **suspect** inside a window; anything less makes it open.
//!
//! It is not where matches are found: that is [`crate::judge`]'s, and a match outranks everything here.

mod references;
mod route;

use crate::asked;
use crate::profile::{Artefact, Profile};
use crate::run::{Run, concerns};
use firebreak_model::{EnvironmentEvidence, Interval, Observation, ObservationKind, Text, Time};
use firebreak_package::Ecosystem;

pub(crate) use route::commit_of;

/// How long before the end of what it speaks for a listing may be taken, in seconds.
const LATE_SECONDS: i64 = 120;

/// The system of places that are files, asked for themselves: `environment:file/<path>`.
pub(crate) const FILE: &str = "file";

/// Why a run is not shown to be free of something.
#[derive(Clone, PartialEq, Debug)]
pub struct Doubt {
    /// Whether it is the kind that makes a run suspect: asked for inside a window, logged, and no version recorded.
    pub suspect: bool,
    /// The reason, in a sentence.
    pub sentence: String,
    /// When, where known.
    pub time: Option<Time>,
    /// The run in question.
    pub run: Interval,
    /// Where what is in doubt was read, where it was.
    pub place: Option<Text>,
}

impl Doubt {
    fn repeats(&self, other: &Doubt) -> bool {
        (self.suspect, self.time, self.run) == (other.suspect, other.time, other.run) && self.sentence == other.sentence
    }
}

/// One environment's evidence, read under one profile.
pub struct Reading<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The evidence.
    pub evidence: &'a EnvironmentEvidence,
    /// Its runs; where none is known, one that began with the incident and has no end.
    pub runs: Vec<Run>,
    /// The observations that can matter to coverage: most of what is installed cannot.
    relevant: Vec<&'a Observation>,
}

impl<'a> Reading<'a> {
    /// Reads `evidence` under `profile`.
    pub fn new(profile: &'a Profile, evidence: &'a EnvironmentEvidence) -> Reading<'a> {
        let mut runs = crate::run::runs(evidence);
        if runs.is_empty() {
            runs.push(Run { interval: Interval::since(profile.first()), logged: false });
        }
        let all = || evidence.observations.iter();
        let asks = all().any(|observation| matches!(observation.what, ObservationKind::Unpinned { .. }));
        let matters = |observation: &&Observation| match &observation.what {
            // What was installed matters as the record of what an open reference gave, and of what stood in its place.
            ObservationKind::Installed { ecosystem, name, .. } => {
                asks || profile.named(&Ecosystem::of(ecosystem), name).next().is_some()
            }
            ObservationKind::Locked { ecosystem, name, .. } => {
                profile.named(&Ecosystem::of(ecosystem), name).next().is_some()
            }
            _ => true,
        };
        let relevant = all().filter(matters).collect();
        Reading { profile, evidence, runs, relevant }
    }

    /// All doubts about all runs; empty if every run is covered for every artefact. Says in `covered` what covers them.
    pub fn doubts(&self, covered: &mut Vec<String>) -> Vec<Doubt> {
        let mut doubts = self.trace_doubts();
        for run in &self.runs {
            for artefact in &self.profile.artefacts {
                if run.interval.to <= artefact.first() {
                    covered.push(format!("the run ended before {} first appeared", artefact.name()));
                    continue;
                }
                self.reference_doubts(run, artefact, &mut doubts);
                match self.coverage(run, artefact) {
                    Ok(reason) => covered.push(reason),
                    Err(sentence) => {
                        doubts.push(Doubt { suspect: false, sentence, time: None, run: run.interval, place: None });
                    }
                }
            }
        }
        doubts
    }

    /// Traces that prove nothing and keep an environment from being called clear: files with the names of the payload's
    /// files but other digests, and hosts that others use too.
    fn trace_doubts(&self) -> Vec<Doubt> {
        let trace = |observation: &Observation| match &observation.what {
            ObservationKind::File { path, .. } => {
                let own = self.profile.files.iter().any(|file| path.ends_with(file.path.as_str()));
                own.then(|| (true, format!("file `{path}` is called what the payload's file is called")))
            }
            ObservationKind::Fetched { ecosystem, name, version } => {
                let ecosystem = Ecosystem::of(ecosystem);
                let bad = self.profile.named(&ecosystem, name).any(|artefact| artefact.has_version(version));
                bad.then(|| (true, format!("{name} {version} was downloaded, and nothing shows what became of it")))
            }
            ObservationKind::Contacted { host } => {
                let own = self.profile.indicators.iter().any(|indicator| indicator.host == *host);
                own.then(|| (false, format!("`{host}` was contacted, which others do too")))
            }
            _ => None,
        };
        let run = Interval::since(self.profile.first());
        let traces = self.evidence.observations.iter().filter_map(|observation| {
            let (suspect, sentence) = trace(observation)?;
            Some(Doubt { suspect, sentence, time: observation.time, run, place: Some(observation.evidence.clone()) })
        });
        traces.collect()
    }

    /// Observations that say something about `run`, each with its time if that is inside the run.
    fn during<'b>(&'b self, run: &'b Run) -> impl Iterator<Item = (Option<Time>, &'a Observation)> + 'b {
        self.relevant.iter().filter_map(move |observation| {
            let time = observation.time.filter(|time| run.holds(*time));
            concerns(observation.time, run, &self.runs).then_some((time, *observation))
        })
    }

    fn coverage(&self, run: &Run, artefact: &Artefact) -> Result<String, String> {
        let is_ci = self.evidence.environment.system() == "ci";
        if artefact.ecosystem == Ecosystem::GitHubActions && !is_ci {
            return Ok("actions run in CI jobs only".to_owned());
        }
        if run.logged {
            return Ok(format!("the whole log of the run from {} was read", run.interval.from));
        }
        if is_ci && !self.listed_inside(run, &artefact.ecosystem) {
            return Err(format!("the log of the run from {} was not read to its end", run.interval.from));
        }
        if !self.evidence.gaps.is_empty() {
            return Err(format!("nothing shows {} absent, because evidence is missing", artefact.name()));
        }
        self.declared(run, artefact).ok_or_else(|| {
            format!(
                "no complete listing, lock or log of {} packages speaks for the run from {}",
                artefact.ecosystem.word(),
                run.interval.from
            )
        })
    }

    fn declared(&self, run: &Run, artefact: &Artefact) -> Option<String> {
        let until = run.interval.to.min(artefact.last().max(run.interval.from));
        if self.listed(run, artefact, until, |_| true) {
            return Some(format!("a complete {} listing does not hold {}", artefact.ecosystem.word(), shown(artefact)));
        }
        if let Some((name, version)) = self.fixed_by_name(run, artefact, |_| true) {
            return Some(format!("a lock fixes {name} at {version}"));
        }
        // What one tool is told says nothing of what another installs.
        if self.during(run).any(|(_, observation)| self.is_cool_down(artefact, &observation.what, until)) {
            return Some(format!("a cool-down kept out {}, which was too young", shown(artefact)));
        }
        if self.evidence.environment.system() == FILE
            && let Some(asked) = self.excluded_by(run, artefact, None, None)
        {
            return Some(format!("`{asked}` admits no bad version of {}", artefact.name()));
        }
        // A manifest is asked for an install by the tool that its settings are for.
        if self.evidence.environment.system() == FILE && self.too_young(run, artefact, None, until) {
            return Some(format!("a setting of its tool kept out {}, which was too young", shown(artefact)));
        }
        self.runs_clean_images().then(|| "it runs only images that are known to be good".to_owned())
    }

    /// The version at which a lock that counts fixes the artefact, wherever a place holds one version of a name. Trees of npm's
    /// and of Cargo's hold several: one of them in a lock says nothing of the others.
    fn fixed_by_name(
        &self,
        run: &Run,
        artefact: &Artefact,
        counts: impl Fn(&Observation) -> bool,
    ) -> Option<(&'a Text, &'a Text)> {
        if matches!(artefact.ecosystem, Ecosystem::Npm | Ecosystem::CratesIo) {
            return None;
        }
        self.during(run).find_map(|(_, observation)| match &observation.what {
            ObservationKind::Locked { ecosystem, name, version, .. }
                if self.names(artefact, ecosystem, name) && counts(observation) =>
            {
                Some((name, version))
            }
            _ => None,
        })
    }

    /// Whether a complete listing that counts and lacks the artefact speaks for the run up to `until`.
    fn listed(&self, run: &Run, artefact: &Artefact, until: Time, counts: impl Fn(&Observation) -> bool) -> bool {
        self.during(run).any(|(inside, observation)| {
            let Some(listing) = listing(observation, &artefact.ecosystem).filter(|_| counts(observation)) else {
                return false;
            };
            // A lock has no time: it says what every install gives.
            let Some(taken) = observation.time else { return true };
            let reaches = taken.plus_seconds(LATE_SECONDS) >= until;
            let image = self.evidence.environment.system() == "image";
            image || reaches && self.carries(run, artefact, listing, inside.is_some())
        })
    }

    /// Whether what a listing found was there ever since the run, or the artefact, began: whoever installs something bad may
    /// take it away again before anyone lists.
    fn carries(&self, run: &Run, artefact: &Artefact, listing: Listing, inside: bool) -> bool {
        if self.evidence.environment.system() == "ci" {
            return inside;
        }
        // What ran only after the window could not get it there while it was open.
        if run.interval.from >= artefact.last() || self.evidence.is_immutable() {
            return true;
        }
        let begin = artefact.first().max(run.interval.from);
        listing.since.is_some_and(|since| since < begin) || self.stood(artefact, begin, listing.places)
    }

    /// Whether the artefact's own name is installed since before `begin` wherever packages of its ecosystem lie: a place holds
    /// one version of a name, and an install of another would have left its own time.
    fn stood(&self, artefact: &Artefact, begin: Time, places: Option<u32>) -> bool {
        let mut stood = 0u32;
        for observation in &self.relevant {
            match &observation.what {
                ObservationKind::Installed { ecosystem, name, .. } if self.names(artefact, ecosystem, name) => {
                    if observation.time.is_none_or(|time| time >= begin) {
                        return false;
                    }
                    stood += 1;
                }
                _ => {}
            }
        }
        stood > 0 && places.is_none_or(|places| stood >= places)
    }

    /// Whether a complete listing of `ecosystem` was taken inside the run.
    fn listed_inside(&self, run: &Run, ecosystem: &Ecosystem) -> bool {
        self.during(run).any(|(time, observation)| time.is_some() && listing(observation, ecosystem).is_some())
    }

    /// Whether a cool-down hid the release from every install by `tool` up to `until`.
    fn too_young(&self, run: &Run, artefact: &Artefact, tool: Option<&str>, until: Time) -> bool {
        let seen = || self.during(run).map(|(_, observation)| &observation.what);
        // Where one tool is told more than once, it is not known which word held.
        let mut ages = seen().filter(|what| asked::is_age(artefact, what, tool)).peekable();
        let aged = ages.peek().is_some() && ages.all(|what| asked::hidden(artefact, what, tool, until));
        aged || seen().any(|what| self.is_cool_down(artefact, what, until))
    }

    /// Whether what is seen is a cool-down of every install there, and hides the artefact up to `until`.
    fn is_cool_down(&self, artefact: &Artefact, what: &ObservationKind, until: Time) -> bool {
        matches!(what, ObservationKind::CoolDown { .. }) && asked::hidden(artefact, what, None, until)
    }

    fn runs_clean_images(&self) -> bool {
        let names: Vec<&Text> = (self.evidence.observations.iter())
            .filter_map(|observation| match &observation.what {
                ObservationKind::Image { name, .. } => Some(name),
                _ => None,
            })
            .collect();
        // A digest whose image is not told has no name, and is no image that is known to be good.
        let clean = |name: &&Text| {
            let name = Ecosystem::Docker.canonical(name);
            self.profile.clean_images.iter().any(|image| image.name == name.as_ref())
        };
        !names.is_empty() && names.iter().all(clean)
    }

    fn names(&self, artefact: &Artefact, ecosystem: &str, name: &str) -> bool {
        let ecosystem = Ecosystem::of(ecosystem);
        ecosystem == artefact.ecosystem && artefact.names.iter().any(|own| *own == ecosystem.canonical(name).as_ref())
    }

    /// Whether the artefact was to be had when this was seen: at its time, or else at any time of the run.
    fn was_open(&self, artefact: &Artefact, time: Option<Time>, run: &Run) -> bool {
        match time {
            Some(time) => artefact.windows.iter().any(|window| window.interval().contains(time)),
            None => artefact.open_during(&run.interval),
        }
    }
}

/// What a complete listing says of the time before it.
#[derive(Clone, Copy)]
struct Listing {
    since: Option<Time>,
    places: Option<u32>,
}

fn listing(observation: &Observation, wanted: &Ecosystem) -> Option<Listing> {
    match &observation.what {
        ObservationKind::LockComplete { ecosystem, since, places }
            if ecosystem == "*" || Ecosystem::of(ecosystem) == *wanted =>
        {
            Some(Listing { since: *since, places: *places })
        }
        _ => None,
    }
}

/// An artefact with what is bad of it, for a sentence.
fn shown(artefact: &Artefact) -> String {
    format!("any bad version of {}", artefact.name())
}
