//! Every `cases/<case>/` of every source: the input beside what it must give. `BLESS=1` writes what it gives, except
//! where `CI` is set.

use crate::corpus::check;
use crate::schema::Schema;
use firebreak_intake::{Batch, SOURCES};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).map(|entries| entries.flatten().map(|entry| entry.path())).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// Without what is absent: cases show what a record says, not what it leaves out.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

fn shown(batch: &Batch, schema: Option<&Schema>) -> Value {
    let made = |made: firebreak_intake::Making| {
        without_nulls(json!({"with": made.with, "what": made.what, "until": made.until, "acts_as": made.acts_as}))
    };
    let event = |event: &firebreak_model::Event| {
        let makings: Vec<Value> = firebreak_intake::makings(event).into_iter().map(made).collect();
        without_nulls(json!({
            "makings": (!makings.is_empty()).then_some(makings),
            "native_id": event.native_id,
            "time": event.time,
            "log_source": format!("{}/{}", event.log_source.product, event.log_source.service),
            "keys": without_nulls(serde_json::to_value(&event.keys).expect("plain data")),
            "ocsf": check(schema, event),
        }))
    };
    let quarantined = |quarantined: &firebreak_intake::Quarantined| {
        let problem = &quarantined.problem;
        json!({"line": problem.position.line, "reason": problem.reason, "hint": problem.hint})
    };
    json!({
        "read": batch.read,
        "events": batch.events.iter().map(event).collect::<Vec<_>>(),
        "quarantined": batch.quarantined.iter().map(quarantined).collect::<Vec<_>>(),
    })
}

#[test]
fn every_case_gives_what_it_should() {
    let schema = Schema::load();
    let bless = std::env::var_os("BLESS").is_some();
    assert!(!bless || std::env::var_os("CI").is_none(), "expected output is not rewritten in CI");
    for source in SOURCES {
        let cases = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/sources").join(source.name()).join("cases");
        let (mut good, mut refused) = (0, 0);
        for case in folders(&cases) {
            let input = ["json", "ndjson", "log"].iter().map(|kind| case.join(format!("input.{kind}")));
            let input = input.into_iter().find(|path| path.is_file());
            let input = input.unwrap_or_else(|| panic!("{} has no input", case.display()));
            let batch = crate::read(*source, &fs::read(input).expect("readable"));
            good += batch.events.len();
            refused += batch.quarantined.len();
            let text = format!("{:#}\n", shown(&batch, schema.as_ref()));
            let expected = case.join("expected.json");
            if bless {
                fs::write(&expected, &text).expect("writable");
            }
            let expected = fs::read_to_string(&expected).unwrap_or_default();
            // By value: the order of fields depends on how other crates build the JSON library.
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
            let same = value(&text) == value(&expected);
            assert!(same, "{}: gives\n{text}\nhint: BLESS=1 rewrites it", case.display());
        }
        assert!(good > 0 && refused > 0, "{} needs a case that is read and one that is quarantined", source.name());
    }
}
