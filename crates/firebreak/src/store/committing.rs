//! One commit, statement by statement: first what was read, then what was made of it.

use super::{Commit, to_i64};
use anyhow::Result;
use sqlx::SqliteConnection;

/// Batch, cursors, files and findings.
pub(super) async fn inputs(tx: &mut SqliteConnection, commit: &Commit) -> Result<()> {
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
        let insert = sqlx::query("INSERT OR REPLACE INTO input_cursor (source, input, body) VALUES ($1, $2, $3)");
        insert.bind(source).bind(input).bind(body).execute(&mut *tx).await?;
    }
    for (name, body) in &commit.lake_files {
        // The same events in the same batch again, long after their uids were forgotten, are the same file.
        let insert = sqlx::query("INSERT OR REPLACE INTO lake_file (name, batch, body) VALUES ($1, $2, $3)");
        insert.bind(name).bind(batch).bind(body).execute(&mut *tx).await?;
    }
    for (name, records) in &commit.quarantine_files {
        let insert = sqlx::query("INSERT INTO quarantine_file (name, batch, records) VALUES ($1, $2, $3)");
        insert.bind(name).bind(batch).bind(to_i64(*records)).execute(&mut *tx).await?;
    }
    for (id, at, body) in &commit.findings {
        // The same id again replaces what was known of it, here as in the respond stage.
        let insert = sqlx::query(
            "INSERT INTO finding (id, batch, at, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET at = excluded.at, body = excluded.body",
        );
        insert.bind(id).bind(batch).bind(at).bind(body).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Incidents, plans, memory, effects and requests.
pub(super) async fn response(tx: &mut SqliteConnection, commit: &Commit) -> Result<()> {
    for (id, body) in &commit.incidents {
        let insert = sqlx::query("INSERT OR REPLACE INTO incident (id, body) VALUES ($1, $2)");
        insert.bind(id).bind(body).execute(&mut *tx).await?;
    }
    for (id, incident, status, body) in &commit.plans {
        let insert = sqlx::query("INSERT OR REPLACE INTO plan (id, incident, status, body) VALUES ($1, $2, $3, $4)");
        insert.bind(id).bind(incident).bind(status).bind(body).execute(&mut *tx).await?;
    }
    for (part, whole) in &commit.joined {
        sqlx::query("DELETE FROM incident WHERE id = $1").bind(part).execute(&mut *tx).await?;
        let update = sqlx::query("UPDATE plan SET incident = $2 WHERE incident = $1");
        update.bind(part).bind(whole).execute(&mut *tx).await?;
    }
    for (incident, plan) in &commit.pending {
        let update = sqlx::query(
            "UPDATE plan SET status = CASE WHEN id = $2 THEN 'waiting' ELSE 'superseded' END \
             WHERE incident = $1 AND (status = 'waiting' OR (status = 'proposed' AND id = $2))",
        );
        update.bind(incident).bind(plan).execute(&mut *tx).await?;
    }
    for (name, body) in &commit.states {
        let insert = sqlx::query("INSERT OR REPLACE INTO state (name, body) VALUES ($1, $2)");
        insert.bind(name).bind(body).execute(&mut *tx).await?;
    }
    for (number, body) in &commit.effects {
        let insert = sqlx::query("INSERT INTO effect (number, body) VALUES ($1, $2)");
        insert.bind(to_i64(*number)).bind(body).execute(&mut *tx).await?;
    }
    effects_done(tx, &commit.effects_done).await?;
    for number in &commit.requests_done {
        sqlx::query("UPDATE request SET done = 1 WHERE number = $1").bind(number).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Notes that effects were done.
pub(super) async fn effects_done(tx: &mut SqliteConnection, numbers: &[u64]) -> Result<()> {
    for number in numbers {
        let update = sqlx::query("UPDATE effect SET done = 1 WHERE number = $1");
        update.bind(to_i64(*number)).execute(&mut *tx).await?;
    }
    Ok(())
}
