//! The executor's journal in the same file: a row for each step of each plan.

use super::Store;
use async_trait::async_trait;
use firebreak_act::{Journal, JournalError, StepRow, StepState};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

fn failed(error: impl std::fmt::Display) -> JournalError {
    JournalError(error.to_string())
}

fn read(row: &SqliteRow) -> Result<StepRow, JournalError> {
    serde_json::from_str(&row.get::<String, _>(0)).map_err(failed)
}

#[async_trait]
impl Journal for Store {
    fn life(&self) -> &str {
        &self.life
    }

    async fn load(&self, plan: &str, key: &str) -> Result<Option<StepRow>, JournalError> {
        let row = sqlx::query("SELECT body FROM step WHERE plan = $1 AND key = $2").bind(plan).bind(key);
        row.fetch_optional(&self.pool).await.map_err(failed)?.as_ref().map(read).transpose()
    }

    async fn insert_intent(&self, row: &StepRow) -> Result<bool, JournalError> {
        let body = serde_json::to_string(row).map_err(failed)?;
        let insert = sqlx::query(
            "INSERT INTO step (plan, key, number, state, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(&row.plan)
        .bind(&row.key)
        .bind(i64::from(row.number))
        .bind(row.state.word())
        .bind(body);
        Ok(insert.execute(&self.pool).await.map_err(failed)?.rows_affected() == 1)
    }

    async fn set_state(&self, expected: StepState, row: &StepRow) -> Result<bool, JournalError> {
        if expected != row.state && !expected.may_become(row.state) {
            let (from, to) = (expected.word(), row.state.word());
            return Err(JournalError(format!("step {} cannot go from `{from}` to `{to}`", row.number)));
        }
        let body = serde_json::to_string(row).map_err(failed)?;
        let update = sqlx::query("UPDATE step SET state = $4, body = $5 WHERE plan = $1 AND key = $2 AND state = $3")
            .bind(&row.plan)
            .bind(&row.key)
            .bind(expected.word())
            .bind(row.state.word())
            .bind(body);
        Ok(update.execute(&self.pool).await.map_err(failed)?.rows_affected() == 1)
    }

    async fn list(&self, plan: &str) -> Result<Vec<StepRow>, JournalError> {
        let rows = sqlx::query("SELECT body FROM step WHERE plan = $1 ORDER BY number, key").bind(plan);
        rows.fetch_all(&self.pool).await.map_err(failed)?.iter().map(read).collect()
    }

    async fn twins(&self, key: &str) -> Result<Vec<StepRow>, JournalError> {
        let rows = sqlx::query("SELECT body FROM step WHERE key = $1 ORDER BY plan").bind(key);
        rows.fetch_all(&self.pool).await.map_err(failed)?.iter().map(read).collect()
    }
}
