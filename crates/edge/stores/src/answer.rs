//! What a scan says: numbers by resource, by class, by residence and by column, and what was not read.

use crate::counts::{Counts, Known};
use crate::estimate::Estimate;
use crate::scan::Gap;
use crate::state::State;
use crate::store::{Listing, Part};
use serde::Serialize;
use std::collections::BTreeMap;

/// Records of one class whose people live in one place.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Residents {
    /// ISO 3166, or `unknown`.
    pub residency: String,
    /// How many.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// One class in a resource.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Held {
    /// The class.
    pub class: String,
    /// How much of it.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Documents of the sample with it that only history holds: removed, and still to be read.
    #[serde(skip_serializing_if = "is_nothing")]
    pub documents_past: u64,
    /// The same by where the people live whom it is about.
    pub residents: Vec<Residents>,
}

fn is_nothing(count: &u64) -> bool {
    *count == 0
}

/// One class in one column of a table.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InColumn {
    /// The column's name.
    pub column: String,
    /// The class.
    pub class: String,
    /// How much of it.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// What a scan says of one resource.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Scanned {
    /// Its key on the map.
    pub resource: String,
    /// Documents in it: files, objects, blobs, stretches of a table.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Documents that the numbers rest on: read now or remembered.
    pub sampled: u64,
    /// Documents that were read now.
    pub read: u64,
    /// Bytes that were read now.
    pub bytes_read: u64,
    /// Rows, where it is a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Estimate>,
    /// What it holds.
    pub held: Vec<Held>,
    /// The same by column, where it is a table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<InColumn>,
    /// What was not read.
    pub gaps: Vec<Gap>,
}

/// What a scan says of one store.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Scan {
    /// By resource.
    pub resources: Vec<Scanned>,
    /// What was not listed at all.
    pub gaps: Vec<Gap>,
}

impl Scan {
    /// Whether everything was read.
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.resources.iter().all(|resource| resource.gaps.is_empty())
    }
}

/// The answer from what is known of the pieces. `read` are the pieces and bytes that were read now, by part.
pub(crate) fn answer<P>(
    listing: Listing<P>,
    state: &State,
    read: &BTreeMap<String, (u64, u64)>,
    mut gaps: BTreeMap<String, Vec<Gap>>,
) -> Scan {
    let resources = listing.parts.into_iter().map(|part| {
        let (pieces, bytes) = read.get(&part.key).copied().unwrap_or_default();
        let own = gaps.remove(&part.key).unwrap_or_default();
        resource(part, state, (pieces, bytes), own)
    });
    Scan { resources: resources.collect(), gaps: joined(listing.gaps) }
}

fn resource<P>(part: Part<P>, state: &State, read: (u64, u64), gaps: Vec<Gap>) -> Scanned {
    let past = part.pieces.iter().filter(|piece| piece.past).filter_map(|piece| state.pieces.get(&piece.key));
    let past: Vec<&Known> = past.collect();
    let known: Vec<&Known> = part.pieces.iter().filter_map(|piece| state.pieces.get(&piece.key)).collect();
    let (all, sampled) = (part.pieces.len() as u64, known.len() as u64);
    let mut gaps: Vec<Gap> = part.gaps.into_iter().chain(gaps).collect();
    if sampled < all {
        let what = if part.columns.is_empty() { "a file" } else { "a stretch" };
        let what = format!("{what} is not in the sample: numbers are estimates");
        gaps.push(Gap { what, count: all - sampled });
    }
    for known in &known {
        gaps.extend(known.holds().problems.iter().map(|(word, count)| Gap { what: said(word), count: *count }));
    }
    let rows: Vec<u64> = known.iter().map(|known| known.holds().rows).filter(|rows| *rows > 0).collect();
    Scanned {
        resource: part.resource,
        documents: all,
        bytes: part.pieces.iter().map(|piece| piece.size).sum(),
        sampled,
        read: read.0,
        bytes_read: read.1,
        rows: (!part.columns.is_empty()).then(|| Estimate::of(&rows, sampled, all)),
        held: held(&known, &past, all),
        columns: columns(&part.columns, &known, all),
        gaps: joined(gaps),
    }
}

fn held(known: &[&Known], past: &[&Known], all: u64) -> Vec<Held> {
    let read = known.len() as u64;
    let mut totals: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut by_home: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for Counts(records) in known.iter().map(|known| &known.holds().records) {
        for (class, homes) in records {
            totals.entry(class).or_default().push(homes.values().sum());
            homes.iter().for_each(|(home, count)| by_home.entry((class, home)).or_default().push(*count));
        }
    }
    let residents = |class: &str| {
        let of = by_home.iter().filter(|((own, _), _)| *own == class);
        of.map(|((_, home), counts)| Residents {
            residency: (*home).to_owned(),
            estimate: Estimate::of(counts, read, all),
        })
        .collect()
    };
    totals
        .iter()
        .map(|(class, counts)| Held {
            class: (*class).to_owned(),
            estimate: Estimate::of(counts, read, all),
            documents_past: past.iter().filter(|known| known.holds().records.of(class) > 0).count() as u64,
            residents: residents(class),
        })
        .collect()
}

fn columns(names: &BTreeMap<u32, String>, known: &[&Known], all: u64) -> Vec<InColumn> {
    let mut counts: BTreeMap<(u32, &str), Vec<u64>> = BTreeMap::new();
    for (column, classes) in known.iter().flat_map(|known| &known.holds().columns) {
        classes.iter().for_each(|(class, records)| counts.entry((*column, class)).or_default().push(*records));
    }
    counts
        .into_iter()
        .map(|((column, class), counts)| InColumn {
            column: names.get(&column).cloned().unwrap_or_default(),
            class: class.to_owned(),
            estimate: Estimate::of(&counts, known.len() as u64, all),
        })
        .collect()
}

pub(crate) fn said(word: &str) -> String {
    match word {
        "bound" => "a bound was reached: the rest of a document was not read",
        "broken" => "a document is broken: it was read as far as it goes",
        "encrypted" => "a document is encrypted",
        "encoding" => "a document is not in the encoding that it claims",
        "polyglot" => "a document is two formats at once: both were read",
        "cut" => "a value is longer than is read: only its beginning was",
        "letters" => "what is written in a picture could not be read",
        "elsewhere" => "a file is kept elsewhere (Git LFS): only its name card was read",
        _ => "a document is of a form that is not read",
    }
    .to_owned()
}

pub(crate) fn joined(gaps: Vec<Gap>) -> Vec<Gap> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    gaps.into_iter().for_each(|gap| *all.entry(gap.what).or_default() += gap.count);
    all.into_iter().map(|(what, count)| Gap { what, count }).collect()
}
