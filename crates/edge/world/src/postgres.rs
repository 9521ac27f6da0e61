//! PostgreSQL, reduced to two needs: a responder runs a statement and reads text columns; a reader of tables keeps one connection on which
//! nothing can be written.

use async_trait::async_trait;
use secrecy::SecretString;
use std::time::Duration;
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

    /// Connects to `url` for reading. The server ends each statement after `most`.
    async fn reading(&self, url: &SecretString, most: Duration) -> Result<Box<dyn ReadSession>, PostgresError> {
        let _ = (url, most);
        Err(PostgresError::NotConnected("this run has no network".to_owned()))
    }
}

/// A row as text; a column that is null is `None`.
pub type TextRow = Vec<Option<String>>;

/// One column of an answer: its values as their types print them, one behind the other. A null is an empty value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TextColumn {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl TextColumn {
    /// Adds the value of the next row.
    pub fn push(&mut self, value: &[u8]) {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(value);
        self.bytes.push(b'\n');
    }

    /// All values, each with a line end behind it. A value may hold line ends of its own.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    /// The value of a row.
    pub fn value(&self, row: usize) -> &[u8] {
        let Some(start) = self.starts.get(row) else { return &[] };
        let end = self.starts.get(row + 1).copied().unwrap_or(self.bytes.len());
        self.bytes.get(*start..end.saturating_sub(1)).unwrap_or_default()
    }

    /// In which row the byte at `at` is.
    pub fn row_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }
}

/// One connection for reading.
#[async_trait]
pub trait ReadSession: Send {
    /// Runs one `SELECT` in a transaction of its own that can only read, and gives its rows as text. Row security is off, so that a
    /// policy is a refusal (`42501`) and never a part that looks like the whole; names are looked up in `pg_catalog` alone, so that
    /// nobody's function runs by its name.
    async fn rows(&mut self, statement: &str, parameters: &[String]) -> Result<Vec<TextRow>, PostgresError>;

    /// Runs one `SELECT` likewise and gives its columns, of whatever types: the server sends values as their types print them. Where there
    /// are no rows there are no columns.
    async fn columns(&mut self, statement: &str) -> Result<Vec<TextColumn>, PostgresError>;
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
    const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
    const STATEMENT_TIME_MAX: Duration = Duration::from_secs(15);

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

    async fn answered<T>(
        most: Duration,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, PostgresError> {
        match tokio::time::timeout(most, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            // Class 57P is an operator's or a crash's interruption: the statement may have run.
            Ok(Err(sqlx::Error::Database(error))) if !error.code().is_some_and(|code| code.starts_with("57P")) => {
                Err(Self::refused(error.as_ref()))
            }
            Ok(Err(error)) => Err(PostgresError::Ambiguous(error.to_string())),
            Err(_) => Err(PostgresError::Ambiguous("no answer in time".to_owned())),
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
        if matches!(kind.as_str(), "TEXT" | "VARCHAR" | "NAME") {
            // A database without an encoding holds whatever bytes were put there.
            let bytes = value.as_bytes().map_err(|error| error.to_string())?;
            return Ok(Some(String::from_utf8_lossy(bytes).into_owned()));
        }
        let read = match kind.as_str() {
            "BOOL" => row.try_get::<bool, _>(index).map(|value| value.to_string()),
            "INT2" => row.try_get::<i16, _>(index).map(|value| value.to_string()),
            "INT4" => row.try_get::<i32, _>(index).map(|value| value.to_string()),
            "INT8" => row.try_get::<i64, _>(index).map(|value| value.to_string()),
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
        let rows = Self::answered(Self::STATEMENT_TIME_MAX, query.fetch_all(&mut connection)).await?;
        // The rows are here: a failure to say goodbye changes nothing.
        let _ = tokio::time::timeout(Self::CONNECT_TIME_MAX, connection.close()).await;
        let read = |row: &sqlx::postgres::PgRow| (0..row.len()).map(|index| Self::text(row, index)).collect();
        rows.iter().map(read).collect::<Result<_, String>>().map_err(PostgresError::Ambiguous)
    }

    async fn reading(&self, url: &SecretString, most: Duration) -> Result<Box<dyn ReadSession>, PostgresError> {
        Ok(Box::new(SqlxReading { connection: Self::connect(url).await?, most }))
    }
}

/// A real connection for reading.
#[cfg(feature = "postgres")]
struct SqlxReading {
    connection: sqlx::PgConnection,
    most: Duration,
}

#[cfg(feature = "postgres")]
impl SqlxReading {
    /// The longest that a statement waits for whoever changes a table's form.
    const LOCK_MILLISECONDS_MAX: u32 = 2_000;

    async fn command(&mut self, text: String) -> Result<(), PostgresError> {
        let command = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
        SqlxPostgres::answered(SqlxPostgres::STATEMENT_TIME_MAX, command.execute(&mut self.connection)).await.map(drop)
    }

    async fn begin(&mut self) -> Result<(), PostgresError> {
        self.command(format!(
            "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; SET LOCAL row_security = off; \
             SET LOCAL search_path = pg_catalog",
            self.most.as_millis(),
            Self::LOCK_MILLISECONDS_MAX
        ))
        .await
    }

    /// The server keeps the time; this is for a server that does not answer at all.
    fn patience(&self) -> Duration {
        self.most + SqlxPostgres::STATEMENT_TIME_MAX
    }

    async fn end<T>(&mut self, answer: Result<T, PostgresError>) -> Result<T, PostgresError> {
        if !matches!(answer, Err(PostgresError::Ambiguous(_))) {
            self.command("ROLLBACK".to_owned()).await?;
        }
        answer
    }
}

#[cfg(feature = "postgres")]
#[async_trait]
impl ReadSession for SqlxReading {
    async fn rows(&mut self, statement: &str, parameters: &[String]) -> Result<Vec<TextRow>, PostgresError> {
        use sqlx::Row;
        self.begin().await?;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).persistent(false);
        for parameter in parameters {
            query = query.bind(parameter.clone());
        }
        let answer = SqlxPostgres::answered(self.patience(), query.fetch_all(&mut self.connection)).await;
        let rows = self.end(answer).await?;
        let read = |row: &sqlx::postgres::PgRow| (0..row.len()).map(|index| SqlxPostgres::text(row, index)).collect();
        rows.iter().map(read).collect::<Result<_, String>>().map_err(PostgresError::Ambiguous)
    }

    async fn columns(&mut self, statement: &str) -> Result<Vec<TextColumn>, PostgresError> {
        use sqlx::{Row, ValueRef};
        self.begin().await?;
        // Unprepared: then values come as text.
        let query = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()));
        let answer = SqlxPostgres::answered(self.patience(), query.fetch_all(&mut self.connection)).await;
        let rows = self.end(answer).await?;
        let mut columns = vec![TextColumn::default(); rows.first().map_or(0, Row::len)];
        for row in &rows {
            for (index, column) in columns.iter_mut().enumerate() {
                let value = row.try_get_raw(index).map_err(|error| PostgresError::Ambiguous(error.to_string()))?;
                column.push(if value.is_null() { &[] } else { value.as_bytes().unwrap_or_default() });
            }
        }
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_knows_its_rows_whatever_values_hold() {
        let mut column = TextColumn::default();
        [&b"a"[..], b"", b"b\nc"].into_iter().for_each(|value| column.push(value));
        assert_eq!((column.rows(), column.bytes()), (3, &b"a\n\nb\nc\n"[..]));
        assert_eq!([0, 1, 2, 3].map(|row| column.value(row)), [&b"a"[..], b"", b"b\nc", b""]);
        assert_eq!([0, 1, 2, 3, 5, 6].map(|at| column.row_at(at)), [0, 0, 1, 2, 2, 2]);
    }
}
