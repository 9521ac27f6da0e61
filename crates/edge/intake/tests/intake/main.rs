//! Tests of intake as a whole: cases of every source, real samples against the OCSF schema, malformed input, cursors.

// What was skipped and what was covered is printed.
#![allow(clippy::print_stdout)]

mod cases;
mod configured;
mod corpus;
mod malformed;
mod mutation;
mod resume;
mod schema;

use firebreak_intake::{Batch, Options, Source, keep, read_bytes};
use firebreak_world::World;

/// What an input of a source is called where the name says something.
fn input_name(source: &str) -> String {
    match source {
        "ci_log" => "logs/ci_log/meridian/eval/8812/nightly.log".to_owned(),
        "kubernetes_audit" => "logs/kubernetes_audit/prod/audit.log".to_owned(),
        "snowflake" => "logs/snowflake/meridian/rows.json".to_owned(),
        "postgres_log" => "logs/postgres_log/pay-db/postgresql.log".to_owned(),
        other => format!("logs/{other}/input"),
    }
}

/// Reads bytes as one closed file.
fn read(source: &dyn Source, bytes: &[u8]) -> Batch {
    read_with(source, bytes, Options::default())
}

fn read_with(source: &dyn Source, bytes: &[u8], options: Options) -> Batch {
    let batch = read_bytes(&World::simulated(1), &input_name(source.name()), bytes, source, options, &keep);
    assert_eq!(batch.read, (batch.events.len() + batch.quarantined.len()) as u64, "the counts add up");
    batch
}

fn source(name: &str) -> &'static dyn Source {
    firebreak_intake::source(name).expect("a source of that name")
}
