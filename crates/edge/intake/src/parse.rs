//! One frame to events or quarantine: redaction first, then UTF-8, nesting, JSON, doubled keys, and the source's mapping.

use crate::batch::{Batch, Quarantined};
use crate::cursor::Place;
use crate::framing::is_deeper;
use crate::json;
use crate::options::{Limits, MissingTime, Options, Redact};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, EventUid, Json, Position, Problem, Text, Time};
use std::borrow::Cow;
use std::sync::Arc;

/// Turns the frames of one input into events.
#[derive(Clone, Copy)]
pub(crate) struct Parser<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) options: Options,
    pub(crate) redact: &'a Redact,
    /// When the input was opened.
    pub(crate) received: Time,
}

/// What is known of an input before its records.
#[derive(Clone, Copy)]
pub(crate) struct InputLines<'a> {
    /// How the operator knows it.
    pub(crate) name: &'a str,
    /// Its first line, where that names the columns of the lines after it.
    pub(crate) header: Option<&'a str>,
}

impl Parser<'_> {
    /// Reads one record into `batch`.
    pub(crate) fn record(&self, bytes: &[u8], too_deep: bool, input: InputLines<'_>, place: Place, batch: &mut Batch) {
        let raw: Arc<[u8]> = Arc::from(&*self.redacted(bytes));
        if too_deep {
            return self.quarantine(too_deep_refusal(self.options.limits), raw, input.name, place, batch);
        }
        let parsed = match self.source.framing() {
            Framing::Json { .. } => text(&raw).and_then(|text| Ok((text, object(text)?))),
            Framing::Lines { .. } => text(&raw).map(|text| (text, Json::default())),
        };
        match parsed {
            Ok((text, json)) => self.parts(text, json, &raw, input, place, batch),
            Err(refusal) => self.quarantine(refusal, raw, input.name, place, batch),
        }
    }

    /// The record without secrets: those that any record may hold, then those that only this source's records do.
    fn redacted<'r>(&self, bytes: &'r [u8]) -> Cow<'r, [u8]> {
        match (self.redact)(bytes) {
            Cow::Borrowed(bytes) => self.source.redact(bytes),
            Cow::Owned(bytes) => Cow::Owned(self.source.redact(&bytes).into_owned()),
        }
    }

    /// Reads bytes that may be one record into `batch`. `false`, and nothing is read, unless they are one whole JSON
    /// object that redaction leaves as it is: only then is it certain that the record ends where they do.
    pub(crate) fn guessed(&self, bytes: &[u8], input: &str, place: Place, batch: &mut Batch) -> bool {
        let deep = is_deeper(bytes, self.options.limits.depth_max);
        if deep || matches!(self.redacted(bytes), Cow::Owned(_)) {
            return false;
        }
        let Ok((text, json)) = text(bytes).and_then(|text| Ok((text, object(text)?))) else { return false };
        self.parts(text, json, &Arc::from(bytes), InputLines { name: input, header: None }, place, batch);
        true
    }

    fn parts(&self, text: &str, json: Json, raw: &Arc<[u8]>, lines: InputLines<'_>, place: Place, batch: &mut Batch) {
        let InputLines { name: input, header } = lines;
        let received = (self.options.missing_time == MissingTime::Received).then_some(self.received);
        let (parts, mut json) = (self.source.parts(&json).max(1), json);
        for part in 0..parts {
            let record =
                RawRecord { json: &json, text, input, index: place.record, line: place.line, part, header, received };
            match self.source.map(&record) {
                Ok(mapped) => {
                    let last = part + 1 == parts;
                    let record = || if last { std::mem::take(&mut json) } else { json.clone() };
                    batch.events.push(self.event(mapped, record, raw));
                    batch.read += 1;
                }
                Err(refusal) => self.quarantine(refusal, Arc::clone(raw), input, place, batch),
            }
        }
    }

    fn event(&self, mapped: Mapped, record: impl FnOnce() -> Json, raw: &Arc<[u8]>) -> Event {
        let source = self.source.name();
        Event {
            uid: EventUid::of(source, mapped.native_id.as_bytes()),
            source,
            native_id: mapped.native_id,
            time: mapped.time,
            log_source: mapped.log_source,
            keys: mapped.keys,
            body: mapped.body.unwrap_or_else(record),
            raw: Arc::clone(raw),
        }
    }

    /// Puts a record aside.
    pub(crate) fn quarantine(&self, refusal: Refusal, raw: Arc<[u8]>, input: &str, place: Place, batch: &mut Batch) {
        batch.quarantined.push(Quarantined::new(self.problem(refusal, input, place), raw));
        batch.read += 1;
    }

    /// Puts aside a record that was too long to be held.
    pub(crate) fn too_long(&self, length: u64, sha256: &[u8], input: &str, place: Place, batch: &mut Batch) {
        let limit = self.options.limits.record_bytes_max;
        let reason = format!("one record of {length} bytes, and at most {limit} are read");
        let refusal = Refusal::new(reason, "check what wrote it, or raise `record_bytes_max`");
        let problem = self.problem(refusal, input, place);
        batch.quarantined.push(Quarantined { problem, raw: Arc::from(&[][..]), sha256: hex::encode(sha256) });
        batch.read += 1;
    }

    fn problem(&self, refusal: Refusal, input: &str, place: Place) -> Problem {
        Problem {
            source: Text::new_static(self.source.name()),
            position: Position {
                input: input.to_owned(),
                offset: Some(place.offset),
                record: Some(place.record),
                line: Some(place.line),
            },
            reason: refusal.reason.into_owned(),
            hint: refusal.hint.to_owned(),
        }
    }
}

fn too_deep_refusal(limits: Limits) -> Refusal {
    let reason = format!("nested more than {} levels deep", limits.depth_max);
    Refusal::new(reason, "no platform writes such records; check what wrote it, or raise `depth_max`")
}

fn text(raw: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(raw).map_err(|error| {
        let reason = format!("not UTF-8 at byte {} of the record", error.valid_up_to());
        Refusal::new(reason, "export the log again as UTF-8; the bytes are kept in quarantine as they came")
    })
}

/// One JSON object, checked as a record is.
pub(crate) fn object(text: &str) -> Result<Json, Refusal> {
    let json: Json = sonic_rs::from_str(text).map_err(|error| syntax(text, error.offset()))?;
    if !json::is_object(&json) {
        return Err(Refusal::new("not a JSON object", "check that the input is this source's log"));
    }
    match json::doubled_key(&json) {
        None => Ok(json),
        Some(key) => Err(Refusal::new(
            format!("duplicate key `{}`", shorten(key)),
            "two readers of this record may see two different values: find out who wrote it",
        )),
    }
}

/// Says what is wrong without quoting the record, which may hold anything.
fn syntax(text: &str, offset: usize) -> Refusal {
    // The parser points behind what it could not read.
    let around = text.get(offset.saturating_sub(9)..(offset + 9).min(text.len())).unwrap_or_default();
    if ["NaN", "Infinity"].iter().any(|word| around.contains(word)) {
        let reason = format!("not JSON at byte {offset}: `NaN` or `Infinity` is no JSON number");
        return Refusal::new(reason, "have the writer leave the value out or write null");
    }
    if offset >= text.trim_end().len() {
        return Refusal::new(
            "not JSON: the record is cut off",
            "check whether the writer was stopped; read the rest again",
        );
    }
    Refusal::new(format!("not JSON at byte {offset} of the record"), "check that the input is this source's log")
}

/// At most 64 characters of something that an input controls.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// JSON that stands inside a string of a record, checked as the record itself is.
pub(crate) fn inner(field: &str, text: &str) -> Result<Json, Refusal> {
    const INNER_DEPTH_MAX: u32 = 32;
    let hint = "the field holds JSON as text: check what wrote it";
    if is_deeper(text.as_bytes(), INNER_DEPTH_MAX) {
        return Err(Refusal::new(
            format!("the JSON in `{field}` is nested more than {INNER_DEPTH_MAX} levels deep"),
            hint,
        ));
    }
    let json: Json = sonic_rs::from_str(text)
        .map_err(|error| Refusal::new(format!("the text in `{field}` is not JSON at byte {}", error.offset()), hint))?;
    match json::doubled_key(&json) {
        None => Ok(json),
        Some(key) => Err(Refusal::new(format!("duplicate key `{}` in the JSON in `{field}`", shorten(key)), hint)),
    }
}
