//! Several segments into one without what had ended before a moment: what nobody asks about any more is on no disk.
//!
//! It is one only if the segments are all that there are: a listing of another one may end what here seems to last. The rows
//! are read twice, once to see what lasts and once to write it, so that no more is held than for a merge.

use crate::bytes::Sink;
use crate::emit::{Emitter, settle};
use crate::ending::{Sight, ended, listings};
use crate::merging::Whole;
use crate::segment::{Damaged, Document, Row, Section, Segment};
use crate::when::{self, NEVER};
use firebreak_model::Time;

/// Writes the union of `segments`, without what had ended at `since` or before. Asked about any time after it, the result
/// answers as they do; [`crate::Fleet::kept_since`] makes it say what it does not know.
///
/// # Errors
/// If one of them is damaged, or the union is too large for its format.
pub fn merge_since(segments: &[Segment<'_>], since: Time, sink: &mut dyn Sink) -> Result<(), Damaged> {
    let mut whole = Whole::of(segments)?;
    let lasting = Lasting { complete: std::mem::take(&mut whole.complete), since: when::beginning(since) };
    let marks = lasting.marks(&whole)?;
    write(&whole, &lasting, &marks, sink)
}

/// What decides whether something lasts.
struct Lasting {
    /// All complete evidence, what is forgotten too: it ends things.
    complete: Vec<[u32; 4]>,
    since: u32,
}

/// What of each dictionary and table is kept.
struct Marks {
    scopes: Numbers,
    environments: Numbers,
    places: Numbers,
    things: Numbers,
    documents: Numbers,
    /// Environment and thing of which nothing is left: ordered.
    gone: Vec<(u32, u32)>,
}

/// Numbers of what is kept, by the numbers from before.
struct Numbers(Vec<u32>);

const GONE: u32 = u32::MAX;

impl Numbers {
    fn of(kept: &[bool]) -> Numbers {
        let mut next = 0;
        let number = |kept: &bool| {
            let number = if *kept { next } else { GONE };
            next += u32::from(*kept);
            number
        };
        Numbers(kept.iter().map(number).collect())
    }

    fn at(&self, before: u32) -> Option<u32> {
        self.0.get(before as usize).copied().filter(|now| *now != GONE)
    }

    fn kept(&self, before: u32) -> Result<u32, Damaged> {
        self.at(before).ok_or(Damaged("what is kept names what is not"))
    }

    fn texts<'a>(&self, all: &[&'a str]) -> Vec<&'a str> {
        all.iter().zip(&self.0).filter(|(_, now)| **now != GONE).map(|(text, _)| *text).collect()
    }
}

fn mark(marks: &mut [bool], at: u32) {
    if let Some(mark) = marks.get_mut(at as usize) {
        *mark = true;
    }
}

impl Lasting {
    /// The runs and the complete evidence that reach beyond the moment.
    fn tables<const N: usize>(&self, table: &[[u32; N]]) -> Vec<[u32; N]> {
        table.iter().filter(|row| row.last().is_some_and(|to| *to > self.since)).copied().collect()
    }

    /// Leaves of a thing's rows those that last, and tells the environments that have none left.
    fn rows(&self, whole: &Whole<'_, '_>, thing: u32, rows: &mut Vec<Row>, mut gone: impl FnMut(u32)) {
        settle(rows, &whole.documents);
        let text = whole.things.texts.get(thing as usize).copied().unwrap_or_default();
        let document = |row: &Row| whole.documents.get(row.document as usize).copied().unwrap_or_default();
        let mut kept = Vec::with_capacity(rows.len());
        for group in rows.chunk_by(|a, b| document(a).environment == document(b).environment) {
            let Some(environment) = group.first().map(|row| document(row).environment) else { continue };
            let sight = |row: &Row| {
                let of = document(row);
                Sight { locked: of.locked != 0, from: row.from, seen: of.seen(row) }
            };
            let open = group.iter().any(|row| row.to == NEVER);
            let sights: Vec<Sight> = if open { group.iter().map(sight).collect() } else { Vec::new() };
            let listings =
                if open { listings(&self.complete, &whole.scopes.texts, environment, text) } else { Vec::new() };
            let end = |row: &Row| match row.to {
                NEVER => ended(sight(row), &sights, &listings).unwrap_or(NEVER),
                to => to,
            };
            let before = kept.len();
            kept.extend(group.iter().filter(|row| end(row) > self.since));
            if kept.len() == before {
                gone(environment);
            }
        }
        *rows = kept;
    }

    fn marks(&self, whole: &Whole<'_, '_>) -> Result<Marks, Damaged> {
        let mut environments = vec![false; whole.environments.texts.len()];
        let mut things = vec![false; whole.things.texts.len()];
        let mut documents = vec![false; whole.documents.len()];
        let mut gone = Vec::new();
        let (mut cursors, mut rows) = (whole.cursors(), Vec::new());
        for thing in 0..whole.things.texts.len() as u32 {
            rows.clear();
            whole.rows_of(thing, &mut cursors, &mut rows)?;
            self.rows(whole, thing, &mut rows, |environment| gone.push((environment, thing)));
            rows.iter().for_each(|row| mark(&mut documents, row.document));
            if !rows.is_empty() {
                mark(&mut things, thing);
            }
        }
        gone.sort_unstable();
        let (mut places, mut scopes) = (vec![false; whole.places.texts.len()], vec![false; whole.scopes.texts.len()]);
        for (document, _) in whole.documents.iter().zip(&documents).filter(|(_, kept)| **kept) {
            mark(&mut environments, document.environment);
            mark(&mut places, document.place);
        }
        self.tables(&whole.runs).iter().for_each(|row| mark(&mut environments, row[0]));
        for [environment, scope, ..] in self.tables(&self.complete) {
            mark(&mut environments, environment);
            mark(&mut scopes, scope / 2);
        }
        Ok(Marks {
            scopes: Numbers::of(&scopes),
            environments: Numbers::of(&environments),
            places: Numbers::of(&places),
            things: Numbers::of(&things),
            documents: Numbers::of(&documents),
            gone,
        })
    }
}

fn write(whole: &Whole<'_, '_>, lasting: &Lasting, marks: &Marks, sink: &mut dyn Sink) -> Result<(), Damaged> {
    let mut out = Emitter::new(sink);
    out.strings(Section::Scopes, &marks.scopes.texts(&whole.scopes.texts))?;
    out.strings(Section::Environments, &marks.environments.texts(&whole.environments.texts))?;
    out.strings(Section::Places, &marks.places.texts(&whole.places.texts))?;
    out.strings(Section::Things, &marks.things.texts(&whole.things.texts))?;
    let mut documents: Vec<Document> = Vec::new();
    for (document, _) in whole.documents.iter().zip(&marks.documents.0).filter(|(_, now)| **now != GONE) {
        let environment = marks.environments.kept(document.environment)?;
        documents.push(Document { environment, place: marks.places.kept(document.place)?, ..*document });
    }
    out.table(Section::Documents, documents.iter().map(Document::row));
    let mut runs = lasting.tables(&whole.runs);
    for row in &mut runs {
        row[0] = marks.environments.kept(row[0])?;
    }
    out.table(Section::Runs, runs.into_iter());
    let mut complete = lasting.tables(&lasting.complete);
    for row in &mut complete {
        row[0] = marks.environments.kept(row[0])?;
        row[1] = marks.scopes.kept(row[1] / 2)?.saturating_mul(2) + row[1] % 2;
    }
    out.table(Section::Complete, complete.into_iter());

    let (mut cursors, mut number) = (whole.cursors(), 0..whole.things.texts.len() as u32);
    out.rows(&documents, |into| {
        for thing in number.by_ref() {
            into.clear();
            whole.rows_of(thing, &mut cursors, into)?;
            if marks.things.at(thing).is_none() {
                continue;
            }
            lasting.rows(whole, thing, into, |_| ());
            for row in into.iter_mut() {
                row.document = marks.documents.kept(row.document)?;
            }
            return Ok(true);
        }
        into.clear();
        Ok(false)
    })?;
    let (mut cursors, mut number) = (whole.cursors(), 0..whole.environments.texts.len() as u32);
    out.had(|into| {
        for environment in number.by_ref() {
            into.clear();
            whole.had_by(environment, &mut cursors, into)?;
            if marks.environments.at(environment).is_none() {
                continue;
            }
            let lasts = |thing: &u32| marks.gone.binary_search(&(environment, *thing)).is_err();
            *into = into.iter().filter(|thing| lasts(thing)).filter_map(|thing| marks.things.at(*thing)).collect();
            return Ok(true);
        }
        into.clear();
        Ok(false)
    })?;
    out.finish(whole.learnt());
    Ok(())
}
