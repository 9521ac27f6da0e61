//! Bundles: the whole ledger in one file of lines, and the check that needs nothing but it and a key.
//!
//! A bundle is a header line, one line for each record, and one for each checkpoint, all written in exactly one way, so
//! that there is no byte that may differ. It is not a backup format: withheld records cannot be brought back from it.

use crate::key::VerifierKey;
use crate::note;
use crate::record::{self, Line};
use crate::tree::{Hash, Tree, leaf_hash};
use serde_json::{Value, json};

/// What a bundle that verifies shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The ledger's origin.
    pub origin: String,
    /// How many records it has, withheld ones too.
    pub entries: u64,
    /// How many of them are withheld.
    pub withheld: u64,
    /// The root over them.
    pub root: Hash,
    /// How many signed checkpoints, each of which is consistent with all records.
    pub checkpoints: u64,
}

/// What is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// In which file below the ledger's directory, where a ledger on disk was checked.
    pub file: Option<String>,
    /// At which record, where it is one.
    pub entry: Option<u64>,
    /// At which byte: where the damaged line begins, or the damage itself.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    pub(crate) fn at(offset: usize, what: impl Into<String>) -> Fault {
        Fault { file: None, entry: None, offset: Some(offset as u64), what: what.into() }
    }

    pub(crate) fn within(mut self, file: &str) -> Fault {
        self.file = Some(file.to_owned());
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        let mut separator = " (";
        let mut place = |f: &mut std::fmt::Formatter<'_>, text: String| {
            let written = write!(f, "{separator}{text}");
            separator = ", ";
            written
        };
        if let Some(file) = &self.file {
            place(f, format!("file `{file}`"))?;
        }
        if let Some(entry) = self.entry {
            place(f, format!("record {entry}"))?;
        }
        if let Some(offset) = self.offset {
            place(f, format!("byte {offset}"))?;
        }
        if separator == ", " { f.write_str(")") } else { Ok(()) }
    }
}

impl std::error::Error for Fault {}

/// The first line of a bundle, with its newline.
pub(crate) fn header(key: &VerifierKey, size: u64, root: &Hash) -> String {
    let fields =
        json!({"format": "firebreak.ledger/1", "key": key.to_string(), "root": hex::encode(root), "size": size});
    format!("{}\n", crate::canonical::text(&fields))
}

/// The line of a checkpoint, with its newline.
pub(crate) fn checkpoint_line(note: &str) -> String {
    format!("{}\n", crate::canonical::text(&json!({"checkpoint": note})))
}

/// Checks a whole bundle: every record against its commitment, all of them against every signed root.
///
/// # Errors
/// The first fault that was found.
pub fn verify_bundle(bytes: &[u8], key: &VerifierKey) -> Result<Verified, Fault> {
    let mut lines = Lines::new(bytes);
    let (offset, first) = lines.next().transpose()?.ok_or_else(|| Fault::at(0, "the bundle is empty"))?;
    let fields: Value = serde_json::from_slice(first).map_err(|_| Fault::at(offset, "the first line is no header"))?;
    let size = fields.get("size").and_then(Value::as_u64).ok_or_else(|| Fault::at(offset, "the header has no size"))?;
    let mut records = Records::default();
    for index in 0..size {
        let found = lines.next().transpose()?;
        let (offset, line) = found.ok_or_else(|| Fault {
            entry: Some(index),
            ..Fault::at(bytes.len(), format!("{size} records were promised and this one is missing"))
        })?;
        records.read(offset, line)?;
    }
    let root = records.tree.root(size).unwrap_or_default();
    if first != header(key, size, &root).trim_end().as_bytes() {
        return Err(Fault::at(offset, "the header does not fit the records and the key"));
    }
    let (mut last, mut checkpoints) = (0, 0);
    for line in lines {
        let (offset, line) = line?;
        last = read_checkpoint(offset, line, last, &records.tree, key)?.1;
        checkpoints += 1;
    }
    if last != size {
        let what = format!("no signed checkpoint covers the records from {last} on");
        return Err(Fault { entry: Some(last), ..Fault::at(bytes.len(), what) });
    }
    Ok(Verified { origin: key.name().to_owned(), entries: size, withheld: records.withheld, root, checkpoints })
}

/// Records read one after the other, and the tree over them.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) tree: Tree,
    pub(crate) commitments: Vec<Hash>,
    pub(crate) withheld: u64,
}

impl Records {
    /// Reads the line of the next record; `offset` is where it begins.
    pub(crate) fn read(&mut self, offset: usize, line: &[u8]) -> Result<Line, Fault> {
        let index = self.commitments.len() as u64;
        let fault = |what: String| Fault { entry: Some(index), ..Fault::at(offset, what) };
        let (line, commitment) = record::read(line, index).map_err(fault)?;
        self.withheld += u64::from(line == Line::Withheld);
        self.commitments.push(commitment);
        self.tree.push(leaf_hash(&commitment));
        Ok(line)
    }
}

/// Checks a checkpoint's line against the tree and the size of the one before. Gives the note and its size.
pub(crate) fn read_checkpoint(
    offset: usize,
    line: &[u8],
    before: u64,
    tree: &Tree,
    key: &VerifierKey,
) -> Result<(String, u64), Fault> {
    let fault = |what: &str| Fault::at(offset, format!("a checkpoint is damaged: {what}"));
    let fields: Value = serde_json::from_slice(line).map_err(|_| fault("its line is not JSON"))?;
    let note = fields.get("checkpoint").and_then(Value::as_str).ok_or_else(|| fault("its line has no note"))?;
    if line != checkpoint_line(note).trim_end().as_bytes() {
        return Err(fault("its line is not written canonically"));
    }
    let checkpoint = note::open(note, key).map_err(|what| fault(&what))?;
    if checkpoint.size < before {
        return Err(fault("it is smaller than the one before"));
    }
    match tree.root(checkpoint.size) {
        Some(root) if root == checkpoint.root => Ok((note.to_owned(), checkpoint.size)),
        Some(_) => Err(Fault::at(offset, format!("the first {} records do not give the signed root", checkpoint.size))),
        None => Err(Fault {
            entry: Some(tree.size()),
            ..Fault::at(offset, format!("{} records were signed and {} are there", checkpoint.size, tree.size()))
        }),
    }
}

/// Lines with where each begins. The last one must end with a newline too.
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Lines<'a> {
        Lines { bytes, offset: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<(usize, &'a [u8]), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.offset;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.offset = start + end + 1;
                Some(Ok((start, rest.get(..end).unwrap_or_default())))
            }
            None => {
                self.offset = self.bytes.len();
                Some(Err(Fault::at(start, "the last line has no end")))
            }
        }
    }
}
