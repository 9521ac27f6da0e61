//! The fleet's part of the benchmark `exposure`: intervals of 100,000 environments asked who had what, and verdicts on 10,000
//! environments of 2,000 packages each. Its last line is one JSON object; `docs/fleet.md` says what each figure means.
//!
//! Arguments: `--quick` for a tenth of the size. Answers are compared with what was made and with the peer's, so that nothing
//! fast is wrong.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod estate;
mod peer;
mod verdicts;

use estate::Estate;
use firebreak_fleet::{Builder, Fleet, Query, Segment, Sink, Wanted, merge};
use firebreak_model::{Interval, Time};
use firebreak_world::{Disk, Mapped, RealDisk};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// As the product allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of one segment as a batch leaves it.
const BATCH_ROWS: usize = 4_000_000;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let scale = if quick { 10 } else { 1 };
    let mut object = serde_json::Map::new();
    verdicts::run(10_000 / scale, 2_000, &mut object);
    let estate = Estate { environments: 100_000 / scale, packages: 500, seed: 24 };
    whole(&estate, &mut object);
    peer::run(&Estate { environments: 10_000 / scale, ..estate }, &mut object);
    println!("{}", serde_json::Value::Object(object));
}

/// Builds, asks, and says what it took.
fn whole(estate: &Estate, object: &mut serde_json::Map<String, serde_json::Value>) {
    let directory = tempfile::tempdir().expect("a directory");
    let begun = Instant::now();
    let segments = batches(estate, directory.path());
    let built = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let path = together(&segments, directory.path());
    let merged = begun.elapsed().as_secs_f64();
    let peak_building = memory("VmHWM:");
    let bytes = RealDisk.map(&path).expect("it was written");
    let begun = Instant::now();
    let segment = Segment::open(&bytes).expect("whole");
    let fleet = Fleet::new(vec![segment]).expect("whole");
    let opened = begun.elapsed().as_secs_f64() * 1_000.0;
    let per_row = bytes.len() as f64 / segment.rows() as f64;
    println!(
        "{} environments, {} intervals, {} things: {:.1} s to read into {} segments, {:.1} s to merge, {:.2} bytes an interval, {:.0} MiB peak",
        estate.environments,
        segment.rows(),
        segment.things(),
        built,
        segments.len(),
        merged,
        per_row,
        peak_building
    );
    println!("open: {opened:.1} ms");
    let mut worst: f64 = 0.0;
    for (name, what) in
        [("rare", "pypi/package-19999"), ("litellm", "pypi/litellm@1.82.8"), ("everywhere", "pypi/package-0")]
    {
        let query = week(what);
        let (p50, p99, had, untold) = asked(&fleet, &query, if name == "everywhere" { 20 } else { 200 });
        println!("{name}: {had} intervals, {untold} untold: p50 {p50:.2} ms, p99 {p99:.2} ms");
        object
            .insert(format!("interval_query_{name}_ms"), serde_json::json!({"p50": p50, "p99": p99, "intervals": had}));
        if name == "litellm" {
            worst = p99;
            assert_eq!(had, estate.of_litellm(), "who has it is known");
        }
    }
    let resident = memory("VmRSS:");
    object.insert("interval_query_ms".to_owned(), serde_json::json!(worst));
    object.insert("interval_bytes".to_owned(), serde_json::json!(per_row));
    object.insert("intervals".to_owned(), serde_json::json!(segment.rows()));
    object.insert("interval_build_seconds".to_owned(), serde_json::json!(built + merged));
    object.insert("interval_peak_mib".to_owned(), serde_json::json!(peak_building));
    println!("resident after the questions, mapped pages included: {resident:.0} MiB");
}

/// The estate as segments on disk, one batch after the other.
pub(crate) fn batches(estate: &Estate, directory: &Path) -> Vec<PathBuf> {
    let (mut builder, mut paths) = (Builder::new(), Vec::new());
    let mut put = |builder: Builder| {
        let path = directory.join(format!("batch-{}", paths.len()));
        write(&path, |sink| builder.finish(Interval { from: Time(1), to: Time(2) }, sink).expect("it fits"));
        paths.push(path);
    };
    for environment in 0..estate.environments {
        estate.each(environment, |statement| builder.add(statement));
        if builder.len() >= BATCH_ROWS {
            put(std::mem::take(&mut builder));
        }
    }
    if !builder.is_empty() {
        put(builder);
    }
    paths
}

/// All segments as one.
pub(crate) fn together(paths: &[PathBuf], directory: &Path) -> PathBuf {
    let maps: Vec<Mapped> = paths.iter().map(|path| RealDisk.map(path).expect("it was written")).collect();
    let segments: Vec<Segment<'_>> = maps.iter().map(|map| Segment::open(map).expect("whole")).collect();
    let path = directory.join("fleet");
    write(&path, |sink| merge(&segments, sink).expect("whole"));
    path
}

fn write(path: &Path, fill: impl FnOnce(&mut dyn Sink)) {
    struct Out<'w>(&'w mut dyn Write, io::Result<()>);
    impl Sink for Out<'_> {
        fn put(&mut self, bytes: &[u8]) {
            if self.1.is_ok() {
                self.1 = self.0.write_all(bytes);
            }
        }
    }
    let mut fill = Some(fill);
    let done = RealDisk.write_with(path, &mut |file| {
        let mut out = Out(file, Ok(()));
        if let Some(fill) = fill.take() {
            fill(&mut out);
        }
        out.1
    });
    done.expect("there is room");
}

/// Asks about one week.
pub(crate) fn week(what: &str) -> Query {
    let from = estate::BEGIN + 300 * 86_400;
    let (from, to) = (Time::from_seconds(from), Time::from_seconds(from + 7 * 86_400));
    Query { what: Wanted::parse(what).expect("it can be asked"), from, to }
}

/// Median and 99th percentile in milliseconds, and what was answered.
pub(crate) fn asked(fleet: &Fleet<'_>, query: &Query, times: usize) -> (f64, f64, usize, usize) {
    let mut took = Vec::new();
    let (mut had, mut untold) = (0, 0);
    for _ in 0..times {
        let begun = Instant::now();
        let answer = fleet.who(query).expect("whole");
        took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        (had, untold) = (answer.had.len(), answer.untold.len());
    }
    took.sort_by(f64::total_cmp);
    (took[took.len() / 2], took[(took.len() * 99 / 100).min(took.len() - 1)], had, untold)
}

/// A figure of this process, in MiB.
pub(crate) fn memory(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
