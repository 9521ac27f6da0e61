//! State on disk: one SQLite file, and one transaction for all that a batch changes.
//!
//! It knows nothing of what the rows mean: stages hand it text and bytes.

pub mod access;
mod committing;
mod journal;
mod learning;
pub mod looking;
pub mod notes;
mod outward;
mod round;

use anyhow::{Context, Result};
use async_trait::async_trait;
use firebreak_act::Brake;
use firebreak_contain::incident::Entry;
use firebreak_graph::Logged;
use firebreak_model::Time;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use std::path::Path;
use std::sync::Arc;

/// All that one batch changes.
#[derive(Debug, Default)]
pub struct Commit {
    /// The batch's number, from 1; none where something else than a batch changed the state.
    pub batch: Option<u64>,
    /// Events kept.
    pub events: u64,
    /// Records put aside.
    pub quarantined: u64,
    /// Events dropped because they were there already.
    pub duplicates: u64,
    /// (source, input, cursor as JSON).
    pub cursors: Vec<(String, String, String)>,
    /// (source, input) of cursors to forget.
    pub moved: Vec<(String, String)>,
    /// (file name, description as JSON).
    pub lake_files: Vec<(String, String)>,
    /// (file name, records).
    pub quarantine_files: Vec<(String, u64)>,
    /// (id, number of its batch, time in microseconds, finding as JSON).
    pub findings: Vec<(String, u64, i64, String)>,
    /// (incident id, incident as JSON).
    pub incidents: Vec<(String, String)>,
    /// (incident that is no more, the one that it has become part of).
    pub joined: Vec<(String, String)>,
    /// (incident, the plan of it that waits for people): every other plan of it that waited is superseded.
    pub pending: Vec<(String, Option<String>)>,
    /// (plan id, incident id, status, plan as JSON).
    pub plans: Vec<(String, String, String, String)>,
    /// (state name, bytes): a memory that is written as a whole.
    pub states: Vec<(String, Vec<u8>)>,
    /// What the respond stage remembers otherwise than before.
    pub remembered: Vec<Entry>,
    /// (plan id, status): plans that have come to stand otherwise.
    pub plan_statuses: Vec<(String, &'static str)>,
    /// (number, effect as JSON), still to be done.
    pub effects: Vec<(u64, String)>,
    /// Numbers of effects that were done, with what follows from them in this commit.
    pub effects_done: Vec<u64>,
    /// Numbers of requests that this batch took up.
    pub requests_done: Vec<i64>,
    /// What was learnt of the estate, in order.
    pub learnt: Vec<Logged>,
    /// What is remembered of the estate in place of all that was learnt before, and from when on nothing is missing.
    pub forgotten: Option<(Time, Vec<Logged>)>,
}

impl Commit {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        let Commit {
            batch,
            findings,
            incidents,
            plans,
            states,
            remembered,
            plan_statuses,
            effects,
            effects_done,
            requests_done,
            learnt,
            forgotten,
            ..
        } = self;
        batch.is_none()
            && findings.is_empty()
            && incidents.is_empty()
            && plans.is_empty()
            && states.is_empty()
            && remembered.is_empty()
            && plan_statuses.is_empty()
            && effects.is_empty()
            && effects_done.is_empty()
            && requests_done.is_empty()
            && learnt.is_empty()
            && forgotten.is_none()
    }
}

/// Totals over all committed batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Number of the last batch.
    pub batch: u64,
    /// Events kept.
    pub events: u64,
    /// Records put aside.
    pub quarantined: u64,
    /// Events dropped because they were there already.
    pub duplicates: u64,
}

/// The kind of a request to pause automatic actions.
pub const PAUSE: &str = "pause";
/// The kind of a request for a change on a quiet day.
pub const CHANGE: &str = "change";
/// The kind of a request that answers a review.
pub const ANSWER: &str = "answer";
/// The kind of a request to let them go on.
pub const RESUME: &str = "resume";

/// The kind of a request to mute a detector.
pub const MUTE: &str = "mute";
/// The kind of a request to end a mute.
pub const UNMUTE: &str = "unmute";

/// The kind of a request to cancel what has not begun.
pub const CANCEL: &str = "cancel";

/// The kind of a request to drill: the single writer leaves it to those who drill.
pub const DRILL: &str = "drill";

/// One request of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRequest {
    /// Its number.
    pub number: i64,
    /// `approve`, `decline`, `pause`, `resume`, `cancel`, `undo` or `drill`.
    pub kind: String,
    /// What was asked, as JSON.
    pub body: String,
}

/// One plan as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredPlan {
    /// Its id.
    pub id: String,
    /// The incident that it answers.
    pub incident: String,
    /// `proposed`, `waiting`, `approved`, `executed` or `superseded`.
    pub status: String,
    /// The plan as JSON.
    pub body: String,
}

/// Those who ask whether a pause is on its way.
#[derive(Default)]
struct Asking {
    round: round::Round<(), bool>,
    turn: tokio::sync::Mutex<()>,
}

/// After so many pages of 4 KiB what was written is taken over into the file itself, which takes longer than any commit.
const WAL_PAGES: &str = "8000";

/// The state of one installation.
#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
    /// Who writes: one at a time and in order, or SQLite lets all but one wait and look again after a while.
    turn: Arc<tokio::sync::Mutex<()>>,
    desk: Arc<journal::Desk>,
    brake: Arc<Asking>,
    /// Names this opening: see [`firebreak_act::Journal::life`].
    life: String,
}

impl Store {
    /// Opens `state.sqlite` in `directory`, which must exist.
    ///
    /// # Errors
    /// If the file cannot be opened or is not one of ours.
    pub async fn open(directory: &Path) -> Result<Store> {
        let file = directory.join("state.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", WAL_PAGES)
            .busy_timeout(std::time::Duration::from_secs(60));
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await;
        let pool = pool.with_context(|| format!("opening `{}`", file.display()))?;
        sqlx::raw_sql(include_str!("store/schema.sql")).execute(&pool).await.context("preparing the state")?;
        let opened = sqlx::query("INSERT INTO opening DEFAULT VALUES").execute(&pool).await?;
        let life = format!("opening-{}", opened.last_insert_rowid());
        Ok(Store { pool, turn: Arc::default(), desk: Arc::default(), brake: Arc::default(), life })
    }

    /// Writes all of `commit` or nothing.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn commit(&self, commit: &Commit) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await?;
        committing::inputs(&mut tx, commit).await?;
        committing::response(&mut tx, commit).await?;
        if let Some((kept_since, log)) = &commit.forgotten {
            learning::write_anew(&mut tx, *kept_since, log).await?;
        }
        learning::write(&mut tx, &commit.learnt).await?;
        tx.commit().await.context("committing a batch")
    }

    /// Totals over all committed batches.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn totals(&self) -> Result<Totals> {
        let row = sqlx::query(
            "SELECT COALESCE(MAX(number), 0), COALESCE(SUM(events), 0), COALESCE(SUM(quarantined), 0), \
             COALESCE(SUM(duplicates), 0) FROM batch",
        )
        .fetch_one(&self.pool)
        .await?;
        let number = |column: usize| row.get::<i64, _>(column).unsigned_abs();
        Ok(Totals { batch: number(0), events: number(1), quarantined: number(2), duplicates: number(3) })
    }

    /// Cursors of `source`, as JSON.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn cursors(&self, source: &str) -> Result<Vec<String>> {
        let rows = sqlx::query("SELECT body FROM input_cursor WHERE source = $1 ORDER BY input").bind(source);
        Ok(rows.fetch_all(&self.pool).await?.iter().map(|row| row.get(0)).collect())
    }

    /// Files of the lake, newest first, as JSON.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn lake_files(&self) -> Result<Vec<String>> {
        let rows =
            sqlx::query("SELECT body FROM lake_file ORDER BY batch DESC, name DESC").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Files of the lake of the batches after number `batch`, newest first: (batch, file as JSON).
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn lake_files_after(&self, batch: u64) -> Result<Vec<(u64, String)>> {
        let rows = sqlx::query("SELECT batch, body FROM lake_file WHERE batch > $1 ORDER BY batch DESC, name DESC");
        let rows = rows.bind(to_i64(batch)).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get::<i64, _>(0).unsigned_abs(), row.get(1))).collect())
    }

    /// Names of the quarantine files.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn quarantine_files(&self) -> Result<Vec<String>> {
        let rows = sqlx::query("SELECT name FROM quarantine_file ORDER BY name").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Everything that was learnt of the estate, in the order in which it was.
    ///
    /// # Errors
    /// If the disk refuses or the state is damaged.
    pub async fn learnt(&self) -> Result<Vec<Logged>> {
        learning::read(&self.pool).await
    }

    /// From when on nothing that was learnt of the estate is missing; [`Time::MIN`] where nothing was forgotten.
    ///
    /// # Errors
    /// If the disk refuses or the state is damaged.
    pub async fn kept_since(&self) -> Result<Time> {
        let since = self.state(learning::KEPT_SINCE).await?;
        since.map_or(Ok(Time::MIN), |bytes| serde_json::from_slice(&bytes).context("the state is damaged"))
    }

    /// A stage's memory.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn state(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query("SELECT body FROM state WHERE name = $1").bind(name).fetch_optional(&self.pool);
        Ok(row.await?.map(|row| row.get(0)))
    }

    /// What the respond stage remembers, entry by entry in the order of their keys: (kind, key, body).
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn remembered(&self) -> Result<Vec<(String, String, String)>> {
        let rows =
            sqlx::query("SELECT kind, key, body FROM remembered ORDER BY kind, key").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
    }

    /// Writes what the respond stage remembers entry by entry, and something else in place of the memory that is named.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn carry_over(&self, (name, instead): (&str, &[u8]), entries: &[Entry]) -> Result<()> {
        let states = vec![(name.to_owned(), instead.to_vec())];
        self.commit(&Commit { states, remembered: entries.to_vec(), ..Commit::default() }).await
    }

    /// Findings in order of time, as JSON.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn findings(&self) -> Result<Vec<String>> {
        let rows = sqlx::query("SELECT body FROM finding ORDER BY at, id").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Incidents, as JSON.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn incidents(&self) -> Result<Vec<String>> {
        let rows = sqlx::query("SELECT body FROM incident ORDER BY id").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Every plan.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn plans(&self) -> Result<Vec<StoredPlan>> {
        let rows = sqlx::query("SELECT id, incident, status, body FROM plan ORDER BY id").fetch_all(&self.pool).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| StoredPlan {
            id: row.get(0),
            incident: row.get(1),
            status: row.get(2),
            body: row.get(3),
        };
        Ok(rows.iter().map(read).collect())
    }

    /// Every step of every plan that was begun or written off.
    ///
    /// # Errors
    /// If the disk refuses or the state is damaged.
    pub async fn steps(&self) -> Result<Vec<firebreak_act::StepRow>> {
        let rows = sqlx::query("SELECT body FROM step ORDER BY plan, number").fetch_all(&self.pool).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| serde_json::from_str(&row.get::<String, _>(0));
        rows.iter().map(read).collect::<Result<_, _>>().context("the journal of steps is damaged")
    }

    /// Effects still to be done, oldest first: (number, effect as JSON).
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn open_effects(&self) -> Result<Vec<(u64, String)>> {
        let rows = sqlx::query("SELECT number, body FROM effect WHERE done = 0 ORDER BY number");
        let rows = rows.fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get::<i64, _>(0).unsigned_abs(), row.get(1))).collect())
    }

    /// Notes that effects were done.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn effects_done(&self, numbers: &[u64]) -> Result<()> {
        if numbers.is_empty() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await?;
        committing::effects_done(&mut tx, numbers).await?;
        tx.commit().await.context("noting what was done")
    }

    /// Number of the last effect.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn last_effect(&self) -> Result<u64> {
        let row = sqlx::query("SELECT COALESCE(MAX(number), 0) FROM effect").fetch_one(&self.pool).await?;
        Ok(row.get::<i64, _>(0).unsigned_abs())
    }

    /// Leaves a request for the single writer.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn ask(&self, kind: &str, body: &str) -> Result<i64> {
        let insert = sqlx::query("INSERT INTO request (kind, body) VALUES ($1, $2)").bind(kind).bind(body);
        Ok(insert.execute(&self.pool).await?.last_insert_rowid())
    }

    /// Requests not yet taken up, oldest first.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn open_requests(&self) -> Result<Vec<StoredRequest>> {
        let rows = sqlx::query("SELECT number, kind, body FROM request WHERE done = 0 ORDER BY number");
        let rows = rows.fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| StoredRequest { number: row.get(0), kind: row.get(1), body: row.get(2) }).collect())
    }

    /// Whether the last word that was not taken up yet is to pause automatic actions.
    async fn is_pause_asked(&self) -> Result<bool> {
        let last = "SELECT kind FROM request WHERE done = 0 AND kind IN ($1, $2) ORDER BY number DESC LIMIT 1";
        let row = sqlx::query(last).bind(PAUSE).bind(RESUME).fetch_optional(&self.pool).await?;
        Ok(row.is_some_and(|row| row.get::<String, _>(0) == PAUSE))
    }

    /// Closes the file.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

/// The gate lets nothing pass by itself once the respond stage knows of a pause: only one on its way there is looked for.
#[async_trait]
impl Brake for Store {
    async fn is_on(&self) -> bool {
        // Ten thousand steps that want to begin ask once.
        let all = |asking: Vec<()>| async move {
            let asked = self.is_pause_asked().await.unwrap_or(true);
            vec![asked; asking.len()]
        };
        self.brake.round.join(&self.brake.turn, (), all).await.unwrap_or(true)
    }
}

fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
