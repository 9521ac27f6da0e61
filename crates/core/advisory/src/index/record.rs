//! One record as bytes: all that it says, so that an index can be merged with what came since.
//!
//! What it says of a package stands with the package's name, where look-ups find it; the record refers to that.

use super::bytes::{Cursor, Writer};
use super::id::{read_id, read_ids, write_id, write_ids};
use super::layout::Section;
use super::{Index, IndexError};
use crate::record::{Affected, Bound, Event, Form, Indicator, Range, RangeKind, Record, Trust};
use firebreak_model::{Text, Time};
use rustc_hash::FxHashMap;

const MALICIOUS: u64 = 1;
const CVE: u64 = 1 << 1;
const MODIFIED: u64 = 1 << 2;
const PUBLISHED: u64 = 1 << 3;
const WITHDRAWN: u64 = 1 << 4;
const USUAL_SUMMARY: u64 = 1 << 5;
/// Aliases, severity and what most records do not have: related, upstream, indicators, conflicts.
const ALIASES: u64 = 1 << 6;
const MORE: u64 = 1 << 7;

/// Texts that are used more than once, by number.
pub(super) type Symbols<'t> = FxHashMap<&'t str, u64>;

/// Where a record's statement about a package stands: place of the name, and how far behind it the statement is.
pub(super) type Posting = (usize, usize);

/// A text by its number, or as it is.
pub(super) fn write_text(out: &mut Writer, symbols: &Symbols<'_>, text: &str) {
    match symbols.get(text) {
        Some(symbol) => out.number(symbol << 1 | 1),
        None => {
            out.number((text.len() as u64) << 1);
            out.bytes.extend_from_slice(text.as_bytes());
        }
    }
}

pub(super) fn read_text<'i>(index: &Index<'i>, cursor: &mut Cursor<'i>) -> Result<&'i str, IndexError> {
    let word = cursor.size("a text")?;
    if word & 1 == 1 {
        return index.symbol(word >> 1);
    }
    let bytes = cursor.take(word >> 1, "a text")?;
    std::str::from_utf8(bytes).map_err(|_| IndexError::Broken("a text", cursor.place()))
}

fn write_time(out: &mut Writer, time: Time) {
    // Most are whole seconds; the sign goes to the lowest bit.
    let (whole, number) = if time.0 % 1_000_000 == 0 { (1, time.0 / 1_000_000) } else { (0, time.0) };
    let folded = (number << 1 ^ number >> 63) as u64;
    out.number(folded.wrapping_shl(1) | whole);
    // What the shift lost.
    if folded >> 63 == 1 && whole == 0 {
        out.bytes.push(1);
    } else if whole == 0 {
        out.bytes.push(0);
    }
}

fn read_time(cursor: &mut Cursor<'_>) -> Result<Time, IndexError> {
    let word = cursor.number("a time")?;
    let mut folded = word >> 1;
    if word & 1 == 0 {
        folded |= u64::from(cursor.byte("a time")? & 1) << 63;
    }
    let number = (folded >> 1) as i64 ^ -((folded & 1) as i64);
    let scale = if word & 1 == 1 { 1_000_000 } else { 1 };
    number.checked_mul(scale).map(Time).ok_or(IndexError::Broken("a time", cursor.place()))
}

/// What the malicious packages' database writes in every summary.
fn usual_summary(record: &Record) -> Option<String> {
    let affected = record.affected.first()?;
    Some(format!("Malicious code in {} ({})", affected.name, affected.ecosystem))
}

pub(super) fn encode(record: &Record, group: Option<usize>, postings: &[Posting], symbols: &Symbols<'_>) -> Writer {
    let mut out = Writer::default();
    let usual = !record.summary.is_empty() && usual_summary(record).is_some_and(|usual| usual == record.summary);
    let lists = [&record.related, &record.upstream, &record.conflicts];
    let more = lists.iter().any(|list| !list.is_empty()) || !record.indicators.is_empty();
    let times = [record.modified, record.published, record.withdrawn];
    let mut flags = 0;
    for (on, flag) in [
        (record.malicious, MALICIOUS),
        (record.form == Form::Cve, CVE),
        (record.modified.is_some(), MODIFIED),
        (record.published.is_some(), PUBLISHED),
        (record.withdrawn.is_some(), WITHDRAWN),
        (usual, USUAL_SUMMARY),
        (!record.aliases.is_empty() || !record.severity.is_empty(), ALIASES),
        (more, MORE),
    ] {
        flags |= if on { flag } else { 0 };
    }
    write_id(&mut out, &record.id);
    out.number(flags);
    out.size(group.map_or(0, |group| group + 1));
    // Most records were published when they last changed, or not long before.
    let base = record.modified.map_or(0, |time| time.0);
    for (at, time) in times.into_iter().enumerate() {
        let Some(time) = time else { continue };
        write_time(&mut out, if at == 0 { time } else { Time(time.0.wrapping_sub(base)) });
    }
    if !usual {
        out.text(&record.summary);
    }
    out.size(postings.len());
    for (place, behind) in postings {
        out.size(*place);
        out.size(*behind);
    }
    if flags & ALIASES != 0 {
        write_ids(&mut out, symbols, &record.aliases);
        write_texts(&mut out, symbols, &record.severity);
    }
    if more {
        write_ids(&mut out, symbols, &record.related);
        write_ids(&mut out, symbols, &record.upstream);
        write_texts(&mut out, symbols, &record.conflicts);
        out.size(record.indicators.len());
        for indicator in &record.indicators {
            write_text(&mut out, symbols, &indicator.kind);
            write_text(&mut out, symbols, &indicator.value);
        }
    }
    out
}

fn write_texts(out: &mut Writer, symbols: &Symbols<'_>, list: &[Text]) {
    out.size(list.len());
    list.iter().for_each(|text| write_text(out, symbols, text));
}

fn read_texts<'i>(index: &Index<'i>, cursor: &mut Cursor<'i>) -> Result<Vec<Text>, IndexError> {
    (0..cursor.count("a list")?).map(|_| read_text(index, cursor).map(Text::new)).collect()
}

/// How a record begins: its id and its advisory.
pub(super) struct Face {
    pub(super) id: Text,
    pub(super) group: Option<usize>,
}

pub(super) fn face(index: &Index<'_>, place: usize) -> Result<Face, IndexError> {
    let mut cursor = Cursor::at(index.section(Section::Records), index.place(Section::RecordPlaces, place)?);
    let id = read_id(&mut cursor)?;
    cursor.number("flags")?;
    Ok(Face { id, group: cursor.size("an advisory")?.checked_sub(1) })
}

/// The whole record, and the number of its advisory where that has more than one.
pub(super) fn decode(index: &Index<'_>, place: usize) -> Result<(Record, Option<usize>), IndexError> {
    let mut cursor = Cursor::at(index.section(Section::Records), index.place(Section::RecordPlaces, place)?);
    let id = read_id(&mut cursor)?;
    let flags = cursor.number("flags")?;
    let is = |flag: u64| flags & flag != 0;
    let group = cursor.size("an advisory")?.checked_sub(1);
    let mut record = Record { id, malicious: is(MALICIOUS), ..Record::default() };
    if is(CVE) {
        record.form = Form::Cve;
    }
    if is(MODIFIED) {
        record.modified = Some(read_time(&mut cursor)?);
    }
    let base = record.modified.map_or(0, |time| time.0);
    for (flag, time) in [(PUBLISHED, &mut record.published), (WITHDRAWN, &mut record.withdrawn)] {
        if flags & flag != 0 {
            *time = Some(Time(read_time(&mut cursor)?.0.wrapping_add(base)));
        }
    }
    if !is(USUAL_SUMMARY) {
        record.summary = Text::new(cursor.text("a summary")?);
    }
    for _ in 0..cursor.count("statements")? {
        let (name, behind) = (cursor.size("a name")?, cursor.size("a statement")?);
        record.affected.push(statement(index, name, behind)?);
    }
    if is(ALIASES) {
        record.aliases = read_ids(index, &mut cursor)?;
        record.severity = read_texts(index, &mut cursor)?;
    }
    if is(MORE) {
        record.related = read_ids(index, &mut cursor)?;
        record.upstream = read_ids(index, &mut cursor)?;
        record.conflicts = read_texts(index, &mut cursor)?;
        for _ in 0..cursor.count("indicators")? {
            let kind = Text::new(read_text(index, &mut cursor)?);
            record.indicators.push(Indicator { kind, value: Text::new(read_text(index, &mut cursor)?) });
        }
    }
    if is(USUAL_SUMMARY) {
        record.summary = usual_summary(&record).map(Text::from).unwrap_or_default();
    }
    Ok((record, group))
}

/// A name: its family, itself, and what follows.
pub(super) fn name<'i>(index: &Index<'i>, place: usize) -> Result<(&'i str, &'i str, Cursor<'i>), IndexError> {
    let mut cursor = Cursor::at(index.section(Section::Names), place);
    let family = read_text(index, &mut cursor)?;
    Ok((family, cursor.text("a name")?, cursor))
}

/// The statement that stands `behind` bytes after the name at `place`.
fn statement(index: &Index<'_>, place: usize, behind: usize) -> Result<Affected, IndexError> {
    let (_, name, _) = name(index, place)?;
    let at = place.checked_add(behind).ok_or(IndexError::Broken("a statement", place))?;
    let mut cursor = Cursor::at(index.section(Section::Names), at).part("a statement")?;
    let head = Head::read(index, &mut cursor)?;
    let mut affected = Affected {
        ecosystem: Text::new(head.ecosystem),
        name: Text::new(name),
        trust: head.trust,
        ..Affected::default()
    };
    for _ in 0..cursor.count("ranges")? {
        let (kind, count) = range_head(&mut cursor)?;
        let mut events = Vec::new();
        for _ in 0..count {
            let (bound, version) = event(index, &mut cursor)?;
            events.push(Event { bound, version: Text::new(version) });
        }
        affected.ranges.push(Range { kind, events });
    }
    affected.versions = read_texts(index, &mut cursor)?;
    Ok(affected)
}

/// How a statement begins.
pub(super) struct Head<'i> {
    pub(super) record: usize,
    pub(super) ecosystem: &'i str,
    pub(super) trust: Trust,
    pub(super) malicious: bool,
    pub(super) withdrawn: bool,
}

impl<'i> Head<'i> {
    pub(super) fn read(index: &Index<'i>, cursor: &mut Cursor<'i>) -> Result<Head<'i>, IndexError> {
        let record = cursor.size("a record")?;
        let flags = cursor.byte("flags")?;
        let trust = match flags & 3 {
            0 => Trust::Record,
            1 => Trust::Statement,
            2 => Trust::Prose,
            _ => return Err(IndexError::Broken("a trust", cursor.place())),
        };
        let ecosystem = read_text(index, cursor)?;
        Ok(Head { record, ecosystem, trust, malicious: flags & 4 != 0, withdrawn: flags & 8 != 0 })
    }
}

pub(super) fn write_statement(place: usize, record: &Record, affected: &Affected, symbols: &Symbols<'_>) -> Writer {
    let mut out = Writer::default();
    out.size(place);
    let trust = match affected.trust {
        Trust::Record => 0,
        Trust::Statement => 1,
        Trust::Prose => 2,
    };
    out.bytes.push(trust | u8::from(record.malicious) << 2 | u8::from(!record.speaks()) << 3);
    write_text(&mut out, symbols, &affected.ecosystem);
    out.size(affected.ranges.len());
    for range in &affected.ranges {
        let kind = match range.kind {
            RangeKind::Ecosystem => 0,
            RangeKind::Semver => 1,
            RangeKind::Git => 2,
        };
        out.number((range.events.len() as u64) << 2 | kind);
        for event in &range.events {
            let bound = match event.bound {
                Bound::Introduced => 0,
                Bound::Fixed => 1,
                Bound::LastAffected => 2,
                Bound::Limit => 3,
            };
            out.bytes.push(bound);
            write_text(&mut out, symbols, &event.version);
        }
    }
    write_texts(&mut out, symbols, &affected.versions);
    out
}

pub(super) fn range_head(cursor: &mut Cursor<'_>) -> Result<(RangeKind, usize), IndexError> {
    let word = cursor.size("a range")?;
    let kind = match word & 3 {
        0 => RangeKind::Ecosystem,
        1 => RangeKind::Semver,
        2 => RangeKind::Git,
        _ => return Err(IndexError::Broken("a kind of range", cursor.place())),
    };
    Ok((kind, word >> 2))
}

pub(super) fn event<'i>(index: &Index<'i>, cursor: &mut Cursor<'i>) -> Result<(Bound, &'i str), IndexError> {
    let bound = match cursor.byte("an event")? {
        0 => Bound::Introduced,
        1 => Bound::Fixed,
        2 => Bound::LastAffected,
        3 => Bound::Limit,
        _ => return Err(IndexError::Broken("an event", cursor.place())),
    };
    Ok((bound, read_text(index, cursor)?))
}
