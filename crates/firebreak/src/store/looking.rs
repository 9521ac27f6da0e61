//! What is looked up of the state one page at a time, and how to see that something changed.

use super::committing::PORTION;
use super::{Store, StoredPlan};
use anyhow::Result;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};
use std::collections::BTreeMap;

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
    /// Held back by a mute, or not.
    pub muted: Option<bool>,
    /// Older than this one: (time, id).
    pub after: Option<(i64, String)>,
}

/// A finding as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredFinding {
    /// When, in microseconds.
    pub at: i64,
    /// Its name.
    pub id: String,
    /// The finding as JSON.
    pub body: String,
    /// The mute that holds it back, or did until it ran out.
    pub muted: Option<String>,
}

/// A finding with the mute that holds it back.
const FINDING: &str = "SELECT finding.at, finding.id, finding.body, json_extract(held.body, '$.mute') FROM finding \
     LEFT JOIN remembered AS held ON held.kind = 'held_back' AND held.key = finding.id";

fn found(row: &SqliteRow) -> StoredFinding {
    StoredFinding { at: row.get(0), id: row.get(1), body: row.get(2), muted: row.get(3) }
}

fn planned(row: &SqliteRow) -> StoredPlan {
    StoredPlan { id: row.get(0), incident: row.get(1), status: row.get(2), body: row.get(3) }
}

/// How far each part of the state has come. What differs from an earlier look has changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Versions(pub Vec<(&'static str, String)>);

/// A look at each part: cheap, and different after whatever people see of it has changed.
const LOOKS: [(&str, &str); 9] = [
    ("findings", "SELECT COALESCE(MAX(rowid), 0) || '/' || COALESCE((SELECT MAX(batch) FROM finding), 0) FROM finding"),
    // What is written anew comes last: where it was the last before, it is another.
    (
        "incidents",
        "SELECT COUNT(*) || '/' || COALESCE(MAX(rowid), 0) || '/' || \
             COALESCE((SELECT body FROM incident ORDER BY rowid DESC LIMIT 1), '') FROM incident",
    ),
    (
        "plans",
        "SELECT COALESCE((SELECT MAX(rowid) FROM plan), 0) || '/' || COALESCE(GROUP_CONCAT(status || plans), '') \
             FROM (SELECT status, COUNT(*) AS plans FROM plan GROUP BY status)",
    ),
    ("steps", "SELECT COUNT(*) || '/' || COALESCE(SUM(LENGTH(body) + LENGTH(state) * 7919), 0) FROM step"),
    ("requests", "SELECT COALESCE(MAX(number), 0) || '/' || COALESCE(SUM(done), 0) FROM request"),
    ("batches", "SELECT '' || COALESCE(MAX(number), 0) FROM batch"),
    ("mutes", "SELECT COALESCE(GROUP_CONCAT(key || LENGTH(body)), '') FROM remembered WHERE kind = 'mute'"),
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

    /// Findings that are wanted, the newest first, at most `most`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn findings_page(&self, wanted: &FindingsWanted, most: i64) -> Result<Vec<StoredFinding>> {
        let mut query = QueryBuilder::<Sqlite>::new(FINDING);
        query.push(" WHERE TRUE");
        // Only what is wanted is asked for, so that an index can answer.
        if let Some(detector) = &wanted.detector {
            query.push(" AND json_extract(finding.body, '$.detector') = ").push_bind(detector);
        }
        if let Some(severity) = &wanted.severity {
            query.push(" AND json_extract(finding.body, '$.severity') = ").push_bind(severity);
        }
        if let Some(subject) = &wanted.subject {
            query.push(" AND ").push_bind(subject);
            query.push(" IN (json_extract(finding.body, '$.subject'), json_extract(finding.body, '$.actor'))");
        }
        if let Some(since) = wanted.since {
            query.push(" AND finding.at >= ").push_bind(since);
        }
        if let Some(until) = wanted.until {
            query.push(" AND finding.at < ").push_bind(until);
        }
        if let Some(muted) = wanted.muted {
            query.push(if muted { " AND held.key IS NOT NULL" } else { " AND held.key IS NULL" });
        }
        if let Some((at, id)) = &wanted.after {
            query.push(" AND (finding.at, finding.id) < (").push_bind(at).push(", ").push_bind(id).push(")");
        }
        query.push(" ORDER BY finding.at DESC, finding.id DESC LIMIT ").push_bind(most);
        Ok(query.build().fetch_all(&self.pool).await?.iter().map(found).collect())
    }

    /// The findings with these names, as JSON; those that are not kept are left out.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn findings_named(&self, ids: &[String]) -> Result<Vec<String>> {
        let mut bodies = Vec::new();
        for portion in ids.chunks(PORTION) {
            let mut query = QueryBuilder::<Sqlite>::new("SELECT body FROM finding WHERE id IN (");
            let mut values = query.separated(", ");
            portion.iter().for_each(|id| _ = values.push_bind(id));
            let rows = query.push(")").build().fetch_all(&self.pool).await?;
            bodies.extend(rows.iter().map(|row| row.get::<String, _>(0)));
        }
        Ok(bodies)
    }

    /// One finding.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn finding(&self, id: &str) -> Result<Option<StoredFinding>> {
        let mut query = QueryBuilder::<Sqlite>::new(FINDING);
        query.push(" WHERE finding.id = ").push_bind(id);
        Ok(query.build().fetch_optional(&self.pool).await?.as_ref().map(found))
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
        Ok(row.as_ref().map(planned))
    }

    /// The plans of an incident.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn plans_of(&self, incident: &str) -> Result<Vec<StoredPlan>> {
        let rows = sqlx::query("SELECT id, incident, status, body FROM plan WHERE incident = $1 ORDER BY id");
        Ok(rows.bind(incident).fetch_all(&self.pool).await?.iter().map(planned).collect())
    }

    /// The plans that stand so.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn plans_that_are(&self, status: &str) -> Result<Vec<StoredPlan>> {
        let rows = sqlx::query("SELECT id, incident, status, body FROM plan WHERE status = $1 ORDER BY id");
        Ok(rows.bind(status).fetch_all(&self.pool).await?.iter().map(planned).collect())
    }

    /// The latest plans that passed and that no person approved, at most `most`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn plans_unasked(&self, most: i64) -> Result<Vec<StoredPlan>> {
        let rows = sqlx::query(
            "SELECT id, incident, status, body FROM plan WHERE status IN ('approved', 'executed') AND id NOT IN \
             (SELECT json_extract(body, '$.plan_id') FROM remembered WHERE kind = 'approval') ORDER BY rowid DESC LIMIT $1",
        );
        Ok(rows.bind(most).fetch_all(&self.pool).await?.iter().map(planned).collect())
    }

    /// How many steps stand how.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn steps_by_state(&self) -> Result<BTreeMap<String, u64>> {
        let rows = sqlx::query("SELECT state, COUNT(*) FROM step GROUP BY state").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1).unsigned_abs())).collect())
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

    /// How many entries of one kind the respond stage remembers, by a field of them.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn remembered_count(&self, kind: &str, field: &str) -> Result<BTreeMap<String, u64>> {
        let count =
            "SELECT COALESCE(json_extract(body, '$.' || $2), ''), COUNT(*) FROM remembered WHERE kind = $1 GROUP BY 1";
        let rows = sqlx::query(count).bind(kind).bind(field).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1).unsigned_abs())).collect())
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
