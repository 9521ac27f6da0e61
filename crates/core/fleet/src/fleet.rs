//! Questions to any number of segments, answered as if they were one.

use crate::builder::joined;
use crate::ending::{Sight, ended, listings};
use crate::merging::{self, Union};
use crate::segment::{Damaged, Row, Segment};
use crate::statement::{EVERY, LOG, Sure};
use crate::thing::{Thing, Wanted, is_meant};
use crate::when::{self, NEVER};
use firebreak_model::{Interval, Time};
use std::collections::BTreeMap;

/// Who had something in a window.
#[derive(Clone, Debug)]
pub struct Query {
    /// What.
    pub what: Wanted,
    /// From when.
    pub from: Time,
    /// To when, not included. `MAX`: up to when each environment was last looked at.
    pub to: Time,
}

/// An environment had a thing.
#[derive(Clone, PartialEq, Debug)]
pub struct Presence<'a> {
    /// Which environment: the text of its key.
    pub environment: &'a str,
    /// Which thing.
    pub thing: &'a str,
    /// Since when; `MIN` where that is not known.
    pub from: Time,
    /// Until when; `None` where nothing says that it ended.
    pub to: Option<Time>,
    /// When it was last seen there.
    pub seen: Time,
    /// How sure that is.
    pub sure: Sure,
    place: &'a str,
    number: u32,
}

impl Presence<'_> {
    /// Where it was read.
    pub fn evidence(&self) -> String {
        joined(self.place, self.number)
    }

    /// Which thing, read from its spelling.
    pub fn what(&self) -> Option<Thing> {
        Thing::read(self.thing)
    }
}

/// An answer, and what it leaves open.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Answer<'a> {
    /// Who had it, by environment and then by thing.
    pub had: Vec<Presence<'a>>,
    /// Who ran in the window, is not among them, and cannot be told: no complete evidence speaks for all of it.
    pub untold: Vec<&'a str>,
    /// How many ran in the window and are shown not to have had it.
    pub clear: u64,
    /// Where the window reaches before what is kept: since when that is. Who had the thing before, and who ran at all, cannot be told,
    /// of environments that nothing names any more neither.
    pub forgotten: Option<Time>,
}

/// Several segments.
#[derive(Debug)]
pub struct Fleet<'a> {
    segments: Vec<Segment<'a>>,
    environments: Environments<'a>,
    scopes: Vec<&'a str>,
    /// Environment, from, to: sorted.
    runs: Vec<[u32; 3]>,
    /// Environment, scope and whether it lists, from, to: sorted.
    complete: Vec<[u32; 4]>,
    kept_since: Option<Time>,
}

/// Environments of several segments under one number each.
#[derive(Debug)]
struct Environments<'a> {
    texts: Vec<&'a str>,
    maps: Vec<Vec<u32>>,
}

/// A row with the place that it came from.
#[derive(Clone, Copy)]
struct Found<'a> {
    environment: u32,
    thing: &'a str,
    from: u32,
    to: u32,
    seen: u32,
    sure: Sure,
    place: &'a str,
    number: u32,
}

impl Found<'_> {
    fn sight(&self) -> Sight {
        Sight { locked: self.sure == Sure::Locked, from: self.from, seen: self.seen }
    }
}

impl<'a> Fleet<'a> {
    /// All of `segments` together.
    ///
    /// # Errors
    /// If a dictionary of one is damaged.
    pub fn new(segments: Vec<Segment<'a>>) -> Result<Fleet<'a>, Damaged> {
        let Union { texts, maps } =
            merging::union(&segments.iter().map(|segment| segment.environments).collect::<Vec<_>>())?;
        let environments = Environments { texts, maps };
        let scopes = merging::union(&segments.iter().map(|segment| segment.scopes).collect::<Vec<_>>())?;
        let run = |at: usize, [environment, from, to]: [u32; 3]| Ok([environments.of(at, environment)?, from, to]);
        let runs = merging::tables(segments.iter().map(|segment| segment.runs), run)?;
        let complete = |at: usize, [environment, scope, from, to]: [u32; 4]| {
            Ok([environments.of(at, environment)?, scopes.at(at, scope / 2)?.saturating_mul(2) + scope % 2, from, to])
        };
        let complete = merging::tables(segments.iter().map(|segment| segment.complete), complete)?;
        Ok(Fleet { segments, environments, scopes: scopes.texts, runs, complete, kept_since: None })
    }

    /// The same, of which what had ended before `since` may be forgotten: no answer about that time is no.
    pub fn kept_since(self, since: Option<Time>) -> Fleet<'a> {
        Fleet { kept_since: since.max(self.kept_since), ..self }
    }

    /// The part of it that was known at `at`, by whole segments: what was learnt later in the same segment is in none of them.
    ///
    /// # Errors
    /// If a dictionary of one is damaged.
    pub fn as_known_at(&self, at: Time) -> Result<Fleet<'a>, Damaged> {
        let known = Fleet::new(self.segments.iter().copied().filter(|segment| segment.learnt().to <= at).collect())?;
        Ok(known.kept_since(self.kept_since))
    }

    /// When anything was learnt, segment by segment.
    pub fn learnt(&self) -> Vec<Interval> {
        self.segments.iter().map(Segment::learnt).collect()
    }

    /// Every environment, ordered.
    pub fn environments(&self) -> &[&'a str] {
        &self.environments.texts
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.segments.iter().map(Segment::rows).sum()
    }

    /// Who had what `query` asks for, and who cannot be told.
    ///
    /// # Errors
    /// If a segment is damaged.
    pub fn who(&self, query: &Query) -> Result<Answer<'a>, Damaged> {
        let mut found = Vec::new();
        let ecosystems = self.ecosystems();
        let what = self.narrowed(&query.what, &ecosystems);
        for (at, segment) in self.segments.iter().enumerate() {
            for (prefix, versions) in what.prefixes(&ecosystems) {
                for (number, spelling) in segment.things.with_prefix(&prefix) {
                    if is_meant(spelling, &prefix, versions.as_ref()) {
                        segment.rows_of(number, 0..u32::MAX, |row| {
                            found.push(self.found(at, spelling, &row)?);
                            Ok(())
                        })?;
                    }
                }
            }
        }
        let window = (when::beginning(query.from), when::end(query.to));
        let had = self.presences(found, window);
        let forgotten = self.kept_since.filter(|since| query.from < *since);
        // Before that any of them may have run, and had it.
        if forgotten.is_some() {
            let is_exposed =
                |environment: &&&str| had.binary_search_by_key(*environment, |one| one.environment).is_ok();
            let untold = self.environments.texts.iter().filter(|one| !is_exposed(one)).copied().collect();
            return Ok(Answer { had, untold, clear: 0, forgotten });
        }
        let (untold, clear) = self.untold(&had, what.needs(&ecosystems), window);
        Ok(Answer { had, untold, clear, forgotten })
    }

    /// What was left open in `wanted`, closed by what there is: a name that is known in one ecosystem means that one. What is
    /// known nowhere stays open.
    fn narrowed(&self, wanted: &Wanted, ecosystems: &[&str]) -> Wanted {
        let there = |wanted: &Wanted| {
            let prefixes = wanted.prefixes(ecosystems);
            let begins = |segment: &Segment<'_>| {
                let any =
                    |prefix: &str| segment.things.with_prefix(prefix).any(|(_, text)| is_meant(text, prefix, None));
                prefixes.iter().any(|(prefix, _)| any(prefix))
            };
            self.segments.iter().any(begins)
        };
        let known: Vec<Wanted> = wanted.readings(ecosystems).into_iter().filter(there).collect();
        if known.is_empty() { wanted.clone() } else { Wanted::Any(known) }
    }

    /// What an environment had at any moment of a window.
    ///
    /// # Errors
    /// If a segment is damaged.
    pub fn had_by(&self, environment: &str, from: Time, to: Time) -> Result<Vec<Presence<'a>>, Damaged> {
        let mut found = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            let number = segment.environments.lower_bound(environment.as_bytes()) as u32;
            if segment.environments.get(number) != Some(environment) {
                continue;
            }
            let documents = segment.documents_of(number);
            for thing in segment.had_by(number)? {
                let spelling = segment.things.get(thing).ok_or(Damaged("a thing has no spelling"))?;
                segment.rows_of(thing, documents.clone(), |row| {
                    if documents.contains(&row.document) {
                        found.push(self.found(at, spelling, &row)?);
                    }
                    Ok(())
                })?;
            }
        }
        Ok(self.presences(found, (when::beginning(from), when::end(to))))
    }

    fn found(&self, segment: usize, thing: &'a str, row: &Row) -> Result<Found<'a>, Damaged> {
        let of = self.segments.get(segment).ok_or(Damaged("no such segment"))?;
        let document = of.document(row.document)?;
        Ok(Found {
            environment: self.environments.of(segment, document.environment)?,
            thing,
            from: row.from,
            to: row.to,
            seen: document.seen(row),
            sure: if document.locked == 0 { Sure::Seen } else { Sure::Locked },
            place: of.places.get(document.place).ok_or(Damaged("a document has no place"))?,
            number: row.place,
        })
    }

    /// Ends what later listings lack, and keeps what shares a moment with the window.
    fn presences(&self, mut found: Vec<Found<'a>>, window: (u32, u32)) -> Vec<Presence<'a>> {
        let key = |one: &Found<'a>| (one.environment, one.thing, one.from, one.seen, one.sure, one.to);
        found.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| (a.place, a.number).cmp(&(b.place, b.number))));
        let mut had = Vec::new();
        for group in found.chunk_by(|a, b| a.environment == b.environment && a.thing == b.thing) {
            let open = group.iter().any(|one| one.to == NEVER);
            let sights: Vec<Sight> = if open { group.iter().map(Found::sight).collect() } else { Vec::new() };
            let listings = match group.first().filter(|_| open) {
                Some(one) => listings(&self.complete, &self.scopes, one.environment, one.thing),
                None => Vec::new(),
            };
            for one in group {
                let to = if one.to == NEVER { ended(one.sight(), &sights, &listings) } else { Some(one.to) };
                if one.from < window.1 && to.is_none_or(|to| to > window.0) {
                    had.push(Presence {
                        environment: self.environments.texts.get(one.environment as usize).copied().unwrap_or_default(),
                        thing: one.thing,
                        from: when::time(one.from),
                        to: to.map(when::time),
                        seen: when::time(one.seen),
                        sure: one.sure,
                        place: one.place,
                        number: one.number,
                    });
                }
            }
        }
        had.dedup();
        had
    }

    /// The ecosystems in which there are packages.
    fn ecosystems(&self) -> Vec<&'a str> {
        let mut words = Vec::new();
        for segment in &self.segments {
            let mut from = "p\0".to_owned();
            // From one ecosystem straight to the next.
            while let Some(text) = segment.things.get(segment.things.lower_bound(from.as_bytes()) as u32) {
                let Some((word, _)) = text.strip_prefix("p\0").and_then(|rest| rest.split_once('\0')) else { break };
                words.push(word);
                from = format!("p\0{word}\u{1}");
            }
        }
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Environments that ran in the window and are not in `had`: those of which nothing can be told, and how many are clear.
    fn untold(&self, had: &[Presence<'a>], needs: Option<Vec<String>>, window: (u32, u32)) -> (Vec<&'a str>, u64) {
        let mut exposed = had.iter().map(|one| one.environment).peekable();
        let covers = Covers::new(&self.scopes, needs);
        let (mut runs, mut complete) = (self.runs.as_slice(), self.complete.as_slice());
        let (mut untold, mut clear) = (Vec::new(), 0);
        for (number, environment) in self.environments.texts.iter().enumerate() {
            let (own_runs, rest) = split_off(runs, number as u32);
            runs = rest;
            let (own_complete, rest) = split_off(complete, number as u32);
            complete = rest;
            let mut is_exposed = false;
            while exposed.next_if(|one| *one <= *environment).is_some_and(|one| {
                is_exposed |= one == *environment;
                true
            }) {}
            // Without an end to the window, what runs still is asked about up to when it was last looked at.
            let looked = if window.1 == NEVER { covers.last(own_complete) } else { None };
            let last = looked.unwrap_or(window.1);
            let clipped = |[_, from, to]: &[u32; 3]| {
                // What nobody looked at since the window began is asked about all the same.
                let least = from.max(&window.0).saturating_add(1);
                let to = if *to == NEVER { last.max(least) } else { *to };
                ((*from).max(window.0), to.min(window.1))
            };
            let in_window = own_runs.iter().map(clipped).filter(|(from, to)| from < to);
            if is_exposed {
                continue;
            }
            let mut ran = false;
            let told = in_window.fold(true, |told, span| {
                ran = true;
                told && covers.all(environment, own_complete, span)
            });
            match (ran, told) {
                (false, _) => {}
                (true, true) => clear += 1,
                (true, false) => untold.push(*environment),
            }
        }
        (untold, clear)
    }

    /// How much evidence is whole, by scope: environments of which anything is.
    pub fn whole(&self) -> BTreeMap<&'a str, usize> {
        let mut whole: BTreeMap<&str, usize> = BTreeMap::new();
        let mut pairs: Vec<(u32, u32)> = self.complete.iter().map(|row| (row[1] / 2, row[0])).collect();
        pairs.sort_unstable();
        pairs.dedup();
        for (scope, _) in pairs {
            *whole.entry(self.scopes.get(scope as usize).copied().unwrap_or_default()).or_default() += 1;
        }
        whole
    }
}

impl Environments<'_> {
    fn of(&self, segment: usize, number: u32) -> Result<u32, Damaged> {
        let found = self.maps.get(segment).and_then(|map| map.get(number as usize)).copied();
        found.ok_or(Damaged("a row names an environment that is not there"))
    }
}

/// The rows of an environment at the start of a sorted table, and what follows.
fn split_off<const N: usize>(table: &[[u32; N]], environment: u32) -> (&[[u32; N]], &[[u32; N]]) {
    let own = table.iter().take_while(|row| row.first().is_some_and(|first| *first <= environment)).count();
    table.split_at_checked(own).unwrap_or((table, &[]))
}

/// Which evidence must be whole.
struct Covers {
    /// For each ecosystem that is needed, the scopes that speak for it; `None` where nothing can.
    needs: Option<Vec<(bool, Vec<bool>)>>,
}

impl Covers {
    fn new(scopes: &[&str], needs: Option<Vec<String>>) -> Covers {
        let speaks = |ecosystem: &String| {
            let actions = ecosystem == "GitHub Actions";
            // No listing of a job names the actions that it ran.
            let one = |scope: &&str| *scope == LOG || (!actions && (*scope == EVERY || *scope == ecosystem.as_str()));
            (actions, scopes.iter().map(one).collect())
        };
        Covers { needs: needs.map(|needs| needs.iter().map(speaks).collect()) }
    }

    /// The last moment for which any complete evidence speaks.
    fn last(&self, complete: &[[u32; 4]]) -> Option<u32> {
        let needs = self.needs.as_ref()?;
        let speaks = |scope: u32| needs.iter().any(|(_, speaks)| speaks.get((scope / 2) as usize) == Some(&true));
        complete.iter().filter(|[_, scope, from, to]| from < to && speaks(*scope)).map(|row| row[3]).max()
    }

    /// Whether complete evidence speaks for all of `span`.
    fn all(&self, environment: &str, complete: &[[u32; 4]], span: (u32, u32)) -> bool {
        let Some(needs) = &self.needs else { return false };
        let one = |speaks: &[bool]| {
            // Sorted by scope: the parts of several scopes are put in order of time only where one part is not enough.
            let mut parts: Vec<(u32, u32)> = Vec::new();
            for [_, scope, from, to] in complete {
                if speaks.get((scope / 2) as usize).copied().unwrap_or(false) {
                    if *from <= span.0 && *to >= span.1 {
                        return true;
                    }
                    parts.push((*from, *to));
                }
            }
            parts.sort_unstable();
            let reached = parts.iter().fold(span.0, |at, (from, to)| if *from <= at { at.max(*to) } else { at });
            reached >= span.1
        };
        let is_ci = environment.starts_with("environment:ci/");
        needs.iter().all(|(actions, speaks)| (*actions && !is_ci) || one(speaks))
    }
}
