//! Repositories that the test makes: what stands in history, what a scan reads again, and that nothing of a repository runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use firebreak_classify::Classes;
use firebreak_model::Fingerprinter;
use firebreak_stores::stores::git::{GitPlace, git, git_places};
use firebreak_stores::{Gap, Means, Options, Scan, State};
use firebreak_world::RealPrograms;
use std::fs;
use std::path::Path;
use std::process::Command;

struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Repository {
        let made = Repository(tempfile::tempdir().unwrap());
        made.git(&["init", "--quiet", "--initial-branch=main"]);
        made
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@t.example",
                "-c",
                "commit.gpgSign=false",
                "-c",
                "gc.auto=0",
            ])
            .args(words)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commit(&self, file: &str, text: &str) -> String {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", file]);
        self.git(&["rev-parse", "HEAD"])
    }
}

fn with<T>(options: &Options, what: impl FnOnce(&Means<'_>) -> T) -> T {
    let (classes, key) = (Classes::all(), Fingerprinter::new([7; 32]));
    what(&Means { options, classes: &classes, fingerprinter: &key, letters: None, wait: &|_| {}, stop: &|| false })
}

fn scan(repository: &Path, state: &mut State) -> Scan {
    with(&Options::default(), |means| {
        let mut store = git(&RealPrograms, repository, "resource:git/r").unwrap();
        store.scan(means, state, &mut |_| Ok(())).unwrap()
    })
}

fn told(repository: &Path) -> (Vec<GitPlace>, Vec<Gap>) {
    let mut all = Vec::new();
    let gaps = with(&Options::default(), |means| {
        git_places(&RealPrograms, repository, means, &mut |place| all.push(place.clone())).unwrap()
    });
    (all, gaps)
}

const PEOPLE: &str = "name,ssn\nAda,219-09-9123\nBob,457-55-5462\n";

#[test]
fn what_was_removed_yesterday_still_is_in_the_history() {
    let repository = Repository::new();
    repository.commit("README", "hello\n");
    let brought = repository.commit("data/people.csv", PEOPLE);
    repository.git(&["mv", "data/people.csv", "moved.csv"]);
    let moved = repository.commit("other", "x\n");
    repository.git(&["rm", "--quiet", "moved.csv"]);
    let removed = repository.commit("other", "y\n");
    let (places, gaps) = told(repository.path());
    assert!(gaps.is_empty(), "{gaps:?}");
    let ssn: Vec<&GitPlace> = places.iter().filter(|place| place.place.class == "ssn").collect();
    let stood = |place: &GitPlace| (place.file.clone().unwrap(), place.commit.clone().unwrap(), place.removed.clone());
    let mut at: Vec<_> = ssn.iter().map(|place| stood(place)).collect();
    at.dedup();
    at.sort();
    at.dedup();
    let first = ("data/people.csv".to_owned(), brought, Some(moved.clone()));
    assert_eq!(at, [first, ("moved.csv".to_owned(), moved, Some(removed))]);
    assert!(ssn.iter().all(|place| !place.now));
    // As numbers: one blob, whatever it was called.
    let scan = scan(repository.path(), &mut State::new("1"));
    let held = scan.resources[0].held.iter().find(|held| held.class == "ssn").unwrap();
    assert_eq!((held.estimate.records, held.documents_past), (2, 1), "{held:?}");
    assert!(scan.is_whole());
    assert!(!serde_json::to_string(&scan).unwrap().contains("219-09"));
}

#[test]
fn a_rescan_reads_new_blobs_alone() {
    let repository = Repository::new();
    for at in 0..20 {
        repository.commit(&format!("f{at}.csv"), &format!("name,ssn\nx{at},219-09-9123\n"));
    }
    let mut state = State::new("1");
    assert_eq!(scan(repository.path(), &mut state).resources[0].read, 20);
    assert_eq!(scan(repository.path(), &mut state).resources[0].read, 0);
    repository.commit("f3.csv", "name,ssn\nnew,457-55-5462\n");
    repository.git(&["checkout", "--quiet", "-b", "side", "HEAD~5"]);
    repository.commit("same.csv", "name,ssn\nx1,219-09-9123\n");
    let again = scan(repository.path(), &mut state);
    assert_eq!((again.resources[0].read, again.resources[0].documents), (1, 21), "the side's blob was there already");
}

#[test]
fn what_no_commit_leads_to_any_more_is_read_too() {
    let repository = Repository::new();
    repository.commit("a", "1\n");
    repository.commit("people.csv", PEOPLE);
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    let (places, _) = told(repository.path());
    let ssn = places.iter().find(|place| place.place.class == "ssn").expect("it is still an object");
    assert!(ssn.commit.is_none() && !ssn.now);
}

#[test]
fn a_merge_that_brings_something_of_its_own_is_its_commit() {
    let repository = Repository::new();
    repository.commit("a", "1\n");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.commit("b", "2\n");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit("c", "3\n");
    repository.git(&["merge", "--quiet", "--no-commit", "side"]);
    let merge = repository.commit("people.csv", PEOPLE);
    let (places, _) = told(repository.path());
    let ssn = places.iter().find(|place| place.place.class == "ssn").unwrap();
    assert!(ssn.now && ssn.commit.as_deref() == Some(&merge) && ssn.removed.is_none(), "{ssn:?}");
}

#[test]
fn nothing_of_a_hostile_repository_runs() {
    let repository = Repository::new();
    repository.commit("people.csv", PEOPLE);
    repository.commit(".gitattributes", "* filter=evil diff=evil\n");
    let flag = repository.path().join("ran");
    let script = repository.path().join("evil.sh");
    fs::write(&script, format!("#!/bin/sh\ntouch {}\n", flag.display())).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, executable).unwrap();
    let evil = script.display().to_string();
    // An object that is missing, and a remote that promises it.
    let blob = repository.git(&["rev-parse", "HEAD:people.csv"]);
    fs::remove_file(repository.path().join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).unwrap();
    for setting in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "gpg.program",
        "pager.rev-list",
        "pager.cat-file",
        "core.alternateRefsCommand",
        "credential.helper",
        "remote.origin.uploadpack",
        "uploadpack.packObjectsHook",
        "alias.cat-file",
        "alias.rev-list",
    ] {
        repository.git(&["config", setting, &evil]);
    }
    for (setting, value) in [
        ("log.showSignature", "true"),
        ("remote.origin.url", &*format!("ext::{evil}")),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("protocol.allow", "always"),
        ("protocol.ext.allow", "always"),
        ("core.hooksPath", &*repository.path().display().to_string()),
    ] {
        repository.git(&["config", setting, value]);
    }
    let told = told(repository.path());
    let scan = scan(repository.path(), &mut State::new("1"));
    assert!(!flag.exists(), "something of the repository ran");
    assert!(told.1.iter().any(|gap| gap.what.contains("partial clone")), "{:?}", told.1);
    assert!(!scan.is_whole(), "what is missing is said: {scan:?}");
}

#[test]
fn what_is_kept_elsewhere_or_cut_off_is_said() {
    let repository = Repository::new();
    repository.commit("video.mp4", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n");
    repository.commit("a", "1\n");
    let clone = tempfile::tempdir().unwrap();
    let (from, to) = (format!("file://{}", repository.path().display()), clone.path().join("c"));
    repository.git(&["clone", "--quiet", "--depth=1", &from, to.to_str().unwrap()]);
    let scan = scan(&to, &mut State::new("1"));
    let gaps: Vec<&str> = scan.resources[0].gaps.iter().map(|gap| gap.what.as_str()).collect();
    assert!(
        gaps.iter().any(|gap| gap.contains("shallow")) && gaps.iter().any(|gap| gap.contains("Git LFS")),
        "{gaps:?}"
    );
}

#[test]
fn what_is_no_repository_is_refused() {
    let repository = Repository::new();
    let inside = repository.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let refused = git(&RealPrograms, &inside, "resource:git/r").err().expect("a folder inside is none");
    assert!(refused.contains("is no git repository"), "{refused}");
    assert!(scan(repository.path(), &mut State::new("1")).resources[0].documents == 0, "an empty one holds nothing");
}
