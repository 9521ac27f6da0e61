//! What is found in a tree, and what must not be.

use crate::support::{is_blind, of_root, options, plant, with};
use firebreak_snapshot::{Ended, Snapshot, Subject, stamp, wrap};
use firebreak_world::RealTree;
use std::fs;
use std::path::Path;

const SITE: &str = "app/.venv/lib/python3.12/site-packages";

fn versions<'s>(snapshot: &'s Snapshot, ecosystem: &str) -> Vec<(&'s str, Option<&'s str>)> {
    let of = snapshot.packages.iter().filter(|one| one.ecosystem == ecosystem);
    of.map(|one| (one.name.as_str(), one.version.as_deref())).collect()
}

fn environment(root: &Path) {
    let at = |rest: &str| format!("{SITE}/{rest}");
    plant(
        root,
        &[
            (
                &at("LiteLLM-1.82.8.dist-info/METADATA"),
                "Metadata-Version: 2.1\nName: LiteLLM\nVersion: 1.82.8\n\nName: no\n",
            ),
            (&at("LiteLLM-1.82.8.dist-info/INSTALLER"), "uv"),
            (
                &at("LiteLLM-1.82.8.dist-info/RECORD"),
                "litellm_init.pth,sha256=ceNa7wMJnNH1LWdGc0JzAlFjpWP96TrJEjIe9omxNSM,34628\n",
            ),
            (
                &at("LiteLLM-1.82.8.dist-info/direct_url.json"),
                r#"{"url":"https://files.example/litellm.whl","archive_info":{"hashes":{"sha256":"d2a0d5f564628773b6af7b9c11f6b86531a875bd2d186d7081ab62748a800ebb"}}}"#,
            ),
            (&at("litellm_init.pth"), "import os; os.system('x')\n"),
            (&at("distutils-precedence.pth"), "/some/directory\n"),
            (&at("broken-2.0.dist-info/RECORD"), ""),
            ("weights/model.pth", "import not a hook"),
            (
                "app/node_modules/left-pad/package.json",
                r#"{"name":"left-pad","version":"1.3.0","scripts":{"test":"x"}}"#,
            ),
            (
                "app/node_modules/@s/a/package.json",
                r#"{"name":"@s/a","version":"2.0.0","scripts":{"postinstall":"node i.js"}}"#,
            ),
            ("app/node_modules/@s/a/fixtures/package.json", r#"{"name":"not-installed","version":"0.0.0"}"#),
            (
                "app/node_modules/.package-lock.json",
                r#"{"packages":{"node_modules/@s/a":{"version":"2.0.0","integrity":"sha512-abc"}}}"#,
            ),
            ("var/lib/dpkg/status", "Package: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\n"),
            ("var/lib/dpkg/info/bash.list", "/bin/bash\n"),
            ("etc/hostname", "mac-17\n"),
            ("root/.config/systemd/user/sysmon.service", "[Service]\nExecStart=/root/.config/sysmon/sysmon.py\n"),
            ("home/runner/work/_actions/aquasecurity/trivy-action/0.24.0.completed", ""),
        ],
    );
}

#[test]
fn packages_are_listed_with_versions_digests_and_times() {
    let root = tempfile::tempdir().unwrap();
    environment(root.path());
    let snapshot = of_root(root.path());
    assert_eq!(snapshot.environment.as_str(), "environment:host/mac-17");
    assert_eq!(versions(&snapshot, "PyPI"), [("broken", Some("2.0")), ("litellm", Some("1.82.8"))]);
    assert_eq!(versions(&snapshot, "npm"), [("@s/a", Some("2.0.0")), ("left-pad", Some("1.3.0"))]);
    assert_eq!(versions(&snapshot, "Debian"), [("bash", Some("5.2"))]);
    let litellm = snapshot.packages.iter().find(|one| one.name == "litellm").unwrap();
    assert!(litellm.sha256.as_deref().unwrap().starts_with("d2a0d5f5"));
    assert_eq!((litellm.installer.as_deref(), litellm.installed_source), (Some("uv"), Some("time of INSTALLER")));
    let bash = snapshot.packages.iter().find(|one| one.name == "bash").unwrap();
    assert_eq!(bash.installed_source, Some("time of dpkg's list of its files"));
    let scoped = snapshot.packages.iter().find(|one| one.name == "@s/a").unwrap();
    assert_eq!(scoped.integrity.as_deref(), Some("sha512-abc"));
    assert_eq!(snapshot.complete_ecosystems, ["Debian", "PyPI", "npm"]);
    assert!(!snapshot.complete, "other ecosystems were not read");
    let action = &snapshot.references[0];
    assert_eq!((action.name.as_str(), action.reference.as_str()), ("aquasecurity/trivy-action", "0.24.0"));
}

#[test]
fn what_runs_by_itself_is_named_with_its_owner() {
    let root = tempfile::tempdir().unwrap();
    environment(root.path());
    let snapshot = of_root(root.path());
    let hook = |end: &str| snapshot.hooks.iter().find(|hook| hook.path.ends_with(end)).unwrap();
    let bad = hook("litellm_init.pth");
    assert!(bad.executes && bad.altered, "its content is not what the record says");
    assert_eq!(bad.package.as_deref(), Some("litellm"));
    assert!(!hook("distutils-precedence.pth").executes);
    assert_eq!(hook("sysmon.service").kind, "systemd_user_unit");
    assert_eq!(hook("@s/a/package.json").runs.as_deref(), Some("postinstall: node i.js"));
    assert!(!snapshot.hooks.iter().any(|hook| hook.path.contains("left-pad") || hook.path.contains("weights")));
    assert!(snapshot.files.iter().any(|file| file.path.ends_with("litellm_init.pth")));
}

#[test]
fn a_broken_package_file_is_never_a_complete_list() {
    let root = tempfile::tempdir().unwrap();
    plant(root.path(), &[("node_modules/a/package.json", "{\"name\": ")]);
    let snapshot = of_root(root.path());
    assert!(snapshot.complete_ecosystems.is_empty() && is_blind(&snapshot, "a package file could not be read"));
}

#[test]
fn databases_of_other_systems_are_read_by_their_formats() {
    let root = tempfile::tempdir().unwrap();
    let gone = "Package: old\nStatus: deinstall ok config-files\nVersion: 1\n";
    let half = "Package: half\nStatus: install ok half-configured\nVersion: 2\n";
    plant(
        root.path(),
        &[
            ("var/lib/dpkg/status", &format!("{gone}\n{half}")),
            ("lib/apk/db/installed", "C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\n\nP:zlib\nV:1.3\n"),
            ("opt/conda/conda-meta/a-1.0-0.json", r#"{"name":"a","version":"1.0","sha256":"x"}"#),
            (
                "usr/lib/ruby/gems/3.2.0/specifications/default/net-http-0.4.1.gemspec",
                "Gem::Specification.new do |s|\n  s.name = \"net-http\".freeze\n  s.version = \"0.4.1\"\n",
            ),
            ("root/.cargo/.crates2.json", r#"{"installs":{"rg 14.1.0 (registry+https://x)":{}}}"#),
        ],
    );
    let snapshot = of_root(root.path());
    assert_eq!(versions(&snapshot, "Debian"), [("half", Some("2"))], "what is removed is not installed");
    assert_eq!(versions(&snapshot, "Alpine"), [("musl", Some("1.2.4-r2")), ("zlib", Some("1.3"))]);
    assert_eq!(versions(&snapshot, "conda"), [("a", Some("1.0"))]);
    assert_eq!(versions(&snapshot, "RubyGems"), [("net-http", Some("0.4.1"))]);
    assert_eq!(versions(&snapshot, "crates.io"), [("rg", Some("14.1.0"))]);
    assert_eq!(snapshot.complete_ecosystems, ["Alpine", "Debian", "PyPI", "npm"]);
}

#[test]
fn a_list_of_a_system_that_cannot_be_read_to_its_end_is_not_complete() {
    for list in ["no list at all", "Package: a\nStatus: install ok installed\n"] {
        let root = tempfile::tempdir().unwrap();
        plant(root.path(), &[("var/lib/dpkg/status", list)]);
        let snapshot = of_root(root.path());
        assert!(snapshot.complete_ecosystems.is_empty(), "{list}: {:?}", snapshot.complete_ecosystems);
        assert!(is_blind(&snapshot, "a package file could not be read: /var/lib/dpkg/status"));
    }
}

#[test]
fn places_tell_when_something_was_last_put_there_or_taken_away() {
    let root = tempfile::tempdir().unwrap();
    environment(root.path());
    let places = || {
        let of = |one: firebreak_snapshot::Place| (one.ecosystem, one.path, one.changed.unwrap());
        of_root(root.path()).places.into_iter().map(of).collect::<Vec<_>>()
    };
    let before = places();
    let named: Vec<_> = before.iter().map(|(ecosystem, path, _)| (*ecosystem, path.clone())).collect();
    let site = format!("/{SITE}");
    let wanted = [("Debian", "/var/lib/dpkg/status"), ("PyPI", &site), ("npm", "/app/node_modules")];
    assert_eq!(named, wanted.map(|(ecosystem, path)| (ecosystem, path.to_owned())));
    std::thread::sleep(std::time::Duration::from_millis(20));
    // Gone without a trace, but for the directory's own time.
    fs::remove_dir_all(root.path().join("app/node_modules/left-pad")).unwrap();
    plant(root.path(), &[("app/.venv/other.txt", "")]);
    let after = places();
    let changed: Vec<bool> = before.iter().zip(&after).map(|(before, after)| after.2 > before.2).collect();
    assert_eq!(changed, [false, false, true]);
}

#[test]
fn a_wrapped_install_tells_what_is_new() {
    let root = tempfile::tempdir().unwrap();
    environment(root.path());
    let new = [
        (format!("{SITE}/crewai-1.0.dist-info/METADATA"), "Name: crewai\nVersion: 1.0\n"),
        (format!("{SITE}/new.pth"), "import x\n"),
    ];
    let options = options(Subject::Root(root.path().to_path_buf()));
    let command = ["pip".to_owned(), "install".to_owned(), "--index-url=https://u:hunter2hunter2@h/".to_owned()];
    let mut run = || {
        new.iter().for_each(|(path, content)| plant(root.path(), &[(path, content)]));
        fs::remove_dir_all(root.path().join("app/node_modules/left-pad"))?;
        Ok(Ended { code: Some(7), signal: None })
    };
    let (snapshot, ended) = with(&RealTree, |doors| wrap(doors, &options, &command, &mut run)).unwrap();
    let install = snapshot.unwrap().install.unwrap();
    let names =
        |packages: &[firebreak_snapshot::Package]| packages.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        (names(&install.added), names(&install.removed)),
        (vec!["crewai".to_owned()], vec!["left-pad".to_owned()])
    );
    assert_eq!(install.hooks.len(), 1);
    assert!(install.hooks[0].path.ends_with("new.pth") && install.from <= install.to);
    assert_eq!((ended.code, install.exit_code), (Some(7), Some(7)));
    assert!(!install.command.concat().contains("hunter2"));
}

#[test]
fn a_change_is_seen_without_reading_and_nothing_else_is_one() {
    let root = tempfile::tempdir().unwrap();
    environment(root.path());
    let options = options(Subject::Root(root.path().to_path_buf()));
    let now = || with(&RealTree, |doors| stamp(doors, &options));
    let before = now();
    plant(root.path(), &[("tmp/noise.txt", "x")]);
    assert_eq!(before, now());
    plant(root.path(), &[(&format!("{SITE}/new.pth"), "import x\n")]);
    assert_ne!(before, now());
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    environment(root.path());
    let bytes = || {
        let mut snapshot = of_root(root.path());
        snapshot.taken = firebreak_model::Time::from_seconds(0);
        firebreak_snapshot::bytes(&snapshot)
    };
    assert_eq!(bytes(), bytes());
}
