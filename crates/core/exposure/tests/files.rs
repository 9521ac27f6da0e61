//! Files that are asked for themselves: locks, manifests and logs that lie in a folder, under the profile of March 2026.

use firebreak_exposure::{EvidenceBook, Profile, judge, judge_file, judge_recipe, observe_text, places};
use firebreak_model::{EnvironmentEvidence, NodeKey, Observation, ObservationKind, Text, Verdict};
use firebreak_package::Ecosystem;

fn litellm() -> Profile {
    let text = include_str!("../../../../profiles/litellm-2026-03/profile.toml");
    Profile::parse("profiles/litellm-2026-03/profile.toml", text).expect("a profile")
}

/// A file's evidence; each thing stands in the line after the one before.
fn file(name: &str, seen: &[ObservationKind], gaps: &[&str]) -> EnvironmentEvidence {
    let observations = seen.iter().zip(1..).map(|(what, line)| Observation {
        time: None,
        what: what.clone(),
        evidence: Text::new(format!("{name}:{line}")),
    });
    EnvironmentEvidence {
        environment: NodeKey::environment("file", name),
        runs: Vec::new(),
        observations: observations.collect(),
        gaps: gaps.iter().map(|gap| (*gap).to_owned()).collect(),
    }
}

fn asks(name: &str, reference: &str) -> ObservationKind {
    ObservationKind::Unpinned { ecosystem: "PyPI".into(), name: name.into(), reference: reference.into() }
}

/// What a manifest ends with: its packages bring others.
fn others() -> ObservationKind {
    asks("*", "dependencies of these requirements are not pinned")
}

fn manifest(seen: &[ObservationKind]) -> Verdict {
    judge_file(&litellm(), &file("pyproject.toml", seen, &[]), Some(&[Ecosystem::PyPI])).verdict
}

#[test]
fn a_manifest_is_suspect_by_its_range_and_clear_only_by_one_that_is_always_in_force() {
    for (references, right) in [
        (&["litellm>=1.80"][..], Verdict::Suspect),
        (&["litellm"], Verdict::Suspect),
        (&["litellm>=1.80,<1.82.7"], Verdict::Clear),
        (&["litellm>=1.80,<1.82.8"], Verdict::Suspect),
        (&["litellm==1.82.6"], Verdict::Clear),
        // One bad version and no other, wherever it is asked for.
        (&["litellm==1.82.8"], Verdict::Exposed),
        (&["litellm[proxy]===1.82.8; extra == 'llm'"], Verdict::Exposed),
        (&["litellm==1.82.7; from https://h.example/litellm-1.82.7-py3-none-any.whl"], Verdict::Exposed),
        // What an address gives, no range tells.
        (&["litellm @ git+https://h.example/o/litellm@main"], Verdict::Suspect),
        // In an extra or under a marker it may not hold, and something else may bring the package.
        (&["litellm>=1.80,<1.82.7; extra == 'llm'"], Verdict::Unknown),
        (&["litellm>=1.80; extra == 'llm'"], Verdict::Suspect),
        // One version is for all that ask.
        (&["litellm<1.82.7", "litellm>=1.64; sys_platform == 'win32'"], Verdict::Clear),
        (&[], Verdict::Unknown),
    ] {
        let seen: Vec<_> = references.iter().map(|one| asks("litellm", one)).chain([others()]).collect();
        assert_eq!(manifest(&seen), right, "{references:?}");
    }
    // What outweighs every range, and asks for nothing by itself.
    let held = |range: &str| {
        manifest(&[asks("litellm", "litellm<1.82.7"), others(), asks("litellm", &format!("litellm{range}; override"))])
    };
    assert_eq!([held("==1.82.8"), held("<1.82"), held(">=1.80")], [Verdict::Suspect, Verdict::Clear, Verdict::Suspect]);
    assert_eq!(manifest(&[asks("litellm", "litellm<1.82.7"), asks("numpy", "numpy<2; override")]), Verdict::Clear);
    // Other packages' ranges hold nothing back.
    assert_eq!(manifest(&[asks("crewai", "crewai<1"), others()]), Verdict::Unknown);
}

fn locked(name: &str, version: &str) -> ObservationKind {
    let (ecosystem, sha256) = (Text::new("PyPI"), Vec::new());
    ObservationKind::Locked { ecosystem, name: name.into(), version: version.into(), sha256 }
}

fn complete(ecosystem: &str) -> ObservationKind {
    ObservationKind::LockComplete { ecosystem: ecosystem.into(), since: None, places: None }
}

#[test]
fn an_override_outweighs_a_list_that_fixes_every_version_and_not_what_its_own_resolver_locked() {
    let of = |name: &str, seen: &[ObservationKind]| {
        judge_file(&litellm(), &file(name, seen, &[]), Some(&[Ecosystem::PyPI])).verdict
    };
    let held = |range: &str| asks("litellm", &format!("litellm{range}; override"));
    for (range, right) in [
        ("==1.82.8", Verdict::Suspect),
        (">=1.80", Verdict::Suspect),
        (" @ https://h.example/litellm.zip", Verdict::Suspect),
        ("==1.82.6", Verdict::Clear),
        ("<1.82.7", Verdict::Clear),
    ] {
        let whole = [locked("litellm", "1.82.6"), complete("PyPI"), held(range)];
        assert_eq!(of("requirements.txt", &whole), right, "{range}");
        let open = [locked("litellm", "1.82.6"), others(), held(range)];
        assert_eq!(of("requirements.txt", &open), right, "{range}");
        assert_eq!(of("uv.lock", &whole), Verdict::Clear, "{range}: it is resolved");
    }
    let other = [locked("litellm", "1.82.6"), complete("PyPI"), asks("numpy", "numpy<2; override")];
    assert_eq!(of("requirements.txt", &other), Verdict::Clear);
    // Also where an inventory says which host follows the list.
    let host = |seen: &[ObservationKind]| {
        let mut evidence = file("lockfiles/host__a/requirements.txt", seen, &[]);
        evidence.environment = NodeKey::environment("host", "a");
        judge(&litellm(), &evidence).verdict
    };
    let whole = [locked("litellm", "1.82.6"), complete("PyPI")];
    assert_eq!(host(&whole), Verdict::Clear);
    assert_eq!(host(&[&whole[..], &[held("==1.82.8")]].concat()), Verdict::Suspect);
}

#[test]
fn a_lock_that_names_the_package_without_a_version_says_nothing_of_it() {
    let lock = |name: &str, seen: &[ObservationKind]| {
        judge_file(&litellm(), &file(name, seen, &[]), Some(&[Ecosystem::PyPI])).verdict
    };
    let open = asks("litellm", "no version in the lock");
    assert_eq!(lock("Pipfile.lock", &[open.clone(), complete("PyPI")]), Verdict::Unknown);
    assert_eq!(lock("Pipfile.lock", &[open, locked("litellm", "1.82.6"), complete("PyPI")]), Verdict::Clear);
    let other = asks("crewai", "no version in the lock");
    assert_eq!(lock("Pipfile.lock", &[other, complete("PyPI")]), Verdict::Clear, "what it brings is listed");
}

#[test]
fn a_constraint_limits_all_that_is_asked_and_asks_for_nothing() {
    for (references, right) in [
        (&["litellm", "litellm ==1.82.6; constraint"][..], Verdict::Clear),
        (&["litellm>=1.80", "litellm<1.82.7; constraint"], Verdict::Clear),
        (&["litellm<1.82.7; constraint"], Verdict::Clear),
        // It may not be in force, or leaves what is bad.
        (&["litellm", "litellm ==1.82.6; sys_platform == 'win32'; constraint"], Verdict::Suspect),
        (&["litellm", "litellm<2; constraint"], Verdict::Suspect),
        (&["litellm ==1.82.8; constraint"], Verdict::Suspect),
        (&["litellm<2; constraint"], Verdict::Unknown),
        (&["crewai", "numpy<2; constraint"], Verdict::Unknown),
    ] {
        let name = |one: &str| one.split([' ', '<', '>', ';']).next().unwrap_or_default().to_owned();
        let seen: Vec<_> = references.iter().map(|one| asks(&name(one), one)).chain([others()]).collect();
        assert_eq!(manifest(&seen), right, "{references:?}");
    }
}

#[test]
fn one_version_of_many_in_a_tree_of_npm_says_nothing_of_the_others() {
    let text = include_str!("../../../../profiles/litellm-2026-03/profile.toml");
    let text = text.replace("\"PyPI\"", "\"npm\"").replace("litellm", "axios");
    let profile = Profile::parse("profile.toml", &text).expect("a profile");
    let one = |ecosystem: &str| ObservationKind::Locked {
        ecosystem: ecosystem.into(),
        name: "axios".into(),
        version: "1.82.6".into(),
        sha256: Vec::new(),
    };
    let verdict = |seen: &[ObservationKind]| {
        judge_file(&profile, &file("package-lock.json", seen, &[]), Some(&[Ecosystem::Npm])).verdict
    };
    assert_eq!(verdict(&[one("npm"), complete("npm")]), Verdict::Clear);
    assert_eq!(verdict(&[one("npm")]), Verdict::Unknown);
}

#[test]
fn what_has_an_environment_of_its_own_is_limited_by_nothing_that_the_project_asks_for() {
    let beside = |name: &str, reference: &str| {
        let seen = [asks("litellm", "litellm<1.82.7"), others(), asks(name, reference)];
        judge_file(&litellm(), &file("pyproject.toml", &seen, &[]), Some(&[Ecosystem::PyPI]))
    };
    for (name, reference, right) in [
        ("litellm", "litellm>=1.80; alone: group dev", Verdict::Suspect),
        ("litellm", "litellm>=1.80; alone: build", Verdict::Suspect),
        ("litellm", "litellm<1.82; alone: build", Verdict::Clear),
        ("litellm", "litellm==1.82.8; alone: group dev", Verdict::Exposed),
        ("pytest", "pytest; alone: group dev", Verdict::Unknown),
        ("my-plugin", "my-plugin; alone: build", Verdict::Unknown),
        // All that these bring is known.
        ("setuptools", "setuptools>=77; alone: build", Verdict::Clear),
        ("poetry_core", "poetry_core; alone: build", Verdict::Clear),
        // In a group another may be asked for instead.
        ("setuptools", "setuptools; alone: group dev", Verdict::Unknown),
    ] {
        let judged = beside(name, reference);
        assert_eq!(judged.verdict, right, "{reference}: {judged:#?}");
        let named =
            right == Verdict::Clear || judged.decided_by.iter().chain(&judged.gaps).any(|one| one.contains(reference));
        assert!(named, "{judged:#?}");
    }
    // In the group's own environment its own range holds.
    let seen = [
        asks("litellm", "litellm<1.82.7"),
        asks("litellm", "litellm<1.82; alone: group dev"),
        asks("crewai", "crewai; alone: group dev"),
    ];
    assert_eq!(manifest(&seen), Verdict::Clear);
}

#[test]
fn a_build_backend_brings_what_it_is_known_to_bring() {
    let text = include_str!("../../../../profiles/litellm-2026-03/profile.toml").replace("litellm", "pluggy");
    let profile = Profile::parse("profile.toml", &text).expect("a profile");
    let seen = [asks("pluggy", "pluggy<1.82.7"), others(), asks("hatchling", "hatchling; alone: build")];
    let judged = judge_file(&profile, &file("pyproject.toml", &seen, &[]), Some(&[Ecosystem::PyPI]));
    assert_eq!(judged.verdict, Verdict::Unknown, "{judged:#?}");
}

#[test]
fn a_manifest_of_which_a_part_is_not_read_still_asks_for_what_it_asks_and_is_never_clear() {
    let profile = litellm();
    let verdict = |reference: &str| {
        let evidence = file("pyproject.toml", &[asks("litellm", reference), others()], &["some are dynamic"]);
        judge_file(&profile, &evidence, Some(&[Ecosystem::PyPI])).verdict
    };
    assert_eq!(verdict("litellm>=1.80"), Verdict::Suspect);
    assert_eq!(verdict("litellm<1.82.7"), Verdict::Unknown);
}

#[test]
fn what_a_file_cannot_bring_is_no_question_and_a_broken_file_may_have_brought_anything() {
    let profile = litellm();
    let npm = file(
        "package-lock.json",
        &[ObservationKind::LockComplete { ecosystem: "npm".into(), since: None, places: None }],
        &[],
    );
    let judged = judge_file(&profile, &npm, Some(&[Ecosystem::Npm]));
    assert_eq!(judged.verdict, Verdict::Clear);
    assert!(judged.decided_by[0].contains("brings npm packages alone"), "{:?}", judged.decided_by);
    assert_eq!(judge_file(&profile, &npm, None).verdict, Verdict::Unknown);
    let broken = file("package-lock.json", &[], &["the file cannot be read"]);
    assert_eq!(judge_file(&profile, &broken, None).verdict, Verdict::Unknown);
    let own = judge_file(&profile, &npm, Some(&[Ecosystem::Npm, Ecosystem::PyPI]));
    assert_eq!(own.verdict, Verdict::Unknown, "a listing of npm's says nothing of PyPI's");
}

#[test]
fn the_place_that_decides_is_told() {
    let profile = litellm();
    let suspect = file("pyproject.toml", &[asks("crewai", "crewai"), asks("litellm", "litellm>=1.80"), others()], &[]);
    assert_eq!(places(&profile, &suspect)[0], "pyproject.toml:2");
    let (ecosystem, name) = (Text::new("PyPI"), Text::new("litellm"));
    let locked = ObservationKind::Locked { ecosystem, name, version: "1.82.8".into(), sha256: Vec::new() };
    let exposed = file("uv.lock", &[others(), locked], &[]);
    assert_eq!(places(&profile, &exposed), ["uv.lock:2"]);
}

#[test]
fn a_log_that_lies_alone_is_exposed_by_its_line_and_never_clear_without_its_end() {
    let environment = NodeKey::environment("log", "logs/pip.log");
    let judged = |text: &str| {
        let mut book = EvidenceBook::new();
        observe_text(&environment, "logs/pip.log", text).iter().for_each(|seen| book.add(seen));
        book.evidence(&environment)
            .map(|evidence| (judge(&litellm(), &evidence).verdict, places(&litellm(), &evidence)))
    };
    let bad = "$ pip install -U crewai\nSuccessfully installed crewai-1.11.0 litellm-1.82.8\n";
    assert_eq!(
        judged(bad).map(|(verdict, places)| (verdict, places[0].to_string())),
        Some((Verdict::Exposed, "logs/pip.log:2".to_owned()))
    );
    let good = bad.replace("1.82.8", "1.82.6");
    assert_eq!(
        judged(&good).map(|(verdict, _)| verdict),
        Some(Verdict::Unknown),
        "what came before and after is not known"
    );
    let stamped: String =
        ["Current runner version: '2'", "Successfully installed litellm-1.82.6", "Cleaning up orphan processes"]
            .iter()
            .zip(0..)
            .map(|(line, second)| format!("2026-03-24T11:00:0{second}.0000000Z {line}\n"))
            .collect();
    assert_eq!(judged(&stamped).map(|(verdict, _)| verdict), Some(Verdict::Clear), "from its first line to its last");
    assert_eq!(judged("GET /litellm 200\nall is well\n"), None, "a log of something else is no evidence");
}

#[test]
fn a_recipe_is_judged_by_what_it_asks_for_alone_and_is_never_clear() {
    let judged = |seen: &[ObservationKind], gaps: &[&str]| {
        judge_recipe(&litellm(), &file("Dockerfile", seen, gaps)).map(|judgement| judgement.verdict)
    };
    assert_eq!(judged(&[asks("litellm", "pip install litellm")], &[]), Some(Verdict::Suspect));
    assert_eq!(judged(&[asks("litellm", "pip install litellm==1.82.8")], &[]), Some(Verdict::Exposed));
    assert_eq!(judged(&[asks("crewai", "pip install crewai")], &[]), Some(Verdict::Unknown));
    assert_eq!(judged(&[asks("*", "pip install --no-deps litellm==1.82.8")], &[]), Some(Verdict::Exposed));
    assert_eq!(judged(&[asks("*", "pip install --no-deps crewai==1")], &[]), None);
    assert_eq!(judged(&[asks("litellm", "pip install litellm==1.82.6")], &[]), None);
    assert_eq!(judged(&[asks("litellm", "pip install 'litellm<1.82.7'")], &[]), None);
    assert_eq!(judged(&[asks("litellm", "pip install litellm<1.82.7")], &[]), Some(Verdict::Suspect));
    // What cannot be read of it makes nothing clear, and by itself asks for nothing.
    assert_eq!(judged(&[], &["which image `$X` is, is known only when it runs"]), None);
}
