//! Every decoy of the March 2026 incident, with the shipped profiles and evidence as it really looks.

use firebreak_exposure::{EvidenceBook, Profile, difference, judge, observe};
use firebreak_model::{
    EnvironmentEvidence, Event, EventUid, Interval, Judgement, Keys, LogSource, NodeKey, Observation, ObservationKind,
    Text, Time, Verdict,
};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn profile(id: &str) -> Profile {
    let path = root().join("profiles").join(id).join("profile.toml");
    let text = std::fs::read_to_string(&path).expect("a shipped profile");
    Profile::parse(&path.display().to_string(), &text).expect("a shipped profile without problems")
}

fn time(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

/// A CI log: the minute it starts, then lines with the second at which each was written.
struct Job {
    key: NodeKey,
    lines: Vec<String>,
}

impl Job {
    fn new(name: &str, start: &str) -> Job {
        let mut job = Job { key: NodeKey::environment("ci", &format!("meridian/app/{name}/job")), lines: Vec::new() };
        job = job.line(start, "Current runner version: '2.332.0'");
        job
    }

    fn line(mut self, at: &str, text: &str) -> Job {
        self.lines.push(format!("{} {text}", time(at)));
        self
    }

    fn end(self, at: &str) -> Job {
        self.line(at, "Cleaning up orphan processes")
    }

    fn events(&self) -> Vec<Event> {
        let event = |(number, line): (usize, &String)| {
            let stamp = line.split(' ').next().expect("a stamp");
            let body = format!(r#"{{"line":{},"number":{}}}"#, sonic_rs::to_string(line).expect("text"), number + 1);
            Event {
                uid: EventUid::of("ci_log", format!("{}{number}", self.key).as_bytes()),
                source: "ci_log",
                native_id: Text::new(format!("{}:{}", self.key.name(), number + 1)),
                time: time(stamp),
                log_source: LogSource { product: "ci", service: "log" },
                keys: Keys { environment: Some(self.key.clone()), ..Keys::default() },
                body: sonic_rs::from_str(&body).expect("JSON"),
                raw: line.as_bytes().into(),
            }
        };
        self.lines.iter().enumerate().map(event).collect()
    }

    fn book(&self) -> EvidenceBook {
        let mut book = EvidenceBook::new();
        for event in self.events() {
            observe(&event).iter().for_each(|seen| book.add(seen));
        }
        book
    }

    fn judged(&self, profile_id: &str) -> Judgement {
        self.book().judge_all(&[profile(profile_id)]).remove(0)
    }
}

#[track_caller]
fn expect(judgement: &Judgement, verdict: Verdict) {
    assert_eq!(judgement.verdict, verdict, "{judgement:#?}");
    assert!(!judgement.decided_by.is_empty(), "{judgement:#?}");
}

fn seen(at: Option<&str>, what: ObservationKind) -> Observation {
    Observation { time: at.map(time), what, evidence: Text::new("inventory") }
}

fn evidence(key: NodeKey, runs: &[(&str, Option<&str>)], observations: Vec<Observation>) -> EnvironmentEvidence {
    let span = |(from, to): &(&str, Option<&str>)| Interval::new(time(from), to.map_or(Time::MAX, time));
    EnvironmentEvidence { environment: key, runs: runs.iter().map(span).collect(), observations, gaps: Vec::new() }
}

fn installed(name: &str, version: &str) -> ObservationKind {
    ObservationKind::Installed {
        ecosystem: Text::new("PyPI"),
        name: Text::new(name),
        version: Text::new(version),
        sha256: None,
    }
}

fn listing() -> ObservationKind {
    ObservationKind::LockComplete { ecosystem: Text::new("PyPI"), since: None, places: None }
}

#[test]
fn a_transitive_unpinned_install_is_exposed() {
    let job = Job::new("eval-nightly", "2026-03-24T10:58:30Z")
        .line("2026-03-24T10:58:41Z", "##[group]Run pip install -U crewai")
        .line("2026-03-24T10:58:44Z", "  Downloading litellm-1.82.8-py3-none-any.whl (15.6 MB)")
        .line("2026-03-24T10:58:52Z", "Successfully installed crewai-1.11.0 litellm-1.82.8")
        .end("2026-03-24T11:20:00Z");
    let judged = job.judged("litellm-2026-03");
    expect(&judged, Verdict::Exposed);
    assert_eq!(judged.at, Some(time("2026-03-24T10:58:44Z")));
    let interval = judged.interval.expect("an interval");
    assert_eq!(interval.from, time("2026-03-24T10:58:44Z"));
    assert!(interval.to > time("2026-03-24T11:20:00Z") && interval.to < time("2026-03-24T11:20:01Z"));
    expect(&job.judged("telnyx-2026-03"), Verdict::Clear);
}

#[test]
fn a_moved_action_is_exposed_and_the_immutable_one_is_clear() {
    let run = |reference: &str, sha: &str| {
        Job::new("scan", "2026-03-19T20:14:00Z")
            .line(
                "2026-03-19T20:14:15Z",
                &format!("Download action repository 'aquasecurity/trivy-action@{reference}' (SHA:{sha})"),
            )
            .line("2026-03-19T20:14:20Z", &format!("##[group]Run aquasecurity/trivy-action@{reference}"))
            .end("2026-03-19T20:16:00Z")
            .judged("trivy-2026-03")
    };
    expect(&run("0.24.0", "e0198fd2b6e1679e36d32933941182d9afa82f6f"), Verdict::Exposed);
    expect(&run("0.35.0", "57a97c7e7821a5776cebc9bb87c984fa69cba8f1"), Verdict::Clear);
    // Pinned by commit after setup-trivy was pinned too.
    let late = "b6643a29fecd7f34b3597bc6acb0a98b03d33ff8";
    expect(&run(late, late), Verdict::Clear);
    // Pinned by commit before: the commit is good, and calls setup-trivy by a tag that had been moved.
    let early = "915b19bbe73b92a6cf82a1bc12b087c9a19a5fe2";
    expect(&run(early, early), Verdict::Exposed);
    // A commit that nobody dates may call it by a tag.
    let other = "0123456789abcdef0123456789abcdef01234567";
    expect(&run(other, other), Verdict::Unknown);
    // A moved tag that gave a commit in no list.
    expect(&run("0.33.1", other), Verdict::Unknown);
}

#[test]
fn an_early_pin_is_clear_where_the_log_shows_the_inner_action_or_the_hours_differ() {
    let early = "915b19bbe73b92a6cf82a1bc12b087c9a19a5fe2";
    let outer = format!("Download action repository 'aquasecurity/trivy-action@{early}' (SHA:{early})");
    let inner = |sha: &str| format!("Download action repository 'aquasecurity/setup-trivy@v0.2.1' (SHA:{sha})");
    let run = |start: &str, next: &str, end: &str, sha: &str| {
        Job::new("scan", start).line(next, &outer).line(next, &inner(sha)).end(end).judged("trivy-2026-03")
    };
    let before = run("2026-03-18T20:00:00Z", "2026-03-18T20:00:05Z", "2026-03-18T20:02:00Z", &"ab".repeat(20));
    expect(&before, Verdict::Clear);
    let inside = ["2026-03-19T20:00:00Z", "2026-03-19T20:00:05Z", "2026-03-19T20:02:00Z"];
    let moved = run(inside[0], inside[1], inside[2], "8afa9b9f9183b4e00c46e2b82d34047e3c177bd0");
    expect(&moved, Verdict::Exposed);
    let good = run(inside[0], inside[1], inside[2], "e07451d2e059ed86c2870430ea286b3a9e0bf241");
    expect(&good, Verdict::Clear);
}

#[test]
fn setup_trivy_is_told_apart_by_commit_and_a_disputed_one_is_never_called_bad() {
    let run = |reference: &str, sha: &str| {
        Job::new("setup", "2026-03-19T20:00:00Z")
            .line(
                "2026-03-19T20:00:03Z",
                &format!("Download action repository 'aquasecurity/setup-trivy@{reference}' (SHA:{sha})"),
            )
            .end("2026-03-19T20:05:00Z")
            .judged("trivy-2026-03")
    };
    expect(&run("v0.2.6", "8afa9b9f9183b4e00c46e2b82d34047e3c177bd0"), Verdict::Exposed);
    expect(&run("v0.2.6", "3fb12ec12f41e471780db15c232d5dd185dcb514"), Verdict::Clear);
    let disputed = "e6c2c5e321ed9123bda567646e2f96565e34abe1";
    for (reference, verdict) in [(disputed, Verdict::Clear), ("v0.2.4", Verdict::Unknown)] {
        let judged = run(reference, disputed);
        expect(&judged, verdict);
        assert!(judged.gaps.iter().any(|gap| gap.contains("disputed")), "{judged:#?}");
    }
}

#[test]
fn the_deb_route_is_exposed_by_version_and_suspect_without() {
    let start = Job::new("deb", "2026-03-19T19:29:00Z")
        .line("2026-03-19T19:30:00Z", "##[group]Run sudo apt-get install -y trivy");
    let got = Job { key: start.key.clone(), lines: start.lines.clone() }
        .line("2026-03-19T19:30:04Z", "Get:1 https://get.trivy.dev/deb generic/main amd64 trivy amd64 0.69.4 [50.1 MB]")
        .line("2026-03-19T19:30:06Z", "Unpacking trivy (0.69.4) ...")
        .end("2026-03-19T19:33:00Z");
    expect(&got.judged("trivy-2026-03"), Verdict::Exposed);
    let silent = start.end("2026-03-19T19:33:00Z");
    expect(&silent.judged("trivy-2026-03"), Verdict::Suspect);
}

#[test]
fn a_quiet_install_in_the_window_is_suspect_and_outside_it_is_not_clear() {
    let run = |day: &str, command: &str| {
        Job::new("quiet", &format!("{day}T11:00:00Z"))
            .line(&format!("{day}T11:00:10Z"), &format!("##[group]Run {command}"))
            .line(&format!("{day}T11:00:40Z"), "done")
            .end(&format!("{day}T11:02:00Z"))
            .judged("litellm-2026-03")
    };
    expect(&run("2026-03-24", "pip install -q -U crewai"), Verdict::Suspect);
    expect(&run("2026-03-24", "pip install -r requirements.txt"), Verdict::Suspect);
    // A mirror may serve it days later, and nothing is recorded.
    expect(&run("2026-03-26", "pip install -q -U crewai"), Verdict::Unknown);
    expect(&run("2026-03-20", "pip install -q -U crewai"), Verdict::Clear);
    expect(&run("2026-03-24", "pip install litellm==1.82.6 -q"), Verdict::Clear);
}

#[test]
fn one_commands_record_does_not_speak_for_the_next() {
    let job = Job::new("two", "2026-03-24T11:00:00Z")
        .line("2026-03-24T11:00:10Z", "##[group]Run pip install build")
        .line("2026-03-24T11:00:14Z", "Successfully installed build-1.4.0")
        .line("2026-03-24T11:00:30Z", "##[group]Run pip install -U crewai")
        .end("2026-03-24T11:05:00Z");
    expect(&job.judged("litellm-2026-03"), Verdict::Suspect);
}

#[test]
fn a_log_without_its_end_or_with_a_hole_is_unknown() {
    let cut = Job::new("cut", "2026-03-24T11:00:00Z").line("2026-03-24T11:00:10Z", "hello");
    expect(&cut.judged("litellm-2026-03"), Verdict::Unknown);
    let whole =
        Job::new("hole", "2026-03-24T11:00:00Z").line("2026-03-24T11:00:10Z", "hello").end("2026-03-24T11:01:00Z");
    expect(&whole.judged("litellm-2026-03"), Verdict::Clear);
    let mut book = EvidenceBook::new();
    for event in whole.events().iter().filter(|event| !event.native_id.ends_with(":2")) {
        observe(event).iter().for_each(|seen| book.add(seen));
    }
    expect(&book.judge_all(&[profile("litellm-2026-03")])[0], Verdict::Unknown);
}

#[test]
fn no_lost_line_makes_an_exposed_run_clear() {
    let job = Job::new("lost-lines", "2026-03-24T10:58:30Z")
        .line("2026-03-24T10:58:41Z", "##[group]Run pip install -U crewai")
        .line("2026-03-24T10:58:44Z", "  Downloading litellm-1.82.8-py3-none-any.whl (15.6 MB)")
        .line("2026-03-24T10:58:52Z", "Successfully installed crewai-1.11.0 litellm-1.82.8")
        .line("2026-03-24T11:00:00Z", "##[group]Run python -m evals.nightly")
        .end("2026-03-24T11:20:00Z");
    let (events, profile) = (job.events(), [profile("litellm-2026-03")]);
    for kept in 0..1u32 << events.len() {
        let mut book = EvidenceBook::new();
        let left = events.iter().enumerate().filter(|(place, _)| kept & (1 << place) != 0);
        left.flat_map(|(_, event)| observe(event)).for_each(|seen| book.add(&seen));
        for judgement in book.judge_all(&profile) {
            assert_ne!(judgement.verdict, Verdict::Clear, "{kept:b}: {judgement:#?}");
        }
    }
}

#[test]
fn a_continued_record_counts_all_its_lines() {
    let mut job = Job::new("continued", "2026-03-24T11:00:00Z");
    job.lines.push("2026-03-24T11:00:01Z one\ntwo\n  Downloading litellm-1.82.8-py3-none-any.whl".to_owned());
    expect(&job.judged("litellm-2026-03"), Verdict::Exposed);
}

#[test]
fn a_run_that_went_on_after_its_log_stops_is_unknown() {
    let job = Job::new("short", "2026-03-24T11:00:00Z").end("2026-03-24T11:01:00Z");
    let mut book = job.book();
    book.add_evidence(&evidence(
        job.key.clone(),
        &[("2026-03-24T11:00:00Z", Some("2026-03-24T12:30:00Z"))],
        Vec::new(),
    ));
    expect(&book.judge_all(&[profile("litellm-2026-03")])[0], Verdict::Unknown);
}

#[test]
fn locks_and_cool_downs_in_a_logged_job_are_clear() {
    let locked = ObservationKind::Locked {
        ecosystem: Text::new("PyPI"),
        name: Text::new("litellm"),
        version: Text::new("1.82.6"),
        sha256: Vec::new(),
    };
    let cool_down = |days| ObservationKind::CoolDown { ecosystem: Text::new("PyPI"), days };
    let judged = |command: &str, what: Vec<Observation>| {
        let job = Job::new("locked", "2026-03-24T11:00:00Z")
            .line("2026-03-24T11:00:10Z", &format!("##[group]Run {command}"))
            .end("2026-03-24T11:01:00Z");
        let mut book = job.book();
        book.add_evidence(&evidence(job.key.clone(), &[], what));
        book.judge_all(&[profile("litellm-2026-03")]).remove(0)
    };
    expect(&judged("uv sync --frozen --quiet", vec![seen(None, locked.clone())]), Verdict::Clear);
    expect(&judged("uv sync --frozen --quiet", Vec::new()), Verdict::Suspect);
    // A lock says nothing about a command that does not follow it.
    expect(&judged("pip install -U -q crewai", vec![seen(None, locked)]), Verdict::Suspect);
    expect(&judged("pip install -U -q crewai", vec![seen(None, cool_down(3))]), Verdict::Clear);
    expect(&judged("pip install -U -q crewai", vec![seen(None, cool_down(0))]), Verdict::Suspect);
}

fn unpinned(name: &str, reference: &str) -> ObservationKind {
    ObservationKind::Unpinned { ecosystem: Text::new("PyPI"), name: Text::new(name), reference: Text::new(reference) }
}

/// A job with its whole log, in which nothing was printed, and what an inventory says beside it.
fn logged_with(command: &str, what: Vec<Observation>) -> Judgement {
    let job = Job::new("manifest", "2026-03-24T11:00:00Z")
        .line("2026-03-24T11:00:10Z", &format!("##[group]Run {command}"))
        .end("2026-03-24T11:01:00Z");
    let mut book = job.book();
    book.add_evidence(&evidence(job.key.clone(), &[], what));
    book.judge_all(&[profile("litellm-2026-03")]).remove(0)
}

#[test]
fn a_manifest_range_is_suspect_where_it_admits_and_clear_where_it_does_not() {
    for (range, verdict) in [
        ("litellm", Verdict::Suspect),
        ("litellm~=1.82", Verdict::Suspect),
        ("litellm~=1.82.0", Verdict::Suspect),
        ("litellm>=1.80", Verdict::Suspect),
        ("litellm==1.82.*", Verdict::Suspect),
        ("litellm>=1.80,!=1.82.7", Verdict::Suspect),
        ("litellm<=1.82.7", Verdict::Suspect),
        ("litellm ^1.80", Verdict::Suspect),
        ("litellm >=1.83.0rc1 || ^1.80", Verdict::Suspect),
        ("litellm @ https://files.example/litellm.whl", Verdict::Suspect),
        ("version not recorded", Verdict::Suspect),
        ("litellm[proxy]>=1.80,<1.82.7; python_version < '3.13'", Verdict::Clear),
        ("litellm<1.82.7", Verdict::Clear),
        ("litellm<1.82.7rc1", Verdict::Clear),
        ("litellm!=1.82.7,!=1.82.8", Verdict::Clear),
        ("litellm~=1.81.0", Verdict::Clear),
        ("litellm>=1.82.9", Verdict::Clear),
        ("litellm==1.82.6.post1", Verdict::Clear),
        ("litellm ~1.81", Verdict::Clear),
        ("litellm 1.82.6", Verdict::Clear),
    ] {
        let logged = logged_with("true", vec![seen(None, unpinned("litellm", range))]);
        assert_eq!(logged.verdict, verdict, "{range}: {logged:#?}");
        // Without a log nothing shows that no other way was open: never clear, and suspect only by the range itself.
        let host = NodeKey::environment("host", "mac-17");
        let alone = evidence(host, &[("2026-03-24T09:00:00Z", None)], vec![seen(None, unpinned("LiteLLM", range))]);
        let judged = judge(&profile("litellm-2026-03"), &alone);
        let wanted = match verdict {
            Verdict::Suspect if range != "version not recorded" => Verdict::Suspect,
            _ => Verdict::Unknown,
        };
        assert_eq!(judged.verdict, wanted, "{range}: {judged:#?}");
    }
}

#[test]
fn a_manifest_range_outside_the_window_or_beside_a_gap_is_unknown() {
    let host = || NodeKey::environment("host", "mac-17");
    let open = || vec![seen(None, unpinned("litellm", "litellm>=1.80"))];
    let later = evidence(host(), &[("2026-04-02T09:00:00Z", None)], open());
    expect(&judge(&profile("litellm-2026-03"), &later), Verdict::Unknown);
    let mut gap = evidence(host(), &[("2026-03-24T09:00:00Z", None)], open());
    gap.gaps.push("the second requirements file could not be read".to_owned());
    expect(&judge(&profile("litellm-2026-03"), &gap), Verdict::Unknown);
    // A lock beside it says what was installed.
    let locked = ObservationKind::Locked {
        ecosystem: Text::new("PyPI"),
        name: Text::new("litellm"),
        version: Text::new("1.82.6"),
        sha256: Vec::new(),
    };
    let both = [open(), vec![seen(None, locked)]].concat();
    let locked = evidence(host(), &[("2026-03-24T09:00:00Z", None)], both);
    expect(&judge(&profile("litellm-2026-03"), &locked), Verdict::Clear);
}

#[test]
fn a_list_of_requirements_holds_back_what_others_bring() {
    let at = |place: &str, what| Observation { time: None, what, evidence: Text::new(place) };
    let judged = |second: &str, range: &str| {
        logged_with(
            "true",
            vec![at("requirements.txt:1", unpinned("crewai", "crewai>=1.0")), at(second, unpinned("litellm", range))],
        )
    };
    expect(&judged("requirements.txt:2", "litellm<1.82.7"), Verdict::Clear);
    expect(&judged("requirements.txt:2", "litellm>=1.80"), Verdict::Suspect);
    expect(&judged("requirements.txt:2", "litellm<1.82.7; python_version < '3.9'"), Verdict::Suspect);
    // Another file is another install, and an extra of a manifest may not have been asked for.
    expect(&judged("docs/requirements.txt:2", "litellm<1.82.7"), Verdict::Suspect);
    let extra = vec![
        at("pyproject.toml:5", unpinned("crewai", "crewai>=1.0")),
        at("pyproject.toml:9", unpinned("litellm", "litellm<1.82.7")),
    ];
    expect(&logged_with("true", extra), Verdict::Suspect);
}

#[test]
fn a_command_is_held_to_its_own_ranges_and_cool_downs() {
    for (command, verdict) in [
        ("pip install -q 'litellm>=1.80,<1.82.7' crewai", Verdict::Clear),
        ("pip install -q litellm==1.81.* crewai", Verdict::Clear),
        ("pip install -q 'litellm>=1.80' crewai", Verdict::Suspect),
        ("pip install -q litellm<1.82.7 crewai", Verdict::Suspect),
        ("uv pip install -q --exclude-newer 2026-03-20 crewai", Verdict::Clear),
        ("uv pip install -q --exclude-newer 2026-03-24T10:00:00Z crewai", Verdict::Clear),
        ("uv pip install -q --exclude-newer 2026-03-24T12:00:00Z crewai", Verdict::Suspect),
        // A date is one in the machine's own zone.
        ("uv pip install -q --exclude-newer 2026-03-24 crewai", Verdict::Suspect),
        ("uv pip install -q --exclude-newer '3 days' crewai", Verdict::Clear),
        ("uv pip install -q --exclude-newer 'PT5M' crewai", Verdict::Suspect),
        ("UV_EXCLUDE_NEWER=2026-03-20 uv pip install -q crewai", Verdict::Clear),
        ("UV_EXCLUDE_NEWER=2026-03-20 pip install -q crewai", Verdict::Suspect),
        ("pip install -q --uploaded-prior-to=2026-03-20T00:00:00Z crewai", Verdict::Clear),
        ("pip install -q --exclude-newer 2026-03-20 crewai", Verdict::Suspect),
    ] {
        let judged = logged_with(command, Vec::new());
        assert_eq!(judged.verdict, verdict, "{command}: {judged:#?}");
    }
}

#[test]
fn a_cool_down_counts_in_the_unit_of_the_tool_that_reads_it() {
    let age = |tool: &str, setting: &str, except: &[&str]| ObservationKind::ReleaseAge {
        ecosystem: Text::new("PyPI"),
        tool: Text::new(tool),
        setting: Text::new(setting),
        except: except.iter().map(Text::new).collect(),
    };
    for (command, rule, verdict) in [
        ("uv pip install -q crewai", age("uv", "3 days", &[]), Verdict::Clear),
        ("uv pip install -q crewai", age("uv", "2026-03-20", &[]), Verdict::Clear),
        ("uv pip install -q crewai", age("uv", "2026-03-30", &[]), Verdict::Suspect),
        ("poetry install -q", age("poetry", "7", &[]), Verdict::Clear),
        ("poetry install -q", age("poetry", "0", &[]), Verdict::Suspect),
        ("poetry install -q", age("poetry", "7", &["LiteLLM"]), Verdict::Suspect),
        ("poetry install -q", age("poetry", "7", &["lite*"]), Verdict::Suspect),
        ("poetry install -q", age("poetry", "7", &["crewai"]), Verdict::Clear),
        ("poetry install -q", age("poetry", "a week", &[]), Verdict::Suspect),
        // Another tool's setting, and one that only holds back proposals.
        ("pip install -q crewai", age("uv", "3 days", &[]), Verdict::Suspect),
        ("pip install -q crewai", age("dependabot", "7", &[]), Verdict::Suspect),
    ] {
        let judged = logged_with(command, vec![seen(None, rule.clone())]);
        assert_eq!(judged.verdict, verdict, "{command} with {rule:?}: {judged:#?}");
    }
    // Two files for one tool: which one held is not known.
    let two = vec![seen(None, age("uv", "3 days", &[])), seen(None, age("uv", "3 days", &["litellm"]))];
    expect(&logged_with("uv pip install -q crewai", two), Verdict::Suspect);
}

#[test]
fn logs_gone_and_reference_open_is_unknown() {
    let key = NodeKey::environment("ci", "meridian/app/8812/train");
    let run = [("2026-03-24T11:00:00Z", Some("2026-03-24T11:20:00Z"))];
    let open = ObservationKind::Unpinned {
        ecosystem: Text::new("PyPI"),
        name: Text::new("*"),
        reference: Text::new("pip install -U crewai"),
    };
    let mut gone = evidence(key.clone(), &run, vec![seen(None, open)]);
    gone.gaps.push("the log of run 8812 was deleted".to_owned());
    expect(&judge(&profile("litellm-2026-03"), &gone), Verdict::Unknown);
    let mut book = EvidenceBook::new();
    book.add_evidence(&gone);
    expect(&book.judge_all(&[profile("litellm-2026-03")])[0], Verdict::Unknown);
    // Nothing known at all is not clear either, even of a run that began later, when mirrors still served it.
    for from in ["2026-03-24T11:00:00Z", "2026-04-20T11:00:00Z"] {
        let nothing = evidence(key.clone(), &[(from, Some("2026-04-21T00:00:00Z"))], Vec::new());
        expect(&judge(&profile("litellm-2026-03"), &nothing), Verdict::Unknown);
    }
    let before = evidence(key, &[("2026-03-20T11:00:00Z", Some("2026-03-20T12:00:00Z"))], Vec::new());
    expect(&judge(&profile("litellm-2026-03"), &before), Verdict::Clear);
}

#[test]
fn a_version_match_is_exposed_long_after_the_window() {
    let mirror = evidence(
        NodeKey::environment("host", "build-3"),
        &[("2026-03-26T08:00:00Z", None)],
        vec![seen(Some("2026-03-26T09:00:00Z"), installed("LiteLLM", "1.82.8"))],
    );
    let judged = judge(&profile("litellm-2026-03"), &mirror);
    expect(&judged, Verdict::Exposed);
    assert_eq!(judged.interval, Some(Interval::since(time("2026-03-26T09:00:00Z"))));

    let layer = evidence(
        NodeKey::environment("image", "registry.meridian.example/eval@sha256:ab"),
        &[("2026-03-24T12:00:00Z", Some("2026-04-02T09:00:00Z"))],
        vec![seen(Some("2026-03-24T11:05:00Z"), installed("litellm", "1.82.8")), seen(None, listing())],
    );
    let judged = judge(&profile("litellm-2026-03"), &layer);
    expect(&judged, Verdict::Exposed);
    let expected = Interval::new(time("2026-03-24T11:05:00Z"), time("2026-04-02T09:00:00Z"));
    assert_eq!(judged.interval, Some(expected));
}

#[test]
fn a_file_or_wheel_with_a_known_digest_is_exposed_whatever_it_is_called() {
    let judged = |what| {
        let host = NodeKey::environment("host", "mac-17");
        judge(&profile("litellm-2026-03"), &evidence(host, &[("2026-03-01T00:00:00Z", None)], vec![seen(None, what)]))
    };
    let file = |path: &str, sha256: &str| ObservationKind::File { path: Text::new(path), sha256: Text::new(sha256) };
    let pth = "71e35aef03099cd1f2d6446734273025a163597de93912df321ef118bf135238";
    expect(&judged(file("/opt/x/renamed.pth", &pth.to_uppercase())), Verdict::Exposed);
    expect(&judged(file("/opt/x/litellm_init.pth", &"0".repeat(64))), Verdict::Suspect);
    expect(&judged(file("/opt/x/other.pth", &"0".repeat(64))), Verdict::Unknown);
    expect(&judged(ObservationKind::Contacted { host: Text::new("models.litellm.cloud") }), Verdict::Exposed);
    expect(&judged(ObservationKind::Contacted { host: Text::new("notlitellm.cloud") }), Verdict::Unknown);
}

#[test]
fn the_official_image_and_a_complete_listing_are_clear_and_a_gap_undoes_both() {
    let image = ObservationKind::Image {
        name: Text::new("ghcr.io/berriai/litellm"),
        tag: Some(Text::new("main-v1.82.3-stable")),
        digest: Some(Text::new("sha256:5b1f")),
    };
    let gateway = |what: Vec<Observation>| {
        evidence(NodeKey::environment("k8s", "prod/gateway/litellm"), &[("2026-03-05T00:00:00Z", None)], what)
    };
    let official = gateway(vec![seen(Some("2026-03-05T00:00:00Z"), image)]);
    expect(&judge(&profile("litellm-2026-03"), &official), Verdict::Clear);
    let fixed = ObservationKind::Image {
        name: Text::new("registry.meridian.example/gateway"),
        tag: None,
        digest: Some(Text::new("sha256:77")),
    };
    let listed = |at: &str| {
        let image = seen(None, fixed.clone());
        gateway(vec![image, seen(Some(at), listing()), seen(None, installed("litellm", "1.82.6"))])
    };
    expect(&judge(&profile("litellm-2026-03"), &listed("2026-04-01T00:00:00Z")), Verdict::Clear);
    // A listing from before the window cannot say what came in it.
    expect(&judge(&profile("litellm-2026-03"), &listed("2026-03-20T00:00:00Z")), Verdict::Unknown);
    let mut with_gap = listed("2026-04-01T00:00:00Z");
    with_gap.gaps.push("the second virtual environment could not be read".to_owned());
    expect(&judge(&profile("litellm-2026-03"), &with_gap), Verdict::Unknown);
    // A listing of one ecosystem says nothing about another.
    expect(&judge(&profile("trivy-2026-03"), &listed("2026-04-01T00:00:00Z")), Verdict::Unknown);
    // Another image ran before, and what was in that one nobody listed.
    let other = ObservationKind::Image {
        name: Text::new("registry.meridian.example/gateway"),
        tag: None,
        digest: Some(Text::new("sha256:76")),
    };
    let mut two = listed("2026-04-01T00:00:00Z");
    two.observations.push(seen(Some("2026-03-24T11:00:00Z"), other));
    expect(&judge(&profile("litellm-2026-03"), &two), Verdict::Unknown);
    // Where an image is run by a name that moves, another may have run before.
    let mut moving = listed("2026-04-01T00:00:00Z");
    moving.observations.push(seen(
        None,
        ObservationKind::Image { name: Text::new("app"), tag: Some(Text::new("latest")), digest: None },
    ));
    expect(&judge(&profile("litellm-2026-03"), &moving), Verdict::Unknown);
}

#[test]
fn images_are_told_by_tag_and_digest() {
    let judged = |tag: Option<&str>, digest: Option<&str>, at: &str| {
        let what = ObservationKind::Image {
            name: Text::new("docker.io/aquasec/trivy"),
            tag: tag.map(Text::new),
            digest: digest.map(Text::new),
        };
        let job = Job::new("image", at).end(at);
        let mut book = job.book();
        book.add_evidence(&evidence(job.key.clone(), &[], vec![seen(Some(at), what)]));
        book.judge_all(&[profile("trivy-2026-03")]).remove(0)
    };
    let inside = "2026-03-22T18:00:00Z";
    let good = "sha256:bcc376de8d77cfe086a917230e818dc9f8528e3c852f7b1aff648949b6258d1c";
    expect(&judged(Some("0.69.5"), None, inside), Verdict::Exposed);
    expect(&judged(Some("0.69.5"), None, "2026-04-22T18:00:00Z"), Verdict::Exposed);
    expect(&judged(Some("latest"), None, inside), Verdict::Suspect);
    expect(&judged(Some("latest"), Some(good), inside), Verdict::Clear);
    expect(&judged(Some("0.69.3"), None, inside), Verdict::Clear);
    expect(&judged(None, Some("sha256:aa"), inside), Verdict::Unknown);
}

#[test]
fn a_tag_of_an_action_with_unpublished_commits_is_suspect_in_the_window() {
    let run = |day: &str, reference: &str| {
        Job::new("kics", &format!("{day}T14:00:00Z"))
            .line(
                &format!("{day}T14:00:03Z"),
                &format!(
                    "Download action repository 'Checkmarx/kics-github-action@{reference}' (SHA:{})",
                    "ab".repeat(20)
                ),
            )
            .end(&format!("{day}T14:05:00Z"))
            .judged("checkmarx-2026-03")
    };
    expect(&run("2026-03-23", "v2.1.7"), Verdict::Suspect);
    expect(&run("2026-03-23", &"ab".repeat(20)), Verdict::Clear);
    expect(&run("2026-03-24", "v2.1.7"), Verdict::Clear);
}

#[test]
fn neither_order_nor_repetition_changes_a_book() {
    let job = Job::new("order", "2026-03-24T10:58:30Z")
        .line("2026-03-24T10:58:41Z", "##[group]Run pip install -U crewai")
        .line("2026-03-24T10:58:52Z", "Successfully installed crewai-1.11.0 litellm-1.82.6")
        .end("2026-03-24T11:20:00Z");
    let forward = job.book();
    let mut backward = EvidenceBook::new();
    for event in job.events().iter().rev().chain(job.events().iter()) {
        observe(event).iter().for_each(|seen| backward.add(seen));
    }
    assert_eq!(forward.evidence(&job.key), backward.evidence(&job.key));
    expect(&backward.judge_all(&[profile("litellm-2026-03")])[0], Verdict::Clear);
}

#[test]
fn a_revised_profile_gives_a_difference() {
    let path = root().join("profiles/litellm-2026-03/profile.toml");
    let revised = profile("litellm-2026-03");
    let text = std::fs::read_to_string(path).expect("a shipped profile");
    // An early report called 1.82.7 clean.
    let early = text.replacen("versions = [\"1.82.7\"]", "versions = [\"1.82.99\"]", 1);
    let early = Profile::parse("early", &early).expect("a profile");
    let job = Job::new("import", "2026-03-24T10:45:00Z")
        .line("2026-03-24T10:45:10Z", "##[group]Run pip install -U dspy")
        .line("2026-03-24T10:45:20Z", "Successfully installed dspy-3.1.0 litellm-1.82.7")
        .end("2026-03-24T10:50:00Z");
    let (old, new) = (job.book().judge_all(&[early]), job.book().judge_all(&[revised]));
    expect(&old[0], Verdict::Clear);
    let changes = difference(&old, &new);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].after, Some((Verdict::Exposed, 1)));
    assert_eq!(difference(&new, &new), []);
}

#[test]
fn package_install_records_and_cluster_audit_are_read() {
    let event = |source: &'static str, keys: Keys, body: &str| Event {
        uid: EventUid::of(source, body.as_bytes()),
        source,
        native_id: Text::new("1"),
        time: time("2026-03-24T11:00:00Z"),
        log_source: LogSource { product: "package", service: "install" },
        keys,
        body: sonic_rs::from_str(body).expect("JSON"),
        raw: body.as_bytes().into(),
    };
    let whats = |event: &Event| -> Vec<ObservationKind> {
        observe(event).into_iter().filter_map(|seen| seen.observation).map(|seen| seen.what).collect()
    };
    let install = event(
        "package_install",
        Keys::default(),
        r#"{"host":"mac-17","executable":"/usr/bin/pip3.12","targets":["crewai","litellm==1.82.8"],"action":"install"}"#,
    );
    assert_eq!(observe(&install)[0].environment, NodeKey::environment("host", "mac-17"));
    assert_eq!(
        whats(&install),
        [
            ObservationKind::Unpinned {
                ecosystem: Text::new("PyPI"),
                name: Text::new("*"),
                reference: Text::new("pip3.12 install crewai"),
            },
            installed("litellm", "1.82.8"),
        ]
    );
    let deb = event(
        "package_install",
        Keys::default(),
        r#"{"host":"ci-1","executable":"apt-get","targets":["trivy=0.69.4","trivy_0.69.4_amd64.deb"],"action":"install"}"#,
    );
    for what in whats(&deb) {
        assert!(
            matches!(&what, ObservationKind::Installed { name, version, .. } if name == "trivy" && version == "0.69.4"),
            "{what:?}"
        );
    }
    let rpm = event(
        "package_install",
        Keys::default(),
        r#"{"host":"ci-1","executable":"dnf","targets":["trivy-0.69.4-1.x86_64.rpm","trivy-0.69.4","trivy"],"action":"install"}"#,
    );
    let told = whats(&rpm).into_iter().map(|what| match what {
        ObservationKind::Installed { name, version, .. } => format!("{name} {version}"),
        ObservationKind::Unpinned { name, .. } => format!("{name} open"),
        other => format!("{other:?}"),
    });
    assert_eq!(told.collect::<Vec<_>>(), ["trivy 0.69.4-1", "trivy 0.69.4", "trivy open"]);
    let removal = r#"{"host":"mac-17","executable":"pip","targets":["litellm==1.82.8"],"action":"uninstall"}"#;
    assert_eq!(whats(&event("package_install", Keys::default(), removal)), []);

    let pod = event(
        "kubernetes_audit",
        Keys { actor: Some(NodeKey::identity("k8s", "prod/kube-system/replicaset-controller")), ..Keys::default() },
        r#"{"verb":"create","objectRef":{"resource":"pods","namespace":"gateway","name":"litellm-7c9d8f6b54-x2x9k"},
            "requestObject":{"metadata":{"ownerReferences":[{"kind":"ReplicaSet","name":"litellm-7c9d8f6b54"}]},
            "spec":{"containers":[{"image":"ghcr.io/berriai/litellm:main-v1.82.3-stable@sha256:5b1f"}]}}}"#,
    );
    let seen = observe(&pod);
    assert_eq!(seen[0].environment, NodeKey::environment("k8s", "prod/gateway/litellm"));
    assert_eq!(whats(&pod).len(), 1);
}

#[test]
#[allow(clippy::print_stdout, reason = "a test that is skipped says so")]
fn advisories_with_known_errors_do_not_mislead() {
    let corpus = root().join("../shared/data");
    let Ok(cve) = std::fs::read_to_string(corpus.join("osv-records/CVE-2026-33634.trivy.excerpt.json")) else {
        println!("skipped: corpus absent");
        return;
    };
    assert!(cve.contains("= 0.6.94"), "the record's structured field has its known error");
    let trivy = profile("trivy-2026-03");
    let judged = |version: &str| {
        let what = ObservationKind::Installed {
            ecosystem: Text::new("Debian"),
            name: Text::new("trivy"),
            version: Text::new(version),
            sha256: None,
        };
        let host = NodeKey::environment("host", "scanner");
        judge(&trivy, &evidence(host, &[("2026-03-01T00:00:00Z", None)], vec![seen(None, what)])).verdict
    };
    assert_eq!((judged("0.69.4"), judged("0.6.94")), (Verdict::Exposed, Verdict::Unknown));

    let refs = std::fs::read_to_string(corpus.join("incident/trivy_bad_refs.json")).expect("beside the record");
    let refs: std::collections::BTreeMap<String, Vec<(String, String)>> = sonic_rs::from_str(&refs).expect("the list");
    for (repository, commits) in &refs {
        for (tag, sha) in commits {
            let judged = Job::new("all", "2026-04-20T00:00:00Z")
                .line("2026-04-20T00:00:01Z", &format!("Download action repository '{repository}@{tag}x' (SHA:{sha})"))
                .end("2026-04-20T00:00:09Z")
                .judged("trivy-2026-03");
            expect(&judged, Verdict::Exposed);
        }
    }
    let listed: usize = trivy.artefacts.iter().map(|artefact| artefact.commits.len()).sum();
    assert_eq!(listed, refs.values().map(Vec::len).sum::<usize>());
}

#[test]
fn what_a_docket_skips_decides_nothing() {
    let profiles: Vec<Profile> =
        ["checkmarx-2026-03", "litellm-2026-03", "telnyx-2026-03", "trivy-2026-03"].map(profile).into();
    let docket = firebreak_exposure::Docket::new(&profiles);
    let digest = profiles.iter().flat_map(|profile| &profile.artefacts);
    let digest = digest.flat_map(|artefact| artefact.sha256.iter()).min().cloned().expect("a profile names a digest");
    let installed = |ecosystem: &str, name: &str, sha256: Option<Text>| ObservationKind::Installed {
        ecosystem: Text::new(ecosystem),
        name: Text::new(name),
        version: Text::new("1.82.8"),
        sha256,
    };
    let locked = |name: &str, sha256: Vec<Text>| ObservationKind::Locked {
        ecosystem: Text::new("PyPI"),
        name: Text::new(name),
        version: Text::new("1.82.6"),
        sha256,
    };
    let dispute = profiles.iter().flat_map(|profile| &profile.disputed).next().expect("a dispute");
    let said = [
        installed("PyPI", "requests", None),
        installed("npm", "litellm", None),
        installed("pypi", "Lite_LLM", None),
        installed("PyPI", "LiteLLM[proxy]", None),
        installed("Debian:12", "openssl", Some(digest.clone())),
        installed("PyPI", &dispute.name, None),
        locked("LiteLLM", Vec::new()),
        locked("numpy", vec![Text::new(format!("sha256:{}", digest.to_uppercase()))]),
        ObservationKind::Unpinned {
            ecosystem: Text::new("PyPI"),
            name: Text::new("*"),
            reference: Text::new("pip install -U crewai"),
        },
        ObservationKind::LockComplete { ecosystem: Text::new("*"), since: None, places: None },
    ];
    // Every subset: what is skipped in one must not be what decides in another.
    for chosen in 0u32..1 << said.len() {
        let wanted = said.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1);
        let observations = wanted.map(|(place, what)| Observation {
            time: (place % 2 == 0).then(|| time("2026-03-24T10:50:00Z")),
            what: what.clone(),
            evidence: Text::new(format!("packages[{place}]")),
        });
        let evidence = EnvironmentEvidence {
            environment: NodeKey::environment(if chosen % 3 == 0 { "ci" } else { "host" }, "o/r/1/j"),
            runs: vec![Interval::new(time("2026-03-24T10:45:00Z"), time("2026-03-24T11:00:00Z"))],
            observations: observations.collect(),
            gaps: Vec::new(),
        };
        let plain: Vec<Judgement> = profiles.iter().map(|profile| judge(profile, &evidence)).collect();
        assert_eq!(docket.judge(&evidence), plain, "{chosen:b}");
    }
}
