//! A scan of one file system: what is new or changed is read, up to a budget; the rest is remembered.

use crate::estimate::Estimate;
use crate::files::{File, files};
use crate::state::{Known, State};
use crate::tally::classified;
use firebreak_classify::Classes;
use firebreak_document::Limits;
use firebreak_model::Fingerprinter;
use firebreak_world::Tree;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// What is read, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of documents that the sample may have, those that are remembered included.
    pub budget: u64,
    /// Files that are listed.
    pub files: usize,
    /// Bytes that are read between two savings of the state.
    pub save_every: u64,
    /// The bounds of one document.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        Options { budget: u64::MAX, files: 10_000_000, save_every: 256 << 20, limits: Limits::default() }
    }
}

/// Why there is no scan.
#[derive(Debug)]
pub enum ScanError {
    /// The directory cannot be listed.
    Unlisted(io::Error),
    /// The state cannot be kept.
    Unsaved(io::Error),
}

/// Something that was not read, with how often.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Gap {
    /// What, in words that name no file.
    pub what: String,
    /// How often.
    pub count: u64,
}

impl Gap {
    pub(crate) fn new(what: &str) -> Gap {
        Gap { what: what.to_owned(), count: 1 }
    }
}

/// One class in the store.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Held {
    /// The class.
    pub class: String,
    /// How much of it.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// What a scan says.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Scanned {
    /// Files in the store, and their bytes.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that the numbers rest on: read now or remembered.
    pub sampled: u64,
    /// Files that were read now.
    pub read: u64,
    /// Bytes that were read now.
    pub bytes_read: u64,
    /// What the store holds.
    pub held: Vec<Held>,
    /// What was not read.
    pub gaps: Vec<Gap>,
}

/// Scans the files under `root`. `state` is what is known; `save` keeps it, often enough that a scan that is killed goes on
/// where it was.
///
/// # Errors
/// If the directory cannot be listed or the state cannot be kept.
pub fn scan(
    tree: &dyn Tree,
    root: &Path,
    options: &Options,
    (classes, fingerprinter): (&Classes, &Fingerprinter),
    state: &mut State,
    save: &mut dyn FnMut(&State) -> io::Result<()>,
) -> Result<Scanned, ScanError> {
    tree.entries(root, &mut |_| std::ops::ControlFlow::Break(())).map_err(ScanError::Unlisted)?;
    let mut gaps = Vec::new();
    let all = files(tree, root, fingerprinter, options.files, &mut gaps);
    let bytes = all.iter().map(|file| file.mark.0).sum();
    let chosen = sample(&all, options.budget);
    let mut scanned = Scanned {
        documents: all.len() as u64,
        bytes,
        sampled: 0,
        read: 0,
        bytes_read: 0,
        held: Vec::new(),
        gaps: Vec::new(),
    };
    // What is gone, or is in the sample no more, is forgotten.
    let present: BTreeMap<&str, &File> = chosen.iter().map(|file| (file.key.as_str(), file)).collect();
    state.documents.retain(|key, _| present.contains_key(key.as_str()));
    let mut unsaved = 0;
    for file in chosen {
        if state.documents.get(&file.key).is_some_and(|known| known.mark == file.mark) {
            continue;
        }
        let Some(known) = look(tree, file, options, (classes, fingerprinter)) else {
            state.documents.remove(&file.key);
            gaps.push(Gap::new("a file cannot be opened"));
            continue;
        };
        state.documents.insert(file.key.clone(), known);
        scanned.read += 1;
        scanned.bytes_read += file.mark.0;
        unsaved += file.mark.0;
        if unsaved >= options.save_every {
            save(state).map_err(ScanError::Unsaved)?;
            unsaved = 0;
        }
    }
    save(state).map_err(ScanError::Unsaved)?;
    scanned.sampled = state.documents.len() as u64;
    scanned.held = held(state, scanned.documents);
    if scanned.sampled < scanned.documents {
        let missing = scanned.documents - scanned.sampled;
        gaps.push(Gap { what: "a file is not in the sample: numbers are estimates".to_owned(), count: missing });
    }
    for known in state.documents.values() {
        gaps.extend(known.problems.iter().map(|(word, count)| Gap { what: said(word), count: *count }));
    }
    scanned.gaps = joined(gaps);
    Ok(scanned)
}

/// The first files whose bytes the budget covers. It stops at the first that it does not: passing over large ones would choose
/// by size.
fn sample(all: &[File], budget: u64) -> &[File] {
    let mut left = budget;
    let fits = all.iter().take_while(|file| match left.checked_sub(file.mark.0) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    let count = fits.count();
    all.get(..count).unwrap_or_default()
}

fn look(tree: &dyn Tree, file: &File, options: &Options, by: (&Classes, &Fingerprinter)) -> Option<Known> {
    let mut reader = tree.regular(&file.path, 0).ok()?;
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let tallied = classified(&name, &mut reader, &options.limits, by.0, by.1);
    let mut problems = BTreeMap::new();
    for problem in &tallied.reading.problems {
        *problems.entry(problem.fault.word().to_owned()).or_default() += 1;
    }
    *problems.entry("bound".to_owned()).or_default() += tallied.reading.more_problems;
    problems.retain(|_, count| *count > 0);
    Some(Known { mark: file.mark, records: tallied.records, problems })
}

fn held(state: &State, all: u64) -> Vec<Held> {
    let mut counts: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for known in state.documents.values() {
        for (class, records) in &known.records {
            counts.entry(class).or_default().push(*records);
        }
    }
    let read = state.documents.len() as u64;
    counts
        .into_iter()
        .map(|(class, counts)| Held { class: class.to_owned(), estimate: Estimate::of(&counts, read, all) })
        .collect()
}

pub(crate) fn said(word: &str) -> String {
    match word {
        "bound" => "a bound was reached: the rest of a document was not read",
        "broken" => "a document is broken: it was read as far as it goes",
        "encrypted" => "a document is encrypted",
        "encoding" => "a document is not in the encoding that it claims",
        "polyglot" => "a document is two formats at once: both were read",
        _ => "a document is of a form that is not read",
    }
    .to_owned()
}

pub(crate) fn joined(gaps: Vec<Gap>) -> Vec<Gap> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    gaps.into_iter().for_each(|gap| *all.entry(gap.what).or_default() += gap.count);
    all.into_iter().map(|(what, count)| Gap { what, count }).collect()
}
