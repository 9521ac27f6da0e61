//! Journal and record that stop working at a chosen write: half of the time before it is durable, half after.

use async_trait::async_trait;
use firebreak_act::{Journal, JournalError, MemoryJournal, MemoryRecord, Record, RecordError, StepRow, StepState};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What the two share: a count of half-writes until the process dies. Once dead, it stays dead.
#[derive(Clone)]
struct Fuse(Arc<AtomicU32>);

impl Fuse {
    /// Uses one half of a write. False where the process is dead.
    fn burn(&self) -> bool {
        let left = self.0.load(Ordering::SeqCst);
        self.0.store(left.saturating_sub(1), Ordering::SeqCst);
        left > 1
    }
}

/// A journal that dies.
pub(crate) struct ShakyJournal<'a> {
    inner: &'a MemoryJournal,
    fuse: Fuse,
    life: String,
}

/// A record that dies.
pub(crate) struct ShakyRecord<'a> {
    inner: &'a MemoryRecord,
    fuse: Fuse,
}

/// Both, dying together: odd numbers die before a write is durable, even ones after it.
pub(crate) fn pair<'a>(
    journal: &'a MemoryJournal,
    record: &'a MemoryRecord,
    at: u32,
    life: u32,
) -> (ShakyJournal<'a>, ShakyRecord<'a>) {
    let fuse = Fuse(Arc::new(AtomicU32::new(at)));
    let life = format!("life {life}");
    (ShakyJournal { inner: journal, fuse: fuse.clone(), life }, ShakyRecord { inner: record, fuse })
}

/// A journal that lives and a record that takes nothing.
pub(crate) fn dead_record<'a>(
    journal: &'a MemoryJournal,
    record: &'a MemoryRecord,
) -> (ShakyJournal<'a>, ShakyRecord<'a>) {
    let fuse = |left| Fuse(Arc::new(AtomicU32::new(left)));
    let life = "last".to_owned();
    (ShakyJournal { inner: journal, fuse: fuse(u32::MAX), life }, ShakyRecord { inner: record, fuse: fuse(0) })
}

fn dead() -> JournalError {
    JournalError("the process is dead".to_owned())
}

#[async_trait]
impl Journal for ShakyJournal<'_> {
    fn life(&self) -> &str {
        &self.life
    }

    async fn load(&self, plan: &str, key: &str) -> Result<Option<StepRow>, JournalError> {
        self.inner.load(plan, key).await
    }

    async fn insert_intent(&self, row: &StepRow) -> Result<bool, JournalError> {
        if !self.fuse.burn() {
            return Err(dead());
        }
        let written = self.inner.insert_intent(row).await;
        if self.fuse.burn() { written } else { Err(dead()) }
    }

    async fn set_state(&self, expected: StepState, row: &StepRow) -> Result<bool, JournalError> {
        if !self.fuse.burn() {
            return Err(dead());
        }
        let written = self.inner.set_state(expected, row).await;
        if self.fuse.burn() { written } else { Err(dead()) }
    }

    async fn list(&self, plan: &str) -> Result<Vec<StepRow>, JournalError> {
        self.inner.list(plan).await
    }

    async fn twins(&self, key: &str) -> Result<Vec<StepRow>, JournalError> {
        self.inner.twins(key).await
    }
}

#[async_trait]
impl Record for ShakyRecord<'_> {
    async fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError> {
        let dead = || RecordError { id: id.to_owned(), reason: "the process is dead".to_owned() };
        if !self.fuse.burn() {
            return Err(dead());
        }
        let written = self.inner.record(id, kind, body).await;
        if self.fuse.burn() { written } else { Err(dead()) }
    }
}

/// Numbers that look random and are the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    /// A number from 0 to `limit` - 1.
    pub(crate) fn below(&mut self, limit: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit) as usize
    }
}
