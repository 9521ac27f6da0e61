//! Rows of a table: each column read by itself under its name, each row counted once for a class, by where its person lives.

use crate::counts::{Counts, NOWHERE};
use crate::residency::Residence;
use crate::store::Reader;
use firebreak_classify::{Hint, Scanner};
use std::collections::{BTreeMap, BTreeSet};

/// A column: the number under which it is counted, and its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Column {
    pub(crate) number: u32,
    pub(crate) name: String,
}

/// What rows hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) records: Counts,
    pub(crate) columns: BTreeMap<u32, BTreeMap<String, u64>>,
}

/// Reads `rows`, whose fields are those of `columns` in their order.
pub(crate) fn rows(columns: &[Column], rows: &[Vec<Option<String>>], reader: &Reader<'_>) -> Rows {
    let mut found = Rows::default();
    let mut holding: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (at, column) in columns.iter().enumerate() {
        let values = rows.iter().map(|row| row.get(at).and_then(Option::as_deref).unwrap_or_default());
        for (class, rows) in column_holds(&column.name, values, reader) {
            found.columns.entry(column.number).or_default().insert(class.clone(), rows.len() as u64);
            holding.entry(class).or_default().extend(rows);
        }
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let residence = Residence::of(&names, rows);
    for (class, holding) in holding {
        for row in holding {
            let home = residence.as_ref().and_then(|residence| residence.home(rows.get(row)?));
            found.records.add(&class, home.as_deref().unwrap_or(NOWHERE), 1);
        }
    }
    found
}

/// The rows of a column that hold something, by class.
fn column_holds<'v>(
    name: &str,
    values: impl Iterator<Item = &'v str>,
    reader: &Reader<'_>,
) -> BTreeMap<String, BTreeSet<usize>> {
    let hint = Hint { column: Some(name), ..Hint::default() };
    let mut scanner = Scanner::new(reader.classes, reader.fingerprinter).with_hint(hint);
    let (mut starts, mut at, mut findings) = (Vec::new(), 0, Vec::new());
    for value in values {
        starts.push(at);
        findings.extend(scanner.feed(value.as_bytes()));
        findings.extend(scanner.feed(b"\n"));
        at += value.len() as u64 + 1;
    }
    findings.extend(scanner.finish().findings);
    let mut holding: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for finding in findings {
        let row = starts.partition_point(|start| *start <= finding.range.start).saturating_sub(1);
        holding.entry(finding.class.word().to_owned()).or_default().insert(row);
    }
    holding
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_classify::Classes;
    use firebreak_document::Limits;
    use firebreak_model::Fingerprinter;

    #[test]
    fn a_row_counts_once_for_a_class_and_each_column_for_itself() {
        let (classes, key, limits) = (Classes::all(), Fingerprinter::new([7; 32]), Limits::default());
        let reader = Reader { classes: &classes, fingerprinter: &key, limits: &limits };
        let columns = [(1, "ssn"), (2, "note"), (5, "state")];
        let columns = columns.map(|(number, name)| Column { number, name: name.to_owned() });
        let row = |fields: [&str; 3]| fields.iter().map(|field| Some((*field).to_owned())).collect::<Vec<_>>();
        let all = [
            row(["219-09-9123", "write to ana@corp-mail.example\nor bob@corp-mail.example", "CA"]),
            row(["457-55-5462", "ssn 219-09-9123", "NY"]),
            vec![None, Some("nothing".to_owned()), Some("CA".to_owned())],
        ];
        let found = rows(&columns, &all, &reader);
        assert_eq!(found.records.of("ssn"), 2, "{found:?}");
        assert_eq!((found.columns[&1]["ssn"], found.columns[&2]["ssn"]), (2, 1));
        assert_eq!(found.columns[&2]["email"], 1, "two addresses in one row");
        assert_eq!(found.records.0["ssn"], BTreeMap::from([("US-CA".to_owned(), 1), ("US-NY".to_owned(), 1)]));
    }
}
