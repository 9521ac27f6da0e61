//! A batch of statements on its way to a segment.

use crate::bytes::Sink;
use crate::emit::Emitter;
use crate::segment::{Damaged, Document, Row, Section};
use crate::statement::{Complete, Had, Statement, Sure};
use crate::thing::Thing;
use crate::when::{ALWAYS, NEVER, beginning, end};
use firebreak_model::{Interval, Text};
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// Gathers statements and writes them as one segment.
#[derive(Debug, Default)]
pub struct Builder {
    scopes: Numbered<Text>,
    environments: Numbered<Text>,
    places: Numbered<Text>,
    things: Numbered<Thing>,
    documents: Numbered<Document>,
    rows: Vec<(u32, Row)>,
    runs: Vec<[u32; 3]>,
    complete: Vec<[u32; 4]>,
}

impl Builder {
    /// An empty batch.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// How many rows it holds; each takes about 20 bytes here.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was said at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.runs.is_empty() && self.complete.is_empty()
    }

    /// Adds a statement.
    pub fn add(&mut self, statement: &Statement) {
        match statement {
            Statement::Ran { environment, run } => {
                let environment = self.environments.of(environment.as_str());
                self.runs.push([environment, beginning(run.from), end(run.to)]);
            }
            Statement::Had(had) => self.add_had(had),
            Statement::Complete(complete) => self.add_complete(complete),
        }
    }

    fn add_had(&mut self, had: &Had) {
        let (place, number) = split(&had.evidence);
        let from = beginning(had.from);
        let to = had.to.map_or(NEVER, |to| end(to).max(from));
        // What was last seen when it came needs no document of its own for that moment.
        let seen = beginning(had.seen);
        let taken = if to == NEVER && seen > from { seen } else { ALWAYS };
        let document = Document {
            environment: self.environments.of(had.environment.as_str()),
            taken,
            place: self.places.of(place.as_ref()),
            locked: u32::from(had.sure == Sure::Locked),
        };
        let thing = self.things.number(&had.thing, Clone::clone);
        let document = self.documents.number(&document, |document| *document);
        self.rows.push((thing, Row { document, from, to, place: number }));
    }

    fn add_complete(&mut self, complete: &Complete) {
        let environment = self.environments.of(complete.environment.as_str());
        let scope = self.scopes.of(&complete.scope).saturating_mul(2) + u32::from(complete.lists);
        // A listing says what was there up to the moment at which it was taken.
        let to = if complete.lists { beginning(complete.to) } else { end(complete.to) };
        self.complete.push([environment, scope, beginning(complete.from), to]);
    }

    /// Writes the segment. `learnt` is from when to when its statements were learnt.
    ///
    /// # Errors
    /// If it is too large for its format.
    pub fn finish(self, learnt: Interval, sink: &mut dyn Sink) -> Result<(), Damaged> {
        let (scopes, scope_of) = self.scopes.sorted(|text| text.as_str().to_owned());
        let (environments, environment_of) = self.environments.sorted(|text| text.as_str().to_owned());
        let (places, place_of) = self.places.sorted(|text| text.as_str().to_owned());
        let (things, thing_of) = self.things.sorted(Thing::spelling);
        let at = |map: &[u32], number: u32| map.get(number as usize).copied().unwrap_or(u32::MAX);
        let renumbered = |document: &Document| Document {
            environment: at(&environment_of, document.environment),
            place: at(&place_of, document.place),
            ..*document
        };
        let (documents, document_of) = self.documents.sorted(renumbered);
        let mut rows: Vec<(u32, Row)> = self.rows;
        for (thing, row) in &mut rows {
            *thing = at(&thing_of, *thing);
            row.document = at(&document_of, row.document);
        }
        rows.sort_unstable();
        let mut runs = self.runs;
        runs.iter_mut().for_each(|[environment, ..]| *environment = at(&environment_of, *environment));
        let mut complete = self.complete;
        for [environment, scope, ..] in &mut complete {
            *environment = at(&environment_of, *environment);
            *scope = at(&scope_of, *scope / 2) * 2 + *scope % 2;
        }
        complete.sort_unstable();
        complete.dedup();
        runs.sort_unstable();
        runs.dedup();

        let mut out = Emitter::new(sink);
        out.strings(Section::Scopes, &borrowed(&scopes))?;
        out.strings(Section::Environments, &borrowed(&environments))?;
        out.strings(Section::Places, &borrowed(&places))?;
        out.strings(Section::Things, &borrowed(&things))?;
        out.table(Section::Documents, documents.iter().map(Document::row));
        out.table(Section::Runs, runs.into_iter());
        out.table(Section::Complete, complete.into_iter());
        let mut groups = rows.chunk_by(|(a, _), (b, _)| a == b);
        out.rows(&documents, |into| {
            let group = groups.next();
            into.extend(group.iter().flat_map(|group| group.iter().map(|(_, row)| *row)));
            Ok(group.is_some())
        })?;
        let environment_of = |row: &Row| documents.get(row.document as usize).map_or(u32::MAX, |one| one.environment);
        let mut had: Vec<(u32, u32)> = rows.iter().map(|(thing, row)| (environment_of(row), *thing)).collect();
        drop(rows);
        had.sort_unstable();
        had.dedup();
        let (mut had, mut numbers) = (had.into_iter().peekable(), 0..environments.len() as u32);
        out.had(|into| {
            let Some(own) = numbers.next() else { return Ok(false) };
            while let Some((_, thing)) = had.next_if(|(environment, _)| *environment == own) {
                into.push(thing);
            }
            Ok(true)
        })?;
        out.finish(learnt);
        Ok(())
    }
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Evidence as its spelling without the last number in it, and one more than that number; 0 where there is none.
fn split(evidence: &str) -> (std::borrow::Cow<'_, str>, u32) {
    let whole = (std::borrow::Cow::Borrowed(evidence), 0);
    let Some(last) = evidence.rfind(|letter: char| letter.is_ascii_digit()) else { return whole };
    let Some((before, after)) = evidence.split_at_checked(last + 1) else { return whole };
    let start = before
        .rfind(|letter: char| !letter.is_ascii_digit())
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let Some((before, digits)) = before.split_at_checked(start) else { return whole };
    // Only a number that is written again as it was: no leading zero, and room for one more.
    let plain = digits == "0" || !digits.starts_with('0');
    match digits.parse::<u32>().ok().and_then(|number| number.checked_add(1)) {
        Some(number) if plain && !evidence.contains(NUMBER) => (format!("{before}{NUMBER}{after}").into(), number),
        _ => whole,
    }
}

/// Stands in a place for the number that each row has.
const NUMBER: char = '\0';

/// The evidence that was split.
pub(crate) fn joined(place: &str, number: u32) -> String {
    match number.checked_sub(1) {
        Some(number) => place.replacen(NUMBER, &number.to_string(), 1),
        None => place.to_owned(),
    }
}

/// Values, each with the number of its first appearance.
#[derive(Debug)]
struct Numbered<T> {
    numbers: FxHashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { numbers: FxHashMap::default() }
    }
}

impl Numbered<Text> {
    fn of(&mut self, text: &str) -> u32 {
        self.number(text, |text| Text::new(text))
    }
}

impl<T: Hash + Eq> Numbered<T> {
    fn number<Q>(&mut self, value: &Q, own: impl FnOnce(&Q) -> T) -> u32
    where
        T: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(own(value), number);
        number
    }

    /// The values as `spelled`, sorted, and where each number went.
    fn sorted<S: Ord>(self, spelled: impl Fn(&T) -> S) -> (Vec<S>, Vec<u32>) {
        let mut all: Vec<(S, u32)> = self.numbers.iter().map(|(value, number)| (spelled(value), *number)).collect();
        all.sort_unstable();
        let mut places = vec![u32::MAX; all.len()];
        let mut sorted: Vec<S> = Vec::with_capacity(all.len());
        for (value, number) in all {
            // Two values may be spelled alike: then they are one.
            if sorted.last() != Some(&value) {
                sorted.push(value);
            }
            if let Some(place) = places.get_mut(number as usize) {
                *place = (sorted.len() - 1) as u32;
            }
        }
        (sorted, places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_put_together_as_it_was() {
        for evidence in [
            "",
            "a",
            "7",
            "x.json packages[12]",
            "a.log:812",
            "a:007",
            "99999999999",
            "ünï9é",
            "4294967295",
            "a\0b3",
            "0",
        ] {
            let (place, number) = split(evidence);
            assert_eq!(joined(&place, number), evidence);
        }
        assert_eq!(split("x.json packages[12]"), ("x.json packages[\0]".into(), 13));
        assert_eq!(split("x.json packages[13]").0, split("x.json packages[12]").0);
    }
}
