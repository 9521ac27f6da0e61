//! Starting where the last commit stopped: memory read back, files that no commit names removed.

use crate::chronicle::Chronicle;
use crate::pipeline::responding::Habits;
use crate::pipeline::verdicts::Verdicts;
use crate::pipeline::{CorrelateStage, Incoming, Luggage, MatchStage};
use crate::store::Store;
use anyhow::{Context, Result, anyhow};
use firebreak_contain::Uses;
use firebreak_contain::gate::Gate;
use firebreak_contain::incident::{Respond, Settings, State};
use firebreak_detect::{Correlator, Rules};
use firebreak_intake::{Cursor, MissingTime, Options, keep, read_bytes};
use firebreak_lake::{DataFile, Lake, Row};
use firebreak_model::{Catalogue, Event, Position, Problem, Text, Time};
use firebreak_world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where there is no memory that can be read, as many of the latest events are read again from the lake.
const EVENTS_READ_MAX: u64 = 2_000_000;

/// What a start finds of the stages' memory.
pub struct Memory {
    /// The second stage as it was after the last commit.
    pub correlating: CorrelateStage,
    /// How things are used and which sessions there are.
    pub habits: Habits,
    /// Why the memory could not be read, where it could not.
    pub problems: Vec<Problem>,
}

/// The memory as it was written last, and what came since read again from the lake. A memory that this version cannot
/// read is a problem, not a stop: then all of it is made again from the lake.
///
/// # Errors
/// If state or lake cannot be read.
pub async fn memory(
    world: &World,
    store: &Store,
    lake: &Lake,
    rules: &Arc<Rules>,
    catalogue: Catalogue,
    settings: firebreak_detect::Settings,
) -> Result<Memory> {
    let (catalogue, mut problems) = (Arc::new(catalogue), Vec::new());
    let (mut correlator, mut habits, mut after, mut bytes) = (None, Habits::default(), 0, 0);
    let kept = (store.state("correlator").await?, store.state("habits").await?, store.state("remembered").await?);
    if let (Some(snapshot), Some(kept), Some(number)) = kept {
        let restored = Correlator::restore(&snapshot, Arc::clone(rules), Arc::clone(&catalogue), settings.clone());
        match (restored, serde_json::from_slice(&kept), serde_json::from_slice(&number)) {
            (Ok(restored), Ok(kept), Ok(number)) => {
                (correlator, habits, after, bytes) = (Some(restored), kept, number, snapshot.len());
            }
            (restored, ..) => problems.push(restored.err().unwrap_or_else(damaged)),
        }
    }
    let correlator = correlator.unwrap_or_else(|| Correlator::new(Arc::clone(rules), catalogue, settings));
    let mut correlating = CorrelateStage::live(correlator, bytes);
    let mut matching = MatchStage::new(Arc::clone(rules));
    for (number, files) in since(store, after).await? {
        let incoming = again(world, lake, number, &files)?;
        habits.absorb(&correlating.absorb(matching.step(incoming)));
    }
    Ok(Memory { correlating, habits, problems })
}

/// How things were used in the 30 days before `now`, as it was written last. Silence proves nothing where batches came since
/// then, or where nothing at all was seen on the last day.
///
/// # Errors
/// If the state cannot be read.
pub async fn uses(store: &Store, now: Time) -> Result<Uses> {
    const SILENT_SECONDS: i64 = 86_400;
    let Some(kept) = store.state("habits").await? else { return Ok(Uses::default()) };
    let Ok(mut habits) = serde_json::from_slice::<Habits>(&kept) else { return Ok(Uses::default()) };
    let covered = store.state("remembered").await?.and_then(|number| serde_json::from_slice::<u64>(&number).ok());
    let mut uses = habits.uses(now);
    let silent = habits.last_used().is_none_or(|last| last.plus_seconds(SILENT_SECONDS) < now);
    if silent || covered != Some(store.totals().await?.batch) {
        uses.watched_since = None;
    }
    Ok(uses)
}

fn damaged() -> Problem {
    Problem {
        source: Text::new_static("habits"),
        position: Position { input: "state".to_owned(), ..Position::default() },
        reason: "the memory of uses and sessions cannot be read".to_owned(),
        hint: "nothing need be done: it is made again from the lake".to_owned(),
    }
}

/// The files of the batches after number `after`, oldest first, of as many of the latest events as are read again.
async fn since(store: &Store, after: u64) -> Result<BTreeMap<u64, Vec<DataFile>>> {
    let (mut batches, mut events) = (BTreeMap::new(), 0);
    for (number, body) in store.lake_files_after(after).await? {
        let file: DataFile = serde_json::from_str(&body)?;
        events += file.rows;
        if events > EVENTS_READ_MAX {
            break;
        }
        batches.entry(number).or_insert_with(Vec::new).push(file);
    }
    Ok(batches)
}

/// A batch as it was, but for what was put aside.
fn again(world: &World, lake: &Lake, number: u64, files: &[DataFile]) -> Result<Incoming> {
    let mut events = Vec::new();
    for file in files {
        events.extend(lake.read(file)?.iter().filter_map(|row| event(world, row)));
    }
    events.sort_by_key(|event: &Event| (event.time, event.uid));
    let at = events.last().map(|event| event.time).unwrap_or_default();
    Ok(Incoming { luggage: Luggage { number, at, ..Luggage::default() }, events })
}

/// The event that `row` keeps. What the row says of it holds, even where this version reads the record otherwise. `None`
/// where its source is no more.
pub(crate) fn event(world: &World, row: &Row) -> Option<Event> {
    let source = firebreak_intake::source(&row.source)?;
    let options = Options { missing_time: MissingTime::Received, ..Options::default() };
    let read = read_bytes(world, "lake", &row.raw, source, options, &keep).events;
    let place = read.iter().position(|event| event.uid == row.uid).unwrap_or_default();
    let event = read.into_iter().nth(place)?;
    Some(Event { uid: row.uid, native_id: row.native_id.clone(), time: row.time, keys: row.keys(), ..event })
}

/// What was learnt of the estate so far.
///
/// # Errors
/// If it cannot be read: without it nobody could say what was known when.
pub async fn chronicle(store: &Store) -> Result<Chronicle> {
    Ok(Chronicle::of(store.learnt().await?))
}

/// The name under which an older form of the state keeps the respond stage's memory as a whole.
const WHOLE: &str = "respond";
/// What stands there now. An older version cannot read it and stops, instead of going on as if there were no incidents.
const ELSEWHERE: &[u8] = b"\"entry by entry in the table `remembered`\"";

/// The respond stage's own memory as it was after the last commit. What an older version wrote as a whole is read once and
/// written entry by entry.
///
/// # Errors
/// If it cannot be read: incidents, plans and steps must not be forgotten.
pub async fn respond(store: &Store, gate: Gate, settings: Settings) -> Result<Respond> {
    const DAMAGED: &str = "the memory of incidents and plans is damaged";
    let whole = store.state(WHOLE).await?;
    if whole.as_deref() != Some(ELSEWHERE) {
        let state: State = match whole {
            Some(bytes) => serde_json::from_slice(&bytes).context(DAMAGED)?,
            None => State::default(),
        };
        let mut respond = Respond::restore(state, gate, settings);
        store.carry_over((WHOLE, ELSEWHERE), &respond.changes()?).await?;
        return Ok(respond);
    }
    let entries = store.remembered().await?;
    let entries = entries.iter().map(|(kind, key, body)| (kind.as_str(), key.as_str(), body.as_str()));
    let state = State::of(entries).map_err(|reason| anyhow!(reason)).context(DAMAGED)?;
    Ok(Respond::restore(state, gate, settings))
}

/// What was judged of environments, and told.
///
/// # Errors
/// If it cannot be read.
pub async fn verdicts(store: &Store) -> Result<Verdicts> {
    match store.state("verdicts").await? {
        Some(bytes) => serde_json::from_slice(&bytes).context("the memory of verdicts is damaged"),
        None => Ok(Verdicts::default()),
    }
}

/// Cursors of `source`.
///
/// # Errors
/// If they cannot be read.
pub async fn cursors(store: &Store, source: &str) -> Result<Vec<Cursor>> {
    let bodies = store.cursors(source).await?;
    bodies.iter().map(|body| serde_json::from_str(body).context("a cursor in the state is damaged")).collect()
}

/// Removes files that a kill left behind before they were committed.
///
/// # Errors
/// If the disk refuses.
pub async fn discard_orphans(world: &World, data: &Path, store: &Store, lake: &Lake) -> Result<()> {
    let mut known = BTreeSet::new();
    for body in store.lake_files().await? {
        known.insert(serde_json::from_str::<DataFile>(&body)?.name);
    }
    lake.discard_orphans(&known)?;
    let named = store.quarantine_files().await?.into_iter().map(|name| data.join(name));
    let named: BTreeSet<PathBuf> = named.collect();
    let quarantine = data.join("quarantine");
    if world.disk.is_directory(&quarantine) {
        for file in world.disk.list(&quarantine)?.into_iter().filter(|file| !named.contains(&file.path)) {
            // Somebody else's file in there is left alone.
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".ndjson") || name.ends_with(".ndjson.part") {
                world.disk.remove(&file.path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Commit;
    use firebreak_model::NodeKey;

    #[tokio::test]
    async fn silence_proves_no_use_only_where_nothing_came_after_what_was_written() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open(directory.path()).await.expect("a new state");
        let now = Time::from_seconds(100 * 86_400);
        let key = NodeKey::credential("aws", "AKIA1");
        assert_eq!(uses(&store, now).await.expect("readable"), Uses::default(), "nothing was ever watched");
        let used = serde_json::json!({"by_day": [[99, 7]], "users": [], "last": now});
        let habits = serde_json::json!({
            "uses": {"since": Time::from_seconds(0), "by_key": {key.as_str(): used}}, "sessions": crate::pipeline::sessions::Sessions::default(),
        });
        let states = vec![
            ("habits".to_owned(), serde_json::to_vec(&habits).expect("plain data")),
            ("remembered".to_owned(), b"1".to_vec()),
        ];
        store.commit(&Commit { batch: Some(1), states, ..Commit::default() }).await.expect("committed");
        let known = uses(&store, now).await.expect("readable");
        assert_eq!((known.of(&key, now).count, known.whole(now)), (7, true));
        assert!(!uses(&store, now.plus_seconds(2 * 86_400)).await.expect("readable").whole(now), "nobody watches");
        store.commit(&Commit { batch: Some(2), ..Commit::default() }).await.expect("committed");
        let known = uses(&store, now).await.expect("readable");
        assert_eq!((known.of(&key, now).count, known.whole(now)), (7, false), "a batch is not in it");
    }

    #[tokio::test]
    async fn what_an_older_version_remembered_as_a_whole_is_carried_over_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open(directory.path()).await.expect("a new state");
        let settings = Settings::default;
        let gate = || firebreak_contain::gate::shipped::Mode::Act.gate().expect("shipped");
        let old = respond(&store, gate(), settings()).await.expect("a new memory");
        assert_eq!(old.snapshot(), &State::default());
        let by = NodeKey::identity("person", "kim@example.org");
        let mut told = Respond::restore(State::default(), gate(), settings());
        told.step(firebreak_contain::incident::Message::Paused(firebreak_contain::gate::Pause {
            by,
            at: Time(5),
            because: "a drill".to_owned(),
        }));
        let whole = serde_json::to_vec(told.snapshot()).expect("plain data");
        let states = vec![(WHOLE.to_owned(), whole)];
        store.commit(&Commit { states, ..Commit::default() }).await.expect("committed");
        for _ in 0..2 {
            let known = respond(&store, gate(), settings()).await.expect("readable");
            assert_eq!(known.snapshot(), told.snapshot());
        }
        assert_eq!(store.state(WHOLE).await.expect("readable").as_deref(), Some(ELSEWHERE));
        let text: Result<State, _> = serde_json::from_slice(ELSEWHERE);
        assert!(text.is_err(), "an older version does not take it for no memory at all");
        let broken = vec![("step".to_owned(), "x".to_owned(), Some("{".to_owned()))];
        let entries =
            broken.into_iter().map(|(_, key, body)| firebreak_contain::incident::Entry { kind: "step", key, body });
        store.commit(&Commit { remembered: entries.collect(), ..Commit::default() }).await.expect("committed");
        let error = format!("{:#}", respond(&store, gate(), settings()).await.expect_err("damaged"));
        assert!(error.contains("the step `x` cannot be read"), "{error}");
    }

    #[tokio::test]
    async fn what_was_forgotten_is_gone_from_the_state_and_since_when_nothing_is_missing_is_known() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open(directory.path()).await.expect("a new state");
        assert_eq!(store.kept_since().await.expect("readable"), Time::MIN);
        let logged = |at: i64| firebreak_graph::Logged {
            scope: "aws/1".into(),
            complete: true,
            stated: Time(at),
            taken: Time(at),
            known: Time(at),
            notes: String::new(),
            rows: Vec::new(),
        };
        let commit = |learnt, forgotten| Commit { learnt, forgotten, ..Commit::default() };
        store.commit(&commit(vec![logged(1), logged(2)], None)).await.expect("committed");
        store.commit(&commit(vec![logged(3)], Some((Time(2), vec![logged(2)])))).await.expect("committed");
        assert_eq!(store.learnt().await.expect("readable"), [logged(2), logged(3)]);
        assert_eq!(store.kept_since().await.expect("readable"), Time(2));
        assert_eq!(chronicle(&store).await.expect("readable").learnt_since(Time::MIN), [Time(2), Time(3)]);
    }
}
