//! `firebreak run`: the long-lived process.

use super::{End, show_problems};
use crate::api::{self, Books};
use crate::chronicle::Chronicle;
use crate::cli::RunArgs;
use crate::collecting::keep_collecting;
use crate::commands::plan::actions;
use crate::config::{Config, Mode};
use crate::content;
use crate::drilling::Yard;
use crate::estate::{Estate, Packages};
use crate::fleeting::Keeper;
use crate::ledgering::Book;
use crate::live::changing::Changing;
use crate::live::intake::{Intake, watchers};
use crate::live::{Live, Parts, hands, recover};
use crate::metrics::{Meter, door};
use crate::output::{Output, count};
use crate::outward::{Outward, stopped};
use crate::pipeline::preparing::Preparer;
use crate::pipeline::responding::Derived;
use crate::pipeline::{self, MatchStage, RespondStage};
use crate::redaction::{of_installation, redaction};
use crate::scanning::keep_scanning;
use crate::store::{Store, Totals};
use crate::{prepared, standing};
use anyhow::{Context, Result, anyhow, bail};
use firebreak_contain::gate::Gate;
use firebreak_contain::incident::Settings;
use firebreak_contain::standing_policy::Standing;
use firebreak_detect::Rules;
use firebreak_exposure::Profile;
use firebreak_graph::Logged;
use firebreak_inventory::{Survey, survey};
use firebreak_lake::Lake;
use firebreak_model::{Catalogue, NodeKey, Time};
use firebreak_world::World;
use serde::Serialize;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

/// How often people's requests are looked for while nothing arrives.
const REQUESTS_EVERY: Duration = Duration::from_millis(500);

/// How often the inventory files are looked at.
const INVENTORY_EVERY: Duration = Duration::from_secs(60);

/// How often old knowledge of the estate is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(86_400);

#[derive(Serialize)]
struct Summary {
    batches: u64,
    events: u64,
    quarantined: u64,
    duplicates: u64,
    late: u64,
    findings: usize,
    incidents: usize,
}

/// Runs the command.
pub(super) fn run(args: &RunArgs, config: &Config, output: Output) -> Result<End> {
    if config.source.is_empty() {
        bail!("no source is configured\nhint: write `[[source]]` with `name` and `paths` into the configuration file");
    }
    let world = world(config)?;
    let data = config.data_directory();
    world.disk.make_directory(&data)?;
    let _lock = lock(&data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = Arc::clone(&stop);
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stopping.store(true, Ordering::SeqCst);
        }
    });
    let summary = serve(args, config, &world, &runtime, &stop, output)?;
    output.text(format!(
        "{} events in {} batches, {} quarantined, {} duplicates; {} findings, {} incidents",
        count(summary.events),
        count(summary.batches),
        count(summary.quarantined),
        count(summary.duplicates),
        count(summary.findings as u64),
        count(summary.incidents as u64)
    ));
    output.object("run", &summary);
    Ok(End::Done)
}

/// The doors that the mode needs: none but clock and disk where nothing is called.
fn world(config: &Config) -> Result<World> {
    let offline = World::offline();
    Ok(match config.act.mode {
        Mode::DryRun => offline,
        Mode::Live => World {
            http: Arc::new(firebreak_world::RustlsHttp::new()?),
            postgres: Arc::new(firebreak_world::SqlxPostgres),
            ..offline
        },
    })
}

/// Only one process may write a data directory.
pub(super) fn lock(data: &Path) -> Result<std::fs::File> {
    let path = data.join("lock");
    let file = std::fs::File::create(&path).with_context(|| format!("opening `{}`", path.display()))?;
    file.try_lock().map_err(|_| {
        anyhow!(
            "another process writes `{}`\nhint: stop it first, or name another directory with `data`",
            data.display()
        )
    })?;
    Ok(file)
}

fn serve(
    args: &RunArgs,
    config: &Config,
    world: &World,
    runtime: &tokio::runtime::Runtime,
    stop: &Arc<AtomicBool>,
    output: Output,
) -> Result<Summary> {
    let data = config.data_directory();
    let (rules, problems) = content::configured_rules(world.disk.as_ref(), &config.detect, &[]);
    show_problems(&problems);
    let (profiles, problems) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
    show_problems(&problems);
    // The digest first: what changes while the files are read is then read again.
    let digest = digest(world, &config.inventory.paths);
    let store = runtime.block_on(Store::open(&data))?;
    let mut chronicle = runtime.block_on(recover::chronicle(&store))?;
    let mut fleet = Keeper::open(world, &data, Packages::of(&profiles), config.inventory.keep_days)?;
    let (estate, learnt) = read_again(&mut chronicle, world, &config.inventory.paths, &mut fleet)?;
    let rules = Arc::new(rules);
    let redact = redaction(of_installation(world, config.fingerprint_key.as_deref(), &data)?);
    let lake = Lake::open(world.clone(), &data.join("lake"))?;
    runtime.block_on(recover::discard_orphans(world, &data, &store, &lake))?;
    let (detect, problems) = content::settings(world.disk.as_ref(), &config.detect);
    show_problems(&problems);
    let memory = runtime.block_on(recover::memory(world, &store, &lake, &rules, estate.catalogue(), detect))?;
    show_problems(&memory.problems);
    let (gate, settings, preparer) = containment(config, world, &rules, &profiles)?;
    let respond = runtime.block_on(recover::respond(&store, gate, settings))?;
    let changing = runtime.block_on(Changing::open(world, config, &store))?;
    let verdicts = runtime.block_on(recover::verdicts(&store))?;
    let stage = RespondStage::new(respond, profiles, Derived { habits: memory.habits, verdicts });
    let totals = runtime.block_on(store.totals())?;
    let watchers = runtime.block_on(watchers(config, world, &store, &redact))?;
    let mut correlating = memory.correlating;
    correlating.expect(&watchers.iter().map(|(source, _)| source.name()).collect::<Vec<_>>());
    let book = Arc::new(Book::open(world, &data)?);
    let notify = |text: &str| tell(config, output, text);
    // Platforms are only read for an inventory: that is done in every mode.
    let asking = if config.collect.is_empty() || args.once { None } else { Some(World::online()?) };
    // What leaves for people and other systems is opened in every mode; with --once it waits for the next start.
    let outward = runtime.block_on(Outward::open(config, &data, &store))?.filter(|_| !args.once);
    let meter = Arc::new(Meter::of(&runtime.block_on(store.steps())?));
    if let Some((listener, router)) = runtime.block_on(door(&config.metrics, world, &data, Arc::clone(&meter)))? {
        notify(&format!("metrics are shown on http://{}/metrics", listener.address()));
        runtime.spawn(listener.serve(router, firebreak_serve::Limits::default(), stopped(Arc::clone(stop))));
    }
    show_console(args, (world, config, runtime), (&data, &store, &book), &notify, stop)?;
    let (hands, crew, news) = hands::hire((world, config), &store, &book, meter);
    let (drilling, (glass, pacer)) = (store.clone(), crew.shared());
    let yard = Yard { world, config, store: &drilling, book: &book, brake: &glass, pacer };
    let parts = Parts { world, config, store, book: &book, lake, stage, changing, chronicle, hands, notify: &notify };
    std::thread::scope(|scope| {
        let (send, incoming) = sync_channel(2);
        let (catalogues, received) = channel();
        let matching = MatchStage::new(rules).preparing(preparer);
        let (correlated, ..) = pipeline::start(scope, incoming, matching, correlating, Some(received));
        let mut intake = Intake::new((world, config), watchers, totals.batch + 1, args.once, stop.as_ref());
        scope.spawn(move || intake.feed(&send));
        if let Some(world) = &asking {
            scope.spawn(|| keep_collecting(world, runtime, config, stop, &notify));
        }
        if !args.once {
            scope.spawn(|| keep_scanning(config, stop, &notify));
        }
        if let Some(outward) = outward {
            scope.spawn(|| runtime.block_on(outward.run(&notify, stop)));
        }
        scope.spawn(|| runtime.block_on(crew.run(stopped(Arc::clone(stop)))));
        if !args.once {
            scope.spawn(|| yard.keep_drilling(runtime, stop, &notify));
        }
        let (forward, batches) = tokio::sync::mpsc::channel(1);
        scope.spawn(move || hand_on(&correlated, &forward));
        let known = (estate, learnt, digest);
        let ended = runtime.block_on(write(parts, known, fleet, (batches, news), &catalogues, (stop, !args.once)));
        // Nobody listens any more: let the other threads see it.
        stop.store(true, Ordering::SeqCst);
        ended
    })
}

/// Says something to whoever looks on. What is to be copied is one line, and finds this installation.
fn tell(config: &Config, output: Output, text: &str) {
    output.object("notice", &serde_json::json!({"text": text}));
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("next: firebreak ") {
            output.text(format!("next: {} {command}", config.command()));
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        output.paragraph(indent.min(8), line);
    }
}

/// Hands batches from the stages' thread to the writer. It ends when the stages end or nobody listens any more.
fn hand_on(
    from: &std::sync::mpsc::Receiver<pipeline::Correlated>,
    to: &tokio::sync::mpsc::Sender<pipeline::Correlated>,
) {
    while let Ok(batch) = from.recv() {
        if to.blocking_send(batch).is_err() {
            return;
        }
    }
}

/// Shows the console, where it is configured, until `stop`; what ends by itself shows none.
fn show_console(
    args: &RunArgs,
    (world, config, runtime): (&World, &Config, &tokio::runtime::Runtime),
    (data, store, book): (&Path, &Store, &Arc<Book>),
    notify: &(dyn Fn(&str) + Sync),
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    if args.once {
        return Ok(());
    }
    let books = Books { writing: Some(Arc::clone(book)), copy: None };
    if let Some((listener, shown)) = runtime.block_on(api::open(world, config, data, store, books, notify))? {
        runtime.spawn(api::serve(listener, shown, Arc::clone(stop)));
    }
    Ok(())
}

/// The owner's policies: the gate, the settings with what is contained on sight, and what fills that in from events. A standing
/// policy that does not do what its owner believes is worse than none.
fn containment(
    config: &Config,
    world: &World,
    rules: &Rules,
    profiles: &[Profile],
) -> Result<(Gate, Settings, Preparer)> {
    let gate = content::gate(world.disk.as_ref(), &config.contain).map_err(|problems| anyhow!("{}", problems[0]))?;
    let (standing, problems) = standing::configured(world.disk.as_ref(), &config.contain);
    let (preparer, unknown) = standing::preparer(rules, &standing);
    match problems.iter().chain(&unknown).next() {
        Some(problem) => bail!("{problem}"),
        None => {
            let (prepared, problems) = prepared::of_profiles(profiles);
            show_problems(&problems);
            Ok((gate, Settings { prepared, ..settings(config, standing) }, preparer))
        }
    }
}

fn settings(config: &Config, standing: Vec<Standing>) -> Settings {
    Settings {
        our_own: config.responder.own.iter().cloned().collect(),
        actions: actions(),
        lease_seconds: i64::from(config.contain.lease_hours) * 3_600,
        recent_seconds: i64::from(config.contain.recent_hours) * 3_600,
        standing,
        ..Settings::default()
    }
}

/// The single writer, until the inputs end or it is told to stop.
async fn write(
    parts: Parts<'_>,
    (estate, learnt, digest): (Estate, Vec<Logged>, u64),
    mut fleet: Keeper,
    (mut batches, mut news): (Receiver<crate::pipeline::Correlated>, UnboundedReceiver<hands::News>),
    catalogues: &Sender<Arc<Catalogue>>,
    (stop, watching): (&AtomicBool, bool),
) -> Result<Summary> {
    let (world, config, notify) = (parts.world, parts.config, parts.notify);
    let mut behind = watching;
    let mut live = Live::new(parts).await?;
    live.resume().await?;
    live.estate(estate, learnt).await?;
    // A mute that was asked for while nothing ran holds for what is read next.
    live.requests().await?;
    live.forget(world.clock.now()).await?;
    let mut inventory = Inventory { digest, looked: Instant::now() };
    let mut forgot = Instant::now();
    let mut open = true;
    loop {
        tokio::select! {
            batch = batches.recv(), if open => match batch {
                Some(batch) => {
                    // One that carries nothing comes once all inputs were read to their end.
                    let last = batch.luggage.number == 0;
                    live.batch(batch).await?;
                    if last && std::mem::take(&mut behind) {
                        let Totals { events, .. } = live.store().totals().await?;
                        notify(&format!("every input is read to its end, {events} events in all; it goes on watching"));
                    }
                }
                None => open = false,
            },
            first = news.recv() => {
                let Some(first) = first else { bail!("those who act have stopped\nhint: the log says why") };
                // All that has come meanwhile is one commit.
                let more = std::iter::from_fn(|| news.try_recv().ok());
                live.news(std::iter::once(first).chain(more)).await?;
            }
            () = tokio::time::sleep(REQUESTS_EVERY) => {}
        }
        live.requests().await?;
        live.drift().await?;
        fleet.tend()?;
        if inventory.has_changed(world, &config.inventory.paths) {
            let (estate, learnt) = read_again(live.chronicle(), world, &config.inventory.paths, &mut fleet)?;
            // Where nobody listens any more the loop ends by itself.
            let _ = catalogues.send(Arc::new(estate.catalogue()));
            live.estate(estate, learnt).await?;
        }
        if forgot.elapsed() >= FORGET_EVERY {
            live.forget(world.clock.now()).await?;
            forgot = Instant::now();
        }
        if !open {
            live.end();
        }
        if stop.load(Ordering::SeqCst) || !open && !live.is_busy() {
            break;
        }
    }
    // Told to stop, it is told of at the next start.
    if !stop.load(Ordering::SeqCst) {
        live.last_drift().await?;
    }
    live.dismiss();
    while let Some(one) = news.recv().await {
        live.news([one]).await?;
    }
    let Totals { batch, events, quarantined, duplicates } = live.store().totals().await?;
    let (findings, incidents) = (live.store().findings().await?.len(), live.store().incidents().await?.len());
    let late = live.late();
    fleet.close()?;
    live.close().await;
    Ok(Summary { batches: batch, events, quarantined, duplicates, late, findings, incidents })
}

/// What the inventory files were when they were last read.
struct Inventory {
    digest: u64,
    looked: Instant,
}

impl Inventory {
    /// Whether the files have changed since they were last read.
    fn has_changed(&mut self, world: &World, directories: &[PathBuf]) -> bool {
        if self.looked.elapsed() < INVENTORY_EVERY {
            return false;
        }
        let now = digest(world, directories);
        self.looked = Instant::now();
        std::mem::replace(&mut self.digest, now) != now
    }
}

/// Reads the inventory into the chronicle: what the estate is now, and what the log must keep.
fn read_again(
    chronicle: &mut Chronicle,
    world: &World,
    directories: &[PathBuf],
    fleet: &mut Keeper,
) -> Result<(Estate, Vec<Logged>)> {
    let known = world.clock.now();
    let wanted = |key: &NodeKey| fleet.packages().want(key);
    let Survey { parts, evidence, problems, .. } = survey(world, directories, known, &wanted);
    fleet.learn(&evidence, known)?;
    let learnt = chronicle.learn(parts, known)?;
    let estate = chronicle.estate(Time::MAX).with(evidence, problems);
    show_problems(&estate.problems);
    Ok((estate, learnt))
}

/// A digest of the names and bytes of all files below `directories`. A file that cannot be read counts by its name.
fn digest(world: &World, directories: &[PathBuf]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    for directory in directories {
        for file in world.disk.list(directory).unwrap_or_default() {
            (&file.path, world.disk.read(&file.path).ok()).hash(&mut hasher);
        }
    }
    hasher.finish()
}
