//! Recordings: how long they are and what their containers call them (MP4, WebM, WAV, MP3). No voice, no face.

mod boxes;
mod ebml;

use super::Format;
use crate::bytes::{Bytes, utf16};
use crate::door::{At, Door};
use crate::names;
use std::io::{self, Read};

/// Recordings.
pub(crate) static FORMAT: Format = Format { name: "media", knows: |head| kind(head.bytes).is_some(), read };

/// The longest field of a container that is read, in bytes.
const MAX_FIELD: u64 = 1 << 20;

fn kind(head: &[u8]) -> Option<&'static str> {
    let riff = |form: &[u8]| head.starts_with(b"RIFF") && head.get(8..12) == Some(form);
    let found = [
        (head.get(4..8) == Some(b"ftyp"), "mp4"),
        (head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]), "webm"),
        (riff(b"WAVE"), "wav"),
        (riff(b"AVI "), "avi"),
        (head.starts_with(b"ID3"), "mp3"),
        (head.starts_with(b"OggS"), "ogg"),
        (head.starts_with(b"fLaC"), "flac"),
    ];
    found.into_iter().find(|(is, _)| *is).map(|(_, kind)| kind)
}

/// What is known of a recording.
#[derive(Default)]
pub(crate) struct Recording {
    seconds: Option<f64>,
    lines: String,
    /// Whether the container breaks off or is not read.
    broken: Option<&'static str>,
}

impl Recording {
    fn line(&mut self, name: &str, text: &str) {
        let text = text.trim_matches(['\0', ' ', '\n']);
        if !text.is_empty() && self.lines.len() < 4 << 20 {
            self.lines.push_str(&format!("{name}: {text}\n"));
        }
    }
}

/// Passes over `length` bytes; false where there are fewer.
fn skip(input: &mut dyn Read, length: u64) -> bool {
    io::copy(&mut input.take(length), &mut io::sink()).is_ok_and(|skipped| skipped == length)
}

/// The next `length` bytes.
fn bytes(input: &mut dyn Read, length: u64) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    input.take(length).read_to_end(&mut read).ok()?;
    (read.len() as u64 == length).then_some(read)
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    let mut head = vec![0; 16];
    let head = super::text::next(input, &mut head).unwrap_or_default().to_vec();
    let kind = kind(&head).unwrap_or("media");
    let mut recording = Recording::default();
    let mut whole = io::Cursor::new(head).chain(input);
    match kind {
        "mp4" => boxes::read(&mut whole, &mut recording),
        "webm" => ebml::read(&mut whole, &mut recording),
        "wav" | "avi" => riff(&mut whole, &mut recording),
        "mp3" => id3(&mut whole, &mut recording),
        _ => recording.broken = Some("its container is known by its name alone"),
    }
    if let Some(what) = recording.broken {
        door.problem(at, crate::Fault::Broken, what);
    }
    let lines = match recording.seconds {
        Some(seconds) => format!("duration: {seconds:.0} s\n{}", recording.lines),
        None => recording.lines.clone(),
    };
    door.text(at, "media", lines.as_bytes());
    let told = names::interview(&at.place).or(names::interview(&at.name));
    let Some(word) = told.or_else(|| recording.lines.lines().find_map(names::interview)) else { return };
    // Nobody is interviewed in less than a minute.
    let long = recording.seconds.is_some_and(|seconds| seconds >= 60.0);
    let length = recording.seconds.map(|seconds| format!(", and it is {seconds:.0} s long")).unwrap_or_default();
    if long || recording.seconds.is_none() {
        door.sign(at, "interview_recording", kind, long, format!("its name or title says `{word}`{length}"));
    }
}

/// Chunks of WAV and AVI.
fn riff(input: &mut dyn Read, recording: &mut Recording) {
    let mut rate = None;
    if !skip(input, 12) {
        return;
    }
    while let Some(head) = bytes(input, 8) {
        let length = Bytes::from(&head, 4).le32().unwrap_or(0);
        let padded = u64::from(length) + u64::from(length % 2);
        match head.get(..4) {
            Some(b"fmt ") if u64::from(length) <= MAX_FIELD => {
                let format = bytes(input, padded).unwrap_or_default();
                rate = Bytes::from(&format, 8).le32().filter(|rate| *rate > 0);
            }
            Some(b"LIST") if u64::from(length) <= MAX_FIELD => {
                let list = bytes(input, padded).unwrap_or_default();
                let mut fields = Bytes::from(&list, 4);
                while let (Some(name), Some(length)) = (fields.take(4), fields.le32()) {
                    let Some(text) = fields.take(length as usize) else { break };
                    recording.line(&crate::bytes::latin1(name), &String::from_utf8_lossy(text));
                    fields.take((length % 2) as usize);
                }
            }
            Some(b"data") => {
                recording.seconds = rate.map(|rate| f64::from(length) / f64::from(rate));
                if !skip(input, padded) {
                    recording.broken = Some("the container breaks off");
                    return;
                }
            }
            _ => {
                if !skip(input, padded) {
                    recording.broken = Some("the container breaks off");
                    return;
                }
            }
        }
    }
}

/// Fields of text before an MP3.
fn id3(input: &mut dyn Read, recording: &mut Recording) {
    let Some(head) = bytes(input, 10) else { return };
    let seven = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| number << 7 | u64::from(byte & 0x7f));
    let newer = head.get(3) == Some(&4);
    let length = seven(head.get(6..10).unwrap_or_default());
    let mut tag = Vec::new();
    if length > 16 << 20 || input.take(length).read_to_end(&mut tag).is_err() {
        recording.broken = Some("its fields are longer than is read");
        return;
    }
    let mut fields = Bytes::new(&tag);
    while let (Some(name), Some(size)) = (fields.take(4), fields.take(4)) {
        let plain = Bytes::new(size).be32().unwrap_or(0).into();
        let size = if newer { seven(size) } else { plain };
        let Some(body) = fields.take(2).and_then(|_| fields.take(size as usize)) else { break };
        let (first, text) = body.split_first().unwrap_or((&0, &[]));
        if !matches!(name.first(), Some(b'T' | b'C')) {
            continue;
        }
        let text = match (first, text) {
            (1, [0xfe, 0xff, rest @ ..]) | (2, rest) => utf16(rest, true),
            (1, [0xff, 0xfe, rest @ ..]) => utf16(rest, false),
            (3, text) => String::from_utf8_lossy(text).into_owned(),
            (_, text) => crate::bytes::latin1(text),
        };
        if name == b"TLEN" {
            recording.seconds = text.trim().parse::<f64>().ok().map(|milliseconds| milliseconds / 1_000.0);
        }
        recording.line(&crate::bytes::latin1(name), &text);
    }
}
