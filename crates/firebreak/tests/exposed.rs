//! `firebreak exposed PATH...`: any folder of lockfiles, logs and snapshots, its documents and its exit codes.

mod program;

use program::{Said, firebreak};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const GOOD_LOCK: &str = "version = 1\n[[package]]\nname = \"litellm\"\nversion = \"1.82.6\"\n";
const PIP: &str = "$ pip install -U crewai\nDownloading litellm-1.82.8-py3-none-any.whl (13.4 MB)\n\
                   Successfully installed crewai-1.11.0 litellm-1.82.8\n";

/// A folder with one file of each verdict.
fn folder() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let files = [
        ("svc/clear/uv.lock", GOOD_LOCK.to_owned()),
        ("svc/bad/uv.lock", GOOD_LOCK.replace("1.82.6", "1.82.8")),
        ("svc/range/pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\n  \"litellm>=1.80\",\n]\n".to_owned()),
        ("svc/open/pyproject.toml", "[project]\nname = \"b\"\ndependencies = [\"crewai\"]\n".to_owned()),
        ("svc/web/package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#.to_owned()),
        ("svc/logs/pip.log", PIP.to_owned()),
        ("svc/CODEOWNERS", "/bad/ @ada\n".to_owned()),
        ("svc/notes.json", "{\"litellm\": \"1.82.8\"}".to_owned()),
    ];
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn exposed(root: &Path, arguments: &[&str]) -> Said {
    firebreak(root, &[&["exposed", "--profile", "litellm-2026-03"][..], arguments].concat())
}

/// Verdict and judgement by environment.
fn judged(said: &Said) -> BTreeMap<String, Value> {
    let lines = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let judgements = lines.filter(|line| line["kind"] == "judgement");
    judgements.map(|line| (line["environment"].as_str().unwrap().to_owned(), line)).collect()
}

#[test]
fn any_folder_is_answered_file_by_file_with_the_line_that_decides() {
    let root = folder();
    let said = exposed(root.path(), &["svc", "--json"]);
    assert_eq!(said.code, 3, "{}", said.error);
    let judged = judged(&said);
    let verdicts: BTreeMap<&str, &str> =
        judged.iter().map(|(name, one)| (name.as_str(), one["verdict"].as_str().unwrap())).collect();
    let expected = BTreeMap::from([
        ("environment:file/svc/bad/uv.lock", "exposed"),
        ("environment:file/svc/clear/uv.lock", "clear"),
        ("environment:file/svc/open/pyproject.toml", "unknown"),
        ("environment:file/svc/range/pyproject.toml", "suspect"),
        ("environment:file/svc/web/package-lock.json", "clear"),
        ("environment:log/svc/logs/pip.log", "exposed"),
    ]);
    assert_eq!(verdicts, expected);
    let place = |name: &str| judged[name]["places"][0].clone();
    assert_eq!(place("environment:file/svc/range/pyproject.toml")["line"], 4);
    assert_eq!(place("environment:log/svc/logs/pip.log")["file"], "svc/logs/pip.log");
    assert_eq!(place("environment:log/svc/logs/pip.log")["line"], 2);
    assert_eq!(judged["environment:file/svc/bad/uv.lock"]["owners"][0], "@ada");
    assert!(!said.error.contains("no scanner recognises"), "{}", said.error);
}

#[test]
fn the_exit_code_follows_fail_on_and_without_it_unknown_is_not_clear() {
    let root = folder();
    let code = |path: &str, fail_on: &[&str]| exposed(root.path(), &[&[path][..], fail_on].concat()).code;
    for (path, plain, on_exposed, on_suspect, on_unknown) in [
        ("svc/clear", 0, 0, 0, 0),
        ("svc/open", 3, 0, 0, 3),
        ("svc/range", 3, 0, 3, 3),
        ("svc/bad", 3, 3, 3, 3),
        ("svc/bad/uv.lock", 3, 3, 3, 3),
    ] {
        let found = [&[][..], &["--fail-on", "exposed"], &["--fail-on", "suspect"], &["--fail-on", "unknown"]];
        let found = found.map(|fail_on| code(path, fail_on));
        assert_eq!(found, [plain, on_exposed, on_suspect, on_unknown], "{path}");
    }
}

#[test]
fn documents_hold_every_verdict_that_is_not_clear() {
    let root = folder();
    let document = |format: &str| {
        let said = exposed(root.path(), &["svc", "--format", format, "--fail-on", "suspect"]);
        assert_eq!(said.code, 3, "{format}: {}", said.error);
        said.out
    };
    let sarif: Value = serde_json::from_str(&document("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4, "{results:?}");
    let uri = |one: &Value| one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert!(results.iter().any(|one| uri(one) == "svc/bad/uv.lock"), "{results:?}");
    let json: Value = serde_json::from_str(&document("json")).unwrap();
    assert_eq!(json["verdicts"], serde_json::json!({"exposed": 2, "suspect": 1, "unknown": 1, "clear": 2}));
    let junit = document("junit");
    assert_eq!((junit.matches("<failure ").count(), junit.matches("<skipped ").count()), (3, 1), "{junit}");
    let markdown = document("markdown");
    assert!(markdown.contains("| 2 | 1 | 1 | 2 |"), "{markdown}");
}

/// A zip archive of stored files.
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut all, mut table) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let size = u32::try_from(text.len()).unwrap().to_le_bytes();
        let (offset, length) = (u32::try_from(all.len()).unwrap(), u16::try_from(name.len()).unwrap().to_le_bytes());
        all.extend([b"PK\x03\x04".as_slice(), &[0; 14], &size, &size, &length, &[0, 0], name.as_bytes()].concat());
        all.extend(text.as_bytes());
        let after = [[0_u8; 12].as_slice(), &offset.to_le_bytes()].concat();
        table.extend([b"PK\x01\x02".as_slice(), &[0; 16], &size, &size, &length, &after, name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let place = [u32::try_from(table.len()).unwrap().to_le_bytes(), u32::try_from(all.len()).unwrap().to_le_bytes()];
    [all, table, [b"PK\x05\x06".as_slice(), &[0; 4], &count, &count, &place.concat(), &[0, 0]].concat()].concat()
}

#[test]
fn an_archive_of_logs_is_read_where_it_lies_and_one_that_cannot_be_read_is_unknown() {
    let root = tempfile::tempdir().unwrap();
    let log = |version: &str| {
        format!(
            "2026-03-24T10:58:12.0000000Z Current runner version: '2.332.0'\n\
             2026-03-24T10:58:41.0000000Z ##[group]Run pip install -U crewai\n\
             2026-03-24T10:58:50.0000000Z Successfully installed crewai-1.11.0 litellm-{version}\n\
             2026-03-24T10:59:40.0000000Z Cleaning up orphan processes\n"
        )
    };
    let (bad, good) = (log("1.82.8"), log("1.82.6"));
    let archive = zip(&[("0_build.txt", &bad), ("build/1_Set up job.txt", &bad), ("1_test.txt", &good)]);
    for (path, bytes) in [
        ("in/ci_log/o/r/8812/logs.zip", archive.as_slice()),
        ("in/ci_log/o/r/8813.zip", &zip(&[("0_lint.txt", &good)])),
        ("in/logs_8814.zip", &archive),
        ("in/logs_8815.zip", &archive[..archive.len() - 40]),
        ("in/release.zip", b"not asked"),
    ] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let said = exposed(root.path(), &["in", "--json"]);
    let judged = judged(&said);
    let verdicts: BTreeMap<&str, &str> =
        judged.iter().map(|(name, one)| (name.as_str(), one["verdict"].as_str().unwrap())).collect();
    let expected = BTreeMap::from([
        ("environment:ci/o/r/8812/build", "exposed"),
        ("environment:ci/o/r/8812/test", "clear"),
        ("environment:ci/o/r/8813/lint", "clear"),
        ("environment:log/in/logs_8814.zip/0_build.txt", "exposed"),
        ("environment:log/in/logs_8814.zip/1_test.txt", "clear"),
        ("environment:log/in/logs_8815.zip", "unknown"),
    ]);
    assert_eq!(verdicts, expected, "{}", said.error);
}

#[test]
fn what_says_nothing_is_an_error_and_never_clear() {
    let root = folder();
    fs::create_dir(root.path().join("empty")).unwrap();
    for (path, reason) in [("empty", "unknown, not clear"), ("none", "there is no `none`")] {
        let said = exposed(root.path(), &[path]);
        assert!(said.code == 1 && said.error.contains(reason) && said.error.contains("\nhint: "), "{}", said.error);
    }
    fs::write(root.path().join("empty/uv.lock"), "[[package]\nname = ").unwrap();
    let said = exposed(root.path(), &["empty"]);
    assert!(said.code == 3 && said.out.contains("unknown"), "{}{}", said.out, said.error);
}

#[test]
fn public_records_stand_beside_a_verdict_and_say_what_was_withdrawn() {
    let root = folder();
    let record = |id: &str, more: &str| {
        format!(
            "{{\"schema_version\": \"1.7.0\", \"id\": \"{id}\", \"modified\": \"2026-03-25T00:00:00Z\", {more} \"affected\": \
             [{{\"package\": {{\"ecosystem\": \"PyPI\", \"name\": \"litellm\"}}, \"versions\": [\"1.82.8\"]}}]}}\n"
        )
    };
    let lines = record("MAL-2026-2144", "") + &record("PYSEC-2026-2", "\"withdrawn\": \"2026-04-01T00:00:00Z\",");
    fs::write(root.path().join("osv.ndjson"), lines).unwrap();
    let made = firebreak(root.path(), &["advisories", "update", "osv.ndjson", "--index", "osv.index"]);
    assert_eq!(made.code, 0, "{}", made.error);
    let said = exposed(root.path(), &["svc", "--json", "--advisories", "osv.index"]);
    let judged = judged(&said);
    let advisories = |name: &str| judged[name]["advisories"].to_string();
    let bad = advisories("environment:file/svc/bad/uv.lock");
    assert!(bad.contains("malware MAL-2026-2144 names litellm 1.82.8"), "{bad}");
    assert!(bad.contains("advisory PYSEC-2026-2 about litellm was withdrawn"), "{bad}");
    let good = advisories("environment:file/svc/clear/uv.lock");
    assert!(good.contains("no public record in the index names litellm 1.82.6"), "{good}");
    let missing = exposed(root.path(), &["svc", "--advisories", "none.index"]);
    assert!(missing.code == 1 && missing.error.contains("\nhint: "), "{}", missing.error);
}

fn put(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// An action whose tags were moved, beside a clean lock, in all the places that may ask for it.
#[test]
fn recipes_are_asked_what_they_fetch_and_are_never_clear() {
    let root = tempfile::tempdir().unwrap();
    put(
        root.path(),
        &[
            ("app/uv.lock", GOOD_LOCK),
            (
                "app/.github/workflows/scan.yml",
                "jobs:\n  scan:\n    steps:\n      - uses: actions/checkout@v4\n      # aquasecurity/trivy-action@0.28.0\n      \
                 - uses: aquasecurity/trivy-action@0.28.0\n",
            ),
            ("app/.github/workflows/local.yml", "jobs:\n  a:\n    steps:\n      - uses: ./.github/actions/scan\n"),
            ("app/.github/actions/scan/action.yml", "runs:\n  using: docker\n  image: Dockerfile\n"),
            ("app/.github/actions/scan/Dockerfile", "FROM python:3.12\nRUN pip install litellm==1.82.8\n"),
            (
                "app/.github/workflows/pinned.yml",
                "jobs:\n  a:\n    steps:\n      - uses: aquasecurity/trivy-action@57a97c7e7821a5776cebc9bb87c984fa69cba8f1\n",
            ),
            (
                "app/.github/workflows/bad.yml",
                "jobs:\n  a:\n    steps:\n      - uses: aquasecurity/trivy-action@f77738448eec70113cf711656914b61905b3bd47\n",
            ),
            ("app/.gitlab-ci.yml", "test:\n  script:\n    - pip install 'litellm>=1.80'\n"),
            (
                "app/.circleci/config.yml",
                "version: 2.1\njobs:\n  build:\n    docker:\n      - image: cimg/base:1\n    steps:\n      - run: pip install crewai\n",
            ),
            ("app/compose.yml", "services:\n  db:\n    image: postgres:16\n"),
            ("app/broken/.github/workflows/x.yml", "jobs: [\n"),
        ],
    );
    let said = firebreak(root.path(), &["exposed", "app", "--json"]);
    let judged = judged(&said);
    let verdicts: BTreeMap<&str, &str> = judged
        .iter()
        .map(|(name, one)| (name.strip_prefix("environment:file/app/").unwrap(), one["verdict"].as_str().unwrap()))
        .collect();
    let expected = BTreeMap::from([
        ("uv.lock", "clear"),
        (".github/workflows/scan.yml", "suspect"),
        (".github/workflows/local.yml", "exposed"),
        (".github/actions/scan/action.yml", "exposed"),
        (".github/actions/scan/Dockerfile", "exposed"),
        (".github/workflows/bad.yml", "exposed"),
        (".gitlab-ci.yml", "suspect"),
        (".circleci/config.yml", "unknown"),
        ("broken/.github/workflows/x.yml", "unknown"),
    ]);
    assert_eq!(verdicts, expected, "{}", said.error);
    let place = |name: &str| {
        let place = &judged[&format!("environment:file/app/{name}")]["places"][0];
        (place["file"].as_str().unwrap().to_owned(), place["line"].as_u64())
    };
    assert_eq!(place(".github/workflows/scan.yml"), ("app/.github/workflows/scan.yml".to_owned(), Some(6)));
    assert_eq!(place(".github/workflows/local.yml"), ("app/.github/actions/scan/Dockerfile".to_owned(), Some(2)));
    assert_eq!(place(".gitlab-ci.yml"), ("app/.gitlab-ci.yml".to_owned(), Some(3)));
    let summary = said.out.lines().last().map(|line| serde_json::from_str::<Value>(line).unwrap()).unwrap();
    assert_eq!(summary["recipes"], serde_json::json!({"read": 9, "without_verdict": 2}), "{summary}");
}

#[test]
fn where_only_recipes_lie_and_none_is_in_doubt_nothing_is_known() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), &[("app/Dockerfile", "FROM postgres:16\n")]);
    let code = |fail_on: &[&str]| exposed(root.path(), &[&["app"][..], fail_on].concat()).code;
    assert_eq!([code(&[]), code(&["--fail-on", "suspect"])], [3, 0]);
}
