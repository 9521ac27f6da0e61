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

/// Real servers. One connection for each statement: a responder calls seldom, and a kept connection could be the one
/// that is cut.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub struct SqlxPostgres;

#[cfg(feature = "postgres")]
impl SqlxPostgres {
    const CONNECT_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(5);
    const STATEMENT_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(15);

    async fn connect(url: &SecretString) -> Result<sqlx::PgConnection, PostgresError> {
        use secrecy::ExposeSecret;
        use sqlx::ConnectOptions;
        let options: sqlx::postgres::PgConnectOptions = url
            .expose_secret()
            .parse()
            .map_err(|_| PostgresError::NotConnected("the connection URL cannot be read".to_owned()))?;
        match tokio::time::timeout(Self::CONNECT_TIME_MAX, options.connect()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(sqlx::Error::Database(error))) => Err(Self::refused(error.as_ref())),
            Ok(Err(error)) => Err(PostgresError::NotConnected(error.to_string())),
            Err(_) => Err(PostgresError::NotConnected("no answer in time".to_owned())),
        }
    }

    fn refused(error: &dyn sqlx::error::DatabaseError) -> PostgresError {
        let code = error.code().map(|code| code.into_owned()).unwrap_or_default();
        PostgresError::Refused { code, message: error.message().to_owned() }
    }

    fn text(row: &sqlx::postgres::PgRow, index: usize) -> Result<Option<String>, String> {
        use sqlx::{Row, TypeInfo, ValueRef};
        let value = row.try_get_raw(index).map_err(|error| error.to_string())?;
        if value.is_null() {
            return Ok(None);
        }
        let kind = value.type_info().name().to_owned();
        let read = match kind.as_str() {
            "BOOL" => row.try_get::<bool, _>(index).map(|value| value.to_string()),
            "INT2" => row.try_get::<i16, _>(index).map(|value| value.to_string()),
            "INT4" => row.try_get::<i32, _>(index).map(|value| value.to_string()),
            "INT8" => row.try_get::<i64, _>(index).map(|value| value.to_string()),
            "TEXT" | "VARCHAR" | "NAME" => row.try_get::<String, _>(index),
            _ => return Err(format!("column {index} has type {kind}: the statement must cast it to text")),
        };
        read.map(Some).map_err(|error| error.to_string())
    }
}

#[cfg(feature = "postgres")]
#[async_trait]
impl Postgres for SqlxPostgres {
    async fn query(
        &self,
        url: &SecretString,
        statement: &str,
        parameters: &[String],
    ) -> Result<Vec<Vec<Option<String>>>, PostgresError> {
        use sqlx::{Connection, Row};
        let mut connection = Self::connect(url).await?;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).persistent(false);
        for parameter in parameters {
            query = query.bind(parameter.clone());
        }
        let rows = match tokio::time::timeout(Self::STATEMENT_TIME_MAX, query.fetch_all(&mut connection)).await {
            Ok(Ok(rows)) => rows,
            // Class 57 is an operator's or a crash's interruption: the statement may have run.
            Ok(Err(sqlx::Error::Database(error))) if !error.code().is_some_and(|code| code.starts_with("57P")) => {
                return Err(Self::refused(error.as_ref()));
            }
            Ok(Err(error)) => return Err(PostgresError::Ambiguous(error.to_string())),
            Err(_) => return Err(PostgresError::Ambiguous("no answer in time".to_owned())),
        };
        // The rows are here: a failure to say goodbye changes nothing.
        let _ = tokio::time::timeout(Self::CONNECT_TIME_MAX, connection.close()).await;
        let read = |row: &sqlx::postgres::PgRow| (0..row.len()).map(|index| Self::text(row, index)).collect();
        rows.iter().map(read).collect::<Result<_, String>>().map_err(PostgresError::Ambiguous)
    }
}
