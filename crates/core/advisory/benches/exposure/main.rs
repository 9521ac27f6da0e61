//! The advisories' part of the benchmark of exposure: how long an index takes to build, to merge and to ask, and what it
//! weighs. Its last line is one JSON object. `docs/exposure-benchmarks.md` says what each figure means.
//!
//! Arguments: `--quick` for a tenth of the size. A run fails if a look-up misses what a record of it says.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod database;
mod peers;

use anyhow::{Context, Result, bail};
use database::Database;
use firebreak_advisory::{Answer, Index, Record, build, merge, read};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// As the product allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NAMES: usize = 290_000;
const LOOK_UPS: usize = 1_000_000;
/// Documents of this many records are read at a time.
const AT_ONCE: usize = 10_000;

fn seconds<T>(what: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let done = what();
    (done, start.elapsed().as_secs_f64())
}

/// All records of the database, as the product reads them, and the bytes that they were.
fn records(database: &Database, from: usize, to: usize) -> Result<(Vec<Record>, usize)> {
    let (mut all, mut bytes) = (Vec::new(), 0);
    for start in (from..to).step_by(AT_ONCE) {
        let text = database.documents(start, to.min(start + AT_ONCE));
        bytes += text.len();
        let reading = read("generated", text.as_bytes());
        if let Some(problem) = reading.problems.first() {
            bail!("a generated record is not as it should be: {problem}");
        }
        all.extend(reading.records);
    }
    Ok((all, bytes))
}

/// Nanoseconds a look-up of `asked` that is told as well: the id of every record that was met, and why. The median of five
/// rounds.
fn told(index: &Index<'_>, asked: &[(String, String, String)]) -> Result<f64> {
    let mut rounds = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        for (ecosystem, name, version) in asked {
            for one in &index.look_up(ecosystem, name, Some(version))?.matches {
                std::hint::black_box((index.id(one.record)?, index.why(one, Some(version))));
            }
        }
        rounds.push(start.elapsed().as_secs_f64() * 1e9 / asked.len() as f64);
    }
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[2])
}

/// Nanoseconds a look-up of `asked`, the median of five rounds, and how many of them met an affected version.
fn ask(index: &Index<'_>, asked: &[(String, String, String)]) -> Result<(f64, usize)> {
    let (mut rounds, mut met) = (Vec::new(), 0);
    for _ in 0..5 {
        met = 0;
        let start = Instant::now();
        for (ecosystem, name, version) in asked {
            let found = index.look_up(ecosystem, name, Some(version))?;
            met += usize::from(found.matches.iter().any(|one| one.answer == Answer::Affected));
        }
        rounds.push(start.elapsed().as_secs_f64() * 1e9 / asked.len() as f64);
    }
    rounds.sort_by(f64::total_cmp);
    Ok((rounds[2], met))
}

fn run(arguments: &[String]) -> Result<()> {
    if let Some(at) = arguments.iter().position(|argument| argument == "--memory") {
        return memory(arguments.get(at + 1).context("--memory needs a file")?);
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--audit") {
        return peers::audit(Path::new(arguments.get(at + 1).context("--audit needs a folder")?));
    }
    let scale = if arguments.iter().any(|argument| argument == "--quick") { 10 } else { 1 };
    let (names, look_ups) = (NAMES / scale, LOOK_UPS / scale);
    let database = Database::new(names);
    let ((all, text), read_seconds) = {
        let (done, seconds) = seconds(|| records(&database, 0, database.len()));
        (done?, seconds)
    };
    let count = all.len();
    println!("{names} names, {count} records, {:.0} MiB of JSON", text as f64 / 1048576.0);
    let (later, early): (Vec<Record>, Vec<Record>) = {
        let mut early = all.clone();
        let later = early.split_off(count - count / 100);
        (later, early)
    };
    let (whole, build_seconds) = seconds(|| build(all));
    let whole = whole?.bytes;
    let base = build(early)?.bytes;
    let base = Index::open(&base)?;
    let (merged, merge_seconds) = seconds(|| merge(&base, later));
    if merged?.bytes != whole {
        bail!("what was merged is not what is built at once");
    }
    let (index, open_seconds) = seconds(|| Index::open(&whole));
    let index = index?;
    if index.names() != names {
        bail!("the index has {} names, not {names}", index.names());
    }
    let asked = database.asked(look_ups);
    let (known, met) = ask(&index, &asked.known)?;
    if met != asked.known.len() {
        bail!("{} of {} versions that records name were met", met, asked.known.len());
    }
    let (unknown, _) = ask(&index, &asked.unknown)?;
    let (mixed, _) = ask(&index, &asked.mixed)?;
    let told = told(&index, &asked.known)?;
    let index_mib = whole.len() as f64 / 1048576.0;
    let rss_mib = rss(&whole)?;
    println!("read      {read_seconds:8.2} s   all documents, parsed and settled (with their generation)");
    println!("build     {build_seconds:8.2} s   joined and written");
    println!("merge     {merge_seconds:8.2} s   one record in a hundred is new; the same bytes");
    println!("open      {:8.2} ms  the digest is checked", open_seconds * 1e3);
    println!("index     {index_mib:8.2} MiB");
    println!("resident  {rss_mib:8.2} MiB of a process that holds the index in memory and asks it");
    println!("look-up   {mixed:8.0} ns  half known names, half unknown");
    println!("          {known:8.0} ns  known names, a version that is affected");
    println!("          {told:8.0} ns  known names, and every record that was met is told: its id, and why");
    println!("          {unknown:8.0} ns  unknown names");
    if scale == 1 {
        println!("\nTargets");
        target("lookup_ns", mixed, 1_000.0, "half known names, half unknown");
        target("index_mib", index_mib, 30.0, "290,000 names");
    }
    let peers = peers::run(&database, scale)?;
    let object = serde_json::json!({
        "peers": peers,
        "lookup_ns": mixed.round(), "lookup_affected_ns": known.round(), "lookup_unknown_ns": unknown.round(), "lookup_told_ns": told.round(),
        "index_mib": index_mib, "rss_mib": rss_mib, "read_seconds": read_seconds, "build_seconds": build_seconds,
        "merge_seconds": merge_seconds, "open_ms": open_seconds * 1e3, "records": count, "names": names,
    });
    println!("{object}");
    Ok(())
}

/// A figure beside what it is to stay below.
fn target(name: &str, found: f64, below: f64, what: &str) {
    let word = if found < below { "met" } else { "MISSED" };
    println!("  {name:<20}  {found:8.1}   target {below:6.0}   {word:<6}   {what}");
}

/// The resident memory of a process that does nothing else, in MiB.
fn rss(index: &[u8]) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("advisories.index");
    std::fs::write(&file, index)?;
    let output = std::process::Command::new(std::env::current_exe()?).arg("--memory").arg(&file).output()?;
    String::from_utf8(output.stdout)?.trim().parse().context("the process that was measured said nothing")
}

fn memory(file: &str) -> Result<()> {
    let bytes = std::fs::read(file)?;
    let index = Index::open(&bytes)?;
    let mut asked = 0;
    for place in (0..index.records()).step_by(index.records() / 10_000 + 1) {
        for affected in index.record(place)?.affected {
            asked += index.look_up(&affected.ecosystem, &affected.name, Some("1.0.0"))?.matches.len();
        }
    }
    if asked == 0 {
        bail!("nothing was met");
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    println!("{}", kib / 1024.0);
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
