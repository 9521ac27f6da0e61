//! One connection, made when it is first needed and again where it was lost.

use super::Address;
use firebreak_world::{Postgres, PostgresError, ReadSession, TextColumn, TextRow};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The longest that the server works on one statement.
const STATEMENT: Duration = Duration::from_secs(30);

/// How often a lost connection is made again for one statement.
const TRIES: u32 = 3;

pub(super) struct Session {
    runtime: Runtime,
    postgres: Arc<dyn Postgres>,
    address: Address,
    open: Option<Box<dyn ReadSession>>,
}

impl Session {
    pub(super) fn new(postgres: Arc<dyn Postgres>, address: Address) -> std::io::Result<Session> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Session { runtime, postgres, address, open: None })
    }

    /// The rows of one `SELECT`. It reads alone, so that a statement whose connection was lost may be asked again.
    pub(super) fn rows(&mut self, statement: &str) -> Result<Vec<TextRow>, PostgresError> {
        self.again(|runtime, open| runtime.block_on(open.rows(statement, &[])))
    }

    /// The columns of one `SELECT`, likewise.
    pub(super) fn columns(&mut self, statement: &str) -> Result<Vec<TextColumn>, PostgresError> {
        self.again(|runtime, open| runtime.block_on(open.columns(statement)))
    }

    fn again<T>(
        &mut self,
        ask: impl Fn(&Runtime, &mut dyn ReadSession) -> Result<T, PostgresError>,
    ) -> Result<T, PostgresError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let open = match &mut self.open {
                Some(open) => open,
                closed => closed.insert(self.runtime.block_on(self.postgres.reading(&self.address.url, STATEMENT))?),
            };
            match ask(&self.runtime, &mut **open) {
                Err(PostgresError::Ambiguous(_)) if tried < TRIES => self.open = None,
                answer => return answer,
            }
        }
    }
}
