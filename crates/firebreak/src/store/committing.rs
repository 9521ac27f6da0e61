//! One commit, table by table: first what was read, then what was made of it. A statement takes many rows: each statement
//! is a way to the thread that holds the file and back, which costs more than a row.

use super::{Commit, to_i64};
use anyhow::Result;
use firebreak_contain::incident::Entry;
use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use std::collections::BTreeMap;

/// Rows of one statement.
pub(super) const PORTION: usize = 200;

/// One row of a statement, bound value by value.
type Values<'s> = Separated<'s, Sqlite, &'static str>;

/// Runs `<head> VALUES (…), (…) <tail>` for all of `rows`, a portion at a time and in order.
async fn write<R>(
    tx: &mut SqliteConnection,
    (head, tail): (&str, &str),
    rows: &[R],
    bind: impl Fn(&mut Values<'_>, &R),
) -> Result<()> {
    for portion in rows.chunks(PORTION) {
        let mut query = QueryBuilder::<Sqlite>::new(head);
        query.push_values(portion, |mut values, row| bind(&mut values, row));
        query.push(tail).build().execute(&mut *tx).await?;
    }
    Ok(())
}

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
    let cursors = ("INSERT OR REPLACE INTO input_cursor (source, input, body) ", "");
    write(tx, cursors, &commit.cursors, |row, (source, input, body)| {
        row.push_bind(source).push_bind(input).push_bind(body);
    })
    .await?;
    // The same events in the same batch again, long after their uids were forgotten, are the same file.
    let files = ("INSERT OR REPLACE INTO lake_file (name, batch, body) ", "");
    write(tx, files, &commit.lake_files, |row, (name, body)| {
        row.push_bind(name).push_bind(batch).push_bind(body);
    })
    .await?;
    let files = ("INSERT INTO quarantine_file (name, batch, records) ", "");
    write(tx, files, &commit.quarantine_files, |row, (name, records)| {
        row.push_bind(name).push_bind(batch).push_bind(to_i64(*records));
    })
    .await?;
    // The same id again replaces what was known of it, here as in the respond stage.
    let known = " ON CONFLICT (id) DO UPDATE SET at = excluded.at, body = excluded.body";
    let findings = ("INSERT INTO finding (id, batch, at, body) ", known);
    write(tx, findings, &commit.findings, |row, (id, batch, at, body)| {
        row.push_bind(id).push_bind(to_i64(*batch)).push_bind(at).push_bind(body);
    })
    .await
}

/// Incidents, plans, memory, effects and requests.
pub(super) async fn response(tx: &mut SqliteConnection, commit: &Commit) -> Result<()> {
    let incidents = ("INSERT OR REPLACE INTO incident (id, body) ", "");
    write(tx, incidents, &commit.incidents, |row, (id, body)| {
        row.push_bind(id).push_bind(body);
    })
    .await?;
    let plans = ("INSERT OR REPLACE INTO plan (id, incident, status, body) ", "");
    write(tx, plans, &commit.plans, |row, (id, incident, status, body)| {
        row.push_bind(id).push_bind(incident).push_bind(status).push_bind(body);
    })
    .await?;
    for (part, whole) in &commit.joined {
        sqlx::query("DELETE FROM incident WHERE id = $1").bind(part).execute(&mut *tx).await?;
        let update = sqlx::query("UPDATE plan SET incident = $2 WHERE incident = $1");
        update.bind(part).bind(whole).execute(&mut *tx).await?;
    }
    pending(tx, &commit.pending).await?;
    for (id, status) in &commit.plan_statuses {
        sqlx::query("UPDATE plan SET status = $2 WHERE id = $1").bind(id).bind(status).execute(&mut *tx).await?;
    }
    remembered(tx, &commit.remembered).await?;
    for (name, body) in &commit.states {
        let insert = sqlx::query("INSERT OR REPLACE INTO state (name, body) VALUES ($1, $2)");
        insert.bind(name).bind(body).execute(&mut *tx).await?;
    }
    let effects = ("INSERT INTO effect (number, body) ", "");
    write(tx, effects, &commit.effects, |row, (number, body)| {
        row.push_bind(to_i64(*number)).push_bind(body);
    })
    .await?;
    effects_done(tx, &commit.effects_done).await?;
    for number in &commit.requests_done {
        sqlx::query("UPDATE request SET done = 1 WHERE number = $1").bind(number).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Which plan of each incident waits for people. The last word about an incident counts.
async fn pending(tx: &mut SqliteConnection, pending: &[(String, Option<String>)]) -> Result<()> {
    let last: BTreeMap<&String, &Option<String>> = pending.iter().map(|(incident, plan)| (incident, plan)).collect();
    let last: Vec<(&String, &Option<String>)> = last.into_iter().collect();
    let update = " UPDATE plan SET status = CASE WHEN id = word.waits THEN 'waiting' ELSE 'superseded' END FROM word \
         WHERE plan.incident = word.about AND (status = 'waiting' OR (status = 'proposed' AND id = word.waits))";
    for portion in last.chunks(PORTION) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH word (about, waits) AS (");
        query.push_values(portion, |mut row, (incident, plan)| {
            row.push_bind(*incident).push_bind(plan.as_deref());
        });
        query.push(")").push(update).build().execute(&mut *tx).await?;
    }
    Ok(())
}

/// Entries of what the respond stage remembers.
async fn remembered(tx: &mut SqliteConnection, entries: &[Entry]) -> Result<()> {
    // An entry is named once: the order between what is kept and what is forgotten does not matter.
    let (kept, forgotten): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| entry.body.is_some());
    let keep = ("INSERT OR REPLACE INTO remembered (kind, key, body) ", "");
    write(tx, keep, &kept, |row, entry| {
        row.push_bind(entry.kind).push_bind(&entry.key).push_bind(&entry.body);
    })
    .await?;
    for entry in forgotten {
        let delete = sqlx::query("DELETE FROM remembered WHERE kind = $1 AND key = $2");
        delete.bind(entry.kind).bind(&entry.key).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Notes that effects were done.
pub(super) async fn effects_done(tx: &mut SqliteConnection, numbers: &[u64]) -> Result<()> {
    for portion in numbers.chunks(PORTION) {
        let mut query = QueryBuilder::<Sqlite>::new("UPDATE effect SET done = 1 WHERE number IN (");
        let mut values = query.separated(", ");
        portion.iter().for_each(|number| _ = values.push_bind(to_i64(*number)));
        query.push(")").build().execute(&mut *tx).await?;
    }
    Ok(())
}
