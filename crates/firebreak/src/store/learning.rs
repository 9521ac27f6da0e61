//! What was learnt of the estate: appended in the transaction of whatever brought it, read in the same order.

use anyhow::{Context, Result};
use firebreak_graph::{Logged, Row};
use firebreak_model::Time;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

/// The state that says from when on nothing was forgotten.
pub(super) const KEPT_SINCE: &str = "kept_since";

/// Appends `learnt`.
pub(super) async fn write(tx: &mut SqliteConnection, learnt: &[Logged]) -> Result<()> {
    for logged in learnt {
        let insert = sqlx::query(
            "INSERT INTO snapshot (scope, complete, stated, taken, known, notes) VALUES ($1, $2, $3, $4, $5, $6)",
        );
        let insert = insert.bind(logged.scope.as_str()).bind(logged.complete).bind(logged.stated.0);
        let insert = insert.bind(logged.taken.0).bind(logged.known.0).bind(logged.notes.as_str());
        let snapshot = insert.execute(&mut *tx).await?.last_insert_rowid();
        for (number, row) in (0i64..).zip(&logged.rows) {
            sqlx::query("INSERT INTO snapshot_row (snapshot, number, body) VALUES ($1, $2, $3)")
                .bind(snapshot)
                .bind(number)
                .bind(serde_json::to_string(row)?)
                .execute(&mut *tx)
                .await?;
        }
    }
    Ok(())
}

/// Writes `log` in place of all that was learnt before. It lacks nothing of `kept_since` and later.
pub(super) async fn write_anew(tx: &mut SqliteConnection, kept_since: Time, log: &[Logged]) -> Result<()> {
    sqlx::query("DELETE FROM snapshot_row").execute(&mut *tx).await?;
    sqlx::query("DELETE FROM snapshot").execute(&mut *tx).await?;
    write(tx, log).await?;
    let since = serde_json::to_vec(&kept_since)?;
    let insert = "INSERT INTO state (name, body) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = excluded.body";
    sqlx::query(insert).bind(KEPT_SINCE).bind(since).execute(&mut *tx).await?;
    Ok(())
}

/// Everything, in order.
pub(super) async fn read(pool: &SqlitePool) -> Result<Vec<Logged>> {
    let snapshots =
        sqlx::query("SELECT number, scope, complete, stated, taken, known, notes FROM snapshot ORDER BY number");
    let rows = sqlx::query("SELECT snapshot, body FROM snapshot_row ORDER BY snapshot, number").fetch_all(pool).await?;
    let mut rows = rows.iter().map(|row| (row.get::<i64, _>(0), row.get::<&str, _>(1))).peekable();
    let mut learnt = Vec::new();
    for header in snapshots.fetch_all(pool).await? {
        let number: i64 = header.get(0);
        let mut of_snapshot: Vec<Row> = Vec::new();
        while let Some((_, body)) = rows.next_if(|(snapshot, _)| *snapshot == number) {
            of_snapshot
                .push(serde_json::from_str(body).context("what was learnt of the estate is damaged in the state")?);
        }
        learnt.push(Logged {
            scope: header.get::<&str, _>(1).into(),
            complete: header.get(2),
            stated: Time(header.get(3)),
            taken: Time(header.get(4)),
            known: Time(header.get(5)),
            notes: header.get(6),
            rows: of_snapshot,
        });
    }
    Ok(learnt)
}
