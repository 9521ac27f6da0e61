//! Rows of a table: each column read by itself under its name, each row counted once for a class, by where its person lives.

use crate::counts::{Counts, NOWHERE};
use crate::residency::Residence;
use crate::store::Reader;
use firebreak_classify::{Hint, Scanner};
use firebreak_model::DataClass;
use firebreak_world::TextColumn;
use std::collections::BTreeMap;

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

/// Reads rows whose fields are in `data`, one column of it for each of `columns`.
pub(crate) fn rows(columns: &[Column], data: &[TextColumn], reader: &Reader<'_>) -> Rows {
    let mut found = Rows::default();
    let mut holding: BTreeMap<DataClass, Vec<usize>> = BTreeMap::new();
    for (column, values) in columns.iter().zip(data) {
        for (class, rows) in column_holds(&column.name, values, reader) {
            let of = found.columns.entry(column.number).or_default();
            of.insert(class.word().to_owned(), rows.len() as u64);
            holding.entry(class).or_default().extend(rows);
        }
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let residence = Residence::of(&names, data);
    for (class, rows) in holding {
        let rows = once_each(rows);
        match &residence {
            None => found.records.add(class.word(), NOWHERE, rows.len() as u64),
            Some(residence) => residence.homes(data, rows.into_iter()).into_iter().for_each(|(home, count)| {
                found.records.add(class.word(), home.as_deref().unwrap_or(NOWHERE), count);
            }),
        }
    }
    found
}

/// The rows of a column that hold something, each once, by class.
fn column_holds(name: &str, values: &TextColumn, reader: &Reader<'_>) -> BTreeMap<DataClass, Vec<usize>> {
    let hint = Hint { column: Some(name), ..Hint::default() };
    let mut scanner = Scanner::new(reader.classes, reader.fingerprinter).with_hint(hint);
    let mut findings = scanner.feed(values.bytes());
    findings.extend(scanner.finish().findings);
    let mut holding: BTreeMap<DataClass, Vec<usize>> = BTreeMap::new();
    for finding in findings {
        let row = values.row_at(usize::try_from(finding.range.start).unwrap_or(usize::MAX));
        holding.entry(finding.class).or_default().push(row);
    }
    holding.into_iter().map(|(class, rows)| (class, once_each(rows))).collect()
}

fn once_each(mut rows: Vec<usize>) -> Vec<usize> {
    rows.sort_unstable();
    rows.dedup();
    rows
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
        let reader = Reader { classes: &classes, fingerprinter: &key, limits: &limits, letters: None, stop: &|| false };
        let columns = [(1, "ssn"), (2, "note"), (5, "state")];
        let columns = columns.map(|(number, name)| Column { number, name: name.to_owned() });
        let mut data = [TextColumn::default(), TextColumn::default(), TextColumn::default()];
        for row in [
            ["219-09-9123", "write to ana@corp-mail.example\nor bob@corp-mail.example", "CA"],
            ["457-55-5462", "ssn 219-09-9123", "NY"],
            ["", "nothing", "CA"],
        ] {
            data.iter_mut().zip(row).for_each(|(column, value)| column.push(value.as_bytes()));
        }
        let found = rows(&columns, &data, &reader);
        assert_eq!(found.records.of("ssn"), 2, "{found:?}");
        assert_eq!((found.columns[&1]["ssn"], found.columns[&2]["ssn"]), (2, 1));
        assert_eq!(found.columns[&2]["email"], 1, "two addresses in one row");
        assert_eq!(found.records.0["ssn"], BTreeMap::from([("US-CA".to_owned(), 1), ("US-NY".to_owned(), 1)]));
    }
}
