//! The executor's journal in the same file: a row for each step of each plan. Steps that move at the same time share a
//! transaction and its sync.

use super::Store;
use super::committing::PORTION;
use super::round::Round;
use async_trait::async_trait;
use firebreak_act::{Journal, JournalError, StepRow, StepState};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};

fn failed(error: impl std::fmt::Display) -> JournalError {
    JournalError(error.to_string())
}

fn read(row: &SqliteRow) -> Result<StepRow, JournalError> {
    serde_json::from_str(&row.get::<String, _>(0)).map_err(failed)
}

/// One row to be written.
struct Write {
    /// Where the row must stand; `None` where there must be none.
    expected: Option<StepState>,
    plan: String,
    key: String,
    number: u32,
    state: StepState,
    body: String,
}

impl Write {
    fn of(expected: Option<StepState>, row: &StepRow) -> Result<Write, JournalError> {
        let body = serde_json::to_string(row).map_err(failed)?;
        let StepRow { plan, key, number, state, .. } = row;
        Ok(Write { expected, plan: plan.clone(), key: key.clone(), number: *number, state: *state, body })
    }
}

/// Adds rows that are not there yet. Gives the names of those that were added.
async fn insert(tx: &mut SqliteConnection, rows: &[&Write]) -> sqlx::Result<BTreeSet<(String, String)>> {
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO step (plan, key, number, state, body) ");
    query.push_values(rows, |mut values, row| {
        values.push_bind(&row.plan).push_bind(&row.key).push_bind(i64::from(row.number));
        values.push_bind(row.state.word()).push_bind(&row.body);
    });
    let added = query.push(" ON CONFLICT DO NOTHING RETURNING plan, key").build().fetch_all(tx).await?;
    Ok(added.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Moves rows that stand where they are expected. Gives the names of those.
async fn advance(tx: &mut SqliteConnection, rows: &[&Write]) -> sqlx::Result<BTreeSet<(String, String)>> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH next (of_plan, of_key, expected, word, what) AS (");
    query.push_values(rows, |mut values, row| {
        values.push_bind(&row.plan).push_bind(&row.key).push_bind(row.expected.map(StepState::word));
        values.push_bind(row.state.word()).push_bind(&row.body);
    });
    let update = ") UPDATE step SET state = next.word, body = next.what FROM next \
         WHERE step.plan = next.of_plan AND step.key = next.of_key AND step.state = next.expected \
         RETURNING plan, key";
    let moved = query.push(update).build().fetch_all(tx).await?;
    Ok(moved.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Rows to be written, and rows that are asked for by plan and key.
#[derive(Default)]
pub(super) struct Desk {
    writes: Round<Write, Result<bool, String>>,
    loads: Round<(String, String), Result<Option<StepRow>, String>>,
    loading: tokio::sync::Mutex<()>,
}

fn dropped() -> JournalError {
    JournalError("whoever wrote it was stopped".to_owned())
}

impl Store {
    /// Writes a row durably. Rows that come while others are written share one transaction.
    async fn write_step(&self, write: Write) -> Result<bool, JournalError> {
        let all = |writes: Vec<Write>| async move {
            match self.write_steps(&writes).await {
                Ok(written) => written.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.to_string()); writes.len()],
            }
        };
        let written = self.desk.writes.join(&self.turn, write, all).await;
        written.ok_or_else(dropped)?.map_err(JournalError)
    }

    /// Writes rows, each of another step: whoever moves a step waits for its last move.
    async fn write_steps(&self, writes: &[Write]) -> sqlx::Result<Vec<bool>> {
        let (fresh, known): (Vec<&Write>, Vec<&Write>) = writes.iter().partition(|write| write.expected.is_none());
        let mut written = BTreeSet::new();
        let mut tx = self.pool.begin().await?;
        for rows in fresh.chunks(PORTION) {
            written.append(&mut insert(&mut tx, rows).await?);
        }
        for rows in known.chunks(PORTION) {
            written.append(&mut advance(&mut tx, rows).await?);
        }
        tx.commit().await?;
        // Of two that write one step at the same time, the first has written it.
        Ok(writes.iter().map(|write| written.remove(&(write.plan.clone(), write.key.clone()))).collect())
    }

    async fn read_steps(
        &self,
        names: &[(String, String)],
    ) -> Result<BTreeMap<(String, String), StepRow>, JournalError> {
        let mut found = BTreeMap::new();
        for names in names.chunks(PORTION) {
            let mut query = QueryBuilder::<Sqlite>::new("WITH wanted (of_plan, of_key) AS (");
            query.push_values(names, |mut values, (plan, key)| {
                values.push_bind(plan).push_bind(key);
            });
            let select = ") SELECT body FROM wanted JOIN step ON plan = of_plan AND key = of_key";
            let rows = query.push(select).build().fetch_all(&self.pool).await.map_err(failed)?;
            for row in &rows {
                let row = read(row)?;
                found.insert((row.plan.clone(), row.key.clone()), row);
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Journal for Store {
    fn life(&self) -> &str {
        &self.life
    }

    async fn load(&self, plan: &str, key: &str) -> Result<Option<StepRow>, JournalError> {
        let all = |names: Vec<(String, String)>| async move {
            match self.read_steps(&names).await {
                Ok(found) => names.iter().map(|name| Ok(found.get(name).cloned())).collect(),
                Err(JournalError(reason)) => vec![Err(reason); names.len()],
            }
        };
        let found = self.desk.loads.join(&self.desk.loading, (plan.to_owned(), key.to_owned()), all).await;
        found.ok_or_else(dropped)?.map_err(JournalError)
    }

    async fn insert_intent(&self, row: &StepRow) -> Result<bool, JournalError> {
        self.write_step(Write::of(None, row)?).await
    }

    async fn set_state(&self, expected: StepState, row: &StepRow) -> Result<bool, JournalError> {
        if expected != row.state && !expected.may_become(row.state) {
            let (from, to) = (expected.word(), row.state.word());
            return Err(JournalError(format!("step {} cannot go from `{from}` to `{to}`", row.number)));
        }
        self.write_step(Write::of(Some(expected), row)?).await
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
