//! How fast bytes become events and events meet rules, each part against the cost of parsing the same records alone, in
//! one run on one thread. Its last line is one JSON object.
//!
//! Time is the CPU time of the one thread that works, so that other work on the machine distorts it less; ratios are
//! what to look at. `hot_path [MILLISECONDS] [WORD…]` runs only the parts whose name contains one of the words, each pass
//! so long at least.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod rules;

use firebreak_detect::{Matcher, Rules, Scratch};
use firebreak_intake::{Options, Redact, Source, keep, read_bytes};
use firebreak_model::{Event, Fingerprinter, Json};
use firebreak_scenario::{Addresses, Size, Spec, generate};
use firebreak_world::World;
use std::borrow::Cow;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Passes of each part, of which the median counts, and how long each lasts at least.
const PASSES: usize = 5;
const PASS_MILLISECONDS: u64 = 400;
/// Events that are held at once: as between two commits, and so few that they stay in the processor's cache.
const BATCH: usize = 5_000;
const BATCH_SMALL: usize = 250;

const SOURCES: [&str; 4] = ["aws_cloudtrail", "github_audit", "okta_system", "google_workspace"];

/// The records of one source.
struct Records {
    world: World,
    source: &'static dyn Source,
    /// Whole input files, plain and compressed.
    files: Vec<Vec<u8>>,
    zipped: Vec<Vec<u8>>,
    events: Vec<Event>,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let (numbers, words): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.parse::<u64>().is_ok());
    let milliseconds = numbers.first().and_then(|word| word.parse().ok()).unwrap_or(PASS_MILLISECONDS);
    let mut report = serde_json::Map::new();
    for name in SOURCES {
        let wanted = |part: &str| words.is_empty() || words.iter().any(|word| format!("{name} {part}").contains(word));
        if !words.is_empty() && !words.iter().any(|word| word.contains(name) || !word.contains('_')) {
            continue;
        }
        let Some(records) = Records::of(name) else { continue };
        let parts = measure(&records, &wanted, Duration::from_millis(milliseconds));
        report.insert(name.to_owned(), serde_json::Value::Object(parts));
    }
    println!("{}", serde_json::Value::Object(report));
}

/// Measures the parts of one source that are wanted.
fn measure(
    records: &Records,
    wanted: &dyn Fn(&str) -> bool,
    pass: Duration,
) -> serde_json::Map<String, serde_json::Value> {
    let redact: Box<Redact> = Box::new(redaction());
    let shipped = Arc::new(rules::shipped());
    let mut parse = 0.0;
    let mut report = serde_json::Map::new();
    let mut part = |name: &str, work: &mut dyn FnMut()| {
        if name != "parse" && !wanted(name) {
            return;
        }
        let pass = if name == "parse" { Duration::from_millis(PASS_MILLISECONDS) } else { pass };
        let rate = rate(records.events.len(), pass, work);
        if name == "parse" {
            parse = rate;
        }
        let label = format!("{} {name}", records.source.name());
        println!("{label:<44}{rate:>12.0} events/s{:>8.0} ns{:>8.3}", 1e9 / rate, rate / parse);
        report.insert(
            name.replace(' ', "_"),
            serde_json::json!({ "per_second": rate.round(), "ratio": (rate / parse * 1e4).round() / 1e4 }),
        );
    };
    part("parse", &mut || records.parse());
    for count in rules::COUNTS {
        let set = Arc::new(rules::generated(&records.events, count));
        let (matcher, mut scratch) = (Matcher::new(Arc::clone(&set)), Scratch::default());
        let met: usize = records.events.iter().map(|event| matcher.matches(event, &mut scratch).len()).sum();
        println!("{count} generated rules: {:.3} matches an event", met as f64 / records.events.len() as f64);
        part(&format!("match {count}"), &mut records.matching(&set));
    }
    part("match shipped", &mut records.matching(&shipped));
    part("intake without redaction", &mut || records.intake(&records.files, BATCH, &keep, &mut |_| {}));
    part("intake", &mut || records.intake(&records.files, BATCH, &redact, &mut |_| {}));
    part("intake in small batches", &mut || records.intake(&records.files, BATCH_SMALL, &redact, &mut |_| {}));
    part("intake zipped", &mut || records.intake(&records.zipped, BATCH, &redact, &mut |_| {}));
    let matcher = Matcher::new(shipped);
    let mut scratch = Scratch::default();
    for (name, batch) in [("intake and match", BATCH), ("intake and match in small batches", BATCH_SMALL)] {
        part(name, &mut || {
            records.intake(&records.files, batch, &redact, &mut |event| {
                black_box(matcher.matches(event, &mut scratch).len());
            });
        });
    }
    if wanted("threads") {
        let gain = records.threads(&matcher, pass);
        println!("two threads against one, by the CPU time an event takes: {gain:.2}");
        report.insert("threads_2_to_1".to_owned(), serde_json::json!((gain * 1e3).round() / 1e3));
    }
    report
}

fn redaction() -> impl for<'r> Fn(&'r [u8]) -> Cow<'r, [u8]> + Send + Sync {
    let fingerprinter = Fingerprinter::new([7; 32]);
    move |bytes: &[u8]| firebreak_classify::redact(bytes, &fingerprinter).bytes
}

/// The median rate of some passes, in events a second.
fn rate(events: usize, length: Duration, work: &mut dyn FnMut()) -> f64 {
    let pass = |work: &mut dyn FnMut()| {
        let (mut rounds, before) = (0, cpu());
        while cpu().saturating_sub(before) < length {
            work();
            rounds += 1;
        }
        (events * rounds) as f64 / cpu().saturating_sub(before).as_secs_f64()
    };
    let mut rates: Vec<f64> = (0..PASSES).map(|_| pass(work)).collect();
    rates.sort_by(f64::total_cmp);
    rates.get(PASSES / 2).copied().unwrap_or_default()
}

/// The CPU time of this thread, where the machine tells; else the time since the start.
fn cpu() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

impl Records {
    fn of(name: &str) -> Option<Records> {
        let (world, source) = (World::simulated(24), firebreak_intake::source(name)?);
        let mut files = Vec::new();
        let spec = Spec { seed: 24, size: Size::Small, addresses: Addresses::TestNet };
        generate(&spec, &mut |file| {
            if file.path.contains(&format!("/logs/{name}/")) {
                files.push(file.bytes);
            }
            true
        });
        if name == "aws_cloudtrail" {
            files.extend(corpus().iter().filter_map(|path| std::fs::read(path).ok()));
        }
        let files: Vec<Vec<u8>> = files.into_iter().map(plain).collect();
        let events = files
            .iter()
            .flat_map(|bytes| read_bytes(&world, "input", bytes, source, Options::default(), &keep).events)
            .collect();
        let zipped = files.iter().map(|bytes| zip(bytes)).collect();
        Some(Records { world, source, files, zipped, events })
    }

    /// The bound: every record parsed and dropped.
    fn parse(&self) {
        for event in &self.events {
            black_box(sonic_rs::from_slice::<Json>(&event.raw).is_ok());
        }
    }

    /// Every record parsed, matched and dropped.
    fn matching(&self, rules: &Arc<Rules>) -> impl FnMut() {
        let matcher = Matcher::new(Arc::clone(rules));
        let mut scratch = Scratch::default();
        let mut events = self.events.clone();
        events.iter_mut().for_each(|event| event.body = Json::default());
        move || {
            for event in &mut events {
                let Ok(body) = sonic_rs::from_slice(&event.raw) else { continue };
                event.body = body;
                black_box(matcher.matches(event, &mut scratch).len());
                event.body = Json::default();
            }
        }
    }

    /// How much more two threads do than one: twice, less what each event costs more while another thread works on the
    /// other half with the same matcher.
    fn threads(&self, matcher: &Matcher, pass: Duration) -> f64 {
        let half = self.events.len() / 2;
        let cost = |events: &[Event]| {
            let mut events = events.to_vec();
            let (mut scratch, mut passed) = (Scratch::default(), 0);
            let before = cpu();
            while cpu().saturating_sub(before) < pass {
                for event in &mut events {
                    let Ok(body) = sonic_rs::from_slice(&event.raw) else { continue };
                    event.body = body;
                    black_box(matcher.matches(event, &mut scratch).len());
                    event.body = Json::default();
                }
                passed += events.len();
            }
            cpu().saturating_sub(before).as_secs_f64() / passed as f64
        };
        let (first, second) = self.events.split_at(half);
        let alone = (cost(first) + cost(second)) / 2.0;
        let together = std::thread::scope(|scope| {
            let other = scope.spawn(|| cost(first));
            let own = cost(second);
            other.join().map_or(f64::NAN, |other| (own + other) / 2.0)
        });
        2.0 * alone / together
    }

    /// All files read, a batch of events held at once.
    fn intake(&self, files: &[Vec<u8>], size: usize, redact: &Redact, with: &mut dyn FnMut(&Event)) {
        let mut held = Vec::new();
        for bytes in files {
            let batch = read_bytes(&self.world, "input", bytes, self.source, Options::default(), redact);
            batch.events.iter().for_each(&mut *with);
            held.extend(batch.events);
            if held.len() >= size {
                held = Vec::new();
            }
        }
        black_box(held.len());
    }
}

/// The real records, where they are at hand.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/invictus-aws_dataset/CloudTrail");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn plain(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    let read = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), &mut plain);
    read.map(|_| plain).unwrap_or_default()
}

fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let written = std::io::Write::write_all(&mut encoder, bytes);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}
