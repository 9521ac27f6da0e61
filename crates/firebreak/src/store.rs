//! State on disk: one SQLite file, and one transaction for all that a batch changes.
//!
//! It knows nothing of what the rows mean: stages hand it text and bytes.

mod journal;

use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use std::path::Path;

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
    /// (id, time in microseconds, finding as JSON).
    pub findings: Vec<(String, i64, String)>,
    /// (incident id, incident as JSON).
    pub incidents: Vec<(String, String)>,
    /// (plan id, incident id, status, plan as JSON).
    pub plans: Vec<(String, String, String, String)>,
    /// (state name, bytes): the correlator's and the single writer's memory after this batch.
    pub states: Vec<(String, Vec<u8>)>,
    /// (number, effect as JSON), still to be done.
    pub effects: Vec<(u64, String)>,
    /// Numbers of requests that this batch took up.
    pub requests_done: Vec<i64>,
}

impl Commit {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        let Commit { batch, findings, incidents, plans, states, effects, requests_done, .. } = self;
        batch.is_none()
            && findings.is_empty()
            && incidents.is_empty()
            && plans.is_empty()
            && states.is_empty()
            && effects.is_empty()
            && requests_done.is_empty()
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

/// One request of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRequest {
    /// Its number.
    pub number: i64,
    /// `approve` or `undo`.
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
    /// `proposed`, `approved`, `done`, `denied`, `superseded` or `undone`.
    pub status: String,
    /// The plan as JSON.
    pub body: String,
}

/// The state of one installation.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
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
            .busy_timeout(std::time::Duration::from_secs(10));
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await;
        let pool = pool.with_context(|| format!("opening `{}`", file.display()))?;
        sqlx::raw_sql(include_str!("store/schema.sql")).execute(&pool).await.context("preparing the state")?;
        let opened = sqlx::query("INSERT INTO opening DEFAULT VALUES").execute(&pool).await?;
        Ok(Store { pool, life: format!("opening-{}", opened.last_insert_rowid()) })
    }

    /// Writes all of `commit` or nothing.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn commit(&self, commit: &Commit) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let batch = to_i64(commit.batch.unwrap_or_default());
        if commit.batch.is_some() {
            sqlx::query("INSERT INTO batch (number, events, quarantined, duplicates) VALUES ($1, $2, $3, $4)")
                .bind(batch)
                .bind(to_i64(commit.events))
                .bind(to_i64(commit.quarantined))
                .bind(to_i64(commit.duplicates))
                .execute(&mut *tx)
                .await?;
        }
        for (source, input) in &commit.moved {
            let delete = sqlx::query("DELETE FROM input_cursor WHERE source = $1 AND input = $2");
            delete.bind(source).bind(input).execute(&mut *tx).await?;
        }
        for (source, input, body) in &commit.cursors {
            sqlx::query("INSERT OR REPLACE INTO input_cursor (source, input, body) VALUES ($1, $2, $3)")
                .bind(source)
                .bind(input)
                .bind(body)
                .execute(&mut *tx)
                .await?;
        }
        for (name, body) in &commit.lake_files {
            let insert = sqlx::query("INSERT INTO lake_file (name, batch, body) VALUES ($1, $2, $3)");
            insert.bind(name).bind(batch).bind(body).execute(&mut *tx).await?;
        }
        for (name, records) in &commit.quarantine_files {
            let insert = sqlx::query("INSERT INTO quarantine_file (name, batch, records) VALUES ($1, $2, $3)");
            insert.bind(name).bind(batch).bind(to_i64(*records)).execute(&mut *tx).await?;
        }
        for (id, at, body) in &commit.findings {
            let insert = sqlx::query("INSERT OR IGNORE INTO finding (id, batch, at, body) VALUES ($1, $2, $3, $4)");
            insert.bind(id).bind(batch).bind(at).bind(body).execute(&mut *tx).await?;
        }
        for (id, body) in &commit.incidents {
            let insert = sqlx::query("INSERT OR REPLACE INTO incident (id, body) VALUES ($1, $2)");
            insert.bind(id).bind(body).execute(&mut *tx).await?;
        }
        for (id, incident, status, body) in &commit.plans {
            let insert =
                sqlx::query("INSERT OR REPLACE INTO plan (id, incident, status, body) VALUES ($1, $2, $3, $4)");
            insert.bind(id).bind(incident).bind(status).bind(body).execute(&mut *tx).await?;
        }
        for (name, body) in &commit.states {
            let insert = sqlx::query("INSERT OR REPLACE INTO state (name, body) VALUES ($1, $2)");
            insert.bind(name).bind(body).execute(&mut *tx).await?;
        }
        for (number, body) in &commit.effects {
            let insert = sqlx::query("INSERT OR IGNORE INTO effect (number, body) VALUES ($1, $2)");
            insert.bind(to_i64(*number)).bind(body).execute(&mut *tx).await?;
        }
        for number in &commit.requests_done {
            sqlx::query("UPDATE request SET done = 1 WHERE number = $1").bind(number).execute(&mut *tx).await?;
        }
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

    /// Names of the quarantine files.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn quarantine_files(&self) -> Result<Vec<String>> {
        let rows = sqlx::query("SELECT name FROM quarantine_file ORDER BY name").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// A stage's memory.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn state(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query("SELECT body FROM state WHERE name = $1").bind(name).fetch_optional(&self.pool);
        Ok(row.await?.map(|row| row.get(0)))
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

    /// Sets a plan's status.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn set_plan_status(&self, id: &str, status: &str) -> Result<()> {
        sqlx::query("UPDATE plan SET status = $2 WHERE id = $1").bind(id).bind(status).execute(&self.pool).await?;
        Ok(())
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

    /// Notes that an effect was done.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn effect_done(&self, number: u64) -> Result<()> {
        let update = sqlx::query("UPDATE effect SET done = 1 WHERE number = $1");
        update.bind(to_i64(number)).execute(&self.pool).await?;
        Ok(())
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

    /// Closes the file.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
