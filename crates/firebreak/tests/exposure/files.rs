//! Lockfiles and manifests of well-known projects, as they are and each changed in one way.

use crate::{Row, judged};
use std::fs;
use std::path::{Path, PathBuf};

const BAD_DIGEST: &str = "d2a0d5f564628773b6af7b9c11f6b86531a875bd2d186d7081ab62748a800ebb";

/// What is done to a file: what of its text by what, its name afterwards, and what lies beside it.
struct Change {
    name: &'static str,
    text: fn(&str) -> String,
    file: Option<&'static str>,
    beside: Option<(&'static str, &'static str)>,
    right: &'static str,
}

const fn change(name: &'static str, text: fn(&str) -> String, right: &'static str) -> Change {
    Change { name, text, file: None, beside: None, right }
}

/// The file as it was, with another one beside it.
const fn beside(name: &'static str, file: &'static str, text: &'static str, right: &'static str) -> Change {
    Change { name, text: str::to_owned, file: None, beside: Some((file, text)), right }
}

/// The version in the entry of litellm in a lock of TOML tables.
fn locked_at(text: &str, version: &str) -> String {
    let mut own = false;
    let line = |line: &str| {
        if line == "[[package]]" {
            own = false;
        }
        own |= line == "name = \"litellm\"";
        if own && line.starts_with("version = ") { format!("version = \"{version}\"\n") } else { format!("{line}\n") }
    };
    text.lines().map(line).collect()
}

/// The first digest in the entry of litellm is the bad wheel's.
fn bad_digest(text: &str) -> String {
    let entry = text.find("name = \"litellm\"\nversion").expect("an entry of litellm");
    let (before, entry) = text.split_at(entry);
    let at = entry.find("sha256:").expect("a digest") + "sha256:".len();
    format!("{before}{}{BAD_DIGEST}{}", &entry[..at], &entry[at + 64..])
}

fn half(text: &str) -> String {
    let middle = text.len() / 2;
    // In the middle of a line.
    let at = text[middle..].find(" = \"").map_or(middle, |at| middle + at + 4);
    text[..at].to_owned()
}

const LOCK: &[Change] = &[
    change("as it was", str::to_owned, "clear"),
    change("at 1.82.8", |text| locked_at(text, "1.82.8"), "exposed"),
    change("at 1.82.7", |text| locked_at(text, "1.82.7"), "exposed"),
    change("at 1.82.6, the last before", |text| locked_at(text, "1.82.6"), "clear"),
    change("at 1.82.8rc1, which is another version", |text| locked_at(text, "1.82.8rc1"), "clear"),
    change("with the bad wheel's digest", bad_digest, "exposed"),
    change("cut short", half, "unknown"),
];

const REQUIREMENTS: &[Change] = &[
    change("as it was", str::to_owned, "clear"),
    change("at 1.82.8", |text| text.replace("litellm==1.82.3", "litellm==1.82.8"), "exposed"),
    change("at 1.82.6", |text| text.replace("litellm==1.82.3", "litellm==1.82.6"), "clear"),
    change("loosened", |text| text.replace("litellm==1.82.3", "litellm>=1.82.3"), "suspect"),
    change("loosened below the bad versions", |text| text.replace("litellm==1.82.3", "litellm<1.82.7"), "clear"),
    beside(
        "an override beside it asks for a bad version",
        "uv.toml",
        "override-dependencies = [\"litellm==1.82.8\"]\n",
        "suspect",
    ),
    beside(
        "an override of the project beside it admits bad versions",
        "pyproject.toml",
        "[project]\nname = \"a\"\n[tool.uv]\noverride-dependencies = [\"litellm>=1.80\"]\n",
        "suspect",
    ),
    beside(
        "an override beside it asks for a good version",
        "uv.toml",
        "override-dependencies = [\"litellm==1.82.5\"]\n",
        "clear",
    ),
    beside("an override beside it is for another name", "uv.toml", "override-dependencies = [\"numpy<2\"]\n", "clear"),
    Change {
        text: |text| format!("-c limits.txt\n{}", text.replace("litellm==1.82.3", "litellm>=1.82.3")),
        ..beside("loosened, and limited below the bad versions", "limits.txt", "litellm<1.82.7\n", "clear")
    },
    Change {
        text: |text| format!("-c limits.txt\n{}", text.replace("litellm==1.82.3", "litellm>=1.82.3")),
        ..beside("loosened, and limited to a bad version", "limits.txt", "litellm==1.82.8\n", "suspect")
    },
];

/// Manifests of which the range for litellm admits the bad versions.
const OPEN: &[Change] = &[
    change("as it was", str::to_owned, "suspect"),
    change("a cool-down of three days", |text| text.to_owned() + "\n[tool.uv]\nexclude-newer = \"3 days\"\n", "clear"),
    change(
        "nothing newer than the day before",
        |text| text.to_owned() + "\n[tool.uv]\nexclude-newer = \"2026-03-23T00:00:00Z\"\n",
        "clear",
    ),
    change(
        "nothing newer than the day after",
        |text| text.to_owned() + "\n[tool.uv]\nexclude-newer = \"2026-03-25T00:00:00Z\"\n",
        "suspect",
    ),
];

/// A project that needs litellm itself.
const DIRECT: &[Change] = &[
    change("tightened", |text| text.replace("litellm>=1.64.0", "litellm>=1.64.0,<1.82.7"), "clear"),
    change(
        "tightened to one bad version",
        |text| text.replace("litellm>=1.64.0", "litellm>=1.64.0,<1.82.8"),
        "suspect",
    ),
    change(
        "litellm taken out: something else may bring it",
        |text| text.lines().filter(|line| !line.contains("litellm")).map(|line| format!("{line}\n")).collect(),
        "unknown",
    ),
];

/// Litellm in an extra alone: without the extra, something else may still bring it.
const EXTRA: &[Change] = &[change(
    "tightened in the extra",
    |text| {
        text.replace("litellm>=1.81.0, <2", "litellm>=1.81.0, <1.82")
            .replace("litellm>=1.74.9,<3", "litellm>=1.74.9,<1.82")
    },
    "unknown",
)];

const CLOSED: &[Change] =
    &[change("as it was", str::to_owned, "clear"), change("loosened", |text| text.replace("<1.78.0", "<2"), "suspect")];

const OTHER: &[Change] = &[change("as it was", str::to_owned, "clear")];

/// The changes that fit a file.
fn changes(path: &Path) -> Vec<&'static Change> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let project = path.iter().rev().nth(2).and_then(|part| part.to_str()).unwrap_or_default();
    let sets: &[&'static [Change]] = match (project, name) {
        (_, "uv.lock" | "poetry.lock") => &[LOCK],
        (_, "requirements.txt") => &[REQUIREMENTS],
        ("dspy", "pyproject.toml") => &[OPEN, DIRECT],
        ("OpenHands", "pyproject.toml") => &[CLOSED],
        (_, "pyproject.toml" | "lib_crewai_pyproject.toml") => &[OPEN, EXTRA],
        _ => &[OTHER],
    };
    sets.iter().copied().flatten().collect()
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// The files, where they are.
pub(crate) fn corpus() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ai-repo-lockfiles");
    let files: Vec<PathBuf> =
        below(&folder).into_iter().filter(|path| path.file_name().is_some_and(|name| name != "LICENSE")).collect();
    (!files.is_empty()).then_some(files)
}

pub(crate) fn rows(root: &Path, corpus: &[PathBuf]) -> Vec<Row> {
    let mut expected = Vec::new();
    for path in corpus {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        let project = path.iter().rev().nth(2).and_then(|part| part.to_str()).unwrap();
        let renamed = Change { file: Some("backend_"), ..change("renamed", str::to_owned, "") };
        let all = changes(path);
        let first = all.first().map_or("", |change| change.right);
        for (number, change) in all.iter().copied().chain([&renamed]).enumerate() {
            let right = if change.right.is_empty() { first } else { change.right };
            let file = format!("{}{name}", change.file.unwrap_or_default());
            let folder = format!("files/{project}/{name}-{number}");
            fs::create_dir_all(root.join(&folder)).unwrap();
            fs::write(root.join(&folder).join(&file), (change.text)(&text)).unwrap();
            if let Some((name, text)) = change.beside {
                fs::write(root.join(&folder).join(name), text).unwrap();
            }
            let environment = format!("environment:file/{folder}/{file}");
            expected.push((format!("{project}/{name}: {}", change.name), environment, right.to_owned()));
        }
    }
    crate::rows("files", expected, &judged(root, &["files", "--profile", "litellm-2026-03"]))
}
