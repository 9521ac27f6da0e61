//! Parts of a message: headers, encodings of transfer, boundaries.

use crate::Fault;
use crate::bytes::{latin1, stretch};
use crate::door::{At, Door};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Parts in parts.
const MAX_DEPTH: usize = 16;
/// Parts of one part.
const MAX_PARTS: usize = 10_000;

/// Base 64 as it comes: with or without padding, whatever bits are left.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads the message or part `whole`.
pub(super) fn read(door: &mut Door<'_>, at: &At, whole: &[u8], depth: usize) {
    let (headers, body) = split(whole);
    let headers = unfolded(headers);
    let field = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if depth == 0 {
        let lines: String = headers.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
        door.text(&at.inner("headers"), "mail", lines.as_bytes());
    }
    let kind = field("content-type").unwrap_or("text/plain").to_owned();
    let lower = kind.to_ascii_lowercase();
    if let Some(boundary) = parameter(&kind, "boundary").filter(|_| lower.starts_with("multipart/")) {
        return parts(door, at, body, &boundary, depth);
    }
    let transfer = field("content-transfer-encoding").unwrap_or_default().trim().to_ascii_lowercase();
    let (content, broken) = decoded(body, &transfer);
    let name = field("content-disposition").and_then(|value| parameter(value, "filename")).or(parameter(&kind, "name"));
    let name = name.unwrap_or_else(|| if lower.starts_with("text/html") { "body.html" } else { "body" }.to_owned());
    let inner = at.inner(&name);
    if broken {
        door.problem(&inner, Fault::Broken, "its base 64 breaks off: it was read as far as it goes");
    }
    if lower.starts_with("message/rfc822") && depth < MAX_DEPTH {
        return read(door, &inner, &content, depth + 1);
    }
    let charset = parameter(&kind, "charset").unwrap_or_default().to_ascii_lowercase();
    let western = ["iso-8859-1", "iso-8859-15", "windows-1252", "latin1", "cp1252"].contains(&charset.as_str());
    match western && lower.starts_with("text/") {
        true => door.document(&inner, &mut latin1(&content).as_bytes()),
        false => door.document(&inner, &mut content.as_slice()),
    }
}

fn parts(door: &mut Door<'_>, at: &At, body: &[u8], boundary: &str, depth: usize) {
    if depth >= MAX_DEPTH {
        door.problem(at, Fault::Bound, format!("parts lie more than {MAX_DEPTH} deep: they were read as text"));
        return door.text(at, "mail", body);
    }
    let mark = format!("--{boundary}");
    let mut starts = memchr::memmem::find_iter(body, mark.as_bytes())
        .filter(|at| *at == 0 || body.get(at - 1) == Some(&b'\n'))
        .peekable();
    if starts.peek().is_none() {
        door.problem(at, Fault::Broken, "no part begins with its boundary: it was read as text");
        return door.text(at, "mail", body);
    }
    door.text(at, "mail", stretch(body, 0, starts.peek().copied().unwrap_or(0)));
    let mut number = 0;
    while let Some(start) = starts.next() {
        let from = start + mark.len();
        let rest = body.get(from..).unwrap_or_default();
        let end = starts.peek().map_or(rest.len(), |next| next - from);
        if rest.starts_with(b"--") {
            // What follows the last boundary is shown by nobody and read here.
            door.text(at, "mail", stretch(rest, 2, end));
            continue;
        }
        number += 1;
        if number > MAX_PARTS {
            return door.problem(at, Fault::Bound, format!("there are more than {MAX_PARTS} parts"));
        }
        let part = super::after_line(stretch(rest, 0, end));
        read(door, &at.inner(&format!("part {number}")), part, depth + 1);
    }
}

/// Headers and what follows the empty line.
fn split(whole: &[u8]) -> (&[u8], &[u8]) {
    if whole.starts_with(b"\n") || whole.starts_with(b"\r\n") {
        return (&[], super::after_line(whole));
    }
    let plain = memchr::memmem::find(whole, b"\n\n").map(|at| (at, 2));
    let carriage = memchr::memmem::find(whole, b"\n\r\n").map(|at| (at, 3));
    match [plain, carriage].into_iter().flatten().min() {
        Some((at, length)) => (stretch(whole, 0, at), whole.get(at + length..).unwrap_or_default()),
        None => (whole, &[]),
    }
}

/// Names in lower case and values, their lines joined and their words decoded.
fn unfolded(headers: &[u8]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in headers.split(|byte| *byte == b'\n').take(10_000) {
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        match (text.starts_with([' ', '\t']), all.last_mut(), text.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(text.trim());
            }
            (_, _, Some((name, value))) => all.push((name.trim().to_ascii_lowercase(), value.trim().to_owned())),
            _ => {}
        }
    }
    all.into_iter().map(|(name, value)| (name, words(&value))).collect()
}

/// `=?utf-8?B?…?=` read.
fn words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(start) = rest.find("=?") {
        let (before, word) = rest.split_at(start);
        let mut fields = word.get(2..).unwrap_or_default().splitn(4, '?');
        let all = (fields.next(), fields.next(), fields.next(), fields.next());
        let (Some(charset), Some(kind), Some(text), Some(after)) = all else { break };
        let Some(after) = after.strip_prefix('=') else { break };
        out.push_str(before);
        let bytes = match kind {
            "B" | "b" => decoded(text.as_bytes(), "base64").0,
            _ => quoted(text.replace('_', " ").as_bytes()),
        };
        match charset.to_ascii_lowercase().starts_with("iso-8859") {
            true => out.push_str(&latin1(&bytes)),
            false => out.push_str(&String::from_utf8_lossy(&bytes)),
        }
        rest = after;
    }
    out + rest
}

/// The value of `name=` in a header.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|field| {
        let (key, text) = field.split_once('=')?;
        let key = key.trim().to_ascii_lowercase();
        let plain = key == name || key == format!("{name}*");
        let text = text.trim().trim_matches('"');
        plain.then(|| text.rsplit("''").next().unwrap_or(text).to_owned()).filter(|text| !text.is_empty())
    })
}

/// The content behind an encoding of transfer, and whether that is broken.
fn decoded(body: &[u8], transfer: &str) -> (Vec<u8>, bool) {
    match transfer {
        "base64" => {
            let symbol = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
            let symbols: Vec<u8> = body.iter().filter(symbol).copied().collect();
            let whole = symbols.len() - usize::from(symbols.len() % 4 == 1);
            let bytes = BASE64.decode(symbols.get(..whole).unwrap_or_default()).unwrap_or_default();
            (bytes, whole != symbols.len())
        }
        "quoted-printable" => (quoted(body), false),
        _ => (body.to_vec(), false),
    }
}

/// Quoted-printable.
fn quoted(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'=', rest) {
        out.extend_from_slice(stretch(rest, 0, at));
        rest = rest.get(at + 1..).unwrap_or_default();
        let byte = rest
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        let skipped = match (byte, rest) {
            (Some(byte), _) => {
                out.push(byte);
                2
            }
            (None, [b'\r', b'\n', ..]) => 2,
            (None, [b'\n', ..]) => 1,
            _ => {
                out.push(b'=');
                0
            }
        };
        rest = rest.get(skipped..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}
