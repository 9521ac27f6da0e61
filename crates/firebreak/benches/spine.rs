//! How fast events pass the spine, each part against the cost of parsing alone, in one run over the same CloudTrail
//! records. Its last line is one JSON object.
//!
//! Parts that do nothing but compute are measured in the CPU time of the one thread that runs them, so that other work on
//! the machine distorts them less; the part that waits for the disk, by the wall.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use anyhow::{Context, Result, anyhow};
use firebreak::chronicle::Chronicle;
use firebreak::config::{Config, DetectConfig};
use firebreak::content;
use firebreak::estate::{Estate, Packages};
use firebreak::ledgering::Book;
use firebreak::live::changing::Changing;
use firebreak::live::{Live, Parts, hands};
use firebreak::pipeline::{CorrelateStage, Incoming, Luggage, MatchStage, RespondStage};
use firebreak::redaction::{for_this_run, redaction};
use firebreak::store::Store;
use firebreak_contain::gate::shipped::Mode;
use firebreak_contain::incident::{Respond, Settings};
use firebreak_detect::{Correlator, Rules};
use firebreak_exposure::Profile;
use firebreak_intake::{Batch, Options, Redact, Source, keep, read_bytes};
use firebreak_lake::Lake;
use firebreak_model::{Event, Time};
use firebreak_scenario::{Addresses, Size, Spec, generate};
use firebreak_world::World;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events a batch at least: what `intake.batch_records` is by default.
const BATCH: usize = 5_000;
/// Passes of each part, of which the median counts, and how long each lasts at least.
const PASSES: usize = 3;
const PASS: Duration = Duration::from_secs(1);
/// Batches that are also written to the disk.
const DURABLE_BATCHES: usize = 4;

/// The records, and what the stages start from.
struct Bench {
    world: World,
    source: &'static dyn Source,
    redact: Box<Redact>,
    /// Whole input files, in the order of time, in groups that are a batch each.
    batches: Vec<Vec<Vec<u8>>>,
    /// Every record alone.
    records: Vec<Arc<[u8]>>,
    estate: Estate,
    rules: Arc<Rules>,
    profiles: Vec<Profile>,
}

/// One input file: its first time, its records, and the whole of it as CloudTrail writes it.
struct Input {
    first: Time,
    records: Vec<Arc<[u8]>>,
    whole: Vec<u8>,
}

fn main() -> Result<()> {
    let bench = Bench::new()?;
    let bytes: usize = bench.records.iter().map(|record| record.len()).sum();
    let count = bench.records.len();
    println!("{count} CloudTrail records of {} bytes on average", bytes / count.max(1));
    let parse = bench.measure("parse only", |bench, timer| bench.parse(timer));
    let intake = bench.measure("intake", |bench, timer| bench.intake(timer));
    let matched = bench.measure("intake, match", |bench, timer| bench.matched(timer));
    let memory = bench.measure("intake, match, correlate, respond", |bench, timer| bench.memory(timer));
    let durable = bench.durable()?;
    println!("{:<48}{durable:>12.0} events/s by the wall", "the same, OCSF, lake and state on disk");
    println!(
        "{}",
        serde_json::json!({
            "records": count,
            "bytes": bytes,
            "rules": bench.rules.detections().len() + bench.rules.correlations().len(),
            "parse_only_per_second": parse.round(),
            "intake_per_second": intake.round(),
            "match_per_second": matched.round(),
            "events_per_second": memory.round(),
            "durable_per_second": durable.round(),
            "intake_ratio_to_parse": ratio(intake, parse),
            "match_ratio_to_parse": ratio(matched, parse),
            "ratio_to_parse": ratio(memory, parse),
            "durable_ratio_to_parse": ratio(durable, parse),
        })
    );
    Ok(())
}

fn ratio(part: f64, whole: f64) -> f64 {
    (part / whole * 1e4).round() / 1e4
}

/// Time spent on what is measured, and events that passed meanwhile.
#[derive(Default)]
struct Timer {
    spent: Duration,
    events: usize,
}

impl Timer {
    /// Does `work` on `events` events and counts its time.
    fn time<T>(&mut self, events: usize, work: impl FnOnce() -> T) -> T {
        let before = cpu();
        let result = black_box(work());
        self.spent += cpu().saturating_sub(before);
        self.events += events;
        result
    }
}

/// The CPU time of this thread, where the machine tells; else the time since the start.
fn cpu() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

impl Bench {
    fn new() -> Result<Bench> {
        let (world, source) = (World::simulated(24), firebreak_intake::source("aws_cloudtrail").context("no source")?);
        let mut inputs = Vec::new();
        let mut file =
            |bytes: &[u8]| inputs.extend(input(read_bytes(&world, "input", bytes, source, Options::default(), &keep)));
        let spec = Spec { seed: 24, size: Size::Small, addresses: Addresses::TestNet };
        let mut failed = None;
        generate(&spec, &mut |found| {
            if found.path.contains("/logs/aws_cloudtrail/") {
                file(&found.bytes);
            } else if found.path.contains("/inventory/") {
                failed = world.disk.write(Path::new(&found.path), &found.bytes).err();
            }
            failed.is_none()
        });
        failed.map_or(Ok(()), Err).context("keeping the inventories")?;
        let corpus =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/invictus-aws_dataset/CloudTrail");
        for path in std::fs::read_dir(corpus).into_iter().flatten().flatten().map(|entry| entry.path()) {
            file(&std::fs::read(path)?);
        }
        inputs.sort_by_key(|input: &Input| input.first);
        let (mut batches, mut records, mut held) = (vec![Vec::new()], Vec::new(), 0);
        for input in inputs {
            if held >= BATCH {
                batches.push(Vec::new());
                held = 0;
            }
            held += input.records.len();
            records.extend(input.records);
            batches.last_mut().into_iter().for_each(|batch: &mut Vec<Vec<u8>>| batch.push(input.whole.clone()));
        }
        let estate =
            Estate::read(&world, &[PathBuf::from("borrowed-sand/inventory")], Time::from_seconds(0), &Packages::all());
        let (rules, _) = content::rules(world.disk.as_ref(), &[]);
        let (profiles, _) = content::profiles(world.disk.as_ref(), &[]);
        let redact = Box::new(redaction(for_this_run(&world)));
        Ok(Bench { world, source, redact, batches, records, estate, rules: Arc::new(rules), profiles })
    }

    /// The median of some passes, in events a second. `pass` passes all records once.
    fn measure(&self, name: &str, mut pass: impl FnMut(&Bench, &mut Timer)) -> f64 {
        let rates = (0..PASSES).map(|_| {
            let mut timer = Timer::default();
            while timer.spent < PASS {
                pass(self, &mut timer);
            }
            timer.events as f64 / timer.spent.as_secs_f64()
        });
        let mut rates: Vec<f64> = rates.collect();
        rates.sort_by(f64::total_cmp);
        let median = rates.get(PASSES / 2).copied().unwrap_or_default();
        println!("{name:<48}{median:>12.0} events/s");
        median
    }

    fn read(&self, files: &[Vec<u8>]) -> Vec<Event> {
        let read = |bytes: &Vec<u8>| {
            read_bytes(&self.world, "input", bytes, self.source, Options::default(), &self.redact).events
        };
        files.iter().flat_map(read).collect()
    }

    fn parse(&self, timer: &mut Timer) {
        timer.time(self.records.len(), || {
            for record in &self.records {
                black_box(sonic_rs::from_slice::<sonic_rs::Value>(record).is_ok());
            }
        });
    }

    fn intake(&self, timer: &mut Timer) {
        timer.time(self.records.len(), || {
            for files in &self.batches {
                black_box(self.read(files));
            }
        });
    }

    fn matched(&self, timer: &mut Timer) {
        let mut matching = MatchStage::new(Arc::clone(&self.rules));
        timer.time(self.records.len(), || {
            for files in &self.batches {
                black_box(matching.step(self.incoming(1, files)));
            }
        });
    }

    fn incoming(&self, number: usize, files: &[Vec<u8>]) -> Incoming {
        let events = self.read(files);
        let at = events.iter().map(|event| event.time).max().unwrap_or_default();
        Incoming { luggage: Luggage { number: number as u64, at, ..Luggage::default() }, events }
    }

    fn correlator(&self) -> Correlator {
        let settings = DetectConfig::default().settings();
        Correlator::new(Arc::clone(&self.rules), Arc::new(self.estate.catalogue()), settings)
    }

    fn respond(&self) -> Result<RespondStage> {
        let gate = Mode::Watch.gate().map_err(|problems| anyhow!("{problems:?}"))?;
        let respond = Respond::new(gate, Settings::default());
        Ok(RespondStage::new(respond, self.profiles.clone(), Default::default()))
    }

    /// Every stage called directly, from a fresh start, with the estate known.
    fn memory(&self, timer: &mut Timer) {
        let mut matching = MatchStage::new(Arc::clone(&self.rules));
        let mut correlating = CorrelateStage::replaying(self.correlator());
        let Ok(mut responding) = self.respond() else { return };
        responding.estate(self.estate.facts.clone(), &self.estate.evidence, Time::from_seconds(0));
        timer.time(self.records.len(), || {
            for (at, files) in self.batches.iter().enumerate() {
                black_box(responding.step(correlating.step(matching.step(self.incoming(at + 1, files)))));
            }
        });
    }

    /// The same for some batches, and all that a running installation does with them on a real disk.
    fn durable(&self) -> Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut rates = Vec::new();
        for _ in 0..PASSES {
            let directory = tempfile::tempdir()?;
            rates.push(runtime.block_on(self.durable_pass(directory.path()))?);
        }
        rates.sort_by(f64::total_cmp);
        rates.get(PASSES / 2).copied().context("no pass")
    }

    async fn durable_pass(&self, data: &Path) -> Result<f64> {
        let world = World::offline();
        let config = Config { data: Some(data.to_owned()), ..Config::default() };
        let store = Store::open(data).await?;
        let lake = Lake::open(world.clone(), &data.join("lake"))?;
        let book = Book::open(&world, data)?;
        let notify = |_: &str| {};
        let (stage, chronicle) = (self.respond()?, Chronicle::default());
        // Nothing is decided here, so nobody needs to carry out.
        let (hands, _crew, _news) = hands::hire((&world, &config), &store, &book, Arc::default());
        let changing = Changing::open(&world, &config, &store).await?;
        let parts = Parts {
            world: &world,
            config: &config,
            store,
            book: &book,
            lake,
            stage,
            changing,
            chronicle,
            hands,
            notify: &notify,
        };
        let mut live = Live::new(parts).await?;
        live.estate(self.estate.clone(), Vec::new()).await?;
        let mut matching = MatchStage::new(Arc::clone(&self.rules));
        let mut correlating = CorrelateStage::live(self.correlator(), 0);
        let (start, mut events) = (Instant::now(), 0);
        for (at, files) in self.batches.iter().take(DURABLE_BATCHES).enumerate() {
            let incoming = self.incoming(at + 1, files);
            events += incoming.events.len();
            live.batch(correlating.step(matching.step(incoming))).await?;
        }
        let rate = events as f64 / start.elapsed().as_secs_f64();
        live.close().await;
        Ok(rate)
    }
}

/// The records of one file, and the file again without compression.
fn input(batch: Batch) -> Option<Input> {
    let first = batch.events.first()?.time;
    let records: Vec<Arc<[u8]>> = batch.events.into_iter().map(|event| event.raw).collect();
    let mut whole = b"{\"Records\":[".to_vec();
    for (at, record) in records.iter().enumerate() {
        whole.extend_from_slice(if at > 0 { b"," } else { b"" });
        whole.extend_from_slice(record);
    }
    whole.extend_from_slice(b"]}");
    Some(Input { first, records, whole })
}
