//! Office files: Word, Excel, PowerPoint (Office Open XML) and OpenDocument. Text with its lines, tables as rows.

mod sheet;

use super::archive::{Entry, unpacked};
use crate::door::{At, Door};
use crate::markup::{Marked, Reader};
use sheet::{OpenSheet, Shared, Sheet};
use std::io::Read;

/// Which kind of Office file an archive is.
fn kind(entries: &[Entry]) -> Option<&'static str> {
    let has = |start: &str| entries.iter().any(|entry| entry.name.starts_with(start));
    if has("[Content_Types].xml") {
        return ["word/", "xl/", "ppt/"]
            .into_iter()
            .zip(["docx", "xlsx", "pptx"])
            .find(|(at, _)| has(at))
            .map(|(_, kind)| kind);
    }
    (has("mimetype") && has("content.xml") && has("META-INF/manifest.xml")).then_some("opendocument")
}

/// Reads the archive `whole` if it is an Office file.
pub(crate) fn read(door: &mut Door<'_>, at: &At, whole: &[u8], entries: &[Entry]) -> bool {
    let Some(kind) = kind(entries) else { return false };
    door.count(kind);
    let mut shared = Shared::default();
    if kind == "xlsx"
        && let Some(entry) = entries.iter().find(|entry| entry.name.eq_ignore_ascii_case("xl/sharedStrings.xml"))
    {
        let inner = at.inner(&entry.name);
        if let Some(mut reader) = unpacked(door, &inner, whole, entry) {
            door.within(&inner, &mut reader, |door, reader| shared.read(door, &inner, reader));
        }
    }
    for entry in entries.iter().filter(|entry| !entry.name.ends_with('/')) {
        let inner = at.inner(&entry.name);
        let Some(mut reader) = unpacked(door, &inner, whole, entry) else { continue };
        part(door, &inner, kind, &entry.name, &shared, &mut reader);
        if door.spent() {
            door.problem(at, crate::Fault::Bound, "the rest of the file was not read");
            break;
        }
    }
    true
}

fn part(door: &mut Door<'_>, at: &At, kind: &'static str, name: &str, shared: &Shared, reader: &mut dyn Read) {
    let lower = name.to_ascii_lowercase();
    let xml = lower.ends_with(".xml") || lower.ends_with(".rels");
    if !xml {
        return door.document(at, reader);
    }
    door.within(at, reader, |door, reader| {
        if kind == "xlsx" && lower.starts_with("xl/worksheets/") {
            Reader::new(Sheet::new(shared)).read(door, at, kind, true, reader);
        } else if kind == "opendocument" && lower == "content.xml" {
            Reader::new(OpenSheet::default()).read(door, at, kind, false, reader);
        } else {
            // Shared strings that a sheet shows were read with the sheet; those that none shows are still in the file.
            Reader::new(Prose).read(door, at, kind, false, reader);
        }
    });
}

/// Text with a line for each paragraph, and where links lead.
pub(super) struct Prose;

impl Marked for Prose {
    fn tag(&mut self, name: &str, closes: bool, attributes: &[(String, String)], out: &mut Vec<u8>) {
        for (name, value) in attributes.iter().filter(|(name, _)| matches!(name.as_str(), "target" | "href" | "descr"))
        {
            let _ = name;
            out.extend_from_slice(format!(" {value}\n").as_bytes());
        }
        match name {
            "tc" | "table-cell" if closes => out.push(b'\t'),
            "tab" | "s" if !closes => out.push(b' '),
            "p" | "h" | "tr" | "table-row" | "si" | "text" | "creator" | "title" | "lastmodifiedby" | "property"
            | "lpwstr"
                if closes =>
            {
                out.push(b'\n');
            }
            "br" | "line-break" | "cr" if !closes => out.push(b'\n'),
            _ => {}
        }
    }
}
