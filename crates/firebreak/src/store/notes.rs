//! What people wrote about incidents.

use super::Store;
use anyhow::{Context, Result};
use firebreak_model::Time;
use serde::Serialize;
use sqlx::Row;

/// One note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StoredNote {
    /// Its name.
    pub id: String,
    /// About which incident it was written.
    pub incident: String,
    /// When.
    pub at: Time,
    /// Who wrote it.
    pub by: String,
    /// What.
    pub text: String,
}

impl Store {
    /// Keeps a note; one of the same name is kept once.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn keep_note(&self, note: &StoredNote) -> Result<()> {
        let _turn = self.turn.lock().await;
        let insert = sqlx::query(
            "INSERT INTO note (id, incident, at, person, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(&note.id).bind(&note.incident).bind(note.at.0).bind(&note.by).bind(&note.text);
        insert.execute(&self.pool).await.context("keeping a note").map(drop)
    }

    /// The notes of an incident, the earliest first.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn notes(&self, incident: &str) -> Result<Vec<StoredNote>> {
        let rows = sqlx::query("SELECT id, incident, at, person, body FROM note WHERE incident = $1 ORDER BY at, id");
        let rows = rows.bind(incident).fetch_all(&self.pool).await?;
        let note = |row: &sqlx::sqlite::SqliteRow| StoredNote {
            id: row.get(0),
            incident: row.get(1),
            at: Time(row.get(2)),
            by: row.get(3),
            text: row.get(4),
        };
        Ok(rows.iter().map(note).collect())
    }
}
