//! References that are left open, and what closes them after all.
//!
//! It is not where runs are shown to be covered: that is [`super`]'s.

use super::{Doubt, FILE, Reading, commit_of, shown};
use crate::profile::{Artefact, bare_digest, is_commit};
use crate::run::Run;
use crate::{asked, backend, line};
use firebreak_model::{Observation, ObservationKind, Text, Time};
use firebreak_package::{Ecosystem, version};

/// Commands that one step prints together come within this many seconds of each other.
const ONE_STEP_SECONDS: i64 = 1;

impl<'a> Reading<'a> {
    pub(super) fn reference_doubts(&self, run: &Run, artefact: &Artefact, doubts: &mut Vec<Doubt>) {
        // A file is all there is of itself: what it asks for is not waiting for a log.
        let told = run.logged || self.evidence.environment.system() == FILE;
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
                            add(suspect && told, time, format!("`{repository}@{reference}` {reason}"));
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
                        add(suspect && told, time, format!("image `{name}` {reason}"));
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
        let exact = line::fixes(reference, &artefact.ecosystem, artefact.name());
        if exact.is_some_and(|exact| !artefact.has_version(exact)) && line::is_for_all(reference, &artefact.ecosystem) {
            return true;
        }
        // With dependencies off nothing arrives that the command does not name.
        if line::brings_only_named(reference) {
            let names = || artefact.names.iter();
            if names().all(|own| line::asked(reference, &artefact.ecosystem, own).is_empty()) {
                return true;
            }
        }
        // A lock speaks for a command that follows it, and for what an inventory says without a command's time.
        let follows = time.is_none() || line::follows_lock(reference);
        let own = self.names(artefact, artefact.ecosystem.word(), name);
        if follows && self.fixed_elsewhere(run, artefact, until, own, asked::is_override(reference)) {
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
        list && !asked::outweighs(reference)
            && self.excluded_by(run, artefact, (!whole).then_some(file), place).is_some()
    }

    /// Whether what is asked for cannot bring the artefact: an override or a limit that is for another name, a limit that leaves a
    /// good version, or a build backend of which all that it brings is known.
    fn is_elsewhere(&self, artefact: &Artefact, ecosystem: &Ecosystem, name: &str, reference: &str) -> bool {
        if self.names(artefact, ecosystem.word(), name) {
            // A limit asks for nothing, unless it leaves nothing but what is bad.
            return asked::is_constraint(reference) && !asked::leaves_only_bad(artefact, name, reference);
        }
        let builds = asked::alone(reference) == Some("build");
        let known = || {
            let brings = backend::brings(ecosystem.canonical(name).as_ref())?;
            Some(!brings.iter().any(|brought| self.names(artefact, ecosystem.word(), brought)))
        };
        asked::outweighs(reference) || builds && known().unwrap_or_default()
    }

    /// What `file` (or any file of the place, where none is given) asks of the artefact for the environment `place`, always in
    /// force and admitting no bad version. Whatever else asks for the same name there gets the one version that this admits
    /// too. What a build or a group of its own asks for holds for that alone, and what the project asks for not for them.
    pub(super) fn excluded_by(
        &self,
        run: &Run,
        artefact: &Artefact,
        file: Option<&str>,
        place: Option<&str>,
    ) -> Option<&'a Text> {
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
        // A file's command that names it, and of which nothing above kept a bad version away.
        let commanded = system == FILE
            && line::tool_of(reference).is_some()
            && self.names(artefact, artefact.ecosystem.word(), name);
        system != "ci" && known && (commanded || asked::takes(artefact, name, reference))
    }

    /// Whether a lock or a listing says which version came. Of what is asked for by name (`own`), a lock in which the name has no
    /// version says nothing; what was listed later does. An override outweighs a list of requirements, also one that fixes every
    /// version, since whoever installs from the list resolves it again; what a resolver locked has heeded it.
    fn fixed_elsewhere(&self, run: &Run, artefact: &Artefact, until: Time, own: bool, outweighed: bool) -> bool {
        let is_list = |file: &str| file.ends_with(".txt") || file.ends_with(".in");
        let counts = |observation: &Observation| !(outweighed && is_list(file_of(&observation.evidence)));
        let named = |(_, observation): (Option<Time>, &Observation)| match &observation.what {
            ObservationKind::Locked { ecosystem, name, .. } => {
                self.names(artefact, ecosystem, name) && counts(observation)
            }
            _ => false,
        };
        let locked = !own || self.during(run).any(named);
        let speaks = |observation: &Observation| counts(observation) && (locked || observation.time.is_some());
        self.fixed_by_name(run, artefact, counts).is_some() || self.listed(run, artefact, until, speaks)
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
}

/// The file of a place that ends with a line's number.
fn file_of(evidence: &str) -> &str {
    let numbered = |line: &str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    evidence.rsplit_once(':').filter(|(_, line)| numbered(line)).map_or(evidence, |(file, _)| file)
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
        (false, None) => Some((true, "was asked for by a moving tag, and its digest is not recorded".to_owned())),
        (false, Some(digest)) => Some((false, format!("has digest {digest}, which is in no list of bad or good ones"))),
    }
}
