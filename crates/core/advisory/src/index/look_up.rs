//! Asking an index: which records name this version of this package, and why.

use super::bytes::Cursor;
use super::layout::{self, ENTRY, Section};
use super::record::{Face, Head, event, face, name, range_head, read_text};
use super::{Index, IndexError};
use crate::affects::{Answer, Asked};
use crate::record::{Record, Trust};
use firebreak_model::Text;
use firebreak_package::Ecosystem;
use firebreak_package::ecosystem::{distribution, release};

/// What an index says of a package.
#[derive(Clone, Debug, Default)]
pub struct LookUp<'i> {
    /// The records that name the version, or cannot say: malware first, then as sure as they are.
    pub matches: Vec<Match<'i>>,
    /// Ids of records about the package that were taken back and say nothing any more.
    pub withdrawn: Vec<Text>,
}

/// One record that names a version, or may.
#[derive(Clone, Debug)]
pub struct Match<'i> {
    /// Its place among the records: [`Index::id`] and [`Index::group`] say which it is.
    pub record: usize,
    /// Whether it speaks of code made to harm.
    pub malicious: bool,
    /// Affected, or undecided.
    pub answer: Answer,
    /// How far to trust it.
    pub trust: Trust,
    /// The ecosystem as the record writes it, a distribution's release included.
    pub ecosystem: &'i str,
    why: Why<'i>,
}

/// Records about one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advisory {
    /// The records: the one that gives the advisory its name first.
    pub records: Vec<Record>,
    /// Why they are one.
    pub reasons: Vec<String>,
    /// What they disagree about.
    pub conflicts: Vec<String>,
}

impl<'i> Index<'i> {
    /// The records that name `version` of a package, or may name it. Without a version: every record about the package.
    pub fn look_up(&self, ecosystem: &str, name: &str, version: Option<&str>) -> Result<LookUp<'i>, IndexError> {
        let family = Ecosystem::of(ecosystem);
        let canonical = family.canonical(name);
        let mut found = LookUp::default();
        let Some(mut cursor) = self.find(family.word(), &canonical)? else { return Ok(found) };
        let asked = version.map(|version| Asked::new(&family, version));
        for _ in 0..cursor.count("statements")? {
            let mut cursor = cursor.part("a statement")?;
            let head = Head::read(self, &mut cursor)?;
            if !meets(&family, ecosystem, head.ecosystem) {
                continue;
            }
            if head.withdrawn {
                found.withdrawn.push(self.id(head.record)?);
                continue;
            }
            let (answer, why) = match &asked {
                Some(asked) => self.decide(&mut cursor, asked)?,
                None => (Answer::Undecided, Why::NotAsked),
            };
            if answer != Answer::Unaffected {
                found.matches.push(Match {
                    record: head.record,
                    malicious: head.malicious,
                    answer,
                    trust: head.trust,
                    ecosystem: head.ecosystem,
                    why,
                });
            }
        }
        found.matches.sort_by_key(|one| (!one.malicious, std::cmp::Reverse(one.answer), one.trust, one.record));
        found.withdrawn.sort_unstable();
        found.withdrawn.dedup();
        Ok(found)
    }

    /// The id of the record at `place`.
    pub fn id(&self, place: usize) -> Result<Text, IndexError> {
        face(self, place).map(|face| face.id)
    }

    /// The advisory that the record at `place` belongs to, where others do too.
    pub fn group(&self, place: usize) -> Result<Option<usize>, IndexError> {
        face(self, place).map(|face| face.group)
    }

    /// Why a record names the version that was asked for, in one sentence. `asked` is what the look-up was given.
    pub fn why(&self, found: &Match<'i>, asked: Option<&str>) -> String {
        found.why.sentence(self, found.answer, asked.unwrap_or_default())
    }

    /// The record with this id, of whichever form, and its place.
    pub fn by_id(&self, id: &str) -> Result<Option<usize>, IndexError> {
        let (mut from, mut to) = (0, self.records());
        while from < to {
            let middle = from + (to - from) / 2;
            if self.id(middle)?.as_str() < id { from = middle + 1 } else { to = middle }
        }
        let found = from < self.records() && self.id(from)? == id;
        Ok(found.then_some(from))
    }

    /// The advisory of the record at `place`: itself alone, or with its partners.
    pub fn advisory(&self, place: usize) -> Result<Advisory, IndexError> {
        let Face { group: Some(group), .. } = face(self, place)? else {
            let record = self.record(place)?;
            let conflicts = record.conflicts.iter().map(|conflict| format!("`{}`: {conflict}", record.id)).collect();
            return Ok(Advisory { records: vec![record], reasons: Vec::new(), conflicts });
        };
        let mut cursor = Cursor::at(self.section(Section::Groups), self.place(Section::GroupPlaces, group)?);
        let mut records = Vec::new();
        for _ in 0..cursor.count("members")? {
            records.push(self.record(cursor.size("a member")?)?);
        }
        let mut sentences = || -> Result<Vec<String>, IndexError> {
            (0..cursor.count("sentences")?).map(|_| cursor.text("a sentence").map(str::to_owned)).collect()
        };
        Ok(Advisory { records, reasons: sentences()?, conflicts: sentences()? })
    }

    /// What follows a name: the statements about it.
    fn find(&self, family: &str, canonical: &str) -> Result<Option<Cursor<'i>>, IndexError> {
        let buckets = self.table(Section::Buckets).saturating_sub(1);
        if buckets == 0 {
            return Ok(None);
        }
        let (bucket, tag) = layout::bucket(layout::hash(self.seed, family, canonical), buckets);
        let from = self.place(Section::Buckets, bucket)?;
        let to = self.place(Section::Buckets, bucket + 1)?;
        let bytes = from.checked_mul(ENTRY).zip(to.checked_mul(ENTRY));
        let entries = bytes.and_then(|(from, to)| self.section(Section::Entries).get(from..to));
        let entries = entries.ok_or(IndexError::Broken("a bucket", bucket))?;
        for entry in entries.chunks_exact(ENTRY) {
            let mut entry = Cursor::at(entry, 0);
            if entry.u32("a tag")? != tag {
                continue;
            }
            let (their_family, their_name, cursor) = name(self, entry.u32("a place")? as usize)?;
            if their_family == family && their_name == canonical {
                return Ok(Some(cursor));
            }
        }
        Ok(None)
    }

    fn decide(&self, cursor: &mut Cursor<'i>, asked: &Asked<'_>) -> Result<(Answer, Why<'i>), IndexError> {
        let mut decided = (Answer::Unaffected, Why::NoVersions);
        let ranges = cursor.count("ranges")?;
        for _ in 0..ranges {
            let (kind, count) = range_head(cursor)?;
            let start = *cursor;
            let mut fault = None;
            let mut next = || match event(self, cursor) {
                Ok(event) => Some(event),
                Err(error) => {
                    fault = Some(error);
                    None
                }
            };
            // All events are read, whatever the first ones say: the next range begins behind them.
            let mut left = count;
            let mut events = std::iter::from_fn(|| {
                left = left.checked_sub(1)?;
                next()
            });
            let answer = asked.in_range(kind, &mut events);
            events.by_ref().for_each(drop);
            if let Some(error) = fault {
                return Err(error);
            }
            if answer > decided.0 {
                decided = (answer, Why::Range(start, count));
            }
        }
        let listed = cursor.count("versions")?;
        if decided.0 == Answer::Affected {
            return Ok(decided);
        }
        for _ in 0..listed {
            let theirs = read_text(self, cursor)?;
            if asked.is(theirs) {
                return Ok((Answer::Affected, Why::Listed(theirs)));
            }
        }
        if ranges == 0 && listed == 0 {
            decided.0 = Answer::Undecided;
        }
        Ok(decided)
    }
}

/// Why a record names a version. Words are made when someone asks.
#[derive(Clone, Debug)]
enum Why<'i> {
    NotAsked,
    NoVersions,
    Listed(&'i str),
    /// Where the events are, and how many.
    Range(Cursor<'i>, usize),
}

impl<'i> Why<'i> {
    fn sentence(&self, index: &Index<'i>, answer: Answer, asked: &str) -> String {
        match self {
            Why::NotAsked => "the record speaks of this package; no version was asked for".to_owned(),
            Why::NoVersions => "the record names no versions: any may be meant".to_owned(),
            Why::Listed(listed) if *listed == asked => format!("the record lists {listed}"),
            Why::Listed(listed) => format!("the record lists {listed}, which is {asked}"),
            Why::Range(start, count) => {
                let mut cursor = *start;
                const SHOWN: usize = 6;
                let shown = (0..*count.min(&SHOWN)).map_while(|_| event(index, &mut cursor).ok());
                let mut words: Vec<String> = shown.map(|(bound, at)| format!("{} {at}", bound.word())).collect();
                if *count > SHOWN {
                    words.push("more".to_owned());
                }
                let range = words.join(", ");
                match answer {
                    Answer::Affected => format!("{asked} is in the range: {range}"),
                    _ => format!("{asked} cannot be placed in the range: {range}"),
                }
            }
        }
    }
}

/// Whether what was asked for and what the record writes may be one ecosystem: one release of a distribution is not another,
/// a distribution without its release may be each of its own, and a tool's word (`deb`) each distribution that uses it.
fn meets(family: &Ecosystem, asked: &str, written: &str) -> bool {
    if asked == written || !matches!(family, Ecosystem::Debian | Ecosystem::Rpm | Ecosystem::Apk) {
        return true;
    }
    let is_tool = |word: &str| family.purl_type().is_some_and(|tool| tool.eq_ignore_ascii_case(word));
    let whose = (distribution(asked), distribution(written));
    let same_distribution = whose.0.eq_ignore_ascii_case(whose.1) || is_tool(whose.0) || is_tool(whose.1);
    let same_release = match (release(asked), release(written)) {
        (Some(asked), Some(written)) => asked.eq_ignore_ascii_case(written),
        _ => true,
    };
    same_distribution && same_release
}
