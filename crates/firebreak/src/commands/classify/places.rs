//! Where each finding stands, for whoever has to go there and look.

use super::End;
use super::shown::{plain, show_gaps};
use crate::config::store::StoreConfig;
use crate::output::{Output, counted};
use crate::redaction;
use crate::scanning::{Target, classes, letters, options, unscanned};
use anyhow::{Result, bail};
use firebreak_stores::stores::git::{GitPlace, git_places};
use firebreak_stores::{Gap, Means, Place, places};
use firebreak_world::{RealPrograms, RealTree, World};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A finding of one file.
#[derive(Serialize)]
struct InFile<'a> {
    file: &'a Path,
    #[serde(flatten)]
    place: &'a Place,
}

#[derive(Serialize)]
struct Places<'a> {
    places: u64,
    files: u64,
    gaps: &'a [Gap],
}

pub(super) fn tell(target: &Target, store: &StoreConfig, output: Output) -> Result<End> {
    match target {
        Target::Directory(root) => in_directory(root, store, output),
        Target::Git(path) => in_repository(path, store, output),
        Target::Postgres(_) | Target::S3(_) | Target::Drive(_) | Target::Slack(_) => {
            bail!(
                "places are told of directories and repositories alone\nhint: leave --places out: of a database it says in which tables and columns"
            )
        }
    }
}

fn in_directory(root: &Path, store: &StoreConfig, output: Output) -> Result<End> {
    let mut files = BTreeSet::<PathBuf>::new();
    let mut found = 0;
    let mut each = |path: &Path, place: &Place| {
        let file = path.strip_prefix(root).unwrap_or(path);
        found += 1;
        files.insert(file.to_path_buf());
        output.text(line(&file.to_string_lossy(), place));
        output.object("place", &InFile { file, place });
    };
    let gaps = with_means(store, |means| places(&RealTree, root, means, &mut each))?;
    let gaps = gaps.map_err(|error| unscanned(error, root))?;
    end(found, files.len() as u64, &gaps, output);
    Ok(End::Done)
}

/// Does `what` with all that is read with; nothing is kept from one run to the next.
fn with_means<T>(store: &StoreConfig, what: impl FnOnce(&Means<'_>) -> T) -> Result<T> {
    let ((_, classes), letters) = (classes(store)?, letters(store)?);
    let key = redaction::for_this_run(&World::offline());
    Ok(what(&Means {
        options: &options(store),
        classes: &classes,
        fingerprinter: &key,
        letters: letters.as_ref(),
        wait: &std::thread::sleep,
        stop: &|| false,
    }))
}

fn in_repository(path: &Path, store: &StoreConfig, output: Output) -> Result<End> {
    let mut files = BTreeSet::<String>::new();
    let mut found = 0;
    let mut each = |place: &GitPlace| {
        found += 1;
        let file = place.file.clone().unwrap_or_else(|| format!("blob {}", place.blob));
        output.text(line(&file, &place.place));
        output.paragraph(2, when(place).trim_start());
        files.insert(file);
        output.object("place", place);
    };
    let gaps = with_means(store, |means| git_places(&RealPrograms, path, means, &mut each))?;
    let gaps = gaps.map_err(|error| unscanned(error, path))?;
    end(found, files.len() as u64, &gaps, output);
    Ok(End::Done)
}

fn end(places: u64, files: u64, gaps: &[Gap], output: Output) {
    output.text(format!("{} in {}", counted(places, "finding"), counted(files, "file")));
    show_gaps(gaps, output);
    output.object("places", &Places { places, files, gaps });
}

/// ` (since 1d1addb9784a, removed by c36aa3dea667, still in the history)`.
fn when(place: &GitPlace) -> String {
    let short = |id: &str| id.chars().take(12).collect::<String>();
    match (&place.commit, &place.removed) {
        (None, _) => " (no commit leads to it)".to_owned(),
        (Some(since), None) if place.now => format!(" (since {})", short(since)),
        (Some(since), None) => format!(" (since {}, still in the history)", short(since)),
        (Some(since), Some(by)) => {
            format!(" (since {}, removed by {}, still in the history)", short(since), short(by))
        }
    }
}

/// `notes.txt:120-131 ssn (us), high: nine digits in groups; `ssn` before it`.
fn line(file: &str, place: &Place) -> String {
    let inside = if place.inside.is_empty() { String::new() } else { format!(" > {}", place.inside) };
    let bytes = place.bytes.as_ref().map_or_else(String::new, |bytes| format!(":{}-{}", bytes.start, bytes.end));
    let provider = place.provider.as_ref().map_or_else(String::new, |provider| format!(" ({provider})"));
    let confidence = format!("{:?}", place.confidence).to_ascii_lowercase();
    format!("{}{inside}{bytes} {}{provider}, {confidence}: {}", plain(file), place.class, place.why)
}
