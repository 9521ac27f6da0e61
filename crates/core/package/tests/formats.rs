//! Runs every case of every format: the files of `src/formats/<name>/cases/<case>/` are read one by one, and `expected.json`
//! beside them is what comes out. `BLESS=1` writes what comes out; read it before you commit it.

use firebreak_model::Text;
use firebreak_package::formats::listing::{Commit, Include, Listed, Recorded, Required, Settings, Source};
use firebreak_package::formats::{FORMATS, Input, Listing, MAX_BYTES, read, recognise};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn source(source: &Source) -> String {
    match source {
        Source::Unknown => String::new(),
        Source::Registry(None) => " from a registry".to_owned(),
        Source::Registry(Some(url)) => format!(" from {url}"),
        Source::Url(url) => format!(" from file {url}"),
        Source::Git { url, commit, reference } => {
            let commit = commit.as_ref().map_or(String::new(), |commit| format!(" commit {commit}"));
            let reference = reference.as_ref().map_or(String::new(), |reference| format!(" reference {reference}"));
            format!(" from git {url}{commit}{reference}")
        }
        Source::Path(path) => format!(" from path {path}"),
    }
}

fn more(groups: &[Text], marker: &Option<Text>, line: Option<u32>) -> String {
    let groups = if groups.is_empty() { String::new() } else { format!(" for {}", groups.join(", ")) };
    let marker = marker.as_ref().map_or(String::new(), |marker| format!(" if {marker}"));
    let line = line.map_or(String::new(), |line| format!(" line {line}"));
    format!("{groups}{marker}{line}")
}

fn package(package: &Listed) -> String {
    let direct = package.direct.map_or("", |direct| if direct { " direct" } else { " transitive" });
    let built = package.built_from.as_ref().map_or(String::new(), |name| format!(" built from {name}"));
    let hashes: String = package.hashes.iter().map(|hash| format!(" {hash}")).collect();
    format!("{} {} {}", package.ecosystem.word(), package.name, package.version)
        + direct
        + &built
        + &source(&package.source)
        + &more(&package.groups, &package.marker, package.line)
        + &hashes
}

fn requirement(required: &Required) -> String {
    let constraint = if required.constraint { " as a constraint" } else { "" };
    let pre = required.prereleases.map_or(String::new(), |pre| format!(" pre-releases {pre}"));
    let hashes: String = required.hashes.iter().map(|hash| format!(" {hash}")).collect();
    format!("{} {} `{}`", required.ecosystem.word(), required.name, required.range)
        + constraint
        + &required.alone.as_ref().map_or(String::new(), |place| format!(" alone in {place}"))
        + &pre
        + &source(&required.source)
        + &more(&required.groups, &required.marker, required.line)
        + &hashes
        + &format!(" written `{}`", required.written)
}

fn settings(settings: &Settings) -> Value {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value.into());
        }
    };
    put("ecosystem", settings.ecosystem.as_ref().map(|ecosystem| ecosystem.word().to_owned()));
    put("exclude_newer", settings.exclude_newer.as_ref().map(ToString::to_string));
    put("cool_down", settings.cool_down.as_ref().map(|age| format!("{} s by `{}`", age.seconds, age.written)));
    let ages: Vec<String> = settings.ages.iter().map(|age| format!("{} {}", age.tool, age.setting)).collect();
    put("ages", (!ages.is_empty()).then(|| ages.join("; ")));
    put("prereleases", settings.prereleases.as_ref().map(ToString::to_string));
    put("ignore_scripts", settings.ignore_scripts.map(|value| value.to_string()));
    put("require_hashes", settings.require_hashes.map(|value| value.to_string()));
    let list = |items: Vec<String>| (!items.is_empty()).then(|| items.join("; "));
    put("indexes", list(settings.indexes.iter().map(ToString::to_string).collect()));
    put("exempt", list(settings.exempt.iter().map(|(name, rule)| format!("{name}: {rule}")).collect()));
    put("overrides", list(settings.overrides.iter().map(requirement).collect()));
    shown.into()
}

fn show(format: &str, listing: &Listing) -> Value {
    let mut shown = Map::new();
    shown.insert("format".to_owned(), format.into());
    let mut put = |name: &str, items: Vec<String>| {
        if !items.is_empty() {
            shown.insert(name.to_owned(), items.into());
        }
    };
    put("packages", listing.packages.iter().map(package).collect());
    put("requirements", listing.requirements.iter().map(requirement).collect());
    let commit = |commit: &Commit| format!("{} {}", commit.url, commit.commit);
    put("commits", listing.commits.iter().map(commit).collect());
    let include = |include: &Include| format!("{:?} {}", include.kind, include.path).to_lowercase();
    put("includes", listing.includes.iter().map(include).collect());
    let file = |file: &Recorded| {
        format!("{}{}", file.path, file.hash.as_ref().map_or(String::new(), |hash| format!(" {hash}")))
    };
    put("files", listing.files.iter().map(file).collect());
    put("installer", listing.installer.iter().map(ToString::to_string).collect());
    put("system", listing.system.iter().map(|system| format!("{system:?}")).collect());
    put("complete", listing.complete.iter().map(|ecosystem| ecosystem.word().to_owned()).collect());
    put("gaps", listing.gaps.clone());
    put("problems", listing.problems.iter().map(|problem| problem.to_string().replace('\n', " | ")).collect());
    if listing.settings != Settings::default() {
        shown.insert("settings".to_owned(), settings(&listing.settings));
    }
    shown.into()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn folders(directory: &Path) -> Vec<PathBuf> {
    entries(directory).into_iter().filter(|path| path.is_dir()).collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries(directory).into_iter().flat_map(below).collect()
}

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats")
}

#[test]
fn cases() {
    let bless = std::env::var_os("BLESS").is_some();
    assert!(!(bless && std::env::var_os("CI").is_some()), "expected results are not written in CI");
    let mut wrong = Vec::new();
    for folder in folders(&formats()).iter().filter(|folder| folder.file_name().unwrap() != "tree") {
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(folder.join("page.md").is_file(), "{name} has no page");
        assert!(FORMATS.iter().any(|format| format.name == name), "{name} is not in the list of formats");
        let (mut own, mut silent) = (0, 0);
        for case in &folders(&folder.join("cases")) {
            let mut shown = Map::new();
            for file in files(case).iter().filter(|file| *file != &case.join("expected.json")) {
                let path = file.strip_prefix(case).unwrap().to_str().unwrap();
                let bytes = fs::read(file).unwrap();
                let format = recognise(path, &bytes[..bytes.len().min(4096)]);
                let format = format.unwrap_or_else(|| panic!("{} is recognised by no format", file.display()));
                own += usize::from(format.name == name);
                let listing = format.read(&Input { path, bytes: &bytes });
                silent += usize::from(listing.packages.is_empty() && listing.complete.is_empty());
                shown.insert(path.to_owned(), show(format.name, &listing));
            }
            let shown = Value::from(shown);
            let expected = case.join("expected.json");
            let before = fs::read_to_string(&expected).unwrap_or_default();
            let text = serde_json::to_string_pretty(&shown).unwrap() + "\n";
            if serde_json::from_str(&before).unwrap_or(json!(null)) != shown {
                if bless {
                    fs::write(&expected, &text).unwrap();
                } else {
                    wrong.push(format!("{}\n{text}", case.display()));
                }
            }
        }
        assert!(own > 0, "{name} has no case of its own");
        assert!(silent > 0, "{name} has no case in which it must not say that a package is there");
    }
    assert!(wrong.is_empty(), "BLESS=1 writes these, once they have been read:\n{}", wrong.join("\n"));
}

#[test]
fn every_format_has_its_folder() {
    for format in FORMATS {
        assert!(formats().join(format.name).join("page.md").is_file(), "{} has no page", format.name);
    }
}

/// What a format cannot read is told as a problem or a gap, and is never complete.
#[test]
fn nothing_is_complete_that_was_not_read() {
    let hostile: [&[u8]; 12] = [
        b"",
        b"\n",
        b"{}",
        b"[]",
        b"\xff\xfe\x00",
        b"{",
        b"\x00\x00\x00\x00",
        &[b'['; 5000],
        &[b'{'; 5000],
        b"<a><b></a>",
        b"- : -\n  ?",
        b"no format writes this\n  at all: [\n",
    ];
    for format in FORMATS {
        for bytes in hostile {
            let listing = format.read(&Input { path: "x", bytes });
            assert!(listing.packages.is_empty(), "{} reads packages in {bytes:?}", format.name);
            let said = !listing.gaps.is_empty() || !listing.problems.is_empty();
            assert!(said || listing.complete.is_empty(), "{} calls {bytes:?} complete", format.name);
        }
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let bytes = vec![b' '; MAX_BYTES + 1];
    let listing = read(&Input { path: "uv.lock", bytes: &bytes }).unwrap();
    assert!(listing.complete.is_empty() && listing.problems.len() == 1);
}
