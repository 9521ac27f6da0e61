//! How fast the scanner reads, beside other scanners, on the same generated files in the same run. A rate is megabytes for each second
//! of processor time of one core; the time that a peer takes to start is not counted against it.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

#[allow(dead_code, reason = "the score uses the rest")]
#[path = "../tests/corpus/mod.rs"]
mod corpus;

use corpus::{File, Random, layouts, peers};
use firebreak_classify::{Classes, Hint, Scanner, hide, redact};
use firebreak_model::Fingerprinter;
use serde_json::{Value, json};

/// Processor time of this thread, in seconds, as the kernel counts it.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

/// The best of five runs over `files`, in megabytes a second. The kernel counts a thread's time in ticks of some milliseconds, so each run
/// goes on until it took a third of a second.
fn rate(files: &[File], run: impl Fn(&File) -> usize) -> f64 {
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    let once = |_| {
        let (begun, mut rounds) = (processor_seconds(), 0);
        loop {
            std::hint::black_box(files.iter().map(&run).sum::<usize>());
            rounds += 1;
            let took = processor_seconds() - begun;
            if took > 0.3 {
                break took / f64::from(rounds);
            }
        }
    };
    bytes as f64 / 1e6 / (0..5).map(once).fold(f64::MAX, f64::min)
}

fn main() {
    let classes = Classes::all();
    let key = Fingerprinter::new([7; 32]);
    // As a store is read: piece by piece, and findings are let go of as they come.
    let ours = |file: &File| {
        let hint = Hint { file: Some(&file.name), ..Hint::default() };
        let mut scanner = Scanner::new(&classes, &key).with_hint(hint);
        let found: usize = file.text.as_bytes().chunks(1 << 18).map(|piece| scanner.feed(piece).len()).sum();
        found + scanner.finish().findings.len()
    };
    let quick = std::env::args().any(|argument| argument == "--quick");
    let whole = layouts::ordinary(&mut Random(20_260_324), if quick { 4_000_000 } else { 40_000_000 });
    let speed = rate(&whole, ours);
    println!(
        "one core, text of five kinds, {:.0} MB: {speed:.0} MB/s",
        whole.iter().map(|file| file.text.len()).sum::<usize>() as f64 / 1e6
    );
    let mut by_file = serde_json::Map::new();
    for file in &whole {
        let one = rate(std::slice::from_ref(file), ours);
        println!("  {:<12} {one:>6.0} MB/s", file.name);
        by_file.insert(file.name.clone(), json!(one.round()));
    }
    let redaction =
        rate(&whole, |file| redact(file.text.as_bytes(), &key).found.len() + hide(file.text.as_bytes()).len()) * 2.0;
    println!("redaction of the same text: {redaction:.0} MB/s");
    let mut object = json!({
        "mb_per_second_core": speed.round(), "mb_per_second_core_by_file": by_file, "redaction_mb_per_second_core": redaction.round(),
        "peers": {},
    });
    for (name, bytes) in [("kingfisher", 40_000_000), ("detect-secrets", 2_000_000), ("presidio", 250_000)] {
        let bytes = if quick { bytes / 10 } else { bytes };
        let (ratio, said) = beside(name, &layouts::ordinary(&mut Random(20_260_324), bytes), ours);
        object[format!("ratio_to_{}", name.replace('-', "_"))] = ratio;
        object["peers"][name] = said;
    }
    println!("{object}");
}

/// The ratio to one peer over the same files, and what there is to say of it.
fn beside(name: &str, files: &[File], ours: impl Fn(&File) -> usize) -> (Value, Value) {
    let folder = peers::folder(&format!("bench-{name}"));
    peers::write(&folder, files);
    let (_, package, how) = peers::PEERS.into_iter().find(|(known, ..)| *known == name).unwrap_or_default();
    match peers::run(name, &folder) {
        Ok(run) if run.seconds > 0.0 => {
            let megabytes = files.iter().map(|file| file.text.len()).sum::<usize>() as f64 / 1e6;
            let (theirs, mine) = (megabytes / run.seconds, rate(files, ours));
            println!("{name} ({package}: {how}): {theirs:.2} MB/s where we read {mine:.0}, {:.1} times", mine / theirs);
            let said = json!({"package": package, "how": how, "mb_per_second_core": theirs, "ours": mine.round(), "megabytes": megabytes});
            (json!(mine / theirs), said)
        }
        Ok(_) => (Value::Null, json!({"package": package, "why": "it took less time than its start"})),
        Err(why) => {
            println!("{name}: not measured, {why}");
            (Value::Null, json!({"package": package, "why": why}))
        }
    }
}
