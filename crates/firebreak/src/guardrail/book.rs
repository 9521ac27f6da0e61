//! The guardrail's own log: one line for each exchange, one file a day. A thread of its own writes; many lines share one sync.

use anyhow::{Context, Result};
use firebreak_model::Time;
use firebreak_world::World;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Lines that may wait. A gateway that asks while they do waits too.
const LINES: usize = 4_096;

/// Takes lines. The last one to let go of it ends the writing.
#[derive(Clone, Debug)]
pub struct Book {
    lines: Sender<(Time, String)>,
    broken: Arc<AtomicBool>,
}

impl Book {
    /// A book in `directory`, and the thread that writes it.
    ///
    /// # Errors
    /// If the directory cannot be made or no thread started.
    pub fn open(world: &World, directory: &Path) -> Result<(Book, JoinHandle<()>)> {
        world.disk.make_directory(directory).with_context(|| format!("making `{}`", directory.display()))?;
        let (lines, waiting) = channel(LINES);
        let broken = Arc::new(AtomicBool::new(false));
        let (world, directory, stuck) = (world.clone(), directory.to_path_buf(), Arc::clone(&broken));
        let writer = std::thread::Builder::new()
            .name("guardrail-book".to_owned())
            .spawn(move || write(&world, &directory, waiting, &stuck))?;
        Ok((Book { lines, broken }, writer))
    }

    /// Keeps one line; false where lines can no longer be kept.
    pub async fn keep(&self, at: Time, line: String) -> bool {
        !self.broken.load(Ordering::Acquire) && self.lines.send((at, line)).await.is_ok()
    }
}

fn write(world: &World, directory: &Path, mut waiting: Receiver<(Time, String)>, broken: &AtomicBool) {
    let mut taken = Vec::new();
    while waiting.blocking_recv_many(&mut taken, LINES) > 0 {
        let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
        for (at, line) in taken.drain(..) {
            let text = files.entry(directory.join(file_of(at))).or_default();
            text.push_str(&line);
            text.push('\n');
        }
        for (path, text) in files {
            if let Err(error) = world.disk.append(&path, text.as_bytes()) {
                // Nothing passes unrecorded: from here on gateways are refused.
                broken.store(true, Ordering::Release);
                tracing::error!(
                    "the guardrail cannot write `{}`: {error}; it refuses until it is restarted",
                    path.display()
                );
            }
        }
    }
}

/// `2026-03-24.ndjson`.
fn file_of(at: Time) -> String {
    let text = at.to_string();
    format!("{}.ndjson", text.split('T').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_go_to_the_file_of_their_day_and_a_full_disk_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let world = World::offline();
        let (book, writer) = Book::open(&world, &directory.path().join("book")).unwrap();
        let day = |text: &str| Time::parse(text).unwrap();
        assert!(book.keep(day("2026-03-24T23:59:59Z"), "{\"a\":1}".to_owned()).await);
        assert!(book.keep(day("2026-03-25T00:00:00Z"), "{\"b\":2}".to_owned()).await);
        drop(book);
        writer.join().unwrap();
        let read = |name: &str| std::fs::read_to_string(directory.path().join("book").join(name)).unwrap();
        assert_eq!(
            (read("2026-03-24.ndjson"), read("2026-03-25.ndjson")),
            ("{\"a\":1}\n".to_owned(), "{\"b\":2}\n".to_owned())
        );

        let (book, writer) = Book::open(&world, &directory.path().join("lost")).unwrap();
        std::fs::remove_dir_all(directory.path().join("lost")).unwrap();
        let at = day("2026-03-24T10:00:00Z");
        book.keep(at, "{}".to_owned()).await;
        while book.keep(at, "{}".to_owned()).await {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        drop(book);
        writer.join().unwrap();
    }
}
