//! What is to leave for people and other systems: letters with what became of them, people's words that were used, and the
//! steps that others were told of.

use super::{Store, to_i64};
use anyhow::{Context, Result};
use async_trait::async_trait;
use firebreak_act::StepRow;
use firebreak_model::Time;
use firebreak_notify::{Notice, Outbox, OutboxError, Settled, Waiting};
use serde_json::Value;
use sqlx::Row;

/// The state that says up to which effect people were told.
const TOLD_UP_TO: &str = "told_up_to";

fn failed(error: impl std::fmt::Display) -> OutboxError {
    OutboxError(error.to_string())
}

impl Store {
    /// Up to which effect people were told; the last one there is, where that was never said.
    ///
    /// # Errors
    /// If the disk refuses or the state is damaged.
    pub async fn told_up_to(&self) -> Result<u64> {
        match self.state(TOLD_UP_TO).await? {
            Some(bytes) => serde_json::from_slice(&bytes).context("the state is damaged"),
            None => {
                let last = self.last_effect().await?;
                self.put_letters(last, &[]).await?;
                Ok(last)
            }
        }
    }

    /// Effects after number `number`, done or not, oldest first and at most a thousand: (number, effect as JSON).
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn effects_after(&self, number: u64) -> Result<Vec<(u64, String)>> {
        let rows = sqlx::query("SELECT number, body FROM effect WHERE number > $1 ORDER BY number LIMIT 1000");
        let rows = rows.bind(to_i64(number)).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get::<i64, _>(0).unsigned_abs(), row.get(1))).collect())
    }

    /// Puts letters in, each once, and notes up to which effect that was: both or neither.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn put_letters(&self, up_to: u64, letters: &[(&str, &Notice)]) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await?;
        for (channel, notice) in letters {
            let insert = sqlx::query(
                "INSERT INTO letter (channel, notice, subject, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            );
            let insert = insert.bind(*channel).bind(&notice.id).bind(notice.subject());
            insert.bind(serde_json::to_string(notice)?).execute(&mut *tx).await?;
        }
        let note = sqlx::query("INSERT OR REPLACE INTO state (name, body) VALUES ($1, $2)").bind(TOLD_UP_TO);
        note.bind(serde_json::to_vec(&up_to)?).execute(&mut *tx).await?;
        tx.commit().await.context("putting letters in")
    }

    /// Leaves a person's word for the single writer, once by its name. `false` where it was used before.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn ask_once(&self, name: &str, at: Time, kind: &str, body: &str) -> Result<bool> {
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await?;
        let word = sqlx::query("INSERT INTO word (name, at) VALUES ($1, $2) ON CONFLICT DO NOTHING").bind(name);
        let is_new = word.bind(at.0).execute(&mut *tx).await?.rows_affected() == 1;
        if is_new {
            let ask = sqlx::query("INSERT INTO request (kind, body) VALUES ($1, $2)").bind(kind).bind(body);
            ask.execute(&mut *tx).await?;
        }
        tx.commit().await.context("leaving a request")?;
        Ok(is_new)
    }

    /// Steps that took effect and that other systems were not told of, at most a thousand.
    ///
    /// # Errors
    /// If the disk refuses or the journal is damaged.
    pub async fn untold_steps(&self) -> Result<Vec<StepRow>> {
        let rows = sqlx::query(
            "SELECT body FROM step WHERE state IN ('applied', 'converging', 'contained', 'unobservable') AND NOT EXISTS \
             (SELECT 1 FROM told WHERE told.plan = step.plan AND told.key = step.key) ORDER BY plan, number LIMIT 1000",
        );
        let rows = rows.fetch_all(&self.pool).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| serde_json::from_str(&row.get::<String, _>(0));
        rows.iter().map(read).collect::<Result<_, _>>().context("the journal of steps is damaged")
    }

    /// Notes that other systems were told of these steps.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn steps_told(&self, steps: &[StepRow]) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await?;
        for step in steps {
            let note = sqlx::query("INSERT INTO told (plan, key) VALUES ($1, $2) ON CONFLICT DO NOTHING");
            note.bind(&step.plan).bind(&step.key).execute(&mut *tx).await?;
        }
        tx.commit().await.context("noting which steps others were told of")
    }
}

#[async_trait]
impl Outbox for Store {
    async fn due(&self, channel: &str, now: Time, most: usize) -> Result<Vec<Waiting>, OutboxError> {
        // Of each subject the oldest that is open, whether it is due or not.
        let rows = sqlx::query(
            "SELECT number, body, tries FROM letter WHERE number IN (SELECT MIN(number) FROM letter WHERE channel = $1 AND \
             state = 'open' GROUP BY subject) AND due <= $2 ORDER BY number LIMIT $3",
        )
        .bind(channel)
        .bind(now.0)
        .bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = rows.fetch_all(&self.pool).await.map_err(failed)?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            let notice = serde_json::from_str(&row.get::<String, _>(1)).map_err(failed)?;
            let tries = u32::try_from(row.get::<i64, _>(2)).unwrap_or(u32::MAX);
            Ok(Waiting { number: row.get(0), notice, tries })
        };
        rows.iter().map(read).collect()
    }

    async fn thread(&self, channel: &str, subject: &str) -> Result<Option<Value>, OutboxError> {
        let row =
            sqlx::query("SELECT body FROM thread WHERE channel = $1 AND subject = $2").bind(channel).bind(subject);
        let row = row.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| serde_json::from_str(&row.get::<String, _>(0)).map_err(failed)).transpose()
    }

    async fn settle(&self, channel: &str, letter: &Waiting, settled: &Settled) -> Result<(), OutboxError> {
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await.map_err(failed)?;
        let (state, due, reason) = match settled {
            Settled::Sent { .. } => ("sent", 0, None),
            Settled::Later { due, reason } => ("open", due.0, Some(reason)),
            Settled::Dead { reason } => ("dead", 0, Some(reason)),
        };
        if let Settled::Sent { thread: Some(thread) } = settled {
            let keep = sqlx::query("INSERT OR REPLACE INTO thread (channel, subject, body) VALUES ($1, $2, $3)");
            let keep = keep.bind(channel).bind(letter.notice.subject()).bind(thread.to_string());
            keep.execute(&mut *tx).await.map_err(failed)?;
        }
        let note =
            sqlx::query("UPDATE letter SET state = $2, due = $3, reason = $4, tries = tries + 1 WHERE number = $1");
        let note = note.bind(letter.number).bind(state).bind(due).bind(reason);
        note.execute(&mut *tx).await.map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}
