//! What every fuzz target does with its bytes: read them as one source's log, and check what must hold for any bytes.

use firebreak_intake::{Limits, MissingTime, Options, Watcher, keep, read_bytes};
use firebreak_world::{Disk, MemoryDisk, World};
use std::path::Path;
use std::sync::Arc;

/// Small limits, so that a few bytes reach them.
fn options() -> Options {
    let limits = Limits { record_bytes_max: 4096, depth_max: 16, expansion_bytes_max: 1 << 20 };
    Options { limits, missing_time: MissingTime::Received, idle_polls: 1 }
}

/// Reads `data` as a closed file of the source `name`: every record ends as an event or in quarantine, and every event
/// has its OCSF record.
pub fn source(name: &str, data: &[u8]) {
    let Some(source) = firebreak_intake::source(name) else { panic!("no source `{name}`") };
    let input = format!("{name}/a/b/c/d.log");
    let batch = read_bytes(&World::simulated(1), &input, data, source, options(), &keep);
    assert_eq!(batch.read, (batch.events.len() + batch.quarantined.len()) as u64);
    for event in &batch.events {
        assert!(firebreak_intake::ocsf_record(event).is_some());
    }
}

/// Reads `data` as a file that grows in two steps, under every source: cursors never go back, and reading ends.
pub fn framing(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let (before, after) = rest.split_at(rest.len() * usize::from(*first) / 256);
    for source in firebreak_intake::SOURCES {
        let disk = Arc::new(MemoryDisk::default());
        let world = World { disk: disk.clone(), ..World::simulated(1) };
        let path = Path::new("/logs/input.log");
        let patterns = vec!["/logs".to_owned()];
        let mut watcher = Watcher::new(&world, *source, patterns.clone(), Vec::new(), options(), &keep);
        let _ = disk.append(path, before);
        let mut cursors = watcher.poll(3).cursors;
        let _ = disk.append(path, after);
        let mut offset = 0;
        // A record has at least one byte; a poll reads at least one record, or waits.
        for _ in 0..data.len() + 8 {
            watcher = Watcher::new(&world, *source, patterns.clone(), cursors.clone(), options(), &keep);
            for batch in [watcher.poll(2), watcher.poll(2), watcher.poll(2)] {
                assert_eq!(batch.read, (batch.events.len() + batch.quarantined.len()) as u64);
                for cursor in batch.cursors {
                    assert!(cursor.place.offset >= offset, "a cursor went back");
                    offset = cursor.place.offset;
                    cursors = vec![cursor];
                }
            }
        }
        assert!(cursors.iter().all(|cursor| cursor.done), "reading came to an end");
    }
}
