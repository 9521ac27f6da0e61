//! Records from files, folders, lines and archives.

use crate::archive::{self, Member};
use firebreak_advisory::{Reading, Record, read, read_line};
use firebreak_model::{Position, Problem, Text};
use firebreak_world::Disk;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// How much is read at most, so that no file can ask for more than there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of one document.
    pub document: u64,
    /// Bytes that one archive may give.
    pub archive: u64,
    /// Files in one archive.
    pub members: u64,
}

impl Default for Limits {
    /// Several times what the largest public database has.
    fn default() -> Limits {
        Limits { document: 64 << 20, archive: 64 << 30, members: 8_000_000 }
    }
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gathered {
    /// The records, in the order of files.
    pub records: Vec<Record>,
    /// How many documents were read: files, members of archives, lines.
    pub documents: u64,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// What is being read, and who hears of it.
struct Gathering<'t> {
    all: Gathered,
    /// Hears how many documents were read.
    tell: &'t mut dyn FnMut(u64),
}

impl Gathering<'_> {
    /// Notes a problem with `input`.
    fn problem(&mut self, input: &str, reason: impl Into<String>, hint: &str) {
        self.all.problems.push(Problem {
            source: Text::new_static("advisory"),
            position: Position { input: input.to_owned(), ..Position::default() },
            reason: reason.into(),
            hint: hint.to_owned(),
        });
    }

    fn add(&mut self, reading: Reading) {
        self.all.documents += 1;
        self.all.records.extend(reading.records);
        self.all.problems.extend(reading.problems);
        (self.tell)(self.all.documents);
    }
}

/// Endings of files that are read in folders and archives.
const DOCUMENTS: [&str; 4] = [".json", ".ndjson", ".jsonl", ".json.gz"];
/// Endings of archives that are read in folders.
const ARCHIVES: [&str; 4] = [".zip", ".tar", ".tar.gz", ".tgz"];

fn ends_with(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether a name in an archive is one of a document.
pub(crate) fn is_document(name: &str) -> bool {
    ends_with(name, &DOCUMENTS)
}

/// Everything below `paths`: files as they are named, folders by the endings of what is in them. `tell` hears after each document
/// how many were read.
pub fn gather(disk: &dyn Disk, paths: &[PathBuf], limits: Limits, tell: &mut dyn FnMut(u64)) -> Gathered {
    let mut gathered = Gathering { all: Gathered::default(), tell };
    for path in paths {
        if !disk.is_directory(path) {
            file(disk, path, limits, &mut gathered);
            continue;
        }
        match disk.walk(path) {
            Ok(walked) => {
                for (folder, error) in &walked.unread {
                    let input = folder.display().to_string();
                    gathered.problem(
                        &input,
                        format!("cannot be listed: {error}"),
                        "check the path and its permissions",
                    );
                }
                let found = walked.files;
                let read = |name: &Path| ends_with(&name.to_string_lossy(), &[&DOCUMENTS[..], &ARCHIVES[..]].concat());
                found
                    .iter()
                    .filter(|found| read(&found.path))
                    .for_each(|found| file(disk, &found.path, limits, &mut gathered));
            }
            Err(error) => gathered.problem(
                &path.display().to_string(),
                format!("cannot be listed: {error}"),
                "check the path and its permissions",
            ),
        }
    }
    gathered.all
}

fn file(disk: &dyn Disk, path: &Path, limits: Limits, gathered: &mut Gathering<'_>) {
    let input = path.display().to_string();
    if let Err(error) = read_file(disk, path, &input, limits, gathered) {
        gathered.problem(&input, format!("cannot be read: {error}"), "check the file and its permissions");
    }
}

/// What a file is, is told by its first bytes; only lines are told by the name.
fn read_file(
    disk: &dyn Disk,
    path: &Path,
    input: &str,
    limits: Limits,
    gathered: &mut Gathering<'_>,
) -> io::Result<()> {
    let mut head = Vec::new();
    disk.open(path, 0)?.take(512).read_to_end(&mut head)?;
    let opened = BufReader::with_capacity(1 << 20, disk.open(path, 0)?);
    match head.as_slice() {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => {
            archive::zip(disk, path, limits, &is_document, &mut |member| take(input, member, limits, gathered))
        }
        [0x1f, 0x8b, ..] => {
            let unpacked = flate2::bufread::MultiGzDecoder::new(opened);
            let mut unpacked = BufReader::with_capacity(1 << 16, unpacked);
            if archive::is_tar(unpacked.fill_buf()?) {
                return archive::tar(unpacked, limits, &mut |member| take(input, member, limits, gathered));
            }
            let inner = input.strip_suffix(".gz").unwrap_or(input).to_owned();
            document(unpacked.take(limits.archive), input, &inner, limits, gathered)
        }
        head if archive::is_tar(head) => {
            archive::tar(opened, limits, &mut |member| take(input, member, limits, gathered))
        }
        _ => document(opened, input, input, limits, gathered),
    }
}

/// One document, or lines of them where the name says so.
fn document(from: impl Read, input: &str, name: &str, limits: Limits, gathered: &mut Gathering<'_>) -> io::Result<()> {
    if ends_with(name, &[".ndjson", ".jsonl"]) {
        return lines(BufReader::new(from), input, limits, gathered);
    }
    let mut bytes = Vec::new();
    from.take(limits.document + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limits.document {
        too_large(input, limits, gathered);
    } else {
        gathered.add(read(input, &bytes));
    }
    Ok(())
}

fn too_large(input: &str, limits: Limits, gathered: &mut Gathering<'_>) {
    let reason = format!("more than the {} bytes of one document that are read", limits.document);
    gathered.problem(input, reason, "split it, or write one record a line into a file that ends in `.ndjson`");
}

fn lines(mut from: impl BufRead, input: &str, limits: Limits, gathered: &mut Gathering<'_>) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = (&mut from).take(limits.document + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        if read as u64 > limits.document {
            // Where the next line begins is not known without reading on: a hostile line may have no end.
            too_large(&format!("{input}:{number}"), limits, gathered);
            break;
        }
        if !line.trim_ascii().is_empty() {
            gathered.add(read_line(input, number, &line));
        }
    }
    Ok(())
}

/// One member of an archive.
fn take(input: &str, member: Member<'_>, limits: Limits, gathered: &mut Gathering<'_>) -> io::Result<()> {
    let (name, from) = match member {
        Member::File(name, from) => (name, from),
        Member::Problem(name, reason) => {
            let input = if name.is_empty() { input.to_owned() } else { format!("{input}!/{name}") };
            gathered.problem(&input, reason, "fetch the archive again");
            return Ok(());
        }
    };
    let input = format!("{input}!/{name}");
    if !name.to_ascii_lowercase().ends_with(".gz") {
        return document(from, &input, &name, limits, gathered);
    }
    let inner = name.get(..name.len() - 3).unwrap_or_default().to_owned();
    let unpacked = flate2::read::MultiGzDecoder::new(from).take(limits.archive);
    document(unpacked, &input, &inner, limits, gathered)
}

#[cfg(test)]
mod tests;
