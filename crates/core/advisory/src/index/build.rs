//! Building an index from records, and merging one with what came since.

use super::bytes::Writer;
use super::id::is_packed;
use super::layout::{self, HEADER, MAGIC, SECTIONS, Section, VERSION};
use super::record::{Posting, Symbols, encode, write_statement, write_text};
use super::{Index, IndexError};
use crate::join::{Group, join};
use crate::record::{Affected, Record, newest};
use firebreak_model::Problem;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What was built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Built {
    /// The index.
    pub bytes: Vec<u8>,
    /// How many records it holds.
    pub records: usize,
    /// What was noticed: ids that stand for two different things.
    pub problems: Vec<Problem>,
}

/// An index of `records`. Where several have one id, the newest stands.
pub fn build(records: Vec<Record>) -> Result<Built, IndexError> {
    let mut problems = Vec::new();
    let records = newest(records, &mut problems);
    let bytes = written(&records)?;
    Ok(Built { bytes, records: records.len(), problems })
}

/// The index of what `base` holds and of `records`, the newest of each id: the same bytes as if all had been built at once.
pub fn merge(base: &Index<'_>, records: Vec<Record>) -> Result<Built, IndexError> {
    let mut all = Vec::with_capacity(base.records().saturating_add(records.len()));
    for place in 0..base.records() {
        all.push(base.record(place)?);
    }
    all.extend(records);
    build(all)
}

/// The names in order, each with the statements about it: record and place in its list.
type Names<'r> = BTreeMap<(String, &'r str), Vec<(usize, usize)>>;

fn written(records: &[Record]) -> Result<Vec<u8>, IndexError> {
    let groups = join(records);
    let mut names: Names<'_> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        for (number, affected) in record.affected.iter().enumerate() {
            let family = affected.family().word().to_owned();
            names.entry((family, &affected.name)).or_default().push((place, number));
        }
    }
    let (symbols, ordered) = symbols(records, &names);
    let mut sections: [Writer; SECTIONS] = std::array::from_fn(|_| Writer::default());
    let places = texts(&ordered, &mut sections)?;
    write_places(&mut sections, Section::SymbolPlaces, &places);
    let (postings, hashed) = write_names(records, &names, &symbols, &mut sections)?;
    write_hashes(hashed, &mut sections);
    write_records(records, &groups, &postings, &symbols, &mut sections)?;
    write_groups(&groups, &mut sections)?;
    Ok(assembled(&sections))
}

/// Texts that are worth keeping once: in two places or more. The most frequent have the smallest numbers.
fn symbols<'r>(records: &'r [Record], names: &'r Names<'_>) -> (Symbols<'r>, Vec<&'r str>) {
    let mut counts: FxHashMap<&str, u64> = FxHashMap::default();
    let mut add = |text: &'r str| *counts.entry(text).or_default() += 1;
    names.keys().for_each(|(family, _)| add(family));
    for record in records {
        for list in [&record.severity, &record.conflicts] {
            list.iter().for_each(|text| add(text));
        }
        for list in [&record.aliases, &record.related, &record.upstream] {
            list.iter().filter(|id| !is_packed(id)).for_each(|id| add(id));
        }
        for indicator in &record.indicators {
            add(&indicator.kind);
            add(&indicator.value);
        }
        for affected in &record.affected {
            add(&affected.ecosystem);
            affected.versions.iter().for_each(|version| add(version));
            affected.ranges.iter().flat_map(|range| &range.events).for_each(|event| add(&event.version));
        }
    }
    // A text of a byte or two is no shorter as a number.
    let mut ordered: Vec<(&str, u64)> =
        counts.into_iter().filter(|(text, count)| *count > 1 && text.len() as u64 * (count - 1) > 6).collect();
    ordered.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let ordered: Vec<&str> = ordered.into_iter().map(|(text, _)| text).collect();
    (ordered.iter().copied().zip(0..).collect(), ordered)
}

fn texts(ordered: &[&str], sections: &mut [Writer; SECTIONS]) -> Result<Vec<u32>, IndexError> {
    let out = section(sections, Section::Symbols);
    let mut places = Vec::with_capacity(ordered.len());
    for text in ordered {
        places.push(place(out, "texts")?);
        out.text(text);
    }
    Ok(places)
}

/// The postings of each record, and the hash and place of each name.
type Placed = (Vec<Vec<Posting>>, Vec<(u64, u32)>);

fn write_names(
    records: &[Record],
    names: &Names<'_>,
    symbols: &Symbols<'_>,
    sections: &mut [Writer; SECTIONS],
) -> Result<Placed, IndexError> {
    let mut postings: Vec<Vec<Posting>> = records.iter().map(|record| vec![(0, 0); record.affected.len()]).collect();
    let mut hashed = Vec::with_capacity(names.len());
    let out = section(sections, Section::Names);
    for ((family, name), statements) in names {
        let start = place(out, "names")?;
        hashed.push((layout::hash(SEED, family, name), start));
        write_text(out, symbols, family);
        out.text(name);
        out.size(statements.len());
        for (record, at) in statements {
            let said: Option<(&Record, &Affected)> =
                records.get(*record).and_then(|record| record.affected.get(*at).map(|affected| (record, affected)));
            let Some((whole, affected)) = said else { continue };
            let statement = place(out, "statements")?;
            out.part(&write_statement(*record, whole, affected, symbols));
            if let Some(entry) = postings.get_mut(*record).and_then(|list| list.get_mut(*at)) {
                *entry = (start as usize, (statement - start) as usize);
            }
        }
    }
    Ok((postings, hashed))
}

/// A number of no meaning; the format has a place for it, so that a builder may choose another.
const SEED: u64 = 0x6669_7265_6272_6b31;

fn write_hashes(mut hashed: Vec<(u64, u32)>, sections: &mut [Writer; SECTIONS]) {
    hashed.sort_unstable();
    let count = hashed.len().max(1);
    let mut starts: Vec<u32> = vec![0; count + 1];
    for (hash, _) in &hashed {
        let (bucket, _) = layout::bucket(*hash, count);
        if let Some(start) = starts.get_mut(bucket + 1) {
            *start += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    write_places(sections, Section::Buckets, &starts);
    let out = section(sections, Section::Entries);
    for (hash, place) in hashed {
        let (_, tag) = layout::bucket(hash, count);
        out.bytes.extend_from_slice(&tag.to_le_bytes());
        out.bytes.extend_from_slice(&place.to_le_bytes());
    }
}

fn write_records(
    records: &[Record],
    groups: &[Group],
    postings: &[Vec<Posting>],
    symbols: &Symbols<'_>,
    sections: &mut [Writer; SECTIONS],
) -> Result<(), IndexError> {
    let mut group_of: FxHashMap<usize, usize> = FxHashMap::default();
    for (number, group) in groups.iter().enumerate() {
        group_of.extend(group.members.iter().map(|member| (*member, number)));
    }
    let mut places = Vec::with_capacity(records.len());
    let out = section(sections, Section::Records);
    for (at, (record, postings)) in records.iter().zip(postings).enumerate() {
        places.push(place(out, "records")?);
        out.bytes.extend_from_slice(&encode(record, group_of.get(&at).copied(), postings, symbols).bytes);
    }
    write_places(sections, Section::RecordPlaces, &places);
    Ok(())
}

fn write_groups(groups: &[Group], sections: &mut [Writer; SECTIONS]) -> Result<(), IndexError> {
    let mut places = Vec::with_capacity(groups.len());
    let out = section(sections, Section::Groups);
    for group in groups {
        places.push(place(out, "advisories")?);
        out.size(group.members.len());
        group.members.iter().for_each(|member| out.size(*member));
        for sentences in [&group.reasons, &group.conflicts] {
            out.size(sentences.len());
            sentences.iter().for_each(|sentence| out.text(sentence));
        }
    }
    write_places(sections, Section::GroupPlaces, &places);
    Ok(())
}

fn section(sections: &mut [Writer; SECTIONS], section: Section) -> &mut Writer {
    // Every section has its writer: the list is as long as there are sections.
    let [symbols, symbol_places, records, record_places, groups, group_places, buckets, entries, names] = sections;
    match section {
        Section::Symbols => symbols,
        Section::SymbolPlaces => symbol_places,
        Section::Records => records,
        Section::RecordPlaces => record_places,
        Section::Groups => groups,
        Section::GroupPlaces => group_places,
        Section::Buckets => buckets,
        Section::Entries => entries,
        Section::Names => names,
    }
}

fn write_places(sections: &mut [Writer; SECTIONS], which: Section, places: &[u32]) {
    let out = section(sections, which);
    places.iter().for_each(|place| out.bytes.extend_from_slice(&place.to_le_bytes()));
}

fn place(out: &Writer, what: &'static str) -> Result<u32, IndexError> {
    u32::try_from(out.bytes.len()).map_err(|_| IndexError::TooLarge(what))
}

fn assembled(sections: &[Writer; SECTIONS]) -> Vec<u8> {
    let total = sections.iter().map(|section| section.bytes.len()).sum::<usize>() + HEADER;
    let mut checked = Vec::with_capacity(total);
    checked.extend_from_slice(&SEED.to_le_bytes());
    let mut from = HEADER as u64;
    for section in sections {
        let length = section.bytes.len() as u64;
        checked.extend_from_slice(&from.to_le_bytes());
        checked.extend_from_slice(&length.to_le_bytes());
        from += length;
    }
    sections.iter().for_each(|section| checked.extend_from_slice(&section.bytes));
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(Sha256::digest(&checked).as_slice());
    bytes.extend_from_slice(&checked);
    bytes
}
