//! Records and their lines: `{"commitment":"…","record":{…},"salt":"…"}`, the same on disk and in a bundle.
//!
//! The commitment is SHA-256 over the 32-byte salt and the record's canonical bytes; it alone enters the tree. Without
//! the salt nobody can guess a withheld record from it. The framing is literal, so that a reader cuts the record's bytes
//! out of the line and needs no canonicaliser of its own.

use crate::canonical;
use crate::key::unhex;
use crate::tree::{Hash, leaf_hash};
use firebreak_model::Time;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One record with its salt.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// Its place in the ledger, from 0.
    pub index: u64,
    /// The caller's name for it: the same id always means the same record.
    pub id: String,
    /// What kind of thing it records.
    pub kind: String,
    /// When it was written, by our clock.
    pub time: Time,
    /// What it says.
    pub body: Value,
    /// Hides it from those who see the commitment alone.
    pub salt: [u8; 32],
}

impl Record {
    /// The canonical text that is committed to.
    pub fn text(&self) -> String {
        text_of(self.index, (&self.id, &self.kind), self.time, &canonical::text(&self.body))
    }

    /// What tells whether two records with one id say the same: kind and body, not time or place.
    pub fn content(&self) -> Hash {
        content(&self.kind, &canonical::text(&self.body))
    }

    /// The line, with its newline, and the commitment in it.
    pub fn line(&self) -> (String, Hash) {
        line_of(&self.text(), &self.salt)
    }
}

/// The canonical text of the record with this body, given as its canonical text.
pub(crate) fn text_of(index: u64, (id, kind): (&str, &str), time: Time, body: &str) -> String {
    let quoted = |text: &str| canonical::text(&Value::from(text));
    let (id, kind, time) = (quoted(id), quoted(kind), quoted(&time.to_string()));
    format!("{{\"body\":{body},\"id\":{id},\"index\":{index},\"kind\":{kind},\"time\":{time}}}")
}

/// The line, with its newline, of a record with this canonical text, and the commitment in it.
pub(crate) fn line_of(text: &str, salt: &[u8; 32]) -> (String, Hash) {
    let commitment = commitment(salt, text.as_bytes());
    let line = format!(
        "{{\"commitment\":\"{}\",\"record\":{text},\"salt\":\"{}\"}}\n",
        hex::encode(commitment),
        hex::encode(salt)
    );
    (line, commitment)
}

/// A digest of what a record says: its kind, and its body as canonical text.
pub(crate) fn content(kind: &str, body: &str) -> Hash {
    let kind_length = (kind.len() as u64).to_be_bytes();
    Sha256::new().chain_update(kind_length).chain_update(kind).chain_update(body).finalize().into()
}

/// The commitment to a record's bytes under a salt.
pub fn commitment(salt: &[u8; 32], record: &[u8]) -> Hash {
    Sha256::new().chain_update(salt).chain_update(record).finalize().into()
}

/// What a line holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Line {
    /// A whole record.
    Whole(Box<Record>),
    /// A record of which only the commitment is shown.
    Withheld,
}

/// The line that shows only that a record is there.
pub fn withheld_line(commitment: &Hash) -> String {
    format!("{{\"commitment\":\"{}\",\"leaf\":\"{}\"}}\n", hex::encode(commitment), hex::encode(leaf_hash(commitment)))
}

/// Reads the line, without its newline, of the record at `index`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn read(line: &[u8], index: u64) -> Result<(Line, Hash), String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8")?;
    let rest = text.strip_prefix("{\"commitment\":\"").ok_or("the line is not a record's")?;
    let (digits, rest) = rest.split_at_checked(64).ok_or("the line is too short")?;
    let stated = unhex(digits).ok_or("the commitment is not 64 hexadecimal digits")?;
    if let Some(rest) = rest.strip_prefix("\",\"leaf\":\"") {
        let leaf = rest.strip_suffix("\"}").and_then(unhex).ok_or("the leaf is not 64 hexadecimal digits")?;
        return match leaf == leaf_hash(&stated) {
            true => Ok((Line::Withheld, stated)),
            false => Err("the leaf is not that of the commitment".to_owned()),
        };
    }
    let rest = rest.strip_prefix("\",\"record\":").ok_or("the line has no record")?;
    let rest = rest.strip_suffix("\"}").ok_or("the line has no end")?;
    let cut = rest.len().checked_sub(64).ok_or("the line is too short")?;
    let (rest, digits) = rest.split_at_checked(cut).ok_or("the salt is not 64 hexadecimal digits")?;
    let salt = unhex(digits).ok_or("the salt is not 64 hexadecimal digits")?;
    let record = rest.strip_suffix(",\"salt\":\"").ok_or("the line has no salt")?;
    if commitment(&salt, record.as_bytes()) != stated {
        return Err("the record or its salt does not fit its commitment".to_owned());
    }
    let parsed = parse(record, salt).ok_or("the record is not one")?;
    if parsed.index != index {
        return Err(format!("the record says that it is number {}", parsed.index));
    }
    if parsed.text() != record {
        return Err("the record is not written canonically".to_owned());
    }
    Ok((Line::Whole(Box::new(parsed)), stated))
}

fn parse(text: &str, salt: [u8; 32]) -> Option<Record> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    let field = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
    Some(Record {
        index: value.get("index")?.as_u64()?,
        id: field(&value, "id")?,
        kind: field(&value, "kind")?,
        time: Time::parse(&field(&value, "time")?)?,
        body: value.get_mut("body")?.take(),
        salt,
    })
}
