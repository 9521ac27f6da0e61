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

use crate::asked;
use crate::backend;
use crate::line;
use crate::profile::{Artefact, Profile, Route, bare_digest, is_commit};
use crate::run::{Run, concerns};
use firebreak_model::{EnvironmentEvidence, Interval, Observation, ObservationKind, Text, Time};
use firebreak_package::{Ecosystem, version};

/// How long before the end of what it speaks for a listing may be taken, in seconds.
const LATE_SECONDS: i64 = 120;

/// The system of places that are files, asked for themselves: `environment:file/<path>`.
const FILE: &str = "file";

/// Commands that one step prints together come within this many seconds of each other.
const ONE_STEP_SECONDS: i64 = 1;

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
        if self.listed(run, artefact, until) {
            return Some(format!("a complete {} listing does not hold {}", artefact.ecosystem.word(), shown(artefact)));
        }
        for (_, observation) in self.during(run) {
            if let ObservationKind::Locked { ecosystem, name, version, .. } = &observation.what
                && self.names(artefact, ecosystem, name)
            {
                return Some(format!("a lock fixes {name} at {version}"));
            }
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

    /// Whether a complete listing that lacks the artefact speaks for the run up to `until`.
    fn listed(&self, run: &Run, artefact: &Artefact, until: Time) -> bool {
        self.during(run).any(|(inside, observation)| {
            let Some(listing) = listing(observation, &artefact.ecosystem) else { return false };
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

    fn reference_doubts(&self, run: &Run, artefact: &Artefact, doubts: &mut Vec<Doubt>) {
        for (time, observation) in self.during(run) {
            let mut add = |suspect: bool, time: Option<Time>, sentence: String| {
                let place = Some(observation.evidence.clone());
                let doubt = Doubt { suspect, sentence, time, run: run.interval, place };
                // One doubt is told once, at the first place that gives it.
                if !doubts.iter().any(|other| doubt.repeats(other)) {
                    doubts.push(doubt);
                }
            };
            let open = self.was_open(artefact, time, run);
            match &observation.what {
                ObservationKind::Unpinned { ecosystem, name, reference } => {
                    let ecosystem = Ecosystem::of(ecosystem);
                    let named =
                        name == "*" || ecosystem.brings_dependencies() || self.names(artefact, ecosystem.word(), name);
                    if ecosystem != artefact.ecosystem || !named || time.is_some_and(|time| time < artefact.first()) {
                        continue;
                    }
                    if self.is_elsewhere(artefact, &ecosystem, name, reference) {
                        continue;
                    }
                    if self.settled(run, artefact, time, name, reference) {
                        continue;
                    }
                    // Another file entry may hold all of an environment to a range.
                    if time.is_none() && self.held_back(run, artefact, observation) {
                        continue;
                    }
                    let whole = run.logged || (time.is_some() && self.evidence.gaps.is_empty());
                    // Told to take a bad version and no other: caches and mirrors have it when its registry does not.
                    let told = line::fixes(reference, &artefact.ecosystem, artefact.name());
                    if time.is_some() && told.is_some_and(|version| artefact.has_version(version)) {
                        let said = "asks for that bad version, and whether it came is not recorded";
                        add(true, time, format!("`{reference}` {said}"));
                        continue;
                    }
                    if !whole && self.would_take(artefact, name, reference) {
                        let said = format!("`{reference}` admits {}, which was to be had", shown(artefact));
                        add(open, time, said);
                        continue;
                    }
                    let end = match (whole, self.evidence.environment.system() == FILE) {
                        (true, _) => "no version is recorded",
                        (false, true) => "nothing shows what came",
                        (false, false) => "its log is not whole",
                    };
                    add(open && whole, time, format!("`{reference}` does not fix {}, and {end}", artefact.name()));
                }
                ObservationKind::Commit { repository, reference, sha } if open => {
                    if self.names(artefact, "GitHub Actions", repository) {
                        if sha.is_none() && self.fetched_as(run, repository, reference) {
                            continue;
                        }
                        if let Some((suspect, reason)) = commit_doubt(artefact, reference, sha.as_deref()) {
                            add(suspect && run.logged, time, format!("`{repository}@{reference}` {reason}"));
                        }
                    } else if let Some(reason) = self.route_doubt(run, artefact, repository, reference, sha.as_deref())
                    {
                        add(false, time, reason);
                    }
                }
                ObservationKind::Image { name, tag, digest } if open && self.names(artefact, "Docker", name) => {
                    if digest.is_none() && self.pulled_as(run, name, tag.as_deref()) {
                        continue;
                    }
                    if let Some((suspect, reason)) = image_doubt(artefact, tag.as_deref(), digest.as_deref()) {
                        add(suspect && run.logged, time, format!("image `{name}` {reason}"));
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether an open reference was closed after all: by what the log recorded after it, by a complete listing or
    /// lock, by a cool-down, or because what it names is known to be good.
    fn settled(&self, run: &Run, artefact: &Artefact, time: Option<Time>, name: &str, reference: &str) -> bool {
        let tag = reference.rsplit_once(['@', ':']).map_or(reference, |(_, tag)| tag);
        let until = time.unwrap_or_else(|| run.interval.to.min(artefact.last().max(run.interval.from)));
        let own_cool_down = line::cool_down(reference);
        let hidden = own_cool_down.is_some_and(|cool_down| asked::is_hidden(artefact, &cool_down, until));
        let tool = line::tool_of(reference);
        if artefact.is_clean_version(tag) || hidden || self.too_young(run, artefact, tool, until) {
            return true;
        }
        if asked::excludes(artefact, name, reference) {
            return true;
        }
        if line::fixes(reference, &artefact.ecosystem, artefact.name())
            .is_some_and(|exact| !artefact.has_version(exact))
        {
            return true;
        }
        // A lock speaks for a command that follows it, and for what an inventory says without a command's time.
        if (time.is_none() || line::follows_lock(reference)) && self.fixed_elsewhere(run, artefact, until) {
            return true;
        }
        let recorded = self.during(run).filter(|(at, _)| at.is_none() || time.is_none() || *at >= time);
        match artefact.ecosystem {
            Ecosystem::GitHubActions => recorded.into_iter().any(|(_, other)| match &other.what {
                ObservationKind::Commit { repository, sha, .. } => {
                    sha.is_some() && self.names(artefact, "GitHub Actions", repository)
                }
                _ => false,
            }),
            Ecosystem::Docker => recorded.into_iter().any(|(_, other)| match &other.what {
                ObservationKind::Image { name, digest, .. } => digest.is_some() && self.names(artefact, "Docker", name),
                _ => false,
            }),
            _ if artefact.ecosystem.brings_dependencies() => {
                !line::is_quiet(reference) && self.recorded_after(run, &artefact.ecosystem, time)
            }
            _ => recorded.into_iter().any(|(_, other)| match &other.what {
                ObservationKind::Installed { ecosystem, name: own, .. } => {
                    self.names(artefact, ecosystem, own) && (name == "*" || self.names(artefact, ecosystem, name))
                }
                _ => false,
            }),
        }
    }

    /// Whether the list of requirements that asks for this also asks for the artefact itself, always and in a range that admits
    /// no bad version. One version of a package fits in a Python environment, so they hold for all that arrives with
    /// them. A manifest with groups and extras tells too little: its range may not have been in force. Where a file is asked
    /// for itself, what is not always in force has a marker.
    fn held_back(&self, run: &Run, artefact: &Artefact, observation: &Observation) -> bool {
        let file = file_of(&observation.evidence);
        let whole = self.evidence.environment.system() == FILE;
        let list = file.ends_with(".txt") || file.ends_with(".in") || whole;
        let ObservationKind::Unpinned { reference, .. } = &observation.what else { return false };
        let place = asked::alone(reference);
        list && !asked::is_override(reference)
            && self.excluded_by(run, artefact, (!whole).then_some(file), place).is_some()
    }

    /// Whether what is asked for cannot bring the artefact: an override that is for another name, or a build backend of which
    /// all that it brings is known.
    fn is_elsewhere(&self, artefact: &Artefact, ecosystem: &Ecosystem, name: &str, reference: &str) -> bool {
        if self.names(artefact, ecosystem.word(), name) {
            return false;
        }
        let builds = asked::alone(reference) == Some("build");
        let known = || {
            let brings = backend::brings(ecosystem.canonical(name).as_ref())?;
            Some(!brings.iter().any(|brought| self.names(artefact, ecosystem.word(), brought)))
        };
        asked::is_override(reference) || builds && known().unwrap_or_default()
    }

    /// What `file` (or any file of the place, where none is given) asks of the artefact for the environment `place`, always in
    /// force and admitting no bad version. Whatever else asks for the same name there gets the one version that this admits
    /// too. What a build or a group of its own asks for holds for that alone, and what the project asks for not for them.
    fn excluded_by(&self, run: &Run, artefact: &Artefact, file: Option<&str>, place: Option<&str>) -> Option<&'a Text> {
        if artefact.ecosystem != Ecosystem::PyPI {
            return None;
        }
        self.during(run).find_map(|(_, other)| match &other.what {
            ObservationKind::Unpinned { ecosystem, name, reference }
                if file.is_none_or(|file| file_of(&other.evidence) == file)
                    && asked::alone(reference) == place
                    && asked::is_always(reference)
                    && self.names(artefact, ecosystem, name)
                    && asked::excludes(artefact, name, reference) =>
            {
                Some(reference)
            }
            _ => None,
        })
    }

    /// Whether a manifest's own range for the artefact would have taken a bad version, and nothing is known to be missing.
    /// A CI job whose log is gone stays unknown.
    fn would_take(&self, artefact: &Artefact, name: &str, reference: &str) -> bool {
        let system = self.evidence.environment.system();
        // What a manifest asks for is asked for, whatever else of it could not be read.
        let known = system == FILE || self.evidence.gaps.is_empty();
        system != "ci" && known && asked::takes(artefact, name, reference)
    }

    fn fixed_elsewhere(&self, run: &Run, artefact: &Artefact, until: Time) -> bool {
        let locked = self.during(run).any(|(_, observation)| match &observation.what {
            ObservationKind::Locked { ecosystem, name, .. } => self.names(artefact, ecosystem, name),
            _ => false,
        });
        locked || self.listed(run, artefact, until)
    }

    /// Whether installed versions are recorded between a command at `time` and the next step's command.
    fn recorded_after(&self, run: &Run, ecosystem: &Ecosystem, time: Option<Time>) -> bool {
        let from = time.unwrap_or(Time::MIN);
        let mut next = Time::MAX;
        for (at, observation) in self.during(run) {
            if let (Some(at), ObservationKind::Unpinned { ecosystem: own, .. }) = (at, &observation.what)
                && time.is_some()
                && Ecosystem::of(own) == *ecosystem
                && at > from.plus_seconds(ONE_STEP_SECONDS)
            {
                next = next.min(at);
            }
        }
        self.during(run).any(|(at, observation)| match &observation.what {
            ObservationKind::Installed { ecosystem: own, .. } | ObservationKind::Fetched { ecosystem: own, .. } => {
                Ecosystem::of(own) == *ecosystem && at.is_some_and(|at| from <= at && at < next)
            }
            _ => false,
        })
    }

    fn route_doubt(
        &self,
        run: &Run,
        artefact: &Artefact,
        repository: &str,
        reference: &str,
        sha: Option<&str>,
    ) -> Option<String> {
        let route = self.route(artefact, repository)?;
        if self.fetched_directly(run, artefact) || route.is_closed(reference, sha) {
            return None;
        }
        Some(format!(
            "`{repository}@{reference}` may fetch {} by a tag, and the log does not show that it did not",
            artefact.name()
        ))
    }

    /// The route by which the action `repository` reaches `artefact`.
    pub fn route(&self, artefact: &Artefact, repository: &str) -> Option<&'a Route> {
        let name = Ecosystem::GitHubActions.canonical(repository);
        let reaches = |route: &&Route| route.through == name.as_ref() && artefact.names.contains(&route.reaches);
        self.profile.routes.iter().find(reaches)
    }

    /// Whether the same reference is recorded elsewhere in the run, with its commit.
    fn fetched_as(&self, run: &Run, wanted: &str, written: &str) -> bool {
        self.during(run).any(|(_, observation)| match &observation.what {
            ObservationKind::Commit { repository, reference, sha } => {
                sha.is_some() && reference == written && repository.eq_ignore_ascii_case(wanted)
            }
            _ => false,
        })
    }

    /// Whether the same image is recorded elsewhere in the run, with its digest.
    fn pulled_as(&self, run: &Run, wanted: &str, written: Option<&str>) -> bool {
        self.during(run).any(|(_, observation)| match &observation.what {
            ObservationKind::Image { name, tag, digest } => {
                digest.is_some() && name == wanted && tag.as_deref() == written
            }
            _ => false,
        })
    }

    /// Whether the run's log shows which commit of the action was fetched, by whatever route.
    pub fn fetched_directly(&self, run: &Run, artefact: &Artefact) -> bool {
        self.during(run).any(|(_, observation)| match &observation.what {
            ObservationKind::Commit { repository, sha, .. } => {
                sha.is_some() && self.names(artefact, "GitHub Actions", repository)
            }
            _ => false,
        })
    }
}

impl Route {
    /// Whether this commit or version of the outer action is known to fetch nothing by a tag.
    pub fn is_closed(&self, reference: &str, sha: Option<&str>) -> bool {
        let fixed = self.fixed_versions.iter().any(|range| range.contains(&Ecosystem::GitHubActions, reference));
        fixed || commit_of(reference, sha).is_some_and(|commit| self.by_commit.contains(commit.as_str()))
    }

    /// Whether this commit of the outer action is known to fetch the inner one by a tag.
    pub fn is_open(&self, reference: &str, sha: Option<&str>) -> bool {
        commit_of(reference, sha).is_some_and(|commit| self.by_tag.contains(commit.as_str()))
    }
}

/// The commit that was fetched: as logged, or as written where a whole commit is written.
pub(crate) fn commit_of(reference: &str, sha: Option<&str>) -> Option<String> {
    sha.or_else(|| is_commit(reference).then_some(reference)).map(str::to_ascii_lowercase)
}

/// The file of a place that ends with a line's number.
fn file_of(evidence: &str) -> &str {
    let numbered = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    evidence.rsplit_once(':').filter(|(_, line)| numbered(line)).map_or(evidence, |(file, _)| file)
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

fn commit_doubt(artefact: &Artefact, reference: &str, sha: Option<&str>) -> Option<(bool, String)> {
    let pinned = is_commit(reference);
    let known = commit_of(reference, sha).is_some_and(|commit| artefact.clean.contains(commit.as_str()));
    if pinned || known || artefact.is_clean_version(reference) {
        return None;
    }
    match sha {
        None => Some((true, "was moved in this window, and the commit is not recorded".to_owned())),
        Some(_) if artefact.commits_unknown => {
            Some((true, "was moved in this window, and nobody published which commits were bad".to_owned()))
        }
        Some(sha) => Some((false, format!("gave commit {sha}, which is in no list of bad or good ones"))),
    }
}

fn image_doubt(artefact: &Artefact, tag: Option<&str>, digest: Option<&str>) -> Option<(bool, String)> {
    let known = digest.is_some_and(|digest| artefact.clean.contains(bare_digest(digest).as_ref()));
    let fixed = tag.is_some_and(|tag| version::is_exact(&artefact.ecosystem, tag));
    match (known || fixed, digest) {
        (true, _) => None,
        (false, None) => Some((true, "was run by a moving tag, and its digest is not recorded".to_owned())),
        (false, Some(digest)) => Some((false, format!("has digest {digest}, which is in no list of bad or good ones"))),
    }
}

/// An artefact with what is bad of it, for a sentence.
fn shown(artefact: &Artefact) -> String {
    format!("any bad version of {}", artefact.name())
}
