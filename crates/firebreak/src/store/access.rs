//! Who may call the API, and what was answered to calls that carried a key. No secret is here: digests only.

use super::Store;
use anyhow::{Context, Result};
use firebreak_model::Time;
use serde::Serialize;
use sqlx::Row;

/// How long an answer is kept for those who ask again, in seconds.
const ANSWERS_KEPT_SECONDS: i64 = 86_400;

/// A token as it is kept and shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StoredToken {
    /// Its public name.
    pub id: String,
    /// Who calls with it.
    pub person: String,
    /// What they may do.
    pub role: String,
    /// Areas that it is limited to; none for no limit.
    pub scopes: Vec<String>,
    /// When it was made.
    pub made: Time,
    /// When it ends.
    pub expires: Time,
    /// When it was revoked.
    pub revoked: Option<Time>,
}

/// Who a session or a login link stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSession {
    /// Who.
    pub person: String,
    /// What they may do.
    pub role: String,
    /// When it ends.
    pub expires: Time,
}

/// An answer that was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// A digest of the call.
    pub digest: String,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

fn token(row: &sqlx::sqlite::SqliteRow) -> StoredToken {
    let scopes: String = row.get(3);
    StoredToken {
        id: row.get(0),
        person: row.get(1),
        role: row.get(2),
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        made: Time(row.get(4)),
        expires: Time(row.get(5)),
        revoked: row.get::<Option<i64>, _>(6).map(Time),
    }
}

impl Store {
    /// Keeps a token by the digest of its secret.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn keep_token(&self, token: &StoredToken, digest: &str) -> Result<()> {
        let _turn = self.turn.lock().await;
        let insert = sqlx::query(
            "INSERT INTO token (id, digest, person, role, scopes, made, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        let insert = insert.bind(&token.id).bind(digest).bind(&token.person).bind(&token.role);
        let insert = insert.bind(token.scopes.join(" ")).bind(token.made.0).bind(token.expires.0);
        insert.execute(&self.pool).await.context("keeping a token").map(drop)
    }

    /// Every token, the newest first.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn tokens(&self) -> Result<Vec<StoredToken>> {
        let rows =
            sqlx::query("SELECT id, person, role, scopes, made, expires, revoked FROM token ORDER BY made DESC, id");
        Ok(rows.fetch_all(&self.pool).await?.iter().map(token).collect())
    }

    /// The token with this digest.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn token(&self, digest: &str) -> Result<Option<StoredToken>> {
        let row = sqlx::query("SELECT id, person, role, scopes, made, expires, revoked FROM token WHERE digest = $1");
        Ok(row.bind(digest).fetch_optional(&self.pool).await?.as_ref().map(token))
    }

    /// Ends a token. `false` where there is none that holds.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn revoke_token(&self, id: &str, at: Time) -> Result<bool> {
        let _turn = self.turn.lock().await;
        let update = sqlx::query("UPDATE token SET revoked = $2 WHERE id = $1 AND revoked IS NULL");
        Ok(update.bind(id).bind(at.0).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Keeps a login link by the digest of its code, and forgets those that have run out.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn keep_login(&self, digest: &str, login: &StoredSession, now: Time) -> Result<()> {
        let _turn = self.turn.lock().await;
        sqlx::query("DELETE FROM login WHERE expires <= $1").bind(now.0).execute(&self.pool).await?;
        let insert = sqlx::query("INSERT INTO login (digest, person, role, expires) VALUES ($1, $2, $3, $4)");
        let insert = insert.bind(digest).bind(&login.person).bind(&login.role).bind(login.expires.0);
        insert.execute(&self.pool).await.context("keeping a login link").map(drop)
    }

    /// Uses up the login link with this digest and opens a session in its place; nothing where the link is unknown, used or
    /// has run out.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn log_in(&self, link: &str, session: &str, until: Time, now: Time) -> Result<Option<StoredSession>> {
        let _turn = self.turn.lock().await;
        let mut tx = self.pool.begin().await?;
        let used = sqlx::query("DELETE FROM login WHERE digest = $1 AND expires > $2 RETURNING person, role");
        let Some(row) = used.bind(link).bind(now.0).fetch_optional(&mut *tx).await? else { return Ok(None) };
        let opened = StoredSession { person: row.get(0), role: row.get(1), expires: until };
        sqlx::query("DELETE FROM session WHERE expires <= $1").bind(now.0).execute(&mut *tx).await?;
        let insert =
            sqlx::query("INSERT INTO session (digest, person, role, made, expires) VALUES ($1, $2, $3, $4, $5)");
        let insert = insert.bind(session).bind(&opened.person).bind(&opened.role).bind(now.0).bind(until.0);
        insert.execute(&mut *tx).await?;
        tx.commit().await.context("opening a session")?;
        Ok(Some(opened))
    }

    /// Keeps a session by the digest of its secret, and forgets those that have run out.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn keep_session(&self, digest: &str, session: &StoredSession, now: Time) -> Result<()> {
        let _turn = self.turn.lock().await;
        sqlx::query("DELETE FROM session WHERE expires <= $1").bind(now.0).execute(&self.pool).await?;
        let insert =
            sqlx::query("INSERT INTO session (digest, person, role, made, expires) VALUES ($1, $2, $3, $4, $5)");
        let insert = insert.bind(digest).bind(&session.person).bind(&session.role).bind(now.0);
        insert.bind(session.expires.0).execute(&self.pool).await.context("keeping a session").map(drop)
    }

    /// The session with this digest.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn session(&self, digest: &str) -> Result<Option<StoredSession>> {
        let row = sqlx::query("SELECT person, role, expires FROM session WHERE digest = $1").bind(digest);
        let row = row.fetch_optional(&self.pool).await?;
        Ok(row.map(|row| StoredSession { person: row.get(0), role: row.get(1), expires: Time(row.get(2)) }))
    }

    /// Ends the session whose digest begins so.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn log_out(&self, beginning: &str) -> Result<()> {
        let _turn = self.turn.lock().await;
        let delete = sqlx::query("DELETE FROM session WHERE SUBSTR(digest, 1, LENGTH($1)) = $1").bind(beginning);
        delete.execute(&self.pool).await.context("closing a session").map(drop)
    }

    /// What was answered to the call of this name.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn answered(&self, name: &str) -> Result<Option<Answered>> {
        let row = sqlx::query("SELECT digest, status, body FROM answered WHERE name = $1").bind(name);
        let row = row.fetch_optional(&self.pool).await?;
        Ok(row.map(|row| Answered {
            digest: row.get(0),
            status: u16::try_from(row.get::<i64, _>(1)).unwrap_or(500),
            body: row.get(2),
        }))
    }

    /// Keeps what was answered to the call of this name; what was answered long ago is forgotten.
    ///
    /// # Errors
    /// If the disk refuses.
    pub async fn keep_answer(&self, name: &str, answer: &Answered, now: Time) -> Result<()> {
        let _turn = self.turn.lock().await;
        let old = now.plus_seconds(-ANSWERS_KEPT_SECONDS);
        sqlx::query("DELETE FROM answered WHERE at < $1").bind(old.0).execute(&self.pool).await?;
        let insert = sqlx::query(
            "INSERT INTO answered (name, digest, status, body, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(name).bind(&answer.digest).bind(i64::from(answer.status)).bind(&answer.body);
        insert.bind(now.0).execute(&self.pool).await.context("keeping an answer").map(drop)
    }
}
