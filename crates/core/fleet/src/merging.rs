//! Several segments into one: the same bytes as if all their statements had come in one batch.
//!
//! Dictionaries are merged first, since their numbers order as their texts do; then rows and things follow one thing and one
//! environment at a time, so that only dictionaries and documents are held.

use crate::bytes::{Sink, Strings, Table};
use crate::emit::Emitter;
use crate::segment::{Damaged, Document, Row, Section, Segment};
use firebreak_model::{Interval, Time};

/// Writes the union of `segments`.
///
/// # Errors
/// If one of them is damaged, or the union is too large for its format.
pub fn merge(segments: &[Segment<'_>], sink: &mut dyn Sink) -> Result<(), Damaged> {
    let mut whole = Whole::of(segments)?;
    let mut out = Emitter::new(sink);
    out.strings(Section::Scopes, &whole.scopes.texts)?;
    out.strings(Section::Environments, &whole.environments.texts)?;
    out.strings(Section::Places, &whole.places.texts)?;
    out.strings(Section::Things, &whole.things.texts)?;
    out.table(Section::Documents, whole.documents.iter().map(Document::row));
    out.table(Section::Runs, std::mem::take(&mut whole.runs).into_iter());
    out.table(Section::Complete, std::mem::take(&mut whole.complete).into_iter());
    let (mut cursors, mut number) = (whole.cursors(), 0..whole.things.texts.len() as u32);
    out.rows(&whole.documents, |into| {
        let Some(thing) = number.next() else { return Ok(false) };
        whole.rows_of(thing, &mut cursors, into)?;
        Ok(true)
    })?;
    let (mut cursors, mut number) = (whole.cursors(), 0..whole.environments.texts.len() as u32);
    out.had(|into| {
        let Some(environment) = number.next() else { return Ok(false) };
        whole.had_by(environment, &mut cursors, into)?;
        Ok(true)
    })?;
    out.finish(whole.learnt());
    Ok(())
}

/// Several segments under one number for each thing. Rows stay where they are.
pub(crate) struct Whole<'s, 'a> {
    segments: &'s [Segment<'a>],
    pub scopes: Union<'a>,
    pub environments: Union<'a>,
    pub places: Union<'a>,
    pub things: Union<'a>,
    pub documents: Vec<Document>,
    document_of: Vec<Vec<u32>>,
    /// Environment, from, to: sorted.
    pub runs: Vec<[u32; 3]>,
    /// Environment, scope and whether it lists, from, to: sorted.
    pub complete: Vec<[u32; 4]>,
}

impl<'s, 'a> Whole<'s, 'a> {
    pub(crate) fn of(segments: &'s [Segment<'a>]) -> Result<Whole<'s, 'a>, Damaged> {
        let texts = |part: fn(&Segment<'a>) -> Strings<'a>| -> Vec<Strings<'a>> { segments.iter().map(part).collect() };
        let scopes = union(&texts(|segment| segment.scopes))?;
        let environments = union(&texts(|segment| segment.environments))?;
        let places = union(&texts(|segment| segment.places))?;
        let things = union(&texts(|segment| segment.things))?;
        let (documents, document_of) = documents(segments, &environments, &places)?;
        let run = |at: usize, [environment, from, to]: [u32; 3]| Ok([environments.at(at, environment)?, from, to]);
        let runs = tables(segments.iter().map(|segment| segment.runs), run)?;
        let complete = |at: usize, [environment, scope, from, to]: [u32; 4]| {
            Ok([environments.at(at, environment)?, scopes.at(at, scope / 2)?.saturating_mul(2) + scope % 2, from, to])
        };
        let complete = tables(segments.iter().map(|segment| segment.complete), complete)?;
        Ok(Whole { segments, scopes, environments, places, things, documents, document_of, runs, complete })
    }

    /// Where each segment is read: things and environments are read in order.
    pub(crate) fn cursors(&self) -> Vec<u32> {
        vec![0; self.segments.len()]
    }

    /// Adds the rows of `thing`, which is the one after the last that was read with these cursors.
    pub(crate) fn rows_of(&self, thing: u32, cursors: &mut [u32], into: &mut Vec<Row>) -> Result<(), Damaged> {
        for (at, (segment, cursor)) in self.segments.iter().zip(cursors).enumerate() {
            if self.things.maps.get(at).and_then(|map| map.get(*cursor as usize)) == Some(&thing) {
                let map = self.document_of.get(at).map_or(&[] as &[u32], Vec::as_slice);
                segment.rows_of(*cursor, 0..u32::MAX, |row| {
                    let document = map.get(row.document as usize).copied();
                    let document = document.ok_or(Damaged("a row names a document that is not there"))?;
                    into.push(Row { document, ..row });
                    Ok(())
                })?;
                *cursor += 1;
            }
        }
        Ok(())
    }

    /// Adds the things of `environment`, which is the one after the last that was read with these cursors: ascending, each once.
    pub(crate) fn had_by(&self, environment: u32, cursors: &mut [u32], into: &mut Vec<u32>) -> Result<(), Damaged> {
        for (at, (segment, cursor)) in self.segments.iter().zip(cursors).enumerate() {
            if self.environments.maps.get(at).and_then(|map| map.get(*cursor as usize)) == Some(&environment) {
                for thing in segment.had_by(*cursor)? {
                    into.push(self.things.at(at, thing)?);
                }
                *cursor += 1;
            }
        }
        into.sort_unstable();
        into.dedup();
        Ok(())
    }

    /// From when to when all of it was learnt.
    pub(crate) fn learnt(&self) -> Interval {
        let all = || self.segments.iter().map(Segment::learnt);
        let (from, to) = (all().map(|one| one.from).min(), all().map(|one| one.to).max());
        Interval { from: from.unwrap_or(Time::MAX), to: to.unwrap_or(Time::MIN) }
    }
}

/// Sorted texts of several dictionaries as one, and where each number of each went.
pub(crate) struct Union<'a> {
    pub texts: Vec<&'a str>,
    pub maps: Vec<Vec<u32>>,
}

impl Union<'_> {
    /// The number that number `at` of dictionary `of` has here.
    pub(crate) fn at(&self, of: usize, at: u32) -> Result<u32, Damaged> {
        let found = self.maps.get(of).and_then(|map| map.get(at as usize)).copied();
        found.ok_or(Damaged("a number is in no dictionary"))
    }
}

/// One dictionary of several.
pub(crate) fn union<'a>(dictionaries: &[Strings<'a>]) -> Result<Union<'a>, Damaged> {
    const UNSORTED: Damaged = Damaged("a dictionary is not sorted, or a text in it is none");
    let mut readers: Vec<_> = dictionaries.iter().map(|dictionary| dictionary.iter().peekable()).collect();
    let mut maps: Vec<Vec<u32>> = dictionaries.iter().map(|one| Vec::with_capacity(one.len())).collect();
    let mut texts: Vec<&str> = Vec::with_capacity(dictionaries.iter().map(Strings::len).max().unwrap_or(0));
    loop {
        let mut least = None;
        for reader in &mut readers {
            match reader.peek() {
                Some(Some(text)) => least = Some(least.map_or(*text, |least: &str| least.min(text))),
                Some(None) => return Err(UNSORTED),
                None => {}
            }
        }
        let Some(text) = least else { return Ok(Union { texts, maps }) };
        if texts.last().is_some_and(|last| *last >= text) {
            return Err(UNSORTED);
        }
        let number = u32::try_from(texts.len()).map_err(|_| Damaged("a dictionary has too many texts"))?;
        texts.push(text);
        for (reader, map) in readers.iter_mut().zip(&mut maps) {
            if reader.next_if_eq(&Some(text)).is_some() {
                map.push(number);
            }
        }
    }
}

type Documents = (Vec<Document>, Vec<Vec<u32>>);

fn documents(segments: &[Segment<'_>], environments: &Union<'_>, places: &Union<'_>) -> Result<Documents, Damaged> {
    let mut all: Vec<(Document, u32, u32)> = Vec::new();
    let mut maps: Vec<Vec<u32>> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        maps.push(vec![u32::MAX; segment.documents.len()]);
        for (number, row) in segment.documents.rows().enumerate() {
            let own = Document::of(row);
            let (environment, place) = (environments.at(at, own.environment)?, places.at(at, own.place)?);
            all.push((Document { environment, place, ..own }, at as u32, number as u32));
        }
    }
    all.sort_unstable();
    let mut documents: Vec<Document> = Vec::with_capacity(all.len());
    for (document, segment, number) in all {
        if documents.last() != Some(&document) {
            documents.push(document);
        }
        let slot = maps.get_mut(segment as usize).and_then(|map| map.get_mut(number as usize));
        if let Some(slot) = slot {
            *slot = (documents.len() - 1) as u32;
        }
    }
    Ok((documents, maps))
}

/// Rows of several tables, renumbered, each once, sorted.
pub(crate) fn tables<'a, const N: usize>(
    tables: impl Iterator<Item = Table<'a, N>>,
    renumber: impl Fn(usize, [u32; N]) -> Result<[u32; N], Damaged>,
) -> Result<Vec<[u32; N]>, Damaged> {
    let mut all = Vec::new();
    for (at, table) in tables.enumerate() {
        for row in table.rows() {
            all.push(renumber(at, row)?);
        }
    }
    // Mostly sorted already where there is one table or few are small: this sort then only looks.
    all.sort();
    all.dedup();
    Ok(all)
}
