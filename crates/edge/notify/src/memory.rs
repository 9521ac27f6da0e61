//! An outbox in memory, for tests and for trying a channel out. It is gone with the process.

use crate::notice::Notice;
use crate::outbox::{Outbox, OutboxError, Settled, Waiting};
use async_trait::async_trait;
use firebreak_model::Time;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct Row {
    channel: String,
    letter: Waiting,
    due: Time,
    settled: Option<Settled>,
}

/// Letters in memory.
#[derive(Debug, Default)]
pub struct MemoryOutbox {
    rows: Mutex<Vec<Row>>,
    threads: Mutex<BTreeMap<(String, String), Value>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryOutbox {
    /// Puts `notice` in for `channel`, once.
    pub fn put(&self, channel: &str, notice: &Notice) {
        let mut rows = locked(&self.rows);
        if rows.iter().any(|row| row.channel == channel && row.letter.notice.id == notice.id) {
            return;
        }
        let number = i64::try_from(rows.len()).unwrap_or(i64::MAX) + 1;
        let letter = Waiting { number, notice: notice.clone(), tries: 0 };
        rows.push(Row { channel: channel.to_owned(), letter, due: Time::MIN, settled: None });
    }

    /// What became of the letters so far, in the order in which they were put in.
    pub fn settled(&self) -> Vec<Option<Settled>> {
        locked(&self.rows).iter().map(|row| row.settled.clone()).collect()
    }
}

#[async_trait]
impl Outbox for MemoryOutbox {
    async fn due(&self, channel: &str, now: Time, most: usize) -> Result<Vec<Waiting>, OutboxError> {
        let (mut subjects, mut due) = (BTreeSet::new(), Vec::new());
        let is_open = |row: &&Row| !matches!(row.settled, Some(Settled::Sent { .. } | Settled::Dead { .. }));
        for row in locked(&self.rows).iter().filter(|row| row.channel == channel).filter(is_open) {
            let first = subjects.insert(row.letter.notice.subject().to_owned());
            if first && row.due <= now && due.len() < most {
                due.push(row.letter.clone());
            }
        }
        Ok(due)
    }

    async fn thread(&self, channel: &str, subject: &str) -> Result<Option<Value>, OutboxError> {
        Ok(locked(&self.threads).get(&(channel.to_owned(), subject.to_owned())).cloned())
    }

    async fn settle(&self, channel: &str, letter: &Waiting, settled: &Settled) -> Result<(), OutboxError> {
        if let Settled::Sent { thread: Some(thread) } = settled {
            let subject = letter.notice.subject().to_owned();
            locked(&self.threads).insert((channel.to_owned(), subject), thread.clone());
        }
        if let Some(row) = locked(&self.rows).iter_mut().find(|row| row.letter.number == letter.number) {
            if let Settled::Later { due, .. } = settled {
                row.due = *due;
                row.letter.tries += 1;
            }
            row.settled = Some(settled.clone());
        }
        Ok(())
    }
}
