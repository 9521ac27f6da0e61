//! PostgreSQL, reduced to what the responder needs: run a statement, read text columns.

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;

/// Why a statement gave no rows.
#[derive(Debug, Error)]
pub enum PostgresError {
    /// No connection: nothing was run.
    #[error("could not connect: {0}")]
    NotConnected(String),
    /// The server refused it, with its SQLSTATE.
    #[error("refused with {code}: {message}")]
    Refused {
        /// SQLSTATE, for instance `28000`.
        code: String,
        /// The server's message.
        message: String,
    },
    /// The connection broke while it ran: it may have had its effect.
    #[error("connection lost: {0}")]
    Ambiguous(String),
}

/// A way to run statements on PostgreSQL servers.
#[async_trait]
pub trait Postgres: Send + Sync {
    /// Connects to `url`, runs `statement` with text `parameters` (`$1`…), reads every column as text, disconnects.
    async fn query(
        &self,
        url: &SecretString,
        statement: &str,
        parameters: &[String],
    ) -> Result<Vec<Vec<Option<String>>>, PostgresError>;
}

/// No PostgreSQL at all.
#[derive(Debug)]
pub struct NoPostgres;

#[async_trait]
impl Postgres for NoPostgres {
    async fn query(
        &self,
        _url: &SecretString,
        _statement: &str,
        _parameters: &[String],
    ) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
        Err(PostgresError::NotConnected("this run has no network".to_owned()))
    }
}
