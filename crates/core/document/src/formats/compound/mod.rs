//! Office files of before 2007 and messages of Outlook: Word, Excel, PowerPoint and mail in compound files.

mod file;
mod sheet;
mod word;

use super::Format;
use crate::Fault;
use crate::bytes::{Bytes, latin1, stretch, utf16};
use crate::door::{At, Door};
use file::{File, Stream};
use std::io::Read;

/// Compound files.
pub(crate) static FORMAT: Format =
    Format { name: "compound", knows: |head| head.bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), read };

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| {
        match File::open(whole) {
            Some((file, streams)) => parts(door, at, file, &streams),
            None => door.problem(at, Fault::Broken, "its head is none of a compound file"),
        }
        super::also(door, at, whole, "compound");
    });
}

fn parts(door: &mut Door<'_>, at: &At, mut file: File<'_>, streams: &[Stream]) {
    let mut unread = 0_u64;
    for stream in streams {
        let inner = at.inner(stream.name.trim_start_matches(|char: char| char.is_control()));
        match stream.name.as_str() {
            "EncryptedPackage" => door.problem(at, Fault::Encrypted, "it is encrypted"),
            "WordDocument" => document(door, &inner, &mut file, streams, stream),
            "Workbook" | "Book" => {
                door.count("xls");
                let bytes = file.read(stream);
                if !sheet::read(door, &inner, &bytes) {
                    door.problem(at, Fault::Encrypted, "it is encrypted");
                }
            }
            "PowerPoint Document" => {
                door.count("ppt");
                let text = slides(&file.read(stream));
                door.text(&inner, "ppt", text.as_bytes());
            }
            "Package" | "CONTENTS" => {
                let bytes = file.read(stream);
                door.document(&inner, &mut bytes.as_slice());
            }
            "\u{5}SummaryInformation" | "\u{5}DocumentSummaryInformation" => {
                let text = open_text(&file.read(stream));
                door.text(&inner, "compound", text.as_bytes());
            }
            name if name.starts_with("__substg1.0_") => property(door, &inner, &mut file, stream),
            // Tables and shapes of documents that were read; other programs' streams are counted.
            "0Table"
            | "1Table"
            | "Data"
            | "Pictures"
            | "Current User"
            | "\u{1}CompObj"
            | "\u{1}Ole"
            | "\u{3}ObjInfo"
            | "EncryptionInfo"
            | "__properties_version1.0" => {}
            _ => unread += 1,
        }
        if door.spent() {
            return door.problem(at, Fault::Bound, "the rest of its streams was not read");
        }
    }
    if unread > 0 {
        door.problem(at, Fault::Unknown, format!("{unread} streams in it (programs, objects) are not read"));
    }
    if file.broken > 0 {
        door.problem(at, Fault::Broken, format!("{} chains of its sectors break off or run in a circle", file.broken));
    }
}

fn document(door: &mut Door<'_>, at: &At, file: &mut File<'_>, streams: &[Stream], stream: &Stream) {
    door.count("doc");
    let bytes = file.read(stream);
    let tables: Vec<(String, Vec<u8>)> = streams
        .iter()
        .filter(|stream| matches!(stream.name.as_str(), "0Table" | "1Table"))
        .map(|stream| (stream.name.clone(), file.read(stream)))
        .collect();
    let table =
        |name: &str| tables.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes.clone()).unwrap_or_default();
    match word::text(&bytes, table) {
        Ok(Some(text)) => door.text(at, "doc", text.as_bytes()),
        Ok(None) => door.problem(at, Fault::Broken, "the table that puts its text in order cannot be read"),
        Err(()) => door.problem(at, Fault::Encrypted, "it is encrypted"),
    }
}

/// The text of slides: records one after the other, those that hold others opened.
fn slides(stream: &[u8]) -> String {
    let (mut text, mut at) = (String::new(), 0_usize);
    while let Some(head) = stream.get(at..at.saturating_add(8)) {
        let mut bytes = Bytes::new(head);
        let (Some(version), Some(kind), Some(length)) = (bytes.le16(), bytes.le16(), bytes.le32()) else { break };
        at += 8;
        if version & 15 == 15 {
            continue;
        }
        let body = stretch(stream, at, length as usize);
        let said = match kind {
            0x0fa0 | 0x0fba => utf16(body, false),
            0x0fa8 => latin1(body),
            _ => String::new(),
        };
        if !said.is_empty() {
            text.push_str(&said.replace(['\r', '\u{b}'], "\n"));
            text.push('\n');
        }
        at = at.saturating_add(length as usize);
    }
    text
}

/// A property of a message: what it is and how it is written stand in its name.
fn property(door: &mut Door<'_>, at: &At, file: &mut File<'_>, stream: &Stream) {
    let code = stream.name.get(12..20).unwrap_or_default();
    let (what, kind) = code.split_at_checked(4).unwrap_or_default();
    let bytes = file.read(stream);
    match (what, kind) {
        // The message as HTML, and what is attached to it.
        ("1013", _) | ("3701", "0102") => door.document(at, &mut bytes.as_slice()),
        (_, "001F" | "001E") => {
            let label = match what {
                "0037" => "Subject: ",
                "0C1A" | "0042" => "From: ",
                "0C1F" | "5D01" | "5D02" => "From address: ",
                "0E04" => "To: ",
                "0E03" => "Cc: ",
                _ => "",
            };
            let text = if kind == "001F" { utf16(&bytes, false) } else { latin1(&bytes) };
            door.text(at, "msg", format!("{label}{text}\n").as_bytes());
        }
        _ => {}
    }
}

/// Runs of letters in bytes of which nothing else is known: titles, authors, what somebody noted.
fn open_text(bytes: &[u8]) -> String {
    let runs = bytes.split(|byte| !(byte.is_ascii_graphic() || *byte == b' ' || *byte >= 0xa0));
    runs.filter(|run| run.len() >= 4).map(|run| latin1(run) + "\n").collect()
}
