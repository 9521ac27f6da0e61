//! Detection: how fast, against the parse alone and against other Sigma engines, in one run over the same records; and how
//! the correlator behaves. The last line is one JSON object. Not the disk, the ledger or the plan: `spine` measures those.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::panic, reason = "a benchmark prints what it measured")]

mod clock;
mod correlating;
mod matching;
mod records;

use records::Records;
use serde_json::Map;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut figures = Map::new();
    let records = Records::read();
    let cloudtrail = &records.cloudtrail;
    let bytes: usize = cloudtrail.records.iter().map(String::len).sum();
    println!(
        "{} CloudTrail records of {} bytes, {} of them real",
        cloudtrail.records.len(),
        bytes / cloudtrail.records.len().max(1),
        cloudtrail.real
    );
    figures.insert("records".to_owned(), cloudtrail.records.len().into());
    figures.insert("real_records".to_owned(), cloudtrail.real.into());
    // Without words every part runs; `cargo bench … -- orders memory` runs two.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    if wanted("cloudtrail") {
        matching::cloudtrail(cloudtrail, &mut figures);
    }
    if wanted("others") {
        records.others.iter().for_each(|source| matching::other(source, &mut figures));
    }
    if wanted("gzip") {
        matching::gzip(cloudtrail, &mut figures);
    }
    if wanted("threads") {
        matching::threads(cloudtrail, &mut figures);
    }
    if wanted("path") {
        correlating::full_path(&records, &mut figures);
    }
    if wanted("values") {
        correlating::distinct_values(&mut figures);
    }
    if wanted("orders") {
        correlating::orders(&records, &mut figures);
    }
    if wanted("memory") {
        correlating::memory(&mut figures);
    }
    println!("{}", serde_json::Value::Object(figures));
}
