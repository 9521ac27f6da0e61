//! The first thread of a live process: looks at the inputs and hands on what is new.
//!
//! At a start each input may hold a backlog, and a batch may be a minute of one log and a month of another. Until all have
//! caught up, whichever is furthest behind is read next, and detection waits for it: nothing is late because something else
//! was read first.

use super::recover;
use crate::config::Config;
use crate::pipeline::{Incoming, Luggage};
use crate::store::Store;
use anyhow::{Context, Result};
use firebreak_intake::{Batch, Cursor, Options, Redact, Source, Watcher};
use firebreak_model::Time;
use firebreak_world::World;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// What watches the inputs of each configured source, from where the last commit stopped.
///
/// # Errors
/// If the state cannot be read.
pub async fn watchers<'a>(
    config: &Config,
    world: &World,
    store: &Store,
    redact: &'a Redact,
) -> Result<Vec<(&'static dyn Source, Watcher<'a>)>> {
    let mut watchers = Vec::new();
    for configured in &config.source {
        let source = firebreak_intake::source(&configured.name).context("the configuration was checked")?;
        let cursors: Vec<Cursor> = recover::cursors(store, source.name()).await?;
        let watcher = Watcher::new(world, source, configured.paths.clone(), cursors, Options::default(), redact);
        watchers.push((source, watcher));
    }
    Ok(watchers)
}

/// One source's inputs.
struct Input<'a> {
    source: &'static dyn Source,
    watcher: Watcher<'a>,
    /// Whether what lay there at the start has not been read to its end.
    behind: bool,
    /// The time of the event that was read last.
    reached: Option<Time>,
}

/// Whoever looks at the inputs.
pub struct Intake<'a> {
    world: &'a World,
    config: &'a Config,
    inputs: Vec<Input<'a>>,
    next: u64,
    once: bool,
    stop: &'a AtomicBool,
    /// Sources that have caught up and of which that has not been said yet.
    caught_up: Vec<&'static str>,
}

impl<'a> Intake<'a> {
    /// One that has looked at nothing; its first batch has the number `next`. With `once` it ends where the inputs do.
    pub fn new(
        (world, config): (&'a World, &'a Config),
        watchers: Vec<(&'static dyn Source, Watcher<'a>)>,
        next: u64,
        once: bool,
        stop: &'a AtomicBool,
    ) -> Intake<'a> {
        let input = |(source, watcher)| Input { source, watcher, behind: true, reached: None };
        let inputs = watchers.into_iter().map(input).collect();
        Intake { world, config, inputs, next, once, stop, caught_up: Vec::new() }
    }

    /// Looks until it is told to stop, nobody listens any more or, with `once`, the inputs have ended.
    pub fn feed(&mut self, to: &SyncSender<Incoming>) {
        // A file that ends inside a record is given some looks before its end counts.
        let mut idle = 0;
        let pause = Duration::from_secs_f64(self.config.intake.poll_seconds.clamp(0.01, 3_600.0));
        while !self.stop.load(Ordering::SeqCst) {
            let any = match self.look(to) {
                Some(any) => any,
                None => return,
            };
            idle = if any { 0 } else { idle + 1 };
            if self.once && idle > Options::default().idle_polls + 1 {
                return;
            }
            if !any {
                std::thread::sleep(if self.once { Duration::from_millis(10) } else { pause });
            }
        }
    }

    /// Looks once: of the inputs that are behind at the one that is furthest, and at every one that has caught up. Says
    /// whether there was anything; `None` where nobody listens any more.
    fn look(&mut self, to: &SyncSender<Incoming>) -> Option<bool> {
        let mut any = false;
        while let Some(place) = self.furthest_behind().filter(|_| !any) {
            any = self.look_at(place, to)?;
            if !any {
                self.has_caught_up(place);
            }
        }
        for place in 0..self.inputs.len() {
            if self.inputs.get(place).is_some_and(|input| !input.behind) {
                any |= self.look_at(place, to)?;
            }
        }
        if !any {
            let luggage = Luggage { at: self.world.clock.now(), ..Luggage::default() };
            self.send(luggage, Vec::new(), to)?;
        }
        Some(any)
    }

    fn furthest_behind(&self) -> Option<usize> {
        let behind = self.inputs.iter().enumerate().filter(|(_, input)| input.behind);
        behind.min_by_key(|(_, input)| input.reached).map(|(place, _)| place)
    }

    /// Notes that an input has nothing more for now. Of several inputs of one source all must.
    fn has_caught_up(&mut self, place: usize) {
        let Some(input) = self.inputs.get_mut(place) else { return };
        input.behind = false;
        let name = input.source.name();
        if !self.inputs.iter().any(|input| input.behind && input.source.name() == name) {
            self.caught_up.push(name);
        }
    }

    /// Reads what is new in one input and hands it on; whether there was anything.
    fn look_at(&mut self, place: usize, to: &SyncSender<Incoming>) -> Option<bool> {
        let Some(input) = self.inputs.get_mut(place) else { return Some(false) };
        let Batch { events, quarantined, cursors, moved, read } = input.watcher.poll(self.config.intake.batch_records);
        if read == 0 && cursors.is_empty() && moved.is_empty() {
            return Some(false);
        }
        input.reached = events.last().map(|event| event.time).or(input.reached);
        let source = input.source.name();
        let luggage = Luggage {
            number: self.next,
            at: self.world.clock.now(),
            quarantined,
            cursors: cursors.into_iter().map(|cursor| (source, cursor)).collect(),
            moved: moved.into_iter().map(|path| (source, path)).collect(),
            ..Luggage::default()
        };
        self.next += 1;
        self.send(luggage, events, to)?;
        Some(true)
    }

    fn send(&mut self, luggage: Luggage, events: Vec<firebreak_model::Event>, to: &SyncSender<Incoming>) -> Option<()> {
        let luggage = Luggage { caught_up: std::mem::take(&mut self.caught_up), ..luggage };
        to.send(Incoming { luggage, events }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{CorrelateStage, MatchStage};
    use firebreak_detect::{Correlator, Rules, Settings};
    use firebreak_intake::{Options, keep, source};
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    const BEGAN: i64 = 1_774_349_921;

    /// A record a second for so long: busy, and soon read.
    fn busy(seconds: i64) -> String {
        let line = |second: i64| {
            let at = Time::from_seconds(BEGAN + second);
            format!(
                "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"a{second}\",\"stage\":\"ResponseComplete\",\
                 \"verb\":\"get\",\"user\":{{\"username\":\"bot\"}},\"requestReceivedTimestamp\":\"{at}\"}}\n"
            )
        };
        (0..seconds).map(line).collect()
    }

    /// A record an hour for so many: quiet, and far ahead at once.
    fn quiet(hours: i64) -> String {
        let at = |hour: i64| (BEGAN + hour * 3_600) * 1_000;
        let line = |hour| {
            format!("{{\"time\":{},\"type\":\"LOGIN\",\"realmId\":\"staff\",\"userId\":\"u{hour}\"}}\n", at(hour))
        };
        (0..hours).map(line).collect()
    }

    /// What comes of both logs, read batch by batch, and how many events count as late where detection waits or does not.
    fn read(waits: bool) -> (Vec<Incoming>, u64) {
        let (world, folder) = (World::offline(), tempfile::tempdir().expect("a directory"));
        let logs = [("keycloak", quiet(200)), ("kubernetes_audit", busy(2_000))];
        let config = Config::parse("data = \"data\"\n[intake]\nbatch_records = 50\n").expect("a configuration");
        let mut watchers = Vec::new();
        for (name, text) in &logs {
            let path = folder.path().join(format!("{name}.ndjson"));
            std::fs::write(&path, text).expect("written");
            let of = source(name).expect("a source");
            let paths = vec![path.display().to_string()];
            watchers.push((of, Watcher::new(&world, of, paths, Vec::new(), Options::default(), &keep)));
        }
        let (stop, (to, from)) = (AtomicBool::new(false), sync_channel(10_000));
        Intake::new((&world, &config), watchers, 1, true, &stop).feed(&to);
        drop(to);
        let rules = Arc::new(Rules::default());
        let mut matching = MatchStage::new(Arc::clone(&rules));
        let mut correlating = CorrelateStage::live(Correlator::new(rules, Arc::default(), Settings::default()), 0);
        if waits {
            correlating.expect(&["keycloak", "kubernetes_audit"]);
        }
        let (mut batches, mut late) = (Vec::new(), 0);
        for batch in from {
            let copy = Incoming { luggage: Luggage::default(), events: batch.events.clone() };
            let luggage = Luggage { caught_up: batch.luggage.caught_up.clone(), ..Luggage::default() };
            batches.push(Incoming { luggage, ..copy });
            late = correlating.step(matching.step(batch)).late;
        }
        (batches, late)
    }

    #[test]
    fn a_backlog_that_lies_days_ahead_makes_no_other_late() {
        let (batches, late) = read(true);
        let count: usize = batches.iter().map(|batch| batch.events.len()).sum();
        assert_eq!((count, late), (2_200, 0));
        let caught_up: Vec<&str> = batches.iter().flat_map(|batch| batch.luggage.caught_up.clone()).collect();
        assert_eq!(caught_up, ["kubernetes_audit", "keycloak"], "each once, the one that lies behind first");
        // Two days of the quiet log come in its first batch, and no more of it before the other has been read.
        let places = |name: &str| {
            let is_of = |batch: &Incoming| batch.events.first().is_some_and(|event| event.source == name);
            let of = |(at, batch): (usize, &Incoming)| is_of(batch).then_some(at);
            batches.iter().enumerate().filter_map(of).collect::<Vec<_>>()
        };
        assert!(places("keycloak").get(1) > places("kubernetes_audit").last());
        assert!(read(false).1 > 1_000, "where detection does not wait, most of the busy log is late");
    }
}
