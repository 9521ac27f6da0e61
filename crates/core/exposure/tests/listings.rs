//! What a listing says of the time before it was taken, under the profile of one incident. Logs and locks are told in
//! `march_2026`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use firebreak_exposure::{Profile, judge};
use firebreak_model::{EnvironmentEvidence, Interval, NodeKey, Observation, ObservationKind, Text, Time, Verdict};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn time(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

fn profile(id: &str) -> Profile {
    let path = root().join("profiles").join(id).join("profile.toml");
    let text = std::fs::read_to_string(&path).expect("a shipped profile");
    Profile::parse(&path.display().to_string(), &text).expect("a shipped profile without problems")
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

/// A host that ran from `from`, listed on 2 April: its places last changed at `since`, and hold what is installed.
fn late_listing(from: &str, since: Option<&str>, places: u32, packages: &[(&str, Option<&str>)]) -> Verdict {
    let what =
        ObservationKind::LockComplete { ecosystem: Text::new("PyPI"), since: since.map(time), places: Some(places) };
    let mut observations = vec![seen(Some("2026-04-02T06:00:00Z"), what)];
    observations.extend(packages.iter().map(|(version, at)| seen(*at, installed("litellm", version))));
    let host = NodeKey::environment("host", "mac-17");
    judge(&profile("litellm-2026-03"), &evidence(host, &[(from, None)], observations)).verdict
}

#[test]
fn one_tools_cool_down_says_nothing_of_what_others_install_unseen() {
    let age = ObservationKind::ReleaseAge {
        ecosystem: Text::new("PyPI"),
        tool: Text::new("uv"),
        setting: Text::new("3 days"),
        except: Vec::new(),
    };
    let run = [("2026-03-24T10:45:00Z", Some("2026-03-24T12:00:00Z"))];
    let judged = |what: ObservationKind| {
        let host = NodeKey::environment("host", "mac-17");
        judge(&profile("litellm-2026-03"), &evidence(host, &run, vec![seen(None, what)])).verdict
    };
    assert_eq!(judged(age), Verdict::Unknown);
    assert_eq!(judged(ObservationKind::CoolDown { ecosystem: Text::new("PyPI"), days: 3 }), Verdict::Clear);
}

#[test]
fn a_listing_after_the_window_clears_only_what_cannot_have_changed_since() {
    let always = "2026-02-02T09:00:00Z";
    // Installed on 24 March, taken away on 25 March, listed on 2 April: nothing of it is left to see.
    assert_eq!(late_listing(always, None, 1, &[]), Verdict::Unknown);
    assert_eq!(late_listing(always, Some("2026-03-25T08:00:00Z"), 1, &[]), Verdict::Unknown);
    assert_eq!(late_listing(always, Some("2026-03-24T11:00:00Z"), 1, &[]), Verdict::Unknown);
    // Nothing was put there or taken away since before the window.
    assert_eq!(late_listing(always, Some("2026-03-01T08:00:00Z"), 1, &[]), Verdict::Clear);
    // The place of the name was taken all the while, in each place where packages lie.
    let (old, new) = (Some("2026-03-02T08:00:00Z"), Some("2026-03-26T08:00:00Z"));
    let changed = Some("2026-03-30T08:00:00Z");
    assert_eq!(late_listing(always, changed, 1, &[("1.82.6", old)]), Verdict::Clear);
    assert_eq!(late_listing(always, changed, 2, &[("1.82.6", old)]), Verdict::Unknown);
    assert_eq!(late_listing(always, changed, 2, &[("1.82.6", old), ("1.81.0", old)]), Verdict::Clear);
    assert_eq!(late_listing(always, changed, 2, &[("1.82.6", old), ("1.82.6", new)]), Verdict::Unknown);
    assert_eq!(late_listing(always, changed, 1, &[("1.82.6", new)]), Verdict::Unknown);
    assert_eq!(late_listing(always, changed, 1, &[("1.82.6", None)]), Verdict::Unknown);
    // What began to run only after the window had no part in it; what is bad and still there is told whatever else holds.
    assert_eq!(late_listing("2026-03-31T08:00:00Z", None, 1, &[]), Verdict::Clear);
    assert_eq!(late_listing(always, Some("2026-03-01T08:00:00Z"), 1, &[("1.82.8", old)]), Verdict::Exposed);
}

#[test]
fn an_image_is_what_it_was_and_a_job_is_gone_when_it_is_listed_late() {
    let listed = |key: NodeKey, at: &str| {
        let run = [("2026-03-24T10:45:00Z", Some("2026-03-24T11:05:00Z"))];
        judge(&profile("litellm-2026-03"), &evidence(key, &run, vec![seen(Some(at), listing())])).verdict
    };
    let image = || NodeKey::environment("image", "registry.meridian.example/eval@sha256:ab");
    let job = || NodeKey::environment("ci", "meridian/app/8812/train");
    assert_eq!(listed(image(), "2026-04-02T06:00:00Z"), Verdict::Clear);
    assert_eq!(listed(image(), "2026-03-24T10:46:00Z"), Verdict::Clear);
    assert_eq!(listed(job(), "2026-04-02T06:00:00Z"), Verdict::Unknown);
    assert_eq!(listed(job(), "2026-03-24T11:04:30Z"), Verdict::Clear);
}
