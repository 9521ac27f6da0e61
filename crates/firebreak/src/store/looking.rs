//! What is looked up of the state one page at a time, and how to see that something changed.

use super::{Store, StoredPlan};
use anyhow::Result;
use sqlx::Row;

/// Which findings are wanted; what is not said does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FindingsWanted {
    /// Of this detector.
    pub detector: Option<String>,
    /// This severity.
    pub severity: Option<String>,
    /// About this thing, or by it.
    pub subject: Option<String>,
    /// Not before this time, in microseconds.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Older than this one: (time, id).
    pub after: Option<(i64, String)>,
}

/// How far each part of the state has come. What differs from an earlier look has changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Versions(pub Vec<(&'static str, String)>);

/// A look at each part: cheap, and different after whatever people see of it has changed.
const LOOKS: [(&str, &str); 8] = [
    ("findings", "SELECT COUNT(*) || '/' || COALESCE(MAX(batch), 0) FROM finding"),
    (
        "incidents",
        "SELECT COUNT(*) || '/' || COALESCE(MAX(json_extract(body, '$.updated')), '') || '/' || COALESCE(SUM(LENGTH(body)), 0) FROM incident",
    ),
    ("plans", "SELECT COALESCE(GROUP_CONCAT(id || status), '') FROM (SELECT id, status FROM plan ORDER BY id)"),
    ("steps", "SELECT COUNT(*) || '/' || COALESCE(SUM(LENGTH(body) + LENGTH(state) * 7919), 0) FROM step"),
    ("requests", "SELECT COALESCE(MAX(number), 0) || '/' || COALESCE(SUM(done), 0) FROM request"),
    ("batches", "SELECT '' || COALESCE(MAX(number), 0) FROM batch"),
    ("notes", "SELECT '' || COUNT(*) FROM note"),
    ("map", "SELECT '' || COALESCE(MAX(number), 0) FROM snapshot"),
];

impl Store {
    /// How far everything has come.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn versions(&self) -> Result<Versions> {
        let mut versions = Vec::new();
        for (topic, look) in LOOKS {
            let row = sqlx::query(look).fetch_one(&self.pool).await?;
            versions.push((topic, row.get(0)));
        }
        Ok(Versions(versions))
    }

    /// The number of the last snapshot of the estate that was written: the map is the same while it is.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn last_snapshot(&self) -> Result<i64> {
        let row = sqlx::query("SELECT COALESCE(MAX(number), 0) FROM snapshot").fetch_one(&self.pool).await?;
        Ok(row.get(0))
    }

    /// Findings that are wanted, the newest first, at most `most`: (time, id, finding as JSON).
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn findings_page(&self, wanted: &FindingsWanted, most: i64) -> Result<Vec<(i64, String, String)>> {
        let rows = sqlx::query(
            "SELECT at, id, body FROM finding WHERE ($1 IS NULL OR json_extract(body, '$.detector') = $1) \
             AND ($2 IS NULL OR json_extract(body, '$.severity') = $2) \
             AND ($3 IS NULL OR json_extract(body, '$.subject') = $3 OR json_extract(body, '$.actor') = $3) \
             AND at >= COALESCE($4, at) AND at < COALESCE($5, at + 1) \
             AND ($6 IS NULL OR (at, id) < ($6, $7)) ORDER BY at DESC, id DESC LIMIT $8",
        );
        let rows = rows.bind(&wanted.detector).bind(&wanted.severity).bind(&wanted.subject);
        let (at, id) = wanted.after.clone().unzip();
        let rows = rows.bind(wanted.since).bind(wanted.until).bind(at).bind(id).bind(most);
        Ok(rows.fetch_all(&self.pool).await?.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
    }

    /// One finding, as JSON.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn finding(&self, id: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT body FROM finding WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// How many findings each detector made, and the time of the last, in microseconds.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn findings_by_detector(&self) -> Result<Vec<(String, u64, i64)>> {
        let rows = sqlx::query(
            "SELECT COALESCE(json_extract(body, '$.detector'), ''), COUNT(*), MAX(at) FROM finding GROUP BY 1 ORDER BY 1",
        );
        let rows = rows.fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1).unsigned_abs(), row.get(2))).collect())
    }

    /// The newest findings about data of a class, as JSON: what breakers saw.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn breaker_findings(&self, most: i64) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT body FROM finding WHERE json_extract(body, '$.class') IS NOT NULL ORDER BY at DESC, id DESC LIMIT $1",
        );
        Ok(rows.bind(most).fetch_all(&self.pool).await?.iter().map(|row| row.get(0)).collect())
    }

    /// How many findings there are.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn findings_count(&self) -> Result<u64> {
        let row = sqlx::query("SELECT COUNT(*) FROM finding").fetch_one(&self.pool).await?;
        Ok(row.get::<i64, _>(0).unsigned_abs())
    }

    /// One incident, as JSON.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn incident(&self, id: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT body FROM incident WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// One plan.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn plan(&self, id: &str) -> Result<Option<StoredPlan>> {
        let row = sqlx::query("SELECT id, incident, status, body FROM plan WHERE id = $1").bind(id);
        let row = row.fetch_optional(&self.pool).await?;
        Ok(row.map(|row| StoredPlan { id: row.get(0), incident: row.get(1), status: row.get(2), body: row.get(3) }))
    }

    /// What the respond stage remembers of one kind: (key, body).
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn remembered_of(&self, kind: &str) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query("SELECT key, body FROM remembered WHERE kind = $1 ORDER BY key").bind(kind);
        Ok(rows.fetch_all(&self.pool).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// One entry of what the respond stage remembers.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn remembered_one(&self, kind: &str, key: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT body FROM remembered WHERE kind = $1 AND key = $2").bind(kind).bind(key);
        Ok(row.fetch_optional(&self.pool).await?.map(|row| row.get(0)))
    }

    /// Inputs that were read: (source, input).
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn inputs(&self) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query("SELECT source, input FROM input_cursor ORDER BY source, input");
        Ok(rows.fetch_all(&self.pool).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}
